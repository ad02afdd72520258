"""A bureau's run over what came in: judged, remembered in the register, compared with one another."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from xlsform import __version__
from xlsform.batch import Judged, compared, set_aside, validate
from xlsform.findings import Finding, say
from xlsform.inbox import Incoming
from xlsform.reading.contents import Unreadable
from xlsform.recognition import known_forms
from xlsform.register import Arrival, ProjectStatus, Register, State
from xlsform.verdicts import Options, Verdict

JudgedBy = Callable[[str, str | None], str]
"""Takes a file's name and its project's code."""


def review(
    incoming: Iterable[Incoming],
    options: Options,
    jobs: int,
    register: Register | None = None,
    *,
    remembered: bool = False,
) -> Iterator[Judged]:
    """Yield each file with its verdict, in the order given.

    With a register only what is new or changed is judged, and everything is recorded. With a register or a project
    list, returns are compared with one another, and projects that did not return follow at the end, as far as the
    register knows of no return either; this holds all verdicts in memory until the last file is judged.

    Args:
        incoming: the files.
        options: what the reviewer asked for.
        jobs: processes to work with.
        register: where returns are remembered.
        remembered: whether the returns that stand for their projects follow, if they came in by an earlier run.

    Raises:
        UsageError: the template named cannot be used, or the register cannot be written to.
    """
    judged = _remembered(incoming, options, jobs, register) if register else validate(incoming, options, jobs)
    if not options.projects:
        yield from judged
        return
    together = compared(list(judged), options)
    if register is None:
        yield from together
        return
    yield from _as_registered(together, register)
    if remembered:
        yield from _remembered_alone(together, register)


def counted(judged: Iterable[Judged]) -> list[Verdict]:
    """Return the verdicts; where several are of one project, all but one are marked as superseded.

    The newest counts, by the date of its mail or file, but none whose identity is not its own while another's is.
    """
    found = [(each.verdict, each.incoming.received) for each in judged]
    aside = set_aside(verdict for verdict, _ in found)
    best: dict[tuple[object, ...], tuple[tuple[bool, float, int], str]] = {}
    for number, (verdict, received) in enumerate(found):
        if key := _project(verdict):
            age = (verdict.path not in aside, received.timestamp() if received else 0.0, number)
            best[key] = max(best.get(key, (age, "")), (age, verdict.path))
    counting = {path for _, path in best.values()}
    return [
        replace(verdict, superseded=best[key][1])
        if (key := _project(verdict)) and verdict.path not in counting
        else verdict
        for verdict, _ in found
    ]


def _project(verdict: Verdict) -> tuple[object, ...]:
    """Return what tells the project of a return from others; nothing where that cannot be told."""
    if not verdict.path or verdict.project_code:
        return (verdict.project_code,) if verdict.path else ()
    named = (verdict.project_name, verdict.unit, verdict.year)
    return named if all(named) else ()


def _as_registered(judged: Iterable[Judged], register: Register) -> Iterator[Judged]:
    """Yield what was judged together, with what the register knows of projects: their other returns, days, withdrawals."""
    known = {each.code: each for each in register.status().projects}
    for each in judged:
        verdict = each.verdict
        project = known.get(verdict.project_code or "")
        if verdict.path:
            told = [_told(finding, project) for finding in verdict.findings] if project else verdict.findings
            yield each._replace(verdict=replace(verdict, findings=tuple(told)))
        elif project is None or project.state is State.OUTSTANDING:
            yield each
        elif project.state is State.OVERDUE:
            yield each._replace(verdict=replace(verdict, overdue=True))


def _remembered_alone(judged: Sequence[Judged], register: Register) -> Iterator[Judged]:
    """Yield the returns of the register that none of these are."""
    digests = {each.verdict.sha256 for each in judged}
    for each in register.returns():
        if each.verdict.sha256 not in digests:
            gone = Incoming(each.origin, Path(each.origin).name, Unreadable("missing"), each.received, "")
            yield Judged(gone, replace(each.verdict, path=each.origin))


def _told(finding: Finding, project: ProjectStatus) -> Finding:
    """Return a finding, saying of a project that was withdrawn why it is not in the list (X104)."""
    if finding.code != "X104" or project.state is not State.WITHDRAWN:
        return finding
    reason = project.reason or say("no reason given")
    return replace(finding, message=say("“{project}” was withdrawn ({reason})", project=project.name, reason=reason))


def _remembered(incoming: Iterable[Incoming], options: Options, jobs: int, register: Register) -> Iterator[Judged]:
    """Judge what the register does not know yet, and record it all."""
    by = judged_by(options)
    waiting: deque[Judged | None] = deque()

    def unknown() -> Iterator[Incoming]:
        for each in incoming:
            known = _known(register, each, by)
            waiting.append(known)
            if known is None:
                yield each

    def ordered() -> Iterator[Judged]:
        for judged in validate(unknown(), options, jobs):
            while waiting and (known := waiting[0]) is not None:
                waiting.popleft()
                yield known
            waiting.popleft()
            yield judged
        yield from (known for known in waiting if known is not None)

    passing: deque[Judged] = deque()

    def arrivals() -> Iterator[Arrival]:
        for judged in ordered():
            passing.append(judged)
            file = judged.incoming
            yield Arrival(judged.verdict, file.origin, by(file.name, judged.verdict.project_code), file.received)

    for _ in register.record_returns(arrivals()):
        yield passing.popleft()


def _known(register: Register, incoming: Incoming, by: JudgedBy) -> Judged | None:
    if not isinstance(incoming.data, bytes):
        return None
    verdict = register.known(hashlib.sha256(incoming.data).hexdigest(), partial(by, incoming.name))
    return Judged(incoming, replace(verdict, path=incoming.origin)) if verdict else None


def judged_by(options: Options) -> JudgedBy:
    """Return what names all that a verdict depends on besides the content: program, forms, options, what was approved."""
    forms = ",".join(f"{form.id}:{form.digest}" for form in known_forms())
    asked = _digest(f"{__version__}|{forms}|{replace(options, key=None, projects={}, accounts={})}")
    everything = _digest(f"{options.projects}|{options.accounts}")

    def by(name: str, code: str | None) -> str:
        approved = options.projects.get(code) if code is not None else None
        # A file that names no listed project by its code may be taken for any by its name.
        known = f"{approved}|{options.accounts.get(code or '')}" if approved else everything
        # The extension is part of what is judged (F109).
        return _digest(f"{asked}|{Path(name).suffix.lower()}|{known}")

    return by


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
