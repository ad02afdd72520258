"""What `validate` and `summarize` share: their options, and the run that these ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from xlsform.cli.console import destination, detail, language, remark
from xlsform.cli.options import FILE, LIST, REGISTER_FILE, TEMPLATE, Command, Report, together
from xlsform.cli.progress import progress

if TYPE_CHECKING:
    from xlsform.batch.review import ReviewRequest
    from xlsform.inbox import PassedOver, Url
    from xlsform.reading import Limits
    from xlsform.verdict.verdict import Judged, Options


class _LimitOption(click.Option):
    """An option whose help lists the limits; they are looked up only where it is shown."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        from dataclasses import fields

        from xlsform.reading import Limits

        names = ", ".join(f"{each.name} ({each.default:,})" for each in fields(Limits))
        self.help = f"Change how much of a file is read before it is refused; may be repeated. Limits: {names}."
        return super().get_help_record(ctx)


class Review(NamedTuple):
    """What returns are judged by, compared with, and judged on."""

    template: str | None
    listed: Path | None
    accounts: Path | None
    register: Path | None
    limits: tuple[str, ...]
    jobs: int | None
    engine: str | None

    def request(
        self, paths: Sequence[Path | Url], options: Options, *, contents: bool = False, remembered: bool = False
    ) -> ReviewRequest:
        """Return the request that a command makes; its arguments are those of a `ReviewRequest`."""
        from xlsform.batch.review import OfficeFiles, ReviewRequest, Workers

        if self.engine is not None and self.jobs is not None:
            raise click.UsageError("--jobs counts processes of this machine; with --engine leave it out")
        return ReviewRequest(
            paths,
            options,
            OfficeFiles(self.listed, self.accounts, self.register),
            Workers(self.jobs, self.engine),
            contents=contents,
            remembered=remembered,
        )


def review_options() -> Callable[[Command], Command]:
    """Return a decorator for a command that reviews: its ``review`` is a `Review`."""
    return together(
        "review",
        Review,
        click.option("--template", type=TEMPLATE, help="Take every workbook for this form (id or template file)."),
        click.option(
            "--projects",
            "listed",
            type=LIST,
            help="What was approved (project list): switches on the rules that compare with it.",
        ),
        click.option(
            "--accounts",
            type=FILE,
            help="Final accounts by project (.xlsx, .csv, .json): amounts that the returns have to agree with.",
        ),
        click.option(
            "--register",
            type=REGISTER_FILE,
            help="Remember returns in this register, judge only new ones, and compare with what was issued.",
        ),
        click.option("--limit", "limits", cls=_LimitOption, multiple=True, metavar="NAME=VALUE"),
        click.option(
            "--jobs",
            type=click.IntRange(1, 256),
            help="Processes; as many as there are cores, but two at least, if not given.",
        ),
        click.option(
            "--engine",
            metavar="dask://HOST:PORT",
            help="Judge on a Dask cluster in place of this machine's processes (pip install 'xlsform[dask]').",
        ),
    )


@contextmanager
def verdicts_of(request: ReviewRequest) -> Iterator[Iterator[Judged]]:
    """Give the verdicts of a review; say at its end which mails were passed over."""
    from xlsform.batch.review import reviewing

    mails: list[PassedOver] = []
    try:
        with reviewing(request, progress, mails.append, remark) as judged:
            yield judged
    finally:
        _tell_of_mails(mails)


def _tell_of_mails(passed_over: Sequence[PassedOver]) -> None:
    from xlsform.messages import say

    for each in passed_over:
        detail(each.message)
    reports = sum(each.automatic == "report" for each in passed_over)
    if reports:
        remark(say("{count} delivery reports and receipts are no returns; -v names them", count=reports))
    if len(passed_over) > reports:
        remark(say("{count} automatic replies are no returns; -v names them", count=len(passed_over) - reports))


def write_report(judged: Iterable[Judged], report: Report) -> None:
    """Write verdicts as asked for, to a file or to stdout."""
    from xlsform.reports import renderer

    if report.format == "xlsx":
        from xlsform.batch.superseded import counted
        from xlsform.files.atomic import open_whole
        from xlsform.reports.summary import write_xlsx

        assert report.output is not None, "a workbook is written to a file"
        with open_whole(report.output) as file:
            write_xlsx(counted(judged), file, language())
        return
    pieces = renderer(report.format)((each.verdict for each in judged), language())
    with destination(report.output) as write:
        for piece in pieces:
            write(piece)


def limits_in(given: tuple[str, ...]) -> Limits:
    """Return the limits of reading, changed as ``NAME=VALUE`` say."""
    import math
    from dataclasses import asdict, replace

    from xlsform.errors import UsageError
    from xlsform.messages import say
    from xlsform.reading import Limits

    limits = Limits()
    known = asdict(limits)
    for each in given:
        name, _, text = each.partition("=")
        if name not in known:
            raise UsageError(say("no limit has the name {name}; there are {names}", name=name, names=list(known)))
        try:
            value = type(known[name])(text)
        except ValueError:
            value = 0
        if not 0 < value < math.inf:
            raise UsageError(say("--limit {given}: a limit is a number above 0", given=each))
        limits = replace(limits, **{name: value})
    return limits
