"""Returns behind URLs: the same as on disk, and what fails on the way is one clear message or a verdict."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fsspec
import pytest
from click.testing import CliRunner
from fsspec.implementations.memory import MemoryFileSystem
from support.inbox_by_hand import WORKBOOK, Member, mail, mbox, named, raw_zip, refused

from xlsform.cli import cli
from xlsform.demo.samples import samples_folder
from xlsform.errors import NothingFoundError, UsageError
from xlsform.inbox import Incoming, Url, below, count, incoming, is_url, remote
from xlsform.reading import Limits

SAMPLES = {path.name: path.read_bytes() for path in sorted(samples_folder().glob("*.xlsx"))}


@pytest.fixture
def memory() -> Iterator[MemoryFileSystem]:
    system = fsspec.filesystem("memory")
    system.store.clear()
    system.pseudo_dirs[:] = [""]
    remote._found.cache_clear()
    yield system
    system.store.clear()
    remote._found.cache_clear()


def look(*texts: str, limits: Limits | None = None) -> list[Incoming]:
    return list(incoming([Url(text) for text in texts], limits or Limits()))


TREE = {
    "a.xlsx": WORKBOOK,
    "b/1.XLS": WORKBOOK,
    "b/c/3.ods": WORKBOOK,
    "b/d.eml": mail(named("x.xlsx")),
    "box.mbox": mbox([mail(named("y.xlsx")), mail(named("z.xlsx"))]),
    "旧.xltm": WORKBOOK,
    "z.zip": raw_zip(Member(b"in/a.xlsx", WORKBOOK), Member(b"b.xlsx", WORKBOOK)),
    "no zip.zip": b"PK\3\4 cut off",
    "md/cur/1:2,S": mail(named("m.xlsx")),
    "md/new/2": mail(named("n.xlsx")),
    "md/tmp/3": mail(named("never.xlsx")),
    "~$a.xlsx": WORKBOOK,
    ".hidden.xlsx": WORKBOOK,
    ".git/a.xlsx": WORKBOOK,
    "b/.x/a.zip": WORKBOOK,
    "readme.txt": b"text",
}


def test_a_folder_gives_what_it_gives_on_disk(memory: MemoryFileSystem, tmp_path: Path) -> None:
    for name, data in TREE.items():
        memory.pipe(f"/inbox/{name}", data)
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    local = list(incoming([tmp_path], Limits()))
    assert len(local) == 12
    for given in ("memory://inbox", "memory://inbox/"):
        found = look(given)
        assert [(each.origin, each.name, each.data, each.sender) for each in found] == [
            (each.origin.replace(str(tmp_path), "memory://inbox"), each.name, each.data, each.sender) for each in local
        ]
    assert count([Url("memory://inbox")]) == count([tmp_path])


def test_a_whole_file_system(memory: MemoryFileSystem) -> None:
    memory.pipe("/a.xlsx", WORKBOOK)
    memory.pipe("/x/b.xlsx", WORKBOOK)
    assert [each.origin for each in look("memory://")] == ["memory://a.xlsx", "memory://x/b.xlsx"]
    assert below("memory://x/b.xlsx", [Url("memory://")]).parts == ("x", "b.xlsx")


def test_a_file_of_its_own(memory: MemoryFileSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    memory.pipe("/x/自评表.xlsx", WORKBOOK)
    monkeypatch.setattr(MemoryFileSystem, "modified", lambda *_: datetime(2021, 1, 4, 2, 30))
    received = datetime(2021, 1, 4, 2, 30, tzinfo=UTC)
    assert look("memory://x/自评表.xlsx", "memory://x") == [
        Incoming("memory://x/自评表.xlsx", "自评表.xlsx", WORKBOOK, received, "")
    ]


def test_a_system_that_knows_no_times(memory: MemoryFileSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    memory.pipe("/x/a.xlsx", WORKBOOK)

    def unknown(*_: object) -> None:
        raise NotImplementedError

    monkeypatch.setattr(MemoryFileSystem, "modified", unknown)
    assert [each.received for each in look("memory://x")] == [None]


def test_limits_hold(memory: MemoryFileSystem) -> None:
    memory.pipe("/x/a.xlsx", WORKBOOK)
    (found,) = look("memory://x", limits=Limits(file_size=len(WORKBOOK) - 1))
    refused(found, "oversized")


def test_a_local_folder_by_its_url_does_not_follow_links_round(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(WORKBOOK)
    (tmp_path / "round").symlink_to(tmp_path)
    assert [each.origin for each in look(f"file://{tmp_path}")] == [f"file://{tmp_path}/a.xlsx"]


class FailingError(Exception):
    """What a network's own library raises."""


