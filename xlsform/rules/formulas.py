"""Formulas: those that were replaced by values, changed, or that show an old result."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from xlsform import quantities
from xlsform.findings import Severity, Violation
from xlsform.form.vocabulary import FUNDS_EXECUTED, SCORE, TOTAL_SCORE, WEIGHT
from xlsform.messages import Message, say
from xlsform.rules.computed_fields import (
    EXPLAINING,
    agrees_with_formula,
    explained,
    is_issued,
    issued_formula,
    typed_over,
)
from xlsform.rules.hint_cells import issued_hints, violation_of_hints
from xlsform.rules.money import disputed
from xlsform.rules.registry import rule
from xlsform.rules.totals import follows
from xlsform.rules.wording import content_of, first_addresses
from xlsform.spreadsheet.formula_equality import areas, normalised
from xlsform.submission.entries import Entry, number_in
from xlsform.submission.submission import Submission


def _shown(value: object) -> object:
    return say("nothing") if value in (None, "") else value


@rule("S106", Severity.ERROR, may_read=EXPLAINING)
def formula_overwritten(submission: Submission) -> Iterator[Violation]:
    """A value stands in place of a formula.

    A warning where the value is what the formula gives, or that figure rounded to a whole number; an error where it is
    not. It is only a warning, too, where the value cannot be judged, since an amount, a rate or a score that it follows
    from is itself blank or wrong. The rules on rates, scores and totals (M105, M106, T102) then say nothing more. The
    hints beside the form are formulas too: those that were deleted or typed over make one warning together.

    ## Why it matters

    Rates, scores and totals must follow from the figures of the form. One that was typed in does not change when
    the figures do.

    ## How to fix it

    Fill in the workbook that was issued; its locked cells calculate by themselves.
    """
    if not submission.workbook.complete:
        return
    for name in submission.layout.computed:
        entry = submission.entries[name]
        if entry.formula is not None or entry.position is None or explained(submission, name):
            continue
        expected = submission.results.computed[name]
        if entry.blank and entry.field.role == TOTAL_SCORE and isinstance(expected, Decimal):
            continue
        message, severity = _overwritten(submission, entry)
        yield Violation(message, field=name, found=content_of(entry), expected=expected, severity=severity)
    values, formulas = submission.sheet.values, submission.sheet.formulas
    lost = {place: issued[0] for place, issued in issued_hints(submission).items() if place not in formulas}
    if lost:
        message = say(
            "{count} hints beside the form were deleted or replaced by values: {cells}",
            count=len(lost),
            cells=first_addresses(lost),
        )
        yield violation_of_hints(message, {place: values.get(place) or None for place in lost}, lost)


def _overwritten(submission: Submission, entry: Entry) -> tuple[Message, Severity]:
    """Return what is to be said of a computed field without its formula."""
    expected = submission.results.computed[entry.field.name]
    label = entry.field.label
    if entry.raw is None:
        message = say("the formula of {field} was deleted; it gives {expected}", field=label, expected=_shown(expected))
        return message, Severity.ERROR if isinstance(expected, Decimal) else Severity.WARNING
    found = content_of(entry)
    if agrees_with_formula(submission, entry):
        message = say(
            "the formula of {field} was replaced by the value {found}, which is right", field=label, found=_shown(found)
        )
        return message, Severity.WARNING
    if _undecided(submission, entry):
        message = say(
            "the formula of {field} was replaced by the value {found}; mend the cells that it follows from first, then "
            "put the formula back",
            field=label,
            found=_shown(found),
        )
        return message, Severity.WARNING
    message = say(
        "the formula of {field} was replaced by {found}; it gives {expected}",
        field=label,
        found=_shown(found),
        expected=_shown(expected),
    )
    exact = submission.exact[entry.field.name]
    points = entry.field.spec.type.name == "points"
    rounded = (
        points
        and entry.number is not None
        and isinstance(exact, Decimal)
        and quantities.whole_point(entry.number, exact)
    )
    return message, Severity.WARNING if rounded else Severity.ERROR


def _undecided(submission: Submission, entry: Entry) -> bool:
    """Whether a value that stands for a formula cannot be called wrong: a cell that it follows from is, as is told
    there.

    That is an amount or a score which is blank, no number or doubtful, spending without a budget, or, of a score, a
    rate that was typed over. A total that is the sum of the scores that stand in the form follows from them.
    """
    name, needed = entry.field.name, set(submission.layout.computed_references[entry.field.name])
    if needed & (disputed(submission) | submission.missing | submission.unusable):
        return True
    if entry.field.role == TOTAL_SCORE:
        return follows(submission, entry) or _completed(submission, entry)
    through = needed & submission.layout.computed.keys()
    return _spent_without_budget(submission, name) or any(typed_over(submission, other) for other in through)


def _completed(submission: Submission, entry: Entry) -> bool:
    """Whether scores that are still blank can make a total what it is."""
    due, stated = submission.results.computed[entry.field.name], entry.number
    blank = [row for row in submission.used_rows if SCORE in row and row[SCORE].blank]
    weights = [number_in(row, WEIGHT) for row in blank]
    if not blank or stated is None or not isinstance(due, Decimal):
        return False
    return None in weights or due <= stated <= due + sum(weight for weight in weights if weight is not None)


def _spent_without_budget(submission: Submission, name: str) -> bool:
    """Whether a rate, or a score of it, is of money that was spent without a budget."""
    spent = submission.number_beside(submission.layout.fields[name], FUNDS_EXECUTED)
    return submission.results.computed.get(name) == "" and bool(spent)


@rule("S107", Severity.ERROR)
def formula_changed(submission: Submission) -> Iterator[Violation]:
    """Another formula stands in place of the issued one.

    Spelling makes no difference (case, spaces, $, TRUE() for TRUE), and references that moved along with inserted
    rows are followed. Hints beside the form whose formulas were changed make one warning together.

    ## Why it matters

    A changed formula gives other rates and totals than everybody else's.

    ## How to fix it

    Put the issued formula back, or fill in the workbook that was issued once more.
    """
    if not submission.workbook.complete:
        return
    for name, formula in submission.layout.computed.items():
        entry = submission.entries[name]
        if entry.formula is None or is_issued(submission, entry.formula, formula):
            continue
        found, expected = f"={entry.formula}", f"={issued_formula(submission, formula)}"
        message = say(
            "the formula of {field} was changed to {found}; issued was {expected}",
            field=entry.field.label,
            found=found[:200],
            expected=expected,
        )
        yield Violation(message, field=name, found=found, expected=expected)
    formulas = submission.sheet.formulas
    other = {
        place: issued[0]
        for place, issued in issued_hints(submission).items()
        if (hint := formulas.get(place)) is not None
        and hint not in issued
        and not any(is_issued(submission, hint, formula) for formula in issued)
    }
    if other:
        message = say(
            "{count} hints beside the form have other formulas than were issued: {cells}",
            count=len(other),
            cells=first_addresses(other),
        )
        yield violation_of_hints(message, {place: f"={formulas[place]}" for place in other}, other)


@rule("S108", Severity.WARNING, may_read=EXPLAINING)
def stale_result(submission: Submission) -> Iterator[Violation]:
    """The formula is the issued one, but the result stored with it is not what it gives.

    Where a figure was typed as text, the workbook's own formulas cannot count it; V102 names that cell, and this
    rule is silent. It is silent too where a formula also counts what stands in an inserted row, or follows from a cell
    whose own formula or printed figure was replaced: that is told there.

    ## Why it matters

    What is printed or collected from the file is not what follows from its figures.

    ## How to fix it

    Open the file in WPS or Excel, press F9, look whether the totals are right, and save it.
    """
    if not submission.workbook.complete:
        return
    for name in submission.layout.computed:
        entry = submission.entries[name]
        if entry.formula is None or entry.raw is None or agrees_with_formula(submission, entry):
            continue
        if not explained(submission, name) and _comparable(submission, name, entry.formula):
            expected = submission.results.computed[name]
            message = say(
                "{field} shows {found}, but its formula gives {expected}",
                field=entry.field.label,
                found=_shown(content_of(entry)),
                expected=_shown(expected),
            )
            yield Violation(message, field=name, found=content_of(entry), expected=expected)


def _comparable(submission: Submission, name: str, found: str) -> bool:
    """Whether a formula is the issued one and counts just what is read here."""
    layout, alignment = submission.layout, submission.alignment
    needed = layout.computed_references[name]
    unread = (entry for other in needed if (entry := submission.entries[other]).as_text or entry.problem)
    if next(unread, None) is not None or submission.altered.intersection(needed):
        return False
    if any(typed_over(submission, other) for other in needed):
        return False
    issued = issued_formula(submission, layout.computed[name])
    if normalised(found) != normalised(issued):
        return False
    through = [issued_formula(submission, layout.computed[other]) for other in needed if other in layout.computed]
    if any("#REF!" in formula for formula in (issued, *through)):
        return False
    new_rows, new_columns = set(alignment.rows.inserted), set(alignment.columns.inserted)
    counted = [area for formula in (issued, *through) for area in areas(formula)] if new_rows or new_columns else []
    return not any(
        (row in new_rows or column in new_columns)
        and any(area.top <= row <= area.bottom and area.left <= column <= area.right for area in counted)
        for row, column in submission.sheet.values
    )
