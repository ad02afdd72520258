"""Lay a form out: walk down its blocks and put everything in its place."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from xlsform.errors import UsageError
from xlsform.findings import say
from xlsform.form import CellSpec, FieldSpec, Form, Group, RowSpec, Table
from xlsform.layout.contents import Field, Label
from xlsform.layout.grid import Layout
from xlsform.refs import Range, column_number

#: Rows that a level-2 block of indicators has on the official paper: 指标1, 指标2, ……
PRINTED_ROWS = 3
MAX_ROWS = 200


def block_sizes(form: Form, rows: int | Sequence[int] | None) -> tuple[int, ...]:
    """Return the rows of each level-2 block: as printed, all alike, or one by one.

    Raises:
        UsageError: a number that no form can have.
    """
    table = form.repeated
    blocks = sum(len(group.level2) for group in table.groups) if table else 0
    sizes = (PRINTED_ROWS,) * blocks if rows is None else (rows,) * blocks if isinstance(rows, int) else tuple(rows)
    if len(sizes) != blocks:
        raise UsageError(
            say("{form} has {blocks} level-2 blocks, not {given}", form=form.id, blocks=blocks, given=len(sizes))
        )
    if any(not 1 <= size <= MAX_ROWS for size in sizes):
        raise UsageError(say("rows in a level-2 block must be from 1 to {most}", most=MAX_ROWS))
    return sizes


def lay_out(form: Form, rows: int | Sequence[int] | None = None) -> Layout:
    """Return the layout of a form.

    Args:
        form: the form.
        rows: rows in each level-2 block: one number for all, one for each, or None for the printed three.

    Raises:
        UsageError: a number of rows that no form can have.
    """
    return _lay_out(form, block_sizes(form, rows))


@lru_cache(maxsize=32)
def _lay_out(form: Form, rows: tuple[int, ...]) -> Layout:
    return _Setter(form, rows).layout()


class _Setter:
    """Walks down the blocks and puts everything in its place."""

    def __init__(self, form: Form, rows: tuple[int, ...]) -> None:
        self.form = form
        self.rows = rows
        self.fields: dict[str, Field] = {}
        self.labels: list[Label] = []
        self.headers: list[int] = []
        self.heights: dict[int, float] = {}
        self.row = 1

    def layout(self) -> Layout:
        """Return everything in its place."""
        blocks: dict[str, Range] = {}
        widths = {column_number(letters): width for letters, width in self.form.page.columns.items()}
        for name, rows in self.form.blocks.items():
            top = self.row
            height = sum(self._size(spec) for spec in rows)
            for spec in rows:
                if spec.repeat:
                    self._repeat(spec, self.form.tables[spec.repeat])
                else:
                    self._plain(spec, top + height)
            blocks[name] = Range(top, 1, self.row - 1, max(widths))
        by_place = sorted(self.fields.values(), key=lambda item: (item.range.top, item.range.left))
        return Layout(
            form=self.form,
            rows=self.rows,
            fields={item.name: item for item in by_place},
            labels=tuple(self.labels),
            row_count=self.row - 1,
            column_count=max(widths),
            headers=tuple(self.headers),
            least_heights=self.heights,
            widths=widths,
            blocks=blocks,
        )

    def _size(self, spec: RowSpec) -> int:
        if not spec.repeat:
            return 1
        return sum(self.rows) + sum(1 for group in self.form.tables[spec.repeat].groups if group.subtotal)

    def _plain(self, spec: RowSpec, end: int) -> None:
        for cell in spec.cells:
            bottom = end - 1 if cell.rows == "block" else self.row + cell.rows - 1
            area = _across(cell.columns, self.row, bottom)
            if cell.field is not None:
                self._field(cell, area)
            else:
                self.labels.append(Label(area, self._text(cell), cell.style or "label"))
        self._finish_row(spec)

    def _finish_row(self, spec: RowSpec) -> None:
        if spec.header:
            self.headers.append(self.row)
        if spec.height is not None:
            self.heights[self.row] = spec.height
        self.row += 1

    def _text(self, cell: CellSpec) -> str:
        if cell.row_label is None:
            return cell.label or ""
        table, _, row = cell.row_label.partition(".")
        return "\u3000" * cell.indent + self.form.tables[table].rows[row]

    def _field(self, cell: CellSpec, area: Range) -> None:
        name = cell.field or ""
        table_name, _, rest = name.partition(".")
        row, _, column = rest.partition(".")
        table = self.form.tables.get(table_name) if rest else None
        spec = table.spec(row, column) if table else self.form.fields[name]
        label = f"{table.rows[row].strip()}·{spec.label}" if table else spec.label
        place = {"table": table_name, "row": row, "column": column} if table else {}
        self.fields[name] = Field(name, spec, area, label, cell.style or "value", placeholder=spec.placeholder, **place)

    def _repeat(self, spec: RowSpec, table: Table) -> None:
        sizes = iter(self.rows)
        number = 0
        for index, group in enumerate(table.groups):
            top = self.row
            for level2 in group.level2:
                size = next(sizes)
                self._level_label(spec, 2, level2, Range(self.row, 1, self.row + size - 1, 1))
                for offset in range(size):
                    number += 1
                    self._numbered(spec, table, (group.level1, level2), number, offset, size)
            self._level_label(spec, 1, group.level1, Range(top, 1, self.row - 1, 1))
            if group.subtotal:
                self._subtotal(spec, table, group, index + 1)

    def _level_label(self, spec: RowSpec, level: int, text: str, rows: Range) -> None:
        for cell in spec.cells:
            if cell.level == level:
                area = _across(cell.columns, rows.top, rows.bottom)
                self.labels.append(Label(area, text, cell.style or "label", level))

    def _numbered(
        self, spec: RowSpec, table: Table, levels: tuple[str, str], number: int, offset: int, size: int
    ) -> None:
        for cell in spec.cells:
            if cell.column is None:
                continue
            column = table.columns[cell.column]
            last = bool(column.last_placeholder) and offset == size - 1 and size > 1
            placeholder = column.last_placeholder if last else column.placeholder.replace("{n}", str(offset + 1))
            name = f"{table.name}.{number}.{cell.column}"
            self.fields[name] = Field(
                name,
                column,
                _across(cell.columns, self.row, self.row),
                f"{levels[1]} 第 {offset + 1} 行·{column.label}",
                cell.style or "value",
                table=table.name,
                row=str(number),
                column=cell.column,
                level1=levels[0],
                level2=levels[1],
                placeholder=placeholder,
            )
        self._finish_row(RowSpec((), height=spec.height))

    def _subtotal(self, spec: RowSpec, table: Table, group: Group, number: int) -> None:
        """Set the row that sums a level 1 up: its label over the name's cells, formulas in the columns named."""
        for cell in spec.cells:
            area = _across(cell.columns, self.row, self.row)
            if cell.column is not None and cell.column in group.subtotal:
                column = table.columns[cell.column]
                summed = FieldSpec(f"{group.level1}小计·{column.label}", column.type, group.subtotal[cell.column])
                name = f"subtotals.{number}.{cell.column}"
                self.fields[name] = Field(name, summed, area, summed.label, "value")
            else:
                text = f"{group.level1}小计" if cell.column == "name" else ""
                self.labels.append(Label(area, text, "label"))
        self._finish_row(RowSpec((), height=spec.height))


def _across(columns: str, top: int, bottom: int) -> Range:
    first, _, last = columns.partition(":")
    return Range(top, column_number(first), bottom, column_number(last or first))
