"""Files in chunks, judged side by side by an executor, their verdicts in the order of the files.

An executor is what judges many files at once: `batch.processes` has one of processes on this machine, `batch.dask` one
of a cluster.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import AbstractContextManager
from typing import Protocol

from xlsform.inbox import Incoming
from xlsform.verdict.judge import Judge
from xlsform.verdict.verdict import Judged, Known, Verdict

#: Bytes of files at which a chunk is full.
_CHUNK_BYTES = 4_000_000
#: Chunks that are read ahead for each process that judges, so that no process has to wait while another is slow.
AHEAD = 4
#: Seconds to wait for an answer before `Executor.ahead` is asked again: a cluster may have grown, or lost its workers.
_PATIENCE = 2.0

#: The verdicts on the files of a chunk, once they are there.
Answer = Future[list[Verdict]]
#: Has files judged; returns at once.
Submit = Callable[[Sequence[Incoming]], Answer]


class ChunkLostError(Exception):
    """What judged a chunk was brought down, most probably by one of its files."""


class Executor(Protocol):
    """Judges chunks of files side by side, each file at the risk of bringing down what judges it."""

    @property
    def here(self) -> Judge | None:
        """Judges a single new file in this process, if that is quicker than to start anything for it."""

    def ahead(self) -> int:
        """Return how many chunks may be read before the first of them is judged; asked again and again."""

    def started(self) -> AbstractContextManager[Submit]:
        """Start what judges; it ends with the block, whether or not all that was submitted is judged."""

    def result(self, answer: Answer) -> list[Verdict]:
        """Return the verdicts of an answer that has come.

        Raises:
            ChunkLostError: there are none; what judges has to be started anew.
        """

    def one_by_one(self, files: Sequence[Incoming]) -> Iterable[Verdict]:
        """Return the verdicts on the files of a chunk that was lost; one that does it again costs its own verdict."""


class Chunk:
    """Some files in a row, of which the new ones are judged together."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.files: list[tuple[Incoming, Verdict | None]] = []
        self.new: list[Incoming] = []
        self._size = 0

    def add(self, file: Incoming, known: Verdict | None) -> None:
        """Add a file, with its verdict where that is known."""
        self.files.append((file, known))
        if known is None:
            self.new.append(file)
        self._size += len(file.data) if isinstance(file.data, bytes) else 0

    @property
    def full(self) -> bool:
        """Whether it is enough for one task."""
        return len(self.new) >= self._most or len(self.files) >= 4 * self._most or self._size >= _CHUNK_BYTES

    def judged(self, verdicts: Iterable[Verdict]) -> Iterator[Judged]:
        """Yield all files, the new ones with these verdicts."""
        new = iter(verdicts)
        return (Judged(file, known or next(new)) for file, known in self.files)


def chunked(files: Iterable[Incoming], known: Known, most: int) -> Iterator[Chunk]:
    """Yield the files in chunks.

    Args:
        files: what came in.
        known: asked first, file by file in their order.
        most: new files in a chunk.
    """
    chunk = Chunk(most)
    for each in files:
        chunk.add(each, known(each))
        if chunk.full:
            yield chunk
            chunk = Chunk(most)
    if chunk.files:
        yield chunk


def in_order(chunks: Iterator[Chunk], executor: Executor) -> Iterator[Judged]:
    """Yield each file with its verdict, in the order given.

    A chunk that brings down what judges it is judged file by file, and the rest goes on behind it.
    """
    held: deque[Chunk] = deque()
    """Chunks that were read and have no verdicts yet: what breaks down loses none of them."""
    here = executor.here
    while True:
        try:
            yield from _judged(chunks, held, executor, here)
            return
        except ChunkLostError:
            suspects = held.popleft()
        # From now on no file is judged in this process: one that brings it down would end the whole batch.
        here = None
        yield from suspects.judged(executor.one_by_one(suspects.new))


def _judged(chunks: Iterator[Chunk], held: deque[Chunk], executor: Executor, here: Judge | None) -> Iterator[Judged]:
    """Yield the files of chunks with their verdicts until all are judged, or the first that is held is lost.

    Raises:
        ChunkLostError: that chunk is still held, and so are those behind it.
    """
    running: deque[Answer | None] = deque()
    """The answers to the first of the chunks held, None where a chunk has nothing new."""
    with executor.started() as submit:
        while _read_ahead(chunks, held, executor.ahead()):
            if here is not None and not running and sum(len(chunk.new) for chunk in held) <= 1:
                verdicts = [here.verdict(each) for each in held[0].new]
            else:
                while len(running) < len(held):
                    new = held[len(running)].new
                    running.append(submit(new) if new else None)
                first = running[0]
                if first is not None and not arrived(first):
                    continue
                running.popleft()
                verdicts = executor.result(first) if first is not None else []
            yield from held.popleft().judged(verdicts)


def _read_ahead(chunks: Iterator[Chunk], held: deque[Chunk], most: int) -> bool:
    """Hold so many chunks, or all that there are; return whether there is any."""
    while len(held) < most and (chunk := next(chunks, None)):
        held.append(chunk)
    return bool(held)


def arrived(answer: Answer) -> bool:
    """Wait a little; return whether an answer is there then, of whatever kind."""
    wait([answer], _PATIENCE)
    return answer.done()
