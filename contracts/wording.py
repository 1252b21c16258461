"""The names of the steps of a settlement and their formulas in words, in Dutch and English."""

from __future__ import annotations

from contracts.contract import Cap, Contract, Text

NAMES = {
    "target": Text(nl="Omzetdoel", en="Spending target"),
    "actual": Text(nl="Werkelijke uitgaven", en="Actual spending"),
    "saving": Text(nl="Besparing", en="Saving"),
    "savings_rate": Text(nl="Besparing als deel van het doel", en="Savings rate"),
    "threshold": Text(nl="Drempel", en="Threshold"),
    "counted": Text(nl="Besparing die meetelt", en="Saving that counts"),
    "quality": Text(nl="Kwaliteitsscore", en="Quality score"),
    "share": Text(nl="Aandeel van het netwerk", en="Share of the network"),
    "shared": Text(nl="Aandeel in de besparing", en="Share of the saving"),
    "cap": Text(nl="Na het plafond", en="After the cap"),
    "payment": Text(nl="Uit te betalen", en="Payment"),
}


def formulas(contract: Contract) -> dict[str, Text]:
    """Formula in words of each step, as this contract has it."""
    return {
        "target": _target(contract),
        "actual": Text(
            nl="Som van de uitgaven per record, elk geteld tot ten hoogste de aftopping",
            en="Sum of the spending per record, each counted up to the truncation at most",
        ),
        "saving": Text(nl="Omzetdoel min werkelijke uitgaven", en="Spending target minus actual spending"),
        "savings_rate": Text(nl="Besparing gedeeld door omzetdoel", en="Saving divided by spending target"),
        "threshold": Text(nl="Drempel maal omzetdoel", en="Threshold rate times spending target"),
        "counted": _counted(contract),
        "quality": _quality(contract),
        "share": Text(
            nl="Basisaandeel plus kwaliteitsscore maal het verschil tussen het aandeel bij volle kwaliteit "
            "en het basisaandeel",
            en="Base share plus quality score times the difference between the share at full quality and the "
            "base share",
        ),
        "shared": Text(
            nl="Aandeel van het netwerk maal de besparing die meetelt",
            en="Share of the network times the saving that counts",
        ),
        "cap": _cap(contract.cap),
        "payment": _payment(contract),
    }


def _target(contract: Contract) -> Text:
    compound = contract.target.trend.growth == "compound"
    trend = Text(
        nl="met de trend per jaar (groei op groei)" if compound else "met de trend maal het aantal jaren",
        en="by the trend per year (growth upon growth)" if compound else "by the trend times the years",
    )
    if contract.target.basis == "per-record":
        return Text(
            nl=f"Gewogen gemiddelde van de uitgaven per record in de basisperioden, {trend.nl} naar het "
            "afgerekende jaar gebracht, maal het aantal records in dat jaar",
            en=f"Weighted mean of the spending per record in the baseline periods, brought to the settled "
            f"year {trend.en}, times the records of that year",
        )
    return Text(
        nl=f"Gewogen gemiddelde van de totale uitgaven in de basisperioden, {trend.nl} naar het "
        "afgerekende jaar gebracht",
        en="Weighted mean of the total spending in the baseline periods, brought to the settled year "
        f"{trend.en}",
    )


def _counted(contract: Contract) -> Text:
    inclusive = contract.threshold.passes_when == "at_or_above"
    nl = "gelijk aan of boven" if inclusive else "boven"
    en = "at or above" if inclusive else "above"
    if contract.threshold.mode == "gate":
        text = Text(
            nl=f"Bij een besparing {nl} de drempel telt de hele besparing, vanaf de eerste euro; "
            "anders niets",
            en=f"With a saving {en} the threshold the whole saving counts, from the first euro; else nothing",
        )
    else:
        text = Text(
            nl=f"Bij een besparing {nl} de drempel telt alleen het deel boven de drempel; anders niets",
            en=f"With a saving {en} the threshold only the part above the threshold counts; else nothing",
        )
    if contract.population.below_minimum == "no-settlement":
        return text
    return Text(
        nl=f"{text.nl}. Met minder records dan het minimum telt niets",
        en=f"{text.en}. With fewer records than the minimum nothing counts",
    )


def _quality(contract: Contract) -> Text:
    leave_out = contract.quality.not_assessable == "leave-out"
    return Text(
        nl="Gewogen gemiddelde van wat per indicator is bereikt (0 tot 1). Een niet te beoordelen indicator "
        + ("valt weg; de andere gewichten groeien naar rato" if leave_out else "telt als niets bereikt"),
        en="Weighted mean of what was attained per indicator (0 to 1). An indicator that cannot be assessed "
        + ("drops out; the other weights grow in proportion" if leave_out else "counts as nothing attained"),
    )


def _cap(cap: Cap) -> Text:
    if cap.rate_of == "none":
        return Text(
            nl="Geen plafond afgesproken: het aandeel in de besparing blijft gelijk",
            en="No cap was agreed: the share of the saving stays as it is",
        )
    return Text(
        nl="Het aandeel in de besparing, maar ten hoogste het plafond maal het omzetdoel",
        en="The share of the saving, but at most the cap rate times the spending target",
    )


def _payment(contract: Contract) -> Text:
    euro = contract.rounding.unit == "euro"
    nl, en = ("euro's", "euros") if euro else ("centen", "cents")
    return Text(
        nl=f"Eenmaal, aan het eind, afgerond op hele {nl}, een half naar boven; naar beneden als de betaling "
        "anders boven de besparing zou komen",
        en=f"Rounded once, at the end, to whole {en}, a half upwards; downwards if the payment would "
        "otherwise exceed the saving",
    )
