"""What was approved, against what came back."""

from __future__ import annotations

import copy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support.forms import (
    TEMPLATES,
    SureRecords,
    codes,
    findings,
    found,
    informed,
    layout_of,
    row_number,
    submission,
)

from xlsform.errors import DataError
from xlsform.findings import Severity
from xlsform.form.template import load
from xlsform.form.vocabulary import GOAL_EXPECTED, INDICATOR_NAME, TARGET, WEIGHT
from xlsform.projects import ListedIndicator, Project, read_accounts
from xlsform.quantities import same_target
from xlsform.spreadsheet.a1 import position
from xlsform.submission.office_records import NO_RECORDS, OfficeRecords
from xlsform.submission.submission import Submission


def approved(subject: Submission, **changes: Any) -> Submission:
    """Give a submission the project that its own rows would have been approved as, changed where asked."""
    listed = []
    for row in subject.used_rows:
        first = row[INDICATOR_NAME].field
        listed.append(
            ListedIndicator(
                first.level1 or "", first.level2 or "", row[INDICATOR_NAME].text, row[TARGET].text, row[WEIGHT].number
            )
        )
    values: dict[str, Any] = {
        "code": "001", "name": "农村公路养护", "department": "某县交通运输局", "unit": "某县公路养护中心", "email": "",
        "amounts": {}, "indicators": tuple(listed), "extra": {}, "row": 2,
    }  # fmt: skip
    return informed(subject, SureRecords({"001": Project(**values | changes)}))


def changed(subject: Submission, number: int, **parts: Any) -> Submission:
    """Approve an indicator otherwise than the submission has it."""
    from dataclasses import replace

    assert subject.approved is not None
    listed = list(subject.approved.indicators)
    listed[number] = replace(listed[number], **parts)
    project = replace(subject.approved, indicators=tuple(listed))
    return informed(subject, SureRecords({"001": project}))


def first_row(template: str) -> str:
    level2 = "经济成本指标" if template == "mof-2021" else "数量指标"
    return f"indicators.{row_number(layout_of(template), level2)}"


@pytest.mark.parametrize("template", TEMPLATES)
def test_what_was_approved_is_no_finding(template: str) -> None:
    assert codes(approved(submission(template))) == []


@pytest.mark.parametrize("template", TEMPLATES)
def test_without_a_list_nothing_is_said(template: str) -> None:
    assert codes(submission(template)) == []


@pytest.mark.parametrize("template", TEMPLATES)
def test_an_approved_indicator_is_missing(template: str) -> None:
    subject = approved(submission(template))
    assert subject.approved is not None
    extra = ListedIndicator("产出指标", "质量指标", "桥梁完好率", "≥98%", Decimal(5))
    subject = approved(subject, indicators=(*subject.approved.indicators, extra))
    assert codes(subject) == ["K101"]
    (message,) = found("K101", subject)
    assert message.endswith("the approved indicator “桥梁完好率” (质量指标) is missing")


@pytest.mark.parametrize("template", TEMPLATES)
def test_an_indicator_was_added(template: str) -> None:
    subject = approved(submission(template))
    assert subject.approved is not None
    subject = approved(subject, indicators=subject.approved.indicators[1:])
    assert codes(subject) == ["K102"]


@pytest.mark.parametrize("template", TEMPLATES)
def test_an_indicator_was_renamed(template: str) -> None:
    subject = approved(submission(template))
    assert subject.approved is not None
    name = subject.approved.indicators[0].name
    subject = changed(subject, 0, name=f"{name}数")
    assert codes(subject) == ["K103"]
    cell = subject.cell(f"{first_row(template)}.name")
    assert found("K103", subject) == [f"自评表!{cell} “{name}数” was approved; the form calls it “{name}”"]


def test_a_number_before_the_name_and_its_width_do_not_count() -> None:
    subject = approved(submission())
    subject = changed(subject, 0, name="指标1： 养护里程")
    assert codes(subject) == []


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_weight_was_changed(template: str) -> None:
    subject = changed(approved(submission(template)), 0, weight=Decimal(15))
    field = f"{first_row(template)}.weight"
    assert found("W105", subject) == [
        f"自评表!{subject.cell(field)} {subject.layout.fields[field].label} is 20; approved was 15"
    ]
    assert codes(subject) == ["W105"]


