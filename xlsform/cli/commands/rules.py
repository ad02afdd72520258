"""The command that prints the manual of the rules."""

from __future__ import annotations

import click

from xlsform.cli.console import language
from xlsform.cli.options import TEMPLATE


@click.command()
@click.argument("code", required=False)
@click.option("--template", type=TEMPLATE, help="With the own checks of this form (id or template file).")
@click.option(
    "--format", "output_format", type=click.Choice(["text", "markdown", "json"]), default="text", show_default=True
)
def rules(code: str | None, template: str | None, output_format: str) -> None:
    """Print the manual page of every rule, or of one."""
    from xlsform.rules.manual import pages
    from xlsform.rules.own_checks import known_checks

    click.echo(pages(code, output_format, language(), known_checks(template)), nl=False)
