"""Validate many workbooks side by side."""

from __future__ import annotations

import faulthandler
import os
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from xlsform.findings import Finding, Severity
from xlsform.inbox import Incoming, incoming
from xlsform.reading.contents import Unreadable, took_too_long
from xlsform.rules import judge_together
from xlsform.rules.across import Batch, Returned
from xlsform.verdicts import Judge, Options, Verdict

_CHUNK = 16
_CHUNK_BYTES = 4_000_000
_GRACE = 1.0
"""Seconds more than a file has: the clock of what is read in yet another process is to strike first."""


class Judged(NamedTuple):
    """A file that came in, and what became of it."""

    incoming: Incoming
    verdict: Verdict


def validate(files: Iterable[Incoming], options: Options, jobs: int = 1) -> Iterator[Judged]:
    """Yield each file with its verdict, in the order given; only a few are in memory at a time.

    Args:
        files: what came in.
        options: what the reviewer asked for.
        jobs: processes to work with; one that dies, or exceeds its time, costs its file a verdict, and the rest go on.
            With one job, or one file, all is done in this process, which nothing guards.

    Raises:
        UsageError, TemplateError: the template named cannot be used.
    """
    judge = Judge(options)
    chunks = _chunks(files)
    first = list(islice(chunks, 2))
    # A pool takes longer to start than a file takes.
    if jobs <= 1 or sum(map(len, first)) < 2:
        for chunk in chain(first, chunks):
            yield from (Judged(each, judge.verdict(each)) for each in chunk)
        return
    yield from _pooled(chain(first, chunks), options, jobs)


def verdicts(paths: Sequence[Path], options: Options, jobs: int = 1) -> Iterator[Verdict]:
    """Yield the verdict on everything that files, folders, mails and archives hold.

    Raises:
        UsageError, NothingFoundError: a path that cannot be used, or nothing to read.
    """
    return (each.verdict for each in validate(incoming(paths, options.limits), options, jobs))


def _chunks(files: Iterable[Incoming]) -> Iterator[list[Incoming]]:
    """Yield the files in chunks, bounded in number and in bytes."""
    chunk: list[Incoming] = []
    size = 0
    for each in files:
        chunk.append(each)
        size += len(each.data) if isinstance(each.data, bytes) else 0
        if len(chunk) >= _CHUNK or size >= _CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _pooled(chunks: Iterator[list[Incoming]], options: Options, jobs: int) -> Iterator[Judged]:
    """Judge chunks in worker processes; when one dies, a new pool goes on behind the chunk that it worked on."""
    held: deque[list[Incoming]] = deque()
    """Chunks that were read and have no verdict yet: a pool that breaks loses none of them."""
    while True:
        running: deque[Future[list[Verdict]]] = deque()
        with ProcessPoolExecutor(jobs, initializer=_start, initargs=(options,)) as pool:
            try:
                while True:
                    while len(held) < 4 * jobs and (chunk := next(chunks, None)):
                        held.append(chunk)
                    while len(running) < len(held):
                        running.append(pool.submit(_judge_all, held[len(running)]))
                    if not held:
                        return
                    verdicts = running.popleft().result()
                    yield from map(Judged, held.popleft(), verdicts)
            except BrokenProcessPool:
                suspects = held.popleft()
        yield from (Judged(each, _alone(each, options)) for each in suspects)


_worker: Judge | None = None
_nowhere = -1


def _start(options: Options) -> None:
    """Prepare a worker process: what is the same for all files goes there once."""
    global _worker, _nowhere
    _worker = Judge(options)
    _nowhere = os.open(os.devnull, os.O_WRONLY)
    # Windows has no such limit; there the limits that are counted have to do.
    if sys.platform != "win32":
        import resource

        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        size = options.limits.memory
        resource.setrlimit(resource.RLIMIT_AS, (size if hard == resource.RLIM_INFINITY else min(size, hard), hard))


def _judge_all(chunk: Sequence[Incoming]) -> list[Verdict]:
    return [_judge(each) for each in chunk]


def _judge(incoming: Incoming) -> Verdict:
    assert _worker is not None, "a worker process is prepared before it works"
    # The one clock that also ends what never comes back from a library, whatever the system: it ends the process.
    faulthandler.dump_traceback_later(_worker.options.limits.seconds + _GRACE, exit=True, file=_nowhere)
    try:
        return _worker.verdict(incoming)
    finally:
        faulthandler.cancel_dump_traceback_later()


def _alone(incoming: Incoming, options: Options) -> Verdict:
    """Judge a file in a process of its own, since one of its chunk made a worker die."""
    seconds = options.limits.seconds
    started = time.monotonic()
    try:
        with ProcessPoolExecutor(1, initializer=_start, initargs=(options,)) as pool:
            return pool.submit(_judge_all, [incoming]).result()[0]
    except BrokenProcessPool:
        late = time.monotonic() - started >= seconds + _GRACE
        reason = Unreadable("timeout", took_too_long(seconds)) if late else Unreadable("crashed")
        return Judge(options).verdict(replace(incoming, data=reason))


def compared(judged: Sequence[Judged], options: Options) -> list[Judged]:
    """Return the verdicts with what is wrong across the files added, and one for each project that did not return."""
    aside = set_aside([each.verdict for each in judged])
    recognised = [
        number
        for number, each in enumerate(judged)
        if each.verdict.summary is not None and each.verdict.path not in aside
    ]
    batch = Batch([_returned(judged[number]) for number in recognised], options.projects)
    added: dict[int, list[Finding]] = {}
    outstanding: list[Judged] = []
    for whose, finding in judge_together(batch, options.select, options.ignore):
        if isinstance(whose, int):
            added.setdefault(recognised[whose], []).append(finding)
        else:
            outstanding.append(_outstanding(whose, finding, options))
    return [_with(each, added.get(number, [])) for number, each in enumerate(judged)] + outstanding


def set_aside(verdicts: Iterable[Verdict]) -> set[str]:
    """Return the paths of returns whose identity is not their project's own, where another return has the right one.

    They stand for no project, and are compared with no other: anybody can make a workbook with a project's code in it.
    """
    verdicts = list(verdicts)
    genuine = {each.project_code for each in verdicts if each.path and each.project_code and not each.forged}
    return {each.path for each in verdicts if each.forged and each.project_code in genuine}


def _returned(judged: Judged) -> Returned:
    incoming, verdict = judged
    summary = verdict.summary
    assert summary is not None, "only recognised returns are compared"
    name = verdict.project_name or ""
    return Returned(
        origin=incoming.origin,
        project=verdict.project_code or name,
        name=name,
        unit=verdict.unit or "",
        received=incoming.received,
        content=summary.content,
        narratives=summary.narratives,
        score=verdict.score,
    )


def _with(judged: Judged, added: Sequence[Finding]) -> Judged:
    if not added:
        return judged
    verdict = judged.verdict
    findings = tuple(sorted((*verdict.findings, *added), key=lambda finding: (finding.place, finding.code)))
    worse = verdict.status == "passed" and any(each.severity is Severity.ERROR for each in added)
    return judged._replace(verdict=replace(verdict, findings=findings, status="failed" if worse else verdict.status))


def _outstanding(code: str, finding: Finding, options: Options) -> Judged:
    project = options.projects[code]
    verdict = Verdict(
        path="", sha256=None, status="failed", template=None, year=None, project_code=code,
        project_name=project.name, unit=project.unit, score=None, findings=(finding,),
    )  # fmt: skip
    return Judged(Incoming("", "", Unreadable("missing"), None, ""), verdict)
