"""The rows of a worksheet part, from its text or from its XML tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from lxml import etree

from xlsform.reading.spelling import TEXT, VALUE, resolved
from xlsform.reading.strings import joined

#: A cell as it is written: reference, style, type; ``<f`` if it has a formula, that one's type, range, number and text;
#: ``<v`` if it has a value, and that. What is not written is blank.
Cell = tuple[str, str, str, str, str, str, str, str, str, str]


class Row(NamedTuple):
    """A row as it is written; what is not written is blank."""

    number: str
    hidden: str
    height: str
    cells: list[Cell]


_FORMULA = rf'(<f)(?: t={VALUE})?+(?: aca="[a-z0-9]*+")?+(?: ref={VALUE})?+(?: ca="[a-z0-9]*+")?+(?: si={VALUE})?+'
# What the first line does not account for, the second takes, with all that follows: no reference, and the last match.
_CELL = re.compile(
    r'<c r="([A-Z]{1,3}[1-9][0-9]{0,6})"(?: s="([0-9]++)")?+(?: t="([A-Za-z]++)")?+'
    rf"(?:/>|>(?:{_FORMULA}(?:/>|>{TEXT}</f>))?+(?:(<v)(?:/>|>{TEXT}</v>))?+</c>)"
    r"|[\s\S]++"
)
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
        if tag.endswith("/"):
            tag, inside = tag[:-1], inside + "</row>"
        pairs = _PAIRS.findall(tag)
        attributes = dict(pairs)
        if not inside.endswith("</row>") or not _ATTRIBUTES.fullmatch(tag) or len(attributes) < len(pairs):
            return None
        cells = _CELL.findall(inside, 0, len(inside) - len("</row>"))
        if cells and not cells[-1][0]:
            return None
        if "&" in inside:
            cells = [_resolved(cell) if "&" in cell[7] or "&" in cell[9] else cell for cell in cells]
        rows.append(Row(attributes.get("r", ""), attributes.get("hidden", ""), attributes.get("ht", ""), cells))
    return rows


def _resolved(cell: Cell) -> Cell:
    *written, formula, has_value, value = cell
    return (*written, resolved(formula), has_value, resolved(value))  # type: ignore[return-value]


def rows_of_tree(block: etree._Element) -> Iterator[Row]:
    """Yield the rows of a `sheetData`."""
    prefix = block.tag.removesuffix("sheetData")
    for row in block:
        cells = [_cell_of_tree(cell, prefix) for cell in row]
        yield Row(row.get("r", ""), row.get("hidden", ""), row.get("ht", ""), cells)


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
