"""Structure: sheets, labels, rows, names and locks, against what was issued."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise

from xlsform.findings import Severity, Violation
from xlsform.form import identity as identities
from xlsform.form.evaluation.hints import INSTRUCTIONS_SHEET
from xlsform.form.layout import Field, Layout
from xlsform.form.vocabulary import FUNDS_SCORE, FUNDS_WEIGHT
from xlsform.messages import Message, say
from xlsform.quantities import is_blank_mark, normalize_text
from xlsform.rules.registry import rule, workbook_rule
from xlsform.spreadsheet.a1 import Position, Range, a1, letters
from xlsform.spreadsheet.values import CellError
from xlsform.submission.alignment import Axis, labels_kept
from xlsform.submission.entries import Entry
from xlsform.submission.submission import Submission

#: The sheet that an annotated copy carries in front; a fixed copy comes back with it.
RETURN_SHEET = "退回意见"

_SHOWN = 8
"""Cells that a message names before it only counts."""
_SHOWN_ROWS = 100
"""Rows of foreign cells with a finding of their own: a return that has a hundred thousand would be all the report."""
_SHOWN_TEXT = 60
"""Characters of a foreign text that a message repeats."""


def listed(items: Sequence[str]) -> Message:
    """Return a list for a message: its first items, and how many more there are."""
    if len(items) <= _SHOWN:
        return say("{items}", items=list(items))
    return say("{items} and {more} more", items=list(items[:_SHOWN]), more=len(items) - _SHOWN)


@workbook_rule("S101", Severity.ERROR)
def form_sheet_missing(submission: Submission) -> Iterator[Violation]:
    """The form's sheet is gone or was renamed.

    A renamed sheet is recognised by its labels and judged all the same. A sheet that kept its name but hardly any of
    its labels is not.

    ## Why it matters

    Formulas of the workbook and the bureau's summary find the form by the name of its sheet.

    ## How to fix it

    Give the sheet its name back. If it was deleted, fill in the workbook that was issued once more.
    """
    name = submission.form.sheet
    if submission.sheet_gone and submission.workbook.sheet(name) is not None:
        yield Violation(say("most of what the sheet {name} printed is gone or changed", name=name), expected=name)
    elif submission.sheet_gone:
        others = [sheet.name for sheet in submission.workbook.sheets if sheet.state == "visible"]
        yield Violation(
            say("the sheet {name} is gone; the workbook has: {sheets}", name=name, sheets=others[:10]),
            found=", ".join(others[:10]),
            expected=name,
        )
    elif submission.sheet.name != name:
        found = submission.sheet.name
        yield Violation(
            say("the sheet {name} was renamed to {found}", name=name, found=found), found=found, expected=name
        )


@workbook_rule("S102", Severity.WARNING)
def extra_sheet(submission: Submission) -> Iterator[Violation]:
    """The workbook has sheets that were not issued.

    Hidden ones are named as such. The sheet 退回意见 of a copy that was sent back is expected.

    ## Why it matters

    What stands on a foreign sheet is not read, and hidden sheets may hold what nobody meant to send.

    ## How to fix it

    Delete the sheets that do not belong to the form, or move what they hold into the form.
    """
    known = {INSTRUCTIONS_SHEET, identities.SHEET, RETURN_SHEET}
    for sheet in submission.workbook.sheets:
        if sheet.name in known or sheet is submission.sheet:
            continue
        hidden = sheet.state != "visible"
        message = say(
            "the hidden sheet {name} was not issued" if hidden else "the sheet {name} was not issued", name=sheet.name
        )
        yield Violation(message, sheet=sheet.name, found=sheet.name)


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
        place = _label_place(submission, area, text)
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


def _reads(found: object, text: str) -> bool:
    return found == text or normalize_text(text_of(found)) == normalize_text(text)


def _label_place(submission: Submission, issued: Range, text: str) -> Position | None:
    """Return where a label stands, None where its cells are gone.

    When rows change places, a label that reaches over several stays where it was: anywhere in its cells will do.
    """
    alignment, values = submission.alignment, submission.sheet.values
    area = alignment.area(issued)
    if area is None or alignment.unchanged:
        return None if area is None else area.anchor
    return next((place for place in area.cells() if _reads(values.get(place), text)), area.anchor)


def _hints_gone(submission: Submission, place: Position) -> bool:
    """Whether a label stood above the hints and nothing is left of them, as S106 says."""
    beside = place[1] == submission.alignment.columns.found[submission.layout.hint_column]
    return beside and not any(column == place[1] for _, column in submission.sheet.values)


def _changed_label(issued: str, found: object, place: Position) -> Violation:
    shown = text_of(found).strip()
    issued_line = issued.replace("\n", "")
    message = (
        say("the printed {expected} was changed to {found}", expected=issued_line, found=shown[:_SHOWN_TEXT])
        if shown
        else say("the printed {expected} is gone", expected=issued_line)
    )
    return Violation(message, cell=a1(*place), found=shown or None, expected=issued)


def text_of(value: object) -> str:
    """Return what a cell shows, empty where there is nothing."""
    if value is None:
        return ""
    if isinstance(value, CellError):
        return value.text
    return f"{value:.15g}" if isinstance(value, float) else str(value)


@rule("S105", Severity.ERROR)
def rows_or_columns_moved(submission: Submission) -> Iterator[Violation]:
    """Rows or columns were inserted, deleted or moved.

    The form is found again by its labels and names, so the rest is judged where it stands now. Each place gives one
    finding. What stands in an inserted row is not read.

    ## Why it matters

    An inserted row has no place in the bureau's summary, and not every sum counts it; a deleted one takes its figures
    along.

    ## How to fix it

    Move what the inserted row holds into a row of the form and delete it. Where the rows are too few, ask the office
    for a form with more rows.
    """
    yield from _moved_rows(submission.alignment.rows)
    yield from _moved_columns(submission.alignment.columns)


def _moved_rows(rows: Axis) -> Iterator[Violation]:
    for first, last in _runs(rows.inserted):
        one = first == last
        message = say(
            "row {first} was inserted" if one else "rows {first} to {last} were inserted", first=first, last=last
        )
        yield Violation(message, cell=a1(first, 1), found=last - first + 1)
    for first, last in _runs(rows.deleted):
        one = first == last
        message = say(
            "row {first} of the issued form was deleted"
            if one
            else "rows {first} to {last} of the issued form were deleted",
            first=first,
            last=last,
        )
        yield Violation(message, cell=a1(_near(rows.found, first), 1), expected=last - first + 1)
    for first, last in _moved_runs(rows):
        found = rows.found[first]
        message = (
            say("row {issued} of the issued form now stands in row {found}", issued=first, found=found)
            if first == last
            else say(
                "rows {first} to {last} of the issued form now stand from row {found} on",
                first=first,
                last=last,
                found=found,
            )
        )
        yield Violation(message, cell=a1(found, 1), found=found, expected=first)


def _moved_columns(columns: Axis) -> Iterator[Violation]:
    for first, last in _runs(columns.inserted):
        message = say(
            "column {first} was inserted" if first == last else "columns {first} to {last} were inserted",
            first=letters(first),
            last=letters(last),
        )
        yield Violation(message, cell=a1(1, first), found=last - first + 1)
    for first, last in _runs(columns.deleted):
        one = first == last
        message = say(
            "column {first} of the issued form was deleted"
            if one
            else "columns {first} to {last} of the issued form were deleted",
            first=letters(first),
            last=letters(last),
        )
        yield Violation(message, cell=a1(1, _near(columns.found, first)), expected=last - first + 1)
    for first, last in _moved_runs(columns):
        found = letters(columns.found[first])
        message = (
            say("column {issued} of the issued form now stands in column {found}", issued=letters(first), found=found)
            if first == last
            else say(
                "columns {first} to {last} of the issued form now stand from column {found} on",
                first=letters(first),
                last=letters(last),
                found=found,
            )
        )
        yield Violation(message, cell=a1(1, columns.found[first]), found=found, expected=letters(first))


def _moved_runs(axis: Axis) -> Iterator[tuple[int, int]]:
    """Yield the first and last issued number of each run that moved as a whole."""
    runs: list[tuple[int, int]] = []
    for number in axis.moved:
        if runs and runs[-1][1] == number - 1 and axis.found[number - 1] == axis.found[number] - 1:
            runs[-1] = runs[-1][0], number
        else:
            runs.append((number, number))
    yield from runs


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and last of each unbroken run."""
    ordered = sorted(numbers)
    if not ordered:
        return
    first = ordered[0]
    for number, following in pairwise([*ordered, 0]):
        if following != number + 1:
            yield first, number
            first = following


