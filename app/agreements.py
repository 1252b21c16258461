"""What the command line tells about settlements and contracts, for people, in Dutch or English."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Hashable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from rich.table import Table
from rich.text import Text

from app.printing import console, plain_table, print_whole
from app.wording import Wording, mark
from contracts.field_words import cause_words
from contracts.money import Currency
from contracts.plan import Scenario
from contracts.restatement import Cause, Restated, RestatedCause
from contracts.simulation import ScenarioFlows, Simulation
from contracts.terms import part
from registry_db.again import SettledAgain

Titles = Mapping[str, part.Text]


def print_ledger(w: Wording, text: str, *, formulas: bool = True) -> None:
    """Print a settlement's ledger.

    Parameters
    ----------
    w : Wording
    text : str
        The settlement as JSON, as `contracts.ledger.Settlement.to_dict` gives it.
    formulas : bool
        Beside each amount, in words how it was computed.
    """
    settlement = json.loads(text)
    network = settlement["participant"]["network"]
    name = f"{settlement['contract']} {settlement['version']}, {settlement['period']}"
    interim = settlement["inputs"].get("interim")
    kind = f" ({w.t('cli.interim', through=interim['paid_through'])})" if interim else ""
    between = w.t("cli.between", network=network, payer=settlement["payer"])
    console.print(Text.assemble((name, "bold"), f"{kind}: {between}"))
    heads = [w.t("cli.step"), w.t("cli.amount"), *([w.t("cli.formula")] if formulas else [])]
    rows = (
        [
            step["name"][w.language],
            _amount(w, step["amount"], step["unit"], settlement["currency"]),
            *([step["formula"][w.language]] if formulas else []),
        ]
        for step in settlement["steps"]
    )
    print_whole(_table("", heads, rows, left=(0, 2), folds=(0, 2)))


def print_again(w: Wording, item: SettledAgain, titles: Titles) -> None:
    """Print whether a settlement came out again, and what the facts of today would change for each party."""
    name = Text(f"{item.contract} {item.version}, {item.period}", "bold")
    if item.payer is not None:
        name.append(f": {w.t('cli.with', payer=item.payer)}", "not bold")
    if item.differs:
        console.print(Text.assemble(name, f" {w.t('cli.again.differs')}"))
        for fault in item.differs:
            console.print(Text(f"  {fault}"))
        return
    console.print(Text.assemble(name, f" {w.t('cli.again.same')}"))
    found = item.restatement
    if found is None:
        console.print(w.t("cli.again.unchanged"))
        return
    currency = found.before.currency
    before, after = (w.money(side.payment, currency, cents=True) for side in (found.before, found.after))
    if found.causes and all(cause.sources for cause in found.causes):
        console.print(w.t("cli.again.stays", amount=after))
    else:
        console.print(w.t("cli.again.today", after=after, before=before))
    _print_differences(w, found.differences, found.causes, titles, currency)


def print_restatement(w: Wording, row: Mapping[Hashable, Any], titles: Titles) -> None:
    """Print what a correction changed in a final settlement, of columns RESTATEMENTS."""
    found = json.loads(row["restatement_json"])
    name = f"{row['contract']} {row['version']}, {row['period']}"
    told = w.t("cli.restated", number=row["number"], payer=row["payer"])
    currency: Currency = row["currency"]
    was, now = (_money(w, row[side], currency) for side in ("was", "payment"))
    console.print(Text.assemble((f"{name}: {told}", "bold"), f": {w.t('cli.instead', now=now, was=was)}"))
    restated = Restated.from_dict(row["payer"], found)
    _print_differences(w, restated.differences, restated.causes, titles, currency)


def _print_differences(
    w: Wording,
    differences: Mapping[str, Decimal],
    causes: Sequence[Cause | RestatedCause],
    titles: Titles,
    currency: Currency,
) -> None:
    by_cause = [
        (getattr(cause_words(cause.what, titles, sources=cause.sources), w.language), cause.difference)
        for cause in causes
    ]
    for head, rows in ((w.t("restated.party"), list(differences.items())), (w.t("restated.cause"), by_cause)):
        told = ([name, w.money(amount, currency, cents=True)] for name, amount in rows)
        print_whole(
            _table("", [head.lower(), w.t("restated.difference").lower()], told, left=(0,), folds=(0,))
        )


def print_luck(w: Wording, title: str, text: str, titles: Titles, currency: Currency) -> None:
    """Print how sure a settlement is: chances and interval, what one event does, and the cliffs."""
    found = json.loads(text)
    if "unknown" in found:
        console.print(Text(f"{title}: {w.t('cli.luck.unknown', why=found['unknown'])}"))
        return
    luck = found["luck"]
    rows = [
        [w.t("cli.luck.payment"), _money(w, luck["payment"], currency)],
        [w.t("cli.luck.interval"), _interval(w, luck, currency)],
        _by_luck(w, luck),
        [w.t("cli.luck.any"), w.chance(luck["any_by_luck"])],
        [f"  {w.t('cli.luck.formula')}", w.percent(luck["passes_by_luck"], 2)],
        [w.t("cli.luck.expected"), _drawn(w, luck["expected_by_luck"], currency)],
        [w.t("cli.luck.power", saving=w.percent(luck["true_saving"], 0)), w.chance(luck["power"])],
        [f"  {w.t('cli.luck.formula')}", w.percent(luck["passes_by_saving"], 2)],
        [w.t("cli.luck.sd"), w.percent(luck["savings_sd"], 2)],
    ]
    if luck["chance_owed"] > 0:
        rows.insert(3, [w.t("cli.luck.owed"), w.chance(luck["chance_owed"])])
    if total := found.get("total"):
        rows += [
            [w.t("cli.luck.all"), _money(w, total["payment"], currency)],
            [f"  {w.t('cli.luck.interval')}", _interval(w, total, currency)],
            [f"  {w.t('cli.luck.expected')}", _drawn(w, total["expected_by_luck"], currency)],
        ]
    heads = [w.t("cli.luck.how-sure"), w.t("cli.luck.draws", n=w.count(luck["draws"]))]
    print_whole(_table(title, heads, rows, left=(0,), folds=(0,)))
    events = (
        [_title(w, titles, slope["what"]), *(_side(w, slope[side], currency) for side in ("down", "up"))]
        for slope in found["slopes"]
        if slope["kind"] == "event"
    )
    heads = [w.t("cli.luck.event"), w.t("event.fewer").lower(), w.t("event.more").lower()]
    print_whole(_table("", heads, events, left=(0,), folds=(0,)))
    for cliff in found["cliffs"]:
        told = cliff["words"][w.language].replace(cliff["what"], _title(w, titles, cliff["what"]))
        console.print(Text(told))


def _by_luck(w: Wording, luck: Mapping[str, Any]) -> list[str]:
    """Of an amount that the network owes, how often chance alone would have cost it more."""
    if Decimal(luck["payment"]) < 0:
        return [w.t("cli.luck.more-owed"), w.chance(1 - luck["by_luck"])]
    return [w.t("cli.luck.this"), w.chance(luck["by_luck"])]


def _side(w: Wording, amount: str | None, currency: Currency) -> str:
    return w.t("value.none") if amount is None else _money(w, amount, currency)


def _interval(w: Wording, found: Mapping[str, Any], currency: Currency) -> str:
    lower, upper = (_drawn(w, found[edge], currency) for edge in ("lower", "upper"))
    return f"{lower} {w.t('interval.between')} {upper}"


def _title(w: Wording, titles: Titles, indicator: str) -> str:
    return str(getattr(titles[indicator], w.language)) if indicator in titles else indicator


def print_simulation(w: Wording, found: Simulation, *, business_case: bool = False) -> None:
    """Print a contract before signing: what each scenario pays, and what other thresholds would do.

    ``business_case`` adds what each year leaves the network after its own costs and missed revenue.
    """
    draws = w.t("cli.simulate.draws", currency=w.currency(found.currency), n=w.count(found.draws))
    console.print(Text(f"{found.contract} {found.version}: {draws}"))
    phased = any(year.phase_in for each in found.scenarios for year in each.years)
    if found.known is not None:
        console.print(Text(w.t("cli.simulate.known", known=found.known)))
    rows = [_scenario(w, each, known=found.known, phased=phased) for each in found.scenarios]
    years = [year.period for year in found.scenarios[0].years]
    title = w.plural("cli.simulate.years", len(years), first=years[0])
    print_whole(_table(title, list(rows[0]), (list(row.values()) for row in rows)))
    if business_case:
        _print_business_case(w, found)
    heads = [w.t(key) for key in _GRID]
    heads += [
        w.t("cli.simulate.missed", saving=w.percent(each.saving, 0), way=w.percent(each.way, 0))
        for each in found.rewarded
    ]
    grid = (
        [
            w.percent(row.threshold),
            w.chance(row.false_payment),
            w.chance(row.false_in_term),
            w.number(row.paid_falsely, 0),
            *(w.chance(chance) for chance in row.missed),
        ]
        for row in found.thresholds
    )
    print_whole(_table(w.t("cli.simulate.other-thresholds"), heads, grid))


def _print_business_case(w: Wording, found: Simulation) -> None:
    """Print what each year leaves the network, and at the end of which it is no longer out of pocket."""
    years = [year.period for year in found.scenarios[0].years]
    heads = [
        w.t("cli.simulate.saved"),
        w.t("cli.simulate.way"),
        *years,
        w.t("cli.simulate.sum"),
        w.t("cli.simulate.pays-back"),
    ]
    rows = (
        [
            _saved(w, each.scenario, found.known),
            w.percent(each.scenario.way, 0),
            *(w.number(year.participant, 0) for year in each.years),
            w.number(each.participant[-1], 0),
            each.pays_back or w.t("cli.simulate.never"),
        ]
        for each in found.scenarios
    )
    print_whole(_table(w.t("cli.simulate.business-case"), heads, rows))


def _saved(w: Wording, scenario: Scenario, known: str | None) -> str:
    """What is truly saved; where spending goes on as in the known year, what that comes to."""
    if not scenario.as_known:
        return w.percent(scenario.saving, 0)
    return w.t("cli.simulate.as-known", saving=w.percent(scenario.saving), known=known)


def _scenario(w: Wording, flows: ScenarioFlows, *, known: str | None, phased: bool) -> dict[str, str]:
    """One scenario over its years; what the contract does not have has no column."""
    row = {
        w.t("cli.simulate.saved"): _saved(w, flows.scenario, known),
        w.t("cli.simulate.way"): w.percent(flows.scenario.way, 0),
        w.t("cli.simulate.payment"): w.number(flows.payment, 0),
        w.t("cli.simulate.paid"): w.chance(flows.chance_paid),
        w.t("cli.simulate.participant"): w.number(flows.participant[-1], 0),
        **_of_payers(w, flows),
        w.t("cli.simulate.may-lose"): w.chance(flows.chance_of_loss),
    }
    if phased:
        row[w.t("cli.simulate.spared")] = w.number(flows.phase_in, 0)
    if flows.after_term is not None:
        row[w.t("cli.simulate.room")] = w.number(flows.after_term.room, 0)
    return row


def _of_payers(w: Wording, flows: ScenarioFlows) -> dict[str, str]:
    """What the only payer keeps of the saving, or each of several."""
    if len(flows.payers) == 1:
        return {w.t("cli.simulate.payer"): w.number(flows.payer, 0)}
    return {name: w.number(amount, 0) for name, amount in flows.payers.items()}


def _table(
    title: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    left: Sequence[int] = (),
    folds: Sequence[int] = (),
) -> Table:
    """Lay out a table; columns stand to the right but for those named, and only those that fold may break.

    On a terminal that is too narrow for it the heads are broken between words.
    """
    table = plain_table(title) if title else plain_table()
    told = [list(row) for row in rows]
    columns = [[head, *(row[place] for row in told)] for place, head in enumerate(heads)]
    narrow = console.is_terminal and _width(columns) > console.width
    if narrow:
        columns = [[_broken(head, cells), *cells] for head, *cells in columns]
    if narrow and not folds:
        # what is too wide even so is left to the terminal to break: a number is never cut
        table.width = max(_width(columns), console.width)
    for place, (head, *_) in enumerate(columns):
        fold: dict[str, Any] = {"overflow": "fold"} if place in folds else {"no_wrap": True}
        table.add_column(head, justify="left" if place in left else "right", **fold)
    for row in told:
        table.add_row(*map(Text, row))
    return table


def _broken(head: str, cells: Iterable[str]) -> str:
    """A head in lines that are no wider than its column has to be."""
    return textwrap.fill(head, max(map(len, [*head.split(" "), *cells])))


def _width(columns: Iterable[Iterable[str]]) -> int:
    """How wide a table is whose columns hold these cells, a space between any two."""
    return sum(1 + max(len(line) for cell in cells for line in cell.split("\n")) for cells in columns) - 1


def _amount(w: Wording, value: str, unit: str, currency: Currency) -> str:
    """Write the amount of a step with its unit: money to the cent, rates as a percentage."""
    if unit == currency.lower():
        return _money(w, value, currency)
    return w.percent(Decimal(value), 2) if unit == "rate" else w.number(Decimal(value), 3)


def _drawn(w: Wording, value: str | float, currency: Currency) -> str:
    """Amount that is found by draws: cents would say more than is known."""
    return w.money(Decimal(str(value)), currency)


def _money(w: Wording, value: str | float, currency: Currency) -> str:
    return w.money(Decimal(str(value)), currency, cents=True)


_GRID = (
    mark("cli.simulate.threshold"),
    mark("cli.simulate.false"),
    mark("cli.simulate.once"),
    mark("cli.simulate.falsely"),
)
