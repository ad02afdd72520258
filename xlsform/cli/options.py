"""What the options of all commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import click

Command = Callable[..., Any]

FILE = click.Path(path_type=Path)


def sharing(*options: Any) -> Callable[[Command], Command]:
    """Return a decorator that puts several options on a command, in their order."""

    def decorate(function: Command) -> Command:
        decorated: Any = function
        for option in reversed(options):
            decorated = option(decorated)
        return cast(Command, decorated)

    return decorate
