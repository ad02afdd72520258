from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xlsform.errors import UsageError
from xlsform.form.definition import Form
from xlsform.form.layout import lay_out
from xlsform.form.template import load
from xlsform.messages import render
from xlsform.projects import (
    ListedIndicator,
    Project,
    ProjectList,
    file_name,
    folder_name,
    places,
    read_projects,
    rows_needed,
    values,
)
from xlsform.projects.lists.list_template import write_list_template
from xlsform.reading import read_bytes
from xlsform.reading.workbook import Workbook

FORM = load("mof-2020")

HEAD: list[Any] = ["项目编码", "项目名称", "主管部门", "实施单位", "邮箱", "年初预算数", "全年预算数"]
ROAD: list[Any] = ["001", "农村公路养护", "某县交通运输局", "某县公路养护中心", "road@qq.com", 100, 120]
SCHOOL: list[Any] = ["002", "校舍维修", "某县教育局", "某县第一中学", "school@qq.com", 50, 50]
INDICATOR_HEAD: list[Any] = ["项目编码", "一级指标", "二级指标", "三级指标", "年度指标值", "分值"]
ROAD_INDICATORS: list[list[Any]] = [
    ["001", "产出指标", "数量指标", "养护里程", "≥120公里", 50],
    ["001", "效益指标", "社会效益指标", "受益人口", "≥2万人", 30],
    ["001", "满意度指标", "服务对象满意度指标", "群众满意度", "≥90%", 10],
]
SCHOOL_INDICATORS: list[list[Any]] = [["002", "产出指标", "质量指标", "合格率", "100%", 90]]

Table = Sequence[Sequence[Any]]


def workbook(path: Path, **sheets: Table) -> Path:
    with xlsxwriter.Workbook(path, {"strings_to_numbers": False, "strings_to_formulas": False}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for column, value in enumerate(row):
                    if value is not None:
                        sheet.write(number, column, value)
    return path


def csv_file(path: Path, rows: Table, encoding: str = "utf-8", delimiter: str = ",") -> Path:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter).writerows(rows)
    path.write_bytes(buffer.getvalue().encode(encoding))
    return path


def json_file(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return path


def problems(found: ProjectList, language: str = "en") -> list[str]:
    """Return ``sheet row column message`` of each problem."""
    return [f"{each.sheet} {each.row} {each.column} {render(each.message, language)}" for each in found.problems]


def sound(found: ProjectList) -> tuple[Project, ...]:
    assert problems(found) == []
    return found.projects


@pytest.fixture
def listed(tmp_path: Path) -> Callable[..., ProjectList]:
    """Read a workbook whose two sheets hold these rows."""

    def read(projects: Table, indicators: Table | None = None, form: Form = FORM) -> ProjectList:
        sheets = {"项目清单": projects} | ({} if indicators is None else {"绩效指标": indicators})
        return read_projects(workbook(tmp_path / "list.xlsx", **sheets), form)

    return read


Listed = Callable[..., ProjectList]


# --- what a list gives


def test_a_workbook_gives_projects_with_their_indicators(listed: Listed) -> None:
    road, school = sound(listed([HEAD, ROAD, SCHOOL], [INDICATOR_HEAD, *ROAD_INDICATORS[::-1], *SCHOOL_INDICATORS]))
    assert (road.code, road.name, road.department, road.unit) == (
        "001", "农村公路养护", "某县交通运输局", "某县公路养护中心",
    )  # fmt: skip
    assert road.email == "road@qq.com"
    assert road.amounts == {"funds.total.initial": Decimal(100), "funds.total.budget": Decimal(120)}
    assert (road.row, school.row) == (2, 3)
    # In the form's order, whatever the list's.
    assert road.indicators == (
        ListedIndicator("产出指标", "数量指标", "养护里程", "≥120公里", Decimal(50)),
        ListedIndicator("效益指标", "社会效益指标", "受益人口", "≥2万人", Decimal(30)),
        ListedIndicator("满意度指标", "服务对象满意度指标", "群众满意度", "≥90%", Decimal(10)),
    )
    assert [each.name for each in school.indicators] == ["合格率"]


def test_order_width_spaces_and_extra_columns_do_not_matter(listed: Listed) -> None:
    heading = ["备注", "实 施 单 位", "＊项目名称", "项目\n编码", "科室", None, "备注", "全年预算数（万元）"]
    row = ["急", "学校", "维修", "001", "农业科", "无名", "再议", 5]
    (project,) = sound(listed([heading, row]))
    assert (project.code, project.name, project.unit) == ("001", "维修", "学校")
    assert project.extra == {"备注": "急", "科室": "农业科", "F": "无名", "备注(2)": "再议"}
    assert project.amounts == {"funds.total.budget": Decimal(5)}


def test_field_names_are_headings_too(listed: Listed) -> None:
    heading = [
        "project_code",
        "project_name",
        "department",
        "unit",
        "email",
        "initial",
        "Budget",
        "appropriation_initial",
    ]
    indicators = ["project_code", "level1", "level2", "name", "target", "weight"]
    (project,) = sound(listed([[*heading, "funds.carryover.budget"], [*ROAD, 80, 20]], [indicators, *ROAD_INDICATORS]))
    assert project.amounts == {
        "funds.total.initial": Decimal(100),
        "funds.total.budget": Decimal(120),
        "funds.appropriation.initial": Decimal(80),
        "funds.carryover.budget": Decimal(20),
    }
    assert len(project.indicators) == 3


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("年初预算数", "funds.total.initial"),
        ("年度资金总额年初预算数", "funds.total.initial"),
        ("调整预算数", "funds.total.budget"),
        ("当年财政拨款年初预算数", "funds.appropriation.initial"),
        ("其中：当年财政拨款 - 全年预算数", "funds.appropriation.budget"),
        ("年初预算数（本年财政拨款）", "funds.appropriation.initial"),
        ("上年结转资金·年初预算数（万元）", "funds.carryover.initial"),
        ("其他资金全年预算", "funds.other.budget"),
    ],
)
def test_amounts_by_source(listed: Listed, heading: str, name: str) -> None:
    (project,) = sound(listed([[*HEAD[:5], heading], [*ROAD[:5], "1,234.5"]]))
    assert project.amounts == {name: Decimal("1234.5")}


