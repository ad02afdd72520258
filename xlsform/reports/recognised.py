"""Tell a report of this program from any other file, by its content: only a report is replaced by a report."""

from __future__ import annotations

from pathlib import Path

from xlsform.patterns import LazyPattern

#: Bytes at either end of a text that are looked at.
_END = 4_096
#: A workbook's properties are short; what is longer is not ours.
_PROPERTIES = 100_000

#: How reports for programs begin: their keys are promised to other systems, and do not change.
_KEYS = (
    '{"format": "xlsform-report"',
    '{\n "format": "xlsform-status"',
    '{"path": ',
    '{\n "format": "xlsform-history"',
    "path,status,template,year,",
)
#: Beginnings that were worded otherwise before are recognised for good, since reports of last year are replaced, too.
_BEGINNINGS = LazyPattern(
    # The page: nobody else forbids it all but its own style.
    r"\s*<!doctype html>\s*<html lang=\"[A-Za-z-]+\">\s*<head>\s*<meta charset=\"utf-8\">\s*"
    r"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src (&#39;|')none(&#39;|'); "
    r"style-src (&#39;|')sha256-"
    # The status of a round as text and as CSV.
    r"|(Unit|实施单位) +(Issued|已下发|已发.) "
    r"|Project code,Project name,[^\n]*,State,Due,"
    r"|项目编码,项目名称,[^\n]*,状态,截止日期,"
    # All that happened to one project: its name, and below it a time and what happened.
    r"|([^\n]*\n)?[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}  "
)
#: Among the last lines of a report for a terminal.
_SUM = LazyPattern(r"(^|\n)([0-9]+ files: [0-9]+ passed, |共 ?[0-9]+ ?[个份](文件| 文件)?(，[^\n]*)?：通过)")
_TITLE = LazyPattern(r"title[^>]*>(项目支出绩效自评结果汇总表<|Returns by [0-9]|截至 ?[0-9])")


def is_report(path: Path) -> bool:
    """Whether a file is a report: of returns, of a round, or of a project, in any format and either language."""
    try:
        with path.open("rb") as file:
            first = file.read(_END)
            file.seek(max(0, path.stat().st_size - _END))
            last = file.read(_END)
    except OSError:
        return False
    if first.startswith(b"PK"):
        return _is_workbook(path)
    beginning = _text(first).removeprefix("\ufeff")
    return (
        beginning.startswith(_KEYS)
        or _BEGINNINGS.match(beginning) is not None
        or ("\0" not in beginning and _SUM.search(_text(last)) is not None)
    )


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _is_workbook(path: Path) -> bool:
    """Whether a workbook has the title of one of our reports; Excel and WPS keep it."""
    # 6 ms of a start; most reports stand where none stood before, or are texts.
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            about = archive.getinfo("docProps/core.xml")
            return about.file_size <= _PROPERTIES and _TITLE.search(_text(archive.read(about))) is not None
    # Whatever is wrong with a zip that is not ours.
    except Exception:
        return False
