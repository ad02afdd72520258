"""Make the returns of a bureau's round, and measure what judging them takes.

Usage: python benchmarks/returns.py N FOLDER    makes N projects' returns, unless they lie there already, and measures

Of a hundred projects three send nothing, two send twice, and fifteen send a faulty form. Most workbooks lie in folders
as they are; every tenth is in a zip, every fifth in a mail of its own, every tenth in one mailbox.
"""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from decimal import ROUND_HALF_UP, Decimal
from email.message import EmailMessage
from functools import cache
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from memory import cost

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from xlsform.demo.samples import samples_folder  # noqa: E402
from xlsform.form.template import load  # noqa: E402
from xlsform.projects import Project, places, read_projects  # noqa: E402
from xlsform.reading import read_bytes  # noqa: E402
from xlsform.reading.workbook import Workbook  # noqa: E402
from xlsform.register import Register  # noqa: E402
from xlsform.submission.recognition import recognise  # noqa: E402
from xlsform.workbook.data import fill  # noqa: E402
from xlsform.workbook.issue_projects import issue_project  # noqa: E402
from xlsform.workbook.locks import lock_for  # noqa: E402

_YEAR = 2025
_PASSWORD = "benchmark"
_UNIT = 12
"""Projects of a unit."""


def list_of(count: int, folder: Path) -> Path:
    """Write a project list of that many projects and return its path."""
    rows = [["项目编码", "项目名称", "主管部门", "实施单位", "电子邮箱", "年初预算数", "全年预算数"]]
    indicators = [["项目编码", "二级指标", "三级指标", "指标值", "分值"]]
    for number in range(count):
        unit = number // _UNIT
        rows.append(
            [_code(number), f"第{number}号农村公路养护", f"某县第{unit % 40}局", f"第{unit}养护中心",
             f"unit{unit}@example.cn", "100", "120"]
        )  # fmt: skip
        indicators += [
            [_code(number), *(str(each[key]) for key in ("level2", "name", "target", "weight"))]
            for each in _data(number)["indicators"]
        ]
    path = folder / "项目清单.csv"
    for target, table in ((path, rows), (folder / "项目清单-指标.csv", indicators)):
        with target.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows(table)
    return path


def _code(number: int) -> str:
    return f"{_YEAR}-{number:05}"


@cache
def _sample() -> str:
    return (samples_folder() / "faultless.json").read_text(encoding="utf-8")


def _data(number: int) -> dict[str, Any]:
    """Return what is typed into a project's form, without a fault."""
    data: dict[str, Any] = json.loads(_sample(), parse_float=Decimal, parse_int=Decimal)["data"]
    asked = 60 + number
    data["year"] = Decimal(_YEAR)
    data["fields"] = {
        "goal_expected": f"养护农村公路 {asked} 公里，保持路况良好，群众出行方便。",
        "goal_actual": f"完成养护 {asked - 2} 公里，路况优良率 96%，其余 2 公里因汛期推迟到次年春季。",
    }
    data["indicators"][0] |= {"target": f"≥{asked}公里", "actual": f"{asked - 2}公里"}
    data["indicators"] = [part for place, each in enumerate(data["indicators"]) for part in _parts(each, number, place)]
    for each in data["indicators"]:
        share = Decimal(asked - 2) / asked if each["reason"] else Decimal(1)
        each["score"] = (each["weight"] * share).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return data


def _parts(indicator: dict[str, Any], number: int, place: int) -> list[dict[str, Any]]:
    """Return the indicator, or two in its stead: 256 projects in a row differ in how many rows their forms have."""
    if not number >> place & 1:
        return [indicator]
    halved = indicator | {"weight": indicator["weight"] / 2}
    return [halved, halved | {"name": f"北段{indicator['name']}"}]


class _Made(NamedTuple):
    issued: str
    """SHA-256."""
    returns: tuple[bytes, ...]
    """None where nothing comes back, two where the unit thought better of it."""


_key = b""


def _start(key: bytes) -> None:
    global _key
    _key = key


@cache
def _lock() -> Any:
    return lock_for(_PASSWORD)


def _make(job: tuple[int, Project]) -> _Made:
    number, project = job
    data = issue_project(load("mof-2020"), project, _lock(), year=_YEAR, key=_key)
    returns = [] if number % 33 == 7 else [_filled(data, number)]
    if number % 50 == 3:
        returns.append(_filled(data, number, later=True))
    return _Made(hashlib.sha256(data).hexdigest(), tuple(returns))


def _filled(issued: bytes, number: int, *, later: bool = False) -> bytes:
    contents = read_bytes(issued)
    assert isinstance(contents, Workbook)
    submission = recognise(Path("表.xlsx"), contents)
    assert submission is not None
    data = _data(number)
    if later:
        data["fields"]["goal_actual"] += "补报。"
    elif number % 20 == 5:
        data["indicators"][0]["reason"] = None
    elif number % 20 == 11:
        data["indicators"][-1]["score"] = Decimal(14)
    elif number % 20 == 17:
        data["funds"]["total"]["executed"] = Decimal("157.6")
        data["indicators"][-1] |= {"actual": None, "score": None}
    return fill(submission, issued, data)


