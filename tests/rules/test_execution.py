"""Rules on the execution rate, its weight and its score: M105 to M108."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.forms import TEMPLATES, codes, findings, found, submission
from support.variants import alone, cell, old, old_codes, with_settings

from xlsform.findings import Severity
from xlsform.spreadsheet.values import CellError, Value


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_execution_of_a_faultless_form_gives_nothing(template: str) -> None:
    assert old_codes(old(template)) == []


@pytest.mark.parametrize(("code", "field", "value"), [("M105", "rate", 0.9), ("M106", "score", 9.0)])
def test_where_formulas_can_be_seen_the_s_rules_speak(code: str, field: str, value: float) -> None:
    subject = submission(raw={f"funds.total.{field}": value})
    assert found(code, subject) == []
    assert found("S106", subject) != []


# M105


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(
    ("row", "label", "line"),
    [
        ("total", "年度资金总额", "98.00% (117.6 ÷ 120)"),
        ("appropriation", "其中：当年财政拨款", "97.82% (107.6 ÷ 110)"),
    ],
)
def test_m105_finds_a_rate_that_is_off(template: str, row: str, label: str, line: str) -> None:
    subject = old(template, raw={f"funds.{row}.rate": 0.9})
    assert found("M105", subject) == [
        f"{cell(template, f'funds.{row}.rate')} {label}·执行率 should be {line}; the form says 90.00%"
    ]
    assert old_codes(subject) == ["M105"]
    assert findings(subject, "M105")[0].severity is Severity.ERROR


@pytest.mark.parametrize(
    ("stated", "count"),
    [
        (0.9782, 0),
        (0.978, 0),
        (0.98, 0),
        (0.97, 0),
        (97.82, 0),
        (98.0, 0),
        ("97.81%", 0),
        ("97.8％", 0),
        ("97.82", 0),
        (0.979, 1),
        (0.9783, 1),
        (0.9780001, 1),
        (1.0, 1),
        (9.782, 1),
        ("约98%", 1),
        (CellError("#DIV/0!"), 1),
    ],
)
def test_m105_allows_a_rate_that_is_rounded_or_truncated(stated: Value, count: int) -> None:
    assert len(found("M105", old(raw={"funds.appropriation.rate": stated}))) == count


@pytest.mark.parametrize(("mark", "count"), [(None, 1), ("—", 1), ("", 1)])
def test_m105_asks_for_the_rate_of_the_total_row_alone(mark: str | None, count: int) -> None:
    lines = found("M105", old(raw={"funds.total.rate": mark}))
    assert lines == ["自评表!H6 年度资金总额·执行率 should be 98.00% (117.6 ÷ 120); the form says nothing"] * count
    assert found("M105", old(raw={"funds.appropriation.rate": mark})) == []


@pytest.mark.parametrize(("stated", "said"), [(1.0, "100.00%"), (CellError("#DIV/0!"), "#DIV/0!")])
def test_m105_finds_a_rate_where_there_is_no_budget(stated: Value, said: str) -> None:
    subject = old(raw={"funds.other.rate": stated})
    line = f"自评表!H9 其他资金·执行率 should be blank, since there is no budget; the form says {said}"
    assert found("M105", subject) == [line]
    assert old_codes(subject) == ["M105"]


@pytest.mark.parametrize("stated", [0.0, "—", "/", "0%"])
def test_m105_allows_nothing_or_0_where_there_is_no_budget(stated: Value) -> None:
    assert found("M105", old(raw={"funds.other.rate": stated})) == []


def test_m105_gives_the_rate_that_was_expected() -> None:
    subject = old(raw={"funds.total.rate": 0.5}, **alone(100, 120, 0))
    (finding,) = findings(subject, "M105")
    assert (finding.found, finding.expected) == (Decimal("0.5"), 0)


def test_m105_concludes_nothing_from_amounts_that_are_in_doubt() -> None:
    wrong: dict[str, Value | None] = {"funds.total.rate": 0.5}
    assert found("M105", old(raw=wrong, funds__total__budget=None)) == []
    assert found("M105", old(raw=wrong | {"funds.total.budget": "约120"})) == []
    assert found("M105", old(raw=wrong, funds__total__executed=60)) == []


def test_m105_leaves_spending_without_a_budget_to_m104() -> None:
    subject = old(raw={"funds.carryover.rate": 1.0}, funds__carryover__budget=None, funds__appropriation__budget=120)
    assert found("M105", subject) == []
    assert old_codes(subject) == ["M104"]


# M106


@pytest.mark.parametrize("template", TEMPLATES)
def test_m106_finds_a_score_that_does_not_follow_from_the_rate(template: str) -> None:
    subject = old(template, raw={"funds.total.score": 9.5})
    line = "年度资金总额·得分 should be 9.80 (98.00% × 10); the form says 9.5"
    assert found("M106", subject) == [f"{cell(template, 'funds.total.score')} {line}"]
    assert findings(subject, "M106")[0].severity is Severity.ERROR


def test_m106_is_the_only_finding_where_the_total_was_made_with_the_right_score() -> None:
    assert old_codes(old(raw={"funds.total.score": 8.0})) == ["M106"]


@pytest.mark.parametrize(
    ("stated", "severity"),
    [
        (9.78, None),
        (9.79, Severity.ERROR),
        (9.77, Severity.ERROR),
        (9.8, None),
        (9.7, None),
        (10.0, Severity.WARNING),
        (9.0, Severity.ERROR),
        (0.0, Severity.ERROR),
        ("9.78分", None),
        ("满分", Severity.ERROR),
        (None, Severity.ERROR),
        (CellError("#REF!"), Severity.ERROR),
    ],
)
def test_m106_allows_a_score_that_is_rounded_or_truncated(stated: Value | None, severity: Severity | None) -> None:
    subject = old(raw={"funds.total.score": stated}, **alone(100, 110, 107.6))
    assert [each.severity for each in findings(subject, "M106")] == ([] if severity is None else [severity])


def test_m106_caps_the_rate() -> None:
    over = alone(100, 120, 132)
    assert found("M106", old(raw={"funds.total.score": 10.0}, **over)) == []
    assert found("M106", old(raw={"funds.total.score": 11.0}, **over)) == [
        "自评表!I6 年度资金总额·得分 should be 10.00 (100.00% × 10); the form says 11"
    ]


def test_m106_does_not_repeat_what_m105_says_of_the_rate() -> None:
    subject = old(raw={"funds.total.rate": 0.9, "funds.total.score": 9.0})
    assert found("M106", subject) == []
    assert found("M105", subject) != []


def test_m106_tells_a_score_that_is_off_beside_a_rate_that_is_blank() -> None:
    assert len(found("M106", old(raw={"funds.total.rate": None, "funds.total.score": 9.0}))) == 1


def test_m106_finds_a_score_where_there_is_no_budget() -> None:
    subject = old(raw={"funds.total.score": 10.0}, **alone(0, 0, 0))
    assert found("M106", subject) == [
        "自评表!I6 年度资金总额·得分 should be blank, since there is no budget; the form says 10"
    ]
    assert found("M106", old(**alone(0, 0, 0))) == []


def test_m106_does_not_explain_a_score_that_is_no_simple_product() -> None:
    formula = '=IF({.rate}="","",IF({.rate}>=1,10,IF({.rate}>=0.8,7,0)))'
    steps = {
        "tables": {"funds": {"columns": {"score": {"rows": {"total": {"formula": formula}}}}}},
        "scoring": {"execution_method": "steps"},
    }
    subject = with_settings(old(), **steps)
    assert found("M106", subject) == ["自评表!I6 年度资金总额·得分 should be 7.00; the form says 9.8"]


# M107


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(
    ("stated", "said"), [(100.0, "100"), (20.0, "20"), (None, "nothing"), ("—", "nothing"), ("十分", "十分")]
)
def test_m107_finds_another_weight_of_execution(template: str, stated: Value | None, said: str) -> None:
    subject = submission(template, raw={"funds.total.weight": stated})
    line = f"年度资金总额·分值 should be 10, as the form prints it; the form says {said}"
    assert found("M107", subject) == [f"{cell(template, 'funds.total.weight')} {line}"]
    assert codes(subject) == ["M107"]


@pytest.mark.parametrize("stated", [10.0, "10", "10分"])
def test_m107_allows_the_printed_weight_however_it_is_written(stated: Value) -> None:
    assert found("M107", submission(raw={"funds.total.weight": stated})) == []


def test_m107_takes_the_weight_from_the_template() -> None:
    twenty = {"tables": {"funds": {"columns": {"weight": {"rows": {"total": {"value": 20}}}}}}}
    assert found("M107", with_settings(submission(), **twenty)) == [
        "自评表!G6 年度资金总额·分值 should be 20, as the form prints it; the form says 10"
    ]


def test_m106_goes_by_the_printed_weight_whatever_stands_there() -> None:
    subject = old(raw={"funds.total.weight": 100.0, "funds.total.score": 98.0})
    assert found("M106", subject) == ["自评表!I6 年度资金总额·得分 should be 9.80 (98.00% × 10); the form says 98"]


# M108


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(("column", "label"), [("weight", "分值"), ("score", "得分")])
def test_m108_finds_points_on_a_row_of_sources(template: str, column: str, label: str) -> None:
    subject = submission(template, raw={f"funds.appropriation.{column}": 9.8})
    line = f"其中：当年财政拨款·{label} is 9.8; only the total row has a weight and a score, here the form prints —"
    assert found("M108", subject) == [f"{cell(template, f'funds.appropriation.{column}')} {line}"]
    assert codes(subject) == ["M108"]
    assert findings(subject)[0].severity is Severity.WARNING


@pytest.mark.parametrize("mark", ["-", "/", "－", None, "——"])
def test_m108_allows_any_mark_for_nothing(mark: str | None) -> None:
    subject = submission(raw={"funds.appropriation.score": mark, "funds.other.weight": mark})
    assert codes(subject) == []
