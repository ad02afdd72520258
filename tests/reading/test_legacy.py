"""What needs another process: .xls, .et, .xlsb, .ods and encrypted workbooks."""

import io
import threading
from collections.abc import Iterator
from pathlib import Path

import msoffcrypto.format.ooxml
import openpyxl
import pytest
import xlsxwriter
from openpyxl.worksheet.worksheet import Worksheet
from support.office import Office
from support.packages_by_hand import biff8, ods, ole2

from xlsform.reading import Limits, legacy, read, read_bytes
from xlsform.reading.workbook import Unreadable, Workbook
from xlsform.spreadsheet.a1 import Range

XLS = ole2({"Workbook": biff8({(3, 2): "合计", (4, 2): 1.5, (6, 5): True, (7, 2): ""})})


def told(found: object) -> Unreadable:
    """Return why a file could not be read, in English words."""
    assert isinstance(found, Unreadable)
    return Unreadable(found.reason, str(found.detail))


@pytest.fixture
def fresh() -> Iterator[None]:
    """Another process for this test alone."""
    legacy.stop()
    yield
    legacy.stop()


def opened(data: bytes) -> Workbook:
    workbook = read_bytes(data)
    assert isinstance(workbook, Workbook), workbook
    return workbook


def test_an_xls_has_values_at_their_places_and_nothing_else() -> None:
    workbook = opened(XLS)
    assert workbook.kind == "xls"
    assert not workbook.complete
    assert [(sheet.name, sheet.state) for sheet in workbook.sheets] == [("自评表", "hidden")]
    assert workbook.sheets[0].values == {(3, 2): "合计", (4, 2): 1.5, (6, 5): True}
    assert workbook.sheets[0].merges == (Range(4, 2, 5, 3),)
    assert not workbook.macros


def test_vba_in_an_xls() -> None:
    assert opened(ole2({"Workbook": biff8({(1, 1): 1.0}), "_VBA_PROJECT_CUR": b""})).macros


def test_an_ods_keeps_its_places_behind_empty_rows() -> None:
    cell = '<table:table-cell office:value-type="float" office:value="3.92"/>'
    workbook = opened(
        ods(
            '<table:table-row table:number-rows-repeated="4"><table:table-cell/></table:table-row>'
            f'<table:table-row><table:table-cell table:number-columns-repeated="2"/>{cell}</table:table-row>'
            '<table:table-row table:number-rows-repeated="3"><table:table-cell/></table:table-row>'
            f"<table:table-row>{cell}</table:table-row>"
        )
    )
    assert workbook.kind == "ods"
    assert workbook.sheets[0].values == {(5, 3): 3.92, (9, 1): 3.92}


def everyday(path: Path) -> Path:
    workbook = openpyxl.Workbook()
    first = workbook.active
    assert isinstance(first, Worksheet)
    first.title = "自评表"
    first["C5"] = "项目名称"
    first["D5"] = 3.92
    first["B9"] = "=D5*2"
    first["C7"] = "合并"
    first.merge_cells("C7:E8")
    hidden = workbook.create_sheet("藏")
    hidden.sheet_state = "hidden"
    hidden["A1"] = 1
    workbook.save(path)
    return path


