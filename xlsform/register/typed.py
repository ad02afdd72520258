"""Whether what was read from a register is what its types say: a flipped bit may turn any value into another.

Types are looked at once and made into functions, since a register gives thousands of values; checking a verdict takes
a fifth of the time that decoding it takes.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

Fits = Callable[[Any], bool]


def unfit(kind: Any, values: Mapping[str, Any]) -> str | None:
    """Return the name of the first value that its field cannot have, None where all fit.

    Args:
        kind: a class whose fields have types: a dataclass or a named tuple.
        values: values by field; fields that are not among them are not looked at.
    """
    fits = _of_fields(kind)
    return next((name for name, value in values.items() if not fits[name](value)), None)


@lru_cache(maxsize=64)
def _of_fields(kind: Any) -> dict[str, Fits]:
    return {name: _fits(hint) for name, hint in typing.get_type_hints(kind).items()}


def _fits(hint: Any) -> Fits:
    """Return the function that says whether a value is of a type."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if hint in (Any, object):
        return lambda _: True
    if hint is None or hint is types.NoneType:
        return lambda value: value is None
    if origin is Literal:
        return lambda value: isinstance(value, str) and value in parts
    if origin in (typing.Union, types.UnionType):
        choices = [_fits(part) for part in parts]
        return lambda value: any(fits(value) for fits in choices)
    if origin is tuple:
        if parts[-1] is Ellipsis:
            member = _fits(parts[0])
            return lambda value: isinstance(value, tuple) and all(map(member, value))
        members = [_fits(part) for part in parts]
        return lambda value: (
            isinstance(value, tuple)
            and len(value) == len(members)
            and all(fits(each) for fits, each in zip(members, value, strict=True))
        )
    if isinstance(origin, type) and issubclass(origin, Mapping):
        key, item = map(_fits, parts)
        return lambda value: isinstance(value, Mapping) and all(map(key, value)) and all(map(item, value.values()))
    if hint is int:
        # SQLite and JSON know truth values of their own, which are no numbers.
        return lambda value: isinstance(value, int) and not isinstance(value, bool)
    if hint is Decimal:
        return lambda value: isinstance(value, Decimal) and value.is_finite()
    return lambda value: isinstance(value, hint)
