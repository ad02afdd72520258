"""Which of several returns on one project counts."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from xlsform.batch.compare import Claim, set_aside
from xlsform.files.spool import Spool
from xlsform.verdict.verdict import Judged, Verdict


class _Candidate(NamedTuple):
    """A return, without its findings."""

    project: Hashable | None
    """What tells its project from others, None where that cannot be told."""
    claim: Claim
    received: float
    """When it was received, in seconds; 0 where that is not known."""


def counted(judged: Iterable[Judged]) -> Iterator[Verdict]:
    """Yield the verdicts; behind one of several on a project the others follow, marked as superseded.

    The newest return counts, by the date of its mail or file. One whose identity is not its own counts only where no
    other return on its project has the right one.
    """
    candidates: list[_Candidate] = []
    with Spool[Verdict]() as spool:
        for each in judged:
            received = each.incoming.received
            seconds = received.timestamp() if received else 0.0
            candidates.append(_Candidate(_project(each.verdict), Claim.of(each.verdict), seconds))
            spool.add(each.verdict)
        counting = _counting(candidates)
        superseded: dict[Hashable, list[Verdict]] = {}
        for number, verdict in enumerate(spool):
            project = candidates[number].project
            if project is not None and counting[project] != number:
                newer = candidates[counting[project]].claim.path
                superseded.setdefault(project, []).append(replace(verdict, superseded=newer))
        for number, verdict in enumerate(spool):
            project = candidates[number].project
            if project is None:
                yield verdict
            elif counting[project] == number:
                yield verdict
                yield from superseded.get(project, ())


def _counting(candidates: list[_Candidate]) -> Mapping[Hashable, int]:
    """Return the number of the return that counts, by project."""
    aside = set_aside([each.claim for each in candidates])
    best: dict[Hashable, tuple[bool, float, int]] = {}
    for number, (project, claim, received) in enumerate(candidates):
        if project is not None:
            rank = (claim.path not in aside, received, number)
            best[project] = max(best.get(project, rank), rank)
    return {project: number for project, (_, _, number) in best.items()}


def _project(verdict: Verdict) -> Hashable | None:
    """Return what tells the project of a return from others, None where that cannot be told."""
    # Without a path it is on a project that did not return.
    if not verdict.path:
        return None
    if verdict.project_code:
        return (verdict.project_code,)
    named = (verdict.project_name, verdict.unit, verdict.year)
    return named if all(named) else None
