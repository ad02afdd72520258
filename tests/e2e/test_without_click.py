"""A round without the command line: all that its commands do can be called, as a page would."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Generator, Iterable
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import openpyxl
import pytest
from support.inbox_by_hand import mail

from xlsform.batch.review import OfficeFiles, ReviewRequest, Workers, reviewing
from xlsform.batch.superseded import counted
from xlsform.errors import DataError, NothingFoundError, UsageError
from xlsform.form.template import load
from xlsform.inbox import PassedOver
from xlsform.mailing import Texts, due_replies, due_workbooks, write_drafts
from xlsform.messages import Message, render
from xlsform.projects import read_projects
from xlsform.register import Register
from xlsform.register.issuing import Before, Round, before, issue_round
from xlsform.reports.annotate.copies import marked
from xlsform.reports.summary import write_xlsx
from xlsform.rules.selection import codes_in
from xlsform.submission.from_file import open_submission
from xlsform.verdict.threshold import fails
from xlsform.verdict.verdict import Judged, Options
from xlsform.workbook.locks import lock_for

HEAD = ["项目编码", "项目名称", "实施单位", "电子邮箱", "全年预算数"]
AWAY = b"Auto-Submitted: auto-replied\r\n"
SENDER = "某县财政局 <jx@example.gov.cn>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a round: three projects of two units were issued and are recorded."""
    rows = [["001", "一", "甲", "a@example.cn", 1], ["002", "二", "甲", "a@example.cn", 2], ["003", "三", "乙", "", 3]]
    write(tmp_path / "list.csv", [HEAD, *rows])
    form = load("mof-2020")
    listed = read_projects(tmp_path / "list.csv", form)
    listed.require_sound()
    with Register.open(tmp_path / "r.db", create=True) as register:
        written = list(issue_round(Round(form, 2025), listed.projects, tmp_path / "issued", "password", register))
        assert before(register) == Before()
        for each in register.issued():
            said = open_submission(Path(each.file))[0].identities["sheet"]
            assert each.identity is not None
            assert (each.identity, each.identity.issued) == (said, said.issued)
            assert each.lock_hash == lock_for("password").as_json()
            assert each.form == form.digest
    assert [path.parent.name for path in written] == ["甲", "甲", "乙"]
    return tmp_path


def write(path: Path, rows: Iterable[Iterable[object]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(rows)


def test_workbooks_are_drafted(folder: Path) -> None:
    unmailed: list[Message] = []
    with Register.open(folder / "r.db") as register:
        due = due_workbooks(register, Texts(), 2025, unmailed.append)
        drafted = list(write_drafts(register, due, SENDER, folder / "out"))
        assert [each.mailed for each in register.status().projects] == ["draft", "draft", None]
    assert len(drafted) == 1
    (letter,) = (message_from_bytes(path.read_bytes(), policy=default) for path in (folder / "out").iterdir())
    assert (letter["To"], len(list(letter.iter_attachments()))) == ("甲 <a@example.cn>", 2)
    assert [render(each, "en") for each in unmailed] == ["003 三: no e-mail address in the list; not mailed"]


def test_returns_are_reviewed_summed_up_and_answered(folder: Path) -> None:
    doings: list[tuple[str, int | None]] = []

    def show(
        judged: Iterable[Judged], expected: Callable[[], int | None], doing: Message
    ) -> Generator[Judged, None, None]:
        yield from judged
        doings.append((doing.text, expected()))

    paths = [folder / "issued" / "甲"]
    (paths[0] / "away.eml").write_bytes(mail(more=AWAY))
    request = ReviewRequest(paths, Options(), OfficeFiles(register=folder / "r.db"), Workers(jobs=1), contents=False)
    passed_over: list[PassedOver] = []
    unmailed: list[Message] = []
    with reviewing(request, show, passed_over.append) as found:
        judged = list(found)
    assert [each.verdict.project_code for each in judged] == ["001", "002", "003"]
    assert [each.verdict.standing for each in judged] == ["failed", "failed", "outstanding"]
    assert [fails(each.verdict, "error") for each in judged] == [True, True, True]
    assert not any(fails(each.verdict, "never") for each in judged)
    assert doings == [("judged", 3), ("written", 2)]
    assert len(passed_over) == 1
    table = io.BytesIO()
    write_xlsx(counted(judged), table, "zh")
    assert "数据来源" in openpyxl.load_workbook(table).sheetnames
    with Register.open(folder / "r.db") as register:
        replies = list(
            due_replies(
                register,
                Texts(),
                None,
                paths,
                lambda verdict, incoming: marked(verdict, incoming, "zh"),
                "zh",
                unmailed.append,
            )
        )
    assert [[each.name for each in reply.attachments] for reply in replies] == [
        ["001_一_甲_退回.xlsx", "002_二_甲_退回.xlsx"],
    ]


def test_what_cannot_be_used_is_told_before_anything_is_judged(folder: Path) -> None:
    write(folder / "wrong.csv", [HEAD, ["001", "", "甲", "", 1]])

    def asked(office: OfficeFiles, paths: list[Path], template: str | None = None) -> None:
        with reviewing(ReviewRequest(paths, Options(template=template), office)) as found:
            list(found)

    with pytest.raises(DataError, match="项目名称 is blank"):
        asked(OfficeFiles(projects=folder / "wrong.csv"), [folder])
    with pytest.raises(UsageError, match="there is no register here"):
        asked(OfficeFiles(register=folder / "none.db"), [folder])
    with pytest.raises(UsageError, match="no template nobody"):
        asked(OfficeFiles(register=folder / "none.db"), [folder], "nobody")
    with pytest.raises(UsageError, match="no such file or folder"):
        asked(OfficeFiles(), [folder / "none"])
    (folder / "mails").mkdir()
    (folder / "mails" / "away.eml").write_bytes(mail(more=AWAY))
    with pytest.raises(NothingFoundError):
        asked(OfficeFiles(), [folder / "mails"])


def test_codes_are_known_ones_or_how_they_begin() -> None:
    assert codes_in(["m, S10", "P101"]) == ("M", "S10", "P101")
    assert codes_in([]) == ()
    with pytest.raises(UsageError, match="no rule has the code Q; families are "):
        codes_in(["M,Q"])
