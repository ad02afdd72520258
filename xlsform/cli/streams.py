"""Stdout and stderr of the program: UTF-8 wherever they go, and honest when what is written does not arrive.

A reader that has seen enough (``| head``) ends nothing: the command goes on without it, so that its exit code is what
it would have been. A disk that is full ends the command in one line. Whoever cannot be told of it on stderr is not.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import Any, TextIO


def prepare() -> None:
    """Put these in the place of the streams that Python opens."""
    sys.stdout = _prepared(sys.stdout, tells=True)
    sys.stderr = _prepared(sys.stderr, tells=False)


def _prepared(stream: Any, *, tells: bool) -> TextIO:
    raw = getattr(stream, "buffer", None)
    # There may be no stream at all, or one that somebody else has put there.
    if raw is None:
        return stream  # type: ignore[no-any-return]
    outlet = io.BufferedWriter(_Outlet(getattr(raw, "raw", raw), tells=tells))
    return io.TextIOWrapper(outlet, "utf-8", "replace", line_buffering=stream.line_buffering)


class _Outlet(io.RawIOBase):
    """What writes to a stream, until something does not arrive; what comes then is dropped."""

    def __init__(self, raw: Any, *, tells: bool) -> None:
        self._raw, self._tells = raw, tells
        self._lost = False

    @property
    def name(self) -> Any:
        """The stream's own name."""
        return self._raw.name

    def fileno(self) -> int:
        """Return the number of the file that is written to."""
        number: int = self._raw.fileno()
        return number

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return bool(self._raw.isatty())

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, data: Any) -> int | None:
        """Write some bytes and return how many.

        Raises:
            UsageError: they cannot be written, though somebody waits for them.
        """
        if not self._lost:
            try:
                written: int | None = self._raw.write(data)
                return written
            except OSError as error:
                self._lost = True
                if self._tells and not _is_gone(error):
                    raise _told(error) from None
        return len(data)


def _is_gone(error: OSError) -> bool:
    """Whether the reader has gone; Windows has another word for it."""
    return error.errno == errno.EPIPE or (os.name == "nt" and error.errno == errno.EINVAL)


def _told(error: OSError) -> Exception:
    from xlsform.errors import UsageError, system_words
    from xlsform.messages import say

    where = say("standard output")
    return UsageError(say("{path}: cannot be written ({reason})", path=where, reason=system_words(error)))
