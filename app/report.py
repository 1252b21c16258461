"""What the command line tells about a run and a settlement, for people."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
from rich.table import Table

from app.printing import console
from registry_db.registry import Ran, Registry


def print_ledger(text: str) -> None:
    """Print a settlement's ledger.

    Parameters
    ----------
    text : str
        The settlement as JSON, as `contracts.ledger.Settlement.to_dict` gives it.
    """
    settlement = json.loads(text)
    network = settlement["participant"]["network"]
    console.print(f"[bold]{settlement['contract']} {settlement['version']}, {settlement['period']}[/bold]: "
                  f"{network} and {settlement['payer']}")  # fmt: skip
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("step")
    table.add_column("amount", justify="right")
    table.add_column("formula")
    for step in settlement["steps"]:
        table.add_row(step["name"]["en"], amount(step["amount"], step["unit"]), step["formula"]["en"])
    console.print(table)


def amount(value: str, unit: str) -> str:
    """Write an amount with its unit: euros to the cent, rates as a percentage."""
    number = float(value)
    if unit == "eur":
        return f"€ {number:,.2f}"
    return f"{number:.2%}" if unit == "rate" else f"{number:.3f}"


def print_demo(ran: Ran, folder: Path) -> None:
    """Print in a screenful what a demo registry found, and how to open it."""
    with Registry(folder) as registry:
        deliveries = registry.deliveries()
        settlements = registry.settlements()
        bands = _bands(registry, ran)
    taken, apart = deliveries["accepted"].sum(), deliveries["quarantined"].sum()
    console.print(
        f"[bold]GENERATED DATA[/bold]: {taken:,} records in {len(deliveries)} deliveries, "
        f"{apart} rows quarantined; truth in {folder}/deliveries/truth.json"
    )
    console.print(bands)
    if not settlements.empty:
        print_ledger(settlements["settlement_json"].iloc[-1])
    published = ran.published
    console.print(
        f"published {published.id}: {published.scores:,} scores, {published.suppressed} of them hidden "
        "(too few patients)"
    )
    console.print(f"[bold]open it:[/bold] meetlat --registry {folder} app     (or `make app`)")


def _bands(registry: Registry, ran: Ran) -> Table:
    """Count verdicts of the newest period of each indicator."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("indicator")
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
