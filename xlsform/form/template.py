"""Templates: the JSON files that forms are loaded from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from xlsform.errors import TemplateError, UsageError
from xlsform.files.given import content_of
from xlsform.findings import Severity
from xlsform.form import vocabulary
from xlsform.form.definition import Form
from xlsform.form.field_specs import Check, FieldSpec, Group, Table
from xlsform.form.field_types import FIELD_TYPES
from xlsform.form.grid_specs import CellSpec, Page, RowSpec
from xlsform.form.vocabulary import Role
from xlsform.json_text import exact_number, loads
from xlsform.messages import say

_LARGEST = 1_000_000
"""Bytes of a template; an official form has 15,000."""
_MOST_BASES = 10
"""Templates that build on one another."""


def templates_folder() -> Path:
    """Return the folder of the bundled templates: inside the package once installed, beside it in a checkout."""
    package = Path(__file__).parent.parent
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


def bundled() -> tuple[str, ...]:
    """Return the ids of the official forms that come with xlsform."""
    return tuple(sorted(path.stem for path in templates_folder().glob("*.json")))


def load(name: str) -> Form:
    """Return the form of a bundled id, or of a path to a template file.

    Raises:
        UsageError: there is no such template, or the file cannot be read.
        TemplateError: the file is not a template, or its base is not.
    """
    return build(read(find(name)))


def find(name: str) -> Path:
    """Return the template file that an id or a path names.

    Raises:
        UsageError: there is none.
    """
    if name in bundled():
        return templates_folder() / f"{name}.json"
    path = Path(name)
    if path.suffix.lower() == ".json" or path.exists():
        return path
    raise UsageError(
        say(
            "no template {name}: give one of {known}, or the path of a template file (.json)",
            name=name,
            known=list(bundled()),
        )
    )


def read(path: Path, seen: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return a template file's content, laid over that of the template it builds on.

    Raises:
        UsageError: it cannot be opened.
        TemplateError: it is not JSON, or builds on itself.
    """
    try:
        text = content_of(path, _LARGEST).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TemplateError(str(path), [f"byte {error.start}: not UTF-8 text; save the file as UTF-8"]) from None
    try:
        content = loads(text, parse_float=_float, parse_int=_int)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise TemplateError(str(path), [f"{where}: not JSON ({error.msg})"]) from None
    except RecursionError:
        raise TemplateError(str(path), ["not JSON (nested too deeply)"]) from None
    except ValueError as error:
        raise TemplateError(str(path), [f"not JSON ({error})"]) from None
    if not isinstance(content, dict):
        raise TemplateError(str(path), ["$: a template is a JSON object"])
    base = content.get("extends")
    if not isinstance(base, str):
        return content
    if base in seen:
        raise TemplateError(str(path), [f"$.extends: {' → '.join((*seen, base))} builds on itself"])
    if len(seen) >= _MOST_BASES:
        raise TemplateError(str(path), [f"$.extends: more than {_MOST_BASES} templates build on one another"])
    beside = path.parent / f"{base}.json"
    if not beside.is_file() and base not in bundled():
        known = ", ".join(bundled())
        raise TemplateError(str(path), [f"$.extends: no template {base!r} beside this file; bundled are {known}"])
    return merged(read(beside if beside.is_file() else find(base), (*seen, base)), content)


def is_bundled_content(path: Path) -> bool:
    """Whether a file has an official template as it comes with xlsform, and nobody has changed it since."""
    try:
        content = read(path)
    except (TemplateError, UsageError):
        return False
    content["extends"] = None
    return any(content == {**read(find(name)), "extends": None} for name in bundled())


def _float(text: str) -> float:
    return float(exact_number(text))


def _int(text: str) -> int:
    return int(exact_number(text))


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return one object laid over another: objects merge, null removes, all else replaces."""
    result = dict(base)
    for key, value in over.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(result.get(key), Mapping):
            result[key] = merged(result[key], value)
        else:
            result[key] = value
    return result


def build(content: Mapping[str, Any]) -> Form:
    """Return the form that a template's content, already found sound, defines."""
    return _build(json.dumps(content, separators=(",", ":")))


