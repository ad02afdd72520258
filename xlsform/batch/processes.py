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
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from multiprocessing.context import BaseContext
from pathlib import Path

from xlsform.batch.chunks import AHEAD, Submit, chunked, in_order
from xlsform.inbox import Incoming
from xlsform.reading.workbook import Unreadable, took_too_long
from xlsform.verdict.judge import Judge
from xlsform.verdict.verdict import Judged, Known, Verdict

_CHUNK = 8
"""Files that a process is given at once: of 20 kB each, and with those that are read ahead, some megabytes."""
_GRACE = 1.0
"""Seconds more than a file has: the clock of what is read in yet another process is to strike first."""


#: Makes what judges, in whichever process it is needed.
MakeJudge = Callable[[], Judge]


def pooled(files: Iterable[Incoming], known: Known, judge: Judge, jobs: int) -> Iterator[Judged]:
    """Yield each file with its verdict, in the order given; when a process dies, others go on behind what it worked on.

    Args:
        files: what came in.
        known: asked first, file by file in their order.
        judge: judges where no process is worth its start.
        jobs: processes to work with.
    """
    make = partial(Judge, judge.options)

    @contextmanager
    def started() -> Iterator[Submit]:
        pool = process_pool(make, jobs)
        try:
            yield partial(submit, pool)
        finally:
            # Whoever stops half-way does not wait for chunks that nobody works on yet.
            pool.shutdown(cancel_futures=True)

    ahead = AHEAD * jobs
    yield from in_order(
        chunked(files, known, _CHUNK),
        started,
        lambda: ahead,
        BrokenProcessPool,
        partial(one_by_one, make),
        judge.verdict,
    )


def process_pool(make: MakeJudge, jobs: int, context: BaseContext | None = None) -> ProcessPoolExecutor:
    """Return processes that judge what is given to `submit`; the system's own way to start them where none is named."""
    return ProcessPoolExecutor(jobs, context, initializer=_start, initargs=(make,))


def submit(pool: ProcessPoolExecutor, files: Sequence[Incoming]) -> Future[list[Verdict]]:
    """Have files judged by a process of a pool."""
    # In one piece: what the queue's own thread packs, piece by piece, leaves holes in its memory that add up.
    packed = pickle.dumps(files, pickle.HIGHEST_PROTOCOL)
    if threading.current_thread() is not threading.main_thread():
        return pool.submit(_judge_all, packed)
    # Ctrl-C reaches all processes of a terminal. Those that start now inherit that it is none of their business, before
    # they could say so themselves.
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
            # What a process dies of that has read others before may be theirs.
            if pool is None or verdict is None:
                if pool is not None:
                    pool.shutdown()
                pool = process_pool(make, 1, context)
                verdict = _first(pool, each, make)
            yield verdict
    finally:
        if pool is not None:
            pool.shutdown(cancel_futures=True)


def _first(pool: ProcessPoolExecutor, incoming: Incoming, make: MakeJudge) -> Verdict:
    started = time.monotonic()
    try:
        return submit(pool, [incoming]).result()[0]
    except BrokenProcessPool:
        judge = make()
        seconds = judge.options.limits.seconds
        late = time.monotonic() - started >= seconds + _GRACE
        reason = Unreadable("timeout", took_too_long(seconds)) if late else Unreadable("crashed")
        return judge.verdict(replace(incoming, data=reason))


_worker: Judge | None = None
_nowhere = -1


def _start(make: MakeJudge) -> None:
    """Prepare a worker process: what is the same for all files goes there once."""
    global _worker, _nowhere
    # Where processes start afresh, nothing was inherited.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What was there before shares its memory with the other processes for as long as nobody touches it.
    gc.freeze()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _worker = make()
    _nowhere = os.open(os.devnull, os.O_WRONLY)
    # Windows has no such limit; there the limits that are counted have to do.
    if sys.platform != "win32":
        import resource

        # Whatever was inherited, it is to end the process.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        size = _taken() + _worker.options.limits.memory
        resource.setrlimit(resource.RLIMIT_AS, (size if hard == resource.RLIM_INFINITY else min(size, hard), hard))


def _taken() -> int:
    """Return the bytes of address space that this process has taken before it reads anything; 0 where nobody tells."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


def _end_with_parent() -> None:
    """Wait for the parent to end, which may be killed, and end, too: nobody would ask for anything any more."""
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
    """End this process in so many seconds, even if a library never comes back; with 0, let it live."""
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _by_thread(seconds: float) -> None:
    """Do the same where there is no such signal; it starts a thread each time, which takes as long as much of a file."""
    if seconds:
        faulthandler.dump_traceback_later(seconds, exit=True, file=_nowhere)
    else:
        faulthandler.cancel_dump_traceback_later()


_set_alarm = _by_signal if hasattr(signal, "setitimer") else _by_thread
