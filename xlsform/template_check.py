"""Everything that is wrong with a template: its shape first, then its meaning."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from xlsform import formula as formulas
from xlsform.errors import TemplateError
from xlsform.form import Form, build, bundled, cell_specs, find, load, read
from xlsform.layout import Layout, UnknownReferenceError, lay_out
from xlsform.recalculation import engine
from xlsform.refs import Range, column_number, position

SCHEMA = Path(__file__).parent / "schema" / "template.schema.json"

_R1C1 = re.compile(r"R\d*C\d*\Z|[RC]\Z", re.IGNORECASE)


def load_checked(name: str) -> Form:
    """Return the form of an id or a path; a template file of the user's own is checked whole first.

    Raises:
        UsageError: there is no such template.
        TemplateError: it cannot be used; with every problem.
    """
    if name in bundled():
        return load(name)
    path = find(name)
    content = read(path)
    found = problems(content)
    if found:
        raise TemplateError(str(path), found)
    return build(content)


def problems(content: Mapping[str, Any]) -> list[str]:
    """Return all that is wrong with a template's content, each line with its JSON path; empty when it is sound."""
    shape = list(_shape(content))
    return shape or list(_meaning(content))


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def _shape(content: Mapping[str, Any]) -> Iterator[str]:
    for error in sorted(_validator().iter_errors(content), key=lambda each: each.json_path):
        yield from schema_problem(error)


def schema_problem(error: Any) -> Iterator[str]:
    """Yield one line for a schema violation: where, what was found, what is allowed."""
    path, rule = error.json_path, error.validator
    if rule in ("oneOf", "anyOf") and error.context:
        deepest = max(error.context, key=lambda each: len(each.absolute_path))
        if len(deepest.absolute_path) > len(error.absolute_path):
            yield from schema_problem(deepest)
            return
    if rule == "additionalProperties":
        allowed = sorted(error.schema.get("properties", {}))
        for key in sorted(set(error.instance) - set(allowed)):
            yield f"{path}.{key}: unknown key; allowed: {', '.join(allowed)}"
    elif rule == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        yield f"{path}: missing {', '.join(missing)}"
    elif rule == "enum":
        yield f"{path}: {_brief(error.instance)} is not allowed; one of {', '.join(map(str, error.validator_value))}"
    elif rule == "const":
        yield f"{path}: must be {_brief(error.validator_value)}, not {_brief(error.instance)}"
    elif rule == "type":
        kinds = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
        yield f"{path}: {_brief(error.instance)} is not {' or '.join(kinds)}"
    elif rule == "pattern":
        meant = error.schema.get("description", f"a text that fits {error.validator_value}")
        yield f"{path}: {_brief(error.instance)} does not fit; expected: {meant}"
    elif rule in ("oneOf", "not"):
        choices = [" ".join(each.get("required", ["?"])) for each in error.schema.get("oneOf", [])]
        one = f"exactly one of {', '.join(choices)}" if choices else "not both formula and value"
        yield f"{path}: give {one}"
    else:
        yield f"{path}: {error.message[:200]}"


