"""What is wrong with the roles of a template's fields, and where one seems to be forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from xlsform.form import vocabulary
from xlsform.form.check.grid import near
from xlsform.form.definition import Form
from xlsform.form.field_specs import Table
from xlsform.form.template import bundled, load
from xlsform.form.vocabulary import FIELDS, TABLES, Role, word
from xlsform.quantities import normalize_text


def role_problems(content: Mapping[str, Any]) -> Iterator[str]:
    """Yield roles that are none, and those that two fields have, of a template whose shape is sound."""
    scalars = [role for role in FIELDS if "." not in role]
    fields = {name: spec.get("role") for name, spec in content["fields"].items()}
    yield from _unknown(
        "$.fields", fields, {name: vocabulary.field_role(role or name) for name, role in fields.items()}, scalars
    )
    tables = {name: (spec.get("role"), "groups" in spec) for name, spec in content["tables"].items()}
    found = {
        name: vocabulary.table_role(given or name, numbered=numbered) for name, (given, numbered) in tables.items()
    }
    for name, (given, numbered) in tables.items():
        if given is not None and found[name] is None:
            known = [role for role, meaning in TABLES.items() if meaning.numbered == numbered]
            kind = "numbered" if numbered else "named"
            yield f"$.tables.{name}.role: {given!r} is no role of a table with {kind} rows; known: {', '.join(known)}"
    yield from _twice("$.tables", found)
    for name, spec in content["tables"].items():
        yield from _of_table(f"$.tables.{name}", found[name], spec)


def _of_table(path: str, table: Role | None, spec: Mapping[str, Any]) -> Iterator[str]:
    columns = {name: column.get("role") for name, column in spec["columns"].items()}
    rows = {name: row.get("role") if isinstance(row, dict) else None for name, row in spec.get("rows", {}).items()}
    for part, given, of, known in (
        ("rows", rows, vocabulary.row_role, TABLES[table].rows if table else {}),
        ("columns", columns, vocabulary.column_role, TABLES[table].columns if table else {}),
    ):
        start = f"{path}.{part}"
        if table is None:
            for name in (name for name, role in given.items() if role is not None):
                yield f"{start}.{name}.role: its table has no role; give that one first"
        else:
            roles = {name: of(table, role or name) for name, role in given.items()}
            yield from _unknown(start, given, roles, map(word, known))


def _unknown(
    path: str, given: Mapping[str, str | None], found: Mapping[str, Role | None], known: Iterable[str]
) -> Iterator[str]:
    """Yield the roles given that are none, then those that two have."""
    names = list(known)
    for name, role in given.items():
        if role is not None and found[name] is None:
            yield f"{path}.{name}.role: no role {role!r}; known: {near(role, names)}"
    yield from _twice(path, found)


def _twice(path: str, found: Mapping[str, Role | None]) -> Iterator[str]:
    first: dict[Role, str] = {}
    for name, role in found.items():
        if role is not None and first.setdefault(role, name) != name:
            yield f"{path}.{name}: its role {word(role)!r} is that of {path}.{first[role]}, too"


def forgotten_roles(form: Form) -> Iterator[str]:
    """Yield a line for each label that other forms print for a role, where nothing in the form has that role."""
    for name, spec in form.fields.items():
        if spec.role is None:
            yield from _forgotten(f"$.fields.{name}", spec.label, form, [role for role in FIELDS if "." not in role])
    for table in form.tables.values():
        yield from _forgotten_in(table, form)


def _forgotten_in(table: Table, form: Form) -> Iterator[str]:
    path = f"$.tables.{table.name}"
    if table.role is None:
        role = next(role for role, meaning in TABLES.items() if meaning.numbered == bool(table.groups))
        labels = [*table.rows.values(), *(column.label for column in table.columns.values())]
        known = [label.strip() for label in labels if _meant(label, [*TABLES[role].rows, *TABLES[role].columns])]
        if known and role not in form.roles:
            told = ", ".join(known)
            yield f'{path}: other forms print {told} in the table of the role {role}; give "role" if it is that'
        return
    for row, label in table.rows.items():
        if table.row_roles[row] is None:
            yield from _forgotten(f"{path}.rows.{row}", label, form, TABLES[table.role].rows)
    for name, spec in table.columns.items():
        if spec.role is None:
            yield from _forgotten(f"{path}.columns.{name}", spec.label, form, TABLES[table.role].columns)


def _forgotten(path: str, label: str, form: Form, among: Iterable[Role]) -> Iterator[str]:
    meant = [word(role) for role in _meant(label, among) if role not in form.roles]
    if meant:
        yield f'{path}: other forms print {label.strip()} for {" or ".join(meant)}; give "role" if it is that'


def _meant(label: str, among: Iterable[Role]) -> list[Role]:
    return [role for role in among if _folded(label) in _known_labels().get(role, ())]


def _folded(label: str) -> str:
    return normalize_text(label).removeprefix("其中:")


@cache
def _known_labels() -> Mapping[Role, frozenset[str]]:
    """Return what forms print for each role: those that come with xlsform, and others in use."""
    found = {role: set(map(_folded, meaning.labels)) for role, meaning in vocabulary.every_role()}
    for form in map(load, bundled()):
        for spec in form.fields.values():
            _add(found, spec.role, spec.label)
        for table in form.tables.values():
            for row, label in table.rows.items():
                _add(found, table.row_roles[row], label)
            for spec in table.columns.values():
                _add(found, spec.role, spec.label)
    return {role: frozenset(labels) for role, labels in found.items()}


def _add(found: dict[Role, set[str]], role: Role | None, label: str) -> None:
    if role is not None:
        found[role].add(_folded(label))
