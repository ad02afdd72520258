from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.forms import TEMPLATES, codes, findings, found, layout_of, row_number, submission
from support.variants import indicator_codes, place, quality, with_row, with_scoring

from xlsform.rules.indicators import indicators
from xlsform.rules.wording import percent


@pytest.mark.parametrize("template", TEMPLATES)
def test_an_actual_value_that_is_an_inequality(template: str) -> None:
    subject = with_row(template, "质量指标", actual="≥95%")
    assert found("P109", subject) == [
        f"{place(template, '质量指标', 'actual')} 质量指标 第 1 行·实际完成值 is “≥95%”, a comparison as in a target; "
        f"it "
        "should be the figure that was reached"
    ]
    assert codes(subject) == ["P109"]


@pytest.mark.parametrize(
    "actual", ["≥90%", ">=95%", "≧95%", "＞95％", "95%以上", "不低于95%", "≤95%", "＜100%", "不少于3次", "20万元以内"]
)
def test_signs_and_words_of_comparison(actual: str) -> None:
    assert indicator_codes(quality(actual=actual)) == ["P109"]


@pytest.mark.parametrize("actual", ["96%", "=95%", "95", "12月31日前", "3-5次", "达到96%", "0.96"])
def test_what_is_no_inequality(actual: str) -> None:
    assert found("P109", quality(actual=actual)) == []


@pytest.mark.parametrize("template", TEMPLATES)
def test_words_where_the_target_is_a_figure(template: str) -> None:
    subject = with_row(template, "质量指标", actual="已完成")
    assert found("P110", subject) == [
        f"{place(template, '质量指标', 'actual')} 质量指标 第 1 行·实际完成值 is “已完成”, but the target ≥95% asks "
        f"for a figure"
    ]
    assert codes(subject) == ["P110"]
    assert findings(subject, "P110")[0].severity == "error"


INCOMPARABLE = [
    ("≥95%", "全部完成", "error"),
    ("735人次", "/", "error"),
    ("735人次", "—", "error"),
    ("3-5次", "按计划开展", "error"),
    ("≥95%", "一般", "error"),
    ("≥95%", "达成年度指标", None),
    ("≥95%", "部分达成年度指标并具有一定效果", None),
    ("≥95%", "已达成预期指标", None),
    ("1套", "一套", None),
    ("3", "三", None),
    ("1套", "统一", "error"),
    ("12场", "十二场次", None),
    ("≥95%", "百分之九十六", None),
    ("100个", "约100个", None),
    ("≥10%", "较上年提升12%", None),
    ("100%", "100%（已验收）", None),
    ("合格", "已完成", None),
    ("0起", "无", None),
    ("≤0起", "未发生", None),
    ("0起", "已完成", "error"),
    ("1起", "无", "error"),
    ("12月31日前", "按时完成", None),
    ("735人次", "97%", "warning"),
    ("≤20万元", "20天", "warning"),
    ("20天", "20次", "warning"),
    ("≥95%", "95分", "warning"),
    ("100%", "12月31日前完成", "warning"),
    ("12个月", "12月", None),
    ("735人次", "735人", None),
    ("8个村", "8村", None),
    ("14种", "14类", None),
    ("5公里", "5000米", None),
    ("1年", "12个月", None),
    ("12次", "1次/月", None),
    ("120", "120公里", None),
    ("25TB", "25T", None),
]


@pytest.mark.parametrize(("target", "actual", "severity"), INCOMPARABLE)
def test_what_can_be_compared(target: str, actual: str, severity: str | None) -> None:
    subject = quality(target=target, actual=actual, name="某项工作")
    assert [finding.severity for finding in findings(subject, "P110")] == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("actual", "message"),
    [
        ("20天", "自评表!F22 成本指标 第 1 行·实际完成值 is 20天, in another unit than the target ≤20万元"),
        (
            "12月31日",
            "自评表!F22 成本指标 第 1 行·实际完成值 is the date 12月31日, but the target ≤20万元 asks for a figure",
        ),
    ],
)
def test_another_unit_and_a_date(actual: str, message: str) -> None:
    subject = with_row("mof-2020", "成本指标", target="≤20万元", actual=actual)
    assert found("P110", subject) == [message]
    assert indicator_codes(subject) == ["P110"]


def test_a_number_cell_is_a_figure() -> None:
    assert indicator_codes(submission(raw={"indicators.4.target": "≥95%", "indicators.4.actual": 0.96})) == []
    assert indicator_codes(submission(raw={"indicators.4.target": 3.0, "indicators.4.actual": "已完成"})) == ["P110"]


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_rate_that_ends_at_100_percent(template: str) -> None:
    subject = with_row(template, "服务对象满意度指标", actual="102%")
    assert found("P111", subject) == [
        f"{place(template, '服务对象满意度指标', 'actual')} 服务对象满意度指标 第 1 行·实际完成值 is 102%, but "
        f"沿线群众满意度 lies "
        "between 0% and 100%"
    ]
    assert codes(subject) == ["P111"]


