"""A file of its own, on disk or behind a URL, before it is known what it holds."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from xlsform.inbox.discovery import Source
from xlsform.inbox.encodings import decoded
from xlsform.inbox.incoming import Budget, ContainerPlace
from xlsform.inbox.kinds import Kind, kind_of
from xlsform.inbox.names import safe
from xlsform.inbox.remote import RemoteFile
from xlsform.messages import say
from xlsform.reading import Limits, load
from xlsform.reading.workbook import Unreadable


def place_of(path: Path | RemoteFile, limits: Limits) -> ContainerPlace:
    """Return where a file of its own stands: outside all containers."""
    if isinstance(path, RemoteFile):
        return ContainerPlace(str(path), safe(path.name) or "_", "", path.changed, Budget(path.size, limits))
    received, size = None, 0
    try:
        status = path.stat()
        size = status.st_size
        received = datetime.fromtimestamp(status.st_mtime, UTC)
    # That a file cannot be read is told when it is opened; a time that makes no sense is left out.
    except (OSError, ValueError, OverflowError):
        pass
    name = safe(decoded(os.fsencode(path.name))) or "_"
    return ContainerPlace(str(path), name, "", received, Budget(size, limits))


def size_of(path: Path | RemoteFile) -> int:
    """Return how many bytes a file has, 0 where nobody can tell."""
    try:
        return path.size if isinstance(path, RemoteFile) else path.stat().st_size
    except (OSError, ValueError):
        return 0


def text_of(path: Path | RemoteFile) -> str:
    """Return a path as text to show; as a path, it may hold bytes that are no text."""
    return str(path) if isinstance(path, RemoteFile) else decoded(os.fsencode(path))


def loaded(path: Path | RemoteFile, limits: Limits) -> bytes | Unreadable:
    """Return a file's content, or why it cannot be had."""
    return path.load(limits) if isinstance(path, RemoteFile) else load(path, limits)


def opened(path: Path | RemoteFile) -> IO[bytes] | Unreadable:
    """Open a file that is read a piece at a time."""
    if isinstance(path, RemoteFile):
        return path.opened()
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
        # As in `unpacking`: most runs meet no such file, and start sooner without what reads mails.
        from xlsform.inbox.mail import is_mail
        from xlsform.inbox.mailboxes import is_mbox

        return "mailbox" if is_mbox(head) else "mail" if is_mail(head) else "workbook"
    return kind
