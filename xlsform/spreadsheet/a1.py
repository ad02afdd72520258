"""Cell references and ranges in A1 notation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

MAX_ROW = 1_048_576
MAX_COLUMN = 16_384

#: Row and column of a cell, both counted from 1.
Position = tuple[int, int]

_A1 = re.compile(r"\$?([A-Za-z]{1,3})\$?([1-9][0-9]{0,6})\Z")


class Range(NamedTuple):
    """A rectangle of cells; rows and columns count from 1, both ends included."""

    top: int
    left: int
    bottom: int
    right: int

    def __str__(self) -> str:
        start = a1(self.top, self.left)
        return start if self.single else f"{start}:{a1(self.bottom, self.right)}"

    @property
    def single(self) -> bool:
        """Whether it is one cell."""
        return self.top == self.bottom and self.left == self.right

    @property
    def anchor(self) -> Position:
        """Its upper left cell, the one that holds a merged range's value."""
        return self.top, self.left

    def cells(self) -> Iterator[Position]:
        """Yield its cells, row by row."""
        return (
            (row, column) for row in range(self.top, self.bottom + 1) for column in range(self.left, self.right + 1)
        )

    def overlaps(self, other: Range) -> bool:
        """Whether the two share a cell."""
        return (
            self.top <= other.bottom
            and other.top <= self.bottom
            and self.left <= other.right
            and other.left <= self.right
        )


@lru_cache(maxsize=4096)
def letters(column: int) -> str:
    """Return the letters of a column: 1 is A, 28 is AB."""
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


@lru_cache(maxsize=4096)
def column_number(text: str) -> int:
    """Return the number of a column written in letters, in either case.

    Raises:
        ValueError: the text is not one to three letters.
    """
    if not (1 <= len(text) <= 3 and text.isascii() and text.isalpha()):
        raise ValueError(f"not a column: {text!r}")
    number = 0
    for char in text.upper():
        number = number * 26 + ord(char) - 64
    return number


@lru_cache(maxsize=8192)
def a1(row: int, column: int) -> str:
    """Return a cell's address: ``a1(7, 9)`` is ``I7``."""
    return f"{letters(column)}{row}"


@lru_cache(maxsize=8192)
def position(address: str) -> Position:
    """Return the row and column of an address such as ``I7`` or ``$I$7``.

    Raises:
        ValueError: it is not the address of a cell that a sheet can have.
    """
    match = _A1.match(address)
    if match is None:
        raise ValueError(f"not a cell address: {address!r}")
    row, column = int(match[2]), column_number(match[1])
    if row > MAX_ROW or column > MAX_COLUMN:
        raise ValueError(f"outside the sheet: {address!r}")
    return row, column


def parse_range(text: str) -> Range:
    """Return the range that ``B2``, ``B2:I7`` or ``$B$2:$I$7`` names.

    Raises:
        ValueError: it is not a range of cells.
    """
    first, colon, last = text.partition(":")
    top, left = position(first)
    bottom, right = position(last if colon else first)
    return Range(min(top, bottom), min(left, right), max(top, bottom), max(left, right))


def quoted(sheet: str) -> str:
    """Return a sheet's name as a formula needs it."""
    return "'" + sheet.replace("'", "''") + "'"
