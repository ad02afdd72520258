"""Options that several commands have, and how options that travel together reach a command as one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import click

if TYPE_CHECKING:
    from xlsform.files.inputs import Inputs
    from xlsform.files.replacing import Replaceable

Command = Callable[..., Any]

DAY = click.DateTime(["%Y-%m-%d"])
YEAR = click.IntRange(1990, 2100)


class Reads(click.Path):
    """A parameter that names what a command reads; no output of the command may be one of these files."""

    def __init__(self, *beside: str) -> None:
        """Take a path.

        Args:
            beside: names of files that are read with it, made of its own (``{name}``, ``{stem}``).
        """
        super().__init__(path_type=Path)
        self._beside = beside

    def add(self, inputs: Inputs, given: Any) -> None:
        """Add what the parameter gave to a command's inputs."""
        inputs.add_file(given)
        for each in self._beside:
            inputs.add_file(given.with_name(each.format(name=given.name, stem=given.stem)))


class ReadsFolder(Reads):
    """A parameter that names a folder with files which are read."""

    def add(self, inputs: Inputs, given: Any) -> None:
        """Add the files that lie in it."""
        if given.is_dir():
            for each in given.iterdir():
                inputs.add_file(each)


class ReadsReturns(Reads):
    """A parameter that names what came back: a file, a folder that is searched deep, or the URL of one."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path, or the URL. What cannot be read is told by the report, not here."""
        if "://" in str(value):
            from xlsform.inbox import Url, is_url

            if is_url(value):
                return Url(value)
        return Path(value)

    def add(self, inputs: Inputs, given: Any) -> None:
        """Add the file or the folder; of URLs, those of files on this computer."""
        path = given if isinstance(given, Path) else _local(given.text)
        if path is None:
            return
        if path.is_dir():
            from xlsform.inbox.kinds import is_candidate

            inputs.add_folder(path, is_candidate)
        else:
            inputs.add_file(path)


def _local(url: str) -> Path | None:
    scheme, _, rest = url.partition("://")
    return Path(rest) if scheme.lower() in ("file", "local") else None


class ReadsTemplate(Reads):
    """A parameter that takes a form: the id of an official one, or the path of a template file."""

    def __init__(self) -> None:
        super().__init__()
        self.name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the id or the path, as it was given."""
        return value

    def add(self, inputs: Inputs, given: Any) -> None:
        """Add the template's file."""
        from xlsform.errors import UsageError
        from xlsform.form.template import find

        try:
            inputs.add_file(find(given))
        except UsageError:
            # The command says so itself, with what there is.
            return


class Writes(click.Path):
    """A parameter that names what a command writes: a file, or a folder with files."""

    def __init__(
        self,
        replaceable: Callable[[], Replaceable] | None = None,
        *,
        folder: bool | None = False,
        example: str = "",
        implied: Path | None = None,
    ) -> None:
        """Take a path.

        Args:
            replaceable: tells which files may be replaced there; None where the command looks at each by itself.
            folder: whether it is a folder; None where that depends on what else is given.
            example: the name of a file that is written into the folder.
            implied: where it is written if nothing is given; None for nowhere.
        """
        super().__init__(readable=False, path_type=Path)
        self.replaceable, self.folder, self.example, self.implied = replaceable, folder, example, implied

    def place(self, given: Any) -> Path | None:
        """Return where is written, None for nowhere."""
        return given if given is not None else self.implied


#: A file that is read.
FILE = Reads()
#: A register, and where SQLite keeps its journal.
REGISTER_FILE = Reads("{name}-journal", "{name}-wal", "{name}-shm")
#: A project list, and where its indicators may lie.
LIST = Reads("{stem}.indicators.csv", "{stem}-指标.csv")
#: Workbooks, mails, archives, and folders of them.
RETURNS = ReadsReturns()
TEMPLATE = ReadsTemplate()

ROUND_YEAR = click.option("--year", type=YEAR, help="Only what was issued for this year.")
REGISTER = click.option(
    "--register", type=REGISTER_FILE, default=Path("register.db"), show_default=True, help="The round's register."
)


def output_option(
    replaceable: Callable[[], Replaceable], about: str = "Write to this file instead of stdout."
) -> Callable[[Command], Command]:
    """Return the option for the file that a command writes in place of stdout."""
    return click.option("-o", "--output", type=Writes(replaceable), help=about)


def reports() -> Replaceable:
    """Return what a report may replace: an earlier report, in whatever format."""
    from xlsform.files.replacing import Replaceable
    from xlsform.messages import say
    from xlsform.reports.recognised import is_report

    return Replaceable(say("an earlier report"), is_report)


def together(name: str, kind: Any, *options: Any) -> Callable[[Command], Command]:
    """Return a decorator that puts options on a command, which takes what they give as one argument.

    Args:
        name: the argument.
        kind: the `NamedTuple` with a field for each option. (A frozen dataclass would take 0.6 ms of each start instead
            of 0.1 ms.)
        options: the options, in the order in which help shows them.
    """

    def decorate(command: Command) -> Command:
        @wraps(command)
        def collected(*arguments: Any, **values: Any) -> Any:
            own = {field: values.pop(field) for field in kind._fields}
            return command(*arguments, **{name: kind(**own)}, **values)

        decorated: Any = collected
        for option in reversed(options):
            decorated = option(decorated)
        return cast(Command, decorated)

    return decorate


class Report(NamedTuple):
    """A report: how it is written, and where to."""

    format: str
    output: Path | None


def report(formats: list[str], about: str = "Write to this file instead of stdout.") -> Callable[[Command], Command]:
    """Return a decorator for a command that reports: its ``report`` is a `Report`.

    Args:
        formats: what it can be written as, what is usual first.
        about: what is said of the option that names the file.
    """
    written_as = click.option("--format", type=click.Choice(formats), default=formats[0], show_default=True)
    return together("report", Report, written_as, output_option(reports, about))
