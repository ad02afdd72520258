"""Fuzzers of workbooks: .xlsx by its parts, .ods, .xls and .xlsb by their records, and any of them as a whole."""

from __future__ import annotations

import random
import struct
import zipfile
from functools import cache
from io import BytesIO
from pathlib import Path

from support.fuzzing import markup, records
from support.fuzzing.target import SECTION, Clock, Target, in_sections, part_seeds, replaced_parts
from support.packages_by_hand import biff8, cells, ods, ole2, parts, relationships, sheet, zipped

from xlsform.demo.samples import samples_folder
from xlsform.reading import Limits, legacy, ooxml, read_bytes
from xlsform.reading.workbook import Unreadable
from xlsform.rules.registry import catalogue
from xlsform.verdict.judge import judged
from xlsform.verdict.verdict import Options

# So that all of it is loaded, and instrumented, before the first input.
catalogue()
assert legacy
assert ooxml

#: A file that brings the reader down costs no more than this.
_LIMITS = Limits(seconds=0.5)


@cache
def small() -> dict[str, bytes]:
    """Return the parts of a small workbook that has a little of everything."""
    rows = (
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" s="1"><f>A1*2</f><v>2</v></c><c t="inlineStr"><is><t>x</t>'
        "</is></c></row>"
        '<row r="3" hidden="1"><c r="A3"><f t="shared" ref="A3:A4" si="0">B$1+1</f><v>3</v></c></row>'
        '<row><c r="A4"><f t="shared" si="0"/><v>4</v></c><c r="B4" t="e"><v>#DIV/0!</v></c><c r="C4" t="b"><v>1</v>'
        "</c></row>"
    )
    around = (
        '<sheetProtection sheet="1"/><mergeCells><mergeCell ref="A1:B1"/></mergeCells>'
        '<dataValidations><dataValidation sqref="A1 B1:C2"/></dataValidations>'
    )
    found = parts(
        sheet(rows, around, '<cols><col min="1" max="2" hidden="1"/></cols>'),
        strings="<si><t>项目</t></si><si><r><t>a</t></r><r><t>b</t></r><rPh><t>c</t></rPh></si>",
        styles='<numFmts><numFmt numFmtId="164" formatCode="0.00"/></numFmts>'
        '<cellXfs><xf/><xf numFmtId="164"><protection locked="0"/></xf></cellXfs>',
        workbook="<definedNames><definedName name=\"year\">'自评表'!$A$1</definedName></definedNames>",
        **{
            "docProps/custom.xml": '<Properties><property name="xlsform.template"><x>mof-2020</x></property>'
            "</Properties>"
        },
    )
    return {name: text.encode() if isinstance(text, str) else text for name, text in found.items()}


@cache
def faultless() -> dict[str, bytes]:
    """Return the parts of a faultless return."""
    with zipfile.ZipFile(samples_folder() / "faultless.xlsx") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@cache
def opendocument() -> dict[str, bytes]:
    """Return the parts of a small .ods."""
    content = ods(
        '<table:table-row table:number-rows-repeated="2"><table:table-cell office:value-type="string"><text:p>项目'
        "</text:p></table:table-cell></table:table-row>"
        '<table:table-row><table:table-cell office:value-type="float" office:value="3.92"/>'
        '<table:covered-table-cell table:number-columns-repeated="2"/>'
        '<table:table-cell office:value-type="date" office:date-value="2021-12-31"/>'
        '<table:table-cell office:value-type="percentage" office:value="1" table:formula="of:=[.A1]*2"/>'
        '<table:table-cell office:value-type="boolean" office:boolean-value="true"/></table:table-row>'
    )
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


@cache
def binary() -> dict[str, bytes]:
    """Return the parts of a small .xlsb, as far as a reader of values needs them."""
    types = (
        '<Types><Override PartName="/xl/workbook.bin" '
        'ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/></Types>'
    )
    book = [
        (131, b""),
        (153, struct.pack("<II", 0, 0) + _wide("")),
        (143, b""),
        (156, struct.pack("<II", 0, 1) + _wide("rId1") + _wide("自评表")),
        (144, b""),
        (39, struct.pack("<IBI", 0, 0, 0xFFFFFFFF) + _wide("year") + struct.pack("<I", 0) + b"\0" * 4),
        (132, b""),
    ]
    first = struct.pack("<I", 0)
    column = struct.pack("<II", 0, 0)
    cells_ = [
        (0, first + b"\0" * 13),
        (7, column + struct.pack("<I", 0)),
        (5, struct.pack("<IId", 1, 1, 3.92)),
        (2, struct.pack("<III", 2, 0, 0x3FF00000)),
        (4, struct.pack("<IIB", 3, 0, 1)),
        (3, struct.pack("<IIB", 4, 0, 0x2A)),
        (6, struct.pack("<II", 5, 0) + _wide("文字")),
        (9, struct.pack("<IIdH", 6, 0, 1.5, 0) + struct.pack("<II", 0, 0)),
    ]
    worksheet = [
        (129, b""),
        (148, struct.pack("<IIII", 0, 1, 0, 6)),
        (145, b""),
        *cells_,
        (0, struct.pack("<I", 3) + b"\0" * 13),
        *cells_[1:3],
        (146, b""),
        (177, struct.pack("<I", 1)),
        (176, struct.pack("<IIII", 0, 1, 0, 1)),
        (178, b""),
        (130, b""),
    ]
    strings = [(159, struct.pack("<II", 1, 1)), (19, b"\0" + _wide("项目")), (160, b"")]
    return {
        "[Content_Types].xml": types.encode(),
        "_rels/.rels": relationships(("officeDocument", "xl/workbook.bin")).encode(),
        "xl/_rels/workbook.bin.rels": relationships(
            ("worksheet", "worksheets/sheet1.bin"), ("sharedStrings", "sharedStrings.bin")
        ).encode(),
        "xl/workbook.bin": records.biff12_part(book),
        "xl/worksheets/sheet1.bin": records.biff12_part(worksheet),
        "xl/sharedStrings.bin": records.biff12_part(strings),
    }


