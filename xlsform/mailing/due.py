"""The letters that are due: workbooks not yet mailed, and replies to faulty returns not yet answered."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from xlsform.inbox import Incoming, Url, incoming
from xlsform.mailing.letters import Attachment, Letter, Texts, issue_letters, reply_letter
from xlsform.messages import Message, say
from xlsform.reading import Limits
from xlsform.register import Register
from xlsform.verdict.verdict import Verdict

#: Takes what is to be said of something that cannot be mailed.
Note = Callable[[Message], None]
#: Returns the marked copy of a faulty return, None where it cannot be marked.
Mark = Callable[[Verdict, Incoming], bytes | None]


def due_workbooks(register: Register, texts: Texts, year: int | None, unmailed: Note) -> Iterator[Letter]:
    """Yield the letters that bring workbooks not yet mailed, one for each unit and address.

    Args:
        register: the register.
        texts: the wording.
        year: only what was issued for this year, if given.
        unmailed: told of each project without an address.

    Raises:
        UsageError: a workbook is gone or cannot be read, or a letter cannot be filled in.
    """
    issued = register.to_mail(year)
    for each in issued:
        if not each.project.email:
            code, name = each.project.code, each.project.name
            unmailed(say("{code} {name}: no e-mail address in the list; not mailed", code=code, name=name))
    yield from issue_letters([each for each in issued if each.project.email], Path(), texts)


def due_replies(
    register: Register,
    texts: Texts,
    year: int | None,
    returns: Sequence[Path | Url],
    mark: Mark,
    language: str,
    unmailed: Note,
) -> Iterator[Letter]:
    """Yield a letter for each faulty return that is among some files and was not yet answered.

    Args:
        register: the register, which knows what is wrong with each.
        texts: the wording.
        year: only what was issued for this year, if given.
        returns: the files, mails or folders that the returns came in.
        mark: marks the copies that go back.
        language: of the findings.
        unmailed: told of each return whose project has no address.

    Raises:
        UsageError, NothingFoundError: a path cannot be used, or a letter cannot be filled in.
    """
    due = {each.reference: each for each in register.to_answer(year)}
    for arrival in incoming(returns, Limits()):
        data = arrival.data if isinstance(arrival.data, bytes) else b""
        returned = due.pop(hashlib.sha256(data).hexdigest() if data else arrival.origin, None)
        if returned is None:
            continue
        project = register.project(returned.verdict.project_code or "")
        address = project.email if project else ""
        if not address:
            unmailed(say("{path}: no e-mail address is known for it; not answered", path=arrival.origin))
            continue
        copy = mark(returned.verdict, arrival) if data else None
        name = f"{Path(arrival.name).stem}_退回.xlsx"
        yield reply_letter(returned, address, Attachment(name, copy) if copy else None, texts, language)
