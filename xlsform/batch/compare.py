"""Compare the returns of a batch with one another, when the last one is judged."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from xlsform.files.spool import Spool
from xlsform.findings import Finding
from xlsform.inbox.incoming import Incoming
from xlsform.reading.workbook import Unreadable
from xlsform.rules.across import Batch, Returned
from xlsform.rules.run import judge_together
from xlsform.verdict import consequences
from xlsform.verdict.consequences import status_of
from xlsform.verdict.verdict import Judged, Options, Verdict


def compared(judged: Iterable[Judged], options: Options, *, contents: bool = True) -> Iterator[Judged]:
    """Yield the verdicts with what is wrong across the files added, and then one for each project that did not return.

    What is wrong across files is known only when all have come in. Until then the verdicts wait in a temporary file; in
    memory there is only what is compared, less than a thousand bytes a file.

    Args:
        judged: all files of a batch.
        options: what the reviewer asked for.
        contents: whether the files' contents are wanted again, and not only the verdicts.
    """
    recognised: dict[int, Returned] = {}
    claims: list[Claim] = []
    with Spool[Judged]() as spool:
        for number, each in enumerate(judged):
            if each.verdict.summary is not None:
                recognised[number] = _returned(each)
                claims.append(Claim.of(each.verdict))
            spool.add(each if contents else each._replace(incoming=replace(each.incoming, data=b"")))
        aside = set_aside(claims)
        numbers = [number for number, returned in recognised.items() if returned.origin not in aside]
        batch = Batch([recognised[number] for number in numbers], options.projects)
        added: dict[int, list[Finding]] = {}
        outstanding: list[tuple[str, Finding]] = []
        for whose, finding in judge_together(batch, options.select, options.ignore):
            if isinstance(whose, int):
                added.setdefault(numbers[whose], []).append(finding)
            else:
                outstanding.append((whose, finding))
        for number, each in enumerate(spool):
            yield _with(each, added.get(number, []))
    yield from (_outstanding(code, finding, options) for code, finding in outstanding)


class Claim(NamedTuple):
    """The project that a return says it is of."""

    path: str
    code: str | None
    forged: bool

    @classmethod
    def of(cls, verdict: Verdict) -> Claim:
        """Return what a verdict's return claims."""
        return cls(verdict.path, verdict.project_code, verdict.forged)


def set_aside(claims: Sequence[Claim]) -> set[str]:
    """Return the paths of returns that count for no project, and are compared with no other."""
    genuine = consequences.genuine((each.code, each.forged) for each in claims if each.path)
    return {each.path for each in claims if consequences.set_aside(each.code, each.forged, genuine)}


def _returned(judged: Judged) -> Returned:
    incoming, verdict = judged
    summary = verdict.summary
    assert summary is not None, "only recognised returns are compared"
    name = verdict.project_name or ""
    return Returned(
        origin=incoming.origin,
        project=verdict.project_code or name,
        coded=verdict.project_code is not None,
        name=name,
        # Thousands of returns share a few hundred units and labels: each of these texts is kept once.
        unit=sys.intern(verdict.unit or ""),
        received=incoming.received,
        content=summary.content,
        narratives={sys.intern(label): digest for label, digest in summary.narratives.items()},
        score=verdict.score,
    )


def _with(judged: Judged, added: Sequence[Finding]) -> Judged:
    if not added:
        return judged
    verdict = judged.verdict
    findings = tuple(sorted((*verdict.findings, *added), key=lambda finding: (finding.place, finding.code)))
    status = status_of(findings, readable=verdict.status != "unreadable")
    return judged._replace(verdict=replace(verdict, findings=findings, status=status))


def _outstanding(code: str, finding: Finding, options: Options) -> Judged:
    project = options.projects[code]
    verdict = Verdict(
        path="", sha256=None, status="failed", template=None, year=None, project_code=code,
        project_name=project.name, unit=project.unit, score=None, findings=(finding,),
    )  # fmt: skip
    return Judged(Incoming("", "", Unreadable("missing"), None, ""), verdict)
