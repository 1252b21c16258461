"""How the published score of an indicator is made, in words."""

from __future__ import annotations

from indicators.definition import Indicator
from indicators.guide.words import Speaker
from indicators.words import Text

_WORDS: dict[str, Text] = {
    key: Text(nl=nl, en=en)
    for key, nl, en in (
        (
            "structure",
            "een feit over een aanbieder, geen steekproef: er is geen verwachting, geen interval en geen "
            "oordeel",
            "a fact about a provider, not a sample: there is no expectation, no interval and no verdict",
        ),
        (
            "event",
            "hoe vaak het voorkwam, gedeeld door hoe vaak het gezien de casemix te verwachten was, maal "
            "hoe vaak het bij iedereen samen voorkwam",
            "how often it happened, divided by how often the case mix led to expect it, times how often it "
            "happened to all together",
        ),
        (
            "plain event",
            "het aandeel zelf; zonder casemix is van iedereen hetzelfde te verwachten",
            "the proportion itself; without case mix the same is expected of everybody",
        ),
        (
            "plain count",
            "het aantal zelf; zonder casemix is van iedereen hetzelfde te verwachten",
            "the number itself; without case mix the same is expected of everybody",
        ),
        (
            "value",
            "het gemiddelde verschil tussen wat gemeten is en wat gezien de casemix te verwachten was, "
            "opgeteld bij het gemiddelde van iedereen samen",
            "the mean difference between what was measured and what the case mix led to expect, added to the "
            "mean of all together",
        ),
        (
            "plain value",
            "het gemiddelde zelf; zonder casemix is van iedereen hetzelfde te verwachten",
            "the mean itself; without case mix the same is expected of everybody",
        ),
        (
            "time_to_event",
            "de kans op de uitkomst binnen de termijn: die van iedereen samen, met elk risico maal "
            "waargenomen gedeeld door verwacht; wie korter gevolgd is, telt voor die tijd",
            "the chance of the outcome within the time: that of all together, with every hazard times "
            "observed divided by expected; who was followed for less counts for that time",
        ),
        (
            "own",
            "elke periode heeft een eigen casemixmodel, van alle aanbieders samen",
            "every period has a case-mix model of its own, of all providers together",
        ),
    )
}
_EVENTS = ("binary", "top_box", "count")


def scoring_words(indicator: Indicator, say: Speaker) -> tuple[str, ...]:
    """What is compared, and where the expectation comes from; the test is in `indicators.guide.models`."""
    kind = indicator.outcome.kind
    adjusted = bool(indicator.case_mix or indicator.expectation)
    made: str = kind
    if kind not in ("structure", "time_to_event"):
        made = "event" if kind in _EVENTS else "value"
        if not adjusted:
            made = "plain count" if kind == "count" else f"plain {made}"
    own = [_WORDS["own"]] if indicator.case_mix and not indicator.estimators.reference else []
    return tuple(say.of(text) for text in (_WORDS[made], *own))
