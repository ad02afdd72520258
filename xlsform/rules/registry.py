"""The rules by their codes, and the decorators that put them there."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from xlsform import rules
from xlsform.findings import Severity, Violation
from xlsform.reading.workbook import Unreadable, Workbook
from xlsform.submission.submission import Submission

if TYPE_CHECKING:
    from xlsform.rules.across import Batch


class ReceivedFile(NamedTuple):
    """A file that came in, before it is known whether it is a form at all."""

    path: Path
    contents: Workbook | Unreadable
    submission: Submission | None
    """None where no form was recognised."""


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

    @property
    def page(self) -> str:
        """The function's docstring: what it finds, why it matters, how to fix it."""
        return inspect.getdoc(self.run) or ""


_RULES: dict[str, Rule] = {}


def rule(code: str, severity: Severity) -> Callable[[FormRule], FormRule]:
    """Register a function that judges a submission."""

    def register(function: FormRule) -> FormRule:
        _register(code, severity, "form", function)
        return function

    return register


def workbook_rule(code: str, severity: Severity) -> Callable[[FormRule], FormRule]:
    """Register a function that judges a submission, even one whose form's sheet is gone."""

    def register(function: FormRule) -> FormRule:
        _register(code, severity, "workbook", function)
        return function

    return register


def file_rule(code: str, severity: Severity) -> Callable[[FileRule], FileRule]:
    """Register a function that judges a file, form or not."""

    def register(function: FileRule) -> FileRule:
        _register(code, severity, "file", function)
        return function

    return register


def batch_rule(code: str, severity: Severity) -> Callable[[BatchRule], BatchRule]:
    """Register a function that judges the returns of a batch together."""

    def register(function: BatchRule) -> BatchRule:
        _register(code, severity, "batch", function)
        return function

    return register


def _register(code: str, severity: Severity, about: About, run: AnyRule) -> None:
    if code in _RULES:
        raise ValueError(f"code {code} is taken by {_RULES[code].name}")
    name = run.__name__.replace("_", "-")
    _RULES[code] = Rule(code, name, severity, about, run)


@cache
def catalogue() -> Mapping[str, Rule]:
    """Return every rule by its code, families in the catalogue's order."""
    for module in pkgutil.iter_modules(rules.__path__):
        importlib.import_module(f"{rules.__name__}.{module.name}")
    order = "FSHVMGKWPTX"
    return dict(sorted(_RULES.items(), key=lambda item: (order.find(item[0][0]), item[0])))


def wanted(code: str, select: Iterable[str], ignore: Iterable[str]) -> bool:
    """Whether a code is asked for: it begins with one of ``select`` (all, if empty) and with none of ``ignore``."""
    selected = tuple(select)
    return (not selected or code.startswith(selected)) and not code.startswith(tuple(ignore))
