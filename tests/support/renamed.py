"""Official forms under other names: every table, row, column and field renamed at random, their roles given."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterable, Mapping
from typing import Any

from xlsform.form import formula as formulas
from xlsform.form import identity as identities
from xlsform.form.definition import Form
from xlsform.form.template import build, find, read
from xlsform.reading.workbook import Workbook
from xlsform.submission.recognition import recognise
from xlsform.submission.submission import Submission

_LETTERS = "abdefghijklmnopqsuvwxyz"
_NUMBERED = "indicators"
_SETTINGS = ("let", "outcome", "scoring")


class Renaming:
    """New names for all of a template, drawn at random."""

    def __init__(self, template: str, seed: int, *, swapped: bool = True) -> None:
        """Draw the names.

        Args:
            template: the id of a bundled form.
            seed: of the random choice.
            swapped: whether half of the names are such as others had; else all are new.
        """
        self.content = read(find(template))
        self.random = random.Random(seed)
        self.swapped = swapped
        self.fields = self._drawn(self.content["fields"])
        self.tables = self._drawn(self.content["tables"])
        self.rows = {name: self._drawn(table.get("rows", {})) for name, table in self.content["tables"].items()}
        self.columns = {name: self._drawn(table["columns"]) for name, table in self.content["tables"].items()}

    def _drawn(self, names: Iterable[str]) -> dict[str, str]:
        old = list(names)
        swapped = self.random.sample(old, len(old) // 2 if self.swapped else 0)
        new = swapped + ["".join(self.random.choices(_LETTERS, k=8)) for _ in range(len(old) - len(swapped))]
        self.random.shuffle(new)
        return dict(zip(old, new, strict=True))

    def name(self, old: str) -> str:
        """Return the new name of a field, or of a pattern of fields."""
        first, *rest = old.split(".")
        if not rest:
            return self.fields.get(first, first)
        if first == "subtotals":
            return f"{first}.{rest[0]}.{self.columns[_NUMBERED][rest[1]]}"
        if first not in self.tables:
            return old
        *middle, column = rest
        middle = [self.rows[first].get(part, part) for part in middle]
        return ".".join([self.tables[first], *middle, self.columns[first].get(column, column)])

    def form(self, lacking: Iterable[str] = ()) -> Form:
        """Return the form under its new names.

        Args:
            lacking: roles that the template does not give, so that the form does not have them; names must not be
                swapped then, or one of them may be a role by itself.
        """
        return build(self.template(frozenset(lacking)))

    def template(self, lacking: frozenset[str] = frozenset()) -> dict[str, Any]:
        """Return the template's content under its new names, roles given but those that are to be lacking."""
        old = self.content
        new = {
            **old,
            "fields": {
                self.fields[name]: self._spec(spec, "", _role(name, name, lacking))
                for name, spec in old["fields"].items()
            },
            "tables": {self.tables[name]: self._table(name, table, lacking) for name, table in old["tables"].items()},
            "blocks": {name: [self._row(row) for row in rows] for name, rows in old["blocks"].items()},
            "checks": {name: self._check(check) for name, check in old["checks"].items()},
        }
        for key in {"let", "outcome"} & old.keys():
            new[key] = {name: self._formula(text, _NUMBERED) for name, text in old[key].items()}
        return new

    def _table(self, name: str, table: Mapping[str, Any], lacking: frozenset[str]) -> dict[str, Any]:
        columns = {
            self.columns[name][column]: self._spec(spec, name, _role(f"{name}.{column}", column, lacking))
            for column, spec in table["columns"].items()
        }
        new: dict[str, Any] = {**table, "columns": columns, **_role(name, name, lacking)}
        if "rows" in table:
            new["rows"] = {
                self.rows[name][row]: {"label": label, **_role(f"{name}.{row}", row, lacking)}
                for row, label in table["rows"].items()
            }
        return new

    def _spec(self, spec: Mapping[str, Any], table: str, role: Mapping[str, str]) -> dict[str, Any]:
        new = {**spec, **role}
        if "formula" in spec:
            new["formula"] = self._formula(spec["formula"], table)
        if "at_most" in spec:
            new["at_most"] = self.columns[table][spec["at_most"]]
        if "rows" in spec:
            new["rows"] = {self.rows[table][row]: self._spec(change, table, {}) for row, change in spec["rows"].items()}
        return new

    def _row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        cells = {place: self._cell(cell) for place, cell in row["cells"].items()}
        return {**row, "cells": cells, **({"repeat": self.tables[row["repeat"]]} if "repeat" in row else {})}

    def _cell(self, cell: Any) -> Any:
        if not isinstance(cell, dict):
            return cell
        new = dict(cell)
        if "field" in cell:
            new["field"] = self.name(cell["field"])
        if "row" in cell:
            table, _, row = cell["row"].partition(".")
            new["row"] = f"{self.tables[table]}.{self.rows[table][row]}"
        if "column" in cell:
            new["column"] = self.columns[_NUMBERED][cell["column"]]
        return new

    def _check(self, check: Mapping[str, Any]) -> dict[str, Any]:
        new = {**check, "at": [self.name(pattern) for pattern in check["at"]]}
        table = check["at"][0].partition(".")[0]
        for key in ("formula", "expected", "when"):
            if key in check:
                new[key] = self._formula(check[key], table)
        return new

    def _formula(self, text: str, table: str) -> str:
        parts = []
        for token in formulas.tokens(text):
            parts.append(f"{{{self._reference(token.text, table)}}}" if token.kind == "field" else token.text)
        return "=" + "".join(parts)

    def _reference(self, reference: str, table: str) -> str:
        name, colon, part = reference.partition(":")
        if name == "@" or name.partition(".")[0] in _SETTINGS:
            return reference
        if name.startswith("."):
            name = f".{self.columns[table][name[1:]]}"
        elif name.endswith("."):
            name = f"{self.rows[table][name[:-1]]}."
        else:
            name = self.name(name)
        return f"{name}{colon}{part}"

    def returned(self, subject: Submission, form: Form) -> Submission:
        """Return a submission as it would be of the form under its new names: the same cells, other defined names."""
        workbook: Workbook = copy.deepcopy(subject.workbook)
        known = {name.casefold(): name for name in subject.layout.fields}
        workbook.names = {
            self.name(known[name.casefold()]) if name.casefold() in known else name: target
            for name, target in workbook.names.items()
        }
        hidden = workbook.sheet(identities.SHEET)
        assert hidden is None or not subject.issued, "what was issued is under the digest of its names"
        renamed = recognise(subject.path, workbook, form, subject.records)
        assert renamed is not None
        return renamed

    def data(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Return data of the form under its new names."""
        new: dict[str, Any] = {}
        for key, value in content.items():
            if key == "fields":
                new[key] = {self.fields[name]: each for name, each in value.items()}
            elif key not in self.tables:
                new[key] = value
            elif isinstance(value, list):
                columns = self.columns[key]
                new[self.tables[key]] = [{columns.get(name, name): each for name, each in row.items()} for row in value]
            else:
                new[self.tables[key]] = {
                    self.rows[key][row]: {self.columns[key][name]: each for name, each in columns.items()}
                    for row, columns in value.items()
                }
        return new


def _role(role: str, word: str, lacking: frozenset[str]) -> dict[str, str]:
    return {} if role in lacking else {"role": word}
