from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from support import excel_edits
from support.foreign_forms import form_of_goals, form_without_funds, returned
from support.forms import TEMPLATES, codes, found, layout_of, prefilled, put, row_number, sheet_of, submission
from support.variants import values_only, with_scoring

from xlsform.findings import Severity
from xlsform.form.vocabulary import WEIGHT
from xlsform.reading.workbook import Workbook
from xlsform.rules.registry import ReceivedFile
from xlsform.rules.run import judge
from xlsform.rules.weights import stated_weights
from xlsform.submission.submission import Submission

TOTAL_WEIGHT = {"mof-2020": "自评表!G40", "mof-2021": "自评表!G43", "shanxi-2021": "自评表!G40"}

#: The row of 质量指标, the first of 经济效益指标 or 社会效益指标, and that of satisfaction, in each form.
QUALITY = {"mof-2020": "G16", "mof-2021": "G25", "shanxi-2021": "G16"}
SATISFACTION = {"mof-2020": "G37", "mof-2021": "G40", "shanxi-2021": "G37"}


def weighing(template: str, changes: Mapping[str, float | None], **more: Any) -> Submission:
    """Return a faultless form with other weights for some level-2 kinds, the score in step; None clears the row."""
    layout = layout_of(template)
    values: dict[str, Any] = {}
    for level2, weight in changes.items():
        row = f"indicators.{row_number(layout, level2)}"
        values |= {f"{row}.weight": weight, f"{row}.score": weight}
        if weight is None:
            values |= {f"{row}.{column}": None for column in ("name", "target", "actual", "reason")}
    return submission(template, typed=values, **more)


class TestStatedWeights:
    def test_they_are_added_up_as_they_stand(self) -> None:
        assert stated_weights(submission()) == 100
        assert stated_weights(submission(indicators__4__weight=15)) == 105

    def test_one_that_is_needed_and_not_there_makes_the_sum_unknown(self) -> None:
        assert stated_weights(submission(indicators__4__weight=None)) is None
        assert stated_weights(submission(indicators__4__weight="十")) is None
        assert stated_weights(submission(raw={"funds.total.weight": "十"})) is None
        assert stated_weights(prefilled("mof-2020", ["indicators.4.weight"], indicators__4__weight=15)) is None

    def test_a_sum_that_is_short_may_have_gone_with_a_row(self) -> None:
        def delete(workbook: Workbook) -> None:
            excel_edits.delete(workbook, "rows", 16, keep=False)

        assert stated_weights(submission(edit=delete)) is None
        assert stated_weights(submission(edit=delete, indicators__1__weight=30)) == 100
        assert stated_weights(submission(edit=delete, indicators__1__weight=40)) == 110

    def test_or_stand_in_a_row_that_was_inserted(self) -> None:
        def insert(workbook: Workbook, text: str | None = None) -> None:
            excel_edits.insert(workbook, "rows", 14)
            put(sheet_of(workbook), (14, 4), text)

        assert stated_weights(submission(edit=insert, indicators__4__weight=5)) == 95
        filled = submission(edit=lambda workbook: insert(workbook, "新增指标"), indicators__4__weight=5)
        assert stated_weights(filled) is None


# W101


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(("weight", "indicators", "whole"), [(20, 100, 110), (9, 89, 99), (10.02, "90.02", "100.02")])
def test_weights_that_do_not_make_100(template: str, weight: float, indicators: object, whole: object) -> None:
    subject = weighing(template, {"质量指标": weight})
    assert found("W101", subject) == [
        f"{TOTAL_WEIGHT[template]} weight of execution 10 + weights of the indicators {indicators} = {whole}; "
        "it should be 100"
    ]
    assert codes(subject) == ["W101"]


def test_the_finding_holds_the_sum_and_the_total() -> None:
    (finding,) = judge(ReceivedFile(*_parts(weighing("mof-2020", {"质量指标": 20}))), ["W101"])
    assert (finding.found, finding.expected, finding.severity) == (Decimal(110), Decimal(100), Severity.ERROR)
    assert finding.field == "total_weight"


def _parts(subject: Submission) -> tuple[Any, ...]:
    return subject.path, subject.workbook, subject


