"""Sample returns: forms filled in with given data, and what somebody then typed over locked cells."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from xlsform.form.layout import lay_out
from xlsform.form.template import load
from xlsform.reading import read_bytes
from xlsform.reading.workbook import Unreadable
from xlsform.reports.text import render_text
from xlsform.spreadsheet.a1 import position
from xlsform.spreadsheet.cells import SheetRows, put
from xlsform.spreadsheet.package import Package
from xlsform.spreadsheet.shared_strings import SharedStrings
from xlsform.spreadsheet.xml_trees import child, children
from xlsform.submission.recognition import recognise
from xlsform.verdict.judge import judged
from xlsform.verdict.verdict import Options
from xlsform.workbook.data import fill
from xlsform.workbook.issue import issue
from xlsform.workbook.locks import lock_for

#: No secret: the samples are there to be looked into.
_PASSWORD = "xlsform-sample"


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample return."""

    name: str
    about: str
    data: Mapping[str, Any]
    typed_over: Mapping[str, str | Decimal | None]
    """What was put into locked cells after the protection was taken off, by ``sheet!cell``."""

    def workbook(self) -> bytes:
        """Return the workbook as the unit would send it back."""
        issued = issue(lay_out(load(self.data["template"])), lock_for(_PASSWORD), year=int(self.data["year"]))
        contents = read_bytes(issued)
        assert not isinstance(contents, Unreadable), "what we write can be read"
        submission = recognise(Path(f"{self.name}.xlsx"), contents)
        assert submission is not None, "what we write is recognised"
        filled = fill(submission, issued, self.data, self.name)
        return typed_over(filled, self.typed_over) if self.typed_over else filled


def samples_folder() -> Path:
    """Return the folder of the samples: inside the package once installed, beside it in a checkout."""
    package = Path(__file__).parent.parent
    inside = package / "samples_data"
    return inside if inside.is_dir() else package.parent / "samples"


def samples() -> Iterator[Sample]:
    """Yield every sample of the folder, by name."""
    for path in sorted(samples_folder().glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal, parse_int=Decimal)
        yield Sample(path.stem, content["about"], content["data"], content.get("typed_over", {}))


def typed_over(data: bytes, cells: Mapping[str, str | Decimal | None]) -> bytes:
    """Return a workbook whose protection was taken off and whose cells were typed over, formulas included."""
    package = Package(data)
    strings = SharedStrings(package)
    by_sheet: dict[str, dict[str, str | Decimal | None]] = {}
    for place, value in cells.items():
        sheet, _, cell = place.rpartition("!")
        by_sheet.setdefault(sheet, {})[cell] = value
    for sheet, values in by_sheet.items():
        part = package.sheet_part(sheet)
        root = package.xml(part)
        protection = child(root, "sheetProtection")
        if protection is not None:
            root.remove(protection)
        grid = SheetRows(root)
        for cell, value in values.items():
            element = grid.cell(*position(cell))
            for formula in list(children(element, "f")):
                element.remove(formula)
            put(element, value, strings)
        package.write_xml(part, root)
    strings.save()
    return package.to_bytes()


def expected_report(sample: Sample) -> str:
    """Return what ``validate`` says of a sample: in Chinese, then in English."""
    path = Path(f"{sample.name}.xlsx")
    verdict = judged(path, sample.workbook(), Options())
    reports = ["".join(render_text([verdict], language)) for language in ("zh", "en")]
    return f"{sample.about}\n\n" + "\n".join(reports)
