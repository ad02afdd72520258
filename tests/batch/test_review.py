"""A second run judges only what is new or changed, and says the same."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support.made_verdicts import finding, missing, unreadable, verdict

from xlsform.batch.remembered import judged_by
from xlsform.batch.review import review
from xlsform.batch.superseded import counted
from xlsform.inbox import Incoming, incoming
from xlsform.projects import ListedIndicator, Project
from xlsform.reading import Limits
from xlsform.register import Register
from xlsform.submission.extract import extract
from xlsform.submission.from_file import open_submission
from xlsform.verdict.judge import Judge
from xlsform.verdict.verdict import Judged, Options, Verdict

ROOT = Path(__file__).parents[2]


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were judged, not remembered."""
    names: list[str] = []
    verdict = Judge.verdict

    def watched(self: Judge, file: Incoming) -> Verdict:
        names.append(file.name)
        return verdict(self, file)

    monkeypatch.setattr(Judge, "verdict", watched)
    return names


def test_what_is_known_is_not_judged_again(tmp_path: Path, judged: list[str]) -> None:
    inbox = tmp_path / "收件箱"
    inbox.mkdir()
    for name in ("faultless", "faults-goal"):
        shutil.copy(ROOT / f"samples/{name}.xlsx", inbox)

    def run() -> list[Judged]:
        judged.clear()
        with Register.open(tmp_path / "register.db", create=True) as register:
            return list(review(incoming([inbox], Limits()), Options(), 1, register))

    first = run()
    assert judged == ["faultless.xlsx", "faults-goal.xlsx"]
    assert [each.verdict for each in run()] == [each.verdict for each in first]
    assert judged == []
    # Another extension is judged: whether it tells the truth is a rule of its own.
    shutil.copy(inbox / "faultless.xlsx", inbox / "copy.xls")
    shutil.copy(ROOT / "samples/faults-head.xlsx", inbox / "faults-goal.xlsx")
    last = run()
    assert judged == ["copy.xls", "faults-goal.xlsx"]
    assert [Path(each.verdict.path).name for each in last] == ["copy.xls", "faultless.xlsx", "faults-goal.xlsx"]
    assert last[2].verdict.findings != first[1].verdict.findings


def test_a_register_keeps_the_data_of_returns(tmp_path: Path) -> None:
    shutil.copy(ROOT / "samples/faults-goal.xlsx", tmp_path / "one.xlsx")
    path = tmp_path / "register.db"
    with Register.open(path, create=True) as register:
        [judged] = review(incoming([tmp_path / "one.xlsx"], Limits()), Options(), 1, register)
        # Whoever writes reports does not carry them about.
        assert judged.verdict.extracted == ""
    data = extract(open_submission(tmp_path / "one.xlsx")[0])
    # The same content from elsewhere is not judged again, and kept with its data all the same.
    shutil.copy(tmp_path / "one.xlsx", tmp_path / "two.xlsx")
    with Register.open(path) as register:
        list(review(incoming([tmp_path / "two.xlsx"], Limits()), Options(), 1, register))
    with closing(sqlite3.connect(path)) as database:
        kept = database.execute("SELECT part, extracted FROM returns").fetchall()
    assert [(part, json.loads(text)) for part, text in kept] == [("", data)] * 2
    assert validated(tmp_path / "one.xlsx").extracted == ""


def validated(path: Path) -> Verdict:
    """Return the verdict of a run without a register."""
    [judged] = review(incoming([path], Limits()), Options(), 1)
    return judged.verdict


def listed(code: str, target: str = "≥120公里") -> Project:
    indicator = ListedIndicator("产出指标", "数量指标", "养护里程", target, Decimal(50))
    return Project(code, f"项目{code}", "某局", "甲", "", {}, (indicator,), {}, 2)


def test_what_is_approved_for_one_project_has_no_other_judged_again() -> None:
    both = judged_by(Options(projects={"1": listed("1"), "2": listed("2")}))
    more = judged_by(Options(projects={"1": listed("1"), "2": listed("2", "≥130公里"), "3": listed("3")}))
    assert both("a.xlsx", "1") == more("b.XLSX", "1")
    assert both("a.xlsx", "2") != more("a.xlsx", "2")
    assert both("a.xlsx", "1") != both("a.xls", "1")
    # By its name it may be any.
    assert both("a.xlsx", None) != more("a.xlsx", None)
    assert both("a.xlsx", "9") != more("a.xlsx", "9")
    paid = judged_by(Options(projects={"1": listed("1")}, accounts={"1": {"funds.total.executed": Decimal(3)}}))
    assert paid("a.xlsx", "1") != both("a.xlsx", "1")


def came(path: str, day: int | None, **own: Any) -> Judged:
    received = None if day is None else datetime(2026, 1, day, tzinfo=UTC)
    return Judged(Incoming(path, path, b"", received, ""), verdict(path=path, **own))


def superseded(*judged: Judged) -> dict[str, str]:
    return {each.path: each.superseded for each in counted(judged) if each.superseded}


def test_of_a_projects_returns_the_newest_counts() -> None:
    assert superseded(came("a", 3), came("b", 5), came("c", None), came("d", 4, project_code="P2")) == {
        "a": "b",
        "c": "b",
    }
    # Received at once: the last one named.
    assert superseded(came("a", 3), came("b", 3)) == {"a": "b"}


def test_without_a_code_name_unit_and_year_tell_a_project() -> None:
    def named(path: str, day: int, **own: Any) -> Judged:
        return came(path, day, project_code=None, **own)

    assert superseded(named("a", 1), named("b", 2)) == {"a": "b"}
    others: list[dict[str, Any]] = [
        {"unit": "水利站"},
        {"year": 2020},
        {"project_name": "桥梁"},
        {"project_code": "P001"},
    ]
    for other in others:
        assert superseded(named("a", 1), came("b", 2, **{"project_code": None} | other)) == {}
    assert superseded(named("a", 1, unit=None), named("b", 2, unit=None)) == {}


def test_neither_a_project_without_a_return_nor_an_unreadable_file_supersedes() -> None:
    nothing = Judged(Incoming("", "", b"", None, ""), missing("单位", "P001", "名"))
    broken = Judged(Incoming("x", "x", b"", None, ""), unreadable("x"))
    assert superseded(came("a", 1), nothing, nothing, broken, broken) == {}


def test_a_forged_return_counts_only_where_there_is_no_better_one() -> None:
    forged = finding("S113")
    later = came("b", 2, status="failed")
    later = later._replace(verdict=replace(later.verdict, findings=(forged,)))
    last = later._replace(verdict=replace(later.verdict, path="c"), incoming=replace(later.incoming, origin="c"))
    assert superseded(came("a", 1), later, last) == {"b": "a", "c": "a"}
    assert superseded(later, last) == {"b": "c"}
