"""Files that old mail programs write into the text of a mail (uuencode)."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

_BEGIN = re.compile(rb"^begin [0-7]{3,4} +([^\r\n]{1,1000}?)[ \t]*\r?\n(?=[!-`])", re.M)


def files(text: bytes) -> Iterator[tuple[bytes, int]]:
    """Yield the name of each file in a text, and where its lines begin."""
    for found in _BEGIN.finditer(text):
        yield found[1], found.end()


def decoded_lines(text: bytes, start: int) -> bytes:
    """Return the file whose lines begin there; of one that was cut off as much as there is."""
    pieces: list[bytes] = []
    while start < len(text):
        stop = text.find(b"\n", start)
        stop = len(text) if stop < 0 else stop
        line = text[start:stop].rstrip(b"\r")
        # A line tells by its first character how many bytes it holds; a back quote or a blank tells the end.
        if not line or not 0x21 <= line[0] < 0x60:
            break
        try:
            # Three bytes are four characters. Some programs write more than that, a checksum for example.
            pieces.append(binascii.a2b_uu(line[: 1 + (line[0] - 30) // 3 * 4]))
        except binascii.Error:
            break
        start = stop + 1
    return b"".join(pieces)
