"""Files that mean harm, or that nobody meant: each is built here, and named for what is wrong with it."""

from __future__ import annotations

import io
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import msoffcrypto.format.ooxml
from support.packages_by_hand import MAIN, RELATIONSHIPS, biff8, made_strict, ods, ole2, relationships, zipped
from support.packages_by_hand import sheet as worksheet

from xlsform.demo.samples import samples_folder
from xlsform.form.layout import lay_out
from xlsform.form.template import load
from xlsform.workbook.issue import issue
from xlsform.workbook.locks import lock_for

FAULTLESS = (samples_folder() / "faultless.xlsx").read_bytes()
FORM = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
BOOK = "xl/workbook.xml"


class Hostile(NamedTuple):
    """A file, and what has to be said of it."""

    build: Callable[[], bytes]
    code: str
    """The first code that it gets, or how that begins; ``passed`` where it is a good return all the same."""
    name: str = "return.xlsx"


# --- ways to build


@cache
def form_parts() -> dict[str, bytes]:
    """The parts of a faultless return."""
    with zipfile.ZipFile(io.BytesIO(FAULTLESS)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def form(part: str, pattern: str, replacement: str | bytes, count: int = 1, level: int = 1) -> bytes:
    """A faultless return with one of its parts changed; ``\\g<0>`` in the replacement is what was found."""
    head, _, tail = (replacement.encode() if isinstance(replacement, str) else replacement).partition(b"\\g<0>")
    keep = b"\\g<0>" in (replacement.encode() if isinstance(replacement, str) else replacement)

    def changed(match: re.Match[bytes]) -> bytes:
        return head + match[0] + tail if keep else head

    content, found = re.subn(pattern.encode(), changed, form_parts()[part], count=count)
    assert found, pattern
    return packed(form_parts() | {part: content}, level)


def packed(content: dict[str, bytes], level: int = 1) -> bytes:
    """A zip of these parts, quickly."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def unzipped(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def stored(content: dict[str, bytes]) -> bytes:
    """A zip of these parts as they are: what is in it is not refused for being packed too well."""
    return zipped(content, zipfile.ZIP_STORED)


def cells_of(count: int, cell: Callable[[str, int], str], width: int = 100, first: int = 60) -> str:
    """So many cells in rows below the form."""
    names = [letters(number) for number in range(1, width + 1)]
    rows = []
    for row in range(first, first + count // width):
        content = "".join(cell(f"{name}{row}", row) for name in names)
        rows.append(f'<row r="{row}">{content}</row>')
    return "".join(rows)


def letters(number: int) -> str:
    text = ""
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text


def below(count: int, cell: Callable[[str, int], str], width: int = 100) -> bytes:
    """A faultless return with so many more cells."""
    return form(FORM, "</sheetData>", cells_of(count, cell, width) + "\\g<0>")


def after_cells(xml: str) -> bytes:
    """A faultless return with something more behind its cells; its own blocks come later."""
    return form(FORM, "</sheetData>", "\\g<0>" + xml)


def every_cell(text: str) -> bytes:
    """A faultless return with this text (XML) in each cell that holds something."""
    inline = f'<is><t xml:space="preserve">{text}</t></is>'.encode()
    content = re.sub(
        rb'<c r="([B-I][0-9]+)" s="([0-9]+)"(?: t="s")?>(<v>[^<]*</v>)</c>',
        lambda match: b'<c r="%s" s="%s" t="inlineStr">%s</c>' % (match[1], match[2], inline),
        form_parts()[FORM],
    )
    return stored(form_parts() | {FORM: content})


def every_number(number: str) -> bytes:
    """A faultless return with this number in each cell that holds one."""
    content = re.sub(
        rb'(<c r="[A-I][0-9]+" s="[0-9]+"><v>)[^<]*', lambda match: match[1] + number.encode(), form_parts()[FORM]
    )
    return packed(form_parts() | {FORM: content})


@cache
def printed() -> frozenset[bytes]:
    """The texts that a blank form holds, as its part has them."""
    blank = issue(lay_out(load("mof-2020")), lock_for("x"))
    with zipfile.ZipFile(io.BytesIO(blank)) as archive:
        return frozenset(_ITEM.findall(archive.read(STRINGS)))


_ITEM = re.compile(rb"<si>.*?</si>", re.DOTALL)


def every_shared(text: str) -> bytes:
    """A faultless return with this text (XML) for each of the texts that a blank one has not."""
    item = f'<si><t xml:space="preserve">{text}</t></si>'.encode()
    content = _ITEM.sub(lambda match: match[0] if match[0] in printed() else item, form_parts()[STRINGS])
    return stored(form_parts() | {STRINGS: content})


@cache
def short_texts() -> list[int]:
    """The numbers of the shared texts that are words, such as the form's labels."""
    return [number for number, item in enumerate(_ITEM.findall(form_parts()[STRINGS])) if len(item) < 50]


@cache
def zeros(size: int) -> bytes:
    """Zeros as deflate packs them, a thousand times: one block over and over, since packing gigabytes takes seconds."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    start = packer.compress(bytes(1_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(1_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)
    return start + block * (size // 1_000_000 - 1) + packer.flush(zlib.Z_FINISH)


class Member(NamedTuple):
    """A member of a zip whose headers say what they like."""

    name: bytes
    packed: bytes
    size: int
    crc: int = 0
    method: int = 8
    at: int | None = None
    """Where the directory says that it is; where it is, if None."""


def raw_zip(*members: Member) -> bytes:
    body, directory = b"", b""
    for each in members:
        offset = len(body) if each.at is None else each.at
        sizes = struct.pack("<III", each.crc, len(each.packed), each.size)
        shared = struct.pack("<HHHHH", 20, 0, each.method, 0, 33) + sizes + struct.pack("<HH", len(each.name), 0)
        if each.at is None:
            body += b"PK\3\4" + shared + each.name + each.packed
        directory += b"PK\1\2\x14\0" + shared + struct.pack("<HHHII", 0, 0, 0, 0, offset) + each.name
    return body + directory + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, len(members), len(members), len(directory), len(body), 0)  # fmt: skip


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def as_members(content: dict[str, bytes], **changed: Member) -> list[Member]:
    found = [
        Member(name.encode(), deflated(data), len(data), zlib.crc32(data))
        for name, data in content.items()
        if name not in changed
    ]
    return [*found, *changed.values()]


# --- zips


def flat_bomb() -> bytes:
    return raw_zip(
        *as_members(form_parts(), **{STRINGS: Member(STRINGS.encode(), zeros(4_000_000_000), 4_000_000_000)})
    )


def nested_bomb() -> bytes:
    data = raw_zip(Member(b"0.xlsx", zeros(4_000_000_000), 4_000_000_000))
    for level in range(6):
        data = packed({f"{level}-{number}.zip": data for number in range(10)} if level < 2 else {f"{level}.zip": data})
    return data


def overlapping() -> bytes:
    """A thousand sheets that are one and the same, large member."""
    content = (worksheet(cells_of(20_000, lambda name, _: f'<c r="{name}"><v>1</v></c>'))).encode()
    first = Member(b"xl/worksheets/sheet1.xml", deflated(content), len(content), zlib.crc32(content))
    names = [f"xl/worksheets/sheet{number}.xml" for number in range(1, 900)]
    book = f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONSHIPS}"><sheets>' + "".join(
        f'<sheet name="{number}" sheetId="{number}" r:id="rId{number}"/>' for number in range(1, 900)
    )
    small = {
        "xl/workbook.xml": f"{book}</sheets></workbook>".encode(),
        "xl/_rels/workbook.xml.rels": relationships(
            *[("worksheet", name.removeprefix("xl/")) for name in names]
        ).encode(),
    }
    return raw_zip(first, *as_members(small), *[first._replace(name=name.encode(), at=0) for name in names[1:]])


def lying(size: int) -> bytes:
    """Shared strings of thirty million characters that say they are of another size."""
    content = b"<sst>" + random.Random(1).randbytes(15_000_000).hex().encode() + b"</sst>"
    member = Member(STRINGS.encode(), deflated(content), size, zlib.crc32(content))
    return raw_zip(*as_members(form_parts(), **{STRINGS: member}))


def directory_of(count: int) -> bytes:
    entry = b"PK\1\2" + bytes(24) + struct.pack("<HHHHHII", 1, 0, 0, 0, 0, 0, 0) + b"a"
    return b"PK\3\4" + entry * count + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 65_535, 65_535, len(entry) * count, 4, 0)  # fmt: skip


def named(*names: str | bytes) -> bytes:
    more = [Member(name.encode() if isinstance(name, str) else name, b"\3\0", 0) for name in names]
    return raw_zip(*as_members(form_parts()), *more)


def twice(name: str, content: bytes) -> bytes:
    return raw_zip(
        *as_members(form_parts()), Member(name.encode(), deflated(content), len(content), zlib.crc32(content))
    )


# --- XML


def with_doctype(doctype: str, use: str, part: str = STRINGS, encoding: str = "utf-8", end: str = "</t>") -> bytes:
    text = form_parts()[part].decode()
    start = text.index("<", text.index("?>"))
    assert end in text
    text = f'<?xml version="1.0" encoding="{encoding}"?>{doctype}' + text[start:].replace(end, use + end, 1)
    return packed(form_parts() | {part: text.encode(encoding)})


def in_encoding(encoding: str, more: int = 0, declared: str = "") -> bytes:
    """A faultless return whose form is in some encoding, with so many more elements behind its cells."""
    text = form_parts()[FORM].decode()
    head = f'<?xml version="1.0" encoding="{declared or encoding}"?>'
    before, end, after = text[text.index("<", text.index("?>")) :].partition("</sheetData>")
    # Of different names, so that it is not refused for being packed too well.
    chance = random.Random(7)
    elements = "".join(f"<{name}/>" for name in chance.choices("abcdefghijklmnopqrstuvwxyz", k=more))
    text = before + end + elements + after
    content = head.encode("ascii" if encoding == "utf-7" else encoding) + text.encode(encoding)
    return packed(form_parts() | {FORM: content})


LAUGHS = '<!DOCTYPE x [<!ENTITY a "' + "ha" * 50 + '">' + "".join(
    f'<!ENTITY {after} "{f"&{before};" * 10}">' for before, after in zip("abcdefghi", "bcdefghij", strict=True)
) + "]>"  # fmt: skip
QUADRATIC = f'<!DOCTYPE x [<!ENTITY a "{"a" * 100_000}">]>'


def deep(part: str, levels: int) -> bytes:
    content = form_parts()[part]
    start = content.rindex(b"</")
    return packed(form_parts() | {part: content[:start] + b"<a>" * levels + b"</a>" * levels + content[start:]})


def attributes(count: int) -> bytes:
    """One element with so many attributes."""
    return form(FORM, "<sheetData>", "<sheetPr " + " ".join(f'a{number}=""' for number in range(count)) + "/>\\g<0>")


def crowded_elements(count: int, attributes: str) -> bytes:
    """So many elements of which each has some attributes, stored."""
    content = form_parts()[FORM].replace(b"</sheetData>", f"</sheetData><x>{f'<c {attributes}/>' * count}</x>".encode())
    return stored(form_parts() | {FORM: content})


def namespaces(count: int) -> bytes:
    return form(
        FORM, "<sheetData>", "<a " + " ".join(f'xmlns:n{number}="u{number}"' for number in range(count)) + "/>\\g<0>"
    )


# --- sheets


def far_cell(name: str) -> bytes:
    row = re.sub("[A-Z]", "", name)
    return form(FORM, "</sheetData>", f'<row r="{row}"><c r="{name}"><v>1</v></c></row>\\g<0>')


def dimension() -> bytes:
    return form(FORM, '<dimension ref="[^"]*"/>', '<dimension ref="A1:XFD1048576"/>')


def styles(count: int) -> bytes:
    return form("xl/styles.xml", "<cellXfs[^>]*>", "\\g<0>" + '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>' * count)  # fmt: skip


def shared_strings(count: int) -> bytes:
    return form(STRINGS, "</sst>", "".join(f"<si><t>{number}</t></si>" for number in range(count)) + "\\g<0>")


def merges(count: int, reference: Callable[[int], str]) -> bytes:
    found = "".join(f'<mergeCell ref="{reference(number)}"/>' for number in range(count))
    return form(FORM, "</mergeCells>", found + "\\g<0>")


def scattered(number: int) -> str:
    return f"A{100 + number}:B{100 + number}"


def within(number: int) -> str:
    """All in the form, over one another."""
    return f"{letters(1 + number % 9)}{1 + number // 9 % 20}:{letters(10 + number % 7)}{30 + number % 11}"


def names(count: int) -> bytes:
    found = "".join(f"<definedName name=\"n{number}\">'自评表'!$A$1</definedName>" for number in range(count))
    return form(BOOK, "</definedNames>", found + "\\g<0>")


def validations(count: int) -> bytes:
    found = "".join(f'<dataValidation sqref="A{number + 1}:B{number + 3}"/>' for number in range(count))
    return form(FORM, "</dataValidations>", found + "\\g<0>")


def sheets(count: int) -> bytes:
    listed = "".join(f'<sheet name="s{number}" sheetId="{number}" r:id="rId1"/>' for number in range(10, 10 + count))
    return form(BOOK, "</sheets>", listed + "\\g<0>")


def properties(count: int) -> bytes:
    found = "".join(
        f'<property name="p{number}"><vt:lpwstr xmlns:vt="v">{number}</vt:lpwstr></property>' for number in range(count)
    )
    return form("docProps/custom.xml", "</Properties>", found + "\\g<0>")


def identity(rows: str) -> bytes:
    """A return whose identity was written by hand, and says that the form has so many rows."""
    content = {
        "template": "mof-2020",
        "edition": "2020.1",
        "rows": rows,
        "year": "2021",
        "project_code": "",
        "digest": "",
    }
    found = "".join(
        f'<property name="xlsform.{key}"><vt:lpwstr xmlns:vt="v">{value}</vt:lpwstr></property>'
        for key, value in content.items()
    )
    return packed(
        form_parts()
        | {
            "docProps/custom.xml": f"<Properties>{found}</Properties>".encode(),
            "xl/worksheets/sheet3.xml": worksheet("").encode(),
            BOOK: re.sub(rb'<definedName name="_xlsform.identity">[^<]*</definedName>', b"", form_parts()[BOOK]),
        }
    )


# --- formulas


def formula(text: str, result: str = "1") -> bytes:
    """A return in which the total score is this formula."""
    return form(
        FORM, r'<c r="(H|G)40"([^>]*)><f>[^<]*</f><v>[^<]*</v></c>', f'<c r="H40"><f>{text}</f><v>{result}</v></c>'
    )


def every_formula(text: str) -> bytes:
    return form(FORM, "<f>[^<]*</f>", f"<f>{text}</f>", 0)


def many_formulas(text: str, count: int) -> bytes:
    return below(count, lambda name, _: f'<c r="{name}"><f>{text}</f><v>1</v></c>')


# --- what the older formats allow


def encrypted(password: str = "secret") -> bytes:
    buffer = io.BytesIO()
    msoffcrypto.format.ooxml.OOXMLFile(io.BytesIO(FAULTLESS)).encrypt(password, buffer)
    return buffer.getvalue()


def spinning(count: int) -> bytes:
    """Encrypted, and the password is to be hashed so many times before it is known to be wrong."""
    data = encrypted("VelvetSweatshop")
    found = re.search(rb'spinCount="100000"', data)
    assert found
    text = f'spinCount="{count}"'.encode()
    changed = data.replace(b'spinCount="100000"', text)
    # As many bytes as before: the blanks go where XML allows them.
    return changed if len(text) == len(found[0]) else data.replace(found[0] + b" ", text + b" " * (len(found[0]) + 1 - len(text)))  # fmt: skip


def xls_far() -> bytes:
    return ole2({"Workbook": biff8({(1, 1): 1.0, (65_536, 256): 2.0})})


def xls_loop() -> bytes:
    """The chain of sectors of the workbook leads back to its beginning."""
    data = bytearray(ole2({"Workbook": biff8({(1, 1): 1.0})}))
    table = struct.unpack_from("<128I", data, 512)
    data[512 : 512 + 512] = struct.pack("<128I", *[2 if link == 0xFFFFFFFE and number > 2 else link for number, link in enumerate(table)])  # fmt: skip
    return bytes(data)


def xls_directory_loop() -> bytes:
    data = bytearray(ole2({"Workbook": biff8({(1, 1): 1.0})}))
    struct.pack_into("<I", data, 1024 + 128 + 68, 1)
    struct.pack_into("<I", data, 1024 + 128 + 72, 1)
    return bytes(data)


def xls_sectors() -> bytes:
    """As many sectors of allocation table as a number holds."""
    data = bytearray(ole2({"Workbook": biff8({(1, 1): 1.0})}))
    struct.pack_into("<I", data, 44, 0xFFFFFFFF)
    struct.pack_into("<I", data, 72, 0x7FFFFFFF)
    return bytes(data)


def ole2_large(stream: bytes) -> bytes:
    """An OLE2 container with one stream, of as many sectors of allocation table as it takes."""
    sectors = -(-len(stream) // 512)
    tables = -(-(sectors + 2) // 127)
    base = ole2({"Workbook": b"\0" * 4_096})
    assert tables <= 109
    chain = [0xFFFFFFFD] * tables + [0xFFFFFFFE] + [*range(tables + 2, tables + 1 + sectors), 0xFFFFFFFE]
    table = struct.pack(f"<{len(chain)}I", *chain).ljust(tables * 512, b"\xff")
    header = bytearray(base[:512])
    struct.pack_into("<II", header, 44, tables, tables)
    struct.pack_into("<109I", header, 76, *range(tables), *[0xFFFFFFFF] * (109 - tables))
    directory = bytearray(base[1024:1536])
    struct.pack_into("<I", directory, 128 + 116, tables + 1)
    struct.pack_into("<Q", directory, 128 + 120, len(stream))
    return bytes(header) + table + bytes(directory) + stream.ljust(sectors * 512, b"\0")


def xls_one_sheet() -> bytes:
    """Two thousand entries for sheets that lead to one and the same, of ten thousand cells."""
    plain = biff8({(row, column): 1.0 for row in range(1, 101) for column in range(1, 101)})
    start = plain.index(struct.pack("<H", 0x85))
    size = struct.unpack_from("<H", plain, start + 2)[0]
    entry = plain[start : start + 4 + size]
    offset = struct.unpack_from("<I", entry, 4)[0] + 1_999 * len(entry)
    entries = b"".join(entry[:4] + struct.pack("<I", offset) + entry[8:] for _ in range(2_000))
    return ole2_large(plain[:start] + entries + plain[start + len(entry) :])


def xls_one_text() -> bytes:
    text = struct.pack("<HB", 8_000, 0) + b"a" * 8_000
    shared = struct.pack("<HHII", 0xFC, 8 + len(text), 1, 1) + text
    plain = biff8({(1, 1): True}, globals_=shared)
    cell = plain.index(struct.pack("<HH", 0x205, 8))
    cells = b"".join(struct.pack("<HHHHHI", 0xFD, 10, n // 200, n % 200, 0, 0) for n in range(60_000))
    return ole2_large(plain[:cell] + cells + plain[cell + 12 :])


def xls_endless() -> bytes:
    """A stream of one sector that goes on for ever, and says that it has four billion bytes."""
    data = bytearray(ole2({"Workbook": biff8({(1, 1): 1.0})}))
    struct.pack_into("<I", data, 512 + 4 * 2, 2)
    struct.pack_into("<Q", data, 1024 + 128 + 120, 0xFFFFFFFF)
    return bytes(data)


def ole2_directory() -> bytes:
    """A directory in which each entry has the next one on its right."""
    count = 100_000
    sectors = count // 4
    tables = -(-(sectors + 1) // 127)
    header = bytearray(ole2({"Workbook": b""})[:512])
    struct.pack_into("<II", header, 44, min(tables, 109), min(tables, 109))
    entry = bytearray(ole2({"Workbook": b""})[1024 + 128 : 1024 + 256])
    entries = bytearray()
    for number in range(1, count):
        struct.pack_into("<I", entry, 72, number + 1)
        entries += entry
    root = ole2({"Workbook": b""})[1024 : 1024 + 128]
    tables = 109
    chain = [0xFFFFFFFD] * tables + [*range(tables + 1, tables * 128), 0xFFFFFFFE]
    struct.pack_into("<II", header, 44, tables, tables)
    struct.pack_into("<109I", header, 76, *range(tables))
    return bytes(header) + struct.pack(f"<{len(chain)}I", *chain)[: tables * 512] + root + bytes(entries)


def ods_text(cells: int, tables: int = 1) -> bytes:
    office = "urn:oasis:names:tc:opendocument:xmlns"
    rows = "".join(
        f'<table:table-row><table:table-cell office:value-type="float" office:value="{n * 7919}"/></table:table-row>'
        for n in range(cells)
    )
    content = "".join(f'<table:table table:name="{n}">{rows}</table:table>' for n in range(tables))
    return (
        f'<office:document-content xmlns:office="{office}:office:1.0" xmlns:table="{office}:table:1.0">'
        f"<office:body><office:spreadsheet>{content}</office:spreadsheet></office:body></office:document-content>"
    ).encode()


def xls_strings() -> bytes:
    """Says that it shares four billion texts."""
    shared = struct.pack("<HHII", 0xFC, 8, 0xFFFFFFFF, 0xFFFFFFFF)
    return ole2({"Workbook": biff8({(1, 1): 1.0}, globals_=shared)})


def ods_rows(rows: int, columns: int, value: str = "1") -> bytes:
    cell = f'<table:table-cell table:number-columns-repeated="{columns}" office:value-type="float" office:value="{value}"/>'
    return ods(f'<table:table-row table:number-rows-repeated="{rows}">{cell}</table:table-row>')


def ods_content(content: bytes) -> bytes:
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = f'<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><m:file-entry m:full-path="/" m:media-type="{kind}"/></m:manifest>'
    found = {"mimetype": kind.encode(), "META-INF/manifest.xml": manifest.encode(), "content.xml": content}
    return (packed if len(content) > 15_000_000 else stored)(found)


def noise(size: int, start: bytes = b"") -> bytes:
    return start + random.Random(size).randbytes(size)


LONGEST = 32_767

HOSTILE: dict[str, Hostile] = {
    # Zips
    "a part that unpacks to 4 GB": Hostile(flat_bomb, "F103"),
    "archives within archives, 4 GB at the bottom": Hostile(nested_bomb, "F101"),
    "the same, named .zip": Hostile(nested_bomb, "F103", "return.zip"),
    "900 sheets that are one member": Hostile(overlapping, "F103"),
    "30 MB that say they are 10 bytes": Hostile(lambda: lying(10), "F101"),
    "30 MB that say they are 4 GB": Hostile(lambda: lying(0xFFFFFFFF), "F101"),
    "a directory of 400,000 members": Hostile(lambda: directory_of(400_000), "F103"),
    "two members of one name": Hostile(lambda: twice(FORM, b"<worksheet/>"), "F101"),
    "two members that differ in case": Hostile(lambda: twice(FORM.upper(), b"<worksheet/>"), "F101"),
    "a member named ../": Hostile(lambda: named("../../evil.xml"), "F101"),
    "a member named /etc/passwd": Hostile(lambda: named("/etc/passwd"), "passed"),
    "a member named C:\\": Hostile(lambda: named("C:\\evil.xml"), "F101"),
    "NUL in a member's name": Hostile(lambda: named("xl/a\0.xml"), "F101"),
    "bytes that are no text in a member's name": Hostile(lambda: named(b"xl/\xff\xfe\x80.xml"), "passed"),
    "no directory": Hostile(lambda: FAULTLESS[: FAULTLESS.index(b"PK\1\2")], "F101"),
    "a directory alone": Hostile(lambda: b"PK\3\4" + FAULTLESS[FAULTLESS.index(b"PK\1\2") :], "F101"),
    # XML
    "a billion laughs": Hostile(lambda: with_doctype(LAUGHS, "&j;"), "F101"),
    "a billion laughs in UTF-16": Hostile(lambda: with_doctype(LAUGHS, "&j;", encoding="utf-16"), "F101"),
    "a billion laughs in the properties": Hostile(lambda: with_doctype(LAUGHS, "&j;", "docProps/custom.xml", end="</vt:lpwstr>"), "F111"),
    "one long entity, 10,000 times": Hostile(lambda: with_doctype(QUADRATIC, "&a;" * 10_000), "F101"),
    "an entity from a file": Hostile(lambda: with_doctype('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>', "&a;"), "F101"),
    "an entity from the web": Hostile(lambda: with_doctype('<!DOCTYPE x [<!ENTITY a SYSTEM "http://127.0.0.1:9/">]>', "&a;"), "F101"),
    "a parameter entity": Hostile(lambda: with_doctype('<!DOCTYPE x [<!ENTITY % a SYSTEM "http://127.0.0.1:9/"> %a;]>', ""), "F101"),
    "1,200,000 elements in UTF-7": Hostile(lambda: in_encoding("utf-7", 1_200_000), "F101"),
    "1,200,000 elements in UTF-16": Hostile(lambda: in_encoding("utf-16-le", 1_200_000, "utf-16"), "F103"),
    "the form in UTF-32": Hostile(lambda: in_encoding("utf-32-le", declared="utf-32"), "F101"),
    "the form in UTF-7": Hostile(lambda: in_encoding("utf-7"), "F101"),
    "the form in Shift JIS, or so it says": Hostile(lambda: in_encoding("utf-8", declared="shift_jis"), "F101"),
    "the form in UTF-8 that says UTF-16": Hostile(lambda: in_encoding("utf-8", declared="utf-16"), "F101"),
    "the form in UTF-16": Hostile(lambda: in_encoding("utf-16-le", declared="utf-16"), "passed"),
    "the form in GB18030": Hostile(lambda: in_encoding("gb18030"), "passed"),
    "elements 100,000 deep": Hostile(lambda: deep(FORM, 100_000), "F103"),
    "elements 250 deep": Hostile(lambda: deep(FORM, 250), "passed"),
    "100,000 attributes of one element": Hostile(lambda: attributes(100_000), "passed"),
    "370,000 elements with six attributes": Hostile(lambda: crowded_elements(370_000, 'a="" b="" c="" d="" e="" f=""'), "F103"),
    "125,000 elements with six attributes": Hostile(lambda: crowded_elements(123_000, 'a="1" b="2" c="3" d="4" e="5" f="6"'), "passed"),
    "850,000 elements": Hostile(lambda: crowded_elements(850_000, ""), "passed"),
    "100,000 namespaces": Hostile(lambda: namespaces(100_000), "passed"),
    "a text of 15 MB": Hostile(lambda: form(STRINGS, "<si>", "<si><t>" + noise(7_500_000).hex() + "</t></si>\\g<0>"), "F103"),
    "control characters in a text": Hostile(lambda: form(STRINGS, "<si><t", "<si><t>\x01\x02</t></si>\\g<0>"), "F101"),
    "NUL in a text": Hostile(lambda: form(STRINGS, "<si><t", b"<si><t>\0</t></si>\\g<0>"), "F101"),
    "bytes that are no UTF-8": Hostile(lambda: form(STRINGS, "<si><t", b"<si><t>\xed\xa0\x80\xff</t></si>\\g<0>"), "F101"),
    # Sheets
    "a dimension of the whole sheet": Hostile(dimension, "passed"),
    "a cell at XFD1048576": Hostile(lambda: far_cell("XFD1048576"), "S112"),
    "a cell in row 9999999": Hostile(lambda: far_cell("A9999999"), "F111"),
    "1,000,000 styles": Hostile(lambda: styles(1_000_000), "F103"),
    "65,000 styles": Hostile(lambda: stored(unzipped(styles(65_000))), "S109"),
    "1,000,000 shared strings": Hostile(lambda: shared_strings(1_000_000), "F103"),
    "95,000 shared strings": Hostile(lambda: shared_strings(95_000), "passed"),
    "1,000,000 merges": Hostile(lambda: merges(1_000_000, scattered), "F103"),
    "15,000 merges": Hostile(lambda: merges(19_000, scattered), "passed"),
    "15,000 merges over the form": Hostile(lambda: merges(19_000, within), "S110"),
    "a merge of the whole sheet": Hostile(lambda: merges(1, lambda _: "A1:XFD1048576"), "S110"),
    "1,000,000 names": Hostile(lambda: names(1_000_000), "F103"),
    "45,000 names": Hostile(lambda: names(45_000), "passed"),
    "1,000,000 validations": Hostile(lambda: validations(1_000_000), "F103"),
    "15,000 validations": Hostile(lambda: validations(19_000), "passed"),
    "one validation of 1,000,000 ranges": Hostile(lambda: form(FORM, "</dataValidations>", f'<dataValidation sqref="{"A1 " * 1_000_000}"/>\\g<0>'), "F103"),
    "1,000,000 cells": Hostile(lambda: below(1_000_000, lambda name, _: f'<c r="{name}"/>'), "F103"),
    "95,000 numbers": Hostile(lambda: below(95_000, lambda name, row: f'<c r="{name}"><v>{row}</v></c>'), "S112"),
    "95,000 cells in one row": Hostile(lambda: stored(unzipped(form(FORM, "</sheetData>", f'<row r="60">{"<c><v>1</v></c>" * 95_000}</row>\\g<0>'))), "F111"),
    "95,000 rows": Hostile(lambda: below(95_000, lambda name, _: f'<c r="{name}"><v>1</v></c>', 1), "S112"),
    "95,000 texts": Hostile(lambda: below(95_000, lambda name, row: f'<c r="{name}" t="inlineStr"><is><t>甲{name}</t></is></c>'), "S112"),
    "95,000 times the form's own label": Hostile(lambda: below(95_000, lambda name, row: f'<c r="{name}" t="s"><v>{short_texts()[row % 9]}</v></c>'), "S112"),
    "95,000 times one text of 32,767": Hostile(lambda: packed(form_parts() | {
        FORM: form_parts()[FORM].replace(b"</sheetData>", cells_of(95_000, lambda name, _: f'<c r="{name}" t="s"><v>0</v></c>').encode() + b"</sheetData>"),
        STRINGS: re.sub(rb"(<sst[^>]*>)", rb"\1<si><t>" + ("项目 " * 10_922).encode() + rb"</t></si>", form_parts()[STRINGS]),
    }), "F103"),
    "300,000 hidden columns": Hostile(lambda: form(FORM, "<cols>", "\\g<0>" + '<col min="1" max="16384" hidden="1"/>' * 300_000), "F103"),
    "900 sheets of one part": Hostile(lambda: sheets(900), "F103"),
    "30 sheets of one part": Hostile(lambda: sheets(30), "S102"),
    "300,000 properties": Hostile(lambda: properties(300_000), "F103"),
    "45,000 properties": Hostile(lambda: properties(45_000), "passed"),
    "a number format of 1 MB": Hostile(lambda: stored(unzipped(form("xl/styles.xml", "formatCode=\"0.00####\"", f'formatCode="0.{"0" * 1_000_000}"'))), "passed"),
    "a number format of 1 MB of brackets": Hostile(lambda: stored(unzipped(form("xl/styles.xml", 'formatCode="0.00####"', f'formatCode="{"[" * 1_000_000}"'))), "passed"),
    "a number format of 1 MB of commas": Hostile(lambda: stored(unzipped(form("xl/styles.xml", 'formatCode="0.00####"', f'formatCode="0{"," * 1_000_000}x0"'))), "passed"),
    "850,000 blocks of a sheet": Hostile(lambda: stored(form_parts() | {FORM: form_parts()[FORM].replace(b"</sheetData>", b"</sheetData>" + b"<x/>" * 850_000)}), "passed"),
    "400,000 hidden rows": Hostile(lambda: stored(form_parts() | {FORM: form_parts()[FORM].replace(b"</sheetData>", b'<row hidden="1"/>' * 400_000 + b"</sheetData>")}), "passed"),
    "400,000 values of one cell": Hostile(lambda: stored(form_parts() | {FORM: form_parts()[FORM].replace(b"</sheetData>", b'<row r="60"><c r="A60">' + b"<v>1</v>" * 400_000 + b"</c></row></sheetData>")}), "S112"),
    "an identity with a thousand rows": Hostile(lambda: identity(",".join(["1000"] * 8)), "S113"),
    "an identity with 10^9 rows": Hostile(lambda: identity(",".join(["1000000000"] * 8)), "S113"),
    "an identity with a million blocks": Hostile(lambda: stored(unzipped(identity("1," * 1_000_000))), "S113"),
    "an identity with a number of 5,000 digits": Hostile(lambda: identity("9" * 5_000), "S113"),
}  # fmt: skip

LONG = 15_000
"""So many in each of some sixty texts are just within the limit for all."""

for about, text in {
    "15,000 characters": "绩" * LONG,
    "15,000 nines": "9" * LONG,
    "15,000 wide nines": "９" * LONG,
    "15,000 dots": "." * LONG,
    "15,000 brackets": "（" * LONG,
    "15,000 blanks": " " * LONG,
    "15,000 comparisons": "≥" * LONG,
    "15,000 percents": "%" * LONG,
    "15,000 combining marks": "a" + "\u0301" * (LONG - 1),
    "15,000 combining marks out of order": "a" + "\u0316\u0301" * (LONG // 2),
    "600 ligatures of 18 characters": "\ufdfa" * 600,
    "15,000 characters of reading order": "\u202e" * LONG,
    "a figure of 60 nines": "9" * 60,
    "1e999999999": "1e999999999",
    "9,999,999, …": "9,999," * (LONG // 6),
    "half characters": "_xD800_" * (LONG // 7),
    "escaped control characters": "_x0000__x0001__x001B_[2J_x0007_" * (LONG // 31),
    "sentences of figures": "完成3.92万元，占98%，" * (LONG // 14),
    "dates": "2021年12月31日" * (LONG // 11),
    "ranges": "1-2~3至4到5" * (LONG // 9),
    "a spreadsheet's formula": "=HYPERLINK(&quot;http://127.0.0.1&quot;)",
}.items():
    HOSTILE[f"{about} in every text typed"] = Hostile(lambda text=text: every_shared(text), "S113")  # type: ignore[misc]

HOSTILE["15,000 ligatures of 18 characters in every text typed"] = Hostile(
    lambda: every_shared("\ufdfa" * LONG), "F103"
)
HOSTILE["15,000 ligatures of 6 characters in every text typed"] = Hostile(lambda: every_shared("\u3316" * LONG), "F103")
HOSTILE["32,767 combining marks in one cell"] = Hostile(
    lambda: form(STRINGS, "<si><t[^>]*>农村公路养护", "\\g<0>" + "\u05b3\u05b2\u05b1\u05b0" * 8_190), "passed"
)
HOSTILE["32,767 characters in every cell"] = Hostile(lambda: every_cell("绩" * LONGEST), "F103")
HOSTILE["8,000 different characters in every cell"] = Hostile(lambda: every_cell("".join(map(chr, range(0x4E00, 0x4E00 + 8_000)))), "S101")  # fmt: skip

for number in ("1e308", "1e-308", "-1e308", "5e-324"):
    HOSTILE[f"{number} in every number"] = Hostile(lambda number=number: every_number(number), "H102")  # type: ignore[misc]
for number in ("nan", "inf", "1_000", "٣", "1" + "0" * 5_000):
    HOSTILE[f"{number[:9]} in every number"] = Hostile(lambda number=number: every_number(number), "F111")  # type: ignore[misc]

HOSTILE |= {
    "a formula of 8,192 characters": Hostile(lambda: every_formula("A1+" * 2_730 + "1"), "S107"),
    "a formula nested 1,000 deep": Hostile(lambda: every_formula("IF(1," * 1_000 + "1" + ")" * 1_000), "S107"),
    "a formula of 8,192 brackets": Hostile(lambda: every_formula("(" * 8_192), "S107"),
    "a formula of open quotes": Hostile(lambda: every_formula("&quot;a" * 4_000 + "'" * 4_001), "S107"),
    "32,767 quotes in a formula": Hostile(lambda: stored(unzipped(every_formula("'" * LONGEST))), "F103"),
    "20,000 quotes in each formula": Hostile(lambda: stored(unzipped(every_formula("'" * 20_000))), "S107"),
    "20,000 brackets in each formula": Hostile(lambda: stored(unzipped(every_formula("[" * 20_000))), "S107"),
    "20,000 open texts in each formula": Hostile(lambda: stored(unzipped(every_formula("'&quot;" * 10_000))), "S107"),
    "20,000 letters in each formula": Hostile(lambda: stored(unzipped(every_formula("A" * 20_000))), "S107"),
    "20,000 bars in each formula": Hostile(lambda: stored(unzipped(every_formula("a|" * 10_000))), "S107"),
    "a formula of 15 MB": Hostile(lambda: stored(form_parts() | {FORM: form_parts()[FORM].replace(b"</sheetData>", b'<row r="60"><c r="A60"><f>' + b"A1+" * 5_000_000 + b"1</f></c></row></sheetData>")}), "F103"),
    "95,000 formulas": Hostile(lambda: many_formulas("A1+B1", 95_000), "S112"),
    "a shared formula of 8,192 for 95,000 cells": Hostile(lambda: form(FORM, "</sheetData>", f'<row r="60"><c r="A60"><f t="shared" ref="A60:A61" si="77">{"A1+" * 2_730}1</f></c></row>' + cells_of(95_000, lambda name, _: f'<c r="{name}"><f t="shared" si="77"/><v>1</v></c>', first=61) + "\\g<0>"), "F103"),
    "shared formulas that wait for one that never comes": Hostile(lambda: below(95_000, lambda name, _: f'<c r="{name}"><f t="shared" si="78"/><v>1</v></c>'), "F111"),
    "DDE in every cell": Hostile(lambda: every_formula("cmd|'/C calc'!A0"), "F108"),
    "DDE below the form": Hostile(lambda: below(100, lambda name, _: f'<c r="{name}"><f>cmd|\'/C calc\'!A0</f><v>1</v></c>', 10), "F108"),
    "a link to another workbook": Hostile(lambda: below(10, lambda name, _: f'<c r="{name}"><f>\'C:\\[secret.xlsx]A\'!A1</f><v>1</v></c>', 10), "F108"),
    "macros": Hostile(lambda: packed(form_parts() | {"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0" + bytes(1_000)}), "F107"),
    "an Excel 4 macro sheet": Hostile(lambda: packed(form_parts() | {"xl/macrosheets/sheet1.xml": b"<macrosheet/>"}), "F107"),
    "an embedded OLE object": Hostile(lambda: packed(form_parts() | {"xl/embeddings/oleObject1.bin": b"\xd0\xcf\x11\xe0" + bytes(1_000)}), "passed"),
    # What is no such workbook
    "the form typed as a chart": Hostile(lambda: form("[Content_Types].xml", "worksheet\\+xml", "chart+xml", 0), "passed"),
    "the workbook typed as a Word document": Hostile(lambda: form("[Content_Types].xml", "spreadsheetml.sheet.main", "wordprocessingml.document.main"), "F101"),
    "no content types": Hostile(lambda: packed({name: data for name, data in form_parts().items() if name != "[Content_Types].xml"}), "passed"),
    "styles for shared strings": Hostile(lambda: packed(form_parts() | {STRINGS: form_parts()["xl/styles.xml"]}), "F111"),
    "the form for shared strings": Hostile(lambda: packed(form_parts() | {STRINGS: form_parts()[FORM]}), "F111"),
    "relationships in a circle": Hostile(lambda: form("xl/_rels/workbook.xml.rels", 'Target="[^"]*"', 'Target="workbook.xml"', 0), "S101"),
    "strict Open XML": Hostile(lambda: zipped(made_strict({name: data.decode() for name, data in form_parts().items()})), "passed"),
    "encrypted": Hostile(encrypted, "F102"),
    "encrypted, to be hashed 999,999 times": Hostile(lambda: spinning(999_999), "F102"),
    "encrypted, to be hashed 4,000,000,000 times": Hostile(lambda: spinning_any(4_000_000_000), "F102"),
    "an .xls with a password": Hostile(lambda: ole2({"Workbook": biff8({(1, 1): 1.0}, globals_=b"\x2f\0\x06\0" + bytes(6))}), "F102", "return.xls"),
    "an .xls with two cells far apart": Hostile(xls_far, "F103", "return.xls"),
    "an .xls of 2,000 sheets that are one": Hostile(xls_one_sheet, "F103", "return.xls"),
    "an .xls with one text of 8,000 in 60,000 cells": Hostile(xls_one_text, "F103", "return.xls"),
    "an .xls of 6 MB": Hostile(lambda: ole2_large(biff8({(row, column): "绩效" * 60 for row in range(1, 250) for column in range(1, 101)})), "F103", "return.xls"),
    "an OLE2 directory of 100,000 entries": Hostile(ole2_directory, "F101", "return.xls"),
    "a stream of 4 GB": Hostile(xls_endless, "F101", "return.xls"),
    "an .ods of 60 MB unpacked": Hostile(lambda: ods_content(ods_text(550_000)), "F103", "return.ods"),
    "an .ods with one text of 10,000 in 16,384 cells": Hostile(lambda: ods(f'<table:table-row><table:table-cell table:number-columns-repeated="16384" office:value-type="string"><text:p>{"绩" * 10_000}</text:p></table:table-cell></table:table-row>'), "F103", "return.ods"),
    "an .ods with 3,000 tables": Hostile(lambda: ods_content(ods_text(20, 3_000)), "F104", "return.ods"),
    "an .xls whose sectors run in a circle": Hostile(xls_loop, "F104", "return.xls"),
    "an .xls whose directory runs in a circle": Hostile(xls_directory_loop, "F104", "return.xls"),
    "an .xls of a billion sectors": Hostile(xls_sectors, "F101", "return.xls"),
    "an .xls of four billion texts": Hostile(xls_strings, "F104", "return.xls"),
    "an .ods of 10^10 cells": Hostile(lambda: ods_rows(1_048_576, 16_384), "F101", "return.ods"),
    "an .ods of 10^9 rows": Hostile(lambda: ods_rows(1_000_000_000, 1), "F103", "return.ods"),
    "an .ods of 10^9 columns": Hostile(lambda: ods_rows(1, 1_000_000_000), "F104", "return.ods"),
    "an .ods with a billion laughs": Hostile(lambda: ods_content(f"<?xml version='1.0'?>{LAUGHS}<a>&j;</a>".encode()), "F104", "return.ods"),
    "an .ods 1,000,000 deep": Hostile(lambda: ods_content(b"<table:table>" * 1_000_000), "F103", "return.ods"),
    "an .ods of 19 MB": Hostile(lambda: ods("<table:table-row>" + "<table:table-cell office:value-type='float' office:value='1'/>" * 280_000 + "</table:table-row>"), "F104", "return.ods"),
    "19 MB of noise in a zip": Hostile(lambda: noise(19_000_000, b"PK\3\4"), "F101"),
    "19 MB of directory entries": Hostile(lambda: b"PK\3\4" + b"PK\1\2" * 4_700_000, "F103"),
    "19 MB of noise in an OLE2 file": Hostile(lambda: noise(19_000_000, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "F101"),
    "19 MB of text": Hostile(lambda: ("绩效," * 1_900_000).encode(), "F101"),
    "25 MB": Hostile(lambda: bytes(25_000_000), "F103"),
    "HTML": Hostile(lambda: b"<html><table><tr><td>1</td></tr></table></html>", "F101"),
    "CSV": Hostile(lambda: "项目,金额\n甲,1\n".encode("gb18030"), "F101"),
    "a Word document": Hostile(lambda: packed({"[Content_Types].xml": b'<Types><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>', "_rels/.rels": relationships(("officeDocument", "word/document.xml")).encode(), "word/document.xml": b"<x/>"}), "F101"),
    "a PDF document": Hostile(lambda: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "F101"),
    "nothing": Hostile(lambda: b"", "F101"),
}  # fmt: skip


def spinning_any(count: int) -> bytes:
    """As ``spinning``; a number of another length takes its room from the attribute behind it."""
    data = encrypted("VelvetSweatshop")
    start = data.index(b'spinCount="100000"')
    end = data.index(b">", start)
    rest = data[start + len(b'spinCount="100000"') : end]
    text = f'spinCount="{count}"'.encode()
    return data[:start] + (text + rest)[: end - start].ljust(end - start) + data[end:]
