"""Structure: what stands where the form has nothing."""

from __future__ import annotations

from collections.abc import Iterator

from xlsform.findings import Severity, Violation
from xlsform.messages import say
from xlsform.rules.labels import label_place
from xlsform.rules.registry import rule
from xlsform.rules.wording import listed, text_of
from xlsform.spreadsheet.a1 import Position, a1
from xlsform.submission.submission import Submission

_MOST_ROWS = 100
"""Rows of foreign cells with a finding of their own: a return that has a hundred thousand would be all the report."""
_LONGEST = 60
"""Characters of a foreign text that a message repeats."""


def _taken(submission: Submission) -> frozenset[Position | None]:
    """Return the cells in which something of the form stands now."""
    labels = (label_place(submission, area, text) for area, text in submission.layout.printed)
    return frozenset(labels) | {entry.position for entry in submission.entries.values()}


@rule("S112", Severity.WARNING)
def value_outside_form(submission: Submission) -> Iterator[Violation]:
    """Something stands in cells where the form has none.

    ## Why it matters

    Remarks beside or below the form are not read, printed or summed up.

    ## How to fix it

    Move the text into the field it belongs to (偏差原因, 实际完成情况 …), then clear the cell.
    """
    alignment, layout = submission.alignment, submission.layout
    taken = layout.taken_places if alignment.unchanged else _taken(submission)
    hints = alignment.columns.found.get(layout.hint_column, layout.hint_column)
    skipped_rows, skipped_columns = set(alignment.rows.inserted), {hints, *alignment.columns.inserted}
    outside: dict[int, list[int]] = {}
    values = submission.sheet.values
    for row, column in values.keys() - taken:
        if row in skipped_rows or column in skipped_columns or not text_of(values[row, column]).strip():
            continue
        outside.setdefault(row, []).append(column)
    rows = sorted(outside)
    for row in rows[:_MOST_ROWS]:
        found = outside[row]
        cells = [a1(row, column) for column in sorted(found)]
        text = text_of(submission.sheet.values[row, min(found)])
        message = say("outside the form's fields stands: {text} ({cells})", text=text[:_LONGEST], cells=listed(cells))
        yield Violation(message, cell=cells[0], found=text)
    if len(rows) > _MOST_ROWS:
        first, more = rows[_MOST_ROWS], len(rows) - _MOST_ROWS
        message = say("outside the form's fields stands something in {more} more rows", more=more)
        yield Violation(message, cell=a1(first, min(outside[first])), found=more)
