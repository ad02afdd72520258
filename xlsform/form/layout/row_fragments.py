"""The rows of a form, each kind set from its pattern: made once for all layouts that have them in the same place."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from xlsform.form.definition import Form
from xlsform.form.field_specs import FieldSpec
from xlsform.form.grid_specs import CellSpec
from xlsform.form.layout.fields import Field, Label
from xlsform.form.layout.fragment import Fragment
from xlsform.form.vocabulary import INDICATOR_NAME
from xlsform.spreadsheet.a1 import Range, column_number

#: Parts that are kept; one takes some ten thousand bytes once its checks are in their places.
_KEPT = 512


class PlainRow(NamedTuple):
    """A row that the form has once, and where it comes to stand."""

    block: str
    place: int
    """Its number within the block."""
    row: int
    end: int
    """The row below the block, where one of its cells reaches down to there; else 0."""


class NumberedRow(NamedTuple):
    """A row of the numbered table, and where it comes to stand."""

    block: str
    pattern: int
    """The number of its pattern within the block."""
    level1: str
    level2: str
    number: int
    offset: int
    """How many rows of its level 2 stand above it."""
    last: bool
    """Whether it is the last of several of its level 2."""
    row: int


@lru_cache(maxsize=_KEPT)
def plain_rows(form: Form, rows: tuple[PlainRow, ...]) -> Fragment:
    """Return rows that the form has once, which follow one another."""
    fields: dict[str, Field] = {}
    labels: list[Label] = []
    for block, place, row, end in rows:
        for cell in form.blocks[block][place].cells:
            bottom = end - 1 if cell.rows == "block" else row + cell.rows - 1
            area = across(cell.columns, row, bottom)
            if cell.field is not None:
                fields[cell.field] = _field(form, cell, area)
            else:
                labels.append(Label(area, _text(form, cell), cell.style or "label"))
    return Fragment(form, fields, tuple(labels))


def _text(form: Form, cell: CellSpec) -> str:
    if cell.row_label is None:
        return cell.label or ""
    table, _, row = cell.row_label.partition(".")
    return "\u3000" * cell.indent + form.tables[table].rows[row]


def _field(form: Form, cell: CellSpec, area: Range) -> Field:
    name = cell.field or ""
    table_name, _, rest = name.partition(".")
    row, _, column = rest.partition(".")
    table = form.tables.get(table_name) if rest else None
    spec = table.spec(row, column) if table else form.fields[name]
    label = f"{table.rows[row].strip()}·{spec.label}" if table else spec.label
    style = cell.style or "value"
    if table is None:
        return Field(name, spec, area, label, style, placeholder=spec.placeholder, role=spec.role)
    return Field(
        name,
        spec,
        area,
        label,
        style,
        table=table.name,
        row=row,
        column=column,
        placeholder=spec.placeholder,
        role=table.role_of(row, column),
        table_role=table.role,
        row_role=table.row_roles[row],
    )


@lru_cache(maxsize=_KEPT)
def numbered_row(form: Form, about: NumberedRow) -> Fragment:
    """Return a row of the numbered table."""
    spec = form.blocks[about.block][about.pattern]
    table = form.tables[spec.repeat or ""]
    fields: dict[str, Field] = {}
    for cell in spec.cells:
        if cell.column is None:
            continue
        column = table.columns[cell.column]
        last = bool(column.last_placeholder) and about.last
        placeholder = column.last_placeholder if last else column.placeholder.replace("{n}", str(about.offset + 1))
        name = f"{table.name}.{about.number}.{cell.column}"
        fields[name] = Field(
            name,
            column,
            across(cell.columns, about.row, about.row),
            f"{about.level2} 第 {about.offset + 1} 行·{column.label}",
            cell.style or "value",
            table=table.name,
            row=str(about.number),
            column=cell.column,
            level1=about.level1,
            level2=about.level2,
            placeholder=placeholder,
            role=column.role,
            table_role=table.role,
        )
    return Fragment(form, fields, ())


@lru_cache(maxsize=_KEPT)
def subtotal(form: Form, block: str, pattern: int, group: int, row: int) -> Fragment:
    """Return the row that sums a level 1 up: its label over the name's cells, formulas in the columns named.

    Args:
        form: the form.
        block: the block of the numbered table.
        pattern: the number of its pattern within the block.
        group: the number of the level 1, from 0.
        row: where it comes to stand.
    """
    spec = form.blocks[block][pattern]
    table = form.tables[spec.repeat or ""]
    summed = table.groups[group]
    fields: dict[str, Field] = {}
    labels: list[Label] = []
    for cell in spec.cells:
        area = across(cell.columns, row, row)
        if cell.column is not None and cell.column in summed.subtotal:
            column = table.columns[cell.column]
            own = FieldSpec(f"{summed.level1}小计·{column.label}", column.type, summed.subtotal[cell.column])
            name = f"subtotals.{group + 1}.{cell.column}"
            fields[name] = Field(name, own, area, own.label, "value")
        else:
            named = cell.column is not None and table.columns[cell.column].role == INDICATOR_NAME
            text = f"{summed.level1}小计" if named else ""
            labels.append(Label(area, text, "label"))
    return Fragment(form, fields, tuple(labels))


def across(columns: str, top: int, bottom: int) -> Range:
    """Return the cells of some columns, written ``B`` or ``B:I``, from one row to another."""
    first, _, last = columns.partition(":")
    return Range(top, column_number(first), bottom, column_number(last or first))
