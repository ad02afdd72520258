"""Where the shapes of a chart stand; the templates draw them as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from xlsform.reports.sanitize import cut

#: Width of every chart, in units of its view box.
WIDTH = 480

_ROW = 22
_LABEL = 280
_COLUMNS_TOP, _COLUMNS_HEIGHT = 20, 170
_RING = 70.0
_CHARACTER = 6.2
"""Width of half a CJK character at the size of labels."""


@dataclass(frozen=True, slots=True)
class Item:
    """What one shape stands for."""

    label: str
    count: int
    look: str
    """Class of the style sheet that colours it."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape with its label and its count."""

    label: str
    """Cut to the room that it has."""
    count: int
    look: str
    whole: str
    """The label uncut."""
    x: float = 0
    y: float = 0
    width: float = 0
    height: float = 0
    path: str = ""
    """Of a part of a ring."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart as its template draws it."""

    kind: str
    """``ring``, ``bars`` (lying) or ``columns`` (standing)."""
    title: str
    height: int
    shapes: tuple[Shape, ...]
    total: int


def ring(title: str, items: Sequence[Item]) -> Chart:
    """Return a ring whose parts are in proportion, clockwise from the top, with their labels in a column beside it."""
    total = sum(item.count for item in items)
    shapes, before = [], 0
    for row, item in enumerate(items):
        path = _arc(before / total, (before + item.count) / total) if item.count else ""
        before += item.count
        shapes.append(Shape(item.label, item.count, item.look, item.label, x=220, y=80 + 30 * row, path=path))
    return Chart("ring", title, 200, tuple(shapes), total)


def bars(title: str, items: Sequence[Item]) -> Chart:
    """Return lying bars, one below the other."""
    longest = max((item.count for item in items), default=0) or 1
    room = WIDTH - _LABEL - 50
    shapes = tuple(
        Shape(
            cut(item.label, (_LABEL - 10) / _CHARACTER),
            item.count,
            item.look,
            item.label,
            x=_LABEL,
            y=4 + _ROW * row,
            width=_rounded(room * item.count / longest),
            height=_ROW - 8,
        )
        for row, item in enumerate(items)
    )
    return Chart("bars", title, 8 + _ROW * len(items), shapes, sum(item.count for item in items))


def columns(title: str, items: Sequence[Item]) -> Chart:
    """Return standing bars, side by side."""
    longest = max((item.count for item in items), default=0) or 1
    step = WIDTH / max(len(items), 1)
    shapes = []
    for place, item in enumerate(items):
        height = _rounded(_COLUMNS_HEIGHT * item.count / longest)
        shapes.append(
            Shape(
                item.label,
                item.count,
                item.look,
                item.label,
                x=_rounded(step * place + step * 0.15),
                y=_rounded(_COLUMNS_TOP + _COLUMNS_HEIGHT - height),
                width=_rounded(step * 0.7),
                height=height,
            )
        )
    height = _COLUMNS_TOP + _COLUMNS_HEIGHT + 24
    return Chart("columns", title, height, tuple(shapes), sum(item.count for item in items))


def _arc(start: float, end: float) -> str:
    """Return the path of a part of the ring, from one fraction of the circle to another."""
    if end - start >= 1:
        # An arc that ends where it starts is not drawn at all.
        return f"{_arc(0, 0.5)} {_arc(0.5, 0.9999)}"
    (x1, y1), (x2, y2) = _on_ring(start), _on_ring(end)
    return f"M{x1} {y1}A{_RING:g} {_RING:g} 0 {int(end - start > 0.5)} 1 {x2} {y2}"


def _on_ring(fraction: float) -> tuple[float, float]:
    angle = 2 * math.pi * fraction
    return _rounded(100 + _RING * math.sin(angle), 3), _rounded(100 - _RING * math.cos(angle), 3)


def _rounded(value: float, places: int = 1) -> float:
    return round(value, places)
