"""The command in the tests, and what it says."""

from collections.abc import Callable

from click.testing import Result

Spk = Callable[..., Result]


def refusal(result: Result) -> str:
    """The one line with which a command fails."""
    assert isinstance(result.exception, SystemExit), result.exception
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    return result.stderr.removeprefix("Error: ").rstrip("\n")


def said(result: Result) -> str:
    """What a command that has no data says once it is done."""
    assert (result.exit_code, result.stdout) == (0, "")
    return result.stderr.rstrip("\n")


def rows(result: Result) -> list[list[str]]:
    """The data of a command that has nothing to say."""
    assert (result.exit_code, result.stderr) == (0, "")
    return [line.split("\t") for line in result.stdout.splitlines()]
