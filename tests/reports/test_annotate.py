from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from openxml_audit import OpenXmlValidator

from xlsform.reports.annotate import SHEET, CellNote, annotate, is_annotation_sheet, unmark
from xlsform.spreadsheet.package import Package
from xlsform.spreadsheet.xml_trees import child, children

RED, YELLOW, BLUE = "FFFFC7CE", "FFFFEB9C", "FFDDEBF7"
MARK = "【退回意见】"

NOTES = [
    CellNote("自评表", "G9", "error", "M106", "执行率得分不对", "填了 100，应为 9.8。", "删去手填的数。"),
    CellNote(
        "自评表",
        "E6",
        "warning",
        "T201",
        "完成情况照抄",
        "与预期目标一字不差：" + "完成了全部任务，" * 30,
        "按实际填写。",
    ),
    CellNote("自评表", "D9", "note", "F003", "=1+1", '=HYPERLINK("x")', "bad\x01control _x0041_"),
    CellNote("自评表", "D9", "warning", "F004", "又一条", "同一格的第二条", ""),
    CellNote("自评表", "K60", "warning", "F005", "", "表格外的格子", "删去。"),
    CellNote(None, None, "error", "S001", "不是下发的文件", "编号与登记的不符。", "请填下发的文件。"),
    CellNote("填报说明", None, "warning", "S002", "说明被改", "多了一行", "恢复。"),
    CellNote("没有的表", "A1", "note", "S003", "表没有了", "", ""),
]
WORDS: dict[str, Any] = {
    "heading": "绩效自评表退回意见",
    "intro": ["项目：义务教育补助", "请在本文件中改正后交回。"],
    "columns": ["序号", "级别", "位置", "问题", "如何修改", "代码"],
    "author": "绩效评价校验",
}


def issued(more: Callable[[Any, Any], None] | None = None) -> bytes:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream)
    book.set_properties({"created": datetime(2024, 1, 1)})
    form, help_sheet, meta = (book.add_worksheet(name) for name in ("自评表", "填报说明", "_meta"))
    meta.very_hidden()
    meta.write("A1", "mof-2020")
    label = book.add_format({"border": 1, "bg_color": "#D9D9D9", "text_wrap": True})
    figure = book.add_format({"border": 1, "locked": False, "num_format": "0.00"})
    text = book.add_format({"border": 2, "locked": False, "text_wrap": True})
    rate = book.add_format({"border": 1, "num_format": "0.0%"})
    form.merge_range("A1:I1", "项目支出绩效自评表", label)
    for row in range(1, 30):
        for column in range(9):
            form.write(row, column, f"标签{row}" if column < 3 else None, label if column < 3 else figure)
    form.merge_range("D5:F7", "目标", text)
    form.write_formula("G9", '=IF(N(E9)=0,"",E9/F9)', rate, "")
    form.protect("", {"objects": True, "scenarios": True})
    form.set_column("A:I", 12)
    form.set_column("K:K", 10, figure)
    form.print_area("A1:I30")
    form.repeat_rows(0, 1)
    form.freeze_panes(2, 0)
    form.data_validation("D9:E9", {"validate": "decimal", "criteria": ">=", "value": 0})
    form.data_validation("D10", {"validate": "list", "source": "=填报说明!$A$1:$A$3"})
    form.conditional_format("D9:I20", {"type": "cell", "criteria": "<", "value": 0, "format": label})
    help_sheet.write("A1", "说明")
    help_sheet.print_area("A1:B3")
    book.define_name("project_name", "='自评表'!$D$5")
    if more is not None:
        more(book, form)
    book.close()
    return stream.getvalue()


def opened(data: bytes) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(data))


def members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def looks(sheet: Worksheet) -> dict[str, tuple[object, ...]]:
    """What a person sees of each cell, whatever the numbers of its styles."""
    return {
        cell.coordinate: (
            cell.value,
            cell.fill.fill_type and cell.fill.fgColor.rgb,
            cell.protection.locked,
            cell.number_format,
            cell.border.left.style,
            cell.alignment.wrap_text,
            cell.comment and cell.comment.text,
        )
        for row in sheet.iter_rows()
        for cell in row
        if cell.has_style or cell.value is not None
    }


def comments(data: bytes, sheet: str = "自评表") -> dict[str, str]:
    return {
        cell.coordinate: cell.comment.text for row in opened(data)[sheet].iter_rows() for cell in row if cell.comment
    }


def links(data: bytes) -> dict[str, str | None]:
    return {cell.coordinate: cell.hyperlink.location for (cell,) in opened(data)[SHEET]["C5:C20"] if cell.hyperlink}


