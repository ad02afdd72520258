"""The tables of a workbook that its cells point into by number, texts and looks, grown as text (see `prepared`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice

from xlsform.spreadsheet.cell_text import attribute_xml
from xlsform.spreadsheet.number_formats import FIRST_OWN
from xlsform.spreadsheet.shared_strings import item_xml, items_of, table_xml
from xlsform.spreadsheet.styles import cell_formats_of, number_formats_of, with_formats, with_number_format
from xlsform.workbook.base import Look


class StringTable:
    """The texts of cells; what the base workbook holds comes first and is not shared with the form."""

    def __init__(self, written: str, first: int, numbers: Mapping[str, int]) -> None:
        self._written, self._first, self._numbers = written, first, dict(numbers)
        self._done = len(self._numbers)

    @classmethod
    def of(cls, xml: str) -> StringTable:
        """Return the table of a part."""
        items = items_of(xml)
        return cls("".join(items), len(items), {})

    def copy(self) -> StringTable:
        """Return a table of its own that begins like this one."""
        self._write()
        return StringTable(self._written, self._first, self._numbers)

    def number(self, text: str) -> int:
        """Return the number of a text, adding it where it is not there yet."""
        return self._numbers.setdefault(text, self._first + len(self._numbers))

    def xml(self) -> str:
        """Return the part that holds the table."""
        self._write()
        return table_xml(self._written, self._first + len(self._numbers))

    def _write(self) -> None:
        self._written += "".join(map(item_xml, islice(self._numbers, self._done, None)))
        self._done = len(self._numbers)


class LookTable:
    """The looks of cells, and what else the part of the styles holds."""

    def __init__(
        self, xml: str, cell_formats: Iterable[str], number_formats: Mapping[str, int], numbers: Mapping[Look, int]
    ) -> None:
        self._xml, self._cell_formats = xml, list(cell_formats)
        self._number_formats, self._numbers = dict(number_formats), dict(numbers)

    @classmethod
    def of(cls, xml: str, numbers: Mapping[Look, int]) -> LookTable:
        """Return the table of a part, given the number of each look."""
        return cls(xml, cell_formats_of(xml), number_formats_of(xml), numbers)

    def copy(self) -> LookTable:
        """Return a table of its own that begins like this one."""
        return LookTable(self._xml, self._cell_formats, self._number_formats, self._numbers)

    def number(self, look: Look) -> int:
        """Return the number of a look; one in another number format than those of its style is added."""
        if look not in self._numbers:
            self._numbers[look] = self._added(look)
        return self._numbers[look]

    def _added(self, look: Look) -> int:
        like = next(n for each, n in self._numbers.items() if (each.style, each.locked) == (look.style, look.locked))
        self._cell_formats.append(with_number_format(self._cell_formats[like], self._number_format(look.number_format)))
        return len(self._cell_formats) - 1

    def _number_format(self, code: str) -> int:
        if code == "General":
            return 0
        free = max(self._number_formats.values(), default=FIRST_OWN - 1) + 1
        return self._number_formats.setdefault(attribute_xml(code), free)

    def xml(self) -> str:
        """Return the part that holds the table."""
        return with_formats(self._xml, self._cell_formats, self._number_formats)
