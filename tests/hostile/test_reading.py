"""Damaged and hostile workbooks: each comes out as a verdict, and soon."""

import io
import random
import struct
import tracemalloc
import zipfile
import zlib

import pytest
from support.packages_by_hand import MAIN, Parts, cells, ods, parts, relationships, sheet, zipped
from support.timing import within

from xlsform.reading import Limits, read_bytes
from xlsform.reading.workbook import Reason, Unreadable, Workbook

STRINGS = "<si><t>项目</t></si>"
SOUND = parts(cells('<c r="A1" t="s"><v>0</v></c>'), STRINGS)


def refused(data: bytes, reason: Reason, limits: Limits | None = None) -> str:
    """The detail; what is refused must be refused quickly."""
    with within(3):
        found = read_bytes(data, limits or Limits())
    assert isinstance(found, Unreadable), found
    assert found.reason == reason, found
    return str(found.detail)


def replaced(**changes: str | bytes) -> Parts:
    return SOUND | changes


def noise(size: int) -> bytes:
    return random.Random(1).randbytes(size)


def test_what_they_are_made_of_is_sound() -> None:
    assert isinstance(read_bytes(zipped(SOUND)), Workbook)


def test_a_part_that_is_packed_too_well() -> None:
    data = zipped(replaced(**{"xl/sharedStrings.xml": "<sst>" + " " * 30_000_000 + "</sst>"}))
    assert len(data) < 100_000
    tracemalloc.start()
    assert "packed more than 100 times" in refused(data, "oversized")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # Not inflated first and measured then.
    assert peak < 10_000_000


def test_small_parts_may_be_packed_as_well_as_they_like() -> None:
    assert isinstance(read_bytes(zipped(replaced(**{"xl/sharedStrings.xml": f"<sst>{' ' * 90_000}</sst>"}))), Workbook)


def test_parts_together_too_large() -> None:
    limits = Limits(total_size=300_000)
    sheets = {
        f"xl/worksheets/sheet{number}.xml": b"<worksheet>" + noise(100_000).hex().encode()[:100_000] + b"</worksheet>"
        for number in range(1, 9)
    }
    listing = "".join(f'<sheet name="{number}" r:id="rId{number}"/>' for number in range(1, 9))
    content = SOUND | sheets
    content["xl/workbook.xml"] = f'<workbook xmlns="{MAIN}" xmlns:r="x"><sheets>{listing}</sheets></workbook>'
    content["xl/_rels/workbook.xml.rels"] = relationships(*(("worksheet", name.removeprefix("xl/")) for name in sheets))
    assert isinstance(read_bytes(zipped(content)), Workbook)
    assert "unpacked" in refused(zipped(content), "oversized", limits)


def test_one_part_too_large() -> None:
    assert "xl/sharedStrings.xml" in refused(
        zipped(SOUND | {"xl/sharedStrings.xml": noise(20_000)}), "oversized", Limits(part_size=10_000)
    )


def test_the_file_too_large() -> None:
    data = zipped(SOUND)
    assert f"{len(data):,} bytes" in refused(data, "oversized", Limits(file_size=100))


@pytest.mark.parametrize("difference", [-3, 3, 4_000_000_000 - 47])
def test_sizes_that_lie(difference: int) -> None:
    data = bytearray(zipped(SOUND))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        info = archive.getinfo("xl/sharedStrings.xml")
    entry = data.rindex(b"xl/sharedStrings.xml") - 46
    data[entry + 24 : entry + 28] = struct.pack("<I", (info.file_size + difference) & 0xFFFFFFFF)
    assert "xl/sharedStrings.xml" in refused(bytes(data), "damaged")


def test_more_members_than_any_workbook_has() -> None:
    refused(zipped(SOUND | {f"xl/media/{number}.png": b"" for number in range(1_000)}), "oversized")


