"""The inputs of a command are known by what the system says of them, on every system."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from xlsform.errors import UsageError
from xlsform.files import inputs as module
from xlsform.files.atomic import write_whole
from xlsform.files.inputs import Inputs, reading, require_free, same_name


def read(*paths: Path) -> Inputs:
    inputs = Inputs()
    for path in paths:
        inputs.add_file(path)
    return inputs


def free(inputs: Inputs, path: Path) -> bool:
    return inputs.refusal(path) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Register.DB", "register.db"),
        ("报告.xlsx.", "报告.xlsx"),
        ("report.xlsx . ", "report.xlsx"),
        ("Ä.xlsx", "A\N{COMBINING DIAERESIS}.xlsx"),
        ("STRASSE", "straße"),
    ],
)
def test_names_that_some_system_takes_for_one(one: str, other: str) -> None:
    assert same_name(one) == same_name(other)


def test_names_that_are_two_everywhere() -> None:
    assert same_name("甲.xlsx") != same_name("乙.xlsx")
    assert same_name(".xlsx") != same_name("xlsx")


def test_two_files_whose_names_differ_in_case_alone_are_two(tmp_path: Path) -> None:
    one, other = tmp_path / "a.xlsx", tmp_path / "A.xlsx"
    one.write_bytes(b"1")
    other.write_bytes(b"2")
    if len(list(tmp_path.iterdir())) == 1:
        pytest.skip("here they are one")
    assert free(read(one), other)
    other.unlink()
    # What does not exist yet might be made on a system that does not tell them apart.
    assert not free(read(one), other)


def test_a_file_beside_an_input_is_free(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    inputs = read(tmp_path / "a", tmp_path / "new" / "r.db")
    for name in ("b", "new", "new/r", "new/r.db/x", "other/r.db", "a/b"):
        assert free(inputs, tmp_path / name), name
    for name in ("new/r.db", "new/R.db", "new/x/../r.db"):
        assert not free(inputs, tmp_path / name), name


@pytest.mark.skipif(os.name == "nt", reason="links need a permission of their own there")
def test_an_input_behind_links_is_the_file_that_they_lead_to(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    file, link, folder = tmp_path / "there" / "a", tmp_path / "link", tmp_path / "folder"
    file.write_bytes(b"1")
    link.symlink_to(file)
    folder.symlink_to(file.parent)
    for one in (file, link, folder / "a"):
        for other in (file, link, folder / "a", folder / ".." / "there" / "a"):
            assert not free(read(one), other)
    round_trip = tmp_path / "round"
    round_trip.symlink_to(round_trip)
    assert free(read(file), round_trip)


def test_a_drive_that_does_not_number_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some network drives of Windows give every file the number 0: there, names have to do."""

    def unnumbered(path: Path | str) -> Any:
        try:
            return SimpleNamespace(st_mode=Path(path).stat().st_mode, st_dev=7, st_ino=0)
        except OSError:
            return None

    monkeypatch.setattr(module, "_status", unnumbered)
    (tmp_path / "a.xlsx").write_bytes(b"1")
    (tmp_path / "b.xlsx").write_bytes(b"2")
    inputs = read(tmp_path / "a.xlsx")
    assert free(inputs, tmp_path / "b.xlsx")
    assert not free(inputs, tmp_path / "x" / ".." / "a.xlsx")
    assert not free(inputs, tmp_path / "A.XLSX")


def test_a_folder_that_is_searched(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    inputs = Inputs()
    inputs.add_folder(inbox, lambda name: name.endswith(".xlsx"))
    for name in ("a.xlsx", "new/deep/a.xlsx", "../inbox/a.xlsx"):
        assert not free(inputs, inbox / name), name
    for name in ("a.html", ".hidden/a.xlsx", "x/.hidden/y/a.xlsx", "../a.xlsx", "../inbox2/a.xlsx"):
        assert free(inputs, inbox / name), name


def test_whatever_writes_a_file_is_refused_while_a_command_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"1")
    with reading(read(path)):
        with pytest.raises(UsageError, match=r"a: the same command reads this file; give the output another name"):
            write_whole(path, b"2")
        write_whole(tmp_path / "b", b"2")
    assert path.read_bytes() == b"1"
    require_free(path)
    write_whole(path, b"2")
    assert path.read_bytes() == b"2"


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="open files are not shown there")
def test_what_is_open_already_is_added_to(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"before\n")
    with log.open("ab") as file:
        write_whole(Path(f"/dev/fd/{file.fileno()}"), b"after\n")
    assert log.read_bytes() == b"before\nafter\n"
