"""A faultless form with something about it changed: one row of indicators, the money, the settings, the formulas.

Where things stand on the form is written down here as it was printed, and not asked of the program's layout.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from support.forms import codes, issued, layout_of, row_number, submission

from xlsform.form.layout import Layout, lay_out
from xlsform.form.template import build, find, merged, read
from xlsform.reading.workbook import Workbook
from xlsform.spreadsheet.values import Value
from xlsform.submission.carriers import identities_in
from xlsform.submission.submission import Submission

# --- where things stand

_OLD_KINDS = (
    "数量指标", "质量指标", "时效指标", "成本指标",
    "经济效益指标", "社会效益指标", "生态效益指标", "可持续影响指标", "服务对象满意度指标",
)  # fmt: skip
_NEW_KINDS = (
    "经济成本指标", "社会成本指标", "生态环境成本指标", "数量指标", "质量指标", "时效指标",
    "经济效益指标", "社会效益指标", "生态效益指标", "服务对象满意度指标",
)  # fmt: skip

#: Where the first row of each level-2 block stands, as printed with three rows a block.
FIRST = {
    "mof-2020": dict(zip(_OLD_KINDS, range(13, 40, 3), strict=True)),
    "mof-2021": dict(zip(_NEW_KINDS, range(13, 43, 3), strict=True)),
}
FIRST["shanxi-2021"] = FIRST["mof-2020"]
COLUMNS = {"name": "D", "target": "E", "actual": "F", "weight": "G", "score": "H", "reason": "I"}


def place(template: str, level2: str, column: str, nth: int = 1) -> str:
    """Return the cell of one column of the nth row of a block."""
    return f"自评表!{COLUMNS[column]}{FIRST[template][level2] + nth - 1}"


def cell(template: str, field: str) -> str:
    """Return the cell of a field, by the program's layout."""
    return f"自评表!{layout_of(template).fields[field].cell}"


# --- indicators


def indicator(template: str, level2: str, column: str) -> str:
    """Return the name of a field in the first row of a level-2 block."""
    return f"indicators.{row_number(layout_of(template), level2)}.{column}"


def with_row(template: str, level2: str, nth: int = 1, /, **columns: Any) -> Submission:
    """Return a faultless submission with some cells of one indicator row changed."""
    row = row_number(layout_of(template), level2, nth)
    return submission(template, typed={f"indicators.{row}.{column}": value for column, value in columns.items()})


def quality(**columns: Any) -> Submission:
    """Return a faultless form in which the first row of quality (≥95%, 96%, 10 of 10) is changed."""
    return with_row("mof-2020", "质量指标", **columns)


def of_rows(rows: Sequence[tuple[str | None, ...]], template: str = "mof-2020") -> Submission:
    """Return a form with these indicator rows alone: level 2, name, target, actual, weight, score, reason."""
    layout = layout_of(template, 30)
    values: dict[str, Any] = {}
    used: dict[str, int] = {}
    for level2, *cells in rows:
        used[level2 or ""] = used.get(level2 or "", 0) + 1
        number = row_number(layout, level2 or "", used[level2 or ""])
        for column, text in zip(COLUMNS, cells, strict=True):
            if text is not None:
                numeric = column in ("weight", "score")
                values[f"indicators.{number}.{column}"] = Decimal(text) if numeric else text
    workbook = issued(layout, values)
    return Submission(Path("return.xlsx"), workbook, layout, workbook.sheets[0], identities_in(workbook))


def indicator_codes(subject: Submission) -> list[str]:
    """Return the codes of what is said of indicators: their completeness, their points and reasons."""
    return [code for code in codes(subject) if code[0] in "KP"]


# --- money

#: Narratives that say nothing of money, so that another amount in the table contradicts none of them.
_QUIET = {"goal_actual": "完成养护 120 公里，路况优良率 96%，群众出行方便。"}
_QUIET_ANALYSIS = _QUIET | {
    "analysis_execution": "项目按计划实施。",
    "problems": "管理制度有待完善，日常巡查不够经常。",
    "improvements": "完善制度，做好巡查。",
}


def alone(initial: Any, budget: Any, executed: Any, **values: Any) -> dict[str, Any]:
    """Return funds with one source."""
    return {
        **{f"funds__{row}__initial": initial for row in ("total", "appropriation")},
        **{f"funds__{row}__budget": budget for row in ("total", "appropriation")},
        **{f"funds__{row}__executed": executed for row in ("total", "appropriation")},
        **{f"funds__carryover__{column}": None for column in ("initial", "budget", "executed")},
        **values,
    }


def quiet(template: str, **values: Any) -> dict[str, Any]:
    """Return values of a form that gives no reason for anything and has no need to."""
    row = f"indicators__{row_number(layout_of(template), '数量指标')}"
    texts = _QUIET_ANALYSIS if template == "shanxi-2021" else _QUIET
    full = {f"{row}__actual": "120公里", f"{row}__score": 20, f"{row}__reason": None}
    return {**texts, **full, **values}


# --- settings of the template


def with_settings(subject: Submission, **changes: Any) -> Submission:
    """Return the submission as if its template were changed so; None removes a part of it."""
    form = build(merged(read(find(subject.form.id)), changes))
    return _under(subject, lay_out(form, subject.layout.rows))


def with_scoring(subject: Submission, **settings: Any) -> Submission:
    """Return the same submission under a template with other settings of its scoring; None removes one."""
    scoring = {key: value for key, value in (dict(subject.form.scoring) | settings).items() if value is not None}
    form = dataclasses.replace(subject.form, scoring=scoring, digest=f"{subject.form.digest}{sorted(settings.items())}")
    return _under(subject, dataclasses.replace(subject.layout, form=form))


def _under(subject: Submission, layout: Layout) -> Submission:
    return Submission(subject.path, subject.workbook, layout, subject.sheet, subject.identities)


# --- an .xls, in which formulas and locks cannot be seen


def values_only(workbook: Workbook) -> None:
    """Turn a workbook into what reading gives for an .xls."""
    workbook.kind, workbook.complete = "xls", False
    workbook.names.clear()
    workbook.properties.clear()
    for sheet in workbook.sheets:
        sheet.formulas.clear()
        sheet.number_formats.clear()
        sheet.unlocked.clear()
        sheet.protected = False


def old(template: str = "mof-2020", /, raw: Mapping[str, Value | None] | None = None, **values: Any) -> Submission:
    """Return a faultless .xls with some fields changed."""
    return submission(template, edit=values_only, path="return.xls", raw=raw, **values)


def old_codes(subject: Submission) -> list[str]:
    """Return the codes of all findings but F106, which every .xls has."""
    return [code for code in codes(subject) if code != "F106"]
