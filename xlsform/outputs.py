"""Write files that appear under their names only when whole, and say when they were made."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from xlsform.errors import UsageError
from xlsform.findings import say

_SMALLEST_EPOCH = dt.datetime(1980, 1, 1, tzinfo=dt.UTC)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file beside its place and rename it there; missing folders are made.

    Raises:
        UsageError: the folder cannot be written to, or the disk is full; nothing is left behind.
    """
    with open_whole(path) as file:
        file.write(data)


@contextlib.contextmanager
def open_whole(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing that takes its name only if the block ends without an exception.

    A link stays one: the file that it leads to is replaced. A device or a pipe, such as ``/dev/stdout``, is written to.

    Raises:
        UsageError: as :func:`write_whole`.
    """
    part: Path | None = None
    try:
        target = Path(os.path.realpath(path)) if path.is_symlink() else path
        if target.exists() and not target.is_file() and not target.is_dir():
            with target.open("wb") as file:
                yield file
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".xlsform-", suffix=".part", dir=target.parent)
        part = Path(name)
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _permit(part)
        part.replace(target)
        part = None
    except OSError as error:
        reason = error.strerror or error
        raise UsageError(say("{path}: cannot be written ({reason})", path=path, reason=reason)) from None
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


def _permit(part: Path) -> None:
    """Give the file the permissions that a new file has; a temporary one is its owner's alone."""
    mask = os.umask(0)
    os.umask(mask)
    part.chmod(0o666 & ~mask)


def creation_time() -> dt.datetime:
    """Return the time that goes into a file: SOURCE_DATE_EPOCH (seconds) where set, else now."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if epoch.isascii() and epoch.isdigit():
        return max(dt.datetime.fromtimestamp(int(epoch), dt.UTC), _SMALLEST_EPOCH)
    return dt.datetime.now(dt.UTC)
