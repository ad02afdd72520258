"""What the office has on its projects, read from the files that a reviewer names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from xlsform.form.definition import Form
from xlsform.messages import Message, say
from xlsform.projects import PackedByCode, Project, read_accounts, read_projects
from xlsform.register import Issued, Register
from xlsform.submission.office_records import LatestIssue
from xlsform.verdict.verdict import Options

#: Codes that are named where a list and a register differ.
_NAMED = 5
#: Projects that the register is asked for at a time: SQLite takes no more than 999 values in a question.
_GROUP = 500


def with_records(
    options: Options,
    form: Form | None,
    listed: Path | None,
    accounts: Path | None,
    register: Register | None,
    tell: Callable[[Message], None] = lambda _: None,
) -> Options:
    """Return options with approved projects, final accounts and the register's keys, as far as they are given.

    Args:
        options: what the reviewer asked for.
        form: the form that lists are read for; there has to be one if a list is named.
        listed: the project list; without it the register tells what was approved.
        accounts: the final accounts.
        register: the register.
        tell: told once if the list and the register differ in what was approved.

    Raises:
        UsageError: a file cannot be read.
        DataError: something is wrong with a list; with every problem.
    """
    if register is not None:
        issues = PackedByCode((each.project.code, _latest(each)) for each in register.issued())
        options = replace(options, issues=issues, projects=_Issued(issues), keys=register.keys)
    if form is not None and listed is not None:
        found = read_projects(listed, form)
        found.require_sound()
        issued = ((each, options.issues.get(each.code)) for each in found.projects)
        differing = [each.code for each, issue in issued if issue is not None and not issue.project.agrees_with(each)]
        if differing:
            tell(_of_differing(listed, differing))
        gone = _withdrawn(register, [each.code for each in found.projects if each.code not in options.issues])
        if gone:
            message = say(
                "{path}: {count} projects are withdrawn in the register and still in the list ({codes}); returns of "
                "them are compared with the list. Take them out of it, or issue them again",
                path=listed,
                count=len(gone),
                codes=_named(gone),
            )
            tell(message)
        projects = PackedByCode((project.code, project) for project in found.projects)
        options = replace(options, projects=projects, listed=True)
    if form is not None and accounts is not None:
        options = replace(options, accounts=read_accounts(accounts, form))
    return options


def _latest(issued: Issued) -> LatestIssue:
    return LatestIssue(issued.project, issued.year, issued.identity.digest if issued.identity else "")


class _Issued(Mapping[str, Project]):
    """The projects of what was issued."""

    def __init__(self, issues: Mapping[str, LatestIssue]) -> None:
        self._issues = issues

    def __getitem__(self, code: str) -> Project:
        return self._issues[code].project

    def __contains__(self, code: object) -> bool:
        return code in self._issues

    def __iter__(self) -> Iterator[str]:
        return iter(self._issues)

    def __len__(self) -> int:
        return len(self._issues)


def _withdrawn(register: Register | None, codes: list[str]) -> list[str]:
    """Return those of some projects that were issued once and withdrawn since."""
    if register is None:
        return []
    groups = (codes[start : start + _GROUP] for start in range(0, len(codes), _GROUP))
    return [code for group in groups for code, issued in register.latest(group).items() if issued.withdrawn]


def _named(codes: list[str]) -> list[str | Message]:
    more = len(codes) - _NAMED
    return [*codes[:_NAMED], *([say("{count} more", count=more)] if more > 0 else [])]


def _of_differing(listed: Path, codes: list[str]) -> Message:
    return say(
        "{path}: for {count} projects the list differs from what was issued last ({codes}); a return that equals what "
        "was issued passes, all others are compared with the list. Issue them anew if the list is right",
        path=listed,
        count=len(codes),
        codes=_named(codes),
    )
