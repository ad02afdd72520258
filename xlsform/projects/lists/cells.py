"""What the cells of a project list say: texts, codes, figures, as clerks type them and as Excel stores them."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

from xlsform.form.field_types import MONEY, POINTS, FieldType
from xlsform.messages import Message, say
from xlsform.projects.lists.tables import Cell
from xlsform.quantities import is_blank_mark, number_of, printed_decimals, read_number
from xlsform.spreadsheet.values import CellError

#: Digits that Excel keeps of a number: of a longer code the rest is lost.
_EXCEL_DIGITS = 15
_SMALL = 1e-6
#: A decimal of JSON beyond this would fill the memory when written out.
_MOST_PLACES = 40
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?[Ee]\+?[0-9]{2,}")
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9](?:[A-Za-z0-9-]*\.)+[A-Za-z]{2,24}")
_ZEROS = re.compile("0{2,}")
#: A number format that prints words around the figure, as ``0"人次"``.
_WORDED = re.compile(r'(?:"(?P<before>[^"]*)")?(?P<figure>[#0,.%]+)(?:"(?P<after>[^"]*)")?_?\s?(?:;.*)?', re.DOTALL)
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_BREAKS = re.compile(r"[ \t\u3000]*[\r\n\x0b\x0c\x85\u2028\u2029]+[ \t\u3000]*")
#: Nothing that can be printed or put into a file of XML: control characters and halves of characters.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_EDGES = "\u200b\ufeff \t\r\n\u3000\u00a0"
_FIRST_DAY = dt.date(1899, 12, 30)
_LAST_DAY = 2_958_465


class CellProblemError(Exception):
    """A cell that cannot be used; carries what to say of it."""

    def __init__(self, message: Message) -> None:
        self.message = message
        super().__init__(message.text)


def text_of(cell: Cell | None, *, lines: bool = False) -> str:
    """Return a cell's text, blank where there is none.

    Args:
        cell: the cell, or None where it is blank.
        lines: whether the text may have line breaks; otherwise it is joined to one line.

    Raises:
        CellProblemError: an error value, or a character that nothing can print.
    """
    if cell is None:
        return ""
    raw = cell.raw
    if isinstance(raw, CellError):
        raise CellProblemError(say("the cell holds {found} instead of a value", found=raw.text))
    if isinstance(raw, bool):
        return "是" if raw else "否"
    if isinstance(raw, str):
        if raw.isprintable():
            # A printable text has none of what is fixed below, but for spaces at its ends.
            return raw.strip(" ")
        text = raw.strip(_EDGES)
        text = "\n".join(text.splitlines()) if lines else _BREAKS.sub("", text).replace("\t", " ")
        if _UNPRINTABLE.search(text):
            raise CellProblemError(say("the text holds a character that cannot be printed; type it again"))
        return text
    if isinstance(raw, float):
        return _printed(number_of(raw), cell.number_format)
    return _plain(raw)


def code_of(cell: Cell | None) -> str:
    """Return a project's code as the list shows it: 001 stays 001, a number has no ``.0``.

    Raises:
        CellProblemError: as `text_of`; or Excel has turned the code into a number and lost digits.
    """
    lost = say("Excel has turned this code into a number and lost digits; format the column as text and type it again")
    if cell is not None and isinstance(cell.raw, float):
        if abs(cell.raw) >= 10**_EXCEL_DIGITS:
            raise CellProblemError(lost)
        text = _plain(number_of(cell.raw))
        # A number under the format 000 looks like 001, and that is what was meant.
        return text.zfill(len(cell.number_format)) if _ZEROS.fullmatch(cell.number_format) else text
    text = text_of(cell)
    if _SCIENTIFIC.fullmatch(text):
        raise CellProblemError(lost)
    return text


def email_of(cell: Cell | None) -> str:
    """Return the address in a cell, blank where there is none.

    Raises:
        CellProblemError: it is not one address.
    """
    text = text_of(cell).replace("＠", "@").replace("．", ".").removeprefix("mailto:")
    if text and not (_ADDRESS.fullmatch(text) and len(text) <= 254 and ".." not in text and text[0] != "."):
        raise CellProblemError(
            say("{found} is not an e-mail address; give one address, such as name@qq.com", found=text)
        )
    return text


def number_in(cell: Cell | None, kind: FieldType, money_unit: str, heading_unit: str = "") -> Decimal | None:
    """Return the figure in a cell, None where there is none.

    Args:
        cell: the cell.
        kind: what is counted.
        money_unit: the form's unit of money.
        heading_unit: the unit of money that the column's heading names.

    Raises:
        CellProblemError: it is not a number.
    """
    if cell is None:
        return None
    raw = cell.raw
    if isinstance(raw, float) and not heading_unit and _SMALL <= abs(raw) < 10**_EXCEL_DIGITS:
        # Nearly every figure is like this. To write it out and read it as typed text would give the same number.
        return number_of(raw)
    text = _plain(number_of(raw)) if isinstance(raw, float) else text_of(cell)
    if is_blank_mark(text) or not text:
        return None
    if kind is MONEY and heading_unit and (bare := read_number(text)) is not None and not bare.unit:
        text += heading_unit
    reading = kind.read(text, money_unit=money_unit)
    if not isinstance(reading.value, Decimal):
        raise CellProblemError(say("{found} is not a number", found=text_of(cell)))
    return reading.value


def points_in(cell: Cell | None, total: Decimal) -> Decimal | None:
    """Return the weight in a cell in points, None where there is none; a percentage is one of the total.

    Raises:
        CellProblemError: it is not a number.
    """
    if cell is not None and isinstance(cell.raw, float) and "%" in cell.number_format:
        return number_of(cell.raw) * total
    if cell is not None and isinstance(cell.raw, str):
        typed = read_number(cell.raw.strip(_EDGES))
        if typed is not None and typed.unit == "%":
            return typed.value * total
    return number_in(cell, POINTS, "万元")


def _plain(number: Decimal) -> str:
    """Return a number written out, without zeros behind."""
    if not number.is_finite() or abs(number.adjusted()) > _MOST_PLACES:
        return str(number)
    text = format(number if number else abs(number), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _printed(number: Decimal, number_format: str) -> str:
    """Return a number as its cell shows it, where the format says more than the number does: %, a date, a unit."""
    bare = _QUOTED.sub("", number_format)
    if re.search("[yY年]|[mM月].*[dD日]", bare) and 1 <= number <= _LAST_DAY:
        day = _FIRST_DAY + dt.timedelta(days=int(number))
        return f"{day.year}年{day.month}月{day.day}日"
    worded = _WORDED.fullmatch(number_format)
    before, after = (worded["before"] or "", worded["after"] or "") if worded else ("", "")
    percentage = f"{number * 100:.{printed_decimals(number_format) or 0}f}%"
    shown = percentage if "%" in bare else _plain(number)
    return before + shown + after
