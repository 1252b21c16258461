"""Commands that do the work: models, scores, settlements, publication."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from app.agreements import print_again
from app.commands.frame import JsonOption, LanguageOption, PeriodOption, cli, opened, progress
from app.printing import console, lines, print_json
from app.wording import wording
from indicators.words import Language
from registry_db.assessing import Assessed
from registry_db.publication import Published


@cli.command()
def run(context: typer.Context, as_json: JsonOption = False) -> None:
    """Do everything outstanding: models, scores, settlements, publication.

    Example: `meetlat --registry nhs run`
    """
    with opened(context) as registry, progress("run") as tell:
        ran = registry.run(progress=tell)
    worked = [item for item in ran.assessed if item.periods]
    lines([*(note for item in ran.assessed for note in item.notes), *ran.notes])
    if as_json:
        print_json(
            {
                "scored": {item.indicator: list(item.periods) for item in worked},
                "settled": list(ran.settled),
                "publication": ran.published.id,
                "unchanged": ran.published.unchanged,
            }
        )
        return
    console.print(
        f"scored {len(worked)} indicators; {len(ran.assessed) - len(worked)} had nothing outstanding"
    )
    if ran.settled:
        console.print(f"settled {', '.join(ran.settled)}")
    _tell_published(ran.published)


def _tell_published(published: Published) -> None:
    state = "unchanged" if published.unchanged else "published"
    console.print(
        f"{state} {published.id}: {published.scores:,} scores "
        f"({published.suppressed:,} hidden: too few patients), {published.settlements} settlements"
    )
    if published.close:
        console.print(
            f"{published.close:,} scores differ by few patients from an earlier publication: who has both "
            "can work out how few. If the earlier one was shown to nobody, remove its file and publish again"
        )


def _tell_assessed(done: Sequence[Assessed], *, as_json: bool) -> None:
    lines([note for item in done for note in item.notes])
    if as_json:
        print_json({item.indicator: list(item.periods) for item in done})
        return
    for item in done:
        console.print(f"{item.indicator}: {', '.join(item.periods) or 'nothing outstanding'}")


@cli.command()
def fit(
    context: typer.Context,
    indicator: Annotated[str | None, typer.Argument(help="Only this indicator.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Fit the case-mix models that are outstanding.

    Example: `meetlat fit birth-pph`
    """
    with opened(context) as registry, progress("fit") as tell:
        done = registry.fit(indicator, progress=tell)
    _tell_assessed(done, as_json=as_json)


@cli.command()
def score(
    context: typer.Context,
    indicator: Annotated[str | None, typer.Argument(help="Only this indicator.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Score what is outstanding.

    Example: `meetlat score birth-pph`
    """
    with opened(context) as registry, progress("score") as tell:
        done = registry.score(indicator, progress=tell)
    _tell_assessed(done, as_json=as_json)


@cli.command()
def settle(
    context: typer.Context,
    contract: Annotated[str | None, typer.Argument(help="Only this contract.")] = None,
    period: PeriodOption = None,
    again: Annotated[
        bool,
        typer.Option(
            "--again",
            help="Settle nothing; compute what was settled again, to the bit, and show what the deliveries, "
            "scores and definitions of today would change.",
        ),
    ] = False,
    language: LanguageOption = "en",
    as_json: JsonOption = False,
) -> None:
    """Settle contracts on the scores and the spending.

    With `--again` the exit code is 1 if a settlement does not come out as it was stored.

    Example: `meetlat settle birth-vsv --period 2025`
    """
    if again:
        _settle_again(context, contract, period, language=language, as_json=as_json)
        return
    with opened(context) as registry:
        settled = registry.settle(contract, period=period)
    if as_json:
        print_json(settled)
        return
    w = wording(language)
    for name in settled:
        console.print(w.t("cli.settled", name=name))
    if not settled:
        console.print(w.t("cli.nothing-to-settle"))


def _settle_again(
    context: typer.Context, contract: str | None, period: str | None, *, language: Language, as_json: bool
) -> None:
    with opened(context) as registry:
        found = registry.settle_again(contract, period=period)
        titles = registry.titles()
    if as_json:
        print_json([item.to_dict() for item in found])
    else:
        for item in found:
            print_again(wording(language), item, titles)
    if any(item.differs for item in found):
        raise typer.Exit(1)


@cli.command()
def publish(context: typer.Context, as_json: JsonOption = False) -> None:
    """Publish what is in the vault: aggregates only, small cells hidden.

    Example: `meetlat publish`
    """
    with opened(context) as registry:
        published = registry.publish()
    if as_json:
        print_json(asdict(published))
    else:
        _tell_published(published)
