"""The head: whose form it is, for which year, and under whose seal."""

from __future__ import annotations

from collections.abc import Iterator

from xlsform.findings import Severity, Violation
from xlsform.form.layout import Field
from xlsform.form.vocabulary import (
    FUNDS_CARRYOVER_BUDGET,
    FUNDS_CARRYOVER_EXECUTED,
    PROJECT_NAME,
    UNIT,
    YEAR,
)
from xlsform.messages import say
from xlsform.patterns import LazyPattern
from xlsform.quantities import normalize_text, says_nothing
from xlsform.rules.registry import rule
from xlsform.rules.wording import listed
from xlsform.submission.submission import Submission

_YEARS = LazyPattern(r"(?<!\d)20\d\d(?!\d)")
_YEAR_OF_NAME = LazyPattern(r"(?<!\d)(20\d\d)年(?!第?\d+号)")
_NEAR = 3
"""A name's year further off than this belongs to the thing itself: 2008年建成道路维修."""

#: Names with these words may well carry another year: money and debts of earlier years, plans for later ones.
_OTHER_YEARS = LazyPattern(
    "结转|结余|尾款|欠|补发|补缴|补交|补拨|清算|决算|审计|续建|往年|历年|上年|以前年度|年起|以来|债|贷款|利息|还本"
    "|提前下达|提前批|规划|计划|目标|远景|奥运|冬奥|亚运|全运|大会"
)


@rule("H101", Severity.ERROR, of_checks=True)
def missing_head_field(submission: Submission) -> Iterator[Violation]:
    """A field of the head is blank.

    项目名称, 主管部门, 实施单位 and the year must be filled in. Which fields the head has is the template's affair;
    the ministry's form (财预〔2020〕10号) prints these four. Only spaces count as blank, and so does the printed
    （　　　　年度） without a year. A mark for nothing (—, /, 无) names nobody either.

    ## Why it matters

    Without them nobody can tell which project the form reports on, and it cannot be put into the summary.

    ## How to fix it

    Fill in the full names as they stand in the approved budget, and the year in four digits, such as 2021.
    """
    for check in submission.failed("H101"):
        if submission.entries[check.field.name].position is not None:
            yield Violation(say("{field} is blank; fill it in", field=check.field.label), field=check.field.name)
    for entry in submission.where(_is_of_the_head):
        if isinstance(entry.value, str) and says_nothing(entry.value):
            found = entry.value.strip()
            message = say("{field} says only “{found}”; fill it in", field=entry.field.label, found=found)
            yield Violation(message, field=entry.field.name)


def _is_of_the_head(item: Field) -> bool:
    return item.spec.required == "H101"


@rule(
    "H102",
    Severity.ERROR,
    may_read=(YEAR, PROJECT_NAME, FUNDS_CARRYOVER_BUDGET, FUNDS_CARRYOVER_EXECUTED),
)
def wrong_year(submission: Submission) -> Iterator[Violation]:
    """The form is for another year, or an earlier workbook, than the one that was issued last.

    An error where the year on the form differs from the year that the workbook was issued for, where the workbook is
    that of an earlier year, or where it is an earlier workbook of the same project and something approved has changed
    since (with a register). A note where nothing approved has changed.

    A warning where the year is right, but the project's name carries another one near it: 2020年农村公路养护 on a form
    for 2021. This project's own choice; it says nothing where the name may rightly do so: a name prefilled by the
    office that issued the form, one with two years (2020—2021年), the number of a document (2020年第10号), words such
    as 结转, 尾款, 债券, 规划, and an earlier year where the form has money under 上年结转资金.

    ## Why it matters

    A form of another year is counted for the wrong budget. A name with last year's number mostly means that last
    year's form was copied. An earlier workbook holds targets that are no longer the approved ones.

    ## How to fix it

    Put the year for which the form was issued. If it is last year's form, or one that was issued anew since, fill in
    the workbook that was issued last. If the name has the wrong year, write it as it was approved; if it is right, say
    so when you return the form.
    """
    entry = submission.entry(YEAR)
    stated = submission.number(YEAR)
    issued = _issued_year(submission)
    if entry is not None and stated is not None and issued is not None and stated != issued:
        yield Violation(
            say(
                "the form was issued for {expected}, but {field} says {found}",
                expected=issued,
                field=entry.field.label,
                found=stated,
            ),
            field=entry.field.name,
            found=stated,
            expected=issued,
        )
        return
    earlier, latest = of_an_earlier_year(submission), submission.approval.latest_issue
    if earlier is not None and latest is not None:
        message = say(
            "this is the workbook of {found}; for {expected} another one was issued",
            found=earlier,
            expected=latest.year,
        )
        yield Violation(message, found=earlier, expected=latest.year)
        return
    if submission.approval.superseded:
        yield _of_superseded(submission)
    year = issued if issued is not None else None if stated is None else int(stated)
    other = None if year is None else _other_year(submission, year)
    if other is not None:
        yield Violation(
            say(
                "{field} says {found}, but the form is for {expected}",
                field=submission.label(PROJECT_NAME),
                found=other,
                expected=year,
            ),
            field=submission.name(PROJECT_NAME),
            expected=year,
            severity=Severity.WARNING,
        )


