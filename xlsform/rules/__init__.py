"""What is judged of a submission: one module a family, one function a rule."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from xlsform.findings import Finding, Severity, Violation, say
from xlsform.reading.contents import CellError, Unreadable, Workbook
from xlsform.refs import position
from xlsform.submission import Submission

if TYPE_CHECKING:
    from xlsform.rules.across import Batch


class Arrival(NamedTuple):
    """A file that came in, before it is known whether it is a form at all."""

    path: Path
    contents: Workbook | Unreadable
    submission: Submission | None
    """None where no form was recognised."""


About = Literal["file", "workbook", "form", "batch"]
FileRule = Callable[[Arrival], Iterator[Violation]]
FormRule = Callable[[Submission], Iterator[Violation]]
BatchRule = Callable[["Batch"], Iterator[tuple[int | str, Violation]]]
AnyRule = Callable[[Any], Iterator[Any]]


class Rule(NamedTuple):
    """A rule with its code, its name and its manual page."""

    code: str
    name: str
    severity: Severity
    about: About
    run: AnyRule

    @property
    def page(self) -> str:
        """The function's docstring: what it finds, why it matters, how to mend it."""
        return inspect.getdoc(self.run) or ""


_RULES: dict[str, Rule] = {}


def rule(code: str, severity: Severity) -> Callable[[FormRule], FormRule]:
    """Register a function that judges a submission."""

    def register(function: FormRule) -> FormRule:
        _register(code, severity, "form", function)
        return function

    return register


def workbook_rule(code: str, severity: Severity) -> Callable[[FormRule], FormRule]:
    """Register a function that judges a submission, even one whose form's sheet is gone."""

    def register(function: FormRule) -> FormRule:
        _register(code, severity, "workbook", function)
        return function

    return register


def file_rule(code: str, severity: Severity) -> Callable[[FileRule], FileRule]:
    """Register a function that judges a file, form or not."""

    def register(function: FileRule) -> FileRule:
        _register(code, severity, "file", function)
        return function

    return register


def batch_rule(code: str, severity: Severity) -> Callable[[BatchRule], BatchRule]:
    """Register a function that judges the returns of a batch together."""

    def register(function: BatchRule) -> BatchRule:
        _register(code, severity, "batch", function)
        return function

    return register


def _register(code: str, severity: Severity, about: About, run: AnyRule) -> None:
    if code in _RULES:
        raise ValueError(f"code {code} is taken by {_RULES[code].name}")
    name = run.__name__.replace("_", "-")
    _RULES[code] = Rule(code, name, severity, about, run)


@cache
def catalogue() -> Mapping[str, Rule]:
    """Return every rule by its code, families in the catalogue's order."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    order = "FSHVMGKWPTX"
    return dict(sorted(_RULES.items(), key=lambda item: (order.find(item[0][0]), item[0])))


@lru_cache(maxsize=64)
def _chosen(select: tuple[str, ...], ignore: tuple[str, ...]) -> tuple[Rule, ...]:
    return tuple(each for each in catalogue().values() if wanted(each.code, select, ignore))


def wanted(code: str, select: Iterable[str], ignore: Iterable[str]) -> bool:
    """Whether a code is asked for: it begins with one of ``select`` (all, if empty) and with none of ``ignore``."""
    selected = tuple(select)
    return (not selected or code.startswith(selected)) and not code.startswith(tuple(ignore))


def judge(arrival: Arrival, select: Iterable[str] = (), ignore: Iterable[str] = ()) -> list[Finding]:
    """Return what is wrong with a file, by place in the form, then by code."""
    findings: list[Finding] = []
    submission = arrival.submission
    for each in _chosen(tuple(select), tuple(ignore)):
        if each.about == "file":
            found = cast(FileRule, each.run)(arrival)
        elif submission is not None and (
            each.about == "workbook" or (each.about == "form" and not submission.sheet_gone)
        ):
            found = cast(FormRule, each.run)(submission)
        else:
            continue
        findings += [
            _finding(each.code, each.name, each.severity, violation, submission)
            for violation in found
            if not _told_already(each.code, violation, submission)
        ]
    if submission is not None and not submission.sheet_gone:
        findings += _own_checks(submission, tuple(select), tuple(ignore))
    return sorted(findings, key=lambda finding: (finding.place, finding.code))


def judge_together(
    batch: Batch, select: Iterable[str] = (), ignore: Iterable[str] = ()
) -> Iterator[tuple[int | str, Finding]]:
    """Yield what is wrong across the returns of a batch, each with the return's number or the project's code."""
    for each in _chosen(tuple(select), tuple(ignore)):
        if each.about == "batch":
            for whose, violation in cast("BatchRule", each.run)(batch):
                yield whose, _finding(each.code, each.name, each.severity, violation, None)


def _own_checks(submission: Submission, select: tuple[str, ...], ignore: tuple[str, ...]) -> Iterator[Finding]:
    """Yield the failing checks whose codes only the template knows."""
    for check in submission.results.failing:
        own = check.check
        if own.code in catalogue() or submission.silenced(check) or not wanted(own.code, select, ignore):
            continue
        violation = Violation(
            say("{field}: {hint}", field=check.field.label, hint=dict(own.hint)), field=check.field.name
        )
        yield _finding(own.code, own.name, own.severity or Severity.ERROR, violation, submission)


def _told_already(code: str, violation: Violation, submission: Submission | None) -> bool:
    """Whether S105 or S104 says already what is wrong: a field is gone, or does not hold what was issued.

    Points are moot where the target or the weight of their row is not the one that was issued.
    """
    if submission is None or violation.field is None or code == "S104":
        return False
    entry = submission.entries[violation.field]
    row = f"{entry.field.table}.{entry.field.row}."
    moot = code[0] == "P" and any(name.startswith(row) for name in submission.altered)
    return entry.position is None or violation.field in submission.altered or moot


def _finding(code: str, name: str, severity: Severity, violation: Violation, submission: Submission | None) -> Finding:
    address, sheet_number, sheet = violation.cell, 0, violation.sheet
    found = violation.found
    if submission is not None:
        if violation.field is not None:
            address = submission.cell(violation.field)
            if found is None:
                found = submission.entries[violation.field].raw
        if address is not None and sheet is None:
            sheet = submission.sheet.name
            sheet_number = 1
    if sheet is not None and sheet_number == 0:
        sheet_number = 2
    row, column = position(address.partition(":")[0]) if address else (0, 0)
    return Finding(
        code=code,
        rule=name,
        severity=violation.severity or severity,
        message=violation.message,
        cell=f"{sheet}!{address}" if address and sheet else None,
        field=violation.field,
        found=found.text if isinstance(found, CellError) else found,
        expected=violation.expected,
        place=(sheet_number, row, column),
    )
