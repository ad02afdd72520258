"""What a list says of an indicator's level 1 and level 2, and which kind of the form's that is."""

from __future__ import annotations

from collections.abc import Sequence

from xlsform.form.definition import Form
from xlsform.messages import say
from xlsform.projects.lists.lines import ListRow
from xlsform.quantities import normalize_text

#: Level 1 and level 2 of a kind of indicators.
Kind = tuple[str, str]


class Levels:
    """The kinds of indicators that a form has."""

    def __init__(self, form: Form) -> None:
        self._kinds = form.indicator_kinds
        self._meant: dict[Kind, list[Kind]] = {}
        """The form's kinds by a list's words for them: thousands of rows have the same few."""

    def read(self, line: ListRow) -> Kind:
        """Return level 1 and 2 of a row as the form prints them; either may be blank where the other tells it.

        Where they are no kind of the form's, why is noted, and they are returned as they stand in the list.
        """
        before = line.noted
        level1, level2 = line.text("level1", None), line.text("level2", None)
        if line.noted > before:
            return "", ""
        meant = self._meant.get((level1, level2))
        if meant is None:
            meant = [kind for kind in self._kinds if _same(level1, kind[0]) and _same(level2, kind[1])]
            self._meant[level1, level2] = meant
        if len(meant) == 1:
            return meant[0]
        self._note_problem(line, level1, level2, meant)
        return level1, level2

    def _note_problem(self, line: ListRow, level1: str, level2: str, meant: Sequence[Kind]) -> None:
        """Note why two words are no kind of the form's, or which kinds they may mean."""
        ones = list(dict.fromkeys(one for one, _ in self._kinds))
        if level1 and not any(_same(level1, one) for one in ones):
            message = say("the form has no level 1 {found}; it has {allowed}", found=level1, allowed=ones)
            line.problem("level1", message)
        elif len(meant) > 1 and level2:
            under = [one for one, _ in meant]
            line.problem("level1", say("{level2} stands under {allowed}; say which", level2=level2, allowed=under))
        elif not level2:
            # Where the table has no such column, its missing heading is told already.
            if "level2" in line:
                line.problem("level2", say("{field} is blank", field="二级指标"))
        elif others := [one for one, two in self._kinds if _same(level2, two)]:
            message = say(
                "{level2} belongs to {allowed}, not to {found}", level2=level2, allowed=others, found=level1 or "—"
            )
            line.problem("level1", message)
        else:
            twos = [two for one, two in self._kinds if _same(level1, one)]
            message = say("the form has no level 2 {found}; it has {allowed}", found=level2, allowed=twos)
            line.problem("level2", message)


def _same(given: str, printed: str) -> bool:
    """Whether a list's word is a level of the form: 数量 is 数量指标; a blank one may be any."""
    word = normalize_text(given)
    return not word or word.removesuffix("指标") == normalize_text(printed).removesuffix("指标")