@pytest.mark.parametrize("target", ["≥130公里", "120个", "健全", "≤120公里"])
def test_a_target_was_changed(target: str) -> None:
    subject = changed(approved(submission()), 0, target=target)
    assert found("P114", subject) == [f"自评表!E13 数量指标 第 1 行·年度指标值 is ≥120公里; approved was {target}"]
    assert codes(subject) == ["P114"]


@pytest.mark.parametrize(
    ("approved_target", "typed", "same"),
    [
        ("≥5万人", "≥5人", False),
        ("≥5万人", "≥5", False),
        ("≥5万人", "≥50000人", True),
        ("≥3000万元", "≥3000元", False),
        ("≤30万元", "≤30万元", True),
        ("≥120公里", "≥120万", False),
        ("≥120千米", "≥120米", False),
        ("5万-6万人", "5-6万人", False),
        ("≥95%", "≥0.95", True),
        ("≥120公里", "≥120", True),
    ],
)
def test_the_scale_of_a_unit_is_part_of_a_target(approved_target: str, typed: str, same: bool) -> None:
    assert same_target(approved_target, typed) is same


@pytest.mark.parametrize("target", ["≥120公里", "不低于120公里", ">=120 公里", "120公里", "１２０公里以上"])
def test_the_same_target_in_other_words(target: str) -> None:
    assert codes(changed(approved(submission()), 0, target=target)) == []


@pytest.mark.parametrize(
    ("part", "cell"),
    [({"name": "农村公路建设"}, "B3"), ({"department": "某县财政局"}, "B4"), ({"unit": "某县公路段"}, "F4")],
)
def test_the_head_differs_from_the_list(part: dict[str, str], cell: str) -> None:
    subject = approved(submission(), **part)
    assert codes(subject) == ["H103"]
    assert found("H103", subject)[0].startswith(f"自评表!{cell} ")


@pytest.mark.parametrize("template", TEMPLATES)
def test_an_amount_is_not_the_approved_one(template: str) -> None:
    subject = approved(submission(template), amounts={"funds.total.budget": Decimal(150)})
    cell = subject.cell("funds.total.budget")
    budget = subject.layout.fields["funds.total.budget"].label
    assert found("M113", subject) == [f"自评表!{cell} {budget} is 120; approved was 150"]
    assert codes(subject) == ["M113"]
    # Approved in more decimals than the form gives.
    assert codes(approved(submission(template), amounts={"funds.total.budget": Decimal("120.0001")})) == []


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_text_is_not_the_approved_one(template: str) -> None:
    own = submission(template)
    stated = own.stated(GOAL_EXPECTED)
    assert stated is not None
    subject = approved(own, texts={GOAL_EXPECTED: f"{stated}并通过验收。"})
    assert codes(subject) == ["G105"]
    (finding,) = findings(subject)
    assert (finding.found, finding.expected) == (stated, f"{stated}并通过验收。")
    assert finding.cell == f"自评表!{subject.cell(subject.name(GOAL_EXPECTED))}"
    assert codes(approved(own, texts={GOAL_EXPECTED: f" {stated} "})) == []


def of_projects(*projects: Project) -> Submission:
    """Return a faultless form that has no project code, where the office knows of some projects."""
    return informed(submission(), OfficeRecords({each.code: each for each in projects}, listed=True))


def named(code: str, **changes: Any) -> Project:
    values: dict[str, Any] = {"name": "农村公路养护", "department": "", "unit": "某县公路养护中心", **changes}
    return Project(code, values["name"], values["department"], values["unit"], "", {}, (), {}, 2)


