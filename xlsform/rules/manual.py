"""The manual pages of the rules, as text, Markdown or JSON, from the rules' own docstrings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from xlsform.errors import UsageError
from xlsform.findings import Severity
from xlsform.messages import render, say, translated
from xlsform.rules.families import family_name
from xlsform.rules.own_checks import OwnCheck
from xlsform.rules.registry import Rule, catalogue


def paragraphs(page: str) -> list[str]:
    """Return the paragraphs of a manual page, each on one line; headings keep their marks."""
    return [re.sub(r"\s*\n\s*", " ", part).strip() for part in re.split(r"\n\s*\n", page) if part.strip()]


class _Page(NamedTuple):
    """The manual page of a rule, or what there is to say of a form's own check."""

    code: str
    name: str
    severity: Severity
    body: str


def pages(
    code: str | None, output_format: str, language: str, own: Mapping[str, OwnCheck] = MappingProxyType({})
) -> str:
    """Return the pages of all rules, or of one.

    Args:
        code: the rule's code, None for all.
        output_format: ``text``, ``markdown`` or ``json``.
        language: ``zh`` or ``en``.
        own: checks of forms that have a page, too.

    Raises:
        UsageError: there is no such rule.
    """
    known = [code.upper()] if code is not None else [*catalogue(), *own]
    if code is not None and known[0] not in catalogue() and known[0] not in own:
        raise UsageError(say("no rule has the code {code}; xlsform rules lists them all", code=code))
    found = [
        _of_rule(catalogue()[each], language) if each in catalogue() else _of_check(own[each], language)
        for each in known
    ]
    if output_format == "json":
        lines = [
            {"code": page.code, "rule": page.name, "severity": page.severity.value, "page": page.body} for page in found
        ]
        return json.dumps(lines, ensure_ascii=False, indent=1) + "\n"
    if output_format == "markdown":
        return _markdown(found, language)
    return "\n\n".join(_text(page, language) for page in found) + "\n"


def _of_rule(rule: Rule, language: str) -> _Page:
    body = "\n\n".join(translated(part, language) for part in paragraphs(rule.page))
    return _Page(rule.code, rule.name, rule.severity, body)


def _of_check(check: OwnCheck, language: str) -> _Page:
    about = say("{hint} (a check of the form {form})", hint=dict(check.hint), form=check.form)
    return _Page(check.code, check.name, check.severity, render(about, language))


def _text(page: _Page, language: str) -> str:
    severity = render(page.severity.label, language)
    return f"{page.code} {page.name} ({severity})\n\n" + page.body.replace("## ", "")


def _markdown(found: Iterable[_Page], language: str) -> str:
    parts, family = [], ""
    for page in found:
        if page.code[0] != family:
            family = page.code[0]
            parts.append(f"## {family} {render(family_name(page.code), language)}")
        severity = render(page.severity.label, language)
        parts.append(f"### {page.code} {page.name} ({severity})")
        parts.append(page.body.replace("## ", "#### "))
    return "\n\n".join(parts) + "\n"
