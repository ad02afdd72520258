"""Workbooks shaped as Excel, WPS and others write them."""

import io
import zipfile

import pytest
from support.packages_by_hand import MAIN, cells, made_strict, parts, relationships, sheet, zipped

from xlsform.demo.samples import samples_folder
from xlsform.reading import read_bytes
from xlsform.reading.package import UntrustedPackage
from xlsform.reading.workbook import Sheet, Workbook
from xlsform.spreadsheet.a1 import Range
from xlsform.spreadsheet.values import CellError

STRINGS = "<si><t>项目</t></si><si><t>名称</t></si>"


def opened(data: bytes) -> Workbook:
    workbook = read_bytes(data)
    assert isinstance(workbook, Workbook), workbook
    return workbook


def first(worksheet: str | bytes, strings: str = "", styles: str = "") -> Sheet:
    return opened(zipped(parts(worksheet, strings, styles))).sheets[0]


def test_cells_and_rows_without_references_follow_each_other() -> None:
    found = first(
        sheet(
            '<row><c><v>1</v></c><c r="D1"><v>2</v></c><c><v>3</v></c></row><row r="5"><c><v>4</v></c></row><row><c/>'
            "<c><v>5</v></c></row>"
        )
    )
    assert found.values == {(1, 1): 1.0, (1, 4): 2.0, (1, 5): 3.0, (5, 1): 4.0, (6, 2): 5.0}


@pytest.mark.parametrize(
    "dimension", ["", '<dimension ref="A1:A1"/>', '<dimension ref="A1:XFD1048576"/>', '<dimension ref="?"/>']
)
def test_the_dimension_is_not_believed(dimension: str) -> None:
    found = first(sheet('<row r="9"><c r="C9"><v>1</v></c></row>', before=dimension))
    assert found.values == {(9, 3): 1.0}


def test_every_type_of_cell() -> None:
    found = first(
        cells(
            '<c r="A1" t="s"><v>1</v></c>',
            '<c r="B1" t="inlineStr"><is><r><t>甲</t></r><r><rPr><b/></rPr><t>乙</t></r><rPh sb="0" eb="1"><t>JIA</t>'
            "</rPh></is></c>",
            '<c r="C1" t="str"><v>丙_x000D_丁</v></c>',
            '<c r="D1" t="b"><v>0</v></c>',
            '<c r="E1" t="e"><v>#REF!</v></c>',
            '<c r="F1" t="d"><v>2021-03-04T00:00:00</v></c>',
            '<c r="G1" t="n"><v>1E-3</v></c>',
            '<c r="H1" t="str"><v></v></c>',
            '<c r="I1" s="0"/>',
        ),
        STRINGS,
    )
    assert found.values == {
        (1, 1): "名称",
        (1, 2): "甲乙",
        (1, 3): "丙\r丁",
        (1, 4): False,
        (1, 5): CellError("#REF!"),
        (1, 6): "2021-03-04T00:00:00",
        (1, 7): 0.001,
    }


def test_an_empty_result_is_a_value_and_no_result_is_none() -> None:
    found = first(
        cells(
            '<c r="A1" t="str"><f>IF(1,"","")</f><v></v></c>',
            '<c r="B1"><f>C1</f></c>',
            '<c r="C1"><f>D1</f><v/></c>',
            '<c r="D1" t="str"><f>IF(1,"","")</f></c>',
            '<c r="E1"><f ca="1"/><v>5</v></c>',
        )
    )
    assert found.formulas == {(1, 1): 'IF(1,"","")', (1, 2): "C1", (1, 3): "D1", (1, 4): 'IF(1,"","")'}
    assert found.values == {(1, 1): "", (1, 5): 5.0}


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ("a_x000D__x000A_b", "a\r\nb"),
        ("_x005F_x000D_", "_x000D_"),
        ("_xD83D__xDE00_", "😀"),
        ("_xD83D_", "\N{REPLACEMENT CHARACTER}"),
        ("_x12_ _xlfn. _xZZZZ_", "_x12_ _xlfn. _xZZZZ_"),
    ],
)
def test_escapes(stored: str, text: str) -> None:
    assert first(cells('<c r="A1" t="s"><v>0</v></c>'), f"<si><t>{stored}</t></si>").values == {(1, 1): text}


