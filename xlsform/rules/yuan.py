"""Money in 元 where the form asks for 万元."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from xlsform import quantities
from xlsform.findings import Severity, Violation
from xlsform.form.layout import Field
from xlsform.form.vocabulary import FUNDS, FUNDS_BUDGET, FUNDS_EXECUTED, FUNDS_TOTAL
from xlsform.messages import Message, say
from xlsform.patterns import LazyPattern
from xlsform.quantities import normalize_text
from xlsform.quantities.numbers import NUMERAL, amount_of, printed_places
from xlsform.rules.narratives import project_texts
from xlsform.rules.registry import rule
from xlsform.submission.submission import Submission, once_per_submission

_UNIT = "万元"
_WORTH = 10_000
_WORTHS = {"元": 1, "万元": _WORTH, "亿元": 100_000_000}
_IMPOSSIBLE = 1_000
"""No spending is so many times its budget, and no source so many times the total."""
_SUM = (Decimal("0.99"), Decimal("1.01"))

_AMOUNT = LazyPattern(rf"(?P<figure>{NUMERAL})(?P<unit>元|万元|亿元)")
#: An amount that is said to be the project's money.
_WHOLE = LazyPattern(
    "(?:预算|资金|经费|总额|投资|执行|支出|支付|拨付|投入|安排|到位)[^0-9]{0,12}?"
    rf"(?P<figure>{NUMERAL})(?P<unit>万元|元)(?!/)"
)
_PER_HEAD = LazyPattern("每|均|标准|单价")
_LEAST_NAMED = 10_000
"""An amount in 元 that is less than this is hardly the project's."""
_CLAUSE = LazyPattern(r"[。;、]|,(?![0-9]{3})")


class _Amount(NamedTuple):
    """An amount above 0 of the funds table."""

    field: Field
    number: Decimal


#: By what their row and their column mean; by their names where no role says it.
_Amounts = Mapping[tuple[str, str], _Amount]


@rule("V107", Severity.WARNING, reads=(FUNDS,))
def unit_suspicion(submission: Submission) -> Iterator[Violation]:
    """An amount seems to be in 元, where the form asks for 万元.

    Found where an amount is 10,000 times every other amount of its row (with two others, 5,000 times), where
    spending is more than 1,000 times its budget or a source more than 1,000 times the total, where a total is 10,000
    times the sum of its sources, and where a total is 10,000 times the amount in 万元 that a goal or narrative names as
    the project's money (预算4万元 beside 40000). One finding a column where the total itself is meant. (This
    project's own choice; nothing is said where the text can be read otherwise.)

    An error where the form contradicts itself because of it: spending beyond any budget, or a column that no longer
    adds up. M102, M103, M109 and M110 are silent about such an amount.

    ## Why it matters

    One amount in 元 makes the sums of a whole district wrong by a factor of 10,000.

    ## How to fix it

    Divide the amount by 10,000 and put it in 万元: 39200 元 is 3.92. If it is right as it stands, say so when you
    return the form.
    """
    in_yuan = amounts_in_yuan(submission)
    if not in_yuan:
        return
    columns_off = {check.field.column for check in submission.failed("M102")}
    amounts = _amounts(submission)
    for (row, column), (item, found) in amounts.items():
        beside, total = in_yuan.get(item.name), amounts.get((FUNDS_TOTAL, column))
        if beside is None or (row != FUNDS_TOTAL and total is not None and total.field.name in in_yuan):
            continue
        budget = amounts.get((row, FUNDS_BUDGET))
        beyond = column == FUNDS_EXECUTED and budget is not None and found >= _IMPOSSIBLE * budget.number
        expected = found / _WORTH
        yield Violation(
            say(
                "{field} is {found}, out of all proportion to {beside}; the form asks for {unit}, and {found} 元 "
                "would be {expected}",
                field=item.label,
                found=found,
                beside=beside,
                unit=_UNIT,
                expected=expected,
            ),
            field=item.name,
            found=found,
            expected=expected,
            severity=Severity.ERROR if beyond or item.column in columns_off else None,
        )


@once_per_submission
def amounts_in_yuan(submission: Submission) -> Mapping[str, Message]:
    """Return the amounts that seem to be in 元, by field, with what tells so; kept for the rules that follow."""
    if submission.form.money_unit != _UNIT:
        return {}
    amounts = _amounts(submission)
    numbers = [amount.number for amount in amounts.values()]
    largest, least = max(numbers, default=0), min(numbers, default=0)
    if largest < _LEAST_NAMED and largest < _IMPOSSIBLE * least:
        return {}
    found: dict[str, Message] = {}
    for (row, column), (item, own) in amounts.items():
        beside = _beside(amounts, row, column) or (_named(submission, own) if row == FUNDS_TOTAL else None)
        if beside is not None:
            found[item.name] = beside
    return found


def _amounts(submission: Submission) -> _Amounts:
    return {
        (item.row_role or item.row or "", item.spec.role or item.column or ""): _Amount(item, number)
        for entry in submission.where(_is_an_amount)
        if (item := entry.field) and (number := entry.number) is not None and number > 0
    }


def _is_an_amount(item: Field) -> bool:
    return item.table_role == FUNDS and item.spec.type.name == "money"


def _beside(amounts: _Amounts, row: str, column: str) -> Message | None:
    """Return the amount of the funds table that tells that this one is in 元."""
    own = amounts[row, column].number
    total, budget = amounts.get((FUNDS_TOTAL, column)), amounts.get((row, FUNDS_BUDGET))
    parts = (each.number for (other, same), each in amounts.items() if same == column and other != FUNDS_TOTAL)
    sources = sum(parts, Decimal(0))
    if row == FUNDS_TOTAL and sources and _SUM[0] <= own / (sources * _WORTH) <= _SUM[1]:
        return say("the sum of its sources ({amount})", amount=sources)
    if row != FUNDS_TOTAL and total is not None and own >= _IMPOSSIBLE * total.number:
        return _told(total)
    if column == FUNDS_EXECUTED and budget is not None and own >= _IMPOSSIBLE * budget.number:
        return _told(budget)
    others = [each for (same, other), each in amounts.items() if same == row and other != column]
    least = _WORTH if len(others) == 1 else _WORTH // 2
    largest = max(others, key=lambda each: each.number, default=None)
    return _told(largest) if largest is not None and own >= least * largest.number else None


def _told(amount: _Amount) -> Message:
    return say("{field} ({amount})", field=amount.field.label, amount=amount.number)


def _named(submission: Submission, own: Decimal) -> Message | None:
    """Return the words that name the project's money, if they name this amount as one in 元."""
    if own < _LEAST_NAMED:
        return None
    texts = [(entry.field.label, normalize_text(entry.text)) for entry in project_texts(submission)]
    if any(_yuan(match) > 2 * own for _, text in texts for match in _AMOUNT.finditer(text)):
        return None
    for label, text in texts:
        for clause in _CLAUSE.split(text):
            match = _WHOLE.search(clause)
            if match is None or _PER_HEAD.search(clause) or _yuan(match) < _LEAST_NAMED:
                continue
            stated, worth = amount_of(match["figure"], ""), _WORTHS[match["unit"]]
            if quantities.agrees(stated, own / worth, printed_places(match["figure"])):
                return say("“{text}” in {field}", text=match[0], field=label)
    return None


def _yuan(match: re.Match[str]) -> Decimal:
    return amount_of(match["figure"], "") * _WORTHS[match["unit"]]