def make(count: int, folder: Path) -> None:
    """Write the list, the register and what came in."""
    building = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    form = load("mof-2020")
    listed = read_projects(list_of(count, building), form)
    assert not listed.problems, listed.problems[:3]
    paths = places(listed.projects)
    with (
        Register.open(building / "register.db", create=True) as register,
        ProcessPoolExecutor(initializer=_start, initargs=(register.key,)) as pool,
        register.together(),
    ):
        made = pool.map(_make, enumerate(listed.projects), chunksize=8)
        _deliver(_recorded(register, listed.projects, made), building / "inbox", paths)
    building.replace(folder)


def _recorded(
    register: Register, projects: Sequence[Project], made: Iterator[_Made]
) -> Iterator[tuple[int, Project, bytes]]:
    """Record what was issued; yield what came back."""
    for number, (project, each) in enumerate(zip(projects, made, strict=True)):
        register.record_issued(
            project, template="mof-2020", edition=load("mof-2020").edition, year=_YEAR, file="", digest=each.issued,
            password=_PASSWORD,
        )  # fmt: skip
        yield from ((number, project, data) for data in each.returns)


def _deliver(returns: Iterator[tuple[int, Project, bytes]], folder: Path, paths: Mapping[str, PurePath]) -> None:
    """Lay returns into folders, mails, archives and a mailbox."""
    folder.mkdir()
    taken: set[str] = set()
    with (folder / "收件.mbox").open("wb") as mailbox:
        for number, project, data in returns:
            path = paths[project.code]
            if project.code in taken:
                path = PurePath("补报") / path
            taken.add(project.code)
            way = number % 10
            if way in (2, 7):
                _write(folder / "邮件" / f"{number:05}-{len(taken)}.eml", _mail(project, path.name, data).as_bytes())
            elif way == 4:
                (folder / "压缩").mkdir(exist_ok=True)
                with zipfile.ZipFile(folder / "压缩" / f"{number // 240:03}.zip", "a") as archive:
                    archive.writestr(str(path), data)
            elif way == 9:
                mailbox.write(b"From unit@example.cn Mon Jan  5 10:00:00 2026\n")
                mailbox.write(_mail(project, path.name, data).as_bytes() + b"\n\n")
            else:
                _write(folder / path, data)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _mail(project: Project, name: str, data: bytes) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = f"{project.unit} <{project.email}>", "jx@example.gov.cn"
    message["Subject"], message["Date"] = "自评表", "Mon, 05 Jan 2026 10:00:00 +0800"
    message.set_content("见附件")
    message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return message


def measure(folder: Path, *, jobs: int = 2) -> None:
    """Print what each way of judging the returns takes."""
    environment = {"PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    inbox, new, known, out = (folder / name for name in ("inbox", "new.db", "known.db", "out"))
    shutil.rmtree(out, ignore_errors=True)
    shutil.copy(folder / "register.db", known)
    with_known = ("--register", known)
    for name, arguments in {
        "validate --format jsonl": ("validate", inbox, "--format", "jsonl", "-o", out / "1.jsonl"),
        "validate --register, all new": (
            "validate", inbox, "--register", known, "--format", "jsonl", "-o", out / "2.jsonl"),
        "validate --register, none new": ("validate", inbox, *with_known, "--format", "jsonl", "-o", out / "3.jsonl"),
        "validate --register, as text": ("validate", inbox, *with_known, "-o", out / "3.txt"),
        "validate --register --format html": ("validate", inbox, *with_known, "--format", "html", "-o", out / "4.html"),
        "summarize --register": ("summarize", inbox, *with_known, "-o", out / "5.xlsx"),
        "validate --annotate": (
            "validate", inbox, "--register", new, "--annotate", out / "back", "-o", out / "6.jsonl", "--format", "jsonl"
        ),
    }.items():  # fmt: skip
        if new in arguments:
            shutil.copy(folder / "register.db", new)
        found = cost((sys.executable, "-m", "xlsform", *arguments, "--jobs", str(jobs)), environment)
        with (out / "1.jsonl").open(encoding="utf-8") as file:
            files = sum(1 for _ in file)
        print(
            f"{name:<36} {files:6} files {found.seconds:7.1f} s, of processor {found.processor:6.1f} s;"
            f" {found.megabytes:6.0f} MB, of it the first process {found.parent:4.0f} MB; exit code {found.code}",
            flush=True,
        )


if __name__ == "__main__":
    wanted, where = int(sys.argv[1]), Path(sys.argv[2])
    if not where.exists():
        make(wanted, where)
    measure(where)
