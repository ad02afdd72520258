"""What a letter says, and what it brings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePath
from typing import Any, Generic, NamedTuple, TypeVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, TemplateSyntaxError

from xlsform.errors import UsageError, reading_failed
from xlsform.findings import Severity
from xlsform.messages import render, say
from xlsform.register import Issued, Return
from xlsform.register.records import Purpose

_T = TypeVar("_T")

TEXTS = Path(__file__).parent / "texts"
"""The letters that come with xlsform: ``issue`` and ``reply``, each with subject, text and HTML."""

_SHOWN = 50
"""Findings of a return that a reply lists; the attached copy has them all."""

_MOST = 10_000_000
"""Bytes of attachments in one mail, a third more once encoded: servers of offices take 15 to 50 MB. What is beyond that
comes in a second letter."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that a letter brings."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter to one unit."""

    purpose: Purpose
    unit: str
    to: str
    """A registered address; blank where none is known."""
    subject: str
    text: str
    html: str
    attachments: tuple[Attachment, ...]
    about: tuple[str, ...]
    """What the register knows it by: digests of workbooks, or references of returns."""
    answers: str = ""
    """Message-ID of the mail that all it is about came in; blank where there is no such mail."""
    claimed: str = ""
    """Where no registered address is known: whom the mail says it is from. Anybody can write anything there, so such a
    letter is drafted without an address, for a person to decide."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A faulty return that is sent back."""

    returned: Return
    copy: Attachment | None
    """The marked copy, None where the file could not be marked."""
    message_id: str = ""
    """Of the mail that it came in."""


