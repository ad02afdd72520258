"""Verdicts, projects and identities as text that a register can keep, and back, nothing lost on the way."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar

from xlsform.findings import Finding, Severity
from xlsform.form.identity import Identity
from xlsform.messages import Message
from xlsform.projects import ListedIndicator, Project
from xlsform.register.typed import unfit
from xlsform.spreadsheet.values import CellError
from xlsform.verdict.verdict import Figure, MissedTarget, Summary, Verdict

T = TypeVar("T")

#: Classes and fields that registers hold under the name that they had when those were first written.
_STORED_AS = {"MissedTarget": "Shortfall", "missed_targets": "shortfalls"}
_NAMED_NOW = {stored: name for name, stored in _STORED_AS.items()}
#: What is kept field by field. A field may be added if it has a default; to take one away or rename it needs a new
#: version of the register's schema, since older registers hold it.
_CLASSES: Mapping[str, Any] = {
    _STORED_AS.get(each.__name__, each.__name__): each
    for each in (Verdict, Finding, Summary, Figure, MissedTarget, Project, ListedIndicator, Identity)
}
#: Fields that registers keep in a column of their own.
_APART = frozenset({"extracted"})
#: What is kept as a text.
_TEXTS: Mapping[str, Any] = {each.__name__: each for each in (Decimal, Severity)}


class DamagedError(Exception):
    """What a register holds is not what was written there."""


#: What reading raises where the text is not what was written: it was written without a fault.
FAULTS = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)


def encode(value: Any) -> str:
    """Return a value as JSON; what JSON does not know stands in an object under its type: ``{"Decimal": "3.92"}``."""
    # Escaped, since a text from a return may hold half a character, which no encoding of a file can carry.
    return json.dumps(_plain(value))


def decode(text: str, kind: type[T]) -> T:
    """Return the value that `encode` wrote.

    Args:
        text: what was written.
        kind: what it has to be.

    Raises:
        DamagedError: the text is not what was written.
    """
    try:
        value = _restored(json.loads(text))
    except FAULTS as error:
        raise DamagedError(f"{type(error).__name__}: {error}") from None
    if not isinstance(value, kind):
        raise DamagedError(f"{type(value).__name__} in place of {kind.__name__}")
    return value


def _plain(value: Any) -> Any:
    kind = type(value).__name__
    kind = _STORED_AS.get(kind, kind)
    if kind in _CLASSES:
        return {kind: {_STORED_AS.get(name, name): _plain(getattr(value, name)) for name in _names(value)}}
    if kind in _TEXTS:
        return {kind: str(value)}
    match value:
        case Message(text, values):
            return {"Message": [text, {key: _plain(each) for key, each in values.items()}]}
        case CellError(text):
            return {"CellError": text}
        case tuple():
            return {"tuple": [_plain(each) for each in value]}
        case list():
            return [_plain(each) for each in value]
        case Mapping():
            return {"Mapping": {str(key): _plain(each) for key, each in value.items()}}
        case None | bool() | int() | float():
            return value
        case _:
            return str(value)


def _names(value: Any) -> Iterable[str]:
    """Return the names of an object's fields."""
    named: Iterable[str] | None = getattr(value, "_fields", None)
    return named if named is not None else [each.name for each in dataclasses.fields(value) if each.name not in _APART]


def _restored(value: Any) -> Any:
    if isinstance(value, list):
        return [_restored(each) for each in value]
    if not isinstance(value, dict):
        return value
    [(kind, content)] = value.items()
    if kind in _CLASSES:
        values = {_NAMED_NOW.get(name, name): _restored(each) for name, each in content.items()}
        if wrong := unfit(_CLASSES[kind], values):
            raise TypeError(f"{kind}.{wrong}: {values[wrong]!r:.40}")
        return _CLASSES[kind](**values)
    if kind in _TEXTS:
        return _TEXTS[kind](content)
    match kind:
        case "Message":
            values = {key: _restored(each) for key, each in content[1].items()}
            _check_braces(content[0], tuple(values))
            return Message(content[0], values)
        case "CellError":
            return CellError(content)
        case "tuple":
            return tuple(_restored(each) for each in content)
        case "Mapping":
            return {key: _restored(each) for key, each in content.items()}
        case _:
            raise LookupError(kind)


# The same few hundred messages come again and again.
@lru_cache(maxsize=1024)
def _check_braces(text: str, names: tuple[str, ...]) -> None:
    """See whether a message can be rendered: every brace has its value.

    Raises:
        LookupError, ValueError: it cannot.
    """
    text.format(**dict.fromkeys(names, ""))
