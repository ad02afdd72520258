"""Where returns come from: files and folders, in a stable order, one at a time."""

import contextlib
import inspect
import os
import sys
import tempfile
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.inbox_by_hand import WORKBOOK, Member, look, mail, mbox, named, raw_zip, refused, workbook

from xlsform.errors import NothingFoundError, UsageError
from xlsform.inbox import Incoming, below, count, incoming
from xlsform.inbox.discovery import find
from xlsform.reading import Limits
from xlsform.reading.workbook import Reason, Unreadable


def put(folder: Path, name: str, data: bytes = WORKBOOK) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_a_file_of_its_own(tmp_path: Path) -> None:
    path = put(tmp_path, "自评表.xlsx")
    os.utime(path, (1_609_727_400, 1_609_727_400))
    assert look(path) == [Incoming(str(path), "自评表.xlsx", WORKBOOK, datetime(2021, 1, 4, 2, 30, tzinfo=UTC), "")]


def test_a_folder_is_searched_deep_and_in_order(tmp_path: Path) -> None:
    names = ["a.xlsx", "b/1.XLS", "b/2.et", "b/c/3.ods", "b/d.eml", "c.xlsb", "z.zip", "旧.xltm"]
    for name in reversed(names):
        put(tmp_path, name, mail(named("x.xlsx")) if name.endswith("eml") else WORKBOOK)
    for name in (
        "~$a.xlsx",
        ".hidden.xlsx",
        ".git/a.xlsx",
        "b/.x/a.zip",
        "readme.txt",
        "b/scan.pdf",
        "b/a.docx",
        "x.csv",
    ):
        put(tmp_path, name)
    expected = [name.replace("d.eml", "d.eml/x.xlsx") for name in names]
    assert [each.origin for each in look(tmp_path)] == [str(tmp_path / name) for name in expected]
    assert look(tmp_path) == look(tmp_path)
    assert count([tmp_path]) == len(names)


NAMES = st.sampled_from(["a", "b", "a.xlsx", "A.xlsx", "a b.xlsx", "a-b.zip", "中.xls"])


