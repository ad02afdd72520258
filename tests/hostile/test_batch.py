"""One bad file costs its own verdict and no other: what dies, hangs or eats memory in a worker process."""

from __future__ import annotations

import faulthandler
import gc
import os
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from support.hostile import FAULTLESS

from xlsform.batch import processes
from xlsform.batch.review import review
from xlsform.batch.validate import validate
from xlsform.inbox import Incoming, incoming
from xlsform.reading import Limits
from xlsform.reading.parts import remembering
from xlsform.reading.workbook import Unreadable, Workbook
from xlsform.register import Register
from xlsform.verdict.judge import Judge
from xlsform.verdict.verdict import Judged, Options, Verdict

BAD = "bad.xlsx"
_SECONDS = 1.5
"""Enough for a good file on a busy machine."""


def sleeps() -> None:
    time.sleep(60)


def spins() -> None:
    while True:
        pass


def aborts() -> None:
    faulthandler.disable()  # where everything was is not asked for
    os.abort()


def eats() -> None:
    bytearray(1_000_000_000)


def judged(
    deed: Callable[[], None], monkeypatch: pytest.MonkeyPatch, count: int, bad: set[int], jobs: int = 2
) -> list[Judged]:
    class Bad(Judge):
        def _read_and_judged(self, incoming: Incoming) -> Verdict:
            if incoming.name == BAD and isinstance(incoming.data, bytes):
                deed()
            return super()._read_and_judged(incoming)

    monkeypatch.setattr(processes, "Judge", Bad)
    monkeypatch.setattr(processes, "_GRACE", 0.0)
    files = (Incoming(f"{n:04}", BAD if n in bad else f"{n}.xlsx", FAULTLESS, None, "") for n in range(count))
    return list(validate(files, Options(limits=Limits(seconds=_SECONDS)), jobs))


@pytest.mark.parametrize(
    ("deed", "code", "told", "count", "bad"),
    [
        (sleeps, "F101", "there was no verdict within 1.5 seconds", 3, {1}),
        (spins, "F101", "there was no verdict within 1.5 seconds", 40, {20}),
        (aborts, "F101", "the file made the reader fail", 2, {1}),
        (eats, "F103", "it needs more memory than allowed", 40, {3, 39}),
    ],
)
def test_a_bad_file_costs_its_own_verdict(
    deed: Callable[[], None], code: str, told: str, count: int, bad: set[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = judged(deed, monkeypatch, count, bad)
    assert [each.incoming.origin for each in found] == [f"{number:04}" for number in range(count)]
    assert {n for n, each in enumerate(found) if each.verdict.status == "unreadable"} == bad
    assert all(each.verdict.status == "passed" for n, each in enumerate(found) if n not in bad)
    for number in bad:
        (finding,) = found[number].verdict.findings
        assert finding.code == code
        assert told in str(finding.message)


def test_where_there_is_no_alarm_a_thread_keeps_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_set_alarm", processes._by_thread)
    found = judged(spins, monkeypatch, 3, {1})
    assert [each.verdict.status for each in found] == ["passed", "unreadable", "passed"]


def test_large_parts_are_not_remembered() -> None:
    """A batch of files with large content types, relationships, styles or sheets would else fill a worker's memory."""
    from support.hostile import BOOK, FORM, form_parts, packed

    from xlsform.reading import read_bytes

    names = ("[Content_Types].xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml", BOOK, FORM)

    def read_once() -> None:
        content = dict(form_parts())
        for name in names:
            filling = b" " * 90_000 + os.urandom(100_000).hex().encode()
            content[name] = content[name].replace(b"?>", b"?><!--" + filling + b"-->", 1)
        assert isinstance(read_bytes(packed(content)), Workbook)

    read_once()
    tracemalloc.start()
    try:
        for _ in range(3):
            read_once()
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < 290_000
    finally:
        tracemalloc.stop()


def test_small_parts_are_remembered() -> None:
    read: list[str] = []

    @remembering(4)
    def length(content: bytes, part: str, limits: Limits) -> int:
        read.append(part)
        return len(content)

    for content, part in ((b"x" * 1000, "small"), (b"x" * 300_000, "large")) * 2:
        assert length(content, part, Limits()) == len(content)
    assert read == ["small", "large", "large"]


def test_what_could_not_be_read_is_read_again_with_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine may have been too busy for it, or has more memory now."""
    (tmp_path / "a.xlsx").write_bytes(FAULTLESS)

    def run() -> list[str]:
        with Register.open(tmp_path / "register.db", create=True) as register:
            found = review(incoming([tmp_path / "a.xlsx"], Limits()), Options(), 1, register)
            return [each.verdict.status for each in found]

    with monkeypatch.context() as patch:
        patch.setattr("xlsform.verdict.judge.read_bytes", lambda *_: Unreadable("timeout"))
        assert run() == ["unreadable"]
    assert run() == ["passed"]
