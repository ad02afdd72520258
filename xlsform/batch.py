"""Validate many workbooks side by side."""

from __future__ import annotations

import faulthandler
import gc
import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from xlsform.findings import Finding, Severity
from xlsform.inbox import Incoming, incoming
from xlsform.reading.contents import Unreadable, took_too_long
from xlsform.rules import judge_together
from xlsform.rules.across import Batch, Returned
from xlsform.verdicts import Judge, Options, Verdict
from xlsform.waiting import Waiting

#: Files that a worker process gets at once, and their bytes.
_CHUNK, _CHUNK_BYTES = 16, 4_000_000
_GRACE = 1.0
"""Seconds more than a file has: the clock of what is read in yet another process is to strike first."""

#: Returns the verdict on a file that need not be judged, or None.
Known = Callable[[Incoming], Verdict | None]


class Judged(NamedTuple):
    """A file that came in, and what became of it."""

    incoming: Incoming
    verdict: Verdict


def validate(
    files: Iterable[Incoming], options: Options, jobs: int = 1, known: Known = lambda _: None
) -> Iterator[Judged]:
    """Yield each file with its verdict, in the order given; only a few are in memory at a time.

    Args:
        files: what came in.
        options: what the reviewer asked for.
        jobs: processes to work with; one that dies, or exceeds its time, costs its file a verdict, and the rest go on.
            With one job, or one new file, all is done in this process, which nothing guards.
        known: asked first, file by file in their order.

    Raises:
        UsageError, TemplateError: the template named cannot be used.
    """
    judge = Judge(options)
    if jobs > 1:
        yield from _pooled(_chunks(files, known), judge, jobs)
        return
    for each in files:
        yield Judged(each, known(each) or judge.verdict(each))


def verdicts(paths: Sequence[Path], options: Options, jobs: int = 1) -> Iterator[Verdict]:
    """Yield the verdict on everything that files, folders, mails and archives hold.

    Raises:
        UsageError, NothingFoundError: a path that cannot be used, or nothing to read.
    """
    return (each.verdict for each in validate(incoming(paths, options.limits), options, jobs))


class _Chunk:
    """Some files in a row, of which the new ones are judged together."""

    def __init__(self) -> None:
        self.files: list[tuple[Incoming, Verdict | None]] = []
        self.new: list[Incoming] = []
        self._size = 0

    def add(self, file: Incoming, known: Verdict | None) -> None:
        self.files.append((file, known))
        if known is None:
            self.new.append(file)
        self._size += len(file.data) if isinstance(file.data, bytes) else 0

    @property
    def full(self) -> bool:
        return len(self.new) >= _CHUNK or len(self.files) >= 4 * _CHUNK or self._size >= _CHUNK_BYTES

    def judged(self, verdicts: Iterable[Verdict]) -> Iterator[Judged]:
        new = iter(verdicts)
        return (Judged(file, known or next(new)) for file, known in self.files)


def _chunks(files: Iterable[Incoming], known: Known) -> Iterator[_Chunk]:
    chunk = _Chunk()
    for each in files:
        chunk.add(each, known(each))
        if chunk.full:
            yield chunk
            chunk = _Chunk()
    if chunk.files:
        yield chunk


def _pooled(chunks: Iterator[_Chunk], judge: Judge, jobs: int) -> Iterator[Judged]:
    """Judge chunks in worker processes; when one dies, a new pool goes on behind the chunk that it worked on."""
    held: deque[_Chunk] = deque()
    """Chunks that were read and have no verdict yet: a pool that breaks loses none of them."""
    broken = False
    while True:
        running: deque[Future[list[Verdict]] | None] = deque()
        with _pool(judge.options, jobs) as pool:
            try:
                while True:
                    while len(held) < 4 * jobs and (chunk := next(chunks, None)):
                        held.append(chunk)
                    if not held:
                        return
                    # A pool takes longer to start than a file takes.
                    if not running and not broken and sum(len(chunk.new) for chunk in held) <= 1:
                        verdicts = [judge.verdict(each) for each in held[0].new]
                    else:
                        while len(running) < len(held):
                            running.append(_submit(pool, held[len(running)].new))
                        future = running.popleft()
                        verdicts = future.result() if future else []
                    yield from held.popleft().judged(verdicts)
            except BrokenProcessPool:
                suspects, broken = held.popleft(), True
        yield from suspects.judged(_alone(each, judge.options) for each in suspects.new)


