"""Which rules a form can be judged by: a rule says what it cannot do without, a form what it has."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from xlsform.form.definition import Form
from xlsform.messages import Message, say
from xlsform.rules.registry import Rule, catalogue, wanted


def hindrance(rule: Rule, form: Form) -> Message | None:
    """Return why a form cannot be judged by a rule, None where it can."""
    needed = [*rule.reads, *(role for setting, role in rule.reads_for.items() if form.setting(setting))]
    missing = [role for role in needed if role not in form.roles]
    if missing:
        return say("nothing in the form has the role {roles}", roles=missing)
    if rule.of_checks and rule.code not in form.check_codes:
        return say("the form has no check of that code")
    return None


def hindrances(form: Form) -> Mapping[str, Message | None]:
    """Return why a form cannot be judged by each rule of the catalogue, by code; None for those by which it can."""
    return {code: hindrance(rule, form) for code, rule in catalogue().items()}


@lru_cache(maxsize=64)
def chosen(form: Form | None, select: tuple[str, ...], ignore: tuple[str, ...]) -> tuple[Rule, ...]:
    """Return the rules that are asked for and that a form can be judged by, of no form those that need none.

    Kept, since most returns are of a few forms.
    """
    asked = [rule for rule in catalogue().values() if wanted(rule.code, select, ignore)]
    if form is None:
        return tuple(rule for rule in asked if rule.about in ("file", "batch"))
    return tuple(rule for rule in asked if hindrance(rule, form) is None)
