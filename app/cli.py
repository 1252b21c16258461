"""The command line: how an operator works. It parses and prints; the registry does the work."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, cast

import pandas as pd
import typer

from app.differences import print_diff
from app.exporting import export
from app.printing import (
    FILE_KINDS,
    console,
    errors,
    lines,
    print_json,
    print_table,
    printable,
    records,
    write_file,
)
from app.report import (
    fit_in_words,
    print_again,
    print_demo,
    print_ledger,
    print_luck,
    print_restatement,
    print_simulation,
)
from contracts.inputs import SettlementError
from indicators.faults import DefinitionError
from indicators.words import LANGUAGES
from registry_db.assessing import Assessed
from registry_db.before_signing import flows
from registry_db.deliveries import Delivered
from registry_db.faults import RegistryError
from registry_db.ledgers import LEDGER_KINDS, Language
from registry_db.lifecycle import Decision
from registry_db.publication import Published
from registry_db.registry import Progress, Registry
from registry_db.schemas import write_schemas
from risk_models.model_card_page import card_html

cli = typer.Typer(
    name="meetlat",
    help="A registry of healthcare quality indicators: case-mix adjusted scores, and the settlements that "
    "follow from them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    add_completion=False,
)
cli.add_typer(export)


def _known_kind(file: Path | None) -> Path | None:
    if file is not None and file.suffix not in FILE_KINDS:
        raise typer.BadParameter(f"{file}: expected a name that ends in {', '.join(FILE_KINDS)}")
    if file is not None and not file.parent.is_dir():
        raise typer.BadParameter(f"{file}: there is no folder {file.parent}")
    return file


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"meetlat {version('meetlat')}")
        raise typer.Exit


JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
OutOption = Annotated[
    Path | None,
    typer.Option(
        "--out", help="Write to a file instead: .csv, .json, .parquet or .xlsx.", callback=_known_kind
    ),
]
PeriodOption = Annotated[
    str | None, typer.Option(help="Only this period, such as 2025, 2016/17, 2025-Q1 or 2023-2025.")
]


@cli.callback()
def _options(
    context: typer.Context,
    registry: Annotated[
        Path, typer.Option(envvar="MEETLAT_REGISTRY", help="Folder of the registry.", show_default="here")
    ] = Path(),
    show_version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    del show_version
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
        TextColumn(title), BarColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn(),
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
    with _progress("demo") as tell:
        found = Registry.demo(folder, progress=tell)
    print_demo(found, folder)


@cli.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Folder of the new registry.")],
    library: Annotated[
        str | None,
        typer.Option("--with", help="Copy a shipped library set: birth, dutch-examples, ecqm, nhs-proms."),
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
    console.print(f"next: meetlat --registry {folder} deliver DATASET FILE")


@cli.command()
def check(
    context: typer.Context,
    files: Annotated[list[Path] | None, typer.Argument(help="Definition files; all by default.")] = None,
) -> None:
    """Check definitions and run the examples in them; changes nothing.

    Example: `meetlat check definitions/birth-pph.indicator.yaml`
    """
    with _open(context) as registry:
        checked = registry.check(files or ())
    if checked.notes:
        errors.print("to mend before a version is made active:")
        lines([str(note) for note in checked.notes], at_most=50)
    examples = sum(len(getattr(item.model, "examples", ())) for item in checked.definitions)
    console.print(f"{len(checked.definitions)} definitions are right; {examples} examples were run")


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
def status(
    context: typer.Context,
    definition: Annotated[str, typer.Argument(metavar="ID", help="Definition.")],
    version: Annotated[str | None, typer.Argument(help="Version; without one, show all of them.")] = None,
    status: Annotated[
        str | None, typer.Argument(help="Its next status: consultation, draft, active or retired.")
    ] = None,
    by: Annotated[str, typer.Option(help="Who decided it.")] = "",
    why: Annotated[str, typer.Option(help="Why.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Show the life of a definition's versions, or give one its next status.

    The life of a version runs from draft through consultation to active, and in the end retired.

    Example: `meetlat status birth-pph 1.1.0 active --by NVOG --why adopted`
    """
    if (version is None) != (status is None):
        raise typer.BadParameter("a version goes with the status that it is to have")
    with _open(context) as registry:
        if version and status:
            registry.decide(definition, version, status, Decision(by, why))
        found = registry.history(definition)
    if as_json:
        print_json([asdict(item) for item in found])
        return
    steps = [
        {"version": item.version, **{name: getattr(step, name) for name in ("status", "by", "why")},
         "when": f"{step.at:%Y-%m-%d %H:%M}"}
        for item in found
        for step in item.steps
    ]  # fmt: skip
    columns = ("version", "status", "when", "by", "why")
    print_table(pd.DataFrame(steps, columns=columns), dict.fromkeys(columns, ""), title=definition)


