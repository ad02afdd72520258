"""Whether two formulas are the same, however the program that saved them spells them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from xlsform.patterns import LazyPattern
from xlsform.spreadsheet.a1 import Range, a1, parse_range

_CELL = r"\$?[A-Za-z]{1,3}\$?[1-9]\d{0,6}"
_PIECE = LazyPattern(
    r"""(?P<text>"(?:[^"]|"")*")"""
    r"""|(?P<sheet>(?:'(?:[^']|'')++'|[^\W\d][\w.]*+)!)"""
    # Quotes that name no sheet are skipped as a whole: tried again from each quote, thousands of them take minutes.
    r"""|(?P<quoted>'(?:[^']|'')*+'?)"""
    rf"""|(?P<area>(?<![\w.$]){_CELL}:{_CELL}(?![\w.(]))"""
    rf"""|(?P<cell>(?<![\w.$]){_CELL}(?![\w.(]))"""
    r"""|(?P<space>\s+)"""
    r"""|(?P<constant>(?:TRUE|FALSE)\(\))"""
    r"""|(?P<word>[^\W\d][\w.]*)"""
    r"""|(?P<number>\d+(?:\.\d*)?|\.\d+)"""
    r"""|(?P<other>.)""",
    re.DOTALL | re.IGNORECASE,
)


@lru_cache(maxsize=8192)
def normalised(formula: str) -> str:
    """Return a formula in one spelling.

    Case, spaces, ``$``, quotes around a sheet's name, ``TRUE()`` for ``TRUE``, zeros behind a decimal point and the
    prefix ``_xlfn.`` make no difference: LibreOffice, WPS and Excel each write them in their own way.
    """
    return "".join(_spelled(match) for match in _PIECE.finditer(formula.lstrip("=")))


def _spelled(match: re.Match[str]) -> str:
    kind, text = match.lastgroup, match[0]
    if kind == "text":
        return text
    if kind == "space":
        return ""
    if kind == "sheet":
        name = text[1:-2].replace("''", "'") if text[0] == "'" else text[:-1]
        return f"'{name.casefold()}'!"
    if kind == "constant":
        return text[:-2].upper()
    if kind == "number":
        whole = "0" + text if text[0] == "." else text
        return whole.rstrip("0").rstrip(".") if "." in whole else whole
    return text.replace("$", "").upper().removeprefix("_XLFN.").removeprefix("_XLWS.")


def moved(formula: str, area: Callable[[Range], Range | None]) -> str:
    """Return a formula with each reference where its cells stand now; one whose cells are gone becomes ``#REF!``."""
    return "".join(piece if isinstance(piece, str) else _written(piece, area(piece)) for piece in _parts(formula))


def _written(old: Range, new: Range | None) -> str:
    if new is None:
        return "#REF!"
    return a1(*new.anchor) if old.single and new.single else f"{a1(*new.anchor)}:{a1(new.bottom, new.right)}"


def areas(formula: str) -> Iterator[Range]:
    """Yield the ranges of several cells that a formula refers to."""
    return (piece for piece in _parts(formula) if not isinstance(piece, str) and not piece.single)


@lru_cache(maxsize=4096)
def _parts(formula: str) -> tuple[str | Range, ...]:
    """Split a formula into its references and what stands between them."""
    parts: list[str | Range] = []
    end = 0
    for match in _PIECE.finditer(formula):
        if match.lastgroup in ("cell", "area"):
            parts += [formula[end : match.start()], parse_range(match[0])]
            end = match.end()
    return (*parts, formula[end:])
