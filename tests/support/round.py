"""The folder of a small round, made by the commands themselves."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

from click.testing import CliRunner

from xlsform.cli import cli
from xlsform.demo.samples import samples_folder


def a_round(folder: Path, projects: int = 8) -> Path:
    """Make a round: issued, some of it returned, judged, drafted, one project withdrawn.

    Args:
        folder: gets ``list.csv``, ``r.db``, ``issued``, ``inbox``, ``drafts``, and ``one`` with a single return.
        projects: how many there are, of three units.
    """
    with (folder / "list.csv").open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerow(["项目编码", "项目名称", "主管部门", "实施单位", "邮箱", "全年预算数"])
        csv.writer(file).writerows(
            [f"{number:03}", f"项目{number}", "某局", f"单位{number % 3}", f"u{number % 3}@example.cn", number + 1]
            for number in range(projects)
        )
    register = ["--register", str(folder / "r.db")]
    about = ["--projects", str(folder / "list.csv"), "--year", "2025", "--due", "2026-01-31"]
    _run("generate", "mof-2020", *about, *register, "-o", str(folder / "issued"))
    for name in ("inbox", "one"):
        (folder / name).mkdir()
    returns = [*sorted((folder / "issued").rglob("*.xlsx"))[:5], *sorted(samples_folder().glob("faults-*.xlsx"))[:3]]
    for path in returns:
        shutil.copy(path, folder / "inbox")
    shutil.copy(returns[0], folder / "one")
    _run("validate", str(folder / "inbox"), "--jobs", "1", *register)
    _run("mail", "draft", str(folder / "drafts"), "--from", "a@example.cn", *register)
    _run("projects", "withdraw", "007", "--reason", "x", *register)
    return folder


def _run(*arguments: str) -> None:
    result = CliRunner().invoke(cli, arguments, env={"XLSFORM_PASSWORD": "x"})
    assert result.exit_code in (0, 1), result.output
