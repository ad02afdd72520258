"""Copy a register while others use it."""

from __future__ import annotations

import os
from pathlib import Path

from xlsform.errors import UsageError
from xlsform.messages import say
from xlsform.register.copies import copy_database
from xlsform.register.refusals import FAILURES, is_full, is_register, refusal, require_register
from xlsform.register.store import PATIENCE


def back_up(path: Path, copy: Path, *, replace: bool = False) -> None:
    """Copy a register into a file, which appears only when it is whole and sound.

    Args:
        path: the register.
        copy: where to.
        replace: whether an earlier copy that is there may be replaced.

    Raises:
        UsageError: there is no register, it is damaged, or something is in the copy's place.
    """
    require_register(path)
    if os.path.lexists(copy):
        if not replace:
            raise UsageError(
                say("{path}: there is a file already; name another, or replace it with --replace", path=copy)
            )
        if not copy.is_file() or not is_register(copy):
            raise UsageError(say("{path}: this is no copy of a register, and is not replaced", path=copy))
    try:
        copy_database(path, copy, PATIENCE)
    except FAILURES as error:
        if is_full(error):
            # Nothing is written to the register itself.
            full = say("{path}: cannot be written ({reason})", path=copy, reason=say("No space left on device"))
            raise UsageError(full) from None
        raise refusal(error, path) from None
