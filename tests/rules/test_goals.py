from __future__ import annotations

from typing import Any

import pytest
from support.foreign_forms import form_of_goals, returned
from support.forms import TEMPLATES, codes, found, layout_of, row_number, submission
from support.variants import values_only, with_scoring

from xlsform.form.identity import Identity
from xlsform.reading.workbook import Workbook
from xlsform.submission.submission import Submission

EXPECTED, ACTUAL = "自评表!B11", "自评表!F11"
GOAL = "养护农村公路 120 公里，保持路况良好，群众出行方便。"
LOW: dict[str, Any] = {"funds__total__executed": 90, "funds__appropriation__executed": 80}


# G101


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(
    ("field", "place", "label"), [("goal_expected", EXPECTED, "预期目标"), ("goal_actual", ACTUAL, "实际完成情况")]
)
@pytest.mark.parametrize("blank", [None, "  \n　"])
def test_a_blank_goal(template: str, field: str, place: str, label: str, blank: str | None) -> None:
    subject = submission(template, raw={field: blank})
    assert found("G101", subject) == [f"{place} {label} is blank; it has to be filled in"]
    assert codes(subject) == ["G101"]


def test_two_blank_goals_are_two_places_and_no_copy() -> None:
    assert codes(submission(goal_expected=None, goal_actual=None)) == ["G101", "G101"]


# G102


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("copy", [GOAL, GOAL.rstrip("。"), "养护农村公路１２０公里,保持路况良好,\n群众出行方便"])
def test_a_copied_goal(template: str, copy: str) -> None:
    subject = submission(template, goal_actual=copy)
    assert found("G102", subject) == [
        f"{ACTUAL} 实际完成情况 repeats 预期目标 word for word; it should say what was really done, and how much"
    ]
    assert codes(subject) == ["G102"]


def test_a_goal_that_differs_by_a_figure_is_no_copy() -> None:
    assert codes(submission(goal_actual=GOAL.replace("120", "118"))) == []


# G103


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("完成", "a single word"),
        ("全部完成。", "a single word"),
        ("43.2", "only a number"),
        ("≥1200 公里", "only a number"),
        ("100.00%", "only a number"),
        ("农村公路养护", "only the project's name"),
        ("农村公路养护项目。", "only the project's name"),
    ],
)
def test_a_thin_goal(template: str, text: str, why: str) -> None:
    subject = submission(template, goal_actual=text)
    assert found("G103", subject) == [f"{ACTUAL} 实际完成情况 is {why}; it should say what is done, and how much"]
    assert codes(subject) == ["G103"]


@pytest.mark.parametrize("text", ["路面修复完", "修路两条线。。", "公路养护 2 期", "完成养护 118 公里"])
def test_a_short_sentence_is_none(text: str) -> None:
    assert codes(submission(goal_actual=text)) == []


def test_a_number_in_a_number_cell_and_a_thin_expected_goal() -> None:
    subject = submission(raw={"goal_expected": 43.2, "goal_actual": 37.24})
    assert found("G103", subject) == [
        f"{EXPECTED} 预期目标 is only a number; it should say what is done, and how much",
        f"{ACTUAL} 实际完成情况 is only a number; it should say what is done, and how much",
    ]


def test_two_goals_that_are_the_projects_name() -> None:
    subject = submission(goal_expected="农村公路养护", goal_actual="农村公路养护")
    assert found("G103", subject) == [
        f"{EXPECTED} 预期目标 is only the project's name; it should say what is done, and how much"
    ]
    assert codes(subject) == ["G103", "G102"]


def test_two_goals_that_are_one_word_are_a_copy() -> None:
    assert codes(submission(goal_expected="完成", goal_actual="完成")) == ["G102"]


def test_a_goal_that_was_issued_is_not_the_fillers() -> None:
    def issue(workbook: Workbook) -> None:
        sheet = workbook.sheets[2]
        rows = Identity("mof-2020", "2020.1", (3,) * 9, issued={"goal_expected": "修路"}).sealed().sheet_rows()
        sheet.values = {(row, column): pair[column - 1] for row, pair in enumerate(rows, 1) for column in (1, 2)}

    subject = submission(edit=issue, goal_expected="修路")
    assert subject.issued == {"goal_expected": "修路"}
    assert found("G103", subject) == []
    assert len(found("G103", submission(goal_expected="修路"))) == 1


