"""The bureau's 汇总表: figures, totals, links, text that stays text; Excel would open it, LibreOffice adds up alike."""

from __future__ import annotations

import errno
import io
import re
import zipfile
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from openpyxl.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet
from support.audit import MAIN, audit
from support.made_verdicts import ERROR, NOTE, WARNING, finding, many, missing, summary, unreadable, verdict
from support.office import Office

from xlsform.batch.validate import verdicts
from xlsform.demo.samples import samples, samples_folder
from xlsform.errors import UsageError
from xlsform.reports.sanitize import visible
from xlsform.reports.summary import book as room
from xlsform.reports.summary import write_xlsx
from xlsform.verdict.verdict import MissedTarget, Options, Verdict

SHEETS = ["Summary table", "Charts", "Findings list", "Sources of figures"]
HEAD, FIRST, TOTALS = 4, 5, 3
COLUMNS = (
    "No.", "项目编码", "项目名称", "主管部门", "实施单位", "年初预算数", "全年预算数", "全年执行数", "执行率",
    "自评得分", "等级", "Status", "Errors", "Warnings", "Targets not met, and why",
)  # fmt: skip
FORMULAS = (
    "=1+1",
    "+1",
    "-1+2",
    "@SUM(A1)",
    "=cmd|' /C calc'!A0",
    "{=1}",
    '=HYPERLINK("http://evil.example")',
    "\t=1",
    "'=1",
)
ODD = (
    "http://evil.example",
    "internal:A1",
    "_x000D_",
    "nul\x00",
    "lone \ud83d",
    "附件\u202excod",
    "0012",
    "<b>&amp;",
    "长" * 40_000,
)


def written(verdicts: Iterable[Verdict], language: str = "en") -> bytes:
    buffer = io.BytesIO()
    write_xlsx(iter(verdicts), buffer, language)
    return buffer.getvalue()


def opened(data: bytes, *, values: bool = False) -> dict[str, Worksheet]:
    return {sheet.title: sheet for sheet in openpyxl.load_workbook(io.BytesIO(data), data_only=values).worksheets}


def row(sheet: Worksheet, number: int, columns: int = 15) -> list[Any]:
    return [sheet.cell(number, column).value for column in range(1, columns + 1)]


def formulas(data: bytes) -> dict[tuple[str, str], str]:
    return {
        (name, cell.coordinate): str(cell.value)
        for name, sheet in opened(data).items()
        for line in sheet.iter_rows()
        for cell in line
        if isinstance(cell, Cell) and cell.data_type == "f"
    }


# --- what stands in it


def test_a_return_is_a_row() -> None:
    missed_targets = (
        MissedTarget("养护里程", "≥120公里", "118公里", "汛期延误"),
        MissedTarget("满意度", "≥90%", "85%", ""),
    )
    sheets = opened(written([verdict("failed", ERROR, ERROR, WARNING, summary=summary(missed_targets=missed_targets))]))
    assert list(sheets) == SHEETS
    table = sheets["Summary table"]
    assert tuple(row(table, HEAD)) == COLUMNS
    assert row(table, FIRST) == [
        1, "P001", "农村公路养护", "某县交通运输局", "某县公路养护中心", 100, 120, 117.6, 0.98, 99.47, "优", "failed",
        2, 1,
        "1. 养护里程: target ≥120公里, reached 118公里; why: 汛期延误\n"
        "2. 满意度: target ≥90%, reached 85%; no reason given",
    ]  # fmt: skip


def test_what_could_not_be_read_is_a_row_of_blanks() -> None:
    table = opened(written([unreadable("returns/附件.et", finding("F101", cell=None))]))["Summary table"]
    assert row(table, FIRST) == [1, None, "附件.et", *[None] * 8, "unreadable", 1, 0, None]


def test_a_project_without_a_return_says_so() -> None:
    data = written([verdict(), missing("水利站", "P002", "水库"), missing("水利站", "P003", "堤防", overdue=True)])
    sheets, results = opened(data), opened(data, values=True)
    assert row(sheets["Summary table"], FIRST + 1) == [
        2, "P002", "水库", None, "水利站", *[None] * 6, "not returned", 1, 0, None,
    ]  # fmt: skip
    assert row(sheets["Summary table"], FIRST + 2)[11] == "overdue"
    labels = {results["Charts"].cell(line, 1).value: results["Charts"].cell(line, 2).value for line in range(2, 7)}
    assert labels == {"passed": 1, "failed": 0, "unreadable": 0, "not returned": 1, "overdue": 1}
    assert row(sheets["Summary table"], 1)[0] == "2021年度项目支出绩效自评结果汇总表"


