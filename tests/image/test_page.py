"""The page that a player reads: what it says of the display, the program does draw."""

import ast
import re
from collections.abc import Iterator

import pytest

from image.steps.variant import PROJECT

PAGE = (PROJECT / "docs/image.md").read_text()
FOLDERS = ("cli", "panel/oled", "panel/usb", "update")
LEAST = 3
"""A text with fewer letters of its own would match anything."""


def drawn() -> Iterator[str]:
    """Yield every text that the program can show, as a pattern in which what changes is a dot."""
    for file in sorted(file for f in FOLDERS for file in (PROJECT / "appliance" / f).glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            parts: list[ast.expr] = node.values if isinstance(node, ast.JoinedStr) else []
            if isinstance(node, ast.Constant):
                parts = [node]
            texts = [
                part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else ""
                for part in parts
            ]
            if sum(len(re.findall(r"\w", text)) for text in texts) >= LEAST:
                yield ".*".join(re.escape(text) for text in texts)


def told() -> list[str]:
    """Return every line of the display that the page explains."""
    table = PAGE.partition("| the display says |")[2].partition("\n\n")[0]
    cells = [row.split("|")[1] for row in table.splitlines()[2:]]
    return [line for cell in cells for line in re.findall("`([^`]+)`", cell)]


PATTERNS = [re.compile(pattern, re.S) for pattern in dict.fromkeys(drawn())]


@pytest.mark.parametrize("line", told())
def test_the_program_draws_what_the_page_explains(line: str) -> None:
    assert any(pattern.fullmatch(line) for pattern in PATTERNS), line


def test_a_line_that_nothing_draws_is_found() -> None:
    assert not any(pattern.fullmatch("Please wait a moment") for pattern in PATTERNS)
    assert len(told()) > 30
