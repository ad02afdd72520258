"""Mails that nobody wrote: delivery reports, receipts, automatic replies.

They are no returns. Any other mail that came where returns are expected may be meant as one.
"""

from __future__ import annotations

import re
from typing import Literal

from xlsform.inbox.headers import Header, content_type

#: A ``report`` says what became of a mail that was sent; an ``answer`` was written by a machine.
Automatic = Literal["report", "answer"]

_DAEMON = re.compile(r"(?:^|<)(?:mailer-daemon|postmaster)@?[^<>@]*(?:@|>|$)", re.I)
_REPORT = re.compile(
    r"退信|投递失败|邮件退回|undeliver|delivery (?:status|failure|has failed)|mail delivery|failure notice|"
    r"returned mail",
    re.I,
)
_RECEIPT = re.compile(r"\s*(?:已读|阅读回执|已读回执|送达回执|read|delivered|relayed)\s*[:：]", re.I)
_ANSWER = re.compile(
    r"\W*(?:自动(?:回复|答复|应答)|(?:外出|假期|休假)自动|automatic reply|auto(?:matic)?[- ]?(?:reply|response)|"
    r"out of (?:the )?office)",
    re.I,
)
_FAILED = re.compile(rb"^(?:final|original)-recipient:[^;\n]*;[ \t]*([^\s<>]{1,200})", re.I | re.M)


def automatic(header: Header, who: str, about: str) -> Automatic | None:
    """Return what kind of mail that nobody wrote it is; None where somebody may have written it.

    Args:
        header: its header.
        who: its sender.
        about: its subject.
    """
    if content_type(header) == "multipart/report" or _RECEIPT.match(about):
        return "report"
    if _DAEMON.search(who) and _REPORT.search(about):
        return "report"
    # "no" says that a person wrote it; a comment may follow.
    marked = header.get("auto-submitted", "no").partition("(")[0].partition(";")[0].strip().lower()
    if marked not in ("", "no") or header.get("precedence", "").strip().lower() == "auto_reply":
        return "answer"
    if {"x-autoreply", "x-autorespond"} & header.keys() or _ANSWER.match(about):
        return "answer"
    return None


def undelivered(data: bytes) -> str:
    """Return whom a delivery report is about; blank where it does not say so."""
    found = _FAILED.search(data)
    return found[1].decode("ascii", "replace") if found else ""
