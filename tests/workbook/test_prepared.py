"""Workbooks stamped out of what all have in common: everything of a project's own is in its place, and nothing else."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.audit import audit
from support.dump import MAIN, Dump, Sheet, cells_of, dump, part
from support.forms import TEMPLATES, faultless, layout_of, row_number
from support.forms import issued as as_read
from support.office import Office

from xlsform.form.evaluation.engine import engine_for
from xlsform.form.evaluation.hints import INSTRUCTIONS_SHEET, hint_formulas, hints, to_do
from xlsform.form.evaluation.measures import measures
from xlsform.form.field_types import MONEY, POINTS, RATE, YEAR, Cast
from xlsform.form.identity import Identity
from xlsform.form.layout import Layout, lay_out
from xlsform.form.template import load
from xlsform.messages import plain
from xlsform.reading import read_bytes
from xlsform.reading.workbook import Unreadable
from xlsform.rules.registry import ReceivedFile
from xlsform.rules.run import judge
from xlsform.submission.carriers import identities_in
from xlsform.submission.recognition import recognise
from xlsform.submission.submission import Submission
from xlsform.workbook.base import Look, look_of, looks
from xlsform.workbook.issue import issue
from xlsform.workbook.issued import issued_workbook
from xlsform.workbook.locks import lock_for
from xlsform.workbook.shared_tables import LookTable

D = Decimal
LOCK = lock_for("a password")

# --- whatever is prefilled

TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from([" 两边 ", "a\nb\tc", "_x0041_", "_x000D_", "<b>&amp;\"'", "=1+1", "]]>", "𠮷", "指标1：", "",
                     "长句，" * 700]),
)  # fmt: skip
TARGETS = st.one_of(
    TEXTS,
    st.sampled_from(["≥735人次", "≥95%", "100%", "≤20万元", "3-5次", "1次/月", "合格", "≥2.5次", "≥12", "0", "≥5‰",
                     "≥30MW", "≥3&<个"]),
)  # fmt: skip
NAMES = st.sampled_from(["培训人数", "差错率", "单位成本", "办理天数", "节约率"])
FIGURES = st.one_of(
    st.decimals(0, 10**6, places=2), st.decimals(0, 1, places=6), st.sampled_from([D("1e15"), D("-3.5"), D("0.1")])
)


@st.composite
def projects(draw: st.DrawFn, template: str) -> tuple[Layout, dict[str, Cast], int | None]:
    """A layout, what a project prefills in it, and the year."""
    form = load(template)
    blocks = sum(len(group.level2) for group in form.repeated.groups) if form.repeated else 0
    layout = lay_out(form, draw(st.one_of(st.integers(1, 6), st.tuples(*[st.integers(1, 3)] * blocks))))
    listed = {item.name for item in layout.inputs if item.table is None or item.column in ("name", "target", "weight")}
    everything = [item.name for item in layout.inputs]
    chosen = draw(st.one_of(st.just(sorted(listed)), st.just(everything), st.lists(st.sampled_from(everything))))
    values: dict[str, Cast] = {}
    for name in chosen:
        item = layout.fields[name]
        if item.spec.type in (MONEY, POINTS, RATE, YEAR):
            values[name] = draw(st.one_of(FIGURES, FIGURES, TEXTS))
        else:
            values[name] = draw({"target": TARGETS, "name": NAMES}.get(item.column or "", TEXTS))
    return layout, values, draw(st.sampled_from([None, 2021]))


def issued(layout: Layout, values: Mapping[str, Cast], year: int | None) -> tuple[bytes, dict[str, Cast]]:
    """Return the workbook and what it was prefilled with, by what it says itself."""
    data = issue(layout, LOCK, values=values, year=year, project_code="P<&>1", key=b"k" * 32)
    contents = read_bytes(data)
    assert not isinstance(contents, Unreadable)
    known = identities_in(contents)["sheet"]
    assert known.intact
    assert known.signed_with(b"k" * 32)
    given = {name: D(str(each)) if isinstance(each, int | float) else str(each) for name, each in known.issued.items()}
    return data, given


@pytest.mark.property
@pytest.mark.parametrize("template", TEMPLATES)
@given(data=st.data())
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_everything_of_a_projects_own_is_in_its_place(
    template: str, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    layout, values, year = data.draw(projects(template))
    path = tmp_path_factory.mktemp("stamped") / "x.xlsx"
    content, held = issued(layout, values, year)
    assert held.keys() == values.keys() | ({"year"} if year else set())
    path.write_bytes(content)
    assert audit(path) == []
    seen = dump(path)
    check_cells(layout, held, seen)
    check_help(layout, held, seen.sheets[layout.form.sheet])
    assert seen.properties["xlsform.project_code"] == "P<&>1"


def check_cells(layout: Layout, held: Mapping[str, Cast], seen: Dump) -> None:
    sheet, blank = seen.sheets[layout.form.sheet], blank_sheet(layout)
    results, measured = engine_for(layout).evaluate(held), measures(layout, held)
    for name, item in layout.fields.items():
        cell = sheet.cells[item.cell]
        wanted: Any = (
            results.computed[name] if name in results.computed else held.get(name, blank.cells[item.cell].value)
        )
        if isinstance(wanted, Decimal):
            assert cell.value == pytest.approx(float(wanted), rel=1e-12), name
        else:
            assert (cell.value or "") == (wanted or ""), name
        assert cell.number_format == (
            measured[name].number_format if name in measured else look_of(item, locked=True).number_format
        )
        for each in cells_of(str(item.range)):
            assert sheet.cells[each].locked == (item.spec.kind != "input" or name in held)
    told = hints(layout, results, held, measured)
    for row, formula in hint_formulas(layout, measured).items():
        cell = sheet.cells[f"K{row}"]
        assert (cell.formula, cell.value or "") == (f"={formula}", told[row])
    assert seen.sheets[INSTRUCTIONS_SHEET].cells["A2"].value == to_do(told.values())


def check_help(layout: Layout, held: Mapping[str, Cast], sheet: Sheet) -> None:
    blank, measured = blank_sheet(layout), measures(layout, held)
    assert (sheet.merges, sheet.conditions, sheet.widths) == (blank.merges, blank.conditions, blank.widths)
    first = next((item.cell for item in layout.inputs if item.name not in held), "A1")
    assert sheet.active == first
    for row, height in layout.heights(held).items():
        assert abs(sheet.heights[row] - height) <= 0.375
    for item in layout.inputs:
        (found,) = [each for each in sheet.validations if item.cell in each.cells]
        (usual,) = [each for each in blank.validations if item.cell in each.cells]
        if item.name in measured:
            assert (found.kind, measured[item.name].unit in found.prompt) == ("decimal", True)
        else:
            assert replace(found, cells=frozenset(), first="", high="") == replace(
                usual, cells=frozenset(), first="", high=""
            )
            assert found.high_at(item.cell) == usual.high_at(item.cell)


@cache
def blank_sheet(layout: Layout) -> Sheet:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "blank.xlsx")
        path.write_bytes(issue(layout, LOCK))
        return dump(path).sheets[layout.form.sheet]


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", ["_x0041_x0042_", "<r>a</r>", "_x005F_x0041_", "\t一\n二 ", "&amp;&#10;", "_", "_x", "]]>", "\u3000缩进"]
)
def test_what_looks_like_markup_is_text(text: str, tmp_path: Path) -> None:
    layout = layout_of("mof-2020", 1)
    path = tmp_path / "x.xlsx"
    content, held = issued(layout, {"project_name": text, "indicators.1.target": "≥3" + text}, None)
    path.write_bytes(content)
    assert audit(path) == []
    assert held["project_name"] == text
    if "_x005F_" not in text:  # openpyxl undoes the escape of an escape twice
        assert dump(path).sheets["自评表"].cells["B3"].value == text
    assert read_text(content, layout) == text


def read_text(data: bytes, layout: Layout) -> object:
    contents = read_bytes(data)
    assert not isinstance(contents, Unreadable)
    return contents.sheets[0].values[layout.fields["project_name"].range.anchor]


# --- one project after another


def listed(number: int) -> dict[str, Cast]:
    return {
        "project_name": f"第 {number} 号工程",
        "funds.total.budget": D(number),
        "indicators.1.name": "培训人数",
        "indicators.1.target": f"≥{number}人次{number}",
        "indicators.1.weight": D(10),
        "indicators.3.target": f"≥{number}公里",
    }


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_project_leaves_nothing_behind_for_the_next(template: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    layout = layout_of(template, 2)
    blank, first = issue(layout, LOCK), issue(layout, LOCK, values=listed(1), year=2021)
    assert issue(layout, LOCK, values=faultless(template, 2)) not in (blank, first)
    assert issue(layout, LOCK, values=listed(2), year=2022) not in (blank, first)
    assert (issue(layout, LOCK), issue(layout, LOCK, values=listed(1), year=2021)) == (blank, first)


def test_two_locks_are_two_prepared_workbooks(tmp_path: Path) -> None:
    layout = layout_of("mof-2020", 1)
    seen = []
    for number, lock in enumerate((LOCK, lock_for("another"), LOCK)):
        path = tmp_path / f"{number}.xlsx"
        path.write_bytes(issue(layout, lock, values=listed(1)))
        found = dump(path)
        seen.append(found.structure_lock)
        assert {sheet.lock for sheet in found.sheets.values()} == {found.structure_lock}
    assert seen[0] == seen[2] != seen[1]


def test_the_time_is_that_of_issuing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of the second workbook, whose base workbook was written before."""
    layout, path = layout_of("mof-2020", 1), tmp_path / "x.xlsx"
    for epoch, wanted in (("1700000000", "2023-11-14T22:13:20Z"), ("1700000001", "2023-11-14T22:13:21Z")):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
        path.write_bytes(issue(layout, LOCK))
        times = [element.text for element in part(path, "docProps/core.xml") if "/dc/terms/" in str(element.tag)]
        assert times == [wanted, wanted]