@pytest.mark.parametrize("extension", ["xls", "ods"])
def test_as_libreoffice_saves_them(office: Office, tmp_path: Path, extension: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    workbook = read(office.convert(everyday(tmp_path / "form.xlsx"), extension, out))
    assert isinstance(workbook, Workbook)
    assert workbook.kind == extension
    first, hidden = workbook.sheets
    assert first.name == "自评表"
    assert first.values == {(5, 3): "项目名称", (5, 4): 3.92, (9, 2): 7.84, (7, 3): "合并"}
    assert (hidden.name, hidden.state, hidden.values) == ("藏", "hidden", {(1, 1): 1.0})
    assert first.merges == ((Range(7, 3, 8, 5),) if extension == "xls" else ())


def test_an_xlsx_from_libreoffice_is_complete(office: Office, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    workbook = read(office.convert(everyday(tmp_path / "form.xlsx"), "xlsx", out))
    assert isinstance(workbook, Workbook)
    assert workbook.complete
    assert workbook.sheets[0].formulas == {(9, 2): "D5*2"}
    assert workbook.sheets[0].values[9, 2] == 7.84


def encrypted(password: str) -> bytes:
    plain, hidden = io.BytesIO(), io.BytesIO()
    with xlsxwriter.Workbook(plain, {"in_memory": True}) as workbook:
        workbook.add_worksheet("自评表").write_number("A1", 3.92)
    msoffcrypto.format.ooxml.OOXMLFile(plain).encrypt(password, hidden)
    return hidden.getvalue()


def test_read_only_recommended_is_no_password() -> None:
    workbook = opened(encrypted("VelvetSweatshop"))
    assert workbook.kind == "xlsx"
    assert workbook.complete
    assert workbook.sheets[0].values == {(1, 1): 3.92}


@pytest.mark.parametrize(
    "data",
    [
        encrypted("secret"),
        ole2({"EncryptedPackage": b"", "EncryptionInfo": b""}),
        ole2({"Workbook": biff8({(1, 1): 1.0}, globals_=b"\x2f\0\x06\0" + bytes(6))}),
    ],
    ids=["xlsx", "nothing inside", "xls"],
)
def test_a_password(data: bytes) -> None:
    assert told(read_bytes(data)) == Unreadable("encrypted", "a password is needed to open it")


@pytest.mark.usefixtures("fresh")
def test_one_process_serves_many_files() -> None:
    opened(XLS)
    first = legacy._child
    assert first is not None
    for _ in range(20):
        opened(XLS)
        read_bytes(ole2({"Workbook": b"\x09\x08\xff\xff damaged"}))
    assert legacy._child is first
    assert first.poll() is None


@pytest.mark.usefixtures("fresh")
def test_threads_do_not_get_each_others_answers() -> None:
    wrong: list[int] = []

    def work(number: int) -> None:
        data = ole2({"Workbook": biff8({(1, 1): float(number)})})
        wrong.extend(number for _ in range(10) if opened(data).sheets[0].values != {(1, 1): float(number)})

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.slow
@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize(
    ("code", "seconds", "verdict"),
    [
        ("import os; os.abort()", 20, Unreadable("crashed", "it brings down the program that reads it")),
        (
            "import sys; sys.stdin.buffer.readline(); print('nonsense')",
            20,
            Unreadable("crashed", "it brings down the program that reads it"),
        ),
        ("import time; time.sleep(60)", 0.3, Unreadable("timeout", "there was no verdict within 0.3 seconds")),
    ],
    ids=["dies", "nonsense", "hangs"],
)
def test_a_process_that_dies_or_hangs_costs_one_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: str, seconds: float, verdict: Unreadable
) -> None:
    script = tmp_path / "worker.py"
    script.write_text(code, encoding="utf-8")
    with monkeypatch.context() as patched:
        patched.setattr(legacy, "_WORKER", script)
        assert told(read_bytes(XLS, Limits(seconds=seconds))) == verdict
    assert opened(XLS).sheets[0].values[4, 2] == 1.5


@pytest.mark.usefixtures("fresh")
def test_a_process_that_died_between_files_is_replaced() -> None:
    opened(XLS)
    child = legacy._child
    assert child is not None
    child.kill()
    child.wait()
    opened(XLS)
    assert legacy._child is not child


@pytest.mark.usefixtures("fresh")
def test_two_cells_far_apart() -> None:
    far = ole2({"Workbook": biff8({(1, 1): 1.0, (65_536, 256): 2.0})})
    found = read_bytes(far, Limits(cells=1_000))
    assert isinstance(found, Unreadable)
    assert found.reason == "oversized"
    assert opened(XLS).sheets[0].values[4, 2] == 1.5


def test_too_many_cells_or_merges() -> None:
    assert told(read_bytes(XLS, Limits(cells=2))) == Unreadable("oversized", "more than 2 cells")
    assert told(read_bytes(XLS, Limits(ranges=0))) == Unreadable("oversized", "more than 0 merges in a sheet")
