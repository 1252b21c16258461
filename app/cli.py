"""The command line: how an operator works. It parses and prints; the registry does the work."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from app.printing import console, errors, lines, print_json, print_table, records, write_file
from indicators.faults import DefinitionError
from registry_db.faults import RegistryError
from registry_db.registry import Progress, Registry

cli = typer.Typer(
    name="meetlat",
    help="A registry of healthcare quality indicators: case-mix adjusted scores, and the settlements that "
    "follow from them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    add_completion=False,
)

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
OutOption = Annotated[
    Path | None, typer.Option("--out", help="Write to a file instead: .csv, .json, .parquet or .xlsx.")
]
PeriodOption = Annotated[str | None, typer.Option(help="Only this period, such as 2025 or 2016/17.")]


@cli.callback()
def _options(
    context: typer.Context,
    registry: Annotated[
        Path, typer.Option(envvar="MEETLAT_REGISTRY", help="Folder of the registry.", show_default="here")
    ] = Path(),
) -> None:
    context.obj = registry


@contextmanager
def _open(context: typer.Context) -> Iterator[Registry]:
    with Registry(context.obj) as registry:
        yield registry


@contextmanager
def _progress(title: str) -> Iterator[Progress]:
    """Show a bar on a terminal; elsewhere stay silent."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    with Progress(
        TextColumn(title), BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn(),
        console=errors, transient=True, disable=not errors.is_terminal,
    ) as bar:  # fmt: skip
        task = bar.add_task("", total=None)

        def tell(message: str, done: int, total: int) -> None:
            bar.update(task, description=message, completed=done, total=total)

        yield tell


@cli.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="Folder of the new registry.")] = Path("meetlat-demo"),
) -> None:
    """Build a registry from generated birth-care records and run everything.

    Example: `meetlat demo my-demo && meetlat --registry my-demo app`
    """
    from app.report import print_demo

    with _progress("demo") as tell:
        found = Registry.demo(folder, progress=tell)
    print_demo(found, folder)


@cli.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Folder of the new registry.")],
    library: Annotated[
        str | None, typer.Option("--with", help="Copy a shipped library set: birth, nhs-proms.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name shown on the pages; by default the folder's.")
    ] = None,
) -> None:
    """Make an empty registry, or one with a shipped set of definitions.

    Example: `meetlat init nhs --with nhs-proms`
    """
    with Registry.create(folder, library=library, name=name) as registry:
        count = len(registry.catalogue().definitions)
    console.print(f"made {folder} with {count} definitions")
    console.print(f"next: meetlat --registry {folder} deliver DATASET FILE", markup=False)


@cli.command()
def check(
    context: typer.Context,
    files: Annotated[list[Path] | None, typer.Argument(help="Definition files; all by default.")] = None,
) -> None:
    """Check definitions and run the examples in them; changes nothing.

    Example: `meetlat check definitions/birth-pph.indicator.yaml`
    """
    with _open(context) as registry:
        items = registry.check(files or ())
    examples = sum(len(getattr(item.model, "examples", ())) for item in items)
    console.print(f"{len(items)} definitions are right; {examples} examples end as expected")


@cli.command()
def define(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="Definition files.")],
) -> None:
    """Put definitions into the registry; an active version can never change.

    Example: `meetlat define birth-pph.indicator.yaml`
    """
    with _open(context) as registry:
        new = registry.define(files)
    for item in new:
        console.print(f"defined {item.label}")
    if not new:
        console.print("nothing new: the registry has these definitions already")


