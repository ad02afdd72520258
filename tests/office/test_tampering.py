"""Whatever is done to a locked cell is found, with its place, the old and the new; what programs themselves do is not.

On real files: issued, filled, tampered with by openpyxl, LibreOffice, or in their XML.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.styles import Protection
from openpyxl.workbook.workbook import Workbook as Book
from openpyxl.worksheet.worksheet import Worksheet
from support.forms import TEMPLATES, codes, faultless, findings, layout_of, prefilled, sheet_of
from support.office import Office

from xlsform.findings import Finding
from xlsform.form import identity as identities
from xlsform.quantities import normalize_text
from xlsform.reading import read_bytes
from xlsform.reading.workbook import Workbook
from xlsform.rules.registry import ReceivedFile
from xlsform.rules.run import judge
from xlsform.spreadsheet.a1 import Position, a1
from xlsform.spreadsheet.values import CellError, Value
from xlsform.submission.carriers import identities_in
from xlsform.submission.recognition import recognise
from xlsform.submission.submission import Submission
from xlsform.workbook.fill import filled
from xlsform.workbook.issue import issue
from xlsform.workbook.locks import lock_for


@cache
def approved(template: str) -> list[str]:
    """Return the fields that a project list prefills."""
    columns = ("name", "target", "weight")
    head = [
        "year",
        "project_name",
        "department",
        "unit",
        "goal_expected",
        "funds.total.budget",
        "funds.carryover.budget",
    ]
    return head + [name for name in faultless(template) if name.startswith("indicators.") and name.endswith(columns)]


def locked_cells(workbook: Workbook) -> list[Position]:
    """Return the locked cells in which anything stands."""
    sheet = sheet_of(workbook)
    return sorted((set(sheet.values) | set(sheet.formulas)) - sheet.unlocked)


@cache
def intact(template: str) -> Workbook:
    return prefilled(template, approved(template)).workbook


intact_layout = cache(layout_of)


def tampered(template: str, place: Position, value: Value | None, formula: str | None = None) -> Submission:
    """Return the form with a locked cell changed; what it calculates is what Excel makes of that."""
    layout = intact_layout(template)
    issued_input = next(
        (item.name for item in layout.inputs if item.range.anchor == place and item.name in approved(template)), None
    )
    if issued_input is not None and formula is None:
        typed = Decimal(f"{value:.15g}") if isinstance(value, float) and not isinstance(value, bool) else value
        if typed is None or isinstance(typed, str | Decimal):
            return prefilled(template, approved(template), typed={issued_input: typed})

    whole = intact(template)
    sheet = sheet_of(whole)
    values = {at: each for at, each in sheet.values.items() if at != place}
    formulas = {at: each for at, each in sheet.formulas.items() if at != place}
    if formula is not None:
        formulas[place] = formula
    if value is not None:
        values[place] = value
    sheet = replace(sheet, values=values, formulas=formulas)
    workbook = replace(whole, sheets=(sheet, *whole.sheets[1:]))
    return Submission(Path("return.xlsx"), workbook, layout, sheet, identities_in(workbook))


def the_one_finding(subject: Submission, place: Position) -> Finding:
    """Return the only finding, at that cell."""
    found = findings(subject)
    assert [each.cell for each in found] == [f"自评表!{a1(*place)}"], [(each.code, each.cell) for each in found]
    return found[0]


CELLS = [(template, place) for template in TEMPLATES for place in locked_cells(intact(template))]


def is_mark(template: str, place: Position) -> bool:
    """Whether a cell holds the printed — , which may also be left blank."""
    return sheet_of(intact(template)).values.get(place) == "—"


class TestEveryLockedCell:
    """Each locked cell of each form, prefilled ones among them: one change, one finding, at its cell."""

    @pytest.mark.parametrize("template", TEMPLATES)
    def test_there_are_as_many_as_the_form_prints_computes_and_was_given(self, template: str) -> None:
        layout = layout_of(template)
        labels = sum(1 for label in layout.labels if label.text)
        printed = sum(1 for item in layout.fields.values() if item.spec.value is not None)
        expected = labels + printed + len(layout.computed) + len(layout.checks_by_row) + 1 + len(approved(template))
        assert len(locked_cells(intact(template))) == expected
        assert codes(prefilled(template, approved(template))) == []

    @pytest.mark.parametrize("template", TEMPLATES)
    @pytest.mark.parametrize("value", ["改过的文字", 7.0, None], ids=["text", "number", "cleared"])
    def test_changed(self, template: str, value: Value | None) -> None:
        for place in locked_cells(intact(template)):
            if value is None and is_mark(template, place):
                continue
            old = sheet_of(intact(template)).values.get(place)
            finding = the_one_finding(tampered(template, place, value), place)
            if value is not None:
                assert str(finding.found) in (str(value), "7"), a1(*place)
            self.assert_old_value_told(template, place, old, finding)

    @staticmethod
    def assert_old_value_told(template: str, place: Position, old: Value | None, finding: Finding) -> None:
        formula = sheet_of(intact(template)).formulas.get(place)
        if finding.code == "T101":  # a blank total says what the total should be
            assert float(finding.expected) == old
        elif formula is None:
            assert normalize_text(str(finding.expected)) == normalize_text(
                f"{old:.15g}" if isinstance(old, float) else str(old)
            )
        elif finding.field is None:
            assert finding.expected == f"={formula}"
        else:
            assert float(finding.expected or 0) == (old or 0)

    @pytest.mark.parametrize("template", TEMPLATES)
    def test_a_character_more(self, template: str) -> None:
        for place in locked_cells(intact(template)):
            old = sheet_of(intact(template)).values.get(place)
            if isinstance(old, str) and old and place not in sheet_of(intact(template)).formulas:
                finding = the_one_finding(tampered(template, place, f"{old}改"), place)
                assert finding.found == f"{old.strip()}改"

    @pytest.mark.parametrize("template", TEMPLATES)
    def test_a_formula_replaced_by_its_own_value(self, template: str) -> None:
        for place in sheet_of(intact(template)).formulas:
            value = sheet_of(intact(template)).values.get(place)
            assert the_one_finding(tampered(template, place, value), place).code == "S106"

    @pytest.mark.parametrize("template", TEMPLATES)
    def test_a_formula_replaced_by_another(self, template: str) -> None:
        for place, formula in sheet_of(intact(template)).formulas.items():
            value = sheet_of(intact(template)).values.get(place)
            for other in (f"{formula}+1", f"IF(TRUE,{formula})", "1"):
                finding = the_one_finding(tampered(template, place, value, other), place)
                assert (finding.code, finding.found, finding.expected) == ("S107", f"={other}", f"={formula}")

    @settings(max_examples=100, deadline=None)
    @given(
        st.sampled_from(CELLS),
        st.one_of(
            st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20),
            st.floats(-9e307, 9e307),
            st.booleans(),
            st.sampled_from(["#REF!", "#N/A"]).map(CellError),
        ),
    )
    def test_changed_to_anything_at_all(self, cell: tuple[str, Position], value: Value) -> None:
        template, place = cell
        sheet = sheet_of(intact(template))
        old = sheet.values.get(place)
        same = str(old) == str(value) or (isinstance(old, str) and normalize_text(old) == normalize_text(str(value)))
        field = next((item for item in layout_of(template).fields.values() if item.range.anchor == place), None)
        if field is not None and not same:
            read = [field.spec.type.read(each).value for each in (old, value)]
            same = read[0] is not None and read[0] == read[1]
        if (same and place not in sheet.formulas) or (
            is_mark(template, place) and not normalize_text(str(value)).strip("-/一—")
        ):
            return
        cells = [each.cell for each in findings(tampered(template, place, value))]
        assert f"自评表!{a1(*place)}" in cells


# Real files.


@cache
def returned(template: str) -> bytes:
    """Return a workbook that was issued with an approved project and filled in without a fault."""
    layout, values = layout_of(template), faultless(template)
    given = {name: values[name] for name in approved(template) if name != "year"}
    data = issue(layout, lock_for("机密"), year=2021, values=given, project_code="P-1")
    places = {name: item.range.anchor for name, item in layout.fields.items()}
    return filled(data, layout, places, {item.name: values.get(item.name) for item in layout.inputs})


def judged(data: bytes, name: str = "return.xlsx") -> list[Finding]:
    contents = read_bytes(data)
    assert isinstance(contents, Workbook)
    submission = recognise(Path(name), contents)
    assert submission is not None
    return judge(ReceivedFile(Path(name), contents, submission))


def by_openpyxl(data: bytes, edit: Callable[[Book], None] = lambda book: None) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(data))
    edit(book)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def rewritten(data: bytes, part: str, pattern: str, replacement: str) -> bytes:
    """Return the file with one place of a part's text replaced."""
    buffer, hits = io.BytesIO(), 0
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w") as target:
        for info in source.infolist():
            content = source.read(info)
            if info.filename == part:
                text, hits = re.subn(pattern, replacement, content.decode(), count=1)
                content = text.encode()
            target.writestr(info, content)
    assert hits == 1
    return buffer.getvalue()


