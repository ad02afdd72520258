"""A form's sheet in one layout after another, for those who make workbooks.

Each workbook that is issued holds the results of its formulas. What stays where it was from one layout to the next need
not be read by the engine again, which takes it longer than all else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from xlsform.form.definition import Form
from xlsform.form.evaluation.ironcalc_cells import SHEET, Content, Result, evaluate, new_model, put, result
from xlsform.spreadsheet.a1 import Position

_MOST_SHOWN = 150_000
"""Characters of text and formulas after which the sheet is begun anew: the engine forgets none of them."""


class ScratchSheet:
    """A form's sheet, in one layout after another: what stays where it was need not be parsed again."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._model = new_model()
        self._held: dict[Position, Content] = {}
        self._kept = 0

    def show(self, cells: Mapping[Position, Content], asked: Iterable[Position]) -> list[Result]:
        """Return what cells show when these stand in the sheet and no others.

        Args:
            cells: what stands in the sheet.
            asked: the cells that are asked for.
        """
        if self._kept > _MOST_SHOWN:
            del self._model
            self._begin()
        for place in self._held.keys() - cells.keys():
            self._model.clear_cell_contents(SHEET, *place)
            del self._held[place]
        for place, content in cells.items():
            if self._held.get(place) != content:
                self._kept += put(self._model, place, content)
                self._held[place] = content
        evaluate(self._model)
        return [result(self._model, *place) for place in asked]


@lru_cache(maxsize=4)
def scratch_sheet(form: Form) -> ScratchSheet:
    """Return the sheet of a form, made once and kept for a while."""
    return ScratchSheet()