def edited(data: bytes, part: str, *changes: tuple[str, str]) -> bytes:
    package = Package(data)
    text = package.read(part).decode()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    package.write(part, text.encode())
    return package.to_bytes()


def with_comments(book: Any, form: Any) -> None:
    form.write_comment("G9", "单位自己的批注", {"author": "张三"})
    form.write_comment("H20", "别处的批注", {"author": "张三"})
    form.insert_textbox("K2", "文本框")


def audited(data: bytes, folder: Path) -> list[str]:
    path = folder / "audited.xlsx"
    path.write_bytes(data)
    return [str(error) for error in OpenXmlValidator().validate(path).errors]


@pytest.fixture(scope="module")
def blank() -> bytes:
    return issued()


@pytest.fixture(scope="module")
def marked(blank: bytes) -> bytes:
    return annotate(blank, NOTES, **WORDS)


def test_each_cell_has_one_comment_with_all_that_is_wrong_there(marked: bytes) -> None:
    found = comments(marked)
    assert set(found) == {"G9", "D5", "D9", "K60"}
    assert found["G9"] == f"{MARK}\n执行率得分不对\n填了 100，应为 9.8。\n如何修改：删去手填的数。"
    assert found["D9"].startswith(f'{MARK}\n1. =1+1\n=HYPERLINK("x")\n如何修改：')
    assert found["D9"].endswith("\n2. 又一条\n同一格的第二条")
    assert found["K60"] == f"{MARK}\n表格外的格子\n如何修改：删去。"
    assert opened(marked)["自评表"]["G9"].comment.author == "绩效评价校验"


def test_the_cell_is_coloured_by_its_worst_finding_and_else_as_it_was(blank: bytes, marked: bytes) -> None:
    before, after = opened(blank)["自评表"], opened(marked)["自评表"]
    colours = {
        cell.coordinate: cell.fill.fgColor.rgb for row in after.iter_rows() for cell in row if cell.fill.fill_type
    }
    shaded = {a: c for a, c in colours.items() if c in (RED, YELLOW, BLUE)}
    assert shaded == {"G9": RED, "D9": YELLOW, "K60": YELLOW, "D5": YELLOW}
    for address in ("G9", "D9", "D5", "F7"):
        one, other = before[address], after[address]
        assert one.protection.locked == other.protection.locked
        assert one.number_format == other.number_format
        assert one.border.left.style == other.border.left.style
        assert one.alignment.wrap_text == other.alignment.wrap_text
        assert one.value == other.value
    # The cell did not exist; its column was open, so it stays open.
    assert after["K60"].protection.locked is False


def test_all_cells_of_a_merged_range_are_coloured(marked: bytes) -> None:
    root = Package(marked).xml("xl/worksheets/sheet1.xml")
    styles = {cell.get("r"): cell.get("s") for cell in root.iter("{*}c")}
    assert len({styles[f"{column}{row}"] for column in "DEF" for row in (5, 6, 7)}) == 1
    assert styles["F7"] != styles["F8"]


def test_locks_validations_formats_and_names_stay(blank: bytes, marked: bytes) -> None:
    before, after = opened(blank), opened(marked)
    form = after["自评表"]
    assert form.protection.sheet
    assert [str(r.sqref) for r in form.data_validations.dataValidation] == ["D9:E9", "D10"]
    assert [str(r.sqref) for r in form.conditional_formatting] == ["D9:I20"]
    assert form.merged_cells == before["自评表"].merged_cells
    assert form.freeze_panes == "A3"
    assert (form.print_area, form.print_title_rows) == ("'自评表'!$A$1:$I$30", "$1:$2")
    assert after["填报说明"].print_area == "'填报说明'!$A$1:$B$3"
    assert after.defined_names["project_name"].attr_text == "'自评表'!$D$5"
    assert after["_meta"].sheet_state == "veryHidden"


def test_all_other_parts_are_the_same_bytes(blank: bytes, marked: bytes) -> None:
    before, after = members(blank), members(marked)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {
        *("[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"),
        *("xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"),
    }
    assert set(after) - set(before) == {
        *("xl/comments1.xml", "xl/drawings/vmlDrawing1.vml"),
        *("xl/worksheets/_rels/sheet1.xml.rels", "xl/worksheets/sheet4.xml"),
    }


