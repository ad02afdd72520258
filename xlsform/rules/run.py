"""Run the rules over what came in, and stamp code, severity and cell on what they find."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, cast

from xlsform.findings import Finding, Severity, Violation
from xlsform.messages import say
from xlsform.rules.applicability import chosen
from xlsform.rules.registry import BatchRule, ReceivedFile, Rule, catalogue, wanted
from xlsform.spreadsheet.a1 import position
from xlsform.spreadsheet.values import CellError
from xlsform.submission.submission import Submission

if TYPE_CHECKING:
    from xlsform.rules.across import Batch


#: A field does not hold what was issued.
_ALTERED = "S104"
#: The family that compares a return with the workbook that was issued, and its rule that it was not.
_STRUCTURE, _NOT_ISSUED = "S", "S116"


def judge(arrival: ReceivedFile, select: Iterable[str] = (), ignore: Iterable[str] = ()) -> list[Finding]:
    """Return what is wrong with a file, by place in the form, then by code."""
    findings: list[Finding] = []
    submission = arrival.submission
    gone = submission is None or submission.sheet_gone
    for each in chosen(submission.form if submission else None, tuple(select), tuple(ignore)):
        if each.about == "batch" or (gone and each.about == "form") or _of_what_was_issued(each, submission):
            continue
        for violation in each.run(arrival if each.about == "file" else submission):
            if not _told_already(each.code, violation, submission):
                findings.append(_finding(each.code, each.name, each.severity, violation, submission))
    if submission is not None and not submission.sheet_gone:
        findings += _own_checks(submission, tuple(select), tuple(ignore))
    return sorted(findings, key=lambda finding: (finding.place, finding.code))


def _of_what_was_issued(each: Rule, submission: Submission | None) -> bool:
    """Whether a rule compares with what was issued, and the return was not: S116 says that, and no other of its family.

    Nobody tampered with what was never issued.
    """
    return submission is not None and submission.by_labels and each.code[0] == _STRUCTURE and each.code != _NOT_ISSUED


def judge_together(
    batch: Batch, select: Iterable[str] = (), ignore: Iterable[str] = ()
) -> Iterator[tuple[int | str, Finding]]:
    """Yield what is wrong across the returns of a batch, each with the return's number or the project's code."""
    for each in chosen(None, tuple(select), tuple(ignore)):
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
    """Whether another rule already says what is wrong: S105 that a field is gone, S104 that it was altered.

    Where the target or the weight of a row is not the one that was issued, nothing is said of the row's points either.
    """
    if submission is None or violation.field is None or code == _ALTERED:
        return False
    entry = submission.entries[violation.field]
    row = f"{entry.field.table}.{entry.field.row}."
    undecided = code[0] == "P" and any(name.startswith(row) for name in submission.altered)
    return entry.position is None or violation.field in submission.altered or undecided


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
