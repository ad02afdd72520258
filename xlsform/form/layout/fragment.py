"""Some rows of a form, the same in every layout that has them in the same place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache

from xlsform.form.definition import Form
from xlsform.form.field_specs import Check
from xlsform.form.layout.fields import TARGET_MARKS, Field, Label, PlacedCheck, UnknownReferenceError
from xlsform.form.layout.resolver import Resolver
from xlsform.form.vocabulary import ACTUAL

_PRESENT = '=AND(TRIM({@}&"")<>"",{@}<>{@:placeholder})'


class Fragment:
    """Some rows of a form; checks that look at these alone are placed once, for all layouts that share the rows."""

    def __init__(self, form: Form, fields: Mapping[str, Field], labels: tuple[Label, ...]) -> None:
        self.form = form
        self.fields = fields
        self.labels = labels
        self._resolver = Resolver(form, fields, whole=False)

    @cached_property
    def checks(self) -> tuple[tuple[Check, Field, PlacedCheck | None], ...]:
        """The checks on its fields; each with its formulas placed, or None where it looks at fields of other rows."""
        return tuple(
            (check, item, self._placed(check, item)) for item in self.fields.values() for check in self._checks_on(item)
        )

    @cached_property
    def outcomes(self) -> Mapping[str, tuple[str, str, str] | None]:
        """What `Layout.outcomes` says of each actual value; None where it looks at fields of other rows."""
        found: dict[str, tuple[str, str, str] | None] = {}
        for item in self.fields.values():
            if item.role == ACTUAL:
                try:
                    found[item.name] = outcome(self._resolver, self.form, item)
                except UnknownReferenceError:
                    found[item.name] = None
        return found

    @cached_property
    def fitting(self) -> frozenset[str]:
        """The patterns of checks that one of its fields fits."""
        patterns = {pattern for check in self.form.checks for pattern in check.at}
        return frozenset(pattern for pattern in patterns if any(fits(pattern, name) for name in self.fields))

    def _checks_on(self, item: Field) -> Iterator[Check]:
        if item.spec.required and item.spec.kind == "input":
            hint = {"zh": f"请填写{item.spec.label}", "en": f"Fill in {item.spec.label}"}
            yield Check(f"required:{item.name}", item.spec.required, (item.name,), hint, formula=_PRESENT)
        for check in self.form.checks:
            if any(fits(pattern, item.name) for pattern in check.at):
                yield check

    def _placed(self, check: Check, item: Field) -> PlacedCheck | None:
        try:
            return self._resolver.place(check, item)
        except UnknownReferenceError:
            return None


def outcome(resolver: Resolver, form: Form, actual: Field) -> tuple[str, str, str]:
    """Return the form's ``value``, ``below`` and ``above`` of an actual value, with `TARGET_MARKS` in them.

    Raises:
        UnknownReferenceError: they look at a field that is not there.
    """
    value, below, above = (
        resolver.render(form.outcome[key], actual, measure=TARGET_MARKS) for key in ("value", "below", "above")
    )
    return value, below, above


def fits(pattern: str, name: str) -> bool:
    """Whether a field's name fits a pattern, ``*`` standing for one part."""
    return _expression(pattern).fullmatch(name) is not None


@lru_cache(maxsize=1024)
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", r"[^.]+"))
