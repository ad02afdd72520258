"""Across files: what only the returns of a batch together can tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from xlsform.findings import Severity, Violation
from xlsform.messages import say
from xlsform.quantities import normalize_text
from xlsform.rules.registry import batch_rule
from xlsform.submission.office_records import OfficeRecords

if TYPE_CHECKING:
    from xlsform.projects import Project

_ALIKE = (Decimal(98), Decimal(100))
"""Points between which all of a unit's forms are taken for uniform (X106)."""

_UNIFORM = 5
"""Forms of one unit from which uniform scores are worth a note."""


class Returned(NamedTuple):
    """A recognised return, as far as it is compared with others."""

    origin: str
    project: str
    """Its project's code, else its name; blank where it has neither."""
    coded: bool
    """Whether that is a code."""
    name: str
    unit: str
    received: datetime | None
    content: str
    """Digest of what was typed, the head left out; blank where nothing was."""
    narratives: Mapping[str, str]
    """Digest of each long narrative, by the field's label."""
    score: Decimal | None
    """总分 (points)."""


@dataclass(frozen=True)
class Batch:
    """The returns of a batch, and the projects that they are to be of."""

    returns: Sequence[Returned]
    projects: Mapping[str, Project]
    """By code; empty where no list or register was given."""

    @cached_property
    def _records(self) -> OfficeRecords:
        return OfficeRecords(self.projects)

    def listed(self, returned: Returned) -> str | None:
        """Return the code of the project in the list that a return is of, by its code, else by its name and unit."""
        return self._records.project_of(returned.project, returned.name, returned.unit).code

    def by_project(self) -> dict[str, list[int]]:
        """Return which returns are of the same project, newest first; those of no known project are left out."""
        groups: dict[str, list[int]] = {}
        for number, returned in enumerate(self.returns):
            key = self.listed(returned) or returned.project
            if key:
                groups.setdefault(key, []).append(number)
        return {key: sorted(group, key=self._age) for key, group in groups.items()}

    def _age(self, number: int) -> tuple[float, int]:
        received = self.returns[number].received
        return (-received.timestamp() if received else 0.0, -number)


Told = Iterator[tuple[int | str, Violation]]
"""What is said, each of a return by its number, or of a project by its code."""


@batch_rule("X101", Severity.ERROR)
def project_not_returned(batch: Batch) -> Told:
    """A project that a workbook was issued for has sent nothing back.

    Speaks only where a project list or a register was given.

    ## Why it matters

    The bureau's summary is not complete without it.

    ## How to fix it

    Remind the unit; `xlsform status` lists all that is outstanding.
    """
    returned = batch.by_project()
    for code, project in batch.projects.items():
        if code not in returned:
            yield (
                code,
                Violation(
                    say("{code} {name} ({unit}) has not come back", code=code, name=project.name, unit=project.unit),
                    expected=project.name,
                ),
            )


@batch_rule("X102", Severity.WARNING)
def returned_twice(batch: Batch) -> Told:
    """One project came back in several files; the newest counts.

    The newest is told by the date of its mail or its file.

    ## Why it matters

    Only one of them can stand in the summary, and it should be the right one.

    ## How to fix it

    Check that the newest file is the one that the unit means, and delete the others.
    """
    for group in batch.by_project().values():
        newest = batch.returns[group[0]]
        for number in group[1:]:
            message = say(
                "the same project came back again in {newest}, which is newer and counts", newest=newest.origin
            )
            yield number, Violation(message, found=batch.returns[number].origin, expected=newest.origin)


@batch_rule("X103", Severity.WARNING)
def duplicate_content(batch: Batch) -> Told:
    """Two projects have the same content: amounts, indicators, scores and texts, all but the head.

    ## Why it matters

    One form was copied for the other, and at least one of them does not tell of its own project.

    ## How to fix it

    Fill in each form from its own project's accounts and results.
    """
    groups = _groups((number, each.content) for number, each in enumerate(batch.returns))
    for numbers in groups:
        first = batch.returns[numbers[0]]
        for number in numbers[1:]:
            if batch.returns[number].project != first.project:
                message = say(
                    "filled in exactly like {other}, which is another project", other=first.name or first.origin
                )
                yield number, Violation(message, found=first.origin)


@batch_rule("X104", Severity.ERROR)
def project_not_issued(batch: Batch) -> Told:
    """The project is not in the list.

    Speaks only where a project list or a register was given, of returns that name a project by its code. Where only a
    name tells it, H105 says that none is called so.

    ## Why it matters

    The return may be of another year, another office, or made up.

    ## How to fix it

    Check the project's code and name; if the project belongs here, add it to the list.
    """
    for number, returned in enumerate(batch.returns):
        if batch.projects and returned.coded and batch.listed(returned) is None:
            who = returned.name or returned.project
            yield number, Violation(say("“{project}” is not in the project list", project=who), found=who)


@batch_rule("X105", Severity.NOTE)
def narrative_shared(batch: Batch) -> Told:
    """The same long text stands in the forms of several projects of one unit.

    ## Why it matters

    A text that fits every project says little of any.

    ## How to fix it

    Say what was done in this project, with its own figures.
    """
    seen: dict[tuple[str, str], int] = {}
    for number, returned in enumerate(batch.returns):
        for label, digest in returned.narratives.items():
            first = seen.setdefault((returned.unit, digest), number)
            other = batch.returns[first]
            if other.project != returned.project:
                message = say("{field} is word for word that of {other}", field=label, other=other.name or other.origin)
                yield number, Violation(message, found=other.origin)


@batch_rule("X106", Severity.NOTE)
def uniform_scores(batch: Batch) -> Told:
    """All forms of a unit have scores from 98 to 100; told once, for five forms or more.

    ## Why it matters

    Scores that never differ measure nothing.

    ## How to fix it

    Look into a few of these forms: targets that are always met were set too low.
    """
    units: dict[str, list[int]] = {}
    for number, returned in enumerate(batch.returns):
        if returned.unit and returned.score is not None:
            units.setdefault(normalize_text(returned.unit), []).append(number)
    for numbers in units.values():
        scores = [batch.returns[number].score for number in numbers]
        if len(numbers) >= _UNIFORM and all(score is not None and _ALIKE[0] <= score <= _ALIKE[1] for score in scores):
            unit = batch.returns[numbers[0]].unit
            message = say("all {count} forms of {unit} score from 98 to 100", count=len(numbers), unit=unit)
            yield numbers[0], Violation(message, found=len(numbers))


def _groups(pairs: Iterable[tuple[int, str]]) -> Iterator[list[int]]:
    groups: dict[str, list[int]] = {}
    for number, key in pairs:
        if key:
            groups.setdefault(key, []).append(number)
    return (numbers for numbers in groups.values() if len(numbers) > 1)
