"""Letters: readable in Outlook, Foxmail and QQ mail, delivered one at a time over a real SMTP server."""

from __future__ import annotations

import asyncio
import datetime as dt
import email
import socket
from collections.abc import Callable, Iterable, Iterator
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from jinja2 import UndefinedError

from xlsform.demo.samples import samples_folder
from xlsform.errors import UsageError
from xlsform.mailing import (
    Attachment,
    Letter,
    Server,
    Texts,
    compose,
    deliver,
    draft,
    issue_letters,
    own_texts,
    reply_letter,
)
from xlsform.mailing.delivery import DeliveryOutcome
from xlsform.projects import Project
from xlsform.register import Issued, Return
from xlsform.verdict.judge import check
from xlsform.verdict.verdict import Options

WHEN = dt.datetime(2026, 1, 5, 9, 30, tzinfo=dt.UTC)
SENDER = "某县财政局绩效科 <jx@example.gov.cn>"


def project(code: str, name: str, unit: str, address: str) -> Project:
    return Project(code, name, "某局", unit, address, {}, (), {}, 2)


def issued(folder: Path, code: str, unit: str = "公路养护中心", address: str = "gl@example.cn", **more: Any) -> Issued:
    (folder / f"{code}_项目.xlsx").write_bytes(f"workbook {code}".encode())
    return Issued(
        project(code, more.get("name", f"项目{code}"), unit, address),
        template="mof-2020",
        edition="2020.1",
        year=2025,
        file=f"{code}_项目.xlsx",
        digest=f"digest{code}",
        password="secret",
        due=more.get("due"),
        when=WHEN,
    )


def letter(**changes: Any) -> Letter:
    values: dict[str, Any] = {
        "purpose": "issue",
        "unit": "公路养护中心",
        "to": "gl@example.cn",
        "subject": "自评表",
        "text": "正文",
        "html": "<p>正文</p>",
        "attachments": (),
        "about": ("d",),
    }
    return Letter(**values | changes)


def composed(written: Letter, key: bytes = b"the register's") -> EmailMessage:
    return compose(written, SENDER, WHEN, key)


def drafted(written: Letter) -> bytes:
    return draft(composed(written))


def parsed(data: bytes) -> EmailMessage:
    message = email.message_from_bytes(data, policy=default)
    assert isinstance(message, EmailMessage)
    return message


# --- what a letter says


def test_one_letter_a_unit_with_all_its_workbooks(tmp_path: Path) -> None:
    due = dt.date(2026, 1, 31)
    workbooks = [
        issued(tmp_path, "001", due=due),
        issued(tmp_path, "002"),
        issued(tmp_path, "003", "水利站", "sl@example.cn"),
    ]
    first, second = issue_letters(workbooks, tmp_path, Texts())
    assert (first.unit, first.to, first.about) == ("公路养护中心", "gl@example.cn", ("digest001", "digest002"))
    assert [each.name for each in first.attachments] == ["001_项目.xlsx", "002_项目.xlsx"]
    assert first.attachments[0].data == b"workbook 001"
    assert first.subject == "2025年度项目支出绩效自评表（公路养护中心，共2个项目）"
    assert "1. 001 项目001" in first.text
    assert "请于 2026 年 1 月 31 日前发回" in first.text
    assert second.to == "sl@example.cn"
    assert "日前发回" not in second.text


def test_the_password_is_in_no_letter(tmp_path: Path) -> None:
    (one,) = issue_letters([issued(tmp_path, "001")], tmp_path, Texts())
    assert b"secret" not in drafted(one)
    assert "secret" not in one.text + one.html + one.subject


def test_a_workbook_that_is_gone_is_told(tmp_path: Path) -> None:
    gone = issued(tmp_path, "001")
    (tmp_path / gone.file).unlink()
    with pytest.raises(UsageError, match=r"001_项目\.xlsx: cannot be opened"):
        list(issue_letters([gone], tmp_path, Texts()))


def test_a_reply_lists_what_is_wrong_in_the_clerks_words() -> None:
    verdict = check(samples_folder() / "faults-weights.xlsx", Options())
    returned = Return(verdict, "inbox.mbox#3/自评表.xlsx", WHEN)
    reply = reply_letter(returned, "gl@example.cn", Attachment("自评表_退回.xlsx", b"copy"), Texts(), "zh")
    assert reply.subject == "【退回修改】农村公路养护 项目支出绩效自评表"
    assert "1. 【错误】自评表!G40：" in reply.text
    assert "（W101）" in reply.text
    assert "退回意见" in reply.text
    assert reply.about == (verdict.sha256,)
    without = reply_letter(returned, "gl@example.cn", None, Texts(), "zh")
    assert "用原来下发的工作簿重新填报" in without.text


