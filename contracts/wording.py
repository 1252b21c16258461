"""The names of the steps of a settlement and their formulas in words, in Dutch and English."""

from __future__ import annotations

from collections.abc import Callable

from contracts.contract import Contract
from contracts.terms.part import Text
from contracts.terms.rates import AnyRate, Cases, Corridors, Linear, Parts, Sliding
from contracts.terms.sharing import Deduction, Losses
from contracts.terms.threshold import ByChoice, ByPopulation, BySignificance, Threshold
from contracts.wording_target import target_formula

_NAMES = {
    "benchmark": ("Omzetdoel voor korting", "Spending target before discount"),
    "discount": ("Korting op het doel", "Discount on the target"),
    "target": ("Omzetdoel", "Spending target"),
    "actual": ("Werkelijke uitgaven", "Actual spending"),
    "actual_interim": ("Verwachte werkelijke uitgaven", "Expected actual spending"),
    "project_costs": ("Projectkosten", "Project costs"),
    "saving": ("Besparing", "Saving"),
    "savings_rate": ("Besparing als deel van het doel", "Savings rate"),
    "threshold": ("Drempel", "Threshold"),
    "counted": ("Besparing die meetelt", "Saving that counts"),
    "quality": ("Kwaliteitsscore", "Quality score"),
    "share": ("Aandeel van het netwerk", "Share of the network"),
    "shared": ("Aandeel in de besparing", "Share of the saving"),
    "bonus": ("Kwaliteitsbonus", "Quality bonus"),
    "cap": ("Na het plafond", "After the cap"),
    "phase_in": ("Na de ingroei van het risico", "After the phase-in of risk"),
    "relief": ("Kwijtschelding", "Relief"),
    "withhold": ("Kwaliteitsinhouding", "Quality withhold"),
    "payment": ("Uit te betalen", "Payment"),
}
_LOSS_NAMES = {
    "counted": ("Overschrijding die meetelt", "Overspending that counts"),
    "share": ("Aandeel van het netwerk in de overschrijding", "Network's share of the overspending"),
    "shared": ("Aandeel in de overschrijding", "Share of the overspending"),
    "cap": ("Na de grenzen aan het verlies", "After the limits on losses"),
    "payment": ("Door het netwerk te betalen", "Owed by the network"),
}


# one of the currency, and more than one in Dutch and in English
_COINS = {"EUR": ("euro", "euro's", "euros"), "USD": ("dollar", "dollars", "dollars")}


def words(contract: Contract, key: str, *, loss: bool = False) -> tuple[Text, Text]:
    """Name and formula of a step, as this contract has it; ``loss`` for the side of an overspending."""
    name = _LOSS_NAMES.get(key, _NAMES[key]) if loss else _NAMES[key]
    formula = _LOSS_FORMULAS.get(key, _FORMULAS[key]) if loss else _FORMULAS[key]
    return _text(*name), formula(contract)


def deduction_words(deduction: Deduction) -> tuple[Text, Text]:
    """Name and formula of a deduction."""
    of = {
        "before-bonus": ("het aandeel", "the share"),
        "before-cap": ("aandeel en bonus, voor het plafond", "share and bonus, before the cap"),
        "after-cap": ("wat het plafond overlaat", "what the cap leaves"),
    }[deduction.when]
    return deduction.name, _text(f"Percentage maal {of[0]}, eraf", f"Rate times {of[1]}, taken off")


def _text(nl: str, en: str) -> Text:
    return Text(nl=nl, en=en)


def _fixed(nl: str, en: str) -> Callable[[Contract], Text]:
    text = _text(nl, en)
    return lambda _: text


def _target(contract: Contract) -> Text:
    if contract.target.discount is not None:
        return _text(
            "Omzetdoel voor korting min de korting", "Spending target before discount minus the discount"
        )
    return target_formula(contract.target)


def _actual(contract: Contract) -> Text:
    spending = contract.spending
    if spending.truncation == "none":
        return _text("Som van de uitgaven per record", "Sum of the spending per record")
    nl = "Som van de uitgaven per record, elk geteld tot ten hoogste de aftopping"
    en = "Sum of the spending per record, each counted up to the truncation at most"
    if spending.payer_share_above < 1:
        nl += ", plus het deel daarboven dat niet voor de zorgverzekeraar is"
        en += ", plus the part above it that is not the payer's"
    return _text(nl, en)


def _actual_interim(contract: Contract) -> Text:
    known = _actual(contract)
    return _text(
        f"{known.nl}, voor elk deel van het jaar gedeeld door de volledigheid ervan",
        f"{known.en}, for each part of the year divided by how complete it is",
    )


def _project_costs(contract: Contract) -> Text:
    terms = contract.project_costs
    limited = terms is not None and terms.at_most is not None
    return _text(
        "De kosten van het project" + (", tot het afgesproken maximum" if limited else ""),
        "What the project cost" + (", up to the agreed maximum" if limited else ""),
    )


