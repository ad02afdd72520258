"""What was issued and what came back."""

from __future__ import annotations

from xlsform.register.book import Arrival, Register
from xlsform.register.contents import (
    Counts,
    History,
    Issued,
    Mail,
    MailKind,
    ProjectStatus,
    Return,
    State,
    Status,
    Stray,
    UnitStatus,
    Why,
)

__all__ = [
    "Arrival",
    "Counts",
    "History",
    "Issued",
    "Mail",
    "MailKind",
    "ProjectStatus",
    "Register",
    "Return",
    "State",
    "Status",
    "Stray",
    "UnitStatus",
    "Why",
]
