"""Commands about deliveries."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app.commands.frame import JsonOption, OutOption, cli, opened, progress, written
from app.printing import console, errors, lines, print_json, print_table, printable
from registry_db.deliveries import Delivered


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
        with opened(context) as registry, progress("deliver") as tell:
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
    with opened(context) as registry:
        frame = registry.quarantine(quarantine) if quarantine else registry.deliveries()
    if written(frame, as_json=as_json, out=out):
        return
    if quarantine:
        print_table(frame, dict.fromkeys(frame, ""), empty="no row of this delivery was quarantined")
        return
    counts = dict.fromkeys(("rows", "accepted", "quarantined"), ",")
    counts |= {name: "," for name in ("passed_over", "orphans") if frame[name].any()}
    print_table(frame, {"delivery": "", "file_name": "", **counts, "superseded_by": ""})
