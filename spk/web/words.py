"""The API's words as people read them."""


def sentence(word: str) -> str:
    """Like “Degraded performance”."""
    return word.replace("_", " ").capitalize()
