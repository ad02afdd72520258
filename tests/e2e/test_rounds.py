"""A whole round as an office and a bureau live it: list, workbooks, mails, returns, replies, status, summary."""

from __future__ import annotations

import csv
import email
import hashlib
import io
import json
import os
import re
import shutil
import socket
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from decimal import Decimal
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import IO, Any

import openpyxl
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from click.testing import CliRunner, Result
from support.audit import audit

from xlsform.cli import cli
from xlsform.demo.samples import samples_folder
from xlsform.files.atomic import open_whole
from xlsform.form.identity import Identity
from xlsform.form.layout import lay_out
from xlsform.form.template import load
from xlsform.reading import read_bytes
from xlsform.reading.workbook import Workbook
from xlsform.register import Register
from xlsform.register.mails import Mails
from xlsform.spreadsheet.package import Package
from xlsform.submission.recognition import recognise
from xlsform.workbook.data import fill
from xlsform.workbook.issue import issue
from xlsform.workbook.locks import lock_for

UNITS = [("公路养护中心", "gl@example.cn"), ("水利站", "sl@example.cn"), ("卫生院", "ws@example.cn")]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("XLSFORM_PASSWORD", "office secret")


def run(*arguments: str | Path, code: int = 0) -> Result:
    result = CliRunner().invoke(cli, [str(each) for each in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.stdout + result.stderr
    return result


def sample() -> dict[str, Any]:
    content = json.loads(
        (samples_folder() / "faultless.json").read_text(encoding="utf-8"), parse_float=Decimal, parse_int=Decimal
    )
    return dict(content["data"])


@pytest.fixture
def project_list(tmp_path: Path) -> Path:
    """Six projects over three units, each with the faultless sample's indicators."""
    data = sample()
    rows = [["项目编码", "项目名称", "主管部门", "实施单位", "电子邮箱"]]
    indicators = [["项目编码", "二级指标", "三级指标", "指标值", "分值"]]
    for number in range(6):
        unit, address = UNITS[number // 2]
        rows.append([f"00{number + 1}", f"项目{number + 1}", "某县某局", unit, address])
        indicators += [
            [f"00{number + 1}", *(str(each[key]) for key in ("level2", "name", "target", "weight"))]
            for each in data["indicators"]
        ]
    path = tmp_path / "项目清单.csv"
    for target, table in ((path, rows), (tmp_path / "项目清单-指标.csv", indicators)):
        with target.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows(table)
    return path


@pytest.fixture
def round_folder(tmp_path: Path, project_list: Path) -> Path:
    run("generate", "mof-2020", "--projects", project_list, "--year", "2025", "--register", tmp_path / "r.db",
        "--due", "2026-01-31", "-o", tmp_path / "issued")  # fmt: skip
    return tmp_path


def returned(folder: Path, code: str, **changes: Any) -> bytes:
    """Return a project's issued workbook filled in as the faultless sample, its first score changed where asked."""
    (path,) = folder.glob(f"issued/*/{code}_*.xlsx")
    original = path.read_bytes()
    contents = read_bytes(original)
    assert isinstance(contents, Workbook)
    submission = recognise(path, contents)
    assert submission is not None
    data = sample() | {"year": Decimal(2025)}
    data["fields"] = {key: value for key, value in data["fields"].items() if key.startswith("goal")}
    data["fields"]["goal_actual"] = f"{data['fields']['goal_actual']}（{code}）"
    data["funds"]["total"] = data["funds"]["total"] | {"executed": Decimal("117.6")}
    data["indicators"] = [dict(each) for each in data["indicators"]]
    data["indicators"][0] |= changes
    return fill(submission, original, data)


def mail(sender: str, *attachments: tuple[str, bytes]) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "jx@example.gov.cn", "自评表"
    message["Date"] = "Mon, 05 Jan 2026 10:00:00 +0800"
    message.set_content("见附件")
    for name, data in attachments:
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def inbox(folder: Path) -> Path:
    """Return a folder of what came back: by mail, in an archive, faulty, forged; 005 and 006 are outstanding."""
    path = folder / "inbox"
    path.mkdir()
    (path / "1.eml").write_bytes(
        mail(
            "gl@example.cn",
            ("001_项目1.xlsx", returned(folder, "001")),
            ("002.xlsx", returned(folder, "002", score=Decimal(30))),
        )
    )
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("自评表/003_项目3.xlsx", returned(folder, "003"))
    (path / "2.eml").write_bytes(mail("sl@example.cn", ("自评表.zip", archive.getvalue())))
    (path / "004.xlsx").write_bytes(forged(folder))
    return path


def forged(folder: Path) -> bytes:
    """Return a workbook that claims to be project 004's, issued by somebody without the register's key."""
    layout = lay_out(load("mof-2020"))
    return issue(layout, lock_for("x"), year=2025, project_code="004", values={"project_name": "项目4"})


def found(report: dict[str, Any], code: str) -> list[str]:
    return [each["code"] for file in report["files"] if file["project_code"] == code for each in file["findings"]]


# --- issuing


def test_a_workbook_for_each_project_in_a_folder_for_each_unit(round_folder: Path) -> None:
    names = sorted(
        path.relative_to(round_folder / "issued").as_posix() for path in (round_folder / "issued").rglob("*.xlsx")
    )
    assert names[0] == "公路养护中心/001_项目1_公路养护中心.xlsx"
    assert len(names) == 6
    assert audit(next((round_folder / "issued").rglob("*.xlsx"))) == []


def test_what_the_list_says_is_prefilled_and_locked(round_folder: Path) -> None:
    (path,) = round_folder.glob("issued/*/001_*.xlsx")
    sheet = openpyxl.load_workbook(path)["自评表"]
    texts = {cell.value: cell for row in sheet.iter_rows() for cell in row if cell.value is not None}
    for text in ("项目1", "公路养护中心", "养护里程", "≥120公里"):
        assert texts[text].protection.locked, text
    assert not texts["养护里程"].offset(0, 2).protection.locked
    assert "指标2：" not in texts


def test_a_faulty_list_issues_nothing(tmp_path: Path, project_list: Path) -> None:
    text = project_list.read_text(encoding="utf-8-sig").replace("002,", "001,")
    project_list.write_text(text, encoding="utf-8-sig")
    result = run("generate", "mof-2020", "--projects", project_list, "-o", tmp_path / "out", code=2)
    assert "001" in result.stderr
    assert not (tmp_path / "out").exists()


def test_the_list_template_is_empty_and_sound(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    run("projects", "template", "-o", path)
    assert audit(path) == []
    assert "the list has no projects" in run("generate", "mof-2020", "--projects", path, "-o", tmp_path, code=2).stderr


def test_an_interruption_leaves_no_workbook_recorded_that_is_not_there(
    tmp_path: Path, project_list: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []

    def interrupted(path: Path) -> AbstractContextManager[IO[bytes]]:
        if len(opened) == 5:
            raise KeyboardInterrupt
        opened.append(path)
        return open_whole(path)

    monkeypatch.setattr("xlsform.register.issuing._GROUP", 2)
    monkeypatch.setattr("xlsform.register.issuing.open_whole", interrupted)
    generate: list[str | Path] = [
        "generate",
        "mof-2020",
        "--projects",
        project_list,
        "--register",
        tmp_path / "r.db",
        "-o",
        tmp_path,
    ]
    run(*generate, code=130)
    with Register.open(tmp_path / "r.db") as register:
        issued = list(register.issued())
    assert [each.project.code for each in issued] == ["001", "002", "003", "004"]
    assert all(hashlib.sha256(Path(each.file).read_bytes()).hexdigest() == each.digest for each in issued)
    # The fifth was written beside its place, and is gone again.
    assert len(list(tmp_path.rglob("*_*.xlsx"))) == 4
    assert list(tmp_path.rglob(".xlsform-*")) == []
    monkeypatch.undo()
    monkeypatch.setenv("XLSFORM_PASSWORD", "office secret")
    run(*generate)
    with Register.open(tmp_path / "r.db") as register:
        assert len(list(register.issued())) == 6


def test_what_is_issued_is_recorded_in_the_order_of_the_list(tmp_path: Path) -> None:
    many = [["001", "数量指标", f"指标{number}", "10个"] for number in range(3)]
    tables = {
        "清单.csv": [["项目编码", "项目名称", "实施单位"], ["001", "大项目", "甲"], ["002", "小项目", "乙"]],
        "清单-指标.csv": [["项目编码", "二级指标", "三级指标", "指标值"], *many, ["002", "数量指标", "指标", "1个"]],
    }
    for name, rows in tables.items():
        with (tmp_path / name).open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows(rows)
    run("generate", "mof-2020", "--projects", tmp_path / "清单.csv", "--register", tmp_path / "r.db", "-o", tmp_path)
    with Register.open(tmp_path / "r.db") as register:
        issued = list(register.issued())
    assert [each.project.code for each in issued] == ["001", "002"]
    assert all(hashlib.sha256(Path(each.file).read_bytes()).hexdigest() == each.digest for each in issued)


# --- mailing


class Memory:
    def __init__(self) -> None:
        self.got: list[EmailMessage] = []
        self.refused = ""

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address == self.refused:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        message = email.message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.got.append(message)
        return "250 OK"


@pytest.fixture
def post() -> Iterator[tuple[Memory, list[str]]]:
    memory = Memory()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(memory, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield (
            memory,
            ["--smtp", f"127.0.0.1:{port}", "--security", "none", "--pause", "0", "--from", "jx@example.gov.cn"],
        )
    finally:
        controller.stop()


def test_one_draft_a_unit(round_folder: Path) -> None:
    drafts = round_folder / "drafts"
    run("mail", "draft", drafts, "--register", round_folder / "r.db", "--from", "jx@example.gov.cn")
    assert sorted(path.name for path in drafts.iterdir()) == [
        "001_公路养护中心.eml",
        "002_水利站.eml",
        "003_卫生院.eml",
    ]
    message = email.message_from_bytes((drafts / "001_公路养护中心.eml").read_bytes(), policy=default)
    assert message["X-Unsent"] == "1"
    assert b"office secret" not in (drafts / "001_公路养护中心.eml").read_bytes()


def counts(folder: Path, *names: str) -> list[int]:
    summary = json.loads(run("status", "--register", folder / "r.db", "--format", "json").stdout)["summary"]
    return [summary[name] for name in names]


def test_status_tells_what_was_drafted_and_what_was_mailed(round_folder: Path, post: tuple[Memory, list[str]]) -> None:
    assert counts(round_folder, "issued", "mailed", "drafted") == [6, 0, 0]
    register = ["--register", str(round_folder / "r.db")]
    run("mail", "draft", round_folder / "drafts", *register, "--from", "jx@example.gov.cn")
    assert counts(round_folder, "issued", "mailed", "drafted") == [6, 0, 6]
    assert "--project" in run("status", *register, "--project", "001", "--format", "csv", code=2).stderr
    memory, server = post
    memory.refused = "sl@example.cn"
    run("mail", "send", *register, *server, code=1)
    assert counts(round_folder, "mailed", "drafted") == [4, 0]
    told = run("status", *register, "--project", "003", "--lang", "zh").stdout.splitlines()
    assert told[0] == "003  项目3（水利站）"
    assert [line.split()[2] for line in told[1:]] == ["已发放", "已起草", "未送达"]
    assert "550 no such mailbox" in told[3]
    unknown = run("status", *register, "--project", "777", code=2).stderr
    assert unknown.strip() == f"{round_folder / 'r.db'}: nothing is known of project 777"


def test_sending_goes_on_where_it_stopped(round_folder: Path, post: tuple[Memory, list[str]]) -> None:
    memory, server = post
    register = ["--register", str(round_folder / "r.db")]
    assert run("mail", "send", *register, *server, "--dry-run").stderr.count("attachments") == 3
    assert memory.got == []
    memory.refused = "sl@example.cn"
    result = run("mail", "send", *register, *server, code=1)
    assert "sl@example.cn: not delivered (sl@example.cn: 550 no such mailbox)" in result.stderr
    assert "2 delivered, 1 failed" in result.stderr
    memory.refused = ""
    assert "1 delivered, 0 failed" in run("mail", "send", *register, *server).stderr
    assert "0 delivered, 0 failed" in run("mail", "send", *register, *server).stderr
    assert [message["To"].addresses[0].addr_spec for message in memory.got] == [
        "gl@example.cn",
        "ws@example.cn",
        "sl@example.cn",
    ]
    assert [part.get_filename() for part in memory.got[0].iter_attachments()] == [
        "001_项目1_公路养护中心.xlsx", "002_项目2_公路养护中心.xlsx",
    ]  # fmt: skip


def test_a_mail_that_was_being_delivered_when_the_program_ended_is_sent_again_only_where_that_is_asked_for(
    round_folder: Path, post: tuple[Memory, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, server = post
    register = ["--register", str(round_folder / "r.db")]

    def power_cut(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Mails, "settle", power_cut)
    run("mail", "send", *register, *server, code=130)
    monkeypatch.undo()
    assert len(memory.got) == 1
    assert counts(round_folder, "mailed") == [0]
    told = run("status", *register, "--project", "001", "--lang", "zh").stdout
    assert "可能已发送" in told
    held = (
        "公路养护中心 (gl@example.cn): “2025年度项目支出绩效自评表（公路养护中心，共2个项目）” was handed over by an "
        "earlier run, and may have arrived: ask the unit; “mail sent” says that it did, --again delivers it once more"
    )
    for _ in range(2):
        assert run("mail", "send", *register, *server, "--dry-run").stderr.splitlines()[0] == held
        result = run("mail", "send", *register, *server, code=1)
        assert result.stderr.splitlines()[0] == held
        assert result.stderr.splitlines()[-1] == "1 may have arrived; nobody knows"
        assert len(memory.got) == 3
    result = run("mail", "send", *register, *server, "--again")
    again = "gl@example.cn: sent again, since an earlier run ended in the middle; it may arrive twice"
    assert result.stderr.splitlines() == [again, "1 delivered, 0 failed"]
    ids = [message["Message-ID"] for message in memory.got]
    assert ids[0] == ids[3]
    assert len(set(ids)) == 3
    assert counts(round_folder, "mailed") == [6]
    assert run("mail", "send", *register, *server).stderr == "0 delivered, 0 failed\n"


# --- what comes back


def test_returns_from_mails_and_archives_are_judged_and_remembered(round_folder: Path) -> None:
    register = ["--register", str(round_folder / "r.db")]
    folder = inbox(round_folder)
    report = json.loads(run("validate", folder, *register, "--format", "json", code=1).stdout)
    assert found(report, "001") == []
    assert found(report, "002") == ["P101"]
    assert found(report, "003") == []
    assert "S113" in found(report, "004")
    assert found(report, "005") == found(report, "006") == ["X101"]
    assert any(each["path"].endswith("/001_项目1.xlsx") and ".eml" in each["path"] for each in report["files"])
    again = json.loads(run("validate", folder, *register, "--format", "json", code=1).stdout)
    assert again == report


def test_status_says_who_is_how_far(round_folder: Path) -> None:
    register = ["--register", str(round_folder / "r.db")]
    run("validate", inbox(round_folder), *register, code=1)
    status = json.loads(run("status", *register, "--format", "json").stdout)
    text = run("status", *register).stdout
    assert all(unit in text for unit, _ in UNITS)
    states = {project["project_code"]: project["state"] for unit in status["units"] for project in unit["projects"]}
    assert states == {
        "001": "passed", "002": "sent_back", "003": "passed", "004": "sent_back", "005": "overdue", "006": "overdue",
    }  # fmt: skip
    workbook = round_folder / "status.xlsx"
    run("status", *register, "--format", "xlsx", "-o", workbook)
    assert audit(workbook) == []


def test_a_faulty_return_is_answered_with_a_marked_copy(round_folder: Path, post: tuple[Memory, list[str]]) -> None:
    memory, server = post
    register = ["--register", str(round_folder / "r.db")]
    folder = inbox(round_folder)
    run("validate", folder, *register, code=1)
    run("mail", "send", *register, *server, "--returns", folder, "--lang", "zh")
    replies = {message["To"].addresses[0].addr_spec: message for message in memory.got}
    assert set(replies) == {"gl@example.cn", "sl@example.cn"}
    reply = replies["gl@example.cn"]
    body = reply.get_body(["plain"])
    assert body is not None
    assert "P101" in body.get_content()
    (part,) = reply.iter_attachments()
    assert part.get_filename() == "002_退回.xlsx"
    assert Package(part.get_content()).sheets()[0].name == "退回意见"
    run("mail", "send", *register, *server, "--returns", folder)
    assert len(memory.got) == 2


def test_the_page_tells_what_is_outstanding_and_what_is_overdue(round_folder: Path, project_list: Path) -> None:
    register = ["--register", str(round_folder / "r.db")]
    run("generate", "mof-2020", "--projects", project_list, "--year", "2025", *register, "--due", "2099-01-31", "-o",
        round_folder / "issued")  # fmt: skip
    late = project_list.with_name("late.csv")
    text = project_list.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    late.write_text("".join([text[0], text[6]]), encoding="utf-8-sig")
    run("generate", "mof-2020", "--projects", late, "--year", "2025", *register, "--due", "2026-01-31", "-o",
        round_folder / "late")  # fmt: skip
    folder = inbox(round_folder)
    page = round_folder / "page.html"
    run("validate", folder, *register, "--format", "html", "-o", page, code=1)
    content = page.read_text(encoding="utf-8")
    assert re.findall(r"<tr><td>(卫生院)</td><td>(\d)</td><td>(.*?)</td></tr>", content) == [
        ("卫生院", "2", '<span>005 项目5</span>, <span class="overdue">006 项目6</span>')
    ]
    assert re.findall(r'<li class="(outstanding|overdue)"><b>(\d)</b>', content) == [
        ("outstanding", "2"),
        ("overdue", "1"),
    ]
    table = round_folder / "汇总表.xlsx"
    run("summarize", folder, *register, "-o", table, "--lang", "zh")
    assert statuses(table) == {
        "001": "通过",
        "002": "未通过",
        "003": "通过",
        "004": "未通过",
        "005": "未返回",
        "006": "逾期",
    }


def statuses(table: Path) -> dict[str, str]:
    sheet = openpyxl.load_workbook(table, data_only=True)["汇总表"]
    return {str(row[1].value): str(row[11].value) for row in sheet.iter_rows(min_row=5)}


def test_what_came_back_in_an_earlier_run_is_not_outstanding(round_folder: Path) -> None:
    register = ["--register", str(round_folder / "r.db")]
    run("validate", inbox(round_folder), *register, code=1)
    later = round_folder / "later"
    later.mkdir()
    (later / "5.xlsx").write_bytes(returned(round_folder, "005"))
    report = json.loads(run("validate", later, *register, "--format", "json", code=1).stdout)
    assert [(each["project_code"], each["status"]) for each in report["files"]] == [
        ("005", "passed"),
        ("006", "failed"),
    ]
    assert found(report, "006") == ["X101"]


def test_the_summary_has_what_came_back_in_earlier_runs(round_folder: Path) -> None:
    register = ["--register", str(round_folder / "r.db")]
    folder = inbox(round_folder)
    os.utime(folder / "004.xlsx", (1_700_000_000, 1_700_000_000))
    run("validate", folder, *register, code=1)
    later = round_folder / "later"
    later.mkdir()
    (later / "5.xlsx").write_bytes(returned(round_folder, "005"))
    (later / "2.xlsx").write_bytes(returned(round_folder, "002"))
    table = round_folder / "汇总表.xlsx"
    expected = {"001": "通过", "002": "通过", "003": "通过", "004": "未通过", "005": "通过", "006": "逾期"}
    for paths in ([later], [folder], [], [folder, later]):
        run("summarize", *paths, *register, "-o", table, "--lang", "zh")
        assert statuses(table) == expected
    sources = openpyxl.load_workbook(table)["数据来源"].iter_rows(min_row=2)
    assert {Path(str(row[8].value)).name for row in sources if row[12].value} == {"002.xlsx"}
    assert "--register" in run("summarize", "-o", table, code=2).stderr


def test_a_withdrawn_project_is_expected_no_more(
    round_folder: Path, project_list: Path, post: tuple[Memory, list[str]]
) -> None:
    memory, server = post
    register = ["--register", str(round_folder / "r.db")]
    refused = run("projects", "withdraw", "005", "999", *register, code=2).stderr
    assert refused.strip() == f"{round_folder / 'r.db'}: never issued: 999; nothing was changed"
    assert run("projects", "withdraw", "002", "005", "006", *register, "--reason", "年中调减").stderr == (
        "withdrawn: 002, 005, 006\n"
    )
    folder = inbox(round_folder)
    report = json.loads(run("validate", folder, *register, "--format", "json", code=1).stdout)
    assert found(report, "005") == found(report, "006") == []
    (message,) = (each["message"] for file in report["files"] for each in file["findings"] if each["code"] == "X104")
    assert message == "“项目2” was withdrawn (年中调减)"
    status = json.loads(run("status", *register, "--format", "json").stdout)
    assert {key: status["summary"][key] for key in ("issued", "returned", "outstanding", "withdrawn", "strays")} == {
        "issued": 3, "returned": 3, "outstanding": 0, "withdrawn": 3, "strays": 1,
    }  # fmt: skip
    assert "撤销" in run("status", *register, "--lang", "zh").stdout
    run("mail", "send", *register, *server)
    run("mail", "send", *register, *server, "--returns", folder)
    assert [message["To"].addresses[0].addr_spec for message in memory.got] == [
        "gl@example.cn", "sl@example.cn", "sl@example.cn",
    ]  # fmt: skip
    assert [part.get_filename() for part in memory.got[0].iter_attachments()] == ["001_项目1_公路养护中心.xlsx"]
    again = run("generate", "mof-2020", "--projects", project_list, *register, "-o", round_folder / "again").stderr
    assert again.splitlines()[-2:] == [
        "withdrawn before, and now expected again: 002, 005, 006",
        "drafted or mailed before, and now issued anew: 3 workbooks; send the new ones to their units: 001, 003, 004",
    ]
    assert counts(round_folder, "issued", "withdrawn", "strays") == [6, 0, 0]


def test_a_forged_return_takes_no_other_ones_place(round_folder: Path) -> None:
    register = ["--register", str(round_folder / "r.db")]
    folder = round_folder / "inbox"
    folder.mkdir()
    (folder / "1.xlsx").write_bytes(returned(round_folder, "004"))
    (folder / "2.xlsx").write_bytes(forged(round_folder))
    os.utime(folder / "1.xlsx", (1_700_000_000, 1_700_000_000))
    report = json.loads(run("validate", folder, *register, "--format", "json", code=1).stdout)
    assert [(Path(each["path"]).name, each["status"]) for each in report["files"][:2]] == [
        ("1.xlsx", "passed"), ("2.xlsx", "failed"),
    ]  # fmt: skip
    assert "X102" not in found(report, "004")
    status = json.loads(run("status", *register, "--format", "json").stdout)
    (line,) = (each for unit in status["units"] for each in unit["projects"] if each["project_code"] == "004")
    assert (line["state"], Path(line["origin"]).name, line["returns"]) == ("passed", "1.xlsx", 1)
    assert [(Path(each["origin"]).name, each["why"]) for each in status["strays"]] == [("2.xlsx", "forged")]
    table = round_folder / "汇总表.xlsx"
    run("summarize", folder, *register, "-o", table, "--lang", "zh")
    assert statuses(table)["004"] == "通过"
    sources = openpyxl.load_workbook(table)["数据来源"]
    rows = list(sources.iter_rows(min_row=2, max_row=3))
    assert [Path(str(row[8].value)).name for row in rows] == ["1.xlsx", "2.xlsx"]
    assert [Path(str(row[12].value or "")).name for row in rows] == ["", "1.xlsx"]


@pytest.mark.parametrize("listed", [True, False])
def test_a_project_that_returned_twice_has_one_row_and_counts_once(
    round_folder: Path, project_list: Path, *, listed: bool
) -> None:
    folder = round_folder / "inbox"
    folder.mkdir()
    for number, name in enumerate(("新", "旧")):
        (folder / f"{name}.xlsx").write_bytes(returned(round_folder, "001", reason=name))
        os.utime(folder / f"{name}.xlsx", (1_700_000_000 - number, 1_700_000_000 - number))
    (folder / "别的.xlsx").write_bytes(returned(round_folder, "002"))
    table = round_folder / "汇总表.xlsx"
    more: list[str | Path] = ["--projects", project_list] if listed else []
    run("summarize", folder, "-o", table, "--lang", "zh", *more)
    sheet = openpyxl.load_workbook(table, data_only=True)["汇总表"]
    codes = [row[1].value for row in sheet.iter_rows(min_row=5)]
    assert codes == (["002", "001", "003", "004", "005", "006"] if listed else ["002", "001"])
    assert [sheet.cell(3, column).value for column in (3, 7, 8)] == [6 if listed else 2, 240, 235.2]
    assert "另有 1 份已被取代的文件不计入" in str(sheet.cell(2, 1).value)
    rows = openpyxl.load_workbook(table)["数据来源"].iter_rows(min_row=2)
    assert {Path(str(row[8].value)).name: Path(str(row[12].value or "")).name for row in rows if row[8].value} == {
        "别的.xlsx": "", "新.xlsx": "", "旧.xlsx": "新.xlsx",
    }  # fmt: skip


def test_mails_without_a_workbook_are_told_and_never_passed(round_folder: Path) -> None:
    register = ["--register", str(round_folder / "r.db")]
    folder = round_folder / "inbox"
    folder.mkdir()
    away = b"Auto-Submitted: auto-replied\r\n"
    for number in range(3):
        (folder / f"{number}.eml").write_bytes(away + mail("zs@example.cn"))
    (folder / "3.eml").write_bytes(mail("postmaster@example.cn").replace(b"Subject: ", b"Subject: Undelivered "))
    nothing = run("validate", folder, *register, code=3).stderr.splitlines()
    assert nothing[:2] == [
        "1 delivery reports and receipts are no returns; -v names them",
        "3 automatic replies are no returns; -v names them",
    ]
    assert nothing[2].startswith("no workbook found")
    (folder / "9.eml").write_bytes(mail("gl@example.cn", ("001.xlsx", returned(round_folder, "001"))))
    assert len(json.loads(run("validate", folder, "--format", "json").stdout)["files"]) == 1
    named = run("validate", folder, "-v").stderr
    assert f"{folder / '0.eml'}: an automatic reply of zs@example.cn" in named
    assert run("validate", folder, "-q").stderr == ""
    (folder / "7.eml").write_bytes(mail("zs@example.cn"))
    (folder / "8.eml").write_bytes(mail("sl@example.cn", ("扫描.pdf", b"%PDF-1.7"), ("自评表.xlsx", b"%PDF-1.7")))
    report = json.loads(run("validate", folder, *register, "--format", "json", code=1).stdout)
    told = [(Path(each["path"]).name, each["status"], [found["code"] for found in each["findings"]])
            for each in report["files"] if each["path"]]  # fmt: skip
    assert told == [
        ("7.eml", "unreadable", ["F113"]), ("自评表.xlsx", "unreadable", ["F101", "F113"]), ("001.xlsx", "passed", []),
    ]  # fmt: skip
    assert report["summary"]["unreadable"] == 2
    # What nobody could read is in no way excused: neither by leaving its finding out nor by asking for errors alone.
    for more in (["--ignore", "F113"], ["--fail-on", "error"], ["--select", "M"]):
        run("validate", folder / "7.eml", *more, code=1)
    assert "7.eml" in run("validate", folder, "--lang", "zh", code=1).stdout
    again = json.loads(run("validate", folder, *register, "--format", "json", code=1).stdout)
    assert again == report


def test_what_came_beside_a_return_is_told_with_it_whichever_mail_was_judged_first(round_folder: Path) -> None:
    register = ["--register", str(round_folder / "r.db")]
    folder = round_folder / "inbox"
    folder.mkdir()
    book = ("001.xlsx", returned(round_folder, "001"))
    (folder / "1.eml").write_bytes(mail("gl@example.cn", book))
    (folder / "2.eml").write_bytes(mail("gl@example.cn", book, ("盖章.pdf", b"%PDF-1.7")))
    (folder / "3.eml").write_bytes(mail("gl@example.cn", book, ("照片.jpg", b"\xff\xd8")))
    for _ in range(2):
        report = json.loads(run("validate", folder, *register, "--format", "json", code=1).stdout)
        found = [[each["found"] for each in file["findings"] if each["code"] == "F113"] for file in report["files"][:3]]
        assert found == [[], ["盖章.pdf"], ["照片.jpg"]]
        assert [each["status"] for each in report["files"][:3]] == ["passed"] * 3


def test_marked_copies_tell_the_mail_that_their_original_came_in(round_folder: Path) -> None:
    run("validate", inbox(round_folder), "--annotate", round_folder / "back", code=1)
    copies = sorted(
        path.relative_to(round_folder / "back").as_posix() for path in (round_folder / "back").rglob("*.xlsx")
    )
    assert copies == ["004_退回.xlsx", "1.eml/002_退回.xlsx"]


def test_the_bureaus_summary(round_folder: Path) -> None:
    folder = inbox(round_folder)
    path = round_folder / "汇总表.xlsx"
    run("summarize", folder, "--register", round_folder / "r.db", "-o", path, "--lang", "zh")
    assert audit(path) == []
    sheet = openpyxl.load_workbook(path, data_only=True)["汇总表"]
    cells = {cell.value for row in sheet.iter_rows() for cell in row}
    assert {"001", "项目1", "002", "项目3"} <= cells


def test_a_page_for_the_browser(round_folder: Path) -> None:
    page = round_folder / "report.html"
    run("validate", inbox(round_folder), "--format", "html", "-o", page, code=1)
    text = page.read_text(encoding="utf-8")
    assert "项目2" in text
    assert "http://" not in text.replace("http://www.w3.org", "")


def test_a_project_list_stands_in_for_a_register(round_folder: Path, project_list: Path) -> None:
    report = json.loads(
        run("validate", inbox(round_folder), "--projects", project_list, "--format", "json", code=1).stdout
    )
    assert found(report, "005") == ["X101"]
    assert found(report, "001") == []


def test_returned_twice_and_copied(round_folder: Path, project_list: Path) -> None:
    folder = round_folder / "inbox"
    folder.mkdir()
    data = returned(round_folder, "001")
    (folder / "a.xlsx").write_bytes(data)
    (folder / "b.xlsx").write_bytes(data)
    report = json.loads(run("validate", folder, "--projects", project_list, "--format", "json", code=1).stdout)
    assert sorted(found(report, "001")) == ["X102"]


def test_identity_is_signed_with_the_registers_key(round_folder: Path) -> None:
    (path,) = round_folder.glob("issued/*/001_*.xlsx")
    contents = read_bytes(path.read_bytes())
    assert isinstance(contents, Workbook)
    submission = recognise(path, contents)
    assert submission is not None
    identity = submission.identities["sheet"]
    assert isinstance(identity, Identity)
    assert identity.signature
    assert not identity.signed_with(b"another key")


def test_a_register_that_is_none_is_one_clear_line(round_folder: Path) -> None:
    result = run("validate", samples_folder() / "faultless.xlsx", "--register", round_folder / "none.db", code=2)
    assert len(result.stderr.splitlines()) == 1
    shutil.copy(samples_folder() / "faultless.xlsx", round_folder / "wrong.db")
    assert len(run("status", "--register", round_folder / "wrong.db", code=2).stderr.splitlines()) == 1
