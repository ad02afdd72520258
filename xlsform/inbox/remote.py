"""Files behind a URL, by whatever file system of fsspec serves it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import IO, Any, NamedTuple

from xlsform.errors import UsageError
from xlsform.inbox.incoming import too_large
from xlsform.inbox.kinds import is_candidate, is_maildir
from xlsform.messages import Message, say
from xlsform.reading import Limits
from xlsform.reading.workbook import Unreadable

# A single letter before the colon is a drive of Windows.
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


@dataclass(frozen=True, slots=True)
class Url:
    """A file or a folder that some file system of fsspec knows."""

    text: str
    """As it was given: ``s3://bucket/2025``, ``memory://returns/甲.xlsx``."""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file that was found there."""

    text: str
    """Its URL, with nothing in it that is secret."""
    steps: tuple[str, ...]
    """Folders and name below the URL that was searched."""
    size: int
    """Bytes; 0 where the file system does not say."""
    system: Any = field(repr=False, compare=False)
    key: str = field(repr=False, compare=False)
    """The file system's own name of it."""

    def __str__(self) -> str:
        return self.text

    @property
    def name(self) -> str:
        """Its file name."""
        return self.steps[-1]

    @property
    def changed(self) -> datetime | None:
        """When it was last changed; None where the file system does not say."""
        try:
            found: datetime = self.system.modified(self.key)
            return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
        # A file system that does not know it raises what it likes.
        except Exception:
            return None

    def opened(self) -> IO[bytes] | Unreadable:
        """Open it to be read a piece at a time."""
        try:
            return io.BufferedReader(_Reader(self.system.open(self.key, "rb")))
        except PermissionError:
            return Unreadable("denied", say("there is no permission to read it, or another program has it open"))
        except FileNotFoundError:
            return Unreadable("missing")
        except Exception as error:
            return Unreadable("damaged", _cannot(error))

    def load(self, limits: Limits) -> bytes | Unreadable:
        """Return its content, or why it cannot be had."""
        if self.size > limits.file_size:
            return too_large(self.size, limits.file_size).unreadable
        file = self.opened()
        if isinstance(file, Unreadable):
            return file
        try:
            with file:
                # It may have grown since.
                return file.read(limits.file_size + 1)
        except OSError as error:
            return Unreadable("damaged", _cannot(error))


class _Reader(io.RawIOBase):
    """A file of fsspec whose network fails as a disk does: each file system has exceptions of its own."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = _told(self._file.read, len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        place: int = _told(self._file.seek, offset, whence)
        return place

    def close(self) -> None:
        if not self.closed:
            _told(self._file.close)
        super().close()


def _told(function: Any, *arguments: int) -> Any:
    try:
        return function(*arguments)
    except OSError:
        raise
    except Exception as error:
        raise OSError(str(error) or type(error).__name__) from None


def is_url(text: str) -> bool:
    """Whether a path that somebody typed is a URL, and not one of Windows with its drive (``C:/…``)."""
    return _URL.match(text) is not None


def is_folder(url: Url) -> bool:
    """Whether a URL is a folder.

    Raises:
        UsageError: there is nothing, it cannot be asked, or what it takes to ask is not installed.
    """
    return bool(_found(url)[2]["type"] == "directory")


class Found(NamedTuple):
    """What a URL leads to."""

    file: RemoteFile
    mail: bool = False
    """Whether it is a mail of a Maildir."""
    unlisted: Unreadable | None = None
    """Why it cannot be looked into, of a folder; None of a file."""


def remote_files(url: Url) -> Iterator[Found]:
    """Yield the files of a folder, searched deep, or the file that a URL is, and folders that cannot be looked into.

    As in a folder on disk, hidden files and folders are passed over, and links to folders.

    Raises:
        UsageError: as `is_folder`, or the URL is a folder that may not be listed.
    """
    system, key, info = _found(url)
    text = _shown(url.text)
    if info["type"] != "directory":
        yield Found(_file(system, info, key, text, (text.rpartition("/")[2],)))
        return
    waiting: list[tuple[str, tuple[str, ...], bool]] = [(key, (), False)]
    while waiting:
        folder, steps, mails = waiting.pop()
        try:
            entries = {name: entry for name, entry in _listed(system, folder) if not name.startswith(".")}
        except _UnlistedError as error:
            if not steps:
                raise UsageError(say("{path}: {reason}", path=f"{text} ({folder})", reason=error.reason)) from None
            place = RemoteFile(_folder(text) + "/".join(steps), steps, 0, system, folder)
            yield Found(place, unlisted=Unreadable("damaged", error.reason))
            continue
        folders = {name for name, entry in entries.items() if entry["type"] == "directory" and not entry.get("islink")}
        maildir = is_maildir(folders)
        for name, entry in entries.items():
            below = (*steps, name)
            if name in folders:
                if not (maildir and name == "tmp") and not mails:
                    waiting.append((entry["name"], below, maildir and name in ("cur", "new")))
            elif mails or is_candidate(name):
                yield Found(_file(system, entry, entry["name"], _folder(text) + "/".join(below), below), mails)


def below_url(origin: str, url: Url) -> str:
    """Return the part of an origin below a folder, or from the file that a URL is; blank where it is elsewhere.

    Raises:
        UsageError: as `is_folder`.
    """
    start = _folder(_shown(url.text))
    if not is_folder(url):
        start = start[:-1].rpartition("/")[0] + "/"
    return origin.removeprefix(start) if origin.startswith(start) else ""


def _folder(text: str) -> str:
    """Return a folder's URL with one slash at its end, or as many as a whole file system has."""
    return text if text.endswith("://") else text.rstrip("/") + "/"


