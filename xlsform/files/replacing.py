"""What stands at the place of an output already: replaced where it is of the kind that is written there, else kept.

There is no option that forces it. Whoever wants a file gone moves or deletes it, and then does so knowingly; a flag
would soon stand in every script, and be no protection any more.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from xlsform.errors import UsageError, system_words
from xlsform.files.inputs import require_free
from xlsform.messages import Message, say

_TOLD = 10
"""Files that are told to be in the way."""


class Replaceable(NamedTuple):
    """The files that an output may take the place of."""

    kind: Message
    """What they are, for whoever is told that another file is not one of them."""
    is_one: Callable[[Path], bool]
    """Whether a file is one of them; never raises an exception, whatever the file holds."""


def require_places(paths: Iterable[Path], replaceable: Replaceable) -> None:
    """Make sure, before the first of them is written, that each may be; tell of all other files in the way.

    Raises:
        UsageError: one is read by the same command, or other files or a folder are in the way.
    """
    refused: list[Message] = []
    for path in paths:
        require_free(path)
        require_writable(path, folder=False)
        try:
            require_replaceable(path, replaceable)
        except UsageError as error:
            refused += error.messages
    if refused:
        more = len(refused) - _TOLD
        raise UsageError(*refused[:_TOLD], *([say("and {count} more like these", count=more)] if more > 0 else []))


def require_replaceable(path: Path, replaceable: Replaceable) -> None:
    """Make sure that a file which stands there may be replaced. An empty one may be, as ``mktemp`` makes it.

    Raises:
        UsageError: it may not.
    """
    try:
        status = path.stat()
    except (OSError, ValueError):
        return
    if stat.S_ISREG(status.st_mode) and status.st_size and not replaceable.is_one(path):
        raise UsageError(
            say(
                "{path}: another file stands here, and is not replaced: only {kind} would be; give the output another "
                "name, or move that file away",
                path=path,
                kind=replaceable.kind,
            )
        )


def require_writable(path: Path, *, folder: bool) -> None:
    """Make sure that a file, or files in a folder, can be written there, as far as that shows without writing.

    Raises:
        UsageError: it cannot; as `xlsform.files.atomic.write_whole` says it.
    """
    code = _obstacle(path, folder=folder)
    if code:
        reason = system_words(OSError(code, os.strerror(code)))
        raise UsageError(say("{path}: cannot be written ({reason})", path=path, reason=reason))


def _obstacle(path: Path, *, folder: bool) -> int:
    """Return the number of the error that writing there would end in, 0 where none shows."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return _missing(path.parent)
    except OSError as error:
        return error.errno or 0
    if not stat.S_ISDIR(mode):
        return errno.ENOTDIR if folder else 0
    if not folder:
        return errno.EISDIR
    return 0 if os.access(path, os.W_OK | os.X_OK) else errno.EACCES


def _missing(above: Path) -> int:
    """Return the same for what does not exist yet, and would be made in or below this folder."""
    for each in (above, *above.parents):
        if each.is_dir():
            return 0 if os.access(each, os.W_OK | os.X_OK) else errno.EACCES
        if os.path.lexists(each) and not each.is_symlink():
            return errno.ENOTDIR
    return 0
