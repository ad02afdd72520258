"""A file on disk, before it is known what it holds."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from xlsform.findings import say
from xlsform.inbox.contents import Budget, Place
from xlsform.inbox.encodings import decoded
from xlsform.inbox.kinds import Kind, kind_of
from xlsform.inbox.names import safe
from xlsform.inbox.sources import Source
from xlsform.reading import Limits
from xlsform.reading.contents import Unreadable


def place_of(path: Path, limits: Limits) -> Place:
    """Return where a file of its own stands: outside all containers."""
    received, size = None, 0
    try:
        status = path.stat()
        size = status.st_size
        received = datetime.fromtimestamp(status.st_mtime, UTC)
    # Whether it can be had at all is asked elsewhere; a broken clock is no reason against it.
    except (OSError, ValueError, OverflowError):
        pass
    name = safe(decoded(os.fsencode(path.name))) or "_"
    return Place(str(path), name, "", received, Budget(size, limits))


def opened(path: Path) -> IO[bytes] | Unreadable:
    """Open a file that is read a piece at a time."""
    try:
        # Asked before it is opened: opening a pipe waits for its writer.
        if not stat.S_ISREG(path.stat().st_mode):
            return Unreadable("not-a-file", say("not a regular file"))
        return path.open("rb")
    except PermissionError:
        return Unreadable("denied", say("there is no permission to read it, or another program has it open"))
    except FileNotFoundError:
        return Unreadable("missing")
    except OSError as error:
        return unread(error)


def unread(error: OSError) -> Unreadable:
    """Return what is to be said where the system fails while reading."""
    return Unreadable("damaged", say("the system cannot read it: {reason}", reason=error.strerror or error))


def kind_of_file(source: Source, name: str, head: bytes) -> Kind:
    """Return what a file is to be taken for; one that was asked for by name need not be named for what it is."""
    if source.message:
        return "mail"
    kind = kind_of(name, head)
    if kind == "other" and source.named:
        from xlsform.inbox.mail import is_mail
        from xlsform.inbox.mailboxes import is_mbox

        return "mailbox" if is_mbox(head) else "mail" if is_mail(head) else "workbook"
    return kind
