from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from support.foreign_forms import form_of_goals, form_with_grade, form_without_funds, returned
from support.forms import TEMPLATES, at, codes, findings, found, layout_of, row_number, sheet_of, submission
from support.variants import values_only, with_scoring

from xlsform.findings import Severity
from xlsform.form.field_types import Cast
from xlsform.reading.workbook import Workbook
from xlsform.rules.totals import speaks_of_total
from xlsform.spreadsheet.values import CellError, Value
from xlsform.submission.submission import Submission

TOTAL = {"mof-2020": "自评表!H40", "mof-2021": "自评表!H43", "shanxi-2021": "自评表!H40"}
SUM = "9.8 for execution + 89.67 for the indicators"


def stating(template: str, total: Value | None, **more: Any) -> Submission:
    """Return a faultless form, values only, with another total and perhaps other computed values."""
    return submission(template, edit=values_only, raw={"total_score": total, **more.pop("raw", {})}, **more)


def own(subject: Submission) -> list[str]:
    """Return the codes of what is said of a form, but not of its file: that its formulas cannot be seen."""
    return [code for code in codes(subject) if code[0] != "F"]


# T101


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("edit", [None, values_only])
def test_a_blank_total(template: str, edit: Any) -> None:
    subject = submission(template, edit=edit, raw={"total_score": None})
    assert found("T101", subject) == [f"{TOTAL[template]} 总分 is blank; it should be 99.47 ({SUM})"]
    assert own(subject) == ["T101"]


def test_spaces_are_blank() -> None:
    assert own(stating("mof-2020", "　 ")) == ["T101"]


def test_a_total_that_was_never_calculated_is_not_blank() -> None:
    def uncalculated(workbook: Workbook) -> None:
        del sheet_of(workbook).values[at("H40")]

    subject = submission(edit=uncalculated)
    assert subject.entries["total_score"].blank
    assert found("T101", subject) == []


def test_a_blank_form_lacks_no_total() -> None:
    blank = dict.fromkeys(submission().typed)
    assert found("T101", submission(typed=blank, edit=values_only)) == []


def test_no_figure_is_named_where_a_score_is_lacking_or_the_sum_cannot_be() -> None:
    row = row_number(layout_of("mof-2020"), "质量指标")
    lacking = stating("mof-2020", None, **{f"indicators.{row}.score": None})
    assert found("T101", lacking) == ["自评表!H40 总分 is blank"]
    unusable = stating("mof-2020", None, raw={"funds.total.executed": "约117"})
    assert found("T101", unusable) == ["自评表!H40 总分 is blank"]
    without_money = stating("mof-2020", None, raw={"funds.total.budget": 0.0, "funds.total.executed": 0.0})
    assert found("T101", without_money) == ["自评表!H40 总分 is blank"]
    beyond = stating("mof-2020", None, **{f"indicators.{row}.weight": 100, f"indicators.{row}.score": 100})
    assert found("T101", beyond) == ["自评表!H40 总分 is blank"]


def test_a_total_whose_row_is_gone_is_structures_affair() -> None:
    def delete(workbook: Workbook) -> None:
        sheet = sheet_of(workbook)
        for cells in (sheet.values, sheet.formulas):
            for place in [place for place in cells if place[0] == 40]:
                del cells[place]
        for name in [name for name, target in workbook.names.items() if target.endswith("$40")]:
            del workbook.names[name]
        sheet.merges = tuple(area for area in sheet.merges if area.top != 40)

    subject = submission(edit=delete)
    assert subject.entries["total_score"].position is None
    assert found("T101", subject) == []


# T102


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_total_that_is_not_the_sum(template: str) -> None:
    subject = stating(template, 95.0)
    assert found("T102", subject) == [f"{TOTAL[template]} 总分 should be 99.47 ({SUM}); the form says 95"]
    (finding,) = findings(subject, "T102")
    assert (finding.severity, finding.found, finding.expected) == (Severity.ERROR, Decimal(95), Decimal("99.47"))
    assert own(subject) == ["T102"]


@pytest.mark.parametrize("total", [99.47, "99.47", "99.47分", 99.4, 99.5])
def test_a_total_rounded_or_truncated_at_its_decimals_agrees(total: Value | None) -> None:
    assert found("T102", stating("mof-2020", total)) == []


@pytest.mark.parametrize(("total", "severity"), [(99.0, "warning"), (98.0, "error"), (99.46, "error"), (99.6, "error")])
def test_a_whole_point_is_a_warning(total: float, severity: str) -> None:
    assert [each.severity for each in findings(stating("mof-2020", total), "T102")] == [severity]


