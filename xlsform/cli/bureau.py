"""Commands of the bureau: what came back, what is wrong with it, and what the rules are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xlsform.cli.console import cli, destination, detail, language, progress, remark, tell
from xlsform.cli.options import FILE, Command, place, sharing

if TYPE_CHECKING:
    from decimal import Decimal

    from xlsform.batch.dask import Cluster
    from xlsform.form.definition import Form
    from xlsform.inbox import Incoming, Url
    from xlsform.messages import Message
    from xlsform.projects import Project
    from xlsform.reading import Limits
    from xlsform.register import Register
    from xlsform.verdict.verdict import Judged, Options
    from xlsform.verdict.waivers import Waiver


class _LimitOption(click.Option):
    """An option whose help lists the limits; they are looked up only where it is shown."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        from dataclasses import fields

        from xlsform.reading import Limits

        names = ", ".join(f"{each.name} ({each.default:,})" for each in fields(Limits))
        self.help = f"Change how much of a file is read before it is refused; may be repeated. Limits: {names}."
        return super().get_help_record(ctx)


FORMATS = ("text", "json", "jsonl", "csv", "html", "xlsx")


def _options(*more: Any) -> Callable[[Command], Command]:
    """Return a decorator with the options that `validate` and `summarize` share."""
    return sharing(
        click.option("--template", help="Take every workbook for this form (id or template file)."),
        click.option(
            "--projects",
            "listed",
            type=FILE,
            help="What was approved (project list): switches on the rules that compare with it.",
        ),
        click.option(
            "--accounts",
            "accounts_path",
            type=FILE,
            help="Final accounts by project (.xlsx, .csv, .json): amounts that the returns have to agree with.",
        ),
        click.option(
            "--register",
            "register_path",
            type=FILE,
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
        *more,
    )


@cli.command()
@click.argument("paths", nargs=-1, required=True, type=place)
@_options(
    click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True),
    click.option("-o", "--output", type=FILE, help="Write the report to this file instead of stdout."),
    click.option(
        "--annotate", type=FILE, metavar="DIR", help="Write a marked copy of each faulty workbook into this folder."
    ),
    click.option(
        "--select", multiple=True, metavar="CODES", help="Only these codes or prefixes (M, S10, P101), comma-separated."
    ),
    click.option("--ignore", multiple=True, metavar="CODES", help="Not these."),
    click.option(
        "--waive",
        type=FILE,
        help="Findings that are excused (JSON or CSV: code, project, reason, until): told as notes.",
    ),
    click.option("--fail-on", type=click.Choice(["error", "warning", "never"]), default="error", show_default=True),
)
@click.pass_context
def validate(
    ctx: click.Context,
    paths: tuple[Path | Url, ...],
    template: str | None,
    listed: Path | None,
    accounts_path: Path | None,
    register_path: Path | None,
    limits: tuple[str, ...],
    jobs: int | None,
    engine: str | None,
    form: str,
    output: Path | None,
    annotate: Path | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    waive: Path | None,
    fail_on: str,
) -> None:
    """Read filled workbooks back and say what is wrong with each.

    PATHS are workbooks, mails (.eml, .mbox, Maildir), archives (.zip), and folders of them, searched deep; also URLs that fsspec knows,
    such as s3://bucket/2025 (pip install 'xlsform[dask]').
    """
    from xlsform.verdict.verdict import Options

    if form == "xlsx" and output is None:
        raise click.UsageError("--format xlsx needs -o FILE.xlsx")
    asked = Options(
        template=template,
        select=_codes(select),
        ignore=_codes(ignore),
        limits=_limits(limits),
        waivers=_waivers(waive) if waive is not None else (),
    )
    worst = _Worst(fail_on)
    with ExitStack() as stack:
        contents = annotate is not None
        found = _judged(stack, paths, asked, listed, accounts_path, register_path, jobs, engine, contents=contents)
        judged = worst.watch(found)
        if annotate is not None:
            judged = _annotated(judged, annotate, paths)
        _report(judged, form, output)
    ctx.exit(1 if worst.reached else 0)


