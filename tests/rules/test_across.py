"""What only the returns of a batch together can tell."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from xlsform.projects import Project
from xlsform.rules.across import Batch, Returned
from xlsform.rules.run import judge_together

DAY = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)


def one(project: str, **changes: Any) -> Returned:
    values: dict[str, Any] = {
        "origin": f"{project}.xlsx", "project": project, "coded": True, "name": f"项目{project}",
        "unit": f"单位{project}", "received": DAY,
        "content": f"content {project}", "narratives": {}, "score": Decimal(90),
    }  # fmt: skip
    return Returned(**values | changes)


def listed(*codes: str) -> dict[str, Project]:
    return {code: Project(code, f"项目{code}", "", f"单位{code}", "", {}, (), {}, 2) for code in codes}


def told(*returns: Returned, projects: dict[str, Project] | None = None) -> list[tuple[int | str, str, str]]:
    batch = Batch(returns, projects or {})
    return [(whose, finding.code, str(finding.message)) for whose, finding in judge_together(batch)]


def test_a_sound_batch_gives_nothing() -> None:
    assert told(one("001"), one("002"), projects=listed("001", "002")) == []
    assert told(one("001"), one("002")) == []


def test_a_project_that_did_not_return() -> None:
    assert told(one("001"), projects=listed("001", "002")) == [
        ("002", "X101", "002 项目002 (单位002) has not come back")
    ]


def test_the_newest_of_two_counts() -> None:
    older = one("001", origin="old.xlsx", received=DAY - dt.timedelta(days=1), content="other")
    expected = "the same project came back again in 001.xlsx, which is newer and counts"
    assert told(older, one("001")) == [(0, "X102", expected)]
    assert told(one("001"), older) == [(1, "X102", expected)]


def test_a_project_is_told_by_its_name_where_it_has_no_code() -> None:
    nameless = one("", coded=False, name="项目 001", unit="单位001", origin="x.xlsx", content="other")
    assert [each[1] for each in told(one("001"), nameless, projects=listed("001"))] == ["X102"]


def test_two_projects_with_the_same_content() -> None:
    copy = one("002", content="content 001")
    assert told(one("001"), copy) == [(1, "X103", "filled in exactly like 项目001, which is another project")]
    assert told(one("001", content=""), one("002", content="")) == []


def test_a_project_that_is_not_in_the_list() -> None:
    assert told(one("001"), one("009"), projects=listed("001")) == [(1, "X104", "“项目009” is not in the project list")]
    assert told(one(""), projects=listed("001"))[-1][1] == "X104"


def test_a_text_shared_by_projects_of_one_unit() -> None:
    texts = {"主要经验做法": "digest"}
    first, second = one("001", unit="甲", narratives=texts), one("002", unit="甲", narratives=texts)
    assert told(first, second) == [(1, "X105", "主要经验做法 is word for word that of 项目001")]
    assert told(first, one("002", unit="乙", narratives=texts)) == []


@pytest.mark.parametrize(
    ("scores", "expected"), [((98, 99, 100, 100, 98), 1), ((97, 99, 100, 100, 98), 0), ((99, 99, 99, 99), 0)]
)
def test_scores_that_never_differ(scores: tuple[int, ...], expected: int) -> None:
    forms = [one(f"00{number}", unit="甲", score=Decimal(score)) for number, score in enumerate(scores)]
    assert [each[1] for each in told(*forms)] == ["X106"] * expected
