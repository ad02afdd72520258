"""The table of indicators, row by row, and whether those of each project make a whole."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from xlsform.form.definition import Form, Group
from xlsform.form.layout import MAX_ROWS
from xlsform.messages import Message, say
from xlsform.projects.lists.cells import CellProblemError, code_of, points_in
from xlsform.projects.lists.files import ListTable
from xlsform.projects.lists.headings import Columns
from xlsform.projects.lists.lines import ListRow, lines_of
from xlsform.projects.lists.targets import target_in
from xlsform.projects.project import ListedIndicator, ListProblem, Project
from xlsform.quantities import normalize_text

_MOST_LIKENESSES = 20
#: Total of all weights where a form does not say, in points.
_TOTAL = 100


@dataclass(slots=True)
class _Listed:
    """The indicators of one project, as far as they are read."""

    code: str
    indicators: list[ListedIndicator] = field(default_factory=list)
    lines: list[ListRow] = field(default_factory=list)
    names: dict[tuple[str, str], int] = field(default_factory=dict)
    weights_known: bool = True
    """Whether every weight that has been read so far is a number."""


class IndicatorReader:
    """Reads tables of indicators and lays each to its project."""

    def __init__(self, form: Form, projects: Sequence[Project], problems: list[ListProblem]) -> None:
        self._form, self._problems = form, problems
        self._groups: tuple[Group, ...] = form.repeated.groups if form.repeated else ()
        self._kinds = [(group.level1, level2) for group in self._groups for level2 in group.level2]
        columns = form.repeated.columns if form.repeated else {}
        self._limits = {name: spec.max_length for name, spec in columns.items()}
        self._fitting: dict[tuple[str, str], list[tuple[str, str]]] = {}
        """The kinds that a list's words for level 1 and level 2 fit."""
        self._owners = {project.row: project.code for project in projects}
        self._listed: dict[str, _Listed] = {}
        for project in projects:
            self._listed.setdefault(normalize_text(project.code), _Listed(project.code))
        self._unknown: set[str] = set()

    def read(self, grid: ListTable, columns: Columns) -> None:
        """Read one table; problems are added."""
        if not self._groups:
            self._problems.append(
                ListProblem(grid.sheet, columns.row, "", say("the form {form} has no indicators", form=self._form.id))
            )
            return
        for line in lines_of(grid, columns, self._problems):
            listed = self._owner(line, grid)
            if listed is not None:
                line.code = listed.code
                self._read(line, listed)

    def indicators(self, code: str) -> tuple[ListedIndicator, ...]:
        """Return the indicators of a project, in the form's order of level 2."""
        order = [level2 for group in self._groups for level2 in group.level2]
        found = self._listed[normalize_text(code)].indicators
        return tuple(sorted(found, key=lambda each: order.index(each.level2) if each.level2 in order else len(order)))

    def finish(self) -> None:
        """Note what is wrong with the indicators of a project together: their weights, their number."""
        for listed in self._listed.values():
            if listed.lines:
                self._weights(listed)
                self._blocks(listed)

    def _owner(self, line: ListRow, grid: ListTable) -> _Listed | None:
        if grid.owner is not None:
            return self._listed.get(normalize_text(self._owners.get(grid.owner, "")))
        before = len(self._problems)
        code = line.take("project_code", code_of, "")
        listed = self._listed.get(normalize_text(code))
        if not code:
            if len(self._problems) == before:
                line.problem("project_code", say("{field} is blank", field="项目编码"))
        elif listed is None and code not in self._unknown:
            # Once a code: one project left out of the list would else give a dozen lines.
            self._unknown.add(code)
            line.problem("project_code", self._no_project(code))
        return listed if code else None

    def _no_project(self, code: str) -> Message:
        codes = [listed.code for listed in self._listed.values()]
        near = [each for each in codes if each.lstrip("0").casefold() == code.lstrip("0").casefold()]
        # Every code may be unknown: then likenesses are of no use, and thousands of them would take minutes.
        if not near and len(self._unknown) <= _MOST_LIKENESSES:
            near = difflib.get_close_matches(code, codes, n=2, cutoff=0.8)
        if near:
            return say("no project of the list has the code {code}; is {near} meant?", code=code, near=near[:3])
        return say("no project of the list has the code {code}", code=code)

    def _read(self, line: ListRow, listed: _Listed) -> None:
        level1, level2 = self._levels(line)
        name = line.text("name", self._limits.get("name"), label="三级指标")
        target = self._target(line, self._limits.get("target"))
        weight = self._weight(line, listed)
        first = listed.names.setdefault((level2, normalize_text(name)), line.number)
        if name and first != line.number:
            line.problem("name", say("{name} stands in row {row} already, for the same project", name=name, row=first))
        listed.lines.append(line)
        listed.indicators.append(ListedIndicator(level1, level2, name, target, weight))

    def _levels(self, line: ListRow) -> tuple[str, str]:
        """Return level 1 and 2 as the form prints them; either may be blank where the other tells it."""
        before = len(self._problems)
        given1, given2 = line.text("level1", None), line.text("level2", None)
        if len(self._problems) > before:
            return "", ""
        kinds = self._kinds
        fitting = self._fitting.get((given1, given2))
        if fitting is None:
            fitting = [(one, two) for one, two in kinds if _same(given1, one) and _same(given2, two)]
            self._fitting[given1, given2] = fitting
        if len(fitting) == 1:
            return fitting[0]
        ones = list(dict.fromkeys(one for one, _ in kinds))
        if given1 and not any(_same(given1, one) for one in ones):
            line.problem("level1", say("the form has no level 1 {found}; it has {allowed}", found=given1, allowed=ones))
        elif len(fitting) > 1 and given2:
            under = [one for one, _ in fitting]
            line.problem("level1", say("{level2} stands under {allowed}; say which", level2=given2, allowed=under))
        elif not given2:
            if "level2" in line:
                line.problem("level2", say("{field} is blank", field="二级指标"))
        elif others := [one for one, two in kinds if _same(given2, two)]:
            line.problem(
                "level1",
                say(
                    "{level2} belongs to {allowed}, not to {found}", level2=given2, allowed=others, found=given1 or "—"
                ),
            )
        else:
            twos = [two for one, two in kinds if _same(given1, one)]
            line.problem("level2", say("the form has no level 2 {found}; it has {allowed}", found=given2, allowed=twos))
        return given1, given2

    def _target(self, line: ListRow, limit: int | None) -> str:
        place = "target" if "target" in line else "value"
        try:
            target = target_in(line.cells)
        except CellProblemError as problem:
            line.problem(place, problem.message)
            return ""
        if not target and place in line:
            line.problem(place, say("{field} is blank", field="年度指标值"))
        if limit is not None and len(target) > limit:
            line.problem(place, say("{length} characters; the form takes {limit}", length=len(target), limit=limit))
        return target

    def _weight(self, line: ListRow, listed: _Listed) -> Decimal | None:
        if "weight" not in line:
            return None
        before = len(self._problems)
        total = Decimal(str(self._form.scoring.get("total", _TOTAL)))
        weight = line.take("weight", lambda cell: points_in(cell, total), None)
        if weight is None and len(self._problems) == before:
            line.problem("weight", say("{field} is blank", field="分值"))
        sound = weight is not None and 0 < weight <= total
        if weight is not None and not sound:
            line.problem(
                "weight",
                say("{found} is no weight; it must be more than 0 and {most} at most", found=weight, most=total),
            )
        listed.weights_known &= sound
        return weight

    def _weights(self, listed: _Listed) -> None:
        weights = [each.weight for each in listed.indicators if each.weight is not None]
        if not weights or not listed.weights_known:
            return
        execution = Decimal(str(self._form.scoring.get("execution_weight", 0)))
        total = Decimal(str(self._form.scoring.get("total", _TOTAL)))
        summed = sum(weights, Decimal(0))
        if round(summed + execution, 2) != total:
            message = say(
                "the weights of {code} make {sum}; with {execution} for execution that is {all}, not {total}",
                code=listed.code,
                sum=summed,
                execution=execution,
                all=summed + execution,
                total=total,
            )
            listed.lines[0].problem("weight", message)

    def _blocks(self, listed: _Listed) -> None:
        for level2 in dict.fromkeys(each.level2 for each in listed.indicators):
            count = sum(1 for each in listed.indicators if each.level2 == level2)
            if count > MAX_ROWS:
                listed.lines[0].problem(
                    "level2",
                    say(
                        "{code} has {count} indicators of {level2}; a form takes {most}",
                        code=listed.code,
                        count=count,
                        level2=level2,
                        most=MAX_ROWS,
                    ),
                )


def _same(given: str, printed: str) -> bool:
    """Whether a list's word is a kind of the form: 数量 is 数量指标; a blank one may be any."""
    word = normalize_text(given)
    return not word or word.removesuffix("指标") == normalize_text(printed).removesuffix("指标")
