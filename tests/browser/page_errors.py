"""What pages complain about while a test runs."""

from playwright.sync_api import BrowserContext, ConsoleMessage, WebError

# Chromium's own line in the console does not always say what was blocked.
REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error("Content Security Policy:", event.violatedDirective, event.blockedURI, event.sample);
});
"""


class PageErrors:
    """Errors in the console, uncaught exceptions and violations of the Content Security Policy."""

    def __init__(self) -> None:
        self._heard: list[str] = []
        self._expected: list[str] = []

    def listen_to(self, context: BrowserContext) -> None:
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("console", self._hear)
        context.on("weberror", self._hear_exception)

    def forget(self) -> None:
        """Begin anew, for the next test."""
        self._heard.clear()
        self._expected.clear()

    def expect(self, *words: str) -> None:
        """Accept complaints that contain one of these words, like “status of 422”."""
        self._expected.extend(words)

    def unexpected(self) -> list[str]:
        return [text for text in self._heard if not any(words in text for words in self._expected)]

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._heard.append(message.text)

    def _hear_exception(self, exception: WebError) -> None:
        self._heard.append(str(exception.error))
