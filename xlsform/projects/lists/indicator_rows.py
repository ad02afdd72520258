"""The table of indicators, row by row, each laid to its project."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from decimal import Decimal

from xlsform.form.definition import Form
from xlsform.form.vocabulary import INDICATOR_NAME, PROJECT_CODE, TARGET, WEIGHT
from xlsform.messages import Message, say
from xlsform.projects.lists.cells import CellProblemError, code_of, points_in
from xlsform.projects.lists.columns import Columns
from xlsform.projects.lists.levels import Levels
from xlsform.projects.lists.lines import ListRow, lines_of
from xlsform.projects.lists.project_indicators import ProjectIndicators
from xlsform.projects.lists.tables import ListTable
from xlsform.projects.lists.targets import target_in
from xlsform.projects.project import ListedIndicator, ListProblem, Project
from xlsform.quantities import normalize_text

#: Unknown codes for which a code that is much like them is looked for.
_MOST_LIKENESSES = 20


class IndicatorReader:
    """Reads tables of indicators and lays each to its project."""

    def __init__(self, form: Form, projects: Sequence[Project], problems: list[ListProblem]) -> None:
        self._form, self._problems = form, problems
        self._levels = Levels(form)
        columns = form.repeated.columns if form.repeated else {}
        self._limits = {spec.role: spec.max_length for spec in columns.values()}
        self._owners = {project.row: project.code for project in projects}
        self._listed: dict[str, ProjectIndicators] = {}
        for project in projects:
            self._listed.setdefault(normalize_text(project.code), ProjectIndicators(project.code))
        self._unknown: set[str] = set()
        """Codes that no project of the list has."""

    def read(self, table: ListTable, columns: Columns) -> None:
        """Read one table; problems are added."""
        if not self._form.indicator_kinds:
            self._problems.append(
                ListProblem(table.sheet, columns.row, "", say("the form {form} has no indicators", form=self._form.id))
            )
            return
        for line in lines_of(table, columns, self._problems):
            listed = self._owner(line, table)
            if listed is not None:
                line.code = listed.code
                self._read(line, listed)

    def finish(self) -> None:
        """Note what is wrong with the indicators of a project together."""
        for listed in self._listed.values():
            listed.check(self._form)

    def indicators(self, code: str) -> tuple[ListedIndicator, ...]:
        """Return the indicators of a project, in the form's order of level 2."""
        order = [level2 for _, level2 in self._form.indicator_kinds]
        found = self._listed[normalize_text(code)].indicators
        return tuple(sorted(found, key=lambda each: order.index(each.level2) if each.level2 in order else len(order)))

    def _owner(self, line: ListRow, table: ListTable) -> ProjectIndicators | None:
        """Return the project that a row is of; that there is none is noted."""
        if table.owner is not None:
            return self._listed.get(normalize_text(self._owners.get(table.owner, "")))
        code = line.required(PROJECT_CODE, code_of, "项目编码", "")
        if not code:
            return None
        listed = self._listed.get(normalize_text(code))
        # Once a code: one project left out of the list would else give a dozen lines.
        if listed is None and code not in self._unknown:
            self._unknown.add(code)
            line.problem(PROJECT_CODE, self._no_project(code))
        return listed

    def _no_project(self, code: str) -> Message:
        codes = [listed.code for listed in self._listed.values()]
        near = [each for each in codes if each.lstrip("0").casefold() == code.lstrip("0").casefold()]
        # Every code may be unknown: then likenesses are of no use, and thousands of them would take minutes.
        if not near and len(self._unknown) <= _MOST_LIKENESSES:
            near = difflib.get_close_matches(code, codes, n=2, cutoff=0.8)
        if near:
            return say("no project of the list has the code {code}; is {near} meant?", code=code, near=near[:3])
        return say("no project of the list has the code {code}", code=code)

    def _read(self, line: ListRow, listed: ProjectIndicators) -> None:
        level1, level2 = self._levels.read(line)
        name = line.text(INDICATOR_NAME, self._limits.get(INDICATOR_NAME), label="三级指标")
        target = self._target(line, self._limits.get(TARGET))
        weight = self._weight(line, listed)
        first = listed.names.setdefault((level2, normalize_text(name)), line.number)
        if name and first != line.number:
            line.problem(
                INDICATOR_NAME, say("{name} stands in row {row} already, for the same project", name=name, row=first)
            )
        listed.lines.append(line)
        listed.indicators.append(ListedIndicator(level1, level2, name, target, weight))

    def _target(self, line: ListRow, limit: int | None) -> str:
        place = TARGET if TARGET in line else "value"
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

    def _weight(self, line: ListRow, listed: ProjectIndicators) -> Decimal | None:
        if WEIGHT not in line:
            return None
        total = self._form.full_score
        weight = line.required(WEIGHT, lambda cell: points_in(cell, total), "分值", None)
        sound = weight is not None and 0 < weight <= total
        if weight is not None and not sound:
            line.problem(
                WEIGHT,
                say("{found} is no weight; it must be more than 0 and {most} at most", found=weight, most=total),
            )
        listed.weights_known &= sound
        return weight