def test_a_total_that_follows_the_stated_execution_score_is_that_scores_fault() -> None:
    subject = stating("mof-2020", 98.67, raw={"funds.total.score": 9.0})
    assert "T102" not in codes(subject)
    assert found("T102", stating("mof-2020", 98.0, raw={"funds.total.score": 9.0})) != []


@pytest.mark.parametrize("total", [None, "九十五", CellError("#REF!")])
def test_a_total_that_is_no_figure_is_not_compared(total: Value | None) -> None:
    assert found("T102", stating("mof-2020", total)) == []


def test_a_total_is_not_compared_where_what_it_needs_is_blank_or_unusable() -> None:
    row = row_number(layout_of("mof-2020"), "质量指标")
    for raw in ({f"indicators.{row}.score": None}, {f"indicators.{row}.score": "优"}, {"funds.total.executed": None}):
        assert found("T102", stating("mof-2020", 95.0, raw=raw)) == []
        assert found("T102", stating("mof-2020", 95.0)) != []


def test_a_sum_that_cannot_be_is_not_asked_for() -> None:
    row = row_number(layout_of("mof-2020"), "质量指标")
    subject = stating("mof-2020", 100.0, **{f"indicators.{row}.weight": 100, f"indicators.{row}.score": 100})
    assert own(subject) == ["W101"]


def test_a_form_with_formulas_is_judged_by_the_rules_on_formulas() -> None:
    assert found("T102", submission(raw={"total_score": 95.0})) == []


def test_a_total_without_execution() -> None:
    form = form_without_funds()
    subject = returned(form, indicators__1__name="里程", indicators__1__score=Decimal(60))
    values_only(subject.workbook)
    subject.sheet.values[subject.layout.fields["total_score"].range.anchor] = 50.0
    assert found("T102", subject) == [
        f"自评表!{subject.cell('total_score')} 总分 should be 60 (all scores added up); the form says 50"
    ]


# T103


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("total", [100.01, 105.0])
def test_a_total_over_100(template: str, total: float) -> None:
    subject = stating(template, total)
    assert found("T103", subject) == [f"{TOTAL[template]} 总分 is {total:g}; it cannot be more than 100"]
    assert own(subject) == ["T103"]
    assert speaks_of_total(subject)


def test_a_total_typed_over_its_formula_may_be_over_100() -> None:
    subject = submission(raw={"total_score": 105.0})
    assert found("T103", subject) == ["自评表!H40 总分 is 105; it cannot be more than 100"]


def test_a_stale_total_is_the_formulas_affair() -> None:
    def stale(workbook: Workbook) -> None:
        sheet_of(workbook).values[at("H40")] = 105.0

    subject = submission(edit=stale)
    assert found("T103", subject) == []
    assert "S108" in codes(subject)


def test_a_total_that_follows_scores_over_their_weight_is_their_fault() -> None:
    row = row_number(layout_of("mof-2020"), "质量指标")
    values = {f"indicators.{row}.score": 20}
    assert codes(submission(typed=values)) == ["P101"]
    assert own(stating("mof-2020", 109.47, **values)) == ["P101"]
    assert own(stating("mof-2020", 120.0, **values)) == ["P101", "T103"]


def test_scores_without_weights_can_make_too_much() -> None:
    values: dict[str, Cast] = {"indicators__1__name": "里程", "indicators__1__score": Decimal(60)}
    values |= {"indicators__2__name": "质量", "indicators__2__score": Decimal(60)}
    subject = returned(form_without_funds(), **values)
    assert found("T103", subject) == [f"自评表!{subject.cell('total_score')} 总分 is 120; it cannot be more than 100"]


def test_the_most_is_the_templates() -> None:
    assert found("T103", with_scoring(stating("mof-2020", 105.0), total=120)) == []


# T104


def graded(grade: str | None, total: float) -> Submission:
    """Return a form with a grade, its one score making the total."""
    score = Decimal(str(total))
    subject = returned(
        form_with_grade(), indicators__1__name="里程", indicators__1__score=score, indicators__1__weight=Decimal(100)
    )
    place = subject.layout.fields["grade"].range.anchor
    if grade is not None:
        subject.sheet.values[place] = grade
    return subject


@pytest.mark.parametrize(
    ("grade", "total", "due"),
    [
        ("良", 90, "优"),
        ("优秀", 89.99, "良"),
        ("良好", 79.99, "中"),
        ("中", 59.99, "差"),
        ("差", 60, "中"),
        ("优", 0, "差"),
    ],
)
def test_a_grade_of_another_band(grade: str, total: float, due: str) -> None:
    subject = graded(grade, total)
    _known(subject)
    assert found("T104", subject) == [
        f"自评表!I40 等级 should be {due}, the grade of a total of {total}; the form says {grade}"
    ]


