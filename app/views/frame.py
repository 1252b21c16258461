"""What every page has around it: heading, warning, and which publication it comes from."""

from __future__ import annotations

from html import escape

import streamlit as st

from app.selection import View
from app.wording import Wording


def warn_if_generated(view: View, *, also: bool = False) -> None:
    """Warning that figures are not real: for the whole publication, or ``also`` for what this page shows."""
    if also or view.about.generated:
        word, warning = escape(view.w.t("generated.word")), escape(view.w.t("generated.banner"))
        st.html(f'<div class="generated" role="note"><strong>{word}</strong> {warning}</div>')


def heading(title: str, lead: str = "") -> None:
    """Title of a page with a sentence under it."""
    under = f'<p class="lead">{escape(lead)}</p>' if lead else ""
    st.html(f'<header class="page"><h1>{escape(title)}</h1>{under}</header>')


def section(title: str, about: str = "") -> None:
    """Heading of a part of a page."""
    under = f"<p>{escape(about)}</p>" if about else ""
    st.html(f'<div class="section"><h2>{escape(title)}</h2>{under}</div>')


def warning(text: str) -> None:
    """What a reader must know before the figures are read."""
    st.html(f'<p class="warning" role="note">{escape(text)}</p>')


def note(text: str) -> None:
    """A remark under a chart or table."""
    st.html(f'<p class="note">{escape(text)}</p>')


def empty(text: str) -> None:
    """What stands where there is nothing to show."""
    st.html(f'<p class="empty">{escape(text)}</p>')


def foot(view: View) -> None:
    """Where the numbers come from, so that they can be quoted."""
    about = view.about
    cut_off = view.w.t("foot.cut-off", day=view.w.date(about.cut_off)) if about.cut_off else ""
    text = view.w.t("foot", registry=about.registry, publication=about.id, cut_off=cut_off)
    st.html(f'<footer class="page">{escape(text)}</footer>')


def nothing_yet(w: Wording, message: str) -> None:
    """The page of a registry that has nothing to show."""
    title, lead = escape(w.t("nothing.title")), escape(w.t("nothing.lead"))
    st.html(f'<header class="page"><h1>{title}</h1><p class="lead">{lead}</p></header>')
    st.html(f'<pre class="empty">{escape(message)}</pre>')
