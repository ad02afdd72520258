"""All that happened to one project, in the order in which it came to pass."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from xlsform.findings import Finding, Severity
from xlsform.messages import Message, plain, render, say
from xlsform.register import History, Issued, MailKind, MailRecord, Return
from xlsform.reports.sanitize import harmless_json, visible
from xlsform.reports.status.words import MAILED, STRAYS, minute, who
from xlsform.spreadsheet.text_width import width

_ANSWERED: Mapping[MailKind, Message] = {
    "sent": say("Answered"),
    "draft": say("Answer drafted"),
    "sending": say("Perhaps answered"),
    "failed": say("Answer not delivered"),
}


class _Event(NamedTuple):
    when: dt.datetime
    what: Message
    details: tuple[str | Message, ...]
    findings: tuple[Finding, ...]
    content: dict[str, Any]
    """For programs."""


def render_history(history: History, output_format: str, language: str) -> str:
    """Return it as ``text`` or ``json``."""
    events = sorted(_events(history), key=lambda event: event.when)
    text = _json(events, language) if output_format == "json" else _text(history, events, language)
    # An origin may hold half a character, which no encoding can carry.
    return text.encode("utf-8", "replace").decode()


def _events(history: History) -> Iterator[_Event]:
    for issued in history.issued:
        yield _issued(issued)
        if issued.withdrawn is not None:
            content = {"event": "withdrawn", "reason": issued.reason or None}
            yield _Event(issued.withdrawn, say("Withdrawn"), (issued.reason,), (), content)
    yield from map(_mail, history.mails)
    yield from map(_returned, history.returns)


def _issued(issued: Issued) -> _Event:
    due = say("due {day}", day=issued.due.isoformat()) if issued.due else ""
    content = {
        "event": "issued",
        "template": issued.template,
        "year": issued.year,
        "file": issued.file,
        "due": issued.due.isoformat() if issued.due else None,
    }
    return _Event(issued.when, say("Issued"), (issued.file, due), (), content)


def _mail(mail: MailRecord) -> _Event:
    what = (_ANSWERED if mail.purpose == "reply" else MAILED)[mail.kind]
    content = {
        "event": "mail",
        "purpose": mail.purpose,
        "kind": mail.kind,
        "to": mail.email,
        "message_id": mail.message_id,
        "attachments": list(mail.attachments),
        "error": mail.error or None,
    }
    # A letter to a unit brings the workbooks of all its projects.
    files = say("{count} attachments", count=len(mail.attachments))
    return _Event(mail.when, what, (mail.email, files, mail.error), (), content)


def _returned(returned: Return) -> _Event:
    verdict = returned.verdict
    errors, warnings = verdict.count(Severity.ERROR), verdict.count(Severity.WARNING)
    details = (
        returned.origin,
        say("Passed") if verdict.status == "passed" else say("Sent back"),
        say("{errors} errors, {warnings} warnings", errors=errors, warnings=warnings),
        STRAYS["forged"] if verdict.forged else "",
    )
    content = {
        "event": "returned",
        "origin": returned.origin,
        "status": verdict.status,
        "forged": verdict.forged,
        "score": plain(verdict.score),
    }
    told = tuple(each for each in verdict.findings if each.severity is not Severity.NOTE)
    return _Event(returned.received, say("Returned"), details, told, content)


def _text(history: History, events: list[_Event], language: str) -> str:
    lines = []
    if history.issued:
        project = history.issued[-1].project
        lines.append(f"{project.code}  {who(project.name, project.unit)}")
    room = max(width(render(event.what, language)) for event in events)
    for event in events:
        what = render(event.what, language)
        details = (render(each, language) if isinstance(each, Message) else each for each in event.details)
        lines.append("  ".join([minute(event.when), what + " " * (room - width(what)), *filter(None, details)]))
        lines += [_finding(each, language) for each in event.findings]
    return "".join(f"{visible(line)}\n" for line in lines)


def _finding(finding: Finding, language: str) -> str:
    return "  ".join(filter(None, (" " * 16, finding.code, finding.cell, render(finding.message, language))))


def _json(events: list[_Event], language: str) -> str:
    listed = [
        {"when": event.when.isoformat(timespec="seconds"), **event.content, **_findings(event, language)}
        for event in events
    ]
    content = {"format": "xlsform-history", "version": 1, "events": listed}
    return harmless_json(json.dumps(content, ensure_ascii=False, indent=1)) + "\n"


def _findings(event: _Event, language: str) -> dict[str, Any]:
    return (
        {"findings": [_plain(each, language) for each in event.findings]}
        if event.content["event"] == "returned"
        else {}
    )


def _plain(finding: Finding, language: str) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "cell": finding.cell,
        "message": render(finding.message, language),
    }
