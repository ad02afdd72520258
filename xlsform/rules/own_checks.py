"""Codes that only a template knows: its own checks, which are chosen, excused and looked up like rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from xlsform.findings import Severity
from xlsform.form.check import load_checked
from xlsform.form.definition import Form
from xlsform.form.layout import lay_out
from xlsform.form.template import bundled, load
from xlsform.rules.registry import catalogue


class OwnCheck(NamedTuple):
    """A check whose code no rule has."""

    code: str
    name: str
    severity: Severity
    hint: Mapping[str, str]
    """What it says of a field, in each language."""
    form: str
    """The id of the form that brings it."""


def own_checks(forms: Iterable[Form]) -> dict[str, OwnCheck]:
    """Return the checks of forms that only their templates know, by code; of several of one code the first."""
    found: dict[str, OwnCheck] = {}
    for form in forms:
        for placed in lay_out(form).checks if form.check_codes - catalogue().keys() else ():
            check = placed.check
            if check.code not in catalogue():
                severity = check.severity or Severity.ERROR
                found.setdefault(check.code, OwnCheck(check.code, check.name, severity, check.hint, form.id))
    return dict(sorted(found.items()))


def known_checks(template: str | None) -> dict[str, OwnCheck]:
    """Return the own checks of the forms that come with xlsform, and of a template that is named.

    Raises:
        UsageError, TemplateError: the template named cannot be used.
    """
    named = [load_checked(template)] if template is not None else []
    return own_checks([*named, *map(load, bundled())])


def known_codes(template: str | None) -> frozenset[str]:
    """Return every code that there is: of rules, of the forms that come with xlsform, of a template that is named.

    Raises:
        UsageError, TemplateError: the template named cannot be used.
    """
    return frozenset(catalogue()) | known_checks(template).keys()