@cli.command()
def deliver(
    context: typer.Context,
    dataset: Annotated[str, typer.Argument(help="Dataset that the records are of.")],
    files: Annotated[list[Path], typer.Argument(help="CSV files, or zip files with one CSV.")],
    replaces: Annotated[
        str | None, typer.Option(help="Delivery that this file corrects; it stays, but counts no longer.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Take deliveries in: every row checked, bad ones quarantined with their reasons.

    Example: `meetlat deliver birth births-2025.csv`
    """
    if replaces and len(files) > 1:
        raise typer.BadParameter("--replaces goes with one file")
    done = []
    with _open(context) as registry, _progress("deliver") as tell:
        for number, file in enumerate(files):
            tell(file.name, number, len(files))
            done.append(registry.deliver(dataset, file, replaces=replaces))
    for delivered in done:
        if delivered.already:
            errors.print(f"{delivered.file_name}: taken in before as {delivered.delivery}; nothing changed")
            continue
        if delivered.quarantined:
            errors.print(f"{delivered.file_name}: {delivered.quarantined} rows quarantined:", markup=False)
            lines([f"{delivered.file_name}:{fault}" for fault in delivered.faults])
        if not as_json:
            console.print(
                f"{delivered.file_name}: {delivered.accepted:,} of {delivered.rows:,} rows taken in as "
                f"{delivered.delivery}"
            )
    if as_json:
        print_json([_delivered(item) for item in done])


def _delivered(item: object) -> dict[str, object]:
    from dataclasses import asdict

    return asdict(item)  # type: ignore[call-overload,no-any-return]


@cli.command()
def run(context: typer.Context, as_json: JsonOption = False) -> None:
    """Do everything outstanding: models, scores, settlements, publication.

    Example: `meetlat --registry nhs run`
    """
    with _open(context) as registry, _progress("run") as tell:
        ran = registry.run(progress=tell)
    worked = [item for item in ran.assessed if item.periods]
    lines([note for item in ran.assessed for note in item.notes])
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


def _tell_published(published: object) -> None:
    state = "unchanged" if getattr(published, "unchanged") else "published"  # noqa: B009
    console.print(
        f"{state} {published.id}: {published.scores:,} scores "  # type: ignore[attr-defined]
        f"({published.suppressed:,} hidden: too few patients), {published.settlements} settlements"  # type: ignore[attr-defined]
    )


@cli.command()
def fit(
    context: typer.Context,
    indicator: Annotated[str | None, typer.Argument(help="Only this indicator.")] = None,
) -> None:
    """Fit the case-mix models that are outstanding.

    Example: `meetlat fit birth-pph`
    """
    with _open(context) as registry, _progress("fit") as tell:
        done = registry.fit(indicator, progress=tell)
    lines([note for item in done for note in item.notes])
    for item in done:
        console.print(f"{item.indicator}: {', '.join(item.periods) or 'nothing outstanding'}")


@cli.command()
def score(
    context: typer.Context,
    indicator: Annotated[str | None, typer.Argument(help="Only this indicator.")] = None,
) -> None:
    """Score what is outstanding.

    Example: `meetlat score birth-pph`
    """
    with _open(context) as registry, _progress("score") as tell:
        done = registry.score(indicator, progress=tell)
    lines([note for item in done for note in item.notes])
    for item in done:
        console.print(f"{item.indicator}: {', '.join(item.periods) or 'nothing outstanding'}")


@cli.command()
def settle(
    context: typer.Context,
    contract: Annotated[str | None, typer.Argument(help="Only this contract.")] = None,
    period: PeriodOption = None,
) -> None:
    """Settle contracts on the scores and the spending.

    Example: `meetlat settle birth-vsv --period 2025`
    """
    with _open(context) as registry:
        settled = registry.settle(contract, period=period)
    for name in settled:
        console.print(f"settled {name}")
    if not settled:
        console.print("nothing to settle: no active contract has a year with scores")


@cli.command()
def publish(context: typer.Context) -> None:
    """Publish what is in the vault: aggregates only, small cells hidden.

    Example: `meetlat publish`
    """
    with _open(context) as registry:
        _tell_published(registry.publish())


@cli.command()
def scores(
    context: typer.Context,
    indicator: Annotated[str, typer.Argument(help="Indicator.")],
    period: PeriodOption = None,
    provider: Annotated[str | None, typer.Option(help="Only this provider or network.")] = None,
    as_json: JsonOption = False,
    out: OutOption = None,
) -> None:
    """Look at the scores of an indicator; for the operator, so nothing is hidden.

    Example: `meetlat --registry nhs scores nhs-hip-eq5d --period 2016/17 --json`
    """
    with _open(context) as registry:
        frame = registry.scores(indicator, period=period, provider=provider)
    if out:
        write_file(frame, out)
    elif as_json:
        print_json(records(frame))
    else:
        numbers = dict.fromkeys(("observed", "expected", "adjusted", "lower", "upper"), ".3f")
        columns = {"period": "", "provider": "", "n": ",.0f", **numbers, "band": "", "reliability": ".2f"}
        print_table(frame, columns, title=indicator)


@cli.command()
def models(context: typer.Context, as_json: JsonOption = False, out: OutOption = None) -> None:
    """Look at the fitted case-mix models.

    Example: `meetlat models --json`
    """
    with _open(context) as registry:
        frame = registry.models()
    if out:
        write_file(frame, out)
    elif as_json:
        print_json(records(frame))
    else:
        columns = {"indicator": "", "version": "", "period": "", "model": "", "kind": "", "n": ",.0f"}
        print_table(frame, {**columns, "diagnostics_json": ""}, all_rows=True)


@cli.command()
def settlements(context: typer.Context, as_json: JsonOption = False, out: OutOption = None) -> None:
    """Look at the settlements and their ledgers.

    Example: `meetlat settlements --json`
    """
    from app.report import print_ledger

    with _open(context) as registry:
        frame = registry.settlements()
    if out:
        write_file(frame, out)
    elif as_json:
        print_json(records(frame))
    elif frame.empty:
        console.print("nothing yet")
    else:
        for text in frame["settlement_json"]:
            print_ledger(text)


@cli.command()
def deliveries(
    context: typer.Context,
    quarantine: Annotated[
        str | None, typer.Option(help="Show the quarantined rows of this delivery.")
    ] = None,
    as_json: JsonOption = False,
    out: OutOption = None,
) -> None:
    """Look at what was delivered, and what was quarantined and why.

    Example: `meetlat deliveries --quarantine birth-0001-1a2b3c4d`
    """
    with _open(context) as registry:
        frame = registry.quarantine(quarantine) if quarantine else registry.deliveries()
    if out:
        write_file(frame, out)
    elif as_json:
        print_json(records(frame))
    else:
        counts = dict.fromkeys(("rows", "accepted", "quarantined"), ",")
        shown = {"delivery": "", "dataset": "", "file_name": "", **counts, "superseded_by": ""}
        print_table(frame, dict.fromkeys(frame, "") if quarantine else shown)


@cli.command()
def guide(
    context: typer.Context,
    folder: Annotated[Path, typer.Option("--out", help="Folder to write in.")] = Path("guide"),
) -> None:
    """Write the indicator guide (indicatorengids) as HTML, in Dutch and English.

    Example: `meetlat guide --out gids`
    """
    with _open(context) as registry:
        written = registry.guide(folder)
    for file in written:
        console.print(f"wrote {file}")


@cli.command()
def app(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 8501,
) -> None:
    """Open the pages (and the API beside them) on this machine.

    Example: `meetlat --registry my-demo app`
    """
    from app.server import serve_app

    serve_app(context.obj, port)


@cli.command()
def api(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 8502,
) -> None:
    """Serve the API alone on this machine.

    Example: `meetlat --registry my-demo api`
    """
    from app.server import serve_api

    serve_api(context.obj, port)


def main() -> None:
    """Run the command line: exit code 0, 1 for data or definitions at fault, 2 for usage."""
    try:
        cli()
    except DefinitionError as error:
        errors.print(f"{len(error.faults)} {'fault' if len(error.faults) == 1 else 'faults'} in definitions:")
        lines([str(fault) for fault in error.faults], at_most=50)
        sys.exit(1)
    except (RegistryError, ValueError) as error:
        errors.print(str(error), markup=False, soft_wrap=True)
        sys.exit(1)
    except Exception as error:
        if os.environ.get("MEETLAT_DEBUG"):
            raise
        errors.print(f"this should not happen: {type(error).__name__}: {error}", markup=False, soft_wrap=True)
        errors.print("nothing was published; MEETLAT_DEBUG=1 shows where it went wrong")
        sys.exit(1)
