"""The pieces of HTML that pages share. Everything that comes from a publication is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from urllib.parse import quote

from app import sentences
from app.wording import Wording
from registry_db.published import Indicator, Score

NAVY, TEAL, PLUM, INK, LILAC = "#12436D", "#28A197", "#801650", "#3D3D3D", "#A285D1"
# better and worse differ in shade as well as in hue, and never stand without their words
COLOURS = {"better": NAVY, "worse": "#C2410C", "as-expected": "#6B6B6B"}
_SHAPES = {"low": "M2 4 L14 4 L8 14 Z", "high": "M2 12 L14 12 L8 2 Z"}


def mark_of(score: Score) -> str:
    """Draw the band: a triangle to the side it is beyond, filled beyond the outer limit; else a ring."""
    colour = COLOURS[score.side]
    if score.certainty is None:
        shape = f'<circle cx="8" cy="8" r="4.5" fill="#fff" stroke="{colour}" stroke-width="2"/>'
    else:
        path = _SHAPES["low" if score.band.startswith("low") else "high"]
        fill = colour if score.certainty == 0.998 else "#fff"
        shape = f'<path d="{path}" fill="{fill}" stroke="{colour}" stroke-width="2" stroke-linejoin="round"/>'
    return image(shape, width=16, height=16, label="", kind="mark")


def image(drawing: str, *, width: int, height: int, label: str, kind: str) -> str:
    """Put SVG into a page, as a picture: Streamlit takes it out where it stands by itself."""
    frame = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">{drawing}</svg>'
    size = f'width="{width}" height="{height}"'
    return f'<img class="{kind}" {size} alt="{escape(label)}" src="data:image/svg+xml,{quote(frame)}">'


def verdict(w: Wording, indicator: Indicator, score: Score, *, small_cell: int) -> str:
    """Band in words with its mark, or why there is none."""
    if indicator.is_fact:
        return f'<span class="quiet">{escape(w.t("fact.verdict"))}</span>'
    if not score.assessable:
        return f'<span class="quiet">{escape(sentences.reason(w, score, small_cell=small_cell))}</span>'
    words = escape(sentences.band(w, indicator, score))
    side = sentences.side(w, score)
    small = f'<small class="{score.side}">{escape(side)}</small>' if side else ""
    return f'<span class="verdict">{mark_of(score)}<span>{words}{small}</span></span>'


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, caption: str, kind: str = "") -> str:
    """Lay out a table; cells are HTML already, the head is text. The first cell of a row is its heading."""
    header = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    # on a narrow screen the cells stand under each other, each with the name of its column
    labels = [f'<td data-label="{escape(name)}">' for name in head[1:]]
    body = "".join(
        f'<tr><th scope="row">{first}</th>'
        + "".join(f"{label}{cell}</td>" for label, cell in zip(labels, rest, strict=True))
        + "</tr>"
        for first, *rest in rows
    )
    return (
        f'<div class="scroll"><table class="figures {kind}"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{header}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def status(w: Wording, indicator: Indicator) -> str:
    """Mark a version that is not in force; nothing for one that is."""
    words = sentences.status(w, indicator)
    return f' <span class="status">{escape(words)}</span>' if words else ""


def cards(items: Iterable[tuple[str, str, str]]) -> str:
    """Lay out figures as cards: what it is, the figure, and a line that explains it. All text."""
    drawn = "".join(
        f'<div class="card"><dt>{escape(name)}</dt><dd>{escape(value)}'
        f"{f'<small>{escape(note)}</small>' if note else ''}</dd></div>"
        for name, value, note in items
    )
    return f'<dl class="cards">{drawn}</dl>'
