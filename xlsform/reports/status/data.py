"""The status of a round for programs and spreadsheets: JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from typing import Any

from xlsform.messages import plain, render
from xlsform.register import Counts, ProjectStatus, Status
from xlsform.reports.csv_ import safe
from xlsform.reports.sanitize import harmless_json
from xlsform.reports.status.words import COLUMNS, rows, written


def render_json(status: Status, language: str) -> str:
    """Return the report for programs: the same in every language, times in UTC."""
    content = {
        "format": "xlsform-status",
        "version": 1,
        "today": status.today.isoformat(),
        "summary": {**asdict(Counts.of(status.projects)), "strays": len(status.strays)},
        "units": [
            {
                "unit": unit.unit,
                "email": unit.email or None,
                **asdict(unit.counts),
                "projects": [_project_object(project) for project in unit.projects],
            }
            for unit in status.units
        ],
        "strays": [
            {
                "project_code": stray.code or None,
                "project_name": stray.name or None,
                "unit": stray.unit or None,
                "status": stray.status,
                "received": stray.received.isoformat(timespec="seconds"),
                "origin": stray.origin,
                "why": stray.why,
            }
            for stray in status.strays
        ],
    }
    return harmless_json(json.dumps(content, ensure_ascii=False, indent=1)) + "\n"


def _project_object(project: ProjectStatus) -> dict[str, Any]:
    return {
        "project_code": project.code,
        "project_name": project.name,
        "department": project.department or None,
        "unit": project.unit,
        "email": project.email or None,
        "mailed": project.mailed,
        "state": project.state.value,
        "reason": project.reason or None,
        "due": project.due.isoformat() if project.due else None,
        "returns": project.returns,
        "received": project.received.isoformat(timespec="seconds") if project.received else None,
        "origin": project.origin or None,
        "score": plain(project.score),
        "errors": project.errors,
        "warnings": project.warnings,
    }


def render_csv(status: Status, language: str) -> str:
    """Return a line for each project, then one for each return of none; Excel knows by the mark in front: UTF-8."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([render(text, language) for text in COLUMNS])
    for row in rows(status, language):
        writer.writerow([safe(written(value)) for value in row])
    return "\ufeff" + buffer.getvalue()