def test_what_was_spent_is_not_prefilled(listed: Listed) -> None:
    (project,) = sound(listed([[*HEAD[:6], "全年执行数", "执行率"], [*ROAD[:6], 98, 0.98]]))
    assert project.amounts == {"funds.total.initial": Decimal(100)}
    assert project.extra == {"全年执行数": "98", "执行率": "0.98"}


def test_amounts_in_yuan_become_the_forms_unit(listed: Listed) -> None:
    heading = [*HEAD[:4], "年初预算数（元）", "全年预算数(单位：元)"]
    (project,) = sound(listed([heading, [*ROAD[:4], 39200, "4.5万元"]]))
    assert project.amounts == {"funds.total.initial": Decimal("3.92"), "funds.total.budget": Decimal("4.5")}


def test_goal_and_filler_unit_where_the_form_has_them(listed: Listed) -> None:
    heading = [*HEAD[:4], "年度总体目标", "填列单位（公章）"]
    row = [*ROAD[:4], "养护 120 公里。\n保持畅通。", "某县公路养护中心"]
    (project,) = sound(listed([heading, row], form=load("shanxi-2021")))
    assert project.texts == {"goal_expected": "养护 120 公里。\n保持畅通。", "filler_unit": "某县公路养护中心"}
    (project,) = sound(listed([heading, row]))
    assert project.texts.keys() == {"goal_expected"}
    assert project.extra == {"填列单位（公章）": "某县公路养护中心"}


def test_titles_above_the_headings_and_the_total_below_are_passed_over(listed: Listed) -> None:
    found = listed([["2021年项目清单"], [], HEAD, ROAD, ["合计", None, None, None, None, 100, 120]])
    assert [project.row for project in sound(found)] == [4]


def test_level_one_follows_from_level_two_and_the_reverse(listed: Listed) -> None:
    rows = [
        ["001", None, "数量", "里程", "≥1公里", 80],
        ["001", "满意度指标", None, "满意度", "≥90%", 10],
    ]
    (project,) = sound(listed([HEAD, ROAD], [INDICATOR_HEAD, *rows]))
    assert [(each.level1, each.level2) for each in project.indicators] == [
        ("产出指标", "数量指标"),
        ("满意度指标", "服务对象满意度指标"),
    ]


def test_weights_as_percentages_and_without_a_column(listed: Listed, tmp_path: Path) -> None:
    (project,) = sound(listed([HEAD, SCHOOL], [[*INDICATOR_HEAD[:5], "权重"], [*SCHOOL_INDICATORS[0][:5], "90%"]]))
    assert project.indicators[0].weight == 90
    (project,) = sound(listed([HEAD, SCHOOL], [INDICATOR_HEAD[:4], SCHOOL_INDICATORS[0][:4]]))
    assert project.indicators == (ListedIndicator("产出指标", "质量指标", "合格率", "", None),)


# --- cells as Excel and clerks write them


def styled(path: Path, rows: Sequence[Sequence[tuple[Any, str] | Any]]) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for number, row in enumerate(rows, 1):
        for column, content in enumerate(row, 1):
            value, number_format = content if isinstance(content, tuple) else (content, "General")
            sheet.cell(number, column, value).number_format = number_format
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("001", "001"),
        (1, "1"),
        ((1, "000"), "001"),
        ((1.0, "0.00"), "1"),
        (140000210000123, "140000210000123"),
        (" 001\n", "001"),
        ("1.0", "1.0"),
    ],
)
def test_codes_as_the_list_shows_them(tmp_path: Path, cell: Any, code: str) -> None:
    path = styled(tmp_path / "a.xlsx", [HEAD, [cell, *ROAD[1:]]])
    assert [project.code for project in sound(read_projects(path, FORM))] == [code]


@pytest.mark.parametrize("cell", [140000210000123456, "1.40000210000123E+17"])
def test_a_code_that_lost_digits_is_a_problem(listed: Listed, cell: Any) -> None:
    found = listed([HEAD, [cell, *ROAD[1:]]])
    assert problems(found) == [
        "项目清单 2 A Excel has turned this code into a number and lost digits; "
        "format the column as text and type it again"
    ]
    assert found.projects == ()


