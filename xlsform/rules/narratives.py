"""Narratives: that they are written, say nothing else than the table, and do not repeat each other."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache

from xlsform import quantities
from xlsform.findings import Severity, Violation
from xlsform.form.layout import Field
from xlsform.form.vocabulary import (
    ANALYSIS_BENEFIT,
    ANALYSIS_OUTPUT,
    ANALYSIS_SATISFACTION,
    DEPARTMENT,
    FILLER_UNIT,
    FUNDS_TOTAL_RATE,
    GOAL_ACTUAL,
    GOAL_EXPECTED,
    PROBLEMS,
    PROJECT_CODE,
    PROJECT_NAME,
    SCORE,
    UNIT,
    WEIGHT,
)
from xlsform.messages import say
from xlsform.patterns import LazyPattern
from xlsform.quantities.text import without_ending
from xlsform.rules.registry import rule
from xlsform.submission.entries import Entry, number_in
from xlsform.submission.submission import Submission

#: Texts shorter than this, folded, may well be the same in two places.
_COPIED_FROM = 10

_OUTPUTS = ("产出",)
#: Which level 1 a narrative is about; the others are about all.
_SCOPES = {ANALYSIS_OUTPUT: ("产出", "成本"), ANALYSIS_BENEFIT: ("效益",), ANALYSIS_SATISFACTION: ("满意度",)}
_HEAD = frozenset({PROJECT_NAME, PROJECT_CODE, DEPARTMENT, UNIT, FILLER_UNIT})
_GOAL_ROLES = (GOAL_EXPECTED, GOAL_ACTUAL)

#: A space between two digits, which are two figures.
_GAP = LazyPattern(r"(?<=[0-9０-９])[^\S\n]+(?=[0-9０-９])")
_CLAUSE = LazyPattern("[^,;:!?。、()]+")
_NOTHING = frozenset(("无", "没有", "暂无"))
_SUBJECT = "(?:(?:本|该|此)?项目|(?:本|我)单位|20[0-9]{2}年度?|总体|管理|实施|执行|资金使用|过程|中|上|的){0,6}"
_NO_PROBLEMS = LazyPattern(
    f"{_SUBJECT}(?:目前|暂时?|均|都)?(?:无|没有|不存在|未发现|未出现)(?:任何|其[他它])?(?:存在)?的?问题"
)
_HOW = "(?:按时|按期|如期|圆满|按质按量|保质保量)?"
_GOALS = "(?:各项|所有|全部|年度|年初|绩效|预期|既定|设定的?|考核|工作){0,4}(?:目标|指标)(?:值|任务)?"
_GOALS_DONE = LazyPattern(
    f"(?=.*(?:各项|所有|全部|全面|均|都|100%)){_SUBJECT}(?:"
    f"{_GOALS}(?:均|都|也|已经?){{0,3}}(?:全部|全面|100%)?{_HOW}(?:完成|达标|达成|实现|达到(?:预期|年初|既定)?(?:目标|要求))"
    f"|已?(?:全部|全面|100%){_HOW}(?:完成|实现|达成)了?{_GOALS})"
)
_WORK = "(?:各项|所有|全部|年度|年初|既定|计划|建设|工作){0,4}(?:工作|任务|内容)?"
_WORK_DONE = LazyPattern(f"{_SUBJECT}{_WORK}(?:均|都|已经?){{0,3}}(?:全部|全面|100%){_HOW}完成了?{_WORK}")
#: Words by which a text takes part of a claim back.
_ADMITS = LazyPattern("[但仅尚除]|未(?!发现|出现)|其余|剩余|不足|部分|滞后|推迟|延误|延期|次年")
_TROUBLE = LazyPattern(
    "未能?(?:按时|按期|如期|全部)?(?:完成|达到|达标)|没有完成|滞后|延误|延期|推迟|进度(?:缓慢|偏慢|较慢)|执行率[较偏]?低"
)
#: Words by which trouble is only imagined, or overcome.
_NOT_REAL = LazyPattern("避免|防止|防范|杜绝|克服|不存在|未出现|未发生|未造成|没有出现|可能|容易|一旦|[无如若易]")


@rule("T106", Severity.ERROR, of_checks=True)
def narrative_missing(submission: Submission) -> Iterator[Violation]:
    """A narrative that the form requires is blank.

    Each field of the template that is required with this code gives its own finding when nothing but spaces stands in
    it. (Law, where the province's form prints the fields; 山西 does.)

    ## Why it matters

    The narratives are published with the table. A blank one is the first thing a reader sees.

    ## How to fix it

    Write two or three sentences on what the label asks for. Where there were no problems, say so.
    """
    for check in submission.failed("T106"):
        yield Violation(
            say("{field} is blank; it has to be filled in", field=check.field.label), field=check.field.name
        )


@rule("T108", Severity.WARNING, reads=(SCORE, WEIGHT), may_read=(FUNDS_TOTAL_RATE,))
def narrative_contradicts(submission: Submission) -> Iterator[Violation]:
    """A narrative says the contrary of the scores.

    Three things are found. 主要问题 says 无 or that there are no problems, while an indicator lost points. A narrative
    says that all goals and indicators, or the whole project, were completed, while an indicator that it is about lost
    points (产出情况 is about outputs, and so is a claim that the work is done). 主要问题 tells that something was not
    completed, late or put off, while every indicator has full points and the execution rate is 100 %. Only whole
    clauses that say just this are read, and a text with a 但, 除 or 未 makes no claim. (Choice of this project.)

    ## Why it matters

    Points are lost for a reason, and that reason is a problem to be told. A text that denies it was copied from last
    year, or the scores were.

    ## How to fix it

    Tell in 主要问题 why the points were lost; or, if the text is right, correct the scores.
    """
    perfect = _perfect(submission)
    for entry in narratives(submission):
        if entry.field.role in _GOAL_ROLES:
            continue
        claim, scope = _claim(entry)
        lost = _lost(submission, scope) if claim else None
        trouble = _trouble(entry) if perfect else None
        if lost is not None:
            yield _contradiction(entry, claim, lost)
        elif trouble is not None:
            yield Violation(
                say(
                    "{field} says “{claim}”, yet every indicator has full points and the execution rate is 100%",
                    field=entry.field.label,
                    claim=trouble,
                ),
                field=entry.field.name,
            )


def _contradiction(entry: Entry, claim: str, lost: tuple[Entry, Decimal, Decimal]) -> Violation:
    row, score, weight = lost
    message = say(
        "{field} says “{claim}”, but {row} is {score} of {weight} points",
        field=entry.field.label,
        claim=claim,
        row=row.field.label,
        score=score,
        weight=weight,
    )
    return Violation(message, field=entry.field.name)


@rule("T109", Severity.NOTE)
def narrative_copied(submission: Submission) -> Iterator[Violation]:
    """The same text stands in two narratives of the form.

    Texts of ten characters or more, compared without spaces, width and the punctuation at the end. The finding is at
    the later one. That 实际完成情况 repeats 预期目标 is told by another rule.

    ## Why it matters

    Each narrative has its own question. A text that answers two of them answers at least one of them not at all.

    ## How to fix it

    Keep the text where it belongs and write another for the other field.
    """
    seen: dict[str, Entry] = {}
    for entry in narratives(submission):
        text = without_ending(quantities.normalize_text(entry.text))
        first = seen.setdefault(text, entry)
        goals = first.field.role in _GOAL_ROLES and entry.field.role in _GOAL_ROLES
        if first is not entry and not goals and len(text) >= _COPIED_FROM:
            yield Violation(
                say("{field} is the same text as {other}", field=entry.field.label, other=first.field.label),
                field=entry.field.name,
            )


def narratives(submission: Submission) -> Iterator[Entry]:
    """Yield the long texts of the form that are filled in, the goals among them."""
    return (entry for entry in submission.where(_is_narrative) if isinstance(entry.value, str))


def _is_narrative(item: Field) -> bool:
    return item.spec.kind == "input" and item.style == "narrative" and item.table is None


def project_texts(submission: Submission) -> Iterator[Entry]:
    """Yield the texts that tell of the project: all that are typed but the names in the head."""
    return (entry for entry in submission.where(_tells_of_the_project) if isinstance(entry.value, str))


def _tells_of_the_project(item: Field) -> bool:
    return item.table is None and item.spec.kind == "input" and item.role not in _HEAD


# A few rules after one another read the narratives of one form.
@lru_cache(maxsize=16)
def clauses(text: str) -> tuple[str, ...]:
    """Return the clauses of a text, folded, without what parts them."""
    return tuple(_CLAUSE.findall(clean(text)))


@lru_cache(maxsize=16)
def clean(text: str) -> str:
    """Return a text normalized for reading clauses: a line ends a sentence, figures beside each other stay two."""
    return quantities.normalize_text(_GAP.sub("_", "。".join(text.splitlines())))


def _claim(entry: Entry) -> tuple[str, tuple[str, ...]]:
    """Return the clause of a narrative that claims success, and the level 1 that it is about; blank without."""
    role, text = entry.field.role, clean(entry.text)
    scope = _SCOPES.get(role, ("",)) if role is not None else ("",)
    if _ADMITS.search(text):
        return "", scope
    if role == PROBLEMS and without_ending(text) in _NOTHING:
        return without_ending(text), scope
    for clause in clauses(entry.text):
        if _GOALS_DONE.fullmatch(clause) or (role == PROBLEMS and _NO_PROBLEMS.fullmatch(clause)):
            return clause, scope
        if _WORK_DONE.fullmatch(clause) and scope[0] in ("", *_OUTPUTS):
            return clause, _OUTPUTS
    return "", scope


def _lost(submission: Submission, scope: tuple[str, ...]) -> tuple[Entry, Decimal, Decimal] | None:
    """Return the first score under its weight, of the level 1 whose names begin so, with both."""
    for row in submission.used_rows:
        score, weight = number_in(row, SCORE), number_in(row, WEIGHT)
        if score is None or weight is None or score >= weight:
            continue
        if (row[SCORE].field.level1 or "").startswith(scope):
            return row[SCORE], score, weight
    return None


def _perfect(submission: Submission) -> bool:
    """Whether every indicator has full points and all the money was spent."""
    rate = submission.result(FUNDS_TOTAL_RATE)
    pairs = [(row[SCORE].number, row[WEIGHT].number) for row in submission.used_rows if {SCORE, WEIGHT} <= row.keys()]
    full = bool(pairs) and all(score is not None and weight is not None and score >= weight for score, weight in pairs)
    return full and isinstance(rate, Decimal) and rate >= 1


def _trouble(entry: Entry) -> str | None:
    """Return the clause of 主要问题 that tells of something not reached."""
    if entry.field.role != PROBLEMS:
        return None
    found = clauses(entry.text)
    return next((each for each in found if _TROUBLE.search(each) and not _NOT_REAL.search(each)), None)
