from __future__ import annotations

import io
import zipfile
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
import xlsxwriter
from lxml import etree

from xlsform.spreadsheet.cell_text import MAX_TEXT, attribute_xml, escape, number_text, text_xml, unescape
from xlsform.spreadsheet.cells import CellValue, set_cells
from xlsform.spreadsheet.package import Package
from xlsform.spreadsheet.shared_strings import SharedStrings
from xlsform.spreadsheet.values import CellError
from xlsform.spreadsheet.xml_trees import child
from xlsform.spreadsheet.zip_archive import ZipArchive

if TYPE_CHECKING:
    from typing_extensions import Buffer

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def workbook(*, texts: bool = True) -> bytes:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream)
    sheet = book.add_worksheet("自评表")
    book.add_worksheet("说明")
    boxed = book.add_format({"border": 1, "locked": False})
    sheet.set_column("H:H", 20, boxed)
    sheet.set_row(19, 30, boxed)
    if texts:
        sheet.write_string("A1", "项目")
    sheet.write_blank("B2", None, boxed)
    sheet.write_formula("C3", "=B2*2", boxed, 0)
    sheet.write_number("E2", 5)
    book.close()
    return stream.getvalue()


def members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def rezipped(data: bytes, rename: dict[str, str], *, streamed: bool = False, stored: bool = False) -> bytes:
    class Stream(io.RawIOBase):
        # Without seek, zipfile writes sizes behind the data, as WPS and streaming writers do.
        def __init__(self) -> None:
            self.data = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, piece: Buffer) -> int:
            self.data += bytes(piece)
            return len(bytes(piece))

    target: Any = Stream() if streamed else io.BytesIO()
    method = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(target, "w", method) as archive:
        archive.writestr("xl/", b"")
        for name, content in members(data).items():
            archive.writestr(rename.get(name, name), content)
    return bytes(target.data if streamed else target.getvalue())


def put(data: bytes, values: dict[tuple[int, int], CellValue]) -> bytes:
    package = Package(data)
    part = package.sheet_part("自评表")
    root, strings = package.xml(part), SharedStrings(package)
    set_cells(root, values, strings)
    strings.save()
    package.write_xml(part, root)
    return package.to_bytes()


def test_an_untouched_package_keeps_its_members_their_order_and_their_dates() -> None:
    data = workbook()
    copy = Package(data).to_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(io.BytesIO(copy)) as after:
        described = [
            [
                (i.filename, i.CRC, i.compress_size, i.date_time, i.compress_type, i.external_attr)
                for i in archive.infolist()
            ]
            for archive in (before, after)
        ]
    assert described[0] == described[1]
    assert members(copy) == members(data)


def test_only_the_changed_part_changes_and_its_date_is_fixed() -> None:
    data = workbook()
    package = Package(data)
    package.write("xl/workbook.xml", package.read("xl/workbook.xml") + b"<!-- -->")
    result = package.to_bytes()
    before, after = members(data), members(result)
    assert [name for name in before if before[name] != after[name]] == ["xl/workbook.xml"]
    assert list(before) == list(after)
    with zipfile.ZipFile(io.BytesIO(result)) as archive:
        assert archive.getinfo("xl/workbook.xml").date_time == (1980, 1, 1, 0, 0, 0)
    assert package.to_bytes() == result


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("stored", [False, True])
def test_the_habits_of_other_programs_are_taken(streamed: bool, stored: bool) -> None:
    rename = {
        "xl/workbook.xml": "XL/Workbook.xml",
        "xl/sharedStrings.xml": "/xl/sharedStrings.xml",
        "xl/styles.xml": "xl\\styles.xml",
    }
    data = rezipped(workbook(), rename, streamed=streamed, stored=stored)
    package = Package(data)
    assert package.workbook_part == "XL/Workbook.xml"
    assert package.read("xl/styles.xml") == members(workbook())["xl/styles.xml"]
    assert "xl/" not in package.names()
    assert [sheet.name for sheet in package.sheets()] == ["自评表", "说明"]
    result = put(data, {(2, 2): "好"})
    assert set(members(result)) == set(members(data))
    with zipfile.ZipFile(io.BytesIO(result)) as archive:
        assert not any(info.flag_bits & 8 for info in archive.infolist())