@pytest.mark.parametrize(
    ("cell", "target"),
    [
        ((0.95, "0%"), "95%"),
        ((0.955, "0.00%"), "95.50%"),
        ((735, '0"人次"'), "735人次"),
        ((95, '"≥"0"%"'), "≥95%"),
        ((44561, "yyyy/m/d"), "2021年12月31日"),
        ((44561, 'yyyy"年"m"月"d"日"'), "2021年12月31日"),
        (1000, "1000"),
        ((1234.5, "#,##0.00"), "1234.5"),
        ("=1+1", None),
    ],
)
def test_targets_as_their_cells_show_them(tmp_path: Path, cell: Any, target: str | None) -> None:
    path = styled(tmp_path / "指标.xlsx", [INDICATOR_HEAD, [*SCHOOL_INDICATORS[0][:4], cell, 90]])
    found = read_projects(workbook(tmp_path / "list.xlsx", 清单=[HEAD, SCHOOL]), FORM, path)
    if target is None:
        assert problems(found) == ["指标.xlsx Sheet 2 E the cell holds =1+1 instead of a value"]
    else:
        assert sound(found)[0].indicators[0].target == target


def test_cells_merged_downwards_count_in_every_row(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", 清单=[HEAD, ROAD], 指标=[INDICATOR_HEAD, *ROAD_INDICATORS])
    book = openpyxl.load_workbook(path)
    book["指标"].merge_cells("A2:A4")
    book.save(path)
    (project,) = sound(read_projects(path, FORM))
    assert len(project.indicators) == 3


@pytest.mark.parametrize(
    ("sign", "value", "unit", "target"),
    [
        ("≥", 95, "%", "≥95%"),
        (">=", "95%", "%", "≥95%"),
        ("不少于", "735", "人次", "≥735人次"),
        ("＝", 3, "次", "=3次"),
        (None, "≤20", "万元", "≤20万元"),
        ("≥", "≥95%", "", "≥95%"),
        ("定性", "合格", "无", "合格"),
        (None, "合格", None, "合格"),
        ("=", "合格", "/", "合格"),
        ("—", 5, "个", "5个"),
        ("≤", "12月31日前", "", "≤12月31日前"),
        (None, "12月31日前", "日", "12月31日前"),
        (None, "3-5", "次", "3-5次"),
        (None, None, None, None),
    ],
)
def test_sign_value_and_unit_make_the_target(
    listed: Listed, sign: Any, value: Any, unit: Any, target: str | None
) -> None:
    heading = [*INDICATOR_HEAD[:4], "符号", "指标值", "计量单位", "分值"]
    found = listed([HEAD, SCHOOL], [heading, [*SCHOOL_INDICATORS[0][:4], sign, value, unit, 90]])
    if target is None:
        assert problems(found) == ["绩效指标 2 F 年度指标值 is blank"]
    else:
        assert sound(found)[0].indicators[0].target == target


@pytest.mark.parametrize(
    ("sign", "value", "unit", "problem"),
    [
        (None, 95, "%", "the sign of 95% is missing; give one of ≥, ≤, =, >, <"),
        ("大约", 95, "%", "大约 is not a sign; give one of ≥, ≤, =, >, <"),
        ("≥", "≤95", "%", "the sign is ≥, but the value says ≤95"),
        ("≥", "95%", "人", "the unit is 人, but the value says 95%"),
        ("≥", "合格", None, "≥ cannot stand before 合格"),
    ],
)
def test_three_columns_that_disagree(listed: Listed, sign: Any, value: Any, unit: Any, problem: str) -> None:
    heading = [*INDICATOR_HEAD[:4], "指标符号", "目标值", "单位", "分值"]
    found = listed([HEAD, SCHOOL], [heading, [*SCHOOL_INDICATORS[0][:4], sign, value, unit, 90]])
    assert problems(found) == [f"绩效指标 2 F {problem}"]
    assert found.projects == ()


def test_a_whole_target_beside_three_columns_must_say_the_same(listed: Listed) -> None:
    heading = [*INDICATOR_HEAD[:5], "符号", "指标值", "计量单位", "分值"]

    def found(target: str) -> ProjectList:
        return listed([HEAD, SCHOOL], [heading, [*SCHOOL_INDICATORS[0][:4], target, "≥", 95, "%", 90]])

    assert sound(found(">= 95 ％"))[0].indicators[0].target == ">= 95 ％"
    assert problems(found("95%")) == ["绩效指标 2 E the target is 95%, but sign, value and unit make ≥95%"]


# --- problems, each in its place


@pytest.mark.parametrize(
    ("column", "cell", "problem"),
    [
        (0, None, "2 A 项目编码 is blank"),
        (1, "  ", "2 B 项目名称 is blank"),
        (3, None, "2 D 实施单位 is blank"),
        (1, "长" * 201, "2 B 201 characters; the form takes 200"),
        (4, "road@qq", "2 E road@qq is not an e-mail address; give one address, such as name@qq.com"),
        (
            4,
            "a@qq.com;b@qq.com",
            "2 E a@qq.com;b@qq.com is not an e-mail address; give one address, such as name@qq.com",
        ),
        (5, "约4", "2 F 约4 is not a number"),
        (5, -4, "2 F -4 is negative; an amount is 0 or more"),
        (6, "3.92%", "2 G 3.92% is not a number"),
        (6, True, "2 G 是 is not a number"),
    ],
)
def test_a_cell_of_a_project(listed: Listed, column: int, cell: Any, problem: str) -> None:
    row = [*ROAD[:column], cell, *ROAD[column + 1 :]]
    found = listed([HEAD, row, SCHOOL])
    assert problems(found) == [f"项目清单 {problem}"]
    assert [project.code for project in found.projects] == ["002"]


@pytest.mark.parametrize(
    ("column", "cell", "expected"),
    [
        (0, None, ["2 A 项目编码 is blank"]),
        (0, "2", ["2 A no project of the list has the code 2; is 002 meant?"]),
        (0, "X", ["2 A no project of the list has the code X"]),
        (1, "投入指标", ["2 B the form has no level 1 投入指标; it has 产出指标, 效益指标, 满意度指标"]),
        (1, "效益指标", ["2 B 质量指标 belongs to 产出指标, not to 效益指标"]),
        (2, None, ["2 C 二级指标 is blank"]),
        (2, "速度", ["2 C the form has no level 2 速度; it has 数量指标, 质量指标, 时效指标, 成本指标"]),
        (3, None, ["2 D 三级指标 is blank"]),
        (4, None, ["2 E 年度指标值 is blank"]),
        (4, "长" * 101, ["2 E 101 characters; the form takes 100"]),
        (5, None, ["2 F 分值 is blank"]),
        (5, "九十", ["2 F 九十 is not a number"]),
        (5, 80, ["2 F the weights of 002 make 80; with 10 for execution that is 90, not 100"]),
        (5, -5, ["2 F -5 is no weight; it must be more than 0 and 100 at most"]),
    ],
)
def test_a_cell_of_an_indicator(listed: Listed, column: int, cell: Any, expected: list[str]) -> None:
    row = [*SCHOOL_INDICATORS[0][:column], cell, *SCHOOL_INDICATORS[0][column + 1 :]]
    found = listed([HEAD, SCHOOL], [INDICATOR_HEAD, row])
    assert problems(found) == [f"绩效指标 {each}" for each in expected]
    assert bool(found.projects) == (column == 0)


def test_codes_and_indicators_that_stand_twice(listed: Listed) -> None:
    twice = [*ROAD_INDICATORS, [*ROAD_INDICATORS[0][:4], "≥1公里", 5], ["003", *ROAD_INDICATORS[0][1:]]]
    found = listed([HEAD, ROAD, SCHOOL, ["００1", *SCHOOL[1:]]], [INDICATOR_HEAD, *twice, *twice[-1:]])
    assert problems(found) == [
        "项目清单 4 A ００1 is the code of row 2 already",
        "绩效指标 2 F the weights of 001 make 95; with 10 for execution that is 105, not 100",
        "绩效指标 5 D 养护里程 stands in row 2 already, for the same project",
        "绩效指标 6 A no project of the list has the code 003",
    ]
    assert [project.code for project in found.projects] == ["002"]


def test_a_total_that_its_parts_contradict(listed: Listed) -> None:
    heading = [*HEAD[:6], "当年财政拨款年初预算数", "上年结转资金年初预算数", "其他资金年初预算数"]
    rows = [
        [*ROAD[:6], 60, 30, 10],
        ["2", *ROAD[1:6], 60, 30, 9],
        ["3", *ROAD[1:6], 60, None, None],
        ["4", *ROAD[1:6], 101, None, None],
        ["5", *ROAD[1:5], None, 60, 30, 9],
    ]
    assert problems(listed([heading, *rows])) == [
        "项目清单 3 F the total is 100, its parts make 99",
        "项目清单 5 F the total is 100, its parts make 101",
    ]


def test_more_indicators_than_a_block_takes(listed: Listed) -> None:
    rows = [["002", None, "质量指标", f"指标{number}", "≥1", "0.4"] for number in range(201)]
    assert problems(listed([HEAD, SCHOOL], [INDICATOR_HEAD, *rows])) == [
        "绩效指标 2 C 002 has 201 indicators of 质量指标; a form takes 200",
        "绩效指标 2 F the weights of 002 make 80.4; with 10 for execution that is 90.4, not 100",
    ]


def test_everything_is_reported_at_once_and_in_order(listed: Listed) -> None:
    found = listed(
        [HEAD, ["1", None, "局", None, "x", "a", -1], SCHOOL],
        [INDICATOR_HEAD, ["002", None, "x", None, None, "y"], ["002", None, "数量", "a", "1", 5]],
    )
    assert [(each.sheet, each.row, each.column) for each in found.problems] == [
        *[("项目清单", 2, column) for column in "BDEFG"],
        *[("绩效指标", 2, column) for column in "CDEF"],
    ]
    assert {each.project for each in found.problems} == {"1", "002"}


def test_a_problem_says_its_place(listed: Listed) -> None:
    found = listed([[*HEAD[:6]], [*ROAD[:5], "约4"]])
    assert render(found.problems[0].line, "en") == "项目清单, row 2, column F: 约4 is not a number"
    found = listed([HEAD[1:], ROAD[1:]])
    assert render(found.problems[0].line, "en").startswith("项目清单, row 1: there is no column 项目编码; ")


# --- headings


def test_a_missing_heading_is_said_once_with_its_likeness(listed: Listed) -> None:
    found = listed([["项目编号码", "项目名称", "承办单位", "备注"], ["1", "a", "b", "c"]])
    assert problems(found) == [
        "项目清单 1  there is no column 实施单位; is 承办单位 meant? "
        "The columns are 项目编号码, 项目名称, 承办单位, 备注",
        "项目清单 1 A column 项目编号码 is not known; is 项目编码 meant? "
        "Known are 项目编码, 项目名称, 主管部门, 实施单位, 电子邮箱, 年初预算数, 全年预算数, "
        "当年财政拨款年初预算数, 当年财政拨款全年预算数, 上年结转资金年初预算数, 上年结转资金全年预算数, "
        "其他资金年初预算数, 其他资金全年预算数, 预期目标",
    ]
    assert found.projects == ()


def test_a_misspelt_heading_stops_everything_an_own_column_nothing(listed: Listed) -> None:
    found = listed([[*HEAD[:5], "年初预算術"], [*ROAD[:5], 1]])
    assert len(found.problems) == 1
    assert problems(found)[0].startswith("项目清单 1 F column 年初预算術 is not known; is 年初预算数")
    assert found.projects == ()
    (project,) = sound(listed([[*HEAD, "项目类型", "单位负责人", "联系电话"], [*ROAD, "a", "b", 1]]))
    assert project.extra == {"项目类型": "a", "单位负责人": "b", "联系电话": "1"}


def test_the_same_heading_twice(listed: Listed) -> None:
    assert problems(listed([[*HEAD, "实施单位 "], [*ROAD, "b"]])) == [
        "项目清单 1 H there are two columns 实施单位; keep one"
    ]
    # Another name of it is a column of its own.
    (project,) = sound(listed([[*HEAD, "预算单位"], [*ROAD, "b"]]))
    assert project.extra == {"预算单位": "b"}


def test_headings_of_the_indicators(listed: Listed) -> None:
    found = listed([HEAD, ROAD], [["项目编码", "内容", "分值"], ["001", "a", 90]])
    assert problems(found) == [
        "绩效指标 1  there is no column 二级指标; the columns are 项目编码, 内容, 分值",
        "绩效指标 1  there is no column 三级指标; the columns are 项目编码, 内容, 分值",
    ]
    assert found.projects == ()


def test_a_list_without_projects(listed: Listed, tmp_path: Path) -> None:
    assert problems(listed([HEAD])) == ["项目清单 2  the list has no projects"]
    found = read_projects(json_file(tmp_path / "a.json", []), FORM)
    assert [render(each.line, "en") for each in found.problems] == ["projects: the list has no projects"]


# --- formats


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_in_every_encoding_and_delimiter(tmp_path: Path, encoding: str, delimiter: str) -> None:
    path = csv_file(tmp_path / "清单.csv", [HEAD, ROAD, [], SCHOOL], encoding, delimiter)
    csv_file(tmp_path / "清单-指标.csv", [INDICATOR_HEAD, *ROAD_INDICATORS], "gb18030", delimiter)
    road, school = sound(read_projects(path, FORM))
    assert (road.code, road.name, road.amounts["funds.total.budget"]) == ("001", "农村公路养护", Decimal(120))
    assert len(road.indicators) == 3
    assert school.row == 4


def test_csv_problems_name_the_file_and_the_row_that_excel_shows(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('sep=;\n项目编码;项目名称;实施单位\n="001";"a\nb";c\n\n2;;d\n', encoding="utf-8")
    found = read_projects(path, FORM)
    assert problems(found) == ["a.csv 4 B 项目名称 is blank"]
    assert [(project.code, project.name) for project in found.projects] == [("001", "ab")]


@pytest.mark.parametrize("name", ["list.indicators.csv", "list-指标.csv"])
def test_indicators_lie_beside_or_are_given(tmp_path: Path, name: str) -> None:
    path = csv_file(tmp_path / "list.csv", [HEAD, SCHOOL])
    assert sound(read_projects(path, FORM))[0].indicators == ()
    beside = csv_file(tmp_path / name, [INDICATOR_HEAD, *SCHOOL_INDICATORS])
    assert len(sound(read_projects(path, FORM))[0].indicators) == 1
    other = csv_file(tmp_path / "other.csv", [INDICATOR_HEAD, *SCHOOL_INDICATORS, *SCHOOL_INDICATORS])
    assert [each.sheet for each in read_projects(path, FORM, other).problems] == ["other.csv"] * 2
    assert beside.exists()


def test_two_files_beside_are_one_too_many(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "list.csv", [HEAD, SCHOOL])
    csv_file(tmp_path / "list.indicators.csv", [INDICATOR_HEAD])
    csv_file(tmp_path / "list-指标.csv", [INDICATOR_HEAD])
    with pytest.raises(UsageError, match=r"both list\.indicators\.csv and list-指标\.csv"):
        read_projects(path, FORM)


def objects(rows: Table, names: Sequence[str]) -> list[dict[str, Any]]:
    return [dict(zip(names, row, strict=True)) for row in rows]


NAMES = ["project_code", "project_name", "department", "unit", "email", "initial", "budget"]
INDICATOR_NAMES = ["project_code", "level1", "level2", "name", "target", "weight"]


def test_json_in_its_three_shapes(tmp_path: Path) -> None:
    projects, indicators = objects([ROAD], NAMES), objects(ROAD_INDICATORS, INDICATOR_NAMES)
    bare = sound(read_projects(json_file(tmp_path / "a.json", projects), FORM))
    assert bare[0].indicators == ()
    beside = read_projects(json_file(tmp_path / "b.json", {"projects": projects, "indicators": indicators}), FORM)
    nested = [{**projects[0], "indicators": [{**each, "project_code": None} for each in indicators]}]
    inside = read_projects(json_file(tmp_path / "c.json", nested), FORM)
    given = read_projects(tmp_path / "a.json", FORM, json_file(tmp_path / "d.json", indicators))
    assert sound(beside) == sound(inside) == sound(given)
    assert len(sound(beside)[0].indicators) == 3


def test_json_values(tmp_path: Path) -> None:
    project = {"项目编码": 12345678901234567890123456789012345, "name": "a", "实施单位": "b", "note": {"x": 1}}
    project |= {"funds": {"total": {"initial": 0.1, "budget": None}, "other": {"initial": "0.05"}}, "initials": None}
    (found,) = sound(read_projects(json_file(tmp_path / "a.json", [project]), FORM))
    assert found.code == "12345678901234567890123456789012345"
    assert found.amounts == {"funds.total.initial": Decimal("0.1"), "funds.other.initial": Decimal("0.05")}
    assert found.extra == {"note.x": "1"}


def test_json_problems_name_the_key(tmp_path: Path) -> None:
    indicator = {"level2": "质量指标", "name": "a", "sign": "≥", "value": 1, "unit": "个", "weight": "x"}
    projects = [
        {**objects([ROAD], NAMES)[0], "unit": ["a"], "initial": 1e300},
        {**objects([SCHOOL], NAMES)[0], "indicators": [indicator, {**indicator, "weight": 90, "sign": None}]},
    ]
    assert problems(read_projects(json_file(tmp_path / "a.json", projects), FORM)) == [
        "projects 1 initial 1E+300 is not a number",
        "projects 1 unit the cell holds […] instead of a value",
        "projects[2].indicators 1 weight x is not a number",
        "projects[2].indicators 2 value the sign of 1个 is missing; give one of ≥, ≤, =, >, <",
        "projects[2].indicators 2 name a stands in row 1 already, for the same project",
    ]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", b"", "the file is empty"),
        ("a.xlsx", b"no workbook", "the file is not a spreadsheet"),
        ("a.xlsx", b"PK\x03\x04junk", "the file is"),
        ("a.csv", b"\xff\xff\xff\x80", "neither a workbook nor text"),
        ("a.csv", b"a\0b", "neither a workbook nor text"),
        ("a.csv", '项目编码,项目名称\n1,"a\n'.encode(), "the quotes do not match"),
        ("a.json", b"{", "not JSON"),
        ("a.json", b"[1]", "item 1: not an object"),
        ("a.json", b"{}", 'list of objects, or {"projects"'),
        ("a.json", b'[{"a": NaN}]', "not JSON"),
        ("a.json", b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_file_that_is_no_list_is_refused_in_one_line(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UsageError) as refused:
        read_projects(path, FORM)
    text = str(refused.value)
    assert text.startswith(f"{path}: ")
    assert reason in text
    assert "\n" not in text


def test_files_that_cannot_be_opened(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(UsageError, match=str(path)):
            read_projects(path, FORM)
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    with pytest.raises(UsageError, match="not a file"):
        read_projects(pipe, FORM)


def test_which_sheet_is_which(tmp_path: Path) -> None:
    projects, indicators = [HEAD, SCHOOL], [INDICATOR_HEAD, *SCHOOL_INDICATORS]
    shapes: list[Mapping[str, Table]] = [
        {"绩效指标": indicators, "清单": projects},
        {"清单": projects, "说明": [["请先看"]], "Indicators 2021": indicators},
        {"清单": projects, "Sheet2": indicators, "Sheet3": []},
    ]
    for shape in shapes:
        (project,) = sound(read_projects(workbook(tmp_path / "a.xlsx", **shape), FORM))
        assert len(project.indicators) == 1, list(shape)
    (project,) = sound(read_projects(workbook(tmp_path / "a.xlsx", 清单=projects, 说明=[["请看"]]), FORM))
    assert project.indicators == ()


# --- what goes into the workbook


def project_of(**changes: Any) -> Project:
    given: dict[str, Any] = {
        "code": "001", "name": "农村公路养护", "department": "", "unit": "公路中心", "email": "",
        "amounts": {"funds.total.initial": Decimal(100), "funds.unknown.initial": Decimal(1)},
        "indicators": (
            ListedIndicator("产出指标", "数量指标", "里程", "≥1公里", Decimal(50)),
            ListedIndicator("产出指标", "数量指标", "座数", "", None),
            ListedIndicator("效益指标", "社会效益指标", "人口", "≥2万人", Decimal(40)),
        ),
        "extra": {}, "row": 2, "texts": {"goal_expected": "目标", "filler_unit": "公路中心"},
    }  # fmt: skip
    return Project(**(given | changes))


def test_prefilled_values_stand_in_their_rows() -> None:
    project = project_of()
    rows = rows_needed(project, FORM)
    assert rows == (2, 1, 1, 1, 1, 1, 1, 1, 1)
    assert values(project, lay_out(FORM, rows)) == {
        "project_name": "农村公路养护",
        "unit": "公路中心",
        "goal_expected": "目标",
        "funds.total.initial": Decimal(100),
        "indicators.1.name": "里程",
        "indicators.1.target": "≥1公里",
        "indicators.1.weight": Decimal(50),
        "indicators.2.name": "座数",
        "indicators.7.name": "人口",
        "indicators.7.target": "≥2万人",
        "indicators.7.weight": Decimal(40),
    }
    assert values(project, lay_out(load("shanxi-2021"), rows))["filler_unit"] == "公路中心"


def test_rows_with_spare_ones_and_without_indicators() -> None:
    assert rows_needed(project_of(), FORM, spare=1) == (3, 1, 1, 1, 1, 2, 1, 1, 1)
    assert rows_needed(project_of(indicators=()), FORM, spare=1) == (3,) * 9
    assert rows_needed(project_of(), FORM, spare=500)[0] == 200


def test_a_form_without_room_is_refused() -> None:
    with pytest.raises(UsageError, match="no row left for 座数"):
        values(project_of(), lay_out(FORM, 1))


# --- file names


def test_a_plain_name() -> None:
    project = project_of()
    assert file_name(project) == "001_农村公路养护_公路中心.xlsx"
    assert folder_name(project) == "公路中心"


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"code": "../../etc", "name": "a/b\\c"}, "etc_a_b_c_公路中心.xlsx"),
        ({"code": "A:1", "name": 'x<>"|?*y'}, "A_1_x_y_公路中心.xlsx"),
        ({"code": "CON.1"}, "_CON.1_农村公路养护_公路中心.xlsx"),
        ({"name": "二期. ", "unit": "局 . "}, "001_二期_局.xlsx"),
        ({"name": "a\x00\x1f\u202eb\u200b", "unit": "\u202e"}, "001_ab.xlsx"),
        ({"code": "~$1", "name": "上\r\n下"}, "$1_上_下_公路中心.xlsx"),
        ({"code": "/", "name": "..", "unit": "?"}, "_.xlsx"),
    ],
)
def test_names_made_safe(changes: dict[str, str], name: str) -> None:
    assert file_name(project_of(**changes)) == name