def fail(error: Exception) -> Any:
    def failing(*_: object, **__: object) -> None:
        raise error

    return failing


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PermissionError("no"), "denied"),
        (FileNotFoundError("gone"), "missing"),
        (FailingError("the line is dead"), "damaged"),
    ],
)
@pytest.mark.parametrize("name", ["a.xlsx", "a.zip", "a.eml"])
def test_a_file_that_cannot_be_had_is_unreadable_in_its_place(
    name: str, error: Exception, reason: Any, memory: MemoryFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.pipe(f"/x/{name}", WORKBOOK)
    memory.pipe("/x/b.xlsx", WORKBOOK)
    right = MemoryFileSystem.open

    def opened(self: MemoryFileSystem, path: str, *more: Any, **others: Any) -> Any:
        return fail(error)() if path.endswith(name) else right(self, path, *more, **others)

    monkeypatch.setattr(MemoryFileSystem, "open", opened)
    first, second = look("memory://x")
    refused(first, reason)
    assert second.data == WORKBOOK


@pytest.mark.parametrize("name", ["a.xlsx", "a.zip", "a.eml", "a.mbox"])
def test_a_line_that_breaks_while_reading(name: str, memory: MemoryFileSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    memory.pipe(f"/x/{name}", WORKBOOK)
    monkeypatch.setattr("fsspec.implementations.memory.MemoryFile.read", fail(FailingError("the line is dead")))
    (found,) = look("memory://x")
    assert "the line is dead" in refused(found, "damaged")


def test_a_folder_that_may_not_be_listed_is_told_in_its_place(
    memory: MemoryFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.pipe("/x/below/a.xlsx", WORKBOOK)
    memory.pipe("/x/z.xlsx", WORKBOOK)
    right = MemoryFileSystem.ls

    def ls(self: MemoryFileSystem, path: str, *more: Any, **others: Any) -> Any:
        return fail(PermissionError("Access Denied"))() if "below" in path else right(self, path, *more, **others)

    monkeypatch.setattr(MemoryFileSystem, "ls", ls)
    found = look("memory://x")
    assert [each.origin for each in found] == ["memory://x/below", "memory://x/z.xlsx"]
    assert "Access Denied" in refused(found[0], "damaged")
    with pytest.raises(UsageError, match=r"memory://x/below \(/x/below\): .*Access Denied"):
        look("memory://x/below")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("memory://nowhere", "memory://nowhere: no such file or folder"),
        ("nope://x", "nope://x: .*[Pp]rotocol not known"),
        ("sftp://u:geheim@host/x", "sftp://u@host/x: leave the password out"),
    ],
)
def test_a_url_that_leads_nowhere(text: str, told: str, memory: MemoryFileSystem) -> None:
    with pytest.raises(UsageError, match=told) as error:
        look(text)
    assert "geheim" not in str(error.value)


def test_a_system_that_does_not_answer(memory: MemoryFileSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryFileSystem, "info", fail(FailingError("no such bucket\nand more")))
    with pytest.raises(UsageError, match=r"^memory://x: the system cannot read it: no such bucket$"):
        look("memory://x")


def test_nothing_to_look_into(memory: MemoryFileSystem) -> None:
    memory.pipe("/x/readme.txt", b"")
    with pytest.raises(NothingFoundError):
        look("memory://x")


def test_without_fsspec_it_is_said_how_to_install_it(memory: MemoryFileSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    result = CliRunner().invoke(cli, ["--lang", "en", "validate", "memory://x"])
    assert (result.exit_code, result.stderr) == (
        2,
        "memory://x: URLs are read with fsspec: pip install 'xlsform[dask]'\n",
    )


def test_local_paths_do_without_fsspec(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("fsspec", "fsspec.core", "distributed", "dask"):
        monkeypatch.setitem(sys.modules, name, None)
    result = CliRunner().invoke(cli, ["validate", str(samples_folder() / "faultless.xlsx"), "--jobs", "1"])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("s3://bucket/2025", True),
        ("memory://x", True),
        ("file:///x", True),
        ("C:/returns", False),
        (r"C:\returns", False),
        ("C://returns", False),
        ("./s3://x", False),
        ("a.xlsx", False),
    ],
)
def test_what_is_a_url(text: str, url: bool) -> None:
    assert is_url(text) is url


def test_copies_stand_as_the_returns_did(memory: MemoryFileSystem, tmp_path: Path) -> None:
    faulty = SAMPLES["faults-points.xlsx"]
    memory.pipe("/in/甲/a.xlsx", faulty)
    memory.pipe("/in/z.zip", raw_zip(Member(b"b.xlsx", faulty)))
    memory.pipe("/one/c.xlsx", faulty)
    result = CliRunner().invoke(
        cli,
        [
            "validate",
            "memory://in",
            "memory://one/c.xlsx",
            "--annotate",
            str(tmp_path),
            "--format",
            "json",
            "--jobs",
            "1",
        ],
    )
    assert result.exit_code == 1
    assert [each["path"] for each in json.loads(result.stdout)["files"]] == [
        "memory://in/z.zip/b.xlsx",
        "memory://in/甲/a.xlsx",
        "memory://one/c.xlsx",
    ]
    found = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.xlsx"))
    assert found == ["c_退回.xlsx", "z.zip/b_退回.xlsx", "甲/a_退回.xlsx"]
    assert below("memory://elsewhere/a.xlsx", [Path(), Url("memory://in")]).parts == ("a.xlsx",)