@cli.command()
def diff(
    context: typer.Context,
    what: Annotated[str, typer.Argument(metavar="ID|FILE", help="Indicator, or a definition file.")],
    before: Annotated[
        str | None, typer.Argument(help="Version; a file is held against the one in force.")
    ] = None,
    after: Annotated[str | None, typer.Argument(help="Later version.")] = None,
    language: Annotated[Language, typer.Option(help="Language of the words.")] = "nl",
    as_json: JsonOption = False,
) -> None:
    """Say what a version of an indicator changes: in words, and in the states and scores of today's records.

    For the operator, so nothing is hidden.

    Example: `meetlat diff birth-pph 1.0.0 1.1.0 --language en`
    """
    with _open(context) as registry:
        if before and after:
            found = registry.diff(what, before, after, language=language)
        elif before or after:
            raise typer.BadParameter("give two versions, or a file alone")
        else:
            found = registry.diff_file(Path(what), language=language)
    if as_json:
        print_json(
            {
                **{name: getattr(found, name) for name in ("id", "before", "after", "records", "moved")},
                **asdict(found.changes),
                "moves": records(found.moves),
                "scores": records(found.scores),
            }
        )
    else:
        print_diff(found)


@cli.command()
def dummy(
    context: typer.Context,
    dataset: Annotated[str, typer.Argument(help="Dataset that the records are of, or DATASET.TABLE.")],
    rows: Annotated[int, typer.Option(min=1, help="Number of records.")],
    out: Annotated[Path, typer.Option(help="File to write; its name gets 'generated' in it.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same file.")] = 1,
    year: Annotated[int, typer.Option(min=1900, max=2100, help="Year in which all days lie.")] = 2025,
    missing: Annotated[
        float, typer.Option(min=0, max=1, help="Share without a value, in columns that allow it.")
    ] = 0.05,
) -> None:
    """Write a delivery of generated records, to try a definition without patients.

    Each column is drawn by itself from what its type, range and codes allow: no score of it says anything of
    care.

    Example: `meetlat dummy birth --rows 1000 --out births.csv`
    """
    with _open(context) as registry:
        file = registry.dummy(dataset, out, rows=rows, seed=seed, year=year, missing=missing)
    console.print(f"wrote {rows:,} generated records to {file}")


@cli.command()
def schema(
    folder: Annotated[Path, typer.Option("--out", help="Folder to write in.")] = Path("schema"),
) -> None:
    """Write a JSON Schema for each kind of definition file, for editors; see docs/editors.md.

    Example: `meetlat schema --out schema`
    """
    for file in write_schemas(folder):
        console.print(f"wrote {file}")


