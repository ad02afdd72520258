"""The vocabulary: what fields mean, whatever a form calls them.

Python names a field only by its role, since each form may name its fields otherwise. A template says which of its
fields has which role (``"role"``); where it says nothing, a name that is a role is its own. The form's own names are
for people: findings, defined names and data files use them.

A role is a string for Python, so that it serves as a key and costs nothing, and a type of its own for mypy, which tells
it from a field's name. Roles of tables have parts: ``funds.total`` is a row, ``funds.budget`` a column in whatever row,
``funds.total.budget`` one field; ``indicators.actual`` is a column of numbered rows and the role of each field in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple, NewType

Role = NewType("Role", str)

#: What a figure is counted in, or that it is no figure. Money is in the form's own unit, nearly always 万元.
Unit = Literal["text", "year", "万元", "points", "rate 0–1"]


class Meaning(NamedTuple):
    """What a role means."""

    about: str
    unit: Unit
    labels: tuple[str, ...]
    """What forms in use print for it besides the labels of the bundled ones."""


class TableMeaning(NamedTuple):
    """What a table means, and what its rows and columns may be."""

    about: str
    numbered: bool
    """Whether it has as many rows as there are indicators, and no named ones."""
    rows: dict[Role, Meaning]
    columns: dict[Role, Meaning]


_fields: dict[Role, Meaning] = {}
_tables: dict[Role, TableMeaning] = {}

#: Every role that a single field may have, and those of fields in numbered rows.
FIELDS: Mapping[Role, Meaning] = MappingProxyType(_fields)
TABLES: Mapping[Role, TableMeaning] = MappingProxyType(_tables)


def _field(name: str, unit: Unit, about: str, *labels: str) -> Role:
    role = Role(name)
    _fields[role] = Meaning(about, unit, labels)
    return role


def _table(name: str, about: str, *, numbered: bool = False) -> Role:
    role = Role(name)
    _tables[role] = TableMeaning(about, numbered, {}, {})
    return role


def _row(table: Role, name: str, about: str, *labels: str) -> Role:
    role = Role(f"{table}.{name}")
    _tables[table].rows[role] = Meaning(about, "text", labels)
    return role


def _column(table: Role, name: str, unit: Unit, about: str, *labels: str) -> Role:
    role = Role(f"{table}.{name}")
    meaning = _tables[table].columns[role] = Meaning(about, unit, labels)
    if _tables[table].numbered:
        _fields[role] = meaning
    return role


def _cells(table: Role) -> None:
    """Declare the field of each named row in each column."""
    about = _tables[table]
    for row, of_row in about.rows.items():
        for column, of_column in about.columns.items():
            _fields[cell(row, column)] = Meaning(f"{of_column.about}; {of_row.about}", of_column.unit, ())


def word(role: Role) -> str:
    """Return the last part of a role: ``budget`` of ``funds.budget``."""
    return role.rpartition(".")[2]


def cell(row: Role, column: Role) -> Role:
    """Return the role of the field of a named row in a column."""
    return Role(f"{row}.{word(column)}")


def field_role(name: str) -> Role | None:
    """Return the role of a single field that has this name, None where there is none."""
    role = Role(name)
    return role if role in _fields and "." not in name else None


def table_role(name: str, *, numbered: bool) -> Role | None:
    """Return the role of a table that has this name; a table of named rows is not one of numbered rows."""
    found = _tables.get(Role(name))
    return Role(name) if found is not None and found.numbered == numbered else None


def row_role(table: Role | None, name: str) -> Role | None:
    """Return the role of a row that has this name in a table of some role."""
    role = Role(f"{table}.{name}")
    return role if table is not None and role in _tables[table].rows else None


def column_role(table: Role | None, name: str) -> Role | None:
    """Return the role of a column that has this name in a table of some role."""
    role = Role(f"{table}.{name}")
    return role if table is not None and role in _tables[table].columns else None


def every_role() -> Iterator[tuple[Role, Meaning]]:
    """Yield each role that a field, a row or a column of a template may be given, with its meaning."""
    yield from ((role, meaning) for role, meaning in _fields.items() if "." not in role)
    for table in _tables.values():
        yield from table.rows.items()
        yield from table.columns.items()


# --- single fields

YEAR = _field("year", "year", "the year that the form is for")
PROJECT_NAME = _field("project_name", "text", "项目名称, as approved")
PROJECT_CODE = _field("project_code", "text", "项目编码, by which lists and registers know the project", "项目代码")
DEPARTMENT = _field("department", "text", "主管部门, the department in charge", "主管单位")
UNIT = _field(
    "unit", "text", "实施单位, which carries the project out and fills the form in", "项目实施单位", "项目单位"
)
FILLER_UNIT = _field("filler_unit", "text", "填列单位, which seals the form", "填报单位")
GOAL_EXPECTED = _field(
    "goal_expected", "text", "the goal that was approved for the year", "年初设定目标", "年度总体目标"
)
GOAL_ACTUAL = _field("goal_actual", "text", "what was really done", "全年实际完成情况", "目标实际完成情况")
TOTAL_WEIGHT = _field("total_weight", "points", "what all weights make, that of execution included")
TOTAL_SCORE = _field(
    "total_score", "points", "总分: what all scores make, that of execution included", "自评得分", "总得分"
)
GRADE = _field("grade", "text", "the grade of the total", "等级", "评价等级", "自评等级")
ANALYSIS_EXECUTION = _field("analysis_execution", "text", "how the project and its budget were carried out")
ANALYSIS_OUTPUT = _field("analysis_output", "text", "what the project put out")
ANALYSIS_BENEFIT = _field("analysis_benefit", "text", "what good it did")
ANALYSIS_SATISFACTION = _field("analysis_satisfaction", "text", "whether those it serves are content")
EXPERIENCE = _field("experience", "text", "what others may learn from it")
PROBLEMS = _field("problems", "text", "what went wrong, and why", "存在的主要问题", "存在问题及原因分析")
IMPROVEMENTS = _field("improvements", "text", "what is to be done about it", "下一步改进措施")

# --- the project's money

FUNDS = _table("funds", "the project's money, a row for each source")

FUNDS_TOTAL = _row(FUNDS, "total", "年度资金总额: all sources together", "资金总额")
FUNDS_APPROPRIATION = _row(FUNDS, "appropriation", "当年财政拨款: granted for this year", "本年财政拨款", "财政拨款")
FUNDS_CARRYOVER = _row(FUNDS, "carryover", "上年结转资金: left over from last year", "上年结转")
FUNDS_OTHER = _row(FUNDS, "other", "其他资金: from elsewhere")

FUNDS_INITIAL = _column(FUNDS, "initial", "万元", "年初预算数: budgeted at the start of the year", "年初预算")
FUNDS_BUDGET = _column(
    FUNDS, "budget", "万元", "全年预算数: as adjusted in the year", "调整预算数", "调整后预算数", "全年预算数（A）"
)
FUNDS_EXECUTED = _column(
    FUNDS, "executed", "万元", "全年执行数: spent by the end of the year", "预算执行数", "全年执行数（B）"
)
FUNDS_WEIGHT = _column(FUNDS, "weight", "points", "分值 of execution")
FUNDS_RATE = _column(FUNDS, "rate", "rate 0–1", "执行率: spent ÷ budgeted", "执行率（B/A）", "预算执行率")
FUNDS_SCORE = _column(FUNDS, "score", "points", "得分 of execution")

_cells(FUNDS)
FUNDS_TOTAL_INITIAL = cell(FUNDS_TOTAL, FUNDS_INITIAL)
FUNDS_TOTAL_BUDGET = cell(FUNDS_TOTAL, FUNDS_BUDGET)
FUNDS_TOTAL_EXECUTED = cell(FUNDS_TOTAL, FUNDS_EXECUTED)
FUNDS_TOTAL_WEIGHT = cell(FUNDS_TOTAL, FUNDS_WEIGHT)
FUNDS_TOTAL_RATE = cell(FUNDS_TOTAL, FUNDS_RATE)
FUNDS_TOTAL_SCORE = cell(FUNDS_TOTAL, FUNDS_SCORE)
FUNDS_CARRYOVER_INITIAL = cell(FUNDS_CARRYOVER, FUNDS_INITIAL)
FUNDS_CARRYOVER_BUDGET = cell(FUNDS_CARRYOVER, FUNDS_BUDGET)
FUNDS_CARRYOVER_EXECUTED = cell(FUNDS_CARRYOVER, FUNDS_EXECUTED)

# --- its indicators

INDICATORS = _table("indicators", "the indicators, a row for each", numbered=True)

INDICATOR_NAME = _column(INDICATORS, "name", "text", "三级指标: what is measured", "指标名称")
TARGET = _column(INDICATORS, "target", "text", "年度指标值: what was to be reached, such as ≥95%", "指标值", "目标值")
ACTUAL = _column(INDICATORS, "actual", "text", "实际完成值: what was reached", "全年实际值", "完成值", "全年完成值")
WEIGHT = _column(INDICATORS, "weight", "points", "分值 of the indicator", "权重")
SCORE = _column(INDICATORS, "score", "points", "得分 of the indicator")
REASON = _column(
    INDICATORS,
    "reason",
    "text",
    "偏差原因分析及改进措施: why points were lost",
    "未完成原因分析",
    "未完成原因及拟采取的改进措施",
    "偏差原因分析",
)
