"""The one shape that every project list is brought into, whatever kind of file it comes in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple, Protocol

from xlsform.errors import UsageError
from xlsform.messages import Message, say
from xlsform.spreadsheet.values import Value


class Cell(NamedTuple):
    """What stands in one place of a list."""

    raw: Value | Decimal
    """Of JSON a number is a decimal; what is no value at all (an error, a list, a formula never calculated) is a
    ``CellError`` with its text."""
    number_format: str = "General"


@dataclass(frozen=True, slots=True)
class ListTable:
    """A table before its headings are understood."""

    sheet: str
    """How messages name it."""
    rows: Mapping[int, Mapping[str, Cell]]
    """Row number, then column: its letters, of JSON the key. Blank cells are left out."""
    keyed: bool = False
    """Whether the columns are the headings themselves, as in JSON."""
    owner: int | None = None
    """The row of the project whose indicators these are, where JSON has them inside it."""


@dataclass(frozen=True, slots=True)
class ListFile:
    """The tables of a list."""

    projects: ListTable
    indicators: tuple[ListTable, ...]
    damaged: tuple[str, ...] = ()
    """Parts of the workbook that could not be read."""


class Recognise(Protocol):
    """Counts the headings that the table of projects, or that of indicators, knows."""

    def __call__(self, headings: Iterable[str], *, indicators: bool) -> int:
        """Return how many of the headings are known."""


def unreadable(path: Path, reason: Message) -> UsageError:
    """Return the refusal of a file that is no project list."""
    return UsageError(say("{path}: this project list cannot be read: {reason}", path=path, reason=reason))