def test_a_zip_with_other_contents_is_made_of_one_that_stays() -> None:
    data = workbook()
    archive = ZipArchive(data)
    one, other = (archive.to_bytes(instead={"XL/workbook.xml": content}) for content in (b"<one/>", b"<other/>"))
    assert members(one) == members(data) | {"xl/workbook.xml": b"<one/>"}
    assert members(other)["xl/workbook.xml"] == b"<other/>"
    assert members(archive.to_bytes()) == members(data)


def test_names_that_are_not_ascii_are_kept() -> None:
    archive = ZipArchive(workbook())
    archive.write("附件/说明.txt", "你好".encode())
    once = archive.to_bytes()
    assert members(ZipArchive(once).to_bytes())["附件/说明.txt"] == "你好".encode()


def test_relationships_are_resolved_and_numbered() -> None:
    package = Package(workbook())
    assert package.related("xl/workbook.xml", "styles") == "xl/styles.xml"
    assert package.sheet_part("说明") == "xl/worksheets/sheet2.xml"
    identity = package.relate("xl/worksheets/sheet1.xml", "comments", "xl/comments1.xml")
    assert identity == "rId1"
    (link,) = package.relationships("xl/worksheets/sheet1.xml")
    assert (link.target, link.kind, link.external) == ("xl/comments1.xml", "comments", False)
    package.unrelate("xl/worksheets/sheet1.xml", identity)
    assert "xl/worksheets/_rels/sheet1.xml.rels" not in package
    assert package.relate("xl/workbook.xml", "worksheet", "xl/worksheets/sheet9.xml") == "rId6"


def test_a_removed_part_leaves_no_content_type() -> None:
    package = Package(workbook())
    calc_chain = etree.fromstring("<calcChain/>")
    package.add_part("xl/workbook.xml", "calcChain", "xl/calcChain.xml", calc_chain, "application/x")
    assert b"/xl/calcChain.xml" in package.read("[Content_Types].xml")
    package.remove("xl/calcChain.xml")
    assert b"/xl/calcChain.xml" not in package.read("[Content_Types].xml")
    assert "xl/calcChain.xml" not in package


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not a zip"),
        (b"PK\5\6" + b"\0" * 18, "no workbook part"),
        (rezipped(workbook(), {"xl/workbook.xml": "xl/elsewhere.xml"}), "no workbook part"),
    ],
)
def test_what_is_no_workbook_is_told_in_words(data: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        _ = Package(data).workbook_part


def test_a_missing_or_damaged_part_is_named() -> None:
    package = Package(workbook())
    with pytest.raises(ValueError, match=r"no part xl/nothing.xml"):
        package.read("xl/nothing.xml")
    with pytest.raises(ValueError, match="no sheet 别的"):
        package.sheet_part("别的")
    package.write("xl/styles.xml", b"<styleSheet>")
    with pytest.raises(ValueError, match=r"xl/styles.xml is not well-formed"):
        package.xml("xl/styles.xml")
    data = bytearray(workbook())
    data[data.index(b"xl/workbook.xml") + 20] ^= 0xFF
    with pytest.raises(ValueError, match=r"xl/workbook.xml is damaged"):
        Package(bytes(data)).read("xl/workbook.xml")


def test_values_read_back_in_their_types() -> None:
    values: dict[tuple[int, int], CellValue] = {
        (2, 2): 0.1 + 0.2,
        (4, 1): "=1+1",
        (4, 2): " 前后空格 ",
        (5, 1): True,
        (5, 2): Decimal("92.10"),
        (1, 1): None,
        (2, 5): 12,
        (300, 40): "远",
    }
    sheet = openpyxl.load_workbook(io.BytesIO(put(workbook(), values)))["自评表"]
    assert sheet["B2"].value == 0.1 + 0.2
    assert (sheet["A4"].value, sheet["A4"].data_type) == ("=1+1", "s")
    assert sheet["B4"].value == " 前后空格 "
    assert sheet["A5"].value is True
    assert sheet["B5"].value == 92.1
    assert sheet["A1"].value is None
    assert sheet["E2"].value == 12
    assert sheet["AN300"].value == "远"
    assert sheet.dimensions == "A1:AN300"


def test_a_cell_keeps_its_style_and_a_new_one_takes_that_of_its_row_or_column() -> None:
    data = put(workbook(), {(2, 2): "值", (7, 8): "列", (20, 3): "行", (7, 1): "无"})
    sheet = openpyxl.load_workbook(io.BytesIO(data))["自评表"]
    for address in ("B2", "H7", "C20"):
        assert (sheet[address].protection.locked, sheet[address].border.left.style) == (False, "thin")
    assert sheet["A7"].protection.locked


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (8.5, None, "8.5"),
        ("八", "str", "八"),
        ("", "str", None),
        (False, "b", "0"),
        (CellError("#DIV/0!"), "e", "#DIV/0!"),
    ],
)
def test_a_formula_stays_and_gets_a_new_result(value: CellValue, kind: str | None, text: str | None) -> None:
    data = put(workbook(), {(3, 3): value})
    root = Package(data).xml("xl/worksheets/sheet1.xml")
    (cell,) = (cell for cell in root.iter(f"{{{MAIN}}}c") if cell.get("r") == "C3")
    assert (cell.get("t"), cell[0].text, cell[1].text) == (kind, "B2*2", text)
    assert openpyxl.load_workbook(io.BytesIO(data))["自评表"]["C3"].protection.locked is False