@pytest.mark.parametrize("template", TEMPLATES)
def test_one_base_workbook_serves_every_geometry(template: str) -> None:
    """The looks that it holds are those of any layout of the form."""
    form = load(template)
    known = set(looks(form))
    for rows in (1, 3, 7):
        layout = lay_out(form, rows)
        needed = {look_of(item, locked=True) for item in layout.fields.values()}
        assert needed | {look_of(item, locked=False) for item in layout.inputs} <= known


def test_units_that_are_shared_have_one_format(tmp_path: Path) -> None:
    layout, path = layout_of("mof-2020", 3), tmp_path / "x.xlsx"
    values: dict[str, Cast] = {
        f"indicators.{number}.target": f"≥{number}{'人次' if number % 2 else '公里'}" for number in range(1, 25)
    }
    path.write_bytes(issue(layout, LOCK, values=values))
    styles = part(path, "xl/styles.xml")
    formats = [each.get("formatCode") for each in styles.iter(f"{MAIN}numFmt")]
    assert len(formats) == len(set(formats))
    assert {'0"人次"', 'General"公里"'} <= set(formats)
    xfs = styles.find(f"{MAIN}cellXfs")
    assert xfs is not None
    assert len(xfs) == int(xfs.get("count", "0"))
    cells = list(part(path, "xl/worksheets/sheet1.xml").iter(f"{MAIN}c"))
    assert max(int(each.get("s", "0")) for each in cells) < len(xfs)
    measured = {item.cell for item in layout.inputs if item.column == "actual"}
    assert len({each.get("s") for each in cells if each.get("r") in measured}) == 3


