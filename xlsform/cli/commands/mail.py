"""The commands that mail workbooks out and faulty returns back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from xlsform.cli.console import HELP, language, remark, remark_written, tell
from xlsform.cli.options import REGISTER, RETURNS, ROUND_YEAR, Command, ReadsFolder, Writes, together
from xlsform.cli.progress import progress

if TYPE_CHECKING:
    from xlsform.inbox import Incoming, Url
    from xlsform.mailing import Letter, Posted, Security, Server
    from xlsform.register import Register
    from xlsform.verdict.verdict import Verdict


class _Letters(NamedTuple):
    """Which letters are written, and whose they are."""

    register: Path
    sender: str
    texts: Path | None
    returns: tuple[Path | Url, ...]
    year: int | None


def _letter_options() -> Callable[[Command], Command]:
    return together(
        "letters",
        _Letters,
        REGISTER,
        click.option("--from", "sender", required=True, help="The office's address: 县财政局 <jx@example.gov.cn>."),
        click.option("--texts", type=ReadsFolder(), help="Folder with the office's own wording."),
        click.option(
            "--returns",
            multiple=True,
            type=RETURNS,
            metavar="PATH",
            help="Answer faulty returns: the files, mails or folders that they came in, or their URLs.",
        ),
        ROUND_YEAR,
    )


class _ServerOptions(NamedTuple):
    """The mail server, and who logs in."""

    smtp: str
    security: Security
    user: str | None


@click.group(context_settings=HELP)
def mail() -> None:
    """Mail workbooks out and faulty returns back, one letter a unit."""


@mail.command("texts")
@click.argument("folder", type=Writes(folder=True))
def mail_texts(folder: Path) -> None:
    """Write the wording of the letters into a folder, to be edited and given back with --texts."""
    from xlsform.files.atomic import write_whole
    from xlsform.files.replacing import Replaceable, require_places
    from xlsform.mailing import own_texts
    from xlsform.messages import say

    own = own_texts()
    unchanged = Replaceable(
        say("the wording as it is written here, unchanged"), lambda path: own[path.name] == _bytes(path)
    )
    require_places((folder / name for name in own), unchanged)
    for name, content in own.items():
        write_whole(folder / name, content)
    remark_written(folder)


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


@mail.command("draft")
@click.argument("folder", type=Writes(folder=True, example="_.eml"))
@_letter_options()
def mail_draft(folder: Path, letters: _Letters) -> None:
    """Write one .eml a unit into a folder, for Outlook, Foxmail or QQ mail to open and send.

    Status tells what was drafted. A second run drafts it again, since whether a draft was sent is not known here.
    """
    from xlsform.files.replacing import Replaceable, require_places
    from xlsform.mailing import write_drafts
    from xlsform.mailing.message import is_draft
    from xlsform.messages import say
    from xlsform.register import Register

    # How many letters there are is known only when they are written: all that are named like one are looked at.
    drafts = Replaceable(say("a draft that was written here before"), is_draft)
    require_places(folder.glob("[0-9][0-9][0-9]*_*.eml"), drafts)
    count = 0
    with Register.open(letters.register) as register:
        uncertain = register.mails.uncertain("issue") | register.mails.uncertain("reply")
        for letter in write_drafts(register, _due(register, letters), letters.sender, folder):
            count += 1
            if not uncertain.isdisjoint(letter.about):
                _tell_held(letter)
            if letter.claimed:
                tell(
                    say(
                        "{subject}: the mail says it is from {address}, which is no registered address of the unit; "
                        "drafted without an address",
                        subject=letter.subject,
                        address=letter.claimed,
                    )
                )
    remark(say("written: {count} letters in {folder}", count=count, folder=folder))


@mail.command("send")
@_letter_options()
@together(
    "connection",
    _ServerOptions,
    click.option("--smtp", required=True, metavar="HOST[:PORT]", help="The mail server."),
    click.option("--security", type=click.Choice(["ssl", "starttls", "none"]), default="ssl", show_default=True),
    click.option("--user", help="Login name; the password comes from XLSFORM_SMTP_PASSWORD or a prompt."),
)
@click.option(
    "--pause", type=click.FloatRange(0, 3600), default=3.0, show_default=True, help="Seconds between two mails."
)
@click.option(
    "--again", is_flag=True, help="Deliver also what may have arrived already, since an earlier run ended unanswered."
)
@click.option(
    "--drafts",
    type=Writes(folder=True, example="_.eml"),
    metavar="DIR",
    help="Where answers are drafted for which no registered address is known; beside the register, in drafts, if not "
    "given.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@click.pass_context
def mail_send(
    ctx: click.Context,
    letters: _Letters,
    connection: _ServerOptions,
    pause: float,
    again: bool,
    drafts: Path | None,
    dry_run: bool,
) -> None:
    """Deliver what was not yet delivered, one mail at a time; a second run sends only the rest.

    A mail that was handed over, and to which the server gave no answer, may have arrived: it is told, and delivered
    again only with --again, under the same Message-ID. Of two runs at once each mail has one.

    Answers go to registered addresses only. Where none is known, a draft without an address is written instead.
    """
    from xlsform.mailing import post, write_undeliverable
    from xlsform.register import Register

    with Register.open(letters.register) as register:
        due = list(_due(register, letters))
        if dry_run:
            _tell_due(register, due, again=again)
            return
        undeliverable = [letter for letter in due if letter.claimed]
        folder = drafts or letters.register.parent / "drafts"
        for letter, path in write_undeliverable(register, undeliverable, letters.sender, folder):
            _tell_drafted(letter, path)
        waiting = [letter for letter in due if not letter.claimed]
        told = []
        if waiting:
            posting = post(register, waiting, _server(connection), letters.sender, pause, again=again)
            for posted in progress(posting, len(waiting)):
                told.append(posted.became)
                _tell_outcome(posted)
    _remark_sum(told)
    ctx.exit(1 if {"failed", "uncertain", "held", "untried"} & set(told) else 0)


@mail.command("sent")
@click.argument("codes", nargs=-1, required=True, metavar="CODE...")
@REGISTER
def mail_sent(codes: tuple[str, ...], register: Path) -> None:
    """Say that the letters about these projects went out: drafts sent by hand, or mails that may have arrived.

    A letter brings all projects of its unit, so one CODE is enough.
    """
    from xlsform.mailing import mark_sent
    from xlsform.messages import say
    from xlsform.register import Register

    with Register.open(register) as opened:
        sent = mark_sent(opened, codes)
    for each in sent:
        remark(say("{unit} ({to}): recorded as sent", unit=each.unit, to=each.email))
    if not sent:
        tell(say("no letter about these projects is waiting to be sent"))


def _due(register: Register, letters: _Letters) -> Iterator[Letter]:
    """Return the letters that are due: workbooks not yet mailed, or replies to faulty returns not yet answered."""
    from xlsform.mailing import Texts, due_replies, due_workbooks

    texts = Texts(letters.texts) if letters.texts else Texts()
    if not letters.returns:
        return due_workbooks(register, texts, letters.year, tell)
    from xlsform.reports.annotate.copies import marked

    def mark(verdict: Verdict, incoming: Incoming) -> bytes | None:
        return marked(verdict, incoming, language())

    return due_replies(register, texts, letters.year, letters.returns, mark, language(), tell)


def _server(given: _ServerOptions) -> Server:
    import os

    from xlsform.mailing import PORTS, Server
    from xlsform.messages import render, say

    host, _, port = given.smtp.partition(":")
    if port and not port.isdecimal():
        raise click.UsageError(f"{given.smtp}: the port is to be a number")
    password = os.environ.get("XLSFORM_SMTP_PASSWORD", "") if given.user else ""
    if given.user and not password:
        password = click.prompt(render(say("Password of the mail account"), language()), hide_input=True, err=True)
    return Server(host, int(port or PORTS[given.security]), given.security, given.user or "", password)


def _tell_due(register: Register, due: Sequence[Letter], *, again: bool) -> None:
    from xlsform.messages import say

    uncertain = register.mails.uncertain("issue") | register.mails.uncertain("reply")
    for letter in due:
        count = len(letter.attachments)
        if letter.claimed:
            tell(
                say(
                    "drafted for {to}: {subject} ({count} attachments)",
                    to=letter.claimed,
                    subject=letter.subject,
                    count=count,
                )
            )
        elif not again and not uncertain.isdisjoint(letter.about):
            _tell_held(letter)
        else:
            tell(say("to {to}: {subject} ({count} attachments)", to=letter.to, subject=letter.subject, count=count))


def _tell_drafted(letter: Letter, path: Path) -> None:
    from xlsform.messages import say

    tell(
        say(
            "{path}: drafted, not delivered: the mail says it is from {address}, which is no registered address of the "
            "unit; make sure whose it is before you put it in",
            path=path,
            address=letter.claimed,
        )
    )


def _tell_held(letter: Letter) -> None:
    from xlsform.messages import say

    tell(
        say(
            "{unit} ({to}): “{subject}” was handed over by an earlier run, and may have arrived: ask the unit; "
            "“mail sent” says that it did, --again delivers it once more",
            unit=letter.unit,
            to=letter.to,
            subject=letter.subject,
        )
    )


def _tell_outcome(posted: Posted) -> None:
    from xlsform.messages import say

    letter = posted.letter
    to = letter.to
    if posted.became == "held":
        _tell_held(letter)
    elif posted.became == "failed":
        tell(say("{to}: not delivered ({reason})", to=to, reason=posted.error))
    elif posted.became == "uncertain":
        tell(
            say(
                "{unit} ({to}): “{subject}” was handed over, but the server did not say that it was taken ({reason}); "
                "it may have arrived, and is not delivered again without --again",
                unit=letter.unit,
                to=to,
                subject=letter.subject,
                reason=posted.error,
            )
        )
    elif posted.became == "taken":
        tell(say("{to}: “{subject}” is delivered by another run", to=to, subject=letter.subject))
    elif posted.twice and posted.became == "sent":
        tell(say("{to}: sent again, since an earlier run ended in the middle; it may arrive twice", to=to))


def _remark_sum(became: Sequence[str]) -> None:
    from xlsform.messages import say

    remark(say("{sent} delivered, {failed} failed", sent=became.count("sent"), failed=became.count("failed")))
    if uncertain := became.count("uncertain") + became.count("held"):
        remark(say("{count} may have arrived; nobody knows", count=uncertain))
    if untried := became.count("untried"):
        tell(say("{count} were not tried, since the server has stopped answering; run it again later", count=untried))