def _known(subject: Submission) -> None:
    """Fill in the money, so that the total can be known; nothing was spent, and execution brings 0 points."""
    for name, figure in {"funds.total.budget": 10.0, "funds.total.executed": 0.0}.items():
        subject.sheet.values[subject.layout.fields[name].range.anchor] = figure


@pytest.mark.parametrize(
    ("grade", "total"),
    [("优", 90), ("优秀", 100), ("良", 89.99), ("中等", 60), ("差", 59.99), ("优良", 50), ("A", 50), (None, 50)],
)
def test_a_grade_that_fits_or_is_not_understood(grade: str | None, total: float) -> None:
    subject = graded(grade, total)
    _known(subject)
    assert found("T104", subject) == []


def test_a_grade_of_the_stated_total_is_right() -> None:
    subject = graded("良", 90)
    _known(subject)
    values_only(subject.workbook)
    subject.sheet.values[subject.layout.fields["total_score"].range.anchor] = 85.0
    assert found("T104", subject) == []


def test_a_grade_is_not_judged_without_a_known_total() -> None:
    assert found("T104", graded("差", 90)) == []


def test_a_template_without_grades_asks_for_none() -> None:
    subject = graded("差", 90)
    _known(subject)
    assert len(found("T104", subject)) == 1
    assert found("T104", with_scoring(subject, grades=None)) == []


# T105


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("edit", [None, values_only])
def test_a_perfect_total_despite_the_execution_rate(template: str, edit: Any) -> None:
    subject = submission(template, edit=edit, raw={"total_score": 100.0})
    assert found("T105", subject) == [
        f"{TOTAL[template]} 总分 is 100 although the execution rate is only 98.00%; it should be 99.47 ({SUM})"
    ]
    assert own(subject) == ["T105"]


FULL = {"score": 20, "actual": "120公里", "reason": None}


def perfect(executed: str, total: float | None = 100.0, **more: Any) -> Submission:
    row = f"indicators.{row_number(layout_of('mof-2020'), '数量指标')}"
    values: dict[str, Any] = {f"{row}.{column}": value for column, value in FULL.items()}
    values |= {
        "funds.total.executed": executed and float(executed),
        "funds.carryover.executed": float(executed) - 107.6,
    }
    return stating("mof-2020", total, **values, **more)


@pytest.mark.parametrize(("executed", "count"), [("119.9", 1), ("119.99", 0), ("120", 0)])
def test_what_is_lost_in_rounding_is_no_contradiction(executed: str, count: int) -> None:
    assert len(found("T105", perfect(executed))) == count


def test_a_perfect_total_beside_an_execution_score_of_10() -> None:
    subject = perfect("117.6", raw={"funds.total.score": 10.0})
    assert own(subject) == ["M106", "T105"]


def test_a_stated_rate_of_100_is_that_rates_fault() -> None:
    subject = perfect("117.6", raw={"funds.total.score": 10.0, "funds.total.rate": 1.0})
    assert found("T105", subject) == []


def test_a_total_whose_formula_follows_an_overwritten_score_is_in_order() -> None:
    def overwrite(workbook: Workbook) -> None:
        sheet_of(workbook).values[at("H40")] = 100.0

    row = f"indicators.{row_number(layout_of('mof-2020'), '数量指标')}"
    values: dict[str, Any] = {f"{row}.{column}": value for column, value in FULL.items()}
    subject = submission(edit=overwrite, raw={"funds.total.score": 10.0}, **values)
    assert found("T105", subject) == []
    assert found("T105", submission(edit=overwrite, **values)) != []


def test_99_is_not_perfect() -> None:
    assert found("T105", stating("mof-2020", 99.99)) == []


def test_an_unknown_rate_contradicts_nothing() -> None:
    assert found("T105", stating("mof-2020", 100.0, raw={"funds.total.executed": "约117"})) == []
    assert found("T105", stating("mof-2020", 100.0, funds__total__executed=None)) == []


# Other forms


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_faultless_form_has_no_finding(template: str) -> None:
    assert codes(submission(template)) == []
    assert own(submission(template, edit=values_only)) == []


def test_a_form_without_a_total_is_not_judged() -> None:
    subject = returned(form_of_goals(), goal_expected="修好村道三公里")
    assert [code for code in codes(subject) if code[0] == "T"] == []
    assert not speaks_of_total(subject)
