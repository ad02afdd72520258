"""What the styles of a workbook say that matters here: whether a cell is locked, and its number format."""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml import etree

from xlsform.messages import say
from xlsform.reading.limits import DEFAULT_LIMITS, Limits, UnreadableError
from xlsform.reading.parts import parse, remembering
from xlsform.spreadsheet.xml_trees import TRUE, local

#: As long as Excel lets a number format be.
_LONGEST_CODE = 255

# Identifiers without a code in the file. From 27 to 36 and 50 to 58 they depend on the language: Chinese here.
_BUILT_IN = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    5: '"¥"#,##0;"¥"-#,##0',
    6: '"¥"#,##0;[Red]"¥"-#,##0',
    7: '"¥"#,##0.00;"¥"-#,##0.00',
    8: '"¥"#,##0.00;[Red]"¥"-#,##0.00',
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    14: "yyyy/m/d",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "yyyy/m/d h:mm",
    **dict.fromkeys((27, 36, 50, 52, 57), 'yyyy"年"m"月"'),
    **dict.fromkeys((28, 29, 51, 53, 54, 58), 'm"月"d"日"'),
    30: "m-d-yy",
    31: 'yyyy"年"m"月"d"日"',
    32: 'h"时"mm"分"',
    33: 'h"时"mm"分"ss"秒"',
    **dict.fromkeys((34, 55), '上午/下午h"时"mm"分"'),
    **dict.fromkeys((35, 56), '上午/下午h"时"mm"分"ss"秒"'),
    37: "#,##0 ;(#,##0)",
    38: "#,##0 ;[Red](#,##0)",
    39: "#,##0.00;(#,##0.00)",
    40: "#,##0.00;[Red](#,##0.00)",
    41: '_ * #,##0_ ;_ * -#,##0_ ;_ * "-"_ ;_ @_ ',
    42: '_ "¥"* #,##0_ ;_ "¥"* -#,##0_ ;_ "¥"* "-"_ ;_ @_ ',
    43: '_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * "-"??_ ;_ @_ ',
    44: '_ "¥"* #,##0.00_ ;_ "¥"* -#,##0.00_ ;_ "¥"* "-"??_ ;_ @_ ',
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
    48: "##0.0E+0",
    49: "@",
}


@dataclass(frozen=True, slots=True)
class CellFormats:
    """Looked up by the style's number as it is written in a cell's ``s``."""

    unlocked: frozenset[str] = frozenset()
    number_formats: dict[str, str] = field(default_factory=dict)
    """Without those that are General."""


@remembering(32)
def read_styles(content: bytes, part: str, limits: Limits = DEFAULT_LIMITS) -> CellFormats:
    """Read the styles part.

    Raises:
        UnreadableError: it is damaged, or has too many styles.
    """
    codes = {str(number): code for number, code in _BUILT_IN.items()}
    unlocked, formats = set(), {}
    for block in parse(content, part, limits):
        kind = local(block)
        if kind == "numFmts":
            codes.update(
                (element.get("numFmtId", ""), element.get("formatCode", "")[:_LONGEST_CODE]) for element in block
            )
        elif kind == "cellXfs":
            if len(block) > limits.styles:
                raise UnreadableError("oversized", say("more than {styles} styles", styles=f"{limits.styles:,}"))
            for number, style in enumerate(block):
                if not _locked(style):
                    unlocked.add(str(number))
                code = codes.get(style.get("numFmtId", "0"), "")
                if code and code.casefold() != "general":
                    formats[str(number)] = code
    return CellFormats(frozenset(unlocked), formats)


def _locked(style: etree._Element) -> bool:
    # Excel writes what applies to the cell into the style itself, whatever applyProtection says.
    for element in style:
        if local(element) == "protection":
            return element.get("locked", "1") in TRUE
    return True
