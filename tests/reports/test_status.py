"""The status of a round, as a clerk reads it, as a program does, and as a spreadsheet."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils import get_column_letter
from support.office import Office
from support.registers import DAY, digest_of, forged, issue, mail, project, receive, verdict

from xlsform.register import Counts, History, ProjectStatus, Register, State, Status, Stray, UnitStatus
from xlsform.reports.status import FORMATS, rendered
from xlsform.reports.status.history import render_history
from xlsform.spreadsheet.text_width import width

TODAY = dt.date(2022, 4, 1)
COUNTS = ["已发放", "已发送", "已起草", "已返回", "审核通过", "被退回", "未返回", "逾期", "撤销"]


@pytest.fixture(autouse=True)
def _in_china(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def status(tmp_path: Path) -> Status:
    """Two units, one of them with a project in every state but one, the other's withdrawn, and returns of nobody."""
    with Register.open(tmp_path / "register.db", create=True) as register:
        for code, unit in [
            ("001", "某县公路养护中心"),
            ("002", "某县公路养护中心"),
            ("003", "某县公路养护中心"),
            ("004", "A 局"),
        ]:
            issue(register, project(code, unit, email="" if unit == "A 局" else "road@qq.com"), password="geheim")
        issue(
            register, project("005", "A 局", email="", department=""), due=dt.date(2022, 4, 30), digest=digest_of("5")
        )
        issue(register, project("006", "A 局", name="停建项目", email=""))
        register.withdraw(["006"], "年中调减")
        mail(register, "sent", digest_of("issued 001"))
        mail(register, "draft", digest_of("issued 002"), digest_of("issued 003"))
        receive(register, verdict("6", "006", project_name="停建项目"), "收件箱/006.xlsx", day=3)
        receive(register, verdict("1", "001", score=Decimal("97.80")), "收件箱/001.xlsx")
        receive(register, verdict("2", "002", errors=2), "收件箱/002.xlsx")
        receive(register, verdict("2b", "002", errors=3), "收件箱/002 改.xlsx", day=1)
        receive(register, verdict("9", "009", project_name="来历不明", unit=None), "收件箱/=cmd().xlsx", day=2)
        receive(register, verdict("8", None, project_name=None, unit=None, status="unreadable"), "坏\x1b[31m\n.xlsx")
        return register.status(today=TODAY)


def text(status: Status, form: str = "text", language: str = "zh") -> str:
    return rendered(status, form, language).decode()


# --- text


def test_the_text_has_a_line_for_each_unit_and_a_total(status: Status) -> None:
    table, waiting, withdrawn, strays = text(status).split("\n\n")
    rows = [line.split() for line in table.splitlines()]
    assert rows == [
        ["实施单位", *COUNTS],
        ["某县公路养护中心", "3", "1", "2", "2", "1", "1", "1", "1", "0"],
        ["A", "局", "2", "0", "0", "0", "0", "0", "2", "1", "1"],
        ["合计", "5", "1", "2", "2", "1", "1", "3", "2", "1"],
    ]
    assert waiting.splitlines() == [
        "尚未审核通过的项目：",
        "  被退回    002  农村公路养护（某县公路养护中心）  错误 3 处，警告 0 处  2022-03-02 16:00",
        "  逾期      003  农村公路养护（某县公路养护中心）  截止日期 2022-03-31",
        "  逾期      004  农村公路养护（A 局）  截止日期 2022-03-31",
        "  未返回    005  农村公路养护（A 局）  截止日期 2022-04-30",
    ]
    assert withdrawn.splitlines() == ["已撤销的项目：", "  006  停建项目（A 局）  年中调减"]
    assert strays.splitlines() == [
        "已收到、但不计入任何项目的文件：",
        "  坏[U+001B][31m .xlsx  2022-03-01 16:00  不是已发放项目",
        "  收件箱/=cmd().xlsx  009  来历不明  2022-03-03 16:00  不是已发放项目",
        "  收件箱/006.xlsx  006  停建项目（某县公路养护中心）  2022-03-04 16:00  项目已撤销",
    ]


def test_the_table_is_aligned_where_chinese_is_two_wide(status: Status) -> None:
    lines = text(status).split("\n\n")[0].splitlines()
    assert len({width(line) for line in lines}) == 1
    ends = [[width(line[: word.end()]) for word in re.finditer(r"\S+", line)][-len(COUNTS) :] for line in lines]
    assert all(each == ends[0] for each in ends)


