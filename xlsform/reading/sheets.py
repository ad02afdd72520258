"""One worksheet part: its rows, and what else it says of the sheet."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from xlsform.reading.cells import read_cells
from xlsform.reading.fast_xml import parted, rows_of_text
from xlsform.reading.parts import bounded, parse
from xlsform.reading.rows import Row, rows_of_tree
from xlsform.reading.surface import surface_of, surface_of_rest
from xlsform.reading.surroundings import Surroundings
from xlsform.reading.workbook import Sheet


def read_sheet(content: bytes, part: str, sheet: Sheet, around: Surroundings) -> None:
    """Fill in what the part holds.

    Raises:
        UnreadableError: it is damaged, or goes beyond the limits.
    """
    limits = around.limits
    content = bounded(content, part, limits)
    rows: Iterable[Row] | None = None
    split = parted(content, b"<sheetData>", b"</sheetData>")
    if split is not None:
        surface = surface_of_rest(split.left, part, limits)
        if surface.one_block:
            rows = rows_of_text(split.text)
    if rows is None:
        root = parse(content, part, limits)
        surface = surface_of(content, root, limits)
        rows = chain.from_iterable(rows_of_tree(block) for block in root.iterchildren("{*}sheetData"))
    read_cells(rows, sheet, around)
    sheet.hidden_columns, sheet.protected = surface.hidden_columns, surface.protected
    sheet.merges, sheet.validated = surface.merges, surface.validated
    for reference in surface.damaged:
        around.left_out(f"{sheet.name}!{reference}")
