"""The LibreOffice harness and the audit, tried on workbooks whose contents are known."""

import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from base64 import b64encode
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from support.audit import audit
from support.office import BRIDGE, Office, OfficeError, available
from support.timing import within

HASH, SALT = b64encode(b"h" * 64).decode(), b64encode(b"s" * 16).decode()


@pytest.fixture(scope="session")
def form(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook with wrong cached results, open and locked cells, and all our forms are made of."""
    path = tmp_path_factory.mktemp("office") / "表.xlsx"
    book = xlsxwriter.Workbook(path)
    opened = book.add_format({"locked": False})
    sheet = book.add_worksheet("自评 表")
    sheet.write("A1", 1, opened)
    sheet.write("A2", 2)
    sheet.write_formula("A3", "=A1+A2", None, 99)
    sheet.write_formula("A4", "=1/0", None, 0)
    sheet.write_formula("A5", "=A1>0", None, False)
    sheet.write_boolean("A6", True)
    sheet.write("A7", "TRUE")
    sheet.write_formula("A8", '=""', None, "")
    sheet.merge_range("C1:D2", "", opened)
    for row in range(400):
        sheet.write_blank(row, 6, None, opened)
    sheet.write_formula("H1", "=SUM(G1:G400)", None, 0)
    sheet.data_validation("A1", {"validate": "integer", "criteria": "between", "minimum": 0, "maximum": 10})
    sheet.data_validation("B1", {"validate": "list", "source": ["是", "否"]})
    format_ = book.add_format({"bg_color": "#FFC7CE"})
    sheet.conditional_format("A1:B9", {"type": "formula", "criteria": "=$A1>1", "format": format_})
    sheet.write_comment("A1", "批注")
    sheet.freeze_panes(2, 1)
    sheet.protect("x")
    book.define_name("f.score", "='自评 表'!$A$1")
    book.set_custom_property("id", "7")
    fixed = book.add_worksheet("fixed")
    fixed.write("A1", 5)
    fixed.write("B1", 6, opened)
    fixed.protect("", {"select_locked_cells": False})
    meta = book.add_worksheet("_meta")
    meta.very_hidden()
    meta.write("A1", "keep")
    book.close()
    return path


def rewritten(source: Path, target: Path, part: str, pattern: str, replacement: str) -> Path:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == part:
                text, times = re.subn(pattern, replacement, data.decode(), count=1, flags=re.DOTALL)
                assert times, pattern
                data = text.encode()
            new.writestr(name, data)
    return target


def leftovers(office: Office) -> list[str]:
    """Command lines that still name the profile of an Office."""
    lines = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(process.read_bytes().decode("utf-8", "replace"))
        except OSError:
            continue
    return [line for line in lines if str(office.home) in line]


def test_recalculates_everything(office: Office, form: Path) -> None:
    values = office.recalculated(form)
    assert values["自评 表"] == {
        "A1": 1.0,
        "A2": 2.0,
        "A3": 3.0,
        "A4": "#DIV/0!",
        "A5": True,
        "A6": True,
        "A7": "TRUE",
        "A8": "",
        "H1": 0.0,
    }
    assert values["_meta"] == {"A1": "keep"}


def test_formulas(office: Office, form: Path) -> None:
    assert office.formulas(form)["自评 表"]["A3"] == "=A1+A2"
    assert office.formulas(form)["_meta"] == {}


def test_typing_fills_open_cells_only(office: Office, form: Path, tmp_path: Path) -> None:
    saved = tmp_path / "typed.xlsx"
    values = office.type_into(
        form,
        [
            ("自评 表", "A1", "5"),
            ("自评 表", "A2", "7"),  # locked
            ("自评 表", "C1", "合并"),
            ("fixed", "B1", "98%"),
            ("fixed", "A1", "99"),  # locked and out of the cursor's reach
        ],
        saved,
    )
    typed = values["自评 表"]
    assert (typed["A1"], typed["A2"], typed["A3"], typed["C1"]) == (5.0, 2.0, 7.0, "合并")
    assert typed["A4"] == 0.0  # what nothing typed touches keeps its cached result, as on a person's screen
    assert values["fixed"] == {"A1": 5.0, "B1": 0.98}
    assert office.recalculated(saved)["自评 表"]["A3"] == 7.0
    assert openpyxl.load_workbook(saved)["自评 表"].freeze_panes == "B3"


def test_typing_nothing_empties_a_cell(office: Office, form: Path) -> None:
    assert "B1" not in office.type_into(form, [("fixed", "B1", "")])["fixed"]


def test_four_hundred_entries(office: Office, form: Path) -> None:
    with within(2):  # twenty by the clock
        values = office.type_into(form, [("自评 表", f"G{row}", str(row)) for row in range(1, 401)])
    assert values["自评 表"]["H1"] == 80_200.0


@pytest.mark.parametrize(
    ("sheet", "where", "refusal"),
    [
        ("_meta", "A1", "hidden sheet _meta"),
        ("none", "A1", "no sheet none"),
        ("自评 表", "D1", "D1 of 自评 表 lies under the merged cell C1"),
    ],
)
def test_nobody_types_there(office: Office, form: Path, sheet: str, where: str, refusal: str) -> None:
    with pytest.raises(OfficeError, match=refusal):
        office.type_into(form, [(sheet, where, "1")])


@pytest.mark.parametrize(
    ("extension", "magic"),
    [("xlsx", b"PK\3\4"), ("xls", b"\xd0\xcf\x11\xe0"), ("ods", b"PK\3\4"), ("pdf", b"%PDF"), ("csv", b"1,")],
)
def test_converts(office: Office, form: Path, tmp_path: Path, extension: str, magic: bytes) -> None:
    result = office.convert(form, extension, tmp_path)
    assert result == tmp_path / f"表.{extension}"
    assert result.read_bytes().startswith(magic)


def test_refuses_what_is_no_workbook(office: Office, tmp_path: Path) -> None:
    junk = tmp_path / "junk.xlsx"
    junk.write_bytes(b"PK\3\4 and nothing else")
    with pytest.raises(OfficeError, match="cannot load junk"):
        office.convert(junk, "pdf", tmp_path)


def test_pages(office: Office, form: Path, tmp_path: Path) -> None:
    pages = office.pages(form, tmp_path)
    assert len(pages) > 1
    assert all(page.read_bytes().startswith(b"\x89PNG") for page in pages)


def test_leaves_no_lock_file_beside_the_original(office: Office, form: Path) -> None:
    office.recalculated(form)
    assert [path.name for path in form.parent.iterdir()] == [form.name]


def test_survives_a_crash_and_a_hang(office: Office, form: Path) -> None:
    own = Office(timeout=30)  # beside the session's: two work at once
    try:
        assert own.recalculated(form) == office.recalculated(form)
        kill(own, signal.SIGKILL)
        with pytest.raises(OfficeError, match="crashed"):
            own.recalculated(form)
        assert own.recalculated(form)["fixed"]["A1"] == 5.0
        kill(own, signal.SIGSTOP)
        own.timeout = 1
        with pytest.raises(OfficeError, match="no answer within 1 s"):
            own.recalculated(form)
        own.timeout = 30
        assert own.recalculated(form)["fixed"]["A1"] == 5.0
    finally:
        own.close()
    assert leftovers(own) == []
    assert not own.home.exists()


def test_a_killed_session_leaves_no_process(office: Office, form: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path; from office import Office; office = Office();"
        f"office.recalculated(Path({str(form)!r})); print(office.home, flush=True); os.kill(os.getpid(), "
        f"signal.SIGKILL)"
    )
    run = subprocess.run([sys.executable, "-c", script], cwd=BRIDGE.parent, capture_output=True, text=True, check=False)
    own = Office()
    own.home.rmdir()
    own.home = Path(run.stdout.strip())
    try:
        until = time.monotonic() + 10
        while leftovers(own) and time.monotonic() < until:
            time.sleep(0.05)
        assert leftovers(own) == []
    finally:
        own.close()


def kill(office: Office, how: signal.Signals) -> None:
    """Send a signal to the soffice of an Office, found by its profile."""
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = process.read_bytes()
        except OSError:
            continue
        if b"soffice.bin\0-env" in command and str(office.home).encode() in command:
            os.kill(int(process.parent.name), how)


def test_available_agrees_with_the_fixture(office: Office) -> None:
    assert available() is None


def test_audit_finds_nothing_in_a_sound_workbook(form: Path, tmp_path: Path) -> None:
    assert audit(form) == []
    lock = f'algorithmName="SHA-512" hashValue="{HASH}" saltValue="{SALT}" spinCount="100000"'
    locked = rewritten(form, tmp_path / "a.xlsx", "xl/worksheets/sheet1.xml", 'password="[0-9A-F]+"', lock)
    structure = (
        f'<workbookProtection workbookAlgorithmName="SHA-512" workbookHashValue="{HASH}" workbookSaltValue="{SALT}"'
        ' workbookSpinCount="100000" lockStructure="1"/><bookViews>'
    )
    assert audit(rewritten(locked, tmp_path / "b.xlsx", "xl/workbook.xml", "<bookViews>", structure)) == []


SHEET, BOOK = "xl/worksheets/sheet1.xml", "xl/workbook.xml"


@pytest.mark.parametrize(
    ("part", "pattern", "replacement", "finding"),
    [
        (
            SHEET,
            "(<mergeCells.*?</mergeCells>)(.*?)(<pageMargins[^>]*/>)",
            r"\2\3\1",
            "Unexpected element 'mergeCells'",
        ),
        (SHEET, "</worksheet>", "", "Premature end of data"),
        (SHEET, "<sheetProtection ", '<sheetProtection hashvalue="" ', "no attribute hashvalue"),
        (SHEET, '<c r="A1" s="1"', '<c r="A1" s="999"', "cell A1: style 999"),
        (SHEET, '(<c r="A1".*?</c>)', r"\1\1", "cell A1 in row 1 after column 1"),
        (SHEET, '<row r="3"', '<row r="2"', "row 2 after row 2"),
        (SHEET, '(<mergeCell ref="C1:D2"/>)', r'\1<mergeCell ref="D2:E3"/>', "merged D2:E3 and C1:D2"),
        (SHEET, 'dxfId="0"', 'dxfId="9"', "dxfId 9"),
        (SHEET, '"是,否"', '"' + "是" * 256 + '"', "list longer than 255"),
        (SHEET, "<f>A1", "<f>=A1", "formula =A1"),
        (BOOK, 'name="fixed"', 'name="a/b"', "sheet name 'a/b'"),
        (BOOK, 'name="f.score"', 'name="AB12"', "defined name 'AB12'"),
        (BOOK, '(<definedName name="f.)score(.*?</definedName>)', r"\1score\2\1SCORE\2", "'!f.score' twice"),
        (BOOK, 'name="自评 表"', 'name="自评 表" state="hidden"', "active sheet 0"),
        ("xl/styles.xml", 'fontId="0"', 'fontId="99"', "fontId 99"),
    ],
)
def test_audit_finds_damage(
    form: Path, tmp_path: Path, part: str, pattern: str, replacement: str, finding: str
) -> None:
    damaged = rewritten(form, tmp_path / "damaged.xlsx", part, pattern, replacement)
    assert any(finding in line for line in audit(damaged)), audit(damaged)
