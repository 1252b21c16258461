"""The line of one score: a slice of its funnel, laid flat, small enough for a row of a table."""

from __future__ import annotations

from collections.abc import Callable

from app.markup import COLOURS, INK, image
from app.wording import Wording
from registry_db.published import Result, Score

WIDTH, HEIGHT, MARGIN = 220, 24, 8
_AREAS = (("low998", "high998", "#E7ECF2"), ("low95", "high95", "#C9D6E2"))


def spine(w: Wording, result: Result) -> str:
    """Draw one score on its own scale, as SVG: value and interval, the average, and the limits of chance.

    Empty for a score without a value, interval or benchmark.
    """
    score, benchmark = result.score, result.benchmark
    if score.adjusted is None or score.lower is None or score.upper is None or benchmark is None:
        return ""
    everyone = benchmark.average(result.indicator)
    place = _scale(score, everyone)
    label = w.t(
        "spine.alt",
        value=w.value(result.indicator, score.adjusted),
        interval=w.interval(result.indicator, score.lower, score.upper),
        average=w.value(result.indicator, everyone),
    )
    colour, middle = COLOURS[score.side], HEIGHT / 2
    average, own = place(everyone), place(score.adjusted)
    drawing = (
        f'{_areas(score, place)}<path d="M{average:.1f} 1 V{HEIGHT - 1}" stroke="{INK}" stroke-width="1.5"/>'
        f'<path d="M{place(score.lower):.1f} {middle} H{place(score.upper):.1f}" stroke="{colour}" '
        f'stroke-width="2.5"/><path d="M{own:.1f} {middle - 6.5} l6.5 6.5 l-6.5 6.5 l-6.5 -6.5 Z" '
        f'fill="{colour}" stroke="#fff" stroke-width="1.5"/>'
    )
    return image(drawing, width=WIDTH, height=HEIGHT, label=label, kind="spine")


def _areas(score: Score, place: Callable[[float], float]) -> str:
    """Where a difference can be chance; a limit that cannot be reached is the end of the line."""
    drawn = ""
    for low, high, fill in _AREAS:
        limits = getattr(score, low), getattr(score, high)
        if limits == (None, None):
            continue
        left = 0.0 if limits[0] is None else place(limits[0])
        right = WIDTH if limits[1] is None else place(limits[1])
        drawn += f'<rect x="{left:.1f}" y="3" width="{right - left:.1f}" height="18" fill="{fill}"/>'
    return drawn


def _scale(score: Score, average: float) -> Callable[[float], float]:
    """From a value to its place on the line."""
    limits = [score.low998, score.low95, score.high95, score.high998]
    shown = [score.lower, score.upper, score.adjusted, average, *limits]
    known = [value for value in shown if value is not None]
    low, span = min(known), (max(known) - min(known)) or 1.0

    def place(value: float) -> float:
        return MARGIN + (value - low) / span * (WIDTH - 2 * MARGIN)

    return place
