"""Fuzzers of what returns come in: mails, mailboxes, archives."""

from __future__ import annotations

import random
import tempfile
import unicodedata
from collections.abc import Callable
from functools import cache
from pathlib import Path

from support.fuzzing import markup
from support.fuzzing.target import SECTION, Clock, Target
from support.inbox_by_hand import NAME, SHAPES, WORKBOOK, Member, look, mail, mbox, named, raw_zip

from xlsform.files.devices import is_device
from xlsform.inbox import archives, mailboxes
from xlsform.inbox import mail as mails
from xlsform.reading.workbook import Unreadable

# So that all of it is loaded, and instrumented, before the first input.
assert archives
assert mailboxes
assert mails

#: In memory where the system has such a folder: millions of inputs are written.
_MEMORY = Path("/dev/shm")


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None)


def in_folder(name: str, data: bytes) -> Path:
    """Return a file of this content, which the next one replaces."""
    path = Path(_folder().name, name)
    path.write_bytes(data)
    return path


def looked(name: str, data: bytes) -> None:
    """Look into a file: something is told of it, each entry has a name of its own, and nothing is the last resort."""
    clock = Clock()
    # `look` fails where neither a return nor a word comes out, or where two have one origin.
    for each in look(in_folder(name, data)):
        assert not is_device(each.name), each.name
        assert not set(each.name) & set('<>:"/\\|?*'), each.name
        assert all(unicodedata.category(char) not in ("Cc", "Cf", "Cs") for char in each.name), each.name
        if isinstance(each.data, Unreadable):
            told = str(each.data.detail)
            assert "make no sense" not in told, told
    clock.check()


def looking(name: str) -> Callable[[bytes], None]:
    """Return what looks into a file of this name."""
    return lambda data: looked(name, data)


_BODY = b"PK\3\4 no workbook, but short"


@cache
def mail_seeds() -> list[bytes]:
    """Return mails as the programs of units write them, with little in them."""
    shapes = [write(NAME, _BODY) for write in SHAPES.values()]
    forwarded = mail(
        b"Content-Type: message/rfc822\r\n\r\n" + shapes[0], named("b.zip", raw_zip(Member(b"a.xlsx", _BODY)))
    )
    uuencoded = b"From: zs@x.cn\r\nSubject: x\r\n\r\nbegin 644 a.xlsx\r\n#86)C\r\n`\r\nend\r\n"
    return [*shapes, forwarded, uuencoded, mail(named("a.xlsx", WORKBOOK), kind="related", end=False)]


@cache
def mailbox_seeds() -> list[bytes]:
    """Return mailboxes of such mails."""
    found = mail_seeds()
    return [mbox(found[:2]), mbox(found[5:6]), mbox([mail(named("a.xlsx", _BODY)), b"", found[-1]])]


def _mailbox(data: bytes, chance: random.Random) -> bytes:
    if chance.random() < 0.1:
        return data + chance.choice(mailbox_seeds())
    return markup.mail(data, chance)


_NAMES = (
    b"a.xlsx", b"b/c.xlsx", "项目/自评表.xlsx".encode(), "自评表.xlsx".encode("gbk"), b"../a.xlsx", b"/a.xlsx",
    b"C:a.xlsx", b"CON.xlsx", b"a.zip", b"a.eml", b"a.mbox", b"a.rar", b"__MACOSX/._a.xlsx", b"~$a.xlsx", b"a/",
    b"a" * 300 + b".xlsx", b"a\0.xlsx", b"\xff\xfe.ods", b"a.txt", "\u202e.xlsx".encode(), b"a.xlsx ",
    b"", b".", b"a\\b.xls",
)  # fmt: skip
#: What a section's first bytes stand for: flags, the way of packing, lies about size, checksum and place.
_HEAD = 6
_LIES = (None, 0, 1, 100, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF)


def packed(data: bytes) -> bytes:
    """Return the archive that an input stands for: a member a section."""
    members = []
    for section in data.split(SECTION)[:30]:
        head = section[:_HEAD].ljust(_HEAD, b"\0")
        name, _, content = section[_HEAD:].partition(b"\n")
        flags = (0, 0x800, 1, 8, 0x809, 0x41, 0, 0x800)[head[0] % 8]
        lie = [_LIES[byte % 7] if byte > 127 else None for byte in head[2:5]]
        members.append(
            Member(name[:400], content, flags, (8, 0, 8, 8, 12, 99)[head[1] % 6], lie[0], lie[1], b"", None, lie[2])
        )
    return raw_zip(*members)


@cache
def archive_seeds() -> list[bytes]:
    """Return inputs that stand for archives with returns, mails and archives in them."""
    plain, inner = bytes(_HEAD), raw_zip(Member(b"in.xlsx", _BODY))
    members = [
        plain + b"a.xlsx\n" + _BODY,
        b"\1" + plain[1:] + "项目/自评表.xlsx\n".encode() + _BODY,
        plain + b"b.zip\n" + inner,
        plain + b"c.eml\n" + mail_seeds()[6],
        plain + b"d.mbox\n" + mbox([mail(named("a.xlsx", _BODY))]),
        plain + b"e.txt\nnothing",
    ]
    return [members[0], SECTION.join(members[:3]), SECTION.join(members[2:]), SECTION.join([members[1]] * 2)]


def _archive(data: bytes, chance: random.Random) -> bytes:
    sections = data.split(SECTION)
    number = chance.randrange(len(sections))
    section = sections[number].ljust(_HEAD, b"\0")
    name, _, content = section[_HEAD:].partition(b"\n")
    head = bytearray(section[:_HEAD])
    what = chance.randrange(7)
    if what == 0:
        name = chance.choice(_NAMES)
    elif what == 1:
        head[chance.randrange(_HEAD)] = chance.randrange(256)
    elif what == 2:
        sections.append(chance.choice(chance.choice(archive_seeds()).split(SECTION)))
    elif what == 3 and len(sections) > 1:
        del sections[number]
        return SECTION.join(sections)
    elif what == 4:
        # An archive within an archive.
        content = packed(data)[:4_000]
        name = chance.choice([b"a.zip", b"a.xlsx", b"a"])
    elif what == 5:
        name += chance.choice([b"", b"/", b"\\", b".xlsx", b"..", "测".encode(), b"\0", b"\x80"])
    else:
        content = markup.mail(content, chance)
    sections[number] = bytes(head) + name + b"\n" + content
    return SECTION.join(sections[:20])


TARGETS = {
    "eml": Target("a mail", mail_seeds, markup.mail, looking("a.eml"), longest=3_072),
    "mbox": Target("a mailbox", mailbox_seeds, _mailbox, looking("a.mbox"), longest=4_096),
    "archive": Target(
        "an archive of returns, by its members", archive_seeds, _archive, lambda data: looked("a.zip", packed(data)),
        longest=3_072,
    ),
    "rawzip": Target(
        "an archive of returns as a whole", lambda: [packed(each) for each in archive_seeds()], lambda data, _: data,
        looking("a.zip"), longest=4_096, whole=True,
    ),
}  # fmt: skip