def _near(found: Mapping[int, int], issued: int) -> int:
    """Return the place behind the last one that is still there."""
    return max((place for index, place in found.items() if index < issued), default=0) + 1


@rule("S110", Severity.WARNING)
def merge_changed(submission: Submission) -> Iterator[Violation]:
    """Merged cells of the form were taken apart, or others merged.

    Where rows or columns were inserted, deleted or moved, merged cells change with them and nothing more is said.

    ## Why it matters

    Cells merged over one another hide what they hold, and the form no longer looks like the official one.

    ## How to fix it

    Restore the merged cells of the issued form, or fill in the workbook that was issued once more.
    """
    if not submission.workbook.complete or not submission.alignment.unchanged:
        return
    layout = submission.layout
    expected = layout.merged
    if expected == frozenset(submission.sheet.merges):
        return
    whole = Range(1, 1, layout.row_count, layout.hint_column)
    found = {area for area in submission.sheet.merges if area in expected or area.overlaps(whole)}
    lost = expected - found
    apart = [str(area) for area in sorted(lost)]
    new = [str(area) for area in sorted(found - expected) if not any(area.overlaps(each) for each in lost)]
    if apart:
        yield Violation(
            say("merged cells were taken apart or merged otherwise: {cells}", cells=listed(apart)),
            cell=apart[0],
            found=len(apart),
        )
    if new:
        yield Violation(
            say("cells were merged that are apart in the form: {cells}", cells=listed(new)),
            cell=new[0],
            found=len(new),
        )


