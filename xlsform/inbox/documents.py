"""What came where a return was expected and is none that can be read: documents, pictures, texts, links."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xlsform.inbox.incoming import ContainerPlace
from xlsform.messages import Message, say
from xlsform.reading.workbook import Unreadable

if TYPE_CHECKING:
    from xlsform.inbox.automatic import Automatic
    from xlsform.inbox.mail import IncomingMail

#: Names that are told at once; of others only how many there are.
_TOLD = 50

Folder = tuple[str, ...]


@dataclass(slots=True)
class Met:
    """What was met in a container besides returns."""

    names: list[str] = field(default_factory=list)
    """The first names, whatever they are of."""
    documents: list[tuple[Folder, ContainerPlace]] = field(default_factory=list)
    """What may be meant as a form and cannot be checked: its path in the container, and its place."""
    links: tuple[str, ...] = ()
    """Files that a mail only links to."""
    _folders: set[Folder] = field(default_factory=set)
    """Folders of the container in which there are returns."""
    _above: set[Folder] = field(default_factory=set)
    """These, and those that they are in."""

    def name(self, path: Folder) -> None:
        """Note that there is something of this path."""
        if len(self.names) < _TOLD:
            self.names.append("/".join(path))

    def returns_in(self, folder: Folder) -> None:
        """Note that a return stands in a folder."""
        if folder not in self._folders:
            self._folders.add(folder)
            self._above.update(folder[:depth] for depth in range(len(folder) + 1))

    def beside(self) -> tuple[str, ...]:
        """Return the documents that belong to a return: most often its print, or its evidence.

        They came in the same mail, or, in an archive, in its folder, one within that, or one around it.
        """
        found = ["/".join(path) for path, _ in self.documents if self._belongs(path[:-1])]
        more = (f"(+{len(found) - _TOLD})",) if len(found) > _TOLD else ()
        return (*found[:_TOLD], *more, *self.links)

    def apart(self) -> Iterator[tuple[ContainerPlace, list[str]]]:
        """Yield the documents that belong to no return, folder by folder: the place of the first one, and the names."""
        folders: dict[Folder, tuple[ContainerPlace, list[str]]] = {}
        for path, place in self.documents:
            if not self._belongs(path[:-1]):
                folders.setdefault(path[:-1], (place, []))[1].append(path[-1])
        yield from folders.values()

    def _belongs(self, folder: Folder) -> bool:
        return folder in self._above or any(folder[:depth] in self._folders for depth in range(len(folder)))


def not_checkable(message: Message) -> Unreadable:
    """Return what is to be said of something that came where a form was expected."""
    return Unreadable("not-checkable", message)


def only_documents(names: Sequence[str]) -> Unreadable:
    """Return why a folder of an archive, or a mail, brings no return beside what else is told of it."""
    shown = [*names[:_TOLD], *([f"(+{len(names) - _TOLD})"] if len(names) > _TOLD else [])]
    return not_checkable(
        say("documents or pictures: {files}; ask for the workbook that was issued, filled in", files=shown)
    )


def none_in_archive(names: list[str]) -> Unreadable:
    """Return why an archive brings no return."""
    if not names:
        return Unreadable("not-a-spreadsheet", say("the archive is empty"))
    return not_checkable(say("there is no workbook in the archive; it holds: {files}", files=names))


def none_in_mail(mail: IncomingMail, about: str, who: str, names: list[str]) -> Unreadable:
    """Return why a mail brings no return.

    Args:
        mail: the mail, all parts of which were looked at.
        about: its subject.
        who: its sender.
        names: of its attachments.
    """
    # As in `unpacking`: most runs meet no such mail.
    from xlsform.inbox.large_attachments import large_attachment

    whose = who or say("an unknown sender")
    link = large_attachment(mail.texts())
    if not mail.whole:
        return Unreadable(
            "truncated",
            say("the mail of {sender} is cut off; no workbook is in what arrived: {files}", sender=whose, files=names),
        )
    if mail.broken:
        broken = say(
            "the mail of {sender} is broken: its parts cannot be told apart; ask for the workbook in a new mail",
            sender=whose,
        )
        return Unreadable("damaged", broken)
    if link is not None:
        message = say(
            "the mail of {sender} has no workbook, only a link to {service} ({files}); links expire and are not "
            "followed: ask for the workbook as an ordinary attachment",
            sender=whose,
            service=link.service,
            files=list(link.names) or say("no file is named"),
        )
    elif names:
        message = say(
            "the mail of {sender} has no workbook; ask for the one that was issued, filled in; attachments: {files}",
            sender=whose,
            files=names,
        )
    else:
        message = say(
            "the mail of {sender} has no attachment, only a text: “{subject}”; if it is meant as a return, ask for the "
            "workbook as an attachment",
            sender=whose,
            subject=about,
        )
    return not_checkable(message)


def linked_files(mail: IncomingMail) -> tuple[str, ...]:
    """Return the files that a mail links to at a service for large attachments."""
    from xlsform.inbox.large_attachments import large_attachment

    link = large_attachment(mail.texts())
    if link is None or not link.certain:
        return ()
    return link.names or (str(link.service),)


def of_automatic(unwritten: Automatic, data: bytes, origin: str, who: str) -> Message:
    """Return what is to be said of a mail that nobody wrote."""
    from xlsform.inbox.automatic import undelivered

    if unwritten == "answer":
        return say("{path}: an automatic reply of {sender}", path=origin, sender=who)
    if address := undelivered(data):
        return say("{path}: a delivery report on the mail to {address}", path=origin, address=address)
    return say("{path}: a delivery report or a receipt of {sender}", path=origin, sender=who)
