"""A form's data as JSON, taken out of a returned workbook."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from xlsform.form import field_types
from xlsform.form.evaluation.measures import measures
from xlsform.form.vocabulary import YEAR
from xlsform.messages import plain
from xlsform.quantities import number_of
from xlsform.submission.entries import Entry
from xlsform.submission.submission import Submission


def extract(submission: Submission) -> dict[str, Any]:
    """Return the data of a filled workbook, blanks left out, with what its formulas were found to give."""
    entries = submission.entries
    result: dict[str, Any] = {"template": submission.form.id}
    year = submission.layout.by_key.get(YEAR)
    if year is not None:
        result["year"] = _given(entries[year.name])
    if submission.identity is not None and submission.identity.project_code:
        result["project_code"] = submission.identity.project_code
    scalars = {name: entry for name, entry in entries.items() if "." not in name and entry.field.role != YEAR}
    result["fields"] = _filled(scalars)
    for table in submission.form.tables.values():
        if table.rows:
            rows = {
                row: _filled({name: entries[f"{table.name}.{row}.{name}"] for name in table.columns})
                for row in table.rows
            }
            result[table.name] = {row: columns for row, columns in rows.items() if columns}
        else:
            used = [row for row in submission.rows if any(not each.blank for each in row.values())]
            measured = measures(submission.layout, submission.issued)
            result[table.name] = [_row(row, measured) for row in used]
    result["computed"] = {name: _computed(entries[name]) for name in submission.layout.computed}
    return result


def _filled(entries: Mapping[str, Entry]) -> dict[str, Any]:
    return {
        name: _given(entry) for name, entry in entries.items() if entry.field.spec.kind == "input" and not entry.blank
    }


def _row(row: Mapping[str, Entry], measured: Container[str]) -> dict[str, Any]:
    first = next(iter(row.values())).field
    given: dict[str, Any] = {"level1": first.level1, "level2": first.level2}
    for entry in row.values():
        column = entry.field.column or ""
        # A percentage in a cell that was issued for a number is one, 0–1; elsewhere it is the text that is seen.
        if isinstance(entry.raw, float) and entry.field.name in measured:
            given[column] = plain(number_of(entry.raw))
        elif entry.field.spec.kind == "input":
            given[column] = _given(entry)
    return given


def _given(entry: Entry) -> Any:
    """Return what was filled in: a figure as a number, text as it was typed."""
    if entry.blank:
        return None
    if isinstance(entry.raw, str) and not (entry.field.spec.type is field_types.YEAR and entry.usable):
        return entry.raw
    return plain(entry.value) if entry.value is not None else str(getattr(entry.raw, "text", entry.raw))


def _computed(entry: Entry) -> Any:
    if entry.raw is None or entry.raw == "":
        return None
    return plain(entry.value) if entry.value is not None else str(getattr(entry.raw, "text", entry.raw))