@pytest.mark.parametrize(
    ("name", "target", "actual", "impossible"),
    [
        ("路面合格率", "≥95%", "100%", 0),
        ("路面合格率", "≥95%", "100.01%", 1),
        ("指标1：路面合格率（%）", "≥95", "105", 1),
        ("路面合格率", "≥95", "100", 0),
        ("路面合格率", "≥95", "101", 1),
        ("路面合格率", "≥95", "-5", 1),
        ("路面合格率", "≥95", "0", 0),
        ("路面合格率", "≥95%", "0%", 0),
        ("路面合格率", "≥95%", "-5%", 1),
        ("路面合格率", "105%", "105%", 2),
        ("路面合格率", "≥95%", "96-102%", 1),
        ("路面合格率", "≥95%", "1", 0),
        ("路面合格率", "合格", "合格", 0),
        ("签约率", "24694人", "22584人", 0),
        ("任务完成率", "100%", "110%", 0),
        ("产值增长率", "≥3%", "-5%", 0),
        ("路面合格率提升", "≥3%", "150%", 0),
    ],
)
def test_which_rates_end_at_100_percent(name: str, target: str, actual: str, impossible: int) -> None:
    subject = quality(name=name, target=target, actual=actual, score=5, reason="今后改进。")
    assert len(found("P111", subject)) == impossible


def test_a_percentage_typed_as_a_number_is_looked_at() -> None:
    def formatted(workbook: Any) -> None:
        workbook.sheets[0].number_formats[16, 6] = "0.0%"

    subject = submission(raw={"indicators.4.name": "路面合格率", "indicators.4.actual": 1.05}, edit=formatted)
    assert found("P111", subject) == [
        "自评表!F16 质量指标 第 1 行·实际完成值 is 105.0%, but 路面合格率 lies between 0% and 100%"
    ]


def test_rates_that_end_at_100_percent_are_the_templates() -> None:
    subject = quality(name="任务完成率", target="100%", actual="110%")
    assert indicator_codes(subject) == []
    assert indicator_codes(with_scoring(subject, capped_rates=["完成率"])) == ["P111"]
    assert found("P111", with_scoring(subject, capped_rates=[])) == []
    assert indicator_codes(with_scoring(quality(name="路面合格率", actual="110%"), capped_rates=None)) == ["P111"]


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_target_that_measures_nothing(template: str) -> None:
    subject = with_row(template, "数量指标", target="逐步提升", actual="逐步提升", score=20, reason=None)
    assert found("P112", subject) == [
        f"{place(template, '数量指标', 'target')} 数量指标 第 1 行·年度指标值 is “逐步提升”, which cannot be measured;"
        f" an "
        "indicator of this kind needs a figure or a date"
    ]
    assert codes(subject) == ["P112"]
    assert findings(subject, "P112")[0].severity == "note"


@pytest.mark.parametrize("template", TEMPLATES)
def test_satisfaction_without_a_figure(template: str) -> None:
    subject = with_row(template, "服务对象满意度指标", target="满意", actual="满意")
    assert found("P112", subject) == [
        f"{place(template, '服务对象满意度指标', 'target')} 服务对象满意度指标 第 1 行·年度指标值 is “满意”; "
        f"satisfaction is told "
        "as a figure (≥90%)"
    ]
    assert codes(subject) == ["P112"]


@pytest.mark.parametrize(
    ("level2", "target", "vague"),
    [
        ("数量指标", "较好", True),
        ("时效指标", "明显加快、有效推进", True),
        ("成本指标", "有效控制", True),
        ("质量指标", "有效提升", False),
        ("可持续影响指标", "持续改善", False),
        ("数量指标", "提升5%", False),
        ("数量指标", "提升三个百分点", False),
        ("时效指标", "及时", False),
        ("时效指标", "12月底前有效完成", False),
        ("成本指标", "符合相关规定", False),
        ("服务对象满意度指标", "90%以上", False),
        ("服务对象满意度指标", "满意度达到九成", True),
        ("服务对象满意度指标", "百分之九十以上", False),
        ("服务对象满意度指标", "不低于上年的90%", False),
    ],
)
def test_which_targets_measure_nothing(level2: str, target: str, vague: bool) -> None:
    assert bool(found("P112", with_row("mof-2020", level2, target=target, actual=target))) is vague


def test_only_money_costs_have_to_be_measured() -> None:
    """Social and ecological costs are told in words."""
    cells = {"name": "环境影响", "target": "有效控制", "actual": "有效控制", "weight": 1, "score": 1}
    assert found("P112", with_row("mof-2021", "生态环境成本指标", **cells)) == []
    assert len(found("P112", with_row("mof-2021", "经济成本指标", **cells))) == 1


@pytest.mark.parametrize("template", TEMPLATES)
def test_money_is_no_quantity(template: str) -> None:
    subject = with_row(
        template, "数量指标", name="拨付补助", target="≥43.2万元", actual="43.2万元", score=20, reason=None
    )
    assert found("P116", subject) == [
        f"{place(template, '数量指标', 'name')} “拨付补助” is an amount of money, not a quantity that the project "
        f"puts out"
    ]
    assert codes(subject) == ["P116"]
    assert findings(subject, "P116")[0].severity == "note"


