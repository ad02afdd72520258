"""Read a workbook that came back: values, formulas, locks, names, whatever program wrote it."""

from __future__ import annotations

import errno
import stat
from pathlib import Path

from xlsform.messages import say
from xlsform.reading.file_type import identify
from xlsform.reading.limits import DEFAULT_LIMITS, Limits, UnreadableError
from xlsform.reading.workbook import Kind, Unreadable, Workbook, out_of_memory

__all__ = ["Limits", "load", "read", "read_bytes", "sniff"]


def read(path: Path, limits: Limits = DEFAULT_LIMITS) -> Workbook | Unreadable:
    """Return what the file holds, or why it could not be read. Nothing about a file raises an exception."""
    data = load(path, limits)
    return data if isinstance(data, Unreadable) else read_bytes(data, limits)


def load(path: Path, limits: Limits = DEFAULT_LIMITS) -> bytes | Unreadable:
    """Return the file's content, or why it could not be had."""
    try:
        status = path.stat()
        # Asked before it is opened: opening a pipe waits for its writer.
        if not stat.S_ISREG(status.st_mode):
            return Unreadable(
                "not-a-file", say("a folder") if stat.S_ISDIR(status.st_mode) else say("not a regular file")
            )
        if status.st_size > limits.file_size:
            return _too_large(status.st_size, limits)
        with path.open("rb") as file:
            data = file.read(status.st_size + 1)
            # It may have grown since.
            return data if len(data) <= status.st_size else data + file.read(limits.file_size - status.st_size)
    except (OSError, ValueError) as error:
        return _unopened(error)


def read_bytes(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Workbook | Unreadable:
    """Return what a file with this content holds, or why it could not be read."""
    if len(data) > limits.file_size:
        return _too_large(len(data), limits)
    try:
        return _read(data, limits)
    except UnreadableError as error:
        return error.unreadable
    except MemoryError:
        return Unreadable("oversized", out_of_memory())
    # The last resort: damage that nobody has met yet must not end a batch of five hundred files.
    except Exception as error:
        return Unreadable("damaged", say("its contents make no sense ({kind})", kind=type(error).__name__))


def sniff(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Kind | Unreadable:
    """Return the real type of a file by its content, or why there is nothing to be read in it."""
    try:
        return identify(data, limits)[0]
    except UnreadableError as error:
        return error.unreadable


def _read(data: bytes, limits: Limits) -> Workbook:
    try:
        kind, package = identify(data, limits)
    except UnreadableError as error:
        if error.unreadable.reason != "encrypted":
            raise
        data = _decrypted(data, limits, error)
        kind, package = identify(data, limits)
    if package is not None and kind in ("xlsx", "xlsm"):
        # Commands that only look into a register load this package too, and start 7 ms sooner without.
        from xlsform.reading.ooxml import read_ooxml

        return read_ooxml(package, kind)
    # 13 ms of a start, for starting processes; most batches have nothing but .xlsx.
    from xlsform.reading.legacy import read_legacy

    return read_legacy(data, kind, package, limits)


def _decrypted(data: bytes, limits: Limits, refusal: UnreadableError) -> bytes:
    """Return what is in it if Excel opens it without a password, as it does with "read-only recommended"."""
    from xlsform.reading.legacy import decrypt

    try:
        return decrypt(data, limits)
    except UnreadableError as error:
        raise (refusal if error.unreadable.reason == "encrypted" else error) from None


def _too_large(size: int, limits: Limits) -> Unreadable:
    return Unreadable(
        "oversized",
        say("{size} bytes; at most {file_size} are read", size=f"{size:,}", file_size=f"{limits.file_size:,}"),
    )


def _unopened(error: OSError | ValueError) -> Unreadable:
    if isinstance(error, PermissionError):
        return Unreadable("denied", say("there is no permission to read it, or another program has it open"))
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return Unreadable("not-a-file", say("a symbolic link that leads in a circle"))
    if isinstance(error, (FileNotFoundError, NotADirectoryError, ValueError)):
        return Unreadable("missing", say("there is no such file"))
    if isinstance(error, IsADirectoryError):
        return Unreadable("not-a-file", say("a folder"))
    return Unreadable("damaged", say("the system cannot read it: {strerror}", strerror=error.strerror))
