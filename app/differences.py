"""How the difference between two versions of an indicator is printed."""

from __future__ import annotations

from collections.abc import Mapping

from app.printing import console, print_table, printable
from app.wording import Wording, mark
from indicators.changes import Said
from indicators.levels import Level
from registry_db.comparing import Compared

_LEVELS: Mapping[Level, str] = {
    "patch": mark("cli.diff.patch"),
    "minor": mark("cli.diff.minor"),
    "major": mark("cli.diff.major"),
}


def print_diff(w: Wording, found: Compared) -> None:
    """Print what changed in words, the records that change state, and the scores before and after."""
    console.print(f"{found.id} {found.before} -> {found.after} ({w.t(_LEVELS[found.changes.level])})")
    for said in found.changes.said:
        for line in _lines(said):
            console.print(printable(line))
    if not found.changes.said:
        console.print(f"  {w.t('cli.diff.nothing')}")
    moved, records = w.count(found.moved), w.count(found.records)
    console.print(f"\n{w.t('cli.diff.moved', moved=moved, records=records)}")
    if found.records:
        print_table(
            found.moves,
            dict.fromkeys(found.moves, "") | {"n": ",.0f"},
            all_rows=True,
            to_file=False,
            language=w.language,
        )
    console.print()
    numbers = {"n_before": ",.0f", "n_after": ",.0f", "adjusted_before": ".4f", "adjusted_after": ".4f"}
    print_table(
        found.scores,
        dict.fromkeys(found.scores, "") | numbers,
        title=w.t("cli.diff.scores"),
        empty=w.t("cli.diff.no-scores"),
        to_file=False,
        language=w.language,
    )


def _lines(said: Said) -> list[str]:
    note = f": {said.note}" if said.note else ""
    lines = [f"  {said.name}{note}  [{said.field}]"]
    same = (said.before, said.text_before) == (said.after, said.text_after)
    for sign, words, text in (("-", said.before, said.text_before), ("+", said.after, said.text_after)):
        if words and not (same and sign == "-"):
            lines.append(f"    {'=' if same else sign} {words}" + (f"   {text}" if text else ""))
    return lines