# G104


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(
    "claim",
    [
        "项目已全部完成",
        "年度目标全面完成",
        "养护任务100%完成",
        "养护任务完成率达到100%",
        "按计划全部按期完成养护任务",
        "各项工作全部完成",
    ],
)
def test_a_claim_beside_low_execution(template: str, claim: str) -> None:
    subject = submission(template, goal_actual=f"在县政府领导下，{claim}，路况良好。", **LOW)
    assert found("G104", subject) == [
        f"{ACTUAL} 实际完成情况 says “{claim}”, but 年度资金总额·执行率 is 75.00%, under 90%"
    ]
    assert codes(subject) == ["G104"]


@pytest.mark.parametrize(("executed", "count"), [("107.98", 1), ("108", 0)])
def test_the_border_of_low_execution(executed: str, count: int) -> None:
    subject = submission(goal_actual="养护任务全部完成。", funds__total__executed=float(executed))
    assert len(found("G104", subject)) == count


def scored(template: str, score: float) -> Submission:
    row = f"indicators.{row_number(layout_of(template), '质量指标')}"
    changes: dict[str, Any] = {f"{row}.score": score, f"{row}.reason": "材料到货晚，次年补做。"}
    return submission(template, goal_actual="养护任务已全部完成。", **changes)


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_claim_beside_a_low_score(template: str) -> None:
    assert found("G104", scored(template, 7.99)) == [
        f"{ACTUAL} 实际完成情况 says “养护任务已全部完成”, but 质量指标 第 1 行·得分 is 7.99 of 10 points"
    ]
    assert found("G104", scored(template, 8)) == []


@pytest.mark.parametrize(
    "text",
    [
        "养护任务未全部完成。",
        "除2公里外，养护任务全部完成。",
        "养护任务全部完成，但资金尚未付清。",
        "一是路面修复全部完成；二是桥梁加固完成60%。",
        "将于次年全部完成。",
        "确保养护任务全部完成。",
        "完成养护 118 公里，路况优良率 100%。",
    ],
)
def test_a_text_that_owns_up_or_claims_nothing(text: str) -> None:
    assert found("G104", submission(goal_actual=text, **LOW)) == []


def test_a_copied_claim_is_only_a_copy() -> None:
    text = "养护任务全部完成。"
    assert codes(submission(goal_expected=text, goal_actual=text, **LOW)) == ["G102"]


def test_the_thresholds_are_the_templates() -> None:
    low = submission(goal_actual="养护任务全部完成。", **LOW)
    assert found("G104", with_scoring(low, low_execution_rate=0.75)) == []
    assert len(found("G104", with_scoring(low, low_execution_rate=None))) == 1
    assert found("G104", with_scoring(scored("mof-2020", 7.99), low_score=0.5)) == []
    assert found("G104", with_scoring(scored("mof-2020", 8), low_score=None)) == []


def test_an_unknown_rate_or_score_contradicts_nothing() -> None:
    text = "养护任务全部完成。"
    assert found("G104", submission(goal_actual=text, raw={"funds.total.executed": "约90"})) == []
    assert found("G104", submission(goal_actual=text, funds__total__executed=None)) == []
    row = row_number(layout_of("mof-2020"), "质量指标")
    assert found("G104", submission(goal_actual=text, raw={f"indicators.{row}.score": None})) == []


# Other forms


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_faultless_form_has_no_finding(template: str) -> None:
    assert codes(submission(template)) == []
    assert [code for code in codes(submission(template, edit=values_only)) if code[0] == "G"] == []


def test_a_form_of_goals_alone_is_judged() -> None:
    subject = returned(
        form_of_goals(), project_name="修路", goal_expected="修好村道三公里", goal_actual="已全部完成修路"
    )
    assert [code for code in codes(subject) if code[0] == "G"] == []
    copied = returned(form_of_goals(), goal_expected="修好村道三公里", goal_actual="修好村道三公里")
    assert [code for code in codes(copied) if code[0] == "G"] == ["G102"]
