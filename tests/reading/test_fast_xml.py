"""What is taken apart as text is what the XML parser makes of it, or is left to that."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.packages_by_hand import MAIN, parts, sheet, zipped

from xlsform.demo.samples import samples_folder
from xlsform.reading import fast_xml, read_bytes, sheets, strings
from xlsform.reading.workbook import Unreadable, Workbook

_ODD = [
    "<!-- -->", "<![CDATA[1]]>", "<?x?>", "&#65;", "&#x9;", "&nbsp;", "]]>", "\r\n", "\t", "&", "<", ">", '"', "\x00",
    "\x0b", "\ufffe", "\U0001f600", "e\u0301", "<v>", "</v>", "<sheetData>", "</sheetData>", "</row>", "<row>",
    "<is><t>x</t></is>", " ",
]  # fmt: skip
_TEXTS = st.lists(
    st.sampled_from(["0", "1", "7", "1.5", "-2", "1E3", "项目", "_x0041_", "&lt;", "&gt;", "&amp;", "&quot;", "&apos;",
                     "&amp;lt;"]),
    max_size=4,
).map("".join)  # fmt: skip
_FORMULAS = st.sampled_from(
    [
        "", "<f>1+1</f>", "<f>SUM(A1:B2)&amp;&quot;&lt;&quot;</f>", "<f/>",
        '<f t="shared" ref="A1:A3" si="0">A1+$B$1</f>', '<f t="shared" si="0"/>', '<f t="shared" ca="1" si="0"/>',
        '<f t="array" ref="A1">1</f>', '<f aca="false">2</f>',
        '<f t="dataTable" ref="A1:A2" dt2D="0" r1="B1" r2="B2"/>', '<f si="0" t="shared"/>', "<f>[1]x!A1</f>",
        '<f t="shared" t="n">1</f>',
    ]
)  # fmt: skip
_ATTRIBUTES = st.sampled_from(
    [' r="A1"', ' r="B1"', ' r="$C$2"', ' r="AAA9999999"', ' r="a3"', "", ' s="1"', ' r="B2" s="1"', ' s="1" r="B2"',
     ' r="C3" r="C3"']
)  # fmt: skip
_TYPES = st.sampled_from(
    ["", "", ' t="n"', ' t="s"', ' t="str"', ' t="b"', ' t="e"', ' t="d"', ' t="inlineStr"', ' t="x"']
)


@st.composite
def _cells(draw: st.DrawFn) -> str:
    start = f"<c{draw(_ATTRIBUTES)}{draw(_TYPES)}"
    if draw(st.booleans()):
        return f"{start}/>"
    value = draw(st.one_of(st.just(""), st.just("<v/>"), _TEXTS.map(lambda text: f"<v>{text}</v>")))
    inline = draw(st.sampled_from(["", "", "<is><t>一</t><r><t>_x0042_</t></r></is>", "<extLst/>"]))
    return f"{start}>{draw(_FORMULAS)}{value}{inline}</c>"


_ROWS = st.builds(
    lambda tag, cells: f"<row{tag}>{''.join(cells)}</row>" if cells else f"<row{tag}/>",
    st.sampled_from(
        [
            "", ' r="1"', ' r="2" spans="1:9" ht="30" customHeight="1"', ' hidden="1"', ' ht="0.0"', ' r="3" r="4"',
            ' x14ac:dyDescent="0.2"', ' y="&amp;"', ' r = "1"', ' r="1" ', ' r="9999999"',
        ]
    ),
    st.lists(_cells(), max_size=3),
)  # fmt: skip


def _both(data: bytes) -> tuple[Workbook | Unreadable, Workbook | Unreadable]:
    """What is read, and what the XML parser alone reads."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (sheets, strings):
            patch.setattr(module, "parted", lambda *_: None)
        parsed = read_bytes(data)
    return read_bytes(data), parsed


