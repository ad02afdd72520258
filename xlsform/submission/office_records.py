"""What the office knows of its projects besides the returns: what returns are compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from xlsform.quantities import normalize_text

if TYPE_CHECKING:
    from xlsform.projects import Project


@dataclass(frozen=True)
class OfficeRecords:
    """The records of a round, the same for all returns."""

    projects: Mapping[str, Project] = field(default_factory=dict)
    """What was approved, by project code: from the project list or the register."""
    accounts: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    """Final accounts: amounts by role (by field name where it has none), by project code."""
    key: bytes | None = field(default=None, repr=False)
    """The register's key, which identities of issued workbooks are signed with."""

    @cached_property
    def _codes_by_name(self) -> dict[str, str]:
        return {normalize_text(project.name): code for code, project in self.projects.items()}

    def project_of(self, code: str | None, name: str | None) -> Project | None:
        """Return the project that a return is of: by the code in its identity, else by the name it states."""
        if not self.projects:
            return None
        if code is not None and code in self.projects:
            return self.projects[code]
        listed = self._codes_by_name.get(normalize_text(name or ""))
        return self.projects[listed] if listed else None


#: Of an office that knows of no project.
NO_RECORDS = OfficeRecords()
