"""Forms that no ministry prints: without funds, without indicators, with a grade."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support.forms import issued

from xlsform.form.definition import Form
from xlsform.form.field_types import Cast
from xlsform.form.layout import lay_out
from xlsform.form.template import build, find, read
from xlsform.submission.carriers import identities_in
from xlsform.submission.submission import Submission


def form_with_grade() -> Form:
    """Return the ministry's form with a cell for the grade beside the total."""
    content = _content("with-grade")
    content["fields"]["grade"] = {"label": "等级", "type": "text"}
    content["blocks"]["total"][0]["cells"]["I"] = {"field": "grade"}
    return build(content)


def form_without_funds() -> Form:
    """Return a form of names and indicators, without money, without weights and without settings."""
    content = _without_totals("without-funds")
    del content["tables"]["funds"], content["blocks"]["funds"]
    del content["tables"]["indicators"]["columns"]["weight"]
    content["tables"]["indicators"]["columns"]["score"].pop("at_most")
    content["fields"]["total_score"] = {"label": "总分", "type": "points", "formula": "=SUM({indicators.*.score})"}
    content["blocks"]["total"] = [{"cells": {"A:G": "总分", "H": {"field": "total_score"}, "I": ""}}]
    del content["blocks"]["indicators"][1]["cells"]["G"]
    return build(content)


def form_of_goals() -> Form:
    """Return a form that has names and goals and nothing else."""
    content = _without_totals("of-goals")
    content["tables"].clear()
    del content["blocks"]["funds"], content["blocks"]["indicators"]
    return build(content)


def returned(form: Form, **values: Cast) -> Submission:
    """Return a form with these values, dots as double underscores, as it comes back."""
    layout = lay_out(form)
    workbook = issued(layout, {name.replace("__", "."): value for name, value in values.items()})
    return Submission(Path("return.xlsx"), workbook, layout, workbook.sheet(form.sheet), identities_in(workbook))


def _without_totals(name: str) -> dict[str, Any]:
    content = _content(name)
    content["fields"] = {key: spec for key, spec in content["fields"].items() if not key.startswith("total_")}
    del content["blocks"]["total"]
    content["checks"].clear()
    content["scoring"] = {"total": 100}
    return content


def _content(name: str) -> dict[str, Any]:
    content: Mapping[str, Any] = read(find("mof-2020"))
    return {**copy.deepcopy(dict(content)), "id": name}
