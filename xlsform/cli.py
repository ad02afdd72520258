"""The command line: thin, and importing what a command needs only when it runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from xlsform import __version__

if TYPE_CHECKING:
    from xlsform.verdicts import Verdict
    from xlsform.findings import Message
    from xlsform.form import Form
    from xlsform.projects import Project
    from xlsform.waivers import Waiver

Item = TypeVar("Item")

_HELP = {"help_option_names": ["-h", "--help"]}
_FILE = click.Path(path_type=Path)


_GLOBAL_FLAGS = ("-q", "--quiet", "-v", "--verbose")


class _Group(click.Group):
    """A group whose commands end in one clear line, never in a traceback."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the global options from wherever they were typed: before the command or behind it."""
        end = args.index("--") if "--" in args else len(args)
        moved, rest = [], []
        words = iter(args[:end])
        for word in words:
            if word == "--lang":
                moved += [word, *[value for value in [next(words, None)] if value is not None]]
            elif word.startswith("--lang=") or word in _GLOBAL_FLAGS:
                moved.append(word)
            else:
                rest.append(word)
        return super().parse_args(ctx, [*moved, *rest, *args[end:]])

    def invoke(self, ctx: click.Context) -> Any:
        from xlsform.errors import XlsformError

        try:
            return super().invoke(ctx)
        except XlsformError as error:
            for message in error.messages:
                _tell(message)
            ctx.exit(error.exit_code)
        except BrokenPipeError:
            # Whoever read the output has seen enough.
            sys.stderr.close()
            ctx.exit(0)


@click.group(cls=_Group, context_settings=_HELP)
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.option("--lang", type=click.Choice(["zh", "en"]), help="Language of messages; by the locale if not given.")
@click.option("-q", "--quiet", is_flag=True, help="Nothing on stderr but errors.")
@click.option("-v", "--verbose", is_flag=True, help="Say on stderr what is being done.")
@click.pass_context
def cli(ctx: click.Context, lang: str | None, quiet: bool, verbose: bool) -> None:
    """Locked workbooks for the 项目支出绩效自评表, and a validator for those that come back."""
    ctx.obj = {"lang": lang, "quiet": quiet, "verbose": verbose}


