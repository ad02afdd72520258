"""Letters: what they say and bring, readable in Outlook, Foxmail and QQ mail."""

from __future__ import annotations

import datetime as dt
import email
from dataclasses import replace
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from jinja2 import UndefinedError

from xlsform.demo.samples import samples_folder
from xlsform.errors import UsageError
from xlsform.mailing import (
    Answer,
    Attachment,
    Letter,
    Texts,
    compose,
    draft,
    issue_letters,
    own_texts,
    reply_letters,
)
from xlsform.projects import Project
from xlsform.register import Issued, Return
from xlsform.verdict.judge import check
from xlsform.verdict.verdict import Options

WHEN = dt.datetime(2026, 1, 5, 9, 30, tzinfo=dt.UTC)
SENDER = "某县财政局绩效科 <jx@example.gov.cn>"


def project(code: str, name: str, unit: str, address: str) -> Project:
    return Project(code, name, "某局", unit, address, {}, (), {}, 2)


def issued(folder: Path, code: str, unit: str = "公路养护中心", address: str = "gl@example.cn", **more: Any) -> Issued:
    (folder / f"{code}_项目.xlsx").write_bytes(f"workbook {code}".encode())
    return Issued(
        project(code, more.get("name", f"项目{code}"), unit, address),
        template="mof-2020",
        edition="2020.1",
        year=2025,
        file=f"{code}_项目.xlsx",
        digest=f"digest{code}",
        password="secret",
        due=more.get("due"),
        when=WHEN,
    )


def letter(**changes: Any) -> Letter:
    values: dict[str, Any] = {
        "purpose": "issue",
        "unit": "公路养护中心",
        "to": "gl@example.cn",
        "subject": "自评表",
        "text": "正文",
        "html": "<p>正文</p>",
        "attachments": (),
        "about": ("d",),
    }
    return Letter(**values | changes)


def composed(written: Letter, key: bytes = b"the register's") -> EmailMessage:
    return compose(written, SENDER, WHEN, key)


def drafted(written: Letter) -> bytes:
    return draft(composed(written))


def parsed(data: bytes) -> EmailMessage:
    message = email.message_from_bytes(data, policy=default)
    assert isinstance(message, EmailMessage)
    return message


# --- what a letter says


def test_one_letter_a_unit_with_all_its_workbooks(tmp_path: Path) -> None:
    due = dt.date(2026, 1, 31)
    workbooks = [
        issued(tmp_path, "001", due=due),
        issued(tmp_path, "002"),
        issued(tmp_path, "003", "水利站", "sl@example.cn"),
    ]
    first, second = issue_letters(workbooks, tmp_path, Texts())
    assert (first.unit, first.to, first.about) == ("公路养护中心", "gl@example.cn", ("digest001", "digest002"))
    assert [each.name for each in first.attachments] == ["001_项目.xlsx", "002_项目.xlsx"]
    assert first.attachments[0].data == b"workbook 001"
    assert first.subject == "2025年度项目支出绩效自评表（公路养护中心，共2个项目）"
    assert "1. 001 项目001" in first.text
    assert "请于 2026 年 1 月 31 日前发回" in first.text
    assert second.to == "sl@example.cn"
    assert "日前发回" not in second.text


def test_the_password_is_in_no_letter(tmp_path: Path) -> None:
    (one,) = issue_letters([issued(tmp_path, "001")], tmp_path, Texts())
    assert b"secret" not in drafted(one)
    assert "secret" not in one.text + one.html + one.subject


def test_a_workbook_that_is_gone_is_told(tmp_path: Path) -> None:
    gone = issued(tmp_path, "001")
    (tmp_path / gone.file).unlink()
    with pytest.raises(UsageError, match=r"001_项目\.xlsx: cannot be opened"):
        list(issue_letters([gone], tmp_path, Texts()))


