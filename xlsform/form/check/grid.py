"""What is wrong with a template's grid: its cells, its tables, and where they come to stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from xlsform.form.definition import Form, cell_specs
from xlsform.form.field_specs import Table
from xlsform.form.grid_specs import CellSpec, RowSpec
from xlsform.form.layout import Layout
from xlsform.spreadsheet.a1 import Range, column_number, letters

#: What Excel takes for a reference or a value (case ignored): ab12, r1c1, r, c, true.
_NO_NAME = re.compile(r"[a-z]{1,3}\d+|r\d*(c\d*)?|c\d*|true|false", re.IGNORECASE)

#: Sheets that are there already, and the one that Excel keeps for itself.
_TAKEN_SHEETS = ("填报说明", "_xlsform", "history")


def near(name: str, names: Iterable[str]) -> str:
    """Return the names that come nearest to one that is not known, or the first few."""
    known = sorted(names)
    return ", ".join(get_close_matches(name, known, 3, 0.5) or known[:8])


def grid_problems(form: Form) -> Iterator[str]:
    """Yield what would keep a form from being laid out."""
    if form.sheet.casefold() in _TAKEN_SHEETS:
        yield f"$.sheet: {form.sheet!r} is the name of another sheet; choose another"
    yield from _widths(form)
    yield from _cells(form)
    for table in form.tables.values():
        yield from _columns(table)
    yield from _groups(form)


def _widths(form: Form) -> Iterator[str]:
    given = {column_number(column) for column in form.page.columns}
    missing = [letters(column) for column in range(1, max(given)) if column not in given]
    if missing:
        yield f"$.page.columns: no width for {', '.join(missing)}"


def _cells(form: Form) -> Iterator[str]:
    """Yield what cells of the grid name that the form does not have, and fields without a cell."""
    placed: dict[str, str] = {}
    known = _known(form)
    faulty_rows: set[str] = set()
    for _, row, cell in cell_specs(form):
        if row.repeat is not None and row.repeat not in form.tables:
            if row.path not in faulty_rows:
                yield f"{row.path}.repeat: no table {row.repeat!r}; known: {', '.join(form.tables)}"
            faulty_rows.add(row.path)
            continue
        if row.repeat is not None and not form.tables[row.repeat].groups:
            if row.path not in faulty_rows:
                yield f"{row.path}.repeat: table {row.repeat!r} has named rows, no groups"
            faulty_rows.add(row.path)
            continue
        path = f'{row.path}.cells["{cell.columns}"]'
        yield from _extent(form, cell, path)
        yield from _repeated_cell(form.tables[row.repeat], cell, path) if row.repeat else _plain_cell(form, cell, path)
        name = _field_of(row, cell)
        if name is None or name not in known:
            continue
        if name in placed:
            yield f"{path}.{'column' if row.repeat else 'field'}: {name!r} already stands at {placed[name]}"
        placed[name] = path
    for name in sorted(known - placed.keys()):
        yield f"$.{'tables' if '.' in name else 'fields'}: {name!r} stands in no cell of $.blocks"


def _extent(form: Form, cell: CellSpec, path: str) -> Iterator[str]:
    first, last = (column_number(part) for part in (cell.columns[0], cell.columns[-1]))
    if first > last:
        yield f"{path}: give the columns from left to right, {cell.columns[-1]}:{cell.columns[0]}"
    if letters(max(first, last)) > max(form.page.columns):
        yield f"{path}: column {letters(max(first, last))} has no width in $.page.columns"


def _plain_cell(form: Form, cell: CellSpec, path: str) -> Iterator[str]:
    if cell.level is not None or cell.column is not None:
        key = "level" if cell.level is not None else "column"
        yield f"{path}.{key}: only in a row that repeats a table"
    if cell.field is not None and cell.field not in _known(form, scalars_and_named_rows=True):
        yield f"{path}.field: no field {cell.field!r}; known: {near(cell.field, _known(form))}"
    if cell.row_label is not None:
        rows = {f"{table.name}.{row}" for table in form.tables.values() for row in table.rows}
        if cell.row_label not in rows:
            yield f"{path}.row: no row {cell.row_label!r}; known: {near(cell.row_label, rows)}"


def _repeated_cell(table: Table, cell: CellSpec, path: str) -> Iterator[str]:
    if cell.level is None and cell.column is None:
        yield f"{path}: a row that repeats a table holds levels and columns only"
    elif cell.rows != 1:
        yield f"{path}.rows: not in a row that repeats a table"
    if cell.column is not None and cell.column not in table.columns:
        yield f"{path}.column: no column {cell.column!r}; known: {', '.join(table.columns)}"


def _field_of(row: RowSpec, cell: CellSpec) -> str | None:
    """Return the field that stands in a cell; of a table with numbered rows ``table.*.column``."""
    if row.repeat is None:
        return cell.field
    return None if cell.column is None else f"{row.repeat}.*.{cell.column}"


def _known(form: Form, *, scalars_and_named_rows: bool = False) -> set[str]:
    names = set(form.fields)
    for table in form.tables.values():
        rows = table.rows or ([] if scalars_and_named_rows else ["*"])
        names |= {f"{table.name}.{row}.{column}" for row in rows for column in table.columns}
    return names


def _columns(table: Table) -> Iterator[str]:
    start = f"$.tables.{table.name}.columns"
    known = ", ".join(table.columns)
    for name, column in table.columns.items():
        if column.at_most is not None and column.at_most not in table.columns:
            yield f"{start}.{name}.at_most: no column {column.at_most!r}; known: {known}"
    for (row, name), spec in table.overrides.items():
        if row not in table.rows:
            yield f"{start}.{name}.rows: no row {row!r}; known: {', '.join(table.rows)}"
        if spec.at_most != table.columns[name].at_most and spec.at_most not in table.columns:
            yield f"{start}.{name}.rows.{row}.at_most: no column {spec.at_most!r}; known: {known}"


def _groups(form: Form) -> Iterator[str]:
    """Yield what is wrong with the kinds of indicators, by which their rows are told apart."""
    grouped = [table for table in form.tables.values() if table.groups]
    if len(grouped) > 1:
        yield f"$.tables: only one table may have groups, not {' and '.join(table.name for table in grouped)}"
    for table in grouped:
        start = f"$.tables.{table.name}.groups"
        for level, names in (
            ("level 1", [group.level1 for group in table.groups]),
            ("level 2", [kind for group in table.groups for kind in group.level2]),
        ):
            for name in dict.fromkeys(name for name in names if names.count(name) > 1):
                yield f"{start}: {level} {name!r} stands twice"
        for number, group in enumerate(table.groups):
            for column in group.subtotal:
                if column not in table.columns:
                    known = ", ".join(table.columns)
                    yield f"{start}[{number}].subtotal: no column {column!r}; known: {known}"


def layout_problems(layout: Layout) -> Iterator[str]:
    """Yield what is wrong with the places that a form's cells and fields come to stand in."""
    yield from _overlaps(layout)
    yield from _reaches(layout)
    for name in layout.fields:
        if _NO_NAME.fullmatch(name):
            yield f"$.fields.{name}: Excel takes this name for a cell reference or a value; choose another"


def _areas(layout: Layout) -> list[tuple[Range, str]]:
    areas = [(label.range, f"the label {label.text!r}") for label in layout.labels]
    return areas + [(item.range, f"the field {item.name}") for item in layout.fields.values()]


def _overlaps(layout: Layout) -> Iterator[str]:
    areas = sorted(_areas(layout))
    for number, (area, name) in enumerate(areas):
        for other, other_name in areas[number + 1 :]:
            if other.top > area.bottom:
                break
            if area.overlaps(other):
                yield f"$.blocks: {name} ({area}) and {other_name} ({other}) overlap"


def _reaches(layout: Layout) -> Iterator[str]:
    for area, name in _areas(layout):
        block, rows = next((block, rows) for block, rows in layout.blocks.items() if rows.overlaps(area))
        if area.bottom > rows.bottom:
            yield f"$.blocks.{block}: {name} ({area}) reaches below its block, which ends in row {rows.bottom}"
