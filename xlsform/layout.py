"""Where everything of a form stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any

from xlsform import formula as formulas
from xlsform.errors import UsageError
from xlsform.findings import say
from xlsform.form import CellSpec, Check, FieldSpec, Form, Group, RowSpec, Style, Table
from xlsform.refs import Position, Range, a1, column_number, letters
from xlsform.text_size import lines_needed

#: Rows that a level-2 block of indicators has on the official paper: 指标1, 指标2, ……
PRINTED_ROWS = 3
MAX_ROWS = 200

_LINE = 1.32
"""Height of a line of 宋体, as a multiple of the font's size."""

HINT_WIDTH = 34.0
#: What a formula may name of a target that is a known figure: ``{.target:low}``.
TARGET_PARTS = ("low", "high", "unit")
#: What stands for each part until the target is known.
TARGET_MARKS = {part: f"\0{part}\0" for part in TARGET_PARTS}

#: What stands above the hints; a label of the form like any other.
HINTS_TITLE = "填报提示（不打印）"


class UnknownReferenceError(Exception):
    """A formula names a field that the form does not have; its text is the name."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field in its place."""

    name: str
    spec: FieldSpec
    range: Range
    label: str
    """How a message names it: 年度资金总额·全年预算数, or 数量指标 第 2 行·得分."""
    style: Style
    table: str | None = None
    row: str | None = None
    column: str | None = None
    level1: str | None = None
    level2: str | None = None
    placeholder: str = ""

    @property
    def cell(self) -> str:
        """Its address in the issued form."""
        return a1(self.range.top, self.range.left)


@dataclass(frozen=True, slots=True)
class Label:
    """A printed text in its place."""

    range: Range
    text: str
    style: Style
    level: int | None = None
    """1 or 2 where it names a kind of indicator."""


@dataclass(frozen=True, slots=True, eq=False)
class PlacedCheck:
    """A check on one field, its formulas in cell addresses, without ``=``."""

    check: Check
    field: Field
    formula: str
    """TRUE when all is well: what the workbook's live self-check evaluates."""
    relative: str
    """The same with ``«r»`` for its own row and ``$`` before all others: equal for rows that differ in nothing else."""
    expected: str | None
    when: str | None
    references: tuple[str, ...]
    """Names of the fields that it looks at, its own included."""


