"""Judge one file: read it, recognise its form, run the rules, and conclude."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from xlsform.form.check import load_checked
from xlsform.form.definition import Form
from xlsform.form.vocabulary import PROJECT_NAME, TOTAL_SCORE, UNIT, YEAR
from xlsform.inbox.incoming import Incoming
from xlsform.messages import say
from xlsform.reading import load, read_bytes
from xlsform.reading.workbook import Unreadable, Workbook, out_of_memory
from xlsform.rules.registry import ReceivedFile
from xlsform.rules.run import judge
from xlsform.submission.extract import extract
from xlsform.submission.office_records import OfficeRecords
from xlsform.submission.recognition import recognise
from xlsform.verdict.consequences import status_of
from xlsform.verdict.summary import summarized
from xlsform.verdict.verdict import Options, Verdict


class Judge:
    """Judges files by what a reviewer asked for; made once, used for all."""

    signatures_hold = False
    """Whether signatures are taken for good, since they are verified elsewhere."""

    def __init__(self, options: Options, form: Form | None = None) -> None:
        """Prepare to judge.

        Args:
            options: what a reviewer asked for.
            form: the form of the template named, where its file cannot be had.

        Raises:
            UsageError, TemplateError: the template named cannot be used.
        """
        self.options = options
        self.records = OfficeRecords(
            options.projects, options.issues, options.accounts, options.keys, options.listed, self.signatures_hold
        )
        self.form = form
        if form is None and options.template is not None:
            self.form = load_checked(options.template)

    def verdict(self, incoming: Incoming) -> Verdict:
        """Read one file and judge it; whatever it holds, a verdict comes out."""
        try:
            return self._read_and_judged(incoming)
        except MemoryError:
            reason = Unreadable("oversized", out_of_memory())
            return self.concluded(incoming.origin, None, ReceivedFile(Path(incoming.name), reason, None))
        # The last resort: a fault of ours that one file brings out must not cost the others their verdicts.
        except Exception as error:
            kind = type(error).__name__
            reason = Unreadable("crashed", say("a fault in xlsform: {kind}; please report it", kind=kind))
            return self.concluded(incoming.origin, None, ReceivedFile(Path(incoming.name), reason, None))

    def _read_and_judged(self, incoming: Incoming) -> Verdict:
        path, data = Path(incoming.name), incoming.data
        if isinstance(data, Unreadable):
            return self.concluded(incoming.origin, None, ReceivedFile(path, data, None))
        contents = read_bytes(data, self.options.limits)
        submission = recognise(path, contents, self.form, self.records) if isinstance(contents, Workbook) else None
        return self.concluded(
            incoming.origin, hashlib.sha256(data).hexdigest(), ReceivedFile(path, contents, submission, incoming.beside)
        )

    def concluded(self, origin: str, digest: str | None, arrival: ReceivedFile) -> Verdict:
        """Return the verdict on what was read, and on what could not be."""
        findings = tuple(judge(arrival, self.options.select, self.options.ignore))
        submission = arrival.submission
        if submission is not None and self.options.waivers:
            # What reads waivers takes 4 ms to load, and few rounds have any.
            from xlsform.verdict.waivers import excused

            code = submission.project_code or submission.approval.match.code
            findings = excused(findings, self.options.waivers, code, submission.stated(PROJECT_NAME))
        status = status_of(findings, readable=isinstance(arrival.contents, Workbook))
        if submission is None or submission.sheet_gone:
            template = submission.form.id if submission else None
            return Verdict(origin, digest, status, template, None, None, None, None, None, findings)
        approval = submission.approval
        year = submission.number(YEAR)
        summary = summarized(submission)
        score = summary.figures.get(TOTAL_SCORE)
        return Verdict(
            path=origin,
            sha256=digest,
            status=status,
            template=submission.form.id,
            year=int(year) if year is not None else None,
            project_code=submission.project_code or approval.match.code,
            project_name=submission.stated(PROJECT_NAME),
            unit=submission.stated(UNIT),
            score=score.value if score else None,
            findings=findings,
            summary=summary,
            approved_by=approval.by,
            read_by="labels" if submission.by_labels else "identity",
            extracted=json.dumps(extract(submission), ensure_ascii=False) if self.options.extract else "",
        )


def check(path: Path, options: Options) -> Verdict:
    """Read one file and judge it."""
    return Judge(options).verdict(Incoming(str(path), path.name, load(path, options.limits), None, ""))


def judged(path: Path, data: bytes, options: Options) -> Verdict:
    """Judge a file by its name and content."""
    return Judge(options).verdict(Incoming(str(path), path.name, data, None, ""))
