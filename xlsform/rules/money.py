"""Money: the funds rows, the execution rate and its score."""

from __future__ import annotations

from collections.abc import Iterator

from xlsform import figures
from xlsform.findings import Severity, Violation, say
from xlsform.rules import rule
from xlsform.submission import Submission


@rule("M102", Severity.ERROR)
def total_not_sum_of_sources(submission: Submission) -> Iterator[Violation]:
    """年度资金总额 is not the sum of its sources.

    In each of the three columns 年度资金总额 = 当年财政拨款 + 上年结转资金 + 其他资金. Where none of the
    sources is filled in, nothing is compared.

    ## Why it matters

    The execution rate is taken from the total row. A total that leaves out a source, or a total of 0 beside
    real amounts, makes the rate and its score wrong.

    ## How to mend it

    Check each source against the accounts, then make the total their sum.
    """
    for check, expected in submission.results.expected.items():
        if check.check.code != "M102" or submission.silenced(check):
            continue
        entry = submission.entries[check.field.name]
        stated = entry.number
        if stated is None or not figures.agrees(stated, expected, entry.decimals):
            yield Violation(
                say(
                    "{field} should be {expected}, the sum of its sources; the form says {found}",
                    field=check.field.label,
                    expected=expected,
                    found=say("nothing") if stated is None else stated,
                ),
                field=check.field.name,
                expected=expected,
            )
