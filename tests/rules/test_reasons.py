from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from support.forms import TEMPLATES, codes, findings, found, submission
from support.variants import indicator_codes, place, quality, with_row, with_scoring

from xlsform.quantities import EMPTY_WORDS
from xlsform.submission.submission import Submission

REASON = "汛期影响施工，今后提前排定工期。"
NOTHING = [None, "", " ", "　", "无", "0", "-", "/", "—", "同上", "无。", "已完成", "略"]


@pytest.mark.parametrize("template", TEMPLATES)
def test_points_lost_though_met(template: str) -> None:
    subject = with_row(template, "质量指标", score=9)
    assert found("P102", subject) == [
        f"{place(template, '质量指标', 'score')} 质量指标 第 1 行·得分 is 9 of 10 and no reason is given, although 96% "
        "meets the target ≥95%"
    ]
    assert codes(subject) == ["P102"]
    assert findings(subject, "P102")[0].severity == "warning"


@pytest.mark.parametrize("reason", NOTHING)
def test_a_met_target_asks_once_for_its_reason(reason: str | None) -> None:
    assert indicator_codes(quality(score=9, reason=reason)) == ["P102"]


@pytest.mark.parametrize(
    ("target", "actual"),
    [
        ("合格", "合格"),
        ("合格", "达成年度指标"),
        ("12月31日前", "12月20日"),
        ("95%", "95"),
        ("3-5次", "4次"),
        ("≤20元", "19元"),
    ],
)
def test_what_meets_its_target(target: str, actual: str) -> None:
    assert indicator_codes(quality(target=target, actual=actual, score=9)) == ["P102"]


def test_a_reason_is_enough_for_points_lost_though_met() -> None:
    assert indicator_codes(quality(score=9, reason="路面有坑槽，已列入下年计划。")) == []


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_reason_is_missing(template: str) -> None:
    subject = with_row(template, "数量指标", reason=None)
    assert found("P106", subject) == [
        f"{place(template, '数量指标', 'reason')} 数量指标 第 1 行·偏差原因分析及改进措施 is blank, although the "
        f"score is "
        "19.67 of 20: say why, and what will be done about it"
    ]
    assert codes(subject) == ["P106"]


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("reason", [text for text in NOTHING if text and text.strip()])
def test_a_reason_that_says_nothing(template: str, reason: str) -> None:
    subject = with_row(template, "数量指标", reason=reason)
    assert found("P107", subject) == [
        f"{place(template, '数量指标', 'reason')} 数量指标 第 1 行·偏差原因分析及改进措施 says only “{reason}”, "
        f"although the "
        "score is 19.67 of 20: say why, and what will be done about it"
    ]
    assert codes(subject) == ["P107"]


def test_every_empty_word_says_nothing() -> None:
    for word in EMPTY_WORDS:
        assert indicator_codes(with_row("mof-2020", "数量指标", reason=word)) == ["P107"], word


def test_empty_words_are_added_by_the_template() -> None:
    subject = with_row("mof-2020", "数量指标", reason="详见附件")
    assert indicator_codes(subject) == []
    assert indicator_codes(with_scoring(subject, empty_reasons=["详见附件"])) == ["P107"]


@pytest.mark.parametrize("reason", [" ", "　", "\n"])
def test_spaces_are_a_blank_reason(reason: str) -> None:
    assert indicator_codes(submission(raw={"indicators.1.reason": reason})) == ["P106"]


@pytest.mark.parametrize(
    ("target", "actual"),
    [
        ("≥120公里", "≥120公里"),  # nothing measured
        ("效果明显", "效果一般"),
        ("735人次", "735人"),  # in doubt
    ],
)
def test_what_is_not_met_beyond_doubt_needs_a_reason(target: str, actual: str) -> None:
    assert "P106" in indicator_codes(quality(target=target, actual=actual, score=9))
    assert "P107" in indicator_codes(quality(target=target, actual=actual, score=9, reason="无"))


@pytest.mark.parametrize(
    "changes", [{"score": None}, {"weight": None}, {"score": -1}, {"weight": 0}, {"weight": 10, "score": 11}]
)
@pytest.mark.parametrize("reason", [None, "无"])
def test_no_reason_is_asked_for_where_no_points_were_lost(changes: dict[str, Any], reason: str | None) -> None:
    subject = quality(**({"reason": reason} | changes))
    assert [code for code in indicator_codes(subject) if code in ("P102", "P106", "P107")] == []


