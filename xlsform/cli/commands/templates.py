"""The commands that list, show and check templates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from xlsform.cli.console import HELP, as_json, language, remark, write_out
from xlsform.cli.options import TEMPLATE, output_option

if TYPE_CHECKING:
    from xlsform.files.replacing import Replaceable


def _unchanged() -> Replaceable:
    from xlsform.files.replacing import Replaceable
    from xlsform.form.template import is_bundled_content
    from xlsform.messages import say

    return Replaceable(say("an official template as it is shown, unchanged"), is_bundled_content)


@click.group(invoke_without_command=True, context_settings=HELP)
@click.option("--format", "output_format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def templates(ctx: click.Context, output_format: str) -> None:
    """List the official forms, show one, or check a template file."""
    if ctx.invoked_subcommand is not None:
        return
    from xlsform.form.template import bundled, load

    forms = [load(name) for name in bundled()]
    if output_format == "json":
        lines = [
            {"id": each.id, "edition": each.edition, "name": dict(each.name), "source": each.source} for each in forms
        ]
        click.echo(as_json(lines), nl=False)
        return
    for each in forms:
        click.echo(f"{each.id:<14} {each.edition:<8} {each.name[language()]}")


@templates.command("show")
@click.argument("template", type=TEMPLATE)
@output_option(_unchanged)
def templates_show(template: str, output: Path | None) -> None:
    """Print a template as JSON, what it builds on merged in."""
    from xlsform.form.template import find, read

    write_out(as_json({key: value for key, value in read(find(template)).items() if key != "extends"}), output)


@templates.command("check")
@click.argument("files", nargs=-1, required=True, type=TEMPLATE)
@click.option("--format", "output_format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def templates_check(ctx: click.Context, files: tuple[str, ...], output_format: str) -> None:
    """Say everything that is wrong with template files, and which rules their forms can be judged by."""
    from xlsform.form.template import find
    from xlsform.messages import say
    from xlsform.rules.template_report import report

    reports = [report(find(name)) for name in files]
    if output_format == "json":
        contents = [each.as_json(language()) for each in reports]
        click.echo(as_json(contents[0] if len(contents) == 1 else contents), nl=False)
    for each in reports if output_format == "text" else ():
        for line in each.lines(language()):
            click.echo(line)
        if each.sound:
            remark(say("{path}: sound", path=each.path))
    ctx.exit(0 if all(each.sound for each in reports) else 2)
