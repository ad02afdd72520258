"""The rows of a worksheet part, from its text or from its XML tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from lxml import etree

from xlsform.reading.fast_xml import TEXT, VALUE, resolved
from xlsform.reading.strings import joined

#: A cell as it is written: reference, style, type; ``<f`` if it has a formula, that one's type, range, number and text;
#: ``<v`` if it has a value, and that. What is not written is blank.
Cell = tuple[str, str, str, str, str, str, str, str, str, str]


#: A row as it is written: number, whether it is hidden, height, cells.
Row = tuple[str, str, str, list[Cell]]

_FORMULA = rf'(<f)(?: t={VALUE})?+(?: aca="[a-z0-9]*+")?+(?: ref={VALUE})?+(?: ca="[a-z0-9]*+")?+(?: si={VALUE})?+'
# What the first line does not account for, the second takes, with all that follows: no reference, and the last match.
_CELL = re.compile(
    r'<c r="([A-Z]{1,3}[1-9][0-9]{0,6})"(?: s="([0-9]++)")?+(?: t="([A-Za-z]++)")?+'
    rf"(?:/>|>(?:{_FORMULA}(?:/>|>{TEXT}</f>))?+(?:(<v)(?:/>|>{TEXT}</v>))?+</c>)"
    r"|[\s\S]++"
)
_CLOSED = "</row>"
_ATTRIBUTE = rf" ([A-Za-z0-9]++|x14ac:dyDescent)={VALUE}"
_ATTRIBUTES = re.compile(rf"(?:{_ATTRIBUTE.replace('(', '(?:')})*+")
_PAIRS = re.compile(_ATTRIBUTE)


def rows_of_text(text: str) -> list[Row] | None:
    """Return the rows that the text within a `sheetData` holds; None if they are spelled in an unusual way."""
    first, *pieces = text.split("<row")
    if first:
        return None
    rows = []
    for piece in pieces:
        tag, _, inside = piece.partition(">")
        # A row without cells may have no end tag of its own.
        closed = "" if tag.endswith("/") else _CLOSED
        written = _attributes(tag.removesuffix("/"))
        end = len(inside) - len(closed)
        if written is None or inside[end:] != closed or (not closed and inside):
            return None
        cells = _CELL.findall(inside, 0, end)
        if cells and not cells[-1][0]:
            return None
        if "&" in inside:
            cells = [_resolved(cell) if "&" in cell[7] or "&" in cell[9] else cell for cell in cells]
        rows.append((*written, cells))
    return rows


@lru_cache(maxsize=1024)
def _attributes(text: str) -> tuple[str, str, str] | None:
    """Return number, hidden and height of a row, of which forms have few kinds."""
    pairs = _PAIRS.findall(text)
    attributes = dict(pairs)
    if not _ATTRIBUTES.fullmatch(text) or len(attributes) < len(pairs):
        return None
    return attributes.get("r", ""), attributes.get("hidden", ""), attributes.get("ht", "")


def _resolved(cell: Cell) -> Cell:
    return (*cell[:7], resolved(cell[7]), cell[8], resolved(cell[9]))


def rows_of_tree(block: etree._Element) -> Iterator[Row]:
    """Yield the rows of a `sheetData`."""
    prefix = block.tag.removesuffix("sheetData")
    for row in block:
        cells = [_cell_of_tree(cell, prefix) for cell in row]
        yield row.get("r", ""), row.get("hidden", ""), row.get("ht", ""), cells


def _cell_of_tree(cell: etree._Element, prefix: str) -> Cell:
    kind = cell.get("t", "")
    formula, value = ("", "", "", "", ""), ("", "")
    for child in cell:
        match child.tag.removeprefix(prefix):
            case "f":
                formula = "<f", child.get("t", ""), child.get("ref", ""), child.get("si", ""), child.text or ""
                if formula[1] == "dataTable":
                    formula = (*formula[:4], f"TABLE({child.get('r1', '')},{child.get('r2', '')})")
            case "v":
                value = "<v", child.text or ""
            case "is" if kind == "inlineStr":
                value = "<v", joined(child, prefix)
    return (cell.get("r", ""), cell.get("s", ""), kind, *formula, *value)
