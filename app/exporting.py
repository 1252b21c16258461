"""The commands that write definitions and scores in the formats of others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from app.printing import console, print_json
from indicators.words import Language
from registry_db.registry import Registry

export = typer.Typer(
    name="export", help="Write definitions and scores in the formats of others.", no_args_is_help=True
)
OutFile = Annotated[Path | None, typer.Option("--out", help="File to write; by default it is printed.")]


@export.command("fhir")
def export_fhir(
    context: typer.Context,
    indicator: Annotated[str, typer.Argument(help="Indicator.")],
    version: Annotated[str | None, typer.Option(help="By default the version in force.")] = None,
    language: Annotated[Language, typer.Option(help="Language of the texts.")] = "nl",
    out: OutFile = None,
) -> None:
    """Write an indicator as a FHIR R4 Measure.

    Example: `meetlat export fhir birth-pph --out birth-pph.measure.json`
    """
    with Registry(context.obj) as registry:
        resource = registry.fhir_measure(indicator, version, language=language)
    _write_json(resource, out)


@export.command("fhir-scores")
def export_fhir_scores(
    context: typer.Context,
    indicator: Annotated[str, typer.Argument(help="Indicator.")],
    period: Annotated[str, typer.Option(help="Period, such as 2025.")],
    version: Annotated[str | None, typer.Option(help="By default the newest in the publication.")] = None,
    out: OutFile = None,
) -> None:
    """Write published scores as FHIR R4 MeasureReports, in a bundle: what is hidden is absent, never zero.

    Example: `meetlat export fhir-scores birth-pph --period 2025 --out reports.json`
    """
    with Registry(context.obj) as registry:
        bundle = registry.fhir_scores(indicator, period, version)
    _write_json(bundle, out)


def _write_json(resource: dict[str, Any], out: Path | None) -> None:
    if out is None:
        print_json(resource)
        return
    out.write_text(json.dumps(resource, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    console.print(f"wrote {out}")