@cli.command()
def deliver(
    context: typer.Context,
    dataset: Annotated[str, typer.Argument(help="Dataset that the records are of, or DATASET.TABLE.")],
    files: Annotated[list[Path], typer.Argument(help="CSV files, or zip files with one CSV.")],
    replaces: Annotated[
        str | None, typer.Option(help="Delivery that this file corrects; it stays, but counts no longer.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Take deliveries in: every row checked, bad ones quarantined with their reasons.

    Each file is taken in whole or not at all. Rows set apart do not make it fail: mend them, and deliver them
    again in a new file.

    Example: `meetlat deliver birth births-2025.csv`

    A table of a dataset is delivered by its name: `meetlat deliver birth.observation observations.csv`
    """
    if replaces and len(files) > 1:
        raise typer.BadParameter("--replaces goes with one file")
    done: list[Delivered] = []
    try:
        with _open(context) as registry, _progress("deliver") as tell:
            for number, file in enumerate(files):
                tell(file.name, number, len(files))
                done.append(registry.deliver(dataset, file, replaces=replaces))
    finally:
        # When a later file is refused, the earlier ones have been taken in: say so.
        for delivered in done:
            _tell_delivered(delivered, quiet=as_json)
        if as_json:
            print_json([asdict(delivered) for delivered in done])


def _tell_delivered(delivered: Delivered, *, quiet: bool) -> None:
    name = printable(delivered.file_name)
    if delivered.already:
        errors.print(f"{name}: taken in before as {delivered.delivery}; nothing changed")
        return
    if delivered.quarantined:
        rows = "row" if delivered.quarantined == 1 else "rows"
        errors.print(f"{name}: {delivered.quarantined:,} {rows} quarantined:")
        lines([f"{delivered.file_name}:{fault}" for fault in delivered.faults])
        errors.print(f"  all of them: meetlat deliveries --quarantine {delivered.delivery}")
    if delivered.passed_over:
        rows = "row is" if delivered.passed_over == 1 else "rows are"
        errors.print(f"{name}: {delivered.passed_over:,} {rows} not of {delivered.dataset}: passed over")
    if not quiet:
        console.print(
            f"{name}: {delivered.accepted:,} of {delivered.rows:,} rows taken in as {delivered.delivery}",
        )


@cli.command()
def run(context: typer.Context, as_json: JsonOption = False) -> None:
    """Do everything outstanding: models, scores, settlements, publication.

    Example: `meetlat --registry nhs run`
    """
    with _open(context) as registry, _progress("run") as tell:
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
    with _open(context) as registry, _progress("fit") as tell:
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
    with _open(context) as registry, _progress("score") as tell:
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
    as_json: JsonOption = False,
) -> None:
    """Settle contracts on the scores and the spending.

    With `--again` the exit code is 1 if a settlement does not come out as it was stored.

    Example: `meetlat settle birth-vsv --period 2025`
    """
    if again:
        _settle_again(context, contract, period, as_json=as_json)
        return
    with _open(context) as registry:
        settled = registry.settle(contract, period=period)
    if as_json:
        print_json(settled)
        return
    for name in settled:
        console.print(f"settled {name}")
    if not settled:
        console.print("nothing to settle: no active contract has a year with scores")


def _settle_again(context: typer.Context, contract: str | None, period: str | None, *, as_json: bool) -> None:
    with _open(context) as registry:
        found = registry.settle_again(contract, period=period)
    if as_json:
        print_json([item.to_dict() for item in found])
    else:
        for item in found:
            print_again(item)
    if any(item.differs for item in found):
        raise typer.Exit(1)


@cli.command()
def publish(context: typer.Context, as_json: JsonOption = False) -> None:
    """Publish what is in the vault: aggregates only, small cells hidden.

    Example: `meetlat publish`
    """
    with _open(context) as registry:
        published = registry.publish()
    if as_json:
        print_json(asdict(published))
    else:
        _tell_published(published)


@cli.command()
def scores(
    context: typer.Context,
    indicator: Annotated[str, typer.Argument(help="Indicator.")],
    period: PeriodOption = None,
    provider: Annotated[str | None, typer.Option(help="Only this provider or network.")] = None,
    estimates: Annotated[
        bool, typer.Option("--estimates", help="What the definition asks for beside the score.")
    ] = False,
    as_json: JsonOption = False,
    out: OutOption = None,
) -> None:
    """Look at the scores of an indicator; for the operator, so nothing is hidden.

    Example: `meetlat --registry nhs scores nhs-hip-eq5d --period 2016/17 --json`
    """
    with _open(context) as registry:
        look = registry.estimates if estimates else registry.scores
        frame = look(indicator, period=period, provider=provider)
    if _written(frame, as_json=as_json, out=out):
        return
    if estimates:
        numbers = dict.fromkeys(("value", "lower", "upper"), ".3f")
        print_table(frame, {"period": "", "provider": "", "estimator": "", **numbers}, title=indicator)
    else:
        numbers = dict.fromkeys(("observed", "expected", "adjusted", "lower", "upper"), ".3f")
        columns = {"period": "", "provider": "", "n": ",.0f", **numbers, "band": "", "reliability": ".2f"}
        print_table(frame, columns, title=indicator)


@cli.command()
def states(
    context: typer.Context,
    indicator: Annotated[str, typer.Argument(help="Indicator.")],
    period: PeriodOption = None,
    provider: Annotated[str | None, typer.Option(help="Only this provider or network.")] = None,
    as_json: JsonOption = False,
    out: OutOption = None,
) -> None:
    """Look at where every delivered record went, and why; for the operator, so nothing is hidden.

    Example: `meetlat states birth-pph --period 2025 --provider VSV-03`
    """
    with _open(context) as registry:
        frame = registry.states(indicator, period=period, provider=provider)
    if not _written(frame, as_json=as_json, out=out):
        columns = {"period": "", "provider": "", "state": "", "reason": "", "n": ",d"}
        print_table(frame, columns, title=f"{indicator}: {frame['n'].sum():,d} records")


@cli.command()
def models(context: typer.Context, as_json: JsonOption = False, out: OutOption = None) -> None:
    """Look at the fitted case-mix models.

    Example: `meetlat models --json`
    """
    with _open(context) as registry:
        frame = registry.models()
    if not _written(frame, as_json=as_json, out=out):
        columns = {"indicator": "", "period": "", "model": "", "kind": "", "n": ",.0f", "fit": ""}
        print_table(frame.assign(fit=frame["diagnostics_json"].map(fit_in_words)), columns, all_rows=True)


@cli.command()
def card(
    context: typer.Context,
    indicator: Annotated[str, typer.Argument(help="Indicator.")],
    out: Annotated[Path, typer.Option(help="File to write: .html for people, .json for machines.")],
    period: PeriodOption = None,
    language: Annotated[str, typer.Option(help=f"Of the page: {' or '.join(LANGUAGES)}.")] = "en",
) -> None:
    """Write the card of a case-mix model: what it was fitted on, and how far it can be trusted.

    Example: `meetlat card birth-pph --period 2025 --language nl --out birth-pph.html`
    """
    if out.suffix not in (".html", ".json"):
        raise typer.BadParameter(f"{out}: expected a name that ends in .html, .json")
    if language not in LANGUAGES:
        raise typer.BadParameter(f"--language {language}: expected {' or '.join(LANGUAGES)}")
    with _open(context) as registry:
        made = registry.model_card(indicator, period=period)
    text = json.dumps(made, ensure_ascii=False, indent=2) + "\n"
    if out.suffix == ".html":
        text = card_html(made, language=cast(Language, language))
    out.write_text(text, encoding="utf-8")
    console.print(f"wrote {out}")


@cli.command()
def settlements(
    context: typer.Context,
    restatements: Annotated[
        bool, typer.Option("--restatements", help="Show what corrections changed in final settlements.")
    ] = False,
    as_json: JsonOption = False,
    out: OutOption = None,
) -> None:
    """Look at the settlements and their ledgers, or at their restatements.

    Example: `meetlat settlements --restatements`
    """
    with _open(context) as registry:
        frame = registry.restatements() if restatements else registry.settlements()
    if _written(frame, as_json=as_json, out=out):
        return
    if frame.empty:
        console.print("nothing yet")
    else:
        for row in frame.to_dict("records"):
            print_restatement(row) if restatements else print_ledger(row["settlement_json"])


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
    language: Annotated[str, typer.Option(help="nl or en.")] = "nl",
) -> None:
    """Write the ledger of one settlement to a file that each party can recompute.

    Example: `meetlat ledger birth-vsv --period 2025 --out afrekening.xlsx`
    """
    if out.suffix not in LEDGER_KINDS:
        raise typer.BadParameter(
            f"'{out.suffix}'; expected one of {', '.join(LEDGER_KINDS)}", param_hint="--out"
        )
    if language not in LANGUAGES:
        raise typer.BadParameter(f"'{language}'; expected nl or en", param_hint="--language")
    with _open(context) as registry:
        found = registry.ledger(contract, period, language=cast(Language, language))
    out.write_bytes(LEDGER_KINDS[out.suffix](found))
    errors.print(f"wrote {out}")


@cli.command()
def luck(
    context: typer.Context,
    contract: Annotated[str | None, typer.Argument(help="Only this contract.")] = None,
    period: PeriodOption = None,
    as_json: JsonOption = False,
    out: OutOption = None,
) -> None:
    """Look at how sure payments are: what luck alone would pay, one event more or fewer, cliffs.

    Example: `meetlat luck birth-vsv --period 2025`
    """
    with _open(context) as registry:
        frame = registry.luck(contract, period=period)
    if _written(frame, as_json=as_json, out=out):
        return
    if frame.empty:
        console.print("nothing yet")
    for row in frame.itertuples():
        print_luck(f"{row.contract} {row.period}", str(row.luck_json))


@cli.command()
def simulate(
    context: typer.Context,
    contract: Annotated[str, typer.Argument(help="A contract file, or the name of one in force.")],
    as_json: JsonOption = False,
    out: OutOption = None,
) -> None:
    """Look at a contract before signing: cash flows with and without real improvement, and false payments.

    Each year is expected to be like the last baseline year, and is drawn 4,000 times. `--out` writes the cash
    flows; `--json` prints everything.

    Example: `meetlat simulate my.contract.yaml --out flows.xlsx`
    """
    with _open(context) as registry, _progress("simulate"):
        found = registry.simulate(contract)
    if out:
        write_file(flows(found), out)
    elif as_json:
        print_json(found.to_dict())
    else:
        print_simulation(found)


def _written(frame: pd.DataFrame, *, as_json: bool, out: Path | None) -> bool:
    """Write for a machine if it was asked for; else give False, and a person is to be told."""
    if out:
        write_file(frame, out)
    elif as_json:
        print_json(records(frame))
    return as_json or out is not None


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

    Of a table of a dataset: how many rows were of another table (passed over), and how many belong to no
    record that is there today (orphans).

    Example: `meetlat deliveries --quarantine birth-0001-1a2b3c4d`
    """
    with _open(context) as registry:
        frame = registry.quarantine(quarantine) if quarantine else registry.deliveries()
    if _written(frame, as_json=as_json, out=out):
        return
    if quarantine:
        print_table(frame, dict.fromkeys(frame, ""), empty="no row of this delivery was quarantined")
        return
    counts = dict.fromkeys(("rows", "accepted", "quarantined"), ",")
    counts |= {name: "," for name in ("passed_over", "orphans") if frame[name].any()}
    print_table(frame, {"delivery": "", "file_name": "", **counts, "superseded_by": ""})


@cli.command()
def guide(
    context: typer.Context,
    folder: Annotated[Path, typer.Option("--out", help="Folder to write in.")] = Path("guide"),
) -> None:
    """Write the indicator guide (indicatorengids) as HTML and PDF, in Dutch and English.

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
    except (RegistryError, SettlementError) as error:
        errors.print(printable(str(error)))
        sys.exit(1)
    except OSError as error:
        errors.print(f"{error.filename}: {error.strerror}" if error.filename else str(error))
        sys.exit(1)
    except Exception as error:
        if os.environ.get("MEETLAT_DEBUG"):
            raise
        errors.print(f"this should not happen: {type(error).__name__}: {error}")
        errors.print("nothing was published; MEETLAT_DEBUG=1 shows where it went wrong")
        sys.exit(1)
