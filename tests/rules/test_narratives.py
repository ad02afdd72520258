from __future__ import annotations

from typing import Any

import pytest
from support.foreign_forms import form_of_goals, returned
from support.forms import TEMPLATES, codes, found, layout_of, row_number, submission
from support.variants import values_only

from xlsform.quantities import normalize_text
from xlsform.submission.submission import Submission

S = "shanxi-2021"
ACTUAL = "自评表!F11"
CELLS = {
    "analysis_execution": "自评表!D41",
    "analysis_output": "自评表!D42",
    "analysis_benefit": "自评表!D43",
    "analysis_satisfaction": "自评表!D44",
    "experience": "自评表!D45",
    "problems": "自评表!D46",
    "improvements": "自评表!D47",
}
LABELS = {
    "analysis_execution": "项目实施和预算执行情况及分析",
    "analysis_output": "产出情况及分析",
    "analysis_benefit": "效益情况及分析",
    "analysis_satisfaction": "满意度情况及分析",
    "experience": "主要经验做法",
    "problems": "项目管理中存在的主要问题及原因分析",
    "improvements": "下一步改进措施及管理建议",
}
LOST = "数量指标 第 1 行·得分 is 19.67 of 20 points"


def full_points(**more: Any) -> Submission:
    """Return the Shanxi form with full points in every row, and all the money spent unless told otherwise."""
    row = f"indicators.{row_number(layout_of(S), '数量指标')}"
    values: dict[str, Any] = {f"{row}.score": 20, f"{row}.actual": "120公里", f"{row}.reason": None}
    values |= {"funds.total.executed": 120, "funds.appropriation.executed": 110}
    return submission(S, **values | more)


# T106


@pytest.mark.parametrize("field", CELLS)
@pytest.mark.parametrize("blank", [None, " \n　"])
def test_a_blank_narrative(field: str, blank: str | None) -> None:
    subject = submission(S, raw={field: blank})
    assert found("T106", subject) == [f"{CELLS[field]} {LABELS[field]} is blank; it has to be filled in"]
    assert codes(subject) == ["T106"]


# T107

#: As the seed's 综述 has it, with the figures of the faultless form.
SUMMARY = (
    "根据年初设定的绩效目标，本项目自评得分为{score}分。"
    "全年预算数为{budget}万元，执行数为{executed}万元，完成预算的{rate}%。"
)
RIGHT = {"score": "99.47", "budget": "120", "executed": "117.6", "rate": "98"}


@pytest.mark.parametrize(
    ("wrong", "quantity", "shown", "table"),
    [
        ({"score": "100"}, "总分", "100分", "99.47分"),
        ({"budget": "100"}, "年度资金总额·全年预算数", "100万元", "120万元"),
        ({"executed": "117.06"}, "年度资金总额·全年执行数", "117.06万元", "117.6万元"),
        ({"rate": "100"}, "年度资金总额·执行率", "100%", "98.00%"),
    ],
)
@pytest.mark.parametrize("field", ["analysis_execution", "problems", "improvements"])
def test_a_figure_of_a_narrative_that_differs(
    field: str, wrong: dict[str, str], quantity: str, shown: str, table: str
) -> None:
    subject = submission(S, typed={field: SUMMARY.format(**RIGHT | wrong)})
    assert found("T107", subject) == [
        f"{CELLS[field]} {LABELS[field]} gives {shown} for {quantity}; the table has {table}"
    ]
    assert codes(subject) == ["T107"]


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_figure_of_the_goal_that_differs(template: str) -> None:
    subject = submission(template, goal_actual="完成养护 118 公里，全年支出 107 万元，其余推迟到次年。")
    assert found("T107", subject) == [
        f"{ACTUAL} 实际完成情况 gives 107万元 for 年度资金总额·全年执行数; the table has 117.6万元"
    ]
    assert codes(subject) == ["T107"]


