"""Rules on the head: H101, H102, H104."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.forms import TEMPLATES, codes, found, issued, layout_of, put, sheet_of, submission

from xlsform.form.identity import Identity
from xlsform.form.layout import lay_out
from xlsform.form.template import build, find, load, read
from xlsform.form.vocabulary import YEAR
from xlsform.reading.workbook import Workbook
from xlsform.submission.carriers import identities_in
from xlsform.submission.submission import Submission


def issued_for(
    template: str, for_year: str = "2021", prefilled: dict[str, object] | None = None, **values: Any
) -> Submission:
    """Return a faultless submission of a workbook issued for a year."""
    subject = submission(template, **values)
    layout = subject.layout
    identity = Identity(template, layout.form.edition, layout.rows, year=for_year, issued=prefilled or {})
    workbook = issued(layout, subject.typed, identity)
    return Submission(subject.path, workbook, layout, workbook.sheets[0], identities_in(workbook))


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_head_of_a_faultless_form_gives_nothing(template: str) -> None:
    assert found("H", submission(template)) == []
    assert found("H", issued_for(template)) == []


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(
    ("field", "label"),
    [("project_name", "项目名称"), ("department", "主管部门"), ("unit", "实施单位"), ("year", "年度")],
)
def test_h101_finds_each_blank_field_of_the_head(template: str, field: str, label: str) -> None:
    subject = submission(template, typed={field: None})
    assert found("H101", subject) == [f"自评表!{layout_of(template).fields[field].cell} {label} is blank; fill it in"]
    assert codes(subject) == ["H101"]


@pytest.mark.parametrize("content", ["", "  ", "　\n"])
def test_h101_takes_spaces_for_blank(content: str) -> None:
    assert found("H101", submission(raw={"unit": content})) == ["自评表!F4 实施单位 is blank; fill it in"]


def test_h101_says_nothing_of_a_year_that_v101_finds_to_be_no_number() -> None:
    subject = submission(raw={"year": "去年"})
    assert found("H101", subject) == []
    assert codes(subject) == ["V101"]


def test_h101_leaves_a_deleted_row_to_s105() -> None:
    def without_row_3(workbook: Workbook) -> None:
        sheet = sheet_of(workbook)
        kept = {place: value for place, value in sheet.values.items() if place[0] != 3}
        sheet.values = {(row - (row > 3), column): value for (row, column), value in kept.items()}
        workbook.names.clear()

    subject = submission(edit=without_row_3)
    assert subject.entries["project_name"].position is None
    assert found("H101", subject) == []
    assert found("S105", subject)


@pytest.mark.parametrize("template", TEMPLATES)
def test_h102_finds_another_year_than_the_one_issued(template: str) -> None:
    subject = issued_for(template, for_year="2022")
    cell = layout_of(template).fields["year"].cell
    assert found("H102", subject) == [f"自评表!{cell} the form was issued for 2022, but 年度 says 2021"]
    assert codes(subject) == ["H102"]


def test_h102_does_not_tell_the_name_as_well_when_the_year_is_wrong() -> None:
    subject = issued_for("mof-2020", for_year="2022", project_name="2021年农村公路养护")
    assert len(found("H102", subject)) == 1


@pytest.mark.parametrize("content", [None, "去年"])
def test_h102_leaves_a_year_that_is_blank_or_no_number_to_others(content: str | None) -> None:
    subject = issued_for("mof-2020", for_year="2022")
    put(subject.sheet, (2, 1), content)
    assert subject.number(YEAR) is None
    assert found("H102", subject) == []


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("name", ["2020年农村公路养护", "农村公路养护（2022年度）", "２０２０年农村公路养护"])
def test_h102_warns_of_another_year_in_the_name(template: str, name: str) -> None:
    subject = submission(template, project_name=name, funds__carryover__initial=None, **_no_carryover())
    (line,) = found("H102", subject)
    assert line.startswith(f"自评表!{layout_of(template).fields['project_name'].cell} 项目名称 says 202")
    assert line.endswith(", but the form is for 2021")
    assert codes(subject) == ["H102"]


def _no_carryover() -> dict[str, Any]:
    return {
        "funds__appropriation__budget": 120,
        "funds__appropriation__executed": 117.6,
        "funds__carryover__budget": None,
        "funds__carryover__executed": None,
    }


@pytest.mark.parametrize(
    "name",
    [
        "2021年农村公路养护",
        "2020—2021年农村公路养护",
        "2020年至2022年农村公路养护",
        "落实2020年第10号文件经费",
        "2020年高标准农田建设尾款",
        "2020年地方政府债券利息",
        "提前下达2022年中央补助资金",
        "2022年冬奥会保障",
        "2015年建成道路维修",
        "自2019年起的村医补助",
        "120202年号牌制作",
        "农村公路养护",
    ],
)
def test_h102_is_silent_about_names_that_may_carry_another_year(name: str) -> None:
    assert found("H102", submission(project_name=name, **_no_carryover())) == []


def test_h102_is_silent_about_last_years_name_where_money_was_carried_over() -> None:
    assert found("H102", submission(project_name="2020年农村公路养护")) == []
    assert found("H102", submission(project_name="2022年农村公路养护")) != []


def test_h102_is_silent_about_a_name_that_was_prefilled() -> None:
    name = "2022年农村公路养护"
    assert found("H102", issued_for("mof-2020", project_name=name)) != []
    assert found("H102", issued_for("mof-2020", prefilled={"project_name": name}, project_name=name)) == []


def test_h102_compares_the_name_with_the_year_issued_while_the_year_is_blank() -> None:
    subject = issued_for("mof-2020", for_year="2021", year=None, project_name="2022年农村公路养护")
    assert found("H102", subject) == ["自评表!B3 项目名称 says 2022, but the form is for 2021"]


def test_h104_finds_the_seal_line_blank() -> None:
    subject = submission("shanxi-2021", filler_unit=None)
    line = "自评表!C2 填列单位（公章） is blank; fill it in before the form is printed and sealed"
    assert found("H104", subject) == [line]
    assert codes(subject) == ["H104"]


def test_h104_is_about_forms_that_have_such_a_line() -> None:
    assert "filler_unit" not in lay_out(load("mof-2020")).fields
    assert found("H104", submission(filler_unit=None)) == []


def bare(**fields: object) -> Submission:
    """Return a submission of a made-up form: no funds, no indicators, no checks, no settings."""
    spec = {
        name: {"label": name, "type": kind} for name, kind in [("year", "year"), ("task", "text"), ("cost", "money")]
    }
    content = {
        **{key: value for key, value in read(find("mof-2020")).items() if key in ("id", "edition", "title", "source")},
        **{"name": {"zh": "表", "en": "form"}, "sheet": "表", "money_unit": "万元"},
        "page": {"columns": {"A": 10, "B": 20}, "font": "宋体", "size": 10.5},
        "fields": spec | {"seal": {"label": "seal", "type": "text", "required": "H104"}},
        "tables": {},
        "blocks": {"all": [{"cells": {"A": name, "B": {"field": name}}} for name in (*spec, "seal")]},
        "scoring": {},
    }
    layout = lay_out(build(content))
    workbook = issued(layout, {})
    for name, value in fields.items():
        put(sheet_of(workbook), layout.fields[name].range.anchor, value)
    return Submission(Path("made-up.xlsx"), workbook, layout, sheet_of(workbook), {})


def test_the_rules_work_on_a_form_that_has_next_to_nothing() -> None:
    families = ("H", "V", "M")
    filled = bare(year=2021.0, task="2020年养护", cost=1.5, seal="某中心")
    assert [line for family in families for line in found(family, filled)] == []
    faulty = bare(year="本年", task="完成XXX", cost=-0.12345678)
    assert [line for family in families for line in found(family, faulty)] == [
        "表!B4 seal is blank; fill it in before the form is printed and sealed",
        "表!B1 year should be a year in four digits; the form says “本年”",
        "表!B2 task still holds “XXX”, which should be filled in or deleted",
        "表!B3 cost is -0.12345678; it cannot be less than 0",
        "表!B3 cost is -0.12345678, with 8 decimals; 6 are enough: -0.123457",
    ]


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_form_that_nobody_filled_in_lacks_its_head_and_its_amounts(template: str) -> None:
    layout = layout_of(template)
    workbook = issued(layout, {})
    blank = Submission(Path("blank.xlsx"), workbook, layout, workbook.sheets[0], identities_in(workbook))
    seal = ["H104"] if template == "shanxi-2021" else []
    own = sorted(code for code in codes(blank) if code[0] in "HVM")
    assert own == ["H101"] * 4 + seal + ["M101"] * 2


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("mark", ["—", "/", "无", " － "])
def test_h101_a_mark_for_nothing_names_nobody(template: str, mark: str) -> None:
    subject = submission(template, unit=mark)
    assert found("H101", subject) == [f"自评表!F4 实施单位 says only “{mark.strip()}”; fill it in"]
    assert codes(subject) == ["H101"]