def test_the_first_sheet_lists_the_findings(marked: bytes) -> None:
    book = opened(marked)
    assert book.sheetnames == [SHEET, "自评表", "填报说明", "_meta"]
    assert book.active is book[SHEET]
    assert [sheet.title for sheet in book if sheet.sheet_view.tabSelected] == [SHEET]
    sheet = book[SHEET]
    assert [sheet[f"A{row}"].value for row in (1, 2, 3)] == [WORDS["heading"], *WORDS["intro"]]
    table = [[cell.value for cell in row] for row in sheet["A4:F12"]]
    assert table[0] == WORDS["columns"]
    assert [row[0] for row in table[1:]] == [str(number) for number in range(1, 9)]
    assert [row[1] for row in table[1:]] == ["错误", "警告", "提示", "警告", "警告", "错误", "警告", "提示"]
    assert table[1][2:] == ["自评表!G9", "执行率得分不对\n填了 100，应为 9.8。", "删去手填的数。", "M106"]
    assert table[3][3] == '=1+1\n=HYPERLINK("x")'
    assert sheet["D7"].data_type == "s"
    assert table[6][2] is None
    assert {cell.fill.fgColor.rgb for cell in sheet["B"][4:12]} == {RED, YELLOW, BLUE}


def test_places_are_links_where_there_is_something_to_go_to(marked: bytes) -> None:
    assert links(marked) == {
        **{"C5": "'自评表'!G9", "C6": "'自评表'!E6", "C7": "'自评表'!D9", "C8": "'自评表'!D9", "C9": "'自评表'!K60"},
        **{"C11": "'填报说明'!A1"},
    }


def test_a_link_quotes_the_name_of_its_sheet() -> None:
    data = issued(lambda book, form: book.add_worksheet("it's"))
    assert links(annotate(data, [CellNote("it's", "B2", "error", "X", "", "x", "")], **WORDS)) == {"C5": "'it''s'!B2"}


def test_the_list_can_be_printed_and_is_locked(marked: bytes) -> None:
    sheet = opened(marked)[SHEET]
    assert sheet.protection.sheet
    assert sheet.freeze_panes == "A5"
    assert (sheet.page_setup.paperSize, sheet.page_setup.orientation, sheet.page_setup.fitToHeight) == (
        9,
        "landscape",
        0,
    )
    assert (sheet.print_area, sheet.print_title_rows) == (f"'{SHEET}'!$A$1:$F$12", "$4:$4")
    assert sheet.column_dimensions["H"].hidden
    assert sheet.row_dimensions[6].height > 4 * sheet.row_dimensions[7].height / 2
    assert sheet["D5"].alignment.wrap_text


def test_a_long_introduction_is_not_frozen() -> None:
    words = {**WORDS, "intro": ["很长的说明。" * 40] * 8}
    assert opened(annotate(issued(), NOTES, **words))[SHEET].freeze_panes is None


def test_the_structure_stays_locked() -> None:
    data = edited(issued(), "xl/workbook.xml", ("<bookViews>", '<workbookProtection lockStructure="1"/><bookViews>'))
    assert opened(annotate(data, NOTES, **WORDS)).security.lockStructure


def test_the_result_is_sound_by_the_standard(marked: bytes, tmp_path: Path) -> None:
    assert audited(marked, tmp_path) == []
    assert audited(annotate(issued(with_comments), NOTES, **WORDS), tmp_path) == []
    assert audited(unmark(marked), tmp_path) == []


def test_boxes_stand_beside_their_cells_and_grow_with_the_text(marked: bytes) -> None:
    text = members(marked)["xl/drawings/vmlDrawing1.vml"].decode()
    assert text.count('id="_x0000_t202"') == 1
    boxes = re.findall(r"<x:Anchor>([^<]*)</x:Anchor>.*?<x:Row>(\d+)</x:Row><x:Column>(\d+)<", text)
    by_cell = {(int(row), int(column)): [int(n) for n in anchor.split(",")] for anchor, row, column in boxes}
    assert set(by_cell) == {(8, 6), (4, 3), (8, 3), (59, 10)}
    # D5:F7 is merged: its box begins right of F.
    assert by_cell[4, 3][0] == 6
    heights = {cell: (anchor[6] - anchor[2]) * 20 + anchor[7] - anchor[3] for cell, anchor in by_cell.items()}
    assert heights[4, 3] > 2 * heights[8, 6]
    assert len(set(re.findall(r'<v:shape [^>]*id="(_x0000_s\d+)"', text))) == 4


