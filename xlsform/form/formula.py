"""Template formulas: Excel's own formula language, with fields in braces.

``{funds.total.budget}`` is one field, ``{.budget}`` the same row's, ``{carryover.}`` the same column's in another row,
``{@}`` the field that a check is about, ``{indicators.*.score}`` a whole column, ``{indicators.产出指标.*.score}`` the
rows of one level 1 or level 2, ``{.name:placeholder}`` the text that the blank form prints in a cell, ``{.target:low}``
a part of a target that is a known figure, ``{scoring.execution.weight}`` a setting.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from xlsform.patterns import LazyPattern

_TOKEN = LazyPattern(
    r"""(?P<text>"(?:[^"]|"")*")"""
    r"""|\{(?P<field>(?:@|[.\w*]*[^\W\d][.\w*]*)(?::[a-z]+)?)\}"""
    r"""|(?P<other>[^"{]+|[{"])"""
)
_ROUND = LazyPattern(r"(?<![\w.])ROUND\(", re.IGNORECASE)


class Token(NamedTuple):
    """A piece of a formula: quoted text, a field in braces, or anything else."""

    kind: str
    text: str


@lru_cache(maxsize=4096)
def tokens(formula: str) -> tuple[Token, ...]:
    """Split a formula into its pieces; the leading ``=`` is dropped."""
    body = formula[1:] if formula.startswith("=") else formula
    return tuple(Token(match.lastgroup or "other", match[match.lastgroup or 0]) for match in _TOKEN.finditer(body))


def references(formula: str) -> Iterator[str]:
    """Yield what stands in braces, in order."""
    return (token.text for token in tokens(formula) if token.kind == "field")


def render(formula: str, resolve: Callable[[str], str]) -> str:
    """Return the formula without ``=``, each field replaced by what ``resolve`` gives for it."""
    return "".join(resolve(token.text) if token.kind == "field" else token.text for token in tokens(formula))


def quote(text: str) -> str:
    """Return a text as it is written inside a formula."""
    return '"' + text.replace('"', '""') + '"'


def unbalanced(formula: str) -> str | None:
    """Return what is left open in a formula, None where every quote, bracket and brace is closed.

    A spreadsheet engine forgives a missing parenthesis; Excel takes the file for damaged.
    """
    if '"' in (token.text for token in tokens(formula)):
        return "a quote is not closed"
    open_ones: list[str] = []
    pairs = {")": "(", "}": "{"}
    for token in tokens(formula):
        for char in token.text if token.kind == "other" else "":
            if char in "({":
                open_ones.append(char)
            elif char in pairs and (not open_ones or open_ones.pop() != pairs[char]):
                return f"{char} without {pairs[char]}"
    return f"{open_ones[-1]} is not closed" if open_ones else None


def unrounded(formula: str) -> str:
    """Return the formula with each ``ROUND(x, n)`` replaced by ``(x)``.

    What a form states is compared with this exact figure, since people truncate as often as they round.
    """
    match = _ROUND.search(_blank_texts(formula))
    while match is not None:
        start = match.end()
        comma, end = _last_argument(formula, start)
        formula = f"{formula[: match.start()]}({formula[start:comma]}){formula[end + 1 :]}"
        match = _ROUND.search(_blank_texts(formula))
    return formula


def _blank_texts(formula: str) -> str:
    return re.sub(r'"(?:[^"]|"")*"', lambda match: "_" * len(match[0]), formula)


def _last_argument(formula: str, start: int) -> tuple[int, int]:
    """Return where the last comma and the closing parenthesis of the call opened before ``start`` stand."""
    depth, comma, masked = 0, -1, _blank_texts(formula)
    for index in range(start, len(masked)):
        char = masked[index]
        if char in "({":
            depth += 1
        elif char in ")}":
            if depth == 0:
                return (comma if comma >= 0 else index), index
            depth -= 1
        elif char == "," and depth == 0:
            comma = index
    return len(formula), len(formula)