def test_findings_with_their_places() -> None:
    sheet = opened(written([verdict("passed"), verdict("failed", ERROR, NOTE, project_code="P002")]))["Findings list"]
    assert sheet.max_row == 3
    assert row(sheet, 2, 8) == [
        2, "P002", "农村公路养护", "某县公路养护中心", "error", "M106", "自评表!J7", "得分应为 9.8",
    ]  # fmt: skip
    assert row(sheet, 3, 8)[4:6] == ["note", "V102"]


def test_every_figure_has_its_file_and_cell() -> None:
    sheet = opened(written([verdict("passed", path="甲/P001.xlsx")]))["Sources of figures"]
    assert row(sheet, 1, 12)[3:8] == ["年初预算数", "全年预算数", "全年执行数", "执行率", "自评得分"]
    assert row(sheet, 2, 12) == [
        1, "P001", "农村公路养护", "自评表!D6", "自评表!E6", "自评表!F6", "自评表!H6", "自评表!H40", "甲/P001.xlsx",
        "mof-2020",
        2021, "ab" * 32,
    ]  # fmt: skip


def test_official_terms_stay_chinese_in_both_languages() -> None:
    for language in ("zh", "en"):
        table = next(iter(opened(written([verdict()], language)).values()))
        assert row(table, HEAD)[1:11] == list(COLUMNS[1:11])
        assert row(table, 1)[0] == "2021年度项目支出绩效自评结果汇总表"
        assert "万元" in row(table, 2)[0]


def test_returns_of_several_years_have_no_year_in_the_title() -> None:
    table = opened(written([verdict(), verdict(year=2022)]))["Summary table"]
    assert row(table, 1)[0] == "项目支出绩效自评结果汇总表"


def test_the_samples_as_they_are_judged(tmp_path: Path) -> None:
    path = tmp_path / "汇总表.xlsx"
    path.write_bytes(written(verdicts([samples_folder()], Options()), "zh"))
    table = next(iter(opened(path.read_bytes(), values=True).values()))
    initial = [each.data["funds"]["total"]["initial"] for each in samples()]
    assert table.max_row == FIRST + len(initial) - 1
    assert row(table, TOTALS)[5] == sum(initial)
    assert audit(path) == []


# --- totals


def test_totals_are_formulas_with_right_results() -> None:
    verdicts = [
        verdict("failed", ERROR, WARNING, summary=summary("0.1", "0.1", initial="0.3", score="90")),
        verdict("passed", WARNING, summary=summary("0.2", "0.05", initial=None, score="97.5")),
        unreadable("x", finding("F101")),
    ]
    data = written(verdicts)
    found, results = opened(data)["Summary table"], opened(data, values=True)["Summary table"]
    assert row(found, TOTALS)[0] == "合计"
    assert row(found, TOTALS)[2:] == [
        "=COUNT(A5:A7)", None, None, "=SUM(F5:F7)", "=SUM(G5:G7)", "=SUM(H5:H7)", '=IF(N(G3)=0,"",H3/G3)',
        '=IFERROR(AVERAGE(J5:J7),"")', None, None, "=SUM(M5:M7)", "=SUM(N5:N7)", None,
    ]  # fmt: skip
    assert row(results, TOTALS)[2:] == [3, None, None, 0.3, 0.3, 0.15, 0.5, 93.75, None, None, 2, 2, None]


@pytest.mark.parametrize("budget", ["0", None])
def test_the_rate_of_nothing_is_blank(budget: str | None) -> None:
    data = written([verdict(summary=summary(budget, "3", rate=None, score=None))])
    results = opened(data, values=True)["Summary table"]
    assert row(results, TOTALS)[8:10] == [None, None]
    assert 'r="I3" s=' in member(data, "sheet1")


