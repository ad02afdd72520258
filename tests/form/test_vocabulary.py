"""No official field name stands in the code but in the vocabulary: all else names fields by their roles."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from xlsform.form.vocabulary import FIELDS, TABLES, word

PACKAGE = Path(__file__).parents[2] / "xlsform"
VOCABULARY = PACKAGE / "form/vocabulary.py"

_COLUMNS = {word(column) for table in TABLES.values() for column in table.columns}
_ROWS = {word(row) for table in TABLES.values() for row in table.rows}

#: Roles whose names many other things have as well.
COMMON = {
    "actual",
    "grade",
    "name",
    "other",
    "problems",
    "rate",
    "reason",
    "score",
    "target",
    "total",
    "unit",
    "weight",
    "year",
}
#: Roles that nothing else is called, and parts of roles.
PLAIN = {role for role in (*FIELDS, *TABLES, *_COLUMNS, *_ROWS) if "." not in role} - COMMON
DOTTED = re.compile(rf"(?:{'|'.join(TABLES)})\..*|.*\.(?:{'|'.join(sorted(_COLUMNS))})")
#: Rooms that see fields: there a common name is looked for, too.
SEEING_FIELDS = ("form", "projects", "rules", "submission", "verdict", "workbook")

#: Where such a word is something else, and what.
SOMETHING_ELSE = {
    "form/check/__init__.py": {"problems": "a function"},
    "form/check/meaning.py": {"other": "kind of a formula's piece", "unit": "part of a target"},
    "form/definition.py": {"total": "setting of the scoring"},
    "form/evaluation/measures.py": {"unit": "part of a target"},
    "form/field_types.py": {"rate": "type of a field", "year": "type of a field"},
    "form/formula.py": {"other": "kind of a formula's piece"},
    "form/identity.py": {"project_code": "key of an identity", "year": "key of an identity"},
    "form/layout/fields.py": {"unit": "part of a target"},
    "form/scoring.py": {"total": "setting of the scoring"},
    "form/template.py": {"name": "key of a template"},
    "projects/lists/columns.py": {"unit": "the list's column 计量单位"},
    "projects/lists/headings.py": {"unit": "the list's column 计量单位", "name": "what people call the project's name"},
    "projects/lists/json_lists.py": {"indicators": "key of a list"},
    "projects/lists/targets.py": {"unit": "the list's column 计量单位"},
    "projects/lists/workbook_lists.py": {"indicators": "a sheet's name"},
    "reports/csv_.py": {"project_code": "key of the report", "project_name": "key of the report"},
    "reports/json_.py": {"project_code": "key of the report", "project_name": "key of the report"},
    "reports/status/data.py": {
        "department": "key of the status",
        "project_code": "key of the status",
        "project_name": "key of the status",
    },
    "rules/actuals.py": {"rate": "what units measure", "weight": "what units measure", "target": "value of a message"},
    "rules/issued.py": {"name": "carrier of an identity"},
    "rules/points.py": {"actual": "value of a message", "target": "value of a message"},
    "rules/template_report.py": {"problems": "key of the report on a template"},
    "rules/yuan.py": {"unit": "part of a regular expression"},
    "submission/carriers.py": {"name": "carrier of an identity"},
    "verdict/waivers.py": {"reason": "key of a waiver"},
    "submission/extract.py": {"project_code": "key of data files", "year": "key of data files"},
    "workbook/data.py": {"year": "key of data files"},
    "workbook/data_schema.py": {
        "name": "key of what `describe` prints",
        "project_code": "key of data files",
        "year": "key of data files",
    },
}


def literals(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the texts that stand in a module, docstrings left out, with their lines."""
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.lineno, node.value


def is_a_field_name(text: str, *, seeing_fields: bool) -> bool:
    """Whether a text is what official forms call a field, a part of that, or a pattern of fields."""
    return text in PLAIN or (seeing_fields and text in COMMON) or DOTTED.fullmatch(text) is not None


def test_a_field_is_named_by_its_role_alone() -> None:
    wrong = []
    met: dict[str, set[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        place = path.relative_to(PACKAGE).as_posix()
        seeing = place.partition("/")[0] in SEEING_FIELDS
        for line, text in literals(ast.parse(path.read_text(encoding="utf-8"))) if path != VOCABULARY else ():
            if is_a_field_name(text, seeing_fields=seeing):
                met.setdefault(place, set()).add(text)
                if text not in SOMETHING_ELSE.get(place, {}):
                    wrong.append(f"{place}:{line}: {text!r}")
    assert wrong == []
    # What is allowed is there: the list does not grow old.
    assert {place: set(words) for place, words in SOMETHING_ELSE.items()} == met


def test_field_names_are_known_when_they_are_seen() -> None:
    names = (
        "project_name",
        "funds.total.budget",
        "indicators.3.actual",
        "indicators.*.score",
        "funds.",
        ".weight",
        "budget",
    )
    assert all(is_a_field_name(name, seeing_fields=False) for name in names)
    assert is_a_field_name("actual", seeing_fields=True)
    assert not is_a_field_name("actual", seeing_fields=False)
    assert not any(is_a_field_name(name, seeing_fields=True) for name in ("funding", "a budget", "level1", "mof-2020"))
