"""A template that would take hours, or end the process, is refused with its place before anything is worked out."""

from __future__ import annotations

import copy
import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ironcalc
import pytest
from click.testing import CliRunner
from support.forms import TEMPLATES
from support.timing import within

from xlsform.cli import cli
from xlsform.errors import TemplateError, XlsformError
from xlsform.form.check import load_checked, problems
from xlsform.form.check.anatomy import dissect
from xlsform.form.check.bounds import FUNCTIONS
from xlsform.form.evaluation import ironcalc_cells
from xlsform.form.template import find, read

ROOT = Path(__file__).parents[2]

Content = dict[str, Any]

BASE: Content = read(find("mof-2020"))
TOTAL = "$.fields.total_score.formula"
SECONDS = 2.0


def with_total(formula: str) -> Content:
    """The form with another formula of its total."""
    content = copy.deepcopy(BASE)
    content["fields"]["total_score"]["formula"] = formula
    return content


def with_let(**let: str) -> Content:
    content = copy.deepcopy(BASE)
    content["let"] |= let
    return content


def with_checks(count: int, formula: str = "=TRUE", at: str = "total_weight") -> Content:
    content = copy.deepcopy(BASE)
    check = {**content["checks"]["weights-not-100"], "at": [at], "formula": formula}
    content["checks"] |= {f"more-{number}": check for number in range(count)}
    return content


def with_chain(count: int, formula: Callable[[int], str]) -> Content:
    """The form with so many computed fields, and one that is typed, in rows of their own below it."""
    content = copy.deepcopy(BASE)
    for number in range(count):
        content["fields"][f"part_{number}"] = {"label": f"{number}", "type": "text", "formula": formula(number)}
    content["fields"][f"part_{count}"] = {"label": f"{count}", "type": "text"}
    content["blocks"]["more"] = [{"cells": {"B:C": {"field": f"part_{number}"}}} for number in range(count + 1)]
    return content


