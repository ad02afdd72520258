"""Write files that appear under their names only when whole, and say when they were made."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from xlsform.errors import UsageError, system_words
from xlsform.files.inputs import require_free
from xlsform.files.parts import new_part
from xlsform.messages import Message, say

#: Where Linux and macOS show the files that a process has open.
_OPEN = ("/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/self/fd/")
#: Characters of a path, without the zero that ends it.
_WINDOWS_PATH = 259
_SMALLEST_EPOCH = dt.datetime(1980, 1, 1, tzinfo=dt.UTC)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file beside its place and rename it there; missing folders are made.

    Raises:
        UsageError: the folder cannot be written to, the disk is full, or the command that runs reads this very file;
            nothing is left behind.
    """
    with open_whole(path) as file:
        file.write(data)


@contextlib.contextmanager
def open_whole(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing that takes its name only if the block ends without an exception.

    A link stays one: the file that it leads to is replaced. A device or a pipe is written to, and so is what this
    process has open already, as ``/dev/stdout``: a file that a shell appends to keeps what is in it.

    Raises:
        UsageError: as :func:`write_whole`.
    """
    require_free(path)
    part: Path | None = None
    try:
        target = Path(os.path.realpath(path)) if path.is_symlink() else path
        if str(path).startswith(_OPEN) or (target.exists() and not target.is_file() and not target.is_dir()):
            with path.open("ab" if path.is_file() else "wb") as device:
                yield device
            return
        part, file = new_part(target.parent)
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
        part = None
    except OSError as error:
        reason = reason_of(error, path, windows=sys.platform == "win32")
        raise UsageError(say("{path}: cannot be written ({reason})", path=path, reason=reason)) from None
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


def reason_of(error: OSError, path: Path, *, windows: bool) -> Message | str:
    """Return why a file cannot be written, where the system's own words would lead people astray."""
    if windows and len(str(path.absolute())) > _WINDOWS_PATH and not isinstance(error, PermissionError):
        # It says that there is no such file or folder.
        return say("the path is longer than the {most} characters that Windows takes", most=_WINDOWS_PATH)
    if isinstance(error, PermissionError) and path.is_file():
        # Excel keeps others from replacing a workbook that it shows.
        return say("there is no permission, or another program has it open; close it there")
    return system_words(error)


def creation_time() -> dt.datetime:
    """Return the time that goes into a file: SOURCE_DATE_EPOCH (seconds) where set, else now."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if epoch.isascii() and epoch.isdigit():
        return max(dt.datetime.fromtimestamp(int(epoch), dt.UTC), _SMALLEST_EPOCH)
    return dt.datetime.now(dt.UTC)