@pytest.mark.parametrize("unit", ["CON", "nul", "com1", "LPT¹", "..", "/", ""])
def test_folders_made_safe(unit: str) -> None:
    assert folder_name(project_of(unit=unit)).startswith("_")


TEXT = st.text(max_size=300) | st.text("./\\:CONnul 公_~-", max_size=12) | st.sampled_from(["公" * 300, "𠮷" * 200])


@given(TEXT, TEXT, TEXT)
def test_any_name_is_a_file_name(code: str, name: str, unit: str) -> None:
    project = project_of(code=code, name=name, unit=unit)
    for made in (file_name(project), folder_name(project)):
        assert 0 < len(made) <= 120
        assert len(made.encode()) <= 240
        assert not set('<>:"/\\|?*') & set(made)
        assert made.isprintable()
        assert made[0] not in ". -~"
        assert made[-1] not in ". "
        assert made.split(".")[0].upper() not in ("CON", "PRN", "AUX", "NUL", "COM1")
        assert Path(made).name == made


@given(st.lists(st.tuples(st.text("aA/:_1ßs", max_size=4), st.sampled_from(["u", "U", "a/b", "a:b"])), max_size=12))
def test_no_two_projects_share_a_place(pairs: list[tuple[str, str]]) -> None:
    projects = [project_of(code=code, name="n", unit=unit) for code, unit in dict(pairs).items()]
    found = places(projects)
    assert list(found) == [project.code for project in projects]
    assert len({str(path).casefold() for path in found.values()}) == len(projects)
    folders = {project.unit: found[project.code].parent.name.casefold() for project in projects}
    assert len(set(folders.values())) == len(folders)
    assert all(len(path.parts) == 2 and path.suffix == ".xlsx" for path in found.values())