def _file(system: Any, info: Any, key: str, text: str, steps: tuple[str, ...]) -> RemoteFile:
    return RemoteFile(text, steps, info.get("size") or 0, system, key)


class _UnlistedError(Exception):
    """A folder that may not be listed."""

    def __init__(self, reason: Message) -> None:
        super().__init__(str(reason))
        self.reason = reason


def _listed(system: Any, folder: str) -> Iterator[tuple[str, Any]]:
    """Yield what is right in a folder, by name.

    Raises:
        _UnlistedError: it may not be listed.
    """
    # Not by `walk`, which leaves out what it may not list.
    try:
        entries = system.ls(folder, detail=True)
    except Exception as error:
        raise _UnlistedError(_cannot(error)) from None
    for entry in entries:
        path = entry["name"].rstrip("/")
        # Some file systems list the folder itself, too.
        if path.strip("/") != folder.strip("/"):
            yield path.rpartition("/")[2], entry


@lru_cache(maxsize=64)
def _found(url: Url) -> tuple[Any, str, Any]:
    """Return the file system of a URL, its own name of the place, and what it knows of it."""
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise UsageError(
            say("{path}: URLs are read with fsspec: pip install 'xlsform[dask]'", path=_shown(url.text))
        ) from None
    if re.match(r"[^/]*//[^/@]*:[^/]*@", url.text):
        raise UsageError(
            say(
                "{path}: leave the password out, which every user of this machine could read; fsspec takes it from its "
                "configuration",
                path=_shown(url.text),
            )
        )
    try:
        system, key = url_to_fs(url.text)
        return system, key, system.info(key)
    except FileNotFoundError:
        raise UsageError(say("{path}: no such file or folder", path=_shown(url.text))) from None
    except ImportError as error:
        raise UsageError(
            say("{path}: what fsspec needs for it is not installed ({reason})", path=_shown(url.text), reason=error)
        ) from None
    # No such bucket, no permission, no network: each has exceptions of its own.
    except Exception as error:
        raise UsageError(say("{path}: {reason}", path=_shown(url.text), reason=_cannot(error))) from None


def _cannot(error: Exception) -> Message:
    reason = str(getattr(error, "strerror", None) or error).strip().splitlines() or [type(error).__name__]
    return say("the system cannot read it: {reason}", reason=reason[0])


def _shown(text: str) -> str:
    """Return a URL without a password in it, and without what is signed on the web."""
    text = re.sub(r"(?<=//)([^/@:]*):[^/]*@", r"\1@", text)
    return text.partition("?")[0] if text.lower().startswith(("http:", "https:")) else text
