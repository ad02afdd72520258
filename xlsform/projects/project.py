"""What a project list holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from xlsform.errors import DataError
from xlsform.form.vocabulary import DEPARTMENT, PROJECT_CODE, PROJECT_NAME, UNIT
from xlsform.messages import Message, say
from xlsform.quantities import normalize_text


@dataclass(frozen=True, slots=True)
class ListedIndicator:
    """An approved indicator; blank text and None where the list has no such column."""

    level1: str
    level2: str
    name: str
    target: str
    """As the form prints it: ``≥95%``; sign, value and unit of a list with three columns are joined."""
    weight: Decimal | None
    """Points."""

    def completed_by(self, others: Iterable[ListedIndicator]) -> ListedIndicator:
        """Return the same with the target and the weight that it lacks from the one of its kind and name."""
        key = (self.level2, normalize_text(self.name))
        other = next((each for each in others if (each.level2, normalize_text(each.name)) == key), self)
        weight = other.weight if self.weight is None else self.weight
        return replace(self, target=self.target or other.target, weight=weight)


@dataclass(frozen=True, slots=True)
class Project:
    """A project that a workbook is to be issued for."""

    code: str
    name: str
    department: str
    """主管部门; may be blank."""
    unit: str
    """实施单位."""
    email: str
    """One address, or blank."""
    amounts: Mapping[str, Decimal]
    """By role, such as ``funds.total.initial``, or by field name where it has none; in the form's unit of money."""
    indicators: tuple[ListedIndicator, ...]
    extra: Mapping[str, str]
    """Columns that no field takes, by heading; blank cells left out."""
    row: int
    """Its row in the list."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Other text of the form that the list gives, by role: ``goal_expected``, ``filler_unit``."""

    @property
    def head(self) -> Mapping[str, str | Decimal]:
        """What it gives for single fields of a form, by role (by field name where it has none); blank where nothing."""
        return {
            PROJECT_CODE: self.code,
            PROJECT_NAME: self.name,
            DEPARTMENT: self.department,
            UNIT: self.unit,
            **self.texts,
            **self.amounts,
        }

    def agrees_with(self, other: Project) -> bool:
        """Whether nothing that both records say is approved otherwise, in whatever order indicators are listed.

        The address, the row and columns of the office's own do not count.
        """
        one, two = self.head, other.head
        if any(one[key] != two[key] for key in one.keys() & two.keys() if one[key] and two[key]):
            return False
        listed, others = (sorted(each.indicators, key=str) for each in (self, other))
        return not listed or not others or listed == others

    def completed_by(self, other: Project) -> Project:
        """Return the same with what it lacks from another record of the project."""
        return replace(
            self,
            department=self.department or other.department,
            unit=self.unit or other.unit,
            amounts={**other.amounts, **self.amounts},
            indicators=tuple(each.completed_by(other.indicators) for each in self.indicators) or other.indicators,
            texts={**other.texts, **self.texts},
        )


@dataclass(frozen=True, slots=True)
class ListProblem:
    """Something that is wrong with a list, and where."""

    sheet: str
    """The sheet's name; of a CSV file its file name; of JSON the key: ``projects``, ``projects[3].indicators``."""
    row: int
    """Counted from 1, as Excel shows it; in JSON the number of the object; 0 where the whole table is meant."""
    column: str
    """The column's letters, in JSON the key; blank where no single column is meant."""
    message: Message
    project: str = ""
    """The code of the project that must not be issued like this; blank where the problem is not one project's."""

    @property
    def line(self) -> Message:
        """The problem with its place, in one line."""
        sheet, row, column = self.sheet, self.row, self.column
        if not row:
            return say("{sheet}: {problem}", sheet=sheet, problem=self.message)
        if not column:
            return say("{sheet}, row {row}: {problem}", sheet=sheet, row=row, problem=self.message)
        return say(
            "{sheet}, row {row}, column {column}: {problem}", sheet=sheet, row=row, column=column, problem=self.message
        )


@dataclass(frozen=True, slots=True)
class ProjectList:
    """What is to be issued, and to whom."""

    path: Path
    projects: tuple[Project, ...]
    """Those that can be issued, in the list's order: nothing is wrong with them or their indicators. None at all where
    the headings are wrong, since then nobody knows what is missing."""
    problems: tuple[ListProblem, ...]
    """Everything that is wrong, by place."""

    def require_sound(self) -> None:
        """See that nothing is wrong with the list.

        Raises:
            DataError: something is; with every problem.
        """
        if self.problems:
            raise DataError(str(self.path), [problem.line for problem in self.problems])
