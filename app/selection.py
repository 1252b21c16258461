"""What the reader is looking at: language, organisation and period, in the sidebar and in the address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from app.wording import LANGUAGES, Language, Wording, wording
from registry_db.published import Organisation, Publication
from registry_db.reader import PublicationReader

LANGUAGE_NAMES: dict[Language, str] = {"nl": "Nederlands", "en": "English"}


@dataclass(frozen=True, slots=True)
class View:
    """What a page shows: one organisation in one period, from one publication, in one language."""

    w: Wording
    reader: PublicationReader
    organisation: Organisation
    period: str

    @property
    def about(self) -> Publication:
        """The publication that is shown."""
        return self.reader.about()

    def link(self, page: str, **also: str) -> str:
        """Address of a page that shows the same organisation and period."""
        chosen = {
            "lang": self.w.language,
            "organisation": self.organisation.provider,
            "period": self.period,
        }
        return f"{page}?{urlencode(chosen | also)}"


def choose_language() -> Wording:
    """Language of the page: that of the address, else Dutch."""
    chosen: Language = choose(
        "lang",
        LANGUAGES,
        default="nl",
        widget=lambda key: st.sidebar.segmented_control(
            "Taal / Language",
            LANGUAGES,
            format_func=lambda code: LANGUAGE_NAMES[code],
            key=key,
            required=True,
            label_visibility="collapsed",
        ),
    )
    return wording(chosen)


def choose_view(w: Wording, reader: PublicationReader) -> View | None:
    """Organisation and period; None if nothing was scored or settled yet."""
    organisations = {row.provider: row for row in reader.organisations()}
    if not organisations:
        return None
    codes = list(organisations)
    settled = [row.provider for row in reader.settlements() if row.provider in organisations]
    provider = choose(
        "organisation",
        codes,
        # one with a contract has the most to see
        default=settled[0] if settled else codes[0],
        widget=lambda key: st.sidebar.selectbox(
            w.t("choose.organisation"), codes, format_func=lambda code: organisations[code].name, key=key
        ),
    )
    periods = reader.periods(provider=provider) or reader.periods()
    period = choose(
        "period",
        periods,
        default=periods[0],
        widget=lambda key: st.sidebar.selectbox(w.t("choose.period"), periods, key=key),
    )
    return View(w, reader, organisations[provider], period)


def choose(name: str, options: Sequence[Any], *, default: Any, widget: Callable[[str], Any]) -> Any:
    """Let the reader choose, with the choice in the address.

    The address wins when it was changed from outside (a link, the back button), the widget otherwise. What
    the address says is only ever compared with the options.

    Parameters
    ----------
    name : str
        Under which the choice stands in the address.
    options : sequence of str
        What there is to choose.
    default : str
        The choice when neither says anything valid.
    widget : callable
        Draws the widget under the key it is given, and returns the choice.
    """
    key, written = f"choose_{name}", f"address_{name}"
    asked, before = st.query_params.get(name), st.session_state.get(written)
    if asked != before and asked in options:
        st.session_state[key] = asked
    elif st.session_state.get(key) not in options:
        # a widget forgets when its page is left; what it last wrote to the address is kept
        st.session_state[key] = before if before in options else default
    chosen = widget(key)
    st.session_state[written] = st.query_params[name] = chosen
    return chosen
