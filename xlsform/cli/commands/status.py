"""The command that says how far a round has come."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from xlsform.cli.console import language, write_out
from xlsform.cli.options import DAY, REGISTER, ROUND_YEAR, Report, report


@click.command()
@REGISTER
@click.option("--project", metavar="CODE", help="All that happened to one project; as text or json.")
@click.option("--due", type=DAY, help="The last day for returns, in place of the one recorded.")
@ROUND_YEAR
@report(["text", "json", "csv", "xlsx"])
def status(register: Path, project: str | None, due: datetime | None, year: int | None, report: Report) -> None:
    """Say per unit what was issued, mailed, returned, passed, sent back, and what is outstanding or overdue."""
    if project is not None:
        if due or year or report.format not in ("text", "json"):
            raise click.UsageError("--project goes with --format text or json, and neither with --due nor --year")
        _write_history(register, project, report)
    elif report.format == "xlsx" and report.output is None:
        raise click.UsageError("--format xlsx needs -o FILE.xlsx")
    else:
        _write_status(register, due, year, report)


def _write_history(path: Path, project: str, report: Report) -> None:
    from xlsform.register import Register
    from xlsform.reports.status.history import render_history

    with Register.open(path) as register:
        write_out(render_history(register.history(project), report.format, language()), report.output)


def _write_status(path: Path, due: datetime | None, year: int | None, report: Report) -> None:
    from xlsform.files.atomic import write_whole
    from xlsform.register import Register
    from xlsform.reports.status import rendered

    with Register.open(path) as register:
        content = rendered(register.status(due.date() if due else None, year=year), report.format, language())
    if report.output is None:
        click.echo(content.decode("utf-8"), nl=False)
    else:
        write_whole(report.output, content)
