"""The shared strings of a workbook that came back."""

from __future__ import annotations

from itertools import islice

from xlsform.messages import say
from xlsform.reading.fast_xml import parted, shared_texts_of_text, sound
from xlsform.reading.limits import Limits, UnreadableError
from xlsform.reading.parts import bounded, parse
from xlsform.spreadsheet.cell_text import shown_text, unescape


def read_strings(content: bytes, part: str, limits: Limits) -> list[str]:
    """Return the shared strings in their order.

    Raises:
        UnreadableError: they are damaged, or too many.
    """
    content = bounded(content, part, limits)
    texts = _texts_of_text(content, part, limits)
    if texts is None:
        root = parse(content, part, limits)
        prefix = root.tag.removesuffix("sst")
        texts = [shown_text(item, prefix) for item in islice(root, limits.strings + 1)]
    if len(texts) > limits.strings:
        raise UnreadableError("oversized", say("more than {strings} texts", strings=f"{limits.strings:,}"))
    return [unescape(text)[: limits.text_length] for text in texts]


def _texts_of_text(content: bytes, part: str, limits: Limits) -> list[str] | None:
    split = parted(content, b"<sst ", b"</sst>")
    if split is None:
        return None
    root = parse(split.left, part, limits)
    return shared_texts_of_text(split.text) if not len(root) and sound(split.left) else None
