"""What is wrong with a submission, and where."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple


class Severity(enum.StrEnum):
    """How much a finding weighs, heaviest first."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 for an error, 1 for a warning, 2 for a note."""
        return _RANKS[self]


_RANKS = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


class Message(NamedTuple):
    """A sentence to be rendered in the reader's language: its English text, and what fills its braces."""

    text: str
    values: Mapping[str, Any]

    def render(self, language: str, translate: Callable[[str], str]) -> str:
        """Return the sentence, its text put through ``translate``, its braces filled."""
        values = {key: _shown(value, language, translate) for key, value in self.values.items()}
        return translate(self.text).format(**values) if self.text else ""

    def __str__(self) -> str:
        return self.render("en", str)


def _shown(value: Any, language: str, translate: Callable[[str], str]) -> str:
    if isinstance(value, Message):
        return value.render(language, translate)
    if isinstance(value, Mapping):
        return str(value.get(language) or value.get("en") or "")
    if isinstance(value, list | tuple):
        return ("、" if language == "zh" else ", ").join(_shown(item, language, translate) for item in value)
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)


def say(text: str, /, **values: Any) -> Message:
    """Return a message; its English text is the key of its translation."""
    return Message(text, values)


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


def plain(value: Any) -> Any:
    """Return a value as JSON has it; decimals become integers or floats."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)
