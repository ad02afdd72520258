from __future__ import annotations

from typing import Any

import pytest
from support.forms import TEMPLATES, codes, found, layout_of, submission
from support.variants import FIRST, of_rows, place, with_row, with_scoring

from xlsform.submission.submission import Submission

LEVELS = {
    "mof-2020": {"产出指标": "数量指标", "效益指标": "经济效益指标", "满意度指标": "服务对象满意度指标"},
    "mof-2021": {
        "成本指标": "经济成本指标",
        "产出指标": "数量指标",
        "效益指标": "经济效益指标",
        "满意度指标": "服务对象满意度指标",
    },
}
LEVELS["shanxi-2021"] = LEVELS["mof-2020"]
BY_LEVEL = [(template, *pair) for template in TEMPLATES for pair in LEVELS[template].items()]


def without(template: str, *kinds: str, **changes: Any) -> Submission:
    """Return a faultless form whose indicators of some level-1 or level-2 kinds are cleared."""
    cleared = {
        item.name: None
        for item in layout_of(template).fields.values()
        if item.table == "indicators" and (item.level1 in kinds or item.level2 in kinds)
    }
    return submission(template, **(cleared | changes))


@pytest.mark.parametrize(("template", "level1", "level2"), BY_LEVEL)
def test_a_level1_without_indicators_is_missing(template: str, level1: str, level2: str) -> None:
    expected = f"{place(template, level2, 'name')} no indicator is filled in under {level1}; at least one is required"
    assert found("K104", without(template, level1)) == [expected]


def test_a_missing_level1_is_not_told_again_by_its_kinds() -> None:
    assert [code for code in codes(without("mof-2020", "效益指标", "产出指标")) if code[0] in "KP"] == ["K104", "K104"]


def test_required_levels_are_those_with_points_or_those_named() -> None:
    subject = without("mof-2020", "满意度指标")
    weights = {"产出指标": 60, "效益指标": 30, "满意度指标": 0}
    assert found("K104", with_scoring(subject, level_weights=weights)) == []
    assert found("K104", with_scoring(subject, level_weights=None)) == []
    assert len(found("K104", with_scoring(subject, level_weights=weights, required_levels=["满意度指标"]))) == 1
    assert found("K104", with_scoring(subject, required_levels=["产出指标", "社会责任指标"])) == []


def test_one_value_is_enough_to_use_a_level1() -> None:
    subject = without("mof-2020", "满意度指标", **{"indicators.26.target": "≥90%"})
    assert found("K104", subject) == []


@pytest.mark.parametrize("template", TEMPLATES)
def test_each_kind_of_output_needs_an_indicator(template: str) -> None:
    expected = (
        f"{place(template, '质量指标', 'name')} under 产出指标 no indicator is filled in for 质量指标, 时效指标; "
        "each of them needs one"
    )
    assert found("K105", without(template, "质量指标", "时效指标")) == [expected]


def test_cost_is_a_kind_of_output_only_where_the_form_has_it_so() -> None:
    assert len(found("K105", without("mof-2020", "成本指标"))) == 1
    assert found("K105", submission("mof-2021")) == []


@pytest.mark.parametrize("template", ["mof-2020", "shanxi-2021"])
def test_one_kind_of_benefit_of_four_is_few(template: str) -> None:
    assert found("K105", without(template, "经济效益指标")) == []
    expected = (
        f"{place(template, '经济效益指标', 'name')} under 效益指标 1 of 4 kinds has an indicator, at least 2 are "
        "expected; blank: 经济效益指标, 社会效益指标, 生态效益指标"
    )
    assert found("K105", without(template, "经济效益指标", "社会效益指标")) == [expected]


def test_one_kind_of_benefit_of_three_will_do() -> None:
    assert found("K105", submission("mof-2021")) == []


def test_no_kind_is_required_unless_the_template_says_so() -> None:
    subject = without("mof-2020", "经济效益指标", "社会效益指标", "质量指标")
    assert len(found("K105", subject)) == 2
    assert found("K105", with_scoring(subject, required_level2=None)) == []
    assert len(found("K105", with_scoring(subject, required_level2={"效益指标": {"kinds": ["社会效益指标"]}}))) == 1
    assert found("K105", with_scoring(submission(), required_level2={"满意度指标": {"at_least": 2}})) == []


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(
    ("column", "label"), [("target", "年度指标值"), ("actual", "实际完成值"), ("weight", "分值"), ("score", "得分")]
)
def test_a_row_that_lacks_a_value_is_incomplete(template: str, column: str, label: str) -> None:
    subject = with_row(template, "质量指标", **{column: None})
    where = place(template, "质量指标", column)
    assert found("K106", subject) == [f"{where} 质量指标 第 1 行 is not complete: {label} must be filled in"]
    assert [code for code in codes(subject) if code[0] in "KP"] == ["K106"]


def test_what_a_row_lacks_is_told_in_one_finding() -> None:
    subject = with_row("mof-2020", "质量指标", 2, name="路面平整度")
    assert found("K106", subject) == [
        "自评表!E17 质量指标 第 2 行 is not complete: 年度指标值, 实际完成值, 分值, 得分 must be filled in"
    ]
    assert [code for code in codes(subject) if code[0] in "KP"] == ["K106"]


