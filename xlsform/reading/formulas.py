"""Formula text: shared formulas spelled out, and references that lead outside the workbook."""

from __future__ import annotations

import re
from typing import NamedTuple

from xlsform.patterns import LazyPattern
from xlsform.spreadsheet.a1 import MAX_COLUMN, MAX_ROW, column_number, letters

# What must not be touched comes first: text, quoted sheet names, [books] and [columns] of tables. A letter before or
# behind makes a name of a reference (``Rate_A1``), a bracket a function (``LOG10(``), an exclamation mark a sheet
# (``Q1!``). A text or a name that is not closed goes on to the end of the formula: to look for its end again from every
# character would take hours.
_TOKEN = LazyPattern(
    r"""
      "(?:[^"]|"")*+ (?: "|\Z )
    | '(?:[^']|'')*+ (?: '|\Z )
    | \[ (?: [^\[\]'] | '. | \[ (?: [^\[\]'] | '. )*+ \] )*+ (?: \]|\Z|(?=\[) )
    | (?<! [\w.\\?$] ) (?P<cell> \$?[A-Za-z]{1,3} \$?[1-9][0-9]{0,6} ) (?! [\w.\\?(!\[] )
    | (?<! [\w.\\?$] )
      (?P<span> \$?[A-Za-z]{1,3} : \$?[A-Za-z]{1,3} | \$?[1-9][0-9]{0,6} : \$?[1-9][0-9]{0,6} )
      (?! [\w.\\?(!\[] )
    """,
    re.VERBOSE | re.DOTALL,
)
_REFERENCE = LazyPattern(r"(\$?)([A-Za-z]*)(\$?)([0-9]*)\Z")
_TEXT = LazyPattern(r'"(?:[^"]|"")*"')
# [1]Sheet!A1, '[1]Two words'!A1, 'C:\[book.xlsx]Sheet'!A1, service|'topic'!item. Before the column of a table stands
# the table's name.
_OUTSIDE = LazyPattern(
    r"(?<![\w\]])\[([0-9]+|[^\[\]]{1,255}\.[A-Za-z]{3,4})\](?=[^\[\]]*!)|(?<![\w.])([\w.]{1,64}\|(?:'[^']{0,255}'|\w{1,64}))!"
)


class Reference(NamedTuple):
    """A cell, column or row of a formula; 0 is a part it does not have."""

    column: int
    row: int
    column_fixed: bool
    row_fixed: bool

    def moved(self, down: int, right: int) -> str:
        """Return its text, as a copy of the formula has it that stands so many rows and columns away."""
        column = self.column if self.column_fixed or not self.column else self.column + right
        row = self.row if self.row_fixed or not self.row else self.row + down
        if (self.column and not 1 <= column <= MAX_COLUMN) or (self.row and not 1 <= row <= MAX_ROW):
            return "#REF!"
        text = ("$" if self.column_fixed else "") + letters(column) if self.column else ""
        return text + ("$" if self.row_fixed else "") + str(row) if self.row else text


#: A formula taken apart: text that stays as it is, and references that move.
Pieces = tuple[str | Reference, ...]


def take_apart(formula: str) -> Pieces:
    """Take a formula apart, so that it can be spelled out for many cells."""
    pieces: list[str | Reference] = []
    done = 0
    for match in _TOKEN.finditer(formula):
        text = match["cell"] or match["span"]
        references = [_reference(half) for half in text.split(":")] if text else []
        if not references or None in references:
            continue
        pieces.append(formula[done : match.start()])
        for number, reference in enumerate(references):
            pieces.extend([":"] if number else [])
            pieces.extend([reference] if reference else [])
        done = match.end()
    pieces.append(formula[done:])
    return tuple(piece for piece in pieces if piece != "")


def spell_out(pieces: Pieces, down: int, right: int) -> str:
    """Return the formula as it reads so many rows below and columns right of where it was taken apart."""
    return "".join(piece if isinstance(piece, str) else piece.moved(down, right) for piece in pieces)


def outside_references(formula: str) -> list[str]:
    """Return the books (``[1]``, ``[book.xlsx]``) and DDE links (``service|'topic'``) that a formula refers to."""
    if "[" not in formula and "|" not in formula:
        return []
    return [f"[{book}]" if book else link for book, link in _OUTSIDE.findall(_TEXT.sub('""', formula))]


def _reference(text: str) -> Reference | None:
    match = _REFERENCE.match(text)
    if match is None:
        return None
    first, column_text, second, row_text = match.groups()
    column = column_number(column_text) if column_text else 0
    row = int(row_text or 0)
    if column > MAX_COLUMN or row > MAX_ROW:
        return None
    return Reference(column, row, bool(first) and bool(column), bool(second if column else first))