@pytest.mark.parametrize(
    ("unit", "figures"),
    [("元", ("1200000.01", "900000", "1000000")), ("千元", ("1200.00001", "900", "1000")),
     ("亿元", ("0.012000000100", "0.009", "0.01"))],
)  # fmt: skip
def test_money_of_different_units_is_added_up_in_one(unit: str, figures: tuple[str, str, str]) -> None:
    budget, executed, initial = figures
    other = verdict(path="b.xlsx", summary=summary(budget, executed, initial=initial, money_unit=unit))
    table = opened(written([verdict(), other]), values=True)["Summary table"]
    assert row(table, FIRST + 1)[5:8] == [100, 120.000001, 90]
    assert row(table, TOTALS)[5:8] == [200, 240.000001, 207.6]
    assert "Money in 万元" in row(table, 2)[0]
    assert f"converted where the form gives {unit}" in row(table, 2)[0]
    assert "converted" not in row(opened(written([verdict()]))["Summary table"], 2)[0]


def test_a_superseded_return_stands_among_the_sources_alone() -> None:
    earlier = verdict("failed", ERROR, path="旧.xlsx", superseded="新.xlsx", summary=summary("1", "1", score="1"))
    data = written([verdict(path="别的.xlsx", project_code="P000"), verdict(path="新.xlsx"), earlier])
    sheets, results = opened(data), opened(data, values=True)
    table = sheets["Summary table"]
    assert [line[:2] for line in (row(table, FIRST), row(table, FIRST + 1))] == [[1, "P000"], [2, "P001"]]
    assert table.max_row == FIRST + 1
    assert row(results["Summary table"], TOTALS)[2:14] == [
        2,
        None,
        None,
        200,
        240,
        235.2,
        0.98,
        99.47,
        None,
        None,
        0,
        0,
    ]
    assert "1 superseded returns left out" in row(table, 2)[0]
    assert sheets["Findings list"].max_row == 1
    sources = sheets["Sources of figures"]
    assert [(row(sources, line, 13)[0], row(sources, line, 13)[8], row(sources, line, 13)[12]) for line in (2, 3,
                                                                                                            4)] == [
        (1, "别的.xlsx", None), (2, "新.xlsx", None), (2, "旧.xlsx", "新.xlsx"),
    ]  # fmt: skip
    assert links(data, "sheet4")["A4"] == "'Summary table'!A6"
    assert results["Charts"].cell(2, 2).value == 2


def test_a_figure_beyond_what_a_cell_holds_is_blank() -> None:
    data = written([verdict(summary=summary("1e400", "1e15", initial="999999999999999", score="1e400"))])
    assert row(opened(data, values=True)["Summary table"], FIRST)[5:10] == [999999999999999, None, None, 0.98, None]
    assert row(opened(data, values=True)["Summary table"], TOTALS)[5:8] == [999999999999999, 0, 0]


amounts = st.decimals(0, 10**9, places=6).map(str)


@pytest.mark.property
@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(amounts, amounts, st.decimals(0, 100, places=2).map(str)), min_size=1, max_size=8))
def test_totals_are_exact(figures: list[tuple[str, str, str]]) -> None:
    data = written(verdict(summary=summary(budget, executed, score=score)) for budget, executed, score in figures)
    results = row(opened(data, values=True)["Summary table"], TOTALS)
    budget, executed, score = (sum(map(Decimal, column)) for column in zip(*figures, strict=True))
    assert results[6:8] == [float(budget), float(executed)]
    assert results[8] == (float(executed / budget) if budget else None)
    assert results[9] == float(score / len(figures))


# --- text stays text


@pytest.mark.slow
@pytest.mark.parametrize("text", [*FORMULAS, *ODD])
def test_a_text_of_a_return_stays_text(text: str, tmp_path: Path) -> None:
    hostile = finding(text=text, cell=text)
    own = summary(department=text, grade=text, missed_targets=(MissedTarget(text, text, text, text),))
    verdicts = [
        verdict("failed", hostile, path=text, project_code=text, project_name=text, unit=text, summary=own),
        unreadable(text, hostile),
    ]
    path = tmp_path / "hostile.xlsx"
    path.write_bytes(written(verdicts))
    assert audit(path) == []
    harmless = [
        verdict("failed", ERROR, summary=summary(missed_targets=(MissedTarget("a", "b", "c", "d"),))),
        unreadable("x", ERROR),
    ]
    assert formulas(path.read_bytes()) == formulas(written(harmless))
    shown = visible(text, 300)
    sheets = opened(path.read_bytes())
    assert row(sheets["Summary table"], FIRST)[1:5] == [shown, shown, shown, shown]
    assert row(sheets["Findings list"], 2)[1:4] == [shown, shown, shown]
    assert row(sheets["Findings list"], 2)[7] == visible(text)
    assert "http" not in re.sub(r"https?://(schemas|purl|www.w3)\S*", "", relationships(path.read_bytes()))


