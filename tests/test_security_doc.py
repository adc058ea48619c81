"""What docs/security.md claims is held by tests that are there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
WORDS = (ROOT / "docs/security.md").read_text()
NAMED = sorted(set(re.findall(r"`(tests/[^`]*)::(\w+)`", WORDS)))


def names_in(path: str) -> set[str]:
    """The names of the test functions in a file."""
    tree = ast.parse((ROOT / path).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_it_names_many_tests() -> None:
    assert len(NAMED) > 80
    assert WORDS.count("::") == len(re.findall(r"`tests/[^`]*::test_\w+`", WORDS))  # and none by halves


@pytest.mark.parametrize("path", sorted({path for path, _ in NAMED}))
def test_the_tests_it_names_are_there(path: str) -> None:
    assert {name for file, name in NAMED if file == path} <= names_in(path)


@pytest.mark.parametrize("number", range(1, 11))
def test_every_risk_of_the_api_top_10_has_a_line_with_a_test(number: int) -> None:
    assert len(re.findall(rf"^\| API{number} .*::test_", WORDS, re.MULTILINE)) == 1
