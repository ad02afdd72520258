"""Fields that calculate themselves: the formulas that were issued for them, and what stands there now."""

from __future__ import annotations

from decimal import Decimal

from xlsform import quantities
from xlsform.form.field_types import RATE
from xlsform.form.vocabulary import FUNDS_EXECUTED, TOTAL_SCORE, TOTAL_WEIGHT
from xlsform.rules.totals import OF_THE_TOTAL, speaks_of_total
from xlsform.rules.weights import OF_THE_WEIGHTS, weights_not_100
from xlsform.spreadsheet.a1 import Range
from xlsform.spreadsheet.formula_equality import moved, normalised
from xlsform.submission.entries import Entry
from xlsform.submission.submission import Submission

#: What may explain that a computed field is off.
EXPLAINING = (*OF_THE_TOTAL, *OF_THE_WEIGHTS, FUNDS_EXECUTED)


def agrees_with_formula(submission: Submission, entry: Entry) -> bool:
    """Whether what stands in a computed field is what its formula gives."""
    name = entry.field.name
    result = submission.results.computed[name]
    if not isinstance(result, Decimal):
        return entry.blank or entry.raw == "" or entry.text == (result or "")
    stated = entry.number
    if stated is None or stated == result:
        return stated is not None
    exact = submission.exact[name]
    most = 4 if entry.field.spec.type is RATE else 2
    return isinstance(exact, Decimal) and quantities.agrees(stated, exact, entry.decimals, most)


def explained(submission: Submission, name: str) -> bool:
    """Whether another rule already says why a computed field is off."""
    role = submission.layout.fields[name].role
    if role == TOTAL_WEIGHT:
        return next(weights_not_100(submission), None) is not None
    return role == TOTAL_SCORE and speaks_of_total(submission)


def issued_formula(submission: Submission, formula: str) -> str:
    """Return an issued formula as it should read now that its cells may stand elsewhere."""
    alignment = submission.alignment
    return formula if alignment.unchanged else moved(formula, alignment.area)


def is_issued(submission: Submission, found: str, formula: str) -> bool:
    """Whether a formula that stands in the sheet is an issued one, however it is spelled.

    Where rows or columns moved, its references may have followed, at the corners of their ranges or as a whole, or
    have stayed behind; and where cells that it needs are gone, nothing can be said of it.
    """
    if found == formula:
        return True
    if submission.alignment.unchanged:
        return normalised(found) == normalised(formula)
    followed = issued_formula(submission, formula)
    if found == followed or "#REF!" in followed:
        return True
    wanted = (formula, followed, moved(formula, lambda area: _corners(submission, area)))
    return normalised(found) in map(normalised, wanted)


def _corners(submission: Submission, area: Range) -> Range | None:
    place = submission.alignment.place
    first, last = place(area.anchor), place((area.bottom, area.right))
    return None if first is None or last is None else Range(*first, *last)


def typed_over(submission: Submission, name: str) -> bool:
    """Whether a cell that is printed or calculates itself holds something else now, as another rule says."""
    entry = submission.entries[name]
    printed, formula = entry.field.spec.value, submission.layout.computed.get(name)
    if formula is None:
        return isinstance(printed, int | float) and entry.number != printed
    kept = entry.formula is not None and is_issued(submission, entry.formula, formula)
    return not kept and entry.value != submission.results.computed[name]
