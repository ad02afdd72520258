"""Everything that is wrong with a template: its shape first, then its meaning."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import chain, islice
from pathlib import Path
from typing import Any

from xlsform.errors import TemplateError
from xlsform.form import formula as formulas
from xlsform.form.definition import Form
from xlsform.form.layout import lay_out
from xlsform.form.template import build, bundled, find, load, read

__all__ = ["SCHEMA", "dangling", "load_checked", "problems", "schema_problem", "warnings"]

_MOST_TOLD = 200
"""Problems of one template that are told."""

SCHEMA = Path(__file__).parent.parent / "schema" / "template.schema.json"


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
    # As in `warnings`.
    from xlsform.form.check.bounds import content_problems

    found = list(content_problems(content)) or list(_shape(content)) or _meaning(content)
    return found if len(found) <= _MOST_TOLD else [*found[:_MOST_TOLD], "… and more"]


def warnings(content: Mapping[str, Any]) -> list[str]:
    """Return what seems to be forgotten in a template that is sound, each line with its JSON path."""
    # Who judges returns by a bundled form needs none of these modules, and they take some 5 ms to load.
    from xlsform.form.check.roles import forgotten_roles

    return list(forgotten_roles(build(content)))


def _meaning(content: Mapping[str, Any]) -> list[str]:
    # As in `warnings`.
    from xlsform.form.check.bounds import formula_bounds, size_problems
    from xlsform.form.check.grid import grid_problems, layout_problems
    from xlsform.form.check.meaning import formula_problems
    from xlsform.form.check.roles import role_problems

    form = build(content)
    found = list(size_problems(form))
    found = found or list(islice(chain(role_problems(content), grid_problems(form)), _MOST_TOLD + 1))
    # Before it is laid out, since formulas are written out then.
    found = found or list(dict.fromkeys(formula_bounds(form)))
    if found:
        return found
    layout = lay_out(form)
    return [*layout_problems(layout), *formula_problems(layout)]


@cache
def _validator() -> Any:
    # It takes some 60 ms to load.
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def _shape(content: Mapping[str, Any]) -> Iterator[str]:
    for error in sorted(_validator().iter_errors(content), key=lambda each: each.json_path):
        yield from schema_problem(error)


def schema_problem(error: Any) -> Iterator[str]:
    """Yield one line for a schema violation: where, what was found, what is allowed."""
    path, rule = error.json_path, error.validator
    if rule == "additionalProperties":
        allowed = sorted(error.schema.get("properties", {}))
        for key in sorted(set(error.instance) - set(allowed)):
            yield f"{path}.{key}: unknown key; allowed: {', '.join(allowed)}"
    elif rule == "required":
        # One error comes for each missing key.
        yield f"{path}: missing {error.message.split(chr(39))[1]}"
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
    elif rule == "oneOf":
        choices = [" ".join(each["required"]) for each in error.validator_value]
        yield f"{path}: give exactly one of {', '.join(choices)}"
    elif rule == "not":
        yield f"{path}: give not both {' and '.join(error.validator_value['required'])}"
    else:
        yield f"{path}: {error.message[:200]}"


def _brief(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "…"


def dangling(form: Form) -> set[str]:
    """Return the names in ``let`` that no formula uses."""
    sources = [*form.let.values()]
    sources += [source for check in form.checks for source in (check.formula, check.expected, check.when) if source]
    sources += form.outcome.values()
    specs = [*form.fields.values()]
    for table in form.tables.values():
        specs += [*table.columns.values(), *table.overrides.values()]
        sources += [formula for group in table.groups for formula in group.subtotal.values()]
    sources += [spec.formula for spec in specs if spec.formula]
    used = {name for source in sources for name in formulas.references(source)}
    return {name for name in form.let if f"let.{name}" not in used}