def test_names_that_differ_in_case_get_a_number() -> None:
    found = places([project_of(code="a1"), project_of(code="A1"), project_of(code="b", unit="公路/中心")])
    assert [str(path) for path in found.values()] == [
        "公路中心/a1_农村公路养护_公路中心.xlsx",
        "公路中心/A1_农村公路养护_公路中心 (2).xlsx",
        "公路_中心/b_农村公路养护_公路_中心.xlsx",
    ]


# --- the empty list


@pytest.mark.parametrize("template", ["mof-2020", "mof-2021", "shanxi-2021"])
def test_the_empty_list_is_read_back_without_a_problem(tmp_path: Path, template: str) -> None:
    form = load(template)
    path = tmp_path / "list.xlsx"
    path.write_bytes(write_list_template(form))
    assert sound(read_projects(path, form)) == ()
    # The example is a faultless project once it is no example.
    book = openpyxl.load_workbook(path)
    for sheet in book.worksheets[:2]:
        for row in sheet.iter_rows(min_row=2, max_col=1):
            if row[0].value:
                row[0].value = "001"
    book.save(path)
    (project,) = sound(read_projects(path, form))
    assert len(project.indicators) == len(rows_needed(project, form))
    assert sum(each.weight or 0 for each in project.indicators) == 90
    assert project.extra == {}
    assert values(project, lay_out(form, rows_needed(project, form)))["funds.total.budget"] == 100