def test_cells_and_rows_are_put_in_order() -> None:
    data = put(workbook(), {(3, 1): 1, (3, 9): 1, (2, 3): 1, (1, 5): 1, (40, 2): 1, (10, 1): 1})
    root = Package(data).xml("xl/worksheets/sheet1.xml")
    rows = [int(row.get("r", "0")) for row in root.iter(f"{{{MAIN}}}row")]
    assert rows == sorted(rows) == [1, 2, 3, 10, 20, 40]
    third = next(row for row in root.iter(f"{{{MAIN}}}row") if row.get("r") == "3")
    assert [cell.get("r") for cell in third] == ["A3", "C3", "I3"]


def test_addresses_may_be_left_out() -> None:
    package = Package(workbook())
    body = "<row><c><v>1</v></c><c r='C1'><v>3</v></c></row><row r='3'><c><v>4</v></c></row><row><c><v>5</v></c></row>"
    package.write(
        "xl/worksheets/sheet1.xml", f"<worksheet xmlns='{MAIN}'><sheetData>{body}</sheetData></worksheet>".encode()
    )
    sheet = openpyxl.load_workbook(io.BytesIO(put(package.to_bytes(), {(1, 2): 2, (2, 1): 9, (4, 1): 6})))["自评表"]
    assert [[cell.value for cell in row] for row in sheet["A1:C4"]] == [
        [1, 2, 3],
        [9, None, None],
        [4, None, None],
        [6, None, None],
    ]


def test_texts_are_shared_and_found_again() -> None:
    data = put(workbook(), {(4, 1): "项目", (4, 2): "新", (5, 1): "新"})
    root = Package(data).xml("xl/sharedStrings.xml")
    assert [item[0].text for item in root] == ["项目", "新"]
    assert root.get("uniqueCount") == "2"


def test_a_workbook_without_texts_gets_a_table() -> None:
    assert "xl/sharedStrings.xml" not in members(workbook(texts=False))
    data = put(workbook(texts=False), {(1, 1): "项目"})
    assert Package(data).related("xl/workbook.xml", "sharedStrings") == "xl/sharedStrings.xml"
    assert openpyxl.load_workbook(io.BytesIO(data))["自评表"]["A1"].value == "项目"


