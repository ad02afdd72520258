"""What two texts have in common once width, spaces, dashes and look-alike signs no longer count."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

#: Characters that print nothing: joiners, direction marks, variation selectors, the byte order mark.
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0"
)
_DASHES = "‐‑‒–—―⁃−─━﹘﹣－ーｰ˗➖"
_SIGNS = {
    **dict.fromkeys("≧⩾≮", "≥"),
    **dict.fromkeys("≦⩽≯", "≤"),
    **dict.fromkeys("═﹦", "="),
    **dict.fromkeys("〜∼～", "~"),
    **dict.fromkeys("∶：", ":"),
}
_UNIFIED = {**dict.fromkeys(map(ord, _DASHES), "-"), **{ord(sign): plain for sign, plain in _SIGNS.items()}}
_FOLDABLE = re.compile(f"[{_DASHES}{''.join(_SIGNS)}]|[<>]=")
_UNSEEN = re.compile(f"[{_INVISIBLE}]+")
_GAP = re.compile(rf"(?<=[0-9０-９])[\s{_INVISIBLE}]+(?=[0-9０-９])")
_OWN_DIGITS = re.compile("[0-9０-９]+")
#: Unicode's categories of numerals; 三 is a letter to Unicode, and is kept.
_OTHER_NUMERALS = ("Nd", "No", "Nl")
_ENDING = "。.;；,，、!！"

#: The longest text that is looked at as a figure; what is longer is a sentence.
LONGEST_FIGURE = 60
#: The same with the spaces around and within it.
_LONGEST_TYPED = 4 * LONGEST_FIGURE
#: Longer texts are narratives: they repeat only while one form is judged, and would push all else out of the cache.
_LONGEST_KEPT = 120

_NO_REASONS = """
0 - / 无 没有 暂无 不适用 空 n/a N/A NA 同上 同前 正常 无偏差 没有偏差 不存在偏差 无差异 无原因 无改进 无措施 无说明
完成 已完成 全部完成 已全部完成 按时完成 达成 已达成 已达标
"""
#: What a reason, normalized, may say without giving one. docs/domain.md#points-of-an-indicator has the
#: commonest; the others are their like.
EMPTY_WORDS = frozenset(_NO_REASONS.split())


def normalize_text(text: str) -> str:
    """Return a text as it is compared: labels and words are equal when they are equal normalized.

    Width and compatibility forms (NFKC), all white space and line breaks, characters that print nothing, kinds of dash,
    and look-alikes of ≥ ≤ = ~ : no longer tell two texts apart. Case does.
    """
    return _normalize_cached(text) if len(text) <= _LONGEST_KEPT else _normalize_narrative(text)


def _normalize(text: str) -> str:
    if text.isascii():
        joined = "".join(text.split())
        return joined.replace(">=", "≥").replace("<=", "≤") if "=" in joined else joined
    # Where a pass takes something out, two characters may come together that only then are one: repeated until nothing
    # changes.
    while (normalized := _normalized_once(text)) != text:
        text = normalized
    return text


_normalize_cached = lru_cache(maxsize=512)(_normalize)
_normalize_narrative = lru_cache(maxsize=16)(_normalize)


def _normalized_once(text: str) -> str:
    text = _UNSEEN.sub("", "".join(text.split()))
    if not unicodedata.is_normalized("NFKC", text):
        text = unicodedata.normalize("NFKC", text)
    if _FOLDABLE.search(text):
        text = text.translate(_UNIFIED).replace(">=", "≥").replace("<=", "≤")
    return text


def figure_text(text: str) -> str:
    """Return a text normalized for reading a figure out of it, so that this never makes up a figure.

    A space between two digits becomes ``_`` (``4 5`` is not 45). A text with ``①``, ``½``, ``5²`` or digits of other
    scripts comes back empty, since they would become 1, 1/2 and 52; so does one longer than a figure can be.
    """
    if len(text) > _LONGEST_TYPED:
        return ""
    text = text if text.isascii() else text.replace("m²", "m2").replace("m³", "m3")
    normalized = normalize_text(_GAP.sub(_gap, text))
    return normalized if len(normalized) <= LONGEST_FIGURE and not _has_other_numerals(text) else ""


def _has_other_numerals(text: str) -> bool:
    others = "" if text.isascii() else _OWN_DIGITS.sub("", text)
    return any(char.isnumeric() and unicodedata.category(char) in _OTHER_NUMERALS for char in others)


def _gap(match: re.Match[str]) -> str:
    return "_" if any(char.isspace() for char in match[0]) else ""


def without_ending(text: str) -> str:
    """Return a normalized text without the punctuation at its end."""
    return text.rstrip(_ENDING)


def is_blank_mark(text: str) -> bool:
    """Whether a text is a mark for "not applicable": dashes or slashes alone (``—`` ``-`` ``/`` ``－`` ``––``).

    A lone 一 counts too: forms have it where a dash was meant (Yinchuan 2021). Blank text is no mark, and 无 is a word.
    """
    normalized = normalize_text(text)
    return bool(normalized) and (not normalized.strip("-/\\") or normalized == "一")


def says_nothing(text: str) -> bool:
    """Whether a reason gives none: blank, a blank mark, or one of `EMPTY_WORDS`, whatever punctuation follows."""
    normalized = without_ending(normalize_text(text))
    return not normalized or normalized in EMPTY_WORDS or is_blank_mark(normalized)
