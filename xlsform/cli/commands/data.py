"""The commands for those who work with the data of a form: describe its fields, put data in, take them out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from xlsform.cli.console import as_json, write_out
from xlsform.cli.options import FILE, TEMPLATE, Writes, output_option

if TYPE_CHECKING:
    from xlsform.files.replacing import Replaceable


def _filled() -> Replaceable:
    from xlsform.files.replacing import Replaceable
    from xlsform.messages import say
    from xlsform.workbook.replaceable import is_filled

    workbook = click.get_current_context().params["workbook"]
    kind = say("this workbook filled in before, which nobody has saved since")
    return Replaceable(kind, lambda path: is_filled(path, workbook))


def _extracted() -> Replaceable:
    from xlsform.files.replacing import Replaceable
    from xlsform.messages import say
    from xlsform.workbook.replaceable import is_extracted

    return Replaceable(say("data that were taken out of a workbook before"), is_extracted)


@click.command()
@click.argument("source", type=TEMPLATE, metavar="TEMPLATE|WORKBOOK")
@click.option("--format", "output_format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def describe(source: str, output_format: str) -> None:
    """List every field of a form: name, cell, kind, type, label, whether it must be filled."""
    from xlsform.form.check import load_checked
    from xlsform.form.layout import lay_out
    from xlsform.form.template import bundled
    from xlsform.submission.from_file import open_submission
    from xlsform.workbook.data_schema import describe as fields_of

    if source in bundled() or Path(source).suffix.lower() == ".json":
        layout = lay_out(load_checked(source))
    else:
        layout = open_submission(Path(source))[0].layout
    fields = fields_of(layout)
    if output_format == "json":
        click.echo(as_json(fields), nl=False)
        return
    for each in fields:
        mark = "*" if each["required"] else " "
        click.echo(f"{mark} {each['name']:<32} {each['cell']:<12} {each['kind']:<9} {each['type']:<7} {each['label']}")


@click.command()
@click.argument("workbook", type=FILE)
@click.argument("data", type=FILE)
@click.option("-o", "--output", type=Writes(_filled), required=True, help="The filled workbook.")
def fill(workbook: Path, data: Path, output: Path) -> None:
    """Put data into the input cells of an issued workbook; formulas, locks and validations stay."""
    from xlsform.files.atomic import write_whole
    from xlsform.submission.from_file import open_submission
    from xlsform.workbook.data import fill as put
    from xlsform.workbook.data import read_data

    submission, original = open_submission(workbook)
    write_whole(output, put(submission, original, read_data(data), str(data)))


@click.command()
@click.argument("workbook", type=FILE)
@output_option(_extracted)
def extract(workbook: Path, output: Path | None) -> None:
    """Print the data of a filled workbook as JSON."""
    from xlsform.submission.extract import extract as data_of
    from xlsform.submission.from_file import open_submission

    write_out(as_json(data_of(open_submission(workbook)[0])), output)
