"""Adding a form needs no Python: a made-up one with another grid, from its JSON file alone, there and back."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from support.audit import audit
from support.dump import dump
from support.office import Office

from xlsform.findings import Finding
from xlsform.form import identity as identities
from xlsform.form.check import dangling, load_checked
from xlsform.form.field_types import Cast
from xlsform.form.layout import Layout, lay_out
from xlsform.form.vocabulary import FUNDS_TOTAL_BUDGET
from xlsform.messages import render
from xlsform.reading import read_bytes
from xlsform.reading.workbook import Workbook
from xlsform.submission.extract import extract
from xlsform.submission.recognition import recognise
from xlsform.submission.submission import Submission
from xlsform.verdict.judge import check
from xlsform.verdict.verdict import Options
from xlsform.workbook.data import fill
from xlsform.workbook.issue import issue
from xlsform.workbook.locks import lock_for

TEMPLATE = Path(__file__).parents[1] / "data" / "county-2023.json"
OPTIONS = Options(template=str(TEMPLATE))

#: What a unit fills in, and the JSON of which `fill` and `extract` speak.
DATA: dict[str, Any] = {
    "template": "county-2023",
    "year": 2023,
    "fields": {"project_name": "乡镇图书室建设", "unit": "某县文化馆"},
    "funds": {
        "total": {"budget": 500_000, "executed": 480_000},
        "fiscal": {"budget": 400_000, "executed": 390_000},
        "own": {"budget": 100_000, "executed": 90_000},
    },
    "indicators": [
        {"level1": "产出", "level2": "数量", "name": "新建图书室", "target": "≥4个", "actual": "4个", "weight": 30,
         "score": 30,
         "evidence": "竣工验收单"},
        {"level1": "产出", "level2": "质量", "name": "验收合格率", "target": "100%", "actual": "100%", "weight": 20,
         "score": 20,
         "evidence": "验收报告"},
        {"level1": "效果", "level2": "社会效果", "name": "借阅人次", "target": "≥2000人次", "actual": "2100人次",
         "weight": 15,
         "score": 15, "evidence": "借阅台账"},
        {"level1": "效果", "level2": "公众评价", "name": "读者满意度", "target": "≥90%", "actual": "96%", "weight": 15,
         "score": 15,
         "evidence": "问卷汇总表"},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def layout() -> Layout:
    return lay_out(load_checked(str(TEMPLATE)), 2)


@pytest.fixture(scope="module")
def blank(layout: Layout) -> bytes:
    return issue(layout, lock_for("x"))


def returned(data: bytes, layout: Layout) -> Submission:
    contents = read_bytes(data)
    assert isinstance(contents, Workbook)
    submission = recognise(Path("x.xlsx"), contents, layout.form)
    assert submission is not None
    return submission


def filled(blank: bytes, layout: Layout, content: Mapping[str, Any]) -> bytes:
    return fill(returned(blank, layout), blank, content)


def changed(path: str, value: object) -> dict[str, Any]:
    content: Any = copy.deepcopy(DATA)
    *parents, last = path.split("/")
    place = content
    for key in parents:
        place = place[int(key)] if isinstance(place, list) else place[key]
    place[last] = value
    return dict(content)


def judged(data: bytes, path: Path) -> tuple[Finding, ...]:
    path.write_bytes(data)
    verdict = check(path, OPTIONS)
    assert verdict.template == "county-2023"
    return verdict.findings


def lines(findings: tuple[Finding, ...]) -> list[str]:
    return [f"{each.code} {each.severity} {each.cell} {render(each.message, 'zh')}" for each in findings]


def test_it_is_sound() -> None:
    assert dangling(load_checked(str(TEMPLATE))) == set()


@pytest.mark.slow
def test_it_stands_as_the_template_says(layout: Layout, blank: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(blank)
    assert audit(path) == []
    sheet = dump(path).sheets["评价表"]
    assert sheet.texts() | {"J": ""} == {
        "A1": "部门项目绩效评价表",
        "A2": "项目名称", "E2": "项目单位",
        "A3": "类别", "B3": "类型", "C3": "指标", "D3": "目标值", "E3": "实现值", "F3": "分值", "G3": "得分",
        "H3": "佐证材料",
        "A4": "产出", "B4": "数量", "C4": "第1项", "C5": "第2项", "B6": "质量", "C6": "第1项", "C7": "第2项",
        "C8": "产出小计",
        "A9": "效果", "B9": "社会效果", "C9": "第1项", "C10": "第2项", "B11": "公众评价", "C11": "第1项",
        "C12": "第2项",
        "C13": "效果小计",
        "A14": "资金（元）", "D14": "预算数", "E14": "支出数", "F14": "分值", "G14": "得分", "H14": "支出率",
        "B15": "资金合计", "F15": "20", "B16": "财政资金", "F16": "/", "G16": "/", "B17": "自筹资金", "F17": "/",
        "G17": "/",
        "A18": "合计",
        "J": "",
    }  # fmt: skip
    formulas = {cell: held.formula for cell, held in sheet.cells.items() if held.formula and cell[0] != "J"}
    assert formulas == {
        "F8": "=SUM(F4:F7)", "G8": "=SUM(G4:G7)", "F13": "=SUM(F9:F12)", "G13": "=SUM(G9:G12)",
        **{f"H{row}": f'=IF(N(D{row})=0,"",ROUND(N(E{row})/D{row},4))' for row in (15, 16, 17)},
        "G15": '=IF(H15="","",ROUND(MIN(H15,1)*F15,2))',
        "F18": "=SUM(F15,F8,F13)",
        "G18": '=IF(COUNT(G4:G7,G9:G12)=0,"",ROUND(SUM(G15,G8,G13),2))',
    }  # fmt: skip
    open_cells = {cell for cell, held in sheet.cells.items() if not held.locked}
    assert open_cells == (
        {"G1", "H1", "B2", "C2", "D2", "F2", "G2", "H2"}
        | {f"{column}{row}" for column in "CDEFGH" for row in (4, 5, 6, 7, 9, 10, 11, 12)}
        | {f"{column}{row}" for column in "DE" for row in (15, 16, 17)}
    )
    assert (sheet.print_area, sheet.title_rows) == ("A1:H18", "$3:$3")
    assert {held.font for cell, held in sheet.cells.items() if held.value and cell[0] != "J"} == {"仿宋"}
    money = [each for each in sheet.validations if "D15" in each.cells]
    assert "单位元" in money[0].error


def test_the_live_check_counts_the_first_row_too(blank: bytes, layout: Layout, tmp_path: Path, office: Office) -> None:
    """Its year stands in row 1, where other forms have the heading of the hints."""
    path = tmp_path / "x.xlsx"
    for data, told in (
        (blank, "还有 4 处需要处理，见表右侧的提示。"),
        (filled(blank, layout, DATA), "没有待处理的问题，可以发回。"),
    ):
        path.write_bytes(data)
        seen = dump(path).sheets["填报说明"].cells["A2"].value
        assert office.recalculated(path)["填报说明"]["A2"] == seen == told


def test_a_condition_on_another_row_stands_fast(layout: Layout, blank: bytes, tmp_path: Path) -> None:
    """L002 looks from each row at the weight of execution, which must not move along."""
    path = tmp_path / "x.xlsx"
    path.write_bytes(blank)
    sheet = dump(path).sheets["评价表"]
    for row in (4, 7, 9, 12):
        found = [each.at(f"F{row}") for each in sheet.conditions if f"F{row}" in each.cells and each.fill == "FFC7CE"]
        assert found == [f"AND(NOT(LEN(TRIM(F{row}))=0),NOT(N(F{row})<=1.5*F$15))"]


def test_there_and_back_without_a_finding(blank: bytes, layout: Layout, tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    data = filled(blank, layout, DATA)
    assert lines(judged(data, path)) == []
    assert audit(path) == []
    out = extract(returned(data, layout))
    assert {key: value for key, value in out.items() if key in DATA} == DATA
    computed = out["computed"]
    assert computed["funds.total.rate"] == 0.96
    assert computed["funds.total.score"] == 19.2
    assert (computed["subtotals.1.weight"], computed["subtotals.2.score"]) == (50, 30)
    assert (computed["total_weight"], computed["total_score"]) == (100, 99.2)
    verdict = check(path, OPTIONS)
    assert (verdict.status, verdict.year, verdict.score) == ("passed", 2023, Decimal("99.2"))
    assert (verdict.project_name, verdict.unit) == ("乡镇图书室建设", "某县文化馆")


@pytest.mark.parametrize(
    ("path", "value", "wanted"),
    [
        ("indicators/1/evidence", None, ["L001 error 评价表!H6 “质量 第 1 行·佐证材料”：请写明佐证材料"]),
        ("indicators/0/weight", 30.5, ["L002", "W101"]),
        ("funds/own/budget", 90_000, ["M102"]),
        ("indicators/3/score", 16, ["P101"]),
        ("fields/unit", None, ["H101"]),
        ("year", None, ["H101"]),
        ("funds/total/executed", None, ["M101"]),
    ],
)
def test_a_fault_is_found_and_nothing_else(
    path: str, value: object, wanted: list[str], blank: bytes, layout: Layout, tmp_path: Path
) -> None:
    found = lines(judged(filled(blank, layout, changed(path, value)), tmp_path / "x.xlsx"))
    assert len(found) == len(wanted)
    assert [line for line, start in zip(sorted(found), wanted, strict=True) if not line.startswith(start)] == []


def test_the_check_of_its_own_is_weighed_and_chosen_like_any(blank: bytes, layout: Layout, tmp_path: Path) -> None:
    content = changed("indicators/1/evidence", None)
    content["indicators"][0]["weight"], content["indicators"][1]["weight"] = 31, 19
    content["indicators"][1]["score"] = 19
    path = tmp_path / "x.xlsx"
    found = judged(filled(blank, layout, content), path)
    assert [(each.code, each.rule, each.severity, each.field) for each in found if each.code.startswith("L")] == [
        ("L002", "heavier-than-execution", "warning", "indicators.1.weight"),
        ("L001", "evidence-missing", "error", "indicators.3.evidence"),
    ]
    assert [each.code for each in check(path, Options(template=str(TEMPLATE), select=("L001",))).findings] == ["L001"]
    assert "L" not in {each.code[0] for each in check(path, Options(template=str(TEMPLATE), ignore=("L",))).findings}


def test_a_project_of_its_own_is_prefilled_and_locked(layout: Layout, tmp_path: Path) -> None:
    prefilled: dict[str, Cast] = {
        "project_name": "乡镇图书室建设",
        "indicators.1.name": "新建图书室",
        "indicators.1.weight": Decimal(30),
    }
    data = issue(layout, lock_for("x"), year=2023, values=prefilled, project_code="K-7")
    assert lines(judged(filled(data, layout, DATA), tmp_path / "x.xlsx")) == []
    sheet = dump(tmp_path / "x.xlsx").sheets["评价表"]
    assert {cell: sheet.cells[cell].locked for cell in ("B2", "C4", "F4", "G1", "G4", "F2")} == {
        "B2": True, "C4": True, "F4": True, "G1": True, "G4": False, "F2": False,
    }  # fmt: skip
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    book["评价表"]["B2"] = "别的项目"
    book.save(tmp_path / "y.xlsx")
    verdict = check(tmp_path / "y.xlsx", OPTIONS)
    assert "S104" in [each.code for each in verdict.findings]
    assert verdict.project_code == "K-7"


@pytest.mark.parametrize("rows", [1, 3, (1, 4, 2, 1)])
def test_any_number_of_rows(rows: int | tuple[int, ...], layout: Layout, tmp_path: Path) -> None:
    own = lay_out(layout.form, rows)
    data = filled(issue(own, lock_for("x")), own, DATA)
    assert lines(judged(data, tmp_path / "x.xlsx")) == []
    assert returned(data, own).layout.rows == own.rows


def test_without_its_identity_it_is_still_known_by_its_labels(blank: bytes, layout: Layout, tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(filled(blank, layout, DATA))
    book: Any = openpyxl.load_workbook(path)
    del book[identities.SHEET]
    del book.defined_names[identities.NAME]
    for name in list(book.custom_doc_props.names):
        del book.custom_doc_props[name]
    book.save(path)
    submission = returned(path.read_bytes(), layout)
    assert submission.identity is None
    assert submission.form == layout.form
    assert submission.layout.rows == layout.rows
    assert submission.number(FUNDS_TOTAL_BUDGET) == 500_000


def test_nobody_takes_it_for_an_official_form(blank: bytes) -> None:
    contents = read_bytes(blank)
    assert isinstance(contents, Workbook)
    assert recognise(Path("x.xlsx"), contents) is None
