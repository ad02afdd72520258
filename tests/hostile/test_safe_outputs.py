"""No text from outside becomes a formula, markup, a header, a path, or an order to the terminal: payloads × sinks.

Each payload comes back in a return (typed into fields, beside the form, as the name of a sheet), in the project
list, and in the mail that brings the return (subject, sender, name of the attachment); then everything is written that
the program writes.
"""

from __future__ import annotations

import csv
import email
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import openpyxl
import pytest
from click.testing import CliRunner
from lxml import etree

from xlsform.cli import cli
from xlsform.demo.samples import Sample, samples
from xlsform.reading import read_bytes
from xlsform.reading.workbook import Workbook
from xlsform.spreadsheet.package import Package
from xlsform.submission.recognition import recognise
from xlsform.workbook.data import fill

PAYLOADS = {
    "formula": '=HYPERLINK("http://evil.example","x")',
    "plus": "+1+cmd|' /C calc'!A0",
    "minus": "-2+3+cmd|' /C calc'!A0",
    "at": "@SUM(1+1)",
    "tab": "\t=1+1",
    "return": "\r=1+1",
    "line break": "\n=1+1",
    "wide": "＝1+1",
    "script": "<script>alert(1)</script>",
    "attribute": "\"'><img src=x onerror=alert(1)>",
    "cell": "</t></si></is></c><c><f>1+1</f></c>",
    "sections": "]]>&lt;!--",
    "entity": "&evil;&#x41;",
    "link": "javascript:alert(1)",
    "header": "x\r\nBcc: evil@evil.example\r\n\r\nbody",
    "words": "=?utf-8?Q?x=0D=0ABcc:_evil@evil.example?=",
    "up": "../../../evil",
    "up in Windows": "..\\..\\evil.exe",
    "absolute": "/tmp/evil",
    "drive": "C:\\evil",
    "device": "CON",
    "clear the screen": "\x1b[2J\x1b]0;evil\x07",
    "C1": "\x9b31mred\x85",
    "turned round": "x\u202e\u2066xslx.exe",
    "braces": "{0.__class__}{found}{",
    "template": "{{7*7}}{% raw %}${7*7}",
    "percent": "%s%n%(x)s",
    "NUL": "a\0b",
    "half a character": "a\ud800b",
    "noncharacter": "a\ufffeb",
}
_MOVING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_XML_CANNOT = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|\r")


def stored(text: str) -> str:
    """The text as XML holds it."""
    return escape(_XML_CANNOT.sub(lambda match: f"_x{ord(match[0]):04X}_", text))


def listed(text: str) -> str:
    """The text as far as a project list may have it."""
    return re.sub("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe]", " ", text).strip()


def run(*arguments: str | Path, codes: tuple[int, ...] = (0, 1)) -> str:
    environment = {"LC_ALL": "C.UTF-8", "XLSFORM_PASSWORD": "a password"}
    result = CliRunner().invoke(cli, ["--lang", "en", *map(str, arguments)], env=environment)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code in codes, result.output
    assert not _MOVING.search(result.stderr), result.stderr
    return result.stdout


def poisoned(issued: bytes, sample: Sample, payload: str) -> bytes:
    """A return with the payload wherever a unit can put it, and a fault, so that it is answered."""
    contents = read_bytes(issued)
    assert isinstance(contents, Workbook)
    submission = recognise(Path("a.xlsx"), contents)
    assert submission is not None
    data: dict[str, Any] = json.loads(json.dumps(sample.data, default=float))
    data["year"] = 2025
    data["fields"] = {
        key: f"{mark}{data['fields'][key]}" for key, mark in (("goal_expected", ""), ("goal_actual", "PAYLOAD"))
    }
    data["funds"]["total"]["executed"] = 9_999
    for row in data["indicators"]:
        row |= {"actual": "PAYLOAD", "reason": "PAYLOAD", "score": 33}
        del row["name"], row["target"], row["weight"]
    return _with_payload(fill(submission, issued, data, "a.xlsx"), payload)


