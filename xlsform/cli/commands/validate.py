"""The command that reads filled workbooks back and says what is wrong with each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from xlsform.cli.console import detail, language, remark, tell
from xlsform.cli.options import FILE, RETURNS, Report, Writes, report, together
from xlsform.cli.reviews import Review, limits_in, review_options, verdicts_of, write_report

if TYPE_CHECKING:
    from xlsform.inbox import Url
    from xlsform.reports.annotate.copies import Copies
    from xlsform.verdict.threshold import FailOn
    from xlsform.verdict.verdict import Judged, Verdict
    from xlsform.verdict.waivers import Waiver


class _Selection(NamedTuple):
    """The rules that count."""

    select: tuple[str, ...]
    ignore: tuple[str, ...]
    waive: Path | None


@click.command()
@click.argument("paths", nargs=-1, required=True, type=RETURNS)
@review_options()
@report(
    ["text", "json", "jsonl", "csv", "html", "xlsx"],
    "Write the report to this file instead of stdout.",
)
@click.option(
    "--annotate",
    type=Writes(folder=True, example="_.xlsx"),
    metavar="DIR",
    help="Write a marked copy of each faulty workbook into this folder.",
)
@together(
    "selection",
    _Selection,
    click.option(
        "--select", multiple=True, metavar="CODES", help="Only these codes or prefixes (M, S10, P101), comma-separated."
    ),
    click.option("--ignore", multiple=True, metavar="CODES", help="Not these."),
    click.option(
        "--waive",
        type=FILE,
        help="Findings that are excused (JSON or CSV: code, project, reason, until): told as notes.",
    ),
)
@click.option("--fail-on", type=click.Choice(["error", "warning", "never"]), default="error", show_default=True)
@click.pass_context
def validate(
    ctx: click.Context,
    paths: tuple[Path | Url, ...],
    review: Review,
    report: Report,
    annotate: Path | None,
    selection: _Selection,
    fail_on: FailOn,
) -> None:
    """Read filled workbooks back and say what is wrong with each.

    PATHS are workbooks, mails (.eml, .mbox, Maildir), archives (.zip), and folders of them, searched deep; also URLs
    that fsspec knows, such as s3://bucket/2025 (pip install 'xlsform[dask]').
    """
    from xlsform.verdict.threshold import fails
    from xlsform.verdict.verdict import Options

    if report.format == "xlsx" and report.output is None:
        raise click.UsageError("--format xlsx needs -o FILE.xlsx")
    copies = _copies(annotate, paths) if annotate is not None else None
    options = Options(
        template=review.template,
        select=_codes_in(selection.select, review.template),
        ignore=_codes_in(selection.ignore, review.template),
        limits=limits_in(review.limits),
        waivers=_waivers(selection.waive, review.template) if selection.waive is not None else (),
    )
    failed = False

    def noted(judged: Iterable[Judged]) -> Iterator[Judged]:
        nonlocal failed
        for each in judged:
            _tell_of(each.verdict)
            failed |= fails(each.verdict, fail_on)
            yield each

    with verdicts_of(review.request(paths, options, contents=annotate is not None)) as found:
        judged = noted(found)
        if copies is not None:
            judged = _annotated(judged, copies)
        write_report(judged, report)
    ctx.exit(1 if failed else 0)


def _codes_in(texts: tuple[str, ...], template: str | None) -> tuple[str, ...]:
    if not texts:
        return ()
    from xlsform.rules.selection import codes_in

    return codes_in(texts, template)


def _waivers(path: Path, template: str | None) -> tuple[Waiver, ...]:
    """Return the waivers of a file that hold today; say which have expired."""
    import datetime as dt

    from xlsform.messages import say
    from xlsform.rules.own_checks import known_codes
    from xlsform.verdict.waivers import read_waivers

    found = read_waivers(path, dt.date.today(), known_codes(template))
    if found.expired:
        listed = [
            say("{code} {project} ({until})", code=each.code, project=each.project, until=each.until)
            for each in found.expired
        ]
        tell(say("{path}: these waivers have expired and are not applied: {waivers}", path=path, waivers=listed))
    return found.current


def _tell_of(verdict: Verdict) -> None:
    from xlsform.messages import say

    detail(say("{path}: {count} findings", path=verdict.path, count=len(verdict.findings)))


def _copies(folder: Path, roots: tuple[Path | Url, ...]) -> Copies:
    from xlsform.reports.annotate.copies import Copies

    copies = Copies(folder, roots, language())
    copies.require_places()
    return copies


def _annotated(judged: Iterable[Judged], copies: Copies) -> Iterator[Judged]:
    """Pass everything on, and write the marked copy of what is faulty."""
    from xlsform.messages import say

    for each in judged:
        incoming, verdict = each
        if verdict.status != "passed" and incoming.origin and copies.write(incoming, verdict) is None:
            remark(say("{path}: cannot be marked; only the report names what is wrong", path=verdict.path))
        yield each