@pytest.mark.parametrize(("template", "level2"), [("mof-2020", "成本指标"), ("mof-2021", "经济成本指标")])
def test_a_rate_is_no_cost(template: str, level2: str) -> None:
    subject = with_row(template, level2, name="经费投入使用率", target="100%", actual="100%")
    assert found("P116", subject) == [f"{place(template, level2, 'name')} “经费投入使用率” is a rate, not a cost"]
    assert codes(subject) == ["P116"]


@pytest.mark.parametrize(
    ("level2", "name", "target", "misplaced"),
    [
        ("数量指标", "指标1工程资金金额", "43.2", True),
        ("数量指标", "工程资金金额", "43.2公里", False),
        ("数量指标", "补助标准", "3000元/人", False),
        ("数量指标", "补助人数", "43", False),
        ("经济效益指标", "增加收入", "≥43.2万元", False),
        ("成本指标", "办公用品成本节约率", "≥95%", False),
        ("成本指标", "预算控制率", "≤100%", False),
        ("成本指标", "项目总成本", "≤90万元", False),
        ("成本指标", "经费投入", "足额", False),
        ("成本指标", "经费投入", "≤90万元", False),
        ("质量指标", "投入使用率", "100%", False),
    ],
)
def test_what_stands_under_a_kind_it_does_not_belong_to(level2: str, name: str, target: str, misplaced: bool) -> None:
    assert bool(found("P116", with_row("mof-2020", level2, name=name, target=target, actual=target))) is misplaced


def test_a_rate_may_be_a_social_cost() -> None:
    cells = {"name": "废弃物处置率", "target": "100%", "actual": "100%", "weight": 1, "score": 1}
    assert found("P116", with_row("mof-2021", "生态环境成本指标", **cells)) == []


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("指标1：办公 经费", "办公经费"),
        ("指标2办公经费", "办公经费"),
        ("3、办公经费", "办公经费"),
        ("办公经费（万元）", "办公经费"),
        ("0-6岁儿童健康管理数", "0-6岁儿童健康管理数"),
        ("3.5万吨垃圾", "3.5万吨垃圾"),
        ("指标完成率", "指标完成率"),
    ],
)
def test_the_plain_name_of_an_indicator(typed: str, plain: str) -> None:
    assert plain in [indicator.name for indicator in indicators(quality(name=typed))]


@pytest.mark.parametrize(
    ("ratio", "text"), [("8", "800%"), ("0.98333", "98.33%"), ("0.862", "86.2%"), ("1E+60", f"1{'0' * 62}%")]
)
def test_percentages_as_messages_have_them(ratio: str, text: str) -> None:
    assert percent(Decimal(ratio)) == text


TYPED = st.text(max_size=20) | st.text(
    alphabet="0123456789.,%≥≤=<>-~ 万元人次个天月年日前以上达成年度指标部分未无滞后，。（）", max_size=20
)
POINTS = (
    st.none()
    | st.decimals(-10, 110, places=2).map(str)
    | st.sampled_from(["9" * 40, "0." + "0" * 30 + "1", "约4", "—"])
)


@pytest.mark.property
@settings(max_examples=200, deadline=None)
@given(
    TYPED,
    TYPED,
    TYPED,
    TYPED,
    POINTS,
    POINTS,
    st.sampled_from(["数量指标", "时效指标", "成本指标", "服务对象满意度指标"]),
)
@example("", "9" * 40, "1" + "0" * 39, "", "10", "5", "数量指标")
@example("", "0.00000000000000000000000000000000000001", "9" * 39, "", "10", "10", "数量指标")
@example("", "≤0.0000000000000000001", "9" * 39, "", "9" * 40, "5", "成本指标")
@example("", "-5", "-9", "", "10", "5", "成本指标")
@example("", "≤0", "-9", "", "10", "5", "成本指标")
@example("", "=5", "0", "", "10", "10", "数量指标")
def test_whatever_stands_in_a_row_is_judged(
    name: str, target: str, actual: str, reason: str, weight: str | None, score: str | None, level2: str
) -> None:
    number = row_number(layout_of("mof-2020"), level2)
    cells = {"name": name, "target": target, "actual": actual, "reason": reason, "weight": weight, "score": score}
    subject = submission(raw={f"indicators.{number}.{column}": value or None for column, value in cells.items()})
    told = [(finding.code, finding.field) for code in "KP" for finding in findings(subject, code)]
    assert len(told) == len(set(told))
    reasons = [code for code, field in told if code in ("P102", "P106", "P107", "P108") and f".{number}." in str(field)]
    scores = [code for code, field in told if code in ("P101", "P103", "P104", "P105") and f".{number}." in str(field)]
    assert len(reasons) <= 1
    assert len(scores) <= 1
