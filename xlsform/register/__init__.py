"""What was issued and what came back."""

from __future__ import annotations

from xlsform.register.book import Arrival, Register
from xlsform.register.contents import Counts, Issued, Mail, ProjectStatus, Return, State, Status, Stray, UnitStatus

__all__ = [
    "Arrival",
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
