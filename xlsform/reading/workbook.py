"""What a workbook holds, whatever program wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Literal, NamedTuple

from xlsform.messages import Message, say
from xlsform.spreadsheet.a1 import Position, Range
from xlsform.spreadsheet.values import Value

#: The real type of a file, by its first bytes and contents; ``.et`` is ``xls`` by another name.
Kind = Literal["xlsx", "xlsm", "xls", "xlsb", "ods"]

#: Extensions that fit each type, templates and the names of WPS (``.et``, ``.ett``) among them.
EXTENSIONS: Mapping[Kind, tuple[str, ...]] = {
    "xlsx": (".xlsx", ".xltx"),
    "xlsm": (".xlsm", ".xltm"),
    "xls": (".xls", ".xlt", ".et", ".ett"),
    "xlsb": (".xlsb",),
    "ods": (".ods", ".ots"),
}
#: Those of what is taken for a workbook whatever stands in it.
WORKBOOK_EXTENSIONS = frozenset(chain.from_iterable(EXTENSIONS.values()))

Visibility = Literal["visible", "hidden", "veryHidden"]


@dataclass(slots=True)
class Sheet:
    """One worksheet. Only what is there is listed: a cell without content has no key anywhere."""

    name: str
    state: Visibility = "visible"
    values: dict[Position, Value] = field(default_factory=dict)
    """Typed values, and the stored results of formulas. Empty text counts as no value,
    except as the stored result of a formula."""
    formulas: dict[Position, str] = field(default_factory=dict)
    """Formula text without ``=``, shared formulas spelled out. A formula cell missing from
    ``values`` has never been calculated."""
    unlocked: set[Position] = field(default_factory=set)
    """Cells present in the file whose style says that they are not locked."""
    number_formats: dict[Position, str] = field(default_factory=dict)
    """The number format code of numeric cells, where it is not ``General``."""
    merges: tuple[Range, ...] = ()
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    protected: bool = False
    validated: tuple[Range, ...] = ()
    """Ranges under a data validation."""


@dataclass(slots=True)
class Workbook:
    """A whole workbook."""

    kind: Kind
    sheets: tuple[Sheet, ...]
    names: dict[str, str] = field(default_factory=dict)
    """Workbook-wide defined names and what they refer to, without ``=``: ``'自评表'!$B$3``."""
    properties: dict[str, str] = field(default_factory=dict)
    """Custom document properties, as text."""
    macros: bool = False
    external_links: tuple[str, ...] = ()
    """Targets of links to other workbooks, of DDE links and data connections."""
    structure_locked: bool = False
    complete: bool = True
    """Whether formulas, locks and names could be seen; False for .xls, .et, .xlsb and .ods."""
    damaged: tuple[str, ...] = ()
    """What could not be read and was left out: names of parts and sheets, addresses of cells and ranges."""

    def sheet(self, name: str) -> Sheet | None:
        """Return the sheet of that name (case ignored, as Excel does), or None."""
        folded = name.casefold()
        return next((sheet for sheet in self.sheets if sheet.name.casefold() == folded), None)


Reason = Literal[
    "empty",
    "not-a-spreadsheet",
    "damaged",
    "truncated",
    "encrypted",
    "oversized",
    "missing",
    "not-a-file",
    "denied",
    "crashed",
    "timeout",
    "not-checkable",
]


class Unreadable(NamedTuple):
    """Why a file could not be read. A value, not an exception: the rules turn it into a finding."""

    reason: Reason
    detail: str | Message = ""
    """What was met, in plain words: the real type of the file, the limit that was exceeded and by how much."""


def took_too_long(seconds: float) -> Message:
    """Return what is to be said of a file that exceeded its time."""
    return say("there was no verdict within {seconds} seconds", seconds=f"{seconds:g}")


def out_of_memory() -> Message:
    """Return what is to be said of a file that exceeded its memory."""
    return say("it needs more memory than allowed")
