"""A letter as an e-mail that Outlook, Foxmail and QQ mail show right."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import unicodedata
from collections.abc import Iterable
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path

from xlsform.errors import UsageError
from xlsform.mailing.letters import Attachment, Letter
from xlsform.messages import say

_POLICY = SMTP.clone(refold_source="none")
"""Headers stay folded as they are given: to fold them again would undo their encoded words."""

#: Bytes of a mail in which its head ends.
_HEAD = 65_536

_XLSX = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")


def compose(letter: Letter, sender: str, when: dt.datetime, key: bytes) -> EmailMessage:
    """Return the e-mail of a letter.

    Args:
        letter: what it says and brings.
        sender: an address, with or without a name: ``县财政局 <jx@example.gov.cn>``.
        when: its date.
        key: the register's, which makes its Message-ID one that nobody else gives.

    Raises:
        UsageError: an address that no mail server takes.
    """
    mail = EmailMessage(policy=_POLICY)
    mail["Subject"] = _one_line(letter.subject)
    mail["From"] = _address(sender)
    if letter.to or not letter.claimed:
        mail["To"] = _address(letter.to, letter.unit)
    mail["Date"] = format_datetime(when)
    mail["Message-ID"] = _identity(letter, sender, key)
    if letter.answers:
        mail["In-Reply-To"] = mail["References"] = letter.answers
    mail.set_content(_shown(letter.text) + "\n", charset="utf-8", cte="base64")
    mail.add_alternative(_shown(letter.html) + "\n", subtype="html", charset="utf-8", cte="base64")
    for attachment in letter.attachments:
        _attach(mail, attachment)
    return mail


def check_addresses(letters: Iterable[Letter], sender: str) -> None:
    """Make sure that each letter has an address, before the first one is delivered.

    Raises:
        UsageError: an address that no mail server takes.
    """
    _address(sender)
    for letter in letters:
        _address(letter.to, letter.unit)


def draft(mail: EmailMessage) -> bytes:
    """Return an e-mail as an ``.eml`` file that Outlook opens ready to be sent."""
    mail["X-Unsent"] = "1"
    return mail.as_bytes()


def is_draft(path: Path) -> bool:
    """Whether a file is such a draft: its head says that it was not sent."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return False
    lines, _, _ = head.replace(b"\r\n", b"\n").partition(b"\n\n")
    return b"\nx-unsent: 1\n" in lines.lower() + b"\n"


def _address(text: str, name: str = "") -> Address:
    given, address = parseaddr(text)
    user, at, domain = address.rpartition("@")
    try:
        if not (user and at and domain and address.isascii() and text.isprintable()):
            raise ValueError
        return Address(_one_line(given or name), user, domain)
    except (ValueError, IndexError):
        raise UsageError(say("“{address}” is no e-mail address", address=text)) from None


def _one_line(text: str) -> str:
    # The standard library decodes what looks like an encoded word, line breaks and new headers in it included.
    text = text.replace("=?", "= ?")
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _shown(text: str) -> str:
    """Return a body without controls, halves of characters and what turns the writing round."""
    return "".join(
        char if char in "\t\n" or unicodedata.category(char) not in ("Cc", "Cf", "Cs") else "�" for char in text
    )


def _identity(letter: Letter, sender: str, key: bytes) -> str:
    """Return a Message-ID that the same letter gets again, whenever, so that a repeated delivery is recognised."""
    content = "\n".join([letter.purpose, letter.to, *letter.about])
    domain = parseaddr(sender)[1].rpartition("@")[2]
    return f"<{hmac.new(key, content.encode('utf-8', 'backslashreplace'), hashlib.sha256).hexdigest()[:32]}@{domain}>"


def _attach(mail: EmailMessage, attachment: Attachment) -> None:
    name = _one_line(attachment.name)
    mail.add_attachment(attachment.data, *_XLSX, filename=name, cte="base64")
    if not name.isascii():
        part = list(mail.iter_attachments())[-1]
        kind = "/".join(_XLSX)
        del part["Content-Type"]
        # Older Foxmail and QQ mail do not read RFC 2231 in Content-Disposition, but encoded words in Content-Type.
        part.set_raw("Content-Type", f'{kind};\r\n name="{_encoded_words(name)}"')


def _encoded_words(text: str) -> str:
    return Header(text, "utf-8", maxlinelen=60).encode(linesep="\r\n")
