"""Stdout is honest: a full disk is told, and a reader that has seen enough changes nothing about the exit code."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from xlsform.cli.streams import _Outlet
from xlsform.demo.samples import samples_folder
from xlsform.errors import UsageError

ROOT = Path(__file__).parents[2]

needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk is full by nature there")
FORMATS = ("text", "json", "jsonl", "csv", "html")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("desk")
    (folder / "many").mkdir()
    for number in range(30):
        shutil.copy(samples_folder() / "faults-weights.xlsx", folder / "many" / f"{number}.xlsx")
    listed = "项目编码,项目名称,实施单位\n001,甲,站\n"
    (folder / "list.csv").write_text(listed, encoding="utf-8")
    run(folder, "xlsform generate mof-2020 --projects list.csv --register r.db -o issued")
    return folder


def run(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which ``xlsform`` is this program; the exit code is that of the first in a pipe."""
    program = f"'{sys.executable}' -m xlsform"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "XLSFORM_PASSWORD": "x"}
    command = ["bash", "-c", f'{line.replace("xlsform", program, 1)}; exit "${{PIPESTATUS[0]}}"']
    return subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", env=environment, check=False)


def printing() -> Iterator[str]:
    """Yield a call of every command that prints, in every format."""
    yield from (f"validate many/1.xlsx --format {each}" for each in FORMATS)
    yield from (f"status --register r.db --format {each}" for each in ("text", "json", "csv"))
    yield from (f"status --register r.db --project 001 --format {each}" for each in ("text", "json"))
    yield from (f"rules --format {each}" for each in ("text", "markdown", "json"))
    yield from (f"{name} --format {each}" for name in ("templates", "describe mof-2020") for each in ("text", "json"))
    yield from ("templates check many/1.xlsx", "templates show mof-2020", "extract many/1.xlsx", "demo demo")
    yield from ("--version", "--help", "validate --help", "mail --help", "mail draft --help")


@pytest.mark.slow
@needs_full
@pytest.mark.parametrize("call", list(printing()))
def test_a_full_disk_is_told_in_one_line(call: str, desk: Path) -> None:
    if call.startswith("templates check"):
        run(desk, "xlsform templates show mof-2020 -o own.json")
        call = "templates check own.json"
    done = run(desk, f"xlsform {call} > /dev/full")
    assert (done.returncode, done.stderr) == (
        2, "standard output: cannot be written (No space left on device)\n"
    )  # fmt: skip


@pytest.mark.slow
@needs_full
def test_that_stderr_is_full_too_is_no_traceback(desk: Path) -> None:
    assert run(desk, "xlsform validate many/1.xlsx > /dev/full 2> /dev/full").returncode == 2
    assert run(desk, "xlsform validate nowhere 2> /dev/full").returncode == 2
    assert run(desk, "xlsform validate many/1.xlsx 2> /dev/full").returncode == 1


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMATS)
def test_a_reader_that_has_seen_enough_does_not_change_the_exit_code(form: str, desk: Path) -> None:
    for reader in ("head -c 1 > /dev/null", "true"):
        done = run(desk, f"xlsform validate many --jobs 1 --format {form} | {reader}")
        assert (done.returncode, done.stderr) == (1, ""), reader
        done = run(desk, f"xlsform validate many --jobs 1 --format {form} --fail-on never | {reader}")
        assert (done.returncode, done.stderr) == (0, ""), reader


@pytest.mark.slow
def test_what_is_remembered_does_not_depend_on_the_reader(desk: Path) -> None:
    shutil.copy(desk / "r.db", desk / "copy.db")
    run(desk, "xlsform validate many --register copy.db --format jsonl --jobs 1 | true")
    told = run(desk, "xlsform status --register copy.db --format csv").stdout
    assert told.count("many") == 30


@pytest.mark.slow
def test_a_stream_that_is_closed_is_no_traceback(desk: Path) -> None:
    done = run(desk, "xlsform validate many/1.xlsx >&-")
    assert (done.returncode, done.stderr) == (1, "")


class Refusing(io.RawIOBase):
    def __init__(self, error: OSError) -> None:
        self.error, self.asked = error, 0

    def write(self, data: object) -> int:
        self.asked += 1
        raise self.error


def test_what_does_not_arrive_is_told_once() -> None:
    raw = Refusing(OSError(28, "No space left on device"))
    outlet = _Outlet(raw, tells=True)
    with pytest.raises(UsageError, match=r"standard output: cannot be written \(No space left on device\)"):
        outlet.write(b"data")
    assert outlet.write(b"more") == 4
    assert raw.asked == 1


@pytest.mark.parametrize(("error", "tells"), [(BrokenPipeError(32, "gone"), True), (OSError(28, "full"), False)])
def test_what_nobody_waits_for_is_dropped(error: OSError, tells: bool) -> None:
    raw = Refusing(error)
    outlet = _Outlet(raw, tells=tells)
    assert (outlet.write(b"data"), outlet.write(b"data"), raw.asked) == (4, 4, 1)
