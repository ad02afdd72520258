"""What an issued workbook says of itself, in three carriers."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.dump import dump
from support.forms import layout_of

from xlsform.form.identity import NAME, PROPERTY_PREFIX, SHEET, Identity, from_name_text, from_pairs
from xlsform.form.layout import lay_out
from xlsform.form.template import build, find, read
from xlsform.reading import read_bytes
from xlsform.reading.workbook import Workbook
from xlsform.submission.carriers import identities_in
from xlsform.workbook.issue import issue
from xlsform.workbook.locks import Lock

#: Good for tests that do not look at the lock: its making takes long.
LOCK = Lock("c2FsdHNhbHRzYWx0c2FsdA==", "x" * 86 + "==")

words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
values = st.one_of(st.integers(-(10**12), 10**12), st.floats(allow_nan=False, allow_infinity=False), words)
identities = st.builds(
    Identity,
    template=st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,4})?", fullmatch=True),
    edition=st.from_regex(r"[0-9A-Za-z.-]{1,20}", fullmatch=True),
    rows=st.lists(st.integers(1, 200), max_size=12).map(tuple),
    year=st.sampled_from(["", "2021"]),
    project_code=words,
    issued=st.dictionaries(st.sampled_from(["unit", "funds.total.budget", "indicators.3.name"]), values),
)


@given(identities)
def test_what_is_written_comes_back(identity: Identity) -> None:
    sealed = identity.sealed()
    assert sealed.intact
    from_sheet = from_pairs(dict(sealed.sheet_rows()))
    assert from_sheet == sealed
    assert from_sheet is not None
    assert from_sheet.issued == sealed.issued
    assert from_sheet.intact
    assert from_pairs(sealed.pairs()) == sealed
    # The defined name has no room for the rows.
    assert from_name_text(sealed.name_text().replace('"', '""')) == replace(sealed, rows=())


@pytest.mark.property
@given(identities, st.data())
def test_nothing_can_be_changed_without_its_showing(identity: Identity, data: st.DataObject) -> None:
    sealed = identity.sealed()
    changes: dict[str, Any] = {
        "template": identity.template + "x",
        "edition": identity.edition + "1",
        "rows": (*identity.rows, 3),
        "year": "2022",
        "project_code": identity.project_code + "1",
        "issued": {**identity.issued, "new": 1},
    }
    if identity.issued:
        changes["issued"] = data.draw(
            st.sampled_from([{**identity.issued, key: "别的"} for key in identity.issued] + [{}])
        )
    field = data.draw(st.sampled_from(sorted(changes)))
    if changes[field] != getattr(identity, field):
        assert not replace(sealed, **{field: changes[field]}).intact


def test_the_digest_is_the_same_in_every_run() -> None:
    """Python's own hash is not: it is salted anew in each process."""
    identity = Identity("mof-2020", "2020.1", (3, 3), "2021", "P-1", issued={"unit": "某局", "funds.total.budget": 1.5})
    code = f"from xlsform.form.identity import Identity; print({identity!r}.sealed().digest)"
    runs = {
        subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=Path(__file__).parents[2]
        ).stdout.strip()
        for _ in range(2)
    }
    assert runs == {identity.sealed().digest}
    backwards = replace(identity, issued=dict(reversed(list(identity.issued.items()))))
    assert backwards.sealed().digest == identity.sealed().digest


@pytest.mark.parametrize("length", [29_998, 29_999, 30_000, 32_767, 70_000])
def test_a_value_longer_than_a_cell_goes_on_in_the_next(length: int) -> None:
    value = ("完成养护，" * length)[:length]
    rows = Identity("x", "1", (), issued={"goal_actual": value, "unit": "某局"}).sealed().sheet_rows()
    assert len(dict(rows)) == len(rows)
    assert max(len(text) for _, text in rows) <= 32_767
    found = from_pairs(dict(rows))
    assert found is not None
    assert found.issued == {"goal_actual": value, "unit": "某局"}
    assert found.intact


