"""One row of a project list by field, and the problems met in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from xlsform.form.vocabulary import INDICATOR_NAME, PROJECT_CODE, PROJECT_NAME
from xlsform.messages import Message, say
from xlsform.projects.lists.cells import CellProblemError, text_of
from xlsform.projects.lists.columns import Columns
from xlsform.projects.lists.tables import Cell, ListTable
from xlsform.projects.project import ListProblem

T = TypeVar("T")

#: What the code of an example row begins with; such rows are passed over.
EXAMPLE = "示例"
_TOTALS = ("合计", "总计", "小计")


class ListRow:
    """One row; what is wrong with it goes to the list's problems."""

    def __init__(self, table: ListTable, columns: Columns, number: int, problems: list[ListProblem]) -> None:
        self.number = number
        self.code = ""
        """The code of the project that problems belong to, once it is known."""
        self.noted = 0
        """How many problems were noted in this row."""
        self._sheet, self._columns, self._problems = table.sheet, columns, problems
        self._row = table.rows[number]
        self.cells = {name: self._row[place] for name, place in columns.names.items() if place in self._row}

    def __contains__(self, name: str) -> bool:
        """Whether the table has a column for a field."""
        return name in self._columns.names

    def problem(self, name: str, message: Message) -> None:
        """Note a problem at a field's cell."""
        place = self._columns.names.get(name, "")
        self.noted += 1
        self._problems.append(ListProblem(self._sheet, self.number, place, message, self.code))

    def take(self, name: str, read: Callable[[Cell | None], T], otherwise: T) -> T:
        """Return what a cell says; where it cannot be used, note why and return something else."""
        try:
            return read(self.cells.get(name))
        except CellProblemError as problem:
            self.problem(name, problem.message)
            return otherwise

    def required(self, name: str, read: Callable[[Cell | None], T], label: str, otherwise: T) -> T:
        """Return what a cell says, as `take` does; that it is blank is noted, too, if the table has the column.

        Args:
            name: the field.
            read: returns what a cell says.
            label: what a message calls the field.
            otherwise: what is returned where the cell cannot be used.
        """
        before = self.noted
        value = self.take(name, read, otherwise)
        if value in (None, "") and name in self and self.noted == before:
            self.problem(name, say("{field} is blank", field=label))
        return value

    def text(self, name: str, limit: int | None, *, label: str = "", lines: bool = False) -> str:
        """Return a field's text.

        Args:
            name: the field.
            limit: the most characters that the form takes.
            label: what a message calls the field; given, the field must not be blank, if it has a column.
            lines: whether line breaks stay.
        """

        def read(cell: Cell | None) -> str:
            return text_of(cell, lines=lines)

        text = self.required(name, read, label, "") if label else self.take(name, read, "")
        if limit is not None and len(text) > limit:
            self.problem(name, say("{length} characters; the form takes {limit}", length=len(text), limit=limit))
        return text

    def extra(self) -> dict[str, str]:
        """Return the texts of the columns that no field takes, by heading; a second one of a name gets a number."""
        found: dict[str, str] = {}
        for place, heading in self._columns.extra.items():
            text = _any_text(self._row.get(place))
            if text:
                name, count = heading, 1
                while name in found:
                    count += 1
                    name = f"{heading}({count})"
                found[name] = text
        return found

    @property
    def unused(self) -> bool:
        """Whether the row is no project's: blank, an example, or the list's total."""
        first = _any_text(self.cells.get(PROJECT_CODE))
        other = _any_text(self.cells.get(PROJECT_NAME)) or _any_text(self.cells.get(INDICATOR_NAME))
        total = "".join((first or other).split()).rstrip(":：") in _TOTALS and not (first and other)
        return not self.cells or first.startswith(EXAMPLE) or total


def lines_of(table: ListTable, columns: Columns, problems: list[ListProblem]) -> Iterator[ListRow]:
    """Yield the rows below the headings that somebody filled."""
    for number in sorted(table.rows):
        if number > columns.row:
            line = ListRow(table, columns, number, problems)
            if not line.unused:
                yield line


def _any_text(cell: Cell | None) -> str:
    try:
        return text_of(cell, lines=True)
    except CellProblemError:
        return ""
