"""Mailboxes: many mails in one file (mbox).

``mailbox`` of the standard library begins a new mail at every line that begins with "From ".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

from xlsform.inbox.incoming import RefusedError, too_large
from xlsform.inbox.mail import is_mail
from xlsform.messages import say
from xlsform.reading import Limits

# A line ``From zs@x.cn Mon Jan  4 10:00:00 2021``, and a header after it. Thunderbird writes ``From - …``.
_FROM = re.compile(rb"\n(From \S[^\n]{0,300})\n(?=[!-9;-~]{1,100}[ \t]*:|>From )")
_TIME = re.compile(rb"\d:\d\d")
# So exact that it is one even where the mail before has lost its end, and with it the blank line.
_EXACT = re.compile(rb"From \S+ +[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (?:[+-]\d{4} )?\d{4}\s*\Z")
# Some exporters leave the time out: then an address, and a header that every mail has.
_BARE = re.compile(rb"From (?:[^\s@]+@\S+|-|\?\?\?@\?\?\?)\s*\Z")
_OF_MAILS = re.compile(
    rb"(?:received|return-path|delivered-to|message-id|mime-version|date|from|subject|x-[a-z-]{1,40}):", re.I
)
_CHUNK = 250_000
#: More than what has to be seen of two lines to tell a separator.
_CONTEXT = 500
#: Bytes in which it shows whether a mail begins.
_HEAD = 8_192


def is_mbox(head: bytes) -> bool:
    """Whether a file that begins so is a mailbox."""
    found = _FROM.match(b"\n" + head)
    return bool(found and _TIME.search(found[1]))


def messages(file: IO[bytes], limits: Limits) -> Iterator[bytes | RefusedError]:
    """Yield each mail of a mailbox, one at a time; one that is too large to be opened as what is to be said of it.

    Raises:
        RefusedError: there is no mail in it.
    """
    none = True
    size = file.seek(0, 2)
    for start, end in _spans(file):
        if not start and _no_mail(file, end, whole=end == size):
            continue
        none = False
        if end - start > limits.part_size:
            yield too_large(end - start, limits.part_size)
        else:
            file.seek(start)
            yield file.read(end - start)
    if none:
        empty = size == 0
        raise RefusedError(
            "empty" if empty else "damaged",
            say("the mailbox holds no mail") if empty else say("this is not a mailbox: no mail begins in it"),
        )


def _spans(file: IO[bytes]) -> Iterator[tuple[int, int]]:
    """Yield where each mail begins and ends, without the line that parts it from the one before.

    What stands before the first such line comes first: its own may be one that nobody knows.
    """
    start = 0
    for separator, body in _separators(file):
        yield start, separator
        start = body
    yield start, file.seek(0, 2)


def _no_mail(file: IO[bytes], end: int, *, whole: bool) -> bool:
    """Whether what stands before the first line that parts mails is none; in a file without such a line that is all."""
    file.seek(0)
    head = file.read(min(end, _HEAD))
    return not is_mail(head) if whole else not head.strip()


def _separators(file: IO[bytes]) -> Iterator[tuple[int, int]]:
    """Yield where each line stands that begins a mail, and where it ends; the file may be moved in between."""
    # A line end before the file, so that a mail at its very start is found like any other.
    buffer, base, undecided = b"\n", -1, 0
    while True:
        file.seek(base + len(buffer))
        chunk = file.read(_CHUNK)
        buffer += chunk
        decided = max(len(buffer) - _CONTEXT, undecided) if chunk else len(buffer)
        for found in _FROM.finditer(buffer, undecided):
            if found.start() < decided and _parts(buffer, found, base):
                yield base + found.start(1), base + found.end()
        if not chunk:
            return
        cut = max(decided - 2, 0)
        buffer, base, undecided = buffer[cut:], base + cut, decided - cut


def _parts(buffer: bytes, found: re.Match[bytes], base: int) -> bool:
    """Whether a line that begins with "From " is one that parts mails, and not one of a text."""
    before = buffer[max(found.start() - 2, 0) : found.start()]
    after_blank = before.endswith((b"\n", b"\n\r")) or base + found.start() < 0
    if after_blank and _BARE.match(found[1]):
        return bool(_OF_MAILS.match(buffer, found.end()))
    return bool((_TIME if after_blank else _EXACT).search(found[1]))
