"""Which workbooks and data may be written over without anything being lost that a person did."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

from xlsform.reading import load, read_bytes
from xlsform.reading.workbook import Unreadable
from xlsform.submission.recognition import recognise

#: When all members of a zip were made by what we write; Excel has it too, LibreOffice and openpyxl have the real time.
_EPOCH = (1980, 1, 1, 0, 0, 0)
#: The version of zip that they say to be made by; Excel says 45.
_MADE_BY = 20
#: Excel, WPS and LibreOffice write down when they saved.
_TIMES = re.compile(rb"<dcterms:(?:created|modified)[^>]*>([^<]*)<")
#: No data of a form are longer.
_LONGEST = 10_000_000


def as_written(path: Path) -> bool:
    """Whether a workbook is as this program wrote it: no office program has saved it since."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            created, modified = _TIMES.findall(archive.read("docProps/core.xml"))
            about = archive.read("docProps/custom.xml")
    # Whatever is wrong with a file that is not ours.
    except Exception:
        return False
    ours = all(each.date_time == _EPOCH and each.create_version == _MADE_BY for each in members)
    return ours and created == modified and b'"xlsform.template"' in about


def is_blank(path: Path) -> bool:
    """Whether a workbook is one that was issued, and nothing was filled in; it may have been saved."""
    data = load(path)
    contents = data if isinstance(data, Unreadable) else read_bytes(data)
    if isinstance(contents, Unreadable):
        return False
    submission = recognise(path, contents)
    if submission is None or submission.identity is None:
        return False
    issued = submission.issued
    inputs = (submission.entries[each.name] for each in submission.layout.inputs if each.name not in issued)
    return all(each.blank for each in inputs)


def is_extracted(path: Path) -> bool:
    """Whether a file has data that were taken out of a workbook; those written by hand lack what formulas gave."""
    try:
        if path.stat().st_size > _LONGEST:
            return False
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and isinstance(content.get("computed"), dict) and "template" in content
