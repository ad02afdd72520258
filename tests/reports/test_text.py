"""The report for a terminal."""

from __future__ import annotations

from dataclasses import replace

from support.made_verdicts import ERROR, WARNING, finding, unreadable, verdict

from xlsform.findings import Severity
from xlsform.messages import say
from xlsform.reports.text import render_text
from xlsform.verdict.verdict import Verdict


def lines(*verdicts: Verdict, language: str = "en") -> list[str]:
    return "".join(render_text(verdicts, language)).splitlines()


def outstanding(code: str) -> Verdict:
    told = finding("X101", cell=None)._replace(message=say("{text}", text=f"{code} has not come back"))
    return replace(verdict("failed", told), path="", project_code=code, score=None, summary=None)


def test_what_wants_work_comes_first_and_the_last_line_sums_up() -> None:
    found = lines(
        verdict(),
        outstanding("P9"),
        replace(outstanding("P8"), overdue=True),
        verdict("failed", ERROR, WARNING),
        unreadable(),
    )
    assert [line.split("  ")[0] for line in found if line and not line.startswith(" ")] == [
        "UNREADABLE",
        "FAILED",
        "OVERDUE",
        "NOT RETURNED",
        "PASSED",
        "3 files: 1 passed, 1 failed, 1 unreadable; 1 errors, 1 warnings, 0 notes; 2 projects not returned",
    ]


def test_a_project_that_has_not_returned_is_no_file() -> None:
    found = lines(outstanding("P9"), language="zh")
    assert found[0] == "未返回  农村公路养护（某县公路养护中心）"
    assert found[-1].startswith("共 0 个文件")
    assert found[-1].endswith("另有 1 个项目尚未返回")


def test_alike_warnings_are_told_together_and_errors_one_by_one() -> None:
    alike = [finding("V105", Severity.NOTE, "三位小数", f"自评表!D{row}") for row in range(6, 11)]
    errors = [finding("M106", Severity.ERROR, "得分", f"自评表!J{row}") for row in range(6, 11)]
    found = lines(verdict("failed", *alike, *errors))
    assert "      … and 4 more like it: D7, D8, D9, D10" in found
    assert sum("M106" in line for line in found) == 5


def test_a_text_that_would_steer_the_terminal_is_shown_harmless() -> None:
    hostile = replace(verdict(), project_name="\x1b]0;x\x07项目\u202e\n二")
    found = lines(hostile)
    assert not any(char in line for line in found for char in "\x1b\x07\u202e")
    assert "项目� 二" in found[0]
