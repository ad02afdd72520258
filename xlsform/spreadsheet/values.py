"""What may stand in a cell of any spreadsheet."""

from __future__ import annotations

from typing import NamedTuple


class CellError(NamedTuple):
    """An error value that stands in a cell, such as ``#DIV/0!``."""

    text: str


#: What stands in a cell: text, number, truth value or error. A blank cell has no value at all.
Value = str | float | bool | CellError
