"""JSON as people write it: its numbers are exact, and no key stands twice in one object, or the first would be lost."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from xlsform.messages import say

_MOST_DIGITS = 300
"""Digits of a number, before or behind the point: a cell of a spreadsheet holds hardly more."""


def exact_number(text: str) -> Decimal:
    """Return a number of JSON exactly.

    Raises:
        ValueError: it has more digits than any figure. Written out, 1e99999999 would fill the memory.
    """
    if len(text) <= _MOST_DIGITS:
        exponent = text.lower().partition("e")[2]
        number = Decimal(text) if len(exponent) <= len(str(_MOST_DIGITS)) + 1 else None
        if number is not None and abs(number.adjusted()) <= _MOST_DIGITS:
            return number
    raise ValueError(f"{text[:20]}{'…' * (len(text) > 20)} is a number of too many digits")


def no_number(constant: str) -> Decimal:
    """Refuse NaN and Infinity, which Python's reader of JSON takes for numbers.

    Raises:
        ValueError: always.
    """
    raise ValueError(f"{constant} is no number")


def loads(
    text: str, *, parse_float: Callable[[str], Any] = exact_number, parse_int: Callable[[str], Any] = exact_number
) -> Any:
    """Return what a text holds.

    Args:
        text: the JSON.
        parse_float: reads numbers, as of `json.loads`; so do the others.
        parse_int: reads whole numbers.

    Raises:
        json.JSONDecodeError: it is no JSON, or a key stands twice in one object; it says what and where.
        ValueError: a number has too many digits, or is NaN or Infinity.
        RecursionError: it is nested too deeply.
    """
    repeated = False

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeated
        content = dict(pairs)
        repeated |= len(content) < len(pairs)
        return content

    content = json.loads(
        text, object_pairs_hook=unique, parse_float=parse_float, parse_int=parse_int, parse_constant=no_number
    )
    if repeated:
        key, place = _second(text)
        # The message is translated by whoever tells it, as those of other errors cannot be.
        told: Any = say("the key {key} stands twice in one object", key=repr(key))
        raise json.JSONDecodeError(told, text, place)
    return content


def _second(text: str) -> tuple[str, int]:
    """Return the first key that stands in its object a second time, and where; the text is JSON, and has one."""
    objects: list[set[str]] = []
    for token in re.finditer(r'"(?:[^"\\]|\\.)*"(?P<key>\s*:)?|[{}]', text):
        if token[0] == "{":
            objects.append(set())
        elif token[0] == "}":
            objects.pop()
        elif token["key"]:
            key = json.loads(text[token.start() : token.start("key")])
            if key in objects[-1]:
                return key, token.start()
            objects[-1].add(key)
    raise AssertionError("asked only where a key stands twice")
