"""How commands speak: in the language asked for, on stdout, on stderr, or into a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pathlib import Path

    from xlsform.messages import Message

HELP = {"help_option_names": ["-h", "--help"]}


def asked(name: str) -> Any:
    """Return a global option: ``lang``, ``quiet`` or ``verbose``."""
    return click.get_current_context().find_root().obj[name]


def language() -> str:
    """Return the language of messages: as chosen, else by the locale."""
    from xlsform.messages import default_language

    return str(asked("lang") or default_language())


def tell(message: Message) -> None:
    """Say something on stderr, in one line whatever it quotes: cells and paths may hold line breaks."""
    from xlsform.messages import render
    from xlsform.reports.sanitize import harmless

    click.echo(harmless(" ".join(render(message, language()).splitlines())), err=True)


def remark(message: Message) -> None:
    """Say something that is no error, unless asked to be quiet."""
    if not asked("quiet"):
        tell(message)


def detail(message: Message) -> None:
    """Say what is being done, where asked to."""
    if asked("verbose"):
        tell(message)


def remark_written(path: Path) -> None:
    """Say that a file or a folder was written."""
    from xlsform.messages import say

    remark(say("written: {path}", path=path))


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