def test_figures_that_agree() -> None:
    assert codes(submission(S, analysis_execution=SUMMARY.format(**RIGHT))) == []
    subject = submission(S, analysis_execution=SUMMARY.format(**RIGHT), edit=values_only, path="return.xls")
    assert codes(subject) == ["F106"]


@pytest.mark.parametrize(
    "text",
    [
        "全年预算数1200000元，执行数117.6万元。",
        "全年预算数0.012亿元，执行数1176000.00元。",
        "全年预算110万元，执行数107.6万元。",
        "全年预算数 １２０ 万元。",
        "预算安排100万元。",
        "年初预算数100万元，调整后预算120万元。",
        "预算执行率98.0%。",
        "2021年度预算执行率达98.00%。",
        "完成预算的97.97%。",
        "项目总得分99.4分。",
        "自评得分99.5分。",
    ],
)
def test_a_figure_in_another_unit_of_a_source_or_cut_agrees(text: str) -> None:
    exact = {"funds__total__executed": 117.6}
    if "97.97" in text:
        exact = {"funds__total__executed": 117.57, "funds__appropriation__executed": 107.57}
    assert found("T107", submission(S, typed=exact, analysis_execution=text)) == []


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("农村公路养护项目自评得分为98分。", 1),
        ("农村公路养护自评得分98分", 1),
        ("二、自评结果\n自评得分98分", 1),
        ("自评结论：项目绩效自评总分98分。", 1),
        ("截至2021年12月31日，执行数为110万元。", 1),
        ("预算执行情况：全年预算数为110.5万元。", 1),
        ("该项目财政资金预算安排110.5万元。", 1),
        ("项目共完成预算资金1100000.00元", 1),
        ("年初预算数90万元。", 1),
        ("预算执行率99.5%", 1),
        ("占全年预算数的90%", 1),
        ("执行数为1100000元", 1),
        ("根据项目绩效目标，自评得分98分。", 1),
        ("全年预算数为100万。", 1),
        ("自评得分98分。经复核，自评得分97分。", 0),
    ],
)
def test_figures_beyond_doubt(text: str, count: int) -> None:
    assert len(found("T107", submission(S, analysis_execution=text))) == count


@pytest.mark.parametrize(
    "text",
    [
        "产出指标得分49分，效益指标得分30分。",
        "产出指标分值50分，自评得分49分。",
        "预算执行率得分9分。",
        "项目管理规范，自评得分9分。",
        "自评得分90分以上。",
        "自评得分98-99分。",
        "自评得分约98分。",
        "自评实行得分为90分制。",
        "其中：桥梁加固全年预算数30万元，执行数28万元。",
        "该项目含两个子项目，全年预算数30万元。",
        "桥梁加固项目全年预算数为30万元，执行数28万元。",
        "2020年全年预算数为90万元，执行数80万元。",
        "上年全年预算数为90万元。",
        "截至9月，执行数80万元，执行率66.7%。",
        "上半年执行率45%。",
        "全年预算数120余万元，执行数110万元左右。",
        "全年支出30万元用于桥梁加固。",
        "单位整体支出全年预算数9000万元。",
        "含结转资金，全年预算数90万元。",
        "养护率98.5%，优良率90%，群众满意度99%。",
        "全年预算数 12 3 万元。",
        "全年预算数为一百万元。",
        "资金拨付率90%，报账率80%。",
        "桥梁加固等2个项目全年预算数30万元。",
        "100分",
    ],
)
def test_figures_of_a_part_of_another_time_or_in_doubt_are_passed_over(text: str) -> None:
    assert found("T107", submission(S, analysis_execution=text)) == []


def test_the_expected_goal_may_tell_of_the_plan() -> None:
    assert found("T107", submission(S, goal_expected="全年预算数 90 万元，用于农村公路养护。")) == []


def test_the_year_of_the_form_may_be_named_only_where_it_is_known() -> None:
    text = "2021年全年预算数90万元。"
    assert len(found("T107", submission(S, analysis_execution=text))) == 1
    assert found("T107", submission(S, analysis_execution=text, year=None)) == []