@rule("S111", Severity.WARNING)
def hidden_rows(submission: Submission) -> Iterator[Violation]:
    """Rows or columns of the form are hidden, or its whole sheet is.

    ## Why it matters

    What is hidden is not seen when the form is read or printed, yet it counts in the sums.

    ## How to fix it

    Select the rows or columns on both sides, right-click and choose Unhide. For a sheet, right-click the tab of another.
    """
    alignment, layout, sheet = submission.alignment, submission.layout, submission.sheet
    if sheet.state != "visible":
        yield Violation(say("the sheet {name} is hidden", name=sheet.name), found=sheet.state)
    rows = sorted(place for place in alignment.rows.found.values() if place in sheet.hidden_rows)
    if rows:
        message = say("rows of the form are hidden: {rows}", rows=listed([str(row) for row in rows]))
        yield Violation(message, cell=a1(rows[0], 1), found=len(rows))
    columns = sorted(
        place
        for column, place in alignment.columns.found.items()
        if column <= layout.column_count and place in sheet.hidden_columns
    )
    if columns:
        message = say("columns of the form are hidden: {columns}", columns=listed([letters(each) for each in columns]))
        yield Violation(message, cell=a1(1, columns[0]), found=len(columns))


@lru_cache(maxsize=8)
def _in_place(layout: Layout) -> frozenset[Position | None]:
    """Return the cells of a form in which something belongs."""
    return frozenset([area.anchor for area, _ in layout.printed] + [anchor for _, _, anchor in layout.anchors])


def _taken(submission: Submission) -> frozenset[Position | None]:
    """Return the cells in which something of the form stands now."""
    labels = (_label_place(submission, area, text) for area, text in submission.layout.printed)
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
    taken = _in_place(layout) if alignment.unchanged else _taken(submission)
    hints = alignment.columns.found.get(layout.hint_column, layout.hint_column)
    skipped_rows, skipped_columns = set(alignment.rows.inserted), {hints, *alignment.columns.inserted}
    outside: dict[int, list[int]] = {}
    values = submission.sheet.values
    for row, column in values.keys() - taken:
        if row in skipped_rows or column in skipped_columns or not text_of(values[row, column]).strip():
            continue
        outside.setdefault(row, []).append(column)
    rows = sorted(outside)
    for row in rows[:_SHOWN_ROWS]:
        found = outside[row]
        cells = [a1(row, column) for column in sorted(found)]
        text = text_of(submission.sheet.values[row, min(found)])
        message = say(
            "outside the form's fields stands: {text} ({cells})", text=text[:_SHOWN_TEXT], cells=listed(cells)
        )
        yield Violation(message, cell=cells[0], found=text)
    if len(rows) > _SHOWN_ROWS:
        first, more = rows[_SHOWN_ROWS], len(rows) - _SHOWN_ROWS
        message = say("outside the form's fields stands something in {more} more rows", more=more)
        yield Violation(message, cell=a1(first, min(outside[first])), found=more)
