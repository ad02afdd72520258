"""Letters of a whole round: each mail once or told, answers to registered addresses only, one letter a unit."""

from __future__ import annotations

import csv
import json
import os
import socket
import subprocess
import sys
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from support.inbox_by_hand import mail, named, workbook
from support.registers import mail as recorded
from support.smtp_server import BadLuckServer, Fault

from xlsform.cli import cli
from xlsform.form.template import load
from xlsform.projects import read_projects
from xlsform.register import Register
from xlsform.register.claims import own_claim
from xlsform.register.issuing import Round, issue_round

ROOT = Path(__file__).parents[2]
FROM = ["--from", "jx@example.gov.cn"]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


def run(*arguments: str | Path, code: int = 0) -> Result:
    result = CliRunner().invoke(cli, [str(each) for each in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.stdout + result.stderr
    return result


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a round: five units, the first of which has two projects."""
    rows: list[list[object]] = [["项目编码", "项目名称", "实施单位", "电子邮箱", "全年预算数"]]
    rows += [[f"00{number}", f"项目{number}", f"单位{number}", f"{number}@example.cn", 1] for number in range(1, 6)]
    rows.append(["006", "项目6", "单位1", "1@example.cn", 1])
    with (tmp_path / "list.csv").open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(rows)
    form = load("mof-2020")
    with Register.open(tmp_path / "r.db", create=True) as register:
        projects = read_projects(tmp_path / "list.csv", form).projects
        list(issue_round(Round(form, 2025), projects, tmp_path / "issued", "password", register))
    return tmp_path


def sending(folder: Path, server: BadLuckServer, *more: str | Path) -> list[str | Path]:
    at = f"127.0.0.1:{server.port}"
    register = folder / "r.db"
    return ["mail", "send", "--register", register, *FROM, "--smtp", at, "--security", "none", "--pause", "0", *more]


def kinds(folder: Path) -> list[tuple[str, str]]:
    with Register.open(folder / "r.db") as register:
        return [(each.unit, each.kind) for each in register.mails.all()]


def issued(folder: Path, code: str) -> bytes:
    (path,) = folder.glob(f"issued/*/{code}_*.xlsx")
    return path.read_bytes()


# --- once, or told


@pytest.mark.parametrize("does", ["drop", "what?"])
def test_a_mail_that_was_not_answered_is_told_and_not_sent_again(folder: Path, does: str) -> None:
    with BadLuckServer(Fault("content", does)).running() as server:
        first = run(*sending(folder, server), code=1).stderr.splitlines()
        subject = "2025年度项目支出绩效自评表（单位1，共2个项目）"
        told = f"单位1 (1@example.cn): “{subject}” was handed over, but the server did not say that it was taken ("
        assert first[0].startswith(told)
        assert first[-2:] == ["4 delivered, 0 failed", "1 may have arrived; nobody knows"]
        assert kinds(folder) == [("单位1", "sending"), *((f"单位{number}", "sent") for number in range(2, 6))]
        assert server.to == [f"{number}@example.cn" for number in range(1, 6)]
        second = run(*sending(folder, server), code=1).stderr.splitlines()
        assert "--again" in second[0]
        assert len(server.got) == 5
        run(*sending(folder, server, "--again"))
        assert server.to[5:] == ["1@example.cn"]
        assert server.got[0]["Message-ID"] == server.got[5]["Message-ID"]
        assert run(*sending(folder, server, "--again")).stderr == "0 delivered, 0 failed\n"


def test_a_server_that_stops_answering_is_left_alone(folder: Path) -> None:
    with BadLuckServer(*[Fault("content", "drop")] * 5).running() as server:
        said = run(*sending(folder, server), code=1).stderr.splitlines()
        assert said[-1] == "2 were not tried, since the server has stopped answering; run it again later"
        assert len(server.got) == 3
        server.faults = []
        run(*sending(folder, server), code=1)
        assert server.to[3:] == ["4@example.cn", "5@example.cn"]


def started(arguments: list[str | Path]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "xlsform", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_two_runs_at_once_send_each_mail_once(folder: Path) -> None:
    # Each answer takes its time, so that both runs are at work together.
    with BadLuckServer().running() as server:
        server.delay = 0.2
        runs = [started(sending(folder, server)) for _ in range(2)]
        said = [each.communicate(timeout=60)[1] for each in runs]
    assert [each.returncode for each in runs] == [0, 0], said
    assert sorted(server.to) == [f"{number}@example.cn" for number in range(1, 6)]
    assert sorted(kinds(folder)) == [(f"单位{number}", "sent") for number in range(1, 6)]
    assert "is delivered by another run" in "".join(said)


@pytest.mark.slow
def test_a_run_that_is_killed_leaves_a_mail_that_may_have_arrived(folder: Path) -> None:
    with BadLuckServer(Fault("after", ""), Fault("content", "hang")).running() as server:
        killed = started(sending(folder, server))
        for _ in range(2):
            assert server.arrived.wait(30)
            server.arrived.clear()
        meanwhile = run(*sending(folder, server)).stderr.splitlines()
        assert (
            meanwhile[0] == "2@example.cn: “2025年度项目支出绩效自评表（单位2，共1个项目）” is delivered by another run"
        )
        killed.kill()
        killed.communicate(timeout=30)
        assert run(*sending(folder, server), code=1).stderr.startswith("单位2 (2@example.cn): ")
        assert server.to == [f"{number}@example.cn" for number in range(1, 6)]


@pytest.mark.parametrize(
    ("claim", "taken"),
    [
        (own_claim(), True),
        (json.dumps([socket.gethostname(), 2**22 + 1, "", json.loads(own_claim())[3]]), False),
        (json.dumps([socket.gethostname(), os.getpid(), "an earlier process", json.loads(own_claim())[3]]), False),
        (json.dumps(["another computer", 1, "", json.loads(own_claim())[3]]), True),
        (json.dumps(["another computer", 1, "", "2020-01-01T00:00:00+00:00"]), False),
        (json.dumps(["another computer", 1, "", "2999-01-01T00:00:00+00:00"]), False),
        ("nonsense", False),
        ("[]", False),
        ("", False),
    ],
    # Not by what they hold: that has the process and the time in it, and every process of a run collects the tests.
    ids=("own", "no process", "an earlier process", "elsewhere", "elsewhere long ago", "elsewhere later", *"123"),
)
def test_a_claim_holds_while_its_process_may_be_at_work(folder: Path, claim: str, taken: bool) -> None:
    with Register.open(folder / "r.db") as register:
        about = [each.digest for each in register.issued() if each.project.unit == "单位2"]
        given: dict[str, Any] = {"unit": "单位2", "email": "2@example.cn", "about": about, "attachments": ()}
        register.mails.record("issue", "sending", message_id="<1@x>", claim=claim, **given)
        assert register.mails.claim("issue", message_id="<2@x>", **given) == ("sending" if taken else "uncertain")
        assert len(register.mails.all()) == 1
        assert isinstance(register.mails.claim("issue", message_id="<2@x>", again=True, **given), str) == taken


def test_what_was_sent_is_claimed_by_nobody(folder: Path) -> None:
    with Register.open(folder / "r.db") as register:
        recorded(register, "sent", "d", email="2@example.cn")
        given: dict[str, Any] = {"unit": "单位2", "message_id": "<2@x>", "attachments": (), "about": ["d", "e"]}
        assert register.mails.claim("issue", email="2@example.cn", again=True, **given) == "sent"
        number = register.mails.claim("issue", email="new@example.cn", **given)
        assert isinstance(number, int)
        register.mails.settle(number, "550 no")
        assert isinstance(register.mails.claim("issue", email="new@example.cn", **given), int)


def test_a_person_says_what_was_sent(folder: Path) -> None:
    register: list[str | Path] = ["--register", folder / "r.db"]
    with BadLuckServer(Fault("content", "drop")).running() as server:
        run(*sending(folder, server), code=1)
        told = run("mail", "sent", "006", *register).stderr
        assert told == "单位1 (1@example.cn): recorded as sent\n"
        assert run(*sending(folder, server)).stderr == "0 delivered, 0 failed\n"
        assert len(server.got) == 5
    assert (
        run("mail", "sent", "001", "006", *register).stderr == "no letter about these projects is waiting to be sent\n"
    )
    assert "nothing is known of project 999" in run("mail", "sent", "001", "999", *register, code=2).stderr


def test_a_draft_is_no_letter_until_a_person_says_so(folder: Path) -> None:
    register: list[str | Path] = ["--register", folder / "r.db"]
    run("mail", "draft", folder / "drafts", *register, *FROM)
    run("mail", "sent", "002", "003", *register)
    with BadLuckServer().running() as server:
        run(*sending(folder, server))
    assert server.to == ["1@example.cn", "4@example.cn", "5@example.cn"]


# --- answers


def returns(folder: Path, *mails: bytes, code: int = 1) -> Path:
    inbox = folder / "inbox"
    inbox.mkdir()
    for number, each in enumerate(mails):
        (inbox / f"{number}.eml").write_bytes(each)
    run("validate", inbox, "--register", folder / "r.db", code=code)
    return inbox


def answered(folder: Path, inbox: Path, code: int = 0) -> tuple[list[EmailMessage], str]:
    with BadLuckServer().running() as server:
        said = run(*sending(folder, server, "--returns", inbox), code=code).stderr
    return server.got, said


def names(message: EmailMessage) -> list[str | None]:
    return [part.get_filename() for part in message.iter_attachments()]


def test_a_unit_gets_one_letter_for_all_its_returns(folder: Path) -> None:
    inbox = returns(
        folder,
        mail(named("一.xlsx", issued(folder, "001")), more=b"Message-ID: <a@x.cn>\r\n"),
        mail(named("二.xlsx", issued(folder, "002")), more=b"Message-ID: <b@x.cn>\r\n"),
        mail(named("六.xlsx", issued(folder, "006")), more=b"Message-ID: <c@x.cn>\r\n"),
    )
    (first, second), _ = answered(folder, inbox)
    assert (first["To"], names(first)) == ("单位1 <1@example.cn>", ["一_退回.xlsx", "六_退回.xlsx"])
    assert first["In-Reply-To"] is None
    assert (second["To"], names(second)) == ("单位2 <2@example.cn>", ["二_退回.xlsx"])
    assert second["In-Reply-To"] == second["References"] == "<b@x.cn>"
    assert answered(folder, inbox)[0] == []


@pytest.mark.parametrize(
    "header",
    [b"<a b@x.cn>", b"<a@x.cn> <b@x.cn>", b"<\xff@x.cn>", b"<a@x\r\n Bcc: all@x.cn>", b"<" + b"a" * 999, b"a@x"],
)
def test_what_identifies_a_mail_is_no_way_into_the_answer(folder: Path, header: bytes) -> None:
    data = mail(named("一.xlsx", issued(folder, "001")), more=b"Message-ID: " + header + b"\r\n")
    ((message,), _) = answered(folder, returns(folder, data))
    assert message["Bcc"] is None
    assert message["In-Reply-To"] in (None, "<a@x.cn>")


def test_a_return_without_a_code_is_answered_to_a_registered_address_alone(folder: Path) -> None:
    inbox = returns(
        folder,
        mail(named("表.xlsx", workbook("甲")), sender=b"<3@EXAMPLE.cn>"),
        mail(named("表.xlsx", workbook("乙")), sender="张三 <zs@evil.cn>".encode()),
        mail(named("表.xlsx", workbook("丙")), sender=b""),
    )
    (message,), said = answered(folder, inbox)
    assert message["To"] == "单位3 <3@example.cn>"
    (draft,) = (folder / "drafts").iterdir()
    text = draft.read_bytes()
    assert b"\nTo:" not in text
    assert b"evil" not in text
    assert said.splitlines() == [
        f"{inbox / '2.eml'}/表.xlsx: no e-mail address is known for it; not answered",
        f"{draft}: drafted, not delivered: the mail says it is from zs@evil.cn, which is no registered address of the "
        "unit; make sure whose it is before you put it in",
        "1 delivered, 0 failed",
    ]
    assert answered(folder, inbox)[0] == []
    assert len(list((folder / "drafts").iterdir())) == 1
    drafts = run("mail", "draft", folder / "mine", "--register", folder / "r.db", *FROM, "--returns", inbox).stderr
    assert "zs@evil.cn, which is no registered address of the unit; drafted without an address" in drafts


def test_where_the_project_has_no_address_only_its_units_own_will_do(folder: Path) -> None:
    with Register.open(folder / "r.db") as register:
        (whole,) = (each for each in register.issued() if each.project.code == "006")
        register.record_issued(
            replace(whole.project, email=""),
            template=whole.template, edition=whole.edition, year=whole.year, file=whole.file, digest=whole.digest,
            password=whole.password,
        )  # fmt: skip
    own, others = (
        mail(named("六.xlsx", issued(folder, "006")), sender=sender, subject=sender)
        for sender in (b"1@example.cn", b"2@example.cn")
    )
    (message,), _ = answered(folder, returns(folder, own))
    assert message["To"] == "单位1 <1@example.cn>"
    (folder / "inbox/0.eml").unlink()
    (folder / "inbox").rmdir()
    with Register.open(folder / "r.db") as register:
        register._store.run("DELETE FROM mails")
        register._store.run("DELETE FROM returns")
    assert answered(folder, returns(folder, others))[0] == []
    assert [path.suffix for path in (folder / "drafts").iterdir()] == [".eml"]


def test_a_mail_without_its_workbook_is_answered_like_any_return(folder: Path) -> None:
    text = mail(sender=b"4@example.cn", subject="已报送".encode(), more=b"Message-ID: <t@x.cn>\r\n")
    pdf = mail(named("盖章.pdf", b"%PDF-1.7", "application/pdf"), sender=b"4@example.cn")
    (message,), _ = answered(folder, returns(folder, text, pdf))
    assert message["To"] == "单位4 <4@example.cn>"
    body = message.get_body(["plain"])
    assert body is not None
    assert body.get_content().count("（F113）") == 2
    assert "“已报送”" in body.get_content()
    assert "盖章.pdf" in body.get_content()
