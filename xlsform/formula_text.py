"""Whether two formulas are the same, however the program that saved them spells them."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from xlsform.refs import Position, a1, position

_PIECE = re.compile(
    r"""(?P<text>"(?:[^"]|"")*")"""
    r"""|(?P<sheet>(?:'(?:[^']|'')+'|[^\W\d][\w.]*)!)"""
    r"""|(?P<cell>(?<![\w.$])\$?[A-Za-z]{1,3}\$?[1-9]\d{0,6}(?![\w.(]))"""
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


def moved(formula: str, place: Callable[[Position], Position | None]) -> str:
    """Return a formula with each reference where its cell stands now; one whose cell is gone becomes ``#REF!``."""

    def where(match: re.Match[str]) -> str:
        if match.lastgroup != "cell":
            return match[0]
        found = place(position(match[0]))
        return "#REF!" if found is None else a1(*found)

    return _PIECE.sub(where, formula)
