"""The newcomer's minute: list, issue, fill, validate, and look at the reports."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from xlsform.batch.validate import validate
from xlsform.demo.samples import samples
from xlsform.files.atomic import write_whole
from xlsform.files.replacing import Replaceable, require_places
from xlsform.form.layout import lay_out
from xlsform.form.template import bundled, load
from xlsform.inbox import incoming
from xlsform.messages import Message, say
from xlsform.projects import places, read_projects
from xlsform.reports import TEXT_FORMATS, renderer
from xlsform.reports.annotate.copies import Copies
from xlsform.reports.recognised import is_report
from xlsform.reports.summary import write_xlsx
from xlsform.verdict.verdict import Judged, Options
from xlsform.workbook.issue import issue
from xlsform.workbook.issue_projects import issue_project
from xlsform.workbook.locks import lock_for
from xlsform.workbook.replaceable import as_written, is_blank

_SHOWN = ("faultless", "faults-points", "seed")
_EXTENSIONS = {"text": "txt"}
_LIST = """项目编码,项目名称,主管部门,实施单位,电子邮箱,年初预算数,全年预算数
001,农村公路养护,某县交通运输局,某县公路养护中心,gl@example.cn,100,120
002,乡镇卫生院修缮,某县卫生健康局,某县卫生健康服务中心,ws@example.cn,0,80
"""
_INDICATORS = """项目编码,二级指标,三级指标,指标值,分值
001,数量指标,养护里程,≥120公里,20
001,质量指标,路况优良率,≥95%,10
001,时效指标,按时完工率,100%,10
001,成本指标,每公里养护成本,≤1万元,10
001,社会效益指标,受益人口,≥2万人,30
001,服务对象满意度指标,沿线群众满意度,≥90%,10
"""


def run(folder: Path, language: str) -> Iterator[Message]:
    """Write a project list, issued workbooks, three returns, every report and the marked copies; yield where to look.

    Raises:
        UsageError: the folder cannot be written to, or has other files where the demo's go.
    """
    listed, issued, returned, reports, back = (
        folder / name for name in ("0-projects", "1-issued", "2-returned", "3-reports", "4-sent-back")
    )
    _require_places(listed, issued, returned, reports, back)
    source = listed / "项目清单.csv"
    write_whole(source, _LIST.encode("utf-8-sig"))
    write_whole(listed / "项目清单-指标.csv", _INDICATORS.encode("utf-8-sig"))
    yield say("{folder}: a project list with approved indicators", folder=listed)
    _issue(source, issued)
    yield say("{folder}: locked workbooks, ready to be mailed; the password is demo", folder=issued)
    for sample in samples():
        if sample.name in _SHOWN:
            write_whole(returned / f"{sample.name}.xlsx", sample.workbook())
    yield say("{folder}: three that came back: faultless, faulty, and one published in 2022", folder=returned)
    options = Options()
    judged = list(validate(incoming([returned], options.limits), options))
    _report(judged, reports, language)
    yield say("{folder}: what is wrong with each, in every format", folder=reports)
    copies = Copies(back, [returned], language)
    for each in judged:
        if each.verdict.status != "passed":
            copies.write(*each)
    yield say("{folder}: copies marked with what is to be fixed", folder=back)
    for each in judged:
        count = len(each.verdict.findings)
        status = say("passed") if each.verdict.status == "passed" else say("failed")
        yield say("{name}: {status}, {count} findings", name=each.incoming.name, status=status, count=count)


def _require_places(*folders: Path) -> None:
    """Make sure that only what an earlier demo wrote is written over, and nothing that was filled in since."""
    replaceable = Replaceable(say("what an earlier demo wrote there"), _is_of_a_demo)
    require_places((path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()), replaceable)


def _is_of_a_demo(path: Path) -> bool:
    if path.suffix == ".csv" and not is_report(path):
        return path.read_bytes() in (_LIST.encode("utf-8-sig"), _INDICATORS.encode("utf-8-sig"))
    return as_written(path) or is_report(path) or is_blank(path)


def _issue(source: Path, folder: Path) -> None:
    """Issue a blank workbook of each form, and a prefilled one of the ministry's for each project."""
    lock = lock_for("demo")
    for name in bundled():
        write_whole(folder / f"{name}.xlsx", issue(lay_out(load(name)), lock, year=2021))
    form = load("mof-2020")
    projects = read_projects(source, form).projects
    paths = places(projects)
    for project in projects:
        write_whole(folder / paths[project.code], issue_project(form, project, lock, year=2021))


def _report(judged: Sequence[Judged], folder: Path, language: str) -> None:
    verdicts = [each.verdict for each in judged]
    for form in TEXT_FORMATS:
        report = "".join(renderer(form)(verdicts, language))
        write_whole(folder / f"report.{_EXTENSIONS.get(form, form)}", report.encode())
    workbook = io.BytesIO()
    write_xlsx(verdicts, workbook, language)
    write_whole(folder / "汇总表.xlsx", workbook.getvalue())
