"""The command that writes the bureau's 汇总表."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from xlsform.cli.console import remark_written
from xlsform.cli.options import RETURNS, Report, Writes, reports
from xlsform.cli.reviews import Review, limits_in, review_options, verdicts_of, write_report

if TYPE_CHECKING:
    from xlsform.inbox import Url


@click.command()
@click.argument("paths", nargs=-1, type=RETURNS)
@review_options()
@click.option("-o", "--output", type=Writes(reports), required=True, help="The workbook to write.")
def summarize(paths: tuple[Path | Url, ...], review: Review, output: Path) -> None:
    """Write the bureau's 汇总表: one row a project, charts, findings, and the source of every figure.

    With --register it also has what came back in earlier runs; PATHS may then be left out.
    """
    from xlsform.verdict.verdict import Options

    if not paths and review.register is None:
        raise click.UsageError("name what came back, or a --register")
    options = Options(template=review.template, limits=limits_in(review.limits))
    with verdicts_of(review.request(paths, options, remembered=True)) as judged:
        write_report(judged, Report("xlsx", output))
    remark_written(output)
