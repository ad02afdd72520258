"""Send a faulty return back: the unit's own workbook, marked with what is wrong and still to be filled."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from xlsform.verdicts import Verdict
from xlsform.data import kept
from xlsform.findings import Finding, say
from xlsform.issuing import issue
from xlsform.manual import paragraphs
from xlsform.messages import render, translated
from xlsform.outputs import write_whole
from xlsform.reading import read_bytes
from xlsform.reading.contents import Unreadable
from xlsform.recognition import recognise
from xlsform.reports.annotated import Note, annotate
from xlsform.rules import catalogue
from xlsform.stamp import filled, lock_for
from xlsform.submission import Submission

#: What is put behind the name of a marked copy.
SUFFIX = "_退回"

_AUTHOR = "xlsform"


def marked_copy(verdict: Verdict, folder: Path, roots: Sequence[Path], language: str) -> Path | None:
    """Write the marked copy of a faulty return and return its path; None where there is nothing to mark.

    A return that shows its values alone (.xls, .ods) comes back as the form issued anew with these values, in .xlsx.

    Args:
        verdict: what was found in the return.
        folder: where copies go; returns of a folder keep their place below it.
        roots: the paths that the batch was started with.
        language: of the texts, ``zh`` or ``en``.

    Raises:
        UsageError: the folder cannot be written to.
    """
    path = Path(verdict.path)
    data = _workbook(path)
    if data is None:
        return None
    try:
        copy = annotate(
            data,
            [_note(finding, language) for finding in verdict.findings],
            heading=render(say("Returned for correction"), language),
            intro=_intro(verdict, language),
            columns=[render(text, language) for text in _COLUMNS],
            author=_AUTHOR,
            severities={key: render(text, language) for key, text in _SEVERITIES.items()},
        )
    except ValueError:
        return None
    target = folder / _below(path, roots).with_name(f"{_stem(path)}{SUFFIX}.xlsx")
    write_whole(target, copy)
    return target


_COLUMNS = (
    say("No."),
    say("Severity"),
    say("Place"),
    say("What is wrong"),
    say("How to mend it"),
    say("Code"),
)
_SEVERITIES = {"error": say("error"), "warning": say("warning"), "note": say("note")}


def _intro(verdict: Verdict, language: str) -> list[str]:
    lines = []
    if verdict.project_name:
        who = f"{verdict.project_name}（{verdict.unit}）" if verdict.unit else verdict.project_name
        lines.append(render(say("Project: {project}", project=who), language))
    lines.append(render(say("Please mend what is listed below in this workbook, save it, and send it back."), language))
    lines.append(
        render(say("Errors have to be mended; for warnings, mend or explain; notes are for your information."), language)
    )
    return lines


def _note(finding: Finding, language: str) -> Note:
    sheet, _, cell = (finding.cell or "").rpartition("!")
    rule = catalogue().get(finding.code)
    return Note(
        sheet=sheet or None,
        cell=cell or None,
        severity=finding.severity.value,
        code=finding.code,
        title="",
        message=render(finding.message, language),
        mend=_mend(rule.page, language) if rule else "",
    )


def _mend(page: str, language: str) -> str:
    """Return what a rule's manual page says under its last heading."""
    parts = paragraphs(page)
    start = max((number for number, part in enumerate(parts) if part == "## How to mend it"), default=len(parts))
    return "\n".join(translated(part, language) for part in parts[start + 1 :])


def _below(path: Path, roots: Sequence[Path]) -> Path:
    for root in roots:
        if root.is_dir() and path.is_relative_to(root):
            return path.relative_to(root)
    return Path(path.name)


def _stem(path: Path) -> str:
    return path.stem.removesuffix(SUFFIX)


def _workbook(path: Path) -> bytes | None:
    """Return the workbook to be marked: the return itself, or the form issued anew with its values."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    contents = read_bytes(data)
    if isinstance(contents, Unreadable):
        return None
    if contents.complete:
        return data
    submission = recognise(path, contents)
    return None if submission is None or submission.sheet_gone else _anew(submission)


def _anew(submission: Submission) -> bytes:
    """Return the form issued anew, with what was prefilled then and what was typed since."""
    layout, identity = submission.layout, submission.identity
    prefilled = {
        name: Decimal(str(value)) if isinstance(value, int | float) else str(value)
        for name, value in submission.issued.items()
        if name != "year"
    }
    year = identity.year if identity else ""
    blank = issue(
        layout,
        lock_for(os.environ.get("XLSFORM_PASSWORD") or secrets.token_urlsafe(24)),
        year=int(year) if year else None,
        values=prefilled,
        project_code=identity.project_code if identity else "",
    )
    places = {name: item.range.anchor for name, item in layout.fields.items()}
    return filled(blank, layout, places, kept(submission) | prefilled)