def test_the_text_is_english_for_those_who_want_it(status: Status) -> None:
    lines = text(status, language="en").splitlines()
    counts = "Issued  Mailed  Drafted  Returned  Passed  Sent back  Outstanding  Overdue  Withdrawn"
    assert " ".join(lines[0].split()) == " ".join(f"Unit {counts}".split())
    assert "Not through yet:" in lines
    assert "  Sent back    002  农村公路养护（某县公路养护中心）  3 errors, 0 warnings  2022-03-02 16:00" in lines


def test_where_all_is_well_nothing_but_the_table_is_said() -> None:
    done = ProjectStatus("1", "甲项目", "", "甲", "", None, State.PASSED, 1)
    assert len(text(Status(TODAY, (UnitStatus("甲", "", (done,)),), ())).splitlines()) == 3
    assert text(Status(TODAY, (), ())).splitlines()[-1].split() == ["合计", *"000000000"]


def test_a_long_list_is_cut_and_counted() -> None:
    late = [ProjectStatus(f"{number:03}", "项目", "", "甲", "", None, State.OUTSTANDING) for number in range(130)]
    lines = text(Status(TODAY, (UnitStatus("甲", "", tuple(late)),), ())).splitlines()
    assert lines[-2:] == [
        "  未返回    099  项目（甲）",
        "  ……另有 30 项；全部明细请用 --format csv 或 --format xlsx 导出",
    ]


# --- JSON


def test_the_json_is_a_contract(status: Status) -> None:
    content = json.loads(text(status, "json"))
    assert list(content) == ["format", "version", "today", "summary", "units", "strays"]
    assert (content["format"], content["version"], content["today"]) == ("xlsform-status", 1, "2022-04-01")
    assert content["summary"] == {
        "issued": 5, "mailed": 1, "drafted": 2, "returned": 2, "passed": 1, "sent_back": 1, "outstanding": 3,
        "overdue": 2, "withdrawn": 1, "strays": 3,
    }  # fmt: skip
    first, second = content["units"]
    assert {key: value for key, value in second.items() if key != "projects"} == {
        "unit": "A 局", "email": None,
        "issued": 2, "mailed": 0, "drafted": 0, "returned": 0, "passed": 0, "sent_back": 0, "outstanding": 2,
        "overdue": 1, "withdrawn": 1,
    }  # fmt: skip
    assert [each["state"] for each in first["projects"]] == ["passed", "sent_back", "overdue"]
    assert first["projects"][0] == {
        "project_code": "001",
        "project_name": "农村公路养护",
        "department": "某县交通运输局",
        "unit": "某县公路养护中心",
        "email": "road@qq.com",
        "mailed": "sent",
        "state": "passed",
        "reason": None,
        "due": "2022-03-31",
        "returns": 1,
        "received": "2022-03-01T08:00:00+00:00",
        "origin": "收件箱/001.xlsx",
        "score": 97.8,
        "errors": 0,
        "warnings": 0,
    }
    assert second["projects"][1] == {
        "project_code": "005",
        "project_name": "农村公路养护",
        "department": None,
        "unit": "A 局",
        "email": None,
        "mailed": None,
        "state": "outstanding",
        "reason": None,
        "due": "2022-04-30",
        "returns": 0,
        "received": None,
        "origin": None,
        "score": None,
        "errors": 0,
        "warnings": 0,
    }
    assert content["strays"][1] == {
        "project_code": "009",
        "project_name": "来历不明",
        "unit": None,
        "status": "passed",
        "received": "2022-03-03T08:00:00+00:00",
        "origin": "收件箱/=cmd().xlsx",
        "why": "unknown",
    }
    assert (content["strays"][2]["project_code"], content["strays"][2]["why"]) == ("006", "withdrawn")
    assert (second["projects"][2]["state"], second["projects"][2]["reason"]) == ("withdrawn", "年中调减")
    assert text(status, "json", "en") == text(status, "json", "zh")


# --- CSV

HEADINGS = [
    "项目编码", "项目名称", "主管部门", "实施单位", "邮箱", "邮件", "状态", "截止日期", "返回时间", "返回份数",
    "自评得分", "错误数", "警告数", "文件来源",
]  # fmt: skip


def test_the_csv_has_a_line_for_each_project_and_each_return_of_none(status: Status) -> None:
    data = rendered(status, "csv", "zh")
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\r\n") == data.count(b"\n") == 10
    heading, *rows = csv.reader(io.StringIO(data.decode("utf-8-sig")))
    assert heading == HEADINGS
    assert rows[0] == [
        "001", "农村公路养护", "某县交通运输局", "某县公路养护中心", "road@qq.com", "已发送", "审核通过", "2022-03-31",
        "2022-03-01 16:00", "1", "97.80", "0", "0", "收件箱/001.xlsx",
    ]  # fmt: skip
    assert rows[1][5:13] == ["已起草", "被退回", "2022-03-31", "2022-03-02 16:00", "2", "97.80", "3", "0"]
    assert rows[4] == ["005", "农村公路养护", "", "A 局", "", "", "未返回", "2022-04-30", "", "0", "", "", "", ""]
    assert [row[6] for row in rows] == [
        "审核通过", "被退回", "逾期", "逾期", "未返回", "撤销", "不是已发放项目", "不是已发放项目", "项目已撤销",
    ]  # fmt: skip
    assert rows[6][13] == "坏[U+001B][31m .xlsx"