def _with_payload(data: bytes, payload: str) -> bytes:
    package = Package(data)
    strings = package.read("xl/sharedStrings.xml").decode()
    package.write("xl/sharedStrings.xml", strings.replace("PAYLOAD", stored(payload)).encode())
    form = package.sheet_part("自评表")
    beside = f'<row r="90"><c r="B90" t="inlineStr"><is><t xml:space="preserve">{stored(payload)}</t></is></c></row>'
    package.write(form, package.read(form).decode().replace("</sheetData>", f"{beside}</sheetData>").encode())
    book = package.read("xl/workbook.xml").decode()
    name = escape(stored(payload), {'"': "&quot;", "\t": "&#9;", "\n": "&#10;"})
    package.write("xl/workbook.xml", book.replace('name="填报说明"', f'name="{name}"').encode())
    return package.to_bytes()


def mail(payload: str, data: bytes, number: int) -> bytes:
    raw = payload.encode("utf-8", "surrogatepass")
    words = "".join(f"={byte:02X}" for byte in raw)
    name = "".join(f"%{byte:02X}" for byte in raw)
    message = EmailMessage()
    message["To"] = "jx@example.gov.cn"
    message.set_content("see above")
    message.add_attachment(data, maintype="application", subtype="octet-stream", filename="NAME")
    text = message.as_bytes().replace(b'filename="NAME"', f"filename*=utf-8''{name}.xlsx".encode())
    return f"Subject: =?utf-8?Q?{words}?=\r\nFrom: =?utf-8?Q?{words}?= <u{number}@example.cn>\r\n".encode() + text


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A round: a project for each payload, named for it, returned with it, in a mail that has it too."""
    path = tmp_path_factory.mktemp("round")
    sample = next(each for each in samples() if each.name == "faultless")
    rows = [["项目编码", "项目名称", "主管部门", "实施单位", "电子邮箱"]]
    indicators = [["项目编码", "二级指标", "三级指标", "指标值", "分值"]]
    for number, payload in enumerate(PAYLOADS.values()):
        rows.append(
            [
                f"{number:03}",
                f"{listed(payload)}甲",
                listed(payload) or "局",
                f"{listed(payload)}{number}",
                f"u{number}@example.cn",
            ]
        )
        indicators += [
            [f"{number:03}", *(str(each[key]) for key in ("level2", "name", "target", "weight"))]
            for each in sample.data["indicators"]
        ]
    for name, table in (("list.csv", rows), ("list-指标.csv", indicators)):
        with (path / name).open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows(table)
    run(
        "generate",
        "mof-2020",
        "--projects",
        path / "list.csv",
        "--year",
        "2025",
        "--register",
        path / "r.db",
        "--due",
        "2026-01-31",
        "-o",
        path / "issued",
    )
    (path / "inbox").mkdir()
    for number, payload in enumerate(PAYLOADS.values()):
        (issued,) = path.glob(f"issued/*/{number:03}_*.xlsx")
        data = poisoned(issued.read_bytes(), sample, payload)
        (path / f"inbox/{number:03}.eml").write_bytes(mail(payload, data, number))
    run("validate", path / "inbox", "--register", path / "r.db", "--jobs", "1")
    return path


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


# --- one check a sink


def check_text(folder: Path, _: Path) -> None:
    found = run("validate", folder / "inbox", "--jobs", "1")
    assert found.count("FAILED") == len(PAYLOADS)
    assert not _MOVING.search(found)


def check_json(folder: Path, _: Path) -> None:
    found = run("validate", folder / "inbox", "--format", "json", "--jobs", "1")
    assert not _MOVING.search(found)
    report = json.loads(found)
    assert len(report["files"]) == len(PAYLOADS)
    beside = [each["found"] for file in report["files"] for each in file["findings"] if each["cell"] == "自评表!B90"]
    assert PAYLOADS["formula"] in beside
    assert PAYLOADS["clear the screen"] in beside


def check_jsonl(folder: Path, _: Path) -> None:
    found = run("validate", folder / "inbox", "--format", "jsonl", "--jobs", "1")
    assert not _MOVING.search(found)
    assert [json.loads(line)["status"] for line in found.split("\n")[:-1]] == ["failed"] * len(PAYLOADS)


def check_csv(folder: Path, out: Path) -> None:
    run("validate", folder / "inbox", "--format", "csv", "--jobs", "1", "-o", out / "list.csv")
    safe_table((out / "list.csv").read_bytes())


def safe_table(data: bytes) -> None:
    text = data.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert len({len(row) for row in rows}) == 1
    for cell in (cell for row in rows for cell in row):
        assert not _MOVING.search(cell), cell
        assert not cell.startswith(tuple("=+-@＝＋－＠\t\r\n")) or re.fullmatch(r"[+-]?\d+(\.\d+)?", cell), cell


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value or "" for name, value in attrs if name in ("href", "src", "action", "formaction")}


def safe_markup(text: str) -> None:
    page = _Page(text)
    assert not page.tags & {"img", "iframe", "object", "embed", "base"}
    assert not any(name.startswith("on") for name in page.attributes)
    assert all(link.startswith("#") or link == "data:," for link in page.links), page.links
    assert "<script>alert" not in text


def check_html(folder: Path, out: Path) -> None:
    run("validate", folder / "inbox", "--format", "html", "--jobs", "1", "-o", out / "page.html")
    text = (out / "page.html").read_text(encoding="utf-8")
    safe_markup(text)
    assert text.count("<script") == 1
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x80-\x9f\u202a-\u202e\u2066-\u2069]", text)


def safe_workbook(data: bytes, *, ours: bool) -> None:
    """No formula but those that we write, no link that leads outside, no part that is not XML."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        roots = {
            name: etree.fromstring(archive.read(name))
            for name in archive.namelist()
            if name.endswith((".xml", ".rels", ".vml"))
        }
    for name, root in roots.items():
        if name.endswith(".rels"):
            assert not any(each.get("TargetMode") == "External" for each in root), name
        for formula in (each.text or "" for each in root.iter("{*}f")):
            assert "evil" not in formula
            assert "calc" not in formula
            assert formula not in ("1+1", "SUM(1+1)")
    if ours:
        # Whoever edits such a cell, in Excel, must not make a formula of it.
        cells = (
            cell for sheet in openpyxl.load_workbook(io.BytesIO(data)) for row in sheet.iter_rows() for cell in row
        )
        assert all(
            cell.quotePrefix or cell.number_format == "@"
            for cell in cells
            if cell.data_type == "s" and str(cell.value).startswith("=")
        )


