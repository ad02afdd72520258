"""Compare whole processes of xlsform with the obvious way by openpyxl and XlsxWriter, as ratios of one run.

Usage: python benchmarks/bench.py [FILES] [RUNS]    400 files and 5 runs if not given
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from xlsform.samples import samples_folder  # noqa: E402

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
    start = time.perf_counter()
    subprocess.run([sys.executable, *map(str, command)], check=False, stdout=subprocess.DEVNULL, env=environment)
    return time.perf_counter() - start


def compare(name: str, ours: Callable[[], float], theirs: Callable[[], float], runs: int, unit: float = 1.0) -> None:
    """Print the medians of both, run in turn, and the median of their ratios."""
    pairs = [(ours(), theirs()) for _ in range(runs)]
    mine, other = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(theirs_s / ours_s for ours_s, theirs_s in pairs)
    print(f"{name:<64} {mine / unit * 1000:9.2f} ms {other / unit * 1000:9.2f} ms {ratio:7.2f} ×", flush=True)


def main(files: int, runs: int) -> None:
    print(f"{'what':<64} {'xlsform':>12} {'other':>12} {'ratio':>9}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for sample in ("faultless", "seed"):
            data = (samples_folder() / f"{sample}.xlsx").read_bytes()
            (folder / sample).mkdir()
            for number in range(files):
                (folder / sample / f"{number:05}.xlsx").write_bytes(data)
        for sample, what in (("faultless", "faultless"), ("seed", "the seed")):
            compare(
                f"validate --jobs 1, {what}, a file / openpyxl, opened twice",
                lambda sample=sample: run(
                    "-m", "xlsform", "validate", folder / sample, "--jobs", "1", "--format", "json"
                ),
                lambda sample=sample: run("-c", OPENPYXL_TWICE, folder / sample),
                runs,
                files,
            )
        marked = folder / "marked"
        compare(
            "validate --annotate, the seed, a file / openpyxl, load and save",
            lambda: run(
                "-m", "xlsform", "validate", folder / "seed", "--jobs", "1", "--annotate", marked, "-o", folder / "r"
            ),
            lambda: run("-c", OPENPYXL_SAVE, folder / "seed", folder),
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
    in_process(runs)


def in_process(runs: int) -> None:
    """Compare what a workbook costs once everything is loaded."""
    import io

    import xlsxwriter

    from xlsform.form import load
    from xlsform.issuing import issue
    from xlsform.layout import lay_out
    from xlsform.stamp import lock_for

    layout, lock = lay_out(load("mof-2020")), lock_for("x")

    def plain() -> float:
        """Write the same cells, merges and formulas with XlsxWriter and nothing else."""
        start = time.perf_counter()
        book = xlsxwriter.Workbook(io.BytesIO(), {"in_memory": True})
        sheet, style = book.add_worksheet(), book.add_format({"border": 1})
        for label in layout.labels:
            row, column = label.range.top - 1, label.range.left - 1
            if label.range.single:
                sheet.write_string(row, column, label.text, style)
            else:
                sheet.merge_range(row, column, label.range.bottom - 1, label.range.right - 1, label.text, style)
        for item in layout.fields.values():
            row, column = item.range.top - 1, item.range.left - 1
            if not item.range.single:
                sheet.merge_range(row, column, item.range.bottom - 1, item.range.right - 1, "", style)
            if item.name in layout.computed:
                sheet.write_formula(row, column, "=" + layout.computed[item.name], style)
        book.close()
        return time.perf_counter() - start

    def ours() -> float:
        start = time.perf_counter()
        issue(layout, lock)
        return time.perf_counter() - start

    ours()
    compare("issue, one workbook in a warm process / plain XlsxWriter", ours, plain, 5 * runs)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400, int(sys.argv[2]) if len(sys.argv) > 2 else 5)
