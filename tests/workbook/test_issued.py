"""Locks put on a written workbook, and values put into it without writing it again."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.audit import audit
from support.dump import MAIN, Dump, Lock, dump, part
from support.forms import TEMPLATES, faultless, layout_of
from support.office import Office

from xlsform.form.evaluation.engine import engine_for
from xlsform.form.evaluation.hints import INSTRUCTIONS_SHEET, hints, to_do
from xlsform.form.field_types import MONEY, POINTS, YEAR, Cast
from xlsform.form.layout import Layout
from xlsform.workbook.fill import filled
from xlsform.workbook.issue import issue
from xlsform.workbook.locks import lock_for

PASSWORD = "县财政局 2021!"


def digest(password: str, lock: Lock) -> str:
    """The hash of a password as ECMA-376 part 1, 18.2.29 has it."""
    assert lock.algorithm == "SHA-512"
    value = hashlib.sha512(base64.b64decode(lock.salt) + password.encode("utf-16-le")).digest()
    for spin in range(lock.spins):
        value = hashlib.sha512(value + spin.to_bytes(4, "little")).digest()
    return base64.b64encode(value).decode()


def test_the_hash_is_that_of_other_programs() -> None:
    """The example of Microsoft's documentation, which LibreOffice's own tests use too."""
    lock = Lock(
        "SHA-512",
        "876MLoKTq42+/DLp415iZQ==",
        "5l3mgNHXpWiFaBPv5Yso1Xd/UifWvQWmlDnl/hsCYbFT2sJCzorjRmBCQ/3qeDu6Q/4+GIE8a1DsdaTwYh1q2g==",
        100_000,
    )
    assert digest("pwd", lock) == lock.hash


def issued_locks(path: Path) -> Iterator[Lock]:
    seen = dump(path)
    assert seen.structure_locked
    assert seen.structure_lock is not None
    yield seen.structure_lock
    for sheet in seen.sheets.values():
        assert sheet.protected
        assert sheet.lock is not None
        yield sheet.lock


@pytest.mark.slow
@pytest.mark.parametrize("password", [PASSWORD, "a", "长" * 200, "𠮷"])
def test_the_password_opens_every_lock_and_another_none(password: str, tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(issue(layout_of("mof-2020", 1), lock_for(password)))
    locks = list(issued_locks(path))
    assert len(locks) == 4
    assert len(set(locks)) == 1
    assert locks[0].spins == 100_000
    assert locks[0].hash == digest(password, locks[0])
    assert locks[0].hash != digest(password + " ", locks[0])


def test_the_password_itself_is_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(issue(layout_of("mof-2020", 1), lock_for(PASSWORD)))
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            held = archive.read(name)
            assert PASSWORD.encode() not in held
            assert PASSWORD.encode("utf-16-le") not in held


def test_two_locks_of_one_password_have_their_own_salt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    salts = set()
    for _ in range(3):
        lock_for.cache_clear()
        salts.add(lock_for("x").salt)
    assert len(salts) == 3
    assert all(len(base64.b64decode(salt)) == 16 for salt in salts)
    assert lock_for("x") is lock_for("x")  # spun once a batch


def test_a_repeatable_salt_says_nothing_of_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """A salt made of the password would be a hash of it that is quick to try."""
    lock_for.cache_clear()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    one, other = lock_for("x"), lock_for("y")
    assert one.salt == other.salt
    assert one.hash != other.hash
    lock_for.cache_clear()


@pytest.mark.slow
@pytest.mark.parametrize("template", TEMPLATES)
def test_locking_changes_nothing_else(template: str, tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.xlsx" for number in (1, 2)]
    for path, password in zip(paths, ("one", "two"), strict=True):
        path.write_bytes(issue(layout_of(template, 1), lock_for(password)))
    one, two = map(dump, paths)
    assert one.structure_lock != two.structure_lock
    assert without_locks(one) == without_locks(two)


def without_locks(seen: Dump) -> Any:
    sheets = {
        name: {key: getattr(sheet, key) for key in sheet.__dataclass_fields__ if key != "lock"}
        for name, sheet in seen.sheets.items()
    }
    return sheets, seen.names, seen.properties


# --- the same bytes

_SCRIPT = """
import sys
sys.path.insert(0, "tests")
from support.forms import faultless, layout_of
from xlsform.workbook.issue import issue
from xlsform.workbook.locks import lock_for
values = faultless("shanxi-2021", 2)
layout, lock = layout_of("shanxi-2021", 2), lock_for(sys.argv[1])
sys.stdout.buffer.write(issue(layout, lock, year=2021, values=values, project_code="P-1"))
"""


def built(epoch: str | None, password: str = "x", seed: str = "0") -> bytes:
    environment = {"PYTHONHASHSEED": seed, "PATH": "/usr/bin:/bin", "PYTHONPATH": "."}
    if epoch is not None:
        environment["SOURCE_DATE_EPOCH"] = epoch
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", _SCRIPT, password]
    return subprocess.run(command, check=True, capture_output=True, cwd=root, env=environment).stdout


@pytest.mark.slow
def test_same_input_same_bytes() -> None:
    first = built("1700000000")
    assert first[:2] == b"PK"
    assert built("1700000000", seed="1") == first
    assert built("1700000060") != first
    assert built("1700000000", password="y") != first


@pytest.mark.slow
def test_without_a_fixed_time_salts_differ() -> None:
    assert built(None) != built(None)


def test_the_time_goes_into_the_properties(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.xlsx"
    for epoch, wanted in (("1700000000", "2023-11-14T22:13:20Z"), ("0", "1980-01-01T00:00:00Z")):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
        path.write_bytes(issue(layout_of("mof-2020", 1), lock_for("x")))
        created = part(path, "docProps/core.xml").findtext("{http://purl.org/dc/terms/}created")
        assert created == wanted
    lock_for.cache_clear()


# --- values put in


def places(layout: Layout) -> dict[str, tuple[int, int]]:
    return {name: item.range.anchor for name, item in layout.fields.items()}


def fill(layout: Layout, data: bytes, values: Mapping[str, Cast | None]) -> bytes:
    everything = {item.name: values.get(item.name) for item in layout.inputs}
    return filled(data, layout, places(layout), everything)


def check_filled(layout: Layout, values: Mapping[str, Cast], path: Path, blank: Dump) -> None:
    """Everything stands where it should, the results are those of the engine, the rest is as it was."""
    seen = dump(path)
    sheet, before = seen.sheets[layout.form.sheet], blank.sheets[layout.form.sheet]
    results = engine_for(layout).evaluate(values)
    for name, item in layout.fields.items():
        shown = sheet.cells[item.cell].value
        if name in results.computed:
            wanted: Any = results.computed[name]
        elif name in values:
            wanted = values[name]
        else:
            wanted = item.spec.value if item.spec.value is not None else item.placeholder
        if isinstance(wanted, Decimal):
            assert shown == pytest.approx(float(wanted), rel=1e-12), name
        else:
            assert (shown or "") == (wanted or ""), name
    for row, text in hints(layout, results).items():
        assert (sheet.cells[f"K{row}"].value or "") == text
    assert seen.sheets[INSTRUCTIONS_SHEET].cells["A2"].value == to_do(hints(layout, results).values())
    # Formulas, locks, formats, validations, conditions, merges, names: untouched.
    assert {cell: (held.formula, held.locked, held.number_format) for cell, held in sheet.cells.items()} == {
        cell: (held.formula, held.locked, held.number_format) for cell, held in before.cells.items()
    }
    for key in ("merges", "widths", "validations", "conditions", "lock", "print_area", "state"):
        assert getattr(sheet, key) == getattr(before, key), key
    assert (seen.names, seen.properties, seen.structure_lock) == (blank.names, blank.properties, blank.structure_lock)
    assert all(sheet.heights[row] >= height for row, height in before.heights.items())


@pytest.fixture(scope="module")
def blanks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Layout, bytes, Dump]]:
    made = {}
    for template in TEMPLATES:
        path = tmp_path_factory.mktemp("blank") / f"{template}.xlsx"
        layout = layout_of(template, 2)
        path.write_bytes(issue(layout, lock_for(PASSWORD)))
        made[template] = (layout, path.read_bytes(), dump(path))
    return made


Blanks = dict[str, tuple[Layout, bytes, Dump]]


@pytest.mark.slow
@pytest.mark.parametrize("template", TEMPLATES)
def test_filled_as_a_person_would(template: str, blanks: Blanks, tmp_path: Path) -> None:
    layout, data, blank = blanks[template]
    path = tmp_path / "x.xlsx"
    values = faultless(template, 2)
    path.write_bytes(fill(layout, data, values))
    assert audit(path) == []
    check_filled(layout, values, path, blank)
    assert dump(path).sheets[INSTRUCTIONS_SHEET].cells["A2"].value == "没有待处理的问题，可以发回。"


def test_rows_grow_with_what_is_filled_in(blanks: Blanks, tmp_path: Path) -> None:
    layout, data, blank = blanks["mof-2020"]
    path = tmp_path / "x.xlsx"
    path.write_bytes(fill(layout, data, {"goal_actual": "完成养护一百一十八公里。" * 20}))
    heights, before = dump(path).sheets["自评表"].heights, blank.sheets["自评表"].heights
    assert heights[11] > before[11] + 50
    assert {**heights, 11: 0} == {**before, 11: 0}
    # Taken out again: nobody makes a row lower that may have been dragged.
    path.write_bytes(fill(layout, path.read_bytes(), {}))
    assert dump(path).sheets["自评表"].heights == heights


def test_taken_out_again_it_is_blank(blanks: Blanks, tmp_path: Path) -> None:
    layout, data, blank = blanks["shanxi-2021"]
    path = tmp_path / "x.xlsx"
    path.write_bytes(fill(layout, fill(layout, data, faultless("shanxi-2021", 2)), {}))
    assert audit(path) == []
    check_filled(layout, {}, path, blank)


def test_filling_twice_is_filling_once(blanks: Blanks) -> None:
    layout, data, _ = blanks["mof-2021"]
    values = faultless("mof-2021", 2)
    once = fill(layout, data, values)
    assert fill(layout, once, values) == once


def typed(layout: Layout) -> st.SearchStrategy[dict[str, Cast]]:
    """What people type: sound figures, far too large ones, text for numbers, formulas, anything."""
    texts = st.one_of(
        st.text(max_size=12), st.sampled_from(["=1+1", "约4", "3.92万元", "\ud800", "\x00", "指标1：", "……", "无"])
    )
    figures = st.decimals(0, 10**6, places=2)

    def values_of(number: int) -> st.SearchStrategy[Cast]:
        kind = layout.inputs[number].spec.type
        return st.one_of(figures, texts) if kind in (MONEY, POINTS, YEAR) else texts

    numbers = st.lists(st.integers(0, len(layout.inputs) - 1), unique=True, max_size=25)
    return numbers.flatmap(
        lambda chosen: st.fixed_dictionaries({layout.inputs[number].name: values_of(number) for number in chosen})
    )


@pytest.mark.property
@pytest.mark.parametrize("template", TEMPLATES)
@given(data=st.data())
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_put_in_the_file_stays_sound(
    template: str, blanks: Blanks, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    layout, original, _ = blanks[template]
    path = tmp_path_factory.mktemp("filled") / "x.xlsx"
    path.write_bytes(fill(layout, original, data.draw(typed(layout))))
    assert audit(path) == []


def test_a_formula_that_is_put_in_is_text(blanks: Blanks, tmp_path: Path) -> None:
    layout, data, _ = blanks["mof-2020"]
    path = tmp_path / "x.xlsx"
    values: dict[str, Cast] = {"project_name": "=1+1", "indicators.1.target": "=CMD()", "funds.total.budget": "=2"}
    path.write_bytes(fill(layout, data, values))
    root = part(path, "xl/worksheets/sheet1.xml")
    cells = {each.get("r"): each for each in root.iter(f"{MAIN}c")}
    for name in values:
        cell = cells[layout.fields[name].cell]
        assert cell.find(f"{MAIN}f") is None
        assert cell.get("t") == "s"


def test_libreoffice_keeps_the_lock(blanks: Blanks, tmp_path: Path, office: Office) -> None:
    """What it did not understand it would not write again."""
    _, data, blank = blanks["mof-2020"]
    source, folder = tmp_path / "x.xlsx", tmp_path / "saved"
    source.write_bytes(data)
    folder.mkdir()
    saved = dump(office.convert(source, "xlsx", folder)).sheets["自评表"]
    assert saved.protected
    assert saved.lock == blank.sheets["自评表"].lock
