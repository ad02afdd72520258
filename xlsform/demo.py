"""The newcomer's minute: issue, fill, validate, and look at the reports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from xlsform.verdicts import Options, Verdict, find, validate
from xlsform.findings import Message, say
from xlsform.form import bundled, load
from xlsform.issuing import issue
from xlsform.layout import lay_out
from xlsform.outputs import write_whole
from xlsform.reports import FORMATS, renderer
from xlsform.samples import samples
from xlsform.send_back import marked_copy
from xlsform.stamp import lock_for

_SHOWN = ("faultless", "faults-points", "seed")
_EXTENSIONS = {"text": "txt"}


def run(folder: Path, language: str) -> Iterator[Message]:
    """Write issued workbooks, three returns, every report and the marked copies; yield where to look.

    Raises:
        UsageError: the folder cannot be written to.
    """
    issued, returned, reports, back = (folder / name for name in ("1-issued", "2-returned", "3-reports", "4-sent-back"))
    lock = lock_for("demo")
    for name in bundled():
        write_whole(issued / f"{name}.xlsx", issue(lay_out(load(name)), lock, year=2021))
    yield say("{folder}: locked workbooks, ready to be mailed; the password is demo", folder=issued)
    for sample in samples():
        if sample.name in _SHOWN:
            write_whole(returned / f"{sample.name}.xlsx", sample.workbook())
    yield say("{folder}: three that came back: faultless, faulty, and one published in 2022", folder=returned)
    verdicts = list(validate(find([returned]), Options()))
    for form in FORMATS:
        report = "".join(renderer(form)(verdicts, language))
        write_whole(reports / f"report.{_EXTENSIONS.get(form, form)}", report.encode())
    yield say("{folder}: what is wrong with each, in every format", folder=reports)
    for verdict in verdicts:
        if verdict.status != "passed":
            marked_copy(verdict, back, [returned], language)
    yield say("{folder}: copies marked with what is to be mended", folder=back)
    yield from _totals(verdicts)


def _totals(verdicts: list[Verdict]) -> Iterator[Message]:
    for verdict in verdicts:
        status = say("passed") if verdict.status == "passed" else say("failed")
        yield say(
            "{name}: {status}, {count} findings", name=Path(verdict.path).name, status=status, count=len(verdict.findings)
        )
