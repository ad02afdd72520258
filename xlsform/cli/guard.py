"""Before a command begins: no output is one of its inputs, or takes the place of a file that it does not write.

Parameters say by their type (`Reads` and `Writes` in `xlsform.cli.options`) what a command reads and writes. Every
command is guarded as it is loaded, so that none can forget it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xlsform.cli.options import Reads, Writes

if TYPE_CHECKING:
    from xlsform.files.inputs import Inputs


def guard(command: click.Command) -> None:
    """Have a command, or all commands of a group, look at inputs and outputs before anything is read or written."""
    if isinstance(command, click.Group):
        for each in command.commands.values():
            guard(each)
    callback = command.callback
    if callback is None:
        return

    @wraps(callback)
    def guarded(*arguments: Any, **values: Any) -> Any:
        with _guarded(click.get_current_context()):
            return callback(*arguments, **values)

    command.callback = guarded


@contextmanager
def _guarded(context: click.Context) -> Iterator[None]:
    outputs = list(_outputs(context))
    if not outputs:
        yield
        return
    from xlsform.files.inputs import reading

    with reading(_inputs(context)):
        for writes, path in outputs:
            _require_place(writes, path)
        _require_apart([path for _, path in outputs])
        yield


def _outputs(context: click.Context) -> Iterator[tuple[Writes, Path]]:
    for each in context.command.params:
        if isinstance(each.type, Writes):
            path = each.type.place(context.params.get(each.name or ""))
            if path is not None:
                yield each.type, path


def _inputs(context: click.Context) -> Inputs:
    from xlsform.files.inputs import Inputs

    inputs = Inputs()
    for each in context.command.params:
        if isinstance(each.type, Reads):
            value = context.params.get(each.name or "")
            for given in value if isinstance(value, tuple) else (value,):
                if given is not None:
                    each.type.add(inputs, given)
    return inputs


def _require_place(writes: Writes, path: Path) -> None:
    from xlsform.files.inputs import require_free
    from xlsform.files.replacing import require_replaceable, require_writable

    require_free(path)
    if writes.example:
        require_free(path / writes.example, named=path)
    if writes.folder is not None:
        require_writable(path, folder=writes.folder)
    if writes.replaceable is not None:
        require_replaceable(path, writes.replaceable())


def _require_apart(paths: list[Path]) -> None:
    """Make sure that no two outputs are one file, and none is a file that another one needs as a folder."""
    from xlsform.errors import UsageError
    from xlsform.files.inputs import Inputs
    from xlsform.messages import say

    for number, path in enumerate(paths):
        before = Inputs()
        before.add_file(path)
        for other in paths[number + 1 :]:
            if before.refusal(other) is not None:
                raise UsageError(say("{path}: two outputs would go there; give one of them another name", path=other))
