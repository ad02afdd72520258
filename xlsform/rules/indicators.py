"""One indicator row, and what its actual value is against its target."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from xlsform import quantities
from xlsform.form.definition import Form
from xlsform.form.evaluation.measures import directed, either_way
from xlsform.form.vocabulary import ACTUAL, INDICATOR_NAME, SCORE, TARGET, WEIGHT, YEAR
from xlsform.quantities import Outcome, Target
from xlsform.quantities.units import unit_of
from xlsform.rules.wording import one_line
from xlsform.submission.entries import Entry, number_in
from xlsform.submission.indicator_names import plain_name
from xlsform.submission.submission import Submission, once_per_submission

#: What `indicators` looks at.
OF_A_ROW = (INDICATOR_NAME, TARGET, ACTUAL, WEIGHT, SCORE, YEAR)

_SHOWN = 40

#: Where one of two figures has no unit and they differ by more than this factor, the unit is missing.
_FAR = 1000


class Indicator(NamedTuple):
    """One used row, as far as it can be judged."""

    row: Mapping[str, Entry]
    name: str
    """Its name folded, without 指标1： before it and a remark in brackets behind it."""
    kinds: str
    """Its level 1 and level 2."""
    level2: str
    target: Target | None
    """What it asks for; a bare figure as its kind and name read it (at most so much, for a cost). None where blank."""
    actual: Target | None
    outcome: Outcome | None
    """What a measured value is against the target; None where that is not beyond doubt."""
    weight: Decimal
    """Its weight where the row is graded, else 0."""
    score: Decimal
    """Its score where the row is graded, else 0."""

    @property
    def copied(self) -> bool:
        """Whether the actual value is an inequality, so no measured value."""
        return is_inequality(self.actual)

    @property
    def full(self) -> bool:
        """Whether it has full points."""
        return 0 < self.weight == self.score

    @property
    def lost(self) -> bool:
        """Whether it lost points."""
        return self.score < self.weight

    @property
    def met(self) -> bool:
        """Whether the target is met beyond doubt."""
        return self.outcome is not None and self.outcome.reached

    @property
    def missed(self) -> bool:
        """Whether the target is missed beyond doubt."""
        return self.outcome is not None and not self.outcome.reached

    @property
    def measured(self) -> bool:
        """Whether target and actual are figures that were compared."""
        return self.outcome is not None and self.outcome.excess is not None


@lru_cache(maxsize=512)
@once_per_submission
def indicators(submission: Submission) -> tuple[Indicator, ...]:
    """Return the used rows, judged; kept for the rules that follow on the same submission."""
    year = submission.number(YEAR)
    return tuple([_judged(row, year, submission.form) for row in submission.used_rows])


def shown(entry: Entry) -> str:
    """Return what stands in a cell, on one line and short enough for a message."""
    return one_line(f"{entry.value:f}" if isinstance(entry.value, Decimal) else entry.text, _SHOWN)


def is_inequality(figure: Target | None) -> bool:
    """Whether a figure comes with a comparison: ``≥95%``, ``不超过20万元``."""
    return figure is not None and figure.comparator in ("≥", "≤", ">", "<")


def _judged(row: Mapping[str, Entry], year: Decimal | None, form: Form) -> Indicator:
    item = next(iter(row.values())).field
    name = plain_name(row[INDICATOR_NAME].text) if INDICATOR_NAME in row else ""
    kinds = f"{item.level1} {item.level2}"
    target, actual = _figure(row.get(TARGET)), _figure(row.get(ACTUAL))
    outcome = None
    if target is not None:
        target = _asked(target, name, kinds, year, form)
        if actual is not None and not is_inequality(actual):
            outcome = _outcome(actual, target, name, kinds, form)
    return Indicator(row, name, kinds, item.level2 or "", target, actual, outcome, *_graded(row))


def _graded(row: Mapping[str, Entry]) -> tuple[Decimal, Decimal]:
    """Return weight and score, if other rules have nothing to say of them: weight above 0, score not below."""
    weight, score = number_in(row, WEIGHT), number_in(row, SCORE)
    if weight is None or score is None or weight <= 0 or score < 0:
        return Decimal(0), Decimal(0)
    return weight, score


def _figure(entry: Entry | None) -> Target | None:
    if entry is None or entry.value is None:
        return None
    return (
        quantities.target_of(entry.value) if isinstance(entry.value, Decimal) else quantities.read_target(entry.value)
    )


def _asked(target: Target, name: str, kinds: str, year: Decimal | None, form: Form) -> Target:
    """Return a target with what is understood made explicit: the direction of a bare figure, the year of a deadline."""
    if target.when is not None and target.when.year is None and year is not None:
        return target._replace(when=target.when._replace(year=int(year)))
    return directed(target, name, kinds, form)


def _outcome(actual: Target, target: Target, name: str, kinds: str, form: Form) -> Outcome | None:
    outcome = quantities.compare(actual, target)
    if outcome.doubt or outcome.verdict == "not-comparable":
        return None
    if not outcome.excess:
        # 5 beside >5 is missed to the letter; people write > for ≥.
        return None if outcome.excess == 0 and not outcome.reached else outcome
    beyond_range = target.kind == "range" and outcome.excess > 0
    unclear = either_way(target, name, kinds, form) or beyond_range
    return None if unclear or _far_off(actual, target) else outcome


def _far_off(actual: Target, target: Target) -> bool:
    """Whether a figure without a unit can hardly be meant in the other's: 21000 beside ≥2万人."""
    if bool(actual.unit) == bool(target.unit) or not actual.amount or not target.amount:
        return False
    scale = unit_of(actual.unit or target.unit).scale
    larger, smaller = sorted((abs(actual.amount), abs(target.amount)), reverse=True)
    return scale > 0 and larger >= _FAR * smaller
