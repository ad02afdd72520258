"""Deliver letters over SMTP, one at a time, so that an interrupted run can go on."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Literal, NamedTuple

from xlsform.errors import UsageError
from xlsform.messages import say

Security = Literal["ssl", "starttls", "none"]
"""How the connection is encrypted: from the start, from the server's answer on, or not at all."""

#: The port that servers listen on where none is named.
PORTS: Mapping[Security, int] = {"ssl": 465, "starttls": 587, "none": 25}

_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server, and how to speak to it."""

    host: str
    port: int
    security: Security = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    timeout: float = _TIMEOUT
    """Seconds."""


class DeliveryOutcome(NamedTuple):
    """What became of one e-mail."""

    mail: EmailMessage
    error: str
    """Why it was not delivered; blank where it was."""


def deliver(
    mails: Iterable[EmailMessage], server: Server, pause: float, begin: Callable[[EmailMessage], None]
) -> Iterator[DeliveryOutcome]:
    """Deliver e-mails one by one and yield what became of each as soon as it is known.

    Args:
        mails: what is to be delivered, composed one at a time.
        server: the mail server.
        pause: seconds between two, since servers take a flood for spam.
        begin: called with each right before it is handed over; if the program ends after that, nobody knows whether
            it was delivered.

    Raises:
        UsageError: the server cannot be reached, or refuses the login: no mail would get through.
    """
    with _connected(server) as connection:
        for number, mail in enumerate(mails):
            if number and pause:
                time.sleep(pause)
            begin(mail)
            yield DeliveryOutcome(mail, _send(connection, mail, server))


def _send(connection: smtplib.SMTP, mail: EmailMessage, server: Server) -> str:
    try:
        connection.send_message(mail)
    except smtplib.SMTPServerDisconnected as error:
        # One lost connection is no reason to give the rest up.
        try:
            connection.connect(server.host, server.port)
            _greet(connection, server)
            connection.send_message(mail)
        except (smtplib.SMTPException, OSError) as again:
            return _reason(again) or _reason(error)
    except (smtplib.SMTPException, OSError) as error:
        with contextlib.suppress(smtplib.SMTPException, OSError):
            connection.rset()
        return _reason(error)
    return ""


@contextlib.contextmanager
def _connected(server: Server) -> Iterator[smtplib.SMTP]:
    try:
        if server.security == "ssl":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=server.timeout, context=ssl.create_default_context()
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=server.timeout)
        _greet(connection, server)
    except (smtplib.SMTPException, OSError) as error:
        where = f"{server.host}:{server.port}"
        raise UsageError(
            say("{server}: no mail can be delivered there ({reason})", server=where, reason=_reason(error))
        ) from None
    try:
        yield connection
    finally:
        with contextlib.suppress(smtplib.SMTPException, OSError):
            connection.quit()


def _greet(connection: smtplib.SMTP, server: Server) -> None:
    # After a reconnect smtplib would take the answers of the old connection for those of the new one.
    connection.ehlo_resp = connection.helo_resp = None
    connection.ehlo_or_helo_if_needed()
    if server.security == "starttls":
        connection.starttls(context=ssl.create_default_context())
        connection.ehlo()
    if server.user:
        connection.login(server.user, server.password)


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "; ".join(f"{address}: {code} {_text(reply)}" for address, (code, reply) in error.recipients.items())
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    return str(error) or type(error).__name__


def _text(reply: bytes | str) -> str:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return " ".join(text.split())
