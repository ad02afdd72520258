"""Open one workbook that has to be of a known form, for those who work with its data."""

from __future__ import annotations

from pathlib import Path

from xlsform.errors import UsageError
from xlsform.files.given import content_of
from xlsform.messages import say
from xlsform.reading import read_bytes
from xlsform.reading.workbook import Unreadable
from xlsform.submission.recognition import recognise
from xlsform.submission.submission import Submission


def open_submission(path: Path) -> tuple[Submission, bytes]:
    """Return an issued or filled workbook and its bytes.

    Raises:
        UsageError: it cannot be opened or read, or no known form is recognised in it.
    """
    data = content_of(path)
    contents = read_bytes(data)
    if isinstance(contents, Unreadable):
        detail = f"{contents.reason}: {contents.detail}" if contents.detail else contents.reason
        raise UsageError(say("{path}: cannot be read as a workbook ({detail})", path=path, detail=detail))
    submission = recognise(path, contents)
    if submission is None:
        raise UsageError(say("{path}: no known form is recognised in this workbook", path=path))
    return submission, data