#: What is refused, and what is said of it.
REFUSED: dict[str, tuple[Callable[[], Content], str]] = {
    # Ten seconds and more; FIXED panics, and so do dates beyond the calendar.
    "depreciation over 10^9 periods": (lambda: with_total("=VDB(100,1,1E9,0,1E9)"), f"{TOTAL}: VDB is not among"),
    "a billion letters": (lambda: with_total('=LEN(REPT("x",1E9))'), f"{TOTAL}: REPT is not among"),
    "a factorial": (lambda: with_total("=FACT(1E9)"), f"{TOTAL}: FACT is not among"),
    "a billion decimals": (lambda: with_total("=LEN(FIXED(1,1E9))"), f"{TOTAL}: FIXED is not among"),
    "the year 10^300": (lambda: with_total("=DATE(1,1E300,1)"), f"{TOTAL}: DATE is not among"),
    "chance": (lambda: with_total("=RAND()"), f"{TOTAL}: RAND is not among"),
    "an address from a text": (lambda: with_total('=INDIRECT("A1")'), f"{TOTAL}: INDIRECT is not among"),
    "a call of Excel 4": (lambda: with_total('=CALL("a","b")'), f"{TOTAL}: CALL is not among"),
    "a million numbers": (lambda: with_total("=SUM(SEQUENCE(1000000))"), f"{TOTAL}: SEQUENCE is not known to Excel"),
    "random numbers": (lambda: with_total("=SUM(RANDARRAY(1000))"), f"{TOTAL}: RANDARRAY is not known to Excel 2007"),
    # Addresses.
    "whole columns": (lambda: with_total("=SUMPRODUCT(B:B,C:C)"), f"{TOTAL}: it uses a function or a name that is"),
    "a million cells": (lambda: with_total("=SUM($B$1:B1000000)"), f"{TOTAL}: it uses a function or a name that is"),
    "fields as ends of an area": (lambda: with_total("=SUM({total_weight}:{unit})"), f"{TOTAL}: it uses a function"),
    "another sheet": (lambda: with_total("='a'!A1"), f"{TOTAL}: it uses a function or a name that is not known"),
    "DDE": (lambda: with_total("=cmd|'/c calc'!A0"), f"{TOTAL}: it uses a function or a name that is not known"),
    # Texts that grow with what is typed.
    "a text for each letter": (
        lambda: with_total('=LEN(SUBSTITUTE({goal_expected},"a",{goal_actual}))'),
        f"{TOTAL}: what SUBSTITUTE puts in is to be a text in quotes",
    ),
    "ten letters for one": (
        lambda: with_total('=LEN(SUBSTITUTE({goal_expected},"a","aaaaaaaaaa"))'),
        f"{TOTAL}: what SUBSTITUTE puts in is to be a text in quotes",
    ),
    "a text sought in a text": (
        lambda: with_total("=SEARCH({goal_expected},{goal_actual})"),
        f"{TOTAL}: what SEARCH looks for is to be a text in quotes of at most 100",
    ),
    "a text doubled thirty times": (
        lambda: with_chain(30, lambda n: f"={{part_{n + 1}}}&{{part_{n + 1}}}"),
        "part_24: its text may hold that of a field 64 times; at most 50",
    ),
    # Work that multiplies.
    "criteria that are a column": (
        lambda: with_total("=SUM(SUMIF({indicators.*.score},{indicators.*.score}))"),
        f"{TOTAL}: the criterion of SUMIF is to be one value, not a column",
    ),
    "forty checks of each row against all": (
        lambda: with_checks(
            40,
            "=SUMPRODUCT(({indicators.*.name}={.name})*({indicators.*.score}={.score}))<9",
            "indicators.*.weight",
        ),
        "$.checks.more-0.formula: with 200 rows of each kind it looks at 6,516,018 cells, all formulas at 260,",
    ),
    "2,000 values in an array": (
        lambda: with_total(f"=SUM({{{','.join('1' * 1_900)}}})"),
        f"{TOTAL}: 1,900 values in arrays; at most 100",
    ),
    # What a stack has no room for.
    "brackets": (lambda: with_total(f"={'(' * 1_900}1{')' * 1_900}"), f"{TOTAL}: brackets 1,900 deep; at most 60"),
    "calls": (lambda: with_total(f"={'IF(1,' * 300}1{')' * 300}"), f"{TOTAL}: brackets 300 deep; at most 60"),
    "signs": (lambda: with_total(f"={'-' * 3_900}1"), f"{TOTAL}: 3,900 operators; at most 500"),
    "sums": (lambda: with_total(f"=1{'+1' * 1_900}"), f"{TOTAL}: 1,900 operators; at most 500"),
    "percents": (lambda: with_total(f"=1{'%' * 3_900}"), f"{TOTAL}: 3,900 operators; at most 500"),
    "brackets in a shared formula of a shared formula": (
        lambda: with_let(a="=" + "(" * 40 + "{let.b}" + ")" * 40, b="=" + "(" * 40 + "1" + ")" * 40),
        "$.let.a: brackets 81 deep; at most 60",
    ),
    "300 fields that depend on one another": (
        lambda: with_chain(300, lambda n: f"=N({{part_{n + 1}}})"),
        "part_249: more than 50 computed fields depend on one another",
    ),
    "60 fields that depend on all behind them": (
        lambda: with_chain(60, lambda n: "=" + "+".join(f"N({{part_{m}}})" for m in range(n + 1, 61))),
        "part_9: more than 50 computed fields depend on one another",
    ),
    # Shared formulas that are written out.
    "a billion laughs": (
        lambda: with_let(**{f"a{n}": "=" + f"{{let.a{n + 1}}}" * 10 for n in range(9)}, a9='="ha"'),
        "$.let.a0: written out it has 8,222,222,220 characters; at most 8,000",
    ),
    "5,000 within one another": (
        lambda: with_let(**{f"a{n}": f"={{let.a{n + 1}}}" for n in range(5_000)}, a5000="=1"),
        "$.let.a0: more than 20 formulas are written out in one another",
    ),
    # Numbers.
    "1,000 checks": (lambda: with_checks(1_000), "$.checks: 1,0"),
    "100 checks of one row": (lambda: with_checks(100), "$.checks: 101 checks on fields of row 40; at most 60"),
    "15,000 kinds of indicators": (
        lambda: with_kinds(15_000),
        "$.tables.indicators: with 200 rows of each kind 18,006,000 fields; at most 100,000",
    ),
    "15,000 rows": (lambda: with_rows(15_000), "$: 90,014 fields besides those of indicators; at most 1,000"),
    "1,000,000 values": (lambda: with_grades(1_000_000), "$: more than 20,000 values; no form has so many"),
    "a text longer than Excel takes": (
        lambda: with_placeholder("x" * 9_000),
        "$.checks: the hint beside row 13 asks all checks of the row in a formula of ",
    ),
    # Characters that no workbook can hold.
    "NUL": (lambda: BASE | {"title": "a\0"}, "$.title: the character U+0000 cannot be printed"),
    "half a character": (lambda: BASE | {"sheet": "a\ud800"}, "$.sheet: the character U+D800 cannot be printed"),
    "half a character in a key": (lambda: BASE | {"\udc00": 1}, "$: the character U+DC00 cannot be printed"),
}  # fmt: skip


