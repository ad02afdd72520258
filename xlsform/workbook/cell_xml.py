"""The cells of a sheet as XML, area by area (see `prepared`)."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from xlsform.form.evaluation.ironcalc_cells import Result
from xlsform.form.field_types import Cast
from xlsform.spreadsheet.a1 import Range, a1
from xlsform.spreadsheet.cell_text import number_text, text_xml
from xlsform.workbook.shared_tables import StringTable

Rows = dict[int, dict[int, str]]
"""The XML of cells: of each row its areas, by the column where they begin."""


def put(cells: Rows, area: Range, style: int, content: str) -> None:
    """Put an area into its rows.

    Args:
        cells: of each row its areas.
        area: the area.
        style: the look of its cells.
        content: attributes and elements of its first cell, as `value_xml` and `formula_xml` give them; blank for none.
    """
    first, beside, below = _blank(area, style)
    cells.setdefault(area.top, {})[area.left] = f"{first}{content}</c>{beside}" if content else f"{first}/>{beside}"
    for row, blank in below:
        cells.setdefault(row, {})[area.left] = blank


@lru_cache(maxsize=8192)
def _blank(area: Range, style: int) -> tuple[str, str, tuple[tuple[int, str], ...]]:
    """Return the first cell of a blank area, left open, those beside it, and by row those below."""
    rows = [
        [f'<c r="{a1(row, column)}" s="{style}"' for column in range(area.left, area.right + 1)]
        for row in range(area.top, area.bottom + 1)
    ]
    (first, *beside), *below = rows
    closed = [(area.top + number, "/>".join([*cells, ""])) for number, cells in enumerate(below, 1)]
    return first, "/>".join([*beside, ""]), tuple(closed)


def value_xml(content: Cast | int | float, strings: StringTable) -> str:
    """Return the attributes and elements of a cell that holds a value; blank for an empty text."""
    if not isinstance(content, str):
        return f"><v>{number_text(content)}</v>"
    # A shared text, since Apple Numbers does not show a text that stands in the cell itself.
    return f' t="s"><v>{strings.number(content)}</v>' if content else ""


def formula_xml(formula: str, result: str | float | bool) -> str:
    """Return the attributes and elements of a cell that holds a formula, given as XML, and its result."""
    if isinstance(result, bool):
        return f' t="b"><f>{formula}</f><v>{int(result)}</v>'
    if isinstance(result, str):
        # With its type also where it is blank: without, readers take the formula for never calculated.
        return f' t="str"><f>{formula}</f><v>{text_xml(result)}</v>'
    return f"><f>{formula}</f><v>{number_text(result)}</v>"


def as_stored(result: Result) -> str | float | bool:
    """Return a formula's result as its cell stores it."""
    return "" if result is None else float(result) if isinstance(result, Decimal) else result
