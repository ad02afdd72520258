"""What a letter says, and what it brings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePath
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, TemplateSyntaxError

from xlsform.errors import UsageError, reading_failed
from xlsform.findings import Severity
from xlsform.messages import render, say
from xlsform.register import Issued, Return
from xlsform.register.records import Purpose

TEXTS = Path(__file__).parent / "texts"
"""The letters that come with xlsform: ``issue`` and ``reply``, each with subject, text and HTML."""

_SHOWN = 50
"""Findings that a reply lists; the attached copy has them all."""


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
    subject: str
    text: str
    html: str
    attachments: tuple[Attachment, ...]
    about: tuple[str, ...]
    """What the register knows it by: digests of workbooks, or references of returns."""


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
        """Return a letter with all three texts filled in."""
        known = {"unit": unit, "to": to, "files": [each.name for each in attachments], **values}
        subject = " ".join(self.render(f"{purpose}.subject.jinja", known).split())
        text = self.render(f"{purpose}.txt.jinja", known)
        html = self.render(f"{purpose}.html.jinja", known)
        return Letter(purpose, unit, to, subject, text, html, tuple(attachments), tuple(about))


def own_texts() -> dict[str, bytes]:
    """Return the wording that comes with xlsform, by file name, for the office to edit."""
    return {path.name: path.read_bytes() for path in sorted(TEXTS.glob("*.jinja"))}


def issue_letters(issued: Sequence[Issued], folder: Path, texts: Texts) -> Iterator[Letter]:
    """Yield a letter for each unit and address, with all workbooks that are to go there.

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
        attachments = []
        for each in workbooks:
            path = folder / each.file
            try:
                attachments.append(Attachment(path.name, path.read_bytes()))
            except OSError as error:
                raise reading_failed(path, error) from None
        values = {
            "projects": [each.project for each in workbooks],
            "year": workbooks[0].year,
            "due": min((each.due for each in workbooks if each.due), default=None),
        }
        yield texts.letter("issue", unit, email, attachments, [each.digest for each in workbooks], values)


def reply_letter(returned: Return, to: str, copy: Attachment | None, texts: Texts, language: str) -> Letter:
    """Return the letter that sends a faulty return back, the findings in its body.

    Args:
        returned: the return.
        to: the address.
        copy: the marked copy, None where the file could not be marked.
        texts: the wording.
        language: of the findings.
    """
    verdict = returned.verdict
    told = [finding for finding in verdict.findings if finding.severity is not Severity.NOTE]
    values = {
        "project": verdict.project_name or "",
        # Where the bureau keeps it is nothing to the unit.
        "file": PurePath(returned.origin).name,
        "findings": [
            {
                "severity": render(each.severity.label, language),
                "cell": each.cell or "",
                "message": render(each.message, language),
                "code": each.code,
            }
            for each in told[:_SHOWN]
        ],
        "more": max(0, len(told) - _SHOWN),
    }
    attachments = [copy] if copy else []
    return texts.letter("reply", verdict.unit or "", to, attachments, [returned.reference], values)
