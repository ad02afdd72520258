"""How messages show what was found: percentages, lists of cells, the content of a cell, texts cut short."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice

from xlsform.messages import Message, say
from xlsform.quantities.units import ARITHMETIC
from xlsform.spreadsheet.a1 import Position, a1
from xlsform.spreadsheet.values import CellError
from xlsform.submission.entries import Entry

_MOST_LISTED = 8
"""Cells or names that a message spells out; of more it tells how many there are."""
_LONGEST = 60
"""Digits before the point of a figure that is still rounded."""


def listed(items: Sequence[str]) -> Message:
    """Return a list for a message: its first items, and how many more there are."""
    if len(items) <= _MOST_LISTED:
        return say("{items}", items=list(items))
    return say("{items} and {more} more", items=list(items[:_MOST_LISTED]), more=len(items) - _MOST_LISTED)


def first_addresses(cells: Iterable[Position]) -> list[str]:
    """Return the addresses of the first of some cells, for a message that says how many there are."""
    return [a1(*place) for place in islice(cells, _MOST_LISTED)]


def printed_rate(rate: Decimal) -> str:
    """Return a rate as the form prints it: 98.00%."""
    return f"{rate * 100:.2f}%"


def points(exact: Decimal) -> Decimal:
    """Return points to two decimals; a figure too long for that, which no score is, as it stands."""
    return exact if exact.adjusted() > _LONGEST else exact.quantize(Decimal("0.01"), ROUND_HALF_UP, ARITHMETIC)


def percent(ratio: Decimal) -> str:
    """Return a ratio as people write it: 98%, 98.33%."""
    text = f"{points(ARITHMETIC.multiply(ratio, Decimal(100))):f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}%"


def one_line(text: str, most: int) -> str:
    """Return a text on one line, cut after so many characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[:most]}…"


def text_of(value: object) -> str:
    """Return what a cell shows, empty where there is nothing."""
    if value is None:
        return ""
    if isinstance(value, CellError):
        return value.text
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def content_of(entry: Entry) -> object:
    """Return what was found in a field: its value, or what stands there in place of one."""
    if entry.value is not None:
        return entry.value
    return entry.raw.text if isinstance(entry.raw, CellError) else entry.raw
