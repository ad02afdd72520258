"""Values of the funds table for tests, and what else a test of single fields needs."""

from __future__ import annotations

from typing import Any

from support.forms import layout_of, row_number

from xlsform.form.layout import lay_out
from xlsform.form.template import build, find, merged, read
from xlsform.submission.submission import Submission

#: Narratives that say nothing of money, so that another amount in the table contradicts none of them.
_QUIET = {"goal_actual": "完成养护 120 公里，路况优良率 96%，群众出行方便。"}
_QUIET_ANALYSIS = _QUIET | {
    "analysis_execution": "项目按计划实施。",
    "problems": "管理制度有待完善，日常巡查不够经常。",
    "improvements": "完善制度，做好巡查。",
}


def cell(template: str, field: str) -> str:
    return f"自评表!{layout_of(template).fields[field].cell}"


def indicator(template: str, level2: str, column: str) -> str:
    """Return the name of a field in the first row of a level-2 block."""
    return f"indicators.{row_number(layout_of(template), level2)}.{column}"


def with_settings(subject: Submission, **changes: Any) -> Submission:
    """Return the submission as if its template were changed so; None removes a part of it."""
    form = build(merged(read(find(subject.form.id)), changes))
    return Submission(
        subject.path, subject.workbook, lay_out(form, subject.layout.rows), subject.sheet, subject.identities
    )


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
