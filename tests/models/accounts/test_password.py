import time
from collections.abc import Iterator
from threading import Thread

import pytest

from spk.models.accounts import password
from spk.models.refusal import InvalidValue
from tests.conftest import REAL_HASHER

WORDS = "correct horse battery staple"


@pytest.fixture(autouse=True, scope="module")
def real_hasher() -> Iterator[None]:
    quick, password.hasher = password.hasher, REAL_HASHER
    yield
    password.hasher = quick


@pytest.fixture(scope="module")
def known(real_hasher: None) -> str:
    """The hash of an account."""
    return password.hash(WORDS)


def test_a_password_is_hashed_with_argon2id(known: str) -> None:
    assert known.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_the_same_password_never_has_the_same_hash(known: str) -> None:
    assert password.hash(WORDS) != known


@pytest.mark.parametrize("words", [WORDS, "пароль на границе", "parole\0parole", "🐎🔋🖇️ 12345", "x" * 1024])
def test_the_right_password_fits(words: str) -> None:
    assert password.verify(password.hash(words), words)


@pytest.mark.parametrize("wrong", [WORDS.upper(), WORDS + " ", WORDS[:-1], "", WORDS + "\0"])
def test_a_wrong_password_does_not_fit(known: str, wrong: str) -> None:
    assert not password.verify(known, wrong)


def test_no_password_fits_an_unknown_account() -> None:
    assert not password.verify(None, WORDS)


def test_an_unknown_account_costs_as_much_as_a_wrong_password(known: str) -> None:
    assert _spent_on(None) > _spent_on(known) / 2


def _spent_on(password_hash: str | None) -> float:
    """Processor time, which other processes don't change; the least of three."""
    costs = []
    for _ in range(3):
        start = time.process_time()
        password.verify(password_hash, "wrong")
        costs.append(time.process_time() - start)
    return min(costs)


@pytest.mark.parametrize("broken", ["", "plain text", "$argon2id$v=19$", "$2b$12$abcdefghijklmnopqrstuv"])
def test_a_broken_hash_fits_nothing(broken: str) -> None:
    assert not password.verify(broken, WORDS)


def test_many_passwords_at_once_are_all_answered(known: str) -> None:
    """Only two are hashed at a time; the others wait for their turn."""
    right: list[bool] = []
    threads = [Thread(target=lambda: right.append(password.verify(known, WORDS))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert right == [True] * 6


@pytest.mark.parametrize("length", [8, 9, 1024])
def test_a_password_of_8_to_1024_characters_may_be_set(length: int) -> None:
    words = ("tiréeçà" * 200)[:length]
    assert password.check(words) == words


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (0, "Use 8 characters or more."),
        (7, "Use 8 characters or more."),
        (1025, "Use 1,024 characters or fewer."),
    ],
)
def test_a_password_too_short_or_too_long_is_refused(length: int, words: str) -> None:
    with pytest.raises(ValueError, match=f"^{words}$"):
        password.check("é" * length)


@pytest.mark.parametrize(
    "guessable",
    ["password1", "12345678", "qwertyuiop", "iloveyou!", "aaaaaaaaa", "summer2026", "p4ssw0rd"],
)
def test_a_password_that_is_easy_to_guess_is_refused(guessable: str) -> None:
    with pytest.raises(InvalidValue, match=r"This is easy to guess\."):
        password.check(guessable)


@pytest.mark.parametrize(
    "guessable",
    [
        *("ada.lovelace@example.com", "ada.lovelace", "AdaLovelace", "ada-lovelace1", "ada.lovelace2026!"),
        *("status.example.org", "status example org", "statuspage", "spk-status-page", "spk status"),
    ],
)
def test_the_address_and_the_servers_name_count_as_easy_to_guess(guessable: str) -> None:
    with pytest.raises(InvalidValue, match=r"This is easy to guess\."):
        password.check(guessable, "ada.lovelace@example.com", "status.example.org")


@pytest.mark.parametrize(
    "good",
    [
        WORDS,
        "x7k2m9pqw",
        "Ein Satz, den niemand kennt.",
        "пароль не скажу",
        "blue-horse!",
        "🦉🐟🦔🦫🐢🐌🦩🐙",
    ],
)
def test_any_characters_make_a_good_password(good: str) -> None:
    assert password.check(good, "ada@example.com", "status.example.org") == good


def test_a_password_set_before_is_never_refused() -> None:
    assert password.verify(password.hash("12345678"), "12345678")