@pytest.mark.parametrize(
    ("projects", "message"),
    [
        ([named("1"), named("2")], "“农村公路养护” may be any of the projects 1, 2"),
        ([named("1"), named("2", unit="")], "“农村公路养护” may be any of the projects 1, 2"),
        ([named("1", unit="某县水利局")], "“农村公路养护” is a project of another unit than 某县公路养护中心: 1"),
        ([named("1", name="农村公路建设")], "no project is called “农村公路养护”"),
    ],
)
def test_nobody_can_tell_which_project_it_is(projects: list[Project], message: str) -> None:
    subject = of_projects(*projects)
    assert found("H105", subject) == [f"自评表!B3 {message}"]
    assert codes(subject) == ["H105"]
    assert subject.approval.by == "return"


@pytest.mark.parametrize(
    "projects",
    [
        [named("1"), named("2", unit="某县水利局")],
        [named("1", name=" 农村公路养护 ", unit="某县 公路养护中心")],
        [named("1", unit="")],
    ],
)
def test_a_project_is_told_by_its_name_and_unit(projects: list[Project]) -> None:
    subject = of_projects(*projects)
    assert codes(subject) == []
    assert subject.approval.match.code == "1"


def copied(subject: Submission, records: OfficeRecords = NO_RECORDS, **contents: str | float) -> Submission:
    """Return a form as it is copied into a workbook of one's own: without identity, locks and hidden sheets."""
    workbook = copy.deepcopy(subject.workbook)
    sheet = workbook.sheets[0]
    sheet.values.update({position(address): value for address, value in contents.items()})
    sheet.protected = False
    workbook.sheets, workbook.properties, workbook.names = workbook.sheets[:1], {}, {}
    return Submission(subject.path, workbook, subject.layout, sheet, {}, records)


def test_a_form_in_a_workbook_of_its_own_is_read_by_its_labels() -> None:
    subject = copied(submission())
    assert codes(subject) == ["S116"]
    (finding,) = findings(subject)
    assert (finding.severity, finding.found) == (Severity.NOTE, 0)
    subject = copied(submission(), OfficeRecords({"1": named("1")}), A3="项目全称")
    assert codes(subject) == ["S116"]
    (finding,) = findings(subject)
    assert (finding.severity, finding.found) == (Severity.WARNING, 1)
    assert found("S116", subject)[0].endswith("read by its labels, of which 1 differ or are missing: 项目名称")


def test_a_copied_form_that_was_never_calculated_is_told_so_and_no_more() -> None:
    own = submission()
    formulas = {position(item.cell) for name, item in own.layout.fields.items() if name in own.layout.computed}
    subject = copied(own, NO_RECORDS)
    subject.workbook.sheets[0].values = {
        place: value for place, value in subject.workbook.sheets[0].values.items() if place not in formulas
    }
    assert set(codes(subject)) == {"F110", "S116"}


def test_what_a_copied_form_calculates_is_judged_by_its_values() -> None:
    own = submission()
    subject = copied(own, NO_RECORDS, **{own.cell("funds.total.score"): 9.0})
    assert codes(subject) == ["S116", "M106"]


def test_amounts_differ_from_the_accounts() -> None:
    accounts = {"funds.total.budget": Decimal(120), "funds.total.executed": Decimal("117.5")}
    subject = informed(submission(), OfficeRecords(accounts={"": accounts}))
    assert found("M111", subject) == ["自评表!F6 年度资金总额·全年执行数 is 117.6; the final accounts say 117.5"]
    assert codes(subject) == ["M111"]


def test_accounts_are_read_in_their_own_unit(tmp_path: Path) -> None:
    path = tmp_path / "决算.csv"
    path.write_text("项目编码,全年预算数（元）,全年执行数\n001,1200000,117.6\n002,,3\n", encoding="utf-8-sig")
    assert read_accounts(path, load("mof-2020")) == {
        "001": {"funds.total.budget": Decimal(120), "funds.total.executed": Decimal("117.6")},
        "002": {"funds.total.executed": Decimal(3)},
    }


def test_every_problem_of_the_accounts_is_told(tmp_path: Path) -> None:
    path = tmp_path / "决算.csv"
    path.write_text("项目编码,全年执行数\n001,约3\n001,4\n,5\n", encoding="utf-8-sig")
    with pytest.raises(DataError) as caught:
        read_accounts(path, load("mof-2020"))
    assert len(caught.value.problems) == 3
