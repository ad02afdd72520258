"""Text of a return as its reader sees it: on one line, nothing hidden in it, nothing that turns the writing round."""

from __future__ import annotations

from xlsform.patterns import LazyPattern
from xlsform.spreadsheet.text_width import width

_BREAK = LazyPattern("[\t\n\r]+")
#: Controls, lone surrogates, noncharacters, and what has no width: joiners, fillers, marks and overrides of direction.
#: Private use stays, since rare characters of people's names are found there, and so do variants of characters.
_HIDDEN = LazyPattern(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)

#: What moves a cursor, colours a terminal or turns the writing round; line breaks and tabs do not.
_MOVING = LazyPattern("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def harmless(text: str) -> str:
    """Return a text that may be shown on a terminal: what would move it about is replaced."""
    return _MOVING.sub("�", text)


def harmless_json(text: str) -> str:
    """Return JSON that says the same and may be shown on a terminal."""
    return _MOVING.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def visible(text: str, most: int = 2_000) -> str:
    """Return a text that shows all it holds: ``[U+202E]`` where it would be hidden.

    Args:
        text: of a return, or quoting one.
        most: characters beyond which it is cut.
    """
    flat = _BREAK.sub(" ", text[: most + 1])
    shown = _HIDDEN.sub(lambda match: f"[U+{ord(match[0]):04X}]", flat[:most])
    return shown + "…" if len(flat) > most else shown


def cut(label: str, room: float) -> str:
    """Return as much of a label as fits into so many half-width characters."""
    if width(label) <= room:
        return label
    while label and width(label) + 2 > room:
        label = label[:-1]
    return label.rstrip() + "…"
