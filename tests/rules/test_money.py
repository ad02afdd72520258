"""Rules on the amounts: M101 to M104, M109, M110, M112."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from support.forms import TEMPLATES, codes, findings, found, layout_of, row_number, submission
from support.variants import alone, cell, quiet, with_settings

from xlsform.findings import Severity


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_money_of_a_faultless_form_gives_nothing(template: str) -> None:
    assert found("M", submission(template)) == []
    assert codes(submission(template, **quiet(template))) == []


# M101


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(("column", "label"), [("budget", "全年预算数"), ("executed", "全年执行数")])
def test_m101_finds_a_blank_total(template: str, column: str, label: str) -> None:
    subject = submission(template, typed={f"funds.total.{column}": None})
    line = f"{cell(template, f'funds.total.{column}')} 年度资金总额·{label} is blank; the execution rate needs it"
    assert found("M101", subject) == [line]
    assert codes(subject) == ["M101"]


def test_m101_does_not_ask_for_other_rows_or_for_the_initial_budget() -> None:
    subject = submission(**alone(None, 120, 117.6))
    assert found("M101", subject) == []


# M102


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(
    ("column", "stated", "line"),
    [
        ("initial", 90, "年初预算数 should be 100, the sum of its sources (100 + 0); the form says 90"),
        ("initial", None, "年初预算数 should be 100, the sum of its sources (100 + 0); the form says nothing"),
        ("budget", 110, "全年预算数 should be 120, the sum of its sources (110 + 10); the form says 110"),
        ("executed", 0, "全年执行数 should be 117.6, the sum of its sources (107.6 + 10); the form says 0"),
        ("executed", 117.61, "全年执行数 should be 117.6, the sum of its sources (107.6 + 10); the form says 117.61"),
    ],
)
def test_m102_finds_a_total_that_is_not_the_sum(template: str, column: str, stated: float | None, line: str) -> None:
    values = quiet(template) if stated == 110 else {}
    subject = submission(template, typed={f"funds.total.{column}": stated}, **values)
    assert found("M102", subject) == [f"{cell(template, f'funds.total.{column}')} 年度资金总额·{line}"]
    assert [code for code in codes(subject) if code[0] == "M"] == ["M102"]


def test_m102_is_the_only_finding_of_a_total_that_is_off() -> None:
    assert codes(submission(funds__total__executed=117)) == ["M102"]
    assert codes(submission(funds__total__budget=0)) == ["M102"]


def test_m102_compares_a_total_with_its_only_source() -> None:
    assert found("M102", submission(**alone(100, 120, 117.6, funds__total__executed=0))) == [
        "自评表!F6 年度资金总额·全年执行数 should be 117.6, like its only source; the form says 0"
    ]


@pytest.mark.parametrize(
    ("stated", "count"), [("117.60", 0), ("117.59", 0), ("117.61", 1), ("117.58", 1), ("117", 1), ("117.5979", 0)]
)
def test_m102_allows_a_total_that_is_rounded_or_truncated(stated: str, count: int) -> None:
    subject = submission(
        funds__appropriation__executed=Decimal("107.603"),
        funds__carryover__executed=Decimal("9.995"),
        funds__total__executed=Decimal(stated),
    )
    assert len(found("M102", subject)) == count


def test_m102_compares_nothing_where_no_source_is_filled_in() -> None:
    blank = {f"funds.{row}.initial": None for row in ("appropriation", "carryover")}
    assert found("M102", submission(typed=blank)) == []


def test_m102_does_not_ask_for_a_total_of_nothing() -> None:
    assert found("M102", submission(funds__appropriation__initial=0, funds__total__initial=None)) == []


@pytest.mark.parametrize("raw", ["约107", "#N/A!", None])
def test_m102_is_silent_where_an_amount_is_blank_or_unusable(raw: str | None) -> None:
    field = "funds.appropriation.executed" if raw else "funds.total.executed"
    assert found("M102", submission(raw={field: raw})) == []


@pytest.mark.parametrize("mark", ["/", "—", "无"])
def test_m102_takes_a_mark_for_nothing_as_nothing(mark: str) -> None:
    raw = {"funds.other.executed": mark}
    assert codes(submission(raw=raw)) == ["V101"]
    assert codes(submission(funds__total__executed=117, raw=raw)) == ["M102", "V101"]


def test_m102_leaves_negative_amounts_and_amounts_in_yuan_to_others() -> None:
    assert codes(submission(funds__appropriation__executed=-107.6)) == ["V103"]
    assert codes(submission(funds__appropriation__executed=1_076_000)) == ["V107"]


# M103


@pytest.mark.parametrize("template", TEMPLATES)
def test_m103_finds_spending_over_the_budget(template: str) -> None:
    subject = submission(template, funds__appropriation__executed=105.6, funds__carryover__executed=12)
    name = "funds.carryover.executed"
    line = "上年结转资金·全年执行数 is 12, more than 上年结转资金·全年预算数, 10"
    assert found("M103", subject) == [f"{cell(template, name)} {line}"]
    assert codes(subject) == ["M103"]
    assert findings(subject)[0].severity is Severity.WARNING


def test_m103_speaks_of_each_row() -> None:
    lines = found("M103", submission(**alone(100, 120, 121)))
    assert [line.partition(" ")[0] for line in lines] == ["自评表!F6", "自评表!F7"]


@pytest.mark.parametrize(("executed", "count"), [("120", 0), ("119.99", 0), ("120.01", 2)])
def test_m103_allows_all_of_the_budget(executed: str, count: int) -> None:
    assert len(found("M103", submission(**alone(100, 120, Decimal(executed))))) == count


@pytest.mark.parametrize(
    ("setting", "severity"),
    [("warning", Severity.WARNING), ("error", Severity.ERROR), (None, Severity.WARNING)],
)
def test_m103_weighs_what_the_template_says(setting: str | None, severity: Severity) -> None:
    subject = with_settings(submission(**alone(100, 120, 121)), scoring={"over_budget": setting})
    assert {each.severity for each in findings(subject, "M103")} == {severity}


def test_m103_concludes_nothing_from_a_total_that_m102_finds_wrong() -> None:
    subject = submission(funds__total__executed=130)
    assert codes(subject) == ["M102"]


# M104


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(("budget", "said"), [(None, "blank"), (0, "0")])
def test_m104_finds_spending_without_a_budget(template: str, budget: int | None, said: str) -> None:
    subject = submission(template, funds__carryover__budget=budget, funds__appropriation__budget=120)
    line = f"上年结转资金·全年执行数 is 10, but 上年结转资金·全年预算数 is {said}"
    assert found("M104", subject) == [f"{cell(template, 'funds.carryover.executed')} {line}"]
    assert codes(subject) == ["M104"]
    assert findings(subject)[0].severity is Severity.ERROR


def test_m104_speaks_of_the_total_alone_where_that_has_no_budget() -> None:
    assert found("M104", submission(**alone(0, 0, 117.6))) == [
        "自评表!F6 年度资金总额·全年执行数 is 117.6, but 年度资金总额·全年预算数 is 0"
    ]


def test_m104_leaves_a_blank_total_to_m101() -> None:
    subject = submission(**{**alone(0, 0, 117.6), "funds__total__budget": None, "funds__appropriation__budget": None})
    assert codes(subject) == ["M101"]


@pytest.mark.parametrize("template", TEMPLATES)
def test_m104_notes_a_project_without_any_money(template: str) -> None:
    subject = submission(template, **quiet(template, **alone(0, 0, 0)))
    line = (
        "年度资金总额·全年预算数 and 年度资金总额·全年执行数 are both 0, "
        "so there is no execution rate and no score for it"
    )
    assert found("M104", subject) == [f"{cell(template, 'funds.total.budget')} {line}"]
    assert findings(subject, "M104")[0].severity is Severity.NOTE


def test_m104_notes_nothing_beside_sources_that_have_money() -> None:
    subject = submission(funds__total__budget=0, funds__total__executed=0)
    assert [code for code in codes(subject) if code[0] == "M"] == ["M102", "M102"]


def test_m104_allows_a_budget_that_was_not_spent() -> None:
    assert found("M104", submission(funds__carryover__executed=0, funds__total__executed=107.6)) == []


# M109


@pytest.mark.parametrize("template", TEMPLATES)
def test_m109_finds_a_low_rate_that_nothing_explains(template: str) -> None:
    subject = submission(template, **quiet(template, **alone(120, 120, 107.9)))
    assert found("M109", subject) == [
        f"{cell(template, 'funds.total.rate')} 年度资金总额·执行率 is 89.92%, below 90.00%, "
        "and nothing in the form says why"
    ]
    assert codes(subject) == ["M109"]


@pytest.mark.parametrize(("executed", "count"), [("108", 0), ("107.995", 0), ("107.99", 1), ("0", 1)])
def test_m109_goes_by_the_rate_as_the_form_shows_it(executed: str, count: int) -> None:
    subject = submission(**quiet("mof-2020", **alone(120, 120, Decimal(executed))))
    assert len(found("M109", subject)) == count


@pytest.mark.parametrize(("least", "count"), [(0.8, 0), (0.95, 1), (None, 1)])
def test_m109_takes_the_threshold_from_the_template(least: float | None, count: int) -> None:
    subject = submission(**quiet("mof-2020", **alone(120, 120, 105)))
    assert len(found("M109", with_settings(subject, scoring={"low_execution_rate": least}))) == count


@pytest.mark.parametrize(
    "text",
    [
        "因项目结算较晚，部分资金未支付。",
        "工程尾款按合同次年支付。",
        "通过公开招标节约资金 15 万元。",
        "受疫情影响，预算执行较慢。",
        "其余 12 公里推迟到次年春季施工。",
    ],
)
def test_m109_is_satisfied_with_a_reason_in_a_text(text: str) -> None:
    subject = submission(**quiet("mof-2020", goal_actual=text, **alone(120, 120, 60)))
    assert found("M109", subject) == []


@pytest.mark.parametrize(("reason", "count"), [("招标节约。下年压减预算。", 0), ("无", 1), ("/", 1)])
def test_m109_is_satisfied_with_a_reason_of_any_row(reason: str, count: int) -> None:
    row = f"indicators__{row_number(layout_of('mof-2020'), '质量指标')}"
    subject = submission(**quiet("mof-2020", **alone(120, 120, 60), **{f"{row}__reason": reason}))
    assert len(found("M109", subject)) == count


@pytest.mark.parametrize("text", ["项目实施到位，预算执行完成。", "完成养护 120 公里。", "资金使用规范。"])
def test_m109_is_not_satisfied_with_words_that_give_no_cause(text: str) -> None:
    subject = submission(**quiet("mof-2020", goal_actual=text, **alone(120, 120, 60)))
    assert len(found("M109", subject)) == 1


def test_m109_concludes_nothing_from_amounts_that_are_in_doubt() -> None:
    assert found("M109", submission(**quiet("mof-2020", funds__total__executed=60))) == []
    assert found("M109", submission(**quiet("mof-2020", funds__total__executed=None))) == []
    assert found("M109", submission(**quiet("mof-2020", **alone(None, 40_000, 4)))) == []
    assert found("M109", submission(**quiet("mof-2020"), raw={"funds.total.executed": "约60"})) == []


# M110


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(("initial", "change"), [(60, "+100.0%"), (200, "-40.0%")])
def test_m110_finds_a_budget_that_was_adjusted_without_a_word(template: str, initial: int, change: str) -> None:
    subject = submission(template, **quiet(template, **alone(initial, 120, 117.6)))
    assert found("M110", subject) == [
        f"{cell(template, 'funds.total.budget')} 年度资金总额·全年预算数 is 120, {change} from {initial} "
        "at the start of the year, and nothing in the form says why"
    ]
    assert codes(subject) == ["M110"]


@pytest.mark.parametrize(("budget", "count"), [(130, 0), (130.01, 1), (70, 0), (69.99, 1)])
def test_m110_allows_three_tenths(budget: float, count: int) -> None:
    subject = submission(**quiet("mof-2020", **alone(100, budget, budget)))
    assert len(found("M110", subject)) == count


@pytest.mark.parametrize(("most", "count"), [(0.1, 1), (0.5, 0), (None, 0)])
def test_m110_takes_the_threshold_from_the_template(most: float | None, count: int) -> None:
    subject = submission(**quiet("mof-2020", **alone(100, 120, 117.6)))
    assert len(found("M110", with_settings(subject, scoring={"budget_adjustment": most}))) == count


@pytest.mark.parametrize("initial", [0, None])
def test_m110_is_silent_where_all_the_money_was_added_in_the_year(initial: int | None) -> None:
    assert found("M110", submission(**quiet("mof-2020", **alone(initial, 120, 117.6)))) == []


def test_m110_does_not_count_money_carried_over() -> None:
    carried = alone(80, 80, 80, funds__carryover__budget=40, funds__total__budget=120, funds__total__executed=118)
    carried["funds__carryover__executed"] = 38
    assert found("M110", submission(**quiet("mof-2020", **carried))) == []


@pytest.mark.parametrize("text", ["年中追加资金 60 万元。", "因水毁严重，资金有较大变化。", "预算压减。"])
def test_m110_is_satisfied_with_a_word_of_it(text: str) -> None:
    assert found("M110", submission(**quiet("mof-2020", goal_actual=text, **alone(60, 120, 117.6)))) == []


def test_m110_concludes_nothing_from_a_total_that_m102_finds_wrong() -> None:
    subject = submission(**quiet("mof-2020", funds__total__initial=50))
    assert codes(subject) == ["M102"]


# M112

LEVEL2 = {"mof-2020": "成本指标", "mof-2021": "经济成本指标", "shanxi-2021": "成本指标"}


def cost(template: str, name: str, target: str | Decimal, actual: str | Decimal, **values: Any) -> dict[str, Any]:
    row = f"indicators__{row_number(layout_of(template), LEVEL2[template])}"
    return {f"{row}__name": name, f"{row}__target": target, f"{row}__actual": actual, **values}


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(
    ("actual", "line"),
    [
        ("125万元", "is 125 万元 of total cost, but 年度资金总额·全年预算数 is 120"),
        ("1250000元", "is 125 万元 of total cost, but 年度资金总额·全年预算数 is 120"),
        ("90万元", "is 90 万元 of total cost, but 年度资金总额·全年执行数 is 117.6"),
    ],
)
def test_m112_finds_a_total_cost_that_contradicts_the_money(template: str, actual: str, line: str) -> None:
    subject = submission(template, **cost(template, "项目总成本", "≤120万元", actual))
    name = f"indicators.{row_number(layout_of(template), LEVEL2[template])}.actual"
    assert found("M112", subject) == [f"{cell(template, name)} {LEVEL2[template]} 第 1 行·实际完成值 {line}"]


def test_m112_is_the_only_finding_of_a_cost_below_the_spending() -> None:
    assert codes(submission(**cost("mof-2020", "项目总成本", "≤120万元", "90万元"))) == ["M112"]


@pytest.mark.parametrize(
    ("actual", "count"),
    [("117.6万元", 0), ("118", 0), ("117", 0), ("120万元", 0), ("121.2万元", 0), ("121.3万元", 1), ("116.4万元", 1)],
)
def test_m112_allows_one_per_cent_and_costs_not_yet_paid(actual: str, count: int) -> None:
    assert len(found("M112", submission(**cost("mof-2020", "指标1：项目总成本", "≤120万元", actual)))) == count


@pytest.mark.parametrize(
    ("name", "target", "actual"),
    [
        ("每公里项目成本", "≤200万元", "190万元"),
        ("项目成本节约率", "≥5%", "6%"),
        ("设备采购成本", "≤20万元", "150万元"),
        ("项目总成本", "≤500万元", "480万元"),
        ("项目总成本", "≤120万元/年", "150万元/年"),
        ("项目总成本", "≤120", "150"),
        ("项目总成本", "控制在预算内", "达成预期指标"),
        ("项目总成本", "≤120万元", "≤125万元"),
        ("培训项目成本", "≤20万元", "15万元"),
    ],
)
def test_m112_is_silent_about_what_is_not_the_total_cost_beyond_doubt(name: str, target: str, actual: str) -> None:
    assert found("M112", submission(**cost("mof-2020", name, target, actual))) == []


def test_m112_is_silent_where_the_row_gives_a_reason() -> None:
    row = f"indicators__{row_number(layout_of('mof-2020'), '成本指标')}"
    values = cost(
        "mof-2020", "项目总成本", "≤120万元", "125万元", **{f"{row}__reason": "含上年未付工程款；今后按年结算。"}
    )
    assert found("M112", submission(**values)) == []


def test_m112_looks_at_cost_indicators_only() -> None:
    row = f"indicators__{row_number(layout_of('mof-2020'), '数量指标')}"
    values = {f"{row}__name": "项目总成本", f"{row}__target": "≤120万元", f"{row}__actual": "125万元"}
    assert found("M112", submission(typed=values)) == []


def test_m112_concludes_nothing_from_amounts_that_are_in_doubt() -> None:
    values = cost("mof-2020", "项目总成本", "≤120万元", "125万元")
    assert found("M112", submission(**values, funds__total__executed=100)) == []
    assert found("M112", submission(**values, raw={"funds.total.budget": "约120"})) == []
