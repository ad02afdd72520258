"""What the office has on its projects, read from the files that a reviewer names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from xlsform.form.definition import Form
from xlsform.projects import ApprovedProjects, read_accounts, read_projects
from xlsform.register import Register
from xlsform.verdict.verdict import Options


def with_records(
    options: Options, form: Form | None, listed: Path | None, accounts: Path | None, register: Register | None
) -> Options:
    """Return options with approved projects, final accounts and the register's key, as far as they are given.

    Args:
        options: what the reviewer asked for.
        form: the form that lists are read for; there has to be one if a list is named.
        listed: the project list; without it the register tells what was approved.
        accounts: the final accounts.
        register: the register.

    Raises:
        UsageError: a file cannot be read.
        DataError: something is wrong with a list; with every problem.
    """
    if form is not None and listed is not None:
        found = read_projects(listed, form)
        found.require_sound()
        options = replace(options, projects=ApprovedProjects(found.projects))
    elif register is not None:
        options = replace(options, projects=ApprovedProjects(each.project for each in register.issued()))
    if form is not None and accounts is not None:
        options = replace(options, accounts=read_accounts(accounts, form))
    return replace(options, key=register.key) if register is not None else options
