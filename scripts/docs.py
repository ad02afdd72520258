"""Write the documentation that is made from the program, and the samples' expected reports.

Usage: python scripts/docs.py            writes what has changed
       python scripts/docs.py --check    exit 1 where a file is stale
       python scripts/docs.py --samples  makes the workbooks of samples/*.json anew as well
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from xlsform.cli import cli  # noqa: E402
from xlsform.demo.samples import expected_report, samples  # noqa: E402
from xlsform.form.vocabulary import FIELDS, TABLES, word  # noqa: E402
from xlsform.reading import Limits  # noqa: E402
from xlsform.rules.manual import pages  # noqa: E402

MADE = "<!-- Made by scripts/docs.py from the program; edit that, not this. -->\n\n"


def generated() -> dict[str, str]:
    """Return every generated file by its path in the repository."""
    files = {
        "docs/rules.md": f"# Rules\n\n{MADE}{pages(None, 'markdown', 'en')}",
        "docs/rules.zh.md": f"# 审核规则\n\n{MADE}{pages(None, 'markdown', 'zh')}",
        "docs/cli.md": f"# Command line\n\n{MADE}{''.join(commands())}",
        "docs/report.md": f"# The JSON report\n\n{MADE}{schema_page('reports', 'report')}",
        "docs/templates.md": f"{written('templates')}\n## Every role\n\n{MADE}{roles()}\n"
        f"## Every key\n\n{MADE}{schema_page('form', 'template')}",
        "docs/reliability.md": f"{written('reliability')}\n## Limits\n\n{MADE}{limits()}",
    }
    for sample in samples():
        files[f"samples/{sample.name}.txt"] = expected_report(sample)
    return files


def written(page: str) -> str:
    """Return the part of a page that people write; what the program says of itself follows it."""
    text = (ROOT / f"scripts/pages/{page}.head.md").read_text(encoding="utf-8")
    title, _, rest = text.partition("\n\n")
    return f"{title}\n\n<!-- Written in scripts/pages/{page}.head.md; edit that, not this. -->\n\n{rest}"


def make_samples(*, anew: bool) -> None:
    """Write the workbooks of the samples, those that are missing or all."""
    os.environ["SOURCE_DATE_EPOCH"] = "1641000000"
    for sample in samples():
        path = ROOT / f"samples/{sample.name}.xlsx"
        if anew or not path.exists():
            path.write_bytes(sample.workbook())
            print(f"written: {path.relative_to(ROOT)}")


def limits() -> str:
    """Return the table of the limits of reading."""
    lines = [f"| `{each.name}` | {each.default:,} | {each.metadata['about']} |" for each in fields(Limits)]
    return "\n".join(["| NAME | default | what it holds for |", "|---|---|---|", *lines, ""])


def roles() -> str:
    """Return the tables of the roles that a template may give."""
    lines = ["| role | in | holds |", "|---|---|---|"]
    lines += [f"| `{role}` | {each.unit} | {each.about} |" for role, each in FIELDS.items() if "." not in role]
    for table, about in TABLES.items():
        kind = "numbered" if about.numbered else "named"
        lines += ["", f"A table with {kind} rows, `{table}`: {about.about}.", ""]
        lines += ["| role | of a | in | holds |", "|---|---|---|---|"]
        lines += [f"| `{word(role)}` | row | | {each.about} |" for role, each in about.rows.items()]
        lines += [f"| `{word(role)}` | column | {each.unit} | {each.about} |" for role, each in about.columns.items()]
    return "\n".join([*lines, ""])


def commands() -> Iterator[str]:
    """Yield the help page of every command."""
    yield from _command(cli, ["xlsform"])


def _command(command: click.Command, words: list[str]) -> Iterator[str]:
    # As the program itself asks for help: click keeps the option that it makes for the first context.
    names = cli.context_settings["help_option_names"]
    with click.Context(command, info_name=" ".join(words), terminal_width=100, help_option_names=names) as context:
        yield f"## {' '.join(words)}\n\n```text\n{command.get_help(context)}\n```\n\n"
    if isinstance(command, click.Group):
        for name, sub in sorted(command.commands.items()):
            yield from _command(sub, [*words, name])


def schema_page(room: str, name: str) -> str:
    """Return a JSON Schema as a table of its keys."""
    schema = json.loads((ROOT / f"xlsform/{room}/schema/{name}.schema.json").read_text(encoding="utf-8"))
    parts = [schema["description"], "\n\n", *_keys("", schema)]
    for title, definition in schema["$defs"].items():
        if "properties" in definition:
            parts += [f"\n### {title}\n\n", *_keys(definition.get("description", ""), definition)]
    return "".join(parts)


def _keys(text: str, schema: Mapping[str, Any]) -> Iterator[str]:
    if text:
        yield f"{text}\n\n"
    yield "| key | holds | meaning |\n|---|---|---|\n"
    for key, value in schema.get("properties", {}).items():
        star = "" if key in schema.get("required", []) else " (optional)"
        yield f"| `{key}`{star} | {_kind(value)} | {value.get('description', '')} |\n"


def _kind(schema: Mapping[str, Any]) -> str:
    if "const" in schema:
        return f"`{json.dumps(schema['const'], ensure_ascii=False)}`"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    kind = schema.get("type", "any")
    if kind == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    inner = schema.get("additionalProperties")
    if kind == "object" and isinstance(inner, Mapping):
        return f"object of {_kind(inner)}"
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def main(arguments: list[str]) -> int:
    """Write what is stale, or only say so; return the exit code."""
    stale = []
    if arguments != ["--check"]:
        make_samples(anew=arguments == ["--samples"])
    for name, text in generated().items():
        path = ROOT / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if arguments != ["--check"]:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
    for name in stale:
        print(f"stale: {name}" if arguments == ["--check"] else f"written: {name}")
    return int(bool(stale) and arguments == ["--check"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
