"""The letters that are due: workbooks not yet mailed, and replies to faulty returns not yet answered."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from xlsform.inbox import Incoming, Url, incoming
from xlsform.mailing.letters import Answer, Attachment, Letter, Texts, issue_letters, reply_letters
from xlsform.messages import Message, say
from xlsform.reading import Limits
from xlsform.register import Register, Return
from xlsform.verdict.verdict import Verdict

#: Takes what is to be said of something that cannot be mailed.
Note = Callable[[Message], None]
#: Returns the marked copy of a faulty return, None where it cannot be marked.
Mark = Callable[[Verdict, Incoming], bytes | None]

_ADDRESS = re.compile(r"<([^<>]+)>\Z")


class _Addressee(NamedTuple):
    """Who gets a letter."""

    unit: str
    to: str
    """A registered address; blank where none is known."""
    claimed: str
    """Then: whom the return says that it is from."""


def due_workbooks(register: Register, texts: Texts, year: int | None, unmailed: Note) -> Iterator[Letter]:
    """Yield the letters that bring workbooks not yet mailed, one for each unit and address.

    What may have arrived by an earlier run has a letter to itself, so that this one can be held back.

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
    addressed = [each for each in issued if each.project.email]
    uncertain = register.mails.uncertain("issue")
    yield from issue_letters([each for each in addressed if each.digest in uncertain], Path(), texts)
    yield from issue_letters([each for each in addressed if each.digest not in uncertain], Path(), texts)


def due_replies(
    register: Register,
    texts: Texts,
    year: int | None,
    returns: Sequence[Path | Url],
    mark: Mark,
    language: str,
    unmailed: Note,
) -> Iterator[Letter]:
    """Yield a letter for each unit that has faulty returns among some files which were not yet answered.

    An answer tells what was approved, so it goes to registered addresses only: that of the project, or the one that the
    mail says it is from, if it is a registered one of the unit. Else the letter has no address; see `Letter.claimed`.

    Args:
        register: the register, which knows what is wrong with each.
        texts: the wording.
        year: only what was issued for this year, if given.
        returns: the files, mails or folders that the returns came in.
        mark: marks the copies that go back.
        language: of the findings.
        unmailed: told of each return of which nobody knows whom it is from.

    Raises:
        UsageError, NothingFoundError: a path cannot be used, or a letter cannot be filled in.
    """
    due = {each.reference: each for each in register.to_answer(year)}
    registered = _registered(register)
    uncertain = register.mails.uncertain("reply")
    groups: dict[tuple[_Addressee, bool], list[Answer]] = {}
    for arrival in incoming(returns, Limits()):
        data = arrival.data if isinstance(arrival.data, bytes) else b""
        returned = due.pop(hashlib.sha256(data).hexdigest() if data else arrival.origin, None)
        if returned is None:
            continue
        addressee = _addressee(register, returned, arrival, registered)
        if not addressee.to and not addressee.claimed:
            unmailed(say("{path}: no e-mail address is known for it; not answered", path=arrival.origin))
            continue
        copy = mark(returned.verdict, arrival) if data else None
        attachment = Attachment(f"{Path(arrival.name).stem}_退回.xlsx", copy) if copy else None
        answer = Answer(returned, attachment, arrival.message_id)
        groups.setdefault((addressee, returned.reference in uncertain), []).append(answer)
    for (addressee, _), answers in groups.items():
        yield from reply_letters(addressee.unit, addressee.to, answers, texts, language, addressee.claimed)


def _registered(register: Register) -> dict[str, tuple[str, list[str]]]:
    """Return each registered address as it is written in the list, with its units, by the address without its case."""
    found: dict[str, tuple[str, list[str]]] = {}
    for project in register.status().projects:
        if project.email:
            units = found.setdefault(project.email.lower(), (project.email, []))[1]
            if project.unit not in units:
                units.append(project.unit)
    return found


def _addressee(
    register: Register, returned: Return, arrival: Incoming, registered: Mapping[str, tuple[str, Sequence[str]]]
) -> _Addressee:
    verdict = returned.verdict
    project = register.project(verdict.project_code or "")
    if project is not None and project.email:
        return _Addressee(project.unit, project.email, "")
    found = _ADDRESS.search(arrival.sender)
    claimed = found[1].strip() if found else arrival.sender
    address, units = registered.get(claimed.lower(), ("", ()))
    if project is None and units:
        # One address may serve several units; then the return says of which it is.
        unit = verdict.unit if verdict.unit in units else None
        return _Addressee(unit or units[0], address, "")
    if project is not None and project.unit in units:
        return _Addressee(project.unit, address, "")
    return _Addressee(project.unit if project else verdict.unit or "", "", claimed)
