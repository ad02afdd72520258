"""Money: the amounts of the funds table."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from xlsform import quantities
from xlsform.findings import Severity, Violation
from xlsform.form.layout import Field, PlacedCheck
from xlsform.form.vocabulary import (
    FUNDS,
    FUNDS_BUDGET,
    FUNDS_TOTAL,
    FUNDS_TOTAL_BUDGET,
    FUNDS_TOTAL_EXECUTED,
)
from xlsform.messages import say
from xlsform.rules.registry import rule
from xlsform.rules.values import means_none
from xlsform.rules.yuan import amounts_in_yuan
from xlsform.submission.submission import Submission, once_per_submission


@rule("M101", Severity.ERROR, of_checks=True)
def missing_amount(submission: Submission) -> Iterator[Violation]:
    """全年预算数 or 全年执行数 of the total row is blank.

    A total of nothing is a 0, not a blank. The rows below the total, and 年初预算数, may stay blank.

    ## Why it matters

    The execution rate is 全年执行数 ÷ 全年预算数 of this row, and up to ten points follow from it. Without both there
    is neither.

    ## How to fix it

    Fill in 年度资金总额: the budget as adjusted in the year, and what was spent of it by 31 December, in 万元.
    """
    for check in submission.failed("M101"):
        if submission.entries[check.field.name].position is not None:
            yield Violation(
                say("{field} is blank; the execution rate needs it", field=check.field.label), field=check.field.name
            )


def _is_of_the_funds(item: Field) -> bool:
    return item.table_role == FUNDS


@once_per_submission
def _unsound(submission: Submission) -> frozenset[str]:
    """Return the amounts that other rules call no number, negative, or in 元."""
    funds = submission.where(_is_of_the_funds)
    negative = {entry.field.name for entry in funds if (number := entry.number) is not None and number < 0}
    unusable = {name for name in submission.unusable if not means_none(submission.entries[name])}
    return frozenset(negative | unusable | amounts_in_yuan(submission).keys())


def _totals_off(submission: Submission, unsound: frozenset[str]) -> Iterator[tuple[PlacedCheck, Decimal]]:
    """Yield the checks of totals that are not the sum of their sources, with that sum."""
    for check, expected in submission.results.expected.items():
        if check.check.code != "M102" or (unsound | submission.missing).intersection(check.references):
            continue
        entry = submission.entries[check.field.name]
        stated = entry.number
        agree = expected == 0 if stated is None else quantities.agrees(stated, expected, entry.decimals)
        if not agree and entry.position is not None:
            yield check, expected


@once_per_submission
def disputed(submission: Submission) -> frozenset[str]:
    """Return the amounts that another rule finds fault with, so that nothing should be concluded from them."""
    unsound = _unsound(submission)
    return unsound | {check.field.name for check, _ in _totals_off(submission, unsound)}


@rule("M102", Severity.ERROR, of_checks=True)
def total_not_sum_of_sources(submission: Submission) -> Iterator[Violation]:
    """年度资金总额 is not the sum of its sources.

    In each of the three columns 年度资金总额 = 当年财政拨款 + 上年结转资金 + 其他资金. (Practice: provincial budget
    systems compute it so.) Where none of the sources is filled in, nothing is compared. The total may be rounded or
    truncated at the decimals that it is printed with, two at most.

    ## Why it matters

    The execution rate is taken from the total row. A total that leaves out a source, or a total of 0 beside
    real amounts, makes the rate and its score wrong.

    ## How to fix it

    Check each source against the accounts, then make the total their sum.
    """
    for check, expected in _totals_off(submission, _unsound(submission)):
        stated = submission.entries[check.field.name].number
        others = (submission.entries[name].number for name in check.references if name != check.field.name)
        parts = [format(number, "f") for number in others if number is not None]
        found = say("nothing") if stated is None else stated
        if len(parts) > 1:
            message = say(
                "{field} should be {expected}, the sum of its sources ({sum}); the form says {found}",
                field=check.field.label,
                expected=expected,
                sum=" + ".join(parts),
                found=found,
            )
        else:
            message = say(
                "{field} should be {expected}, like its only source; the form says {found}",
                field=check.field.label,
                expected=expected,
                found=found,
            )
        yield Violation(message, field=check.field.name, found=stated, expected=expected)


@rule("M103", Severity.WARNING, reads=(FUNDS_BUDGET,), of_checks=True)
def executed_over_budget(submission: Submission) -> Iterator[Violation]:
    """More was spent than budgeted.

    In each row where 全年执行数 is more than 全年预算数 and there is a budget at all. A warning, or an error where the
    template's setting `over_budget` says so.

    ## Why it matters

    Nobody may spend beyond the budget (law: 预算法). Mostly the figure is in the wrong row, the budget is the one from
    before an adjustment, or money of another year was counted. The execution score is capped at 100 % all the same.

    ## How to fix it

    Take 全年预算数 as adjusted at the end of the year, carried-over money included, and 全年执行数 from the accounts.
    If both are right, say in the form why more was spent.
    """
    severity = Severity(submission.form.setting("over_budget"))
    doubtful = disputed(submission)
    for check in submission.failed("M103"):
        budget = submission.beside(check.field, FUNDS_BUDGET)
        if budget is None or doubtful.intersection(check.references):
            continue
        found = submission.entries[check.field.name].number
        yield Violation(
            say(
                "{field} is {found}, more than {budget_field}, {budget}",
                field=check.field.label,
                found=found,
                budget_field=budget.field.label,
                budget=budget.number,
            ),
            field=check.field.name,
            found=found,
            severity=severity,
        )


@rule("M104", Severity.ERROR, reads=(FUNDS_BUDGET,), may_read=(FUNDS_TOTAL_BUDGET, FUNDS_TOTAL_EXECUTED))
def spending_without_budget(submission: Submission) -> Iterator[Violation]:
    """Money was spent where there is no budget.

    全年执行数 is more than 0 and 全年预算数 is 0 or blank. Where the total row has this fault, the rows below it are
    not told as well. Where the total row's budget is blank, only M101 speaks.

    A note where both are 0 on the total row: the rate and its score then stay blank. (This project's own choice: never
    #DIV/0!, never 0 or 1.)

    ## Why it matters

    Without a budget there is no execution rate. Money added in the year has a budget: 年初预算数 is 0 then, 全年预算数
    is not.

    ## How to fix it

    Put the budget as adjusted into 全年预算数. If nothing was budgeted and nothing spent, ask the office that issued
    the form how to share out the points of execution.
    """
    doubtful = disputed(submission)
    if submission.names(FUNDS_TOTAL_BUDGET) & submission.missing:
        return
    failing = [check for check in submission.failed("M104") if not doubtful.intersection(check.references)]
    for check in [check for check in failing if check.field.row_role == FUNDS_TOTAL] or failing:
        budget = submission.beside(check.field, FUNDS_BUDGET)
        if budget is None:
            continue
        found = submission.entries[check.field.name].number
        yield Violation(
            say(
                "{field} is {found}, but {budget_field} is {budget}",
                field=check.field.label,
                found=found,
                budget_field=budget.field.label,
                budget=say("blank") if budget.number is None else budget.number,
            ),
            field=check.field.name,
            found=found,
        )
    total = (FUNDS_TOTAL_BUDGET, FUNDS_TOTAL_EXECUTED)
    if not doubtful & submission.names(*total) and all(submission.number(role) == 0 for role in total):
        yield Violation(
            say(
                "{budget} and {executed} are both 0, so there is no execution rate and no score for it",
                budget=submission.label(FUNDS_TOTAL_BUDGET),
                executed=submission.label(FUNDS_TOTAL_EXECUTED),
            ),
            field=submission.name(FUNDS_TOTAL_BUDGET),
            severity=Severity.NOTE,
        )
