"""Money in 元 where the form asks for 万元."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache

from xlsform import quantities
from xlsform.findings import Severity, Violation
from xlsform.form.layout import Layout
from xlsform.messages import Message, say
from xlsform.patterns import LazyPattern
from xlsform.quantities import normalize_text
from xlsform.quantities.numbers import NUMERAL, amount_of, printed_places
from xlsform.rules.head import narratives
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

#: Amounts above 0 of the funds table, by row and column.
_Amounts = Mapping[tuple[str, str], Decimal]


@rule("V107", Severity.WARNING)
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
    for name, beside in in_yuan.items():
        item, found = submission.layout.fields[name], submission.number(name)
        if found is None or (item.row != "total" and f"funds.total.{item.column}" in in_yuan):
            continue
        budget = amounts.get((item.row or "", "budget"))
        beyond = item.column == "executed" and budget is not None and found >= _IMPOSSIBLE * budget
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
            field=name,
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
    largest, least = max(amounts.values(), default=0), min(amounts.values(), default=0)
    if largest < _LEAST_NAMED and largest < _IMPOSSIBLE * least:
        return {}
    found: dict[str, Message] = {}
    for row, column in amounts:
        beside = _beside(submission, amounts, row, column) or (
            _named(submission, amounts[row, column]) if row == "total" else None
        )
        if beside is not None:
            found[f"funds.{row}.{column}"] = beside
    return found


def _amounts(submission: Submission) -> _Amounts:
    return {
        (row, column): number
        for name, row, column in _money(submission.layout)
        if (number := submission.number(name)) is not None and number > 0
    }


@lru_cache(maxsize=8)
def _money(layout: Layout) -> tuple[tuple[str, str, str], ...]:
    """Return the amounts of the funds table: name, row and column of each."""
    return tuple(
        (name, item.row, item.column)
        for name, item in layout.fields.items()
        if item.table == "funds" and item.row and item.column and item.spec.type.name == "money"
    )


def _beside(submission: Submission, amounts: _Amounts, row: str, column: str) -> Message | None:
    """Return the amount of the funds table that tells that this one is in 元."""
    own = amounts[row, column]
    total, budget = amounts.get(("total", column)), amounts.get((row, "budget"))
    sources = sum(
        (amount for (other, each), amount in amounts.items() if each == column and other != "total"), Decimal(0)
    )
    if row == "total" and sources and _SUM[0] <= own / (sources * _WORTH) <= _SUM[1]:
        return say("the sum of its sources ({amount})", amount=sources)
    if row != "total" and total is not None and own >= _IMPOSSIBLE * total:
        return _field(submission, "total", column, total)
    if column == "executed" and budget is not None and own >= _IMPOSSIBLE * budget:
        return _field(submission, row, "budget", budget)
    others = {each: amount for (other, each), amount in amounts.items() if other == row and each != column}
    least = _WORTH if len(others) == 1 else _WORTH // 2
    if others and own >= least * max(others.values()):
        largest = max(others, key=lambda each: others[each])
        return _field(submission, row, largest, others[largest])
    return None


def _field(submission: Submission, row: str, column: str, amount: Decimal) -> Message:
    return say("{field} ({amount})", field=submission.label(f"funds.{row}.{column}"), amount=amount)


def _named(submission: Submission, own: Decimal) -> Message | None:
    """Return the words that name the project's money, if they name this amount as one in 元."""
    if own < _LEAST_NAMED:
        return None
    texts = [(entry.field.label, normalize_text(entry.text)) for entry in narratives(submission)]
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
