"""The command line itself: its options, and what the commands share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from app.printing import FILE_KINDS, errors, print_json, printable, records, write_file
from contracts.inputs import SettlementError
from indicators.words import Language
from registry_db.faults import RegistryError
from registry_db.registry import Progress, Registry


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
    Path | None,
    typer.Option(
        "--out", help="Write to a file instead: .csv, .json, .parquet or .xlsx.", callback=_known_kind
    ),
]


PeriodOption = Annotated[
    str | None, typer.Option(help="Only this period, such as 2025, 2016/17, 2025-Q1 or 2023-2025.")
]


LanguageOption = Annotated[Language, typer.Option(help="Language of the words.")]


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
def opened(context: typer.Context, language: Language = "en") -> Iterator[Registry]:
    """Open the registry that the command line names; what is refused is told in a language it has."""
    try:
        with Registry(context.obj) as registry:
            yield registry
    except (RegistryError, SettlementError) as error:
        if language == "en":
            raise
        errors.print(printable(error.dutch))
        raise typer.Exit(1) from None


@contextmanager
def progress(title: str) -> Iterator[Progress]:
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


def written(frame: pd.DataFrame, *, as_json: bool, out: Path | None) -> bool:
    """Write for a machine if it was asked for; else give False, and a person is to be told."""
    if out:
        write_file(frame, out)
    elif as_json:
        print_json(records(frame))
    return as_json or out is not None