HOSTILE = [
    "=cmd|'/c calc'!A1",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    '=HYPERLINK("http://x")',
    "{=1}",
    "http://x",
    "\ud800",
]


def hostile(attack: str) -> Status:
    line = ProjectStatus(attack, attack, attack, attack, attack, None, State.SENT_BACK, 1, None, attack)
    stray = Stray(attack, attack, attack, "failed", dt.datetime(2022, 3, 1, tzinfo=dt.UTC), attack, "unknown")
    return Status(TODAY, (UnitStatus(attack, attack, (line,)),), (stray,))


@pytest.mark.parametrize("attack", HOSTILE)
def test_no_text_is_taken_for_a_formula_in_csv(attack: str) -> None:
    _, *rows = csv.reader(io.StringIO(text(hostile(attack), "csv")))
    shown = "[U+D800]" if attack == "\ud800" else attack.replace("\t", " ")
    for row in rows:
        assert row[0] == row[13] == ("'" + shown if shown[0] in "=+-@" else shown)


# --- workbook


def workbook(status: Status, **options: Any) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(rendered(status, "xlsx", "zh")), **options)


def rows_of(sheet: Any) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def test_the_workbook_sums_up_by_formulas_that_know_their_result(
    status: Status, office: Office, tmp_path: Path
) -> None:
    book = workbook(status)
    assert book.sheetnames == ["单位汇总", "项目明细"]
    assert rows_of(book["单位汇总"]) == [
        ["实施单位", *COUNTS],
        ["某县公路养护中心", 3, 1, 2, 2, 1, 1, 1, 1, 0],
        ["A 局", 2, 0, 0, 0, 0, 0, 2, 1, 1],
        ["合计", *(f"=SUBTOTAL(109,{letter}2:{letter}3)" for letter in "BCDEFGHIJ")],
    ]
    expected = [5, 1, 2, 2, 1, 1, 3, 2, 1]
    assert rows_of(workbook(status, data_only=True)["单位汇总"])[-1] == ["合计", *expected]
    path = tmp_path / "状态.xlsx"
    path.write_bytes(rendered(status, "xlsx", "zh"))
    found = office.recalculated(path)["单位汇总"]
    assert [found[f"{letter}4"] for letter in "BCDEFGHIJ"] == expected


def test_the_workbook_has_every_project_with_dates_and_figures_as_such(status: Status) -> None:
    heading, *rows = rows_of(workbook(status)["项目明细"])
    assert heading == HEADINGS
    assert rows[0] == [
        "001", "农村公路养护", "某县交通运输局", "某县公路养护中心", "road@qq.com", "已发送", "审核通过",
        dt.datetime(2022, 3, 31), dt.datetime(2022, 3, 1, 16), 1, 97.8, 0, 0, "收件箱/001.xlsx",
    ]  # fmt: skip
    assert rows[4][6:] == ["未返回", dt.datetime(2022, 4, 30), None, 0, None, None, None, None]
    assert [row[0] for row in rows] == ["001", "002", "003", "004", "005", "006", None, "009", "006"]


def test_the_workbook_is_made_to_be_worked_with(status: Status) -> None:
    book = workbook(status)
    for sheet, area in zip(book.worksheets, ("A1:J3", "A1:N10"), strict=True):
        assert sheet.freeze_panes == "B2"
        assert sheet.auto_filter.ref == area
        assert sheet.print_title_rows == "$1:$1"
        for number, column in enumerate(sheet.columns, 1):
            room = sheet.column_dimensions[get_column_letter(number)].width
            assert all(
                width(str(cell.value)) < room for cell in column if isinstance(cell.value, str) and cell.value[0] != "="
            )
    colours = {
        str(area.sqref): rule.dxf.fill.bgColor.rgb
        for sheet in book.worksheets
        for area, rules in sheet.conditional_formatting._cf_rules.items()  # type: ignore[attr-defined]
        for rule in rules
    }
    assert colours["I2:I3"] == "FFFFC7CE"
    assert colours["G2:G10"] in ("FFFFC7CE", "FFFFEB9C")


