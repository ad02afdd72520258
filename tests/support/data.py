"""Data put into an issued workbook, and taken out again."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from xlsform.form.field_types import Cast
from xlsform.form.layout import Layout
from xlsform.messages import plain
from xlsform.reading import read_bytes
from xlsform.reading.workbook import Workbook
from xlsform.submission.extract import extract
from xlsform.submission.recognition import recognise
from xlsform.submission.submission import Submission
from xlsform.workbook.data import fill
from xlsform.workbook.locks import lock_for

LOCK = lock_for("a password")


def submitted(data: bytes) -> Submission:
    contents = read_bytes(data)
    assert isinstance(contents, Workbook)
    submission = recognise(Path("form.xlsx"), contents)
    assert submission is not None
    return submission


def document(layout: Layout, values: dict[str, Cast]) -> dict[str, Any]:
    """Return values by field as a data file has them."""
    fields: dict[str, Any] = {}
    funds: dict[str, dict[str, Any]] = {}
    indicators: list[dict[str, Any]] = []
    for name, value in values.items():
        table, _, rest = name.partition(".")
        if table == "funds":
            row, _, column = rest.partition(".")
            funds.setdefault(row, {})[column] = plain(value)
        elif not rest and name != "year":
            fields[name] = plain(value)
    for items in layout.indicator_rows:
        first = next(iter(items.values()))
        filled = {str(item.column): plain(values.get(item.name)) for item in items.values()}
        if any(value is not None for value in filled.values()):
            indicators.append({"level1": first.level1, "level2": first.level2, **filled})
    head = {"template": layout.form.id, "year": plain(values.get("year"))}
    return {**head, "fields": fields, "funds": funds, "indicators": indicators}


def round_trip(blank: bytes, content: dict[str, Any]) -> tuple[Submission, dict[str, Any]]:
    given_back = submitted(fill(submitted(blank), blank, _decimals(content)))
    found = extract(given_back)
    found.pop("computed")
    return given_back, found


def _decimals(content: Any) -> Any:
    return json.loads(json.dumps(content), parse_float=Decimal, parse_int=Decimal)
