"""The command that prints the manual of the rules."""

from __future__ import annotations

import click

from xlsform.cli.console import language


@click.command()
@click.argument("code", required=False)
@click.option("--format", "form", type=click.Choice(["text", "markdown", "json"]), default="text", show_default=True)
def rules(code: str | None, form: str) -> None:
    """Print the manual page of every rule, or of one."""
    from xlsform.rules.manual import pages

    click.echo(pages(code, form, language()), nl=False)
