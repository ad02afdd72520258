"""Indicator rows for tests: one row of a faultless form changed, and the rows of published forms."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from pathlib import Path
from typing import Any

from support.forms import identities_in, issued, layout_of, row_number, submission

from xlsform.submission.submission import Submission

#: Where the first row of each level-2 block stands, as printed with three rows a block.
FIRST = {
    "mof-2020": dict(zip(
        ["数量指标", "质量指标", "时效指标", "成本指标", "经济效益指标", "社会效益指标", "生态效益指标", "可持续影响指标", "服务对象满意度指标"],
        range(13, 40, 3), strict=True)),
    "mof-2021": dict(zip(
        ["经济成本指标", "社会成本指标", "生态环境成本指标", "数量指标", "质量指标", "时效指标", "经济效益指标", "社会效益指标", "生态效益指标", "服务对象满意度指标"],
        range(13, 43, 3), strict=True)),
}  # fmt: skip
FIRST["shanxi-2021"] = FIRST["mof-2020"]
COLUMNS = {"name": "D", "target": "E", "actual": "F", "weight": "G", "score": "H", "reason": "I"}


def place(template: str, level2: str, column: str, nth: int = 1) -> str:
    """Return the cell of one column of the nth row of a block."""
    return f"自评表!{COLUMNS[column]}{FIRST[template][level2] + nth - 1}"


def with_row(template: str, level2: str, nth: int = 1, /, **columns: Any) -> Submission:
    """Return a faultless submission with some cells of one indicator row changed."""
    row = row_number(layout_of(template), level2, nth)
    return submission(template, **{f"indicators.{row}.{column}": value for column, value in columns.items()})


def of_rows(rows: list[tuple[str | None, ...]], template: str = "mof-2020") -> Submission:
    """Return a form with these indicator rows and nothing else: level 2, name, target, actual, weight, score, reason."""
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


def with_scoring(subject: Submission, **settings: Any) -> Submission:
    """Return the same submission under a template with other settings; None removes one."""
    scoring = {key: value for key, value in (dict(subject.form.scoring) | settings).items() if value is not None}
    form = dataclasses.replace(subject.form, scoring=scoring, digest=f"{subject.form.digest}{sorted(settings.items())}")
    layout = dataclasses.replace(subject.layout, form=form)
    return Submission(subject.path, subject.workbook, layout, subject.sheet, subject.identities)
