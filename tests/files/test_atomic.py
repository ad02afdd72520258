"""Files appear under their names only when they are whole."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from xlsform.errors import UsageError
from xlsform.files.atomic import open_whole, reason_of, write_whole


def test_a_file_and_its_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "市级" / "2021 年" / "表.xlsx"
    write_whole(path, b"data")
    assert path.read_bytes() == b"data"
    assert [each.name for each in path.parent.iterdir()] == ["表.xlsx"]


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"old and longer")
    before = path.stat().st_ino
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_ino != before
    assert list(tmp_path.iterdir()) == [path]


def test_until_the_end_the_old_file_stands(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"old")
    with open_whole(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"


@pytest.mark.skipif(os.name == "nt", reason="links need a permission of their own there")
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    link, file = tmp_path / "link", tmp_path / "there" / "file"
    file.write_bytes(b"old")
    link.symlink_to(file)
    write_whole(link, b"new")
    assert link.is_symlink()
    assert file.read_bytes() == b"new"
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.skipif(os.name == "nt", reason="there are no such pipes")
def test_a_pipe_is_written_to_and_stays(tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    for path in (pipe, link):
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        write_whole(path, b"data")
        assert os.read(reader, 100) == b"data"
        os.close(reader)
    assert pipe.is_fifo()
    assert link.is_symlink()
    assert sorted(tmp_path.iterdir()) == [link, pipe]


@pytest.mark.parametrize("error", [RuntimeError("x"), KeyboardInterrupt()])
def test_a_failure_in_the_middle_leaves_nothing(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"old")

    def fail_halfway() -> None:
        with open_whole(path) as file:
            file.write(b"half")
            raise error

    with pytest.raises(type(error)):
        fail_halfway()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_is_readable_by_others_as_the_mask_says(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        write_whole(tmp_path / "x", b"")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o640
    now = os.umask(old)
    assert now == old


def test_a_place_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "in it").write_bytes(b"x")
    for path, reason in (
        (tmp_path / "file" / "x", "Not a directory|File exists"),
        (tmp_path / "folder", "Is a directory"),
        (tmp_path / ("长" * 200), "File name too long"),
        (Path("/proc/x/y"), "No such file or directory"),
    ):
        with pytest.raises(UsageError, match=rf"cannot be written \({reason}") as caught:
            write_whole(path, b"data")
        assert str(caught.value).startswith(f"{path}: ")
        assert caught.value.exit_code == 2
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "folder"]
    assert [each.name for each in (tmp_path / "folder").iterdir()] == ["in it"]


def test_a_full_disk_is_one_clear_line(tmp_path: Path) -> None:
    with (
        pytest.raises(UsageError, match=r"x: cannot be written \(No space left on device\)"),
        open_whole(tmp_path / "x"),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_excel_has_open_stays_and_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows lets nobody replace it; there the error has another number, and Python the same class for it."""
    path = tmp_path / "x.xlsx"
    path.write_bytes(b"old")

    def refuse(self: Path, target: Path) -> Path:
        raise PermissionError(errno.EACCES, "Access is denied", str(self), 32, str(target))

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(UsageError, match="there is no permission, or another program has it open; close it there"):
        write_whole(path, b"new")
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("x.xlsx", b"old")]


def test_the_file_is_closed_before_it_takes_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows renames no file that is open."""
    open_files = []
    replace = Path.replace

    def noted(self: Path, target: Path) -> Path:
        open_files.append(not file.closed)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", noted)
    with open_whole(tmp_path / "x") as file:
        file.write(b"x")
    assert open_files == [False]


@pytest.mark.parametrize(
    ("length", "windows", "told"),
    [(260, True, "longer than the 259 characters"), (259, True, "No such file"), (300, False, "No such file")],
)
def test_a_path_that_is_too_long_for_windows_is_told_as_that(length: int, windows: bool, told: str) -> None:
    path = Path("/", "长" * (length - 1))
    assert len(str(path)) == length
    assert told in str(reason_of(FileNotFoundError(2, "No such file or directory"), path, windows=windows))