def test_parts_that_all_projects_share_are_copied() -> None:
    layout = layout_of("mof-2020", 2)
    raw = []
    for number in (1, 2):
        data = issue(layout, LOCK, values=listed(number))
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            raw.append({info.filename: (info.CRC, info.compress_size) for info in archive.infolist()})
            assert archive.testzip() is None
    same = {name for name in raw[0] if raw[0][name] == raw[1][name]}
    assert {"[Content_Types].xml", "_rels/.rels", "xl/theme/theme1.xml", "docProps/app.xml"} <= same
    assert "xl/worksheets/sheet1.xml" not in same


# --- there and back


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("chosen", ["nothing", "as listed", "everything"])
def test_the_rules_find_in_the_file_what_they_find_without_one(template: str, chosen: str) -> None:
    layout, values = layout_of(template, 2), faultless(template, 2)
    as_listed = ("name", "target", "weight", "initial", "budget")
    given = {
        name: value
        for name, value in values.items()
        if chosen == "everything" or (chosen == "as listed" and layout.fields[name].column in as_listed)
    }
    identity = Identity(
        layout.form.id, layout.form.edition, layout.rows, issued={name: plain(each) for name, each in given.items()}
    ).sealed()
    contents = read_bytes(issued_workbook(layout, given, identity, LOCK))
    assert not isinstance(contents, Unreadable)
    submission = recognise(Path("x.xlsx"), contents)
    assert submission is not None
    workbook = as_read(layout, given, identity)
    wanted = Submission(Path("x.xlsx"), workbook, layout, workbook.sheets[0], identities_in(workbook))
    found = judge(ReceivedFile(submission.path, contents, submission))
    assert found == judge(ReceivedFile(wanted.path, workbook, wanted))
    assert bool(found) == (chosen != "everything")


