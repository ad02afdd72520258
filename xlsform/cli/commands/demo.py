"""The command for a newcomer's first minute."""

from __future__ import annotations

from pathlib import Path

import click

from xlsform.cli.console import language
from xlsform.cli.options import Writes


@click.command()
@click.argument("folder", type=Writes(folder=True), default=Path("xlsform-demo"))
def demo(folder: Path) -> None:
    """Issue, fill and validate a few workbooks in a folder, and say where to look."""
    from xlsform.demo.run import run
    from xlsform.messages import render

    for message in run(folder, language()):
        click.echo(render(message, language()))