@pytest.mark.parametrize("column", ["score", "weight", "reason"])
def test_no_reason_is_asked_for_beside_what_is_unusable(column: str) -> None:
    from xlsform.spreadsheet.values import CellError

    raw = {"indicators.1.reason": None, f"indicators.1.{column}": CellError("#REF!")}
    assert [code for code in indicator_codes(submission(raw=raw)) if code in ("P102", "P106", "P107", "P108")] == []


@pytest.mark.parametrize("reason", [None, "无"])
def test_no_reason_is_asked_for_beside_a_negative_score(reason: str | None) -> None:
    assert [
        code for code in indicator_codes(quality(actual="90%", score=-1, reason=reason)) if code in ("P106", "P107")
    ] == []


@pytest.mark.parametrize(
    "cells", [{"score": 9}, {"actual": "90%", "score": 9.47}, {"name": "巡查", "target": "10次", "actual": "20次"}]
)
def test_no_reason_is_asked_for_where_there_is_no_place_for_it(cells: dict[str, Any]) -> None:
    """The column of reasons was deleted, or the form has none."""
    assert [code for code in indicator_codes(quality(**cells)) if code in ("P102", "P106", "P108")]
    gone = quality(**cells)
    for name, entry in gone.entries.items():
        if name.endswith(".reason"):
            gone.entries[name] = entry._replace(position=None, raw=None, value=None)
    assert indicator_codes(gone) == []
    subject = quality(**cells)
    fields = {name: item for name, item in subject.layout.fields.items() if item.column != "reason"}
    form = dataclasses.replace(subject.form, checks=(), digest="no reasons")
    layout = dataclasses.replace(subject.layout, form=form, fields=fields)
    without = Submission(subject.path, subject.workbook, layout, subject.sheet, subject.identities)
    assert indicator_codes(without) == []


def test_no_reason_is_asked_for_with_full_points_that_cannot_be_judged() -> None:
    assert indicator_codes(quality(target="健全", actual="基本健全", reason="无")) == []


def test_no_reason_is_asked_for_with_full_points() -> None:
    assert indicator_codes(quality(reason="无")) == indicator_codes(quality(reason=None)) == []


@pytest.mark.parametrize("template", TEMPLATES)
def test_far_above_the_target(template: str) -> None:
    subject = with_row(template, "数量指标", target="12次", actual="96次", score=20, reason="无")
    assert found("P108", subject) == [
        f"{place(template, '数量指标', 'reason')} 96次 is 800% of the target 12次; from 120% on a reason is expected "
        f"in "
        "数量指标 第 1 行·偏差原因分析及改进措施"
    ]
    assert codes(subject) == ["P108"]


OVER = [
    ("≥100次", "120次", True),
    ("≥100次", "119.9次", False),
    ("100次", "120次", True),
    (">100次", "150次", True),
    ("=100次", "150次", False),  # missed: P103
    ("≤100次", "10次", False),
    ("3-5次", "9次", False),
    ("≥3%", "3.6%", True),
    ("≥3%", "3.5%", False),
    ("≥80%", "96%", False),  # a share of the whole
    ("≥50%", "100%", False),
    ("≥40%", "60%", True),
    ("≥80%", "120%", True),
    ("≥2万人", "3万人", True),
    ("≥2万人", "30000", False),  # the unit is missing
    ("735人次", "900人", False),  # persons are not visits
    ("≥0次", "5次", False),
    ("0起", "5起", False),
    ("≥100次", "≥150次", False),  # nothing measured
]


@pytest.mark.parametrize(("target", "actual", "over"), OVER)
def test_how_far_is_far_above(target: str, actual: str, over: bool) -> None:
    assert bool(found("P108", quality(target=target, actual=actual, name="受益情况"))) is over


@pytest.mark.parametrize(
    ("name", "target", "actual", "over"),
    [
        ("群众满意度", "≥40%", "60%", False),
        ("群众满意度（%）", "≥40", "60", False),
        ("入户调查率", "≥80", "98", False),
        ("入户调查率", "≥80", "101", True),
        ("入户调查率", "≥80人", "98人", True),
        ("入户调查数", "≥80", "98", True),
        ("投诉次数", "5次", "10次", False),
        ("活动场次", "5场", "10场", True),
    ],
)
def test_whose_result_can_be_far_above(name: str, target: str, actual: str, over: bool) -> None:
    assert bool(found("P108", quality(target=target, actual=actual, name=name))) is over


