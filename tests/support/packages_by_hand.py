"""Workbooks made byte by byte, as programs write them that cannot be run here, or as no program ever would."""

import io
import struct
import zipfile
from collections.abc import Mapping

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT_MAIN = "http://purl.oclc.org/ooxml/spreadsheetml/main"
STRICT_RELATIONSHIPS = "http://purl.oclc.org/ooxml/officeDocument/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"

Parts = dict[str, str | bytes]


def relationships(*entries: tuple[str, str], mode: str = "") -> str:
    """A .rels part; the identifiers are rId1, rId2 …"""
    attribute = f' TargetMode="{mode}"' if mode else ""
    elements = "".join(
        f'<Relationship Id="rId{number}" Type="{RELATIONSHIPS}/{kind}" Target="{target}"{attribute}/>'
        for number, (kind, target) in enumerate(entries, 1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{elements}</Relationships>'


def sheet(data: str, around: str = "", before: str = "") -> str:
    """A worksheet part; ``data`` are rows."""
    return (
        f'<worksheet xmlns="{MAIN}" xmlns:r="{RELATIONSHIPS}">{before}<sheetData>{data}</sheetData>{around}</worksheet>'
    )


def cells(*texts: str) -> str:
    """A worksheet part with these cells in its first row."""
    return sheet(f'<row r="1">{"".join(texts)}</row>')


def parts(
    worksheet: str | bytes, strings: str = "", styles: str = "", workbook: str = "", **more: str | bytes
) -> Parts:
    """The parts of a workbook with one sheet; ``workbook`` is what follows its sheets."""
    found: Parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" '
        f'ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_SHEET_TYPE}"/></Types>',
        "_rels/.rels": relationships(
            ("officeDocument", "xl/workbook.xml"), ("custom-properties", "docProps/custom.xml")
        ),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONSHIPS}"><sheets>'
        f'<sheet name="自评表" sheetId="1" r:id="rId1"/></sheets>{workbook}</workbook>',
        "xl/_rels/workbook.xml.rels": relationships(
            ("worksheet", "worksheets/sheet1.xml"), ("sharedStrings", "sharedStrings.xml"), ("styles", "styles.xml")
        ),
        "xl/worksheets/sheet1.xml": worksheet,
    }
    if strings:
        found["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">{strings}</sst>'
    if styles:
        found["xl/styles.xml"] = f'<styleSheet xmlns="{MAIN}">{styles}</styleSheet>'
    return found | more


def zipped(content: Mapping[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these parts, the same bytes whenever it is made."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in content.items():
            archive.writestr(zipfile.ZipInfo(name), text, compression)
    return buffer.getvalue()


def made_strict(content: Parts) -> Parts:
    """The parts as Excel saves "Strict Open XML"."""
    return {
        name: text.replace(MAIN, STRICT_MAIN).replace(RELATIONSHIPS, STRICT_RELATIONSHIPS)
        if isinstance(text, str)
        else text
        for name, text in content.items()
    }


def ods(rows: str) -> bytes:
    """An .ods with one sheet."""
    office = "urn:oasis:names:tc:opendocument:xmlns"
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    return zipped(
        {
            "mimetype": kind,
            "META-INF/manifest.xml": f'<m:manifest xmlns:m="{office}:manifest:1.0">'
            f'<m:file-entry m:full-path="/" m:media-type="{kind}"/></m:manifest>',
            "content.xml": f'<office:document-content xmlns:office="{office}:office:1.0" '
            f'xmlns:table="{office}:table:1.0" '
            f'xmlns:text="{office}:text:1.0"><office:body><office:spreadsheet><table:table table:name="自评表">{rows}'
            "</table:table></office:spreadsheet></office:body></office:document-content>",
        },
        zipfile.ZIP_STORED,
    )


def biff8(values: Mapping[tuple[int, int], str | float | bool], *, globals_: bytes = b"") -> bytes:
    """The Workbook stream of an .xls with one hidden sheet; positions count from 1."""
    name = "自评表"
    bound = struct.pack("<BBBB", 1, 0, len(name), 1) + name.encode("utf-16-le")
    start = _record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 1997, 0, 0)) + globals_
    offset = len(start) + 4 + 4 + len(bound) + 4
    stream = start + _record(0x85, struct.pack("<I", offset) + bound) + _record(0x0A)
    stream += _record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 1997, 0, 0))
    for (row, column), value in values.items():
        place = struct.pack("<HHH", row - 1, column - 1, 0)
        if isinstance(value, bool):
            stream += _record(0x205, place + bytes((value, 0)))
        elif isinstance(value, float):
            stream += _record(0x203, place + struct.pack("<d", value))
        else:
            stream += _record(0x204, place + struct.pack("<HB", len(value), 1) + value.encode("utf-16-le"))
    return stream + _record(0xE5, struct.pack("<HHHHH", 1, 3, 4, 1, 2)) + _record(0x0A)


def _record(kind: int, content: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def ole2(streams: Mapping[str, bytes]) -> bytes:
    """An OLE2 container: one sector of allocation table, one of directory, then the streams."""
    body, chain, starts = b"", [0xFFFFFFFD, 0xFFFFFFFE], {}
    for name, content in streams.items():
        # Below 4,096 bytes a stream would go into the other, smaller allocation table.
        content = content.ljust(4096, b"\0")
        sectors = -(-len(content) // 512)
        starts[name] = len(chain), len(content)
        chain += [*range(len(chain) + 1, len(chain) + sectors), 0xFFFFFFFE]
        body += content.ljust(sectors * 512, b"\0")
    directory = _entry("Root Entry", 5, 0xFFFFFFFE, 0, child=1)
    for number, (name, (start, size)) in enumerate(starts.items(), 1):
        directory += _entry(name, 2, start, size, right=number + 1 if number < len(starts) else 0xFFFFFFFF)
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack(
        "<HHHHHHIIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 0, 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0
    )
    header += struct.pack("<109I", 0, *[0xFFFFFFFF] * 108)
    assert len(header) == 512
    assert len(chain) <= 128
    table = struct.pack(f"<{len(chain)}I", *chain).ljust(512, b"\xff")
    return header + table + directory.ljust(512, b"\0") + body


def _entry(name: str, kind: int, start: int, size: int, right: int = 0xFFFFFFFF, child: int = 0xFFFFFFFF) -> bytes:
    encoded = name.encode("utf-16-le")
    entry = encoded.ljust(64, b"\0") + struct.pack("<HBBIII", len(encoded) + 2, kind, 1, 0xFFFFFFFF, right, child)
    return entry + bytes(36) + struct.pack("<IQ", start, size)
