"""The commands that mail workbooks out and faulty returns back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
    with Register.open(letters.register) as register:
        count = write_drafts(register, _due(register, letters), letters.sender, folder)
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
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@click.pass_context
def mail_send(ctx: click.Context, letters: _Letters, connection: _ServerOptions, pause: float, dry_run: bool) -> None:
    """Deliver what was not yet delivered, one mail at a time; a second run sends only the rest.

    A mail whose delivery was interrupted is sent again under the same Message-ID, which is told: it may arrive twice.
    """
    from xlsform.mailing import post
    from xlsform.messages import say
    from xlsform.register import Register

    failed = 0
    with Register.open(letters.register) as register:
        due = list(_due(register, letters))
        if dry_run:
            for letter in due:
                _tell_of(letter)
            return
        for posted in progress(post(register, due, _server(connection), letters.sender, pause), len(due)):
            failed += bool(posted.error)
            _tell_outcome(posted)
    remark(say("{sent} delivered, {failed} failed", sent=len(due) - failed, failed=failed))
    ctx.exit(1 if failed else 0)


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


def _tell_of(letter: Letter) -> None:
    from xlsform.messages import say

    count = len(letter.attachments)
    tell(say("to {to}: {subject} ({count} attachments)", to=letter.to, subject=letter.subject, count=count))


def _tell_outcome(posted: Posted) -> None:
    from xlsform.messages import say

    to = posted.letter.to
    if posted.error:
        tell(say("{to}: not delivered ({reason})", to=to, reason=posted.error))
    elif posted.twice:
        tell(say("{to}: sent again, since an earlier run ended in the middle; it may arrive twice", to=to))