def test_phonetic_runs_and_comments_are_no_text() -> None:
    strings = (
        '<si><t xml:space="preserve"> 得<!-- note -->分 </t><rPh sb="0" eb="1"><t>DE</t></rPh>'
        '<rPh sb="1" eb="2"><t>FEN</t></rPh><phoneticPr fontId="1"/></si>'
    )
    assert first(cells('<c r="A1" t="s"><v>0</v></c>'), strings).values == {(1, 1): " 得分 "}


@pytest.mark.parametrize("index", ["2", "-1", "", "x", "1_0", "１", "99999999999999999999"])
def test_a_shared_string_that_is_not_there_damages_its_cell_only(index: str) -> None:
    workbook = opened(zipped(parts(cells(f'<c r="A1" t="s"><v>{index}</v></c>', '<c r="B1"><v>1</v></c>'), STRINGS)))
    assert workbook.sheets[0].values == {(1, 2): 1.0}
    assert workbook.damaged == ("自评表!A1",)


@pytest.mark.parametrize("number", ["1_000", "٣", "nan", "inf", "1e999", "3.92万", "０"])
def test_what_is_no_number_damages_its_cell_only(number: str) -> None:
    workbook = opened(zipped(parts(cells(f'<c r="A1"><v>{number}</v></c>', '<c r="B1"><v>1</v></c>'))))
    assert workbook.sheets[0].values == {(1, 2): 1.0}
    assert workbook.damaged == ("自评表!A1",)


@pytest.mark.parametrize("address", ["A0", "XFE1", "A1048577", "1A", "A1:B2", "自评"])
def test_cells_outside_any_sheet_are_left_out(address: str) -> None:
    workbook = opened(zipped(parts(cells(f'<c r="{address}"><v>1</v></c>', '<c r="B1"><v>1</v></c>'))))
    assert workbook.sheets[0].values == {(1, 2): 1.0}
    assert workbook.damaged == (f"自评表!{address}",)


def test_shared_formulas_are_spelled_out() -> None:
    found = first(
        sheet(
            '<row r="1"><c r="A1"><f t="shared" si="0"/><v>1</v></c>'
            '<c r="B1"><f t="shared" ref="B1:B3" si="0">C1*$D$1+SUM(E1:F$1)</f><v>1</v></c></row>'
            '<row r="2"><c r="B2" t="str"><f t="shared" si="0"/><v></v></c></row>'
            '<row r="3"><c r="B3"><f t="shared" si="0"/></c><c r="C3"><f t="shared" si="7"/><v>2</v></c></row>'
        )
    )
    assert found.formulas == {
        (1, 1): "B1*$D$1+SUM(D1:E$1)",
        (1, 2): "C1*$D$1+SUM(E1:F$1)",
        (2, 2): "C2*$D$1+SUM(E2:F$1)",
        (3, 2): "C3*$D$1+SUM(E3:F$1)",
        (3, 3): "",
    }
    assert found.values == {(1, 1): 1.0, (1, 2): 1.0, (2, 2): "", (3, 3): 2.0}


@pytest.mark.parametrize(
    ("element", "protected"),
    [
        ("", False),
        ('<sheetProtection selectLockedCells="1"/>', False),
        ('<sheetProtection sheet="0" objects="1"/>', False),
        ('<sheetProtection sheet="1" objects="1"/>', True),
        ('<sheetProtection sheet="true"/>', True),
    ],
)
def test_protection_is_the_attribute_not_the_element(element: str, protected: bool) -> None:
    assert first(sheet("", element)).protected is protected


def test_locked_is_what_the_style_itself_says() -> None:
    styles = (
        '<cellStyleXfs><xf><protection locked="0"/></xf></cellStyleXfs><cellXfs><xf/><xf applyProtection="1">'
        '<protection locked="0"/></xf>'
        '<xf applyProtection="0"><protection locked="0"/></xf><xf><protection hidden="1"/></xf><xf><protection '
        'locked="1"/></xf></cellXfs>'
    )
    found = first(cells(*(f'<c r="{letter}1" s="{style}"/>' for style, letter in enumerate("ABCDEF"))), styles=styles)
    assert found.unlocked == {(1, 2), (1, 3)}


