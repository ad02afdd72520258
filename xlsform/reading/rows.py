"""The rows of a worksheet part as they are written."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from xlsform.spreadsheet.cell_text import shown_text

#: A cell as it is written: reference, style, type; ``<f`` if it has a formula, that one's type, range, number and text;
#: ``<v`` if it has a value, and that. What is not written is blank.
Cell = tuple[str, str, str, str, str, str, str, str, str, str]

#: A row as it is written: number, whether it is hidden, height, cells.
Row = tuple[str, str, str, list[Cell]]


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
                value = "<v", shown_text(child, prefix)
    return (cell.get("r", ""), cell.get("s", ""), kind, *formula, *value)
