"""The manual pages of the rules, as text, Markdown or JSON, from the rules' own docstrings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from xlsform.errors import UsageError
from xlsform.messages import render, say, translated
from xlsform.rules.registry import Rule, catalogue

_FAMILIES = {
    "F": say("File"),
    "S": say("Structure, against what was issued"),
    "H": say("Head"),
    "V": say("Values"),
    "M": say("Money"),
    "G": say("Goal"),
    "K": say("Completeness of indicators"),
    "W": say("Weights"),
    "P": say("Points of an indicator"),
    "T": say("Total and narrative"),
    "X": say("Across files"),
}


def paragraphs(page: str) -> list[str]:
    """Return the paragraphs of a manual page, each on one line; headings keep their marks."""
    return [re.sub(r"\s*\n\s*", " ", part).strip() for part in re.split(r"\n\s*\n", page) if part.strip()]


def pages(code: str | None, form: str, language: str) -> str:
    """Return the pages of all rules, or of one.

    Args:
        code: the rule's code, None for all.
        form: ``text``, ``markdown`` or ``json``.
        language: ``zh`` or ``en``.

    Raises:
        UsageError: there is no such rule.
    """
    rules: Iterable[Rule] = catalogue().values()
    if code is not None:
        rule = catalogue().get(code.upper())
        if rule is None:
            raise UsageError(say("no rule has the code {code}; xlsform rules lists them all", code=code))
        rules = [rule]
    if form == "json":
        lines = [
            {"code": rule.code, "rule": rule.name, "severity": rule.severity.value, "page": _body(rule, language)}
            for rule in rules
        ]
        return json.dumps(lines, ensure_ascii=False, indent=1) + "\n"
    if form == "markdown":
        return _markdown(rules, language)
    return "\n\n".join(_text(rule, language) for rule in rules) + "\n"


def _body(rule: Rule, language: str) -> str:
    return "\n\n".join(translated(part, language) for part in paragraphs(rule.page))


def _text(rule: Rule, language: str) -> str:
    severity = render(rule.severity.label, language)
    return f"{rule.code} {rule.name} ({severity})\n\n" + _body(rule, language).replace("## ", "")


def _markdown(rules: Iterable[Rule], language: str) -> str:
    parts, family = [], ""
    for rule in rules:
        if rule.code[0] != family:
            family = rule.code[0]
            parts.append(f"## {family} {translated(_FAMILIES[family].text, language)}")
        severity = render(rule.severity.label, language)
        parts.append(f"### {rule.code} {rule.name} ({severity})")
        parts.append(_body(rule, language).replace("## ", "#### "))
    return "\n\n".join(parts) + "\n"
