"""What a killed program leaves is removed by the next that writes there; what a living one writes is not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from xlsform.files import parts
from xlsform.files.atomic import open_whole, write_whole


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test is a run of its own, which has tidied no folder."""
    monkeypatch.setattr(parts, "_tidied", set())


def left(folder: Path, machine: str, process: int, age: float = 0.0) -> Path:
    path = folder / f".xlsform-{machine}-{process}-{'0f' * 8}.part"
    path.write_bytes(b"half")
    written = time.time() - age
    os.utime(path, (written, written))
    return path


@pytest.fixture(scope="module")
def ended() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_what_a_dead_process_left_is_removed(tmp_path: Path, ended: int) -> None:
    dead = left(tmp_path, parts._machine(), ended)
    write_whole(tmp_path / "x", b"1")
    assert not dead.exists()
    assert [each.name for each in tmp_path.iterdir()] == ["x"]


def test_what_a_living_process_writes_stays(tmp_path: Path) -> None:
    old = 30 * 24 * 3600.0
    own, first = left(tmp_path, parts._machine(), os.getpid(), old), left(tmp_path, parts._machine(), os.getppid(), old)
    write_whole(tmp_path / "x", b"1")
    assert own.exists()
    assert first.exists()


@pytest.mark.parametrize(("hours", "stays"), [(23, True), (25, False)])
def test_of_another_machine_only_what_is_a_day_old_is_removed(
    hours: int, stays: bool, tmp_path: Path, ended: int
) -> None:
    other = left(tmp_path, "00000000", ended, hours * 3600.0)
    unnamed = tmp_path / f".xlsform-{'0f' * 8}.part"
    other.replace(unnamed)
    other = left(tmp_path, "00000000", ended, hours * 3600.0)
    write_whole(tmp_path / "x", b"1")
    assert (other.exists(), unnamed.exists()) == (stays, stays)


def test_other_names_are_nobodys_business(tmp_path: Path, ended: int) -> None:
    machine = parts._machine()
    names = [f"xlsform-{machine}-{ended}-{'0f' * 8}.part", f".xlsform-{machine}-{ended}-x.part", "a.part"]
    for name in names:
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, (0, 0))
    write_whole(tmp_path / "x", b"1")
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted([*names, "x"])


def test_a_folder_of_that_name_stays(tmp_path: Path, ended: int) -> None:
    folder = tmp_path / f".xlsform-{parts._machine()}-{ended}-{'0f' * 8}.part"
    folder.mkdir()
    write_whole(tmp_path / "x", b"1")
    assert folder.is_dir()


def test_the_name_tells_whose_it_is(tmp_path: Path) -> None:
    with open_whole(tmp_path / "x") as file:
        match = parts._NAME.fullmatch(Path(file.name).name)
        assert match is not None
        assert (match["machine"], match["process"]) == (parts._machine(), str(os.getpid()))
        assert re.fullmatch("[0-9a-f]{8}", parts._machine())


_KILLED = """
import os, signal, sys
from pathlib import Path
from xlsform.files.atomic import open_whole

with open_whole(Path(sys.argv[1])) as file:
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
def test_the_run_after_a_killed_one_leaves_nothing_of_it(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path / "x")], cwd=Path(__file__).parents[2], check=False)
    assert len(list(tmp_path.iterdir())) == 1
    write_whole(tmp_path / "x", b"1")
    assert [each.name for each in tmp_path.iterdir()] == ["x"]
