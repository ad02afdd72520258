"""Files that are none, and files that are something else."""

import os
from pathlib import Path

import pytest
from support.packages_by_hand import biff8, cells, ole2, parts, zipped

from xlsform.reading import Limits, read, read_bytes, sniff
from xlsform.reading.workbook import Unreadable, Workbook

SOUND = zipped(parts(cells('<c r="A1"><v>1</v></c>')))
TYPES = '<Types><Override PartName="/{0}" ContentType="{1}"/></Types>'
RELS = '<Relationships><Relationship Id="a" Type="x/officeDocument" Target="{0}"/></Relationships>'


def told(found: object) -> Unreadable:
    """Return why a file could not be read, in English words."""
    assert isinstance(found, Unreadable)
    return Unreadable(found.reason, str(found.detail))


def office(part: str, content_type: str) -> bytes:
    return zipped(
        {"[Content_Types].xml": TYPES.format(part, content_type), "_rels/.rels": RELS.format(part), part: "<x/>"}
    )


def odf(kind: str) -> bytes:
    return zipped({"mimetype": f"application/vnd.oasis.opendocument.{kind}"})


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (SOUND, "xlsx"),
        (office("xl/workbook.xml", "application/vnd.ms-excel.sheet.macroEnabled.main+xml"), "xlsm"),
        (office("xl/workbook.xml", "application/vnd.ms-excel.template.macroEnabled.main+xml"), "xlsm"),
        (office("xl/workbook.bin", "application/vnd.ms-excel.sheet.binary.macroEnabled.main"), "xlsb"),
        (zipped({"xl/workbook.xml": "<workbook/>"}), "xlsx"),
        (odf("spreadsheet"), "ods"),
        (odf("spreadsheet-template"), "ods"),
        (ole2({"Workbook": biff8({})}), "xls"),
        (ole2({"Book": b""}), "xls"),
        # WPS keeps a zip in its OLE files.
        (ole2({"Workbook": biff8({}), "ETExtData": SOUND}), "xls"),
    ],
)
def test_the_kind_by_contents(data: bytes, kind: str) -> None:
    assert sniff(data) == kind


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (
            office(
                "word/document.xml", "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
            ),
            "a Word document",
        ),
        (
            office("ppt/p.xml", "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"),
            "a PowerPoint presentation",
        ),
        (ole2({"WordDocument": b""}), "a Word document"),
        (ole2({"PowerPoint Document": b""}), "a PowerPoint presentation"),
        (ole2({"Something": b""}), "an OLE2 file without a workbook"),
        (odf("text"), "an OpenDocument file (text)"),
        (zipped({"Index/Document.iwa": b""}), "a document of Apple Numbers, Pages or Keynote"),
        (zipped({"a.txt": b""}), "a zip archive of other files"),
        (zipped({}), "an empty zip archive"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"\x89PNG\r\n\x1a\n", "a picture (PNG)"),
        (b"\xff\xd8\xff\xe0", "a picture (JPEG)"),
        (b"Rar!\x1a\x07", "a RAR archive"),
        (b"\x09\x04\x06\x00\x00\x00\x10\x00", "a workbook of Excel 4 or earlier"),
        ("\ufeff<HTML><body><table>".encode(), "an HTML page"),
        (
            b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
            "an XML Spreadsheet 2003 file",
        ),
        (b'<?xml version="1.0"?><a/>', "an XML file"),
        ("项目,金额\n甲,1\n".encode("gb18030"), "delimited text (CSV)"),
        ("项目\t金额\n甲\t1\n".encode("utf-16"), "delimited text (CSV)"),
        ("绩效自评情况说明。\n".encode(), "plain text"),
        ("自评" * 3000).encode() and (("自评" * 3000).encode(), "plain text"),
        (b"\x06Victor".ljust(55) + b"\x06\0".ljust(110), "the lock file that Excel keeps beside an open workbook"),
        (bytes(range(1, 256)), "a file of unknown type"),
        (b"\x01\0\x02", "a file of unknown type"),
    ],
)
def test_what_is_no_workbook_is_named(data: bytes, detail: str) -> None:
    assert told(sniff(data)) == told(read_bytes(data)) == Unreadable("not-a-spreadsheet", detail)


def test_nothing_and_nothing_but_zeros() -> None:
    assert told(read_bytes(b"")) == Unreadable("empty", "the file has no content")
    assert told(read_bytes(bytes(5_000))) == Unreadable("damaged", "it consists of zero bytes only")


def test_the_name_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "表.xls"
    path.write_bytes(SOUND)
    workbook = read(path)
    assert isinstance(workbook, Workbook)
    assert workbook.kind == "xlsx"


def test_missing(tmp_path: Path) -> None:
    missing = Unreadable("missing", "there is no such file")
    file = tmp_path / "a.xlsx"
    file.write_bytes(SOUND)
    assert told(read(tmp_path / "b.xlsx")) == missing
    assert told(read(file / "b.xlsx")) == missing
    assert told(read(tmp_path / "a\0.xlsx")) == missing


def test_folders(tmp_path: Path) -> None:
    assert told(read(tmp_path)) == Unreadable("not-a-file", "a folder")


def test_links_to_nothing_and_to_themselves(tmp_path: Path) -> None:
    loop, dangling = tmp_path / "loop.xlsx", tmp_path / "dangling.xlsx"
    try:
        loop.symlink_to(loop)
        dangling.symlink_to(tmp_path / "nothing.xlsx")
    except OSError:
        # Windows wants a privilege for links; then there are none to be read either.
        assert os.name == "nt"
        return
    assert told(read(loop)) == Unreadable("not-a-file", "a symbolic link that leads in a circle")
    assert told(read(dangling)) == Unreadable("missing", "there is no such file")


def test_devices_and_pipes_are_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe.xlsx"
    if hasattr(os, "mkfifo"):
        os.mkfifo(path)
    else:
        path = Path("NUL")
    assert told(read(path)) == Unreadable("not-a-file", "not a regular file")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PermissionError(13, "no"), "denied"),
        (FileNotFoundError(2, "gone"), "missing"),
        (OSError(5, "I/O error"), "damaged"),
        (IsADirectoryError(21, "dir"), "not-a-file"),
    ],
)
def test_what_happens_between_looking_and_opening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, reason: str
) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(SOUND)

    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Path, "open", refuse)
    found = read(path)
    assert isinstance(found, Unreadable)
    assert found.reason == reason


def test_a_large_file_is_not_even_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(SOUND)
    monkeypatch.setattr(Path, "open", None)
    assert told(read(path, Limits(file_size=10))) == Unreadable(
        "oversized", f"{len(SOUND):,} bytes; at most 10 are read"
    )


def test_reading_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(SOUND)
    path.chmod(0o400)
    before = path.stat()
    assert isinstance(read(path), Workbook)
    assert path.read_bytes() == SOUND
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.xlsx"]
