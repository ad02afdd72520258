"""Whether two formulas are the same, however the program that saved them spells them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from xlsform.refs import Range, a1, parse_range

_CELL = r"\$?[A-Za-z]{1,3}\$?[1-9]\d{0,6}"
_PIECE = re.compile(
    r"""(?P<text>"(?:[^"]|"")*")"""
    r"""|(?P<sheet>(?:'(?:[^']|'')+'|[^\W\d][\w.]*)!)"""
    rf"""|(?P<area>(?<![\w.$]){_CELL}:{_CELL}(?![\w.(]))"""
    rf"""|(?P<cell>(?<![\w.$]){_CELL}(?![\w.(]))"""
    r"""|(?P<space>\s+)"""
    r"""|(?P<word>[^\W\d][\w.]*)"""
    r"""|(?P<other>.)""",
    re.DOTALL,
)
_CALLED_CONSTANT = re.compile(r"\b(TRUE|FALSE)\(\)")


@lru_cache(maxsize=8192)
def normalised(formula: str) -> str:
    """Return a formula in one spelling.

    Case, spaces, ``$``, quotes around a sheet's name, ``TRUE()`` for ``TRUE`` and the prefix ``_xlfn.`` make no
    difference: LibreOffice and WPS write them otherwise than Excel.
    """
    return _CALLED_CONSTANT.sub(r"\1", "".join(_spelled(match) for match in _PIECE.finditer(formula.lstrip("="))))


def _spelled(match: re.Match[str]) -> str:
    kind, text = match.lastgroup, match[0]
    if kind == "text":
        return text
    if kind == "space":
        return ""
    if kind == "sheet":
        return text[:-1].strip("'").replace("''", "'").casefold() + "!"
    return text.replace("$", "").upper().removeprefix("_XLFN.").removeprefix("_XLWS.")


def moved(formula: str, area: Callable[[Range], Range | None]) -> str:
    """Return a formula with each reference where its cells stand now; one whose cells are gone becomes ``#REF!``."""

    def where(match: re.Match[str]) -> str:
        if match.lastgroup not in ("cell", "area"):
            return match[0]
        found = area(parse_range(match[0]))
        return "#REF!" if found is None else str(found) if match.lastgroup == "cell" else f"{a1(*found.anchor)}:{a1(found.bottom, found.right)}"

    return _PIECE.sub(where, formula)


def areas(formula: str) -> Iterator[Range]:
    """Yield the ranges of several cells that a formula refers to."""
    return (parse_range(match[0]) for match in _PIECE.finditer(formula) if match.lastgroup == "area")
