"""Lay a form out: walk down its blocks and put everything in its place."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from xlsform.errors import UsageError
from xlsform.form.definition import Form
from xlsform.form.grid_specs import RowSpec
from xlsform.form.layout.fields import Label
from xlsform.form.layout.fragment import Fragment
from xlsform.form.layout.layout import Layout
from xlsform.form.layout.row_fragments import NumberedRow, PlainRow, across, numbered_row, plain_rows, subtotal
from xlsform.messages import say
from xlsform.spreadsheet.a1 import Range, column_number

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
    return _Builder(form, rows).layout()


class _Builder:
    """Walks down the blocks and puts everything in its place."""

    def __init__(self, form: Form, rows: tuple[int, ...]) -> None:
        self.form = form
        self.rows = rows
        self.fragments: list[Fragment] = []
        self.labels: list[Label] = []
        self.headers: list[int] = []
        self.heights: dict[int, float] = {}
        self.row = 1
        self.run: list[PlainRow] = []
        """The rows of the form since the numbered ones: those that come together make one part."""

    def layout(self) -> Layout:
        """Return everything in its place."""
        blocks: dict[str, Range] = {}
        widths = {column_number(letters): width for letters, width in self.form.page.columns.items()}
        for name, rows in self.form.blocks.items():
            top = self.row
            end = top + sum(self._size(spec) for spec in rows)
            for index, spec in enumerate(rows):
                if spec.repeat:
                    self._end_run()
                    self._repeat(name, index)
                else:
                    reaches = any(cell.rows == "block" for cell in spec.cells)
                    self.run.append(PlainRow(name, index, self.row, end if reaches else 0))
                    self._finish_row(spec)
            blocks[name] = Range(top, 1, self.row - 1, max(widths))
        self._end_run()
        fields = [item for fragment in self.fragments for item in fragment.fields.values()]
        fields.sort(key=lambda item: (item.range.top, item.range.left))
        return Layout(
            form=self.form,
            rows=self.rows,
            fragments=tuple(self.fragments),
            fields={item.name: item for item in fields},
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

    def _add(self, fragment: Fragment) -> None:
        self.fragments.append(fragment)
        self.labels += fragment.labels

    def _end_run(self) -> None:
        if self.run:
            self._add(plain_rows(self.form, tuple(self.run)))
            self.run.clear()

    def _finish_row(self, spec: RowSpec) -> None:
        if spec.header:
            self.headers.append(self.row)
        if spec.height is not None:
            self.heights[self.row] = spec.height
        self.row += 1

    def _repeat(self, block: str, index: int) -> None:
        spec = self.form.blocks[block][index]
        table = self.form.tables[spec.repeat or ""]
        plain = RowSpec((), height=spec.height)
        sizes = iter(self.rows)
        number = 0
        for place, group in enumerate(table.groups):
            top = self.row
            for level2 in group.level2:
                size = next(sizes)
                self._level_label(spec, 2, level2, Range(self.row, 1, self.row + size - 1, 1))
                for offset in range(size):
                    number += 1
                    last = offset == size - 1 and size > 1
                    row = NumberedRow(block, index, group.level1, level2, number, offset, last, self.row)
                    self._add(numbered_row(self.form, row))
                    self._finish_row(plain)
            self._level_label(spec, 1, group.level1, Range(top, 1, self.row - 1, 1))
            if group.subtotal:
                self._add(subtotal(self.form, block, index, place, self.row))
                self._finish_row(plain)

    def _level_label(self, spec: RowSpec, level: int, text: str, rows: Range) -> None:
        for cell in spec.cells:
            if cell.level == level:
                area = across(cell.columns, rows.top, rows.bottom)
                self.labels.append(Label(area, text, cell.style or "label", level))