@dataclass(frozen=True, eq=False)
class Layout:
    """A form laid out for so many rows in each level-2 block."""

    form: Form
    rows: tuple[int, ...]
    """Rows of each level-2 block, in the form's order."""
    fields: Mapping[str, Field]
    labels: tuple[Label, ...]
    row_count: int
    column_count: int
    headers: tuple[int, ...]
    """Rows printed at the top of every page."""
    least_heights: Mapping[int, float]
    widths: Mapping[int, float]
    blocks: Mapping[str, Range] = field(default_factory=dict)

    @property
    def hint_column(self) -> int:
        """The column of the live self-check, beside the form and outside its print area."""
        return self.column_count + 2

    @cached_property
    def inputs(self) -> tuple[Field, ...]:
        """The fields that people type into, in reading order."""
        return tuple(item for item in self.fields.values() if item.spec.kind == "input")

    @cached_property
    def anchors(self) -> tuple[tuple[str, Field, Position], ...]:
        """Every field with the cell that holds its value, in reading order."""
        return tuple((name, item, item.range.anchor) for name, item in self.fields.items())

    @cached_property
    def computed(self) -> Mapping[str, str]:
        """The formula of each computed field, in cell addresses, without ``=``."""
        return {
            item.name: self.render(item.spec.formula, item)
            for item in self.fields.values()
            if item.spec.formula is not None
        }

    @cached_property
    def computed_references(self) -> Mapping[str, tuple[str, ...]]:
        """The fields that each computed field depends on, directly or through other computed ones."""
        direct = {
            item.name: self.names_in(item.spec.formula, item)
            for item in self.fields.values()
            if item.spec.formula is not None
        }
        return {name: tuple(dict.fromkeys(_closure(name, direct))) for name in direct}

    @cached_property
    def outcomes(self) -> Mapping[str, tuple[str, str, str]]:
        """The form's ``value``, ``below`` and ``above`` of each actual value, by its field, with `TARGET_MARKS` in them."""
        found: dict[str, tuple[str, str, str]] = {}
        for row in self.indicator_rows if self.form.outcome else ():
            about = row["actual"]
            value, below, above = (
                self.render(self.form.outcome[key], about, measure=TARGET_MARKS) for key in ("value", "below", "above")
            )
            found[about.name] = value, below, above
        return found

    @cached_property
    def checks(self) -> tuple[PlacedCheck, ...]:
        """Every check of the form in its place, in reading order."""
        placed = [self._place(check, item) for item in self.fields.values() for check in _presence(item)]
        for check in self.form.checks:
            placed += [self._place(check, item) for item in self.matching(check.at)]
        return tuple(sorted(placed, key=lambda each: (each.field.range.top, each.field.range.left)))

    @cached_property
    def checks_by_row(self) -> Mapping[int, tuple[PlacedCheck, ...]]:
        """The checks that each row's hint speaks of."""
        rows: dict[int, list[PlacedCheck]] = {}
        for placed in self.checks:
            rows.setdefault(placed.field.range.top, []).append(placed)
        return {row: tuple(each) for row, each in rows.items()}

    @cached_property
    def indicator_rows(self) -> tuple[Mapping[str, Field], ...]:
        """The fields of each row of the numbered table, by column."""
        table = self.form.repeated
        rows: dict[str, dict[str, Field]] = {}
        for item in self.fields.values():
            if table is not None and item.table == table.name and item.row is not None and item.column is not None:
                rows.setdefault(item.row, {})[item.column] = item
        return tuple(rows.values())

    def matching(self, patterns: Sequence[str]) -> Iterator[Field]:
        """Yield the fields whose names fit one of the patterns, each once, ``*`` standing for one part.

        Raises:
            UnknownReferenceError: no field fits a pattern.
        """
        fitting: dict[str, Field] = {}
        for pattern in patterns:
            expression = re.compile(re.escape(pattern).replace(r"\*", r"[^.]+"))
            found = {name: item for name, item in self.fields.items() if expression.fullmatch(name)}
            if not found:
                raise UnknownReferenceError(pattern)
            fitting |= found
        yield from fitting.values()

    def render(
        self,
        formula: str,
        about: Field | None = None,
        measure: Mapping[str, str] = MappingProxyType({}),
    ) -> str:
        """Return a template's formula in cell addresses, without ``=``.

        Args:
            formula: the template's text.
            about: the field that ``{@}``, ``{.column}`` and ``{row.}`` start from.
            measure: what stands for ``{.target:low}`` and the other parts of `TARGET_PARTS`, by part.

        Raises:
            UnknownReferenceError: it names a field or a setting that the form does not have.
        """
        return formulas.render(_spelled_out(self.form, formula), lambda name: self._resolve(name, about, measure))

    def placed(self, formula: str, about: Field) -> tuple[str, str, tuple[str, ...]]:
        """Return a formula about a field as `render` does, as it reads in any row, and the names that it looks at.

        In any row: ``«r»`` stands for the field's own row, and ``$`` before every other.

        Raises:
            UnknownReferenceError: as :meth:`render`.
        """
        here: list[str] = []
        anywhere: list[str] = []
        names: dict[str, None] = {}
        for token in formulas.tokens(_spelled_out(self.form, formula)):
            text = token.text
            if token.kind != "field" or ":" in text:
                text = self._resolve(text, about, MappingProxyType({})) if token.kind == "field" else text
                here.append(text)
                anywhere.append(text)
                continue
            items = self._find(text, about)
            names.update(dict.fromkeys(item.name for item in items))
            here.append(_addresses(items, None))
            anywhere.append(_addresses(items, about.range.top))
        return "".join(here), "".join(anywhere), tuple(names)

    def names_in(self, formula: str, about: Field | None = None) -> tuple[str, ...]:
        """Return the names of the fields that a formula looks at.

        Raises:
            UnknownReferenceError: as :meth:`render`.
        """
        names: dict[str, None] = {}
        for reference in formulas.references(_spelled_out(self.form, formula)):
            if ":" not in reference:
                names.update(dict.fromkeys(item.name for item in self._find(reference, about)))
        return tuple(names)

    def needed_by(self, check: PlacedCheck) -> frozenset[str]:
        """Return the fields that a check depends on, directly or through computed ones."""
        through = (self.computed_references.get(name, ()) for name in check.references)
        return frozenset(check.references).union(*through)

    def heights(self, values: Mapping[str, Any]) -> dict[int, float]:
        """Return each row's height in points, tall enough for the labels and for the values given by field."""
        result = dict(self._blank_heights)
        texts = {name: text for name, text in values.items() if isinstance(text, str) and name in self.fields}
        items = sorted((self.fields[name].range, name) for name in texts)
        self._grow(result, ((area, texts[name], self.fields[name].style) for area, name in items))
        return result

    @cached_property
    def _blank_heights(self) -> Mapping[int, float]:
        result = {row: self.least_heights.get(row, 20.0) for row in range(1, self.row_count + 1)}
        self._grow(result, ((label.range, label.text, label.style) for label in self.labels))
        return result

    def _grow(self, result: dict[int, float], texts: Iterable[tuple[Range, str, Style]]) -> None:
        for area, text, style in texts:
            needed = self._height(area, text, style)
            have = sum(result[row] for row in range(area.top, area.bottom + 1))
            if needed > have:
                share = (needed - have) / (area.bottom - area.top + 1)
                for row in range(area.top, area.bottom + 1):
                    result[row] = min(round(result[row] + share, 2), 409.0)

    def _height(self, area: Range, text: str, style: Style) -> float:
        width = sum(self.widths[column] for column in range(area.left, area.right + 1))
        size = 18.0 if style == "title" else self.form.page.size
        return lines_needed(text, width * 10.5 / size - 1) * size * _LINE + 4

    def _place(self, check: Check, item: Field) -> PlacedCheck:
        when = check.when or "=TRUE"
        source = check.formula or (f"=OR(NOT({when[1:]}),ABS(ROUND(N({{@}})-({(check.expected or '=0')[1:]}),6))<0.01)")
        formula, relative, names = self.placed(source, item)
        return PlacedCheck(
            check=check,
            field=item,
            formula=formula,
            relative=relative,
            expected=self.render(check.expected, item) if check.expected else None,
            when=self.render(check.when, item) if check.when else None,
            references=tuple(dict.fromkeys((item.name, *names))),
        )

    def _resolve(self, reference: str, about: Field | None, measure: Mapping[str, str]) -> str:
        name, _, part = reference.partition(":")
        if part:
            items = self._find(name, about)
            if len(items) == 1 and part == "placeholder":
                return formulas.quote(items[0].placeholder)
            if len(items) == 1 and items[0].column == "target" and part in measure:
                return measure[part]
            raise UnknownReferenceError(reference)
        return _addresses(self._find(reference, about), None)

    def _find(self, reference: str, about: Field | None) -> list[Field]:
        name = reference
        if about is not None and reference == "@":
            name = about.name
        elif about is not None and about.table and reference.startswith("."):
            name = f"{about.table}.{about.row}{reference}"
        elif about is not None and about.table and reference.endswith("."):
            name = f"{about.table}.{reference}{about.column}"
        if name in self.fields:
            return [self.fields[name]]
        if name not in self._found:
            self._found[name] = self._many(name, reference)
        return self._found[name]

    @cached_property
    def _found(self) -> dict[str, list[Field]]:
        """What references to several fields have been found to name."""
        return {}

    def _many(self, name: str, reference: str) -> list[Field]:
        table, _, rest = name.partition(".")
        kind, star, column = rest.rpartition("*.")
        kind = kind.rstrip(".")
        found = [
            item
            for item in self.fields.values()
            if star and item.table == table and item.column == column and kind in ("", item.level1, item.level2)
        ]
        if not found:
            raise UnknownReferenceError(reference)
        return found


