"""Mailboxes: many mails in one file (mbox), or one in each file of a folder (Maildir).

``mailbox`` of the standard library begins a new mail at every line that begins with "From ".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import IO

from xlsform.findings import say
from xlsform.inbox.contents import RefusedError
from xlsform.reading import Limits

# ``From zs@x.cn Mon Jan  4 10:00:00 2021``; Thunderbird writes ``From - …``.
_SEPARATOR = re.compile(rb"From \S.*\d{1,2}:\d\d")
_HEADER = re.compile(rb"[!-9;-~]+[ \t]*:|>From ")
#: A longer line is read in pieces.
_LINE = 1_000_000


def is_maildir(names: Iterable[str]) -> bool:
    """Whether a folder that holds folders of these names is a Maildir."""
    return {"cur", "new", "tmp"} <= set(names)


def is_mbox(head: bytes) -> bool:
    """Whether a file that begins so is a mailbox."""
    first, _, rest = head.partition(b"\n")
    return bool(_SEPARATOR.match(first) and _HEADER.match(rest))


def messages(file: IO[bytes], limits: Limits) -> Iterator[bytes | RefusedError]:
    """Yield each mail of a mailbox, one at a time; one that is too large to be opened as what is to be said of it.

    Raises:
        RefusedError: there is no mail in it.
    """
    none = True
    for start, end in _spans(file):
        none = False
        if end - start > limits.part_size:
            most, size = f"{limits.part_size:,}", f"{end - start:,}"
            yield RefusedError("oversized", say("{size} bytes; at most {most} are read", size=size, most=most))
        else:
            file.seek(start)
            yield file.read(end - start)
    if none:
        empty = file.seek(0, 2) == 0
        raise RefusedError(
            "empty" if empty else "damaged",
            say("the mailbox holds no mail") if empty else say("this is not a mailbox: no mail begins in it"),
        )


def _spans(file: IO[bytes]) -> Iterator[tuple[int, int]]:
    """Yield where each mail begins and ends. Lines of a text that begin with "From " do not part it."""
    start: int | None = None
    separator: int | None = None
    position, after_blank = 0, True
    file.seek(0)
    while line := file.readline(_LINE):
        if separator is not None and _HEADER.match(line):
            if start is not None:
                yield start, separator
                file.seek(position + len(line))
            start = position
        separator = position if after_blank and _SEPARATOR.match(line) else None
        after_blank = line in (b"\n", b"\r\n")
        position += len(line)
    if start is not None:
        yield start, position
