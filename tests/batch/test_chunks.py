"""Whatever judges side by side: files come in order, none is lost, and little is read ahead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from support.made_verdicts import unreadable, verdict

from xlsform.batch.chunks import Answer, ChunkLostError, Submit, chunked, in_order
from xlsform.inbox import Incoming
from xlsform.verdict.judge import Judge
from xlsform.verdict.verdict import Options, Verdict

AHEAD = 3


class InThreads:
    """An executor of threads, which loses every chunk that holds a file of some names."""

    def __init__(self, deadly: frozenset[str] = frozenset(), here: Judge | None = None) -> None:
        self.here = here
        self.deadly = deadly
        self.starts = 0
        self.suspects: list[str] = []

    def ahead(self) -> int:
        return AHEAD

    @contextmanager
    def started(self) -> Iterator[Submit]:
        self.starts += 1
        with ThreadPoolExecutor(2) as pool:

            def submit(files: Sequence[Incoming]) -> Answer:
                return pool.submit(self.judge, list(files))

            yield submit

    def judge(self, files: Sequence[Incoming]) -> list[Verdict]:
        if any(each.name in self.deadly for each in files):
            raise OSError("brought down")
        return [verdict(path=each.origin) for each in files]

    def result(self, answer: Future[list[Verdict]]) -> list[Verdict]:
        try:
            return answer.result()
        except OSError:
            raise ChunkLostError from None

    def one_by_one(self, files: Sequence[Incoming]) -> Iterator[Verdict]:
        for each in files:
            self.suspects.append(each.name)
            yield unreadable(each.origin) if each.name in self.deadly else verdict(path=each.origin)


def files(count: int) -> Iterator[Incoming]:
    return (Incoming(f"{number:03}", str(number), b"", None, "") for number in range(count))


def new(_: Incoming) -> Verdict | None:
    return None


@pytest.mark.parametrize("deadly", [(), ("0",), ("50",), ("49", "50", "98")], ids=str)
def test_a_chunk_that_is_lost_is_judged_file_by_file_and_the_rest_goes_on(deadly: tuple[str, ...]) -> None:
    executor = InThreads(frozenset(deadly))
    judged = list(in_order(chunked(files(99), new, 10), executor))
    assert [each.verdict.path for each in judged] == [f"{number:03}" for number in range(99)]
    assert {each.incoming.name for each in judged if each.verdict.status == "unreadable"} == set(deadly)
    lost = {int(name) // 10 for name in deadly}
    assert executor.suspects == [str(number) for number in range(99) if number // 10 in lost]
    assert executor.starts == 1 + len(lost)


def test_no_more_is_read_than_is_asked_for() -> None:
    taken = 0

    def counting() -> Iterator[Incoming]:
        nonlocal taken
        for each in files(1000):
            taken += 1
            yield each

    for number, _ in enumerate(in_order(chunked(counting(), new, 10), InThreads()), 1):
        assert taken - number < 10 * (AHEAD + 1)


def test_what_is_known_starts_nothing() -> None:
    executor = InThreads()
    judged = in_order(chunked(files(50), lambda file: verdict(path=f"known {file.origin}"), 10), executor)
    assert [each.verdict.path for each in judged] == [f"known {number:03}" for number in range(50)]
    assert executor.suspects == []


def test_a_single_new_file_is_judged_here_until_something_was_lost() -> None:
    class Noting(Judge):
        def verdict(self, incoming: Incoming) -> Verdict:
            return verdict(path=f"here {incoming.origin}")

    def known(file: Incoming) -> Verdict | None:
        return None if file.name in ("5", "400", "401", "2000") else verdict(path=file.origin)

    executor = InThreads(frozenset({"400"}), Noting(Options()))
    judged = {each.incoming.name: each.verdict for each in in_order(chunked(files(2001), known, 10), executor)}
    assert judged["5"].path == "here 005"
    assert judged["400"].status == "unreadable"
    assert (judged["401"].path, judged["2000"].path) == ("401", "2000")