def test_existing_comments_are_kept_and_added_to() -> None:
    data = issued(with_comments)
    result = annotate(data, NOTES[:2], **WORDS)
    assert comments(result)["H20"] == "别处的批注"
    assert (
        comments(result)["G9"]
        == f"单位自己的批注\n{MARK}\n执行率得分不对\n填了 100，应为 9.8。\n如何修改：删去手填的数。"
    )
    assert opened(result)["自评表"]["G9"].comment.author == "张三"
    assert comments(unmark(result)) == comments(data)
    text = members(result)["xl/drawings/vmlDrawing1.vml"].decode()
    assert len(re.findall("<v:shape ", text)) == 3
    boxes = [
        re.findall("<x:Anchor>[^<]*", each) for each in (members(data)["xl/drawings/vmlDrawing1.vml"].decode(), text)
    ]
    # That of G9 has grown, that of H20 is as it was, that of D5 is new.
    assert boxes[0][0] != boxes[1][0]
    assert boxes[0][1] == boxes[1][1]


def test_the_placeholder_of_a_thread_is_left_alone() -> None:
    data = edited(issued(with_comments), "xl/comments1.xml", ("张三", "tc={0F3B3C3D-0000-4000-8000-000000000000}"))
    result = annotate(data, NOTES[:1], **WORDS)
    assert comments(result) == comments(data)
    assert opened(result)["自评表"]["G9"].fill.fgColor.rgb == RED


def test_a_second_round_replaces_the_first(blank: bytes, marked: bytes) -> None:
    second = [CellNote("自评表", "H12", "error", "M101", "新问题", "新的", "改"), NOTES[2]]
    twice, once = annotate(marked, second, **WORDS), annotate(blank, second, **WORDS)
    assert opened(twice).sheetnames == opened(once).sheetnames
    for sheet in opened(once):
        assert looks(opened(twice)[sheet.title]) == looks(sheet) | dict.fromkeys(
            () if sheet.title != "自评表" else ("K60",), (None, None, False, "0.00", "thin", None, None)
        )
    assert opened(twice)["自评表"].print_area == "'自评表'!$A$1:$I$30"


def test_the_same_round_again_gives_the_same_bytes(marked: bytes) -> None:
    assert annotate(marked, NOTES, **WORDS) == marked


def test_unmark_gives_the_workbook_back(blank: bytes, marked: bytes) -> None:
    result = unmark(marked)
    before, after = opened(blank), opened(result)
    assert after.sheetnames == before.sheetnames
    assert after.active is not None
    assert after.active.title == "自评表"
    assert set(members(result)) == set(members(blank))
    empty = {"K60": (None, None, False, "0.00", "thin", None, None)}
    for sheet in before:
        assert looks(after[sheet.title]) == looks(sheet) | (empty if sheet.title == "自评表" else {})
        assert after[sheet.title].print_area == sheet.print_area


def test_unmark_brings_the_sheet_that_was_in_front_back() -> None:
    data = issued(lambda book, form: book.get_worksheet_by_name("填报说明").activate())
    book = opened(unmark(annotate(data, NOTES, **WORDS)))
    assert book.active is not None
    assert book.active.title == "填报说明"
    assert [sheet.title for sheet in book if sheet.sheet_view.tabSelected] == ["填报说明"]


def test_unmark_leaves_a_workbook_without_marks_as_it_is(blank: bytes) -> None:
    assert unmark(blank) is blank


@pytest.mark.slow
def test_marks_go_although_another_program_renumbered_the_styles(blank: bytes, marked: bytes) -> None:
    stream = io.BytesIO()
    # openpyxl writes styles, strings and comments anew, as Excel does when it saves.
    opened(marked).save(stream)
    after, before = opened(unmark(stream.getvalue())), opened(blank)
    assert after.sheetnames == before.sheetnames
    for address, look in looks(before["自评表"]).items():
        assert looks(after["自评表"])[address] == look


def test_a_cell_that_was_given_another_look_since_keeps_it(marked: bytes) -> None:
    package = Package(marked)
    root = package.xml("xl/worksheets/sheet1.xml")
    (cell,) = (each for each in root.iter("{*}c") if each.get("r") == "G9")
    cell.set("s", "0")
    package.write_xml("xl/worksheets/sheet1.xml", root)
    assert opened(unmark(package.to_bytes()))["自评表"]["G9"].number_format == "General"


def test_a_sheet_of_the_same_name_that_is_not_ours_is_kept() -> None:
    data = issued(lambda book, form: book.add_worksheet(SHEET).write("A1", "单位自己的意见"))
    result = annotate(data, NOTES, **WORDS)
    assert opened(result).sheetnames == ["退回意见(2)", "自评表", "填报说明", "_meta", SHEET]
    assert annotate(result, NOTES, **WORDS) == result
    assert opened(unmark(result))[SHEET]["A1"].value == "单位自己的意见"


@pytest.mark.parametrize(
    ("name", "ours"),
    [(SHEET, True), ("退回意见(2)", True), ("退回意见书", False), ("自评表", False), ("退回意见(12)", False)],
)
def test_the_sheet_is_known_by_its_name(name: str, ours: bool) -> None:
    assert is_annotation_sheet(name) is ours


