"""Send a faulty return back: the unit's own workbook, marked with what is wrong and still to be filled."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

from xlsform.files.atomic import write_whole
from xlsform.files.replacing import Replaceable, require_places, require_replaceable
from xlsform.findings import Finding
from xlsform.form.field_types import Cast
from xlsform.form.identity import Identity
from xlsform.inbox import Incoming, Url, below, local_files
from xlsform.messages import render, say
from xlsform.reading import read_bytes
from xlsform.reading.workbook import Unreadable
from xlsform.reports.annotate import CellNote, annotate
from xlsform.reports.labels import NOT_COMPARED
from xlsform.reports.rule_texts import how_to_fix
from xlsform.submission.recognition import recognise
from xlsform.verdict.verdict import Verdict
from xlsform.workbook.data import kept
from xlsform.workbook.fill import filled
from xlsform.workbook.issued import issued_workbook
from xlsform.workbook.locks import lock_for
from xlsform.workbook.replaceable import as_written

#: What is put behind the name of a marked copy.
SUFFIX = "_退回"

#: A copy that the unit has filled in and returned into the same folder has the name of the copy that would be written.
_REPLACEABLE = Replaceable(say("a marked copy that nobody has saved since"), as_written)

_AUTHOR = "xlsform"


class Copies:
    """The marked copies of a batch, written into one folder."""

    def __init__(self, folder: Path, roots: Sequence[Path | Url], language: str) -> None:
        """Prepare to write copies.

        Args:
            folder: where copies go, below it as the returns stood; a mail or an archive becomes a folder.
            roots: the paths that the batch was started with.
            language: of the texts, ``zh`` or ``en``.
        """
        self.folder, self.roots, self.language = folder, roots, language
        self._taken: set[str] = set()

    def require_places(self) -> None:
        """Make sure that the copies of returns which are files can be written; of those in mails, `write` does.

        Raises:
            UsageError: a copy would go where a return lies, or where a copy lies that was filled in.
        """
        # In a new folder nothing can be in the way, and the returns need not be looked for.
        if self.folder.is_dir():
            origins = map(str, local_files(self.roots))
            places = (self.folder / self._place(origin, Path(origin).name) for origin in origins)
            require_places(places, _REPLACEABLE)

    def write(self, incoming: Incoming, verdict: Verdict) -> Path | None:
        """Write the marked copy of a faulty return and return its path; None where there is nothing to mark.

        Raises:
            UsageError: the folder cannot be written to, or another file is in the way.
        """
        copy = marked(verdict, incoming, self.language)
        if copy is None:
            return None
        target = self._free(self.folder / self._place(incoming.origin, incoming.name))
        require_replaceable(target, _REPLACEABLE)
        write_whole(target, copy)
        return target

    def _place(self, origin: str, name: str) -> Path:
        """Return the place of a copy: below the folder as its original was, what it came in as folders."""
        copy = f"{Path(name).stem.removesuffix(SUFFIX)}{SUFFIX}.xlsx"
        return Path(below(origin, self.roots)).with_name(copy)

    def _free(self, target: Path) -> Path:
        path, count = target, 1
        while str(path).casefold() in self._taken:
            count += 1
            path = target.with_stem(f"{target.stem}({count})")
        self._taken.add(str(path).casefold())
        return path


def marked(verdict: Verdict, incoming: Incoming, language: str) -> bytes | None:
    """Return a return marked with what is wrong in it; None where it cannot be marked.

    One that shows its values alone (.xls, .ods) comes back as the form issued anew with these values, in .xlsx.
    """
    data = incoming.data
    if not isinstance(data, bytes) or verdict.status == "unreadable":
        return None
    with suppress(ValueError):
        return _annotated(data, verdict, language)
    # No package of the kind that can be marked, or a damaged one: its values can be read all the same.
    with suppress(ValueError):
        anew = _anew(incoming.name, data)
        return _annotated(anew, verdict, language) if anew is not None else None
    return None


def _annotated(data: bytes, verdict: Verdict, language: str) -> bytes:
    return annotate(
        data,
        [_note(finding, language) for finding in verdict.findings],
        heading=render(say("Returned for correction"), language),
        intro=_intro(verdict, language),
        columns=[render(text, language) for text in _COLUMNS],
        author=_AUTHOR,
        language=language,
    )


_COLUMNS = (
    say("No."),
    say("Severity"),
    say("Place"),
    say("What is wrong"),
    say("How to fix it"),
    say("Code"),
)


def _intro(verdict: Verdict, language: str) -> list[str]:
    lines = []
    if verdict.project_name:
        who = f"{verdict.project_name}（{verdict.unit}）" if verdict.unit else verdict.project_name
        lines.append(render(say("Project: {project}", project=who), language))
    if verdict.uncompared:
        lines.append(render(NOT_COMPARED, language))
    lines.append(render(say("Please fix what is listed below in this workbook, save it, and send it back."), language))
    lines.append(
        render(say("Errors have to be fixed; for warnings, fix or explain; notes are for your information."), language)
    )
    return lines


def _note(finding: Finding, language: str) -> CellNote:
    sheet, _, cell = (finding.cell or "").rpartition("!")
    return CellNote(
        sheet=sheet or None,
        cell=cell or None,
        severity=finding.severity.value,
        code=finding.code,
        title="",
        message=render(finding.message, language),
        how_to_fix=how_to_fix(finding.code, language),
    )


def _anew(name: str, data: bytes) -> bytes | None:
    """Return the form issued anew under its own identity, with what was prefilled then and what was typed since.

    None for what is no form, or shows more than its values: that is not to be replaced by these.
    """
    contents = read_bytes(data)
    if isinstance(contents, Unreadable) or contents.complete:
        return None
    submission = recognise(Path(name), contents)
    if submission is None or submission.sheet_gone:
        return None
    layout = submission.layout
    prefilled: dict[str, Cast] = {
        name: Decimal(str(value)) if isinstance(value, int | float) else str(value)
        for name, value in submission.issued.items()
        if name in layout.fields
    }
    own = Identity(layout.form.id, layout.form.edition, layout.rows).sealed()
    identity = submission.identities.get("sheet", own)
    lock = lock_for(os.environ.get("XLSFORM_PASSWORD") or secrets.token_urlsafe(24))
    places = {name: item.range.anchor for name, item in layout.fields.items()}
    blank = issued_workbook(layout, prefilled, identity, lock)
    return filled(blank, layout, places, kept(submission) | prefilled, prefilled)
