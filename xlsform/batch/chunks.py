"""Files in chunks: judged side by side by whatever executes, their verdicts in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import AbstractContextManager

from xlsform.inbox import Incoming
from xlsform.verdict.verdict import Judged, Known, Verdict

#: Bytes of files that are judged at once.
_CHUNK_BYTES = 4_000_000
#: Chunks that are read ahead for each process that judges: none of them is to wait for the slowest.
AHEAD = 4
_PATIENCE = 2.0
"""Seconds after which it is asked again how many processes there are."""

Answer = Future[list[Verdict]]
#: Has files judged; returns at once.
Submit = Callable[[Sequence[Incoming]], Answer]


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


def in_order(
    chunks: Iterator[Chunk],
    started: Callable[[], AbstractContextManager[Submit]],
    ahead: Callable[[], int],
    lost: type[Exception],
    one_by_one: Callable[[Sequence[Incoming]], Iterable[Verdict]],
    here: Callable[[Incoming], Verdict] | None = None,
    result: Callable[[Answer], list[Verdict]] = Future.result,
) -> Iterator[Judged]:
    """Yield each file with its verdict, in the order given; a chunk that brings down what judges it is judged file by file.

    Args:
        chunks: what is to be judged.
        started: starts what judges; left when all is done, when something was lost, or when nobody wants the rest.
        ahead: chunks that may be read before the first of them is judged; asked again and again.
        lost: raised for a chunk that brought down what judged it; what judges is then started anew.
        one_by_one: judges the new files of such a chunk, of which one may do it again.
        here: judges a single new file, where starting anything takes longer than that.
        result: returns what an answer that has come says, or raises ``lost``.
    """
    held: deque[Chunk] = deque()
    """Chunks that were read and have no verdict yet: what breaks down loses none of them."""
    while True:
        running: deque[Answer | None] = deque()
        with started() as submit:
            try:
                while True:
                    while len(held) < ahead() and (chunk := next(chunks, None)):
                        held.append(chunk)
                    if not held:
                        return
                    if here and not running and sum(len(chunk.new) for chunk in held) <= 1:
                        verdicts = [here(each) for each in held[0].new]
                    else:
                        while len(running) < len(held):
                            new = held[len(running)].new
                            running.append(submit(new) if new else None)
                        if (first := running[0]) and not arrived(first):
                            continue
                        running.popleft()
                        verdicts = result(first) if first else []
                    yield from held.popleft().judged(verdicts)
            except lost:
                suspects, here = held.popleft(), None
        yield from suspects.judged(one_by_one(suspects.new))


def arrived(answer: Answer) -> bool:
    """Wait a little; whether an answer has come then, of whatever kind."""
    wait([answer], _PATIENCE)
    return answer.done()