def test_cells_without_a_style_have_the_first_one() -> None:
    styles = '<cellXfs><xf numFmtId="10"><protection locked="false"/></xf></cellXfs>'
    found = first(cells('<c r="A1"><v>0.98</v></c>'), styles=styles)
    assert found.unlocked == {(1, 1)}
    assert found.number_formats == {(1, 1): "0.00%"}


def test_number_formats_built_in_and_of_the_file() -> None:
    styles = (
        '<numFmts><numFmt numFmtId="176" formatCode="0.0_ "/><numFmt numFmtId="164" formatCode="GENERAL"/></numFmts>'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="176"/><xf numFmtId="164"/><xf numFmtId="31"/><xf numFmtId="999"/>'
        "</cellXfs>"
    )
    found = first(
        cells(*(f'<c r="{letter}1" s="{style}"><v>1</v></c>' for style, letter in enumerate("ABCDE"))), styles=styles
    )
    assert found.number_formats == {(1, 2): "0.0_ ", (1, 4): 'yyyy"年"m"月"d"日"'}


def test_hidden_rows_and_columns() -> None:
    found = first(
        sheet(
            '<row r="2" hidden="1"/><row r="3" ht="0" customHeight="1"/><row r="4" ht="15"/><row r="5" hidden="0"/>',
            before='<cols><col min="2" max="3" width="9" hidden="1"/><col min="5" max="5" width="0"/><col min="6" '
            'max="6" width="10"/>'
            '<col min="250" max="16384" hidden="true"/></cols>',
        )
    )
    assert found.hidden_rows == {2, 3}
    assert found.hidden_columns == {2, 3, 5, *range(250, 257)}


def test_validations_of_the_extension_too() -> None:
    found = first(
        sheet(
            "",
            '<dataValidations count="1"><dataValidation type="list" sqref="B2:B9 D4"><formula1>"优,良"</formula1>'
            "</dataValidation>"
            '</dataValidations><extLst><ext xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main" '
            'uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}"><x14:dataValidations '
            'xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main">'
            "<x14:dataValidation><x14:formula1><xm:f>x!$A$1</xm:f></x14:formula1><xm:sqref>F1:F3 G7</xm:sqref>"
            "</x14:dataValidation>"
            "</x14:dataValidations></ext></extLst>",
        )
    )
    assert found.validated == (Range(2, 2, 9, 2), Range(4, 4, 4, 4), Range(1, 6, 3, 6), Range(7, 7, 7, 7))


def test_a_merge_of_the_whole_sheet_stays_one_range() -> None:
    assert first(sheet("", '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>')).merges == (
        Range(1, 1, 1_048_576, 16_384),
    )


def test_the_last_corner_is_a_cell_like_any_other() -> None:
    assert first(sheet('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')).values == {(1_048_576, 16_384): 1.0}


def test_names_without_local_hidden_and_built_in_ones() -> None:
    workbook = opened(
        zipped(
            parts(
                sheet(""),
                workbook="<definedNames><definedName name='total_score'>自评表!$J$40</definedName>"
                "<definedName name='gone'>#REF!</definedName><definedName name='h' hidden='1'>1</definedName>"
                "<definedName name='l' localSheetId='0'>2</definedName><definedName name='_xlnm._FilterDatabase'>"
                "3</definedName>"
                "</definedNames>",
            )
        )
    )
    assert workbook.names == {"total_score": "自评表!$J$40", "gone": "#REF!"}


@pytest.mark.parametrize(
    ("attribute", "locked"), [('lockStructure="1"', True), ('lockWindows="1"', False), ("", False)]
)
def test_the_lock_of_the_structure(attribute: str, locked: bool) -> None:
    assert opened(zipped(parts(sheet(""), workbook=f"<workbookProtection {attribute}/>"))).structure_locked is locked