def test_a_reply_lists_what_is_wrong_in_the_clerks_words() -> None:
    verdict = check(samples_folder() / "faults-weights.xlsx", Options())
    returned = Return(verdict, "inbox.mbox#3/自评表.xlsx", WHEN)
    answer = Answer(returned, Attachment("自评表_退回.xlsx", b"copy"))
    (reply,) = reply_letters("公路养护中心", "gl@example.cn", [answer], Texts(), "zh")
    assert reply.subject == "【退回修改】农村公路养护 项目支出绩效自评表"
    assert "1. 【错误】自评表!G40：" in reply.text
    assert "（W101）" in reply.text
    assert "退回意见" in reply.text
    assert reply.about == (verdict.sha256,)
    (without,) = reply_letters("公路养护中心", "gl@example.cn", [Answer(returned, None)], Texts(), "zh")
    assert "用原表重新填报" in without.text


def faulty(name: str, message_id: str = "", copy: bytes = b"copy") -> Answer:
    verdict = check(samples_folder() / "faults-weights.xlsx", Options())
    returned = Return(replace(verdict, project_name=name, sha256=name), f"inbox.mbox#3/{name}/自评表.xlsx", WHEN)
    return Answer(returned, Attachment("自评表_退回.xlsx", copy), message_id)


def test_all_returns_of_a_unit_are_answered_in_one_letter() -> None:
    answers = [faulty("一", "<1@x.cn>"), faulty("二", "<2@x.cn>")]
    (reply,) = reply_letters("公路养护中心", "gl@example.cn", answers, Texts(), "zh")
    assert reply.subject == "【退回修改】项目支出绩效自评表（公路养护中心，共2份）"
    assert reply.about == ("一", "二")
    assert [each.name for each in reply.attachments] == ["自评表_退回.xlsx", "自评表_退回(2).xlsx"]
    for text in (reply.text, reply.html):
        assert text.count("（W101）") == 2
        assert text.index("“一”") < text.index("附件“自评表_退回.xlsx”") < text.index("“二”")
        assert text.index("“二”") < text.index("附件“自评表_退回(2).xlsx”")
    assert composed(reply)["In-Reply-To"] is None


def test_an_answer_to_one_mail_stands_below_it() -> None:
    answers = [faulty("一", "<1@x.cn>"), faulty("二", "<1@x.cn>")]
    (reply,) = reply_letters("公路养护中心", "gl@example.cn", answers, Texts(), "zh")
    message = parsed(draft(composed(reply)))
    assert message["In-Reply-To"] == message["References"] == "<1@x.cn>"


@pytest.mark.parametrize("purpose", ["issue", "reply"])
def test_what_is_too_large_for_one_mail_comes_in_several(
    purpose: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xlsform.mailing.letters._MOST", 30)
    if purpose == "issue":
        found = list(issue_letters([issued(tmp_path, f"00{number}") for number in range(5)], tmp_path, Texts()))
        assert [each.about for each in found] == [
            ("digest000", "digest001"),
            ("digest002", "digest003"),
            ("digest004",),
        ]
    else:
        answers = [faulty(name, copy=bytes(size)) for name, size in (("一", 10), ("二", 99), ("三", 20), ("四", 10))]
        found = list(reply_letters("公路养护中心", "gl@example.cn", answers, Texts(), "zh"))
        assert [each.about for each in found] == [("一",), ("二",), ("三", "四")]
    assert [each.subject[-5:] for each in found] == ["（1/3）", "（2/3）", "（3/3）"]
    assert ["共分3封邮件，这是第2封" in each.text and "这是第2封" in each.html for each in found] == [
        False,
        True,
        False,
    ]
    assert len({composed(each)["Message-ID"] for each in found}) == 3


def test_a_draft_for_nobody_knows_whom_has_no_address() -> None:
    message = parsed(drafted(letter(to="", claimed="zs@evil.cn")))
    assert message["To"] is None
    assert "zs@evil.cn" not in message.as_string()


def test_text_of_a_return_is_no_markup_in_a_letter(tmp_path: Path) -> None:
    (one,) = issue_letters([issued(tmp_path, "001", name="<script>alert(1)</script>")], tmp_path, Texts())
    assert "<script>" not in one.html
    assert "&lt;script&gt;" in one.html


def test_the_office_edits_the_wording(tmp_path: Path) -> None:
    for name, content in own_texts().items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "issue.subject.jinja").write_text("请填报\n {{ unit }}", encoding="utf-8")
    (one,) = issue_letters([issued(tmp_path, "001")], tmp_path, Texts(tmp_path))
    assert one.subject == "请填报 公路养护中心"


