"""Verdicts as CSV, a finding a line, for Excel and WPS."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import Any

from xlsform.reports.json_ import as_json
from xlsform.reports.sanitize import harmless
from xlsform.verdict.verdict import Verdict

COLUMNS = ("path", "status", "template", "year", "project_code", "project_name", "unit", "score")
FINDING_COLUMNS = ("code", "rule", "severity", "cell", "field", "message", "found", "expected")
#: Behind all others, where programs that count columns do not mind them.
LAST_COLUMNS = ("read_by", "approved_by")

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?\Z")
#: Chinese Excel takes the wide ones too.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")


def render_csv(verdicts: Iterable[Verdict], language: str) -> Iterator[str]:
    """Yield the table; its byte order mark tells Excel that it is UTF-8."""
    yield "\ufeff" + _line([*COLUMNS, *FINDING_COLUMNS, *LAST_COLUMNS])
    for verdict in verdicts:
        content = as_json(verdict, language)
        own, last = ([content[column] for column in columns] for columns in (COLUMNS, LAST_COLUMNS))
        for finding in content["findings"]:
            yield _line([*own, *(finding[column] for column in FINDING_COLUMNS), *last])


def _line(values: Iterable[Any]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow([safe(value) for value in values])
    return buffer.getvalue()


def safe(value: Any) -> Any:
    """Return a text that no spreadsheet takes for a formula, and no terminal for a command.

    An apostrophe goes before = + - @; figures are left alone.
    """
    if not isinstance(value, str):
        return "" if value is None else value
    text = harmless(value.replace("\r\n", "\n"))
    return "'" + text if text.startswith(_FORMULA) and not _NUMBER.match(text) else text