def test_the_seeds_weights_make_800() -> None:
    layout = layout_of("shanxi-2021")
    hundred = {f"indicators.{row_number(layout, kind)}.weight": 100 for kind in _kinds("shanxi-2021")}
    subject = submission("shanxi-2021", typed=hundred, raw={"funds.total.weight": 100.0})
    assert found("W101", subject) == [
        "自评表!G40 weight of execution 100 + weights of the indicators 800 = 900; it should be 100"
    ]
    assert [code for code in codes(subject) if code[0] == "W"] == ["W101"]


def _kinds(template: str) -> list[str]:
    subject = submission(template)
    return list(dict.fromkeys(str(row[WEIGHT].field.level2) for row in subject.used_rows))


def test_thirds_that_leave_the_last_decimal_are_no_fault() -> None:
    thirds = {"质量指标": 16.667, "时效指标": 16.667, "成本指标": 16.667, "数量指标": None}
    subject = weighing("mof-2020", thirds)
    assert stated_weights(subject) == Decimal("100.001")
    assert found("W101", subject) == []


@pytest.mark.parametrize("raw", [None, "十分", "—"])
def test_a_weight_that_is_blank_or_no_number_is_another_rules_affair(raw: str | None) -> None:
    row = row_number(layout_of("mof-2020"), "质量指标")
    subject = submission(raw={f"indicators.{row}.weight": raw})
    assert [code for code in codes(subject) if code[0] == "W"] == []


def test_a_wrong_execution_weight_alone_is_another_rules_affair() -> None:
    assert found("W101", submission(raw={"funds.total.weight": 100.0})) == []
    assert found("W101", submission(raw={"funds.total.weight": "—"})) == []
    assert len(found("W101", weighing("mof-2020", {"质量指标": 20}, raw={"funds.total.weight": 100.0}))) == 1


def test_weights_that_make_100_with_a_wrong_execution_weight_do() -> None:
    subject = weighing("mof-2020", {"数量指标": 10}, raw={"funds.total.weight": 20.0})
    assert [code for code in codes(subject) if code[0] == "W"] == []


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_missing_level1_explains_the_weight_that_it_would_have(template: str) -> None:
    subject = weighing(template, {"服务对象满意度指标": None})
    assert codes(subject) == ["K104"]
    both = weighing(template, {"服务对象满意度指标": None, "质量指标": 15})
    assert sorted(codes(both)) == ["K104", "W101"]


def test_a_level1_that_need_not_be_there_explains_nothing() -> None:
    subject = weighing("mof-2020", {"服务对象满意度指标": None})
    assert len(found("W101", with_scoring(subject, required_levels=["产出指标"]))) == 1


def test_another_total() -> None:
    subject = with_scoring(weighing("mof-2020", {"质量指标": 30}), total=120)
    assert found("W101", subject) == []
    assert found("W101", with_scoring(submission(), total=120)) == [
        "自评表!G40 weight of execution 10 + weights of the indicators 90 = 100; it should be 120"
    ]


def test_an_overwritten_sum_is_judged_by_what_stands_above_it() -> None:
    subject = submission(edit=values_only, raw={"total_weight": 110.0})
    assert found("W101", subject) == []


# W102


@pytest.mark.parametrize("template", TEMPLATES)
def test_points_shifted_between_levels(template: str) -> None:
    subject = weighing(template, {"质量指标": 5, "服务对象满意度指标": 15})
    outputs, given = (40, 35) if template == "mof-2021" else (50, 45)
    cell = "G22" if template == "mof-2021" else "G13"
    assert found("W102", subject) == [
        f"自评表!{cell} the weights make 产出指标 {given}, 满意度指标 15; the form asks for 产出指标 {outputs}, "
        f"满意度指标 10"
    ]
    assert codes(subject) == ["W102"]


def test_points_shifted_within_a_level_are_no_fault() -> None:
    assert codes(weighing("mof-2020", {"质量指标": 5, "时效指标": 15})) == []


def test_a_shift_is_not_told_where_the_sum_is_off() -> None:
    assert found("W102", weighing("mof-2020", {"质量指标": 5, "服务对象满意度指标": 16})) == []