def test_a_strict_workbook_stays_strict() -> None:
    strict = {
        MAIN: "http://purl.oclc.org/ooxml/spreadsheetml/main",
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships": "http://purl.oclc.org/ooxml/officeDocument/relationships",
    }
    package = Package(workbook())
    for name in package.names():
        text = package.read(name).decode()
        for old, new in strict.items():
            text = text.replace(old, new)
        package.write(name, text.encode())
    package = Package(package.to_bytes())
    assert package.strict
    data = put(package.to_bytes(), {(9, 9): "新", (2, 2): 4})
    root = Package(data).xml("xl/worksheets/sheet1.xml")
    assert {element.tag.partition("}")[0][1:] for element in root.iter()} == {strict[MAIN]}
    assert package.relate("xl/workbook.xml", "x", "xl/x.xml")
    assert package.relationships("xl/workbook.xml")[-1].kind == "x"
    assert MAIN.encode() not in package.read("xl/_rels/workbook.xml.rels")


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("_x0041_", "_x005F_x0041_"),
        ("_x0041\x01", "_x005F_x0041_x0001_"),
        ("_x0041_x0042_", "_x005F_x0041_x005F_x0042_"),
        ("a\r\nb\tc", "a_x000D_\nb\tc"),
        ("\x00\x1f\ufffe", "_x0000__x001F__xFFFE_"),
        ("_x004", "_x004"),
        ("__xAbCd_", "__x005F_xAbCd_"),
        ("𠮷", "𠮷"),
    ],
)
def test_texts_that_xml_cannot_hold_are_escaped_as_excel_does(text: str, stored: str) -> None:
    assert escape(text) == stored
    assert unescape(stored) == text


@pytest.mark.parametrize(
    "text", ["养护", "<b>&amp;\"'", "a\nb\tc ", "\r\x01", "_x0041_", "_x0041_x0042_", "]]>", "\ufffe", "&#10;", ""]
)
def test_markup_and_escapes_come_back_as_typed(text: str) -> None:
    root = etree.fromstring(f'<t a="{attribute_xml(text)}">{text_xml(text)}</t>')
    assert unescape(root.text or "") == unescape(root.get("a", "")) == text


def test_lone_surrogates_are_replaced_and_pairs_joined() -> None:
    assert escape("\ud83d\ude00 \ud800.") == "😀 \ufffd."
    data = put(workbook(), {(2, 2): "\ud800", (3, 3): "\udfff"})
    assert openpyxl.load_workbook(io.BytesIO(data))["自评表"]["B2"].value == "\ufffd"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.1, "0.1"),
        (5.0, "5"),
        (-0.0, "-0"),
        (1e22, "1e+22"),
        (10**9, "1000000000"),
        (Decimal("1.50"), "1.5"),
        (1 / 3, "0.3333333333333333"),
    ],
)
def test_numbers_are_written_as_short_as_can_be(number: float | Decimal, text: str) -> None:
    assert number_text(number) == text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Decimal("NaN"), "字" * (MAX_TEXT + 1), "😀" * 16_384])
def test_what_no_cell_can_hold_is_refused(value: CellValue) -> None:
    with pytest.raises(ValueError, match="cell"):
        put(workbook(), {(2, 2): value})


def test_a_picture_in_a_cell_goes_with_its_value() -> None:
    package = Package(workbook())
    root = package.xml("xl/worksheets/sheet1.xml")
    data = child(root, "sheetData")
    assert data is not None
    for cell in data.iter(f"{{{MAIN}}}c"):
        cell.set("vm", "1")
        cell.set("cm", "1")
    set_cells(root, {(2, 2): 1, (3, 3): 1}, SharedStrings(package))
    kept = {cell.get("r"): (cell.get("vm"), cell.get("cm")) for cell in data.iter(f"{{{MAIN}}}c")}
    assert kept == {"A1": ("1", "1"), "B2": (None, None), "E2": ("1", "1"), "C3": (None, "1")}
