"""Draft or deliver letters, and record each in the register."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import NamedTuple

from xlsform.files.atomic import write_whole
from xlsform.mailing.delivery import Server, deliver
from xlsform.mailing.letters import Letter
from xlsform.mailing.message import compose, draft
from xlsform.projects import safe_name
from xlsform.register import MailKind, Register


class Posted(NamedTuple):
    """What became of a letter."""

    letter: Letter
    error: str
    """Why it was not delivered; blank where it was."""
    twice: bool
    """Whether it may arrive twice, since an earlier run ended while it was being delivered."""


def write_drafts(register: Register, letters: Iterable[Letter], sender: str, folder: Path) -> int:
    """Write letters into a folder, each as an ``.eml``, and return how many there were.

    Raises:
        UsageError: an address that no mail server takes, or the folder cannot be written to.
    """
    count = 0
    for count, letter in enumerate(letters, 1):
        name = safe_name(f"{count:03}_{letter.unit or letter.to}", ".eml")
        mail = compose(letter, sender, dt.datetime.now(dt.UTC), register.key)
        write_whole(folder / name, draft(mail))
        _record(register, letter, mail, "draft")
    return count


def post(register: Register, letters: Sequence[Letter], server: Server, sender: str, pause: float) -> Iterator[Posted]:
    """Deliver letters one at a time, and yield what became of each; recorded before it goes and once it is gone.

    Args:
        register: the register.
        letters: what is to be delivered.
        server: the mail server.
        sender: the office's address.
        pause: seconds between two.

    Raises:
        UsageError: the server cannot be used, or an address that no mail server takes.
    """
    if not letters:
        return
    uncertain = register.mails.uncertain("issue") | register.mails.uncertain("reply")
    waiting, begun = iter(letters), list[int]()

    def begin(mail: EmailMessage) -> None:
        begun.append(_record(register, next(waiting), mail, "sending"))

    mails = (compose(letter, sender, dt.datetime.now(dt.UTC), register.key) for letter in letters)
    for letter, outcome in zip(letters, deliver(mails, server, pause, begin), strict=True):
        register.mails.settle(begun.pop(), outcome.error)
        yield Posted(letter, outcome.error, not uncertain.isdisjoint(letter.about))


def _record(register: Register, letter: Letter, mail: EmailMessage, kind: MailKind) -> int:
    return register.mails.record(
        letter.purpose,
        kind,
        unit=letter.unit,
        email=letter.to,
        message_id=mail["Message-ID"],
        attachments=[each.name for each in letter.attachments],
        about=letter.about,
    )