def test_text_of_a_return_is_no_markup_in_a_letter(tmp_path: Path) -> None:
    (one,) = issue_letters([issued(tmp_path, "001", name="<script>alert(1)</script>")], tmp_path, Texts())
    assert "<script>" not in one.html
    assert "&lt;script&gt;" in one.html


def test_the_office_edits_the_wording(tmp_path: Path) -> None:
    for name, content in own_texts().items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "issue.subject.jinja").write_text("请填报\n {{ unit }}", encoding="utf-8")
    (one,) = issue_letters([issued(tmp_path, "001")], tmp_path, Texts(tmp_path))
    assert one.subject == "请填报 公路养护中心"


@pytest.mark.parametrize(
    ("wording", "message"),
    [("{{ unit", "issue.subject.jinja, line 1: this letter cannot be read"), ("{{ units }}", "'units' is undefined")],
)
def test_a_broken_wording_is_one_clear_message(wording: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "issue.subject.jinja").write_text(wording, encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        list(issue_letters([issued(tmp_path, "001")], tmp_path, Texts(tmp_path)))
    assert issubclass(UndefinedError, Exception)


# --- how it is written down


def test_an_eml_is_read_back_as_it_was_written() -> None:
    data = drafted(letter(attachments=(Attachment("2025_农村公路养护_公路养护中心.xlsx", b"\x00PK"),)))
    assert data.isascii()
    message = parsed(data)
    assert message["X-Unsent"] == "1"
    assert message["Subject"] == "自评表"
    assert message["From"].addresses[0].display_name == "某县财政局绩效科"
    assert message["To"].addresses[0].addr_spec == "gl@example.cn"
    assert message["To"].addresses[0].display_name == "公路养护中心"
    body, rich = message.get_body(["plain"]), message.get_body(["html"])
    assert body is not None
    assert rich is not None
    assert body.get_content().strip() == "正文"
    assert rich.get_content().strip() == "<p>正文</p>"
    (part,) = message.iter_attachments()
    assert part.get_filename() == "2025_农村公路养护_公路养护中心.xlsx"
    assert part.get_content() == b"\x00PK"


def test_attachment_names_are_written_in_both_ways() -> None:
    data = drafted(letter(attachments=(Attachment("农村公路养护项目支出绩效自评表.xlsx", b"x"),))).decode("ascii")
    unfolded = data.replace("\r\n ", " ")
    assert "filename*=utf-8''%E5%86%9C" in unfolded or "filename*0*=utf-8''%E5%86%9C" in unfolded
    assert 'name="=?utf-8?b?' in unfolded


def test_lines_are_as_long_as_mail_allows() -> None:
    data = drafted(letter(subject="很长的主题" * 60, attachments=(Attachment("名" * 110 + ".xlsx", b"x" * 5000),)))
    assert max(len(line) for line in data.split(b"\r\n")) <= 998


def test_a_name_cannot_smuggle_a_header_in() -> None:
    evil = "x\r\nBcc: all@example.cn"
    message = parsed(drafted(letter(unit=evil, attachments=(Attachment(evil, b"x"),))))
    assert message["Bcc"] is None
    assert [key for key in message if key.lower() == "bcc"] == []


@pytest.mark.parametrize("address", ["", "gl", "gl@", "@example.cn", "公路@example.cn", "a@b\r\nBcc: c@d"])
def test_an_address_that_no_server_takes_is_told(address: str) -> None:
    with pytest.raises(UsageError, match="is no e-mail address"):
        composed(letter(to=address))


def test_the_same_letter_has_the_same_identity() -> None:
    first, second = composed(letter()), composed(letter())
    assert first["Message-ID"] == second["Message-ID"]
    later = compose(letter(), SENDER, WHEN + dt.timedelta(days=3), b"the register's")
    assert later["Message-ID"] == first["Message-ID"]
    assert composed(letter(), b"another's")["Message-ID"] != first["Message-ID"]
    assert composed(letter(to="new@example.cn"))["Message-ID"] != first["Message-ID"]
    assert composed(letter(about=("e",)))["Message-ID"] != first["Message-ID"]
    assert first["Message-ID"].endswith("@example.gov.cn>")


# --- delivery


class Office:
    """A mail server's memory, and what it refuses."""

    def __init__(self) -> None:
        self.got: list[EmailMessage] = []
        self.refused: set[str] = set()
        self.drop_after: int | None = None

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.drop_after is not None and len(self.got) >= self.drop_after:
            self.drop_after = None
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
            return "421 gone"
        assert isinstance(envelope.content, bytes)
        self.got.append(parsed(envelope.content))
        return "250 OK"


@pytest.fixture
def office() -> Iterator[tuple[Office, Server]]:
    memory = Office()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(
        memory,
        hostname="127.0.0.1",
        port=port,
        authenticator=lambda server, session, envelope, mechanism, data: AuthResult(success=data.password == b"right"),
        auth_require_tls=False,
    )
    controller.start()
    try:
        yield memory, Server("127.0.0.1", port, "none", timeout=10)
    finally:
        controller.stop()


def mails(*addresses: str) -> Iterator[EmailMessage]:
    return (composed(letter(to=address, about=(address,))) for address in addresses)


def test_mails_are_delivered_one_by_one(office: tuple[Office, Server]) -> None:
    memory, server = office
    outcomes = list(delivered(mails("a@x.cn", "b@x.cn"), server))
    assert [outcome.error for outcome in outcomes] == ["", ""]
    assert [message["To"].addresses[0].addr_spec for message in memory.got] == ["a@x.cn", "b@x.cn"]
    assert memory.got[0]["Subject"] == "自评表"
    assert all(message["X-Unsent"] is None for message in memory.got)


def delivered(
    letters: Iterable[EmailMessage], server: Server, begin: Callable[[EmailMessage], None] = lambda _: None
) -> Iterator[DeliveryOutcome]:
    return deliver(letters, server, 0, begin)


def test_a_refused_address_does_not_stop_the_rest(office: tuple[Office, Server]) -> None:
    memory, server = office
    memory.refused = {"b@x.cn"}
    outcomes = list(delivered(mails("a@x.cn", "b@x.cn", "c@x.cn"), server))
    assert [outcome.error for outcome in outcomes] == ["", "b@x.cn: 550 no such mailbox", ""]
    assert len(memory.got) == 2


def test_a_lost_connection_is_taken_up_again(office: tuple[Office, Server]) -> None:
    memory, server = office
    memory.drop_after = 1
    outcomes = list(delivered(mails("a@x.cn", "b@x.cn", "c@x.cn"), server))
    assert [outcome.error for outcome in outcomes] == ["", "", ""]
    assert [message["To"].addresses[0].addr_spec for message in memory.got] == ["a@x.cn", "b@x.cn", "c@x.cn"]


def test_nothing_is_sent_before_it_is_asked_for(office: tuple[Office, Server]) -> None:
    memory, server = office
    outcomes = delivered(mails("a@x.cn", "b@x.cn"), server)
    next(outcomes)
    assert len(memory.got) == 1


def test_each_is_announced_right_before_it_is_handed_over(office: tuple[Office, Server]) -> None:
    memory, server = office
    begun: list[tuple[str, int]] = []
    outcomes = delivered(
        mails("a@x.cn", "b@x.cn"), server, lambda mail: begun.append((str(mail["To"]), len(memory.got)))
    )
    next(outcomes)
    assert len(begun) == 1
    next(outcomes)
    assert begun == [("公路养护中心 <a@x.cn>", 0), ("公路养护中心 <b@x.cn>", 1)]


def test_a_server_that_is_not_there_is_one_clear_message() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(UsageError, match=f"127.0.0.1:{port}: no mail can be delivered there"):
        list(delivered(mails("a@x.cn"), Server("127.0.0.1", port, "none", timeout=5)))


def test_a_wrong_password_is_one_clear_message_without_it(office: tuple[Office, Server]) -> None:
    _, server = office
    wrong = Server(server.host, server.port, "none", "jx", "wrong-password", 10)
    with pytest.raises(UsageError) as caught:
        list(delivered(mails("a@x.cn"), wrong))
    assert "wrong-password" not in str(caught.value)
    assert "wrong-password" not in repr(wrong)
    right = Server(server.host, server.port, "none", "jx", "right", 10)
    assert [outcome.error for outcome in delivered(mails("a@x.cn"), right)] == [""]
