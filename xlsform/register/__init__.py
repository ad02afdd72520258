"""What was issued and what came back."""

from __future__ import annotations

from xlsform.register.book import Register
from xlsform.register.contents import Counts, Issued, Mail, ProjectStatus, Return, State, Status, Stray, UnitStatus

__all__ = [
    "Counts",
    "Issued",
    "Mail",
    "ProjectStatus",
    "Register",
    "Return",
    "State",
    "Status",
    "Stray",
    "UnitStatus",
]
