"""A form that is filled in as it should be is never blamed, however it is written.

Each ordinary run tries 300 forms. For 5,000: ``pytest tests/test_faultless_forms.py --hypothesis-profile=thousands``.
"""

from __future__ import annotations

from pathlib import Path

from forms import issued, layout_of
from hypothesis import given
from valid_forms import Filling, fillings

from xlsform.findings import Finding, Severity
from xlsform.messages import render
from xlsform.recognition import recognise
from xlsform.rules import Arrival, judge


def judged(filling: Filling) -> list[Finding]:
    """Return all findings on a form as reading gives it."""
    layout = layout_of(filling.template, filling.rows)
    values = {name: value for name, value in filling.values.items() if name in layout.fields}
    workbook = issued(layout, values)
    for name, number_format in filling.formats.items():
        workbook.sheets[0].number_formats[layout.fields[name].range.anchor] = number_format
    submission = recognise(Path("return.xlsx"), workbook)
    assert submission is not None
    return judge(Arrival(submission.path, workbook, submission))


@given(fillings())
def test_a_faultless_form_is_not_blamed(filling: Filling) -> None:
    findings = judged(filling)
    blamed = [f"{each.code} {each.cell} {render(each.message, 'en')}" for each in findings if each.severity is not Severity.NOTE]
    assert blamed == []
    notes = {each.code for each in findings}
    assert filling.notes <= notes <= filling.notes | filling.maybe