def _saving(contract: Contract) -> Text:
    if contract.project_costs is None:
        return _text("Omzetdoel min werkelijke uitgaven", "Spending target minus actual spending")
    return _text(
        "Omzetdoel min werkelijke uitgaven min projectkosten",
        "Spending target minus actual spending minus project costs",
    )


def _savings_rate(contract: Contract) -> Text:
    terms = contract.project_costs
    if terms is not None and terms.threshold_judges == "gross-saving":
        return _text(
            "Besparing voor projectkosten gedeeld door omzetdoel",
            "Saving before project costs divided by spending target",
        )
    return _text("Besparing gedeeld door omzetdoel", "Saving divided by spending target")


def _threshold(contract: Contract) -> Text:
    rate = contract.threshold.rate
    if isinstance(rate, ByPopulation | ByChoice):
        chosen = isinstance(rate, ByChoice)
        return _text(
            ("Gekozen drempel" if chosen else "Drempel bij deze populatieomvang") + " maal omzetdoel",
            ("Chosen threshold" if chosen else "Threshold for this size of population")
            + " times spending target",
        )
    if isinstance(rate, BySignificance):
        return _text(
            "Drempel waarboven een besparing geen toeval is (eenzijdige toets) maal omzetdoel",
            "Threshold above which a saving is not luck (one-sided test) times spending target",
        )
    return _text("Drempel maal omzetdoel", "Threshold rate times spending target")


def _counted(contract: Contract) -> Text:
    text = _passing(contract, contract.threshold, "besparing", "saving")
    if contract.threshold.below is not None:
        text = _text(
            f"{text.nl}. Een besparing onder de drempel telt wel als het contract een verlaagd aandeel geeft",
            f"{text.en}. A saving below the threshold counts where the contract gives a reduced share",
        )
    if contract.parties.judged == "pooled":
        text = _text(
            f"{text.nl}. De drempel geldt voor alle zorgverzekeraars samen",
            f"{text.en}. The threshold is held against all payers together",
        )
    if contract.population.below_minimum == "no-settlement":
        return text
    return _text(
        f"{text.nl}. Met minder records dan het minimum telt niets",
        f"{text.en}. With fewer records than the minimum nothing counts",
    )


def _counted_loss(contract: Contract) -> Text:
    assert isinstance(contract.losses, Losses)
    return _passing(contract, contract.losses.threshold, "overschrijding", "overspending")


def _passing(contract: Contract, threshold: Threshold, noun_nl: str, noun_en: str) -> Text:
    inclusive = threshold.passes_when == "at_or_above"
    nl = "gelijk aan of boven" if inclusive else "boven"
    en = "at or above" if inclusive else "above"
    if threshold.mode == "gate":
        coin = _COINS[contract.currency][0]
        return _text(
            f"Bij een {noun_nl} {nl} de drempel telt de hele {noun_nl}, vanaf de eerste {coin}; anders niets",
            f"With {_a(noun_en)} {en} the threshold the whole {noun_en} counts, from the first {coin}; "
            "else nothing",
        )
    return _text(
        f"Bij een {noun_nl} {nl} de drempel telt alleen het deel boven de drempel; anders niets",
        f"With {_a(noun_en)} {en} the threshold only the part above the threshold counts; else nothing",
    )


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeio" else f"a {noun}"


def _quality(contract: Contract) -> Text:
    leave_out = contract.quality.not_assessable == "leave-out"
    nl = (
        "Gewogen gemiddelde van wat per indicator is bereikt (0 tot 1). Een niet te beoordelen indicator "
        + ("valt weg; de andere gewichten groeien naar rato" if leave_out else "telt als niets bereikt")
    )
    en = (
        "Weighted mean of what was attained per indicator (0 to 1). An indicator that cannot be assessed "
        + ("drops out; the other weights grow in proportion" if leave_out else "counts as nothing attained")
    )
    if contract.quality.value == "reliability-weighted":
        nl += ". Waarden tellen gewogen met hun betrouwbaarheid"
        en += ". Values count weighted by their reliability"
    if contract.quality.gated:
        nl += ". Wie een minimum mist, heeft score 0"
        en += ". Who misses a minimum has score 0"
    return _text(nl, en)


def _share(contract: Contract) -> Text:
    return _rate(contract.share, "aandeel", "share")


def _loss_rate(contract: Contract) -> Text:
    assert isinstance(contract.losses, Losses)
    return _rate(contract.losses.rate, "aandeel", "share")