def test_hidden_sheets_are_listed_and_not_marked(blank: bytes) -> None:
    result = annotate(blank, [CellNote("_meta", "A1", "error", "S009", "", "改过", "")], **WORDS)
    assert members(result)["xl/worksheets/sheet3.xml"] == members(blank)["xl/worksheets/sheet3.xml"]
    assert opened(result)[SHEET]["C5"].value == "_meta!A1"
    assert not links(result)


@pytest.mark.parametrize("cell", ["", "XFE1", "I0", "整行", "A1048577", "Z1:"])
def test_an_odd_place_is_listed_all_the_same(blank: bytes, cell: str) -> None:
    result = annotate(blank, [CellNote("自评表", cell, "fatal", "X", "", "在哪里？", "")], **WORDS)
    assert opened(result)[SHEET]["D5"].value == "在哪里？"


def test_no_notes_give_an_empty_list(blank: bytes, tmp_path: Path) -> None:
    result = annotate(blank, [], **WORDS)
    assert opened(result).sheetnames[0] == SHEET
    assert audited(result, tmp_path) == []


def test_a_merge_over_the_whole_sheet_costs_nothing() -> None:
    data = edited(issued(), "xl/worksheets/sheet1.xml", ('ref="D5:F7"', 'ref="A2:XFD1048576"'))
    result = annotate(data, NOTES[:1], **WORDS)
    assert len(result) < 2 * len(data)


@pytest.mark.slow
def test_a_workbook_without_styles_gets_its_defaults_first() -> None:
    package = Package(issued())
    package.remove("xl/styles.xml")
    (link,) = (link for link in package.relationships("xl/workbook.xml") if link.kind == "styles")
    package.unrelate("xl/workbook.xml", link.id)
    plain = re.sub(rb' (s|style|dxfId)="\d+"', b"", package.read("xl/worksheets/sheet1.xml"))
    package.write("xl/worksheets/sheet1.xml", plain)
    sheet = opened(annotate(package.to_bytes(), NOTES, **WORDS))["自评表"]
    assert sheet["G9"].fill.fgColor.rgb == RED
    assert sheet["A2"].fill.fill_type is None
    assert sheet["A2"].protection.locked


def test_a_strict_workbook_stays_strict() -> None:
    package = Package(issued())
    for name in package.names():
        text = package.read(name).replace(
            b"schemas.openxmlformats.org/spreadsheetml/2006/main", b"purl.oclc.org/ooxml/spreadsheetml/main"
        )
        old = b"schemas.openxmlformats.org/officeDocument/2006/relationships"
        package.write(name, text.replace(old, b"purl.oclc.org/ooxml/officeDocument/relationships"))
    result = annotate(package.to_bytes(), NOTES, **WORDS)
    assert not [name for name, text in members(result).items() if b"spreadsheetml/2006/main" in text]
    listed = Package(result).sheets()
    assert [sheet.name for sheet in listed] == [SHEET, "自评表", "填报说明", "_meta"]
    assert unmark(result)
    comments_part = Package(result).related(listed[1].part, "comments")
    assert comments_part is not None
    body = child(Package(result).xml(comments_part), "commentList")
    assert body is not None
    assert len(list(children(body, "comment"))) == 4


def test_a_drawing_that_is_not_xml_is_added_to_as_it_is() -> None:
    broken = ("</xml>", "<v:shape id='x'><v:textbox><div><br>\u00e9</div></v:textbox></v:shape></xml>")
    data = edited(issued(with_comments), "xl/drawings/vmlDrawing1.vml", broken)
    result = annotate(data, NOTES, **WORDS)
    assert "<br>\u00e9</div>".encode() in members(result)["xl/drawings/vmlDrawing1.vml"]
    assert "<br>\u00e9</div>".encode() in members(unmark(result))["xl/drawings/vmlDrawing1.vml"]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda package: package.remove("xl/workbook.xml"), "no workbook part"),
        (lambda package: package.write("xl/styles.xml", b"<styleSheet"), "xl/styles.xml is not well-formed"),
        (lambda package: package.write("xl/worksheets/sheet1.xml", b"<worksheet/>"), "no cells"),
        (lambda package: package.write("[Content_Types].xml", b""), "Content_Types.* is not well-formed"),
    ],
)
def test_what_cannot_be_marked_is_told_in_words(blank: bytes, spoil: Callable[[Package], None], words: str) -> None:
    package = Package(blank)
    spoil(package)
    with pytest.raises(ValueError, match=words):
        annotate(package.to_bytes(), NOTES, **WORDS)
