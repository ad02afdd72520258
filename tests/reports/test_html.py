"""The page for a browser: what it shows; no text of a return becomes markup; it filters, prints and stays small."""

from __future__ import annotations

import base64
import hashlib
import re
import tracemalloc
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.browser import Browser
from support.made_verdicts import ERROR, NOTE, WARNING, finding, many, missing, summary, unreadable, verdict

from xlsform.batch.validate import verdicts
from xlsform.demo.samples import samples, samples_folder
from xlsform.files import spool
from xlsform.reports.html import charts, render_html
from xlsform.reports.rule_texts import title
from xlsform.reports.sanitize import cut, visible
from xlsform.spreadsheet.text_width import width
from xlsform.verdict.verdict import Options, Verdict

VOID = {"meta", "link", "input", "br"}
#: What hostile and careless people write into a cell.
PAYLOADS = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</details></section></main>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "<a href='javascript:alert(1)'>看这里</a>",
    "]]><!-- --><![CDATA[",
    "<!--",
    "</style><style>*{display:none}",
    "<svg onload=alert(1)>",
    "&lt;script&gt;&#60;script&#62;",
    "{{ 7 * 7 }}{% raw %}",
    "</title></option></select>",
    "<iframe srcdoc='<b>'>",
    "http://evil.example/x.png",
    "line\nbreak\r\n\ttab",
    "nul\x00 bell\x07 escape\x1b[31m",
    "附件\u202excod.exe",
    "\u2066\u2067\u200f\u200b\ufeff",
    "lone \ud83d surrogate",
    "\u2028\u2029\x85\x1c",
    "`${alert(1)}`",
)


