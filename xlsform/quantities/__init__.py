"""How people write numbers, targets and percentages, and how a stated figure agrees with an exact one."""

from __future__ import annotations

from xlsform.quantities.agreement import Outcome, agrees, compare, whole_point
from xlsform.quantities.dates import When
from xlsform.quantities.numbers import Number, decimals_of, number_of, printed_decimals, read_number
from xlsform.quantities.targets import Target, read_target, same_target, target_of
from xlsform.quantities.text import EMPTY_WORDS, is_blank_mark, normalize_text, says_nothing
from xlsform.quantities.units import in_base, same_family, same_unit

__all__ = [
    "EMPTY_WORDS",
    "Number",
    "Outcome",
    "Target",
    "When",
    "agrees",
    "compare",
    "decimals_of",
    "in_base",
    "is_blank_mark",
    "normalize_text",
    "number_of",
    "printed_decimals",
    "read_number",
    "read_target",
    "same_family",
    "same_target",
    "same_unit",
    "says_nothing",
    "target_of",
    "whole_point",
]
