"""Draft or deliver letters, and record each in the register."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable, Iterator, Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import Literal, NamedTuple

from xlsform.files.atomic import write_whole
from xlsform.mailing.delivery import MailConnection, Outcome, Server
from xlsform.mailing.letters import Letter
from xlsform.mailing.message import check_addresses, compose, draft
from xlsform.projects import safe_name
from xlsform.register import MailRecord, Register

#: Mails in a row to which the server gave no answer; after these no other is tried.
_PATIENCE = 3

Became = Outcome | Literal["taken", "held", "untried"]
"""``taken``: another run has delivered it, or is delivering it now. ``held``: it may have arrived by an earlier run,
and was not delivered again. ``untried``: the server had stopped answering."""


class Posted(NamedTuple):
    """What became of a letter."""

    letter: Letter
    became: Became
    error: str = ""
    """Why it was not delivered, or why nobody knows; blank where it was."""
    twice: bool = False
    """Whether it may arrive twice, since an earlier run ended while it was being delivered."""


def write_drafts(register: Register, letters: Iterable[Letter], sender: str, folder: Path) -> Iterator[Letter]:
    """Write letters into a folder, each as an ``.eml``, and yield them.

    Raises:
        UsageError: an address that no mail server takes, or the folder cannot be written to.
    """
    for count, letter in enumerate(letters, 1):
        _draft(register, letter, sender, folder / safe_name(f"{count:03}_{_whose(letter)}", ".eml"))
        yield letter


def write_undeliverable(
    register: Register, letters: Iterable[Letter], sender: str, folder: Path
) -> Iterator[tuple[Letter, Path]]:
    """Write letters that have no registered address into a folder; yield each with its file.

    The same letter has the same file each time, and no other letter has it.

    Raises:
        UsageError: the folder cannot be written to.
    """
    for letter in letters:
        mail = compose(letter, sender, dt.datetime.now(dt.UTC), register.key)
        path = folder / safe_name(f"{_whose(letter)}_{mail['Message-ID'].strip('<')[:8]}", ".eml")
        _draft(register, letter, sender, path)
        yield letter, path


def post(
    register: Register,
    letters: Sequence[Letter],
    server: Server,
    sender: str,
    pause: float,
    *,
    again: bool = False,
) -> Iterator[Posted]:
    """Deliver letters one at a time, and yield what became of each; claimed before it goes and settled once it is gone.

    Args:
        register: the register.
        letters: what is to be delivered.
        server: the mail server.
        sender: the office's address.
        pause: seconds between two, since servers take a flood for spam.
        again: whether to deliver what may have arrived by an earlier run.

    Raises:
        UsageError: the server cannot be used, or an address that no mail server takes.
    """
    check_addresses(letters, sender)
    uncertain = register.mails.uncertain("issue") | register.mails.uncertain("reply")
    held = [letter for letter in letters if not again and not uncertain.isdisjoint(letter.about)]
    yield from (Posted(letter, "held") for letter in held)
    waiting = [letter for letter in letters if letter not in held]
    if not waiting:
        return
    unanswered = 0
    with MailConnection.open(server) as connection:
        for number, letter in enumerate(waiting):
            if unanswered >= _PATIENCE:
                yield Posted(letter, "untried")
                continue
            if number and pause:
                time.sleep(pause)
            posted, answered = _deliver(register, letter, connection, sender, again=again)
            unanswered = 0 if answered else unanswered + 1
            yield posted._replace(twice=not uncertain.isdisjoint(letter.about))


def mark_sent(register: Register, codes: Sequence[str]) -> list[MailRecord]:
    """Record that letters went out: drafts that a person sent, and mails of which that was not known.

    Args:
        register: the register.
        codes: of projects; each letter that concerns one of them went out whole.

    Returns:
        What is now known to have been sent.

    Raises:
        UsageError: nothing is known of a project; nothing is recorded.
    """
    found: dict[tuple[str, str, tuple[str, ...]], MailRecord] = {}
    for history in [register.history(code) for code in codes]:
        for mail in history.mails:
            if mail.kind in ("draft", "sending"):
                found[mail.purpose, mail.email, mail.about] = mail
            elif mail.kind == "sent":
                found.pop((mail.purpose, mail.email, mail.about), None)
    with register.together():
        for mail in found.values():
            register.mails.record(
                mail.purpose,
                "sent",
                unit=mail.unit,
                email=mail.email,
                message_id=mail.message_id,
                attachments=mail.attachments,
                about=mail.about,
            )
    return list(found.values())


def _deliver(
    register: Register, letter: Letter, connection: MailConnection, sender: str, *, again: bool
) -> tuple[Posted, bool]:
    """Deliver a letter unless another run has it; return what became of it, and whether the server was there."""
    mail = compose(letter, sender, dt.datetime.now(dt.UTC), register.key)
    claim = register.mails.claim(
        letter.purpose,
        unit=letter.unit,
        email=letter.to,
        message_id=mail["Message-ID"],
        attachments=[each.name for each in letter.attachments],
        about=letter.about,
        again=again,
    )
    if not isinstance(claim, int):
        return Posted(letter, "held" if claim == "uncertain" else "taken"), True
    try:
        became, error, answered = connection.deliver(mail)
        register.mails.settle(claim, error, certain=became != "uncertain")
    except BaseException:
        register.mails.release(claim)
        raise
    return Posted(letter, became, error), answered


def _draft(register: Register, letter: Letter, sender: str, path: Path) -> None:
    mail: EmailMessage = compose(letter, sender, dt.datetime.now(dt.UTC), register.key)
    write_whole(path, draft(mail))
    register.mails.record(
        letter.purpose,
        "draft",
        unit=letter.unit,
        email=letter.to,
        message_id=mail["Message-ID"],
        attachments=[each.name for each in letter.attachments],
        about=letter.about,
    )


def _whose(letter: Letter) -> str:
    return letter.unit or letter.to or letter.claimed
