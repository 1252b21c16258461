"""The endpoints on one page, that needs nothing from another machine."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any


def page(description: dict[str, Any]) -> str:
    """Lay out the OpenAPI description of the endpoints as HTML."""
    about = description["info"]
    entries = "".join(_entry(path, methods["get"]) for path, methods in description["paths"].items())
    return _PAGE.format(title=escape(about["title"]), about=escape(about["description"]), entries=entries)


def _entry(path: str, operation: dict[str, Any]) -> str:
    rows = "".join(_parameter(given) for given in operation.get("parameters", []))
    table = f"<table><tr><th>parameter<th>type<th>meaning{rows}</table>" if rows else ""
    return (
        f'<section><h2>GET <a href="{escape(path)}">{escape(path)}</a></h2>'
        f"<p>{escape(operation['description'])}</p>{table}</section>"
    )


def _parameter(given: dict[str, Any]) -> str:
    schema = given["schema"]
    kinds: Sequence[dict[str, Any]] = schema.get("anyOf", [schema])
    kind = next(option["type"] for option in kinds if option.get("type") != "null")
    meaning = given.get("description", "")
    return f"<tr><td><code>{escape(given['name'])}</code><td>{escape(kind)}<td>{escape(meaning)}"


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title} API</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><style>
body {{ font: 16px/1.5 system-ui, sans-serif; color: #2b2f33; max-width: 52rem; margin: 3rem auto }}
h1, h2, a {{ color: #12436d }} h2 {{ font-size: 1.1rem; font-family: ui-monospace, monospace }}
section {{ border-top: 1px solid #dde2e7; padding: .4rem 0 1rem }} table {{ border-collapse: collapse }}
th, td {{ text-align: left; padding: .25rem 1.5rem .25rem 0; border-bottom: 1px solid #e6eaee }}
</style></head><body><h1>{title} API</h1><p>{about}</p>
<p>Machine-readable: <a href="/api/openapi.json">/api/openapi.json</a></p>{entries}</body></html>
"""
