"""Compare whole processes of xlsform with the obvious way by openpyxl and XlsxWriter, as ratios of one run.

Usage: python benchmarks/bench.py [FILES] [RUNS]    400 files and 5 runs if not given
"""

from __future__ import annotations

import io
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from xlsform.demo.samples import samples, samples_folder, typed_over  # noqa: E402
from xlsform.form.evaluation.hints import hint_formulas  # noqa: E402
from xlsform.form.evaluation.measures import measures  # noqa: E402
from xlsform.form.field_types import Cast  # noqa: E402
from xlsform.form.layout import Layout, lay_out  # noqa: E402
from xlsform.form.template import load  # noqa: E402
from xlsform.projects import read_projects, rows_needed, values  # noqa: E402
from xlsform.reading import read_bytes  # noqa: E402
from xlsform.reading.workbook import Workbook  # noqa: E402
from xlsform.spreadsheet.a1 import Range, letters  # noqa: E402
from xlsform.submission.recognition import recognise  # noqa: E402
from xlsform.verdict.judge import check  # noqa: E402
from xlsform.verdict.verdict import Options  # noqa: E402
from xlsform.workbook.data import fill  # noqa: E402
from xlsform.workbook.issue import issue  # noqa: E402
from xlsform.workbook.issue_projects import plan_projects  # noqa: E402
from xlsform.workbook.locks import lock_for  # noqa: E402

OPENPYXL_TWICE = """
import sys, pathlib, openpyxl
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.xlsx")):
    for data_only in (False, True):
        openpyxl.load_workbook(path, data_only=data_only)
"""
OPENPYXL_SAVE = """
import sys, pathlib, openpyxl
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.xlsx")):
    openpyxl.load_workbook(path).save(pathlib.Path(sys.argv[2]) / path.name)
"""


