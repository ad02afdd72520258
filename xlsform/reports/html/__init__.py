"""Verdicts as one page for a browser: it asks for nothing from elsewhere, filters, and prints."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from xlsform.files.spool import Spool
from xlsform.findings import Severity
from xlsform.form.vocabulary import FUNDS_TOTAL_RATE
from xlsform.messages import Message, render, say
from xlsform.reports.html import charts
from xlsform.reports.labels import (
    BARS,
    BY_RATE,
    BY_RULE,
    BY_SCORE,
    BY_STATUS,
    NAME,
    NOT_COMPARED,
    RETURNED,
    STANDINGS,
    made,
    not_compared,
)
from xlsform.reports.rule_texts import how_to_fix, title
from xlsform.reports.sanitize import cut, visible
from xlsform.reports.tally import RATE_BANDS, SCORE_BANDS, Band, Tally, figure
from xlsform.verdict.verdict import Standing, Verdict

_HERE = Path(__file__).parent
#: Files up to which a report shows every finding at once.
_OPEN = 30
_OPTION = 60
"""Width of a rule in the list to choose from, in half-width characters."""

_TEXTS = {
    "title": say("Review of returned self-assessment forms"),
    "outstanding": say("Not yet returned"),
    "unit": say("Implementing unit"),
    "number": say("Number"),
    "projects": say("Projects (overdue ones in red)"),
    "comma": say(", "),
    "all": say("all"),
    "text": say("Text"),
    "reset": say("Show all"),
    "open": say("Open all"),
    "close": say("Close all"),
    "shown": say("{shown} of {files} files shown", shown="{shown}", files="{files}"),
    "rules": say("What the codes mean, and how to fix it"),
}


def render_html(verdicts: Iterable[Verdict], language: str) -> Iterator[str]:
    """Yield the page, once all verdicts have come in: what its head counts is known only then.

    Until then the lists wait in temporary files, so that memory does not grow.

    Args:
        verdicts: of a batch; those on projects without a return make the list of what is outstanding.
        language: of the program's own words, ``zh`` or ``en``.
    """
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    template = environment.get_template("file.jinja")
    tally, units = Tally(), set[str]()
    outstanding: list[Verdict] = []
    with ExitStack() as stack:
        lists = {status: stack.enter_context(Spool[str]()) for status in RETURNED}
        for verdict in verdicts:
            if verdict.standing in ("outstanding", "overdue"):
                outstanding.append(verdict)
                continue
            tally.add(verdict)
            content = _file(verdict, language)
            units.add(content["unit"])
            lists[verdict.status].add(template.render(content).replace("\n", ""))
        page = environment.get_template("page.jinja")
        yield from page.generate(_page(tally, sorted(units), lists, outstanding, language))


def _page(
    tally: Tally,
    units: Sequence[str],
    lists: Mapping[Standing, Spool[str]],
    outstanding: Sequence[Verdict],
    language: str,
) -> dict[str, Any]:
    style, script = ((_HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    return {
        "lang": "zh-CN" if language == "zh" else "en",
        "policy": f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'",
        "style": style,
        "script": script,
        "t": {name: render(text, language) for name, text in _TEXTS.items()},
        "made": render(made(), language),
        "uncompared": render(not_compared(tally.uncompared), language) if tally.uncompared else "",
        "tiles": _tiles(tally, outstanding, language),
        "charts": _charts(tally, outstanding, language),
        "outstanding": _by_unit(outstanding),
        "choices": _choices(tally, units, language),
        "open": tally.files <= _OPEN,
        "sections": [
            {
                "status": status,
                "title": render(STANDINGS[status], language),
                "count": tally.standings[status],
                "lines": lists[status],
            }
            for status in RETURNED
            if tally.standings[status]
        ],
        "rules": [
            {
                "code": visible(code),
                "severity": tally.heaviest[code].value,
                "title": title(code, language),
                "count": count,
                "how_to_fix": how_to_fix(code, language),
            }
            for code, count in tally.most_frequent(len(tally.codes))
        ],
    }


def _digest(text: str) -> str:
    """Return what a content security policy calls an inline style sheet or script."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _file(verdict: Verdict, language: str) -> dict[str, Any]:
    """Return what the list says of a file."""
    rate = figure(verdict, FUNDS_TOTAL_RATE)
    facts = [
        visible(verdict.path),
        visible(verdict.project_code or "", NAME),
        verdict.template or "",
        str(verdict.year or ""),
        render(say("execution rate {rate}", rate=f"{rate:.2%}"), language) if rate is not None else "",
        render(NOT_COMPARED, language) if verdict.uncompared else "",
    ]
    return {
        "status": verdict.status,
        "status_text": render(STANDINGS[verdict.status], language),
        "name": visible(verdict.project_name or Path(verdict.path).name, NAME),
        "unit": visible(verdict.unit or "", NAME),
        "score": "" if verdict.score is None else format(verdict.score, "f"),
        "counts": _counts(verdict, language),
        "facts": [fact for fact in facts if fact],
        "findings": [
            {
                "severity": finding.severity.value,
                "label": render(finding.severity.label, language),
                "code": visible(finding.code),
                "cell": visible(finding.cell or "", NAME),
                "message": visible(render(finding.message, language)),
            }
            for finding in verdict.findings
        ],
    }


