"""JSON as people write it, in which no key stands twice in one object: the first would be lost without a word."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from xlsform.messages import say


def loads(
    text: str,
    *,
    parse_float: Callable[[str], Any] | None = None,
    parse_int: Callable[[str], Any] | None = None,
    parse_constant: Callable[[str], Any] | None = None,
) -> Any:
    """Return what a text holds.

    Args:
        text: the JSON.
        parse_float: reads numbers, as of `json.loads`; so do the others.
        parse_int: reads whole numbers.
        parse_constant: reads ``NaN`` and ``Infinity``.

    Raises:
        json.JSONDecodeError: it is no JSON, or a key stands twice in one object; it says what and where.
        ValueError: what one of these raises.
        RecursionError: it is nested too deeply.
    """
    repeated = False

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeated
        content = dict(pairs)
        repeated |= len(content) < len(pairs)
        return content

    content = json.loads(
        text, object_pairs_hook=unique, parse_float=parse_float, parse_int=parse_int, parse_constant=parse_constant
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