def test_strict_open_xml() -> None:
    content = parts(
        sheet('<row r="1"><c r="A1" t="s" s="1"><v>0</v></c></row>', '<sheetProtection sheet="1"/>'),
        STRINGS,
        '<cellXfs><xf/><xf><protection locked="0"/></xf></cellXfs>',
    )
    assert opened(zipped(made_strict(content))).sheets == opened(zipped(content)).sheets
    assert opened(zipped(made_strict(content))).sheets[0].values == {(1, 1): "项目"}


def test_parts_in_utf_16_with_a_standalone_declaration() -> None:
    content = parts(cells('<c r="A1" t="s"><v>0</v></c>'), STRINGS)
    wide = {
        name: f'<?xml version="1.0" encoding="UTF-16" standalone="yes"?>\n{text}'.encode("utf-16")
        for name, text in content.items()
        if isinstance(text, str)
    }
    assert opened(zipped(wide)).sheets[0].values == {(1, 1): "项目"}


def test_prefixes_revisions_and_alternate_content() -> None:
    worksheet = (
        f'<x:worksheet xmlns:x="{MAIN}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
        f'mc:Ignorable="xr" '
        'xmlns:xr="http://schemas.microsoft.com/office/spreadsheetml/2014/revision" '
        'xr:uid="{00000000-0001-0000-0000-000000000000}">'
        '<x:sheetData><x:row r="1" spans="1:1"><x:c r="A1"><x:v>1</x:v><x:extLst/></x:c></x:row></x:sheetData>'
        "<mc:AlternateContent><mc:Choice Requires='xr'><x:mergeCells/></mc:Choice></mc:AlternateContent></x:worksheet>"
    )
    assert first(worksheet).values == {(1, 1): 1.0}


def test_directory_entries_absolute_paths_backslashes_and_other_case() -> None:
    content = parts(cells('<c r="A1" t="s"><v>0</v></c>'), STRINGS)
    renamed: dict[str, str | bytes] = {"xl/": "", "xl/worksheets/": ""}
    renamed["/[Content_Types].xml"] = content.pop("[Content_Types].xml")
    renamed["xl\\SharedStrings.XML"] = content.pop("xl/sharedStrings.xml")
    renamed["/xl/worksheets/Sheet1.xml"] = content.pop("xl/worksheets/sheet1.xml")
    assert opened(zipped(renamed | content)).sheets[0].values == {(1, 1): "项目"}


def test_targets_of_relationships_absolute_or_relative() -> None:
    content = parts(cells('<c r="A1" t="s"><v>0</v></c>'), STRINGS)
    content["xl/_rels/workbook.xml.rels"] = relationships(
        ("worksheet", "/xl/worksheets/sheet1.xml"), ("sharedStrings", "../xl/./sharedStrings.xml")
    )
    assert opened(zipped(content)).sheets[0].values == {(1, 1): "项目"}


def test_the_workbook_may_lie_anywhere() -> None:
    content = {
        name.replace("xl/", "wtf/"): text.replace("xl/", "wtf/") if isinstance(text, str) else text
        for name, text in parts(cells('<c r="A1"><v>1</v></c>')).items()
    }
    assert opened(zipped(content)).sheets[0].values == {(1, 1): 1.0}


def test_a_zip_written_to_a_pipe_has_its_sizes_behind_the_data() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise OSError

        def seek(self, *_: int) -> int:
            raise OSError

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts(cells('<c r="A1"><v>1</v></c>')).items():
            archive.writestr(name, text)
    assert pipe.getvalue()[6] & 8
    assert opened(pipe.getvalue()).sheets[0].values == {(1, 1): 1.0}


def test_zip64() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts(cells('<c r="A1"><v>1</v></c>')).items():
            with archive.open(name, "w", force_zip64=True) as member:
                member.write(text.encode() if isinstance(text, str) else text)
    assert buffer.getvalue()[4] == 45
    assert opened(buffer.getvalue()).sheets[0].values == {(1, 1): 1.0}


def test_stored_parts() -> None:
    assert opened(zipped(parts(cells('<c r="A1"><v>1</v></c>')), zipfile.ZIP_STORED)).sheets[0].values == {(1, 1): 1.0}