@contextmanager
def _pool(options: Options, jobs: int) -> Iterator[ProcessPoolExecutor]:
    pool = ProcessPoolExecutor(jobs, initializer=_start, initargs=(options,))
    try:
        yield pool
    finally:
        # Whoever stops half-way does not wait for chunks that nobody works on yet.
        pool.shutdown(cancel_futures=True)


def _submit(pool: ProcessPoolExecutor, files: Sequence[Incoming]) -> Future[list[Verdict]] | None:
    if not files:
        return None
    if threading.current_thread() is not threading.main_thread():
        return pool.submit(_judge_all, files)
    # Ctrl-C reaches all processes of a terminal. Those that start now inherit that it is none of their business, before
    # they could say so themselves.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return pool.submit(_judge_all, files)
    finally:
        signal.signal(signal.SIGINT, before or signal.SIG_DFL)


_worker: Judge | None = None
_nowhere = -1


def _start(options: Options) -> None:
    """Prepare a worker process: what is the same for all files goes there once."""
    global _worker, _nowhere
    # Where processes start afresh, nothing was inherited.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What was there before shares its memory with the other processes for as long as nobody touches it.
    gc.freeze()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _worker = Judge(options)
    _nowhere = os.open(os.devnull, os.O_WRONLY)
    # Windows has no such limit; there the limits that are counted have to do.
    if sys.platform != "win32":
        import resource

        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        size = options.limits.memory
        resource.setrlimit(resource.RLIMIT_AS, (size if hard == resource.RLIM_INFINITY else min(size, hard), hard))


def _end_with_parent() -> None:
    """Wait for the parent to end, which may be killed, and end, too: nobody would ask for anything any more."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)


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
        with _pool(options, 1) as pool:
            future = _submit(pool, [incoming])
            assert future is not None, "there is a file to judge"
            return future.result()[0]
    except BrokenProcessPool:
        late = time.monotonic() - started >= seconds + _GRACE
        reason = Unreadable("timeout", took_too_long(seconds)) if late else Unreadable("crashed")
        return Judge(options).verdict(replace(incoming, data=reason))


def compared(judged: Iterable[Judged], options: Options, *, contents: bool = True) -> Iterator[Judged]:
    """Yield the verdicts with what is wrong across the files added, and then one for each project that did not return.

    What that is, is known only when all have come in. Until then they wait in a temporary file, and what is compared,
    less than a thousand bytes a file, in memory.

    Args:
        judged: all files of a batch.
        options: what the reviewer asked for.
        contents: whether the files' contents are wanted again, too, and not only the verdicts.
    """
    recognised: dict[int, Returned] = {}
    claims: list[Claim] = []
    with Waiting[Judged]() as waiting:
        for number, each in enumerate(judged):
            if each.verdict.summary is not None:
                recognised[number] = _returned(each)
                claims.append(Claim.of(each.verdict))
            waiting.add(each if contents else each._replace(incoming=replace(each.incoming, data=b"")))
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
        for number, each in enumerate(waiting):
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
    """Return the paths of returns whose identity is not their project's own, where another return has the right one.

    They stand for no project, and are compared with no other: anybody can make a workbook with a project's code in it.
    """
    genuine = {each.code for each in claims if each.path and each.code and not each.forged}
    return {each.path for each in claims if each.forged and each.code in genuine}


def _returned(judged: Judged) -> Returned:
    incoming, verdict = judged
    summary = verdict.summary
    assert summary is not None, "only recognised returns are compared"
    name = verdict.project_name or ""
    return Returned(
        origin=incoming.origin,
        project=verdict.project_code or name,
        name=name,
        # Many have these in common.
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
    worse = verdict.status == "passed" and any(each.severity is Severity.ERROR for each in added)
    return judged._replace(verdict=replace(verdict, findings=findings, status="failed" if worse else verdict.status))


def _outstanding(code: str, finding: Finding, options: Options) -> Judged:
    project = options.projects[code]
    verdict = Verdict(
        path="", sha256=None, status="failed", template=None, year=None, project_code=code,
        project_name=project.name, unit=project.unit, score=None, findings=(finding,),
    )  # fmt: skip
    return Judged(Incoming("", "", Unreadable("missing"), None, ""), verdict)