def _rate(rate: AnyRate, nl: str, en: str) -> Text:
    if isinstance(rate, Linear):
        bounded = rate.minimum is not None or rate.maximum is not None
        return _text(
            f"Basis{nl} plus kwaliteitsscore maal het verschil tussen het {nl} bij volle kwaliteit "
            f"en het basis{nl}" + (", binnen de afgesproken grenzen" if bounded else ""),
            f"Base {en} plus quality score times the difference between the {en} at full quality and the "
            f"base {en}" + (", within the agreed bounds" if bounded else ""),
        )
    if isinstance(rate, Corridors):
        return _text(
            f"Gemiddeld {nl} over de schijven: elke schijf van het bedrag heeft zijn eigen {nl}",
            f"Mean {en} over the corridors: each slice of the amount has its own {en}",
        )
    if isinstance(rate, Sliding):
        return _text(
            f"Het {nl} groeit in een rechte lijn met de besparing als deel van het doel",
            f"The {en} grows in a straight line with the savings rate",
        )
    if isinstance(rate, Parts):
        return _text(f"Deel van het netwerk in het geheel ({_listed(rate)})",
                     f"Part of the network in the whole ({_listed(rate)})")  # fmt: skip
    if isinstance(rate, Cases):
        names = ", ".join(case.when for case in rate.cases)
        return _text(
            f"Het {nl} van het eerste geval dat is vastgesteld ({names}); anders het restgeval",
            f"The {en} of the first case that was found ({names}); else that of the rest",
        )
    return _text(
        f"Het {nl} van de hoogste trede die de kwaliteitsscore heeft bereikt",
        f"The {en} of the highest gate that the quality score reached",
    )


def _listed(rate: Parts) -> str:
    return " : ".join(f"{name} {part}" for name, part in {"network": rate.participant, **rate.others}.items())


def _bonus(contract: Contract) -> Text:
    within = contract.bonus is not None and contract.bonus.limit == "remaining-saving"
    return _text(
        "Volle bonus maal wat de kwaliteit ervan verdient"
        + (", ten hoogste wat van de besparing over is" if within else ""),
        "Whole bonus times what quality earns of it"
        + (", at most what is left of the saving" if within else ""),
    )


def _cap(contract: Contract) -> Text:
    if contract.cap.rate_of == "none":
        return _text(
            "Geen plafond afgesproken: het aandeel in de besparing blijft gelijk",
            "No cap was agreed: the share of the saving stays as it is",
        )
    if contract.cap.covers == "share-and-bonus":
        return _text(
            "Aandeel en bonus, samen ten hoogste het plafond maal het omzetdoel",
            "Share and bonus, together at most the cap rate times the spending target",
        )
    return _text(
        "Het aandeel in de besparing, maar ten hoogste het plafond maal het omzetdoel",
        "The share of the saving, but at most the cap rate times the spending target",
    )


def _limits(contract: Contract) -> Text:
    assert isinstance(contract.losses, Losses)
    if not contract.losses.limits:
        return _text("Geen grens aan het verlies afgesproken", "No limit on losses was agreed")
    return _text(
        "Het aandeel in de overschrijding, maar ten hoogste de laagste van de grenzen die gelden",
        "The share of the overspending, but at most the lowest of the limits that hold",
    )


def _withhold(contract: Contract) -> Text:
    if contract.withhold is not None and contract.withhold.settled_as == "charged":
        return _text(
            "Inhouding maal omzetdoel maal wat de kwaliteit er niet van verdient, te betalen",
            "Withhold rate times spending target times what quality did not earn of it, charged",
        )
    return _text(
        "Inhouding maal omzetdoel maal wat de kwaliteit ervan verdient, terug",
        "Withhold rate times spending target times what quality earned of it, returned",
    )


def _payment(contract: Contract) -> Text:
    whole = contract.rounding.unit == "euro"
    nl, en = _COINS[contract.currency][1:] if whole else ("centen", "cents")
    return _text(
        f"Eenmaal, aan het eind, afgerond op hele {nl}, een half naar boven; naar beneden als de betaling "
        "anders boven de besparing zou komen",
        f"Rounded once, at the end, to whole {en}, a half upwards; downwards if the payment would "
        "otherwise exceed the saving",
    )


_FORMULAS: dict[str, Callable[[Contract], Text]] = {
    "benchmark": lambda contract: target_formula(contract.target),
    "discount": _fixed(
        "Korting, naar kwaliteit, maal omzetdoel voor korting",
        "Discount rate, by quality, times spending target before discount",
    ),
    "target": _target,
    "actual": _actual,
    "actual_interim": _actual_interim,
    "project_costs": _project_costs,
    "saving": _saving,
    "savings_rate": _savings_rate,
    "threshold": _threshold,
    "counted": _counted,
    "quality": _quality,
    "share": _share,
    "shared": _fixed(
        "Aandeel van het netwerk maal de besparing die meetelt",
        "Share of the network times the saving that counts",
    ),
    "bonus": _bonus,
    "cap": _cap,
    "phase_in": _fixed(
        "Deel van het verlies dat dit jaar geldt maal het bedrag tot hier",
        "Part of the loss that holds this year times the amount so far",
    ),
    "relief": _fixed(
        "Vastgestelde kwijtschelding, ten hoogste wat verschuldigd is",
        "Relief as established, at most what is owed",
    ),
    "withhold": _withhold,
    "payment": _payment,
}
_LOSS_FORMULAS: dict[str, Callable[[Contract], Text]] = {
    "counted": _counted_loss,
    "share": _loss_rate,
    "shared": _fixed(
        "Aandeel van het netwerk maal de overschrijding die meetelt",
        "Share of the network times the overspending that counts",
    ),
    "cap": _limits,
}
