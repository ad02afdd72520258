"""What the inbox hands on, and what it takes along on the way into a container."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from xlsform.messages import Message, say
from xlsform.reading import Limits
from xlsform.reading.workbook import Reason, Unreadable

if TYPE_CHECKING:
    from xlsform.inbox.automatic import Automatic

#: A container may unpack to this many times its own size, besides ``Limits.total_size``: an .xls is packed to a tenth
#: or a fifteenth.
_SPREAD = 20
#: Members of an archive and of all in it, in ``Limits.members``: a zip may hold the returns of a whole district.
_CROWD = 20
#: A mailbox may have one more mail for each of so many bytes: with what its headers say, hardly any is smaller.
_SMALL_MAIL = 2_000


@dataclass(frozen=True, slots=True)
class Incoming:
    """A return as it came in, before anything is known of what it holds."""

    origin: str
    """Where it came from, unlike any other's: ``inbox.mbox#3 张三 <zs@x.cn>/自评表.zip/子目录/表.xlsx``;
    for a file of its own its path as given."""
    name: str
    """The innermost file name: decoded, at most 120 characters, safe to show and free of what a path is made of."""
    data: bytes | Unreadable = field(repr=False)
    """Not shown in logs."""
    received: datetime | None
    """When its mail was sent, by the mail's own word, else when the file was last changed; in UTC."""
    sender: str
    """``张三 <zs@x.cn>``; blank where it did not come by mail."""
    message_id: str = ""
    """Of its mail, ``<…@…>``, so that it can be answered; blank where there is none, or none that can be used."""
    beside: tuple[str, ...] = ()
    """What came with it in its mail, or its folder of an archive, and cannot be checked: documents, pictures."""


class PassedOver(NamedTuple):
    """A mail that is no return, since nobody wrote it."""

    automatic: Automatic
    message: Message


class RefusedError(Exception):
    """A container, or something in it, is not opened; it never leaves the inbox."""

    def __init__(self, reason: Reason, message: Message) -> None:
        super().__init__(str(message))
        self.unreadable = Unreadable(reason, message)


class SpentError(RefusedError):
    """A whole file or mail costs more than any honest one; the rest of it is not opened either."""


def too_large(size: int, most: int) -> RefusedError:
    """Return what is to be said of something that has more bytes than are read."""
    return RefusedError("oversized", say("{size} bytes; at most {most} are read", size=f"{size:,}", most=f"{most:,}"))


class Budget:
    """What the contents of one file or mail may cost, however they are nested."""

    def __init__(self, size: int, limits: Limits) -> None:
        """Allow for what a file of that size (bytes) may hold."""
        self.bytes = limits.total_size + _SPREAD * size
        self.members = _CROWD * limits.members
        self._most = self.bytes, self.members

    @classmethod
    def of_mailbox(cls, size: int, limits: Limits) -> Budget:
        """Allow for a mailbox of that size: its mails have budgets of their own, but they are counted here."""
        budget = cls(size, limits)
        budget.members += size // _SMALL_MAIL
        budget._most = budget.bytes, budget.members
        return budget

    def unpack(self, size: int) -> None:
        """Pay for bytes that were unpacked.

        Raises:
            SpentError: more than allowed.
        """
        self.bytes -= size
        if self.bytes < 0:
            raise SpentError("oversized", say("unpacked it is larger than {most} bytes", most=f"{self._most[0]:,}"))

    def open(self, members: int) -> None:
        """Pay for the members of an archive.

        Raises:
            SpentError: more than allowed.
        """
        self.members -= members
        if self.members < 0:
            raise SpentError("oversized", say("it holds more than {most} files", most=f"{self._most[1]:,}"))


@dataclass(frozen=True, slots=True)
class ContainerPlace:
    """Where in the inbox one is: inside which containers, and what is known from them."""

    origin: str
    name: str
    sender: str
    received: datetime | None
    budget: Budget
    archives: int = 0
    """How many archives are open around it."""
    mails: int = 0
    """How many mails are open around it."""
    held: int = 0
    """Bytes of the containers around it that are in memory."""
    message_id: str = ""
    """Of the mail around it."""
    inner: bool = False
    """Whether the budget is that of a container around it."""
    in_mail: bool = False
    """Whether it stands right in a mail, and not in an archive or a mailbox."""

    def within(self, path: tuple[str, ...], *, mail: bool = False) -> ContainerPlace:
        """Return the place of something in this container, a mail or an archive."""
        return replace(self, origin="/".join((self.origin, *path)), name=path[-1], inner=True, in_mail=mail)


class Piece(NamedTuple):
    """A member of an archive or an attachment of a mail, not yet unpacked."""

    path: tuple[str, ...]
    """Folders and name, each safe to show; never empty."""
    head: bytes
    """How its content begins, eight bytes or so; blank where that cannot be seen."""
    load: Callable[[int], bytes]
    """Return its content if it has no more bytes than that; raises RefusedError."""
    content_type: str = ""
    """As its mail declares it, in lower case."""
    part_of_mail: bool = False
    """Whether it belongs to the mail itself: a picture that its text shows, a signature."""

    @property
    def name(self) -> str:
        """Its file name."""
        return self.path[-1]