def run(*command: str | Path) -> float:
    """Return the seconds that a whole process takes."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XLSFORM_PASSWORD": "x"}
    # As after an installation: what was compiled once is not compiled again.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, *map(str, command)],
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    return time.perf_counter() - start


def compare(name: str, ours: Callable[[], float], theirs: Callable[[], float], runs: int, unit: float = 1.0) -> None:
    """Print the medians of both, run in turn, and the median of their ratios."""
    pairs = [(ours(), theirs()) for _ in range(runs)]
    mine, other = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(theirs_s / ours_s for ours_s, theirs_s in pairs)
    print(f"{name:<72} {mine / unit * 1000:9.2f} ms {other / unit * 1000:9.2f} ms {ratio:7.2f} ×", flush=True)


def main(files: int, runs: int) -> None:
    print(f"{'what':<72} {'xlsform':>12} {'other':>12} {'ratio':>9}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for sample in ("faultless", "faults-many", "seed"):
            (folder / sample).mkdir()
            for number, data in enumerate(filled(sample, files)):
                (folder / sample / f"{number:05}.xlsx").write_bytes(data)
            findings = len(check(folder / sample / f"{files - 1:05}.xlsx", Options()).findings)
            compare(
                f"validate --jobs 1, {sample}, {findings} findings each, a file / openpyxl, opened twice",
                partial(run, "-m", "xlsform", "validate", folder / sample, "--jobs", "1", "--format", "json"),
                partial(run, "-c", OPENPYXL_TWICE, folder / sample),
                runs,
                files,
            )
        faulty, marked = folder / "faults-many", folder / "marked"
        compare(
            "validate --annotate, faults-many, a file / openpyxl, load and save",
            lambda: run("-m", "xlsform", "validate", faulty, "--jobs", "1", "--annotate", marked, "-o", folder / "r"),
            lambda: run("-c", OPENPYXL_SAVE, faulty, folder),
            max(1, runs // 2),
            files,
        )
        one = folder / "one.xlsx"
        compare(
            "generate, one workbook / bare Python",
            lambda: run("-m", "xlsform", "generate", "mof-2020", "-o", one),
            lambda: run("-c", ""),
            runs,
        )
        compare(
            "xlsform --version / bare Python",
            lambda: run("-m", "xlsform", "--version"),
            lambda: run("-c", ""),
            3 * runs,
        )
        compare(
            "validate, one file / bare Python",
            lambda: run("-m", "xlsform", "validate", samples_folder() / "faultless.xlsx"),
            lambda: run("-c", ""),
            3 * runs,
        )
        from_a_list(folder, runs)


PLACES = [
    "东湖",
    "西岭",
    "南桥",
    "北关",
    "大河",
    "小洲",
    "石门",
    "柳林",
    "清泉",
    "双峰",
    "金坪",
    "白沙",
    "龙泉",
    "凤岗",
    "云台",
    "青山",
]


def filled(name: str, count: int) -> Iterator[bytes]:
    """Yield forms filled in like a sample: its template and its faults, but no text and no amount of one in another."""
    sample = next(each for each in samples() if each.name == name)
    form = load(sample.data["template"])
    issued = issue(lay_out(form), lock_for("x"), year=int(sample.data["year"]))
    contents = read_bytes(issued)
    assert isinstance(contents, Workbook)
    submission = recognise(Path("x.xlsx"), contents)
    assert submission is not None
    for number in range(count):
        times = Decimal(random.Random(number).randint(1, 400)) / 4
        typed = fill(submission, issued, varied(sample.data, number, times), name)
        yield typed_over(typed, sample.typed_over) if sample.typed_over else typed


def varied(data: Any, number: int, times: Decimal, key: str = "") -> Any:
    """Return data with another text in place of each, in each number another one, and amounts so many times larger."""
    if isinstance(data, Mapping):
        return {key: varied(value, number, times, key) for key, value in data.items()}
    if isinstance(data, list):
        return [varied(item, number, times) for item in data]
    if key in ("initial", "budget", "executed"):
        return data * times
    if isinstance(data, str) and key not in ("template", "level1", "level2", "target", "actual"):
        return "".join(random.Random(f"{number} {data}").choices(PLACES, k=3)) + data
    return data


HEADINGS = ["项目编码", "项目名称", "主管部门", "实施单位", "年初预算数", "全年预算数", "预期目标"]
INDICATOR_HEADINGS = ["项目编码", "一级指标", "二级指标", "三级指标", "年度指标值", "分值"]
TARGETS = ["≥{}人次", "≥{}%", "≤{}万元", "{}次/月", "≥{}公里", "合格", "健全", "{}台（套）", "12月31日前"]


def write_list(path: Path, count: int) -> None:
    """Write a project list in which no two projects are alike, each with 8 to 14 indicators."""
    choose = random.Random(1)
    form = load("mof-2020")
    assert form.repeated is not None
    kinds = [(group.level1, level2) for group in form.repeated.groups for level2 in group.level2]
    book = xlsxwriter.Workbook(path)
    projects, indicators = book.add_worksheet("项目"), book.add_worksheet("指标")
    projects.write_row(0, 0, HEADINGS)
    indicators.write_row(0, 0, INDICATOR_HEADINGS)
    row = 0
    for number in range(1, count + 1):
        code, name = f"P{number:05}", f"第{number}号农村公路养护工程"
        amount = choose.randint(1000, 999_999) / 100
        goal = f"养护农村公路 {number} 公里，路况保持良好。" * choose.randint(1, 6)
        projects.write_row(
            number, 0, [code, name, f"第{number % 17}局", f"第{number % 300}中心", amount, amount * 2, goal]
        )
        many = choose.randint(8, 14)
        listed = kinds[:many] + [choose.choice(kinds) for _ in range(many - len(kinds))]
        for place, (level1, level2) in enumerate(sorted(listed, key=kinds.index)):
            row += 1
            target = choose.choice(TARGETS).format(choose.randint(1, 99))
            weight = 90 - (many - 1) * (90 // many) if place == 0 else 90 // many
            indicators.write_row(row, 0, [code, level1, level2, f"{name}第{place}项", target, weight])
    book.close()


def alike(items: Iterable[Any], key: Callable[[Any], object]) -> list[list[Any]]:
    """Return the items in groups of equal key."""
    groups: dict[object, list[Any]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return list(groups.values())


def zero_based(area: Range) -> tuple[int, int, int, int]:
    return area.top - 1, area.left - 1, area.bottom - 1, area.right - 1


def plain(layout: Layout, values: Mapping[str, Cast]) -> None:
    """Write a form with XlsxWriter and nothing else: cells, merges, formulas, names, validations, formats."""
    measured = measures(layout, values)
    book = xlsxwriter.Workbook(io.BytesIO(), {"in_memory": True})
    sheet = book.add_worksheet(layout.form.sheet)
    labelled, locked, open_, bad = (
        book.add_format(look)
        for look in (
            {"border": 1, "bold": True},
            {"border": 1, "text_wrap": True},
            {"border": 1, "locked": False},
            {"bg_color": "#FFC7CE"},
        )
    )

    def put(area: Range, content: object, style: Format) -> None:
        row, column = area.top - 1, area.left - 1
        if not area.single:
            sheet.merge_range(row, column, area.bottom - 1, area.right - 1, "", style)
        sheet.write(row, column, content, style)

    for label in layout.labels:
        put(label.range, label.text, labelled)
    for name, item in layout.fields.items():
        content = values.get(name, item.placeholder if item.spec.value is None else item.spec.value)
        content = "=" + layout.computed[name] if name in layout.computed else content
        style = open_ if item.spec.kind == "input" and name not in values else locked
        put(item.range, float(content) if isinstance(content, Decimal) else content, style)
        book.define_name(name, f"='{layout.form.sheet}'!${letters(item.range.left)}${item.range.top}")
    for row, formula in hint_formulas(layout, measured).items():
        sheet.write_formula(row - 1, layout.hint_column - 1, f"={formula}", None, "请填写")
    for fields in alike(layout.inputs, lambda item: (item.range.left, item.spec, measured.get(item.name))):
        first, *others = (zero_based(item.range) for item in fields)
        limits = {
            "validate": "decimal",
            "criteria": "between",
            "minimum": 0,
            "maximum": 100,
            "error_message": "请填数字",
        }
        sheet.data_validation(*first, limits | ({"other_cells": others} if others else {}))
    rules = [
        (checks[0].formula, [check.field.range for check in checks])
        for checks in alike(layout.checks, lambda check: (check.field.range.left, check.relative))
    ]
    rules += [
        (f"LEN({fields[0].cell})>0", [item.range for item in fields])
        for fields in alike(layout.inputs, lambda item: (item.range.left, item.placeholder))
    ]
    for formula, areas in rules:
        options = {"type": "formula", "criteria": f"=NOT({formula})", "format": bad}
        sheet.conditional_format(*zero_based(areas[0]), options | {"multi_range": " ".join(map(str, areas))})
    sheet.protect("x")
    book.close()


def from_a_list(folder: Path, runs: int, count: int = 1000) -> None:
    """Compare what a workbook costs in a round of many: in a warm process, and as the whole command."""
    source = folder / "list.xlsx"
    write_list(source, count)
    form, lock = load("mof-2020"), lock_for("x")
    listed = read_projects(source, form)
    assert not listed.problems
    assert len(listed.projects) == count
    sizes = {rows_needed(project, form) for project in listed.projects}
    print(f"{count} projects in {len(sizes)} geometries")
    some = listed.projects[:: count // 20]

    def ours() -> float:
        start = time.process_time()
        for _, each in plan_projects(form, listed.projects, year=2025):
            each.workbook(lock)
        return time.process_time() - start

    def theirs() -> float:
        laid_out = [(lay_out(form, rows_needed(project, form)), project) for project in some]
        given = [(layout, values(project, layout)) for layout, project in laid_out]
        # The formulas that it is given are no work of XlsxWriter's.
        for layout, _ in given:
            hint_formulas(layout)
        start = time.process_time()
        for layout, prefilled in given:
            plain(layout, prefilled)
        return (time.process_time() - start) / len(given) * count

    def command() -> float:
        target = folder / "issued"
        shutil.rmtree(target, ignore_errors=True)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run("-m", "xlsform", "generate", "mof-2020", "--projects", source, "--year", "2025", "-o", target)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    # Of both the time of the processor: how long a disk takes to have kept a file is another matter.
    what = f"{count} prefilled workbooks from a list"
    ours()
    compare(f"issue {what}, warm, a file / plain XlsxWriter", ours, theirs, runs, count)
    compare(f"generate {what}, a file / plain XlsxWriter", command, theirs, runs, count)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400, int(sys.argv[2]) if len(sys.argv) > 2 else 5)
