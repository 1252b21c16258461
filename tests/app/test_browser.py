"""One walk through the real pages, in a real browser, on a real server."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine"),
]
# what keeps Chromium from calling home by itself
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# on a page below the root Streamlit first asks whether it is served from there, and then from the root
PROBE = re.compile(r"/(indicator|contract|data)/_stcore/(health|host-config)$")
SERVE = "import sys; from pathlib import Path; from app.server import serve_app; "
SERVE += "serve_app(Path(sys.argv[1]), int(sys.argv[2]))"


@pytest.fixture(scope="module")
def address(registry: Path) -> Iterator[str]:
    """Address of a server of the made-up registry."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", SERVE, str(registry), str(port)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(f"http://127.0.0.1:{port}/_stcore/health", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(150):
        assert server.poll() is None, "the server stopped"
        try:
            with urllib.request.urlopen(address, timeout=1):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"{address} did not answer within 30 s")


@dataclass
class Heard:
    """What the browser complained of, and where it went."""

    complaints: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)


def listen(page) -> Heard:
    heard = Heard()

    def console(message) -> None:
        if message.type == "error" and not PROBE.search(urlsplit(message.location["url"]).path):
            heard.complaints.append(f"{message.text} ({message.location['url']})")

    def request(made) -> None:
        parts = urlsplit(made.url)
        if parts.scheme not in ("data", "blob") and parts.hostname != "127.0.0.1":
            heard.elsewhere.append(made.url)

    page.on("console", console)
    page.on("pageerror", lambda error: heard.complaints.append(str(error)))
    page.on("request", request)
    return heard


def test_a_midwife_walks_through_the_pages(address: str) -> None:
    from playwright.sync_api import expect, sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        heard = listen(page)

        page.goto(address)
        expect(page.get_by_role("heading", name="VSV De Linde")).to_be_visible(timeout=20_000)
        assert page.locator("html").get_attribute("lang") == "nl"
        expect(page.get_by_text("Gegenereerde gegevens")).to_be_visible()
        expect(page.locator("img.spine")).to_have_count(4)  # lines of the scores that could be judged

        page.get_by_role("link", name="Ernstige ruptuur").click()
        expect(page.get_by_role("heading", name="Ernstige ruptuur")).to_be_visible(timeout=20_000)
        expect(page.locator("svg.marks")).to_be_visible(timeout=20_000)
        chart = page.locator('[role="graphics-document"]').first
        assert "VSV De Linde" in (chart.get_attribute("aria-label") or "")
        page.get_by_role("tab", name="Waar elk record bleef").click()
        expect(page.get_by_text("Samen", exact=True)).to_be_visible()

        page.get_by_role("radio", name="English").click()
        expect(page.get_by_role("heading", name="Severe tear")).to_be_visible(timeout=20_000)
        assert "lang=en" in page.url
        assert "indicator=birth-tear" in page.url

        page.get_by_role("link", name="Contract", exact=True).click()
        expect(page.get_by_text("€48,207.30").first).to_be_visible(timeout=20_000)
        expect(page.locator("svg.marks")).to_be_visible(timeout=20_000)
        for label, name in (("Workbook (Excel)", "xlsx"), ("Document (PDF)", "pdf"), ("Data (JSON)", "json")):
            with page.expect_download() as taken:
                page.get_by_role("button", name=label).click()
            assert taken.value.suggested_filename == f"vsv-contract-2025.{name}"
            start = Path(taken.value.path()).read_bytes()[:4]
            assert start == {"xlsx": b"PK\x03\x04", "pdf": b"%PDF", "json": b"[\n  "}[name]
        page.get_by_role("link", name="About the data").click()
        expect(page.get_by_text("Made up for a test")).to_be_visible(timeout=20_000)

        page.go_back()
        expect(page.get_by_text("€48,207.30").first).to_be_visible(timeout=20_000)

        page.goto(f"{address}/api/docs")
        page.get_by_role("link", name="/api/v1/settlements").click()
        assert '"payment":"48207.30"' in page.content()
        browser.close()

    assert heard.complaints == []
    assert heard.elsewhere == []
