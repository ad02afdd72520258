"""What workbooks written by XlsxWriter and openpyxl hold, read back."""

import datetime
import io
from collections.abc import Callable

import openpyxl
import pytest
import xlsxwriter
from openpyxl.styles import Protection
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from xlsform.reading import read_bytes
from xlsform.reading.workbook import Sheet, Workbook
from xlsform.spreadsheet.a1 import Range
from xlsform.spreadsheet.values import CellError


def opened(data: bytes) -> Workbook:
    workbook = read_bytes(data)
    assert isinstance(workbook, Workbook), workbook
    return workbook


def by_xlsxwriter(fill: Callable[[xlsxwriter.Workbook], None]) -> Workbook:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as workbook:
        fill(workbook)
    return opened(buffer.getvalue())


def by_openpyxl(fill: Callable[[Worksheet], None]) -> Sheet:
    workbook = openpyxl.Workbook()
    worksheet = workbook.active
    assert isinstance(worksheet, Worksheet)
    fill(worksheet)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return opened(buffer.getvalue()).sheets[0]


def test_values_of_every_type() -> None:
    def fill(workbook: xlsxwriter.Workbook) -> None:
        sheet = workbook.add_worksheet("自评表")
        sheet.write_string("A1", "3.92万")
        sheet.write_number("B1", 3.92)
        sheet.write_boolean("C1", True)
        sheet.write_string("D1", "")
        sheet.write_string("E1", "a\tb\nc\x01")
        sheet.write_formula("F1", "=1/0", value="#DIV/0!")

    workbook = by_xlsxwriter(fill)
    assert workbook.kind == "xlsx"
    assert workbook.complete
    assert not workbook.damaged
    assert workbook.sheets[0].values == {
        (1, 1): "3.92万",
        (1, 2): 3.92,
        (1, 3): True,
        (1, 5): "a\tb\nc\x01",
        (1, 6): CellError("#DIV/0!"),
    }


def test_formulas_and_their_stored_results() -> None:
    def fill(workbook: xlsxwriter.Workbook) -> None:
        sheet = workbook.add_worksheet()
        # XlsxWriter leaves out the type where the result is "": as it stands, it is a formula never calculated.
        sheet.write_formula("A1", '=IF(N(B1)=0,"",ROUND(C1/B1,4))', value="")
        sheet.write_formula("A2", "=1+1", value=2)
        sheet.write_formula("A3", '="a"&"b"', value="ab")
        sheet.write_formula("A4", "=1=1", value=True)
        sheet.write_array_formula("B1:B2", "{=C1:C2*2}", value=4)

    sheet = by_xlsxwriter(fill).sheets[0]
    assert sheet.formulas == {
        (1, 1): 'IF(N(B1)=0,"",ROUND(C1/B1,4))',
        (2, 1): "1+1",
        (3, 1): '"a"&"b"',
        (4, 1): "1=1",
        (1, 2): "C1:C2*2",
    }
    assert sheet.values == {(2, 1): 2.0, (3, 1): "ab", (4, 1): True, (1, 2): 4.0, (2, 2): 0.0}


def test_a_formula_that_was_never_calculated_has_no_value() -> None:
    def fill(sheet: Worksheet) -> None:
        sheet["A1"] = "=SUM(B1:B3)"

    sheet = by_openpyxl(fill)
    assert sheet.formulas == {(1, 1): "SUM(B1:B3)"}
    assert sheet.values == {}


def test_number_formats_of_numbers_only() -> None:
    def fill(workbook: xlsxwriter.Workbook) -> None:
        sheet = workbook.add_worksheet()
        for column, code in enumerate(("General", "0.00%", '#,##0.00"万元"', "@")):
            number_format = workbook.add_format({"num_format": code})
            sheet.write_number(0, column, 1, number_format)
            sheet.write_string(1, column, "x", number_format)

    assert by_xlsxwriter(fill).sheets[0].number_formats == {(1, 2): "0.00%", (1, 3): '#,##0.00"万元"', (1, 4): "@"}


def test_dates_are_numbers_with_a_format() -> None:
    def fill(sheet: Worksheet) -> None:
        sheet["A1"] = datetime.date(2021, 3, 4)

    sheet = by_openpyxl(fill)
    assert sheet.values == {(1, 1): 44259.0}
    assert sheet.number_formats == {(1, 1): "yyyy-mm-dd"}


