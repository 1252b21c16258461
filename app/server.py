"""Serving the pages and the API: from one address, on this machine only, asking nothing of other machines."""

from __future__ import annotations

import logging
import os
import uuid
from pathlib import Path
from urllib.parse import parse_qs

import streamlit as st
import uvicorn
from starlette.middleware import Middleware
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api import api
from app.publication import REGISTRY_VARIABLE
from app.wording import LANGUAGES

ADDRESS = "127.0.0.1"
MAIN = Path(__file__).parent / "main.py"

SETTINGS = {
    "server.headless": True,
    "server.address": ADDRESS,
    "server.fileWatcherType": "none",
    "server.enableAgentApi": False,
    "browser.gatherUsageStats": False,
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "theme.base": "light",
    "theme.primaryColor": "#12436D",
    "theme.textColor": "#2B2F33",
    "theme.linkColor": "#12436D",
    "theme.backgroundColor": "#FFFFFF",
    "theme.secondaryBackgroundColor": "#F4F6F8",
    "theme.borderColor": "#DDE2E7",
    "theme.baseRadius": "6px",
    "theme.showSidebarBorder": True,
}

log = logging.getLogger(__name__)


def serve_app(registry: Path, port: int) -> None:
    """Serve the pages, and the API beside them under ``/api``; returns when stopped."""
    os.environ[REGISTRY_VARIABLE] = str(registry)
    pages().run(config={**SETTINGS, "server.port": port})


def serve_api(registry: Path, port: int) -> None:
    """Serve the API alone; returns when stopped."""
    os.environ[REGISTRY_VARIABLE] = str(registry)
    uvicorn.run(api, host=ADDRESS, port=port, log_level="warning")


def pages() -> st.App:
    """The pages, with the API mounted beside them."""
    return st.App(
        MAIN,
        # a Route, where a Mount would take /api off the paths: they are the same here as when it runs alone
        routes=[Route("/api/{rest:path}", api)],
        middleware=[Middleware(DeclareLanguage)],
        on_script_error=tell_of_error,
    )


def tell_of_error(error: Exception) -> bool:
    """Say that a page failed, under a number by which the operator finds it in the log."""
    number = uuid.uuid4().hex[:8]
    log.error("page failed, number %s", number, exc_info=error)
    st.error(
        f"Deze pagina kon niet worden gemaakt. Geef dit nummer door: {number}. / "
        f"This page could not be made. Please pass on this number: {number}."
    )
    return True


class DeclareLanguage:
    """Let the page say in which language it is, for who has it read out; Streamlit says English always."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and put the language into a page that comes back."""
        if scope["type"] != "http" or not _wants_page(scope):
            await self.app(scope, receive, send)
            return
        # a compressed page could not be changed
        headers = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        start: Message = {}
        body = b""

        async def hold(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            changed = body.replace(b'<html lang="en"', f'<html lang="{_language(scope)}"'.encode(), 1)
            kept = [pair for pair in start["headers"] if pair[0].lower() != b"content-length"]
            length = (b"content-length", str(len(changed)).encode())
            await send({**start, "headers": [*kept, length]})
            await send({"type": "http.response.body", "body": changed})

        await self.app({**scope, "headers": headers}, receive, hold)


def _wants_page(scope: Scope) -> bool:
    accepts = dict(scope["headers"]).get(b"accept", b"")
    return scope["method"] == "GET" and b"text/html" in accepts and not scope["path"].startswith("/api")


def _language(scope: Scope) -> str:
    asked = parse_qs(scope["query_string"].decode("latin-1")).get("lang", ["nl"])[-1]
    return asked if asked in LANGUAGES else LANGUAGES[0]