@pytest.mark.parametrize("raw", [None, "约117"])
def test_a_table_that_is_blank_or_unusable_contradicts_no_text(raw: str | None) -> None:
    text = SUMMARY.format(score="100", budget="120", executed="110", rate="90")
    assert found("T107", submission(S, analysis_execution=text, raw={"funds.total.executed": raw})) == []


def test_a_text_that_repeats_the_stated_total_is_not_the_one_at_fault() -> None:
    text = SUMMARY.format(**RIGHT | {"score": "100"})
    subject = submission(S, analysis_execution=text, raw={"total_score": 100.0})
    assert codes(subject) == ["T105"]


# T108


@pytest.mark.parametrize(
    "claim", ["无", "没有", "暂无", "无问题", "不存在问题", "项目管理中不存在任何问题", "本项目实施过程中未发现问题"]
)
def test_no_problems_beside_lost_points(claim: str) -> None:
    subject = submission(S, problems=f"{claim}。")
    assert found("T108", subject) == [f"{CELLS['problems']} {LABELS['problems']} says “{claim}”, but {LOST}"]
    assert codes(subject) == ["T108"]


@pytest.mark.parametrize(
    ("field", "claim"),
    [
        ("analysis_execution", "项目已全部完成"),
        ("analysis_execution", "2021年度各项工作任务均已全部按时完成"),
        ("analysis_execution", "全部完成"),
        ("analysis_output", "各项绩效指标均已完成"),
        ("analysis_output", "全部完成年度绩效目标"),
        ("analysis_output", "工作任务100%完成"),
        ("experience", "本项目绩效目标全部实现"),
        ("improvements", "所有指标均达到预期目标"),
    ],
)
def test_all_done_beside_lost_points(field: str, claim: str) -> None:
    subject = submission(S, typed={field: f"加强管理，{claim}。"})
    assert found("T108", subject) == [f"{CELLS[field]} {LABELS[field]} says “{claim}”, but {LOST}"]
    assert codes(subject) == ["T108"]


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("problems", "资金使用方面没有问题，但工期安排不够细。"),
        ("problems", "除工期外，不存在问题。"),
        ("problems", "无重大问题。"),
        ("experience", "无"),
        ("experience", "经验收，不存在问题。"),
        ("analysis_execution", "各项指标未全部完成。"),
        ("analysis_execution", "除2公里外，各项指标均已完成。"),
        ("analysis_execution", "项目实施到位，预算执行完成。"),
        ("analysis_execution", "桥梁加固已全部完成。"),
        ("analysis_output", "绩效目标基本完成。"),
        ("analysis_benefit", "各项指标全部达标。"),
        ("analysis_satisfaction", "满意度指标全部完成，工作全部完成。"),
    ],
)
def test_no_claim_or_one_about_something_else(field: str, text: str) -> None:
    assert found("T108", submission(S, typed={field: text})) == []


def test_a_claim_is_about_the_level_of_its_narrative() -> None:
    row = f"indicators.{row_number(layout_of(S), '社会效益指标')}"
    values: dict[str, Any] = {f"{row}.score": 9, f"{row}.reason": "外出人口增加；今后按常住人口测算。"}
    subject = full_points(analysis_benefit="各项指标全部达标。", **values)
    assert found("T108", subject) == [
        f"{CELLS['analysis_benefit']} {LABELS['analysis_benefit']} says “各项指标全部达标”, "
        "but 社会效益指标 第 1 行·得分 is 9 of 10 points"
    ]
    assert found("T108", full_points(analysis_output="各项指标全部完成。", problems="施工期短。", **values)) == []
    assert found("T108", full_points(analysis_execution="项目全部完成。", problems="施工期短。", **values)) == []


def test_success_without_lost_points_is_no_contradiction() -> None:
    subject = full_points(problems="无", analysis_output="各项绩效指标均已完成。")
    assert codes(subject) == []