def form(book: Book) -> Worksheet:
    sheet = book["自评表"]
    assert isinstance(sheet, Worksheet)
    return sheet


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_return_as_it_should_be(template: str) -> None:
    assert judged(returned(template)) == []


@pytest.mark.parametrize("template", TEMPLATES)
def test_what_openpyxl_does_by_saving_is_no_tampering(template: str) -> None:
    """It drops results, and validations in extensions."""
    assert [each.code for each in judged(by_openpyxl(returned(template)))] == ["F110"]


def _insert_row(book: Book) -> None:
    form(book).insert_rows(14)


def _delete_row(book: Book) -> None:
    form(book).delete_rows(14)


def _insert_column(book: Book) -> None:
    form(book).insert_cols(5)


def _delete_column(book: Book) -> None:
    form(book).delete_cols(9)


def _rename(book: Book) -> None:
    form(book).title = "终稿"


def _copy(book: Book) -> None:
    book.copy_worksheet(form(book)).title = "副本"


def _hide(book: Book) -> None:
    form(book).sheet_state = "hidden"


def _remove(book: Book) -> None:
    book.remove(form(book))


def _unprotect(book: Book) -> None:
    form(book).protection.sheet = False


def _unlock(book: Book) -> None:
    form(book)["D5"].protection = Protection(locked=False)


