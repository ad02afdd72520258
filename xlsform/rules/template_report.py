"""What can be said of a template: whether it is sound, which roles its fields have, which rules judge its form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xlsform.errors import TemplateError
from xlsform.form.check import problems, warnings
from xlsform.form.template import build, read
from xlsform.form.vocabulary import FIELDS
from xlsform.messages import Message, render, say
from xlsform.rules.applicability import hindrances


@dataclass(frozen=True, slots=True)
class TemplateReport:
    """What `xlsform templates check` says of one file."""

    path: Path
    problems: tuple[str, ...]
    """What is wrong, each with its JSON path; of a template with problems nothing else is said."""
    warnings: tuple[str, ...] = ()
    """What may have been forgotten."""
    roles: Mapping[str, str | None] = field(default_factory=dict)
    """By each role that a field may have, what the form calls it, with ``*`` for the number of a row; None without."""
    rules: Mapping[str, Message | None] = field(default_factory=dict)
    """By the code of each rule, why the form cannot be judged by it; None where it can."""

    @property
    def sound(self) -> bool:
        """Whether the form can be used."""
        return not self.problems

    def lines(self, language: str) -> Iterator[str]:
        """Yield it for people, a line each."""
        for problem in self.problems:
            yield f"{self.path}: {problem}"
        for warning in self.warnings:
            yield render(say("{path}: warning: {warning}", path=self.path, warning=warning), language)
        if self.sound:
            judging = [code for code, why in self.rules.items() if why is None]
            yield render(say("{path}: judged by {codes}", path=self.path, codes=judging), language)
        silent: dict[str, list[str]] = {}
        for code, why in self.rules.items():
            if why is not None:
                silent.setdefault(render(why, language), []).append(code)
        for reason, codes in silent.items():
            line = say("{path}: not judged by {codes}: {why}", path=self.path, codes=codes, why=reason)
            yield render(line, language)

    def as_json(self, language: str) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "path": str(self.path),
            "sound": self.sound,
            "problems": list(self.problems),
            "warnings": list(self.warnings),
            "roles": dict(self.roles),
            "rules": {code: why is None for code, why in self.rules.items()},
            "not_judged": {code: render(why, language) for code, why in self.rules.items() if why is not None},
        }


def report(path: Path) -> TemplateReport:
    """Return what can be said of a template file.

    Raises:
        UsageError: it cannot be opened.
    """
    try:
        content = read(path)
    except TemplateError as error:
        return TemplateReport(path, tuple(error.problems))
    found = problems(content)
    if found:
        return TemplateReport(path, tuple(found))
    form = build(content)
    roles: dict[str, str | None] = {role: form.roles.get(role) for role in FIELDS}
    return TemplateReport(path, (), tuple(warnings(content)), roles, hindrances(form))
