"""Nothing lost: commands that are killed at random moments, two hundred times in all, leave whole files or none.

The program is loaded once and forked, so that a kill falls into its work and not into its start.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import random
import shutil
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from xlsform.cli import cli
from xlsform.demo.samples import samples_folder
from xlsform.reading import read_bytes
from xlsform.reading.workbook import Workbook

KILLS = 40
RETURNS, PROJECTS = 6, 8

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no fork on Windows")


def forked(arguments: list[str], seconds: float | None) -> bool:
    """Run a command in a process of its own, and kill it after so many seconds; whether it came to its end."""
    child = os.fork()
    if child == 0:
        # What is judged are the files: nobody asks for the exit code, or reads what is said.
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said), contextlib.suppress(BaseException):
            cli(arguments)
        os._exit(0)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1] == 0


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few returns, faulty ones among them."""
    folder = tmp_path_factory.mktemp("inbox")
    for number, path in enumerate(sorted(samples_folder().glob("*.xlsx"))[:RETURNS]):
        (folder / f"{number}.xlsx").write_bytes(path.read_bytes())
    return folder


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("list") / "list.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(
            [["项目编码", "项目名称", "主管部门", "实施单位"]]
            + [[f"{number:03}", f"项目{number}", "某局", f"单位{number % 3}"] for number in range(PROJECTS)]
        )
    return path


def is_workbook(path: Path) -> bool:
    return isinstance(read_bytes(path.read_bytes()), Workbook)


def is_report(path: Path) -> bool:
    return len(json.loads(path.read_text(encoding="utf-8"))["files"]) == RETURNS


def is_register(path: Path) -> bool:
    """Whether a register is whole; one that is empty yet is made by the next who opens it."""
    if not path.stat().st_size:
        return True
    with contextlib.closing(sqlite3.connect(path)) as database:
        return bool(database.execute("PRAGMA integrity_check").fetchone() == ("ok",))


def whole(folder: Path) -> dict[str, bool]:
    """Return which files of a folder are whole; hidden ones have not taken their names yet."""
    checks: dict[str, Callable[[Path], bool]] = {".xlsx": is_workbook, ".json": is_report, ".db": is_register}
    files = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")]
    return {path.name: checks[path.suffix](path) for path in files if path.suffix in checks}


#: By name, with LISTED, INBOX and OUT for the project list, what came back, and the folder of the outputs.
COMMANDS = {
    "generate": "generate mof-2020 --projects LISTED --register OUT/r.db -o OUT",
    "validate": "validate INBOX --format json --jobs 1 -o OUT/report.json",
    "annotate": "validate INBOX --jobs 1 --annotate OUT/back -o OUT/report.txt",
    "summarize": "summarize INBOX --jobs 1 -o OUT/summary.xlsx",
    "register": "validate INBOX --jobs 1 --register OUT/r.db -o OUT/report.txt",
}


def words(name: str, listed: Path, inbox: Path, out: Path) -> list[str]:
    """Return a command with its paths."""
    paths = {"LISTED": listed, "INBOX": inbox, "OUT": out}
    parts = [word.split("/") for word in COMMANDS[name].split()]
    return [str(Path(paths[first], *rest)) if first in paths else first for first, *rest in parts]


@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_killed_leaves_whole_files_or_none(
    name: str, listed: Path, inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XLSFORM_PASSWORD", "a password")
    inputs = [*inbox.iterdir(), listed]
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in inputs}

    forked(words("generate", listed, inbox, tmp_path), None)

    def run(out: Path, seconds: float | None) -> bool:
        out.mkdir(exist_ok=True)
        if name == "register" and not (out / "r.db").exists():
            shutil.copy(tmp_path / "r.db", out)
        return forked(words(name, listed, inbox, out), seconds)

    started = time.perf_counter()
    assert run(tmp_path / "whole", None)
    takes = time.perf_counter() - started
    wanted = sorted(whole(tmp_path / "whole"))
    chance, ended, seen = random.Random(name), 0, 0
    for number in range(KILLS):
        out = tmp_path / str(number)
        ended += run(out, chance.uniform(0, takes))
        found = whole(out)
        seen += len(found)
        assert all(found.values()), found
        if number % 10 == 0:
            # The next run makes everything whole, whatever the killed one left.
            assert run(out, None)
            assert sorted(whole(out)) == wanted
    assert ended < KILLS, "some were killed before their end"
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in inputs} == before
