"""The tables of a workbook that its cells point into by number: texts and looks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import islice

from xlsform.spreadsheet.cell_text import attribute_xml, text_xml
from xlsform.workbook.base import Look

_ITEM = re.compile(r"<si>.*?</si>", re.DOTALL)
_XF = re.compile(r"<xf [^>]*?(?:/>|>.*?</xf>)", re.DOTALL)
_XFS = re.compile(r"<cellXfs [^>]*>(.*)</cellXfs>", re.DOTALL)
_FORMAT = re.compile(r'<numFmt numFmtId="(\d+)" formatCode="([^"]*)"/>')
_FORMATS = re.compile(r"<numFmts [^>]*>.*</numFmts>", re.DOTALL)
_BUILT_IN = 163
"""The last number of a format that every program knows."""
_FORMAT_NUMBER = re.compile(r'numFmtId="\d+"')


class StringTable:
    """The texts of cells; what the base workbook holds comes first and is not shared with the form."""

    def __init__(self, written: str, first: int, numbers: Mapping[str, int]) -> None:
        self._written, self._first, self._numbers = written, first, dict(numbers)
        self._done = len(self._numbers)

    @classmethod
    def of(cls, xml: str) -> StringTable:
        """Return the table of a part."""
        items = _ITEM.findall(xml)
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
        space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        return (
            '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
            f'<sst xmlns="{space}" uniqueCount="{self._first + len(self._numbers)}">{self._written}</sst>'
        )

    def _write(self) -> None:
        self._written += "".join(map(_item, islice(self._numbers, self._done, None)))
        self._done = len(self._numbers)


def _item(text: str) -> str:
    # Without the attribute, readers differ on whether the spaces around a text are part of it.
    space = "" if text == text.strip() else ' xml:space="preserve"'
    return f"<si><t{space}>{text_xml(text)}</t></si>"


class LookTable:
    """The looks of cells, and what else the part of the styles holds."""

    def __init__(self, xml: str, xfs: Iterable[str], formats: Mapping[str, int], numbers: Mapping[Look, int]) -> None:
        self._xml, self._xfs, self._formats, self._numbers = xml, list(xfs), dict(formats), dict(numbers)

    @classmethod
    def of(cls, xml: str, numbers: Mapping[Look, int]) -> LookTable:
        """Return the table of a part, given the number of each look."""
        xfs = _XFS.search(xml)
        assert xfs is not None, "every workbook has cells with a look"
        return cls(xml, _XF.findall(xfs[1]), {code: int(number) for number, code in _FORMAT.findall(xml)}, numbers)

    def copy(self) -> LookTable:
        """Return a table of its own that begins like this one."""
        return LookTable(self._xml, self._xfs, self._formats, self._numbers)

    def number(self, look: Look) -> int:
        """Return the number of a look; one in another number format than those of its style is added."""
        if look not in self._numbers:
            self._numbers[look] = self._added(look)
        return self._numbers[look]

    def _added(self, look: Look) -> int:
        like = next(n for each, n in self._numbers.items() if (each.style, each.locked) == (look.style, look.locked))
        code = attribute_xml(look.number_format)
        if look.number_format == "General":
            number = 0
        else:
            number = self._formats.setdefault(code, max(self._formats.values(), default=_BUILT_IN) + 1)
        xf = _FORMAT_NUMBER.sub(f'numFmtId="{number}"', self._xfs[like], count=1)
        if "applyNumberFormat" not in xf:
            xf = xf.replace(' xfId="0"', ' xfId="0" applyNumberFormat="1"', 1)
        self._xfs.append(xf)
        return len(self._xfs) - 1

    def xml(self) -> str:
        """Return the part that holds the table."""
        formats = "".join(f'<numFmt numFmtId="{n}" formatCode="{code}"/>' for code, n in self._formats.items())
        formats = f'<numFmts count="{len(self._formats)}">{formats}</numFmts>' if formats else ""
        xfs = f'<cellXfs count="{len(self._xfs)}">{"".join(self._xfs)}</cellXfs>'
        # They come first; a form without amounts and years has none of its own.
        rest = _FORMATS.sub("", self._xml).replace("<fonts ", f"{formats}<fonts ", 1)
        return _XFS.sub(lambda _: xfs, rest)