@pytest.mark.parametrize(
    "pairs",
    [
        {},
        {"template": "x"},
        {"template": "x", "edition": "1", "rows": "a,b"},
        {"template": "x", "edition": "1", "rows": "3", "issued:unit": "{"},
        {"template": "x", "edition": "1", "rows": "3", "issued:unit": ""},
        {"edition": "1", "rows": "3"},
        {"Template": "x", "edition": "1", "rows": "3"},
    ],
)
def test_what_is_no_identity_gives_none(pairs: dict[str, str]) -> None:
    assert from_pairs(pairs) is None


@pytest.mark.parametrize("text", ["", "|", "||||", "mof-2020", "mof-2020|2020.1|2021|P1", "|2020.1|2021|P1|d"])
def test_what_is_no_name_of_an_identity_gives_none(text: str) -> None:
    assert from_name_text(text) is None


@given(
    st.dictionaries(
        st.sampled_from(["template", "edition", "rows", "year", "digest", "issued:", "issued:a:b"]), st.text()
    )
)
def test_nothing_that_a_carrier_holds_is_too_much(pairs: dict[str, str]) -> None:
    found = from_pairs(pairs)
    assert found is None or not found.intact


# --- in a workbook


def carriers(path: Path, data: bytes) -> dict[str, Identity]:
    path.write_bytes(data)
    contents = read_bytes(data)
    assert isinstance(contents, Workbook)
    return identities_in(contents)


@pytest.mark.parametrize("code", ["", "P-2021-001", '单"引号"|竖线', "'", "a" * 100])
def test_three_carriers_say_the_same(code: str, tmp_path: Path) -> None:
    layout = layout_of("shanxi-2021", 2)
    path = tmp_path / "x.xlsx"
    found = carriers(path, issue(layout, LOCK, year=2021, project_code=code, values={"unit": "某局"}))
    assert list(found) == ["sheet", "properties", "name"]
    sheet = found["sheet"]
    assert (sheet.template, sheet.edition, sheet.year, sheet.project_code) == ("shanxi-2021", "2021.1", "2021", code)
    assert sheet.rows == (2,) * 9
    assert sheet.issued == {"unit": "某局", "year": 2021}
    assert sheet.intact
    assert {each.digest for each in found.values()} == {sheet.digest}
    assert {each.project_code for each in found.values()} == {code}
    assert found["properties"].rows == sheet.rows


def test_the_carriers_as_openpyxl_sees_them(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(issue(layout_of("mof-2020"), LOCK, year=2021, project_code="P1"))
    seen = dump(path)
    hidden = seen.sheets[SHEET]
    assert hidden.state == "veryHidden"
    assert hidden.protected
    rows = {str(hidden.cells[f"A{n}"].value): str(hidden.cells[f"B{n}"].value or "") for n in range(1, 7)}
    assert rows["template"] == "mof-2020"
    assert rows["project_code"] == "P1"
    assert rows["year"] == "2021"
    assert seen.properties == {PROPERTY_PREFIX + key: value for key, value in rows.items()}
    texts = [rows[key] for key in ("template", "edition", "year", "project_code", "digest")]
    assert seen.names[NAME] == json.dumps("|".join(texts))


def test_a_form_without_indicators_has_an_identity_too(tmp_path: Path) -> None:
    content = {**read(find("mof-2020")), "id": "short"}
    content["tables"] = {"funds": content["tables"]["funds"]}
    content["blocks"] = {name: rows for name, rows in content["blocks"].items() if name not in ("indicators", "total")}
    content["fields"] = {name: spec for name, spec in content["fields"].items() if not name.startswith("total_")}
    content |= {"checks": {}, "let": {}}
    layout = lay_out(build(content))
    assert layout.rows == ()
    found = carriers(tmp_path / "x.xlsx", issue(layout, LOCK, project_code="P1"))
    assert list(found) == ["sheet", "properties", "name"]
    assert found["sheet"].intact