def _drop_names(book: Book) -> None:
    for name in [name for name in book.defined_names if name != identities.NAME]:
        del book.defined_names[name]


def _drop_identity(book: Book) -> None:
    book.remove(book[identities.SHEET])


def _retype_label(book: Book) -> None:
    form(book)["E5"] = "调整预算数"


def _retype_weight(book: Book) -> None:
    form(book)["G13"] = 25


def _retype_formula(book: Book) -> None:
    form(book)["H6"] = "=F6/D6"


def _type_total(book: Book) -> None:
    form(book)["G40"] = 100


def _unmerge(book: Book) -> None:
    form(book).unmerge_cells("B3:I3")


def _remark(book: Book) -> None:
    form(book)["B60"] = "备注"


def _drop_validations(book: Book) -> None:
    form(book).data_validations.dataValidation.clear()
    form(book).conditional_formatting = type(form(book).conditional_formatting)()


def _clear_hints(book: Book) -> None:
    for row in form(book)["K1:K60"]:
        row[0].value = None


EDITS: dict[Callable[[Book], None], tuple[str, str | None]] = {
    _insert_row: ("S105", "自评表!A14"),
    _delete_row: ("S105", "自评表!A14"),
    _insert_column: ("S105", "自评表!E1"),
    _delete_column: ("S105", "自评表!I1"),
    _rename: ("S101", None),
    _copy: ("S102", None),
    _hide: ("S111", None),
    _remove: ("S101", None),
    _unprotect: ("S109", None),
    _unlock: ("S109", "自评表!D5"),
    _drop_names: ("S114", None),
    _drop_identity: ("S113", None),
    _retype_label: ("S103", "自评表!E5"),
    _retype_weight: ("S104", "自评表!G13"),
    _retype_formula: ("S107", "自评表!H6"),
    _type_total: ("S106", "自评表!G40"),
    _unmerge: ("S110", "自评表!B3:I3"),
    _remark: ("S112", "自评表!B60"),
    _clear_hints: ("S106", "自评表!K2"),
}


@pytest.mark.parametrize("template", ["mof-2020", "shanxi-2021"])
@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__.strip("_"))
def test_what_was_done_by_openpyxl_is_found_once(template: str, edit: Callable[[Book], None]) -> None:
    """It moves cells when rows are inserted, and neither merged cells nor formulas nor names."""
    found = [(each.code, each.cell) for each in judged(by_openpyxl(returned(template), edit)) if each.code != "F110"]
    assert found == [EDITS[edit]]


def test_validations_that_are_all_gone_are_a_note() -> None:
    assert [each.code for each in judged(by_openpyxl(returned("mof-2020"), _drop_validations))] == ["F110", "S115"]


def test_validations_of_cells_that_were_pasted_over_are_no_finding() -> None:
    def paste(book: Book) -> None:
        """Leave one cell its validation: the others were pasted over."""
        kept = book["自评表"].data_validations.dataValidation[:1]
        book["自评表"].data_validations.dataValidation = kept

    assert [each.code for each in judged(by_openpyxl(returned("mof-2020"), paste))] == ["F110"]


