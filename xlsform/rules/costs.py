"""Money: what a cost indicator says against the amounts of the funds table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from xlsform import quantities
from xlsform.findings import Severity, Violation
from xlsform.form.vocabulary import (
    ACTUAL,
    FUNDS_TOTAL_BUDGET,
    FUNDS_TOTAL_EXECUTED,
    FUNDS_TOTAL_INITIAL,
    INDICATOR_NAME,
    REASON,
    TARGET,
    Role,
)
from xlsform.messages import say
from xlsform.patterns import LazyPattern
from xlsform.quantities import normalize_text
from xlsform.rules.money import disputed
from xlsform.rules.registry import rule
from xlsform.submission.entries import Entry
from xlsform.submission.submission import Submission

#: Names of an indicator that measures what the project costs as a whole, folded, without 指标1：.
_TOTAL_COST = LazyPattern("总成本|项目成本|总投资")
_WHOLLY = LazyPattern(
    "(?:本|该)?(?:年度|全年|当年)?(?:项目|工程)?(?:建设|实施|支出)?(?:总成本|总投资|成本)(?:支出|控制|总?额|金额|数额?)*"
)
_PARTLY = LazyPattern("每|均|单位|单个|单项|单价|标准|节约|节省|降低|率|占比")
_NUMBERED = LazyPattern(r"指标\d*:?")
_NEAR = Decimal("0.01")


@rule(
    "M112",
    Severity.WARNING,
    reads=(INDICATOR_NAME, TARGET, ACTUAL),
    may_read=(FUNDS_TOTAL_INITIAL, FUNDS_TOTAL_BUDGET, FUNDS_TOTAL_EXECUTED, REASON),
)
def cost_beyond_budget(submission: Submission) -> Iterator[Violation]:
    """A cost indicator in money contradicts the funds table.

    Looked at are indicators under a level 2 with 成本 whose name says that they measure the whole project (总成本,
    项目成本, 总投资) and whose 实际完成值 is an amount of money, with its own unit or the target's. Found is an amount
    above 全年预算数, and, where the name says nothing but the total cost, one below 全年执行数, each by more than 1 %.
    Nothing is said of costs by the head, by part or in per cent, where the target itself is above the budget (it then
    covers more than the year), or where the row gives a reason. (This project's own choice.)

    ## Why it matters

    The same money stands in two places of the form. Where they differ, one of them is wrong, and the points for cost
    are given for a figure that the accounts do not show.

    ## How to fix it

    Put the actual cost in 万元 as the accounts have it. If it covers other years or other money, say so in the row's
    偏差原因.
    """
    doubtful = disputed(submission)
    budget, executed = submission.number(FUNDS_TOTAL_BUDGET), submission.number(FUNDS_TOTAL_EXECUTED)
    if doubtful & submission.names(FUNDS_TOTAL_BUDGET, FUNDS_TOTAL_EXECUTED):
        return
    for row in submission.used_rows:
        cost = _whole_cost(submission, row)
        if cost is None:
            continue
        if budget and _above(cost, budget):
            yield _contradicting(submission, row, cost, FUNDS_TOTAL_BUDGET)
        elif executed and _above(executed, cost) and _WHOLLY.fullmatch(_name(row)):
            yield _contradicting(submission, row, cost, FUNDS_TOTAL_EXECUTED)


def _contradicting(submission: Submission, row: Mapping[str, Entry], cost: Decimal, contradicted: Role) -> Violation:
    amount = submission.number(contradicted)
    message = say(
        "{field} is {cost} {unit} of total cost, but {other} is {amount}",
        field=row[ACTUAL].field.label,
        cost=cost,
        unit=submission.form.money_unit,
        other=submission.label(contradicted),
        amount=amount,
    )
    return Violation(message, field=row[ACTUAL].field.name)


def _above(amount: Decimal, other: Decimal) -> bool:
    return amount - other > _NEAR * other


def _name(row: Mapping[str, Entry]) -> str:
    return _NUMBERED.sub("", normalize_text(row[INDICATOR_NAME].text))


def _whole_cost(submission: Submission, row: Mapping[str, Entry]) -> Decimal | None:
    """Return what the project cost as a whole in the form's unit, if the row says so beyond doubt."""
    if not {INDICATOR_NAME, TARGET, ACTUAL} <= row.keys() or "成本" not in (row[INDICATOR_NAME].field.level2 or ""):
        return None
    name = _name(row)
    explained = REASON in row and not quantities.says_nothing(row[REASON].text)
    if explained or not _TOTAL_COST.search(name) or _PARTLY.search(name):
        return None
    target, actual = quantities.read_target(row[TARGET].text), quantities.read_target(row[ACTUAL].text)
    asked, cost = _money(submission, target, ""), _money(submission, actual, target.unit)
    budgets = [submission.number(role) or Decimal(0) for role in (FUNDS_TOTAL_INITIAL, FUNDS_TOTAL_BUDGET)]
    if cost is None or actual.comparator or (asked is not None and _above(asked, max(budgets))):
        return None
    return cost


def _money(submission: Submission, value: quantities.Target, unit: str) -> Decimal | None:
    """Return an amount of money in the form's unit, None where it is none."""
    unit = value.unit or unit
    if (
        value.kind != "number"
        or value.amount is None
        or value.per
        or not unit
        or not quantities.same_family(unit, "元")
    ):
        return None
    return (
        quantities.in_base(value.amount, unit) / quantities.in_base(Decimal(1), submission.form.money_unit)
    ).normalize()
