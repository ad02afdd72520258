"""What was issued and what came back."""

from __future__ import annotations

from xlsform.register.records import (
    Counts,
    History,
    Issued,
    MailKind,
    MailRecord,
    ProjectStatus,
    Return,
    State,
    Status,
    Stray,
    UnitStatus,
    Why,
)
from xlsform.register.register import Register
from xlsform.register.returns import NewReturn

__all__ = [
    "Counts",
    "History",
    "Issued",
    "MailKind",
    "MailRecord",
    "NewReturn",
    "ProjectStatus",
    "Register",
    "Return",
    "State",
    "Status",
    "Stray",
    "UnitStatus",
    "Why",
]