def _counts(verdict: Verdict, language: str) -> str:
    parts = [
        f"{render(severity.label, language)} {count}" for severity in Severity if (count := verdict.count(severity))
    ]
    return " · ".join(parts) or render(say("no findings"), language)


def _tiles(tally: Tally, outstanding: Sequence[Verdict], language: str) -> list[dict[str, Any]]:
    tiles = [{"look": "files", "label": render(say("files"), language), "count": tally.files}]
    tiles += [
        {"look": status, "label": render(STANDINGS[status], language), "count": tally.standings[status]}
        for status in reversed(RETURNED)
    ]
    waiting: dict[Standing, int] = {
        "outstanding": len(outstanding),
        "overdue": sum(each.overdue for each in outstanding),
    }
    tiles += [
        {"look": look, "label": render(STANDINGS[look], language), "count": count}
        for look, count in waiting.items()
        if count
    ]
    return tiles + [
        {"look": severity.value, "label": render(severity.plural, language), "count": tally.severities[severity]}
        for severity in Severity
    ]


def _charts(tally: Tally, outstanding: Sequence[Verdict], language: str) -> list[charts.Chart]:
    found = [
        charts.ring(
            render(BY_STATUS, language),
            [
                charts.Item(render(STANDINGS[status], language), tally.standings[status], status)
                for status in reversed(RETURNED)
            ],
        ),
        charts.columns(render(BY_RATE, language), _bands(RATE_BANDS, tally.rates)),
        charts.columns(render(BY_SCORE, language), _bands(SCORE_BANDS, tally.scores)),
    ]
    codes = [
        charts.Item(f"{visible(code)} {title(code, language)}".rstrip(), count, tally.heaviest[code].value)
        for code, count in tally.most_frequent(BARS)
    ]
    if codes:
        found.append(charts.bars(render(BY_RULE, language), codes))
    waiting = Counter(visible(each.unit or "", NAME) for each in outstanding)
    units = [
        charts.Item(unit, count, "warning")
        for unit, count in sorted(waiting.items(), key=lambda item: (-item[1], item[0]))[:BARS]
    ]
    if units:
        heading = say("Not yet returned, by unit (most frequent {count})", count=BARS)
        found.append(charts.bars(render(heading, language), units))
    return found


def _bands(bands: Sequence[Band], counts: Mapping[str, int]) -> list[charts.Item]:
    return [charts.Item(band.label, counts.get(band.label, 0), "bar") for band in bands]


def _by_unit(outstanding: Sequence[Verdict]) -> list[dict[str, Any]]:
    units: dict[str, list[dict[str, Any]]] = {}
    for each in outstanding:
        text = visible(f"{each.project_code or ''} {each.project_name or ''}".strip(), NAME)
        units.setdefault(visible(each.unit or "", NAME), []).append({"text": text, "overdue": each.overdue})
    return [{"name": unit, "projects": units[unit]} for unit in sorted(units)]


def _choices(tally: Tally, units: Sequence[str], language: str) -> list[dict[str, Any]]:
    """Return what can be filtered by: for each list its options."""

    def choice(name: str, label: Message, options: Iterable[tuple[str, str]]) -> dict[str, Any]:
        listed = [{"value": value, "label": text} for value, text in options]
        return {"name": name, "label": render(label, language), "options": listed}

    none = render(say("(none)"), language)
    return [
        choice("status", say("Status"), ((key, render(STANDINGS[key], language)) for key in RETURNED)),
        choice("unit", say("Implementing unit"), ((unit, unit or none) for unit in units)),
        choice("severity", say("Severity"), ((each.value, render(each.label, language)) for each in Severity)),
        choice(
            "code",
            say("Code"),
            ((visible(code), cut(f"{visible(code)} {title(code, language)}", _OPTION)) for code in sorted(tally.codes)),
        ),
    ]
