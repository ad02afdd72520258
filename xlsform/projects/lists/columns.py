"""Which column of a table is which, by its headings, and what is wrong with these."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from xlsform.form.vocabulary import PROJECT_CODE, TARGET
from xlsform.messages import Message, say
from xlsform.projects.lists.headings import Heading, known_texts, normalised, recognised, unit_of_money
from xlsform.projects.lists.tables import ListTable
from xlsform.projects.project import ListProblem
from xlsform.spreadsheet.a1 import column_number

#: Headings of other columns that such a sheet may have. They look much like headings that it must have, and must not be
#: taken for slips of those: 全年执行数 is not a misspelt 全年预算数.
_OTHERS = (
    "全年执行数",
    "预算执行数",
    "执行数",
    "执行率",
    "预算执行率",
    "实际完成值",
    "得分",
    "总分",
    "序号",
    "年度",
    "备注",
)
#: How alike two headings must be for one to be taken for a slip of the other, 0 to 1.
_SLIP = 0.75
#: The same where a column is missing that must be there.
_SUGGESTED = 0.5
#: Titles and notes may stand above the headings, for so many rows.
_SEARCHED = 30
#: Columns that a message names.
_TOLD = 20


@dataclass(slots=True)
class Columns:
    """The columns of one table."""

    row: int
    """The row of the headings; 0 in JSON."""
    names: dict[str, str] = field(default_factory=dict)
    """The column of each field, by name."""
    units: dict[str, str] = field(default_factory=dict)
    """The unit of money that a field's heading names."""
    extra: dict[str, str] = field(default_factory=dict)
    """The headings that no field takes, by column."""
    problems: list[tuple[str, Message]] = field(default_factory=list)
    """What is wrong with the headings, by column."""


def columns_of(table: ListTable, known: tuple[Heading, ...], problems: list[ListProblem]) -> Columns:
    """Return which column of a table is which; what is wrong with its headings is added to the problems.

    Args:
        table: the table.
        known: the headings that it may have.
        problems: of the list.
    """
    row, texts = _headings_in(table, known)
    columns = Columns(row)
    free = dict(texts)
    for heading in known:
        place = _take(heading, free, columns)
        if place is not None:
            columns.names[heading.name] = place
            if heading.money and (unit := unit_of_money(free[place])):
                columns.units[heading.name] = unit
            del free[place]
    _settle_target(columns, free, texts)
    columns.extra = free
    columns.problems += _slips(columns, known)
    # The indicators inside a JSON project need no code.
    required = [each for each in known if each.required and not (table.owner and each.name == PROJECT_CODE)]
    columns.problems += _missing(columns, required, texts)
    problems += [ListProblem(table.sheet, columns.row, place, message) for place, message in columns.problems]
    return columns


def _headings_in(table: ListTable, known: tuple[Heading, ...]) -> tuple[int, dict[str, str]]:
    """Return the row of the headings, and the headings by column."""
    if table.keyed:
        return 0, {key: key for row in table.rows.values() for key in row}
    rows = sorted(table.rows)[:_SEARCHED]
    texts = {row: {place: str(cell.raw).strip() for place, cell in table.rows[row].items()} for row in rows}
    best = max(rows, key=lambda row: recognised(texts[row].values(), known), default=1)
    headings = texts.get(best, {})
    used = {place for row, cells in table.rows.items() if row > best for place in cells}
    # A column without a heading goes by its letters.
    nameless = {place: place for place in sorted(used, key=column_number) if place not in headings}
    return best, headings | nameless


def _take(heading: Heading, free: Mapping[str, str], columns: Columns) -> str | None:
    """Return the free column that a heading fits best, and note a second one of the same name."""
    ranks = {normalised(text): rank for rank, text in reversed(list(enumerate(heading.texts)))}
    fitting = sorted(
        (ranks[key], number, place)
        for number, (place, text) in enumerate(free.items())
        if (key := normalised(text)) in ranks
    )
    for rank, _, place in fitting[1:]:
        if rank == fitting[0][0]:
            problem = say("there are two columns {heading}; keep one", heading=free[place])
            columns.problems.append((place, problem))
    return fitting[0][2] if fitting else None


def _settle_target(columns: Columns, free: dict[str, str], texts: Mapping[str, str]) -> None:
    """Settle what a column 指标值 is: the whole target, or the figure between a column of signs and one of units."""
    names = columns.names
    parted = "sign" in names or "unit" in names
    if parted and "value" not in names and TARGET in names:
        names["value"] = names.pop(TARGET)
    elif not parted and "value" in names:
        place = names.pop("value")
        free[place] = texts[place]


def _slips(columns: Columns, known: tuple[Heading, ...]) -> Iterator[tuple[str, Message]]:
    """Yield the unknown headings that are probably misspelt: any other is a column of the office's own."""
    absent = [heading for heading in known if heading.name not in columns.names]
    if {"sign", "unit", "value"} & columns.names.keys():
        absent = [heading for heading in absent if heading.name not in (TARGET, "value")]
    candidates = {normalised(text): heading.texts[0] for heading in absent for text in heading.texts}
    others = {normalised(text) for text in _OTHERS}
    for place, text in columns.extra.items():
        near = difflib.get_close_matches(normalised(text), [*candidates, *others], n=3, cutoff=_SLIP)
        if not near or near[0] in others or normalised(text) in known_texts(known):
            continue
        meant = list(dict.fromkeys(candidates[each] for each in near if each in candidates))
        every = [heading.texts[0] for heading in known]
        message = say(
            "column {heading} is not known; is {meant} meant? Known are {known}", heading=text, meant=meant, known=every
        )
        yield place, message


def _missing(columns: Columns, required: Sequence[Heading], texts: Mapping[str, str]) -> Iterator[tuple[str, Message]]:
    """Yield the columns that must be there and are not, but for those that a slip has been noted of."""
    meant = {each for _, problem in columns.problems for each in problem.values.get("meant", ())}
    for heading in required:
        if heading.name not in columns.names and heading.texts[0] not in meant:
            yield "", _is_missing(heading, columns, list(texts.values())[:_TOLD])


def _is_missing(heading: Heading, columns: Columns, found: Sequence[str]) -> Message:
    by_key = {normalised(text): text for text in columns.extra.values()}
    wanted = [normalised(text) for text in heading.texts]
    near = [key for key in by_key if difflib.get_close_matches(key, wanted, n=1, cutoff=_SUGGESTED)]
    if near:
        return say(
            "there is no column {heading}; is {near} meant? The columns are {found}",
            heading=heading.texts[0],
            near=[by_key[key] for key in near[:3]],
            found=found,
        )
    if found:
        return say("there is no column {heading}; the columns are {found}", heading=heading.texts[0], found=found)
    return say("there is no column {heading}", heading=heading.texts[0])