@given(st.lists(_ROWS, max_size=3), st.sampled_from(["", *_ODD]), st.floats(0, 1), st.booleans())
def test_rows_are_those_of_the_tree(found: list[str], odd: str, where: float, declared: bool) -> None:
    text = "".join(found)
    place = int(where * len(text))
    worksheet = sheet(text[:place] + odd + text[place:], '<mergeCells><mergeCell ref="A1:B2"/></mergeCells>')
    if declared:
        worksheet = worksheet.replace(" xmlns:r=", ' xmlns:x14ac="http://a" xmlns:r=', 1)
    read, parsed = _both(zipped(parts(worksheet, "<si><t>一</t></si><si><t>二</t></si>", _STYLES)))
    if "x14ac:" in worksheet and not declared:
        # The text is read where the parser gives up for want of a name's declaration.
        assert isinstance(parsed, Unreadable)
    else:
        assert read == parsed


_STYLES = '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="10"><protection locked="0"/></xf></cellXfs>'


@given(
    st.lists(
        st.one_of(
            _TEXTS.map(lambda text: f"<si><t>{text}</t></si>"),
            st.sampled_from(
                [
                    "<si/>", "<si><t/></si>", '<si><t xml:space="preserve"> 一 </t></si>',
                    "<si><r><t>一</t></r><r><t>二</t></r></si>",
                    '<si><t>一</t><phoneticPr fontId="1" type="noConversion"/></si>',
                    "<si><t>一</t><rPh><t>yi</t></rPh></si>",
                    "<si><t>一</t></si> ", "<x/>", *_ODD,
                ]
            ),
        ),
        max_size=5,
    )
)  # fmt: skip
def test_shared_texts_are_those_of_the_tree(items: list[str]) -> None:
    cells = "".join(f'<c r="A{number}" t="s"><v>{number - 1}</v></c>' for number in range(1, 7))
    read, parsed = _both(zipped(parts(sheet(f"<row>{cells}</row>"), "".join(items))))
    assert read == parsed


@pytest.mark.parametrize(
    "worksheet",
    [
        # The rows that count stand elsewhere, or are none.
        "<!--<sheetData><row><c r='A1'><v>1</v></c></row></sheetData>--><sheetData/>",
        '<!--<sheetData><row><c r="A1"><v>1</v></c></row></sheetData>--><sheetData></sheetData>',
        "<![CDATA[<sheetData></sheetData>]]>",
        '<x><sheetData><row><c r="A1"><v>1</v></c></row></sheetData></x>',
        '<x><sheetData><row><c r="A1"><v>1</v></c></row></sheetData></x><sheetData/>',
        '<sheetData><row><c r="A1"><v>1</v></c></row></sheetData><sheetData><row><c r="A2"><v>2</v></c></row>'
        "</sheetData>",
        '<x a="<sheetData></sheetData>"/>',
        "<?x <sheetData></sheetData>?><sheetData/>",
    ],
)
def test_rows_are_not_found_where_there_are_none(worksheet: str) -> None:
    read, parsed = _both(zipped(parts(f'<worksheet xmlns="{MAIN}">{worksheet}</worksheet>')))
    assert read == parsed


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "iso-8859-1"])
def test_a_part_in_another_encoding_is_left_to_the_parser(encoding: str) -> None:
    worksheet = f'<?xml version="1.0" encoding="{encoding}"?>' + sheet('<row><c r="A1" t="str"><v>é</v></c></row>')
    read, parsed = _both(zipped(parts(worksheet.encode(encoding))))
    assert isinstance(read, Workbook)
    assert read == parsed
    assert read.sheets[0].values == {(1, 1): "é"}


@pytest.mark.parametrize("name", ["faultless", "seed"])
def test_a_form_is_taken_apart_as_text(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else all of the above would prove nothing."""
    texts: list[object] = []

    def watched(text: str) -> object:
        texts.append(fast_xml.rows_of_text(text))
        return texts[-1]

    monkeypatch.setattr(sheets, "rows_of_text", watched)
    data = (samples_folder() / f"{name}.xlsx").read_bytes()
    read, parsed = _both(data)
    assert read == parsed
    assert len(texts) == 3
    assert None not in texts