@lru_cache(maxsize=64)
def _build(canonical: str) -> Form:
    content = json.loads(canonical)
    page = content["page"]
    return Form(
        id=content["id"],
        edition=content["edition"],
        name=MappingProxyType(content["name"]),
        title=content["title"],
        source=content["source"],
        sheet=content["sheet"],
        money_unit=content["money_unit"],
        page=Page(MappingProxyType(page["columns"]), page["font"], page["size"]),
        fields=MappingProxyType(
            {
                name: _field(spec, vocabulary.field_role(spec.get("role", name)))
                for name, spec in content["fields"].items()
            }
        ),
        tables=MappingProxyType({name: _table(name, spec) for name, spec in content["tables"].items()}),
        blocks=MappingProxyType({name: _block(name, rows) for name, rows in content["blocks"].items()}),
        let=MappingProxyType(content.get("let", {})),
        checks=tuple(_check(name, check) for name, check in content.get("checks", {}).items()),
        outcome=MappingProxyType(content.get("outcome", {})),
        scoring=MappingProxyType(content["scoring"]),
        instructions=tuple(content.get("instructions", {}).values()),
        digest=hashlib.sha256(canonical.encode()).hexdigest(),
        content=canonical,
    )


def _field(spec: Mapping[str, Any], role: Role | None) -> FieldSpec:
    known = {key: value for key, value in spec.items() if key not in ("type", "rows", "prompt", "role")}
    prompt = spec.get("prompt", {}).get("zh", "")
    return FieldSpec(type=FIELD_TYPES[spec["type"]], prompt=prompt, role=role, **known)


def _table(name: str, spec: Mapping[str, Any]) -> Table:
    role = vocabulary.table_role(spec.get("role", name), numbered="groups" in spec)
    columns = {
        column: (column_spec, vocabulary.column_role(role, column_spec.get("role", column)))
        for column, column_spec in spec["columns"].items()
    }
    overrides = {
        (row, column): _field(_overridden(column_spec, change), column_role)
        for column, (column_spec, column_role) in columns.items()
        for row, change in column_spec.get("rows", {}).items()
    }
    rows = {row: {"label": about} if isinstance(about, str) else about for row, about in spec.get("rows", {}).items()}
    return Table(
        name=name,
        columns=MappingProxyType({column: _field(*about) for column, about in columns.items()}),
        rows=MappingProxyType({row: about["label"] for row, about in rows.items()}),
        overrides=MappingProxyType(overrides),
        groups=tuple(
            Group(group["level1"], tuple(group["level2"]), MappingProxyType(group.get("subtotal", {})))
            for group in spec.get("groups", ())
        ),
        role=role,
        row_roles=MappingProxyType(
            {row: vocabulary.row_role(role, each.get("role", row)) for row, each in rows.items()}
        ),
    )


def _overridden(column: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Lay a row's own field over its column's; a formula takes the place of a printed value and the reverse."""
    rivals = {"formula": "value", "value": "formula"}
    base = {key: value for key, value in column.items() if rivals.get(key) not in change}
    return merged(base, change)


def _block(name: str, rows: list[dict[str, Any]]) -> tuple[RowSpec, ...]:
    return tuple(
        RowSpec(
            cells=tuple(_cell(columns, cell) for columns, cell in row["cells"].items()),
            height=row.get("height"),
            header=row.get("header", False),
            repeat=row.get("repeat"),
            path=f"$.blocks.{name}[{index}]",
        )
        for index, row in enumerate(rows)
    )


def _cell(columns: str, cell: str | Mapping[str, Any]) -> CellSpec:
    if isinstance(cell, str):
        return CellSpec(columns, label=cell)
    known = {key: value for key, value in cell.items() if key != "row"}
    return CellSpec(columns, row_label=cell.get("row"), **known)


def _check(name: str, spec: Mapping[str, Any]) -> Check:
    return Check(
        name=name,
        code=spec["code"],
        at=tuple(spec["at"]),
        hint=MappingProxyType(spec["hint"]),
        formula=spec.get("formula"),
        expected=spec.get("expected"),
        when=spec.get("when"),
        severity=Severity(spec["severity"]) if "severity" in spec else None,
    )
