"""Mail workbooks out and faulty returns back: one letter a unit, drafted as a file or delivered."""

from __future__ import annotations

from xlsform.mailing.delivery import Server, deliver
from xlsform.mailing.letters import Attachment, Letter, Texts, issue_letters, own_texts, reply_letter
from xlsform.mailing.message import compose, draft

__all__ = [
    "Attachment",
    "Letter",
    "Server",
    "Texts",
    "compose",
    "deliver",
    "draft",
    "issue_letters",
    "own_texts",
    "reply_letter",
]
