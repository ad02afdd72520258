"""What became of one file that came in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from xlsform.figures import fold
from xlsform.figures.units import in_base
from xlsform.findings import Finding, Severity, plain, say
from xlsform.form import Form
from xlsform.inbox import Incoming
from xlsform.layout import Field
from xlsform.reading import Limits, load, read_bytes
from xlsform.reading.contents import Unreadable, Workbook, out_of_memory
from xlsform.recognition import recognise
from xlsform.rules import Arrival, judge
from xlsform.submission import Submission

if TYPE_CHECKING:
    from xlsform.projects import Project
    from xlsform.waivers import Waiver

Status = Literal["passed", "failed", "unreadable"]
#: A status, or that of a project whose return never came: still in time, or not.
Standing = Literal["outstanding", "overdue", "unreadable", "failed", "passed"]

_SUMMARISED = ("funds.total.initial", "funds.total.budget", "funds.total.executed", "funds.total.rate", "total_score")
_LONG_TEXT = 30
"""Characters from which a text is taken for a narrative of its own, when forms are compared."""
_HEAD = frozenset({"project_name", "department", "unit", "year", "filler_unit"})


@dataclass(frozen=True, slots=True)
class Options:
    """What a reviewer asked for."""

    template: str | None = None
    """Id or path of the form that every file is taken for."""
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    waivers: tuple[Waiver, ...] = ()
    """Findings that become notes."""
    projects: Mapping[str, Project] = field(default_factory=dict)
    """What was approved and is to come back, by code; switches on the rules that need it."""
    accounts: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    """Final accounts: amounts by field name, by project code."""
    key: bytes | None = field(default=None, repr=False)
    """The register's key, which identities are signed with."""


class Figure(NamedTuple):
    """A figure of a return, and the cell that it was read from."""

    value: Decimal | None
    cell: str
    """``自评表!E6``."""


class Shortfall(NamedTuple):
    """An indicator that lost points, with the reason given."""

    name: str
    target: str
    actual: str
    reason: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What the bureau's 汇总表 takes from a return, and what returns are compared by."""

    department: str | None
    figures: Mapping[str, Figure]
    """By field name: ``funds.total.{initial,budget,executed}`` as typed, in the form's unit of money;
    ``funds.total.rate`` (0–1) and ``total_score`` (points) as the form's formulas give them."""
    grade: str | None
    """By the bands of the template's settings."""
    shortfalls: tuple[Shortfall, ...]
    content: str = ""
    """Digest of what was typed, the head left out; blank where nothing was."""
    narratives: Mapping[str, str] = field(default_factory=dict)
    """Digest of each long text, by the field's label."""
    money_unit: str = "万元"
    """The form's."""

    def in_wan(self, amount: Decimal) -> Decimal:
        """Return an amount of the form in 万元, in which the bureau's table counts."""
        return in_base(amount, self.money_unit) / in_base(Decimal(1), "万元")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one file."""

    path: str
    """Where it came from: its path, or the mail or archive and the place in it."""
    sha256: str | None
    status: Status
    template: str | None
    year: int | None
    project_code: str | None
    project_name: str | None
    unit: str | None
    score: Decimal | None
    """总分 as the form's formulas give it (points)."""
    findings: tuple[Finding, ...]
    summary: Summary | None = None
    """None where no form was recognised."""
    overdue: bool = False
    """Of a project that has not returned: whether its last day is past."""
    superseded: str = ""
    """Where the return came from that counts in place of this one, which is of the same project; blank where none does."""

    @property
    def forged(self) -> bool:
        """Whether its identity is not the one that was issued (S113)."""
        return any(each.code == "S113" and each.severity is Severity.ERROR for each in self.findings)

    @property
    def standing(self) -> Standing:
        """Its status; a verdict on no file is on a project that has not returned."""
        return self.status if self.path else "overdue" if self.overdue else "outstanding"

    def count(self, severity: Severity) -> int:
        """Return how many findings of that severity there are."""
        return sum(1 for finding in self.findings if finding.severity is severity)


class Judged(NamedTuple):
    """A file that came in, and what became of it."""

    incoming: Incoming
    verdict: Verdict


#: Returns the verdict on a file that need not be judged, or None.
Known = Callable[[Incoming], Verdict | None]


