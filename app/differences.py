"""How the difference between two versions of an indicator is printed."""

from __future__ import annotations

from app.printing import console, print_table, printable
from indicators.changes import Said
from registry_db.comparing import Compared


def print_diff(found: Compared) -> None:
    """Print what changed in words, the records that change state, and the scores before and after."""
    console.print(f"{found.id} {found.before} -> {found.after} ({found.changes.level})")
    for said in found.changes.said:
        for line in _lines(said):
            console.print(printable(line))
    if not found.changes.said:
        console.print("  nothing but the version")
    console.print(f"\n{found.moved:,} of {found.records:,} records change state or reason")
    if found.records:
        print_table(found.moves, dict.fromkeys(found.moves, "") | {"n": ",.0f"}, all_rows=True)
    console.print()
    numbers = {"n_before": ",.0f", "n_after": ",.0f", "adjusted_before": ".4f", "adjusted_after": ".4f"}
    print_table(
        found.scores, dict.fromkeys(found.scores, "") | numbers, title="scores", empty="no scores to compare"
    )


def _lines(said: Said) -> list[str]:
    note = f": {said.note}" if said.note else ""
    lines = [f"  {said.name}{note}  [{said.field}]"]
    same = (said.before, said.text_before) == (said.after, said.text_after)
    for sign, words, text in (("-", said.before, said.text_before), ("+", said.after, said.text_after)):
        if words and not (same and sign == "-"):
            lines.append(f"    {'=' if same else sign} {words}" + (f"   {text}" if text else ""))
    return lines