def main() -> None:
    """Run the command line; output is UTF-8 wherever it goes."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    cli(prog_name="xlsform")


def _language() -> str:
    from xlsform.messages import default_language

    chosen = click.get_current_context().find_root().obj["lang"]
    return str(chosen or default_language())


def _tell(message: Message) -> None:
    from xlsform.messages import render

    click.echo(render(message, _language()), err=True)


def _remark(message: Message) -> None:
    """Say something that is no error, unless asked to be quiet."""
    if not click.get_current_context().find_root().obj["quiet"]:
        _tell(message)


def _detail(message: Message) -> None:
    """Say what is being done, where asked to."""
    if click.get_current_context().find_root().obj["verbose"]:
        _tell(message)


def _print(text: str, output: Path | None) -> None:
    from xlsform.outputs import write_whole

    if output is None:
        click.echo(text, nl=False)
    else:
        write_whole(output, text.encode())


def _json(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


# --- templates


@cli.group(invoke_without_command=True, context_settings=_HELP)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def templates(ctx: click.Context, form: str) -> None:
    """List the official forms, show one, or check a template file."""
    if ctx.invoked_subcommand is not None:
        return
    from xlsform.form import bundled, load

    language = _language()
    forms = [load(name) for name in bundled()]
    if form == "json":
        lines = [{"id": each.id, "edition": each.edition, "name": dict(each.name), "source": each.source} for each in forms]
        click.echo(_json(lines), nl=False)
        return
    for each in forms:
        click.echo(f"{each.id:<14} {each.edition:<8} {each.name[language]}")


@templates.command("show")
@click.argument("template")
@click.option("-o", "--output", type=_FILE, help="Write to this file instead of stdout.")
def templates_show(template: str, output: Path | None) -> None:
    """Print a template as JSON, what it builds on merged in."""
    from xlsform.form import find, read

    _print(_json({key: value for key, value in read(find(template)).items() if key != "extends"}), output)


@templates.command("check")
@click.argument("files", nargs=-1, required=True)
@click.pass_context
def templates_check(ctx: click.Context, files: tuple[str, ...]) -> None:
    """Say everything that is wrong with template files."""
    from xlsform.errors import TemplateError
    from xlsform.findings import say
    from xlsform.form import find, read
    from xlsform.template_check import problems

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
            _remark(say("{path}: sound", path=path))
    ctx.exit(2 if faulty else 0)


# --- generate


@cli.command()
@click.argument("template")
@click.option("--projects", type=_FILE, help="Project list (.xlsx, .csv, .json): one prefilled workbook for each project.")
@click.option("--year", type=click.IntRange(1990, 2100), help="Year of the form, printed and locked; else the filler types it.")
@click.option("--rows", type=click.IntRange(1, 200), help="Rows in each level-2 block; three if not given.")
@click.option("--spare", type=click.IntRange(0, 50), default=0, help="With --projects: rows beyond a project's indicators.")
@click.option("--keep-going", is_flag=True, help="With --projects: leave out what is wrong in the list, issue the rest.")
@click.option("--password-file", type=_FILE, help="File whose first line is the password of the locks; else XLSFORM_PASSWORD.")
@click.option("-o", "--output", type=_FILE, help="Workbook to write, or folder to write into.")
def generate(
    template: str,
    projects: Path | None,
    year: int | None,
    rows: int | None,
    spare: int,
    keep_going: bool,
    password_file: Path | None,
    output: Path | None,
) -> None:
    """Write the locked workbook of an official form, or one for each project of a list."""
    from xlsform.findings import say
    from xlsform.issuing import issue, issue_project
    from xlsform.layout import lay_out
    from xlsform.outputs import write_whole
    from xlsform.stamp import lock_for
    from xlsform.template_check import load_checked

    form = load_checked(template)
    layout = lay_out(form, rows)
    lock = lock_for(_password(password_file))
    if projects is not None:
        _generate_projects(
            form,
            projects,
            output or Path(),
            keep_going,
            lambda project: issue_project(form, project, lock, year=year, rows=rows, spare=spare),
        )
        return
    name = f"{form.id}{f'-{year}' if year else ''}.xlsx"
    path = Path(name) if output is None else output / name if output.suffix.lower() != ".xlsx" else output
    write_whole(path, issue(layout, lock, year=year))
    _remark(say("written: {path}", path=path))


def _generate_projects(form: Form, source: Path, folder: Path, keep_going: bool, make: Callable[[Project], bytes]) -> None:
    """Write a workbook for each project, one folder a unit; none at all while the list has a problem."""
    from xlsform.errors import DataError, UsageError
    from xlsform.findings import say
    from xlsform.outputs import write_whole
    from xlsform.projects import places, read_projects

    listed = read_projects(source, form)
    if listed.problems and not keep_going:
        raise DataError(str(source), [problem.line for problem in listed.problems])
    for problem in listed.problems:
        _tell(problem.line)
    if not listed.projects and not listed.problems:
        raise UsageError(say("{path}: the list has no projects", path=source))
    paths = places(listed.projects)
    for project in _progress(listed.projects, len(listed.projects)):
        write_whole(folder / paths[project.code], make(project))
    _remark(say("written: {count} workbooks in {folder}", count=len(listed.projects), folder=folder))
    if listed.problems:
        click.get_current_context().exit(2)


def _password(file: Path | None) -> str:
    """Return the password from the file, the environment or a prompt; else a random one that nobody knows."""
    import os
    import secrets

    from xlsform.errors import UsageError, reading_failed
    from xlsform.findings import say

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

        text = render(say("Password for the locks (blank: a random one that nobody knows)"), _language())
        typed = click.prompt(text, default="", hide_input=True, show_default=False, err=True)
        if typed:
            return str(typed)
    _remark(say("locked with a random password that is not kept; set XLSFORM_PASSWORD to be able to unlock"))
    return secrets.token_urlsafe(24)


@cli.group(context_settings=_HELP)
def projects() -> None:
    """Project lists: what is to be issued, and to whom."""


@projects.command("template")
@click.argument("template", default="mof-2020")
@click.option("-o", "--output", type=_FILE, default=Path("项目清单.xlsx"), show_default=True)
def projects_template(template: str, output: Path) -> None:
    """Write an empty project list with headings, validations and an example row."""
    from xlsform.findings import say
    from xlsform.outputs import write_whole
    from xlsform.projects import write_list_template
    from xlsform.template_check import load_checked

    write_whole(output, write_list_template(load_checked(template)))
    _remark(say("written: {path}", path=output))


# --- describe, fill, extract


def _submission(path: Path) -> tuple[Any, bytes]:
    """Return an issued or filled workbook and its bytes."""
    from xlsform.errors import UsageError, reading_failed
    from xlsform.findings import say
    from xlsform.reading import read_bytes
    from xlsform.reading.contents import Unreadable
    from xlsform.recognition import recognise

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
    from xlsform.data import describe as fields_of
    from xlsform.form import bundled
    from xlsform.layout import lay_out
    from xlsform.template_check import load_checked

    if source in bundled() or Path(source).suffix.lower() == ".json":
        layout = lay_out(load_checked(source))
    else:
        layout = _submission(Path(source))[0].layout
    fields = fields_of(layout)
    if form == "json":
        click.echo(_json(fields), nl=False)
        return
    for each in fields:
        mark = "*" if each["required"] else " "
        click.echo(f"{mark} {each['name']:<32} {each['cell']:<12} {each['kind']:<9} {each['type']:<7} {each['label']}")


@cli.command()
@click.argument("workbook", type=_FILE)
@click.argument("data", type=_FILE)
@click.option("-o", "--output", type=_FILE, required=True, help="The filled workbook.")
def fill(workbook: Path, data: Path, output: Path) -> None:
    """Put data into the input cells of an issued workbook; formulas, locks and validations stay."""
    from xlsform.data import fill as put
    from xlsform.data import read_data
    from xlsform.outputs import write_whole

    submission, original = _submission(workbook)
    write_whole(output, put(submission, original, read_data(data), str(data)))


@cli.command()
@click.argument("workbook", type=_FILE)
@click.option("-o", "--output", type=_FILE, help="Write to this file instead of stdout.")
def extract(workbook: Path, output: Path | None) -> None:
    """Print the data of a filled workbook as JSON."""
    from xlsform.data import extract as data_of

    _print(_json(data_of(_submission(workbook)[0])), output)


# --- validate


@cli.command()
@click.argument("paths", nargs=-1, required=True, type=_FILE)
@click.option("--format", "form", type=click.Choice(["text", "json", "jsonl", "csv"]), default="text", show_default=True)
@click.option("-o", "--output", type=_FILE, help="Write the report to this file instead of stdout.")
@click.option("--annotate", type=_FILE, metavar="DIR", help="Write a marked copy of each faulty workbook into this folder.")
@click.option("--template", help="Take every workbook for this form (id or template file).")
@click.option("--select", multiple=True, metavar="CODES", help="Only these codes or prefixes (M, S10, P101), comma-separated.")
@click.option("--ignore", multiple=True, metavar="CODES", help="Not these.")
@click.option("--waive", type=_FILE, help="Findings that are excused (JSON or CSV: code, project, reason, until): told as notes.")
@click.option("--fail-on", type=click.Choice(["error", "warning", "never"]), default="error", show_default=True)
@click.option("--jobs", type=click.IntRange(1, 256), help="Processes; as many as there are cores if not given.")
@click.pass_context
def validate(
    ctx: click.Context,
    paths: tuple[Path, ...],
    form: str,
    output: Path | None,
    annotate: Path | None,
    template: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    waive: Path | None,
    fail_on: str,
    jobs: int | None,
) -> None:
    """Read filled workbooks back (files, or folders searched deep) and say what is wrong with each."""
    import os

    from xlsform.verdicts import Options, find
    from xlsform.verdicts import validate as run
    from xlsform.reports import renderer

    waivers = _waivers(waive) if waive is not None else ()
    options = Options(template=template, select=_codes(select), ignore=_codes(ignore), waivers=waivers)
    if template is not None:
        from xlsform.template_check import load_checked

        load_checked(template)
    files = find(paths)
    worst = _Worst(fail_on)
    verdicts = worst.watch(_progress(run(files, options, jobs or os.cpu_count() or 1), len(files)))
    if annotate is not None:
        verdicts = _annotated(verdicts, annotate, paths)
    pieces = renderer(form)(verdicts, _language())
    with _destination(output) as write:
        for piece in pieces:
            write(piece)
    ctx.exit(1 if worst.reached else 0)


def _waivers(path: Path) -> tuple[Waiver, ...]:
    """Return the waivers of a file that hold today; say which have expired."""
    import datetime as dt

    from xlsform.findings import say
    from xlsform.waivers import read_waivers

    found = read_waivers(path, dt.date.today())
    if found.expired:
        listed = [say("{code} {project} ({until})", code=each.code, project=each.project, until=each.until) for each in found.expired]
        _tell(say("{path}: these waivers have expired and are not applied: {waivers}", path=path, waivers=listed))
    return found.current


class _Worst:
    """Whether a batch holds what it was asked to fail on."""

    def __init__(self, fail_on: str) -> None:
        self.fail_on = fail_on
        self.reached = False

    def watch(self, verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
        from xlsform.findings import say

        ranks = {"error": 0, "warning": 1, "never": -1}
        for verdict in verdicts:
            _detail(say("{path}: {count} findings", path=verdict.path, count=len(verdict.findings)))
            worst = min((each.severity.rank for each in verdict.findings), default=99)
            unreadable = verdict.status == "unreadable" and self.fail_on != "never"
            self.reached |= unreadable or worst <= ranks[self.fail_on]
            yield verdict


def _codes(given: tuple[str, ...]) -> tuple[str, ...]:
    """Return the codes of an option, each known or the beginning of a known one."""
    from xlsform.errors import UsageError
    from xlsform.findings import say
    from xlsform.rules import catalogue

    codes = tuple(code.strip().upper() for part in given for code in part.split(",") if code.strip())
    for code in codes:
        if not any(known.startswith(code) for known in catalogue()):
            families = sorted({known[0] for known in catalogue()})
            raise UsageError(say("no rule has the code {code}; families are {families}", code=code, families=families))
    return codes


@contextmanager
def _destination(output: Path | None) -> Iterator[Any]:
    if output is None:
        yield lambda piece: click.echo(piece, nl=False)
        return
    from xlsform.outputs import open_whole

    with open_whole(output) as file:
        yield lambda piece: file.write(piece.encode("utf-8", "replace"))


def _progress(verdicts: Iterable[Item], total: int) -> Iterator[Item]:
    """Show how far a batch has got, on a terminal and where it takes long enough to be asked for."""
    if total < 50 or not sys.stderr.isatty() or click.get_current_context().find_root().obj["quiet"]:
        yield from verdicts
        return
    with click.progressbar(verdicts, length=total, file=sys.stderr, show_pos=True) as bar:
        yield from bar


def _annotated(verdicts: Iterable[Verdict], folder: Path, roots: tuple[Path, ...]) -> Iterator[Verdict]:
    from xlsform.findings import say
    from xlsform.send_back import marked_copy

    for verdict in verdicts:
        if verdict.findings and verdict.status != "passed":
            copy = marked_copy(verdict, folder, roots, _language())
            if copy is None:
                _remark(say("{path}: cannot be marked; only the report names what is wrong", path=verdict.path))
        yield verdict


# --- rules


@cli.command()
@click.argument("code", required=False)
@click.option("--format", "form", type=click.Choice(["text", "markdown", "json"]), default="text", show_default=True)
def rules(code: str | None, form: str) -> None:
    """Print the manual page of every rule, or of one."""
    from xlsform.manual import pages

    click.echo(pages(code, form, _language()), nl=False)


# --- demo


@cli.command()
@click.argument("folder", type=_FILE, default=Path("xlsform-demo"))
def demo(folder: Path) -> None:
    """Issue, fill and validate a few workbooks in a folder, and say where to look."""
    from xlsform.demo import run
    from xlsform.messages import render

    language = _language()
    for message in run(folder, language):
        click.echo(render(message, language))