@pytest.mark.parametrize("name", ["../evil.xml", "xl/../../evil.xml", "C:/evil.xml", "xl\\..\\evil.xml", "file:evil"])
def test_names_that_lead_outside(name: str) -> None:
    assert "leads outside" in refused(zipped(SOUND | {name: b""}), "damaged")


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("twice", ["xl/worksheets/sheet1.xml", "XL/Worksheets/Sheet1.xml", "/xl/worksheets/sheet1.xml"])
def test_two_parts_of_one_name(twice: str) -> None:
    buffer = io.BytesIO(zipped(SOUND))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(twice, cells('<c r="A1"><v>2</v></c>'))
    assert "two parts" in refused(buffer.getvalue(), "damaged")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing(method: int) -> None:
    assert "packed in a way" in refused(zipped(SOUND, method), "damaged")


def test_a_zip_with_a_password() -> None:
    data = bytearray(zipped(SOUND))
    entry = data.rindex(b"xl/workbook.xml") - 46
    data[entry + 8] |= 1
    refused(bytes(data), "encrypted")


DOCTYPES = {
    "laughs": '<!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(
        f'<!ENTITY {after} "' + f"&{before};" * 10 + '">'
        for before, after in zip("abcdefghi", "bcdefghij", strict=True)
    )
    + "]>",
    "file": '<!DOCTYPE x [<!ENTITY j SYSTEM "file:///etc/passwd">]>',
    "web": '<!DOCTYPE x SYSTEM "http://localhost:9/x.dtd">',
    "plain": "<!DOCTYPE x>",
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("doctype", DOCTYPES)
def test_doctypes(doctype: str, encoding: str) -> None:
    use = "" if doctype == "plain" else "&j;"
    start = f'<?xml version="1.0" encoding="{encoding}"?>{DOCTYPES[doctype]}'
    content = f'{start}<sst a="{use if doctype == "laughs" else ""}"><si><t>{use}</t></si></sst>'
    assert "xl/sharedStrings.xml" in refused(
        zipped(SOUND | {"xl/sharedStrings.xml": content.encode(encoding)}), "damaged"
    )


def test_deep_nesting() -> None:
    deep = "<r>" * 50_000 + "</r>" * 50_000
    assert "more than 256 deep" in refused(
        zipped(replaced(**{"xl/sharedStrings.xml": f"<sst>{deep}</sst>"}), zipfile.ZIP_STORED), "oversized"
    )


@pytest.mark.parametrize(
    "part",
    [
        "[Content_Types].xml",
        "_rels/.rels",
        "xl/workbook.xml",
        "xl/_rels/workbook.xml.rels",
        "xl/sharedStrings.xml",
        "xl/worksheets/sheet1.xml",
    ],
)
@pytest.mark.parametrize(
    "content", [b"", b"<", b"\0\1\2", b"<a><b></a>", b'<?xml version="1.0" encoding="nonsense"?><a/>', b"<x:a/>"]
)
def test_parts_that_are_not_xml(part: str, content: bytes) -> None:
    assert part in refused(zipped(SOUND | {part: content}), "damaged")


def test_a_file_cut_short_says_so() -> None:
    data = zipped(SOUND)
    for length in range(4, len(data) - 22, 37):
        assert refused(data[:length], "truncated")


def test_the_end_without_the_beginning() -> None:
    data = zipped(SOUND)
    refused(data[:30] + data[200:], "damaged")


