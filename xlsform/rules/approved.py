"""What was approved: the project list, or the register, against what came back.

These rules speak only where a list or a register was given. Names, targets and weights that were issued prefilled and
locked are not theirs: where one of them was changed, S104 says so. What was issued is never told by the return alone:
see `submission.approval`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from xlsform import quantities
from xlsform.findings import Severity, Violation
from xlsform.form.vocabulary import (
    DEPARTMENT,
    INDICATOR_NAME,
    PROJECT_CODE,
    PROJECT_NAME,
    TARGET,
    UNIT,
    WEIGHT,
    Role,
)
from xlsform.messages import say
from xlsform.rules.approved_rows import answers, paired, renamed
from xlsform.rules.indicators import OF_A_ROW
from xlsform.rules.registry import rule
from xlsform.submission.entries import Entry
from xlsform.submission.submission import Submission

if TYPE_CHECKING:
    from xlsform.projects import Project


@rule("K101", Severity.ERROR, reads=(INDICATOR_NAME,), may_read=OF_A_ROW)
def indicator_missing(submission: Submission) -> Iterator[Violation]:
    """An approved indicator is not in the return.

    The return is compared with the project list, or with the register. Names are compared without 指标1： before them,
    spaces and width. One that was only rephrased is K103's.

    ## Why it matters

    What was approved has to be reported on, also where nothing was achieved.

    ## How to fix it

    Add the indicator with its approved target and weight, and say what was achieved.
    """
    if submission.approved is None or not submission.rows:
        return
    under_other_names = [approved for approved, _ in renamed(submission)]
    for each in paired(submission).missing:
        if not any(each is other for other in under_other_names):
            place = next(
                (
                    row[INDICATOR_NAME]
                    for row in submission.rows
                    if INDICATOR_NAME in row and row[INDICATOR_NAME].field.level2 == each.level2
                ),
                None,
            )
            yield Violation(
                say("the approved indicator “{name}” ({level2}) is missing", name=each.name, level2=each.level2),
                field=place.field.name if place else None,
                expected=each.name,
            )


@rule("K102", Severity.WARNING, reads=(INDICATOR_NAME,), may_read=OF_A_ROW)
def indicator_added(submission: Submission) -> Iterator[Violation]:
    """An indicator is in the return that was not approved.

    ## Why it matters

    Indicators and weights were approved with the budget; one that was added later takes points from them.

    ## How to fix it

    Take the indicator out, or show the approval of the change.
    """
    if submission.approved is None or not submission.approved.indicators:
        return
    under_other_names = [row for _, row in renamed(submission)]
    for row in paired(submission).free:
        if row.name and not any(row is other for other in under_other_names):
            entry = row.row[INDICATOR_NAME]
            yield Violation(
                say("“{name}” was not approved for this project", name=entry.text.strip()), field=entry.field.name
            )


@rule("K103", Severity.WARNING, reads=(INDICATOR_NAME,), may_read=OF_A_ROW)
def indicator_renamed(submission: Submission) -> Iterator[Violation]:
    """An approved indicator was renamed: old → new.

    An error where the workbook says that the name was issued locked: a unit cannot have rephrased it by mistake.

    ## Why it matters

    A rephrased indicator may measure something else than what was approved.

    ## How to fix it

    Give the indicator its approved name back.
    """
    for approved, row in renamed(submission):
        entry = row.row[INDICATOR_NAME]
        found = entry.text.strip()
        yield Violation(
            say("“{expected}” was approved; the form calls it “{found}”", expected=approved.name, found=found),
            field=entry.field.name,
            found=found,
            expected=approved.name,
            severity=Severity.ERROR if entry.field.name in submission.approval.claimed else None,
        )


@rule("W105", Severity.ERROR, reads=(INDICATOR_NAME, WEIGHT), may_read=OF_A_ROW)
def weight_changed(submission: Submission) -> Iterator[Violation]:
    """A weight differs from the approved one.

    ## Why it matters

    Shifting points from a missed indicator to a met one raises the total.

    ## How to fix it

    Put the approved weight back.
    """
    for approved, row in answers(submission):
        entry = row.get(WEIGHT)
        if entry is None or entry.number is None or approved.weight is None or entry.field.name in submission.issued:
            continue
        if not quantities.agrees(entry.number, approved.weight, entry.decimals):
            yield _not_approved(entry, entry.number, approved.weight)


@rule("P114", Severity.ERROR, reads=(INDICATOR_NAME, TARGET), may_read=OF_A_ROW)
def target_changed(submission: Submission) -> Iterator[Violation]:
    """A target differs from the approved one.

    ≥95% and 不低于95% are the same target.

    ## Why it matters

    A target lowered at the year's end is always met.

    ## How to fix it

    Put the approved target back, and score the actual value against it.
    """
    for approved, row in answers(submission):
        entry = row.get(TARGET)
        if entry is None or entry.blank or not approved.target or entry.field.name in submission.issued:
            continue
        if not quantities.same_target(entry.text, approved.target):
            yield _not_approved(entry, entry.text.strip(), approved.target)


@rule("H103", Severity.ERROR, may_read=(PROJECT_CODE, PROJECT_NAME, DEPARTMENT, UNIT))
def project_mismatch(submission: Submission) -> Iterator[Violation]:
    """The project's name, code, department or unit differs from the project list.

    ## Why it matters

    The bureau's summary adds returns up by project; a return under another name belongs to nobody.

    ## How to fix it

    Put the name back as it was approved. If the form of another project was filled in, use the right one.
    """
    project = submission.approved
    if project is None:
        return
    claimed = submission.project_code
    if claimed is not None and claimed != project.code:
        message = say(
            "the workbook is of project {found}; the list says {expected}", found=claimed, expected=project.code
        )
        yield Violation(message, found=claimed, expected=project.code)
    for role, expected in _named(project).items():
        entry = submission.entry(role)
        if entry is None or entry.blank or not expected or entry.field.name in submission.issued:
            continue
        if quantities.normalize_text(entry.text) != quantities.normalize_text(expected):
            found = entry.text.strip()
            yield Violation(
                say(
                    "{field} is “{found}”; the list says “{expected}”",
                    field=entry.field.label,
                    found=found,
                    expected=expected,
                ),
                field=entry.field.name,
                found=found,
                expected=expected,
            )


@rule("M113", Severity.ERROR)
def amount_not_approved(submission: Submission) -> Iterator[Violation]:
    """An amount differs from the approved one.

    The amounts are those that the project list gives, else the register: 年初预算数, 全年预算数, whichever they have.
    One that was left out differs too, where the form itself does not ask for it (M101). Amounts that were issued
    prefilled and locked are S104's.

    ## Why it matters

    A budget that was lowered makes the execution rate, and with it the score, too good.

    ## How to fix it

    Put the approved amount back, in the form's unit of money. If the budget was changed, show the approval.
    """
    for entry, expected in _unlike(submission):
        if isinstance(expected, Decimal) and entry.number is not None:
            yield _not_approved(entry, entry.number, expected)
    for entry, expected in _left_out(submission):
        message = say("{field} is blank; approved was {expected}", field=entry.field.label, expected=expected)
        yield Violation(message, field=entry.field.name, expected=expected)


@rule("G105", Severity.ERROR)
def text_not_approved(submission: Submission) -> Iterator[Violation]:
    """A text that was approved, such as the expected goal, was written otherwise.

    The texts are those that the project list gives, else the register; space and width do not count. Texts that were
    issued prefilled and locked are S104's; the names of project and units are H103's.

    ## Why it matters

    The result is measured by the goal that was approved with the budget.

    ## How to fix it

    Put the approved text back, and report on that.
    """
    for entry, expected in _unlike(submission):
        if isinstance(expected, str):
            yield _not_approved(entry, entry.text.strip(), expected)


def _unlike(submission: Submission) -> Iterator[tuple[Entry, str | Decimal]]:
    """Yield what stands in fields that were not issued prefilled, with what was approved for them and differs."""
    project = submission.approved
    approved: dict[str, str | Decimal] = {} if project is None else {**project.texts, **project.amounts}
    for key, expected in approved.items():
        entry = submission.find(key)
        if entry is None or not entry.usable or expected == "" or entry.field.name in submission.issued:
            continue
        if isinstance(expected, Decimal):
            same = entry.number is None or quantities.agrees(entry.number, expected, entry.decimals)
        else:
            same = quantities.normalize_text(entry.text) == quantities.normalize_text(expected)
        if not same:
            yield entry, expected


def _left_out(submission: Submission) -> Iterator[tuple[Entry, Decimal]]:
    """Yield the fields that hold no amount, or a mark for none, though one was approved and the form asks for none."""
    amounts: Mapping[str, Decimal] = {} if submission.approved is None else submission.approved.amounts
    for key, expected in amounts.items():
        entry = submission.find(key)
        if entry is None or entry.position is None or entry.usable or not expected:
            continue
        blank = entry.blank or (isinstance(entry.raw, str) and quantities.is_blank_mark(entry.raw))
        if blank and entry.field.spec.required is None and entry.field.name not in submission.issued:
            yield entry, expected


def _not_approved(entry: Entry, found: str | Decimal, expected: str | Decimal) -> Violation:
    message = say(
        "{field} is {found}; approved was {expected}", field=entry.field.label, found=found, expected=expected
    )
    return Violation(message, field=entry.field.name, found=found, expected=expected)


@rule("M111", Severity.ERROR)
def differs_from_accounts(submission: Submission) -> Iterator[Violation]:
    """An amount differs from the final accounts.

    Speaks only where a list of final accounts was given (``--accounts``).

    ## Why it matters

    The self-evaluation is published with the final accounts, and both have to give the same amounts.

    ## How to fix it

    Check the amount against the accounts, in the form's unit of money. If the accounts are wrong, have them corrected.
    """
    for key, expected in submission.accounts.items():
        entry = submission.find(key)
        if entry is None or entry.number is None:
            continue
        if not quantities.agrees(entry.number, expected, entry.decimals):
            yield Violation(
                say(
                    "{field} is {found}; the final accounts say {expected}",
                    field=entry.field.label,
                    found=entry.number,
                    expected=expected,
                ),
                field=entry.field.name,
                found=entry.number,
                expected=expected,
            )


def _named(project: Project) -> Mapping[Role, str]:
    return {PROJECT_NAME: project.name, DEPARTMENT: project.department, UNIT: project.unit}
