"""The formula of each kind of spending target in words, in Dutch and English."""

from __future__ import annotations

from contracts.terms.part import Text
from contracts.terms.spending import Blend, ComparisonGroup, Delivered, OwnHistory, Stated, Target, Trend


def target_formula(target: Target) -> Text:
    """What the target is made of, before any discount."""
    nl, en = _base(target)
    if not isinstance(target, Blend | Delivered) and target.case_mix is not None:
        nl += ", aangepast aan de verandering in casemix"
        en += ", adjusted for the change in case mix"
        if target.case_mix.limit != "none":
            nl += f" (ten hoogste {target.case_mix.limit})"
            en += f" (at most {target.case_mix.limit})"
    if target.path is not None:
        nl += ", maal het groeipad van het jaar"
        en += ", times the growth path of the year"
    return Text(nl=nl, en=en)


def _base(target: Target) -> tuple[str, str]:
    if isinstance(target, OwnHistory):
        return _own_history(target)
    if isinstance(target, ComparisonGroup):
        return (
            "Uitgaven per record van de vergelijkingsgroep in hetzelfde jaar, maal het eigen aantal records",
            "Spending per record of the comparison group in the same year, times the own records",
        )
    if isinstance(target, Blend):
        own, group = target_formula(target.own), target_formula(target.group)
        return (
            f"Gewogen: deel {target.own_weight} eigen verleden ({own.nl}), de rest vergelijkingsgroep "
            f"({group.nl})",
            f"Weighted: part {target.own_weight} own history ({own.en}), the rest comparison group "
            f"({group.en})",
        )
    if isinstance(target, Stated):
        if target.basis == "per-record":
            return (
                "Afgesproken bedrag per record maal het aantal records",
                "Agreed amount per record times the records",
            )
        return "Afgesproken bedrag van het jaar", "Agreed amount of the year"
    return "Aangeleverd: vastgesteld buiten dit contract", "Delivered: drawn up outside this contract"


def _own_history(target: OwnHistory) -> tuple[str, str]:
    if not isinstance(target.trend, Trend):
        nl, en = "met de groei van de vergelijkingsgroep", "by the growth of the comparison group"
    elif target.trend.growth == "compound":
        nl, en = "met de trend per jaar (groei op groei)", "by the trend per year (growth upon growth)"
    else:
        nl, en = "met de trend maal het aantal jaren", "by the trend times the years"
    if target.basis == "per-record":
        return (
            f"Gewogen gemiddelde van de uitgaven per record in de basisperioden, {nl} naar het "
            "afgerekende jaar gebracht, maal het aantal records in dat jaar",
            f"Weighted mean of the spending per record in the baseline periods, brought to the settled "
            f"year {en}, times the records of that year",
        )
    return (
        f"Gewogen gemiddelde van de totale uitgaven in de basisperioden, {nl} naar het afgerekende jaar "
        "gebracht",
        f"Weighted mean of the total spending in the baseline periods, brought to the settled year {en}",
    )