def test_flipped_bits_never_raise_and_mostly_show() -> None:
    data = zipped(SOUND)
    chance = random.Random(20)
    verdicts = []
    for _ in range(600):
        broken = bytearray(data)
        broken[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        verdicts.append(read_bytes(bytes(broken)))
    found = [verdict for verdict in verdicts if isinstance(verdict, Workbook)]
    # What the bit does not reach is dates, flags and the names in local headers.
    assert 0 < len(found) < len(verdicts) / 2
    sound = read_bytes(data)
    assert isinstance(sound, Workbook)
    assert all(sheet.values in ({}, sound.sheets[0].values) for workbook in found for sheet in workbook.sheets)


def test_noise_behind_the_signature() -> None:
    for signature in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        for size in (0, 10, 600, 20_000):
            assert isinstance(read_bytes(signature + noise(size)), Unreadable)


def test_too_many_cells() -> None:
    row = "<row>" + "<c/>" * 20 + "</row>"
    data = zipped(parts(sheet(row * 6)), zipfile.ZIP_STORED)
    assert isinstance(read_bytes(data, Limits(cells=120)), Workbook)
    assert refused(data, "oversized", Limits(cells=119)) == "more than 119 cells"


def test_too_many_tags_are_seen_before_a_tree_is_built() -> None:
    data = zipped(parts(sheet("<row>" + "<c><v/><v/><v/></c>" * 400_000 + "</row>")), zipfile.ZIP_STORED)
    assert "tags" in refused(data, "oversized")


def test_too_many_strings_styles_names_merges_validations_sheets_relationships() -> None:
    limits = Limits(strings=3, styles=3, names=3, ranges=3, members=6)

    def with_(worksheet: str = "<worksheet/>", **more: str) -> bytes:
        return zipped(parts(worksheet, **more))

    refused(with_(strings="<si/>" * 4), "oversized", limits)
    refused(with_(styles=f"<cellXfs>{'<xf/>' * 4}</cellXfs>"), "oversized", limits)
    refused(with_(workbook=f"<definedNames>{'<definedName/>' * 4}</definedNames>"), "oversized", limits)
    refused(with_(sheet("", "<mergeCells>" + '<mergeCell ref="A1:B2"/>' * 4 + "</mergeCells>")), "oversized", limits)
    refused(
        with_(sheet("", '<dataValidations><dataValidation sqref="A1 A2 A3 A4"/></dataValidations>')),
        "oversized",
        limits,
    )
    refused(
        zipped(SOUND | {"xl/workbook.xml": f"<workbook><sheets>{'<sheet/>' * 7}</sheets></workbook>"}),
        "oversized",
        limits,
    )
    refused(
        zipped(SOUND | {"_rels/.rels": relationships(*[("officeDocument", "xl/workbook.xml")] * 7)}),
        "oversized",
        limits,
    )


def test_one_long_shared_formula_for_many_cells() -> None:
    rows = (
        f'<row><c><f t="shared" ref="A1:A2" si="0">{"A1+" * 9_000}1</f></c></row>'
        + '<row><c><f t="shared" si="0"/></c></row>' * 500
    )
    assert "formulas" in refused(zipped(parts(sheet(rows)), zipfile.ZIP_STORED), "oversized")


def test_columns_hidden_over_and_over() -> None:
    columns = "".join(f'<col min="1" max="{16_384 - number % 2}" hidden="1"/>' for number in range(100_000))
    with within(3):
        found = read_bytes(zipped(parts(sheet("", before=f"<cols>{columns}</cols>")), zipfile.ZIP_STORED))
    assert isinstance(found, Workbook)
    assert found.sheets[0].hidden_columns == frozenset(range(1, 257))


def test_an_ods_is_measured_before_it_is_given_away() -> None:
    assert "packed more than" in refused(
        zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": " " * 9_000_000}),
        "oversized",
    )


def test_an_ods_that_repeats_a_cell_a_billion_times() -> None:
    cell = '<table:table-cell table:number-columns-repeated="16384" office:value-type="float" office:value="1"/>'
    refused(ods(f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row>'), "damaged")


def test_a_checksum_that_does_not_match() -> None:
    data = bytearray(zipped(SOUND, zipfile.ZIP_STORED))
    place = data.index("项目".encode())
    data[place : place + 3] = "顶".encode()
    assert zlib.crc32(data)
    assert "checksum" in refused(bytes(data), "damaged")
