"""A form that is filled in as it should be is never blamed, however it is written.

Each ordinary run tries 300 forms. For 5,000:
``XLSFORM_FORMS=5000 python -m pytest -m property tests/property/test_faultless_forms.py``.
"""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from support.forms import issued, layout_of
from support.valid_forms import Filling, filling

from xlsform.findings import Finding, Severity
from xlsform.messages import render
from xlsform.rules.registry import ReceivedFile
from xlsform.rules.run import judge
from xlsform.submission.recognition import recognise


def judged(form: Filling) -> list[Finding]:
    """Return all findings on a form as reading gives it."""
    layout = layout_of(form.template, form.rows)
    values = {name: value for name, value in form.values.items() if name in layout.fields}
    workbook = issued(layout, values)
    for name, number_format in form.formats.items():
        workbook.sheets[0].number_formats[layout.fields[name].range.anchor] = number_format
    submission = recognise(Path("return.xlsx"), workbook)
    assert submission is not None
    return judge(ReceivedFile(submission.path, workbook, submission))


#: A seed is all that is drawn: choices drawn one by one make forms that are too much alike.
forms = st.builds(filling, st.randoms(use_true_random=True))


@settings(max_examples=int(os.environ.get("XLSFORM_FORMS", "300")), deadline=None)
@given(forms)
def test_a_faultless_form_is_not_blamed(form: Filling) -> None:
    findings = judged(form)
    blamed = [
        f"{each.code} {each.cell} {render(each.message, 'en')}"
        for each in findings
        if each.severity is not Severity.NOTE
    ]
    assert blamed == []
    notes = {each.code for each in findings}
    assert form.notes <= notes <= form.notes | form.maybe
