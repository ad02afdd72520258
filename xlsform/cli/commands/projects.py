"""The commands on project lists and the projects of a round."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from xlsform.cli.console import HELP, remark, remark_written
from xlsform.cli.options import REGISTER, TEMPLATE, Writes

if TYPE_CHECKING:
    from xlsform.files.replacing import Replaceable


def _unfilled() -> Replaceable:
    from xlsform.files.replacing import Replaceable
    from xlsform.messages import say
    from xlsform.projects.lists.list_template import is_unfilled_list

    return Replaceable(say("a project list that nothing was filled in"), is_unfilled_list)


@click.group(context_settings=HELP)
def projects() -> None:
    """Project lists: what is to be issued, and to whom."""


@projects.command("template")
@click.argument("template", type=TEMPLATE, default="mof-2020")
@click.option("-o", "--output", type=Writes(_unfilled), default=Path("项目清单.xlsx"), show_default=True)
def projects_template(template: str, output: Path) -> None:
    """Write an empty project list with headings, validations and an example row."""
    from xlsform.files.atomic import write_whole
    from xlsform.form.check import load_checked
    from xlsform.projects.lists.list_template import write_list_template

    write_whole(output, write_list_template(load_checked(template)))
    remark_written(output)


@projects.command("withdraw")
@click.argument("codes", nargs=-1, required=True, metavar="CODE…")
@REGISTER
@click.option("--reason", default="", help="Why, as status and history are to tell it.")
def projects_withdraw(codes: tuple[str, ...], register: Path, reason: str) -> None:
    """Withdraw projects that were cancelled: nothing is expected of them any more.

    They are neither outstanding nor mailed. A project that is issued anew is expected again.
    """
    from xlsform.messages import say
    from xlsform.register import Register

    with Register.open(register) as opened:
        opened.withdraw(codes, reason)
    remark(say("withdrawn: {codes}", codes=list(codes)))