@pytest.mark.parametrize("blank", ["", " ", "　", "\n"])
def test_spaces_fill_nothing_in(blank: str) -> None:
    subject = submission(raw={"indicators.4.actual": blank})
    assert found("K106", subject) == ["自评表!F16 质量指标 第 1 行 is not complete: 实际完成值 must be filled in"]


def test_what_is_unusable_is_not_missing() -> None:
    subject = submission(raw={"indicators.4.score": "约8", "indicators.4.actual": None})
    assert found("K106", subject) == ["自评表!F16 质量指标 第 1 行 is not complete: 实际完成值 must be filled in"]


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("name", [None, "指标1：", "  "])
def test_a_row_with_values_needs_a_name(template: str, name: str | None) -> None:
    subject = with_row(template, "质量指标", name=name)
    assert found("K107", subject) == [
        f"{place(template, '质量指标', 'name')} 质量指标 第 1 行 has 年度指标值, 实际完成值, 分值, 得分 but no name"
    ]
    assert [code for code in codes(subject) if code[0] in "KP"] == ["K107"]


def test_a_row_with_a_stray_value_lacks_a_name_and_the_rest() -> None:
    subject = with_row("mof-2020", "质量指标", 2, actual="96%")
    assert found("K107", subject) == ["自评表!D17 质量指标 第 2 行 has 实际完成值 but no name"]
    assert found("K106", subject) == [
        "自评表!E17 质量指标 第 2 行 is not complete: 年度指标值, 分值, 得分 must be filled in"
    ]


def test_a_name_that_is_missing_beside_an_unusable_value_is_told() -> None:
    assert len(found("K107", submission(raw={"indicators.4.name": None, "indicators.4.score": "约8"}))) == 1


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("name", ["养护里程", "指标2：养护里程", " 养护 里程", "2、养护里程（公里）"])
def test_an_indicator_said_twice(template: str, name: str) -> None:
    subject = with_row(template, "质量指标", 2, name=name, target="≥120公里", actual="121公里", weight=0.5, score=0.5)
    assert found("K108", subject) == [
        f"{place(template, '质量指标', 'name', 2)} 质量指标 第 2 行 repeats 数量指标 第 1 行: “养护里程” with the same "
        "target ≥120公里"
    ]


@pytest.mark.parametrize(("name", "target"), [("养护里程", "≥100公里"), ("管护里程", "≥120公里"), ("养护里程", None)])
def test_another_name_or_another_target_is_another_indicator(name: str, target: str | None) -> None:
    assert found("K108", with_row("mof-2020", "质量指标", 2, name=name, target=target, actual="121公里")) == []


def test_rows_without_a_name_repeat_nothing() -> None:
    rows = {f"indicators.{row}.target": "≥1公里" for row in (5, 6)}
    assert found("K108", submission(typed=rows)) == []


def test_a_third_row_repeats_the_first() -> None:
    name = "每公里养护成本"
    rows = {
        f"indicators.{row}.{column}": text
        for row in (11, 12)
        for column, text in (("name", name), ("target", "≤1万元"))
    }
    assert [line.split(" ")[0] for line in found("K108", submission(typed=rows))] == ["自评表!D23", "自评表!D24"]


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_row_below_a_blank_one(template: str) -> None:
    cells = {"name": "路面平整度", "target": "≥90%", "actual": "90%", "weight": 4, "score": 4}
    row = 3 + int(FIRST[template]["质量指标"] - 13)
    subject = submission(
        template,
        typed={f"indicators.{row}.{column}": value for column, value in cells.items()}
        | {f"indicators.{row - 2}.weight": 6, f"indicators.{row - 2}.score": 6},
    )
    assert found("K109", subject) == [
        f"{place(template, '质量指标', 'name', 3)} 质量指标 第 3 行 is filled in, although 质量指标 第 2 行 above it "
        f"is blank"
    ]
    assert codes(subject) == ["K109"]


def test_a_gap_is_told_once_a_block_and_blocks_are_apart() -> None:
    rows = [("质量指标", "甲", "1", "1", "5", "5", None), ("时效指标", "乙", "1", "1", "5", "5", None)]
    assert found("K109", of_rows(rows)) == []
    subject = submission(rows=5, indicators__8__name="甲", indicators__9__name="乙", indicators__15__name="丙")
    assert [line.split(" ")[0] for line in found("K109", subject)] == ["自评表!D20", "自评表!D27"]


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_faultless_form_is_complete(template: str) -> None:
    assert found("K", submission(template)) == []


def test_what_is_gone_from_the_sheet_is_no_blank() -> None:
    """A form whose rows were deleted gives structure's finding, not twenty of completeness."""
    subject = submission()
    names = [name for name, item in subject.layout.fields.items() if item.level1 == "满意度指标"]
    for name in names:
        subject.entries[name] = subject.entries[name]._replace(position=None, raw=None, value=None)
    assert found("K", subject) == []


def test_a_column_that_is_gone_is_no_blank() -> None:
    subject = submission()
    for name, entry in subject.entries.items():
        if name.endswith((".actual", ".name")):
            subject.entries[name] = entry._replace(position=None, raw=None, value=None)
    assert found("K", subject) == []
