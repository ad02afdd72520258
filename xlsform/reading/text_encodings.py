"""The encodings in which people save text files: UTF-8, UTF-16 where a mark says so, and that of Chinese programs."""

from __future__ import annotations

import codecs


def encodings(data: bytes) -> tuple[str, ...]:
    """Return the encodings that a text may be in, the likeliest first."""
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return ("utf-16",) if wide else ("utf-8-sig", "gb18030")


def decoded_text(data: bytes) -> str | None:
    """Return the text that a file holds, without a mark in front; None where it is no text in any of the encodings."""
    for encoding in encodings(data):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    return None