def xls_stream() -> bytes:
    """Return the stream of a small .xls with shared texts, formulas and packed numbers."""
    text = "合计"
    shared = struct.pack("<IIHB", 1, 1, len(text), 1) + text.encode("utf-16-le")
    globals_ = records.biff_stream([(0x42, struct.pack("<H", 1200)), (0xE0, b"\0" * 20), (0xFC, shared)])
    stream = biff8({(3, 2): "合计", (4, 2): 1.5, (6, 5): True, (7, 2): ""}, globals_=globals_)
    more = [
        (0x200, struct.pack("<IIHHH", 0, 9, 0, 9, 0)),
        (0xFD, struct.pack("<HHHI", 1, 1, 0, 0)),
        (0x27E, struct.pack("<HHHI", 1, 2, 0, 0x3FF00000)),
        (0xBD, struct.pack("<HHHIHIH", 2, 1, 0, 6, 0, 10, 2)),
        (0x06, struct.pack("<HHHdHI", 2, 3, 0, 1.5, 0, 0) + struct.pack("<H", 3) + b"\x1e\x01\x00"),
    ]
    end = records.biff_stream([(0x0A, b"")])
    return stream.removesuffix(end) + records.biff_stream(more) + end


def stored(content: dict[str, bytes]) -> bytes:
    """Return a zip of these parts, right checksums and all."""
    return zipped(content, zipfile.ZIP_STORED)


def read(package: bytes) -> None:
    """Read a workbook: it is read or refused, and never by the last resort."""
    clock = Clock()
    found = read_bytes(package, _LIMITS)
    if isinstance(found, Unreadable):
        told = str(found.detail)
        assert "make no sense" not in told, told
    clock.check()


def judge(package: bytes, name: str = "return.xlsx") -> None:
    """Judge a return: it passes or has findings, none of them the last resort's."""
    clock = Clock()
    verdict = judged(Path(name), package, Options(limits=_LIMITS))
    assert verdict.status in ("passed", "failed", "unreadable")
    assert verdict.status == "passed" or verdict.findings
    told = " ".join(str(each.message) for each in verdict.findings)
    assert "fault in xlsform" not in told, told
    assert "make no sense" not in told, told
    clock.check()


def _whole(content: dict[str, bytes]) -> list[bytes]:
    return [zipped(content), stored(content)]


def _read_seeds() -> list[bytes]:
    typed = [cells(f'<c r="A1" t="{name}"><v>1</v></c>').encode() for name in ("s", "str", "b", "e", "d")]
    return [*part_seeds(small()), *(b"\4" + text for text in typed)]


def _several(content: dict[str, bytes]) -> list[bytes]:
    found = part_seeds(content)
    return [*found, SECTION.join(found[-2:])]


def _binary_part(data: bytes, chance: random.Random) -> bytes:
    """Change a part of an .xlsb, which is XML or records."""
    return markup.xml(data, chance) if data.startswith(b"<") else records.biff12(data, chance)


def _ole_seeds() -> list[bytes]:
    stream = xls_stream()
    return [ole2({"Workbook": stream}), ole2({"Book": stream, "_VBA_PROJECT_CUR": b""})]


TARGETS = {
    "zip": Target(
        "an .xlsx as a whole", lambda: _whole(small()), lambda data, _: data, read, longest=8_192, whole=True
    ),
    "read": Target(
        "parts of an .xlsx, read",
        _read_seeds,
        in_sections(markup.xml, _read_seeds),
        lambda data: read(stored(replaced_parts(small(), data))),
    ),
    "verdict": Target(
        "parts of a faultless return, judged",
        lambda: part_seeds(faultless()),
        in_sections(markup.xml, lambda: part_seeds(faultless())),
        lambda data: judge(stored(replaced_parts(faultless(), data))),
        longest=80_000,
    ),
    "ods": Target(
        "parts of an .ods",
        lambda: _several(opendocument()),
        in_sections(markup.odf, lambda: part_seeds(opendocument())),
        lambda data: judge(stored(replaced_parts(opendocument(), data)), "return.ods"),
    ),
    "xls": Target(
        "the records of an .xls",
        lambda: [xls_stream()],
        records.biff,
        lambda data: judge(ole2({"Workbook": data[:40_000]}), "return.xls"),
    ),
    "ole": Target(
        "an .xls as a whole", _ole_seeds, lambda data, _: data, lambda data: judge(data, "return.et"),
        longest=12_000, whole=True,
    ),
    "xlsb": Target(
        "parts of an .xlsb",
        lambda: _several(binary()),
        in_sections(_binary_part, lambda: part_seeds(binary())),
        lambda data: judge(stored(replaced_parts(binary(), data)), "return.xlsb"),
    ),
}  # fmt: skip
