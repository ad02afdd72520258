"""What is wrong with a submission, and where."""

from __future__ import annotations

import enum
from typing import Any, NamedTuple

from xlsform.messages import Message, say


class Severity(enum.StrEnum):
    """How much a finding weighs, heaviest first."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 for an error, 1 for a warning, 2 for a note."""
        return _ABOUT[self].rank

    @property
    def label(self) -> Message:
        """What one finding of it is called."""
        return _ABOUT[self].label

    @property
    def plural(self) -> Message:
        """What several of them are called, where their number is told."""
        return _ABOUT[self].plural

    @property
    def fill(self) -> str:
        """The background of cells that stand for it, ``RRGGBB``; ``page.css`` colours text instead."""
        return _ABOUT[self].fill


class _About(NamedTuple):
    rank: int
    label: Message
    plural: Message
    fill: str


_ABOUT = {
    Severity.ERROR: _About(0, say("error"), say("errors"), "FFC7CE"),
    Severity.WARNING: _About(1, say("warning"), say("warnings"), "FFEB9C"),
    Severity.NOTE: _About(2, say("note"), say("notes"), "DDEBF7"),
}


class Violation(NamedTuple):
    """What a rule says of a place."""

    message: Message
    field: str | None = None
    """The field's name, such as ``funds.total.score``; the layout knows its cell."""
    cell: str | None = None
    """An address on the form's sheet, for places that are no field."""
    sheet: str | None = None
    """Another sheet than the form's."""
    found: Any = None
    expected: Any = None
    severity: Severity | None = None
    """In place of the rule's own."""


class Finding(NamedTuple):
    """A violation with code and severity, at its cell."""

    code: str
    rule: str
    severity: Severity
    message: Message
    cell: str | None
    """``自评表!I6``; None where the finding is about the file."""
    field: str | None
    found: Any
    expected: Any
    place: tuple[int, int, int]
    """Sheet, row and column, for the order of findings; a finding about the file comes first."""