def with_kinds(count: int) -> Content:
    content = copy.deepcopy(BASE)
    content["tables"]["indicators"]["groups"][0]["level2"] = [f"{number}" for number in range(count)]
    return content


def with_rows(count: int) -> Content:
    content = copy.deepcopy(BASE)
    content["tables"]["funds"]["rows"] = {f"r{number}": "x" for number in range(count)}
    return content


def with_grades(count: int) -> Content:
    content = copy.deepcopy(BASE)
    content["scoring"]["grades"] = list(range(count))
    return content


def with_placeholder(text: str) -> Content:
    content = copy.deepcopy(BASE)
    content["tables"]["indicators"]["columns"]["name"]["placeholder"] = text
    return content


@pytest.mark.parametrize("about", REFUSED)
def test_what_a_form_never_needs_is_refused_with_its_place(about: str) -> None:
    build, told = REFUSED[about]
    content = build()
    with within(SECONDS):
        found = problems(content)
    assert found[0].startswith(told), found[0][:300]
    assert len(found) <= 201
    assert all(len(line) < 4_500 for line in found)


def test_whoever_loads_a_template_refuses_it_in_a_few_lines(tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    path.write_text(json.dumps(with_total("=VDB(100,1,1E9,0,1E9)")))
    with pytest.raises(TemplateError, match="VDB is not among the functions that templates may use"):
        load_checked(str(path))
    for command in (("templates", "check"), ("generate",), ("describe",), ("validate", str(tmp_path), "--template")):
        result = CliRunner().invoke(cli, ["--lang", "en", *command, str(path)])
        assert result.exit_code == 2, command
        assert "VDB is not among" in result.output
        assert result.output.count("\n") <= 2


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_official_forms_are_far_from_all_limits(template: str) -> None:
    assert problems(read(find(template))) == []


#: What a form may well need.
ALLOWED = {
    "a grade": '=LOOKUP(N({total_weight}),{0,60,80,90},{"差","中","良","优"})',
    "a duplicate": '=SUMPRODUCT(({indicators.*.name}={project_name})*({indicators.*.name}<>""))',
    "a count": '=COUNTIF({indicators.*.score},">0")',
    "one of two": '=SUMIF({indicators.*.name},"a",{indicators.*.score})',
    "a text without blanks": '=LEN(SUBSTITUTE(SUBSTITUTE({project_name}," ",""),"　",""))',
    "a word in a text": '=IF(ISNUMBER(SEARCH("公路",{project_name})),1,0)',
    "several": "=ROUND(SUM({indicators.产出指标.*.score})/MAX(1,SUM({indicators.产出指标.*.weight})),4)",
}


@pytest.mark.parametrize("about", ALLOWED)
def test_what_a_form_may_need_is_sound(about: str) -> None:
    assert problems(with_total(ALLOWED[about])) == []


def test_the_manual_lists_the_functions() -> None:
    page = (ROOT / "docs" / "templates.md").read_text(encoding="utf-8")
    listed = page.partition("- figures: ")[2].partition("Cells are named")[0]
    assert set(re.findall(r"`([A-Z][A-Z0-9]*)`", listed)) == FUNCTIONS


# --- what is left


def formula(chance: random.Random, depth: int) -> str:
    """A formula of what templates may use, of any sense or none."""
    if depth <= 0 or chance.random() < 0.3:
        return chance.choice(VALUES)
    kind = chance.random()
    if kind < 0.25:
        return f"{formula(chance, depth - 1)}{chance.choice(OPERATORS)}{formula(chance, depth - 1)}"
    if kind < 0.3:
        return f"-({formula(chance, depth - 1)})%"
    name = chance.choice(sorted(FUNCTIONS))
    arguments = [formula(chance, depth - 1) for _ in range(chance.choice([0, 1, 1, 2, 2, 3, 3, 4]))]
    if name == "SEARCH" and arguments:
        arguments[0] = '"*a?"'
    if name == "SUBSTITUTE" and len(arguments) > 2:
        arguments[2] = '""'
    return f"{name}({','.join(arguments)})"


OPERATORS = ("+", "-", "*", "/", "^", "&", "=", "<", ">", "<>", "<=", ">=")
VALUES = (
    "0", "1", "-1", "0.5", "1E9", "-1E9", "1E15", "1E300", "-1E300", "1E-300", "9.99E307", "2958466", "-2147483649",
    "4294967296", "1E19", "1E400", '""', '"a"', '"1"', '"1E400"', '"项目𠮷"', '"*a?"', '">5"', '"0.00%"', '"yyyy-mm"',
    '"#,##0.00000000000000000000000000000000"', "TRUE", "NA()", "1/0", "B1", "B1:B30", "C1", "C1:C30", "D1:D30", "E1",
    "B1:B9,B11:B20", "{1,2,3}", '{"a";TRUE}', "",
)  # fmt: skip


@pytest.mark.slow
def test_nothing_that_is_allowed_brings_the_engine_down() -> None:
    """A panic is a BaseException; an abort would end the tests. 1.4 million others were tried by hand."""
    chance = random.Random(13)
    model = ironcalc.create("form", "en", "UTC", "en")
    for row in range(1, 31):
        model.update_cell_with_number(0, row, 2, chance.choice([0.0, 1.0, -5.0, 1e300, row / 3]))
        model.update_cell_with_text(0, row, 3, chance.choice(["a", "", "项目" * 50, "1", "x" * 2_000, "2020-01-01"]))
        model.update_cell_with_formula(0, row, 4, chance.choice(["=1/0", "=NA()", f"=B{row}", f"=C{row}&1"]))
    model.update_cell_with_text(0, 1, 5, "y" * 32_767)
    for _ in range(30_000):
        text = formula(chance, chance.choice([1, 2, 2, 3]))
        if text:
            with within(1):
                model.update_cell_with_formula(0, 1, 1, f"={text}")
                ironcalc_cells.evaluate(model)


DEEP = """
import threading, ironcalc
def run():
    model = ironcalc.create("form", "en", "UTC", "en")
    step = "IF(1," * 60 + "B{next}" + "+1" * 499 + ")" * 60
    for row in range(1, 51):
        model.update_cell_with_formula(0, row, 2, "=" + step.replace("{next}", str(row + 1)))
    model.update_cell_with_formula(0, 1, 1, "=" + "-" * 500 + "B1")
    model.evaluate()
    print(model.get_cell_value(0, 1, 1))
threading.stack_size(1024 * 1024)
thread = threading.Thread(target=run)
thread.start()
thread.join()
"""


def test_the_deepest_that_is_allowed_fits_on_the_stack_of_windows() -> None:
    run = subprocess.run([sys.executable, "-c", DEEP], capture_output=True, text=True, check=False, timeout=30)
    assert (run.returncode, run.stdout.strip()) == (0, "24950.0"), run.stderr


def test_a_panic_of_the_engine_is_one_of_our_errors() -> None:
    model = ironcalc.create("form", "en", "UTC", "en")

    class Panicking:
        def evaluate(self) -> None:
            model.test_panic()

    panicking: Any = Panicking()
    silenced = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        with pytest.raises(XlsformError, match="bring down the spreadsheet engine"):
            ironcalc_cells.evaluate(panicking)
    finally:
        os.dup2(silenced, 2)
        os.close(silenced)
        os.close(nowhere)


# --- what a formula consists of


def test_a_formula_taken_apart() -> None:
    found = dissect('=IF(N({.a})>=1E3,SUBSTITUTE({.b},"(,","")&-2%,LOOKUP({.c},{0,60;1,2},$B$2))+x')
    assert [(call.name, call.arguments) for call in found.calls] == [
        ("N", ("{.a}",)),
        ("SUBSTITUTE", ("{.b}", '"(,"', '""')),
        ("LOOKUP", ("{.c}", "{0,60,1,2}", "$B$2")),
        ("IF", ("N({.a})>=1E3", 'SUBSTITUTE({.b},"(,","")&-2%', "LOOKUP({.c},{0,60,1,2},$B$2)")),
    ]
    assert (found.words, found.depth, found.operators, found.elements) == (("$B$2", "x"), 3, 6, 4)


@pytest.mark.parametrize("text", ["=(((", "=)))", "={1,2", '="', "=N(", "=}{", "=", "=N(1))", "=(1}"])
def test_brackets_that_do_not_match(text: str) -> None:
    dissect(text)
