"""What every command shares: the group, its global options, and how it speaks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeVar

import click

from xlsform import __version__

if TYPE_CHECKING:
    from pathlib import Path

    from xlsform.messages import Message

Item = TypeVar("Item")

#: Items up to which nothing is shown: they are done before anybody has read it.
_FEW = 20

HELP = {"help_option_names": ["-h", "--help"]}

#: Exit code after Ctrl-C, as shells have it: 128 and the signal's number.
_INTERRUPTED = 130

GLOBAL_FLAGS = ("-q", "--quiet", "-v", "--verbose")


class _Group(click.Group):
    """A group whose commands end in one clear line, never in a traceback; they are loaded when the first is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        _load_commands()
        return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        _load_commands()
        return super().get_command(ctx, cmd_name)

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
        except KeyboardInterrupt:
            from xlsform.messages import say

            tell(
                say(
                    "interrupted; nothing half-written is left behind. Run the same command again; with --register, "
                    "what was judged is not judged again"
                )
            )
            ctx.exit(_INTERRUPTED)
        except BrokenPipeError:
            # Whoever read the output has seen enough.
            sys.stderr.close()
            ctx.exit(0)


def _load_commands() -> None:
    # Each puts itself into the group.
    from xlsform.cli import bureau, office, rounds  # noqa: F401


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
    from xlsform.reports.sanitize import harmless

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
    from xlsform.files.atomic import write_whole

    if output is None:
        click.echo(text, nl=False)
    else:
        write_whole(output, text.encode())


def as_json(value: Any) -> str:
    """Return a value as JSON for people to read."""
    import json

    from xlsform.reports.sanitize import harmless_json

    return harmless_json(json.dumps(value, ensure_ascii=False, indent=1)) + "\n"


@contextmanager
def destination(output: Path | None) -> Iterator[Any]:
    """Give a function that writes text to a file, which appears when whole, or to stdout."""
    if output is None:
        yield lambda piece: click.echo(piece, nl=False)
        return
    from xlsform.files.atomic import open_whole

    with open_whole(output) as file:
        yield lambda piece: file.write(piece.encode("utf-8", "replace"))


def progress(
    items: Iterable[Item], total: int | Callable[[], int | None], doing: Message | None = None
) -> Generator[Item, None, None]:
    """Show on a terminal how far a batch has got, with files a second and the time left.

    Args:
        items: what is counted.
        total: how many there will be; a function that may take its time, and is asked on a terminal alone.
        doing: what is being done with them.
    """
    if not sys.stderr.isatty() or click.get_current_context().find_root().obj["quiet"]:
        yield from items
        return
    # Only one can be shown at a time, and getting the first item may be the end of another.
    iterator = iter(items)
    counted = chain(list(islice(iterator, 1)), iterator)
    expected = total() if callable(total) else total
    if expected is not None and expected < _FEW:
        yield from counted
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from xlsform.messages import render, say

    def pace(speed: float | None) -> str:
        return render(say("{number} a second", number="–" if speed is None else f"{speed:.0f}"), language())

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[pace]}"))
    left = (TextColumn(render(say("time left"), language())), TimeRemainingColumn()) if expected is not None else ()
    with Progress(*columns, *left, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(render(doing, language()) if doing else "", total=expected, pace=pace(None))
        for item in counted:
            yield item
            shown.update(task, advance=1, pace=pace(shown.tasks[0].speed))
