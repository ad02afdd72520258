"""The files that are to be looked into."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from xlsform.errors import NothingFoundError, UsageError, reading_failed
from xlsform.inbox.kinds import CONTAINERS, is_candidate, is_maildir
from xlsform.inbox.remote import RemoteFile, Url, is_folder, remote_files
from xlsform.messages import say
from xlsform.reading.workbook import WORKBOOK_EXTENSIONS, Unreadable


class Source(NamedTuple):
    """A file that holds a return, or may hold some."""

    path: Path | RemoteFile
    named: bool = False
    """Whether it was asked for by name: then it is taken whatever its extension."""
    message: bool = False
    """Whether it is a mail of a Maildir, which has no extension."""
    unlisted: Unreadable | None = None
    """Why it cannot be looked into, of a folder in which there may be returns; None of a file."""


class Sources:
    """Files in their order, each once.

    Only their names are kept, by folder, and each is made a `Source` in its turn: ten thousand paths would take four
    megabytes.
    """

    def __init__(self, searches: Iterable[Iterable[Source]]) -> None:
        """Keep what the searches find, but for what an earlier one found; none finds anything twice."""
        self._kept: list[Source | _Run] = []
        self._runs: dict[str, list[_Run]] = {}
        """By folder."""
        self._met: dict[str, int | set[str]] = {}
        """By folder the number of the only search that met it, or its names, once another search has met it, too."""
        others: set[Path | RemoteFile] = set()
        for number, search in enumerate(searches):
            for each in search:
                if not isinstance(each.path, RemoteFile) and each.unlisted is None:
                    self._add(each, *os.path.split(each.path), number)
                elif each.path not in others:
                    others.add(each.path)
                    self._kept.append(each)

    def _add(self, source: Source, folder: str, name: str, number: int) -> None:
        place, key = os.path.normcase(folder), os.path.normcase(name)
        known = self._met.setdefault(place, number)
        if known != number:
            if isinstance(known, int):
                known = self._met[place] = {os.path.normcase(name) for run in self._runs[place] for name in run.names}
            if key in known:
                return
            known.add(key)
        run = self._kept[-1] if self._kept else None
        if not isinstance(run, _Run) or (run.folder, run.named, run.message) != (folder, source.named, source.message):
            run = _Run(folder, source.named, source.message, [])
            self._kept.append(run)
            self._runs.setdefault(place, []).append(run)
        run.names.append(name)

    def holds(self, place: str) -> bool:
        """Whether a file of its own stands there."""
        folder, name = os.path.split(place)
        return any(name in run.names for run in self._runs.get(os.path.normcase(folder), ())) or place in self._others

    @cached_property
    def _others(self) -> frozenset[str]:
        return frozenset(str(each.path) for each in self._kept if isinstance(each, Source))

    def __bool__(self) -> bool:
        return bool(self._kept)

    def __iter__(self) -> Iterator[Source]:
        for each in self._kept:
            if isinstance(each, Source):
                yield each
            else:
                yield from (Source(Path(each.folder, name), each.named, each.message) for name in each.names)


class _Run(NamedTuple):
    """Some files of a folder."""

    folder: str
    named: bool
    message: bool
    names: list[str]


def find(paths: Iterable[Path | Url]) -> Sources:
    """Return the files named, and those of the folders named, searched deep and sorted; each once.

    Lock files of open workbooks (``~$…``) and hidden files and folders are passed over. A folder within one of those
    named that may not be listed, or has vanished meanwhile, is told in its place.

    Raises:
        UsageError: a path that does not exist, a folder named that may not be listed, or a URL that cannot be asked.
        NothingFoundError: nothing was found.
    """
    found = Sources(_remote(path) if isinstance(path, Url) else _local(path) for path in paths)
    if not found:
        raise nothing_found()
    return found


def nothing_found() -> NothingFoundError:
    """Return what is to be said where there is no workbook."""
    extensions = sorted(WORKBOOK_EXTENSIONS | CONTAINERS)
    return NothingFoundError(say("no workbook found; looked for {extensions}", extensions=extensions))


def _remote(url: Url) -> list[Source]:
    found = sorted(remote_files(url), key=lambda each: each.file.steps)
    named = not is_folder(url)
    return [Source(each.file, named, each.mail, each.unlisted) for each in found]


def _local(path: Path) -> Iterable[Source]:
    return _below(path) if _is_folder(path) else [Source(path, named=True)]


def _is_folder(path: Path) -> bool:
    try:
        # A link that leads nowhere is there, too: it is taken for a file, and gets the verdict that it is missing.
        path.lstat()
        return path.is_dir()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise UsageError(say("{path}: no such file or folder", path=path)) from None
    except OSError as error:
        raise reading_failed(path, error) from None


def _below(folder: Path) -> Iterator[Source]:
    """Yield what a folder holds, sorted as paths are: a folder's files stand where its name does."""
    try:
        open_ = [_entries(folder, _listed(folder))]
    except OSError as error:
        raise reading_failed(folder, error) from None
    while open_:
        entry = next(open_[-1], None)
        if entry is None:
            open_.pop()
        elif isinstance(entry, Source):
            yield entry
        else:
            try:
                open_.append(_entries(entry, _listed(entry)))
            except OSError as error:
                yield _unlisted(entry, error)


class _Listing(NamedTuple):
    """What is right in a folder."""

    names: list[str]
    """Sorted."""
    folders: set[str]
    """Those of folders."""
    links: set[str]
    """Those of links."""


def _entries(folder: Path, listing: _Listing) -> Iterator[Path | Source]:
    """Yield what is right in a folder: the folders that are to be searched, too, and files."""
    names, folders, links = listing
    maildir = is_maildir(folders)
    for name in names:
        path = folder / name
        if maildir and name in ("cur", "new"):
            yield from _mails(path)
        elif name not in folders:
            if is_candidate(name):
                yield Source(path)
        # Folders behind links are passed over, since a link may lead back to a folder that it stands in.
        elif not (name.startswith(".") or (maildir and name == "tmp") or name in links):
            yield path


def _mails(folder: Path) -> Iterator[Source]:
    """Yield the mails in a folder of a Maildir."""
    try:
        names = _listed(folder).names
    except OSError as error:
        yield _unlisted(folder, error)
        return
    yield from (Source(folder / name, message=True) for name in names if not name.startswith("."))


def _unlisted(folder: Path, error: OSError) -> Source:
    """Return a folder that cannot be looked into: there may be returns in it, so it is told like one."""
    if isinstance(error, PermissionError):
        why = Unreadable("denied", say("there is no permission to list this folder"))
    elif isinstance(error, FileNotFoundError):
        why = Unreadable("missing", say("this folder has vanished"))
    else:
        what = say("the system cannot list this folder: {reason}", reason=error.strerror or error)
        why = Unreadable("damaged", what)
    return Source(folder, unlisted=why)


def _listed(folder: Path) -> _Listing:
    """Return what is right in a folder.

    Raises:
        OSError: it may not be listed.
    """
    listing = _Listing([], set(), set())
    with os.scandir(folder) as entries:
        for entry in entries:
            listing.names.append(entry.name)
            if _is_folder_entry(entry):
                listing.folders.add(entry.name)
            if entry.is_symlink():
                listing.links.add(entry.name)
    listing.names.sort(key=os.path.normcase)
    return listing


def _is_folder_entry(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
