"""The line of one score: a slice of its funnel, laid flat, small enough for a row of a table."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from app.markup import COLOURS
from app.wording import Wording
from registry_db.published import Benchmark, Result, Score

WIDTH, HEIGHT, MARGIN = 220, 24, 8


def spine(w: Wording, result: Result) -> str:
    """Draw one score on its own scale, as SVG: interval, value, average, and the limits of chance behind them."""
    score, benchmark = result.score, result.benchmark
    if score.adjusted is None or score.lower is None or score.upper is None or benchmark is None:
        return ""
    place = _spine_scale(score, benchmark)
    own, colour = place(score.adjusted), COLOURS[score.side]
    shades = "".join(
        f'<rect x="{place(low, 4):.1f}" y="{12 - half}" width="{place(high, 216) - place(low, 4):.1f}" '
        f'height="{2 * half}" fill="{fill}"/>'
        for low, high, half, fill in (
            (score.low998, score.high998, 9, "#EDF1F5"),
            (score.low95, score.high95, 9, "#D5DFE8"),
        )
        if low is not None or high is not None
    )
    label = w.t(
        "spine.alt",
        value=w.value(result.indicator, score.adjusted),
        interval=w.interval(result.indicator, score.lower, score.upper),
        average=w.value(result.indicator, benchmark.reference),
    )
    average = place(benchmark.reference)
    return (
        f'<svg class="spine" viewBox="0 0 220 24" width="220" height="24" role="img" '
        f'aria-label="{escape(label)}">{shades}'
        f'<line x1="{average:.1f}" x2="{average:.1f}" y1="1" y2="23" stroke="{INK}" stroke-width="1.5"/>'
        f'<line x1="{place(score.lower):.1f}" x2="{place(score.upper):.1f}" y1="12" y2="12" '
        f'stroke="{colour}" stroke-width="2.5"/>'
        f'<path d="M{own:.1f} 5.5 l6.5 6.5 l-6.5 6.5 l-6.5 -6.5 Z" fill="{colour}" stroke="#fff" '
        f'stroke-width="1.5"/></svg>'
    )


def _spine_scale(score: Score, benchmark: Benchmark) -> Any:
    """Place of a value on a line of 220 wide; None goes to the end that is named."""
    shown = [score.lower, score.upper, score.adjusted, benchmark.reference]
    shown += [getattr(score, limit) for limit in _LIMITS]
    known = [value for value in shown if value is not None]
    low, high = min(known), max(known)
    span = (high - low) or 1.0

    def place(value: float | None, end: float = 0.0) -> float:
        return end if value is None else 8 + (value - low) / span * 204

    return place