def test_editing_a_text_makes_no_formula_of_it() -> None:
    data = written([verdict(project_name="=1+1")])
    name = opened(data)["Summary table"].cell(FIRST, 3)
    assert (name.value, name.data_type, name.quotePrefix) == ("=1+1", "s", True)
    total = opened(data)["Summary table"].cell(TOTALS, 3)
    assert (total.data_type, total.quotePrefix) == ("f", False)


def relationships(data: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return "".join(archive.read(name).decode() for name in archive.namelist() if name.endswith(".rels"))


def member(data: bytes, sheet: str) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(f"xl/worksheets/{sheet}.xml").decode()


# --- links, filter, print


def links(data: bytes, sheet: str) -> dict[str, str]:
    tags = etree.fromstring(member(data, sheet).encode()).iter(f"{MAIN}hyperlink")
    return {tag.get("ref", ""): tag.get("location", "") for tag in tags}


def test_links_lead_to_the_row_and_back() -> None:
    verdicts = [verdict("failed", WARNING, NOTE), verdict("passed"), verdict("failed", NOTE, ERROR, WARNING)]
    data = written(verdicts)
    assert links(data, "sheet1") == {
        "A5": "'Sources of figures'!A2", "A6": "'Sources of figures'!A3", "A7": "'Sources of figures'!A4",
        "N5": "'Findings list'!A2", "M7": "'Findings list'!A4", "N7": "'Findings list'!A4",
    }  # fmt: skip
    assert links(data, "sheet3") == {
        f"A{line}": f"'Summary table'!A{to}" for line, to in ((2, 5), (3, 5), (4, 7), (5, 7), (6, 7))
    }
    assert links(data, "sheet4") == {f"A{line}": f"'Summary table'!A{line + 3}" for line in (2, 3, 4)}
    assert [opened(data)["Findings list"].cell(line, 1).value for line in (2, 4)] == [1, 3]


def test_beyond_the_links_that_excel_allows_numbers_are_bare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_LINKS", 2)
    data = written([verdict("failed", ERROR, ERROR, ERROR)])
    sheet = opened(data)["Findings list"]
    assert set(links(data, "sheet3")) == {"A2", "A3"}
    assert [sheet.cell(line, 1).value for line in (2, 3, 4)] == [1, 1, 1]


def test_more_findings_than_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_ROWS", 7)
    with pytest.raises(UsageError, match="take fewer files"):
        written([verdict("failed", *[ERROR] * 8)])


def test_filter_frozen_head_and_print() -> None:
    table = opened(written(many(10)))["Summary table"]
    assert table.auto_filter.ref == "A4:O14"
    assert table.freeze_panes == "D5"
    assert table.print_title_rows == "$4:$4"
    assert (table.page_setup.orientation, table.page_setup.paperSize) == ("landscape", 9)
    assert (table.page_setup.fitToWidth or 1, table.page_setup.fitToHeight) == (1, 0)
    assert table.sheet_properties.pageSetUpPr is not None
    assert table.sheet_properties.pageSetUpPr.fitToPage
    assert {cell.font.name for line in table.iter_rows() for cell in line if cell.value is not None} == {"宋体"}


def test_results_and_low_execution_are_coloured() -> None:
    table = opened(written([verdict(), verdict()]))["Summary table"]
    found = {
        (str(area.sqref), rule.type, tuple(rule.formula))
        for area, rules in table.conditional_formatting._cf_rules.items()  # type: ignore[attr-defined]
        for rule in rules
    }
    assert found == {
        ("L5:L6", "cellIs", ('"passed"',)),
        ("L5:L6", "cellIs", ('"failed"',)),
        ("L5:L6", "cellIs", ('"unreadable"',)),
        ("L5:L6", "cellIs", ('"not returned"',)),
        ("L5:L6", "cellIs", ('"overdue"',)),
        ("I5:I6", "expression", ("AND(ISNUMBER($I5),$I5<0.9)",)),
        ("I5:I6", "expression", ("AND(ISNUMBER($I5),$I5<0.6)",)),
    }


def test_a_row_is_as_high_as_its_text() -> None:
    long = tuple(MissedTarget("养护里程" * 5, "≥120公里", "118公里", "汛期延误，" * 20) for _ in range(3))
    sheet = opened(written([verdict(summary=summary(missed_targets=long)), verdict()]))["Summary table"]
    assert 200 < (sheet.row_dimensions[FIRST].height or 0) <= 409
    assert (sheet.row_dimensions[FIRST + 1].height or 0) < 40


# --- charts


def test_charts_draw_the_counts() -> None:
    data = written(many(50))
    sheet, results = opened(data)["Charts"], opened(data, values=True)["Charts"]
    counts: dict[Any, Any] = {
        results.cell(line, 1).value: results.cell(line, 2).value for line in range(1, results.max_row + 1)
    }
    assert (counts["passed"], counts["failed"], counts["unreadable"]) == (35, 13, 2)
    assert (
        sum(counts[label] for label in ("<60", "60–70", "70–80", "80–85", "85–90", "90–95", "95–98", "98–100", ">100"))
        == 48
    )
    assert sheet.cell(2, 2).value == "=COUNTIF('Summary table'!$L$5:$L$54,\"passed\")"
    assert (
        sheet.cell(8, 2).value == "=COUNTIFS('Summary table'!$I$5:$I$54,\">=0.5\",'Summary table'!$I$5:$I$54,\"<0.6\")"
    )
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        charts = [
            archive.read(name).decode() for name in sorted(archive.namelist()) if name.startswith("xl/charts/chart")
        ]
    kinds = [re.findall(r"<c:(doughnutChart|barChart)>", chart) for chart in charts]
    assert kinds == [["doughnutChart"], ["barChart"], ["barChart"], ["barChart"]]
    for chart in charts:
        name, first, last = re.findall(r"<c:f>'?(\w+)'?!\$B\$(\d+):\$B\$(\d+)</c:f>", chart)[0]
        drawn = [float(value) for value in re.findall(r"<c:v>([\d.]+)</c:v>", chart.split("<c:val>")[1])]
        assert name == "Charts"
        assert drawn == [results.cell(line, 2).value for line in range(int(first), int(last) + 1)]


def test_without_findings_there_is_no_chart_of_them() -> None:
    with zipfile.ZipFile(io.BytesIO(written([verdict()]))) as archive:
        assert sum(name.startswith("xl/charts/chart") for name in archive.namelist()) == 3


# --- the file


@pytest.mark.slow
@pytest.mark.parametrize("count", [0, 1, 60])
def test_excel_would_open_it(count: int, tmp_path: Path) -> None:
    path = tmp_path / "汇总表.xlsx"
    for language in ("zh", "en"):
        path.write_bytes(written(many(count), language))
        assert audit(path) == []


def test_the_same_verdicts_give_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1641000000")
    data = written(many(60), "zh")
    assert data == written(many(60), "zh")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1641100000")
    assert data != written(many(60), "zh")


def test_a_full_disk_is_an_operating_systems_error() -> None:
    class Full(io.BytesIO):
        def write(self, _: Any) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left") as caught:
        write_xlsx([verdict()], Full(), "en")
    assert caught.value.errno == errno.ENOSPC


def test_libreoffice_adds_up_the_same(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "汇总表.xlsx"
    path.write_bytes(written([*many(160), *verdicts([samples_folder()], Options())]))
    stored = opened(path.read_bytes(), values=True)
    recalculated = office.recalculated(path)
    places = formulas(path.read_bytes())
    assert len(places) > 35
    for sheet, cell in places:
        assert recalculated[sheet].get(cell, 0) == pytest.approx(stored[sheet][cell].value or 0, rel=1e-12), (
            sheet,
            cell,
        )


def test_on_paper_it_is_one_page_wide(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "汇总表.xlsx"
    path.write_bytes(written(many(3, findings=1)))
    # One page for each of the four sheets: none is cut in two.
    assert len(office.pages(path, tmp_path)) == 4