@pytest.mark.parametrize(
    "trouble",
    ["2 公里推迟施工", "部分路段未按时完成", "工程进度缓慢", "资金支付滞后", "预算执行率偏低"],
)
def test_trouble_beside_full_points_everywhere(trouble: str) -> None:
    subject = full_points(problems=f"人手较少，{trouble}。")
    assert found("T108", subject) == [
        f"{CELLS['problems']} {LABELS['problems']} says “{normalize_text(trouble)}”, "
        "yet every indicator has full points and the execution rate is 100%"
    ]
    assert codes(subject) == ["T108"]


@pytest.mark.parametrize(
    "text",
    [
        "该项目为经费项目，不能准确预算，工作需进一步细化。",
        "汛期影响进度。",
        "未出现工期延误。",
        "汛期容易造成工期延误。",
        "无滞后情况。",
        "绩效指标设置不够细化。",
    ],
)
def test_problems_that_cost_no_points(text: str) -> None:
    assert found("T108", full_points(problems=text)) == []


def test_trouble_beside_unspent_money_or_lost_points_is_told_rightly() -> None:
    text = "2 公里推迟施工。"
    spent = {"funds.total.executed": 119, "funds.appropriation.executed": 109}
    assert len(found("T108", full_points(problems=text))) == 1
    assert found("T108", full_points(problems=text, **spent)) == []
    assert found("T108", submission(S, problems=text, funds__total__executed=120)) == []
    row = row_number(layout_of(S), "质量指标")
    assert found("T108", full_points(problems=text, raw={f"indicators.{row}.score": None})) == []
    assert found("T108", full_points(improvements=text, problems="施工期短。")) == []


@pytest.mark.parametrize("raw", [None, "优"])
def test_an_unknown_score_contradicts_no_claim(raw: str | None) -> None:
    row = row_number(layout_of(S), "数量指标")
    assert found("T108", submission(S, problems="无", raw={f"indicators.{row}.score": raw})) == []


# T109


@pytest.mark.parametrize(
    ("first", "second"),
    [("analysis_output", "analysis_benefit"), ("experience", "improvements"), ("analysis_execution", "improvements")],
)
def test_a_narrative_that_stands_twice(first: str, second: str) -> None:
    text = "实行路长制，责任到人，逐级考核。"
    subject = submission(S, typed={first: text, second: f" {text.rstrip('。')}\n"})
    assert found("T109", subject) == [f"{CELLS[second]} {LABELS[second]} is the same text as {LABELS[first]}"]
    assert codes(subject) == ["T109"]


def test_a_narrative_that_repeats_the_goal() -> None:
    subject = submission(S, analysis_output="完成养护 118 公里，路况优良率 96%，其余 2 公里因汛期推迟到次年春季。")
    assert found("T109", subject) == [f"{CELLS['analysis_output']} 产出情况及分析 is the same text as 实际完成情况"]


def test_a_goal_that_repeats_the_other_is_a_copy_of_its_own_kind() -> None:
    text = "养护农村公路 120 公里，保持路况良好，群众出行方便。"
    assert codes(submission(S, goal_actual=text)) == ["G102"]


@pytest.mark.parametrize(("text", "count"), [("责任到人，逐级考核、", 0), ("责任到人，逐级考核，奖罚", 1), ("无", 0)])
def test_short_texts_may_be_the_same(text: str, count: int) -> None:
    assert len(found("T109", submission(S, experience=text, improvements=text))) == count


# Other forms


def test_a_faultless_form_has_no_finding() -> None:
    assert codes(submission(S)) == []
    assert codes(full_points(problems="人手较少，巡查频次有待提高。")) == []


def test_a_form_without_table_or_narratives_is_judged_by_what_it_has() -> None:
    subject = returned(form_of_goals(), project_name="修路", goal_actual="全年预算数4万元，自评得分100分，执行率90%。")
    assert [code for code in codes(subject) if code[0] == "T"] == []