@given(st.sets(st.lists(NAMES, min_size=1, max_size=3).map(tuple), max_size=12))
def test_files_come_in_the_order_of_their_paths(steps: set[tuple[str, ...]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        files = set()
        for each in sorted(steps):
            path = Path(name, *each)
            with contextlib.suppress(FileExistsError, NotADirectoryError, IsADirectoryError):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(b"")
                files |= {path} if path.suffix else set()
        try:
            found = [each.origin for each in incoming([Path(name)], Limits())]
        except NothingFoundError:
            found = []
        assert found == [str(path) for path in sorted(files)]


def test_folders_may_be_nested_as_deep_as_the_system_allows(tmp_path: Path) -> None:
    # Deeper than calls may be, as a path may be, is more than what tidies up afterwards bears.
    path, most = tmp_path, sys.getrecursionlimit()
    for _ in range(200):
        (path := path / "d").mkdir()
    file = put(path, "a.xlsx")
    sys.setrecursionlimit(len(inspect.stack()) + 100)
    try:
        found = look(tmp_path)
    finally:
        sys.setrecursionlimit(most)
    assert [each.origin for each in found] == [str(file)]


def test_files_of_a_folder_take_little_memory_until_their_turn_comes(tmp_path: Path) -> None:
    # Names are interned: the table of all that are grows by megabytes at once, whoever adds the next one.
    names = [sys.intern(f"{number:04}.xlsx") for number in range(2000)]
    for name in names:
        (tmp_path / name).touch()
    tracemalloc.start()
    try:
        found = find([tmp_path])
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert sum(1 for _ in found) == 2000
    assert held < 2000 * 150


def test_each_file_comes_once(tmp_path: Path) -> None:
    path = put(tmp_path, "b.xlsx")
    other = put(tmp_path, "a.xlsx")
    assert [each.origin for each in look(path, tmp_path, path)] == [str(path), str(other)]
    assert [each.origin for each in look(tmp_path, path, tmp_path)] == [str(other), str(path)]
    assert [each.origin for each in look(path, other, path, tmp_path, other)] == [str(path), str(other)]
    deep = put(tmp_path, "c/d/b.xlsx")
    assert [each.origin for each in look(deep.parent, tmp_path, tmp_path / "c")] == [str(deep), str(other), str(path)]


@pytest.mark.parametrize("name", ["a.txt", "a", "a.docx", "a.xlsx.bak", "~$a.xlsx", ".a", "a.pdf", "a.csv"])
@pytest.mark.parametrize("data", [WORKBOOK, b"text", b"", b"%PDF", raw_zip(Member(b"a.xlsx"))[:9]])
def test_a_file_that_is_named_is_taken_whatever_its_extension(name: str, data: bytes, tmp_path: Path) -> None:
    (found,) = look(put(tmp_path, name, data))
    if data[:2] == b"PK" and data != WORKBOOK and name != "~$a.xlsx":
        refused(found, "truncated")
    else:
        assert found.data == data


def test_an_archive_that_is_named_may_have_any_extension(tmp_path: Path) -> None:
    path = put(tmp_path, "a.bak", raw_zip(Member(b"a.xlsx")))
    assert [each.origin for each in look(path)] == [f"{path}/a.xlsx"]


def test_what_is_not_opened_is_told_in_a_folder_too(tmp_path: Path) -> None:
    for name in ("a.rar", "b.7z", "c.msg", "winmail.dat"):
        put(tmp_path, name, b"x")
    found = look(tmp_path)
    assert [each.name for each in found] == ["a.rar", "b.7z", "c.msg", "winmail.dat"]
    assert all("ask for" in refused(each, "not-checkable") for each in found)


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    # Said at once, not when the first return is asked for.
    with pytest.raises(UsageError, match="no such file or folder"):
        incoming([put(tmp_path, "a.xlsx"), tmp_path / "gone.xlsx"], Limits())
    with pytest.raises(UsageError, match="no such file or folder"):
        count([tmp_path / "a.xlsx" / "b"])


@pytest.mark.parametrize("name", ["b", "mails/cur", "mails/new"])
def test_a_folder_that_may_not_be_listed(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "b/a.xlsx")
    for folder in ("cur", "new", "tmp"):
        (tmp_path / "mails" / folder).mkdir(parents=True)
    scan = os.scandir

    def refuse(path: Path) -> AbstractContextManager[Iterator[os.DirEntry[str]]]:
        if path == tmp_path / name:
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    put(tmp_path, "z.xlsx")
    monkeypatch.setattr(os, "scandir", refuse)
    assert count([tmp_path, tmp_path / "mails"]) == 2 + (name != "b")
    found = look(tmp_path, tmp_path)
    (denied,) = (each for each in found if isinstance(each.data, Unreadable))
    assert denied.origin == str(tmp_path / name)
    assert "no permission to list" in refused(denied, "denied")
    assert [each.origin for each in found if each is not denied][-1] == str(tmp_path / "z.xlsx")
    # What was asked for by name is another matter: whoever did can put it right.
    with pytest.raises(UsageError, match=rf"{name}: cannot be opened \(Permission denied\)"):
        incoming([tmp_path / name], Limits())


@pytest.mark.parametrize(
    ("error", "reason", "told"),
    [
        (FileNotFoundError(2, "No such file or directory"), "missing", "has vanished"),
        (OSError(36, "File name too long"), "damaged", "File name too long"),
        (OSError(5, "Input/output error"), "damaged", "Input/output error"),
    ],
)
def test_a_folder_that_vanishes_or_fails_meanwhile(
    error: OSError, reason: Reason, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "b/a.xlsx")
    put(tmp_path, "c/a.xlsx")
    scan = os.scandir

    def fail(path: Path) -> AbstractContextManager[Iterator[os.DirEntry[str]]]:
        if path == tmp_path / "b":
            raise error
        return scan(path)

    monkeypatch.setattr(os, "scandir", fail)
    found = look(tmp_path)
    assert [each.origin for each in found] == [str(tmp_path / "b"), str(tmp_path / "c" / "a.xlsx")]
    assert told in refused(found[0], reason)


@pytest.mark.skipif(os.name == "nt", reason="names are texts there")
def test_a_folder_whose_name_is_no_text(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe"))
    put(folder, "a.xlsx")
    put(tmp_path, "b.xlsx")
    assert [each.name for each in look(tmp_path)] == ["b.xlsx", "a.xlsx"]


@pytest.mark.skipif(os.name == "nt", reason="making links takes a right there")
def test_links_that_lead_in_a_circle(tmp_path: Path) -> None:
    put(tmp_path, "b/a.xlsx")
    (tmp_path / "b" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "loop.xlsx").symlink_to(tmp_path / "loop.xlsx")
    found = look(tmp_path)
    assert [each.origin for each in found] == [str(tmp_path / "b" / "a.xlsx"), str(tmp_path / "loop.xlsx")]
    refused(found[1], "not-a-file")


def test_nothing_to_look_into(tmp_path: Path) -> None:
    put(tmp_path, "a.txt")
    with pytest.raises(NothingFoundError, match=r"\.zip"):
        incoming([tmp_path], Limits())


def test_files_that_cannot_be_had(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").symlink_to(tmp_path / "gone")
    (tmp_path / "b.zip").symlink_to(tmp_path / "gone")
    (tmp_path / "c.eml").symlink_to(tmp_path / "c.eml")
    os.mkfifo(tmp_path / "d.zip")
    os.mkfifo(tmp_path / "e.mbox")
    put(tmp_path, "f.xlsx")
    found: list[Incoming] = []
    # Opening a pipe would wait for its writer, for ever.
    thread = threading.Thread(target=lambda: found.extend(look(tmp_path)), daemon=True)
    thread.start()
    thread.join(10)
    assert [each.name for each in found] == ["a.xlsx", "b.zip", "c.eml", "d.zip", "e.mbox", "f.xlsx"]
    refused(found[0], "missing")
    refused(found[1], "missing")
    refused(found[2], "damaged")
    refused(found[3], "not-a-file")
    refused(found[4], "not-a-file")
    assert found[5].data == WORKBOOK
    assert count([tmp_path]) == 6


def test_a_path_that_may_not_be_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "lstat", refuse)
    with pytest.raises(UsageError, match="Permission denied"):
        incoming([tmp_path / "a.xlsx"], Limits())


@pytest.mark.parametrize("name", ["a.zip", "a.mbox", "a.eml", "a.xlsx"])
def test_files_without_permission(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, mode: str = "r") -> None:
        raise PermissionError(13, "Permission denied", str(path))

    path = put(tmp_path, name)
    monkeypatch.setattr(Path, "open", refuse)
    refused(look(path)[0], "denied")


def test_a_disk_that_fails_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        def __init__(self, path: Path) -> None:
            self.path = path

        def __enter__(self) -> "Failing":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def read(self, *_: int) -> bytes:
            raise OSError(5, "Input/output error")

    path = put(tmp_path, "a.zip")
    monkeypatch.setattr(Path, "open", lambda path, mode: Failing(path))
    (found,) = look(path)
    assert "Input/output error" in refused(found, "damaged")


def test_a_name_on_disk_in_gbk(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/" + "自评表".encode("gbk")
    for ending, data in ((b".xlsx", WORKBOOK), (b".zip", raw_zip(Member(b"a.xlsx")))):
        with open(raw + ending, "wb") as file:  # noqa: PTH123
            file.write(data)
    of_its_own, in_archive = sorted(look(tmp_path), key=lambda each: each.name, reverse=True)
    assert of_its_own.name == "自评表.xlsx"
    # It is opened by its origin once more when it is sent back.
    assert Path(of_its_own.origin).read_bytes() == WORKBOOK
    assert in_archive.origin == f"{tmp_path}/自评表.zip/a.xlsx"


def test_containers_that_are_changed_while_a_batch_runs(tmp_path: Path) -> None:
    first, second = put(tmp_path, "a.xlsx"), put(tmp_path, "b.zip", raw_zip(Member(b"a.xlsx")))
    found = incoming([tmp_path], Limits())
    assert next(found).origin == str(first)
    second.unlink()
    refused(next(found), "missing")


def test_counting(tmp_path: Path) -> None:
    archive = raw_zip(Member(b"a.xlsx"), Member(b"b/c.xls"), Member(b"d.zip"), Member(b"e.pdf"), Member(b"f/", b""))
    put(tmp_path, "a.zip", archive)
    put(tmp_path, "b.zip", b"broken")
    put(tmp_path, "c.eml", mail(named("a.xlsx"), named("b.xlsx")))
    put(tmp_path, "d.xlsx")
    assert count([tmp_path]) == 3 + 1 + 1 + 1
    put(tmp_path, "e.mbox", mbox([mail()]))
    assert count([tmp_path]) is None


def test_one_container_open_and_one_member_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = os.urandom(200_000)
    for number in range(4):
        put(tmp_path, f"{number}.zip", raw_zip(*[Member(b"%d.xlsx" % n, noise, method=0) for n in range(15)]))
    put(tmp_path, "5.mbox", mbox([mail(named("a.xlsx", noise))] * 15))
    opened = []
    real = Path.open

    def watched(path: Path, mode: str = "r"):  # type: ignore[no-untyped-def]
        opened.append(real(path, mode))
        return opened[-1]

    monkeypatch.setattr(Path, "open", watched)
    tracemalloc.start()
    total = 0
    for each in incoming([tmp_path], Limits()):
        assert sum(not file.closed for file in opened) <= 1
        total += len(each.data) if isinstance(each.data, bytes) else 0
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total == 75 * len(noise)
    assert len(opened) == 5
    # A mail in memory is its text and its attachment.
    assert peak < 12 * len(noise)


def test_a_container_is_closed_when_the_rest_is_not_wanted(tmp_path: Path) -> None:
    path = put(tmp_path, "a.zip", raw_zip(Member(b"a.xlsx"), Member(b"b.xlsx")))
    found = incoming([path], Limits())
    next(found)
    del found  # An open file would be a warning, and warnings are errors.
    path.unlink()


def test_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "in"
    inner = raw_zip(Member(b"../../evil.xlsx"), Member(b"/tmp/evil.xlsx"), Member(b"C:\\evil.xlsx"))
    put(folder, "a.zip", raw_zip(Member(b"b.zip", inner), Member(b"../evil.xlsx")))
    put(folder, "b.mbox", mbox([mail(named("../../evil.xlsx"), named("c.zip", inner))]))
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    monkeypatch.chdir(tmp_path)
    found = look(folder)
    assert len(found) == 8
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    assert all(each.name == "evil.xlsx" and ".." not in each.origin for each in found)


def test_one_name_in_many_containers(tmp_path: Path) -> None:
    """A folder named as an archive, in an archive with an archive of that name."""
    inner = raw_zip(Member(b"x.xlsx", workbook("1")))
    put(tmp_path, "a.zip", raw_zip(Member(b"b.zip", inner), Member(b"b.zip/x.xlsx", workbook("2"))))
    found = look(tmp_path)
    assert [each.origin for each in found] == [f"{tmp_path}/a.zip/b.zip/x.xlsx", f"{tmp_path}/a.zip/b.zip/x (2).xlsx"]
    assert [each.data for each in found] == [workbook("1"), workbook("2")]


@pytest.mark.parametrize("file_first", [True, False])
def test_a_file_that_stands_where_a_mails_attachment_seems_to(file_first: bool, tmp_path: Path) -> None:
    box = put(tmp_path, "in.mbox", mbox([mail(named("d.xlsx"))]))
    (attached,) = look(box)
    file = put(tmp_path, os.path.relpath(attached.origin, tmp_path), workbook("2"))
    found = look(*((file, box) if file_first else (box, file)))
    origins = {each.origin: each.data for each in found}
    assert origins == {str(file): workbook("2"), f"{str(file).removesuffix('.xlsx')} (2).xlsx": attached.data}


def test_where_a_copy_belongs(tmp_path: Path) -> None:
    put(tmp_path, "一科/a.xlsx")
    put(tmp_path, "一科/b.zip", raw_zip(Member("子/../../c.xlsx".encode("gbk"))))
    box = put(tmp_path, "in.mbox", mbox([mail(named("d.xlsx")), mail(named("d.xlsx"))]))
    copies = [str(below(each.origin, [tmp_path])) for each in look(tmp_path)]
    assert copies == [
        "in.mbox#1 张三 _zs@x.cn_/d.xlsx", "in.mbox#2 张三 _zs@x.cn_/d.xlsx", "一科/a.xlsx", "一科/b.zip/子/c.xlsx",
    ]  # fmt: skip
    assert [str(below(each.origin, [tmp_path / "一科", box])) for each in look(box)] == copies[:2]
    assert str(below("/elsewhere/a.xlsx", [tmp_path])) == "a.xlsx"
    assert str(below(f"{tmp_path}/../../x:y.xlsx", [tmp_path])) == "x_y.xlsx"
    # Windows would take them for the console and a printer.
    assert str(below(f"{tmp_path}/a.zip/CON/lpt1.2021.xlsx", [tmp_path])) == str(Path("a.zip/_CON/_lpt1.2021.xlsx"))
