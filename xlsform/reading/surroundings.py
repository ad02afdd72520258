"""What the sheets of a workbook share, and what is gathered and counted over all of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from xlsform.messages import say
from xlsform.reading.limits import Limits, UnreadableError
from xlsform.reading.styles import CellFormats

_MOST_NOTED = 100
"""Places of damage that are noted: enough for anyone."""
_SHORT = 120
"""Characters of the longest text that is expected to repeat."""
_MOST_MARKS = 30
"""Combining marks over one letter, as many as Unicode's stream-safe text has."""
_MAYBE_MARKS = re.compile(rf"[^\w\s\x00-\x7f]{{{_MOST_MARKS + 1},}}")


@dataclass(slots=True)
class Surroundings:
    """What is known around a sheet while its cells are read."""

    limits: Limits
    strings: Mapping[str, str] = field(default_factory=dict)
    """The shared strings, by number as it is written in a cell: no -1 passes for the last one."""
    styles: CellFormats = field(default_factory=CellFormats)
    cells: int = 0
    characters: int = 0
    spelled: int = 0
    """Characters of formulas, the shared ones spelled out."""
    outside: set[str] = field(default_factory=set)
    """References of formulas that lead outside the workbook."""
    locks_known: bool = True
    damaged: list[str] = field(default_factory=list)

    def left_out(self, what: str) -> None:
        """Note damage by its place: a part, a sheet, a cell or a range."""
        if len(self.damaged) < _MOST_NOTED:
            self.damaged.append(what)

    def text(self, text: str) -> str:
        """Return a cell's text as it can be worked with, counted: one long text and many cells would cost hours.

        Raises:
            UnreadableError: there are more characters than any form has.
        """
        text, count = _remembered(text) if len(text) <= _SHORT else _counted(text)
        self.characters += count
        if self.characters > self.limits.texts:
            raise UnreadableError(
                "oversized", say("more than {texts} characters in its cells", texts=f"{self.limits.texts:,}")
            )
        return text


def _counted(text: str) -> tuple[str, int]:
    lowered = _without_towers(text)
    return lowered, _length(lowered)


#: Labels and words repeat from cell to cell and from file to file.
_remembered = lru_cache(maxsize=512)(_counted)


def _without_towers(text: str) -> str:
    """Return the text with at most thirty combining marks in a row.

    To bring more of them into their order takes time that grows by the square of their number.
    """
    return text if len(text) <= _MOST_MARKS or text.isascii() else _MAYBE_MARKS.sub(_lowered, text)


def _lowered(match: re.Match[str]) -> str:
    kept, marks = [], 0
    for char in match[0]:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks <= _MOST_MARKS:
            kept.append(char)
    return "".join(kept)


def _length(text: str) -> int:
    """Return how many characters there are to compare: some stand for a whole phrase, and are spelled out then."""
    return len(text) if text.isascii() else len(unicodedata.normalize("NFKC", text))