def check_xlsx(folder: Path, out: Path) -> None:
    run("validate", folder / "inbox", "--format", "xlsx", "--jobs", "1", "-o", out / "list.xlsx")
    safe_workbook((out / "list.xlsx").read_bytes(), ours=True)


def check_summary(folder: Path, out: Path) -> None:
    run("summarize", folder / "inbox", "--register", folder / "r.db", "-o", out / "summary.xlsx")
    safe_workbook((out / "summary.xlsx").read_bytes(), ours=True)


def check_annotated(folder: Path, out: Path) -> None:
    before = set(files_below(folder))
    run("validate", folder / "inbox", "--jobs", "1", "--annotate", out / "copies")
    copies = files_below(out / "copies")
    assert len(copies) == len(PAYLOADS)
    assert set(files_below(folder)) == before
    for path in copies:
        assert path.resolve().is_relative_to(out.resolve())
        assert not _MOVING.search(str(path.relative_to(out)))
        assert not re.search(r'[<>:"|?*\\]', str(path.relative_to(out)))
        safe_workbook(path.read_bytes(), ours=False)


def check_mail(folder: Path, out: Path) -> None:
    run(
        "mail",
        "draft",
        out / "drafts",
        "--register",
        folder / "r.db",
        "--from",
        "县财政局 <jx@example.gov.cn>",
        "--returns",
        folder / "inbox",
    )
    safe_letters(out / "drafts")


