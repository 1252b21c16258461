"""What the command line tells about a run, for people."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
from rich.table import Table
from rich.text import Text

from app.agreements import print_ledger
from app.printing import console, plain_table, print_whole
from app.wording import wording
from registry_db.registry import Ran, Registry


def fit_in_words(diagnostics: str) -> str:
    """Say in a word how well a model fits, from its diagnostics as JSON: ``c 0.71`` or ``R2 0.23``."""
    known = json.loads(diagnostics)
    named = (("c_statistic", "c"), ("r2", "R2"))
    found = [f"{word} {known[name]:.2f}" for name, word in named if known.get(name) is not None]
    return ", ".join(found) or "-"


def print_demo(ran: Ran, folder: Path) -> None:
    """Print in a screenful what a demo registry found, and how to open it."""
    with Registry(folder) as registry:
        deliveries = registry.deliveries()
        settlements = registry.settlements()
        bands = _bands(registry, ran)
    taken, apart = deliveries["accepted"].sum(), deliveries["quarantined"].sum()
    generated = f": {taken:,} records in {len(deliveries)} deliveries, {apart} rows quarantined; truth in "
    console.print(
        Text.assemble(("GENERATED DATA", "bold"), generated, f"{folder}/deliveries/truth.json"),
    )
    print_whole(bands)
    if not settlements.empty:
        print_ledger(wording("en"), settlements["settlement_json"].iloc[-1], formulas=False)
    published = ran.published
    console.print(
        f"published {published.id}: {published.scores:,} scores, {published.suppressed} of them hidden "
        "(too few patients)"
    )
    command = f"meetlat --registry {folder} app     (or `make app`)"
    console.print(Text.assemble(("open it: ", "bold"), command))


def _bands(registry: Registry, ran: Ran) -> Table:
    """Count verdicts of the newest period of each indicator."""
    table = plain_table()
    table.add_column("indicator", no_wrap=True)
    for title in ("period", "n", "all", "below", "as expected", "above", "not assessable"):
        table.add_column(title, justify="right")
    for item in ran.assessed:
        frame = registry.scores(item.indicator)
        period = max(frame["period"])
        frame = frame[frame["period"] == period]
        table.add_row(item.indicator, period, f"{frame['n'].sum():,.0f}", _overall(frame), *_counts(frame))
    return table


def _overall(frame: pd.DataFrame) -> str:
    known = frame.dropna(subset=["adjusted"])
    if known.empty:
        return "-"
    return f"{(known['adjusted'] * known['n']).sum() / known['n'].sum():.3f}"


def _counts(frame: pd.DataFrame) -> list[str]:
    groups = (["low998", "low95"], ["in"], ["high95", "high998"], ["not-assessable"])
    return [str(int(frame["band"].isin(group).sum())) for group in groups]
