"""Each hostile file gets the verdict that is due, from two processes as from one, soon, and for little memory."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from support.hostile import FAULTLESS, HOSTILE, form_parts, packed
from support.measured import Judges, judges
from support.timing import within

from xlsform.verdict.judge import judged
from xlsform.verdict.verdict import Options, Verdict

SECONDS, MEGABYTES = 2.0, 512


@pytest.fixture(scope="module")
def measured() -> Iterator[Judges]:
    with judges() as found:
        yield found


@pytest.mark.parametrize("about", HOSTILE)
def test_a_verdict_soon_and_for_little_memory(about: str, measured: Judges, tmp_path: Path) -> None:
    hostile = HOSTILE[about]
    path = tmp_path / hostile.name
    path.write_bytes(hostile.build())
    cost = measured.cost(path)
    assert cost.status in ("passed", "failed", "unreadable"), cost
    assert (cost.codes or ("passed",))[0].startswith(hostile.code), cost
    assert cost.seconds <= SECONDS, cost
    assert cost.megabytes <= MEGABYTES, cost


def test_the_faultless_form_is_faultless(measured: Judges, tmp_path: Path) -> None:
    """All the others are made of it."""
    path = tmp_path / "return.xlsx"
    path.write_bytes(FAULTLESS)
    assert measured.cost(path).codes == ()


# --- damage of every kind


def verdict_on(data: bytes) -> Verdict:
    """The verdict; none takes long, and none is for the last resort."""
    with within(SECONDS):
        verdict = judged(Path("return.xlsx"), data, Options())
    assert verdict.status in ("passed", "failed", "unreadable")
    assert verdict.status == "passed" or verdict.findings
    messages = " ".join(str(each.message) for each in verdict.findings)
    assert "fault in xlsform" not in messages
    assert "make no sense" not in messages
    return verdict


def test_cut_off_at_every_100th_byte() -> None:
    for length in range(0, len(FAULTLESS), 100):
        verdict = verdict_on(FAULTLESS[:length])
        assert (verdict.status, verdict.findings[0].code) == ("unreadable", "F101"), length


def test_single_bits_flipped() -> None:
    """What no checksum covers are dates, flags and the names in local headers: the form is still the form."""
    chance = random.Random(5)
    passed = 0
    for _ in range(2_000):
        data = bytearray(FAULTLESS)
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        verdict = verdict_on(bytes(data))
        passed += verdict.status == "passed"
        if verdict.status != "unreadable":
            assert not verdict.findings or verdict.findings[0].code in ("F109", "F111", "S113", "S109", "S108", "F106")
    assert 0 < passed < 1_000


@pytest.mark.parametrize("part", [name for name in form_parts() if name.startswith(("xl/w", "xl/s", "[", "xl/_", "d"))])
def test_bits_flipped_before_it_was_packed(part: str) -> None:
    chance = random.Random(part)
    with zipfile.ZipFile(BytesIO(FAULTLESS)) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    for _ in range(60):
        data = bytearray(content[part])
        for _ in range(chance.choice([1, 1, 3])):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        verdict_on(packed(content | {part: bytes(data)}))


# --- a folder of it all


def odd_places(folder: Path) -> dict[str, str]:
    """Make what is no file, or cannot be read, and say what is to be told of it."""
    (folder / "folder.xlsx").mkdir()
    (folder / "folder.xlsx" / "inside.xlsx").write_bytes(FAULTLESS)
    found = {"folder.xlsx/inside.xlsx": "passed"}
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe.xlsx")
        (folder / "loop.xlsx").symlink_to(folder / "loop.xlsx")
        (folder / "nowhere.xlsx").symlink_to(folder / "nothing.xlsx")
        (folder / "up").symlink_to(folder, target_is_directory=True)
        (folder / "\x1b[2J\n.xlsx").write_bytes(FAULTLESS)
        found |= dict.fromkeys(("pipe.xlsx", "loop.xlsx", "nowhere.xlsx"), "unreadable") | {"\x1b[2J\n.xlsx": "passed"}
        if os.geteuid() != 0:
            (folder / "locked.xlsx").write_bytes(FAULTLESS)
            (folder / "locked.xlsx").chmod(0)
            found["locked.xlsx"] = "unreadable"
    return found


def test_one_batch_of_small_hostile_files_and_odd_places(tmp_path: Path) -> None:
    folder = tmp_path / "returns"
    folder.mkdir()
    due = odd_places(folder)
    for number, (about, hostile) in enumerate(HOSTILE.items()):
        if about.startswith(("a", "the", "two", "DDE", "an")) and hostile.name.endswith(".xlsx"):
            data = hostile.build()
            if len(data) < 100_000:
                name = f"{number:03}.xlsx"
                (folder / name).write_bytes(data)
                due[name] = "unreadable" if hostile.code in ("F101", "F102", "F103") else ""
    started = os.times()
    run = subprocess.run(
        [sys.executable, "-m", "xlsform", "validate", str(folder), "--jobs", "2", "--format", "json"],
        capture_output=True, check=False, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    ended = os.times()
    assert ended.children_user + ended.children_system - started.children_user - started.children_system < 30
    assert (run.returncode, run.stderr) == (1, b"")
    found = {str(Path(each["path"]).relative_to(folder)): each for each in json.loads(run.stdout)["files"]}
    assert found.keys() == due.keys()
    for name, status in due.items():
        each = found[name]
        assert each["status"] == (status or each["status"])
        assert each["status"] in ("passed", "failed", "unreadable")
        assert each["status"] == "passed" or each["findings"]
