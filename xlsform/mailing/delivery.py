"""Deliver e-mails over SMTP, one at a time, and know of each whether the server took it."""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Literal, NamedTuple, Self

from xlsform.errors import UsageError
from xlsform.messages import say

Security = Literal["ssl", "starttls", "none"]
"""How the connection is encrypted: from the start, from the server's answer on, or not at all."""

#: The port that servers listen on where none is named.
PORTS: Mapping[Security, int] = {"ssl": 465, "starttls": 587, "none": 25}

_TIMEOUT = 60.0
#: A server that scans attachments takes its time to answer once it has all of a mail; who does not wait long enough
#: does not know whether it arrived. RFC 5321 asks for ten minutes.
_LAST_ANSWER = 10

_CLOSING = 421
"""The server takes no more mails on this connection."""
_LEADING_DOT = re.compile(rb"(?m)^\.")


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server, and how to speak to it."""

    host: str
    port: int
    security: Security = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    timeout: float = _TIMEOUT
    """Seconds to wait for an answer; ten times as long for the last one, which says that a mail was taken."""


Outcome = Literal["sent", "failed", "uncertain"]
"""``uncertain``: all of the mail was handed over, and then no answer came. It may have arrived."""


class DeliveryOutcome(NamedTuple):
    """What became of one e-mail."""

    became: Outcome
    error: str = ""
    """Why it was not delivered, or why nobody knows; blank where it was."""
    answered: bool = True
    """Whether the server was there to say so."""


class _LostError(Exception):
    """The connection ended before all of a mail was handed over: it did not arrive, and may be tried again."""


class MailConnection:
    """A connection to a mail server, made again where the server ends it."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._smtp: smtplib.SMTP | None = None

    @classmethod
    @contextlib.contextmanager
    def open(cls, server: Server) -> Iterator[Self]:
        """Connect and log in, for the time of a ``with`` block.

        Raises:
            UsageError: the server cannot be reached, or refuses the login: no mail would get through.
        """
        connection = cls(server)
        try:
            connection._connect()
        except (smtplib.SMTPException, OSError) as error:
            where = f"{server.host}:{server.port}"
            raise UsageError(
                say("{server}: no mail can be delivered there ({reason})", server=where, reason=_reason(error))
            ) from None
        try:
            yield connection
        finally:
            connection._quit()

    def deliver(self, mail: EmailMessage) -> DeliveryOutcome:
        """Hand an e-mail over and return what became of it.

        One that the server cannot have is tried once more on a new connection. One that it had, and did not answer, is
        not: that would be how a unit gets the same letter twice.
        """
        try:
            return self._attempt(mail)
        except (_LostError, smtplib.SMTPException, OSError):
            self._close()
        try:
            return self._attempt(mail)
        except (_LostError, smtplib.SMTPException, OSError) as error:
            self._close()
            return DeliveryOutcome("failed", _reason(error), answered=False)

    def _attempt(self, mail: EmailMessage) -> DeliveryOutcome:
        smtp = self._smtp or self._connect()
        data = mail.as_bytes()
        refused = _announced(smtp, mail, len(data))
        if refused is None:
            return self._hand_over(smtp, data)
        code, error = refused
        if code in (_CLOSING, -1):
            raise _LostError(error)
        self._reset(smtp)
        return DeliveryOutcome("failed", error)

    def _hand_over(self, smtp: smtplib.SMTP, data: bytes) -> DeliveryOutcome:
        smtp.send(_LEADING_DOT.sub(b"..", data))
        # Up to here the server has half a mail, which it may not keep. From the dot on it may have the whole of it.
        try:
            smtp.send(b".\r\n")
            if smtp.sock is not None:
                smtp.sock.settimeout(_LAST_ANSWER * self._server.timeout)
            code, reply = smtp.getreply()
            if smtp.sock is not None:
                smtp.sock.settimeout(self._server.timeout)
        except (smtplib.SMTPException, OSError) as error:
            self._close()
            return DeliveryOutcome("uncertain", _reason(error), answered=False)
        said = f"{code} {_text(reply)}"
        if 200 <= code < 300:
            return DeliveryOutcome("sent")
        if not 400 <= code < 600:
            self._close()
            return DeliveryOutcome("uncertain", said)
        if code == _CLOSING:
            self._close()
        else:
            self._reset(smtp)
        return DeliveryOutcome("failed", said)

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        if server.security == "ssl":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=server.timeout, context=ssl.create_default_context()
            )
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=server.timeout)
        try:
            smtp.ehlo_or_helo_if_needed()
            if server.security == "starttls":
                smtp.starttls(context=ssl.create_default_context())
                smtp.ehlo()
            if server.user:
                smtp.login(server.user, server.password)
        except BaseException:
            smtp.close()
            raise
        self._smtp = smtp
        return smtp

    def _reset(self, smtp: smtplib.SMTP) -> None:
        """Have the server forget what was begun; a connection on which that fails is not used again."""
        try:
            smtp.rset()
        except (smtplib.SMTPException, OSError):
            self._close()

    def _close(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()

    def _quit(self) -> None:
        if self._smtp is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self._smtp.quit()
        self._close()


def _announced(smtp: smtplib.SMTP, mail: EmailMessage, size: int) -> tuple[int, str] | None:
    """Say whom a mail is from and to; return code and text of a server that does not want it, None where it does."""
    options = [f"size={size}"] if smtp.has_extn("size") else []
    code, reply = smtp.mail(mail["From"].addresses[0].addr_spec, options)
    if code == 250:
        to = mail["To"].addresses[0].addr_spec
        code, reply = smtp.rcpt(to)
        if not 250 <= code < 260:
            return code, f"{to}: {code} {_text(reply)}"
        smtp.putcmd("data")
        code, reply = smtp.getreply()
    return None if code == 354 else (code, f"{code} {_text(reply)}")


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    return str(error) or type(error).__name__


def _text(reply: bytes | str) -> str:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return " ".join(text.split())