def test_unlocked_cells_blank_ones_included() -> None:
    def fill(workbook: xlsxwriter.Workbook) -> None:
        sheet = workbook.add_worksheet()
        sheet.write_blank("B2", None, workbook.add_format({"locked": False}))
        sheet.write_number("C2", 1, workbook.add_format({"locked": False, "bold": True}))
        sheet.write_number("D2", 1, workbook.add_format({"bold": True, "hidden": True}))
        sheet.protect("secret")

    sheet = by_xlsxwriter(fill).sheets[0]
    assert sheet.unlocked == {(2, 2), (2, 3)}
    assert sheet.protected


def test_locks_merges_and_validations_as_openpyxl_writes_them() -> None:
    def fill(sheet: Worksheet) -> None:
        sheet["A1"] = "合计"
        sheet["B1"].protection = Protection(locked=False)
        sheet.merge_cells("A3:C5")
        validation = DataValidation(type="decimal", operator="greaterThan", formula1="0")
        validation.add("B1:B9")
        validation.add("D4")
        sheet.add_data_validation(validation)
        sheet.row_dimensions[7].hidden = True
        sheet.column_dimensions["F"].hidden = True

    sheet = by_openpyxl(fill)
    assert sheet.unlocked == {(1, 2)}
    assert sheet.merges == (Range(3, 1, 5, 3),)
    assert set(sheet.validated) == {Range(1, 2, 9, 2), Range(4, 4, 4, 4)}
    assert sheet.hidden_rows == {7}
    assert sheet.hidden_columns == {6}
    assert not sheet.protected


def test_sheets_names_properties() -> None:
    def fill(workbook: xlsxwriter.Workbook) -> None:
        first = workbook.add_worksheet("自评表")
        workbook.add_worksheet("藏").hide()
        workbook.add_worksheet("_meta").very_hidden()
        workbook.define_name("funds.total.budget", "='自评表'!$B$3")
        workbook.define_name("'自评表'!local", "='自评表'!$B$4")
        first.print_area("A1:C9")
        first.repeat_rows(0)
        workbook.set_custom_property("form", "mof-2020")
        workbook.set_custom_property("rows", 12)
        workbook.set_custom_property("issued", datetime.datetime(2021, 3, 4, 5, 6, 7))
        workbook.set_custom_property("final", True)

    workbook = by_xlsxwriter(fill)
    assert [(sheet.name, sheet.state) for sheet in workbook.sheets] == [
        ("自评表", "visible"),
        ("藏", "hidden"),
        ("_meta", "veryHidden"),
    ]
    assert workbook.names == {"funds.total.budget": "'自评表'!$B$3"}
    assert workbook.properties == {
        "form": "mof-2020",
        "rows": "12",
        "issued": "2021-03-04T05:06:07Z",
        "final": "true",
    }


def test_chart_sheets_are_listed() -> None:
    def fill(workbook: xlsxwriter.Workbook) -> None:
        workbook.add_worksheet("自评表").write_number("A1", 1)
        chart = workbook.add_chart({"type": "line"})
        chart.add_series({"values": "=自评表!$A$1:$A$2"})
        workbook.add_chartsheet("图").set_chart(chart)

    workbook = by_xlsxwriter(fill)
    assert [(sheet.name, len(sheet.values)) for sheet in workbook.sheets] == [("自评表", 1), ("图", 0)]


def test_rich_text_is_joined() -> None:
    def fill(workbook: xlsxwriter.Workbook) -> None:
        bold = workbook.add_format({"bold": True})
        workbook.add_worksheet().write_rich_string("A1", "得", bold, "分", "：98")

    assert by_xlsxwriter(fill).sheets[0].values == {(1, 1): "得分：98"}


@pytest.mark.parametrize("constant_memory", [False, True])
def test_shared_and_inline_strings_read_alike(constant_memory: bool) -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"constant_memory": constant_memory}) as workbook:
        workbook.add_worksheet().write_string("A1", " 项目\n名称 ")
    assert opened(buffer.getvalue()).sheets[0].values == {(1, 1): " 项目\n名称 "}


def test_links_to_other_workbooks() -> None:
    def fill(workbook: xlsxwriter.Workbook) -> None:
        sheet = workbook.add_worksheet()
        sheet.write_formula("A1", "='D:\\预算\\[去年.xlsx]自评表'!B2", value=3)
        sheet.write_string("A2", "[1]不是!链接")
        sheet.write_formula("A3", '="[1]x!"', value="[1]x!")

    assert by_xlsxwriter(fill).external_links == ("[去年.xlsx]",)
