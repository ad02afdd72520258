"""The files that a command reads, known by what the system says of them, so that none is ever written over.

A command names its inputs before it begins (`reading`); until it ends, `require_free` refuses every place that one of
them holds, and `xlsform.files.atomic` asks it before each file that it writes.
"""

from __future__ import annotations

import contextlib
import os
import stat
import unicodedata
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import NamedTuple

from xlsform.errors import UsageError
from xlsform.messages import Message, say

#: What is compared: device and number of a file; or those of the nearest folder that exists, and the names below it.
Key = tuple[int | str, ...]


class _Folder(NamedTuple):
    """A folder that is searched for input."""

    named: Path
    takes: Callable[[str], bool]
    """Whether a file of that name is read."""


class Inputs:
    """The inputs of one command: files, and folders that are searched deep."""

    def __init__(self) -> None:
        self._files: dict[Key, Path] = {}
        self._places: dict[Key, Path] = {}
        self._folders: dict[Key, _Folder] = {}

    def add_file(self, path: Path) -> None:
        """Add a file that is read, whether it exists or is made by the command itself, as a register may be."""
        self._places[_place(path)] = path
        status = _status(path)
        key = _number(status) if status is not None else None
        if key is not None:
            self._files[key] = path

    def add_folder(self, path: Path, takes: Callable[[str], bool]) -> None:
        """Add a folder; all that lies below it, outside hidden folders, is read if its name is one that is taken."""
        self._folders[_folder_key(os.path.realpath(path))] = _Folder(path, takes)

    def refusal(self, path: Path, named: Path | None = None) -> Message | None:
        """Return why a file may not be written there, None where it may.

        Args:
            path: the file.
            named: what people named, where that is the folder that the file would be written into.
        """
        status = _status(path)
        if status is not None and not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
            return None
        key = _number(status) if status is not None else None
        # A file that has a number is told by it alone: two names that differ in case may be two files.
        read = self._files.get(key) if key is not None else self._places.get(_place(path))
        if read is not None:
            return _is_read(path, read)
        folder = self._searched(path)
        if folder is None:
            return None
        return say(
            "{path}: {folder} is searched for returns, and what is written here would be taken for one; write it to a "
            "place outside that folder",
            path=path if named is None else named,
            folder=folder,
        )

    def _searched(self, path: Path) -> Path | None:
        """Return the folder by whose search a file there would be found."""
        if not self._folders:
            return None
        above, name = os.path.split(os.path.realpath(path))
        below: list[str] = []
        while True:
            folder = self._folders.get(_folder_key(above))
            if folder is not None and folder.takes(name) and not any(each.startswith(".") for each in below):
                return folder.named
            parent, step = os.path.split(above)
            if parent == above:
                return None
            below.append(step)
            above = parent


def _is_read(path: Path, read: Path) -> Message:
    if os.fspath(path) == os.fspath(read):
        return say("{path}: the same command reads this file; give the output another name", path=path)
    return say(
        "{path}: this is {read}, which the same command reads; give the output another name", path=path, read=read
    )


def _status(path: Path | str) -> os.stat_result | None:
    try:
        return Path(path).stat()
    # A path that makes no sense is told when the file is opened.
    except (OSError, ValueError):
        return None


def _number(status: os.stat_result) -> Key | None:
    """Return what tells a file from every other, however it is named; None on network drives that do not number."""
    return (status.st_dev, status.st_ino) if status.st_ino else None


def _folder_key(path: str) -> Key:
    status = _status(path)
    number = _number(status) if status is not None else None
    return number or (os.path.normcase(path),)


def _place(path: Path) -> Key:
    """Return where a file is or would be made: its nearest folder that exists, and the names from there on."""
    above, name = os.path.split(os.path.realpath(path))
    names = [same_name(name)]
    while _status(above) is None:
        parent, step = os.path.split(above)
        if parent == above:
            break
        names.append(same_name(step))
        above = parent
    return (*_folder_key(above), *reversed(names))


def same_name(name: str) -> str:
    """Return a file name such that two which any system takes for the same come out equal.

    Windows and macOS do not tell case apart, macOS not the two ways to encode an accent, and Windows drops points and
    blanks at the end.
    """
    return unicodedata.normalize("NFC", name).casefold().rstrip(". ")


_reading: ContextVar[Inputs | None] = ContextVar("_reading", default=None)


@contextlib.contextmanager
def reading(inputs: Inputs) -> Iterator[None]:
    """Refuse to write over these inputs until the block ends."""
    token = _reading.set(inputs)
    try:
        yield
    finally:
        _reading.reset(token)


def require_free(path: Path, named: Path | None = None) -> None:
    """Make sure that no input of the command that runs would be written over.

    Args:
        path: where is written.
        named: what people named, where that is the folder that the file would be written into.

    Raises:
        UsageError: the place is one of an input, or would be searched for inputs.
    """
    inputs = _reading.get()
    refusal = inputs.refusal(path, named) if inputs is not None else None
    if refusal is not None:
        raise UsageError(refusal)
