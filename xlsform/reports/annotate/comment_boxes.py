"""Draw the boxes of comments, in the drawing language that Excel and WPS still ask for (VML)."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Collection

from lxml import etree

from xlsform.spreadsheet.a1 import MAX_COLUMN, Position, Range
from xlsform.spreadsheet.text_width import lines_needed
from xlsform.spreadsheet.xml_trees import TRUE, child, children

# In pixels; a text longer than the highest box is cut off in it, and stands whole on the list of findings.
_WIDTH, _LINE, _MARGIN, _MOST = 300, 16, 14, 560
#: So many hidden rows or columns are passed over in search of the end of a box.
_FAR = 1_000
_SHAPE = re.compile(r"<([\w.-]+:|)(shape|roundrect|rect|oval|polyline|group)\b[^>]*[^/]>.*?</\1\2\s*>\s*", re.DOTALL)
_ROW, _COLUMN = re.compile(r"Row>\s*(\d+)\s*<"), re.compile(r"Column>\s*(\d+)\s*<")
_ANCHOR = re.compile(r"(Anchor>)[^<]*(<)")
_IDENTITY = re.compile(r"_x0000_s(\d{1,9})\b")
_HEAD = (
    '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
    ' xmlns:x="urn:schemas-microsoft-com:office:excel">'
    '<o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="{block}"/></o:shapelayout></xml>'
)
_TYPE = (
    '<v:shapetype xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
    ' id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)
_BOX = (
    '<v:shape xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
    ' xmlns:x="urn:schemas-microsoft-com:office:excel" id="_x0000_s{identity}" type="#_x0000_t202"'
    ' style="position:absolute;margin-left:59.25pt;margin-top:1.5pt;width:{width}pt;height:{height}pt;'
    'z-index:{order};visibility:hidden" fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/>'
    '<v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/>'
    '<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>'
    '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>{anchor}</x:Anchor>'
    "<x:AutoFill>False</x:AutoFill><x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
)


class Boxes:
    """The comment boxes of one sheet, kept as text: what Excel writes there need not be well-formed XML."""

    def __init__(self, data: bytes, sheet: etree._Element, block: int) -> None:
        """Take a sheet's drawing.

        Args:
            data: the drawing; blank where the sheet has none.
            sheet: the sheet's root element, for its widths and heights.
            block: the number of a block of 1,024 ids, for a new drawing.
        """
        # Everything looked for and written is ASCII, so any 8-bit encoding comes out as it went in.
        self._encoding = "utf-16" if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "latin-1"
        text = data.decode(self._encoding, "replace")
        self._text = text if "</" in text else _HEAD.format(block=block)
        self._next = max((int(match[1]) for match in _IDENTITY.finditer(self._text)), default=1024 * block) + 1
        self._across, self._down = _widths(sheet), _heights(sheet)

    @property
    def empty(self) -> bool:
        """Whether it draws nothing at all."""
        return _SHAPE.search(self._text) is None and "ClientData" not in self._text

    def add(self, area: Range, text: str) -> None:
        """Draw a box beside a cell or merged range, large enough for its text; one that is there is made larger."""
        height = min(_MOST, _MARGIN + _LINE * lines_needed(text, (_WIDTH - _MARGIN) / 6))
        left, right = _span(self._across, min(area.right, MAX_COLUMN - 1), 15, _WIDTH)
        top, bottom = _span(self._down, max(area.top - 2, 0), 10 if area.top > 1 else 2, height)
        anchor = ", ".join(str(number) for number in (*left, *top, *right, *bottom))
        row, column = area.top - 1, area.left - 1
        for match in _SHAPE.finditer(self._text):
            if _cell(match[0]) == (row, column):
                shape = _ANCHOR.sub(rf"\g<1>{anchor}\g<2>", match[0])
                self._text = self._text[: match.start()] + shape + self._text[match.end() :]
                return
        if "_x0000_t202" not in self._text:
            self._insert(_TYPE)
        size = {"width": _WIDTH * 0.75, "height": height * 0.75}
        self._insert(
            _BOX.format(identity=self._next, order=self._next % 1024, anchor=anchor, row=row, column=column, **size)
        )
        self._next += 1

    def remove(self, cells: Collection[Position]) -> None:
        """Take the boxes of these cells away."""
        wanted = {(row - 1, column - 1) for row, column in cells}
        self._text = _SHAPE.sub(lambda match: "" if _cell(match[0]) in wanted else match[0], self._text)

    def to_bytes(self) -> bytes:
        """Return the drawing."""
        return self._text.encode(self._encoding)

    def _insert(self, shape: str) -> None:
        end = self._text.rindex("</")
        self._text = self._text[:end] + shape + self._text[end:]


def _cell(shape: str) -> Position | None:
    """Return the cell of a comment's box, counted from 0; None for buttons and pictures."""
    row, column = _ROW.search(shape), _COLUMN.search(shape)
    if row is None or column is None or 'ObjectType="Note"' not in shape:
        return None
    return int(row[1]), int(column[1])


def _span(size: Callable[[int], int], start: int, offset: int, length: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return where so many pixels begin and end: a row or column counted from 0, and pixels within it."""
    offset = min(offset, size(start))
    end, left = start, offset + length
    for _ in range(_FAR):
        if left <= size(end):
            break
        left -= size(end)
        end += 1
    return (start, offset), (end, min(left, size(end)))


def _widths(sheet: etree._Element) -> Callable[[int], int]:
    default = _default(sheet, "defaultColWidth", 8.43)
    columns = child(sheet, "cols")
    spans = []
    for span in () if columns is None else children(columns, "col"):
        width = 0.0 if span.get("hidden") in TRUE else _number(span.get("width"), default)
        spans.append((int(span.get("min", "0")) - 1, int(span.get("max", "0")), int(width * 7 + 5) if width else 0))
    return lambda index: next((width for first, end, width in spans if first <= index < end), int(default * 7 + 5))


def _heights(sheet: etree._Element) -> Callable[[int], int]:
    default = round(_default(sheet, "defaultRowHeight", 15.0) * 4 / 3)
    data = child(sheet, "sheetData")
    heights = {}
    for row in () if data is None else children(data, "row"):
        number = row.get("r", "")
        if number.isdecimal() and (row.get("ht") or row.get("hidden")):
            height = 0.0 if row.get("hidden") in TRUE else _number(row.get("ht"), 15.0)
            heights[int(number) - 1] = round(height * 4 / 3)
    return lambda index: heights.get(index, default)


def _default(sheet: etree._Element, name: str, otherwise: float) -> float:
    given = child(sheet, "sheetFormatPr")
    return otherwise if given is None else _number(given.get(name), otherwise)


def _number(text: str | None, otherwise: float) -> float:
    try:
        return max(0.0, min(float(text or ""), 500.0))
    except ValueError:
        return otherwise
