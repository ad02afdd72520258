"""What a form's data look like as JSON: their schema, and a description of every field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xlsform.form.definition import Form
from xlsform.form.layout import Layout
from xlsform.form.vocabulary import YEAR


def schema(form: Form) -> dict[str, Any]:
    """Return the JSON Schema of a form's data."""
    tables = {
        table.name: {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                row: _object({name: table.spec(row, name) for name in table.columns if _typed(table.spec(row, name))})
                for row in table.rows
            },
        }
        for table in form.tables.values()
        if table.rows
    }
    repeated = form.repeated
    if repeated is not None:
        levels = {"level1": {"enum": [group.level1 for group in repeated.groups]}}
        levels["level2"] = {"enum": [kind for group in repeated.groups for kind in group.level2]}
        item = _object({name: spec for name, spec in repeated.columns.items() if _typed(spec)})
        item["properties"] = levels | item["properties"]
        item["required"] = ["level2"]
        tables[repeated.name] = {"type": "array", "items": item}
    scalars = {name: spec for name, spec in form.fields.items() if _typed(spec) and spec.role != YEAR}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Data of {form.id}",
        "type": "object",
        "additionalProperties": False,
        "required": ["template"],
        "properties": {
            "template": {"const": form.id},
            "year": {"type": ["integer", "null"], "minimum": 1990, "maximum": 2100},
            "project_code": {"type": ["string", "null"]},
            "fields": _object(scalars),
            **tables,
            "computed": {"type": "object", "description": "What extract found; fill passes it over."},
        },
    }


def _typed(spec: Any) -> bool:
    return bool(spec.kind == "input")


def _object(specs: Mapping[str, Any]) -> dict[str, Any]:
    properties = {name: {"title": spec.label, **spec.type.schema()} for name, spec in specs.items()}
    return {"type": "object", "additionalProperties": False, "properties": properties}


def describe(layout: Layout) -> list[dict[str, Any]]:
    """Return every field of a form in reading order: name, cell, kind, type, label, whether it must be filled."""
    described = []
    for item in layout.fields.values():
        spec = item.spec
        line: dict[str, Any] = {
            "name": item.name,
            "cell": f"{layout.form.sheet}!{item.cell}",
            "kind": spec.kind,
            "type": spec.type.name,
            "label": item.label,
            "required": bool(spec.required) and spec.kind == "input",
        }
        if item.level2 is not None:
            line |= {"level1": item.level1, "level2": item.level2}
        if spec.formula is not None:
            line["formula"] = "=" + layout.computed[item.name]
        described.append(line)
    return described
