"""How much room a text takes on paper."""

from __future__ import annotations

import unicodedata


class _Widths(dict[str, int]):
    """Widths of characters, each worked out when it is first asked for."""

    def __missing__(self, char: str) -> int:
        wide = 2 if unicodedata.east_asian_width(char) in "WFA" else 1
        # Unicode has too many characters to keep all of them.
        if len(self) < _MOST_KEPT:
            self[char] = wide
        return wide


_MOST_KEPT = 8192
_WIDTHS = _Widths()


def width(text: str) -> int:
    """Return a line's width in half-width characters; a CJK character is two wide."""
    return len(text) if text.isascii() else sum(map(_WIDTHS.__getitem__, text))


def lines_needed(text: str, available: float) -> int:
    """Return how many lines a text wraps to in a cell so many half-width characters wide."""
    room = max(int(available), 2)
    return sum(_wrapped(line, room) for line in text.split("\n")) if "\n" in text else _wrapped(text, room)


def _wrapped(line: str, room: int) -> int:
    if line.isascii():
        return max(1, -(-len(line) // room))
    if 2 * len(line) <= room:
        return 1
    lines, used = 1, 0
    for char in line:
        # A wide character is never cut in two: what is left of the line stays blank.
        wide = _WIDTHS[char]
        used += wide
        if used > room:
            lines, used = lines + 1, wide
    return lines
