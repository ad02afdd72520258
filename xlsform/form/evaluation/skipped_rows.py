"""Rows of indicators that are blank are not checked again for every return.

Most rows of a form stay blank, and what the form's own checks say of a blank row is the same each time. So each of
these checks is written as ``IF(asked, check, TRUE)``, with one cell for each row that says whether it is asked. Once a
row was found blank and sound it is no longer asked, until something is put into it.

Measured: a return of a form with three rows in each block takes the engine 0.24 ms in place of 0.40 ms, with ten rows
0.41 ms in place of 1.34 ms.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence, Set

from xlsform.form.layout import Field, PlacedCheck
from xlsform.spreadsheet.a1 import Position, letters

ASKED_COLUMN = 60
"""The column, right of any form, that says whether a row's own checks are asked: 1 or 0."""


class SkippedRows:
    """The rows of indicators of one layout, and which of them are skipped at present."""

    def __init__(self, rows: Sequence[Mapping[str, Field]], computed: Container[str]) -> None:
        """Begin with all rows asked.

        Args:
            rows: the fields of each row.
            computed: the names of fields that calculate themselves; they may depend on other rows.
        """
        self._names = {next(iter(row.values())).range.top: {item.name for item in row.values()} for row in rows}
        """The fields of each row, by its number in the sheet."""
        self._row_of = {name: row for row, names in self._names.items() for name in names if name not in computed}
        self.now: set[int] = set()
        """The rows that are skipped at present."""

    @property
    def all_cells(self) -> list[Position]:
        """The cell of each row that says whether it is asked."""
        return [(row, ASKED_COLUMN) for row in self._names]

    def own_row(self, check: PlacedCheck) -> int | None:
        """Return the row of indicators that a check belongs to: it looks at what is typed there and at nothing else."""
        row = check.field.range.top
        own = check.expected is None and {self._row_of.get(name) for name in check.references} == {row}
        return row if own else None

    def gated(self, formula: str, row: int) -> str:
        """Return a check's formula that is TRUE without being worked out while its row is skipped."""
        return f"IF({letters(ASKED_COLUMN)}{row},{formula},TRUE)"

    def ask_again(self, filled: Set[str]) -> list[Position]:
        """Return the cells of skipped rows in which something is put now; they are asked again.

        Args:
            filled: the names of the fields that hold something.
        """
        woken = [row for row in self.now if not filled.isdisjoint(self._names[row])]
        self.now.difference_update(woken)
        return [(row, ASKED_COLUMN) for row in woken]

    def skip(self, filled: Set[str], unsound: Set[int | None]) -> list[Position]:
        """Return the cells of rows that are blank and in which no check fails; they are skipped from now on.

        Args:
            filled: the names of the fields that hold something.
            unsound: rows with a check that fails.
        """
        found = [row for row in self._names.keys() - self.now - unsound if filled.isdisjoint(self._names[row])]
        self.now.update(found)
        return [(row, ASKED_COLUMN) for row in found]