@cli.command()
@click.argument("paths", nargs=-1, type=place)
@_options(click.option("-o", "--output", type=FILE, required=True, help="The workbook to write."))
def summarize(
    paths: tuple[Path | Url, ...],
    template: str | None,
    listed: Path | None,
    accounts_path: Path | None,
    register_path: Path | None,
    limits: tuple[str, ...],
    jobs: int | None,
    engine: str | None,
    output: Path,
) -> None:
    """Write the bureau's 汇总表: one row a project, charts, findings, and the source of every figure.

    With --register it also has what came back in earlier runs; PATHS may then be left out.
    """
    from xlsform.messages import say
    from xlsform.verdict.verdict import Options

    if not paths and register_path is None:
        raise click.UsageError("name what came back, or a --register")
    with ExitStack() as stack:
        asked = Options(template=template, limits=_limits(limits))
        judged = _judged(
            stack, paths, asked, listed, accounts_path, register_path, jobs, engine, contents=False, remembered=True
        )
        _report(judged, "xlsx", output)
    remark(say("written: {path}", path=output))


def _judged(
    stack: ExitStack,
    paths: tuple[Path | Url, ...],
    asked: Options,
    listed: Path | None,
    accounts_path: Path | None,
    register_path: Path | None,
    jobs: int | None,
    engine: str | None,
    *,
    contents: bool,
    remembered: bool = False,
) -> Iterator[Judged]:
    """Return the run over what came in, with all that is known of the projects; with their contents, if wanted."""
    import os
    from contextlib import closing
    from dataclasses import replace

    from xlsform.batch.review import review
    from xlsform.form.check import load_checked
    from xlsform.inbox import count, incoming
    from xlsform.messages import say

    if engine is not None and jobs is not None:
        raise click.UsageError("--jobs counts processes of this machine; with --engine leave it out")
    # Said before anything is read.
    named = asked.template or listed or accounts_path
    form = load_checked(asked.template or "mof-2020") if named else None
    register = stack.enter_context(_opened(register_path)) if register_path is not None else None
    projects = _approved(listed, form, register)
    accounts = _accounts(accounts_path, form)
    options = replace(asked, projects=projects, accounts=accounts, key=register.key if register else None)
    cluster = stack.enter_context(_connected(engine)) if engine is not None else None
    mails: list[Message] = []
    stack.callback(_tell_of_mails, mails)

    def expected() -> int | None:
        return count(paths, options.limits) if paths else None

    seen = 0

    def watch(judged: Iterator[Judged]) -> Iterator[Judged]:
        nonlocal seen
        for each in progress(judged, expected, say("judged")):
            seen += 1
            yield each

    files = _some(incoming(paths, options.limits, mails.append)) if paths else iter(())
    found = review(
        files,
        options,
        # Two at least: one bad file can take the only process of a run with it.
        jobs or max(2, os.cpu_count() or 1),
        register,
        remembered=remembered,
        contents=contents,
        watch=watch,
        cluster=cluster,
    )
    # Whatever ends the run half-way: processes and the terminal are let go of before a word is said.
    stack.enter_context(closing(found))
    if not projects:
        return found
    return stack.enter_context(closing(progress(found, lambda: seen, say("written"))))


def _opened(path: Path) -> Register:
    from xlsform.register import Register

    return Register.open(path)


def _connected(engine: str) -> AbstractContextManager[Cluster]:
    from xlsform.batch.dask_connection import connected

    return connected(engine)


def _some(files: Iterator[Incoming]) -> Iterator[Incoming]:
    """Pass everything on; nothing but mails without attachments is as good as no file at all."""
    from xlsform.inbox import nothing_found

    none = True
    for each in files:
        none = False
        yield each
    if none:
        raise nothing_found()


def _tell_of_mails(passed_over: Sequence[Message]) -> None:
    from xlsform.messages import say

    for message in passed_over:
        detail(message)
    if passed_over:
        remark(say("{count} mails without attachments were passed over", count=len(passed_over)))


def _approved(listed: Path | None, form: Form | None, register: Register | None) -> Mapping[str, Project]:
    """Return what was approved, by code: by the list where one is given, else by the register."""
    if listed is None and register is None:
        return {}
    from xlsform.errors import DataError
    from xlsform.projects import ApprovedProjects, read_projects

    if listed is not None and form is not None:
        found = read_projects(listed, form)
        if found.problems:
            raise DataError(str(listed), [problem.line for problem in found.problems])
        return ApprovedProjects(found.projects)
    return ApprovedProjects(each.project for each in register.issued()) if register else {}


