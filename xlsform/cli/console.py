"""What every command shares: the group, its global options, and how it speaks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from xlsform import __version__

if TYPE_CHECKING:
    from xlsform.findings import Message

Item = TypeVar("Item")
Command = Callable[..., Any]

HELP = {"help_option_names": ["-h", "--help"]}
FILE = click.Path(path_type=Path)


GLOBAL_FLAGS = ("-q", "--quiet", "-v", "--verbose")


class _Group(click.Group):
    """A group whose commands end in one clear line, never in a traceback."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the global options from wherever they were typed: before the command or behind it."""
        end = args.index("--") if "--" in args else len(args)
        moved, rest = [], []
        words = iter(args[:end])
        for word in words:
            if word == "--lang":
                moved += [word, *[value for value in [next(words, None)] if value is not None]]
            elif word.startswith("--lang=") or word in GLOBAL_FLAGS:
                moved.append(word)
            else:
                rest.append(word)
        return super().parse_args(ctx, [*moved, *rest, *args[end:]])

    def invoke(self, ctx: click.Context) -> Any:
        from xlsform.errors import XlsformError

        try:
            return super().invoke(ctx)
        except XlsformError as error:
            for message in error.messages:
                tell(message)
            ctx.exit(error.exit_code)
        except BrokenPipeError:
            # Whoever read the output has seen enough.
            sys.stderr.close()
            ctx.exit(0)


@click.group(cls=_Group, context_settings=HELP)
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.option("--lang", type=click.Choice(["zh", "en"]), help="Language of messages; by the locale if not given.")
@click.option("-q", "--quiet", is_flag=True, help="Nothing on stderr but errors.")
@click.option("-v", "--verbose", is_flag=True, help="Say on stderr what is being done.")
@click.pass_context
def cli(ctx: click.Context, lang: str | None, quiet: bool, verbose: bool) -> None:
    """Locked workbooks for the 项目支出绩效自评表, and a validator for those that come back."""
    ctx.obj = {"lang": lang, "quiet": quiet, "verbose": verbose}


def language() -> str:
    """Return the language of messages: as chosen, else by the locale."""
    from xlsform.messages import default_language

    chosen = click.get_current_context().find_root().obj["lang"]
    return str(chosen or default_language())


def tell(message: Message) -> None:
    """Say something on stderr."""
    from xlsform.messages import render
    from xlsform.reports.visible import harmless

    click.echo(harmless(render(message, language())), err=True)


def remark(message: Message) -> None:
    """Say something that is no error, unless asked to be quiet."""
    if not click.get_current_context().find_root().obj["quiet"]:
        tell(message)


def detail(message: Message) -> None:
    """Say what is being done, where asked to."""
    if click.get_current_context().find_root().obj["verbose"]:
        tell(message)


def write_out(text: str, output: Path | None) -> None:
    """Write a text to a file, whole, or to stdout."""
    from xlsform.outputs import write_whole

    if output is None:
        click.echo(text, nl=False)
    else:
        write_whole(output, text.encode())


def as_json(value: Any) -> str:
    """Return a value as JSON for people to read."""
    import json

    from xlsform.reports.visible import harmless_json

    return harmless_json(json.dumps(value, ensure_ascii=False, indent=1)) + "\n"


@contextmanager
def destination(output: Path | None) -> Iterator[Any]:
    """Give a function that writes text to a file, which appears when whole, or to stdout."""
    if output is None:
        yield lambda piece: click.echo(piece, nl=False)
        return
    from xlsform.outputs import open_whole

    with open_whole(output) as file:
        yield lambda piece: file.write(piece.encode("utf-8", "replace"))


def progress(items: Iterable[Item], total: int | None) -> Iterator[Item]:
    """Show on a terminal how far a batch has got, with files a second and the time left."""
    if not sys.stderr.isatty() or click.get_current_context().find_root().obj["quiet"] or (total or 99) < 20:
        yield from items
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[speed]}/s"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("", total=total, speed="–")
        for item in items:
            yield item
            speed = shown.tasks[0].speed
            shown.update(task, advance=1, speed="–" if speed is None else f"{speed:.0f}")


def sharing(*options: Any) -> Callable[[Command], Command]:
    """Return a decorator that puts several options on a command, in their order."""

    def decorate(function: Command) -> Command:
        decorated: Any = function
        for option in reversed(options):
            decorated = option(decorated)
        return cast(Command, decorated)

    return decorate
