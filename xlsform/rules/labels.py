"""Structure: the printed labels, against what was issued."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from xlsform.findings import Severity, Violation
from xlsform.form.layout import Field
from xlsform.form.vocabulary import FUNDS_SCORE, FUNDS_WEIGHT
from xlsform.messages import say
from xlsform.quantities import is_blank_mark, normalize_text
from xlsform.rules.registry import rule
from xlsform.rules.wording import text_of
from xlsform.spreadsheet.a1 import Position, Range, a1
from xlsform.submission.alignment import labels_kept
from xlsform.submission.entries import Entry
from xlsform.submission.submission import Submission

_LONGEST = 60
"""Characters of a text that a message repeats."""


@rule("S103", Severity.ERROR)
def label_changed(submission: Submission) -> Iterator[Violation]:
    """A printed label differs from the one that was issued.

    Differences of space, width, line breaks and ：/: do not count. Nor does another mark for "not applicable"
    (— - /), or none, where the form prints —.

    ## Why it matters

    The label says what the figures beside it mean. A changed one makes the form another form.

    ## How to fix it

    Put the issued label back, or fill in the workbook that was issued once more.
    """
    kept = submission.alignment.unchanged and labels_kept(submission.layout, submission.sheet)
    for area, text in () if kept else submission.layout.printed:
        place = label_place(submission, area, text)
        if place is None:
            continue
        found = submission.sheet.values.get(place)
        if found is None and (submission.alignment.place(area.anchor) is None or _hints_gone(submission, place)):
            continue
        if not _reads(found, text):
            yield _changed_label(text.strip(), found, place)
    for entry in submission.where(_is_printed):
        if entry.position is not None and not _as_printed(entry):
            yield _changed_label(text_of(entry.field.spec.value), entry.raw, entry.position)


def changed_labels(submission: Submission) -> list[str]:
    """Return the printed labels that differ or are gone, as they were to be."""
    return [str(violation.expected).strip() for violation in label_changed(submission)]


def _is_printed(item: Field) -> bool:
    return item.spec.value is not None


def _as_printed(entry: Entry) -> bool:
    """Whether a field that is printed holds what it was printed with, or M107 and M108 say that it does not."""
    item, issued = entry.field, entry.field.spec.value
    if isinstance(issued, str) and entry.raw == issued:
        return True
    raw = text_of(entry.raw)
    points = item.spec.role in (FUNDS_WEIGHT, FUNDS_SCORE)
    if points and (entry.number is not None or not isinstance(issued, str)):
        return True
    if isinstance(issued, str):
        both_marks = is_blank_mark(issued) and (is_blank_mark(raw) or not raw.strip())
        return normalize_text(raw) == normalize_text(issued) or both_marks
    return entry.number == Decimal(str(issued))


def _hints_gone(submission: Submission, place: Position) -> bool:
    """Whether a label stood above the hints and nothing is left of them, as S106 says."""
    beside = place[1] == submission.alignment.columns.found[submission.layout.hint_column]
    return beside and not any(column == place[1] for _, column in submission.sheet.values)


def _changed_label(issued: str, found: object, place: Position) -> Violation:
    shown = text_of(found).strip()
    issued_line = issued.replace("\n", "")
    message = (
        say("the printed {expected} was changed to {found}", expected=issued_line, found=shown[:_LONGEST])
        if shown
        else say("the printed {expected} is gone", expected=issued_line)
    )
    return Violation(message, cell=a1(*place), found=shown or None, expected=issued)


def _reads(found: object, text: str) -> bool:
    return found == text or normalize_text(text_of(found)) == normalize_text(text)


def label_place(submission: Submission, issued: Range, text: str) -> Position | None:
    """Return where a label stands, None where its cells are gone.

    When rows change places, a label that reaches over several stays where it was: anywhere in its cells will do.
    """
    alignment, values = submission.alignment, submission.sheet.values
    area = alignment.area(issued)
    if area is None or alignment.unchanged:
        return None if area is None else area.anchor
    return next((place for place in area.cells() if _reads(values.get(place), text)), area.anchor)
