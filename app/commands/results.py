"""Commands that look at scores, states and models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from app.commands.frame import JsonOption, LanguageOption, OutOption, PeriodOption, cli, opened, written
from app.printing import console, print_table
from app.report import fit_in_words
from app.wording import mark, wording
from risk_models.model_card_page import card_html

_STATUS = {
    "draft": mark("cli.status.draft"),
    "consultation": mark("cli.status.consultation"),
    "retired": mark("cli.status.retired"),
}


@cli.command()
def scores(
    context: typer.Context,
    indicator: Annotated[str, typer.Argument(help="Indicator.")],
    period: PeriodOption = None,
    provider: Annotated[str | None, typer.Option(help="Only this provider or network.")] = None,
    estimates: Annotated[
        bool, typer.Option("--estimates", help="What the definition asks for beside the score.")
    ] = False,
    strata: Annotated[
        bool, typer.Option("--strata", help="Scores of the subgroups that the stratifiers make.")
    ] = False,
    version: Annotated[
        str | None, typer.Option(help="Version; by default the one in force, be it retired.")
    ] = None,
    language: LanguageOption = "en",
    as_json: JsonOption = False,
    out: OutOption = None,
) -> None:
    """Look at the scores of an indicator; for the operator, so nothing is hidden.

    Example: `meetlat --registry nhs scores nhs-hip-eq5d --period 2016/17 --json`
    """
    if estimates and strata:
        raise typer.BadParameter("give --estimates or --strata, not both")
    if version and (estimates or strata):
        raise typer.BadParameter("--version goes with the scores alone")
    with opened(context, language) as registry:
        if estimates:
            frame = registry.estimates(indicator, period=period, provider=provider)
        elif strata:
            frame = registry.subgroups(indicator, period=period, provider=provider)
        else:
            frame = registry.scores(indicator, period=period, provider=provider, version=version)
        status = registry.status(indicator, version)
    if written(frame, as_json=as_json, out=out):
        return
    w = wording(language)
    if status in _STATUS:
        console.print(w.t(_STATUS[status], indicator=indicator))
    if strata:
        numbers = dict.fromkeys(("observed", "expected", "ratio", "adjusted", "lower", "upper"), ".3f")
        columns = dict.fromkeys(("period", "provider", "stratifier", "subgroup"), "")
        print_table(frame, columns | {"n": ",.0f", **numbers}, title=indicator, language=language)
    elif estimates:
        numbers = dict.fromkeys(("value", "lower", "upper"), ".3f")
        print_table(
            frame,
            {"period": "", "provider": "", "estimator": "", **numbers},
            title=indicator,
            language=language,
        )
    else:
        numbers = dict.fromkeys(("observed", "expected", "adjusted", "lower", "upper"), ".3f")
        form = ",.0f" if (frame["n"] % 1 == 0).all() else ",.2f"  # in part for networks
        columns = {"period": "", "provider": "", "n": form, **numbers, "band": "", "reliability": ".2f"}
        if "responded" in frame:
            frame = frame.assign(response=frame["responded"] / frame["eligible"])
            columns["response"] = ".2f"
        print_table(frame, columns, title=indicator, language=language)


@cli.command()
def states(
    context: typer.Context,
    indicator: Annotated[str, typer.Argument(help="Indicator.")],
    period: PeriodOption = None,
    provider: Annotated[str | None, typer.Option(help="Only this provider or network.")] = None,
    language: LanguageOption = "en",
    as_json: JsonOption = False,
    out: OutOption = None,
) -> None:
    """Look at where every delivered record went, and why; for the operator, so nothing is hidden.

    Example: `meetlat states birth-pph --period 2025 --provider VSV-03`
    """
    with opened(context, language) as registry:
        frame = registry.states(indicator, period=period, provider=provider)
    if not written(frame, as_json=as_json, out=out):
        form = ",d" if frame["n"].dtype == int else ",.2f"  # in part for networks
        columns = {"period": "", "provider": "", "state": "", "reason": "", "n": form}
        title = f"{indicator}: {wording(language).number(frame['n'].sum(), 0)} records"
        print_table(frame, columns, title=title, language=language)


@cli.command()
def monitor(
    context: typer.Context,
    indicator: Annotated[str, typer.Argument(help="Indicator of events.")],
    period: PeriodOption = None,
    provider: Annotated[str | None, typer.Option(help="Only this provider or network.")] = None,
    odds_ratio: Annotated[
        float, typer.Option(help="Change of the odds to look for: 2 is twice, 0.5 half.", min=0.01, max=100)
    ] = 2.0,
    false_alarms: Annotated[
        float, typer.Option(help="Chance of an alarm in a period where nothing changed.", min=0.001, max=0.5)
    ] = 0.05,
    language: LanguageOption = "en",
    as_json: JsonOption = False,
    out: OutOption = None,
) -> None:
    """Follow an indicator by month: expected less observed (VLAD), CUSUM with its alarms, and XmR signals.

    For interim reports and the operator: nothing is hidden, and a month of few patients says little. The
    limit of the CUSUM is simulated with the provider's own patients.

    Example: `meetlat monitor birth-pph --provider VSV-03 --period 2025`
    """
    if odds_ratio == 1:
        raise typer.BadParameter("1 is no change to look for", param_hint="--odds-ratio")
    with opened(context, language) as registry:
        frame = registry.monitor(
            indicator,
            period=period,
            provider=provider,
            odds_ratio=odds_ratio,
            false_alarms=false_alarms,
        )
    if not written(frame, as_json=as_json, out=out):
        numbers = {"expected": ".1f", "vlad": "+.1f", "cusum": ".2f", "limit": ".2f"}
        columns = {"provider": "", "month": "", "n": ",d", "observed": ".0f", **numbers}
        shown = frame.assign(alarm=frame["alarm"].map({True: wording(language).t("cli.alarm"), False: ""}))
        print_table(shown, {**columns, "alarm": "", "signals": ""}, title=indicator, language=language)


@cli.command()
def models(context: typer.Context, as_json: JsonOption = False, out: OutOption = None) -> None:
    """Look at the fitted case-mix models.

    Example: `meetlat models --json`
    """
    with opened(context) as registry:
        frame = registry.models()
    if not written(frame, as_json=as_json, out=out):
        columns = {"indicator": "", "period": "", "model": "", "kind": "", "n": ",.0f", "fit": ""}
        print_table(frame.assign(fit=frame["diagnostics_json"].map(fit_in_words)), columns, all_rows=True)


@cli.command()
def card(
    context: typer.Context,
    indicator: Annotated[str, typer.Argument(help="Indicator.")],
    out: Annotated[Path, typer.Option(help="File to write: .html for people, .json for machines.")],
    period: PeriodOption = None,
    language: LanguageOption = "en",
) -> None:
    """Write the card of a case-mix model: what it was fitted on, and how far it can be trusted.

    Example: `meetlat card birth-pph --period 2025 --language nl --out birth-pph.html`
    """
    if out.suffix not in (".html", ".json"):
        raise typer.BadParameter(f"{out}: expected a name that ends in .html, .json")
    with opened(context, language) as registry:
        made = registry.model_card(indicator, period=period)
    text = json.dumps(made, ensure_ascii=False, indent=2) + "\n"
    if out.suffix == ".html":
        text = card_html(made, language=language)
    out.write_text(text, encoding="utf-8")
    console.print(wording(language).t("cli.written", file=out))
