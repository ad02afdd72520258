"""Open containers, and whatever is in them, until nothing but returns is left."""

from __future__ import annotations

import io
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from pathlib import PurePath
from typing import IO, TYPE_CHECKING

from xlsform.inbox.clock import Clock
from xlsform.inbox.discovery import Source
from xlsform.inbox.disk import kind_of_file, loaded, opened, place_of, size_of, text_of, unread
from xlsform.inbox.documents import (
    Met,
    linked_files,
    none_in_archive,
    none_in_mail,
    not_checkable,
    of_automatic,
    only_documents,
)
from xlsform.inbox.incoming import (
    Budget,
    ContainerPlace,
    Incoming,
    PassedOver,
    Piece,
    RefusedError,
    SpentError,
)
from xlsform.inbox.kinds import ARCHIVE_NAMES, Kind, is_document, kind_of, refusal
from xlsform.inbox.names import safe, suffix
from xlsform.messages import say
from xlsform.reading import Limits, sniff
from xlsform.reading.workbook import Unreadable

if TYPE_CHECKING:
    from xlsform.inbox.mail import IncomingMail

#: Takes each mail that is passed over, since nobody wrote it.
Note = Callable[[PassedOver], None]


class Unpacker:
    """Yields the returns of files, and gives each an origin of its own.

    What reads containers is imported when the first one is met: most runs meet none, and start 3 ms sooner, 14 ms with
    what mails need of the standard library.
    """

    def __init__(self, limits: Limits, passed_over: Note, holds: Callable[[str], bool]) -> None:
        """Prepare to unpack.

        Args:
            limits: they hold for each workbook, and for each container in memory.
            passed_over: told of each delivery report and automatic reply.
            holds: whether an origin is that of a file of its own.
        """
        self._limits = limits
        self._passed_over = passed_over
        self._holds = holds
        self._own = ""
        """The origin of the file that is being unpacked."""
        self._clock = Clock(0, limits)
        """That of the file that is being unpacked."""
        self._taken: set[int] = set()
        """Hashes of the origins given: the texts of ten thousand would take megabytes. Where two hashes are the same by
        chance, an origin gets a number that it does not need."""
        self._numbers: dict[str, int] = {}
        """By origin, the last number that was given to tell another one apart from it."""

    def source(self, source: Source) -> Iterator[Incoming]:
        """Yield what a file brings: returns, or why there are none; of a mail that nobody wrote nothing."""
        place = place_of(source.path, self._limits)
        self._own = place.origin
        if source.unlisted is not None:
            yield self._incoming(source.unlisted, place)
        elif not source.message and kind_of(place.name, b"") == "workbook":
            yield Incoming(place.origin, place.name, loaded(source.path, self._limits), place.received, place.sender)
        else:
            self._clock = Clock(size_of(source.path), self._limits)
            yield from self._clock.timed(self._guarded(self._file(source, place), place))

    def _file(self, source: Source, place: ContainerPlace) -> Iterator[Incoming]:
        file = opened(source.path)
        if isinstance(file, Unreadable):
            yield self._incoming(file, place)
            return
        with file:
            head = file.read(8_192)
            kind = kind_of_file(source, place.name, head)
            # Origins of what is in a container are only shown. The path of a return that is a file stays as it is, even
            # if it holds bytes that are no text, since the file is opened by it.
            inside = replace(place, origin=text_of(source.path))
            if kind == "zip":
                yield from self._zip(file, inside)
            elif kind == "mailbox":
                yield from self._mailbox(file, inside)
            elif kind == "refused":
                yield self._incoming(not_checkable(refusal(place.name, head)), place)
            elif kind == "mail":
                yield from self._mail_file(source, inside)
            else:
                yield self._incoming(loaded(source.path, self._limits), place)

    def _mail_file(self, source: Source, place: ContainerPlace) -> Iterator[Incoming]:
        data = loaded(source.path, replace(self._limits, file_size=self._limits.part_size))
        if isinstance(data, Unreadable):
            yield self._incoming(data, place)
        else:
            yield from self._mail(data, replace(place, held=len(data)), labelled=source.message)

    def _zip(self, file: IO[bytes], place: ContainerPlace, outer: Met | None = None) -> Iterator[Incoming]:
        """Yield what a zip brings: itself, where it is a workbook under another name, else what is in it."""
        from xlsform.inbox.archives import IncomingZip

        archive = IncomingZip(file, self._limits, place.budget)
        if archive.is_document:
            file.seek(0)
            yield from self._document(file.read(self._limits.file_size + 1), place)
            return
        most = self._limits.archives
        if place.archives >= most:
            raise RefusedError("oversized", say("archives within archives, more than {most} deep", most=most))
        met = Met()
        found = self._pieces(archive.pieces(), replace(place, archives=place.archives + 1), met)
        none = yield from self._with_documents(found, met)
        if none and outer is None:
            yield self._incoming(none_in_archive(met.names), place)
        elif none and outer is not None and met.names:
            outer.documents.append(((place.name,), place))

    def _document(self, data: bytes, place: ContainerPlace) -> Iterator[Incoming]:
        """Yield a workbook by its content, whatever it is named; another document within a container is no return."""
        kind = sniff(data, self._limits)
        if isinstance(kind, Unreadable) and place.inner:
            named = suffix(place.name) not in ARCHIVE_NAMES
            if named or kind.reason == "not-a-spreadsheet":
                return
        yield self._incoming(data, place)

    def _mail(
        self, data: bytes, place: ContainerPlace, outer: Met | None = None, *, labelled: bool = False
    ) -> Iterator[Incoming]:
        """Yield what a mail brings; labelled, one that has no file name tells its sender in the origin."""
        from xlsform.inbox.automatic import automatic
        from xlsform.inbox.headers import message_id, sender, sent, subject
        from xlsform.inbox.mail import IncomingMail

        most = self._limits.mails
        if place.mails >= most:
            raise RefusedError("oversized", say("mails within mails, more than {most} deep", most=most))
        mail = IncomingMail(data, self._limits, self._clock.check)
        who, about = sender(mail.header), subject(mail.header)
        label = " " + who.replace("/", "_") if labelled and who else ""
        place = replace(
            place,
            origin=place.origin + label,
            name=safe(f"{about}.eml") if labelled else place.name,
            sender=who or place.sender,
            received=sent(mail.header) or place.received,
            mails=place.mails + 1,
            message_id=message_id(mail.header),
        )
        unwritten = automatic(mail.header, who, about)
        met = Met()
        found = self._pieces(mail.pieces(mails=unwritten != "report"), place, met, mail)
        none = yield from self._with_documents(found, met)
        if not none:
            return
        if outer is not None:
            # One that was sent on and has nothing but text is as good as text of the mail around it.
            if met.documents or met.links:
                outer.documents.append(((place.name,), place))
        elif unwritten == "report" or (unwritten == "answer" and not met.documents and not met.links):
            self._passed_over(PassedOver(unwritten, of_automatic(unwritten, data, place.origin, who)))
        else:
            yield self._incoming(none_in_mail(mail, about, who, met.names), place)

    def _mailbox(self, file: IO[bytes], place: ContainerPlace) -> Iterator[Incoming]:
        from xlsform.inbox.mailboxes import messages

        crowd = place.budget if place.inner else Budget.of_mailbox(file.seek(0, 2), self._limits)
        for number, message in enumerate(messages(file, self._limits), 1):
            self._clock.check()
            crowd.open(1)
            each = replace(place, origin=f"{place.origin}#{number}")
            if isinstance(message, RefusedError):
                yield self._incoming(message.unreadable, each)
                continue
            if not place.inner:
                each = replace(each, budget=Budget(len(message), self._limits))
            each = replace(each, held=place.held + len(message))
            yield from self._guarded(self._mail(message, each, labelled=True), each)

    def _pieces(
        self, pieces: Iterator[Piece], place: ContainerPlace, met: Met, mail: IncomingMail | None = None
    ) -> Iterator[Incoming]:
        """Yield what the pieces of a container bring, a mail's or an archive's, and note what is met besides."""
        for piece in pieces:
            self._clock.check()
            if not piece.part_of_mail:
                met.name(piece.path)
            kind = kind_of(piece.name, piece.head, piece.content_type)
            inside = place.within(piece.path, mail=mail is not None)
            brought, known = False, len(met.documents)
            if kind == "refused":
                brought = True
                yield self._incoming(not_checkable(refusal(piece.name, piece.head, piece.content_type)), inside)
            elif kind != "other":
                for each in self._guarded(self._piece(piece, kind, inside, met), inside):
                    brought = True
                    if isinstance(each.data, bytes):
                        met.returns_in(piece.path[:-1])
                    yield each
            unread = len(met.documents) > known or is_document(piece.name, piece.content_type)
            if unread and not brought and not piece.part_of_mail:
                met.documents[known:] = [(piece.path, inside)]
        if mail is not None:
            met.links = linked_files(mail)

    def _piece(self, piece: Piece, kind: Kind, place: ContainerPlace, met: Met) -> Iterator[Incoming]:
        limits = self._limits
        doubtful = kind in ("zip", "ole") and suffix(piece.name) not in ARCHIVE_NAMES
        container = kind != "workbook" and not doubtful
        try:
            data = piece.load(min(limits.part_size, limits.total_size - place.held) if container else limits.file_size)
            inside = replace(place, held=place.held + len(data))
            if kind == "mail":
                yield from self._mail(data, inside, met if place.in_mail else None)
            elif kind == "mailbox":
                yield from self._mailbox(io.BytesIO(data), inside)
            elif kind == "zip":
                yield from self._zip(io.BytesIO(data), inside, met)
            elif kind == "ole":
                yield from self._document(data, place)
            else:
                yield self._incoming(data, place)
        except RefusedError as error:
            # A broken file under a name of neither a workbook nor an archive is no return, and not told of.
            if not doubtful or isinstance(error, SpentError):
                raise

    def _with_documents(self, found: Iterator[Incoming], met: Met) -> Generator[Incoming, None, bool]:
        """Yield what a container brings, and tell of the documents in it that cannot be checked.

        Those that belong to a return are told with it; to know them all, a return is kept until the next one comes.
        Each of the others may be a return itself. Where nothing else is found they are left to the caller.

        Returns:
            Whether nothing was found.
        """
        none = True
        kept: list[Incoming] = []
        try:
            for each in found:
                none = False
                if isinstance(each.data, bytes):
                    yield from kept
                    kept = [each]
                elif kept:
                    kept.append(each)
                else:
                    yield each
        except Exception:
            yield from kept
            raise
        if kept and (beside := met.beside()):
            kept[0] = replace(kept[0], beside=(*kept[0].beside, *beside))
        yield from kept
        if not none:
            for place, names in met.apart():
                yield self._incoming(only_documents(names), place)
        return none

    def _guarded(self, found: Iterator[Incoming], place: ContainerPlace) -> Iterator[Incoming]:
        """Yield what is found, and then what ended the search, if anything did."""
        try:
            yield from found
        except RefusedError as error:
            if isinstance(error, SpentError) and place.inner:
                raise
            yield self._incoming(error.unreadable, place)
        except OSError as error:
            yield self._incoming(unread(error), place)
        # The last resort: damage that nobody has met yet must not end a batch of five hundred files.
        except Exception as error:
            what = say("its contents make no sense ({error})", error=type(error).__name__)
            yield self._incoming(Unreadable("damaged", what), place)

    def _incoming(self, data: bytes | Unreadable, place: ContainerPlace) -> Incoming:
        origin, extension = place.origin, PurePath(place.name).suffix
        while hash(origin) in self._taken or (origin != self._own and self._holds(origin)):
            number = self._numbers[place.origin] = self._numbers.get(place.origin, 1) + 1
            origin = f"{place.origin.removesuffix(extension)} ({number}){extension}"
        self._taken.add(hash(origin))
        return Incoming(origin, place.name, data, place.received, place.sender, place.message_id)
