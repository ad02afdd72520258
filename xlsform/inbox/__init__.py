"""Where returns come from: files and folders, on disk or behind URLs, mails, mailboxes and archives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path, PurePath

from xlsform.errors import XlsformError
from xlsform.inbox.discovery import Source, find, nothing_found
from xlsform.inbox.disk import kind_of_file, opened, place_of
from xlsform.inbox.incoming import Incoming, PassedOver, RefusedError
from xlsform.inbox.kinds import kind_of
from xlsform.inbox.names import steps
from xlsform.inbox.remote import Url, below_url, is_url
from xlsform.inbox.unpacking import Note, Unpacker
from xlsform.reading import Limits
from xlsform.reading.limits import DEFAULT_LIMITS
from xlsform.reading.workbook import Unreadable

__all__ = [
    "Incoming",
    "Note",
    "PassedOver",
    "Url",
    "at_least_one",
    "below",
    "count",
    "incoming",
    "is_url",
    "local_files",
]


def incoming(paths: Sequence[Path | Url], limits: Limits, passed_over: Note = lambda _: None) -> Iterator[Incoming]:
    """Return all that came in, one at a time: files as named, folders sorted and searched deep, the rest as it stands.

    Nothing is written to disk, and nothing about a file raises an exception. At any time one chain of containers is
    open, and one member in memory.

    Args:
        paths: files, which are taken whatever their extension, and folders, searched for workbooks, mails, mailboxes
            and archives; a URL is what fsspec takes it for.
        limits: for each workbook. A mail, and an archive within another file, may have ``part_size`` bytes; a file may
            unpack to ``total_size`` and twenty times its own size, and hold twenty times ``members``.
        passed_over: told of each delivery report and automatic reply. Any other mail without a workbook may be meant as
            a return, and comes out as what cannot be read.

    Raises:
        UsageError: a path that does not exist, a folder named that may not be listed, or a URL that cannot be asked.
        NothingFoundError: there is no file to look into.
    """
    # No generator: that a path cannot be used is told at once, and not when the first return is asked for.
    sources = find(paths)
    unpacker = Unpacker(limits, passed_over, sources.holds)
    return (each for source in sources for each in unpacker.source(source))


def local_files(paths: Sequence[Path | Url]) -> Iterator[Path]:
    """Yield the files on this computer that are looked into; none where a path cannot be used."""
    with suppress(XlsformError):
        for source in find([path for path in paths if isinstance(path, Path)]):
            if isinstance(source.path, Path):
                yield source.path


def at_least_one(found: Iterator[Incoming]) -> Iterator[Incoming]:
    """Pass everything on; that there is nothing, or only mails that nobody wrote, is as good as no file at all.

    Raises:
        NothingFoundError: there is nothing.
    """
    none = True
    for each in found:
        none = False
        yield each
    if none:
        raise nothing_found()


def count(paths: Sequence[Path | Url], limits: Limits = DEFAULT_LIMITS) -> int | None:
    """Return how many are to be expected, or None where that would take reading it all, as with an mbox.

    An estimate, for showing progress: a mail counts as one, an archive as the workbooks and containers right in it.

    Raises:
        UsageError, NothingFoundError: as :func:`incoming`.
    """
    total = 0
    for source in find(paths):
        expected = _expected(source, limits)
        if expected is None:
            return None
        total += expected
    return total


def below(origin: str, roots: Sequence[Path | Url]) -> PurePath:
    """Return where a copy of a return belongs in a folder of copies: as it stood below its root, containers as folders.

    The path is safe: relative, without ``..`` and without what any system reserves. Two origins may come out the same
    where only reserved characters told them apart, or folders nested more than eight deep.

    Args:
        origin: of an incoming return.
        roots: the paths that were looked into.
    """
    if is_url(origin):
        for url in roots:
            if isinstance(url, Url) and (inside := below_url(origin, url)):
                return PurePath(*steps(inside))
        return PurePath(*steps(origin)[-1:])
    for root in roots:
        if isinstance(root, Url):
            continue
        start = root if root.is_dir() else root.parent
        if PurePath(origin).is_relative_to(start):
            return PurePath(*steps(str(PurePath(origin).relative_to(start))))
    return PurePath(*steps(origin)[-1:])


def _expected(source: Source, limits: Limits) -> int | None:
    # As in `unpacking`: most runs meet no archive, and start sooner without its reader.
    from xlsform.inbox.archives import IncomingZip

    place = place_of(source.path, limits)
    if source.unlisted is not None or kind_of(place.name, b"") in ("workbook", "mail"):
        return 1
    file = opened(source.path)
    if isinstance(file, Unreadable):
        return 1
    with file:
        try:
            kind = kind_of_file(source, place.name, file.read(8_192))
            if kind == "mailbox":
                return None
            pieces = IncomingZip(file, limits, place.budget).pieces() if kind == "zip" else iter(())
            return max(1, sum(kind_of(piece.name, b"") != "other" for piece in pieces))
        except (RefusedError, OSError):
            return 1
