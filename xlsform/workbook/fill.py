"""Put values into the inputs of a workbook that was issued."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from lxml import etree

from xlsform.form.evaluation.engine import Results, engine_for
from xlsform.form.evaluation.hints import INSTRUCTIONS_SHEET, TO_DO_CELL, hints, to_do
from xlsform.form.evaluation.measures import measures
from xlsform.form.field_types import Cast
from xlsform.form.layout.layout import Layout
from xlsform.spreadsheet.a1 import Position
from xlsform.spreadsheet.cells import CellValue, set_cells
from xlsform.spreadsheet.package import Package
from xlsform.spreadsheet.shared_strings import SharedStrings
from xlsform.spreadsheet.xml_trees import child, children
from xlsform.workbook.cell_xml import as_stored


def filled(
    data: bytes,
    layout: Layout,
    places: Mapping[str, Position],
    values: Mapping[str, Cast | None],
    issued: Mapping[str, object] = MappingProxyType({}),
) -> bytes:
    """Return a workbook with values in its input cells, every stored result brought up to date.

    Args:
        data: the workbook.
        layout: its form.
        places: where each field stands in it.
        values: what all inputs hold afterwards, by field name; None for a blank.
        issued: what it was prefilled with, by field name.
    """
    held = {name: value for name, value in values.items() if value is not None}
    results = engine_for(layout).evaluate(held)
    told = hints(layout, results, held, measures(layout, issued))
    package = Package(data)
    strings = SharedStrings(package)
    part = package.sheet_part(layout.form.sheet)
    root = package.xml(part)
    set_cells(root, _cells(layout, places, values, results, told), strings)
    _grow(root, layout.heights(values))
    package.write_xml(part, root)
    names = {sheet.name: sheet.part for sheet in package.sheets()}
    if INSTRUCTIONS_SHEET in names:
        instructions = package.xml(names[INSTRUCTIONS_SHEET])
        set_cells(instructions, {TO_DO_CELL: to_do(told.values())}, strings)
        package.write_xml(names[INSTRUCTIONS_SHEET], instructions)
    strings.save()
    return package.to_bytes()


def _cells(
    layout: Layout,
    places: Mapping[str, Position],
    values: Mapping[str, Cast | None],
    results: Results,
    told: Mapping[int, str],
) -> dict[Position, CellValue]:
    cells: dict[Position, CellValue] = {}
    for name, value in values.items():
        cells[places[name]] = value if value is not None else layout.fields[name].placeholder or None
    for name, result in results.computed.items():
        cells[places[name]] = as_stored(result)
    for row, text in told.items():
        cells[row, layout.hint_column] = text
    return cells


def _grow(root: etree._Element, heights: Mapping[int, float]) -> None:
    """Make rows taller where their text needs it; never lower, since somebody may have dragged them."""
    data = child(root, "sheetData")
    for row in () if data is None else children(data, "row"):
        number = int(row.get("r", "0"))
        needed = heights.get(number, 0.0)
        # Heights are whole pixels (0.75 points): less than one of difference comes from rounding.
        if needed > float(row.get("ht", "0")) + 0.75:
            row.set("ht", f"{needed:g}")
            row.set("customHeight", "1")
