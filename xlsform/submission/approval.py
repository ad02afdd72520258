"""What was approved for the project of a return, and whether the return is the workbook that was issued for it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from xlsform.form.identity import Identity
from xlsform.form.layout import Layout
from xlsform.submission.office_records import ApprovedBy, LatestIssue, Match, OfficeRecords
from xlsform.submission.prefilled_values import Prefilled, set_right

if TYPE_CHECKING:
    from xlsform.projects import Project


class Approval:
    """A return's project as the office has it; what the return says of itself counts only if it is signed by us."""

    def __init__(self, records: OfficeRecords, match: Match, identity: Identity | None, layout: Layout) -> None:
        """Look a return up in the records.

        Args:
            records: what the office knows of its projects.
            match: which of them the return is of.
            identity: what its hidden sheet says of it; None where there is none.
            layout: the form as the return has it.
        """
        self._records = records
        self.match = match
        self._identity = identity
        self._layout = layout

    @cached_property
    def signed(self) -> bool:
        """Whether the identity is signed by us, so that it holds what we issued, if not what we issued last."""
        return self._identity is not None and self._records.signed(self._identity)

    @property
    def project(self) -> Project | None:
        """The project as the list has it, else the register; None where neither was given or knows it.

        The workbook that was issued last is held to what was approved then, even if the list has changed since: the
        unit could not know.
        """
        return self._approved[0]

    @property
    def by(self) -> ApprovedBy:
        """Who says what was approved."""
        return self._approved[1]

    @cached_property
    def _approved(self) -> tuple[Project | None, ApprovedBy]:
        if self.match.code is None:
            return None, "return"
        project, by = self._records.approved(self.match.code)
        issue = self.latest_issue
        if issue is not None and not issue.project.agrees_with(project) and self._is_of(issue):
            return issue.project.completed_by(project), "register"
        return project, by

    @property
    def latest_issue(self) -> LatestIssue | None:
        """What was issued last for the project, None where no register knows."""
        return self._records.issues.get(self.match.code) if self.match.code is not None else None

    @property
    def superseded(self) -> bool:
        """Whether it is a workbook of ours, and another one was issued for its project since."""
        issue = self.latest_issue
        return self.signed and issue is not None and not self._is_of(issue)

    @property
    def claimed(self) -> Mapping[str, object]:
        """The prefilled, locked values that the workbook says it was issued with, by field."""
        return self._identity.issued if self._identity else {}

    @cached_property
    def prefilled(self) -> Prefilled:
        """The same, set right by what was approved."""
        if self.project is None:
            return Prefilled(self.claimed, (), ())
        return set_right(self.claimed, self.project, self._layout)

    @property
    def issued(self) -> Mapping[str, object]:
        """The prefilled, locked values that it was issued with, by field.

        Its own word counts only where its identity is signed by us, or nobody knows what was approved.
        """
        return self.claimed if self.signed else self.prefilled.values

    def _is_of(self, issue: LatestIssue) -> bool:
        """Whether it is the workbook that was issued last, or says the same as that one."""
        if self._identity is None or not self.signed:
            return False
        if issue.digest:
            return self._identity.digest == issue.digest
        right = set_right(self._identity.issued, issue.project, self._layout)
        return self._identity.year == str(issue.year or "") and not right.differing and not right.missing
