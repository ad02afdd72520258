"""Who is delivering a mail just now, so that no other run delivers it as well."""

from __future__ import annotations

import datetime as dt
import json
import os
import secrets
import socket
import sys

#: Tells this process from an earlier one that had the same number, as programs in containers have again and again.
_OWN = secrets.token_hex(8)

#: No delivery takes as long: a claim that is older is of a process that ended, on whichever computer, or that hangs.
_LONGEST = dt.timedelta(minutes=30)


def own_claim() -> str:
    """Return the claim of this process: its computer, its number there, what is its own, and the time."""
    return json.dumps([socket.gethostname(), os.getpid(), _OWN, dt.datetime.now(dt.UTC).isoformat()])


def is_alive(claim: str, now: dt.datetime) -> bool:
    """Whether the process that made a claim may still be delivering.

    Where that cannot be known, as of another computer's process, it may until half an hour has passed. In doubt a mail
    is called uncertain, never sent twice.
    """
    try:
        host, process, own, since = json.loads(claim)
        made = dt.datetime.fromisoformat(since)
        if not made - _LONGEST < now < made + _LONGEST:
            return False
        if host != socket.gethostname():
            return True
        return bool(own == _OWN) if process == os.getpid() else _runs(process)
    # Blank, or written by a program that we do not know.
    except (ValueError, TypeError):
        return False


def _runs(process: int) -> bool:
    # On Windows this function would end the process instead of asking for it.
    if sys.platform == "win32":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
