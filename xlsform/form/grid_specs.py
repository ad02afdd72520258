"""What a template says of the grid: what is printed where, and how it looks on paper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

Style = Literal["title", "subtitle", "label", "plain", "value", "left", "narrative"]


class CellSpec(NamedTuple):
    """A cell of the grid: what it holds, and how far it reaches."""

    columns: str
    """``B`` or ``B:I``."""
    rows: int | Literal["block"] = 1
    label: str | None = None
    field: str | None = None
    row_label: str | None = None
    level: int | None = None
    column: str | None = None
    style: Style | None = None
    indent: int = 0


class RowSpec(NamedTuple):
    """A row of the grid, or the pattern of a table's rows."""

    cells: tuple[CellSpec, ...]
    height: float | None = None
    """Least height, in points."""
    header: bool = False
    """Printed again at the top of every page."""
    repeat: str | None = None
    """The table whose rows follow this pattern."""
    path: str = ""
    """Where it stands in the template, for messages."""


class Page(NamedTuple):
    """Widths (characters), font and size (points) of the printed form."""

    columns: Mapping[str, float]
    font: str
    size: float
