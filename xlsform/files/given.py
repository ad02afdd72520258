"""Files that the person who runs the program names: templates, data, lists, waivers, workbooks to be filled."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from xlsform.errors import UsageError, reading_failed
from xlsform.messages import say

_LARGEST = 20_000_000
"""Bytes of such a file, as many as of a return."""


def content_of(path: Path, most: int = _LARGEST) -> bytes:
    """Return what a file holds.

    Args:
        path: the file.
        most: bytes that it may have.

    Raises:
        UsageError: it cannot be opened, is larger, or is no file: a pipe would be waited for, a device never ends.
    """
    try:
        status = path.stat()
        # Asked before it is opened: opening a pipe waits for its writer.
        if not stat.S_ISREG(status.st_mode):
            if stat.S_ISDIR(status.st_mode):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            raise UsageError(say("{path}: this is a pipe or a device, and not a file", path=path))
        if status.st_size <= most:
            with path.open("rb") as file:
                data = file.read(most + 1)
            # It may have grown since.
            if len(data) <= most:
                return data
    except OSError as error:
        raise reading_failed(path, error) from None
    except ValueError as error:
        # A path with NUL in it.
        raise UsageError(say("{path}: cannot be opened ({reason})", path=path, reason=error)) from None
    raise UsageError(say("{path}: larger than {most} bytes, and so not read", path=path, most=f"{most:,}"))
