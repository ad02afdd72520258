"""Commands of the office: templates, workbooks, and the data in them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from xlsform.cli.console import HELP, as_json, cli, language, progress, remark, tell, write_out
from xlsform.cli.options import FILE

if TYPE_CHECKING:
    from xlsform.form.definition import Form
    from xlsform.projects import Project
    from xlsform.register import Register

# --- templates


@cli.group(invoke_without_command=True, context_settings=HELP)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def templates(ctx: click.Context, form: str) -> None:
    """List the official forms, show one, or check a template file."""
    if ctx.invoked_subcommand is not None:
        return
    from xlsform.form.template import bundled, load

    forms = [load(name) for name in bundled()]
    if form == "json":
        lines = [
            {"id": each.id, "edition": each.edition, "name": dict(each.name), "source": each.source} for each in forms
        ]
        click.echo(as_json(lines), nl=False)
        return
    for each in forms:
        click.echo(f"{each.id:<14} {each.edition:<8} {each.name[language()]}")


@templates.command("show")
@click.argument("template")
@click.option("-o", "--output", type=FILE, help="Write to this file instead of stdout.")
def templates_show(template: str, output: Path | None) -> None:
    """Print a template as JSON, what it builds on merged in."""
    from xlsform.form.template import find, read

    write_out(as_json({key: value for key, value in read(find(template)).items() if key != "extends"}), output)


@templates.command("check")
@click.argument("files", nargs=-1, required=True)
@click.pass_context
def templates_check(ctx: click.Context, files: tuple[str, ...]) -> None:
    """Say everything that is wrong with template files."""
    from xlsform.errors import TemplateError
    from xlsform.form.check import problems
    from xlsform.form.template import find, read
    from xlsform.messages import say

    faulty = False
    for name in files:
        path = find(name)
        try:
            found = problems(read(path))
        except TemplateError as error:
            found = list(error.problems)
        faulty |= bool(found)
        for problem in found:
            click.echo(f"{path}: {problem}")
        if not found:
            remark(say("{path}: sound", path=path))
    ctx.exit(2 if faulty else 0)


# --- generate

_GROUP = 100
"""Workbooks that are recorded together."""


@cli.command()
@click.argument("template")
@click.option(
    "--projects", type=FILE, help="Project list (.xlsx, .csv, .json): one prefilled workbook for each project."
)
@click.option(
    "--year", type=click.IntRange(1990, 2100), help="Year of the form, printed and locked; else the filler types it."
)
@click.option("--rows", type=click.IntRange(1, 200), help="Rows in each level-2 block; three if not given.")
@click.option(
    "--spare", type=click.IntRange(0, 50), default=0, help="With --projects: rows beyond a project's indicators."
)
@click.option(
    "--keep-going", is_flag=True, help="With --projects: leave out what is wrong in the list, issue the rest."
)
@click.option("--register", type=FILE, help="With --projects: record in this file what was issued, and sign it.")
@click.option("--due", type=click.DateTime(["%Y-%m-%d"]), help="With --register: the last day for returns.")
@click.option(
    "--password-file", type=FILE, help="File whose first line is the password of the locks; else XLSFORM_PASSWORD."
)
@click.option("-o", "--output", type=FILE, help="Workbook to write, or folder to write into.")
def generate(
    template: str,
    projects: Path | None,
    year: int | None,
    rows: int | None,
    spare: int,
    keep_going: bool,
    register: Path | None,
    due: datetime | None,
    password_file: Path | None,
    output: Path | None,
) -> None:
    """Write the locked workbook of an official form, or one for each project of a list."""
    from xlsform.files.atomic import write_whole
    from xlsform.form.check import load_checked
    from xlsform.form.layout import lay_out
    from xlsform.messages import say
    from xlsform.workbook.issue import issue
    from xlsform.workbook.locks import lock_for

    form = load_checked(template)
    layout = lay_out(form, rows)
    if projects is not None:
        _generate_projects(
            _Round(form, year, rows, spare, due), projects, output or Path(), register, keep_going, password_file
        )
        return
    if register is not None:
        raise click.UsageError("--register goes with --projects")
    name = f"{form.id}{f'-{year}' if year else ''}.xlsx"
    path = Path(name) if output is None else output / name if output.suffix.lower() != ".xlsx" else output
    write_whole(path, issue(layout, lock_for(_password(password_file)), year=year))
    remark(say("written: {path}", path=path))


class _Round(NamedTuple):
    """What all workbooks of a round have in common."""

    form: Form
    year: int | None
    rows: int | None
    spare: int
    due: datetime | None


def _generate_projects(
    about: _Round, source: Path, folder: Path, register: Path | None, keep_going: bool, password_file: Path | None
) -> None:
    """Write a workbook for each project, one folder a unit; none at all while the list has a problem."""
    from contextlib import nullcontext

    from xlsform.errors import DataError, UsageError
    from xlsform.messages import say
    from xlsform.projects import read_projects
    from xlsform.register import Register, State

    listed = read_projects(source, about.form)
    if listed.problems and not keep_going:
        raise DataError(str(source), [problem.line for problem in listed.problems])
    for problem in listed.problems:
        tell(problem.line)
    if not listed.projects and not listed.problems:
        raise UsageError(say("{path}: the list has no projects", path=source))
    password = _password(password_file)
    with nullcontext() if register is None else Register.open(register, create=True) as opened:
        withdrawn = (
            {each.code for each in opened.status().projects if each.state is State.WITHDRAWN} if opened else set()
        )
        issued = _issued(about, listed.projects, folder, opened, password)
        for _ in progress(issued, len(listed.projects), say("written")):
            pass
    remark(say("written: {count} workbooks in {folder}", count=len(listed.projects), folder=folder))
    again = [each.code for each in listed.projects if each.code in withdrawn]
    if again:
        tell(say("withdrawn before, and now expected again: {codes}", codes=again))
    if listed.problems:
        click.get_current_context().exit(2)


def _issued(
    about: _Round, projects: Sequence[Project], folder: Path, register: Register | None, password: str
) -> Iterator[Path]:
    """Write the workbooks one by one, and record them in groups, since each change of the register waits for the disk.

    What was written and not yet recorded when the program ends is issued anew by the next run.
    """
    import hashlib

    from xlsform.files.atomic import write_whole
    from xlsform.projects import places
    from xlsform.workbook.issue import issue_projects
    from xlsform.workbook.locks import lock_for

    lock, paths = lock_for(password), places(projects)
    key = register.key if register else None
    size = _GROUP if register else max(len(projects), 1)
    for start in range(0, len(projects), size):
        group = projects[start : start + size]
        digests: dict[str, str] = {}
        for project, data in issue_projects(
            about.form, group, lock, year=about.year, rows=about.rows, spare=about.spare, key=key
        ):
            path = folder / paths[project.code]
            write_whole(path, data)
            digests[project.code] = hashlib.sha256(data).hexdigest()
            yield path
        if register is not None:
            written = [(project, folder / paths[project.code], digests[project.code]) for project in group]
            _record(register, about, written, password)


def _record(register: Register, about: _Round, written: Sequence[tuple[Project, Path, str]], password: str) -> None:
    """Record workbooks in the order of the list, each with its file and its digest."""
    with register.together():
        for project, path, digest in written:
            register.record_issued(
                project,
                template=about.form.id,
                edition=about.form.edition,
                year=about.year,
                file=str(path.resolve()),
                digest=digest,
                password=password,
                due=about.due.date() if about.due else None,
            )


def _password(file: Path | None) -> str:
    """Return the password from the file, the environment or a prompt; else a random one that nobody knows."""
    import os
    import secrets

    from xlsform.errors import UsageError, reading_failed
    from xlsform.messages import say

    if file is not None:
        try:
            lines = file.read_text(encoding="utf-8-sig").splitlines()
        except OSError as error:
            raise reading_failed(file, error) from None
        except UnicodeDecodeError:
            raise UsageError(say("{path}: not UTF-8 text", path=file)) from None
        if not lines or not lines[0]:
            raise UsageError(say("{path}: its first line is to be the password, but it is blank", path=file))
        return lines[0]
    given = os.environ.get("XLSFORM_PASSWORD")
    if given:
        return given
    if sys.stdin.isatty() and sys.stderr.isatty():
        from xlsform.messages import render

        text = render(say("Password for the locks (blank: a random one that nobody knows)"), language())
        typed = click.prompt(text, default="", hide_input=True, show_default=False, err=True)
        if typed:
            return str(typed)
    remark(say("locked with a random password that is not kept; set XLSFORM_PASSWORD to be able to unlock"))
    return secrets.token_urlsafe(24)


@cli.group(context_settings=HELP)
def projects() -> None:
    """Project lists: what is to be issued, and to whom."""


@projects.command("template")
@click.argument("template", default="mof-2020")
@click.option("-o", "--output", type=FILE, default=Path("项目清单.xlsx"), show_default=True)
def projects_template(template: str, output: Path) -> None:
    """Write an empty project list with headings, validations and an example row."""
    from xlsform.files.atomic import write_whole
    from xlsform.form.check import load_checked
    from xlsform.messages import say
    from xlsform.projects.lists.list_template import write_list_template

    write_whole(output, write_list_template(load_checked(template)))
    remark(say("written: {path}", path=output))


# --- describe, fill, extract


def _submission(path: Path) -> tuple[Any, bytes]:
    """Return an issued or filled workbook and its bytes."""
    from xlsform.errors import UsageError, reading_failed
    from xlsform.messages import say
    from xlsform.reading import read_bytes
    from xlsform.reading.workbook import Unreadable
    from xlsform.submission.recognition import recognise

    try:
        data = path.read_bytes()
    except OSError as error:
        raise reading_failed(path, error) from None
    contents = read_bytes(data)
    if isinstance(contents, Unreadable):
        detail = f"{contents.reason}: {contents.detail}" if contents.detail else contents.reason
        raise UsageError(say("{path}: cannot be read as a workbook ({detail})", path=path, detail=detail))
    submission = recognise(path, contents)
    if submission is None:
        raise UsageError(say("{path}: no known form is recognised in this workbook", path=path))
    return submission, data


@cli.command()
@click.argument("source", metavar="TEMPLATE|WORKBOOK")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def describe(source: str, form: str) -> None:
    """List every field of a form: name, cell, kind, type, label, whether it must be filled."""
    from xlsform.form.check import load_checked
    from xlsform.form.layout import lay_out
    from xlsform.form.template import bundled
    from xlsform.workbook.data import describe as fields_of

    if source in bundled() or Path(source).suffix.lower() == ".json":
        layout = lay_out(load_checked(source))
    else:
        layout = _submission(Path(source))[0].layout
    fields = fields_of(layout)
    if form == "json":
        click.echo(as_json(fields), nl=False)
        return
    for each in fields:
        mark = "*" if each["required"] else " "
        click.echo(f"{mark} {each['name']:<32} {each['cell']:<12} {each['kind']:<9} {each['type']:<7} {each['label']}")


@cli.command()
@click.argument("workbook", type=FILE)
@click.argument("data", type=FILE)
@click.option("-o", "--output", type=FILE, required=True, help="The filled workbook.")
def fill(workbook: Path, data: Path, output: Path) -> None:
    """Put data into the input cells of an issued workbook; formulas, locks and validations stay."""
    from xlsform.files.atomic import write_whole
    from xlsform.workbook.data import fill as put
    from xlsform.workbook.data import read_data

    submission, original = _submission(workbook)
    write_whole(output, put(submission, original, read_data(data), str(data)))


@cli.command()
@click.argument("workbook", type=FILE)
@click.option("-o", "--output", type=FILE, help="Write to this file instead of stdout.")
def extract(workbook: Path, output: Path | None) -> None:
    """Print the data of a filled workbook as JSON."""
    from xlsform.workbook.data import extract as data_of

    write_out(as_json(data_of(_submission(workbook)[0])), output)
