"""Commands about definitions: make a registry, check, define, compare, describe."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from app.commands.frame import JsonOption, LanguageOption, cli, opened, progress
from app.differences import print_diff
from app.printing import console, errors, lines, print_json, print_table, records
from app.report import print_demo
from app.wording import wording
from registry_db.lifecycle import Decision
from registry_db.registry import Registry
from registry_db.schemas import write_schemas


@cli.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="Folder of the new registry.")] = Path("meetlat-demo"),
) -> None:
    """Build a registry from generated birth-care records and run everything.

    Example: `meetlat demo my-demo && meetlat --registry my-demo app`
    """
    with progress("demo") as tell:
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
    with opened(context) as registry:
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
    with opened(context) as registry:
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
    with opened(context) as registry:
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
    print_table(
        pd.DataFrame(steps, columns=columns), dict.fromkeys(columns, ""), title=definition, to_file=False
    )


@cli.command()
def diff(
    context: typer.Context,
    what: Annotated[str, typer.Argument(metavar="ID|FILE", help="Indicator, or a definition file.")],
    before: Annotated[
        str | None, typer.Argument(help="Version; a file is held against the one in force.")
    ] = None,
    after: Annotated[str | None, typer.Argument(help="Later version.")] = None,
    language: LanguageOption = "nl",
    as_json: JsonOption = False,
) -> None:
    """Say what a version of an indicator changes: in words, and in the states and scores of today's records.

    For the operator, so nothing is hidden.

    Example: `meetlat diff birth-pph 1.0.0 1.1.0 --language en`
    """
    with opened(context, language) as registry:
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
        print_diff(wording(language), found)


@cli.command()
def dummy(
    context: typer.Context,
    dataset: Annotated[str, typer.Argument(help="Dataset that the records are of.")],
    rows: Annotated[int, typer.Option(min=1, help="Number of records.")],
    out: Annotated[Path, typer.Option(help="File to write; its name gets 'generated' in it.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same file.")] = 1,
    year: Annotated[
        int, typer.Option(min=1900, max=2100, help="Year in which all days of the records lie.")
    ] = 2025,
    missing: Annotated[
        float, typer.Option(min=0, max=1, help="Share without a value, in columns that allow it.")
    ] = 0.05,
) -> None:
    """Write a delivery of generated records, to try a definition without patients.

    Tables of a dataset come along, each in a file of its own. Each column is drawn by itself from what its
    type, range and codes allow: no score of it says anything of care.

    Example: `meetlat dummy birth --rows 1000 --out births.csv`
    """
    with opened(context) as registry:
        made = registry.dummy(dataset, out, rows=rows, seed=seed, year=year, missing=missing)
    for each in made:
        what = "records" if each.table == dataset else f"rows of {each.table}"
        console.print(f"wrote {each.rows:,} generated {what} to {each.file}")
        console.print(f"next: meetlat deliver {each.table} {each.file}")


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
def guide(
    context: typer.Context,
    folder: Annotated[Path, typer.Option("--out", help="Folder to write in.")] = Path("guide"),
) -> None:
    """Write the indicator guide (indicatorengids) as HTML and PDF, in Dutch and English.

    Example: `meetlat guide --out gids`
    """
    with opened(context) as registry:
        written = registry.guide(folder)
    for file in written:
        console.print(f"wrote {file}")
