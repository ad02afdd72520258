"""What the office knows of its projects besides the returns: what returns are compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

from xlsform.form.identity import Identity
from xlsform.messages import Message, say
from xlsform.quantities import normalize_text

if TYPE_CHECKING:
    from xlsform.projects import Project

#: Who says what was approved: the project list, the register, or, with neither, the return alone.
ApprovedBy = Literal["list", "register", "return"]


class LatestIssue(NamedTuple):
    """The workbook that was issued last for a project, as the register has it."""

    project: Project
    """What was approved when it was issued."""
    year: int | None
    """Of the form; None where the filler types it."""
    digest: str
    """Of its identity; blank in registers that were written before they kept it."""


class Match(NamedTuple):
    """Which of the office's projects a return is of."""

    code: str | None
    """None where that cannot be told."""
    doubt: Message | None = None
    """Why it cannot be told, where the return names no code by which it could."""


NO_MATCH = Match(None)


@dataclass(frozen=True)
class OfficeRecords:
    """The records of a round, the same for all returns."""

    projects: Mapping[str, Project] = field(default_factory=dict)
    """What was approved, by project code: from the project list, or without one from the register."""
    issues: Mapping[str, LatestIssue] = field(default_factory=dict)
    """What the register says was issued last, by project code."""
    accounts: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    """Final accounts: amounts by role (by field name where it has none), by project code."""
    keys: tuple[bytes, ...] = field(default=(), repr=False)
    """The register's key and its earlier ones, which identities of issued workbooks are signed with."""
    listed: bool = False
    """Whether the projects are those of a list."""
    signatures_hold: bool = False
    """Whether signatures are to be taken for good, since they are verified elsewhere, where the keys are."""

    @property
    def know_projects(self) -> bool:
        """Whether there is a list or a register, so that something can be proved."""
        return bool(self.projects or self.issues)

    def signed(self, identity: Identity) -> bool:
        """Whether an identity is one that we issued, and unchanged."""
        return (self.signatures_hold or any(identity.signed_with(key) for key in self.keys)) and identity.intact

    def approved(self, code: str) -> tuple[Project, ApprovedBy]:
        """Return what was approved for a project that the list or the register knows, and which of them says so."""
        if code in self.projects:
            return self.projects[code], "list" if self.listed else "register"
        return self.issues[code].project, "register"

    def project_of(self, code: str | None, name: str | None, unit: str | None) -> Match:
        """Return the project that a return is of: by its code, else by the name and the unit that it states."""
        if not self.know_projects:
            return NO_MATCH
        if code is not None and (code in self.projects or code in self.issues):
            return Match(code)
        return self._by_name(name or "", unit or "")

    def _by_name(self, name: str, unit: str) -> Match:
        if not name:
            return Match(None, say("the form names no project"))
        named = self._named.get(normalize_text(name), {})
        if not named:
            return Match(None, say("no project is called “{name}”", name=name))
        stated = normalize_text(unit)
        fitting = [code for code, its_unit in named.items() if not stated or not its_unit or its_unit == stated]
        if len(fitting) == 1:
            return Match(fitting[0])
        codes = list(fitting or named)
        if fitting:
            return Match(None, say("“{name}” may be any of the projects {codes}", name=name, codes=codes))
        return Match(
            None,
            say("“{name}” is a project of another unit than {unit}: {codes}", name=name, unit=unit, codes=codes),
        )

    @cached_property
    def _named(self) -> dict[str, dict[str, str]]:
        """The codes of all projects with their units, by name."""
        found: dict[str, dict[str, str]] = {}
        for code in [*self.projects, *(code for code in self.issues if code not in self.projects)]:
            project, _ = self.approved(code)
            found.setdefault(normalize_text(project.name), {})[code] = normalize_text(project.unit)
        return found


#: Of an office that knows of no project.
NO_RECORDS = OfficeRecords()