class Page(HTMLParser):
    """A page taken apart."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[str, str]] = []
        """Each with the tag it stands in."""
        self.opened: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.opened.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        self.texts.append((self.opened[-1] if self.opened else "", data))

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"a declaration: {data}")

    def skeleton(self) -> list[tuple[str, tuple[str, ...]]]:
        return [(tag, tuple(sorted(attributes))) for tag, attributes in self.tags]

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def text(self, *, of: str = "") -> str:
        return "".join(text for tag, text in self.texts if not of or tag == of)


def rendered(verdicts: Iterable[Verdict], language: str = "en") -> str:
    return "".join(render_html(iter(verdicts), language))


def filled_with(text: str) -> str:
    """Return a report in which that text stands wherever a text of others can stand."""
    hostile = finding("M106", text=text, cell=text)
    verdicts = [
        verdict(
            "failed", hostile, path=text, project_code=text, project_name=text, unit=text, summary=summary(grade=text)
        ),
        unreadable(text, hostile),
        missing(text, text, text, overdue=True),
    ]
    return rendered(verdicts)


HARMLESS = Page(filled_with("农村公路养护"))


# --- nothing of a return becomes markup


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_text_stays_text(payload: str) -> None:
    page = Page(filled_with(payload))
    assert page.skeleton() == HARMLESS.skeleton()
    assert visible(payload) in page.text(of="span")
    assert visible(payload) in page.text(of="li")
    assert page.opened == []


@pytest.mark.property
@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=60).filter(str.strip))
def test_any_text_stays_text(text: str) -> None:
    page = Page(filled_with(text))
    assert page.skeleton() == HARMLESS.skeleton()
    assert visible(text) in page.text(of="li")


@settings(deadline=None)
@given(st.text(max_size=200))
def test_what_is_visible_hides_nothing(text: str) -> None:
    shown = visible(text, 100)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]", shown)
    assert shown.encode("utf-8").decode() == shown
    assert visible(shown, 10_000) == shown


def test_hidden_characters_are_named() -> None:
    assert visible("附件\u202excod.exe") == "附件[U+202E]xcod.exe"
    assert visible("a\x00b\ud83dc") == "a[U+0000]b[U+D83D]c"
    assert visible("one\r\n\ttwo") == "one two"
    assert visible("长" * 20, 5) == "长长长长长…"
    assert visible("中华\ue000\U00020bb7") == "中华\ue000\U00020bb7"


@settings(deadline=None)
@given(st.text(max_size=60), st.integers(2, 40))
def test_a_label_is_cut_to_its_room(text: str, room: int) -> None:
    assert cut(text, room) == text or (width(cut(text, room)) <= room + 1 and cut(text, room).endswith("…"))
    assert (cut(text, room) == text) >= (width(text) <= room)


def test_there_is_one_script_and_one_style_sheet_and_the_policy_names_them() -> None:
    page = Page(rendered([verdict("failed", ERROR)]))
    policy = next(each["content"] for each in page.all("meta") if each.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    for tag in ("script", "style"):
        assert page.all(tag) == [{}]
        digest = base64.b64encode(hashlib.sha256(page.text(of=tag).encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    names = [name for name, _ in page.tags]
    assert names.index("meta") < names.index("style")


def test_it_asks_for_nothing_from_elsewhere() -> None:
    text = filled_with("http://evil.example/x.png")
    page = Page(text)
    for tag, attributes in page.tags:
        assert not {"src", "srcset", "action", "style", "background", "formaction"} & set(attributes), tag
        assert not [name for name in attributes if name.startswith("on")], tag
        assert attributes.get("href", "#")[0] == "#" or attributes == {"rel": "icon", "href": "data:,"}
    own = page.text(of="style") + page.text(of="script")
    assert not re.search(r"https?:|url\(|@import|fetch|XMLHttp|eval|innerHTML", own)


# --- what it says


def test_every_file_with_its_findings() -> None:
    text = rendered([verdict("failed", ERROR, NOTE), unreadable("returns/x.et"), verdict("passed", path="b.xlsx")])
    page = Page(text)
    assert [each["id"] for each in page.all("section") if "id" in each] == ["unreadable", "failed", "passed"]
    assert len(page.all("details")) == 3
    assert "x.et" in page.text(of="span")
    assert "error 1 · note 1" in page.text(of="span")
    assert "no findings" in page.text(of="span")
    assert "得分应为 9.8" in page.text(of="li")
    assert "自评表!J7" in page.text(of="i")
    assert "returns/P001.xlsx · P001 · mof-2020 · 2021 · execution rate 98.00%" in page.text(of="p")
    assert "99.47" in page.text(of="span")


def test_a_code_leads_to_what_it_means() -> None:
    page = Page(rendered([verdict("failed", ERROR, WARNING, finding("X999"))]))
    targets = {each["href"][1:] for each in page.all("a")}
    assert targets == {"M106", "P109", "X999"}
    assert targets <= {each["id"] for each in page.all("dt")}
    assert title("M106", "en") in page.text(of="dt")
    assert page.text(of="dd").strip()


def test_tiles_count_files_and_findings() -> None:
    text = rendered([verdict("failed", ERROR, ERROR, WARNING), verdict("passed", NOTE), unreadable()])
    tiles = re.findall(r'<li class="(\w+)"><b>(\d+)</b>', text)
    assert dict(tiles) == {
        "files": "3", "passed": "1", "failed": "1", "unreadable": "1", "error": "2", "warning": "1", "note": "1",
    }  # fmt: skip


def test_few_files_stand_open_and_many_closed() -> None:
    assert all("open" in each for each in Page(rendered(many(30))).all("details"))
    assert not any("open" in each for each in Page(rendered(many(31))).all("details"))


def test_without_a_script_nothing_is_hidden_but_the_filter() -> None:
    page = Page(rendered([*many(50), missing("单位", "P9", "桥梁")]))
    assert [(tag, attributes.get("id")) for tag, attributes in page.tags if "hidden" in attributes] == [
        ("form", "filter")
    ]


def test_what_can_be_filtered_by_is_what_there_is() -> None:
    page = Page(rendered([verdict("failed", ERROR, unit="乙"), verdict("failed", WARNING, unit="甲"), unreadable()]))
    assert [each["name"] for each in page.all("select")] == ["status", "unit", "severity", "code"]
    values = [each["value"] for each in page.all("option")]
    assert values == [
        "*", "unreadable", "failed", "passed", "*", "", "乙", "甲", "*", "error", "warning", "note", "*", "M106",
        "P109",
    ]  # fmt: skip
    assert {each["data-unit"] for each in page.all("details")} == {"", "乙", "甲"}


def test_outstanding_projects_by_unit() -> None:
    spool = [
        missing("乙", "P2", "桥梁"),
        missing("甲", "P1", "隧道", overdue=True),
        missing("乙", "P3", "水库"),
    ]
    page = Page(rendered([verdict(), *spool]))
    assert [text for tag, text in page.texts if tag == "td" and text.strip() and text != ", "] == ["乙", "2", "甲", "1"]
    assert [each.get("class") for each in page.all("span") if each.get("class") == "overdue"] == ["overdue"]
    assert "P2 桥梁" in page.text(of="span")
    assert "Not yet returned" not in Page(rendered([verdict()])).text()


def test_a_project_without_a_return_is_no_file() -> None:
    text = rendered([verdict(), missing("丙", "P8", "桥梁"), missing("丙", "P9", "水库", overdue=True)])
    page = Page(text)
    assert len(page.all("details")) == 1
    tiles = dict(re.findall(r'<li class="(\w+)"><b>(\d+)</b>', text))
    assert (tiles["files"], tiles["failed"], tiles["error"]) == ("1", "0", "0")
    assert (tiles["outstanding"], tiles["overdue"]) == ("2", "1")
    assert re.findall(r"<td>([^<]*)</td>", text) == ["丙", "2"]
    assert [each.get("class") for each in page.all("span")].count("overdue") == 1


@pytest.mark.parametrize(("language", "lang"), [("zh", "zh-CN"), ("en", "en")])
def test_the_language_is_told(language: str, lang: str) -> None:
    assert Page(rendered([verdict()], language)).all("html") == [{"lang": lang}]


def test_an_empty_batch_is_a_page_too() -> None:
    page = Page(rendered([]))
    assert page.opened == []
    assert page.all("details") == []


def test_the_samples_as_they_are_judged() -> None:
    page = Page(rendered(verdicts([samples_folder()], Options())))
    assert len(page.all("details")) == len(list(samples()))
    assert "农村公路养护" in page.text(of="span")


# --- charts


def test_a_chart_of_the_files_by_result() -> None:
    chart = charts.ring(
        "t", [charts.Item("a", 3, "passed"), charts.Item("b", 1, "failed"), charts.Item("c", 0, "unreadable")]
    )
    assert [shape.path for shape in chart.shapes] == [
        "M100.0 30.0A70 70 0 1 1 30.0 100.0",
        "M30.0 100.0A70 70 0 0 1 100.0 30.0",
        "",
    ]
    assert chart.total == 4


def test_a_ring_of_one_part_is_closed() -> None:
    (shape,) = charts.ring("t", [charts.Item("a", 5, "passed")]).shapes
    assert shape.path.startswith("M100.0 30.0A70 70 0 0 1 100.0 170.0 M100.0 170.0A70 70 0 0 1 ")


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=15))
def test_bars_are_in_proportion_and_inside(counts: list[int]) -> None:
    items = [charts.Item(f"规则 {place}" * 9, count, "error") for place, count in enumerate(counts)]
    for chart, size in ((charts.bars("t", items), "width"), (charts.columns("t", items), "height")):
        longest = max(getattr(shape, size) for shape in chart.shapes)
        for shape in chart.shapes:
            assert getattr(shape, size) == pytest.approx(longest * shape.count / (max(counts) or 1), abs=0.11)
            assert 0 <= shape.x <= shape.x + shape.width <= charts.WIDTH
            assert 0 <= shape.y <= shape.y + shape.height <= chart.height


def test_charts_show_the_distributions() -> None:
    rates = ("0.2", "0.5", "0.5999", "0.95", "0.9999", "1", "1.2", None)
    verdicts = [verdict(summary=summary(rate=rate, score=score)) for rate, score in zip(rates, SCORES, strict=True)]
    text = rendered(verdicts)
    assert shown_by(text, "Execution rate (files)") == {
        "<50%": 1, "50–60%": 2, "60–70%": 0, "70–80%": 0, "80–90%": 0, "90–95%": 0, "95–100%": 2, "100%": 1, ">100%": 1,
    }  # fmt: skip
    assert shown_by(text, "Score (files)") == {
        "<60": 1, "60–70": 1, "70–80": 0, "80–85": 1, "85–90": 0, "90–95": 1, "95–98": 0, "98–100": 2, ">100": 1,
    }  # fmt: skip


SCORES = ("59.99", "60", "80", "90", "98", "100", "709.8", None)


def shown_by(text: str, title: str) -> dict[str, int]:
    """Return the labels and counts that a chart of standing bars draws."""
    figure = next(part for part in text.split("<figure") if f">{title}<" in part)
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", figure)
    labels = [each.replace("&lt;", "<").replace("&gt;", ">") for each in texts[1::2]]
    return {label: int(count or 0) for label, count in zip(labels, texts[::2], strict=True)}


def test_the_most_frequent_rules_first_and_no_more_than_fifteen() -> None:
    codes = [f"X{number:03}" for number in range(20) for _ in range(number + 1)]
    text = rendered([verdict("failed", *(finding(code) for code in codes))])
    figure = next(part for part in text.split("<figure") if ">Findings by rule" in part)
    assert re.findall(r"<title>(X\d+)", figure) == [f"X{number:03}" for number in range(19, 4, -1)]


def test_a_rule_has_the_colour_of_its_heaviest_finding() -> None:
    text = rendered([verdict("failed", finding("P109"), WARNING, WARNING)])
    figure = next(part for part in text.split("<figure") if ">Findings by rule" in part)
    assert Counter(re.findall(r'<rect class="(\w+)"', figure)) == {"error": 1}


# --- size and sameness


def test_the_same_verdicts_give_the_same_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1641000000")
    text = rendered(many(60), "zh")
    assert text == rendered(many(60), "zh")
    assert "2022-01-01 09:20" in text
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1641100000")
    assert text != rendered(many(60), "zh")


def test_lists_that_go_to_disk_come_back_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1641000000")
    held = rendered(many(200))
    monkeypatch.setattr(spool, "_HELD", 100)
    assert rendered(many(200)) == held


@pytest.mark.slow
def test_memory_does_not_grow_with_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "_HELD", 10_000)
    rendered(many(10))
    few, lots = peak(100), peak(800)
    assert lots < few + 200_000, (few, lots)


def peak(files: int) -> int:
    tracemalloc.start()
    try:
        size = sum(len(piece) for piece in render_html(many(files), "en"))
        assert size > 700 * files
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_the_verdicts_are_taken_one_by_one() -> None:
    taken: list[int] = []

    def source() -> Iterator[Verdict]:
        for number in range(3):
            taken.append(number)
            yield verdict()

    pieces = render_html(source(), "en")
    assert taken == []
    next(pieces)
    assert taken == [0, 1, 2]


def test_a_file_costs_few_elements() -> None:
    one, more = (len(Page(rendered(many(count, 5))).tags) for count in (40, 80))
    assert (more - one) / 40 < 10 + 5 * 3


# --- in a browser


@pytest.fixture(scope="module")
def shown(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Browser:
    path = tmp_path_factory.mktemp("report") / "报告.html"
    spool = [missing(PAYLOADS[3], "P9", PAYLOADS[0])]
    verdicts = [
        *many(80),
        verdict("failed", finding("H101", text=PAYLOADS[3]), unit='甲 "乙" <丙>', project_name=PAYLOADS[0]),
    ]
    path.write_text(rendered([*verdicts, *spool]), encoding="utf-8")
    browser.open(path)
    return browser


def choose(shown: Browser, **values: str) -> int:
    """Set fields of the filter and return how many files are shown then."""
    script = """(values => {
        const form = document.getElementById("filter");
        form.reset();
        for (const [name, value] of Object.entries(values)) form.elements[name].value = value;
        form.dispatchEvent(new Event("input", {bubbles: true}));
        return new Promise(done => setTimeout(() => done(
            [...document.querySelectorAll("details.file")].filter(file => file.checkVisibility()).length), 200));
    })"""
    count: int = shown.run(f"{script}({values})")
    return count


def test_a_browser_finds_nothing_to_complain_of(shown: Browser) -> None:
    assert shown.complaints() == []
    assert [url.partition(":")[0] for url in shown.asked()] in (["file"], ["file", "data"])
    assert shown.run("document.querySelectorAll('img, iframe, script:not(:last-child)').length") == 0
    assert shown.run("getComputedStyle(document.getElementById('filter')).display") == "flex"


def test_it_filters(shown: Browser) -> None:
    assert choose(shown) == 81
    assert choose(shown, status="unreadable") == 2
    assert choose(shown, unit="某县第9公路养护中心") == 2
    assert choose(shown, unit='甲 "乙" <丙>') == 1
    assert choose(shown, unit="") == 2
    assert choose(shown, severity="error") == 20 + 2 + 1
    assert choose(shown, code="F101") == 2
    assert choose(shown, code="H101", status="passed") == 0
    assert choose(shown, text="第12标段 应填数字") == 1
    assert choose(shown, text="ONERROR=alert") == 1
    assert shown.run("document.querySelector('#filter output').textContent") == "1 of 81 files shown"
    assert choose(shown) == 81


def test_only_the_findings_asked_for_are_shown(shown: Browser) -> None:
    choose(shown, code="M106")
    visible_codes = "[...document.querySelectorAll('details.file:not([hidden]) li:not([hidden]) a')].map(a => a.hash)"
    assert set(shown.run(visible_codes)) == {"#M106"}
    assert choose(shown) == 81
    assert set(shown.run(visible_codes)) == {"#M106", "#P109", "#V102", "#F101", "#H101"}


def test_all_can_be_opened_and_closed(shown: Browser) -> None:
    choose(shown)
    opened = "document.querySelectorAll('details.file[open]').length"
    shown.run("document.getElementById('open').click()")
    assert shown.run(opened) == 81
    shown.run("document.getElementById('close').click()")
    assert shown.run(opened) == 0


def test_on_paper_everything_that_is_shown_is_open(shown: Browser) -> None:
    choose(shown, status="failed")
    shown.run("""addEventListener("beforeprint", () => {
        document.body.dataset.open = document.querySelectorAll("details.file[open]").length; })""")
    data = shown.printed()
    assert shown.run("document.body.dataset.open") == "21"
    assert shown.run("document.querySelectorAll('details.file[open]').length") == 0
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", data)
    assert box is not None
    assert [round(Decimal(side.decode())) for side in box.groups()] == [595, 842]


def test_three_thousand_files_open_quickly(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "large.html"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(render_html(many(3_000), "zh"))
    browser.open(path)
    timing = "performance.getEntriesByType('navigation')[0].loadEventEnd"
    assert browser.run(timing) < 10_000, "milliseconds; about 1,200 where this was written"
    assert browser.run("document.querySelectorAll('details.file').length") == 3_000