def test_the_empty_list_guides_the_hand_that_fills_it() -> None:
    data = write_list_template(FORM)
    read = read_bytes(data)
    assert isinstance(read, Workbook)
    assert [sheet.name for sheet in read.sheets] == ["项目清单", "绩效指标", "填写说明"]
    projects, indicators, notes = openpyxl.load_workbook(io.BytesIO(data)).worksheets
    rules = {str(each.sqref): each for each in projects.data_validations.dataValidation}
    assert rules["A2:A3001"].type == "custom"
    assert (rules["F2:F3001"].operator, rules["F2:F3001"].formula1) == ("greaterThanOrEqual", "0")
    rules = {str(each.sqref): each for each in indicators.data_validations.dataValidation}
    assert rules["C2:C30001"].formula1 == "'填写说明'!$D$2:$D$10"
    assert [notes.cell(row, 4).value for row in (2, 10)] == ["数量指标", "服务对象满意度指标"]
    assert (rules["F2:F30001"].formula1, rules["F2:F30001"].formula2) == ("0", "100")


def test_the_same_empty_list_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1600000000")
    assert write_list_template(FORM) == write_list_template(FORM)


# --- what is written is read back

WORD = (
    st.text("公路养护中心学校abcXYZ019（）%,;\t\"'、-", min_size=1, max_size=12)
    .map(str.strip)
    .filter(lambda text: text.strip("\t") and "\t" not in text and text.strip("-") == text)
)
AMOUNT = st.decimals(0, 10**6, places=2)
LEVELS = [(group.level1, two) for group in FORM.repeated.groups for two in group.level2] if FORM.repeated else []


