"""How much room a text takes on paper."""

from __future__ import annotations

import unicodedata
from functools import lru_cache


@lru_cache(maxsize=8192)
def _wide(char: str) -> int:
    return 2 if unicodedata.east_asian_width(char) in "WFA" else 1


def width(text: str) -> int:
    """Return a line's width in half-width characters; a CJK character is two wide."""
    return len(text) if text.isascii() else sum(map(_wide, text))


def lines_needed(text: str, available: float) -> int:
    """Return how many lines a text wraps to in a cell so many half-width characters wide."""
    room = max(int(available), 2)
    return sum(_wrapped(line, room) for line in text.split("\n"))


def _wrapped(line: str, room: int) -> int:
    if line.isascii():
        return max(1, -(-len(line) // room))
    lines, used = 1, 0
    for char in line:
        # A wide character is never cut in two: what is left of the line stays blank.
        used += _wide(char)
        if used > room:
            lines, used = lines + 1, _wide(char)
    return lines
