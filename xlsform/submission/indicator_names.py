"""Names of indicators as they are compared: however they are numbered and spaced."""

from __future__ import annotations

from xlsform.patterns import LazyPattern
from xlsform.quantities import normalize_text

#: ``指标1：``, ``指标2`` or ``1、`` before a name, folded.
_NUMBERED = LazyPattern(r"指标[0-9]*[:、.]|指标[0-9]+|[0-9]+[:、.](?![0-9])")
_REMARK = LazyPattern(r"\([^()]*\)\Z")


def plain_name(text: str) -> str:
    """Return an indicator's name folded, without 指标1： before it and a remark in brackets behind it."""
    return _REMARK.sub("", full_name(text))


def full_name(text: str) -> str:
    """Return the same with the remark."""
    name = normalize_text(text)
    numbered = _NUMBERED.match(name)
    return name[numbered.end() :] if numbered else name
