"""A run that is stopped half-way: nothing half-written, nothing lost, and the next run does the rest."""

from __future__ import annotations

import csv
import hashlib
import os
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from xlsform.cli import cli
from xlsform.demo.samples import samples_folder
from xlsform.inbox import Incoming
from xlsform.projects import Project
from xlsform.reading import read_bytes
from xlsform.reading.workbook import Workbook
from xlsform.register import Register
from xlsform.verdict.judge import Judge
from xlsform.verdict.verdict import Verdict

ROOT = Path(__file__).parents[2]
COUNT = 200
"""So many that a run takes a second at least after the first of them were recorded."""


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns that differ, every eighth one faulty."""
    folder = tmp_path_factory.mktemp("round") / "inbox"
    folder.mkdir()
    samples = [(samples_folder() / f"{name}.xlsx").read_bytes() for name in ("faultless", "faults-points")]
    for number in range(COUNT):
        path = folder / f"{number:03}.xlsx"
        path.write_bytes(commented(samples[number % 8 == 0], f"{number:03}"))
        os.utime(path, (1_700_000_000 + number,) * 2)
    return folder


def commented(workbook: bytes, comment: str) -> bytes:
    """Return the same workbook in other bytes: with a comment at the end of its archive."""
    return workbook[:-2] + struct.pack("<H", len(comment)) + comment.encode()


@pytest.fixture(scope="module")
def issued(inbox: Path) -> Path:
    """A register in which one project was issued, so that returns are compared."""
    path = inbox.parent / "issued.db"
    project = Project("001", "农村公路养护", "", "某县公路养护中心", "", {}, (), {}, 2)
    with Register.open(path, create=True) as register:
        register.record_issued(
            project, template="mof-2020", edition="", year=2021, file="", digest="", password="x"
        )  # fmt: skip
    return path


@pytest.fixture(scope="module")
def expected(inbox: Path, issued: Path) -> list[str]:
    """The report of a run that nobody stopped, file by file."""
    register = shutil.copy(issued, inbox.parent / "whole.db")
    report = inbox.parent / "whole.jsonl"
    process = started("validate", inbox, "--register", register, "--jobs", "2", "--format", "jsonl", "-o", report)
    assert finished(process) == (1, "")
    return report.read_text(encoding="utf-8").splitlines()


def started(*arguments: str | Path) -> subprocess.Popen[str]:
    """Start xlsform as a terminal would: in a process group of its own, which Ctrl-C reaches as a whole."""
    return subprocess.Popen(
        [sys.executable, "-m", "xlsform", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "XLSFORM_PASSWORD": "x"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # Whoever runs the tests in the background may have told them to ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def finished(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Return the exit code of a run and what it said, once the last of its processes has ended."""
    said = process.communicate(timeout=60)[1]
    return process.returncode, said


def ctrl_c(process: int) -> None:
    """Press it as people do: more than once."""
    for _ in range(3):
        os.killpg(process, signal.SIGINT)
        time.sleep(0.01)


def kill_all(process: int) -> None:
    os.killpg(process, signal.SIGKILL)


def kill_the_first(process: int) -> None:
    os.kill(process, signal.SIGKILL)


def stopped(
    process: subprocess.Popen[str], begun: Callable[[], bool], stop: Callable[[int], None] = ctrl_c
) -> tuple[int, str]:
    """Stop a run as soon as it has begun."""
    while not begun():
        assert process.poll() is None, process.communicate()
        time.sleep(0.002)
    stop(process.pid)
    return finished(process)


def said_once(said: str) -> bool:
    return said.startswith("interrupted; nothing half-written is left behind.") and said.count("\n") == 1


def rows(register: Path, sql: str) -> list[tuple[str, ...]]:
    """Return what a query gives; nothing while the register is being made or locked."""
    try:
        with closing(sqlite3.connect(f"file:{register}?mode=ro", uri=True)) as connection:
            return connection.execute(sql).fetchall()
    except sqlite3.OperationalError:
        return []


def recorded(register: Path) -> set[str]:
    return {Path(origin).name for (origin,) in rows(register, "SELECT origin FROM returns")}