@pytest.mark.parametrize(
    ("wording", "message"),
    [("{{ unit", "issue.subject.jinja, line 1: this letter cannot be read"), ("{{ units }}", "'units' is undefined")],
)
def test_a_broken_wording_is_one_clear_message(wording: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "issue.subject.jinja").write_text(wording, encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        list(issue_letters([issued(tmp_path, "001")], tmp_path, Texts(tmp_path)))
    assert issubclass(UndefinedError, Exception)


# --- how it is written down


def test_an_eml_is_read_back_as_it_was_written() -> None:
    data = drafted(letter(attachments=(Attachment("2025_农村公路养护_公路养护中心.xlsx", b"\x00PK"),)))
    assert data.isascii()
    message = parsed(data)
    assert message["X-Unsent"] == "1"
    assert message["Subject"] == "自评表"
    assert message["From"].addresses[0].display_name == "某县财政局绩效科"
    assert message["To"].addresses[0].addr_spec == "gl@example.cn"
    assert message["To"].addresses[0].display_name == "公路养护中心"
    body, rich = message.get_body(["plain"]), message.get_body(["html"])
    assert body is not None
    assert rich is not None
    assert body.get_content().strip() == "正文"
    assert rich.get_content().strip() == "<p>正文</p>"
    (part,) = message.iter_attachments()
    assert part.get_filename() == "2025_农村公路养护_公路养护中心.xlsx"
    assert part.get_content() == b"\x00PK"


def test_attachment_names_are_written_in_both_ways() -> None:
    data = drafted(letter(attachments=(Attachment("农村公路养护项目支出绩效自评表.xlsx", b"x"),))).decode("ascii")
    unfolded = data.replace("\r\n ", " ")
    assert "filename*=utf-8''%E5%86%9C" in unfolded or "filename*0*=utf-8''%E5%86%9C" in unfolded
    assert 'name="=?utf-8?b?' in unfolded


def test_lines_are_as_long_as_mail_allows() -> None:
    data = drafted(letter(subject="很长的主题" * 60, attachments=(Attachment("名" * 110 + ".xlsx", b"x" * 5000),)))
    assert max(len(line) for line in data.split(b"\r\n")) <= 998


def test_a_name_cannot_smuggle_a_header_in() -> None:
    evil = "x\r\nBcc: all@example.cn"
    message = parsed(drafted(letter(unit=evil, attachments=(Attachment(evil, b"x"),))))
    assert message["Bcc"] is None
    assert [key for key in message if key.lower() == "bcc"] == []


@pytest.mark.parametrize("address", ["", "gl", "gl@", "@example.cn", "公路@example.cn", "a@b\r\nBcc: c@d"])
def test_an_address_that_no_server_takes_is_told(address: str) -> None:
    with pytest.raises(UsageError, match="is no e-mail address"):
        composed(letter(to=address))


def test_the_same_letter_has_the_same_identity() -> None:
    first, second = composed(letter()), composed(letter())
    assert first["Message-ID"] == second["Message-ID"]
    later = compose(letter(), SENDER, WHEN + dt.timedelta(days=3), b"the register's")
    assert later["Message-ID"] == first["Message-ID"]
    assert composed(letter(), b"another's")["Message-ID"] != first["Message-ID"]
    assert composed(letter(to="new@example.cn"))["Message-ID"] != first["Message-ID"]
    assert composed(letter(about=("e",)))["Message-ID"] != first["Message-ID"]
    assert first["Message-ID"].endswith("@example.gov.cn>")
