"""Fields among which formulas find what they name, and the formulas in cell addresses."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType

from xlsform.form import formula as formulas
from xlsform.form.definition import Form
from xlsform.form.field_specs import Check
from xlsform.form.layout.fields import Field, PlacedCheck, UnknownReferenceError
from xlsform.form.layout.formula_refs import addresses, spelled_out
from xlsform.form.vocabulary import TARGET


class Resolver:
    """The fields of a layout, or of a part of one."""

    def __init__(self, form: Form, fields: Mapping[str, Field], *, whole: bool = True) -> None:
        """Take the fields, by name.

        Args:
            form: the form.
            fields: its fields, or some of them.
            whole: whether they are all; of a part nobody knows what ``{indicators.*.score}`` names.
        """
        self._form = form
        self._fields = fields
        self._whole = whole

    def render(
        self,
        formula: str,
        about: Field | None = None,
        measure: Mapping[str, str] = MappingProxyType({}),
    ) -> str:
        """Return a template's formula in cell addresses, without ``=``.

        Args:
            formula: the template's text.
            about: the field that ``{@}``, ``{.column}`` and ``{row.}`` start from.
            measure: what stands for ``{.target:low}`` and the other parts of `TARGET_PARTS`, by part.

        Raises:
            UnknownReferenceError: it names a field or a setting that the form does not have.
        """
        return formulas.render(spelled_out(self._form, formula), lambda name: self._resolve(name, about, measure))

    def placed(self, formula: str, about: Field) -> tuple[str, str, tuple[str, ...]]:
        """Return a formula about a field as `render` does, as it reads in any row, and the names that it looks at.

        In any row: ``«r»`` stands for the field's own row, and ``$`` before every other.

        Raises:
            UnknownReferenceError: as :meth:`render`.
        """
        here: list[str] = []
        anywhere: list[str] = []
        names: dict[str, None] = {}
        for token in formulas.tokens(spelled_out(self._form, formula)):
            text = token.text
            if token.kind != "field" or ":" in text:
                text = self._resolve(text, about, MappingProxyType({})) if token.kind == "field" else text
                here.append(text)
                anywhere.append(text)
                continue
            items = self._find(text, about)
            names.update(dict.fromkeys(item.name for item in items))
            here.append(addresses(items, None))
            anywhere.append(addresses(items, about.range.top))
        return "".join(here), "".join(anywhere), tuple(names)

    def names_in(self, formula: str, about: Field | None = None) -> tuple[str, ...]:
        """Return the names of the fields that a formula looks at.

        Raises:
            UnknownReferenceError: as :meth:`render`.
        """
        names: dict[str, None] = {}
        for reference in formulas.references(spelled_out(self._form, formula)):
            if ":" not in reference:
                names.update(dict.fromkeys(item.name for item in self._find(reference, about)))
        return tuple(names)

    def place(self, check: Check, item: Field) -> PlacedCheck:
        """Return a check on a field, in its place.

        Raises:
            UnknownReferenceError: as :meth:`render`.
        """
        when = check.when or "=TRUE"
        source = check.formula or (f"=OR(NOT({when[1:]}),ABS(ROUND(N({{@}})-({(check.expected or '=0')[1:]}),6))<0.01)")
        formula, relative, names = self.placed(source, item)
        return PlacedCheck(
            check=check,
            field=item,
            formula=formula,
            relative=relative,
            expected=self.render(check.expected, item) if check.expected else None,
            when=self.render(check.when, item) if check.when else None,
            references=tuple(dict.fromkeys((item.name, *names))),
        )

    def _resolve(self, reference: str, about: Field | None, measure: Mapping[str, str]) -> str:
        name, _, fragment = reference.partition(":")
        if fragment:
            items = self._find(name, about)
            if len(items) == 1 and fragment == "placeholder":
                return formulas.quote(items[0].placeholder)
            if len(items) == 1 and items[0].role == TARGET and fragment in measure:
                return measure[fragment]
            raise UnknownReferenceError(reference)
        return addresses(self._find(reference, about), None)

    def _find(self, reference: str, about: Field | None) -> list[Field]:
        name = reference
        if about is not None and reference == "@":
            name = about.name
        elif about is not None and about.table and reference.startswith("."):
            name = f"{about.table}.{about.row}{reference}"
        elif about is not None and about.table and reference.endswith("."):
            name = f"{about.table}.{reference}{about.column}"
        if name in self._fields:
            return [self._fields[name]]
        if name not in self._found:
            self._found[name] = self._many(name, reference)
        return self._found[name]

    @cached_property
    def _found(self) -> dict[str, list[Field]]:
        """What references to several fields have been found to name."""
        return {}

    def _many(self, name: str, reference: str) -> list[Field]:
        table, _, rest = name.partition(".")
        kind, star, column = rest.rpartition("*.")
        kind = kind.rstrip(".")
        found = [
            item
            for item in self._fields.values()
            if star
            and self._whole
            and item.table == table
            and item.column == column
            and kind in ("", item.level1, item.level2)
        ]
        if not found:
            raise UnknownReferenceError(reference)
        return found
