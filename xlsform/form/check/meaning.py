"""What is wrong with a template's formulas: what they name, how they are written, what they give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from xlsform.form import formula as formulas
from xlsform.form.check.anatomy import newer_functions
from xlsform.form.check.cost import cost_problems
from xlsform.form.check.grid import near
from xlsform.form.definition import Form
from xlsform.form.evaluation.engine import engine_for, texts_of
from xlsform.form.evaluation.model import Fault
from xlsform.form.layout import TARGET_PARTS, Field, Layout, UnknownReferenceError
from xlsform.form.vocabulary import ACTUAL, TARGET, WEIGHT
from xlsform.quantities import read_number

#: Parts of a target, as formulas of ``outcome`` may name them.
_A_TARGET = dict.fromkeys(TARGET_PARTS, "1")

_MEANT = {
    "#NAME?": "it uses a function or a name that is not known",
    "#ERROR!": "it is not a formula",
    "#CIRC!": "it depends on itself",
}


def formula_problems(layout: Layout) -> Iterator[str]:
    """Yield what is wrong with a form's formulas; what cannot be read is said first, and then alone."""
    sources = dict.fromkeys((path, source) for path, source, _ in _formulas(layout))
    sources |= {(f"$.{name}", source): None for name, source in _shared(layout.form).items()}
    found = [line for path, source in sources for line in _written(path, source)]
    found += _loops(layout.form)
    found = found or list(dict.fromkeys(_unknown(layout)))
    found = found or list(cost_problems(layout, _formulas(layout)))
    yield from found
    if not found:
        yield from dict.fromkeys(_fault(layout, fault) for fault in engine_for(layout).faults())
        yield from _outcome_faults(layout)


def _written(path: str, source: str) -> Iterator[str]:
    fault = formulas.unbalanced(source)
    if fault:
        yield f"{path}: {fault} in {source}"
    for token in formulas.tokens(source):
        for name in newer_functions(token.text) if token.kind == "other" else ():
            yield f"{path}: {name} is not known to Excel 2007 and the programs like it in {source}"


def _shared(form: Form) -> dict[str, str]:
    """Return the formulas that others name: ``let.used``, ``outcome.value``."""
    return {f"{room}.{name}": text for room in ("let", "outcome") for name, text in getattr(form, room).items()}


def _loops(form: Form) -> Iterator[str]:
    """Yield the shared formulas that use themselves."""
    shared = _shared(form)
    uses = {name: [other for other in formulas.references(text) if other in shared] for name, text in shared.items()}
    for name in uses:
        reached, ahead = set(), list(uses[name])
        while ahead:
            other = ahead.pop()
            if other not in reached:
                reached.add(other)
                ahead += uses.get(other, [])
        if name in reached:
            yield f"$.{name}: it uses itself in {shared[name]}"


def _unknown(layout: Layout) -> Iterator[str]:
    """Yield references that the form does not have, each with the path of its formula."""
    for path, source, about in _formulas(layout):
        parts = _A_TARGET if path.startswith("$.outcome.") else {}
        try:
            layout.resolver.render(source, about, measure=parts)
        except UnknownReferenceError as error:
            known = near(str(error), _references(layout, about))
            yield f"{path}: no field {{{error}}}; known: {known}"
    for check in layout.form.checks:
        try:
            list(layout.matching(check.at))
        except UnknownReferenceError as error:
            yield f"$.checks.{check.name}.at: no field fits {str(error)!r}; known: {near(str(error), layout.fields)}"


def _references(layout: Layout, about: Field) -> set[str]:
    """Return what may stand in braces in a formula about a field."""
    form = layout.form
    names = {*layout.fields, *_shared(form), *_settings("scoring", form.scoring)}
    if about.table is not None:
        names |= {f".{column}" for column in form.tables[about.table].columns}
        names |= {f"{row}." for row in form.tables[about.table].rows}
    return names


def _settings(start: str, values: Mapping[str, Any]) -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _settings(f"{start}.{key}", value)
        elif not isinstance(value, list):
            yield f"{start}.{key}"


def _formulas(layout: Layout) -> Iterator[tuple[str, str, Field]]:
    """Yield each formula with its path and each field that it is about."""
    for item in layout.fields.values():
        if item.spec.formula is not None:
            yield _path(layout.form, item), item.spec.formula, item
    for row in layout.indicator_rows[:1]:
        for key, source in layout.form.outcome.items():
            yield f"$.outcome.{key}", source, next(iter(row.values()))
    for check in layout.form.checks:
        try:
            items = list(layout.matching(check.at))
        except UnknownReferenceError:
            continue
        for key, text in (("formula", check.formula), ("expected", check.expected), ("when", check.when)):
            for item in items if text is not None else ():
                yield f"$.checks.{check.name}.{key}", text or "", item


def _outcome_faults(layout: Layout) -> Iterator[str]:
    """Yield formulas of ``outcome`` that give no number where the actual value lies beside the target."""
    if not layout.form.outcome:
        return
    row = layout.indicator_rows[0] if layout.indicator_rows else {}
    if not {ACTUAL, TARGET, WEIGHT} <= row.keys():
        yield "$.outcome: it needs the columns target, actual and weight"
        return
    values = {row[ACTUAL].name: Decimal(2), row[WEIGHT].name: Decimal(10)}
    for key, source in layout.form.outcome.items():
        text = layout.resolver.render(source, row[ACTUAL], measure=_A_TARGET | {"unit": '""'})
        given = texts_of(layout, {1: text}, values)[1]
        if read_number(given) is None:
            yield f"$.outcome.{key}: for 2 beside a target of 1 it gives {given}, not a number: {source}"


def _path(form: Form, item: Field) -> str:
    """Return where a computed field's formula stands in the template."""
    if item.table is None:
        first, *rest = item.name.split(".")
        if rest and form.repeated is not None:
            number, column = rest
            return f"$.tables.{form.repeated.name}.groups[{int(number) - 1}].{first.removesuffix('s')}.{column}"
        return f"$.fields.{item.name}.formula"
    table = form.tables[item.table]
    own = table.overrides.get((item.row or "", item.column or ""))
    row = f".rows.{item.row}" if own is not None and own.formula != table.columns[item.column or ""].formula else ""
    return f"$.tables.{item.table}.columns.{item.column}{row}.formula"


def _fault(layout: Layout, fault: Fault) -> str:
    if fault.check is not None:
        path = f"$.checks.{fault.check.check.name}.{fault.key}"
        source = getattr(fault.check.check, fault.key)
    else:
        assert fault.field is not None
        path, source = _path(layout.form, fault.field), fault.field.spec.formula
    what = _MEANT.get(str(fault.value), f"on a blank form it gives {fault.value}, {fault.wanted}")
    return f"{path}: {what}: {source}"
