"""A form's data as JSON, put into a workbook."""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from xlsform.errors import DataError, UsageError
from xlsform.files.given import content_of
from xlsform.form.check import schema_problem
from xlsform.form.evaluation.measures import measures
from xlsform.form.field_types import Cast
from xlsform.form.layout import Field, Layout
from xlsform.form.vocabulary import YEAR
from xlsform.json_text import loads
from xlsform.messages import Message, plain, say
from xlsform.quantities import number_of
from xlsform.submission.entries import Entry
from xlsform.submission.submission import Submission
from xlsform.workbook.data_schema import schema
from xlsform.workbook.fill import filled


def read_data(path: Path) -> Any:
    """Return a data file's content, figures as exact decimals.

    Raises:
        UsageError: it cannot be opened.
        DataError: it is not JSON.
    """
    try:
        return loads(content_of(path).decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        problem = say("byte {byte}: not UTF-8 text; save the file as UTF-8", byte=error.start)
        raise DataError(str(path), [problem]) from None
    except json.JSONDecodeError as error:
        where = say(
            "line {line}, column {column}: not JSON ({what})", line=error.lineno, column=error.colno, what=error.msg
        )
        raise DataError(str(path), [where]) from None
    except RecursionError:
        raise DataError(str(path), [say("nested too deeply")]) from None
    except ValueError as error:
        raise DataError(str(path), [say("not JSON ({what})", what=error)]) from None


def fill(submission: Submission, original: bytes, content: Any, source: str = "data") -> bytes:
    """Return the workbook with data put into its input cells, as a person would type them.

    Args:
        submission: the workbook, read.
        original: its bytes.
        content: the data; what they do not name stays as it is.
        source: how messages name the data.

    Raises:
        UsageError: the workbook is not in a format that can be filled.
        DataError: the data do not fit, with every problem.
    """
    if not submission.workbook.complete or submission.sheet_gone:
        raise UsageError(
            say("only issued .xlsx workbooks can be filled; this one is .{kind}", kind=submission.workbook.kind)
        )
    given = assign(submission.layout, content, source)
    problems = list(_locked_differences(submission, given))
    if problems:
        raise DataError(source, problems)
    places = {name: entry.position for name, entry in submission.entries.items() if entry.position is not None}
    try:
        return filled(original, submission.layout, places, kept(submission) | given, submission.issued)
    except ValueError as error:
        # A text or a figure that no cell can hold.
        raise DataError(source, [say("{problem}", problem=error)]) from None


def kept(submission: Submission) -> dict[str, Cast | None]:
    """Return what stands in each input, text as it was typed."""
    measured = measures(submission.layout, submission.issued)
    return {item.name: _kept(submission.entries[item.name], measured) for item in submission.layout.inputs}


def _kept(entry: Entry, measured: Container[str]) -> Cast | None:
    if entry.blank:
        return None
    if isinstance(entry.raw, float) and entry.field.name in measured:
        return number_of(entry.raw)
    return entry.raw if isinstance(entry.raw, str) else entry.value


def _locked_differences(submission: Submission, given: Mapping[str, Cast | None]) -> Iterator[Message]:
    for name, issued in submission.issued.items():
        if name in given and given[name] is not None and plain(given[name]) != issued:
            label = submission.layout.fields[name].label
            yield say(
                "{field} was issued as {issued} and is locked; the data say {given}",
                field=label,
                issued=issued,
                given=given[name],
            )


def assign(layout: Layout, content: Any, source: str) -> dict[str, Cast | None]:
    """Return the value of each field that data name.

    Raises:
        DataError: the data do not fit the form, with every problem.
    """
    # 54 ms of a start; taking data out of a workbook needs none of it.
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(schema(layout.form))
    try:
        errors = sorted(validator.iter_errors(_as_floats(content)), key=lambda error: error.json_path)
    except RecursionError:
        raise DataError(source, [say("nested too deeply")]) from None
    if errors:
        raise DataError(source, [say("{problem}", problem=line) for error in errors for line in schema_problem(error)])
    values: dict[str, Cast | None] = dict(content.get("fields", {}))
    if "year" in content and YEAR in layout.by_key:
        values[layout.by_key[YEAR].name] = content["year"]
    for table in layout.form.tables.values():
        for row, columns in content.get(table.name, {}).items() if table.rows else ():
            values |= {f"{table.name}.{row}.{column}": value for column, value in columns.items()}
    repeated = layout.form.repeated
    if repeated is not None and repeated.name in content:
        values |= _assigned_rows(layout, content[repeated.name], source)
    return values


def _assigned_rows(layout: Layout, items: list[dict[str, Any]], source: str) -> dict[str, Cast | None]:
    values: dict[str, Cast | None] = {}
    free: dict[str, list[Mapping[str, Field]]] = {}
    for row in layout.indicator_rows:
        first = next(iter(row.values()))
        free.setdefault(first.level2 or "", []).append(row)
        values |= {field.name: None for field in row.values() if field.spec.kind == "input"}
    issued = {level2: len(rows) for level2, rows in free.items()}
    wanted: dict[str, int] = {}
    problems: list[Message] = []
    for number, item in enumerate(items):
        level2 = item["level2"]
        wanted[level2] = wanted.get(level2, 0) + 1
        if wanted[level2] > issued[level2]:
            continue
        row = free[level2][wanted[level2] - 1]
        level1 = next(iter(row.values())).level1
        if item.get("level1", level1) != level1:
            problems.append(
                say(
                    "$.indicators[{number}]: {level2} belongs to {level1}, not {given}",
                    number=number,
                    level2=level2,
                    level1=level1,
                    given=item["level1"],
                )
            )
        values |= {field.name: item.get(field.column or "") for field in row.values() if field.spec.kind == "input"}
    for level2, count in wanted.items():
        if count > issued[level2]:
            problems.append(
                say(
                    "{level2} has {issued} rows in this workbook, the data have {count}; "
                    "generate one with --rows {count}",
                    level2=level2,
                    issued=issued[level2],
                    count=count,
                )
            )
    if problems:
        raise DataError(source, problems)
    return values


def _as_floats(content: Any) -> Any:
    """Return data with decimals as JSON Schema knows numbers."""
    if isinstance(content, Decimal):
        return plain(content)
    if isinstance(content, dict):
        return {key: _as_floats(value) for key, value in content.items()}
    return [_as_floats(item) for item in content] if isinstance(content, list) else content
