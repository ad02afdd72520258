"""Mail workbooks out and faulty returns back: one letter a unit, drafted as a file or delivered."""

from __future__ import annotations

from xlsform.mailing.delivery import PORTS, MailConnection, Security, Server
from xlsform.mailing.due import due_replies, due_workbooks
from xlsform.mailing.letters import Answer, Attachment, Letter, Texts, issue_letters, own_texts, reply_letters
from xlsform.mailing.message import compose, draft
from xlsform.mailing.posting import Posted, mark_sent, post, write_drafts, write_undeliverable

__all__ = [
    "PORTS",
    "Answer",
    "Attachment",
    "Letter",
    "MailConnection",
    "Posted",
    "Security",
    "Server",
    "Texts",
    "compose",
    "draft",
    "due_replies",
    "due_workbooks",
    "issue_letters",
    "mark_sent",
    "own_texts",
    "post",
    "reply_letters",
    "write_drafts",
    "write_undeliverable",
]