@st.composite
def project_lists(draw: st.DrawFn) -> list[Project]:
    codes = draw(st.lists(st.from_regex(r"[0-9]{1,4}[A-F]{0,2}", fullmatch=True), min_size=1, max_size=4, unique=True))
    made = []
    for number, code in enumerate(codes):
        levels = draw(st.lists(st.sampled_from(LEVELS), max_size=5))
        weights = [Decimal(90) - 10 * (len(levels) - 1)] + [Decimal(10)] * (len(levels) - 1)
        indicators = [
            ListedIndicator(
                one, two, f"指标{index}", draw(st.sampled_from(["≥95%", "合格", "12月31日前", "3-5次"])), weight
            )
            for index, ((one, two), weight) in enumerate(zip(levels, weights, strict=False))
        ]
        made.append(
            Project(
                code=code,
                name=draw(WORD),
                department=draw(WORD | st.just("")),
                unit=draw(WORD),
                email=draw(st.sampled_from(["", "a@qq.com", "x.y-z@mail.gov.cn"])),
                amounts=draw(
                    st.fixed_dictionaries({}, optional={"funds.total.initial": AMOUNT, "funds.other.budget": AMOUNT})
                ),
                indicators=tuple(sorted(indicators, key=lambda each: LEVELS.index((each.level1, each.level2)))),
                extra=draw(st.fixed_dictionaries({}, optional={"备注": WORD})),
                row=number,
            )
        )
    return made