def _accounts(path: Path | None, form: Form | None) -> Mapping[str, Mapping[str, Decimal]]:
    """Return the amounts of final accounts, by field name, by project code."""
    if path is None or form is None:
        return {}
    from xlsform.projects import read_accounts

    return read_accounts(path, form)


def _report(judged: Iterable[Judged], form: str, output: Path | None) -> None:
    from xlsform.reports import renderer

    if form == "xlsx":
        from xlsform.batch.review import counted
        from xlsform.files.atomic import open_whole
        from xlsform.reports.summary import write_xlsx

        assert output is not None, "a workbook is written to a file"
        with open_whole(output) as file:
            write_xlsx(counted(judged), file, language())
        return
    pieces = renderer(form)((each.verdict for each in judged), language())
    with destination(output) as write:
        for piece in pieces:
            write(piece)


def _limits(given: tuple[str, ...]) -> Limits:
    """Return the limits, changed as asked for."""
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


def _waivers(path: Path) -> tuple[Waiver, ...]:
    """Return the waivers of a file that hold today; say which have expired."""
    import datetime as dt

    from xlsform.messages import say
    from xlsform.verdict.waivers import read_waivers

    found = read_waivers(path, dt.date.today())
    if found.expired:
        listed = [
            say("{code} {project} ({until})", code=each.code, project=each.project, until=each.until)
            for each in found.expired
        ]
        tell(say("{path}: these waivers have expired and are not applied: {waivers}", path=path, waivers=listed))
    return found.current


class _Worst:
    """Whether a batch holds what it was asked to fail on."""

    def __init__(self, fail_on: str) -> None:
        self.fail_on = fail_on
        self.reached = False

    def watch(self, judged: Iterable[Judged]) -> Iterator[Judged]:
        """Pass everything on, and remember the worst."""
        from xlsform.messages import say

        ranks = {"error": 0, "warning": 1, "never": -1}
        for each in judged:
            verdict = each.verdict
            detail(say("{path}: {count} findings", path=verdict.path, count=len(verdict.findings)))
            worst = min((each.severity.rank for each in verdict.findings), default=99)
            unreadable = verdict.status == "unreadable" and self.fail_on != "never"
            self.reached |= unreadable or worst <= ranks[self.fail_on]
            yield each


def _codes(given: tuple[str, ...]) -> tuple[str, ...]:
    """Return the codes of an option, each known or the beginning of a known one."""
    from xlsform.errors import UsageError
    from xlsform.messages import say
    from xlsform.rules.registry import catalogue

    codes = tuple(code.strip().upper() for part in given for code in part.split(",") if code.strip())
    for code in codes:
        if not any(known.startswith(code) for known in catalogue()):
            families = sorted({known[0] for known in catalogue()})
            raise UsageError(say("no rule has the code {code}; families are {families}", code=code, families=families))
    return codes


def _annotated(judged: Iterable[Judged], folder: Path, roots: tuple[Path | Url, ...]) -> Iterator[Judged]:
    from xlsform.messages import say
    from xlsform.reports.annotate.copies import Copies

    copies = Copies(folder, roots, language())
    for each in judged:
        incoming, verdict = each
        if verdict.status != "passed" and incoming.origin and copies.write(incoming, verdict) is None:
            remark(say("{path}: cannot be marked; only the report names what is wrong", path=verdict.path))
        yield each


# --- rules


@cli.command()
@click.argument("code", required=False)
@click.option("--format", "form", type=click.Choice(["text", "markdown", "json"]), default="text", show_default=True)
def rules(code: str | None, form: str) -> None:
    """Print the manual page of every rule, or of one."""
    from xlsform.rules.manual import pages

    click.echo(pages(code, form, language()), nl=False)


# --- demo


@cli.command()
@click.argument("folder", type=FILE, default=Path("xlsform-demo"))
def demo(folder: Path) -> None:
    """Issue, fill and validate a few workbooks in a folder, and say where to look."""
    from xlsform.demo.run import run
    from xlsform.messages import render

    for message in run(folder, language()):
        click.echo(render(message, language()))
