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
from xlsform.register.register import NewReturn, Register

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