def _brief(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "…"


def _meaning(content: Mapping[str, Any]) -> Iterator[str]:
    try:
        form = build(content)
    except (TypeError, KeyError) as error:
        yield f"$.tables: a row's own field cannot be read ({error})"
        return
    found = [*_cells(form), *_columns(form)]
    yield from found
    if found:
        return
    layout = lay_out(form)
    yield from _overlaps(layout)
    yield from _names(layout)
    broken = [*_unbalanced(form, layout)] or [*_unknown(form, layout)]
    yield from broken
    if not broken:
        for name, fault in engine(layout).faults().items():
            yield f"{_formula_path(form, layout, name)}: the formula cannot be calculated: {fault}"


def _cells(form: Form) -> Iterator[str]:
    """Yield what cells of the grid name that the form does not have, and fields without a cell."""
    placed: dict[str, str] = {}
    for _, row, cell in cell_specs(form):
        path = f'{row.path}.cells["{cell.columns}"]'
        if row.repeat is not None and row.repeat not in form.tables:
            yield f"{row.path}.repeat: no table {row.repeat!r}; known: {', '.join(form.tables)}"
            continue
        if row.repeat is not None and not form.tables[row.repeat].groups:
            yield f"{row.path}.repeat: table {row.repeat!r} has named rows, no groups"
            continue
        if column_number(cell.columns[-1]) > max(map(column_number, form.page.columns)):
            yield f"{path}: column {cell.columns[-1]} has no width in $.page.columns"
        if cell.field is not None:
            if cell.field not in _known(form):
                yield f"{path}.field: no field {cell.field!r}; known: {_near(cell.field, _known(form))}"
            elif cell.field in placed:
                yield f"{path}.field: {cell.field!r} already stands at {placed[cell.field]}"
            placed[cell.field] = path
        if cell.row_label is not None:
            table, _, name = cell.row_label.partition(".")
            if table not in form.tables or name not in form.tables[table].rows:
                yield f"{path}.row: no row {cell.row_label!r}"
        if cell.column is not None and row.repeat and cell.column not in form.tables[row.repeat].columns:
            yield f"{path}.column: no column {cell.column!r}; known: {', '.join(form.tables[row.repeat].columns)}"
    for name in sorted(_known(form) - placed.keys()):
        yield f"$.fields: {name!r} stands in no cell of $.blocks"


def _known(form: Form) -> set[str]:
    names = set(form.fields)
    for table in form.tables.values():
        names |= {f"{table.name}.{row}.{column}" for row in table.rows for column in table.columns}
    return names


def _near(name: str, names: set[str]) -> str:
    import difflib

    close = difflib.get_close_matches(name, sorted(names), 3, 0.5) or sorted(names)[:8]
    return ", ".join(close)


def _columns(form: Form) -> Iterator[str]:
    for table in form.tables.values():
        for name, column in table.columns.items():
            if column.at_most is not None and column.at_most not in table.columns:
                yield f"$.tables.{table.name}.columns.{name}.at_most: no column {column.at_most!r}"
        for row, column_name in table.overrides:
            if row not in table.rows:
                yield f"$.tables.{table.name}.columns.{column_name}.rows: no row {row!r}; known: {', '.join(table.rows)}"


def _overlaps(layout: Layout) -> Iterator[str]:
    areas: list[tuple[Range, str]] = [(label.range, f"the label {label.text!r}") for label in layout.labels]
    areas += [(item.range, f"the field {item.name}") for item in layout.fields.values()]
    areas.sort()
    for number, (area, name) in enumerate(areas):
        for other, other_name in areas[number + 1 :]:
            if other.top > area.bottom:
                break
            if area.overlaps(other):
                yield f"$.blocks: {name} ({area}) and {other_name} ({other}) overlap"


def _names(layout: Layout) -> Iterator[str]:
    for name in layout.fields:
        if "." in name:
            continue
        try:
            position(name)
        except ValueError:
            if not _R1C1.match(name):
                continue
        yield f"$.fields.{name}: Excel takes this name for a cell reference; choose another"


def _unbalanced(form: Form, layout: Layout) -> Iterator[str]:
    sources = [(f"$.let.{name}", source) for name, source in form.let.items()]
    sources += [(path, source) for path, source, _ in _formulas(form, layout)]
    for path, source in dict.fromkeys(sources):
        fault = formulas.unbalanced(source)
        if fault:
            yield f"{path}: {fault} in {source}"


def _unknown(form: Form, layout: Layout) -> Iterator[str]:
    """Yield references that the form does not have, each with the path of its formula."""
    seen: set[str] = set()
    for path, source, about in _formulas(form, layout):
        try:
            layout.render(source, about)
        except UnknownReferenceError as error:
            line = f"{path}: no field {{{error}}}; known: {_near(str(error), set(layout.fields))}"
            if line not in seen:
                seen.add(line)
                yield line
    for check in form.checks:
        try:
            list(layout.matching(check.at))
        except UnknownReferenceError as error:
            yield f"$.checks.{check.name}.at: no field fits {str(error)!r}"


def _formulas(form: Form, layout: Layout) -> Iterator[tuple[str, str, Any]]:
    for item in layout.fields.values():
        if item.spec.formula is not None:
            yield _formula_path(form, layout, item.name), item.spec.formula, item
    for check in form.checks:
        for key, source in (("formula", check.formula), ("expected", check.expected), ("when", check.when)):
            for item in _about(layout, check.at) if source else ():
                yield f"$.checks.{check.name}.{key}", source or "", item


def _about(layout: Layout, patterns: Sequence[str]) -> list[Any]:
    try:
        return list(layout.matching(patterns))
    except UnknownReferenceError:
        return []


def _formula_path(form: Form, layout: Layout, name: str) -> str:
    item = layout.fields.get(name)
    if item is None:
        return f"$.checks.{name}"
    if name.startswith("subtotals."):
        return f"$.tables.{form.repeated.name if form.repeated else '?'}.groups[{int(name.split('.')[1]) - 1}].subtotal.{name.split('.')[2]}"
    if item.table is None:
        return f"$.fields.{name}.formula"
    own = f".rows.{item.row}" if (item.row, item.column) in form.tables[item.table].overrides else ""
    return f"$.tables.{item.table}.columns.{item.column}{own}.formula"


def dangling(form: Form) -> set[str]:
    """Return the names in ``let`` that no formula uses."""
    sources = [*form.let.values(), *(check.formula or check.expected or "" for check in form.checks)]
    used = {name for source in sources for name in formulas.references(source)}
    return {name for name in form.let if f"let.{name}" not in used}
