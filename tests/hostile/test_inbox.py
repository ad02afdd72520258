"""Bombs, floods and damage: each comes out as a verdict, soon, and what is sound beside it comes too."""

import io
import random
import re
import struct
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.inbox_by_hand import NAME, SHAPES, WORKBOOK, Member, look, mail, mbox, named, raw_zip, refused
from support.timing import within

from xlsform.inbox import Incoming, incoming
from xlsform.inbox.clock import Clock
from xlsform.inbox.headers import parameters
from xlsform.inbox.incoming import SpentError
from xlsform.reading import Limits
from xlsform.reading.workbook import Unreadable


def read(
    folder: Path, data: bytes, name: str = "a.zip", limits: Limits | None = None, seconds: float = 5
) -> list[Incoming]:
    path = folder / name
    path.write_bytes(data)
    with within(seconds):
        return look(path, limits=limits)


@cache
def bomb(size: int) -> bytes:
    """Zeros packed a thousand times."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return b"".join(packer.compress(bytes(1_000_000)) for _ in range(size // 1_000_000)) + packer.flush()


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("name", [b"bomb.xlsx", b"bomb.zip", b"bomb.eml"])
def test_a_bomb_is_refused_and_the_next_member_comes(name: bytes, told: bool, tmp_path: Path) -> None:
    packed = bomb(200_000_000)
    data = raw_zip(Member(name, packed=packed, size=200_000_000 if told else 1_000), Member(b"z.xlsx"))
    tracemalloc.start()
    found = read(tmp_path, data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [each.name for each in found] == [name.decode(), "z.xlsx"]
    refused(found[0], "oversized")
    assert found[1].data == WORKBOOK
    assert peak < 5_000_000


def test_a_member_that_is_packed_too_well(tmp_path: Path) -> None:
    found = read(tmp_path, raw_zip(Member(b"a.xlsx", bytes(3_000_000)), Member(b"b.xlsx", bytes(90_000))))
    assert "more than 100 times" in refused(found[0], "oversized")
    assert found[1].data == bytes(90_000)


def test_members_that_share_their_bytes(tmp_path: Path) -> None:
    kernel = bytes(random.Random(1).randbytes(50_000))
    first = Member(b"0.xlsx", kernel)
    rest = [Member(b"%d.xlsx" % n, kernel, packed=b"", offset=0) for n in range(1, 900)]
    data = bytearray(raw_zip(first, *rest))
    length = struct.unpack_from("<I", data, data.index(b"PK\1\2") + 20)[0]
    for found in re.finditer(re.escape(b"PK\1\2"), bytes(data)):
        data[found.start() + 20 : found.start() + 24] = struct.pack("<I", length)
    (refusal,) = read(tmp_path, bytes(data))
    assert "overlap" in refused(refusal, "oversized")


def test_archives_that_unpack_to_more_and_more(tmp_path: Path) -> None:
    """Below every limit for a member; together they would unpack to gigabytes."""
    block = random.Random(2).randbytes(1_000) * 90
    leaf = raw_zip(*[Member(b"%d.xlsx" % n, block) for n in range(500)])
    middle = raw_zip(*[Member(b"%d.zip" % n, leaf) for n in range(90)])
    data = raw_zip(*[Member(b"%d.zip" % n, middle) for n in range(50)])
    limits = Limits(total_size=10_000_000, members=50)
    found = read(tmp_path, data, limits=limits, seconds=10)
    assert found[-1].origin == str(tmp_path / "a.zip")
    refused(found[-1], "oversized")
    assert len(found) <= 1_001


def test_the_cost_is_limited_for_all_that_is_in_a_file(tmp_path: Path) -> None:
    limits = Limits(total_size=1_000_000)
    noise = random.Random(3).randbytes(1_000) * 30
    data = raw_zip(*[Member(b"%d.xlsx" % n, noise) for n in range(400)])
    found = read(tmp_path, data, limits=limits)
    assert 1_000_000 + 20 * len(data) - 30_000 < 30_000 * (len(found) - 1) <= 1_000_000 + 20 * len(data)
    assert "unpacked it is larger" in refused(found[-1], "oversized")


def test_more_members_than_any_district_has_returns(tmp_path: Path) -> None:
    limits = Limits(members=5)
    assert len(read(tmp_path, raw_zip(*[Member(b"%d.xlsx" % n, b"") for n in range(100)]), limits=limits)) == 100
    (found,) = read(tmp_path, raw_zip(*[Member(b"%d.xlsx" % n, b"") for n in range(101)]), limits=limits)
    assert "more than 100 files" in refused(found, "oversized")
    (found,) = read(tmp_path, raw_zip(*[Member(b"a.txt", b"")] * 65_000))
    refused(found, "oversized")


def test_the_members_of_all_archives_in_a_file_count_together(tmp_path: Path) -> None:
    inner = raw_zip(*[Member(b"%d.xlsx" % n, b"") for n in range(60)])
    found = read(tmp_path, raw_zip(Member(b"a.zip", inner), Member(b"b.zip", inner)), limits=Limits(members=5))
    assert [each.name for each in found] == [f"{n}.xlsx" for n in range(60)] + ["a.zip"]
    assert found[-1].origin == str(tmp_path / "a.zip")
    assert "more than 100 files" in refused(found[-1], "oversized")


def test_three_thousand_returns_in_one_archive(tmp_path: Path) -> None:
    data = raw_zip(*[Member(f"单位{n % 90}/{n}.xlsx".encode("gbk")) for n in range(3_000)])
    assert sum(each.data == WORKBOOK for each in read(tmp_path, data, seconds=10)) == 3_000


def test_the_same_name_twenty_thousand_times(tmp_path: Path) -> None:
    assert len(read(tmp_path, raw_zip(*[Member(b"a.xlsx", b"")] * 19_000), seconds=10)) == 19_000


def test_an_archive_that_holds_itself(tmp_path: Path) -> None:
    """As a quine would go on: the offset of the member leads back to the beginning."""
    inner = raw_zip(Member(b"r.zip", raw_zip(Member(b"a.xlsx"))))
    data = raw_zip(Member(b"r.zip", inner, method=0, offset=0), Member(b"r.zip", inner, method=0, offset=0))
    assert len(read(tmp_path, data)) <= 4


FLOODS: dict[str, Callable[[], bytes]] = {
    "parts": lambda: mail(*[b""] * 300_000, boundary="b"),
    "beginnings of a boundary": lambda: mail(b"\n--bx" * 2_000_000, boundary="b"),
    "blanks behind a boundary": lambda: mail((b"\n--b" + b" \t" * 50_000 + b"x") * 50, boundary="b"),
    "headers": lambda: b"From: a@b.cn\n" + b"a:\n" * 3_000_000,
    "folded headers": lambda: b"From: a@b.cn\nContent-Type: multipart/mixed" + b";\n a=b" * 50_000 + b"\n\nx",
    "semicolons in quotes": lambda: mail(b'Content-Disposition: x; a="' + b";" * 200_000 + b"\r\n\r\nx"),
    "open quotes": lambda: mail(b"Content-Disposition: x" + b';a="\\' * 40_000 + b"\r\n\r\nx"),
    "sections": lambda: mail(
        b"Content-Disposition: x" + b"".join(b";filename*%d*=%%41" % (n % 9999) for n in range(9_000)) + b"\r\n\r\nx"
    ),
    "words": lambda: mail(b"Content-Disposition: x; filename=" + b"=?utf-8?B?6KGo?= " * 12_000 + b"\r\n\r\nx"),
    "brackets": lambda: mail(sender=b"<" * 200_000 + b"(" * 20_000),
    "combining marks": lambda: mail(named("a" + "\u0301" * 60_000 + ".xlsx")),
    "lines": lambda: mail(b"\r\n" * 5_000_000),
    "multiparts": lambda: (
        b"From: a@b.cn\n"
        + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(20_000))
    ),
    "one boundary for all": lambda: b"From: a@b.cn\n" + b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" * 100_000,
    "zero bytes": lambda: b"From: a@b.cn\n\n" + bytes(20_000_000),
}


@pytest.mark.parametrize("flood", FLOODS)
def test_floods_are_over_soon(flood: str, tmp_path: Path) -> None:
    data = FLOODS[flood]()
    read(tmp_path, data, "a.eml")
    assert read(tmp_path, mbox([data, mail(named("z.xlsx"))]), "a.mbox", seconds=5)[-1].name == "z.xlsx"


def test_a_mailbox_of_separators_alone(tmp_path: Path) -> None:
    assert read(tmp_path, b"From a Mon Jan  4 10:00:00 2021\n\n" * 300_000, "a.mbox")
    assert read(tmp_path, b"From " * 4_000_000 + b"10:00", "a.mbox")


def documents(count: int) -> bytes:
    """An archive of documents that are no workbooks; to tell that of each takes a twentieth of a second."""
    noise = random.Random(1).randbytes(20_000).hex().encode()
    types = b"<Types>" + b"<a/>" * 450_000 + b"<!--" + noise + b"--></Types>"
    document = io.BytesIO()
    with zipfile.ZipFile(document, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", types)
    return raw_zip(*(Member(b"%d.dat" % number, document.getvalue()) for number in range(count)))


@pytest.mark.slow
def test_seconds_cover_what_is_opened(tmp_path: Path) -> None:
    """27 MB of such documents took more than a minute."""
    data = raw_zip(Member(b"a.xlsx"), Member(b"b.zip", documents(400)), Member(b"c.xlsx"))
    found = read(tmp_path, data, limits=Limits(seconds=1, total_size=1_000_000_000), seconds=2)
    assert [each.name for each in found] == ["a.xlsx", "a.zip"]
    assert refused(found[1], "timeout") == "opened for 1 seconds; the rest of it is left out"


@pytest.mark.slow
def test_seconds_cover_mails(tmp_path: Path) -> None:
    headers = b"a: b\r\n" * 40_000 + b"Content-Type: text/plain\r\n\r\nx"
    data = mail(*[headers] * 200, boundary="b")
    (found,) = read(tmp_path, data, "a.eml", limits=Limits(seconds=0.5), seconds=1.5)
    assert "opened for 0.5 seconds" in refused(found, "timeout")
    found = read(tmp_path, mbox([data, mail(named("z.xlsx"))]), "a.mbox", limits=Limits(seconds=0.5), seconds=1.5)[-1]
    assert found.origin == str(tmp_path / "a.mbox")
    assert "opened for 0.5 seconds" in refused(found, "timeout")


def test_the_time_of_whoever_takes_what_is_found_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(raw_zip(*(Member(b"%d.xlsx" % number) for number in range(4))))
    found = []
    for each in incoming([tmp_path], Limits(seconds=0.2)):
        found.append(each.name)
        until = time.thread_time() + 0.1
        while time.thread_time() < until:
            pass
    assert found == ["0.xlsx", "1.xlsx", "2.xlsx", "3.xlsx"]


def test_a_large_mailbox_has_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter(range(0, 1_000, 1))
    monkeypatch.setattr("time.thread_time", lambda: next(now))
    limits = Limits(seconds=10)
    small, large = Clock(1_000, limits), Clock(10 * limits.part_size, limits)
    assert sum(1 for _ in large.timed(iter(range(60)))) == 60
    large.check()
    assert sum(1 for _ in small.timed(iter(range(9)))) == 9
    small.check()
    list(small.timed(iter([1])))
    with pytest.raises(SpentError):
        small.check()


@pytest.mark.slow
def test_more_mails_than_any_mailbox_has(tmp_path: Path) -> None:
    """27 MB were 675,000 entries, found in 17 seconds."""
    data = b"From a Mon Jan  4 10:00:00 2021\nA: b\n\n" * 100_000
    found = read(tmp_path, data, "a.mbox", limits=Limits(members=50))
    most = 20 * 50 + len(data) // 2_000
    assert len(found) == most + 1
    assert f"more than {most:,} files" in refused(found[-1], "oversized")


def test_parameters_grow_with_their_length_alone() -> None:
    for piece in (';a="', ";a", "; ", ';a=";', "\\", ";a*0*=%", '";'):
        with within(1):
            parameters("x" + piece * 100_000)


SOUND: dict[str, bytes] = {
    "a.zip": raw_zip(
        Member(NAME.encode("gbk")),
        Member(b"n.zip", raw_zip(Member(b"b.xlsx"))),
        Member(b"c.eml", mail(named("c.xlsx"))),
    ),
    "b.eml": SHAPES["Thunderbird"](NAME, WORKBOOK),
    "c.eml": mail(named("d.zip", raw_zip(Member(b"b.xlsx"))), named("e.eml", mail(named("c.xlsx"), boundary="i"))),
    "d.mbox": mbox([SHAPES["QQ mail"](NAME, WORKBOOK), SHAPES["raw GBK"](NAME, WORKBOOK)]),
}
TOKENS = [
    b"\r\n\r\n",
    b"\n--",
    b'"',
    b"=?gbk?B?",
    b"?=",
    b"PK\1\2",
    b"PK\5\6",
    b"PK\3\4",
    b"\xff\xff\xff\xff",
    b"\0" * 8,
    b"*0*=",
    b"'",
    b";",
]


def mutated(data: bytes, chance: random.Random) -> bytes:
    """The data with one to four places changed, cut out, doubled or filled with what means something there."""
    for _ in range(chance.randint(1, 4)):
        at, length = chance.randrange(len(data) or 1), chance.choice([1, 1, 2, 4, 30, 300])
        piece = chance.choice([
            b"", chance.randbytes(length), data[at : at + length] * 2, chance.choice(TOKENS),
            bytes([chance.choice(b"\0\xff\n;")]),
        ])  # fmt: skip
        data = data[:at] + piece + data[at + chance.choice([0, length]) :]
    return data if chance.random() < 0.8 else data[: chance.randrange(len(data) + 1)]


@pytest.mark.parametrize("name", SOUND)
def test_mutated_files_never_raise(name: str, tmp_path: Path) -> None:
    chance = random.Random(name)
    sound = {each.origin: each.data for each in read(tmp_path, SOUND[name], name)}
    assert len(sound) >= 1
    assert not any(isinstance(data, Unreadable) for data in sound.values())
    changed = 0
    for _ in range(400):
        found = read(tmp_path, mutated(SOUND[name], chance), name, seconds=2)
        changed += {each.origin: each.data for each in found} != sound
    assert changed > 200


@pytest.mark.parametrize("name", ["x.zip", "x.eml", "x.mbox", "x.msg", "x"])
@given(
    data=st.binary(max_size=300),
    start=st.sampled_from([b"", b"PK\3\4", b"PK\5\6", b"From a 1:00\nA: b\n", b"From: a\nDate: b\n"]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
def test_noise_never_raises(name: str, data: bytes, start: bytes, tmp_path: Path) -> None:
    read(tmp_path, start + data, name)


def test_what_cut_archives_hold_is_never_taken_for_whole(tmp_path: Path) -> None:
    data = raw_zip(*(Member(b"%d.xlsx" % number, method=0) for number in range(3)))
    for length in range(4, len(data), 97):
        (found,) = read(tmp_path, data[:length])
        refused(found, "truncated")


def test_the_last_resort(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RecursionError("nobody has met this yet")

    (tmp_path / "b.xlsx").write_bytes(WORKBOOK)
    (tmp_path / "a.eml").write_bytes(mail(named("a.xlsx")))
    monkeypatch.setattr("xlsform.inbox.mail.IncomingMail.pieces", fails)
    found = look(tmp_path)
    assert "RecursionError" in refused(found[0], "damaged")
    assert found[1].data == WORKBOOK


def test_ctrl_c_gets_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stops(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    (tmp_path / "a.eml").write_bytes(mail(named("a.xlsx")))
    monkeypatch.setattr("xlsform.inbox.mail.IncomingMail.pieces", stops)
    with pytest.raises(KeyboardInterrupt):
        look(tmp_path)


def test_what_the_standard_library_refuses_as_a_whole(tmp_path: Path) -> None:
    """Why the directory is not read by zipfile."""
    data = raw_zip(Member("表.xlsx".encode("gbk"), flags=0x800), Member(b"b.xlsx"))
    with pytest.raises(UnicodeDecodeError):
        zipfile.ZipFile(io.BytesIO(data))
    assert [each.name for each in read(tmp_path, data)] == ["表.xlsx", "b.xlsx"]