@pytest.mark.parametrize("main", ["sheet.main", "template.main"])
def test_templates_are_workbooks(main: str) -> None:
    content = parts(sheet(""))
    types = content["[Content_Types].xml"]
    assert isinstance(types, str)
    content["[Content_Types].xml"] = types.replace("sheet.main", main)
    assert opened(zipped(content)).kind == "xlsx"


def test_macros_by_part_or_relationship() -> None:
    assert not opened(zipped(parts(sheet("")))).macros
    assert opened(zipped(parts(sheet("")) | {"xl/vbaProject.bin": b"\0"})).macros
    assert opened(zipped(parts(sheet("")) | {"xl/macrosheets/sheet1.xml": "<x/>"})).macros


def test_links_dde_and_connections() -> None:
    workbook = opened(
        zipped(
            parts(
                cells(
                    '<c r="A1"><f>[1]Sheet1!A1+[9]Sheet1!A1</f><v>1</v></c>', "<c r=\"B1\"><f>cmd|'/c calc'!A0</f></c>"
                ),
                **{
                    "xl/_rels/workbook.xml.rels": relationships(
                        ("worksheet", "worksheets/sheet1.xml"),
                        ("externalLink", "externalLinks/externalLink1.xml"),
                        ("externalLink", "externalLinks/externalLink2.xml"),
                        ("connections", "connections.xml"),
                    ),
                    "xl/externalLinks/externalLink1.xml": (
                        f'<externalLink xmlns="{MAIN}"><externalBook/></externalLink>'
                    ),
                    "xl/externalLinks/_rels/externalLink1.xml.rels": relationships(
                        ("externalLinkPath", "file:///C:/去年.xlsx"), mode="External"
                    ),
                    "xl/externalLinks/externalLink2.xml": f'<externalLink xmlns="{MAIN}">'
                    '<ddeLink ddeService="cmd" ddeTopic="/c calc"/></externalLink>',
                    "xl/connections.xml": f'<connections xmlns="{MAIN}">'
                    '<connection name="q"><dbPr connection="Provider=x"/></connection>'
                    '<connection name="w"><webPr url="http://example.test"/></connection><connection name="plain"/>'
                    "</connections>",
                },
            )
        )
    )
    assert workbook.external_links == (
        "file:///C:/去年.xlsx",
        "cmd|/c calc",
        "Provider=x",
        "http://example.test",
        "plain",
        "[9]",
        "cmd|'/c calc'",
    )


def test_damage_beside_the_cells_is_named_and_the_rest_is_read() -> None:
    workbook = opened(
        zipped(
            parts(
                cells('<c r="A1" s="1"><v>1</v></c>'),
                **{"xl/styles.xml": "<styleSheet", "docProps/custom.xml": "<Properties>"},
            )
        )
    )
    assert workbook.sheets[0].values == {(1, 1): 1.0}
    assert workbook.damaged == ("xl/styles.xml", "docProps/custom.xml")
    assert not workbook.complete


def test_a_sheet_whose_part_is_missing_is_named() -> None:
    content = parts(cells('<c r="A1"><v>1</v></c>'))
    listing = content["xl/workbook.xml"]
    assert isinstance(listing, str)
    content["xl/workbook.xml"] = listing.replace("</sheets>", '<sheet name="附表" sheetId="2" r:id="rId77"/></sheets>')
    workbook = opened(zipped(content))
    assert [found.name for found in workbook.sheets] == ["自评表"]
    assert workbook.damaged == ("附表",)


def test_text_is_cut_where_excel_would_not_go_on() -> None:
    data = zipped(parts(cells('<c r="A1" t="s"><v>0</v></c>'), f"<si><t>{'长' * 40_000}</t></si>"), zipfile.ZIP_STORED)
    assert opened(data).sheets[0].values == {(1, 1): "长" * 32_767}


def test_no_part_is_inflated_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    inflated: list[str] = []
    inflate = UntrustedPackage.read

    def watched(package: UntrustedPackage, part: str) -> bytes:
        inflated.append(part.lower())
        return inflate(package, part)

    monkeypatch.setattr(UntrustedPackage, "read", watched)
    opened((samples_folder() / "seed.xlsx").read_bytes())
    assert "xl/_rels/workbook.xml.rels" in inflated
    assert len(inflated) == len(set(inflated))
