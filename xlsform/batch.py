"""Validate many workbooks side by side."""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Literal

from xlsform.errors import NothingFoundError, UsageError, reading_failed
from xlsform.findings import Finding, Severity, say
from xlsform.form import Form
from xlsform.reading import Limits, load, read_bytes
from xlsform.reading.contents import Reason, Unreadable, Workbook
from xlsform.recognition import recognise
from xlsform.rules import Arrival, judge
from xlsform.submission import Submission
from xlsform.waivers import Waiver, excused

#: Extensions of what a folder is searched for.
EXTENSIONS = frozenset({".xlsx", ".xlsm", ".xltx", ".xltm", ".xls", ".xlt", ".et", ".ett", ".xlsb", ".ods"})

Status = Literal["passed", "failed", "unreadable"]

_CHUNK = 16


@dataclass(frozen=True, slots=True)
class Options:
    """What a reviewer asked for."""

    template: str | None = None
    """Id or path of the form that every file is taken for."""
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    waivers: tuple[Waiver, ...] = ()
    """Findings that become notes."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a return, and the cell that it was read from."""

    value: Decimal | None
    cell: str
    """``自评表!E6``."""


@dataclass(frozen=True, slots=True)
class Shortfall:
    """An indicator that lost points, with the reason given."""

    name: str
    target: str
    actual: str
    reason: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What the bureau's 汇总表 takes from a return."""

    department: str | None
    figures: Mapping[str, Figure]
    """By field name: ``funds.total.{initial,budget,executed}`` as typed, in the form's unit of money;
    ``funds.total.rate`` (0–1) and ``total_score`` (points) as the form's formulas give them."""
    grade: str | None
    """By the bands of the template's settings."""
    shortfalls: tuple[Shortfall, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one file."""

    path: str
    sha256: str | None
    status: Status
    template: str | None
    year: int | None
    project_code: str | None
    project_name: str | None
    unit: str | None
    score: Decimal | None
    """总分 as the form's formulas give it (points)."""
    findings: tuple[Finding, ...]
    summary: Summary | None = None
    """None where no form was recognised."""

    def count(self, severity: Severity) -> int:
        """Return how many findings of that severity there are."""
        return sum(1 for finding in self.findings if finding.severity is severity)


def find(paths: Iterable[Path]) -> list[Path]:
    """Return the files to be read: those named, and every workbook in the folders named, searched deep and sorted.

    Lock files of open workbooks (``~$…``) are passed over.

    Raises:
        UsageError: a path that does not exist, or a folder that may not be listed.
        NothingFoundError: no workbook matched.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(_below(path))
        elif path.exists() or path.is_symlink():
            found.append(path)
        else:
            raise UsageError(say("{path}: no such file or folder", path=path))
    if not found:
        raise NothingFoundError(say("no workbook found; looked for {extensions}", extensions=sorted(EXTENSIONS)))
    return list(dict.fromkeys(found))


def _below(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise reading_failed(Path(error.filename), error)

    for top, folders, names in os.walk(folder, onerror=refuse):
        folders.sort()
        for name in names:
            if Path(name).suffix.lower() in EXTENSIONS and not name.startswith("~$"):
                yield Path(top, name)


def check(path: Path, options: Options) -> Verdict:
    """Read one file and judge it; whatever it holds, a verdict comes out."""
    data = load(path, options.limits)
    if isinstance(data, Unreadable):
        return _verdict(path, None, Arrival(path, data, None), options)
    return judged(path, data, options)


def judged(path: Path, data: bytes, options: Options) -> Verdict:
    """Judge a file by its content."""
    digest = hashlib.sha256(data).hexdigest()
    contents = read_bytes(data, options.limits)
    submission = recognise(path, contents, _form(options.template)) if isinstance(contents, Workbook) else None
    return _verdict(path, digest, Arrival(path, contents, submission), options)


@lru_cache(maxsize=4)
def _form(template: str | None) -> Form | None:
    from xlsform.template_check import load_checked

    return load_checked(template) if template is not None else None


def _verdict(path: Path, digest: str | None, arrival: Arrival, options: Options) -> Verdict:
    findings = tuple(judge(arrival, options.select, options.ignore))
    submission = arrival.submission
    if submission is not None and options.waivers:
        findings = excused(findings, options.waivers, _code(submission), _text(submission, "project_name"))
    if isinstance(arrival.contents, Unreadable):
        status: Status = "unreadable"
    else:
        status = "failed" if any(each.severity is Severity.ERROR for each in findings) else "passed"
    if submission is None or submission.sheet_gone:
        template = submission.form.id if submission else None
        return Verdict(str(path), digest, status, template, None, None, None, None, None, findings)
    year = submission.number("year")
    summary = _summary(submission)
    score = summary.figures.get("total_score")
    return Verdict(
        path=str(path),
        sha256=digest,
        status=status,
        template=submission.form.id,
        year=int(year) if year is not None else None,
        project_code=_code(submission),
        project_name=_text(submission, "project_name"),
        unit=_text(submission, "unit"),
        score=score.value if score else None,
        findings=findings,
        summary=summary,
    )


_SUMMARISED = ("funds.total.initial", "funds.total.budget", "funds.total.executed", "funds.total.rate", "total_score")


def _summary(submission: Submission) -> Summary:
    computed = submission.results.computed
    figures = {}
    for name in _SUMMARISED:
        if name in submission.entries:
            value = computed[name] if name in computed else submission.number(name)
            number = value if isinstance(value, Decimal) else None
            figures[name] = Figure(number, f"{submission.sheet.name}!{submission.cell(name)}")
    score = figures["total_score"].value if "total_score" in figures else None
    bands: Mapping[str, float] = submission.form.scoring.get("grades", {})
    reached = [
        (Decimal(str(least)), grade)
        for grade, least in bands.items()
        if score is not None and score >= Decimal(str(least))
    ]
    shortfalls = tuple(
        Shortfall(*(row[column].text if column in row else "" for column in ("name", "target", "actual", "reason")))
        for row in submission.used_rows
        if "score" in row and "weight" in row
        and (points := row["score"].number) is not None
        and (weight := row["weight"].number) is not None
        and points < weight
    )
    return Summary(_text(submission, "department"), figures, max(reached)[1] if reached else None, shortfalls)


def _code(submission: Submission) -> str | None:
    identity = submission.identity
    return (identity.project_code or None) if identity else None


def _text(submission: Submission, name: str) -> str | None:
    entry = submission.entries.get(name)
    return entry.text.strip() or None if entry else None


def validate(paths: Sequence[Path], options: Options, jobs: int = 1) -> Iterator[Verdict]:
    """Yield the verdict on each file, in the order given.

    Args:
        paths: the files.
        options: what the reviewer asked for.
        jobs: processes to work with; a process that dies costs its file a verdict, and the rest go on.
    """
    if jobs <= 1 or len(paths) < 2 * _CHUNK:
        yield from (check(path, options) for path in paths)
        return
    chunks = [paths[start : start + _CHUNK] for start in range(0, len(paths), _CHUNK)]
    yield from _pooled(chunks, options, jobs)


def _pooled(chunks: Sequence[Sequence[Path]], options: Options, jobs: int) -> Iterator[Verdict]:
    waiting = list(chunks)
    while waiting:
        with ProcessPoolExecutor(jobs) as pool:
            done = 0
            try:
                for verdicts in _in_order(pool, waiting, options, 4 * jobs):
                    yield from verdicts
                    done += 1
                return
            except BrokenProcessPool:
                suspects, waiting = waiting[done], waiting[done + 1 :]
        yield from (_alone(path, options) for path in suspects)


def _in_order(
    pool: Executor, chunks: Sequence[Sequence[Path]], options: Options, ahead: int
) -> Iterator[list[Verdict]]:
    """Yield each chunk's verdicts in order, never more than so many chunks in the works."""
    running: deque[Future[list[Verdict]]] = deque(pool.submit(check_all, chunk, options) for chunk in chunks[:ahead])
    for following in [*chunks[ahead:], *[None] * len(running)]:
        verdicts = running.popleft().result()
        if following is not None:
            running.append(pool.submit(check_all, following, options))
        yield verdicts


def check_all(paths: Sequence[Path], options: Options) -> list[Verdict]:
    """Check files one after another: what a worker process runs."""
    return [check(path, options) for path in paths]


def _alone(path: Path, options: Options) -> Verdict:
    """Check a file in a process of its own, since one of its chunk made a worker die."""
    try:
        with ProcessPoolExecutor(1) as pool:
            return pool.submit(check, path, options).result()
    except BrokenProcessPool:
        return failed(path, "crashed", options)


def failed(path: Path, reason: Reason, options: Options) -> Verdict:
    """Return the verdict on a file that could not be read for a reason found outside it."""
    return _verdict(path, None, Arrival(path, Unreadable(reason), None), options)
