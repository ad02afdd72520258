"""Attachments that a mail only links to: what mail services make of a file that is too large for a mail.

They are not fetched: a link may lead anywhere, and those of mail services stop working after some days.
"""

from __future__ import annotations

import html
import re
from typing import NamedTuple

from xlsform.inbox.names import shown
from xlsform.messages import Message, say

#: As much of a mail's text as is looked at.
_READ = 300_000
_TOLD = 10

_SERVICES: tuple[tuple[Message, re.Pattern[str]], ...] = (
    # Before QQ mail, whose name ends its own.
    (
        say("Tencent's mail for offices (exmail.qq.com)"),
        re.compile(r"exmail\.qq\.com/(?:[^\s\"'<>]{0,200}/)?(?:ftn|bizmail_ftn|drive)", re.I),
    ),
    (say("QQ mail"), re.compile(r"(?<![a-z])mail\.qq\.com/(?:[^\s\"'<>]{0,200}/)?ftn|mail\.ftn\.qq\.com", re.I)),
    (
        say("NetEase mail"),
        re.compile(
            r"(?:163|126|188|yeah)\.(?:com|net)/(?:[^\s\"'<>]{0,200}/)?large-attachment|(?:fs|u|dashi|file)\.163\.com/",
            re.I,
        ),
    ),
    (
        say("a service for large files"),
        re.compile(
            r"pan\.baidu\.com/s/|(?:alipan|aliyundrive)\.com/s/|weiyun\.com/|kdocs\.cn/|docs\.qq\.com/|1drv\.ms/|"
            r"mail\.(?:10086\.cn|189\.cn|sina\.com(?:\.cn)?|aliyun\.com)/[^\s\"'<>]{0,200}(?:attach|file|disk)",
            re.I,
        ),
    ),
)
_WORDS = re.compile(r"超大附件|云附件|文件中转站|中转站文件|大附件下载")
_URL = re.compile(r"https?://", re.I)
_EXTENSION = re.compile(r"\.(?:xlsx?|xlsm|xlsb|et|ods|zip|rar|7z|docx?|wps|pdf)(?![\w.])", re.I)
_BEFORE_NAME = re.compile(r"[\s<>\"'/\\:：；;，,（(|?&=]")
_LONGEST_NAME = 100
_TAG = re.compile(r"<[^<>]{0,5000}>")


class LargeAttachment(NamedTuple):
    """What a mail says of a file that it only links to."""

    service: Message
    names: tuple[str, ...]
    """File names that stand in the mail; perhaps not all of them are linked to."""
    certain: bool
    """Whether the link is one of a service that is known, and not only the mail's words speak of one."""


def large_attachment(text: str) -> LargeAttachment | None:
    """Return what the text of a mail, plain or HTML, says of an attachment that it links to."""
    if not _URL.search(text):
        return None
    text = html.unescape(text[:_READ])
    service = next((name for name, link in _SERVICES if link.search(text)), None)
    certain = service is not None
    if service is None:
        if not _WORDS.search(text):
            return None
        service = say("a service for large files")
    return LargeAttachment(service, _names(_TAG.sub(" ", text)), certain)


def _names(text: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for extension in _EXTENSION.finditer(text):
        before = text[max(0, extension.start() - _LONGEST_NAME) : extension.start()]
        if stem := _BEFORE_NAME.split(before)[-1]:
            found[shown(stem + extension[0])] = None
        if len(found) == _TOLD:
            break
    return tuple(found)
