"""The command line: how an operator works. It parses and prints; the registry does the work."""

from __future__ import annotations

import os
import sys
from importlib import import_module

from app.commands.frame import cli
from app.exporting import export
from app.printing import errors, lines, printable
from contracts.inputs import SettlementError
from indicators.faults import DefinitionError
from registry_db.faults import RegistryError

__all__ = ["cli", "main"]

for _subject in ("definitions", "deliveries", "running", "results", "agreements", "serving"):
    # Each puts its commands on the command line, in the order in which help lists them.
    import_module(f"app.commands.{_subject}")
cli.add_typer(export)


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
