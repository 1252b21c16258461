"""The pages of a registry: language, organisation and period first, then the page that was asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import streamlit as st

from app import publication
from app.selection import View, choose_language, choose_view
from app.views import contract, data, frame, indicator, overview
from app.wording import Wording
from registry_db.faults import RegistryError

HERE = Path(__file__).parent


def main() -> None:
    """Draw the page."""
    st.set_page_config(page_title="Meetlat", page_icon=str(HERE / "mark.svg"), layout="wide")
    st.html(HERE / "style.css")
    st.logo(HERE / "wordmark.svg", size="large")
    w = choose_language()
    try:
        reader = publication.newest()
    except RegistryError as error:
        frame.nothing_yet(w, str(error))
        return
    view = choose_view(w, reader)
    if view is None:
        frame.nothing_yet(w, w.t("nothing.scored"))
        return
    page = navigation(w, view)
    st.set_page_config(page_title=f"{page.title} · {view.organisation.name} · Meetlat")
    page.run()
    frame.foot(view)


def navigation(w: Wording, view: View) -> st.Page:
    """Lay out the menu; the page that was asked for."""
    pages: list[tuple[str, str, Callable[[View], None]]] = [
        ("overview", w.t("nav.overview"), overview.show),
        ("indicator", w.t("nav.indicator"), indicator.show),
        ("contract", w.t("nav.contract"), contract.show),
        ("data", w.t("nav.data"), data.show),
    ]
    return st.navigation(
        [
            st.Page(partial(show, view), title=title, url_path=path, default=path == "overview")
            for path, title, show in pages
        ]
    )


main()