def tables(projects: list[Project]) -> tuple[list[list[Any]], list[list[Any]]]:
    money = ["funds.total.initial", "funds.other.budget"]
    rows: list[list[Any]] = [
        ["项目编码", "项目名称", "主管部门", "unit", "email", "年初预算数", "其他资金全年预算数", "备注"]
    ]
    indicators: list[list[Any]] = [INDICATOR_NAMES]
    for each in projects:
        amounts = [each.amounts.get(name) for name in money]
        rows.append([each.code, each.name, each.department, each.unit, each.email, *amounts, each.extra.get("备注")])
        indicators += [[each.code, i.level1, i.level2, i.name, i.target, i.weight] for i in each.indicators]
    return rows, indicators


def without_rows(projects: Sequence[Project]) -> list[dict[str, Any]]:
    names = ("code", "name", "department", "unit", "email", "indicators")
    return [
        {name: getattr(each, name) for name in names} | {"amounts": dict(each.amounts), "extra": dict(each.extra)}
        for each in projects
    ]


@pytest.mark.property
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None, max_examples=60
)
@given(project_lists(), st.sampled_from(["xlsx", "csv", "gb18030", "json"]))
def test_a_list_that_is_written_is_read_back(tmp_path: Path, projects: list[Project], kind: str) -> None:
    rows, indicators = tables(projects)
    if kind == "xlsx":
        path = workbook(tmp_path / "a.xlsx", 清单=rows, 指标=indicators)
    elif kind == "json":
        content = [[None if cell is None else str(cell) for cell in row] for row in rows[1:]]
        nested = objects(indicators[1:], [str(name) for name in indicators[0]])
        projects_json = objects(content, [str(name) for name in rows[0]])
        for each in nested:
            each["weight"] = float(each["weight"])
        path = json_file(tmp_path / "a.json", {"projects": projects_json, "indicators": nested})
    else:
        encoding = "gb18030" if kind == "gb18030" else "utf-8-sig"
        path = csv_file(tmp_path / "a.csv", rows, encoding)
        csv_file(tmp_path / "a-指标.csv", indicators, encoding)
    assert without_rows(sound(read_projects(path, FORM))) == without_rows(projects)


@pytest.mark.slow
def test_a_bureaus_whole_year_is_one_workbook(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    book = xlsxwriter.Workbook(path)
    projects, indicators = book.add_worksheet("项目"), book.add_worksheet("指标")
    projects.write_row(0, 0, ["项目编码", "项目名称", "实施单位"])
    indicators.write_row(0, 0, ["项目编码", "二级指标", "三级指标", "指标值", "分值"])
    for number in range(2_000):
        projects.write_row(number + 1, 0, [f"P{number}", f"第{number}项", "某单位"])
        for each in range(12):
            indicators.write_row(
                12 * number + each + 1, 0, [f"P{number}", "数量指标", f"指标{each}", f"≥{each}个", 7.5]
            )
    book.close()
    found = read_projects(path, load("mof-2020"))
    assert not found.problems
    assert len(found.projects) == 2_000
    assert {len(each.indicators) for each in found.projects} == {12}
