"""Commands about contracts: settlements, ledgers, luck, simulation."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated, cast

import typer

from app.agreements import print_ledger, print_luck, print_restatement, print_simulation
from app.commands.frame import (
    JsonOption,
    LanguageOption,
    OutOption,
    PeriodOption,
    cli,
    opened,
    progress,
    written,
)
from app.printing import console, errors, print_json, write_file
from app.wording import wording
from contracts.money import Currency
from registry_db.before_signing import NOTHING_EXPECTED, Expected, flows
from registry_db.ledgers import LEDGER_KINDS


@cli.command()
def settlements(
    context: typer.Context,
    restatements: Annotated[
        bool, typer.Option("--restatements", help="Show what corrections changed in final settlements.")
    ] = False,
    language: LanguageOption = "en",
    as_json: JsonOption = False,
    out: OutOption = None,
) -> None:
    """Look at the settlements and their ledgers, or at their restatements.

    A restatement is the difference that a correction makes to a final settlement: by party, and by cause.

    Example: `meetlat settlements --restatements --language nl`
    """
    with opened(context) as registry:
        frame = registry.restatements() if restatements else registry.settlements()
        titles = registry.titles()
    if written(frame, as_json=as_json, out=out):
        return
    w = wording(language)
    if frame.empty:
        console.print(w.t("cli.none"))
    for row in frame.to_dict("records"):
        print_restatement(w, row, titles) if restatements else print_ledger(w, row["settlement_json"])


@cli.command()
def ledger(
    context: typer.Context,
    contract: Annotated[str, typer.Argument(help="Contract.")],
    period: Annotated[str, typer.Option(help="Contract year.")],
    out: Annotated[
        Path,
        typer.Option(
            help="File to write: .xlsx (formulas that recompute every step), .pdf (to sign) or .json."
        ),
    ],
    language: LanguageOption = "nl",
) -> None:
    """Write the ledger of one settlement to a file that each party can recompute.

    Example: `meetlat ledger birth-vsv --period 2025 --out afrekening.xlsx`
    """
    if out.suffix not in LEDGER_KINDS:
        raise typer.BadParameter(
            f"'{out.suffix}'; expected one of {', '.join(LEDGER_KINDS)}", param_hint="--out"
        )
    with opened(context) as registry:
        found = registry.ledger(contract, period, language=language)
    out.write_bytes(LEDGER_KINDS[out.suffix](found))
    errors.print(f"wrote {out}")


@cli.command()
def luck(
    context: typer.Context,
    contract: Annotated[str | None, typer.Argument(help="Only this contract.")] = None,
    period: PeriodOption = None,
    language: LanguageOption = "en",
    as_json: JsonOption = False,
    out: OutOption = None,
) -> None:
    """Look at how sure payments are: what luck alone would pay, one event more or fewer, cliffs.

    Example: `meetlat luck birth-vsv --period 2025`
    """
    with opened(context) as registry:
        frame = registry.luck(contract, period=period)
        titles = registry.titles()
    if written(frame, as_json=as_json, out=out):
        return
    w = wording(language)
    if frame.empty:
        console.print(w.t("cli.none"))
    for row in frame.itertuples():
        title = f"{row.contract} {row.period}, {row.payer}"
        print_luck(w, title, str(row.luck_json), titles, cast(Currency, row.currency))


@cli.command()
def simulate(
    context: typer.Context,
    contract: Annotated[str, typer.Argument(help="A contract file, or the name of one in force.")],
    years: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="How many years, from the first; by default those of the contract. With more it goes on "
            "after its term, on a target that is rebased as agreed; with fewer it ends earlier.",
        ),
    ] = None,
    reached: Annotated[
        list[float] | None,
        typer.Option(
            help="Part of the improvement that is reached, from 0 to 1: once for all contract years, or once "
            "for each, such as `--reached 0.5 --reached 1`. By default all of it, from the first year.",
        ),
    ] = None,
    costs: Annotated[
        list[float] | None,
        typer.Option(
            help="What the improvement costs the network itself in a year, in the currency of the contract: "
            "once for all contract years, or once for each. By default nothing.",
        ),
    ] = None,
    revenue_lost: Annotated[
        float,
        typer.Option(
            help="Part of each euro saved that the network misses as revenue and cannot save in its own "
            "costs, from 0 to 1.",
        ),
    ] = 0.0,
    facts: Annotated[
        Path | None,
        typer.Option(
            help="File that begins with `facts:`, with what no record can say of the contract years: project "
            "costs, revenue, a choice. By default what the registry has of it."
        ),
    ] = None,
    language: LanguageOption = "en",
    as_json: JsonOption = False,
    out: OutOption = None,
) -> None:
    """Look at a contract before signing: cash flows with and without real improvement, and false payments.

    Each year gets the records and scores of the last baseline year, and is drawn 4,000 times; what it costs
    without improvement follows from the target. With `--costs`, `--reached` or `--revenue-lost` it also tells
    the business case of the network. `--out` writes the cash flows; `--json` prints everything.

    Example: `meetlat simulate my.contract.yaml --costs 80000 --costs 40000 --reached 0.5 --reached 1`
    """
    expected = Expected(
        tuple(reached or ()), tuple(Decimal(repr(each)) for each in costs or ()), revenue_lost
    )
    with opened(context, language) as registry, progress("simulate"):
        found = registry.simulate(contract, years=years, expected=expected, facts=facts)
    if out:
        write_file(flows(found), out)
    elif as_json:
        print_json(found.to_dict())
    else:
        print_simulation(wording(language), found, business_case=expected != NOTHING_EXPECTED)
