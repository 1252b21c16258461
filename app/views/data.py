"""About the data: where the numbers come from and how to read them."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

import pandas as pd
import streamlit as st

from app import markup
from app.selection import View
from app.views import frame
from registry_db.published import Dataset


def show(view: View) -> None:
    """Draw the page."""
    w, about = view.w, view.about
    frame.warn_if_generated(view)
    frame.heading(w.t("data.title"), w.t("data.lead", registry=about.registry))
    st.html(markup.cards(_cards(view)))
    frame.section(w.t("data.datasets"), w.t("data.datasets.about"))
    st.html(_datasets(view))
    frame.section(w.t("data.deliveries"), w.t("data.deliveries.about"))
    _deliveries(view)
    frame.section(w.t("data.reading"))
    st.html('<ul class="reading">' + "".join(f"<li>{escape(line)}</li>" for line in _reading(view)) + "</ul>")


def _cards(view: View) -> list[tuple[str, str, str]]:
    w, about = view.w, view.about
    cut_off = w.date(about.cut_off) if about.cut_off else w.t("data.no-cut-off")
    return [
        (w.t("data.publication"), about.id[:16], w.t("data.made", moment=w.moment(about.published_at))),
        (w.t("data.cut-off"), cut_off, ""),
        (w.t("data.small-cell"), str(about.small_cell), w.t("data.small-cell.about")),
        (w.t("data.software"), f"Meetlat {about.meetlat}", ""),
    ]


def _datasets(view: View) -> str:
    w = view.w
    rows = ((*_dataset_cells(view, row),) for row in view.reader.datasets())
    head = (w.t("column.dataset"), w.t("column.source"), w.t("column.version"))
    return markup.table(head, rows, caption=w.t("data.datasets"), kind="texts")


def _dataset_cells(view: View, row: Dataset) -> Iterator[str]:
    tag = f'<span class="tag">{escape(view.w.t("generated.word"))}</span>' if row.generated else ""
    yield f"{escape(view.w.of(row, 'title'))} {tag}"
    yield escape(view.w.of(row, "source"))
    yield escape(f"{row.dataset} {row.version}")


def _deliveries(view: View) -> None:
    w, deliveries = view.w, view.reader.deliveries()
    if not deliveries:
        frame.empty(w.t("data.no-deliveries"))
        return
    table = pd.DataFrame(
        {
            w.t("column.file"): [row.file_name for row in deliveries],
            w.t("column.dataset"): [row.dataset for row in deliveries],
            w.t("column.received"): [w.moment(row.received_at) for row in deliveries],
            w.t("column.rows"): [w.count(row.rows) for row in deliveries],
            w.t("column.accepted"): [w.count(row.accepted) for row in deliveries],
            w.t("column.quarantined"): [w.count(row.quarantined) for row in deliveries],
            w.t("column.status"): [
                w.t("delivery.superseded") if row.superseded else w.t("delivery.in-use") for row in deliveries
            ],
        }
    )
    st.table(table, hide_index=True, border="horizontal")


def _reading(view: View) -> tuple[str, ...]:
    w = view.w
    return (
        w.t("reading.expected"),
        w.t("reading.band", outer=w.percent(0.998, 1), inner=w.percent(0.95, 0)),
        w.t("reading.side"),
        w.t("reading.interval"),
        w.t("reading.not-assessable"),
        w.t("reading.small-cell", small_cell=view.about.small_cell),
        w.t("reading.ranking"),
    )
