"""Where everything of a form stands, and its formulas in cell addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from xlsform import formula as formulas
from xlsform.form import Check, Form, Style
from xlsform.layout.contents import TARGET_MARKS, Field, Label, PlacedCheck, UnknownReferenceError
from xlsform.layout.references import addresses, closure, spelled_out
from xlsform.refs import Position, Range
from xlsform.text_size import lines_needed

_LINE = 1.32
"""Height of a line of 宋体, as a multiple of the font's size."""


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
        return {name: tuple(dict.fromkeys(closure(name, direct))) for name in direct}

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
        return formulas.render(spelled_out(self.form, formula), lambda name: self._resolve(name, about, measure))

    def placed(self, formula: str, about: Field) -> tuple[str, str, tuple[str, ...]]:
        """Return a formula about a field as `render` does, as it reads in any row, and the names that it looks at.

        In any row: ``«r»`` stands for the field's own row, and ``$`` before every other.

        Raises:
            UnknownReferenceError: as :meth:`render`.
        """
        here: list[str] = []
        anywhere: list[str] = []
        names: dict[str, None] = {}
        for token in formulas.tokens(spelled_out(self.form, formula)):
            text = token.text
            if token.kind != "field" or ":" in text:
                text = self._resolve(text, about, MappingProxyType({})) if token.kind == "field" else text
                here.append(text)
                anywhere.append(text)
                continue
            items = self._find(text, about)
            names.update(dict.fromkeys(item.name for item in items))
            here.append(addresses(items, None))
            anywhere.append(addresses(items, about.range.top))
        return "".join(here), "".join(anywhere), tuple(names)

    def names_in(self, formula: str, about: Field | None = None) -> tuple[str, ...]:
        """Return the names of the fields that a formula looks at.

        Raises:
            UnknownReferenceError: as :meth:`render`.
        """
        names: dict[str, None] = {}
        for reference in formulas.references(spelled_out(self.form, formula)):
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
        return addresses(self._find(reference, about), None)

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


_PRESENT = '=AND(TRIM({@}&"")<>"",{@}<>{@:placeholder})'


def _presence(item: Field) -> Iterator[Check]:
    """Yield the check that a required field is filled."""
    if item.spec.required and item.spec.kind == "input":
        hint = {"zh": f"请填写{item.spec.label}", "en": f"Fill in {item.spec.label}"}
        yield Check(f"required:{item.name}", item.spec.required, (item.name,), hint, formula=_PRESENT)