def judged_now(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> list[str]:
    """Run a command here, and return the names of the files that were judged and not remembered."""
    names: list[str] = []
    verdict = Judge.verdict

    def noted(self: Judge, file: Incoming) -> Verdict:
        names.append(file.name)
        return verdict(self, file)

    monkeypatch.setattr(Judge, "verdict", noted)
    result = CliRunner().invoke(cli, ["--lang", "en", *map(str, arguments), "--jobs", "1"])
    assert result.exit_code == 1, result.output
    return names


@pytest.mark.parametrize("stop", [ctrl_c, kill_all, kill_the_first])
def test_a_second_run_judges_the_rest(
    stop: Callable[[int], None],
    inbox: Path,
    issued: Path,
    expected: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    register, report = tmp_path / "r.db", tmp_path / "report.jsonl"
    shutil.copy(issued, register)
    run = ("validate", inbox, "--register", register, "--format", "jsonl", "-o", report)
    code, said = stopped(started(*run, "--jobs", "2"), lambda: bool(recorded(register)), stop)
    if stop is ctrl_c:
        assert code == 130
        assert said_once(said), said
        assert [path.name for path in tmp_path.iterdir()] == ["r.db"]
    else:
        assert (code, said) == (-signal.SIGKILL, "")
        assert not report.exists()
    done = recorded(register)
    assert 0 < len(done) < COUNT
    assert rows(register, "PRAGMA integrity_check") == [("ok",)]
    assert judged_now(monkeypatch, *run) == [path.name for path in sorted(inbox.iterdir()) if path.name not in done]
    assert report.read_text(encoding="utf-8").splitlines() == expected
    assert len(recorded(register)) == COUNT


def test_copies_are_whole_or_not_there(inbox: Path, tmp_path: Path) -> None:
    back, report = tmp_path / "back", tmp_path / "report.txt"
    run = ("validate", inbox, "--annotate", back, "-o", report, "--jobs", "2")
    code, said = stopped(started(*run), lambda: back.exists() and any(back.glob("*.xlsx")))
    assert code == 130
    assert said_once(said), said
    assert [path.name for path in tmp_path.iterdir()] == ["back"]
    copies = list(back.iterdir())
    assert 0 < len(copies) < COUNT / 8
    assert all(isinstance(read_bytes(path.read_bytes()), Workbook) for path in copies)
    assert finished(started(*run)) == (1, "")
    assert len(list(back.iterdir())) == COUNT / 8


def test_two_runs_at_once_lose_nothing(inbox: Path, issued: Path, tmp_path: Path) -> None:
    register = tmp_path / "r.db"
    shutil.copy(issued, register)
    reports = [tmp_path / f"{name}.jsonl" for name in "ab"]
    both = [
        started("validate", inbox, "--register", register, "--jobs", "1", "--format", "jsonl", "-o", each)
        for each in reports
    ]
    assert [finished(process) for process in both] == [(1, ""), (1, "")]
    assert len(recorded(register)) == COUNT
    assert reports[0].read_bytes() == reports[1].read_bytes()


def test_issuing_again_makes_everything_whole(tmp_path: Path) -> None:
    count, listed = 60, tmp_path / "list.csv"
    with listed.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerow(["项目编码", "项目名称", "主管部门", "实施单位"])
        csv.writer(file).writerows([f"{number:03}", f"项目{number}", "某局", "某站"] for number in range(count))
    register, folder = tmp_path / "r.db", tmp_path / "issued"
    run = ("generate", "mof-2020", "--projects", listed, "--year", "2025", "--register", register, "-o", folder)
    code, said = stopped(started(*run), lambda: len(list(folder.rglob("*.xlsx"))) > 2)
    assert code == 130
    assert said_once(said), said
    written = [path for path in folder.rglob("*") if path.is_file()]
    assert 2 < len(written) < count
    assert all(isinstance(read_bytes(path.read_bytes()), Workbook) for path in written)
    # What lies there is left as it is, and the rest is made; nothing is issued twice.
    assert finished(started(*run)) == (
        0,
        f"issued before, and left as they are: {len(written)} workbooks\n"
        f"written: {count - len(written)} workbooks in {folder}\n",
    )
    assert len(rows(register, "SELECT id FROM issues")) == count
    written = [path for path in folder.rglob("*") if path.is_file()]
    assert len(written) == count
    with Register.open(register) as opened:
        digests = {each.file: each.digest for each in opened.issued()}
    assert digests == {str(path.resolve()): hashlib.sha256(path.read_bytes()).hexdigest() for path in written}
