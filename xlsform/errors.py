"""Mistakes of the people who run xlsform, as against those of filers."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from xlsform.messages import Message, say


class XlsformError(Exception):
    """Something that the person running xlsform can fix; its message says what and how."""

    exit_code: ClassVar[int] = 2

    def __init__(self, *messages: Message) -> None:
        self.messages = messages
        super().__init__("\n".join(map(str, messages)))


class UsageError(XlsformError):
    """An option, a path or a name that cannot be used."""


class NothingFoundError(XlsformError):
    """No workbook matched the paths given."""

    exit_code = 3


class TemplateError(XlsformError):
    """A template that cannot be used, with every problem found in it."""

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        heading = say("{source}: this template cannot be used:", source=source)
        super().__init__(heading, *(say("  {problem}", problem=problem) for problem in problems))


class DataError(XlsformError):
    """Data that have no place in the workbook they are meant for, with every problem found."""

    def __init__(self, source: str, problems: Sequence[Message]) -> None:
        self.problems = tuple(problems)
        heading = say("{source}: these data cannot be used:", source=source)
        super().__init__(heading, *(say("  {problem}", problem=problem) for problem in problems))


#: What systems refuse in daily work; their own words come in English, whatever language is read.
_REFUSED = {
    errno.ENOSPC: say("No space left on device"),
    errno.EDQUOT: say("Disk quota exceeded"),
    errno.EROFS: say("Read-only file system"),
    errno.EACCES: say("Permission denied"),
    errno.EPERM: say("Operation not permitted"),
    errno.EISDIR: say("Is a directory"),
    errno.ENOTDIR: say("Not a directory"),
    errno.ENOENT: say("No such file or directory"),
    errno.ENAMETOOLONG: say("File name too long"),
    errno.EIO: say("Input/output error"),
}


def system_words(error: OSError) -> Message | str:
    """Return why an operating system refused something, in the reader's language where it is a common reason."""
    return _REFUSED.get(error.errno or 0) or error.strerror or str(error)


def reading_failed(path: Path, error: OSError) -> UsageError:
    """Put an operating system's refusal into one clear line."""
    return UsageError(say("{path}: cannot be opened ({reason})", path=path, reason=system_words(error)))
