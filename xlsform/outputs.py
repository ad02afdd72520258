"""Write files that appear under their names only when whole."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from xlsform.errors import UsageError
from xlsform.findings import say


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

    Raises:
        UsageError: as :func:`write_whole`.
    """
    part: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".xlsform-", suffix=".part", dir=path.parent)
        part = Path(name)
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _permit(part)
        part.replace(path)
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
