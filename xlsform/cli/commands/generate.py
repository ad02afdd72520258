"""The command that issues workbooks: one of a form, or one for each project of a list."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from xlsform.cli.console import language, remark, remark_written, tell
from xlsform.cli.options import DAY, FILE, LIST, REGISTER_FILE, TEMPLATE, YEAR, Writes, together
from xlsform.cli.progress import progress

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xlsform.form.definition import Form
    from xlsform.projects import Project

_LONGEST_PASSWORD = 100_000
"""Bytes of the file that a password stands in."""
_TOLD = 10
"""Projects that are named in a message."""


class _Size(NamedTuple):
    """What the workbooks look like."""

    year: int | None
    rows: int | None


class _ListOptions(NamedTuple):
    """What goes with a project list."""

    spare: int
    keep_going: bool
    register: Path | None
    due: datetime | None


@click.command()
@click.argument("template", type=TEMPLATE)
@click.option(
    "--projects", type=LIST, help="Project list (.xlsx, .csv, .json): one prefilled workbook for each project."
)
@together(
    "size",
    _Size,
    click.option("--year", type=YEAR, help="Year of the form, printed and locked; else the filler types it."),
    click.option("--rows", type=click.IntRange(1, 200), help="Rows in each level-2 block; three if not given."),
)
@together(
    "listing",
    _ListOptions,
    click.option(
        "--spare", type=click.IntRange(0, 50), default=0, help="With --projects: rows beyond a project's indicators."
    ),
    click.option(
        "--keep-going", is_flag=True, help="With --projects: leave out what is wrong in the list, issue the rest."
    ),
    click.option(
        "--register", type=REGISTER_FILE, help="With --projects: record in this file what was issued, and sign it."
    ),
    click.option("--due", type=DAY, help="With --register: the last day for returns."),
)
@click.option(
    "--password-file", type=FILE, help="File whose first line is the password of the locks; else XLSFORM_PASSWORD."
)
@click.option(
    "-o",
    "--output",
    type=Writes(folder=None, implied=Path()),
    help="Workbook to write, or folder to write into.",
)
def generate(
    template: str,
    projects: Path | None,
    size: _Size,
    listing: _ListOptions,
    password_file: Path | None,
    output: Path | None,
) -> None:
    """Write the locked workbook of an official form, or one for each project of a list."""
    from xlsform.form.check import load_checked

    form = load_checked(template)
    if projects is not None:
        _issue_list(form, projects, size, listing, password_file, output or Path())
    elif listing.register is not None:
        raise click.UsageError("--register goes with --projects")
    else:
        _issue_one(form, size, password_file, output)


def _issue_one(form: Form, size: _Size, password_file: Path | None, output: Path | None) -> None:
    import secrets

    from xlsform.files.atomic import write_whole
    from xlsform.form.layout import lay_out
    from xlsform.workbook.issue import issue
    from xlsform.workbook.locks import lock_for

    layout = lay_out(form, size.rows)
    name = f"{form.id}{f'-{size.year}' if size.year else ''}.xlsx"
    path = Path(name) if output is None else output / name if output.suffix.lower() != ".xlsx" else output
    _require_places([path])
    password = _password(password_file)
    write_whole(path, issue(layout, lock_for(password or secrets.token_urlsafe(24)), year=size.year))
    if password is None:
        _remark_random(kept=False)
    remark_written(path)


def _issue_list(
    form: Form, source: Path, size: _Size, listing: _ListOptions, password_file: Path | None, folder: Path
) -> None:
    """Write a workbook for each project of a list; none at all while the list has a problem, unless asked to go on."""
    from contextlib import nullcontext

    from xlsform.errors import UsageError
    from xlsform.files.replacing import require_writable
    from xlsform.messages import say
    from xlsform.projects import places, read_projects
    from xlsform.register import Register
    from xlsform.register.issuing import Before, Round, before, issue_round

    listed = read_projects(source, form)
    if not listing.keep_going:
        listed.require_sound()
    for problem in listed.problems:
        tell(problem.line)
    if not listed.projects and not listed.problems:
        raise UsageError(say("{path}: the list has no projects", path=source))
    require_writable(folder, folder=True)
    _require_places(folder / place for place in places(listed.projects).values())
    password = _password(password_file)
    about = Round(form, size.year, size.rows, listing.spare, listing.due.date() if listing.due else None)
    with nullcontext() if listing.register is None else Register.open(listing.register, create=True) as register:
        known = before(register) if register else Before()
        left: list[Project] = []
        issued = issue_round(about, listed.projects, folder, password, register, left.append)
        for _ in progress(issued, len(listed.projects), say("written")):
            pass
    if password is None and len(left) < len(listed.projects):
        _remark_random(kept=listing.register is not None)
    if left:
        remark(say("issued before, and left as they are: {count} workbooks", count=len(left)))
    remark(say("written: {count} workbooks in {folder}", count=len(listed.projects) - len(left), folder=folder))
    again = [each.code for each in listed.projects if each.code in known.withdrawn]
    if again:
        tell(say("withdrawn before, and now expected again: {codes}", codes=again))
    unchanged = {each.code for each in left}
    anew = [each.code for each in listed.projects if each.code in known.mailed - unchanged]
    if anew:
        tell(
            say(
                "drafted or mailed before, and now issued anew: {count} workbooks; send the new ones to their units: "
                "{codes}",
                count=len(anew),
                codes=[*anew[:_TOLD], *(["…"] if len(anew) > _TOLD else [])],
            )
        )
    if listed.problems:
        click.get_current_context().exit(2)


def _require_places(paths: Iterable[Path]) -> None:
    """Make sure that no workbook takes the place of one that somebody filled in, or of any other file."""
    from xlsform.files.replacing import Replaceable, require_places
    from xlsform.messages import say

    require_places(paths, Replaceable(say("an issued workbook that nothing was filled in"), _is_blank))


def _is_blank(path: Path) -> bool:
    # Only where a file stands already: it takes all that reads returns, 60 ms of a start.
    from xlsform.workbook.replaceable import is_blank

    return is_blank(path)


def _password(file: Path | None) -> str | None:
    """Return the password from the file, the environment or a prompt; None where it is to be a random one."""
    import os

    from xlsform.messages import say

    if file is not None:
        return _first_line(file)
    given = os.environ.get("XLSFORM_PASSWORD")
    if given:
        return given
    if sys.stdin.isatty() and sys.stderr.isatty():
        from xlsform.messages import render

        text = render(say("Password for the locks (blank: a random one that nobody knows)"), language())
        typed = click.prompt(text, default="", hide_input=True, show_default=False, err=True)
        if typed:
            return str(typed)
    return None


def _remark_random(*, kept: bool) -> None:
    from xlsform.messages import say

    if kept:
        remark(say("locked with a random password, which the register keeps; set XLSFORM_PASSWORD to choose one"))
    else:
        remark(say("locked with a random password that is not kept; set XLSFORM_PASSWORD to be able to unlock"))


def _first_line(file: Path) -> str:
    from xlsform.errors import UsageError
    from xlsform.files.given import content_of
    from xlsform.messages import say

    try:
        lines = content_of(file, _LONGEST_PASSWORD).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise UsageError(say("{path}: not UTF-8 text", path=file)) from None
    if not lines or not lines[0]:
        raise UsageError(say("{path}: its first line is to be the password, but it is blank", path=file))
    return lines[0]