@pytest.mark.parametrize("attack", HOSTILE)
def test_no_text_is_a_formula_or_a_link_in_the_workbook(attack: str) -> None:
    book = workbook(hostile(attack))
    shown = "[U+D800]" if attack == "\ud800" else attack.replace("\t", " ")
    assert [row[0] for row in rows_of(book["项目明细"])[1:]] == [shown, shown]
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.hyperlink is None
                assert cell.data_type != "f" or str(cell.value).startswith("=SUBTOTAL(109,")


def test_an_empty_register_gives_a_workbook_too() -> None:
    rows = rows_of(workbook(Status(TODAY, (), ()), data_only=True)["单位汇总"])
    assert rows[-1] == ["合计", *[0] * 9]


def test_the_same_status_gives_the_same_bytes(status: Status) -> None:
    for form in FORMATS:
        assert rendered(status, form, "zh") == rendered(status, form, "zh")


# --- all of them


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_format_tells_a_password(status: Status, form: str, language: str) -> None:
    data = rendered(status, form, language)
    if form == "xlsx":
        data = "\n".join(str(row) for sheet in workbook(status).worksheets for row in rows_of(sheet)).encode()
    assert b"geheim" not in data
    assert "某县公路养护中心".encode() in data


def test_counts_add_up(status: Status) -> None:
    assert Counts.of(status.projects) == Counts(5, 1, 2, 2, 1, 1, 3, 2, 1)
    assert [sum(getattr(unit.counts, name) for unit in status.units) for name in ("issued", "overdue")] == [5, 2]


# --- one project


@pytest.fixture
def history(tmp_path: Path) -> History:
    """A project's whole life: issued, mailed in vain and again, returned, answered, made up, withdrawn."""
    with Register.open(tmp_path / "register.db", create=True) as register:
        issue(register, password="geheim")
        for kind in ("draft", "failed", "sent"):
            mail(register, kind, digest_of("issued 001"), digest_of("another's"))
        receive(register, verdict("1", errors=1, unit="=1+1\n\x1b"), "收件箱/001.xlsx")
        mail(register, "sent", digest_of("1"), purpose="reply")
        receive(register, forged("2"), "收件箱/001 改.xlsx", day=1)
        mail(register, "sent", digest_of("issued 002"))
        register.withdraw(["001"], "年中调减")
        return register.history("001")


def test_the_history_of_a_project_is_told_in_its_order(history: History) -> None:
    lines = render_history(history, "text", "zh").splitlines()
    assert lines[0] == "001  农村公路养护（某县公路养护中心）"
    assert lines[1:5] == [
        "2022-03-01 16:00  已返回          收件箱/001.xlsx  被退回  错误 1 处，警告 0 处",
        f"{' ' * 18}M106  自评表!J7  0",
        "2022-03-02 16:00  已返回          收件箱/001 改.xlsx  被退回  错误 1 处，警告 0 处  不是下发的工作簿（S113）",
        f"{' ' * 18}S113  forged",
    ]
    assert [line[18:].rstrip() for line in lines[5:]] == [
        "已发放          某县公路养护中心/001.xlsx  截止日期 2022-03-31",
        "已起草          road@qq.com  附件 1 个",
        "未送达          road@qq.com  附件 1 个  timeout",
        "已发送          road@qq.com  附件 1 个",
        "已发送退回邮件  road@qq.com  附件 1 个",
        "撤销            年中调减",
    ]


def test_the_history_for_programs(history: History) -> None:
    content = json.loads(render_history(history, "json", "en"))
    assert (content["format"], content["version"]) == ("xlsform-history", 1)
    events = content["events"]
    assert [each["event"] for each in events] == ["returned", "returned", "issued", *["mail"] * 4, "withdrawn"]
    assert events[0] == {
        "when": DAY.isoformat(timespec="seconds"),
        "event": "returned",
        "origin": "收件箱/001.xlsx",
        "status": "failed",
        "forged": False,
        "score": 97.8,
        "findings": [{"code": "M106", "severity": "error", "cell": "自评表!J7", "message": "0"}],
    }
    assert [each["forged"] for each in events[:2]] == [False, True]
    assert [(each["purpose"], each["kind"]) for each in events[3:7]] == [
        ("issue", "draft"), ("issue", "failed"), ("issue", "sent"), ("reply", "sent"),
    ]  # fmt: skip
    assert (events[3]["to"], events[3]["message_id"], events[3]["attachments"]) == ("road@qq.com", "<1@x>", ["表.xlsx"])
    assert events[7]["reason"] == "年中调减"


def test_no_history_tells_a_password(history: History) -> None:
    assert "geheim" not in render_history(history, "text", "en") + render_history(history, "json", "en")
