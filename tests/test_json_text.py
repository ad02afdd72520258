"""JSON in which a key stands twice is refused, wherever people write JSON, with the key and the place."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlsform.errors import XlsformError
from xlsform.form.template import load, read
from xlsform.json_text import loads
from xlsform.messages import render
from xlsform.projects import read_projects
from xlsform.projects.lists.accounts import read_accounts
from xlsform.verdict.waivers import read_waivers
from xlsform.workbook.data import read_data


@pytest.mark.parametrize(
    ("text", "key", "line", "column"),
    [
        ('{"a": 1, "a": 1}', "a", 1, 10),
        ('{"a": {"b": 1},\n "c": [{}, {"d": "a", "e": {"d": 2},\n  "d": 3}]}', "d", 3, 3),
        ('{"a": {"a": {"a": 1}}, "b": ["a", "a", {"a": 1}], "a": 0}', "a", 1, 51),
        ('{"\\u9879": 1, "x": "{\\"x\\": 1, \\"x\\": 2}", "项": 2}', "项", 1, 44),
        ('{"a\\\\": 1, "a\\\\" : 2}', "a\\", 1, 12),
        ('[{"": 0, "": 0}]', "", 1, 10),
    ],
)
def test_the_second_key_is_named_with_its_place(text: str, key: str, line: int, column: int) -> None:
    with pytest.raises(json.JSONDecodeError) as caught:
        loads(text)
    assert (caught.value.lineno, caught.value.colno) == (line, column)
    assert str(caught.value.msg) == f"the key {key!r} stands twice in one object"


values = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=20,
)


@pytest.mark.property
@given(values, st.booleans(), st.sampled_from([None, 1]))
def test_all_else_is_read_as_ever(value: Any, ascii_alone: bool, indent: int | None) -> None:
    assert loads(json.dumps(value, ensure_ascii=ascii_alone, indent=indent)) == value


@pytest.mark.property
@given(values, st.text(max_size=3), st.booleans())
def test_a_second_key_is_found_in_whatever_stands_around_it(value: Any, key: str, ascii_alone: bool) -> None:
    around, name = json.dumps(value, ensure_ascii=ascii_alone), json.dumps(key)
    text = f"[{around}, {{{name}: {around}, {name}: 0}}]"
    with pytest.raises(json.JSONDecodeError) as caught:
        loads(text)
    assert text[caught.value.pos :] == f"{name}: 0}}]"


READERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "template": (read, '{"id": "x", "id": "y"}'),
    "data": (read_data, '{"template": "mof-2020", "template": "mof-2021"}'),
    "project list": (lambda path: read_projects(path, load("mof-2020")), '[{"项目编码": "001", "项目编码": "002"}]'),
    "accounts": (lambda path: read_accounts(path, load("mof-2020")), '[{"项目编码": "001", "项目编码": "002"}]'),
    "waivers": (lambda path: read_waivers(path, dt.date(2026, 1, 1)), '[{"code": "P101", "code": "P102"}]'),
}


@pytest.mark.parametrize("name", READERS)
def test_every_file_that_people_write_is_read_so(name: str, tmp_path: Path) -> None:
    reader, text = READERS[name]
    path = tmp_path / "x.json"
    path.write_text(text, encoding="utf-8")
    key = next(iter(json.loads(text.replace("[", "").replace("]", ""))))
    column = text.rindex(f'"{key}"') + 1
    with pytest.raises(XlsformError) as caught:
        reader(path)
    assert caught.value.exit_code == 2
    told = " ".join(str(caught.value).split())
    assert str(path) in told
    assert f"line 1, column {column}: not JSON (the key {key!r} stands twice in one object)" in told
    if name != "template":
        assert f"键 {key!r} 在同一对象中出现两次" in " ".join(render(each, "zh") for each in caught.value.messages)
