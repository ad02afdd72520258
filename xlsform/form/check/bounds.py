"""What a template may cost, before any formula of it is worked out: a template is a file that somebody may send.

The spreadsheet engine runs in this process and cannot be interrupted. It works out whatever it is given, for hours if
need be, and ends the process where its stack or the memory is exhausted. So all that it is given is bounded: only
functions whose cost grows with what they are given, only fields in braces and no addresses, and limits on lengths,
depths and numbers that a form never comes near. Within these every formula was found to take less than a second, with
the stack of one megabyte that Windows gives a process, and none of 1.4 million made at random made the engine panic.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from xlsform.form import formula as formulas
from xlsform.form.check.anatomy import NEWER, Anatomy, Call, dissect
from xlsform.form.definition import Form
from xlsform.form.layout import MAX_ROWS, UnknownReferenceError
from xlsform.form.layout.formula_refs import spelled_out


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Functions that templates may use; docs/templates.md lists them.
FUNCTIONS = _words(
    # Figures
    "ABS AVERAGE AVERAGEA AVERAGEIF AVERAGEIFS CEILING COUNT COUNTA COUNTBLANK COUNTIF COUNTIFS EVEN EXP FLOOR INT "
    "LARGE LN LOG LOG10 MAX MEDIAN MIN MOD MROUND ODD POWER PRODUCT QUOTIENT RANK ROUND ROUNDDOWN ROUNDUP SIGN SMALL "
    "SQRT SUM SUMIF SUMIFS SUMPRODUCT SUMSQ TRUNC "
    # Conditions
    "AND FALSE IF IFERROR ISBLANK ISERR ISERROR ISEVEN ISLOGICAL ISNA ISNONTEXT ISNUMBER ISODD ISTEXT N NA NOT OR "
    "TRUE TYPE "
    # Texts
    "CLEAN CODE CONCATENATE EXACT FIND LEFT LEN LOWER MID PROPER REPLACE RIGHT SEARCH SUBSTITUTE T TEXT TRIM UPPER "
    "VALUE "
    # Tables and days
    "CHOOSE DAY HLOOKUP INDEX LOOKUP MATCH MONTH VLOOKUP WEEKDAY YEAR"
)
#: Functions of Excel 2007 that somebody may miss among these: they take as long as a number in them says, depend on the
#: day or on chance, look at cells that nobody can see in the formula, or make the engine panic.
_LEFT_OUT = _words(
    "ADDRESS AREAS BINOMDIST CALL CELL CHAR COLUMN COLUMNS COMBIN DATE DATEDIF DATEVALUE DB DDB DOLLAR EDATE EOMONTH "
    "FACT FACTDOUBLE FIXED FREQUENCY FV GCD HYPERLINK INDIRECT INFO IRR LCM MDETERM MINVERSE MMULT MULTINOMIAL "
    "NETWORKDAYS NOW NPER NPV OFFSET PERMUT PMT PV RAND RANDBETWEEN RATE REGISTER REPT ROMAN ROW ROWS RTD SLN STDEV "
    "SUBTOTAL SYD TIME TODAY TRANSPOSE VAR VDB WORKDAY XIRR"
)

_MOST_VALUES = 20_000
"""Values of a template's JSON; the largest official form has 700."""
_MOST_CHECKS = 300
_MOST_NAMED = 1_000
"""Fields that stand alone or in named rows, and columns."""
_MOST_FIELDS = 100_000
"""Fields in numbered rows, with as many of these as can be asked for."""
_LONGEST = 8_000
"""Characters of a formula once written out; Excel takes 8,192."""
_DEEPEST = 60
"""Brackets within one another; Excel takes 64."""
_MOST_SHARED = 20
"""Formulas that are written out in one another."""
_MOST_OPERATORS = 500
_MOST_ELEMENTS = 100
_LONGEST_SOUGHT = 100
"""Characters that `SEARCH` looks for: it takes time for each of them in each place."""

#: Where the criteria stand among the arguments of a function: one value, since a whole column is asked again for each.
_CRITERIA = {
    "COUNTIF": slice(1, 2),
    "SUMIF": slice(1, 2),
    "AVERAGEIF": slice(1, 2),
    "COUNTIFS": slice(1, None, 2),
    "SUMIFS": slice(2, None, 2),
    "AVERAGEIFS": slice(2, None, 2),
}


