"""The hints beside the form: the formulas that were issued there, and what is said of all that were touched."""

from __future__ import annotations

from collections.abc import Mapping

from xlsform.findings import Severity, Violation
from xlsform.form.evaluation.hints import hint_formulas
from xlsform.form.evaluation.measures import measures
from xlsform.form.vocabulary import ACTUAL
from xlsform.messages import Message
from xlsform.spreadsheet.a1 import Position, a1
from xlsform.submission.submission import Submission, once_per_submission


@once_per_submission
def issued_hints(submission: Submission) -> Mapping[Position, tuple[str, ...]]:
    """Return the formulas that may have been issued as the hint in each place.

    What a hint says depends on the target, if that was prefilled. Where the hidden sheet is gone, which says what was
    prefilled, two formulas are possible: one for a target that was, one for a target that was not.
    """
    layout, issued = submission.layout, submission.approval.claimed
    known = "sheet" in submission.identities
    if not known:
        issued = {name: entry.text for name, entry in submission.entries.items() if entry.field.role != ACTUAL}
    rows, column = submission.alignment.rows.found, submission.alignment.columns.found[layout.hint_column]
    formulas = hint_formulas(layout, measures(layout, issued))
    plain = formulas if known else hint_formulas(layout)
    return {
        (rows[row], column): tuple(dict.fromkeys((plain[row], formula)))
        for row, formula in formulas.items()
        if row in rows
    }


def violation_of_hints(message: Message, found: Mapping[Position, object], issued: Mapping[Position, str]) -> Violation:
    """Return one violation for all the hints that have the same fault."""
    first = next(iter(issued))
    one = len(issued) == 1
    return Violation(
        message,
        cell=a1(*first),
        found=found[first] if one else len(issued),
        expected=f"={issued[first]}" if one else None,
        severity=Severity.WARNING,
    )