def _of_superseded(submission: Submission) -> Violation:
    """Return what is said of an earlier workbook: an error if something approved has changed since, else a note."""
    prefilled, fields = submission.approval.prefilled, submission.layout.fields
    changed = [fields[name].label for name in prefilled.differing if name in fields]
    changed += [each.name for each in prefilled.missing]
    if not changed:
        message = say("a later workbook was issued for this project; nothing that was approved has changed since")
        return Violation(message, severity=Severity.NOTE)
    return Violation(
        say("a later workbook was issued for this project; changed since: {changed}", changed=listed(changed)),
        found=len(changed),
    )


def of_an_earlier_year(submission: Submission) -> int | None:
    """Return the year of a workbook that says itself that it is of an earlier one than was issued last; else None."""
    identity, latest = submission.identities.get("sheet"), submission.approval.latest_issue
    if identity is None or latest is None or latest.year is None or not identity.year or not identity.intact:
        return None
    year = int(identity.year)
    return year if year < latest.year else None


def _issued_year(submission: Submission) -> int | None:
    """Return the year that the form has to say, None where nobody knows.

    The workbook's own word counts where it is signed by us, or where there is no register.
    """
    identity, latest = submission.identity, submission.approval.latest_issue
    if latest is not None and not submission.approval.signed:
        return latest.year
    return int(identity.year) if identity is not None and identity.year.isdecimal() else None


def _other_year(submission: Submission, year: int) -> int | None:
    """Return the year in the project's name that is not the form's and that nothing explains."""
    entry = submission.entry(PROJECT_NAME)
    if entry is None or entry.field.name in submission.issued:
        return None
    name = normalize_text(entry.text)
    match = _YEAR_OF_NAME.search(name)
    if match is None or len(_YEARS.findall(name)) > 1 or _OTHER_YEARS.search(name):
        return None
    found = int(match[1])
    carried = submission.number(FUNDS_CARRYOVER_BUDGET) or submission.number(FUNDS_CARRYOVER_EXECUTED)
    if found == year or abs(found - year) > _NEAR or (found < year and carried):
        return None
    return found


@rule("H105", Severity.ERROR, may_read=(PROJECT_NAME, UNIT))
def project_ambiguous(submission: Submission) -> Iterator[Violation]:
    """Nobody can tell which project the form is of.

    Speaks only where a project list or a register was given, and the form has no project code that one of them knows:
    its name and unit fit several projects, or none, or the name fits and the unit does not. What cannot be compared
    with what was approved never passes. A form with a code that is not in the list is X104's.

    ## Why it matters

    A form that nobody can assign cannot be compared with what was approved, nor counted.

    ## How to fix it

    Write the project's name and unit as they were approved, or fill in the workbook that was issued for the project.
    """
    doubt = submission.approval.match.doubt
    if doubt is None or submission.project_code is not None:
        return
    entry = submission.entry(PROJECT_NAME)
    place = entry.field.name if entry is not None and entry.position is not None else None
    yield Violation(doubt, field=place, found=submission.stated(PROJECT_NAME))


@rule("H104", Severity.WARNING, of_checks=True)
def seal_or_date_missing(submission: Submission) -> Iterator[Violation]:
    """The line for the unit's seal, signature or date is blank.

    Only on forms that print one: Shanxi's has 填列单位（公章） in its first line. Whether the paper was really sealed
    cannot be seen in a workbook; the name of the unit beside it can.

    ## Why it matters

    The sealed form is what the unit answers for. One without a name on that line is sent back by most offices.

    ## How to fix it

    Fill in the full name of the unit, print the form, and seal the print.
    """
    for check in submission.failed("H104"):
        if submission.entries[check.field.name].position is not None:
            yield Violation(
                say("{field} is blank; fill it in before the form is printed and sealed", field=check.field.label),
                field=check.field.name,
            )
