"""Delivery: each mail once, or told, whatever the server does."""

from __future__ import annotations

import datetime as dt
import socket
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from support.smtp_server import BadLuckServer, Fault

from xlsform.errors import UsageError
from xlsform.mailing import Letter, MailConnection, Server, compose
from xlsform.mailing.delivery import DeliveryOutcome

SENDER = "某县财政局绩效科 <jx@example.gov.cn>"
#: Seconds until a server that hangs is given up.
SOON = 0.1


def mail(address: str) -> EmailMessage:
    letter = Letter("issue", "公路养护中心", address, "自评表", "正文\n.\n..两点", "<p>正文</p>", (), (address,))
    return compose(letter, SENDER, dt.datetime(2026, 1, 5, tzinfo=dt.UTC), b"key")


def delivered(server: Server, *addresses: str) -> list[DeliveryOutcome]:
    with MailConnection.open(server) as connection:
        return [connection.deliver(mail(address)) for address in addresses]


def at(server: BadLuckServer) -> Server:
    return Server("127.0.0.1", server.port, "none", timeout=SOON)


def became(server: BadLuckServer, *addresses: str) -> list[str]:
    return [each.became for each in delivered(at(server), *addresses)]


def test_mails_are_delivered_one_by_one() -> None:
    with BadLuckServer().running() as server:
        assert delivered(at(server), "a@x.cn", "b@x.cn") == [DeliveryOutcome("sent")] * 2
        assert server.connections == 1
    assert server.to == ["a@x.cn", "b@x.cn"]
    first = server.got[0]
    assert (first["Subject"], first["X-Unsent"]) == ("自评表", None)
    body = first.get_body(["plain"])
    assert body is not None
    assert body.get_content().splitlines() == ["正文", ".", "..两点"]


@pytest.mark.parametrize(
    ("does", "reason"),
    [
        ("drop", "Connection unexpectedly closed"),
        pytest.param("hang", "Connection unexpectedly closed: timed out", marks=pytest.mark.slow),
        ("what?", "-1 ?"),
        ("354 go on", "354 go on"),
    ],
)
def test_a_mail_that_was_handed_over_and_not_answered_is_not_sent_again(does: str, reason: str) -> None:
    with BadLuckServer(Fault("content", does)).running() as server:
        first, second = delivered(at(server), "a@x.cn", "b@x.cn")
    assert (first.became, first.error) == ("uncertain", reason)
    assert second == DeliveryOutcome("sent")
    assert server.to == ["a@x.cn", "b@x.cn"]


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("does", ["drop", "hang", "421 too many mails on this connection", "what?"])
def test_a_connection_that_ends_before_a_mail_is_handed_over_is_made_again(step: str, does: str) -> None:
    with BadLuckServer(Fault(step, does)).running() as server:
        assert became(server, "a@x.cn", "b@x.cn") == ["sent", "sent"]
        assert server.connections == 2
    assert server.to == ["a@x.cn", "b@x.cn"]


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "content"])
@pytest.mark.parametrize("does", ["451 try again later", "552 it is too large"])
def test_what_a_server_refuses_has_failed_and_the_rest_goes_on(step: str, does: str) -> None:
    with BadLuckServer(Fault(step, does)).running() as server:
        first, second = delivered(at(server), "a@x.cn", "b@x.cn")
        assert server.connections == 1
    assert first == DeliveryOutcome("failed", f"a@x.cn: {does}" if step == "RCPT" else does)
    assert second == DeliveryOutcome("sent")
    # What the server had and refused it does not deliver.
    assert server.to == (["a@x.cn", "b@x.cn"] if step == "content" else ["b@x.cn"])


def test_a_server_that_closes_as_it_refuses() -> None:
    with BadLuckServer(Fault("content", "421 no more today")).running() as server:
        first, second = delivered(at(server), "a@x.cn", "b@x.cn")
        assert (first.became, second.became) == ("failed", "sent")
        assert server.connections == 2


def test_some_addresses_are_refused() -> None:
    with BadLuckServer().running() as server:
        server.refused = {"b@x.cn"}
        outcomes = delivered(at(server), "a@x.cn", "b@x.cn", "c@x.cn")
    assert [each.error for each in outcomes] == ["", "b@x.cn: 550 no such mailbox", ""]
    assert server.to == ["a@x.cn", "c@x.cn"]


def test_a_server_that_closes_between_mails() -> None:
    with BadLuckServer(Fault("after", "drop"), Fault("after", "drop")).running() as server:
        assert became(server, "a@x.cn", "b@x.cn", "c@x.cn") == ["sent"] * 3
        assert server.connections == 3
    assert server.to == ["a@x.cn", "b@x.cn", "c@x.cn"]


@pytest.mark.parametrize(
    "fault", [Fault("greet", "drop"), Fault("greet", "hang"), Fault("greet", "554 go away"), Fault("EHLO", "drop")]
)
def test_a_server_that_greets_and_dies(fault: Fault) -> None:
    with BadLuckServer(fault).running() as server, pytest.raises(UsageError, match="no mail can be delivered there"):
        delivered(at(server), "a@x.cn")


def test_a_server_that_dies_in_the_middle_and_stays_dead() -> None:
    faults = [Fault("MAIL", "drop"), Fault("greet", "drop"), Fault("greet", "drop"), Fault("greet", "drop")]
    with BadLuckServer(*faults).running() as server:
        outcomes = delivered(at(server), "a@x.cn", "b@x.cn", "c@x.cn")
    assert [each.became for each in outcomes] == ["failed", "failed", "sent"]
    assert [each.answered for each in outcomes] == [False, False, True]
    assert server.to == ["c@x.cn"]


def test_the_size_of_a_mail_is_announced_where_the_server_asks_for_it() -> None:
    with BadLuckServer(Fault("EHLO", "250-here\r\n250 SIZE 35000000")).running() as server:
        assert became(server, "a@x.cn") == ["sent"]
        assert f"size={len(mail('a@x.cn').as_bytes())}" in server.lines[1]


def test_a_server_that_is_not_there_is_one_clear_message() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(UsageError, match=f"127.0.0.1:{port}: no mail can be delivered there"):
        delivered(Server("127.0.0.1", port, "none", timeout=5), "a@x.cn")


class _Taker:
    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        return "250 OK"


@pytest.fixture
def locked() -> Iterator[int]:
    """The port of a server that asks for a password."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    controller = Controller(
        _Taker(),
        hostname="127.0.0.1",
        port=port,
        authenticator=lambda server, session, envelope, mechanism, data: AuthResult(
            success=data.password == b"right", handled=False
        ),
        auth_require_tls=False,
    )
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def test_a_wrong_password_is_one_clear_message_without_it(locked: int) -> None:
    wrong = Server("127.0.0.1", locked, "none", "jx", "wrong-password", 10)
    with pytest.raises(UsageError) as caught:
        delivered(wrong, "a@x.cn")
    assert "wrong-password" not in str(caught.value)
    assert "wrong-password" not in repr(wrong)
    assert delivered(Server("127.0.0.1", locked, "none", "jx", "right", 10), "a@x.cn") == [DeliveryOutcome("sent")]
