"""What the options of all commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

if TYPE_CHECKING:
    from xlsform.inbox import Url

Command = Callable[..., Any]

FILE = click.Path(path_type=Path)


def place(text: str) -> Path | Url:
    """Take a file or a folder, or the URL of one, from the command line."""
    if "://" in text:
        from xlsform.inbox import Url, is_url

        if is_url(text):
            return Url(text)
    return Path(text)


def sharing(*options: Any) -> Callable[[Command], Command]:
    """Return a decorator that puts several options on a command, in their order."""

    def decorate(function: Command) -> Command:
        decorated: Any = function
        for option in reversed(options):
            decorated = option(decorated)
        return cast(Command, decorated)

    return decorate
