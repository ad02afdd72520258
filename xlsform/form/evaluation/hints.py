"""The live self-check beside the form: what it says of each row, and the formulas that say it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType

from xlsform.form.evaluation.engine import Results, texts_of
from xlsform.form.evaluation.measures import Measure
from xlsform.form.field_types import Cast
from xlsform.form.formula import quote
from xlsform.form.layout import TARGET_MARKS, Field, Layout, PlacedCheck
from xlsform.form.vocabulary import ACTUAL, WEIGHT
from xlsform.spreadsheet.a1 import letters, quoted

INSTRUCTIONS_SHEET = "填报说明"
#: Where the instructions sheet says what is left to do.
TO_DO_CELL = (2, 1)

#: The hint of a row with a check that gives an error: text stands where its formula needs a number.
UNDECIDED = "请核对本行填写的内容"

#: What a hint opens with that only tells how a target fares, and leaves nothing to do.
_TELLING = "〔"
MET, MISSED = "〔已达标〕", "〔未达标〕"


def hints(
    layout: Layout,
    results: Results,
    values: Mapping[str, Cast] = MappingProxyType({}),
    measured: Mapping[str, Measure] = MappingProxyType({}),
) -> dict[int, str]:
    """Return the live self-check's text of each row that has one; empty text where all is well.

    Args:
        layout: the form, laid out.
        results: what its formulas give.
        values: what its inputs hold, by field name.
        measured: the targets that are known figures, by the field of the actual value.
    """
    texts = dict.fromkeys(layout.checks_by_row, "")
    for check in reversed(results.failing):
        text = UNDECIDED if check in results.undecided else check.check.hint["zh"]
        texts[check.field.range.top] = text
    answered = {name: measure for name, measure in measured.items() if name in values}
    told = texts_of(layout, outcome_formulas(layout, answered), values)
    return {row: text + told.get(row, "") for row, text in texts.items()}


def hint_formulas(layout: Layout, measured: Mapping[str, Measure] = MappingProxyType({})) -> dict[int, str]:
    """Return the formula of each row's hint: what the first failing check has to say, then how the target fares."""
    formulas = _check_hints(layout)
    told = {row: f"{formulas[row]}&{outcome}" for row, outcome in outcome_formulas(layout, measured).items()}
    return formulas | told


@lru_cache(maxsize=8)
def _check_hints(layout: Layout) -> dict[int, str]:
    return {row: _check_hint(checks) for row, checks in layout.checks_by_row.items()}


# A row that stands alike in many layouts has the same checks in all of them.
@lru_cache(maxsize=512)
def _check_hint(checks: tuple[PlacedCheck, ...]) -> str:
    formula = '""'
    for check in reversed(checks):
        formula = f"IF(NOT({check.formula}),{quote(check.check.hint['zh'])},{formula})"
    return f"IFERROR({formula},{quote(UNDECIDED)})"


def outcome_formulas(layout: Layout, measured: Mapping[str, Measure]) -> dict[int, str]:
    """Return the formulas that tell how targets fare, by row: met or missed, and the score that follows.

    Each stands behind that of its row's checks, and an ``&`` between them.
    """
    told = {}
    for row in layout.indicator_rows if layout.form.outcome else ():
        measure = measured.get(row[ACTUAL].name) if ACTUAL in row and WEIGHT in row else None
        if measure is None or not measure.judged or row[ACTUAL].range.top not in layout.checks_by_row:
            continue
        told[row[ACTUAL].range.top] = _outcome(layout, row, measure)
    return told


def _outcome(layout: Layout, row: Mapping[str, Field], measure: Measure) -> str:
    value, below, above = layout.outcomes[row[ACTUAL].name]
    parts = measure.parts()
    weight = row[WEIGHT].cell
    score = f'IF(N({weight})>0,"按比例得 "&ROUND(({{}})*{weight},2)&" 分","")'
    formula = f'{quote(MET)}&IF(N({weight})>0,"可得满分 "&{weight}&" 分","")'
    if measure.high is not None:
        over = '""' if measure.open_above else f"{quote(MISSED)}&{score.format(above)}"
        formula = f"IF({value}>{TARGET_MARKS['high']},{over},{formula})"
    if measure.low is not None:
        formula = f"IF({value}<{TARGET_MARKS['low']},{quote(MISSED)}&{score.format(below)},{formula})"
    for part, mark in TARGET_MARKS.items():
        formula = formula.replace(mark, parts[part])
    return f'IFERROR({formula},"")'


def to_do(hints: Iterable[str]) -> str:
    """Return what the instructions sheet says is left to do."""
    count = sum(1 for text in hints if text and not text.startswith(_TELLING))
    return f"还有 {count} 处需要处理，见表右侧的提示。" if count else "没有待处理的问题，可以发回。"


def to_do_formula(layout: Layout) -> str:
    """Return the formula of the same."""
    column = letters(layout.hint_column)
    first = 1 if 1 in layout.checks_by_row else 2
    area = f"{quoted(layout.form.sheet)}!${column}${first}:${column}${layout.row_count}"
    count = f"SUMPRODUCT((LEN({area})>0)*(LEFT({area},1)<>{quote(_TELLING)}))"
    return f'=IF({count}=0,"没有待处理的问题，可以发回。","还有 "&{count}&" 处需要处理，见表右侧的提示。")'
