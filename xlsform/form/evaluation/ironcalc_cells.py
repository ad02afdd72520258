"""Cells of the spreadsheet engine: what is put into them, and what they show."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import ironcalc

from xlsform import quantities
from xlsform.errors import XlsformError
from xlsform.form.field_types import Cast
from xlsform.messages import say
from xlsform.spreadsheet.a1 import Position
from xlsform.spreadsheet.cell_text import paired

#: Every model has one sheet.
SHEET = 0
_LARGEST = 9.99999999999999e307
"""The largest number that a cell holds; only a file that no spreadsheet program wrote has more."""

#: What a formula gives: a figure, a text, or None for an error.
Result = Decimal | str | bool | None


class EngineError(XlsformError):
    """The spreadsheet engine gave up on a form's formulas."""


class Formula(NamedTuple):
    """What stands in a cell that computes."""

    text: str
    """In cell addresses, without ``=``."""


Content = Cast | int | float | Formula
"""What stands in a cell; a blank one is left out."""


def new_model() -> ironcalc.Model:
    """Return an empty workbook of the engine."""
    return ironcalc.create("form", "en", "UTC", "en")


def put(model: ironcalc.Model, place: Position, content: Content) -> int:
    """Put something into a cell, and return how many characters of it the model will not forget."""
    if isinstance(content, Formula):
        model.update_cell_with_formula(SHEET, *place, f"={content.text}")
        return len(content.text)
    if isinstance(content, str):
        # Halves of characters, which JSON can spell, are nothing that the engine takes.
        text = content if content.isprintable() else paired(content)
        model.update_cell_with_text(SHEET, *place, text)
        return len(text)
    number = max(-_LARGEST, min(float(content), _LARGEST))
    model.update_cell_with_number(SHEET, *place, number)
    return 0


def evaluate(model: ironcalc.Model) -> None:
    """Work out all formulas.

    Raises:
        EngineError: the engine gave up. What a template may hold is bounded so that it does not.
    """
    try:
        model.evaluate()
    except (Exception, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        # A panic of Rust code is not an Exception, and would pass by all that deals with those.
        raise EngineError(say("the formulas of this form bring down the spreadsheet engine")) from error


def result(model: ironcalc.Model, row: int, column: int) -> Result:
    """Return what a cell shows."""
    value = model.get_cell_value(SHEET, row, column)
    if isinstance(value, bool):
        return value
    if isinstance(value, float):
        return quantities.number_of(value)
    return None if value is None or is_error(value) else value


def is_error(value: object) -> bool:
    """Whether what a cell shows is an error such as ``#DIV/0!``."""
    return isinstance(value, str) and value.startswith("#") and (value[-1] in "!?" or value == "#N/A")
