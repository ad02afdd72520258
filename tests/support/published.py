"""Published forms, typed into the nearest template by a person who took the protection off first.

Text stays text (``≥50个``, ``100%`` as a target); plain numbers become numbers, as a cell makes them. What the
published form prints in a cell that calculates itself is typed over the formula; what it does not show keeps the
formula. All six go into `mof-2020`. Left out, since the template has no place for it:

- 01, 02: the weights in the level-1 labels (产出指标(50分)); 本年财政拨款 stands as 当年财政拨款. The texts end before
  the total, which is left to calculate.
- 09: nothing; the total is cut off in the text, and calculates here.
- 12: the kinds 项目决策 and 项目管理 with seven of their rows (25 points); the eighth, 预算执行率, gives weight and
  score of execution. 自评得分 of the head is typed as 总分.
- 14: the texts end after 数量指标, and its reasons cannot be seen. Rows 3 and 4, whose names cannot be read, are called
  （名称不清）.
- 16: the tick boxes and the signature; 经济效益 and 社会效益 stand as the ministry's kinds, 环境效益 as 生态效益指标,
  读者 as 服务对象满意度指标. The form has no column for weights, so rows have none; a score that is merged over
  several rows stands in the first of them, as in a merged cell.
"""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from xlsform import quantities
from xlsform.demo.samples import typed_over
from xlsform.form.layout import Layout, lay_out
from xlsform.form.template import load
from xlsform.verdict.judge import judged
from xlsform.verdict.verdict import Options, Verdict
from xlsform.workbook.fill import filled
from xlsform.workbook.issue import issue
from xlsform.workbook.locks import lock_for

FOLDER = Path(__file__).with_name("published_forms")

_FUNDS = {"资金总额": "total", "财政拨款": "appropriation", "上年结转": "carryover", "其他资金": "other"}
_COLUMNS = {"年初预算数": "initial", "全年预算数": "budget", "全年执行数": "executed", "分值": "weight",
            "执行率": "rate", "得分": "score"}  # fmt: skip
_LEVEL2 = {
    "经济效益": "经济效益指标",
    "社会效益": "社会效益指标",
    "环境效益": "生态效益指标",
    "读者": "服务对象满意度指标",
}
_LOCK = lock_for("published")


@cache
def contents(number: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FOLDER / f"{number}.json").read_text(encoding="utf-8"))
    return content


def published(number: str) -> bytes:
    """Return the workbook of a published form."""
    content = contents(number)
    form = load("mof-2020")
    kinds = [kind for group in form.repeated.groups for kind in group.level2] if form.repeated else []
    rows = [(kind, row) for row in content["indicators"] if (kind := _kind(row["level2"], kinds)) is not None]
    layout = lay_out(form, tuple(max(3, sum(each == kind for each, _ in rows)) for kind in kinds))
    values: dict[str, Any] = {
        "year": Decimal(content["year"]),
        "project_name": content["project_name"],
        "department": content["department"],
        "unit": content["implementing_unit"],
        "goal_expected": _typed(content["goal"]["expected"]),
        "goal_actual": _typed(content["goal"]["actual"]),
    }
    for name, text in _funds(content):
        values[name] = _typed(text)
    used: dict[str, int] = {}
    for kind, row in rows:
        numbers = [item.row for item in layout.fields.values() if item.level2 == kind and item.column == "name"]
        place = f"indicators.{numbers[used.setdefault(kind, 0)]}"
        used[kind] += 1
        values[f"{place}.name"] = row["level3"] or ("（名称不清）" if row["target"] else None)
        values |= {
            f"{place}.{column}": _typed(row[column]) for column in ("target", "actual", "weight", "score", "reason")
        }
    values["total_score"] = _typed(content["total"]["score"])
    places = {name: item.range.anchor for name, item in layout.fields.items()}
    inputs = {item.name: values.get(item.name) for item in layout.inputs}
    over = {
        f"{form.sheet}!{layout.fields[name].cell}": value
        for name, value in values.items()
        if name not in inputs and value is not None
    }
    texts = {
        name: f"{value:f}" if _in_text(layout, name) and isinstance(value, Decimal) else value
        for name, value in inputs.items()
    }
    return typed_over(filled(issue(layout, _LOCK), layout, places, texts), over)


def _in_text(layout: Layout, name: str) -> bool:
    return layout.fields[name].spec.type.name == "text"


def _funds(content: dict[str, Any]) -> list[tuple[str, str | None]]:
    found = []
    for printed in content["funds"]:
        row = next(row for words, row in _FUNDS.items() if words in printed["row"])
        found += [(f"funds.{row}.{column}", printed[heading]) for heading, column in _COLUMNS.items()]
    for row in content["indicators"]:
        if row["level3"] == "预算执行率":
            found += [(f"funds.total.{column}", row[column]) for column in ("weight", "score")]
    return found


def _kind(level2: str, kinds: list[str]) -> str | None:
    """Return the template's kind for a printed one, without the points in brackets."""
    name = level2.partition("(")[0]
    return name if name in kinds else _LEVEL2.get(name)


def _typed(text: str | None) -> Decimal | str | None:
    """Return what a cell makes of a text: a plain number is a number, 98% in a cell of rates too."""
    if text is None:
        return None
    number = quantities.read_number(text)
    return number.value if number is not None and number.plain else text


def verdict_on(number: str) -> Verdict:
    return judged(Path(f"{number}.xlsx"), published(number), Options())
