"""Judge files in worker processes, any of which may die."""

from __future__ import annotations

import faulthandler
import gc
import multiprocessing
import multiprocessing.connection
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from multiprocessing.context import BaseContext
from pathlib import Path

from xlsform.batch.chunks import AHEAD, Answer, ChunkLostError, Submit, chunked, in_order
from xlsform.inbox import Incoming
from xlsform.reading.workbook import Unreadable, took_too_long
from xlsform.verdict.judge import Judge
from xlsform.verdict.verdict import Judged, Known, Verdict

#: Files that a process is given at once. They have 20 kB each: with the chunks that are read ahead, some megabytes.
_CHUNK = 8
#: Seconds that a process has for a file beyond the file's own limit. Old formats are read in yet another process, whose
#: clock has to strike first: it knows better what went wrong.
_GRACE = 1.0

#: Makes what judges, in whichever process it is needed.
MakeJudge = Callable[[], Judge]


def judged_by_processes(files: Iterable[Incoming], known: Known, judge: Judge, jobs: int) -> Iterator[Judged]:
    """Yield each file with its verdict, in the order given; when a process dies, others go on behind what it worked on.

    Args:
        files: what came in.
        known: asked first, file by file in their order.
        judge: judges where no process is worth its start.
        jobs: processes to work with.
    """
    return in_order(chunked(files, known, _CHUNK), _Processes(judge, jobs))


class _Processes:
    """An `Executor` of processes on this machine."""

    def __init__(self, judge: Judge, jobs: int) -> None:
        self.here: Judge | None = judge
        self._jobs = jobs
        self._make = partial(Judge, judge.options)

    def ahead(self) -> int:
        return AHEAD * self._jobs

    @contextmanager
    def started(self) -> Iterator[Submit]:
        pool = process_pool(self._make, self._jobs)
        try:
            yield partial(self._submit, pool)
        finally:
            # Whoever stops half-way does not wait for chunks that nobody works on yet.
            pool.shutdown(cancel_futures=True)

    def _submit(self, pool: ProcessPoolExecutor, files: Sequence[Incoming]) -> Answer:
        try:
            return submit(pool, files)
        except BrokenProcessPool:
            raise ChunkLostError from None

    def result(self, answer: Answer) -> list[Verdict]:
        try:
            return answer.result()
        except BrokenProcessPool:
            raise ChunkLostError from None

    def one_by_one(self, files: Sequence[Incoming]) -> Iterator[Verdict]:
        return one_by_one(self._make, files)


def process_pool(make: MakeJudge, jobs: int, context: BaseContext | None = None) -> ProcessPoolExecutor:
    """Return processes that judge what is given to `submit`; they are started as the system does it, or as told."""
    return ProcessPoolExecutor(jobs, context, initializer=_start, initargs=(make,))


def submit(pool: ProcessPoolExecutor, files: Sequence[Incoming]) -> Answer:
    """Have files judged by a process of a pool."""
    # Packed here, in one piece: left to the queue's own thread, packing leaves its memory in fragments that add up.
    packed = pickle.dumps(files, pickle.HIGHEST_PROTOCOL)
    if threading.current_thread() is not threading.main_thread():
        return pool.submit(_judge_all, packed)
    # Ctrl-C is sent to all processes of a terminal, but only this one is to act on it. The processes that the pool
    # starts now inherit that they ignore it, so that there is no moment in which they do not.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return pool.submit(_judge_all, packed)
    finally:
        signal.signal(signal.SIGINT, before or signal.SIG_DFL)


def one_by_one(make: MakeJudge, files: Iterable[Incoming], context: BaseContext | None = None) -> Iterator[Verdict]:
    """Yield the verdicts on files of which one made a process die; whichever does so again has that for its verdict."""
    pool: ProcessPoolExecutor | None = None
    try:
        for each in files:
            verdict = None
            if pool is not None:
                with suppress(BrokenProcessPool):
                    verdict = submit(pool, [each]).result()[0]
            # A process that has read other files may have died of one of those: only a fresh process proves it.
            if pool is None or verdict is None:
                if pool is not None:
                    pool.shutdown()
                pool = process_pool(make, 1, context)
                verdict = _verdict_of_fresh(pool, each, make)
            yield verdict
    finally:
        if pool is not None:
            pool.shutdown(cancel_futures=True)


def _verdict_of_fresh(pool: ProcessPoolExecutor, incoming: Incoming, make: MakeJudge) -> Verdict:
    """Return the verdict of a process that has judged nothing yet; that it dies or takes too long is a verdict, too."""
    started = time.monotonic()
    try:
        return submit(pool, [incoming]).result()[0]
    except BrokenProcessPool:
        judge = make()
        seconds = judge.options.limits.seconds
        late = time.monotonic() - started >= seconds + _GRACE
        reason = Unreadable("timeout", took_too_long(seconds)) if late else Unreadable("crashed")
        return judge.verdict(replace(incoming, data=reason))


# --- in a worker process

_worker: Judge | None = None
"""What judges in this process."""
_nowhere = -1
"""Where a process that is ended writes what it was doing: nowhere."""


def _start(make: MakeJudge) -> None:
    """Prepare a worker process: what is the same for all files goes there once."""
    global _worker, _nowhere
    # A process that was not forked has not inherited that it ignores Ctrl-C.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A forked process shares the memory of all that was there before, as long as the collector does not write to it.
    gc.freeze()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _worker = make()
    _nowhere = os.open(os.devnull, os.O_WRONLY)
    # Windows cannot limit a process's memory; there the limits on cells, texts and sizes have to do.
    if sys.platform != "win32":
        import resource

        # The alarm has to end this process, whatever handler was inherited.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        size = _taken() + _worker.options.limits.memory
        resource.setrlimit(resource.RLIMIT_AS, (size if hard == resource.RLIM_INFINITY else min(size, hard), hard))


def _taken() -> int:
    """Return the bytes of address space that this process has taken already; 0 where the system does not tell."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


def _end_with_parent() -> None:
    """Wait for the parent, which may be killed, to end, and end as well: nobody else would end this process."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)


def _judge_all(packed: bytes) -> list[Verdict]:
    return [_judge(each) for each in pickle.loads(packed)]


def _judge(incoming: Incoming) -> Verdict:
    assert _worker is not None, "a worker process is prepared before it works"
    _set_alarm(_worker.options.limits.seconds + _GRACE)
    try:
        return _worker.verdict(incoming)
    finally:
        _set_alarm(0)


def _by_signal(seconds: float) -> None:
    """Have this process ended in so many seconds, even if a library never returns; with 0, call that off."""
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _by_thread(seconds: float) -> None:
    """Do the same where there is no such signal.

    It starts a thread each time, which takes as long as a good part of reading a file.
    """
    if seconds:
        faulthandler.dump_traceback_later(seconds, exit=True, file=_nowhere)
    else:
        faulthandler.cancel_dump_traceback_later()


_set_alarm = _by_signal if hasattr(signal, "setitimer") else _by_thread
