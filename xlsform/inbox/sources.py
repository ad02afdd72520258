"""The files that are to be looked into."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from xlsform.errors import NothingFoundError, UsageError, reading_failed
from xlsform.findings import say
from xlsform.inbox.contents import EXTENSIONS
from xlsform.inbox.kinds import CONTAINERS, is_candidate
from xlsform.inbox.remote import RemoteFile, Url, is_folder, remote_files


class Source(NamedTuple):
    """A file that holds a return, or may hold some."""

    path: Path | RemoteFile
    named: bool = False
    """Whether it was asked for by name: then it is taken whatever its extension."""
    message: bool = False
    """Whether it is a mail of a Maildir, which has no extension."""


def find(paths: Iterable[Path | Url]) -> list[Source]:
    """Return the files named, and those of the folders named, searched deep and sorted; each once.

    Lock files of open workbooks (``~$…``) and hidden files and folders are passed over.

    Raises:
        UsageError: a path that does not exist, a folder that may not be listed, or a URL that cannot be asked.
        NothingFoundError: nothing was found.
    """
    found: dict[Path | RemoteFile, Source] = {}
    for path in paths:
        for source in _remote(path) if isinstance(path, Url) else _local(path):
            found.setdefault(source.path, source)
    if not found:
        raise nothing_found()
    return list(found.values())


def nothing_found() -> NothingFoundError:
    """Return what is to be said where there is no workbook."""
    extensions = sorted(EXTENSIONS | CONTAINERS)
    return NothingFoundError(say("no workbook found; looked for {extensions}", extensions=extensions))


def _remote(url: Url) -> list[Source]:
    files = sorted(remote_files(url), key=lambda each: each[0].steps)
    named = not is_folder(url)
    return [Source(file, named=named, message=mail) for file, mail in files]


def _local(path: Path) -> list[Source]:
    if not _is_folder(path):
        return [Source(path, named=True)]
    return [source for _, source in sorted(_below(path), key=lambda each: each[0])]


def _is_folder(path: Path) -> bool:
    try:
        # A link that leads nowhere is there, and gets its verdict as a file.
        path.lstat()
        return path.is_dir()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise UsageError(say("{path}: no such file or folder", path=path)) from None
    except OSError as error:
        raise reading_failed(path, error) from None


def _below(folder: Path) -> Iterator[tuple[Path, Source]]:
    from xlsform.inbox.mailboxes import is_maildir

    def refuse(error: OSError) -> None:
        raise reading_failed(Path(error.filename), error)

    for top, folders, names in os.walk(folder, onerror=refuse):
        if is_maildir(folders):
            yield from (
                (path, Source(path, message=True)) for name in ("cur", "new") for path in _files(Path(top, name))
            )
            folders[:] = set(folders) - {"cur", "new", "tmp"}
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if is_candidate(name):
                yield (path := Path(top, name)), Source(path)


def _files(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if not path.name.startswith(".")]
    except OSError as error:
        raise reading_failed(folder, error) from None
