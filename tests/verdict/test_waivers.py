"""Waivers: findings that the bureau has excused."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from support.forms import faultless, layout_of

from xlsform.errors import DataError, UsageError
from xlsform.findings import Severity
from xlsform.messages import render
from xlsform.verdict.judge import judged
from xlsform.verdict.verdict import Options, Verdict
from xlsform.verdict.waivers import Waiver, read_waivers
from xlsform.workbook.fill import filled
from xlsform.workbook.issue import issue
from xlsform.workbook.locks import lock_for

TODAY = dt.date(2022, 3, 1)
LATER = dt.date(2022, 6, 30)


@cache
def returned() -> bytes:
    """Return a form with two faults: no goal (G101), and points lost without a word why (P106)."""
    layout = layout_of("mof-2020")
    values = faultless("mof-2020") | {"goal_actual": None, "indicators.1.reason": None}
    places = {name: item.range.anchor for name, item in layout.fields.items()}
    data = issue(layout, lock_for("a password"), project_code="A-17")
    return filled(data, layout, places, {item.name: values.get(item.name) for item in layout.inputs})


def verdict(*waivers: Waiver) -> Verdict:
    return judged(Path("return.xlsx"), returned(), Options(waivers=waivers))


def told(found: Verdict) -> list[tuple[str, Severity, str]]:
    return [(each.code, each.severity, render(each.message, "en")) for each in found.findings]


def file(folder: Path, text: str | bytes, name: str = "waivers.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


# --- applied


@pytest.mark.parametrize("project", ["A-17", "农村公路养护", " 农村公路 养护"])
def test_a_waiver_makes_a_finding_a_note_that_names_it(project: str) -> None:
    plain = verdict()
    assert [(code, severity) for code, severity, _ in told(plain)] == [
        ("G101", Severity.ERROR),
        ("P106", Severity.ERROR),
    ]
    excused = verdict(Waiver("P106", project, "县财函〔2022〕8号", LATER))
    assert told(excused) == [
        told(plain)[0],
        ("P106", Severity.NOTE, f"excused until 2022-06-30 (县财函〔2022〕8号): {told(plain)[1][2]}"),
    ]
    assert excused.findings[1].cell == plain.findings[1].cell
    assert excused.status == "failed"


def test_a_form_whose_only_errors_are_excused_passes() -> None:
    waivers = [Waiver(code, "A-17", "经局务会同意", None) for code in ("P106", "G101")]
    found = verdict(*waivers)
    assert found.status == "passed"
    assert found.count(Severity.ERROR) == 0
    assert [message.partition(":")[0] for _, _, message in told(found)] == ["excused (经局务会同意)"] * 2


@pytest.mark.parametrize(
    "waiver",
    [
        Waiver("P106", "A-1", "another project", None),
        Waiver("P106", "农村公路", "part of a name", None),
        Waiver("P107", "A-17", "another rule", None),
        Waiver("P10", "A-17", "a family", None),
    ],
    ids=lambda waiver: waiver.reason,
)
def test_a_waiver_is_for_one_rule_and_one_project(waiver: Waiver) -> None:
    assert verdict(waiver) == verdict()


def test_a_file_that_cannot_be_read_cannot_be_excused() -> None:
    found = judged(Path("return.xlsx"), b"", Options(waivers=(Waiver("F101", "", "any", None),)))
    assert found.status == "unreadable"
    assert [each.severity for each in found.findings] == [Severity.ERROR]


# --- read


def test_csv_and_json_say_the_same(tmp_path: Path) -> None:
    expected = (
        Waiver("P106", "A-17", "县财函〔2022〕8号，同意", LATER),
        Waiver("M110", "农村公路养护", "年中追加", None),
    )
    rows = [
        {"code": "P106", "project": "A-17", "reason": "县财函〔2022〕8号，同意", "until": "2022-06-30"},
        {"code": "m110", "project": "农村公路养护", "reason": "年中追加", "until": None},
    ]
    table = 'code,project,reason,until\nP106,A-17,"县财函〔2022〕8号，同意",2022-06-30\n\nm110,农村公路养护,年中追加,\n'
    chinese = "规则;项目;理由;有效期至\nP106;A-17;县财函〔2022〕8号，同意;2022/6/30\nM110;农村公路养护;年中追加;\n"
    files = [
        file(tmp_path, json.dumps(rows), "a.json"),
        file(tmp_path, json.dumps({"waivers": rows}), "b.json"),
        file(tmp_path, table, "c.csv"),
        file(tmp_path, b"\xef\xbb\xbf" + table.encode(), "d.csv"),
        file(tmp_path, chinese.encode("gb18030"), "e.csv"),
        file(tmp_path, chinese.replace(";", "\t").encode("utf-16"), "f.txt"),
    ]
    for path in files:
        assert read_waivers(path, TODAY).current == expected, path.name


@pytest.mark.parametrize(("today", "holds"), [(LATER, True), (LATER + dt.timedelta(1), False)])
def test_a_waiver_holds_through_its_last_day(tmp_path: Path, today: dt.date, holds: bool) -> None:
    path = file(tmp_path, "code,project,reason,until\nP106,A-17,同意,2022-06-30\n")
    found = read_waivers(path, today)
    assert (len(found.current), len(found.expired)) == ((1, 0) if holds else (0, 1))


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    path = file(
        tmp_path, "code,project,reason,until\nP999,A-17,同意,\n,A-17,,\nP106,A-17,同意,2022-02-30\nP106,A-17,同意,\n"
    )
    with pytest.raises(DataError) as raised:
        read_waivers(path, TODAY)
    assert [str(problem) for problem in raised.value.problems] == [
        "line 2: no rule has the code P999",
        "line 3: code is missing",
        "line 3: reason is missing",
        "line 4: until should be a date such as 2025-12-31; it is 2022-02-30",
    ]
    listed = file(tmp_path, '[{"code": "P106"}]', "a.json")
    with pytest.raises(DataError) as raised:
        read_waivers(listed, TODAY)
    assert [str(problem) for problem in raised.value.problems] == [
        "waiver 1: project is missing",
        "waiver 1: reason is missing",
    ]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b'[{"code": ', "not JSON"),
        (b'{"waiver": []}', "it should hold a list of waivers, each an object"),
        (b'["P106"]', "it should hold a list of waivers, each an object"),
        (b"PK\x03\x04\x00\x00\xff\xfe", "neither UTF-8 nor GB18030 text"),
    ],
)
def test_what_is_no_list_is_refused_in_one_line(tmp_path: Path, content: bytes, line: str) -> None:
    path = file(tmp_path, content)
    with pytest.raises(UsageError, match=line):
        read_waivers(path, TODAY)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.csv"):
        read_waivers(tmp_path / "nowhere.csv", TODAY)


# --- the command line


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "xlsform", "--lang", "en", "validate", "return.xlsx", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_validate_applies_a_file_of_waivers(tmp_path: Path) -> None:
    file(tmp_path, returned(), "return.xlsx")
    assert run(tmp_path).returncode == 1
    file(tmp_path, "code,project,reason,until\nP106,A-17,同意,2999-12-31\nG101,农村公路养护,同意,\n")
    found = run(tmp_path, "--waive", "waivers.csv")
    assert (found.returncode, found.stderr) == (0, "")
    assert "PASSED" in found.stdout
    assert found.stdout.count("excused") == 2


def test_validate_says_once_which_waivers_have_expired(tmp_path: Path) -> None:
    file(tmp_path, returned(), "return.xlsx")
    file(tmp_path, "code,project,reason,until\nP106,A-17,同意,2021-12-31\nG101,A-17,同意,2022-01-31\n")
    found = run(tmp_path, "--waive", "waivers.csv")
    assert found.returncode == 1
    assert "excused" not in found.stdout
    assert found.stderr == (
        "waivers.csv: these waivers have expired and are not applied: P106 A-17 (2021-12-31), G101 A-17 (2022-01-31)\n"
    )


def test_a_wrong_file_of_waivers_is_refused(tmp_path: Path) -> None:
    file(tmp_path, returned(), "return.xlsx")
    file(tmp_path, "code,project,reason\nP999,A-17,同意\n")
    found = run(tmp_path, "--waive", "waivers.csv")
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr.splitlines()[1:] == ["  line 2: no rule has the code P999"]
