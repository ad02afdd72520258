"""What became of one file that came in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, NamedTuple

from xlsform.findings import Finding, Severity
from xlsform.inbox import Incoming
from xlsform.quantities.units import in_base
from xlsform.reading import Limits
from xlsform.submission.office_records import ApprovedBy
from xlsform.verdict.consequences import is_forged

if TYPE_CHECKING:
    from xlsform.projects import Project
    from xlsform.submission.office_records import LatestIssue
    from xlsform.verdict.waivers import Waiver


Status = Literal["passed", "failed", "unreadable"]
#: How the form of a return was recognised: by the identity that it was issued with, or by what it prints.
ReadBy = Literal["identity", "labels"]
#: A status, or that of a project whose return never came: still in time, or not.
Standing = Literal["outstanding", "overdue", "unreadable", "failed", "passed"]


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
    """Final accounts: amounts by role (by field name where it has none), by project code."""
    issues: Mapping[str, LatestIssue] = field(default_factory=dict)
    """What the register says was issued last, by project code."""
    listed: bool = False
    """Whether the projects are those of a list."""
    keys: tuple[bytes, ...] = field(default=(), repr=False)
    """The register's key and its earlier ones, which identities are signed with."""
    extract: bool = False
    """Whether the data of returns are wanted besides what is wrong with them: a register keeps them."""


class Figure(NamedTuple):
    """A figure of a return, and the cell that it was read from."""

    value: Decimal | None
    cell: str
    """``自评表!E6``."""


class MissedTarget(NamedTuple):
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
    """By role: ``funds.total.{initial,budget,executed}`` as typed, in the form's unit of money;
    ``funds.total.rate`` (0–1) and ``total_score`` (points) as the form's formulas give them."""
    grade: str | None
    """By the bands of the template's settings."""
    missed_targets: tuple[MissedTarget, ...]
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
    approved_by: ApprovedBy | None = None
    """Who says what was approved; None where no form was recognised."""
    read_by: ReadBy | None = None
    """How its form was recognised; None where none was."""
    superseded: str = ""
    """Where another return of the same project came from that counts in place of this one; blank where none does."""
    extracted: str = field(default="", repr=False, compare=False)
    """Its data as `xlsform extract` gives them, as JSON; blank where nobody wants them, or where there are none."""

    @property
    def forged(self) -> bool:
        """Whether its identity is not the one that was issued (S113)."""
        return is_forged(self.findings)

    @property
    def uncompared(self) -> bool:
        """Whether nobody but the return itself says what was approved."""
        return self.approved_by == "return"

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
