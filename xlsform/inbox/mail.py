"""A mail: its headers, and the attachments in it.

Parts are told apart in the bytes of the mail, in time that grows with its size alone; the standard library's parser
needs 3 to 39 seconds, by its policy, for a megabyte of tiny parts, and builds an object for each.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from functools import partial

from xlsform.inbox.encodings import decoded, unencoded
from xlsform.inbox.headers import Header, content_type, file_name, parameters, parsed
from xlsform.inbox.incoming import Piece, RefusedError, too_large
from xlsform.inbox.names import steps
from xlsform.inbox.uuencode import decoded_lines, files
from xlsform.messages import say
from xlsform.reading import Limits
from xlsform.reading.file_type import OLE2
from xlsform.spreadsheet.zip_format import MEMBER

#: Bytes of the headers of a mail or a part.
_HEADER = 262_144
#: Multiparts within multiparts.
_LEVELS = 20

_SIGNATURES = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"})

_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
# A mail saved with the envelope line of a mailbox, a byte order mark, or blank lines before it.
_BEFORE = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:From [^\n]*\n)?")
_LOOKS = re.compile(rb"^(?:mime-version|received|message-id|date|subject|to):", re.I | re.M)
_LONE_RETURN = re.compile(rb"\r(?!\n)")
#: A line that parts a multipart, told by the header of a part after it.
_PART = re.compile(rb"\n--([^\s][^\r\n]{0,200})\r?\n(?=content-[a-z-]{1,40}[ \t]*:)", re.I)
#: Bytes in which it shows how a mail was written.
_LEAD = 2_000
#: Texts of a mail, and bytes of each, that are looked at for links.
_TEXTS, _TEXT = 10, 200_000
_FROM = re.compile(rb"^(?:from|return-path|sender):", re.I | re.M)


def is_mail(head: bytes) -> bool:
    """Whether a file that begins so is a mail."""
    head = with_line_feeds(head)
    block = _BLANK_LINE.split(head[_end_of(head) :], maxsplit=1)[0]
    return bool(_LOOKS.search(block) and _FROM.search(block))


def _end_of(head: bytes) -> int:
    found = _BEFORE.match(head)
    return found.end() if found else 0


class IncomingMail:
    """A mail in memory."""

    def __init__(self, data: bytes, limits: Limits, check: Callable[[], None] = lambda: None) -> None:
        """Read its headers.

        Args:
            data: the mail.
            limits: how many parts it may have.
            check: asked before each part whether there is time for it.

        Raises:
            RefusedError: it has none, or they are larger than any mail's.
        """
        if not data.strip():
            raise RefusedError("empty", say("the mail has no content"))
        self._data = data = with_line_feeds(data)
        self._limits = limits
        self._check = check
        self._parts = 0
        self._texts: list[tuple[Header, int, int]] = []
        self.whole = True
        """Whether every multipart met so far had its end."""
        self.broken = False
        """Whether a multipart was met whose parts cannot be told apart."""
        self.header, self._body = self._headed(_end_of(data[:10_000]), len(data))
        if not self.header.keys() & {"from", "sender", "subject", "date", "mime-version", "content-type", "received"}:
            raise RefusedError("damaged", say("this is not a mail: it has no headers"))

    def pieces(self, *, mails: bool = True) -> Iterator[Piece]:
        """Yield the attachments in their order, and whatever else is not the text of the mail.

        Args:
            mails: whether those attached count. One that could not be delivered comes back with what was sent out.

        Raises:
            RefusedError: more parts, or parts nested deeper, than any mail has.
        """
        for header, start, end in self._leaves(self.header, self._body, len(self._data), 0):
            kind = content_type(header)
            path = steps(file_name(header))
            coding = header.get("content-transfer-encoding", "")
            head = unencoded(memoryview(self._data)[start : min(end, start + 400)], coding)[:8]
            # Some gateways call everything a text.
            if path or not kind.startswith(("text/", "multipart")) or head.startswith((MEMBER, OLE2)):
                if not mails and kind.startswith("message/"):
                    continue
                load = partial(self._content, start, end, coding)
                shown = kind.startswith("image/") and "content-id" in header
                yield Piece(path[-1:] or (f"part {self._parts}",), head, load, kind, shown or kind in _SIGNATURES)
            else:
                self._texts.append((header, start, end))
                yield from self._uuencoded(start, end, coding)

    def texts(self) -> str:
        """Return the beginning of each text met so far, plain or HTML."""
        found = []
        for header, start, end in self._texts[:_TEXTS]:
            body = memoryview(self._data)[start : min(end, start + _TEXT)]
            charset = parameters(header.get("content-type", "")).get("charset", "")
            found.append(decoded(unencoded(body, header.get("content-transfer-encoding", "")), charset))
        return "\n".join(found)

    def _uuencoded(self, start: int, end: int, coding: str) -> Iterator[Piece]:
        """Yield the files that are written into a text."""
        text = unencoded(memoryview(self._data)[start:end], coding)
        for name, first in files(text):
            self._count_part()
            path = steps(decoded(name))[-1:] or (f"part {self._parts}",)
            yield Piece(path, decoded_lines(text[: first + 200], first)[:8], partial(self._of_lines, text, first))

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

    def _count_part(self) -> None:
        self._check()
        self._parts += 1
        if self._parts > self._limits.members:
            raise RefusedError(
                "oversized", say("the mail has more than {most} parts", most=f"{self._limits.members:,}")
            )

    def _leaves(self, header: Header, start: int, end: int, level: int) -> Iterator[tuple[Header, int, int]]:
        self._count_part()
        boundary = self._boundary(header, start, end)
        if boundary is None:
            yield header, start, end
            return
        if level >= _LEVELS:
            raise RefusedError("oversized", say("the mail has parts within parts, more than {most} deep", most=_LEVELS))
        report = content_type(header) == "multipart/report"
        for first, last in self._split(start, end, boundary):
            inner, body = self._headed(first, last)
            # A mail that could not be delivered comes back with what was sent out in it: that is no return.
            if not report or not content_type(inner).startswith("message/"):
                yield from self._leaves(inner, body, last, level + 1)

    def _boundary(self, header: Header, start: int, end: int) -> bytes | None:
        """Return what parts a multipart, None of what is none.

        Where the boundary was not declared, or another one than stands there, it is the line that comes before the
        headers of a part.
        """
        multipart = content_type(header).startswith("multipart")
        if multipart:
            declared = parameters(header.get("content-type", "")).get("boundary", "").rstrip()
            boundary = declared.encode("utf-8", "replace")
            if boundary and _delimiter(boundary).search(self._data, max(start - 1, 0), end):
                return boundary
        elif "content-type" in header:
            return None
        # A mail whose header was lost on its way: the first part follows right away, or it is only quoted.
        found = _PART.search(self._data, max(start - 1, 0), end if multipart else min(end, start + _LEAD))
        if found is not None:
            return found[1].rstrip()
        self.broken |= multipart
        return None

    def _split(self, start: int, end: int, boundary: bytes) -> Iterator[tuple[int, int]]:
        first: int | None = None
        ended = False
        for found in _delimiter(boundary).finditer(self._data, max(start - 1, 0), end):
            if first is not None:
                # The line end before a boundary belongs to the boundary.
                yield first, max(first, found.start() - self._data.startswith(b"\r", found.start() - 1))
            # Parts behind the end: one inside was given the same boundary, and that was its end.
            ended = bool(found[1])
            first = None if ended else min(found.end() + 1, end)
        if not ended:
            self.whole = False
            if first is not None:
                yield first, end

    def _content(self, start: int, end: int, coding: str, most: int) -> bytes:
        return _within(unencoded(memoryview(self._data)[start:end], coding), most)

    @staticmethod
    def _of_lines(text: bytes, start: int, most: int) -> bytes:
        return _within(decoded_lines(text, start), most)


def with_line_feeds(data: bytes) -> bytes:
    """Return a mail whose lines end as in others: some programs write a carriage return alone, or two, or UTF-16."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        data = data.decode("utf-16", "replace").encode()
    begins = data[:_LEAD]
    if b"\r\r\n" in begins:
        return data.replace(b"\r\r\n", b"\r\n")
    if b"\r" in begins.partition(b"\n")[0].rstrip(b"\r"):
        return _LONE_RETURN.sub(b"\n", data)
    return data


def _delimiter(boundary: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"\n--" + re.escape(boundary) + rb"(--)?[ \t]*\r?(?=\n|\Z)")


def _within(content: bytes, most: int) -> bytes:
    if len(content) > most:
        raise too_large(len(content), most)
    return content
