"""How people write numbers, targets and percentages, and how a stated figure agrees with an exact one."""

from __future__ import annotations

from xlsform.figures.agreement import Outcome, agrees, compare, whole_point
from xlsform.figures.dates import When
from xlsform.figures.numbers import Number, decimals_of, number_of, printed_decimals, read_number
from xlsform.figures.targets import Target, read_target, target_of
from xlsform.figures.text import EMPTY_WORDS, fold, is_blank_mark, says_nothing
from xlsform.figures.units import in_base, same_family, same_unit

__all__ = [
    "EMPTY_WORDS",
    "Number",
    "Outcome",
    "Target",
    "When",
    "agrees",
    "compare",
    "decimals_of",
    "fold",
    "in_base",
    "is_blank_mark",
    "number_of",
    "printed_decimals",
    "read_number",
    "read_target",
    "same_family",
    "same_unit",
    "says_nothing",
    "target_of",
    "whole_point",
]
