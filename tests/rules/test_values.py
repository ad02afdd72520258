"""Rules on values: V101 to V107."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.forms import TEMPLATES, codes, findings, found, layout_of, submission
from support.variants import alone, cell, indicator, with_settings

from xlsform.findings import Severity
from xlsform.form.vocabulary import Role
from xlsform.spreadsheet.values import CellError


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_values_of_a_faultless_form_give_nothing(template: str) -> None:
    assert found("V", submission(template)) == []


# V101


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("text", ["约4", "叁", "4-5", "98%", "4 5"])
def test_v101_finds_text_for_money(template: str, text: str) -> None:
    subject = submission(template, raw={"funds.total.executed": text})
    message = f"年度资金总额·全年执行数 should be a number, in 万元; the form says “{text}”"
    assert found("V101", subject) == [f"{cell(template, 'funds.total.executed')} {message}"]
    assert codes(subject) == ["V101"]


@pytest.mark.parametrize("template", TEMPLATES)
def test_v101_finds_text_for_points_and_for_the_year(template: str) -> None:
    score = indicator(template, "质量指标", "score")
    subject = submission(template, raw={score: "满分", "year": "本年"})
    assert found("V101", subject) == [
        f"{cell(template, 'year')} 年度 should be a year in four digits; the form says “本年”",
        f"{cell(template, score)} 质量指标 第 1 行·得分 should be a number; the form says “满分”",
    ]
    assert codes(subject) == ["V101", "V101"]


def test_v101_finds_a_truth_value() -> None:
    (line,) = found("V101", submission(raw={"funds.total.executed": True}))
    assert line.endswith("the form says “TRUE”")


def test_v101_shortens_what_it_repeats() -> None:
    (line,) = found("V101", submission(raw={"funds.total.executed": "约四万元，\n" * 100}))
    assert "\n" not in line
    assert len(line) < 150


@pytest.mark.parametrize("mark", ["—", "-", "/", "无", " － "])
def test_v101_only_notes_a_mark_for_nothing_where_nothing_is_asked(mark: str) -> None:
    subject = submission(raw={"funds.other.budget": mark})
    assert found("V101", subject) == [f"自评表!E9 其他资金·全年预算数 holds “{mark.strip()}”; leave it blank or put 0"]
    assert [each.severity for each in findings(subject)] == [Severity.NOTE]


def test_v101_is_an_error_for_such_a_mark_where_money_is_asked() -> None:
    (finding,) = findings(submission(raw={"funds.total.executed": "—"}), "V101")
    assert finding.severity is Severity.ERROR


def test_v101_is_not_about_what_the_form_prints() -> None:
    subject = submission()
    assert subject.entries["funds.other.score"].raw == "—"
    assert found("V101", subject) == []


# V102


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("text", ["117.6", "117.6万元", "１１７.６", " 117.6 ", "'117.6", "1176000元"])
def test_v102_notes_a_number_typed_as_text(template: str, text: str) -> None:
    subject = submission(template, raw={"funds.total.executed": text})
    message = f"was typed as text “{text.strip()}” and is read as 117.6; type the number alone"
    assert found("V102", subject) == [f"{cell(template, 'funds.total.executed')} 年度资金总额·全年执行数 {message}"]
    assert codes(subject) == ["V102"]


def test_v102_gives_the_number_that_was_understood() -> None:
    (finding,) = findings(submission(raw={"year": "2021年"}), "V102")
    assert (finding.found, finding.expected, finding.severity) == ("2021年", 2021, Severity.NOTE)


def test_v102_leaves_figures_and_texts_alone() -> None:
    row = indicator("mof-2020", "质量指标", "actual")
    assert found("V102", submission(raw={row: "96", "goal_actual": "118"})) == []


# V103


@pytest.mark.parametrize("template", TEMPLATES)
def test_v103_finds_a_negative_amount(template: str) -> None:
    subject = submission(template, funds__appropriation__executed=-107.6)
    name = "funds.appropriation.executed"
    assert found("V103", subject) == [
        f"{cell(template, name)} 其中：当年财政拨款·全年执行数 is -107.6; it cannot be less than 0"
    ]
    assert codes(subject) == ["V103"]


def test_v103_finds_a_negative_score_and_leaves_weights_to_w103() -> None:
    score, weight = (indicator("mof-2020", "质量指标", column) for column in ("score", "weight"))
    assert found("V103", submission(raw={score: -1.0})) == [
        "自评表!H16 质量指标 第 1 行·得分 is -1; it cannot be less than 0"
    ]
    assert found("V103", submission(raw={weight: -10.0})) == []
    assert found("W103", submission(raw={weight: -10.0})) != []


def test_v103_finds_a_negative_weight_where_the_template_has_no_w103() -> None:
    subject = submission(raw={indicator("mof-2020", "质量指标", "weight"): -10.0})
    assert found("V103", with_settings(subject, checks={"weight-not-positive": None})) != []


def test_v103_allows_0() -> None:
    assert found("V103", submission(funds__other__executed=0)) == []


# V104


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("field", ["funds.total.executed", "unit", "year"])
def test_v104_finds_an_error_in_an_input(template: str, field: str) -> None:
    subject = submission(template, raw={field: CellError("#DIV/0!")})
    (line,) = found("V104", subject)
    label = layout_of(template).fields[field].label
    assert line == f"{cell(template, field)} {label} holds the error #DIV/0!; type the value itself"
    assert codes(subject) == ["V104"]
    assert findings(subject)[0].found == "#DIV/0!"


def test_v104_leaves_computed_cells_to_others() -> None:
    assert found("V104", submission(raw={"funds.total.rate": CellError("#DIV/0!")})) == []


# V105


@pytest.mark.parametrize("template", TEMPLATES)
def test_v105_notes_too_many_decimals(template: str) -> None:
    score = indicator(template, "数量指标", "score")
    subject = submission(template, raw={score: 19.667})
    line = "数量指标 第 1 行·得分 is 19.667, with 3 decimals; 2 are enough: 19.67"
    assert found("V105", subject) == [f"{cell(template, score)} {line}"]
    assert findings(subject, "V105")[0].severity is Severity.NOTE


@pytest.mark.parametrize(("amount", "count"), [(117.123456, 0), (117.1234567, 1), (117.0, 0), (1 / 3, 1)])
def test_v105_allows_money_six_decimals(amount: float, count: int) -> None:
    assert len(found("V105", submission(raw={"funds.total.executed": amount}))) == count


def test_v105_takes_the_limit_for_money_from_the_template() -> None:
    subject = submission(raw={"funds.total.executed": 117.612345})
    assert found("V105", with_settings(subject, scoring={"money_decimals": 2})) == [
        "自评表!F6 年度资金总额·全年执行数 is 117.612345, with 6 decimals; 2 are enough: 117.61"
    ]
    assert found("V105", with_settings(subject, scoring={"money_decimals": None})) == []


def test_v105_does_not_count_zeros_at_the_end() -> None:
    assert found("V105", submission(raw={"funds.total.executed": "117.60000000"})) == []


# V106


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("完成XXX公里养护", "XXX"),
        ("完成养护ＸＸ公里，ＸＸ年底验收", "XX"),
        ("于×××完成", "×××"),
        ("（100字以内）完成养护", "(100字以内)"),
        ("完成养护 118 公里。\n……", "……"),
        ("指标1：", "指标1："),
        ("此处填写实际完成情况", "此处填写"),
        ("请填写", "请填写"),
        ("待补充", "待补充"),
    ],
)
def test_v106_finds_what_was_left_in_a_text(template: str, text: str, left: str) -> None:
    subject = submission(template, goal_actual=text)
    message = f"实际完成情况 still holds “{left}”, which should be filled in or deleted"
    assert found("V106", subject) == [f"{cell(template, 'goal_actual')} {message}"]
    assert findings(subject, "V106")[0].severity is Severity.WARNING


@pytest.mark.parametrize(
    "text",
    [
        "完成养护118公里等……其余推迟",
        "采购XXL号工作服、TCL-XX1型设备",
        "侦办××专案3起",
        "撰写调研报告（5000字以上）3篇",
        "发放调查表，填写率100%",
        "指标1：完成118公里",
        "制定填写说明",
    ],
)
def test_v106_is_silent_about_texts_that_only_look_so(text: str) -> None:
    assert found("V106", submission(goal_actual=text)) == []


@pytest.mark.parametrize("template", TEMPLATES)
def test_v106_finds_what_was_left_in_a_row_in_use(template: str) -> None:
    name = indicator(template, "质量指标", "name")
    subject = submission(template, raw={name: "……"})
    message = "质量指标 第 1 行·三级指标 still holds “……”, which should be filled in or deleted"
    assert found("V106", subject) == [f"{cell(template, name)} {message}"]
    assert codes(subject) == ["V106"]


def test_v106_leaves_rows_alone_that_hold_nothing_but_what_is_printed() -> None:
    assert found("V106", submission(raw={indicator("mof-2020", "生态效益指标", "name"): "指标 1:"})) == []


def test_v106_leaves_a_used_row_with_its_printed_name_to_k107() -> None:
    subject = submission(raw={indicator("mof-2020", "质量指标", "name"): "指标1："})
    assert found("V106", subject) == []
    assert found("K107", subject) != []


@pytest.mark.parametrize(
    ("level2", "column", "text", "code"),
    [("质量指标", "actual", "XXX", "P110"), ("数量指标", "reason", "……", "P107")],
)
def test_v106_leaves_to_others_what_they_find_there(level2: str, column: str, text: str, code: str) -> None:
    subject = submission(raw={indicator("mof-2020", level2, column): text})
    assert found("V106", subject) == []
    assert codes(subject) == [code]


@pytest.mark.parametrize(
    ("level2", "column", "text"),
    [
        ("可持续影响指标", "actual", "XXX"),
        ("质量指标", "actual", "9XX%，共XX人"),
        ("数量指标", "reason", "因XXX原因推迟；今后提前安排"),
        ("质量指标", "target", "≥XX%"),
    ],
)
def test_v106_finds_what_was_left_in_each_column(level2: str, column: str, text: str) -> None:
    assert len(found("V106", submission(raw={indicator("mof-2020", level2, column): text}))) == 1


def test_v106_allows_the_printed_number_before_a_name() -> None:
    assert found("V106", submission(raw={indicator("mof-2020", "质量指标", "name"): "指标1：路况优良率"})) == []


def test_v106_finds_the_fields_own_prompt() -> None:
    prompt = layout_of("mof-2020").fields["goal_actual"].spec.prompt
    (line,) = found("V106", submission(goal_actual=prompt))
    assert prompt in line


# V107


def test_v107_finds_a_total_in_yuan() -> None:
    subject = submission(funds__total__executed=1176000)
    assert found("V107", subject) == [
        "自评表!F6 年度资金总额·全年执行数 is 1176000, out of all proportion to the sum of its sources (117.6); "
        "the form asks for 万元, and 1176000 元 would be 117.6"
    ]
    (finding,) = findings(subject)
    assert (finding.code, finding.severity, finding.expected) == ("V107", Severity.ERROR, Decimal("117.6"))


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("column", ["initial", "budget", "executed"])
def test_v107_finds_a_source_in_yuan(template: str, column: str) -> None:
    name = f"funds.appropriation.{column}"
    amount = submission(template).number(Role(name))
    assert amount is not None
    subject = submission(template, typed={name: amount * 10_000})
    (finding,) = findings(subject)
    assert (finding.code, finding.cell, finding.expected) == ("V107", cell(template, name), amount)
    assert finding.severity is Severity.ERROR


def test_v107_tells_a_column_in_yuan_once_and_at_the_total() -> None:
    subject = submission(
        funds__total__executed=1176000, funds__appropriation__executed=1076000, funds__carryover__executed=100000
    )
    (finding,) = findings(subject)
    assert (finding.code, finding.cell, finding.severity) == ("V107", "自评表!F6", Severity.ERROR)


@pytest.mark.parametrize(
    ("initial", "budget", "executed", "suspected"),
    [
        (None, 40_000, 4, "budget"),
        (None, 39_999, 4, None),
        (20_000, 4, 3.9, "initial"),
        (19_999, 4, 3.9, None),
        (None, 4, 4_000, "executed"),
        (None, 4, 3_999, None),
        (0, 4, 39_200, "executed"),
        (4, 40_000, 40_000, None),
    ],
)
def test_v107_holds_an_amount_against_the_others_of_its_row(
    initial: float | None, budget: float, executed: float, suspected: str | None
) -> None:
    lines = found("V107", submission(**alone(initial, budget, executed)))
    assert [line.partition(" is ")[0].rpartition("·")[2] for line in lines] == (
        [] if suspected is None else [layout_of("mof-2020").fields[f"funds.total.{suspected}"].spec.label]
    )


def test_v107_is_a_warning_where_the_form_does_not_contradict_itself() -> None:
    (finding,) = findings(submission(**alone(None, 40_000, 4)), "V107")
    assert finding.severity is Severity.WARNING


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(
    "text", ["全年预算 4 万元，按计划执行。", "本项目预算资金４万元", "本项目总投资40,000元", "预算资金4.00万元"]
)
def test_v107_finds_a_whole_table_in_yuan_by_what_the_texts_say(template: str, text: str) -> None:
    analysis = {"analysis_execution": "项目按计划实施。"} if template == "shanxi-2021" else {}
    subject = submission(template, typed=analysis, goal_actual=text, **alone(40_000, 40_000, 40_000))
    lines = found("V107", subject)
    assert [line.partition(" ")[0] for line in lines] == [
        cell(template, f"funds.total.{column}") for column in ("initial", "budget", "executed")
    ]
    assert "in 实际完成情况; the form asks for 万元, and 40000 元 would be 4" in lines[0]


@pytest.mark.parametrize(
    "text",
    [
        "每村补助资金4万元",
        "户均补助资金4万元",
        "补助资金4万元/户",
        "全年预算40000万元，其中培训经费4万元",
        "全年预算4亿元，培训经费4万元",
        "全年预算 4.2 万元",
        "养护公路4公里",
        "种植4万亩",
    ],
)
def test_v107_is_silent_where_the_text_can_mean_something_else(text: str) -> None:
    assert found("V107", submission(goal_actual=text, **alone(40_000, 40_000, 40_000))) == []


def test_v107_is_about_forms_in_wan_yuan() -> None:
    subject = submission(**alone(None, 40_000, 4))
    assert found("V107", with_settings(subject, money_unit="元")) == []
