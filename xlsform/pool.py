"""Judge files in worker processes, any of which may die."""

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
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from xlsform.inbox import Incoming
from xlsform.reading.contents import Unreadable, took_too_long
from xlsform.verdicts import Judge, Judged, Known, Options, Verdict

#: Files that a worker process gets at once, and their bytes.
_CHUNK, _CHUNK_BYTES = 16, 4_000_000
_GRACE = 1.0
"""Seconds more than a file has: the clock of what is read in yet another process is to strike first."""


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


def pooled(files: Iterable[Incoming], known: Known, judge: Judge, jobs: int) -> Iterator[Judged]:
    """Yield each file with its verdict, in the order given; when a process dies, others go on behind what it worked on.

    Args:
        files: what came in.
        known: asked first, file by file in their order.
        judge: judges where no process is worth its start.
        jobs: processes to work with.
    """
    chunks = _chunks(files, known)
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
        size = _taken() + options.limits.memory
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