class Judge:
    """Judges files by what a reviewer asked for; made once, used for all."""

    def __init__(self, options: Options, form: Form | None = None) -> None:
        """Prepare to judge.

        Args:
            options: what a reviewer asked for.
            form: the form of the template named, where its file cannot be had.

        Raises:
            UsageError, TemplateError: the template named cannot be used.
        """
        self.options = options
        self.form = form
        if form is None and options.template is not None:
            from xlsform.template_check import load_checked

            self.form = load_checked(options.template)

    @cached_property
    def _by_name(self) -> dict[str, str]:
        return {fold(project.name): code for code, project in self.options.projects.items()}

    def verdict(self, incoming: Incoming) -> Verdict:
        """Read one file and judge it; whatever it holds, a verdict comes out."""
        try:
            return self._read_and_judged(incoming)
        except MemoryError:
            reason = Unreadable("oversized", out_of_memory())
            return self.concluded(incoming.origin, None, Arrival(Path(incoming.name), reason, None))
        # The last resort: a fault of ours that one file brings out must not cost the others their verdicts.
        except Exception as error:
            kind = type(error).__name__
            reason = Unreadable("crashed", say("a fault in xlsform: {kind}; please report it", kind=kind))
            return self.concluded(incoming.origin, None, Arrival(Path(incoming.name), reason, None))

    def _read_and_judged(self, incoming: Incoming) -> Verdict:
        path, data = Path(incoming.name), incoming.data
        if isinstance(data, Unreadable):
            return self.concluded(incoming.origin, None, Arrival(path, data, None))
        contents = read_bytes(data, self.options.limits)
        submission = recognise(path, contents, self.form) if isinstance(contents, Workbook) else None
        if submission is not None:
            self._inform(submission)
        return self.concluded(incoming.origin, hashlib.sha256(data).hexdigest(), Arrival(path, contents, submission))

    def _inform(self, submission: Submission) -> None:
        """Tell a submission what is known of its project from elsewhere."""
        options, code = self.options, _code(submission)
        submission.key = options.key
        if options.projects:
            name = _text(submission, "project_name")
            listed = code if code in options.projects else self._by_name.get(fold(name or ""))
            submission.approved = options.projects[listed] if listed else None
        if options.accounts:
            known = code or (submission.approved.code if submission.approved else "")
            submission.accounts = options.accounts.get(known, {})

    def concluded(self, origin: str, digest: str | None, arrival: Arrival) -> Verdict:
        """Return the verdict on what was read, and on what could not be."""
        findings = tuple(judge(arrival, self.options.select, self.options.ignore))
        submission = arrival.submission
        if submission is not None and self.options.waivers:
            from xlsform.waivers import excused

            findings = excused(findings, self.options.waivers, _code(submission), _text(submission, "project_name"))
        status = _status(findings, unreadable=isinstance(arrival.contents, Unreadable))
        if submission is None or submission.sheet_gone:
            template = submission.form.id if submission else None
            return Verdict(origin, digest, status, template, None, None, None, None, None, findings)
        year = submission.number("year")
        summary = _summary(submission)
        score = summary.figures.get("total_score")
        return Verdict(
            path=origin,
            sha256=digest,
            status=status,
            template=submission.form.id,
            year=int(year) if year is not None else None,
            project_code=_code(submission),
            project_name=_text(submission, "project_name"),
            unit=_text(submission, "unit"),
            score=score.value if score else None,
            findings=findings,
            summary=summary,
        )


def check(path: Path, options: Options) -> Verdict:
    """Read one file and judge it."""
    return Judge(options).verdict(Incoming(str(path), path.name, load(path, options.limits), None, ""))


def judged(path: Path, data: bytes, options: Options) -> Verdict:
    """Judge a file by its name and content."""
    return Judge(options).verdict(Incoming(str(path), path.name, data, None, ""))


def _status(findings: Iterable[Finding], *, unreadable: bool) -> Status:
    if unreadable:
        return "unreadable"
    return "failed" if any(each.severity is Severity.ERROR for each in findings) else "passed"


def _summary(submission: Submission) -> Summary:
    computed = submission.results.computed
    figures = {}
    for name in _SUMMARISED:
        if name in submission.entries:
            value = computed[name] if name in computed else submission.number(name)
            number = value if isinstance(value, Decimal) else None
            figures[name] = Figure(number, f"{submission.sheet.name}!{submission.cell(name)}")
    score = figures["total_score"].value if "total_score" in figures else None
    return Summary(
        department=_text(submission, "department"),
        figures=figures,
        grade=_grade(submission.form, score),
        shortfalls=tuple(_shortfalls(submission)),
        content=_content(submission),
        narratives=dict(_narratives(submission)),
        money_unit=submission.form.money_unit,
    )


def _grade(form: Form, score: Decimal | None) -> str | None:
    bands: Mapping[str, float] = form.scoring.get("grades", {})
    least = [(Decimal(str(points)), grade) for grade, points in bands.items()]
    return max(
        ((points, grade) for points, grade in least if score is not None and score >= points), default=(0, None)
    )[1]


def _shortfalls(submission: Submission) -> Iterator[Shortfall]:
    for row in submission.used_rows:
        score, weight = (row[column].number if column in row else None for column in ("score", "weight"))
        if score is not None and weight is not None and score < weight:
            yield Shortfall(*(row[key].text if key in row else "" for key in ("name", "target", "actual", "reason")))


def _content(submission: Submission) -> str:
    issued = submission.issued
    typed = {name: plain(value) for name, value in submission.typed.items() if name not in _HEAD and name not in issued}
    return _digest(json.dumps(typed, ensure_ascii=False, sort_keys=True)) if typed else ""


def _narratives(submission: Submission) -> Iterator[tuple[str, str]]:
    for entry in submission.where(_may_be_long):
        text = fold(entry.text)
        if len(text) >= _LONG_TEXT:
            yield entry.field.label, _digest(text)


def _may_be_long(item: Field) -> bool:
    return "." not in item.name and item.name not in _HEAD and not item.spec.type.numeric


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _code(submission: Submission) -> str | None:
    identity = submission.identity
    return (identity.project_code or None) if identity else None


def _text(submission: Submission, name: str) -> str | None:
    entry = submission.entries.get(name)
    return entry.text.strip() or None if entry else None
