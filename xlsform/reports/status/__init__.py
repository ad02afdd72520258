"""How far a round has come, as text, JSON, CSV and a workbook: who has returned what, and who has not."""

from __future__ import annotations

from xlsform.register import Status
from xlsform.reports.status.book import render_xlsx
from xlsform.reports.status.data import render_csv, render_json
from xlsform.reports.status.text import render_text

_TEXTS = {"text": render_text, "json": render_json, "csv": render_csv}

FORMATS = (*_TEXTS, "xlsx")


def rendered(status: Status, output_format: str, language: str) -> bytes:
    """Return the report in one of `FORMATS`, in the language given."""
    if output_format == "xlsx":
        return render_xlsx(status, language)
    # An origin may hold half a character, which no encoding can carry.
    return _TEXTS[output_format](status, language).encode("utf-8", "replace")