@pytest.mark.parametrize("template", TEMPLATES)
def test_libreoffice_calculates_what_is_stored(template: str, office: Office, tmp_path: Path) -> None:
    layout, path = layout_of(template, 2), tmp_path / "x.xlsx"
    first, second = (f"indicators.{row_number(layout, '数量指标', number)}" for number in (1, 2))
    values: dict[str, Cast] = faultless(template, 2) | {
        f"{first}.target": "≥735人次",
        f"{second}.name": "<&>率",
        f"{second}.target": "≤9.5%",
        f"{second}.weight": D(3),
        "funds.total.executed": D("130.5"),
    }
    del values[f"{first}.actual"]
    path.write_bytes(issue(layout, LOCK, values=values, year=2021))
    stored, seen = dump(path), office.recalculated(path)
    for name, sheet in stored.sheets.items():
        for where, cell in sheet.cells.items():
            if cell.formula is not None:
                told = seen[name].get(where, "")
                assert told == (pytest.approx(cell.value) if isinstance(cell.value, float) else cell.value or ""), where


def test_a_form_without_formats_of_its_own_takes_the_one_of_a_target() -> None:
    """A form of somebody's own may have neither amounts nor years."""
    look = Look("value", "General", locked=False)
    xml = '<styleSheet><fonts count="1"/><cellXfs count="1"><xf numFmtId="0" xfId="0"/></cellXfs></styleSheet>'
    styles = LookTable.of(xml, {look: 0})
    assert styles.xml() == xml
    assert styles.number(look._replace(number_format='0"人次"')) == 1
    assert styles.xml() == (
        '<styleSheet><numFmts count="1"><numFmt numFmtId="164" formatCode="0&quot;人次&quot;"/></numFmts><fonts '
        'count="1"/>'
        '<cellXfs count="2"><xf numFmtId="0" xfId="0"/><xf numFmtId="164" xfId="0" applyNumberFormat="1"/></cellXfs>'
        "</styleSheet>"
    )
