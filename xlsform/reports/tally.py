"""What the charts of a batch count."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from xlsform.findings import Severity
from xlsform.form.vocabulary import FUNDS_TOTAL_RATE, TOTAL_SCORE, Role
from xlsform.verdict.verdict import Standing, Verdict

#: Excel keeps fifteen digits.
_BEYOND = Decimal("1e15")

_COMPARE: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}


class Band(NamedTuple):
    """A stretch of a distribution."""

    label: str
    bounds: tuple[tuple[str, Decimal], ...]
    """Comparisons that all hold: ``((">=", 0.9), ("<", 1))``."""

    def holds(self, value: Decimal) -> bool:
        """Whether a value lies in it."""
        return all(_COMPARE[sign](value, bound) for sign, bound in self.bounds)


def _band(label: str, *bounds: str) -> Band:
    return Band(label, tuple((bound.rstrip(".0123456789"), Decimal(bound.lstrip("<>="))) for bound in bounds))


#: Exactly 100 % is a band of its own, since so many returns state it.
RATE_BANDS = (
    _band("<50%", "<0.5"),
    _band("50–60%", ">=0.5", "<0.6"),
    _band("60–70%", ">=0.6", "<0.7"),
    _band("70–80%", ">=0.7", "<0.8"),
    _band("80–90%", ">=0.8", "<0.9"),
    _band("90–95%", ">=0.9", "<0.95"),
    _band("95–100%", ">=0.95", "<1"),
    _band("100%", "=1"),
    _band(">100%", ">1"),
)
#: Finer towards 100, where most self-assessments are.
SCORE_BANDS = (
    _band("<60", "<60"),
    _band("60–70", ">=60", "<70"),
    _band("70–80", ">=70", "<80"),
    _band("80–85", ">=80", "<85"),
    _band("85–90", ">=85", "<90"),
    _band("90–95", ">=90", "<95"),
    _band("95–98", ">=95", "<98"),
    _band("98–100", ">=98", "<=100"),
    _band(">100", ">100"),
)


@dataclass(slots=True)
class Tally:
    """Counts that grow verdict by verdict."""

    files: int = 0
    uncompared: int = 0
    """Returns that were not compared with what was approved."""
    standings: Counter[Standing] = field(default_factory=Counter)
    severities: Counter[Severity] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    heaviest: dict[str, Severity] = field(default_factory=dict)
    """By code, the heaviest severity that was met."""
    rates: Counter[str] = field(default_factory=Counter)
    """By the label of a band."""
    scores: Counter[str] = field(default_factory=Counter)

    def add(self, verdict: Verdict) -> None:
        """Count a verdict."""
        self.files += 1
        self.uncompared += verdict.uncompared
        self.standings[verdict.standing] += 1
        for finding in verdict.findings:
            self.severities[finding.severity] += 1
            self.codes[finding.code] += 1
            met = self.heaviest.get(finding.code, finding.severity)
            self.heaviest[finding.code] = min(met, finding.severity, key=lambda each: each.rank)
        _count(self.rates, RATE_BANDS, figure(verdict, FUNDS_TOTAL_RATE))
        _count(self.scores, SCORE_BANDS, figure(verdict, TOTAL_SCORE))

    def most_frequent(self, most: int) -> list[tuple[str, int]]:
        """Return codes with how often they were found, the most frequent first."""
        return sorted(self.codes.items(), key=lambda item: (-item[1], item[0]))[:most]


def figure(verdict: Verdict, role: Role) -> Decimal | None:
    """Return a figure of the summary by its role; None where the return has none that a cell holds exactly."""
    found = verdict.summary.figures.get(role) if verdict.summary else None
    value = found.value if found else None
    return value if value is not None and value.is_finite() and abs(value) < _BEYOND else None


def _count(counts: Counter[str], bands: tuple[Band, ...], value: Decimal | None) -> None:
    if value is not None:
        counts.update(band.label for band in bands if band.holds(value))
