"""A bureau's run over what came in: judged, remembered in the register, compared with one another."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Container, Generator, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from xlsform import __version__
from xlsform.batch.compare import Claim, compared, set_aside
from xlsform.batch.validate import validate
from xlsform.files.spool import Spool
from xlsform.findings import Finding
from xlsform.inbox import Incoming
from xlsform.messages import say
from xlsform.reading.workbook import Unreadable
from xlsform.submission.recognition import known_forms
from xlsform.verdict.verdict import Judged, Options, Verdict

if TYPE_CHECKING:
    from xlsform.batch.dask import Cluster
    from xlsform.register import NewReturn, ProjectStatus, Register

JudgedBy = Callable[[str, str | None], str]
"""Takes a file's name and its project's code."""


def review(
    incoming: Iterable[Incoming],
    options: Options,
    jobs: int,
    register: Register | None = None,
    *,
    remembered: bool = False,
    contents: bool = True,
    watch: Callable[[Iterator[Judged]], Iterator[Judged]] = lambda judged: judged,
    cluster: Cluster | None = None,
) -> Generator[Judged, None, None]:
    """Yield each file with its verdict, in the order given.

    With a register only what is new or changed is judged, and everything is recorded. With a register or a project
    list, returns are compared with one another, which is possible only when the last one is judged; projects that did
    not return follow at the end, as far as the register knows of no return either.

    Args:
        incoming: the files.
        options: what the reviewer asked for.
        jobs: processes to work with.
        register: where returns are remembered.
        remembered: whether the returns that stand for their projects follow, if they came in by an earlier run.
        contents: whether the files' contents are wanted again, and not only the verdicts.
        watch: passes files on as they are judged, which may be long before they are yielded.
        cluster: judges in place of this machine's processes.

    Raises:
        UsageError: the template named cannot be used, the register cannot be written to, or the cluster cannot be reached
            any more.
    """
    judge = partial(validate, options=options, jobs=jobs, cluster=cluster)
    judged = watch(_remembered(incoming, options, judge, register) if register else judge(incoming))
    if not options.projects:
        yield from judged
        return
    together = compared(judged, options, contents=contents)
    if register is None:
        yield from together
        return
    digests: set[str | None] = set()
    for each in _as_registered(together, register):
        digests.add(each.verdict.sha256)
        yield each
    if remembered:
        yield from _remembered_alone(digests, register)


def counted(judged: Iterable[Judged]) -> Iterator[Verdict]:
    """Yield the verdicts; behind one of several on a project the others follow, marked as superseded.

    The newest counts, by the date of its mail or file, but none whose identity is not its own while another's is.
    """
    found: list[tuple[tuple[object, ...], Claim, float]] = []
    with Spool[Verdict]() as spool:
        for each in judged:
            received = each.incoming.received
            found.append((_project(each.verdict), Claim.of(each.verdict), received.timestamp() if received else 0.0))
            spool.add(each.verdict)
        aside = set_aside([claim for _, claim, _ in found])
        best: dict[tuple[object, ...], tuple[bool, float, int]] = {}
        for number, (key, claim, received_at) in enumerate(found):
            if key:
                age = (claim.path not in aside, received_at, number)
                best[key] = max(best.get(key, age), age)
        counting = {key: number for key, (_, _, number) in best.items()}
        others: dict[tuple[object, ...], list[Verdict]] = {}
        for number, verdict in enumerate(spool):
            key = found[number][0]
            if key and counting[key] != number:
                others.setdefault(key, []).append(replace(verdict, superseded=found[counting[key]][1].path))
        for number, verdict in enumerate(spool):
            key = found[number][0]
            if not key or counting[key] == number:
                yield verdict
                yield from others.get(key, ()) if key else ()


def _project(verdict: Verdict) -> tuple[object, ...]:
    """Return what tells the project of a return from others; nothing where that cannot be told."""
    if not verdict.path or verdict.project_code:
        return (verdict.project_code,) if verdict.path else ()
    named = (verdict.project_name, verdict.unit, verdict.year)
    return named if all(named) else ()


def _as_registered(judged: Iterable[Judged], register: Register) -> Iterator[Judged]:
    """Yield what was judged together, with what the register knows of projects: their other returns, days, withdrawals."""
    from xlsform.register import State

    known: dict[str, ProjectStatus] | None = None
    for each in judged:
        # The first comes when the last is judged and recorded: before that the register does not know enough.
        if known is None:
            known = {project.code: project for project in register.status().projects}
        verdict = each.verdict
        project = known.get(verdict.project_code or "")
        if verdict.path:
            told = [_told(finding, project) for finding in verdict.findings] if project else verdict.findings
            yield each._replace(verdict=replace(verdict, findings=tuple(told)))
        elif project is None or project.state is State.OUTSTANDING:
            yield each
        elif project.state is State.OVERDUE:
            yield each._replace(verdict=replace(verdict, overdue=True))


def _remembered_alone(digests: Container[str | None], register: Register) -> Iterator[Judged]:
    """Yield the returns of the register that none of these are."""
    for each in register.returns():
        if each.verdict.sha256 not in digests:
            gone = Incoming(each.origin, Path(each.origin).name, Unreadable("missing"), each.received, "")
            yield Judged(gone, replace(each.verdict, path=each.origin))


def _told(finding: Finding, project: ProjectStatus) -> Finding:
    """Return a finding, saying of a project that was withdrawn why it is not in the list (X104)."""
    from xlsform.register import State

    if finding.code != "X104" or project.state is not State.WITHDRAWN:
        return finding
    reason = project.reason or say("no reason given")
    return finding._replace(message=say("“{project}” was withdrawn ({reason})", project=project.name, reason=reason))


def _remembered(
    incoming: Iterable[Incoming], options: Options, judge: Callable[..., Iterator[Judged]], register: Register
) -> Iterator[Judged]:
    """Judge what the register does not know yet, and record it all."""
    from xlsform.register import NewReturn

    by = judged_by(options)

    def known(file: Incoming) -> Verdict | None:
        if not isinstance(file.data, bytes):
            return None
        verdict = register.known(hashlib.sha256(file.data).hexdigest(), partial(by, file.name))
        # What could not be read may be readable when the machine is less busy, or has more memory.
        if verdict is None or verdict.status == "unreadable":
            return None
        return replace(verdict, path=file.origin)

    passing: deque[Judged] = deque()

    def arrivals() -> Iterator[NewReturn]:
        for judged in judge(incoming, known=known):
            passing.append(judged)
            file = judged.incoming
            yield NewReturn(judged.verdict, file.origin, by(file.name, judged.verdict.project_code), file.received)

    for _ in register.record_returns(arrivals()):
        yield passing.popleft()


def judged_by(options: Options) -> JudgedBy:
    """Return what names all that a verdict depends on besides the content: program, forms, options, what was approved."""
    forms = ",".join(f"{form.id}:{form.digest}" for form in known_forms())
    asked = _digest(f"{__version__}|{forms}|{replace(options, key=None, projects={}, accounts={})}")
    everything = _digest(*map(repr, options.projects.values()), repr(options.accounts))

    def by(name: str, code: str | None) -> str:
        approved = options.projects.get(code) if code is not None else None
        # A file that names no listed project by its code may be taken for any by its name.
        known = f"{approved}|{options.accounts.get(code or '')}" if approved else everything
        # The extension is part of what is judged (F109).
        return _digest(f"{asked}|{Path(name).suffix.lower()}|{known}")

    return by


def _digest(*texts: str) -> str:
    # One by one, since there may be thousands of projects.
    digest = hashlib.sha256()
    for text in texts:
        digest.update(f"{text}\n".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
