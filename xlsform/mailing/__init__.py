"""Mail workbooks out and faulty returns back: one letter a unit, drafted as a file or delivered."""

from __future__ import annotations

from xlsform.mailing.delivery import PORTS, Security, Server, deliver
from xlsform.mailing.due import due_replies, due_workbooks
from xlsform.mailing.letters import Attachment, Letter, Texts, issue_letters, own_texts, reply_letter
from xlsform.mailing.message import compose, draft
from xlsform.mailing.posting import Posted, post, write_drafts

__all__ = [
    "PORTS",
    "Attachment",
    "Letter",
    "Posted",
    "Security",
    "Server",
    "Texts",
    "compose",
    "deliver",
    "draft",
    "due_replies",
    "due_workbooks",
    "issue_letters",
    "own_texts",
    "post",
    "reply_letter",
    "write_drafts",
]