class Texts:
    """The wording of letters: Jinja2 templates that the office may edit."""

    def __init__(self, folder: Path = TEXTS) -> None:
        """Use the templates of a folder; those that it lacks are taken from xlsform's own.

        Raises:
            UsageError: there is no such folder.
        """
        if not folder.is_dir():
            raise UsageError(say("{path}: no such folder", path=folder))
        self.folder = folder

    @cached_property
    def _environment(self) -> Environment:
        return Environment(
            loader=FileSystemLoader([self.folder, TEXTS]),
            autoescape=lambda name: bool(name and ".html" in name),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        """Return a template filled in.

        Raises:
            UsageError: the template cannot be used; says where.
        """
        try:
            return self._environment.get_template(name).render(values).strip()
        except TemplateSyntaxError as error:
            where = f"{error.filename or name}, line {error.lineno}"
            raise UsageError(
                say("{path}: this letter cannot be read ({reason})", path=where, reason=error.message)
            ) from None
        except TemplateError as error:
            raise UsageError(
                say("{path}: this letter cannot be filled in ({reason})", path=name, reason=error.message)
            ) from None

    def letter(
        self,
        purpose: Purpose,
        unit: str,
        to: str,
        attachments: Sequence[Attachment],
        about: Sequence[str],
        values: Mapping[str, Any],
    ) -> Letter:
        """Return a letter with all three texts filled in; one of several tells in its subject which one it is."""
        known = {"unit": unit, "to": to, "files": [each.name for each in attachments], **values}
        subject = " ".join(self.render(f"{purpose}.subject.jinja", known).split())
        if known["parts"] > 1:
            subject += f"（{known['part']}/{known['parts']}）"
        text = self.render(f"{purpose}.txt.jinja", known)
        html = self.render(f"{purpose}.html.jinja", known)
        return Letter(purpose, unit, to, subject, text, html, tuple(attachments), tuple(about))


def own_texts() -> dict[str, bytes]:
    """Return the wording that comes with xlsform, by file name, for the office to edit."""
    return {path.name: path.read_bytes() for path in sorted(TEXTS.glob("*.jinja"))}


def issue_letters(issued: Sequence[Issued], folder: Path, texts: Texts) -> Iterator[Letter]:
    """Yield a letter for each unit and address, with all workbooks that go there; several where it is too large.

    Args:
        issued: what is to be mailed.
        folder: where the workbooks lie whose places are recorded relative to it.
        texts: the wording.

    Raises:
        UsageError: a workbook is gone or cannot be read.
    """
    groups: dict[tuple[str, str], list[Issued]] = {}
    for each in issued:
        groups.setdefault((each.project.unit, each.project.email), []).append(each)
    for (unit, email), workbooks in groups.items():
        parts = _parts([_Enclosed(each, _workbook(folder / each.file)) for each in workbooks])
        for number, part in enumerate(parts, 1):
            values = {
                "projects": [each.item.project for each in part],
                "year": workbooks[0].year,
                "due": min((each.item.due for each in part if each.item.due), default=None),
                "part": number,
                "parts": len(parts),
            }
            yield texts.letter("issue", unit, email, _named_apart(part), [each.item.digest for each in part], values)


def reply_letters(
    unit: str, to: str, answers: Sequence[Answer], texts: Texts, language: str, claimed: str = ""
) -> Iterator[Letter]:
    """Yield the letter that sends a unit's faulty returns back, the findings in its body; several if it is too large.

    Args:
        unit: the unit, blank where it is not known.
        to: its registered address, blank where none is known.
        answers: the returns, each with its marked copy.
        texts: the wording.
        language: of the findings.
        claimed: where no address is known, whom the returns say they are from.
    """
    parts = _parts([_Enclosed(each, each.copy) for each in answers])
    for number, part in enumerate(parts, 1):
        attachments = _named_apart(part)
        names = iter(attachments)
        values = {
            "returns": [_told(each.item, next(names).name if each.file else "", language) for each in part],
            "part": number,
            "parts": len(parts),
        }
        letter = texts.letter("reply", unit, to, attachments, [each.item.returned.reference for each in part], values)
        mails = {each.item.message_id for each in part}
        yield replace(letter, answers=mails.pop() if len(mails) == 1 else "", claimed=claimed)


def _told(answer: Answer, attachment: str, language: str) -> dict[str, Any]:
    """Return what a letter says of a return."""
    verdict = answer.returned.verdict
    findings = [finding for finding in verdict.findings if finding.severity is not Severity.NOTE]
    return {
        "project": verdict.project_name or "",
        # Where the bureau keeps it is nothing to the unit.
        "file": PurePath(answer.returned.origin).name,
        "attachment": attachment,
        "findings": [
            {
                "severity": render(each.severity.label, language),
                "cell": each.cell or "",
                "message": render(each.message, language),
                "code": each.code,
            }
            for each in findings[:_SHOWN]
        ],
        "more": max(0, len(findings) - _SHOWN),
    }


class _Enclosed(NamedTuple, Generic[_T]):
    """Something that a letter is about, and the file that goes with it."""

    item: _T
    file: Attachment | None


def _parts(enclosed: Sequence[_Enclosed[_T]]) -> list[list[_Enclosed[_T]]]:
    """Part what goes into letters so that none is too large; a file that is too large by itself has one to itself."""
    parts: list[list[_Enclosed[_T]]] = [[]]
    size = 0
    for each in enclosed:
        more = len(each.file.data) if each.file else 0
        if parts[-1] and size + more > _MOST:
            parts.append([])
            size = 0
        parts[-1].append(each)
        size += more
    return parts


def _named_apart(enclosed: Sequence[_Enclosed[Any]]) -> list[Attachment]:
    """Return the files of a letter, alike names told apart: whoever saves them all keeps them all."""
    taken: set[str] = set()
    files = []
    for each in enclosed:
        if each.file is not None:
            path, number = PurePath(each.file.name), 1
            while (name := path.name if number == 1 else f"{path.stem}({number}){path.suffix}").casefold() in taken:
                number += 1
            taken.add(name.casefold())
            files.append(Attachment(name, each.file.data))
    return files


def _workbook(path: Path) -> Attachment:
    try:
        return Attachment(path.name, path.read_bytes())
    except OSError as error:
        raise reading_failed(path, error) from None
