"""The indicators of one project, and whether they make a whole: their weights, their number."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from xlsform.form.definition import Form
from xlsform.form.layout import MAX_ROWS
from xlsform.form.vocabulary import WEIGHT
from xlsform.messages import say
from xlsform.projects.lists.lines import ListRow
from xlsform.projects.project import ListedIndicator


@dataclass(slots=True)
class ProjectIndicators:
    """The indicators of one project, as far as they are read."""

    code: str
    indicators: list[ListedIndicator] = field(default_factory=list)
    lines: list[ListRow] = field(default_factory=list)
    """The row of each."""
    names: dict[tuple[str, str], int] = field(default_factory=dict)
    """The first row of each level 2 and name."""
    weights_known: bool = True
    """Whether every weight that has been read so far is a number."""

    def check(self, form: Form) -> None:
        """Note at the first row what is wrong with all of them together."""
        if self.lines:
            self._check_weights(form)
            self._check_number()

    def _check_weights(self, form: Form) -> None:
        weights = [each.weight for each in self.indicators if each.weight is not None]
        if not weights or not self.weights_known:
            return
        execution, total = form.execution_weight or Decimal(0), form.full_score
        summed = sum(weights, Decimal(0))
        if round(summed + execution, 2) != total:
            message = say(
                "the weights of {code} make {sum}; with {execution} for execution that is {all}, not {total}",
                code=self.code,
                sum=summed,
                execution=execution,
                all=summed + execution,
                total=total,
            )
            self.lines[0].problem(WEIGHT, message)

    def _check_number(self) -> None:
        for level2, count in Counter(each.level2 for each in self.indicators).items():
            if count > MAX_ROWS:
                message = say(
                    "{code} has {count} indicators of {level2}; a form takes {most}",
                    code=self.code,
                    count=count,
                    level2=level2,
                    most=MAX_ROWS,
                )
                self.lines[0].problem("level2", message)