SHEET, BOOK, PROPERTIES = "xl/worksheets/sheet1.xml", "xl/workbook.xml", "docProps/custom.xml"


@pytest.mark.parametrize(
    ("part", "pattern", "replacement", "expected"),
    [
        (SHEET, r'(<sheetProtection [^>]*)sheet="1"', r"\1", ["S109"]),
        (SHEET, r"<sheetProtection [^>]*/>", "", ["S109"]),
        (SHEET, r"<sheetProtection [^>]*/>", '<sheetProtection selectLockedCells="1"/>', ["S109"]),
        (SHEET, r'(<sheetProtection [^>]*)hashValue="[^"]*" saltValue="[^"]*" spinCount="\d+"', r"\1", []),
        (SHEET, r"<dataValidations.*</dataValidations>", "", ["S115"]),
        (SHEET, r"<conditionalFormatting.*</conditionalFormatting>", "", []),
        (SHEET, r"<pageSetup[^>]*/>", "", []),
        (SHEET, r'(<row r="6"[^>]*)>', r'\1 hidden="1">', ["S111"]),
        (BOOK, r"<workbookProtection[^>]*/>", "", []),
        (BOOK, r'state="veryHidden"', 'state="hidden"', []),
        (BOOK, r'(<sheet name="自评表" )', r'\1state="hidden" ', ["S111"]),
        (BOOK, r'<definedName name="_xlsform.identity">[^<]*</definedName>', "", ["S113"]),
        (BOOK, r'<definedName name="unit">[^<]*</definedName>', "", ["S114"]),
        (BOOK, r'(<definedName name="unit">[^<]*)\$F\$4', r"\1$F$5", ["S114"]),
        (PROPERTIES, r"(?s)<property .*</property>", "", ["S113"]),
        (PROPERTIES, r'(name="xlsform.digest"><vt:lpwstr>)[0-9a-f]{64}', rf"\g<1>{'0' * 64}", ["S113"]),
    ],
)
def test_what_was_done_to_the_file_itself(part: str, pattern: str, replacement: str, expected: list[str]) -> None:
    assert [each.code for each in judged(rewritten(returned("mof-2020"), part, pattern, replacement))] == expected


TRIPS = [
    pytest.param(("xlsx",), set(), id="xlsx"),
    pytest.param(("xls",), {"F106"}, id="xls"),
    pytest.param(("ods",), {"F106"}, id="ods"),
    pytest.param(("xls", "xlsx"), {"S114"}, id="xls-xlsx"),
    pytest.param(("ods", "xlsx"), set(), id="ods-xlsx"),
]


@pytest.mark.parametrize(("trip", "deserved"), TRIPS)
def test_what_libreoffice_does_by_saving_is_no_tampering(
    trip: tuple[str, ...], deserved: set[str], office: Office, tmp_path: Path
) -> None:
    """It spells formulas and names otherwise, drops the structure's lock, and shows what was very hidden."""
    for template in TEMPLATES:
        path = tmp_path / f"{template}.xlsx"
        path.write_bytes(returned(template))
        for number, extension in enumerate(trip):
            folder = tmp_path / f"{number}"
            folder.mkdir(exist_ok=True)
            path = office.convert(path, extension, folder)
        assert {each.code for each in judged(path.read_bytes(), path.name)} == deserved, template


@pytest.mark.parametrize("trip", [("xlsx",), ("ods", "xlsx")], ids="-".join)
def test_what_was_tampered_with_is_still_found_after_libreoffice_saved_it(
    trip: tuple[str, ...], office: Office, tmp_path: Path
) -> None:
    edits = [_retype_label, _retype_weight, _retype_formula, _unlock, _unmerge, _remark, _insert_row, _clear_hints]
    for edit in edits[:: len(trip)]:
        path = tmp_path / f"{edit.__name__}.xlsx"
        path.write_bytes(by_openpyxl(returned("shanxi-2021"), edit))
        for number, extension in enumerate(trip):
            folder = tmp_path / f"{number}"
            folder.mkdir(exist_ok=True)
            path = office.convert(path, extension, folder)
        assert EDITS[edit] in [(each.code, each.cell) for each in judged(path.read_bytes())], edit


def test_a_whole_row_of_locked_cells_typed_over_is_found_cell_by_cell() -> None:
    def edit(book: Book) -> None:
        for column in "ABCDEFGHI":
            cell = form(book)[f"{column}12"]
            cell.value = "x"

    found = [each.cell for each in judged(by_openpyxl(returned("mof-2020"), edit)) if each.code == "S103"]
    assert found == [f"自评表!{column}12" for column in "ABCDEFGHI"]