def test_a_shift_is_not_told_where_a_weight_is_unusable_or_execution_is_off() -> None:
    row = row_number(layout_of("mof-2020"), "时效指标")
    shifted = {"质量指标": 5.0, "服务对象满意度指标": 15.0}
    assert found("W102", weighing("mof-2020", shifted, raw={f"indicators.{row}.weight": "十分"})) == []
    assert found("W102", weighing("mof-2020", {"质量指标": 5}, raw={"funds.total.weight": 15.0})) == []


def test_a_shift_from_a_missing_level_is_not_told() -> None:
    subject = weighing("mof-2020", {"服务对象满意度指标": None, "质量指标": 20})
    assert codes(subject) == ["K104"]


def test_a_template_without_weights_by_level_asks_for_none() -> None:
    subject = weighing("mof-2020", {"质量指标": 5, "服务对象满意度指标": 15})
    assert found("W102", with_scoring(subject, level_weights=None)) == []
    assert found("W102", with_scoring(subject, level_weights={"产出指标": 45})) == []
    assert len(found("W102", with_scoring(subject, level_weights={"产出指标": 44, "过程指标": 1}))) == 1


# W103


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("weight", [0, -10])
def test_a_weight_that_is_not_above_0(template: str, weight: int) -> None:
    row = row_number(layout_of(template), "质量指标")
    subject = submission(template, typed={f"indicators.{row}.weight": weight, f"indicators.{row}.score": weight})
    assert found("W103", subject) == [
        f"自评表!{QUALITY[template]} 质量指标 第 1 行·分值 should be more than 0; the form says {weight}"
    ]
    assert [code for code in codes(subject) if code[0] == "W"] == ["W103"]


def test_the_least_weight_is_one() -> None:
    row = row_number(layout_of("mof-2020"), "质量指标")
    assert found("W103", submission(typed={f"indicators.{row}.weight": 0.01})) == []


# W104


@pytest.mark.parametrize("template", TEMPLATES)
def test_half_of_all_points_in_one_row(template: str) -> None:
    heavy = "数量指标"
    rest = {kind: 0.5 for kind in _kinds(template) if kind not in (heavy, "服务对象满意度指标")}
    subject = weighing(template, {heavy: 90 - 10 - sum(rest.values()), **rest})
    weight = 80 - sum(rest.values())
    cell = "G22" if template == "mof-2021" else "G13"
    assert found("W104", subject) == [
        f"自评表!{cell} 数量指标 第 1 行·分值 is {weight:g} of 100 points in all; "
        "a single indicator should carry less than 50"
    ]
    assert [code for code in codes(subject) if code[0] == "W"] == ["W102", "W104"]


@pytest.mark.parametrize(("weight", "count"), [(50, 1), (49.99, 0)])
def test_the_border_of_a_concentrated_weight(weight: float, count: int) -> None:
    subject = weighing(
        "mof-2020", {"数量指标": weight, "质量指标": 50 - weight or None, "时效指标": None, "成本指标": None}
    )
    assert len(found("W104", subject)) == count


def test_the_share_is_the_templates() -> None:
    assert len(found("W104", with_scoring(submission(), concentrated_weight=0.2))) == 1
    assert found("W104", with_scoring(submission(), concentrated_weight=None)) == []


def test_no_weight_is_concentrated_where_the_sum_is_off() -> None:
    assert found("W104", weighing("mof-2020", {"数量指标": 60})) == []


# Forms that lack what the rules look at


def test_forms_without_weights_are_not_judged() -> None:
    without = returned(form_without_funds(), indicators__1__name="养护里程", indicators__1__score=Decimal(60))
    assert [code for code in codes(without) + codes(returned(form_of_goals())) if code[0] == "W"] == []


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_faultless_form_has_no_finding(template: str) -> None:
    assert codes(submission(template)) == []


def test_a_blank_form_has_no_finding_of_weights() -> None:
    blank = dict.fromkeys(submission().typed)
    assert [code for code in codes(submission(typed=blank)) if code[0] == "W"] == []