@lru_cache(maxsize=4096)
def _spelled_out(form: Form, formula: str) -> str:
    """Return a template's formula with what its settings and shared formulas say in place of their names."""
    return formulas.render(formula, lambda reference: _said(form, reference))


def _said(form: Form, reference: str) -> str:
    room, _, name = reference.partition(".")
    if room == "scoring" and name:
        return _setting(form, reference)
    if room not in ("let", "outcome") or not name:
        return f"{{{reference}}}"
    try:
        return f"({_spelled_out(form, (form.let if room == 'let' else form.outcome)[name])})"
    except KeyError:
        raise UnknownReferenceError(reference) from None


def _setting(form: Form, reference: str) -> str:
    value: Any = form.scoring
    for part in reference.split(".")[1:]:
        if isinstance(value, list):
            return "TRUE" if part in value else "FALSE"
        value = value.get(part) if isinstance(value, Mapping) else None
    if value is None or isinstance(value, Mapping | list):
        raise UnknownReferenceError(reference)
    return formulas.quote(value) if isinstance(value, str) else str(value)


def _closure(name: str, direct: Mapping[str, tuple[str, ...]], seen: tuple[str, ...] = ()) -> Iterator[str]:
    for other in direct[name]:
        yield other
        if other in direct and other not in seen:
            yield from _closure(other, direct, (*seen, name))


def _addresses(items: Sequence[Field], own_row: int | None) -> str:
    """Return the addresses of fields; with ``own_row`` as `Layout.placed` says."""
    if len(items) == 1:
        return _address(items[0].range.top, items[0].range.left, own_row)
    return ",".join(_areas([item.range for item in items], own_row))


def _areas(ranges: Sequence[Range], own_row: int | None) -> Iterator[str]:
    """Yield addresses of several cells, those below one another joined; with ``own_row`` as `Layout.placed` says."""
    joined: list[Range] = []
    for area in ranges:
        last = joined[-1] if joined else None
        if last is not None and last.left == area.left and last.bottom + 1 == area.top:
            joined[-1] = Range(last.top, last.left, area.bottom, last.right)
        else:
            joined.append(area)
    if own_row is not None:
        own_row = 0  # A column's rows stand fast, whichever of them is asked from.
    for area in joined:
        start, end = (_address(row, area.left, own_row) for row in (area.top, area.bottom))
        yield start if area.top == area.bottom else f"{start}:{end}"


def _address(row: int, column: int, own_row: int | None) -> str:
    if own_row is None:
        return a1(row, column)
    return f"{letters(column)}«r»" if row == own_row else f"{letters(column)}${row}"


_PRESENT = '=AND(TRIM({@}&"")<>"",{@}<>{@:placeholder})'


def _presence(item: Field) -> Iterator[Check]:
    """Yield the check that a required field is filled."""
    if item.spec.required and item.spec.kind == "input":
        hint = {"zh": f"请填写{item.spec.label}", "en": f"Fill in {item.spec.label}"}
        yield Check(f"required:{item.name}", item.spec.required, (item.name,), hint, formula=_PRESENT)


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
