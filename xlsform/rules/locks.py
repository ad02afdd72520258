"""What guards the cells of the form: their locks, and what they accept."""

from __future__ import annotations

from collections.abc import Iterator, Set
from functools import lru_cache

from xlsform.findings import Severity, Violation
from xlsform.form.layout import Layout
from xlsform.messages import say
from xlsform.rules.registry import rule
from xlsform.rules.wording import first_addresses
from xlsform.spreadsheet.a1 import Position, a1
from xlsform.submission.alignment import Alignment, in_place
from xlsform.submission.submission import Submission

_Open = tuple[tuple[Position, ...], frozenset[Position]]


@lru_cache(maxsize=8)
def _issued_open(layout: Layout, issued: frozenset[str]) -> _Open:
    return _left_open(layout, in_place(layout), issued)


def _left_open(layout: Layout, alignment: Alignment, issued: frozenset[str]) -> _Open:
    """Return the first cells of the fields that were left to be filled, and all their cells, where they stand now."""
    areas_issued = (item.range for item in layout.inputs if item.name not in issued)
    left = [area for each in areas_issued if (area := alignment.area(each)) is not None]
    return tuple(area.anchor for area in left), frozenset(place for area in left for place in area.cells())


def _of_the_form(submission: Submission, places: Set[Position]) -> list[Position]:
    """Return those of some cells that stand in a row and a column of the form, or beside it among the hints."""
    if not places:
        return []
    layout, alignment = submission.layout, submission.alignment
    rows = set(alignment.rows.found.values())
    used = (*range(1, layout.column_count + 1), layout.hint_column)
    columns = {alignment.columns.found.get(column) for column in used}
    return [place for place in sorted(places) if place[0] in rows and place[1] in columns]


@rule("S109", Severity.WARNING)
def protection_removed(submission: Submission) -> Iterator[Violation]:
    """The sheet's protection was taken off, or cells were locked or unlocked.

    The lock of the workbook's structure is not looked at: LibreOffice drops it when it saves.

    ## Why it matters

    Protection keeps honest people from breaking the form. Without it labels and formulas can be typed over, so the
    rest of this report deserves a closer look.

    ## How to fix it

    Fill in the workbook as it was issued; there is no need to unprotect it.
    """
    if not submission.workbook.complete:
        return
    sheet = submission.sheet
    if not sheet.protected:
        yield Violation(say("the protection of the sheet was taken off"))
        return
    layout, alignment, issued = submission.layout, submission.alignment, frozenset(submission.approval.claimed)
    anchors, open_cells = _issued_open(layout, issued) if alignment.unchanged else _left_open(layout, alignment, issued)
    # Without the identity nobody knows which cells were prefilled, and so locked.
    known = anchors if submission.sealed is not None else ()
    relocked = [place for place in known if place not in sheet.unlocked and place in sheet.values]
    unlocked = _of_the_form(submission, sheet.unlocked - open_cells)
    if unlocked:
        yield Violation(
            say("{count} locked cells were unlocked: {cells}", count=len(unlocked), cells=first_addresses(unlocked)),
            cell=a1(*unlocked[0]),
            found=len(unlocked),
        )
    if relocked:
        yield Violation(
            say(
                "{count} cells to be filled were locked: {cells}", count=len(relocked), cells=first_addresses(relocked)
            ),
            cell=a1(*relocked[0]),
            found=len(relocked),
        )


@rule("S115", Severity.NOTE)
def validations_removed(submission: Submission) -> Iterator[Violation]:
    """None of the cells to be filled says any more what it accepts: the data validations were removed.

    Only where all are gone. A value that is pasted in takes the validation of its cell away, which happens to everybody
    and is no finding.

    ## Why it matters

    Without them Excel and WPS take any text for an amount or a score, and no hint appears when a cell is chosen. What
    was typed is checked here all the same.

    ## How to fix it

    Nothing needs to be fixed in this return. Fill in the workbook as it was issued next time.
    """
    if not submission.workbook.complete or not submission.layout.inputs:
        return
    validated = submission.sheet.validated
    areas = (submission.alignment.area(item.range) for item in submission.layout.inputs)
    if not any(area.overlaps(each) for area in areas if area is not None for each in validated):
        yield Violation(
            say("the data validations of all cells to be filled are gone"),
            found=0,
            expected=len(submission.layout.inputs),
        )
