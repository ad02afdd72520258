"""Many files side by side: in order, none lost, whatever a worker process meets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from xlsform import batch
from xlsform.batch import Judged, validate
from xlsform.inbox import Incoming
from xlsform.samples import samples_folder
from xlsform.submission import Submission
from xlsform.verdicts import Judge, Options, Verdict

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


@pytest.mark.parametrize("count", [0, 1, 16, 33, 150])
@pytest.mark.parametrize("jobs", [1, 2])
def test_every_file_has_its_verdict_in_order(count: int, jobs: int) -> None:
    judged = list(validate(files(count), Options(), jobs))
    assert [each.incoming.origin for each in judged] == [f"{number:04}" for number in range(count)]
    assert all(each.verdict.path == each.incoming.origin and each.verdict.findings == () for each in judged)


@pytest.mark.parametrize("killers", [{0}, {40}, {149}, {3, 4, 70, 140}], ids=str)
def test_a_process_that_dies_costs_its_file_a_verdict_and_no_other(
    killers: set[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "Judge", Deadly)
    judged = list(validate(files(150, frozenset(killers)), Options(), 2))
    assert [each.incoming.origin for each in judged] == [f"{number:04}" for number in range(150)]
    assert {number for number, each in enumerate(judged) if each.verdict.status == "unreadable"} == killers
    for number in killers:
        (finding,) = judged[number].verdict.findings
        assert finding.code == "F101"
        assert "made the reader fail" in str(finding.message)


def test_a_slow_consumer_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "Judge", Deadly)
    seen: list[Judged] = []
    for each in validate(files(200, frozenset({100})), Options(), 2):
        if len(seen) % 40 == 0:
            import time

            time.sleep(0.05)
        seen.append(each)
    assert len(seen) == 200


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


def test_the_number_of_processes_changes_nothing(tmp_path: Path) -> None:
    several = [
        Incoming(path.name, path.name, path.read_bytes(), None, "") for path in sorted(samples_folder().glob("*.xlsx"))
    ] * 5
    assert [each.verdict for each in validate(several, Options(), 1)] == [
        each.verdict for each in validate(several, Options(), 2)
    ]


def test_a_fault_of_ours_costs_one_file_its_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Judge._inform

    def broken(self: Judge, submission: Submission) -> None:
        if submission.path.name == KILLER:
            raise ZeroDivisionError
        real(self, submission)

    monkeypatch.setattr(Judge, "_inform", broken)
    judged = list(validate(files(3, frozenset({1})), Options()))
    assert [each.verdict.status for each in judged] == ["passed", "unreadable", "passed"]
    (finding,) = judged[1].verdict.findings
    assert (finding.code, finding.found) == ("F101", "a fault in xlsform: ZeroDivisionError; please report it")