def check_mail_of_issued(folder: Path, out: Path) -> None:
    run("mail", "draft", out / "drafts", "--register", folder / "r.db", "--from", "县财政局 <jx@example.gov.cn>")
    safe_letters(out / "drafts")


def safe_letters(folder: Path) -> None:
    paths = files_below(folder)
    assert len(paths) == len(PAYLOADS)
    for path in paths:
        assert path.parent == folder
        message = email.message_from_bytes(path.read_bytes(), policy=default)
        names = {name.lower() for name in message}
        assert names == {"subject", "from", "to", "date", "message-id", "mime-version", "content-type", "x-unsent"}
        (to,) = message["To"].addresses
        assert re.fullmatch(r"u\d+@example\.cn", to.addr_spec)
        assert isinstance(message, EmailMessage)
        for part in message.walk():
            name = part.get_filename()
            assert name is None or not re.search("[/\\\\\x00-\x1f\x7f-\x9f\u202a-\u202e]", name), name
            if part.get_content_type() == "text/html":
                safe_markup(part.get_content())
            if part.get_content_type() == "text/plain":
                assert not _MOVING.search(part.get_content().replace("\r\n", "\n"))


def check_sent(folder: Path, _: Path) -> None:
    run(
        "mail",
        "send",
        "--register",
        folder / "r.db",
        "--from",
        "县财政局 <jx@example.gov.cn>",
        "--returns",
        folder / "inbox",
        "--smtp",
        "localhost",
        "--dry-run",
    )


def check_status(folder: Path, out: Path) -> None:
    for form in ("text", "json"):
        assert not _MOVING.search(run("status", "--register", folder / "r.db", "--format", form))
    run("status", "--register", folder / "r.db", "--format", "csv", "-o", out / "status.csv")
    safe_table((out / "status.csv").read_bytes())
    run("status", "--register", folder / "r.db", "--format", "xlsx", "-o", out / "status.xlsx")
    safe_workbook((out / "status.xlsx").read_bytes(), ours=True)


def check_issued(folder: Path, _: Path) -> None:
    for path in folder.glob("issued/**/*.xlsx"):
        assert not re.search(r'[<>:"|?*\\\x00-\x1f\x7f-\x9f\u202a-\u202e]', str(path.relative_to(folder)))
        safe_workbook(path.read_bytes(), ours=False)
    assert len(files_below(folder / "issued")) >= len(PAYLOADS)


def check_extracted(folder: Path, out: Path) -> None:
    for number, message in enumerate(sorted((folder / "inbox").iterdir())):
        part = next(
            each
            for each in email.message_from_bytes(message.read_bytes(), policy=default).walk()
            if each.get_filename()
        )
        path = out / f"{number}.xlsx"
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        path.write_bytes(content)
        for command in ("extract", "describe"):
            assert not _MOVING.search(run(command, path))


SINKS: dict[str, Callable[[Path, Path], None]] = {
    name.removeprefix("check_"): check for name, check in globals().items() if name.startswith("check_")
}


@pytest.fixture
def out(tmp_path: Path) -> Iterator[Path]:
    """A folder to write into; what lies beside it stays as it is."""
    inner = tmp_path / "a" / "b" / "out"
    inner.mkdir(parents=True)
    yield inner
    assert [path for path in files_below(tmp_path) if not path.is_relative_to(inner)] == []
    assert not Path("/tmp/evil").exists()


@pytest.mark.parametrize("sink", SINKS)
def test_a_text_stays_text(sink: str, folder: Path, out: Path) -> None:
    SINKS[sink](folder, out)
