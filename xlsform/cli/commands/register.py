"""The commands on registers: examine one, and copy it."""

from __future__ import annotations

from pathlib import Path

import click

from xlsform.cli.console import HELP, as_json, language, remark_written
from xlsform.cli.options import REGISTER_FILE, Writes


@click.group(context_settings=HELP)
def register() -> None:
    """Registers: what was issued and what came back."""


@register.command("check")
@click.argument("path", type=REGISTER_FILE, metavar="REGISTER")
@click.option("--format", "output_format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def register_check(path: Path, output_format: str) -> None:
    """Say whether a register is sound, and if not, what is damaged and what can still be read.

    Exit code 0: sound; 1: damaged; 2: no register.
    """
    from xlsform.messages import render
    from xlsform.register.examine import as_data, examine, told
    from xlsform.reports.sanitize import harmless

    found = examine(path)
    if output_format == "json":
        click.echo(as_json(as_data(path, found)), nl=False)
    else:
        for line in told(path, found):
            click.echo(harmless(render(line, language())))
    click.get_current_context().exit(0 if found.sound else 1)


@register.command("backup")
@click.argument("path", type=REGISTER_FILE, metavar="REGISTER")
@click.option("-o", "--output", type=Writes(), required=True, help="The copy.")
@click.option("--replace", is_flag=True, help="Replace an earlier copy that is there.")
def register_backup(path: Path, output: Path, replace: bool) -> None:
    """Copy a register, also while others use it. The copy is whole and sound, or there is none."""
    from xlsform.register.backup import back_up

    back_up(path, output, replace=replace)
    remark_written(output)
