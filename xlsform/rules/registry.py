"""The rules by their codes, and the decorators that put them there."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from xlsform import rules
from xlsform.findings import Severity, Violation
from xlsform.form.vocabulary import Role
from xlsform.reading.workbook import Unreadable, Workbook
from xlsform.rules.families import order
from xlsform.submission.submission import Submission

if TYPE_CHECKING:
    from xlsform.rules.across import Batch


class ReceivedFile(NamedTuple):
    """A file that came in, before it is known whether it is a form at all."""

    path: Path
    contents: Workbook | Unreadable
    submission: Submission | None
    """None where no form was recognised."""
    beside: tuple[str, ...] = ()
    """What came with it, in its mail or its folder of an archive, and cannot be checked."""


About = Literal["file", "workbook", "form", "batch"]
FileRule = Callable[[ReceivedFile], Iterator[Violation]]
FormRule = Callable[[Submission], Iterator[Violation]]
BatchRule = Callable[["Batch"], Iterator[tuple[int | str, Violation]]]
AnyRule = Callable[[Any], Iterator[Any]]


class Rule(NamedTuple):
    """A rule with its code, its name and its manual page."""

    code: str
    name: str
    severity: Severity
    about: About
    run: AnyRule
    reads: tuple[Role, ...] = ()
    """What it cannot do without: it is silent on a form that lacks one."""
    reads_for: Mapping[str, Role] = MappingProxyType({})
    """What it cannot do without where the template has a setting: the weight of execution, where that has points."""
    may_read: tuple[Role, ...] = ()
    """What it looks at besides, where the form has it."""
    of_checks: bool = False
    """Whether it speaks only of what checks of its code find, which the form itself has to bring."""

    @property
    def page(self) -> str:
        """The function's docstring: what it finds, why it matters, how to fix it."""
        return inspect.getdoc(self.run) or ""


_RULES: dict[str, Rule] = {}

_NO_RULES = frozenset({"manual", "own_checks", "selection", "template_report"})
"""Modules that tell of rules and have none: left out where rules are found, since loading them takes some 3 ms."""


def rule(
    code: str,
    severity: Severity,
    *,
    reads: Iterable[Role] = (),
    reads_for: Mapping[str, Role] = MappingProxyType({}),
    may_read: Iterable[Role] = (),
    of_checks: bool = False,
) -> Callable[[FormRule], FormRule]:
    """Register a function that judges a submission.

    Args:
        code: its code; the letter is its family's.
        severity: of what it finds, where it does not say otherwise.
        reads: the roles that it cannot do without.
        reads_for: those that it cannot do without where the template gives the setting of that name.
        may_read: those that it looks at where the form has them.
        of_checks: whether it speaks only of what the form's own checks of this code find.
    """

    def register(function: FormRule) -> FormRule:
        name = function.__name__.replace("_", "-")
        _register(Rule(code, name, severity, "form", function, tuple(reads), reads_for, tuple(may_read), of_checks))
        return function

    return register


def workbook_rule(code: str, severity: Severity) -> Callable[[FormRule], FormRule]:
    """Register a function that judges a submission, even one whose form's sheet is gone."""

    def register(function: FormRule) -> FormRule:
        _register(_plain(code, severity, "workbook", function))
        return function

    return register


def file_rule(code: str, severity: Severity) -> Callable[[FileRule], FileRule]:
    """Register a function that judges a file, form or not."""

    def register(function: FileRule) -> FileRule:
        _register(_plain(code, severity, "file", function))
        return function

    return register


def batch_rule(code: str, severity: Severity) -> Callable[[BatchRule], BatchRule]:
    """Register a function that judges the returns of a batch together."""

    def register(function: BatchRule) -> BatchRule:
        _register(_plain(code, severity, "batch", function))
        return function

    return register


def _plain(code: str, severity: Severity, about: About, run: AnyRule) -> Rule:
    return Rule(code, run.__name__.replace("_", "-"), severity, about, run)


def _register(new: Rule) -> None:
    if new.code in _RULES:
        raise ValueError(f"code {new.code} is taken by {_RULES[new.code].name}")
    _RULES[new.code] = new


@cache
def catalogue() -> Mapping[str, Rule]:
    """Return every rule by its code, family by family."""
    for module in pkgutil.iter_modules(rules.__path__):
        if module.name not in _NO_RULES:
            importlib.import_module(f"{rules.__name__}.{module.name}")
    return dict(sorted(_RULES.items(), key=lambda item: order(item[0])))


def wanted(code: str, select: Iterable[str], ignore: Iterable[str]) -> bool:
    """Whether a code is asked for: it begins with one of ``select`` (all, if empty) and with none of ``ignore``."""
    selected = tuple(select)
    return (not selected or code.startswith(selected)) and not code.startswith(tuple(ignore))