def test_a_cost_is_not_over_achieved() -> None:
    assert found("P108", with_row("mof-2020", "成本指标", target="5万元", actual="10万元")) == []


def test_a_reason_explains_a_result_far_above() -> None:
    cells = {"target": "12次", "actual": "96次", "name": "巡查"}
    assert indicator_codes(quality(**cells)) == ["P108"]
    assert indicator_codes(quality(**cells, reason="上级增加专项任务，次年调整指标值。")) == []


def test_how_far_is_the_templates_affair() -> None:
    subject = quality(target="100次", actual="125次", name="巡查")
    assert indicator_codes(subject) == ["P108"]
    assert indicator_codes(with_scoring(subject, over_achievement=1.3)) == []
    assert indicator_codes(with_scoring(subject, over_achievement=None)) == ["P108"]


def test_points_lost_far_above_the_target_are_told_once() -> None:
    assert indicator_codes(quality(target="100次", actual="150次", name="巡查", score=9)) == ["P102"]


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_reason_that_contradicts_full_points(template: str) -> None:
    subject = with_row(template, "质量指标", reason="天气原因，部分路段未完成，今后提前排定工期。")
    assert found("P113", subject) == [
        f"{place(template, '质量指标', 'reason')} 质量指标 第 1 行·偏差原因分析及改进措施 tells of “部分路段未完成”, "
        f"although the "
        "score is the full 10"
    ]
    assert codes(subject) == ["P113"]


FAILURE = [
    "未完成",
    "进度滞后",
    "未达到预期目标",
    "因疫情延误工期",
    "群众知晓率偏低",
    "若干路段未完成",
    "项目计划进度滞后",
    "无法按期开工，工期滞后",
    "已完成大部分，仍有2公里未完成",
    "滞后，仍未完成",
    "未按时完成",
    "没有拖欠，但进度缓慢",
    "验收推迟到次年。下年提前安排，避免延误",
]
NO_FAILURE = [
    "无",
    "无未完成事项",
    "无滞后、延误等情况",
    "不存在滞后",
    "没有延误",
    "未发现未达标情况",
    "未出现滞后、延误情况",
    "有效避免了工期延误",
    "为防止延期提前开工",
    "上年未完成任务结转本年",
    "年初指标值设定偏低，今后合理设定",
    "指标值偏低",
    "年初目标偏低",
    "前期滞后，后期已赶上进度",
    "受疫情影响进度滞后，后已全部完成",
    "未完成部分已于12月补齐",
    "一度延误，最终按期完成",
    "按时完成，质量合格",
    "如遇延期及时报告",
]


@pytest.mark.parametrize("reason", FAILURE)
def test_reasons_that_tell_of_failure(reason: str) -> None:
    assert indicator_codes(quality(reason=reason)) == ["P113"]


@pytest.mark.parametrize("reason", NO_FAILURE)
def test_reasons_that_deny_failure_or_tell_of_another(reason: str) -> None:
    assert indicator_codes(quality(reason=reason)) == []


def test_failure_explains_lost_points() -> None:
    assert indicator_codes(quality(score=9, reason="部分路段未完成")) == []


def test_full_points_are_contradicted_once() -> None:
    reason = "进度滞后，部分未完成"
    assert indicator_codes(quality(actual="90%", reason=reason)) == ["P103"]
    assert indicator_codes(quality(target="健全", actual="部分达成年度指标并具有一定效果", reason=reason)) == ["P105"]


def test_a_low_target_explains_a_result_far_above_it() -> None:
    assert (
        indicator_codes(quality(target="10次", actual="20次", name="巡查", reason="原计划偏低，上年任务推迟到本年"))
        == []
    )
    assert indicator_codes(quality(target="10次", actual="11次", name="巡查", reason="三季度进度滞后")) == ["P113"]


def test_words_of_failure_are_the_templates() -> None:
    subject = quality(reason="资料不齐")
    assert indicator_codes(subject) == []
    assert indicator_codes(with_scoring(subject, failure_words=["不齐"])) == ["P113"]
    assert indicator_codes(with_scoring(quality(reason="进度滞后"), failure_words=[])) == []
    assert indicator_codes(with_scoring(quality(reason="进度滞后"), failure_words=None)) == ["P113"]
