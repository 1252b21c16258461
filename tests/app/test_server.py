"""The server: pages and API from one address, and what it sends before a page is drawn."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest
from streamlit import config
from streamlit.web.server.starlette.starlette_app import _validate_run_config

from app import server
from app.api import api

INDEX = b'<!DOCTYPE html>\n<html lang="en">\n<body>x</body></html>'


def test_settings_are_known_to_streamlit_and_ask_nothing_of_other_machines() -> None:
    assert _validate_run_config(server.SETTINGS) == server.SETTINGS
    assert server.SETTINGS["browser.gatherUsageStats"] is False
    assert server.SETTINGS["server.address"] == "127.0.0.1"
    assert server.SETTINGS["server.enableAgentApi"] is False
    assert config.get_option("server.enableAgentApi") is False


def test_the_api_has_the_same_paths_beside_the_pages() -> None:
    app = server.pages()
    (route,) = app._user_routes
    assert route.app is api  # type: ignore[attr-defined]
    scope = {"type": "http", "method": "GET", "path": "/api/v1/about", "root_path": "", "headers": []}
    match, child = route.matches(scope)
    assert match.name == "FULL"
    assert "root_path" not in child  # so that nothing is taken off the path


def ask(path: str, query: str = "", accept: str = "text/html") -> tuple[dict[bytes, bytes], bytes, Any]:
    """Send a request through the middleware to a page that comes in two pieces."""
    seen: list[Any] = []
    sent: list[MutableMapping[str, Any]] = []

    async def page(scope: Any, _receive: Any, send: Any) -> None:
        seen.append(dict(scope["headers"]))
        headers = [(b"content-type", b"text/html"), (b"content-length", str(len(INDEX)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": INDEX[:20], "more_body": True})
        await send({"type": "http.response.body", "body": INDEX[20:]})

    async def collect(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "query_string": query.encode()}
    headers = [(b"accept", accept.encode()), (b"accept-encoding", b"gzip")]
    asyncio.run(server.DeclareLanguage(page)({**scope, "headers": headers}, None, collect))  # type: ignore[arg-type]
    body = b"".join(message.get("body", b"") for message in sent)
    return dict(sent[0]["headers"]), body, seen[0]


@pytest.mark.parametrize(
    ("query", "lang"), [("", b"nl"), ("lang=en", b"en"), ("lang=nl", b"nl"), ('lang="><script>', b"nl")]
)
def test_a_page_declares_its_language(query: str, lang: bytes) -> None:
    headers, body, seen = ask("/indicator", query)
    assert b'<html lang="' + lang + b'"' in body
    assert int(headers[b"content-length"]) == len(body)
    assert b"accept-encoding" not in seen  # a compressed page could not be changed


@pytest.mark.parametrize(("path", "accept"), [("/static/x.js", "*/*"), ("/api/docs", "text/html")])
def test_other_answers_pass_untouched(path: str, accept: str) -> None:
    _, body, seen = ask(path, "lang=nl", accept)
    assert body == INDEX
    assert b"accept-encoding" in seen


def test_a_page_that_fails_gives_a_number_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []
    monkeypatch.setattr(server.st, "error", told.append)
    assert server.tell_of_error(ValueError("a secret detail"))
    assert "a secret detail" not in told[0]
    number = caplog.messages[0].rsplit(" ", 1)[1]
    assert number in told[0]
