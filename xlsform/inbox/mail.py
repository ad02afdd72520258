"""A mail: its headers, and the attachments in it.

Parts are told apart in the bytes of the mail, in time that grows with its size alone; the standard library's parser
needs 3 to 39 seconds, by its policy, for a megabyte of tiny parts, and builds an object for each.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from functools import partial

from xlsform.inbox.encodings import unbase64
from xlsform.inbox.headers import Header, content_type, file_name, parameters, parsed
from xlsform.inbox.incoming import Piece, RefusedError, too_large
from xlsform.inbox.names import steps
from xlsform.messages import say
from xlsform.reading import Limits

#: Bytes of the headers of a mail or a part.
_HEADER = 262_144
#: Multiparts within multiparts.
_LEVELS = 20

_SIGNATURES = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"})

_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
# A mail saved with the envelope line of a mailbox, a byte order mark, or blank lines before it.
_BEFORE = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:From [^\n]*\n)?")
_LOOKS = re.compile(rb"^(?:mime-version|received|message-id|date|subject|to):", re.I | re.M)
_FROM = re.compile(rb"^(?:from|return-path|sender):", re.I | re.M)


def is_mail(head: bytes) -> bool:
    """Whether a file that begins so is a mail."""
    block = _BLANK_LINE.split(head[_end_of(head) :], maxsplit=1)[0]
    return bool(_LOOKS.search(block) and _FROM.search(block))


def _end_of(head: bytes) -> int:
    found = _BEFORE.match(head)
    return found.end() if found else 0


class IncomingMail:
    """A mail in memory."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        """Read its headers.

        Raises:
            RefusedError: it has none, or they are larger than any mail's.
        """
        if not data.strip():
            raise RefusedError("empty", say("the mail has no content"))
        self._data = data
        self._limits = limits
        self._parts = 0
        self.whole = True
        """Whether every multipart met so far had its end."""
        self.header, self._body = self._headed(_end_of(data[:10_000]), len(data))
        if not self.header.keys() & {"from", "sender", "subject", "date", "mime-version", "content-type", "received"}:
            raise RefusedError("damaged", say("this is not a mail: it has no headers"))

    def pieces(self) -> Iterator[Piece]:
        """Yield the attachments in their order, and whatever else is not the text of the mail.

        Raises:
            RefusedError: more parts, or parts nested deeper, than any mail has.
        """
        for header, start, end in self._leaves(self.header, self._body, len(self._data), 0):
            kind = content_type(header)
            path = steps(file_name(header))
            if path or not kind.startswith(("text/", "multipart/")):
                coding = header.get("content-transfer-encoding", "").strip().lower()
                load = partial(self._content, start, end, coding)
                head = self._decoded(start, min(end, start + 400), coding)[:8]
                shown = kind.startswith("image/") and "content-id" in header
                yield Piece(path[-1:] or (f"part {self._parts}",), head, load, kind, shown or kind in _SIGNATURES)

    def _headed(self, start: int, end: int) -> tuple[Header, int]:
        """Return the headers that stand there, and where what they belong to begins."""
        # From the line end before: a part may begin with the blank line.
        found = _BLANK_LINE.search(self._data, max(start - 1, 0), min(end, start + _HEADER))
        if found is None and end - start > _HEADER:
            raise RefusedError(
                "oversized", say("the headers of the mail are larger than {most} bytes", most=f"{_HEADER:,}")
            )
        stop, body = (found.start(), found.end()) if found else (end, end)
        return parsed(self._data[start : max(stop, start)]), body

    def _leaves(self, header: Header, start: int, end: int, level: int) -> Iterator[tuple[Header, int, int]]:
        self._parts += 1
        if self._parts > self._limits.members:
            raise RefusedError(
                "oversized", say("the mail has more than {most} parts", most=f"{self._limits.members:,}")
            )
        boundary = parameters(header.get("content-type", "")).get("boundary", "").rstrip()
        kind = content_type(header)
        if not kind.startswith("multipart/") or not boundary:
            yield header, start, end
            return
        if level >= _LEVELS:
            raise RefusedError("oversized", say("the mail has parts within parts, more than {most} deep", most=_LEVELS))
        for first, last in self._split(start, end, boundary):
            inner, body = self._headed(first, last)
            # A mail that could not be delivered comes back with what was sent out in it: that is no return.
            if kind != "multipart/report" or not content_type(inner).startswith("message/"):
                yield from self._leaves(inner, body, last, level + 1)

    def _split(self, start: int, end: int, boundary: str) -> Iterator[tuple[int, int]]:
        name = re.escape(boundary.encode("utf-8", "replace"))
        delimiter = re.compile(rb"\n--" + name + rb"(--)?[ \t]*\r?(?=\n|\Z)")
        first: int | None = None
        for found in delimiter.finditer(self._data, max(start - 1, 0), end):
            if first is not None:
                # The line end before a boundary belongs to the boundary.
                yield first, max(first, found.start() - self._data.startswith(b"\r", found.start() - 1))
            first = min(found.end() + 1, end)
            if found[1]:
                return
        self.whole = False
        if first is not None:
            yield first, end

    def _content(self, start: int, end: int, coding: str, most: int) -> bytes:
        content = self._decoded(start, end, coding)
        if len(content) > most:
            raise too_large(len(content), most)
        return content

    def _decoded(self, start: int, end: int, coding: str) -> bytes:
        body = memoryview(self._data)[start:end]
        if coding == "base64":
            return unbase64(body)
        if coding == "quoted-printable":
            return binascii.a2b_qp(body)
        return bytes(body)
