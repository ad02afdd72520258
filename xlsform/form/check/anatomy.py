"""What a formula consists of: calls, words, operators, brackets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from xlsform.form.formula import tokens

#: Functions that came after Excel 2007: older programs do not know them, and files spell them with a prefix.
NEWER = re.compile(
    r"[A-Z]+\d*\.[A-Z.]+|IFS|SWITCH|IFNA|XOR|MAXIFS|MINIFS|CONCAT|TEXTJOIN|XLOOKUP|XMATCH|LET|LAMBDA|FILTER|SORT|SORTBY"
    r"|UNIQUE|SEQUENCE|RANDARRAY|DAYS|NUMBERVALUE|UNICODE|UNICHAR|SHEETS?|ISFORMULA|FORMULATEXT|ARABIC|BASE|DECIMAL",
    re.IGNORECASE,
)
_CALLED = re.compile(rf"(?<![\w.])({NEWER.pattern})\(", re.IGNORECASE)
_PIECE = re.compile(
    r"(?P<call>[^\W\d][\w.]*)\s*(?=\()|(?P<number>\d[\d.]*(?:[eE][+-]?\d+)?)|(?P<word>\$?[^\W\d][\w.$]*)|(?P<mark>.)",
    re.DOTALL,
)
_OPERATORS = frozenset("+-*/^&=<>%")
_MARKS = _OPERATORS | frozenset("(),;{} \n\r\t")
_CLOSES = {")": "(", "}": "{"}
_VALUES = frozenset({"TRUE", "FALSE"})


def newer_functions(text: str) -> Iterator[str]:
    """Yield the functions in a piece of a formula that came after Excel 2007."""
    return (match[1].upper() for match in _CALLED.finditer(text))


class Call(NamedTuple):
    """A function with its arguments as they are written."""

    name: str
    """In upper case."""
    arguments: tuple[str, ...]


class Anatomy(NamedTuple):
    """What a formula consists of."""

    calls: tuple[Call, ...]
    words: tuple[str, ...]
    """What is neither a number, a text nor a field in braces: names, addresses, marks that no operator is."""
    depth: int
    """Brackets within one another."""
    operators: int
    elements: int
    """Values of arrays that are written out, as in ``{1,2,3}``."""


def dissect(formula: str) -> Anatomy:
    """Return what a formula consists of, also where its brackets do not match."""
    calls: list[Call] = []
    words: list[str] = []
    open_: list[_Open] = [_Open("", "")]
    depth = operators = elements = 0
    name = ""
    for kind, text in _pieces(formula):
        if kind == "call":
            name = text.upper()
            open_[-1].write(text)
            continue
        if text in ("(", "{") and kind == "mark":
            open_.append(_Open(text, name))
            depth = max(depth, len(open_) - 1)
        elif text in _CLOSES and kind == "mark" and open_[-1].bracket == _CLOSES[text]:
            closed = open_.pop()
            if closed.name:
                calls.append(Call(closed.name, tuple(map(str.strip, closed.arguments))))
            elements += len(closed.arguments) if closed.bracket == "{" else 0
            open_[-1].write(f"{closed.bracket}{','.join(closed.arguments)}{text}")
        elif text in (",", ";") and kind == "mark":
            open_[-1].arguments.append("")
        else:
            open_[-1].write(text)
            operators += kind == "mark" and text in _OPERATORS
            if (kind == "mark" and text not in _MARKS) or (kind == "word" and text.upper() not in _VALUES):
                words.append(text)
        name = ""
    return Anatomy(tuple(calls), tuple(words), depth, operators, elements)


class _Open:
    """A bracket that is not closed yet, and what stands in it so far."""

    def __init__(self, bracket: str, name: str) -> None:
        self.bracket = bracket
        self.name = name
        self.arguments = [""]

    def write(self, text: str) -> None:
        self.arguments[-1] += text


def _pieces(formula: str) -> Iterator[tuple[str, str]]:
    """Yield the pieces of a formula with their kinds; a field has its braces."""
    for token in tokens(formula):
        if token.kind == "text":
            yield token
        elif token.kind == "field":
            yield token.kind, f"{{{token.text}}}"
        else:
            for match in _PIECE.finditer(token.text):
                yield match.lastgroup or "mark", match[match.lastgroup or 0]
