"""Verdicts, projects and identities as text that a register can keep, and back, nothing lost on the way."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from xlsform.findings import Finding, Severity
from xlsform.form.identity import Identity
from xlsform.messages import Message
from xlsform.projects import ListedIndicator, Project
from xlsform.spreadsheet.values import CellError
from xlsform.verdict.verdict import Figure, MissedTarget, Summary, Verdict

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


def encode(value: Any) -> str:
    """Return a value as JSON; what JSON does not know stands in an object under its type: ``{"Decimal": "3.92"}``."""
    # Escaped, since a text from a return may hold half a character, which no encoding of a file can carry.
    return json.dumps(_plain(value))


def decode(text: str) -> Any:
    """Return the value that `encode` wrote."""
    return _restored(json.loads(text))


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
        return _CLASSES[kind](**{_NAMED_NOW.get(name, name): _restored(each) for name, each in content.items()})
    if kind in _TEXTS:
        return _TEXTS[kind](content)
    match kind:
        case "Message":
            return Message(content[0], {key: _restored(each) for key, each in content[1].items()})
        case "CellError":
            return CellError(content)
        case "tuple":
            return tuple(_restored(each) for each in content)
        case _:
            return {key: _restored(each) for key, each in content.items()}
