"""Many files side by side: in order, none lost, whatever a worker process meets."""

from __future__ import annotations

import multiprocessing
import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from xlsform.batch import processes
from xlsform.batch.compare import compared
from xlsform.batch.validate import validate
from xlsform.demo.samples import samples_folder
from xlsform.form.template import load
from xlsform.inbox import Incoming
from xlsform.projects import PackedByCode, Project, read_projects
from xlsform.submission.recognition import recognise
from xlsform.submission.submission import Submission
from xlsform.verdict.judge import Judge
from xlsform.verdict.verdict import Judged, Options, Verdict

SOUND = (samples_folder() / "faultless.xlsx").read_bytes()
KILLER = "killer.xlsx"


def files(count: int, killers: frozenset[int] = frozenset()) -> Iterator[Incoming]:
    for number in range(count):
        name = KILLER if number in killers else f"{number}.xlsx"
        yield Incoming(f"{number:04}", name, SOUND, None, "")


class Deadly(Judge):
    """A judge whose process dies of one file, as it does of a native crash."""

    def verdict(self, incoming: Incoming) -> Verdict:
        if incoming.name == KILLER and isinstance(incoming.data, bytes):
            os._exit(3)
        return super().verdict(incoming)


@pytest.mark.slow
@pytest.mark.parametrize("count", [0, 1, 16, 33, 150])
@pytest.mark.parametrize("jobs", [1, 2])
def test_every_file_has_its_verdict_in_order(count: int, jobs: int) -> None:
    judged = list(validate(files(count), Options(), jobs))
    assert [each.incoming.origin for each in judged] == [f"{number:04}" for number in range(count)]
    assert all(each.verdict.path == each.incoming.origin and each.verdict.findings == () for each in judged)


@pytest.mark.slow
@pytest.mark.parametrize("killers", [{0}, {40}, {149}, {3, 4, 70, 140}])
def test_a_process_that_dies_costs_its_file_a_verdict_and_no_other(
    killers: set[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "Judge", Deadly)
    judged = list(validate(files(150, frozenset(killers)), Options(), 2))
    assert [each.incoming.origin for each in judged] == [f"{number:04}" for number in range(150)]
    assert {number for number, each in enumerate(judged) if each.verdict.status == "unreadable"} == killers
    for number in killers:
        (finding,) = judged[number].verdict.findings
        assert finding.code == "F101"
        assert "made the reader fail" in str(finding.message)


@pytest.mark.slow
def test_a_slow_consumer_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "Judge", Deadly)
    seen: list[Judged] = []
    for each in validate(files(200, frozenset({100})), Options(), 2):
        if len(seen) % 40 == 0:
            import time

            time.sleep(0.05)
        seen.append(each)
    assert len(seen) == 200


@pytest.mark.slow
def test_only_a_few_files_are_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = 0

    def counted() -> Iterator[Incoming]:
        nonlocal taken
        for each in files(2000):
            taken += 1
            yield each

    for number, _ in enumerate(validate(counted(), Options(), 2), 1):
        assert taken - number <= 16 * (4 * 2 + 2)
        if number == 300:
            break


@pytest.mark.slow
def test_the_number_of_processes_changes_nothing(tmp_path: Path) -> None:
    several = [
        Incoming(path.name, path.name, path.read_bytes(), None, "") for path in sorted(samples_folder().glob("*.xlsx"))
    ] * 5
    assert [each.verdict for each in validate(several, Options(), 1)] == [
        each.verdict for each in validate(several, Options(), 2)
    ]


def test_a_fault_of_ours_costs_one_file_its_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(path: Path, *given: Any) -> Submission | None:
        if path.name == KILLER:
            raise ZeroDivisionError
        return recognise(path, *given)

    monkeypatch.setattr("xlsform.verdict.judge.recognise", broken)
    judged = list(validate(files(3, frozenset({1})), Options()))
    assert [each.verdict.status for each in judged] == ["passed", "unreadable", "passed"]
    (finding,) = judged[1].verdict.findings
    assert (finding.code, finding.found) == ("F101", "a fault in xlsform: ZeroDivisionError; please report it")


@pytest.mark.slow
@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_processes_that_inherit_nothing_are_told_all(
    method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "list.csv"
    path.write_text("项目编码,项目名称,实施单位,全年预算数\n001,别的项目,某县公路养护中心,120\n", encoding="utf-8")
    options = Options(
        projects=PackedByCode((each.code, each) for each in read_projects(path, load("mof-2020")).projects)
    )
    before = multiprocessing.get_start_method()
    multiprocessing.set_start_method(method, force=True)
    try:
        judged = list(validate(files(40), options, 2))
    finally:
        multiprocessing.set_start_method(before, force=True)
    assert [each.verdict for each in judged] == [each.verdict for each in validate(files(40), options)]


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_what_is_known_is_passed_on_in_its_place(jobs: int) -> None:
    (other,) = validate([Incoming("known", "known.xlsx", SOUND, None, "")], Options())

    def known(file: Incoming) -> Verdict | None:
        number = int(file.origin)
        return other.verdict if number % 3 == 0 or 50 < number < 500 else None

    paths = [each.verdict.path for each in validate(files(600), Options(), jobs, known)]
    assert paths == ["known" if n % 3 == 0 or 50 < n < 500 else f"{n:04}" for n in range(600)]


@pytest.mark.slow
def test_what_waits_to_be_compared_is_small() -> None:
    (one,) = validate([Incoming("0", "0.xlsx", SOUND, None, "")], Options())
    options = Options(projects={"001": Project("001", "项目", "", "单位", "", {}, (), {}, 2)})

    def many(count: int) -> Iterator[Judged]:
        for number in range(count):
            yield Judged(Incoming(f"{number:04}", f"{number}.xlsx", SOUND + bytes(8), None, ""), one.verdict)

    tracemalloc.start()
    try:
        peaks = []
        for count in (500, 1500):
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            judged = compared(many(count), options, contents=False)
            seen = [bytes(each.incoming.data) for each in judged if isinstance(each.incoming.data, bytes)]
            assert seen == [b""] * count
            peaks.append(tracemalloc.get_traced_memory()[1] - before)
    finally:
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 1000 * 4_000


def test_contents_come_again_where_they_are_wanted() -> None:
    judged = list(validate(files(3), Options()))
    options = Options(projects={"001": Project("001", "项目", "", "单位", "", {}, (), {}, 2)})
    assert [each.incoming for each in compared(iter(judged), options)][:3] == [each.incoming for each in judged]