def content_problems(content: Any) -> Iterator[str]:
    """Yield what of a template's JSON can be no part of a form: too much of it, and what nothing can print."""
    waiting: list[tuple[str, Any]] = [("$", content)]
    count = 0
    while waiting:
        path, value = waiting.pop()
        count += 1
        if count > _MOST_VALUES:
            yield f"$: more than {_MOST_VALUES:,} values; no form has so many"
            return
        if isinstance(value, Mapping):
            for key in value:
                yield from _unprintable(path, key)
            waiting += [(f"{path}.{key}", each) for key, each in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{path}[{number}]", each) for number, each in enumerate(value)]
        elif isinstance(value, str):
            yield from _unprintable(path, value)


def _unprintable(path: str, text: str) -> Iterator[str]:
    char = next((char for char in text if char < " " and char not in "\n\r\t"), None)
    # Halves of characters, which JSON can spell, and the two code points that are none.
    char = char or next((char for char in text if "\ud800" <= char <= "\udfff" or char in "\x7f\ufffe\uffff"), None)
    if char is not None:
        yield f"{path.encode('ascii', 'replace').decode()}: the character U+{ord(char):04X} cannot be printed"


def size_problems(form: Form) -> Iterator[str]:
    """Yield where a form has more checks, or more fields, than can be worked with."""
    if len(form.checks) > _MOST_CHECKS:
        yield f"$.checks: {len(form.checks):,} checks; at most {_MOST_CHECKS:,}"
    named = len(form.fields) + sum(len(table.columns) * max(1, len(table.rows)) for table in form.tables.values())
    if named > _MOST_NAMED:
        yield f"$: {named:,} fields besides those of indicators; at most {_MOST_NAMED:,}"
    for table in form.tables.values():
        fields = len(table.columns) * MAX_ROWS * sum(len(group.level2) for group in table.groups)
        if fields > _MOST_FIELDS:
            told = f"with {MAX_ROWS} rows of each kind {fields:,} fields"
            yield f"$.tables.{table.name}: {told}; at most {_MOST_FIELDS:,}"


def formula_bounds(form: Form) -> Iterator[str]:
    """Yield where a formula goes beyond what a form may cost; of those that are written out in another, too."""
    sources = dict(_sources(form))
    lengths = _Lengths(form)
    # Written out, twenty short formulas can become longer than any memory.
    for path, source in sources.items():
        length = lengths.of(source)
        if lengths.deep:
            yield f"{path}: more than {_MOST_SHARED} formulas are written out in one another"
        elif length > _LONGEST:
            yield f"{path}: written out it has {length:,} characters; at most {_LONGEST:,}"
        else:
            continue
        return
    for path, source in sources.items():
        yield from _own_problems(path, source)
        if not lengths.in_circle(source):
            try:
                whole = spelled_out(form, source)
            except UnknownReferenceError:
                # Told with all that is known.
                continue
            yield from _whole_problems(path, source, dissect(whole))


def _sources(form: Form) -> Iterator[tuple[str, str]]:
    """Yield the formulas of a form with their JSON paths."""
    for room in ("let", "outcome"):
        for name, text in getattr(form, room).items():
            yield f"$.{room}.{name}", text
    for name, spec in form.fields.items():
        if spec.formula is not None:
            yield f"$.fields.{name}.formula", spec.formula
    for table in form.tables.values():
        path = f"$.tables.{table.name}"
        for name, spec in table.columns.items():
            if spec.formula is not None:
                yield f"{path}.columns.{name}.formula", spec.formula
        for (row, name), spec in table.overrides.items():
            if spec.formula is not None and spec.formula != table.columns[name].formula:
                yield f"{path}.columns.{name}.rows.{row}.formula", spec.formula
        for number, group in enumerate(table.groups):
            for name, text in group.subtotal.items():
                yield f"{path}.groups[{number}].subtotal.{name}", text
    for check in form.checks:
        for key in ("formula", "expected", "when"):
            text = getattr(check, key)
            if text is not None:
                yield f"$.checks.{check.name}.{key}", text


class _Lengths:
    """How long formulas become when those that they share are written out in them, without writing any out."""

    def __init__(self, form: Form) -> None:
        self._shared = {f"let.{name}": text for name, text in form.let.items()}
        self._shared |= {f"outcome.{name}": text for name, text in form.outcome.items()}
        self._known: dict[str, int] = {}
        self._open: set[str] = set()
        self._circle: set[str] = set()
        """Shared formulas that use themselves, or others that do; these are told elsewhere."""
        self.deep = False
        """Whether more of them stand in one another than can be written out."""

    def of(self, source: str) -> int:
        """Return the characters of a formula, written out."""
        return sum(self._shown(token.kind, token.text) for token in formulas.tokens(source))

    def in_circle(self, source: str) -> bool:
        """Whether it can never be written out."""
        self.of(source)
        return not self._circle.isdisjoint(formulas.references(source))

    def _shown(self, kind: str, text: str) -> int:
        if kind != "field" or text not in self._shared:
            return len(text) + 2
        if text in self._open:
            self._circle.update(self._open)
            return 0
        if len(self._open) >= _MOST_SHARED:
            self.deep = True
            return 0
        if text not in self._known:
            self._open.add(text)
            self._known[text] = self.of(self._shared[text]) + 2
            self._open.discard(text)
            if not self._circle.isdisjoint(formulas.references(self._shared[text])):
                self._circle.add(text)
        return self._known[text]


def _own_problems(path: str, source: str) -> Iterator[str]:
    """Yield what is wrong with a formula by itself."""
    if formulas.unbalanced(source) is not None:
        # Told elsewhere, and never worked out.
        return
    found = dissect(source)
    for call in found.calls:
        if call.name in _LEFT_OUT:
            yield f"{path}: {call.name} is not among the functions that templates may use: {source}"
        elif call.name in FUNCTIONS:
            yield from (f"{path}: {problem}: {source}" for problem in _call_problems(call))
    # What came after Excel 2007 is told elsewhere.
    unknown = any(not (call.name in FUNCTIONS | _LEFT_OUT or NEWER.fullmatch(call.name)) for call in found.calls)
    if unknown or found.words:
        yield f"{path}: it uses a function or a name that is not known: {source}"


def _call_problems(call: Call) -> Iterator[str]:
    """Yield the arguments with which a function would take long, or give a text of any length."""
    arguments = call.arguments
    if call.name == "SUBSTITUTE" and len(arguments) > 2:
        old, new = arguments[1], arguments[2]
        longest = max(1, len(_literal(old) or ""))
        if _literal(new) is None or len(_literal(new) or "") > longest:
            yield "what SUBSTITUTE puts in is to be a text in quotes, and not longer than what it takes out"
    if call.name == "SEARCH" and arguments and len(_literal(arguments[0]) or " " * 1_000) > _LONGEST_SOUGHT:
        yield f"what SEARCH looks for is to be a text in quotes of at most {_LONGEST_SOUGHT} characters; or use FIND"
    for criterion in arguments[_CRITERIA.get(call.name, slice(0))]:
        if any("*" in reference for reference in formulas.references(criterion)):
            yield f"the criterion of {call.name} is to be one value, not a column"


def _literal(argument: str) -> str | None:
    """Return the text that an argument is, None where it is anything else."""
    pieces = formulas.tokens(argument)
    return pieces[0].text[1:-1].replace('""', '"') if len(pieces) == 1 and pieces[0].kind == "text" else None


def _whole_problems(path: str, source: str, found: Anatomy) -> Iterator[str]:
    """Yield what is wrong with a formula in which all that it shares is written out."""
    if found.depth > _DEEPEST:
        yield f"{path}: brackets {found.depth:,} deep; at most {_DEEPEST}: {source[:200]}"
    if found.operators > _MOST_OPERATORS:
        yield f"{path}: {found.operators:,} operators; at most {_MOST_OPERATORS}: {source[:200]}"
    if found.elements > _MOST_ELEMENTS:
        yield f"{path}: {found.elements:,} values in arrays; at most {_MOST_ELEMENTS}: {source[:200]}"
