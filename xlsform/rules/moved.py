"""Structure: rows and columns that stand elsewhere than where they were issued."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from xlsform.findings import Severity, Violation
from xlsform.messages import say
from xlsform.rules.registry import rule
from xlsform.spreadsheet.a1 import a1, letters
from xlsform.submission.alignment import Axis
from xlsform.submission.submission import Submission


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
