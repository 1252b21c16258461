"""Commands that serve the pages and the API."""

from __future__ import annotations

from typing import Annotated

import typer

from app.commands.frame import cli


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
