"""What a rule is called and how its findings are fixed, from its manual page."""

from __future__ import annotations

from functools import lru_cache

from xlsform.messages import translated
from xlsform.rules.manual import paragraphs
from xlsform.rules.registry import catalogue


@lru_cache(maxsize=512)
def title(code: str, language: str) -> str:
    """Return what a rule finds, in one sentence; blank for a check that only its template knows."""
    rule = catalogue().get(code)
    parts = paragraphs(rule.page) if rule else []
    return translated(parts[0], language).rstrip("。.") if parts else ""


@lru_cache(maxsize=512)
def how_to_fix(code: str, language: str) -> str:
    """Return what the last heading of a rule's page says; blank for a check that only its template knows."""
    rule = catalogue().get(code)
    parts = paragraphs(rule.page) if rule else []
    start = max((number for number, part in enumerate(parts) if part == "## How to fix it"), default=len(parts))
    return "\n".join(translated(part, language) for part in parts[start + 1 :])
