"""Commands of a round: how far it has come, and the mails that go out and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xlsform.cli import office
from xlsform.cli.console import HELP, cli, language, progress, remark, tell, write_out
from xlsform.cli.options import FILE, Command, place, sharing

if TYPE_CHECKING:
    from email.message import EmailMessage

    from xlsform.inbox import Url
    from xlsform.mailing import Letter, Server
    from xlsform.register import MailKind, Register

_REGISTER = click.option(
    "--register", "path", type=FILE, default=Path("register.db"), show_default=True, help="The round's register."
)


@office.projects.command("withdraw")
@click.argument("codes", nargs=-1, required=True, metavar="CODE…")
@_REGISTER
@click.option("--reason", default="", help="Why, as status and history are to tell it.")
def projects_withdraw(codes: tuple[str, ...], path: Path, reason: str) -> None:
    """Withdraw projects that were cancelled: nothing is expected of them any more.

    They are neither outstanding nor mailed. A project that is issued anew is expected again.
    """
    from xlsform.messages import say
    from xlsform.register import Register

    with Register.open(path) as register:
        register.withdraw(codes, reason)
    remark(say("withdrawn: {codes}", codes=list(codes)))


@cli.command()
@_REGISTER
@click.option("--project", metavar="CODE", help="All that happened to one project; as text or json.")
@click.option(
    "--due", type=click.DateTime(["%Y-%m-%d"]), help="The last day for returns, in place of the one recorded."
)
@click.option("--year", type=click.IntRange(1990, 2100), help="Only what was issued for this year.")
@click.option("--format", "form", type=click.Choice(["text", "json", "csv", "xlsx"]), default="text", show_default=True)
@click.option("-o", "--output", type=FILE, help="Write to this file instead of stdout.")
def status(
    path: Path, project: str | None, due: datetime | None, year: int | None, form: str, output: Path | None
) -> None:
    """Say per unit what was issued, mailed, returned, passed, sent back, and what is outstanding or overdue."""
    from xlsform.files.atomic import write_whole
    from xlsform.register import Register
    from xlsform.reports.status import rendered
    from xlsform.reports.status.history import render_history

    if project is not None:
        if due or year or form not in ("text", "json"):
            raise click.UsageError("--project goes with --format text or json, and neither with --due nor --year")
        with Register.open(path) as register:
            write_out(render_history(register.history(project), form, language()), output)
        return
    if form == "xlsx" and output is None:
        raise click.UsageError("--format xlsx needs -o FILE.xlsx")
    with Register.open(path) as register:
        report = rendered(register.status(due.date() if due else None, year=year), form, language())
    if output is None:
        click.echo(report.decode("utf-8"), nl=False)
    else:
        write_whole(output, report)


@cli.group(context_settings=HELP)
def mail() -> None:
    """Mail workbooks out and faulty returns back, one letter a unit."""


@mail.command("texts")
@click.argument("folder", type=FILE)
def mail_texts(folder: Path) -> None:
    """Write the wording of the letters into a folder, to be edited and given back with --texts."""
    from xlsform.files.atomic import write_whole
    from xlsform.mailing import own_texts
    from xlsform.messages import say

    for name, content in own_texts().items():
        write_whole(folder / name, content)
    remark(say("written: {path}", path=folder))


def _letters(*more: Any) -> Callable[[Command], Command]:
    return sharing(
        _REGISTER,
        click.option("--from", "sender", required=True, help="The office's address: 县财政局 <jx@example.gov.cn>."),
        click.option("--texts", type=FILE, help="Folder with the office's own wording."),
        click.option(
            "--returns",
            multiple=True,
            type=place,
            metavar="PATH",
            help="Answer faulty returns: the files, mails or folders that they came in, or their URLs.",
        ),
        click.option("--year", type=click.IntRange(1990, 2100), help="Only what was issued for this year."),
        *more,
    )


@mail.command("draft")
@click.argument("folder", type=FILE)
@_letters()
def mail_draft(
    folder: Path, path: Path, sender: str, texts: Path | None, returns: tuple[Path | Url, ...], year: int | None
) -> None:
    """Write one .eml a unit into a folder, for Outlook, Foxmail or QQ mail to open and send.

    Status tells what was drafted. A second run drafts it again, since whether a draft was sent is not known here.
    """
    import datetime as dt

    from xlsform.files.atomic import write_whole
    from xlsform.mailing import compose, draft
    from xlsform.messages import say
    from xlsform.projects import safe_name
    from xlsform.register import Register

    count = 0
    with Register.open(path) as register:
        for count, letter in enumerate(_to_send(register, texts, returns, year), 1):
            name = safe_name(f"{count:03}_{letter.unit or letter.to}", ".eml")
            written = compose(letter, sender, dt.datetime.now(dt.UTC), register.key)
            write_whole(folder / name, draft(written))
            _record(register, letter, written, "draft")
    remark(say("written: {count} letters in {folder}", count=count, folder=folder))


@mail.command("send")
@_letters(
    click.option("--smtp", required=True, metavar="HOST[:PORT]", help="The mail server."),
    click.option("--security", type=click.Choice(["ssl", "starttls", "none"]), default="ssl", show_default=True),
    click.option("--user", help="Login name; the password comes from XLSFORM_SMTP_PASSWORD or a prompt."),
    click.option(
        "--pause", type=click.FloatRange(0, 3600), default=3.0, show_default=True, help="Seconds between two mails."
    ),
    click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing."),
)
@click.pass_context
def mail_send(
    ctx: click.Context,
    path: Path,
    sender: str,
    texts: Path | None,
    returns: tuple[Path | Url, ...],
    year: int | None,
    smtp: str,
    security: Any,
    user: str | None,
    pause: float,
    dry_run: bool,
) -> None:
    """Deliver what was not yet delivered, one mail at a time; a second run sends only the rest.

    A mail whose delivery was interrupted is sent again under the same Message-ID, which is told: it may arrive twice.
    """
    from xlsform.messages import say
    from xlsform.register import Register

    with Register.open(path) as register:
        letters = list(_to_send(register, texts, returns, year))
        if dry_run:
            for letter in letters:
                tell(
                    say(
                        "to {to}: {subject} ({count} attachments)",
                        to=letter.to,
                        subject=letter.subject,
                        count=len(letter.attachments),
                    )
                )
            return
        failed = _deliver(register, letters, _server(smtp, security, user), sender, pause)
    remark(say("{sent} delivered, {failed} failed", sent=len(letters) - failed, failed=failed))
    ctx.exit(1 if failed else 0)


def _deliver(register: Register, letters: Sequence[Letter], server: Server, sender: str, pause: float) -> int:
    """Deliver letters and record each before it goes and as soon as it is gone; return how many failed."""
    import datetime as dt

    from xlsform.mailing import compose, deliver
    from xlsform.messages import say

    failed = 0
    uncertain = register.mails.uncertain("issue") | register.mails.uncertain("reply")
    waiting, begun = iter(letters), list[int]()

    def begin(mail: EmailMessage) -> None:
        begun.append(_record(register, next(waiting), mail, "sending"))

    mails = (compose(letter, sender, dt.datetime.now(dt.UTC), register.key) for letter in letters)
    outcomes = deliver(mails, server, pause, begin) if letters else iter(())
    for letter, outcome in progress(zip(letters, outcomes, strict=True), len(letters)):
        register.mails.settle(begun.pop(), outcome.error)
        if outcome.error:
            failed += 1
            tell(say("{to}: not delivered ({reason})", to=letter.to, reason=outcome.error))
        elif not uncertain.isdisjoint(letter.about):
            tell(say("{to}: sent again, since an earlier run ended in the middle; it may arrive twice", to=letter.to))
    return failed


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


def _server(smtp: str, security: Any, user: str | None) -> Server:
    import os

    from xlsform.mailing import Server
    from xlsform.messages import render, say

    host, _, port = smtp.partition(":")
    if port and not port.isdecimal():
        raise click.UsageError(f"{smtp}: the port is to be a number")
    password = os.environ.get("XLSFORM_SMTP_PASSWORD", "") if user else ""
    if user and not password:
        password = click.prompt(render(say("Password of the mail account"), language()), hide_input=True, err=True)
    return Server(
        host, int(port or {"ssl": 465, "starttls": 587, "none": 25}[security]), security, user or "", password
    )


def _to_send(
    register: Register, texts: Path | None, returns: tuple[Path | Url, ...], year: int | None
) -> Iterator[Letter]:
    """Yield the letters that are due: workbooks not yet mailed, or replies to faulty returns not yet answered."""
    from xlsform.mailing import Texts, issue_letters
    from xlsform.messages import say

    wording = Texts(texts) if texts else Texts()
    if returns:
        yield from _replies(register, wording, returns, year)
        return
    issued = register.to_mail(year)
    for each in issued:
        if not each.project.email:
            tell(
                say(
                    "{code} {name}: no e-mail address in the list; not mailed",
                    code=each.project.code,
                    name=each.project.name,
                )
            )
    yield from issue_letters([each for each in issued if each.project.email], Path(), wording)


def _replies(register: Register, wording: Any, returns: tuple[Path | Url, ...], year: int | None) -> Iterator[Letter]:
    import hashlib

    from xlsform.inbox import incoming
    from xlsform.mailing import Attachment, reply_letter
    from xlsform.messages import say
    from xlsform.reading import Limits
    from xlsform.reports.annotate.copies import marked

    due = {each.reference: each for each in register.to_answer(year)}
    for arrival in incoming(returns, Limits()):
        data = arrival.data if isinstance(arrival.data, bytes) else b""
        returned = due.pop(hashlib.sha256(data).hexdigest() if data else arrival.origin, None)
        if returned is None:
            continue
        project = register.project(returned.verdict.project_code or "")
        address = project.email if project else ""
        if not address:
            tell(say("{path}: no e-mail address is known for it; not answered", path=arrival.origin))
            continue
        copy = marked(returned.verdict, arrival, language()) if data else None
        name = f"{Path(arrival.name).stem}_退回.xlsx"
        yield reply_letter(returned, address, Attachment(name, copy) if copy else None, wording, language())
