"""How the published score of an indicator is made, in words."""

from __future__ import annotations

from indicators.definition import Indicator
from indicators.guide.words import Speaker

_EVENTS = ("binary", "top_box", "count")


def scoring_words(indicator: Indicator, say: Speaker) -> tuple[str, ...]:
    """What is compared, and where the expectation comes from; the test is in `indicators.guide.models`."""
    kind = indicator.outcome.kind
    adjusted = bool(indicator.case_mix or indicator.expectation)
    made: str = kind
    if kind not in ("structure", "time_to_event"):
        made = "event" if kind in _EVENTS else "value"
        if not adjusted:
            made = "plain_count" if kind == "count" else f"plain_{made}"
    reference = indicator.estimators.reference
    if made in ("event", "time_to_event") and reference and reference.recalibration == "none":
        made = f"{made}_as_expected"
    own = ["own"] if indicator.case_mix and not reference else []
    return tuple(say(f"scored_{key}") for key in (made, *own))
