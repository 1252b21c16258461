"""What the command line tells about a run and a settlement, for people."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
from rich.table import Table
from rich.text import Text

from app.printing import console, plain_table, print_whole
from contracts.restatement import Cause
from contracts.simulation import ScenarioFlows, Simulation
from registry_db.again import SettledAgain
from registry_db.registry import Ran, Registry


def fit_in_words(diagnostics: str) -> str:
    """Say in a word how well a model fits, from its diagnostics as JSON: ``c 0.71`` or ``R2 0.23``."""
    known = json.loads(diagnostics)
    named = (("c_statistic", "c"), ("r2", "R2"))
    found = [f"{word} {known[name]:.2f}" for name, word in named if known.get(name) is not None]
    return ", ".join(found) or "-"


def print_ledger(text: str, *, formulas: bool = True) -> None:
    """Print a settlement's ledger.

    Parameters
    ----------
    text : str
        The settlement as JSON, as `contracts.ledger.Settlement.to_dict` gives it.
    formulas : bool
        Beside each amount, in words how it was computed.
    """
    settlement = json.loads(text)
    network = settlement["participant"]["network"]
    name = f"{settlement['contract']} {settlement['version']}, {settlement['period']}"
    console.print(Text.assemble((name, "bold"), f": {network} and {settlement['payer']}"))
    table = plain_table()
    table.add_column("step", overflow="fold")
    table.add_column("amount", justify="right", no_wrap=True)
    if formulas:
        table.add_column("formula", overflow="fold")
    for step in settlement["steps"]:
        row = [step["name"]["en"], amount(step["amount"], step["unit"])]
        table.add_row(*row, *([step["formula"]["en"]] if formulas else []))
    print_whole(table)


def print_again(item: SettledAgain) -> None:
    """Print whether a settlement came out again, and what the facts of today would change for each party."""
    name = Text(f"{item.contract} {item.version}, {item.period}", "bold")
    if item.differs:
        console.print(Text.assemble(name, " does not come out as it was stored:"))
        for fault in item.differs:
            console.print(Text(f"  {fault}"))
        return
    console.print(Text.assemble(name, " comes out again as it was stored, to the bit"))
    found = item.restatement
    if found is None:
        console.print("deliveries, scores and definitions are as they were")
        return
    before, after = (amount(str(side.payment), "eur") for side in (found.before, found.after))
    console.print(f"on those of today the payment would be {after} instead of {before}")
    print_whole(_differences("party", list(found.differences.items())))
    print_whole(_differences("cause", [(_cause(cause), cause.difference) for cause in found.causes]))


def print_restatement(row: Mapping[Hashable, Any]) -> None:
    """Print what a correction changed in a final settlement, of columns RESTATEMENTS."""
    found = json.loads(row["restatement_json"])
    name = (
        f"{row['contract']} {row['version']}, {row['period']}: settlement {row['number']} with {row['payer']}"
    )
    was, now = (amount(str(row[side]), "eur") for side in ("was", "payment"))
    console.print(Text.assemble((name, "bold"), f": {now} instead of {was}"))
    rows = [(party, Decimal(difference)) for party, difference in found["differences"].items()]
    print_whole(_differences("party", rows))
    causes = [Cause(**{**cause, "difference": Decimal(cause["difference"])}) for cause in found["causes"]]
    print_whole(_differences("cause", [(_cause(cause), cause.difference) for cause in causes]))


def _differences(what: str, rows: list[tuple[str, Decimal]]) -> Table:
    table = plain_table()
    table.add_column(what, overflow="fold")
    table.add_column("difference", justify="right", no_wrap=True)
    for name, difference in rows:
        table.add_row(Text(name), amount(str(difference), "eur"))
    return table


def _cause(cause: Cause) -> str:
    """Name a cause; of the sources, by which no amount changes, those that are new or gone."""
    if cause.what != "sources":
        return cause.what
    before, after = (json.loads(side) or {} for side in (cause.before, cause.after))
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return f"taken from: {', '.join(sorted(names))}"


def print_luck(title: str, text: str) -> None:
    """Print how sure a settlement is: chances and interval, what one event does, and the cliffs."""
    found = json.loads(text)
    if "unknown" in found:
        console.print(Text(f"{title}: it is not known how sure this is: {found['unknown']}"))
        return
    luck = found["luck"]
    chances = {
        "payment": amount(luck["payment"], "eur"),
        "95 % interval, from chance in spending and quality": " to ".join(
            amount(luck[edge], "eur") for edge in ("lower", "upper")
        ),
        "chance of this payment or more if nothing had changed": amount(luck["by_luck"], "rate"),
        "chance of any payment if nothing had changed": amount(luck["any_by_luck"], "rate"),
        "  by formula, for the threshold alone": amount(luck["passes_by_luck"], "rate"),
        "expected payment if nothing had changed": amount(luck["expected_by_luck"], "eur"),
        f"chance of a payment if {luck['true_saving']:.0%} were truly saved": amount(luck["power"], "rate"),
        "  that by formula, for the threshold alone": amount(luck["passes_by_saving"], "rate"),
        "standard deviation of the savings rate by luck": amount(luck["savings_sd"], "rate"),
    }
    if total := found.get("total"):
        chances["of all payers together"] = amount(total["payment"], "eur")
        limits = (amount(total[edge], "eur") for edge in ("lower", "upper"))
        chances["  95 % interval of that"] = " to ".join(limits)
        chances["  expected of all if nothing had changed"] = amount(total["expected_by_luck"], "eur")
    table = plain_table(title)
    table.add_column("how sure", overflow="fold")
    table.add_column(f"{luck['draws']:,} draws", justify="right", no_wrap=True)
    for name, value in chances.items():
        table.add_row(Text(name), value)
    print_whole(table)
    print_whole(_of_one_event(found["slopes"]))
    for cliff in found["cliffs"]:
        console.print(Text(cliff["words"]["en"]))


def _of_one_event(slopes: list[dict[str, Any]]) -> Table:
    table = plain_table()
    for title in ("one event", "fewer", "more"):
        table.add_column(title, justify="left" if title == "one event" else "right", no_wrap=True)
    for slope in slopes:
        if slope["kind"] == "event":
            sides = ("-" if slope[side] is None else amount(slope[side], "eur") for side in ("down", "up"))
            table.add_row(Text(slope["what"]), *sides)
    return table


def print_simulation(found: Simulation) -> None:
    """Print a contract before signing: what each scenario pays, and what other thresholds would do."""
    console.print(
        Text(f"{found.contract} {found.version}: expected euros, {found.draws:,} draws of each year")
    )
    print_whole(_scenarios(found))
    grid = plain_table("what another threshold would do")
    for title in ("threshold", "false payment", "once in the term", "paid falsely"):
        grid.add_column(title, justify="right", no_wrap=True)
    for scenario in found.rewarded:
        grid.add_column(f"missed {scenario.saving:.0%}/{scenario.way:.0%}", justify="right", no_wrap=True)
    for row in found.thresholds:
        missed = (f"{chance:.0%}" for chance in row.missed)
        chances = (f"{row.false_payment:.0%}", f"{row.false_in_term:.0%}", f"{row.paid_falsely:,.0f}")
        grid.add_row(f"{float(row.threshold):.1%}", *chances, *missed)
    print_whole(grid)


def _scenarios(found: Simulation) -> Table:
    """Lay out the years of each scenario; what the contract does not have has no column."""
    phased = any(year.phase_in for each in found.scenarios for year in each.years)
    rows = [_scenario(each, phased=phased) for each in found.scenarios]
    years = [year.period for year in found.scenarios[0].years]
    table = plain_table(f"over {len(years)} year{'s' if len(years) > 1 else ''}, from {years[0]}")
    for title in rows[0]:
        table.add_column(title, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*row.values())
    return table


def _scenario(flows: ScenarioFlows, *, phased: bool) -> dict[str, str]:
    years = flows.years
    row = {
        "truly saved": f"{flows.scenario.saving:.0%}",
        "way to goals": f"{flows.scenario.way:.0%}",
        "payment": f"{sum(year.payment for year in years):,.0f}",
        "chance paid": f"{sum(year.chance_paid for year in years) / len(years):.0%}",
        "participant": f"{flows.participant[-1]:,.0f}",
        **_of_payers(flows),
        "may lose": f"{flows.chance_of_loss:.0%}",
    }
    if phased:
        row["spared by phase-in"] = f"{sum(year.phase_in for year in years):,.0f}"
    if flows.after_term is not None:
        row["room a year after"] = f"{flows.after_term.room:,.0f}"
    return row


def _of_payers(flows: ScenarioFlows) -> dict[str, str]:
    """What the only payer keeps of the saving, or each of several."""
    names = list(flows.years[0].payers)
    if len(names) == 1:
        return {"payer": f"{flows.payer:,.0f}"}
    return {name: f"{sum(year.payers[name] for year in flows.years):,.0f}" for name in names}


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
    generated = f": {taken:,} records in {len(deliveries)} deliveries, {apart} rows quarantined; truth in "
    console.print(
        Text.assemble(("GENERATED DATA", "bold"), generated, f"{folder}/deliveries/truth.json"),
    )
    print_whole(bands)
    if not settlements.empty:
        print_ledger(settlements["settlement_json"].iloc[-1], formulas=False)
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
