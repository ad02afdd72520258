"""Findings that the bureau has excused."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlsform.errors import DataError, UsageError
from xlsform.files.given import content_of
from xlsform.findings import Finding, Severity
from xlsform.json_text import loads
from xlsform.messages import Message, say
from xlsform.quantities import normalize_text
from xlsform.reading.text_encodings import decoded_text
from xlsform.rules.registry import catalogue

#: What a waiver's four parts are called, in a heading of a CSV file or as a key of a JSON object.
_HEADINGS = {
    "code": ("code", "代码", "规则", "规则代码"),
    "project": ("project", "项目", "项目编码", "项目名称"),
    "reason": ("reason", "理由", "原因"),
    "until": ("until", "有效期至", "截止日期"),
}
_DATE = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")


@dataclass(frozen=True, slots=True)
class Waiver:
    """One rule that is not held against one project."""

    code: str
    project: str
    """Its code, or its name as the form has it."""
    reason: str
    until: dt.date | None
    """The last day on which it holds; None for good."""

    def covers(self, finding: Finding, projects: Iterable[str | None]) -> bool:
        """Whether it is meant for a finding on a project of these names."""
        return finding.code == self.code and normalize_text(self.project) in {
            normalize_text(name) for name in projects if name
        }


@dataclass(frozen=True, slots=True)
class Waivers:
    """The waivers of a file."""

    current: tuple[Waiver, ...]
    expired: tuple[Waiver, ...]


def read_waivers(path: Path, today: dt.date, codes: Container[str] | None = None) -> Waivers:
    """Return the waivers of a JSON or CSV file: ``code``, ``project``, ``reason``, ``until``.

    Args:
        path: the file.
        today: the day on which they are to hold.
        codes: the codes that there are; those of the rules, if not given.

    Raises:
        UsageError: it cannot be read, or is neither a list of objects nor a table.
        DataError: waivers in it are wrong; every problem at once.
    """
    problems: list[Message] = []
    waivers = []
    for place, parts in _objects(path):
        wrong = list(_problems(parts, catalogue() if codes is None else codes))
        problems += [say("{place}: {problem}", place=place, problem=problem) for problem in wrong]
        if not wrong:
            code, project, reason = (parts.get(key, "") for key in ("code", "project", "reason"))
            waivers.append(Waiver(code.upper(), project, reason, _date(parts.get("until", ""))))
    if problems:
        raise DataError(str(path), problems)
    current = tuple(each for each in waivers if each.until is None or each.until >= today)
    return Waivers(current, tuple(each for each in waivers if each not in current))


def excused(
    findings: Sequence[Finding], waivers: Sequence[Waiver], project_code: str | None, project_name: str | None
) -> tuple[Finding, ...]:
    """Return the findings on a project, those that are excused as notes that name the waiver."""
    return tuple(_excused(each, waivers, (project_code, project_name)) for each in findings)


def _excused(finding: Finding, waivers: Sequence[Waiver], projects: tuple[str | None, ...]) -> Finding:
    waiver = next((each for each in waivers if each.covers(finding, projects)), None)
    if waiver is None:
        return finding
    if waiver.until is None:
        message = say("excused ({reason}): {finding}", reason=waiver.reason, finding=finding.message)
    else:
        message = say(
            "excused until {until} ({reason}): {finding}",
            until=waiver.until.isoformat(),
            reason=waiver.reason,
            finding=finding.message,
        )
    return finding._replace(severity=Severity.NOTE, message=message)


def _objects(path: Path) -> Iterator[tuple[Message, dict[str, str]]]:
    """Yield each waiver of a file as texts, with where it stands."""
    text = _text(path)
    if text.lstrip().startswith(("[", "{")):
        for number, item in enumerate(_list(path, text), 1):
            yield say("waiver {number}", number=number), _parts(item)
        return
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    headings: list[str] = []
    for line in _sound(path, lines):
        if not any(cell.strip() for cell in line):
            continue
        if not headings:
            headings = line
            continue
        yield say("line {line}", line=lines.line_num), _parts(dict(zip(headings, line, strict=False)))


def _sound(path: Path, lines: Any) -> Iterator[list[str]]:
    try:
        yield from lines
    except csv.Error as error:
        where = say("line {line}: {reason}", line=lines.line_num, reason=error)
        raise UsageError(say("{path}: {problem}", path=path, problem=where)) from None


def _delimiter(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(",;\t", key=first.count)


def _list(path: Path, text: str) -> list[Mapping[str, Any]]:
    try:
        content = loads(text)
    except json.JSONDecodeError as error:
        where = say(
            "line {line}, column {column}: not JSON ({what})", line=error.lineno, column=error.colno, what=error.msg
        )
        raise UsageError(say("{path}: {problem}", path=path, problem=where)) from None
    except (ValueError, RecursionError) as error:
        raise UsageError(say("{path}: not JSON ({reason})", path=path, reason=error)) from None
    listed = content.get("waivers") if isinstance(content, dict) else content
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise UsageError(say("{path}: it should hold a list of waivers, each an object", path=path))
    return listed


def _parts(item: Mapping[str, Any]) -> dict[str, str]:
    parts: dict[str, str] = {}
    for heading, value in item.items():
        key = next((key for key, names in _HEADINGS.items() if normalize_text(str(heading)).casefold() in names), None)
        if key is not None and value is not None:
            parts[key] = str(value).strip()
    return parts


def _problems(parts: Mapping[str, str], codes: Container[str]) -> Iterator[Message]:
    for key in ("code", "project", "reason"):
        if not parts.get(key):
            yield say("{key} is missing", key=key)
    code, until = parts.get("code", ""), parts.get("until", "")
    if code and code.upper() not in codes:
        yield say("no rule has the code {code}", code=code)
    if until and _date(until) is None:
        yield say("until should be a date such as 2025-12-31; it is {found}", found=until)


def _date(text: str) -> dt.date | None:
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    try:
        return dt.date(*map(int, match.groups()))
    except ValueError:
        return None


def _text(path: Path) -> str:
    text = decoded_text(content_of(path))
    if text is None:
        raise UsageError(say("{path}: neither UTF-8 nor GB18030 text", path=path))
    return text
