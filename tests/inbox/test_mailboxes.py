"""Returns in mailboxes: mbox as Thunderbird, Foxmail and Google write it, Maildir as servers keep it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.inbox_by_hand import WORKBOOK, Member, look, mail, mbox, named, raw_zip, refused, workbook

from xlsform.inbox import PassedOver, count
from xlsform.reading import Limits
from xlsform.reading.workbook import Reason

SENDERS = ["张三 <zs@x.cn>", "李四 <ls@y.cn>", "王五 <ww@z.cn>"]


def mail_of(number: int, sender: str) -> bytes:
    """Return a mail with a workbook, sent on a day of its own."""
    sent = mail(named("表.xlsx", workbook(str(number))), sender=sender.encode(), boundary=f"b{number}")
    return sent.replace(b"04", b"%02d" % (number + 1))


MAILS = [mail_of(number, sender) for number, sender in enumerate(SENDERS)]


def test_three_mails_with_lines_that_begin_with_from(tmp_path: Path) -> None:
    path = tmp_path / "inbox.mbox"
    path.write_bytes(mbox(MAILS))
    assert mbox(MAILS).count(b"\nFrom here on") == 3
    found = look(path)
    assert [each.origin for each in found] == [
        f"{path}#{number} {who}/表.xlsx" for number, who in enumerate(SENDERS, 1)
    ]
    assert [each.sender for each in found] == SENDERS
    assert [each.data for each in found] == [workbook(str(number)) for number in range(3)]
    assert [each.received for each in found] == [datetime(2021, 1, day, 2, 30, tzinfo=UTC) for day in (1, 2, 3)]


@pytest.mark.parametrize(
    "line",
    [
        b"From here on: nothing\nNote: x\n",
        b"\nFrom here on, at 10:30, we\nwork\n",
        b"\nFrom the office\nNote: read this\n",
        b"\n>From zs@x.cn Mon Jan  4 10:00:00 2021\nTo: me\n",
        b"x\nFrom zs@x.cn at 10:00:00\nTo: me\n",
        b"x\nFrom zs@x.cn Mon Jan  4 10:00:00 2021\n\nTo: me\n",
        b"\n From zs@x.cn Mon Jan  4 10:00:00 2021\nTo: me\n",
    ],
)
def test_lines_of_a_text_do_not_begin_a_mail(line: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.mbox"
    path.write_bytes(mbox([MAILS[0].replace(b"From here on: nothing\r\n", line), MAILS[1]]))
    assert [each.sender for each in look(path)] == SENDERS[:2]


@pytest.mark.parametrize(
    "line",
    [
        b"From - Mon Jan 04 10:00:00 2021\n",
        b"From 1687@xxx Mon Jan 04 02:00:00 +0000 2021\n",
        b"From MAILER-DAEMON Mon Jan  4 10:00:00 2021\n>From x\n",
        b"From zs@x.cn Mon Jan  4 10:00:00 2021\r\n",
        b"From zs@x.cn  Mon Jan 4 10:00 2021\n",
    ],
)
def test_lines_that_begin_a_mail(line: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.mbox"
    path.write_bytes(b"\n".join(line + each for each in MAILS))
    assert [each.sender for each in look(path)] == SENDERS


def test_a_mail_without_a_workbook_is_told_in_its_place(tmp_path: Path) -> None:
    path, said = tmp_path / "a.mbox", list[PassedOver]()
    other = mail(named("a.pdf", b"%PDF"), subject="关于/自评".encode())
    path.write_bytes(mbox([MAILS[0], other, b"\0\n", MAILS[1], mail(), mail(subject="自动回复: 已收到".encode())]))
    found = look(path, passed_over=said)
    assert [(each.automatic, str(each.message)) for each in said] == [
        ("answer", f"{path}#5 张三 <zs@x.cn>: an automatic reply of 张三 <zs@x.cn>")
    ]
    assert [each.name for each in found] == ["表.xlsx", "关于_自评.eml", "表.xlsx", "自评表.eml"]
    assert "only a text" in refused(found[3], "not-checkable")
    assert found[1].origin == f"{path}#2 张三 <zs@x.cn>"
    refused(found[1], "not-checkable")


def test_a_broken_mail_does_not_take_the_others_along(tmp_path: Path) -> None:
    path = tmp_path / "a.mbox"
    path.write_bytes(mbox([MAILS[0], b"X: " + b"x" * 300_000, MAILS[1], b"Y: 1\n\nx", MAILS[2]]))
    found = look(path)
    assert [each.sender for each in found] == [SENDERS[0], "", SENDERS[1], "", SENDERS[2]]
    assert found[1].origin == f"{path}#2"
    refused(found[1], "oversized")
    refused(found[3], "damaged")


def test_a_mail_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.mbox"
    path.write_bytes(mbox([MAILS[0], mail(named("大.xlsx", bytes(200_000))), MAILS[1]]))
    found = look(path, limits=Limits(part_size=100_000))
    assert [each.origin for each in found] == [
        f"{path}#1 {SENDERS[0]}/表.xlsx",
        f"{path}#2",
        f"{path}#3 {SENDERS[1]}/表.xlsx",
    ]
    refused(found[1], "oversized")


def test_what_one_mail_costs_is_not_taken_from_the_next(tmp_path: Path) -> None:
    path = tmp_path / "a.mbox"
    many = mail(named("a.zip", raw_zip(*[Member(b"a.xlsx", b"")] * 30)))
    path.write_bytes(mbox([many] * 5))
    assert len(look(path, limits=Limits(members=5))) == 150


@pytest.mark.parametrize(
    ("data", "reason"), [(b"", "empty"), (b"hello\n\nFrom here\n", "damaged"), (b"\0" * 3_000_000, "damaged")]
)
def test_no_mailboxes(data: bytes, reason: Reason, tmp_path: Path) -> None:
    path = tmp_path / "a.mbox"
    path.write_bytes(data)
    (found,) = look(path)
    refused(found, reason)
    assert found.origin == str(path)


def test_a_mailbox_without_an_extension_is_told_by_its_content_where_it_is_named(tmp_path: Path) -> None:
    path = tmp_path / "Inbox"
    path.write_bytes(mbox(MAILS))
    assert [each.sender for each in look(path)] == SENDERS
    assert count([path], Limits()) is None
    path.write_bytes(MAILS[0])
    assert [each.origin for each in look(path)] == [f"{path}/表.xlsx"]


def test_a_mailbox_of_apple_mail_is_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "返回.mbox"
    folder.mkdir()
    (folder / "mbox").write_bytes(mbox(MAILS))
    (folder / "table_of_contents").write_bytes(b"x")
    assert [each.sender for each in look(tmp_path)] == SENDERS


def maildir(folder: Path) -> Path:
    for name in ("cur", "new", "tmp", ".Sent/cur"):
        (folder / name).mkdir(parents=True)
    (folder / "cur/1609727400.M1P1.mx:2,S").write_bytes(MAILS[1])
    (folder / "cur/1609727000.M1P1.mx:2,RS").write_bytes(MAILS[0])
    (folder / "new/1609720000.M1P1.mx").write_bytes(MAILS[2])
    (folder / "tmp/1609720000.M1P1.mx").write_bytes(MAILS[2])
    (folder / ".Sent/cur/1609720000.M1P1.mx:2,S").write_bytes(MAILS[2])
    (folder / "cur/.hidden").write_bytes(b"x")
    (folder / "dovecot-uidlist").write_bytes(b"x")
    return folder


@pytest.mark.parametrize("start", [".", "Maildir"])
def test_a_maildir(start: str, tmp_path: Path) -> None:
    folder = maildir(tmp_path / "Maildir")
    (folder / "自评表.xlsx").write_bytes(WORKBOOK)
    found = look(tmp_path / start)
    assert [each.sender for each in found] == [*SENDERS, ""]
    assert found[0].origin == f"{folder}/cur/1609727000.M1P1.mx:2,RS {SENDERS[0]}/表.xlsx"
    assert count([folder], Limits()) == 4


def test_a_maildir_mail_without_a_workbook(tmp_path: Path) -> None:
    folder = maildir(tmp_path / "Maildir")
    for name in ("cur/1609727400.M1P1.mx:2,S", "cur/1609727000.M1P1.mx:2,RS"):
        (folder / name).unlink()
    (folder / "new/1609720000.M1P1.mx").write_bytes(mail(subject="已阅".encode()))
    (folder / "new/1609720001.M1P1.mx").write_bytes(mail(named("a.pdf", b"%PDF"), subject="已收到".encode()))
    found = look(folder)
    assert [each.name for each in found] == ["已阅.eml", "已收到.eml"]
    assert all(refused(each, "not-checkable") for each in found)
