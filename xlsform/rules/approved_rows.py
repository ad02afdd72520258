"""Which row of a return answers which approved indicator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from xlsform.form.vocabulary import INDICATOR_NAME
from xlsform.rules.indicators import Indicator, indicators
from xlsform.submission.entries import Entry
from xlsform.submission.indicator_names import plain_name
from xlsform.submission.submission import Submission, once_per_submission

if TYPE_CHECKING:
    from xlsform.projects import ListedIndicator

_NEAR = 0.75
"""Likeness (0–1) from which two names are taken for one that was rephrased."""


class Pairs(NamedTuple):
    """Rows of a return and approved indicators, laid beside one another by their names."""

    answered: dict[int, ListedIndicator]
    """The approved indicator that a row answers, by the row's number among those in use."""
    missing: list[ListedIndicator]
    """Those that no row answers."""
    free: list[Indicator]
    """Rows that answer none, and whose names were not issued locked."""


@once_per_submission
def paired(submission: Submission) -> Pairs:
    """Return which used row answers which approved indicator.

    Rows whose name was issued locked answer the indicator that was issued there.
    """
    project = submission.approved
    rows = list(indicators(submission))
    left = list(project.indicators) if project else []
    answered: dict[int, ListedIndicator] = {}
    for number, row in enumerate(rows):
        issued = _issued_name(submission, row)
        name = plain_name(issued) if issued else row.name
        match = next((each for each in left if plain_name(each.name) == name and each.level2 == row.level2), None)
        if match is not None:
            answered[number] = match
            left.remove(match)
    if submission.approval.superseded and any(_issued_name(submission, row) for row in rows):
        # It was issued with other indicators than were approved since, which H102 says. What was typed is compared.
        return Pairs(answered, [], [])
    free = [row for number, row in enumerate(rows) if number not in answered and not _issued_name(submission, row)]
    return Pairs(answered, left, free)


def _issued_name(submission: Submission, row: Indicator) -> str:
    entry = row.row.get(INDICATOR_NAME)
    return str(submission.issued.get(entry.field.name, "")) if entry else ""


@once_per_submission
def renamed(submission: Submission) -> list[tuple[ListedIndicator, Indicator]]:
    """Return approved indicators that none answers with the row of the same kind that is most like each."""
    if submission.approved is None:
        return []
    _, missing, free = paired(submission)
    if not missing or not free:
        return []
    # Few returns need it, and it takes 1.4 ms to load in every process that judges.
    import difflib

    scored = [
        (difflib.SequenceMatcher(None, plain_name(each.name), row.name).ratio(), number, place)
        for number, each in enumerate(missing)
        for place, row in enumerate(free)
        if row.name and each.level2 == row.level2
    ]
    pairs: list[tuple[ListedIndicator, Indicator]] = []
    taken: set[int] = set()
    named: set[int] = set()
    for likeness, number, place in sorted(scored, reverse=True):
        if likeness >= _NEAR and number not in named and place not in taken:
            pairs.append((missing[number], free[place]))
            named.add(number)
            taken.add(place)
    return pairs


def answers(submission: Submission) -> Iterator[tuple[ListedIndicator, Mapping[str, Entry]]]:
    """Yield approved indicators with the rows that answer them, under their name or another."""
    if submission.approved is None:
        return
    rows = indicators(submission)
    for number, approved in paired(submission).answered.items():
        yield approved, rows[number].row
    for approved, row in renamed(submission):
        yield approved, row.row
