"""Formulas and locks, against what was issued."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from xlsform import figures
from xlsform.findings import Message, Severity, Violation, say
from xlsform.formula_text import moved, normalised
from xlsform.refs import a1
from xlsform.rules import rule
from xlsform.submission import Entry, Submission


def _shown(value: object) -> object:
    return say("nothing") if value in (None, "") else value


def _agrees(submission: Submission, entry: Entry) -> bool:
    """Whether what stands in a computed field is what its formula gives."""
    name = entry.field.name
    result = submission.results.computed[name]
    if not isinstance(result, Decimal):
        return entry.blank or entry.raw == "" or entry.text == (result or "")
    exact = submission.exact[name]
    stated = entry.number
    most = 4 if entry.field.spec.type.name == "rate" else 2
    return stated is not None and (
        stated == result or (isinstance(exact, Decimal) and figures.agrees(stated, exact, entry.decimals, most))
    )


def _explained(submission: Submission, name: str) -> bool:
    """Whether another rule already says why a computed field is off."""
    if name == "total_weight":
        return submission.weights_off
    if name == "total_score":
        rate = submission.results.computed.get("funds.total.rate")
        perfect = submission.number(name) == submission.form.scoring.get("total", 100)
        return perfect and isinstance(rate, Decimal) and rate < 1
    return False


@rule("S106", Severity.ERROR)
def formula_overwritten(submission: Submission) -> Iterator[Violation]:
    """A value stands in place of a formula.

    A warning where the value is what the formula gives, or that figure rounded to a whole number; an error where it
    is not. The rules on rates, scores and totals (M105, M106, T102) then say nothing more.

    ## Why it matters

    Rates, scores and totals must follow from the figures of the form. One that was typed in does not change when
    the figures do.

    ## How to mend it

    Fill in the workbook that was issued; its locked cells calculate by themselves.
    """
    if not submission.workbook.complete:
        return
    for name in submission.layout.computed:
        entry = submission.entries[name]
        if entry.formula is not None or entry.position is None or _explained(submission, name):
            continue
        expected = submission.results.computed[name]
        if entry.raw is None and name == "total_score" and isinstance(expected, Decimal):
            continue
        message, severity = _overwritten(submission, entry)
        yield Violation(message, field=name, found=_stated(entry), expected=expected, severity=severity)


def _overwritten(submission: Submission, entry: Entry) -> tuple[Message, Severity]:
    """Return what is to be said of a computed field without its formula."""
    expected = submission.results.computed[entry.field.name]
    label = entry.field.label
    if entry.raw is None:
        message = say("the formula of {field} was deleted; it gives {expected}", field=label, expected=_shown(expected))
        return message, Severity.ERROR if isinstance(expected, Decimal) else Severity.WARNING
    found = _stated(entry)
    if _agrees(submission, entry):
        message = say("the formula of {field} was replaced by the value {found}, which is right", field=label, found=found)
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
        and figures.whole_point(entry.number, exact)
    )
    return message, Severity.WARNING if rounded else Severity.ERROR


def _stated(entry: Entry) -> object:
    return entry.value if entry.value is not None else entry.raw if isinstance(entry.raw, str) else None


@rule("S107", Severity.ERROR)
def formula_changed(submission: Submission) -> Iterator[Violation]:
    """Another formula stands in place of the issued one.

    Spelling makes no difference (case, spaces, $, TRUE() for TRUE), and references that moved along with inserted
    rows are followed.

    ## Why it matters

    A changed formula gives other rates and totals than everybody else's.

    ## How to mend it

    Put the issued formula back, or fill in the workbook that was issued once more.
    """
    if not submission.workbook.complete:
        return
    place = submission.alignment.place
    for name, formula in submission.layout.computed.items():
        entry = submission.entries[name]
        if entry.formula is None:
            continue
        issued = formula if submission.alignment.unchanged else moved(formula, place)
        if "#REF!" not in issued and normalised(entry.formula) != normalised(issued):
            found, expected = f"={entry.formula}", f"={issued}"
            message = say(
                "the formula of {field} was changed to {found}; issued was {expected}",
                field=entry.field.label,
                found=found[:200],
                expected=expected,
            )
            yield Violation(message, field=name, found=found, expected=expected)


@rule("S108", Severity.WARNING)
def stale_result(submission: Submission) -> Iterator[Violation]:
    """The formula is the issued one, but the result stored with it is not what it gives.

    Where a figure was typed as text, the workbook's own formulas cannot count it; V102 names that cell, and this
    rule is silent.

    ## Why it matters

    What is printed or collected from the file is not what follows from its figures.

    ## How to mend it

    Open the file in WPS or Excel, press F9, look whether the totals are right, and save it.
    """
    if not submission.workbook.complete:
        return
    for name, formula in submission.layout.computed.items():
        entry = submission.entries[name]
        if entry.formula is None or entry.raw is None or _explained(submission, name):
            continue
        issued = formula if submission.alignment.unchanged else moved(formula, submission.alignment.place)
        needed = [submission.entries[other] for other in submission.layout.computed_references[name]]
        if any(other.as_text or other.problem for other in needed) or normalised(entry.formula) != normalised(issued):
            continue
        expected = submission.results.computed[name]
        if not _agrees(submission, entry):
            message = say(
                "{field} shows {found}, but its formula gives {expected}",
                field=entry.field.label,
                found=_shown(_stated(entry)),
                expected=_shown(expected),
            )
            yield Violation(message, field=name, found=_stated(entry), expected=expected)


@rule("S109", Severity.WARNING)
def protection_removed(submission: Submission) -> Iterator[Violation]:
    """The sheet's protection was taken off, or cells were locked or unlocked.

    The lock of the workbook's structure is not looked at: LibreOffice drops it when it saves.

    ## Why it matters

    Protection keeps honest people from breaking the form. Without it labels and formulas can be typed over, so the
    rest of this report deserves a closer look.

    ## How to mend it

    Fill in the workbook as it was issued; there is no need to unprotect it.
    """
    if not submission.workbook.complete:
        return
    sheet = submission.sheet
    if not sheet.protected:
        yield Violation(say("the protection of the sheet was taken off"))
        return
    inputs = {
        place: item
        for item in submission.layout.inputs
        if (place := submission.alignment.place(item.range.anchor)) is not None and item.name not in submission.issued
    }
    relocked = [a1(*place) for place in inputs if place not in sheet.unlocked and place in sheet.values]
    open_cells = {
        place
        for item in submission.layout.inputs
        if item.name not in submission.issued and (area := submission.alignment.area(item.range)) is not None
        for place in (
            (row, column) for row in range(area.top, area.bottom + 1) for column in range(area.left, area.right + 1)
        )
    }
    last = submission.alignment.columns.found.get(submission.layout.hint_column, 0)
    rows = set(submission.alignment.rows.found.values())
    unlocked = [a1(*place) for place in sorted(sheet.unlocked - open_cells) if place[0] in rows and place[1] <= last]
    if unlocked:
        yield Violation(
            say("{count} locked cells were unlocked: {cells}", count=len(unlocked), cells=unlocked[:8]),
            cell=unlocked[0],
            found=len(unlocked),
        )
    if relocked:
        yield Violation(
            say("{count} cells to be filled were locked: {cells}", count=len(relocked), cells=relocked[:8]),
            cell=relocked[0],
            found=len(relocked),
        )
