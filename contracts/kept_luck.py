"""How sure a settlement is, as it is kept beside it, and as rows and sentences for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from contracts.cliffs import Cliff
from contracts.field_words import FieldWords
from contracts.luck import Chances, Luck
from contracts.luck_words import ROWS, SLOPES, WITHIN
from contracts.money import Currency, Language, money_text
from contracts.slopes import Slope
from contracts.terms.part import Text

# standard errors beyond which a jump is hardly a matter of chance
FAR = 2.0
# expected amounts come from draws, so that cents would say more than is known
RowKind = Literal["euros", "chance", "rate"]


@dataclass(frozen=True, slots=True)
class Row:
    """One figure about how sure an amount is: euros, a chance from draws, or another rate."""

    name: Text
    value: Decimal
    kind: RowKind


@dataclass(frozen=True, slots=True)
class SlopeRow:
    """What one step of one input does to the payment; None where the input can not go there."""

    name: Text
    down: Decimal | None
    up: Decimal | None


@dataclass(frozen=True, slots=True)
class KeptLuck:
    """Luck, slopes and cliffs of the settlement with one payer.

    Attributes
    ----------
    luck : Luck
        Of the payment of this payer.
    total : Chances or None
        Of what all payers pay together; None with one payer.
    slopes : tuple of Slope
    cliffs : tuple of Cliff
    """

    luck: Luck
    total: Chances | None
    slopes: tuple[Slope, ...]
    cliffs: tuple[Cliff, ...]

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> KeptLuck | None:
        """Read what is kept with a settlement; None where it is not known how sure that is."""
        if "luck" not in stored:
            return None
        numbers = {**stored["luck"], "payment": Decimal(stored["luck"]["payment"])}
        for name in ("held", "together", "without_earlier"):
            numbers[name] = tuple(numbers[name])
        total = stored.get("total")
        return cls(
            luck=Luck(**numbers),
            total=Chances(**{**total, "payment": Decimal(total["payment"])}) if total else None,
            slopes=tuple(
                Slope(**{**each, **_money(each, "step", "up", "down")}) for each in stored["slopes"]
            ),
            cliffs=tuple(
                Cliff(**{**each, **_money(each, "before", "after"), "words": Text(**each["words"])})
                for each in stored["cliffs"]
            ),
        )

    def slope_rows(self, words: FieldWords) -> Iterator[SlopeRow]:
        """One step of each input; of an indicator whose events are known one event, and not a value."""
        by_event = {slope.what for slope in self.slopes if slope.kind == "event"}
        for slope in self.slopes:
            if slope.kind == "value" and slope.what in by_event:
                continue
            nl, en = SLOPES[slope.kind]
            # the words of spending have no place for a title
            title = words.title(slope.what)
            steps = [self._step(slope, words.contract.currency, language) for language in ("nl", "en")]
            name = Text(nl=nl.format(title.nl, steps[0]), en=en.format(title.en, steps[1]))
            yield SlopeRow(name, slope.down, slope.up)

    def _step(self, slope: Slope, currency: Currency, language: Language) -> str:
        if slope.kind == "euro":
            return money_text(slope.step, currency, language, digits=0)
        step = f"{slope.step:f}"
        return step.replace(".", ",") if language == "nl" else step

    def cliff_sentences(self, words: FieldWords) -> Iterator[Text]:
        """Each cliff in words, with how far it is where that is known."""
        for cliff in self.cliffs:
            nl, en = cliff.words.nl, cliff.words.en
            if cliff.what not in ("spending", "records"):
                title = words.title(cliff.what)
                nl, en = nl.replace(cliff.what, title.nl), en.replace(cliff.what, title.en)
            if cliff.errors is not None:
                near = WITHIN[cliff.errors < FAR]
                far = f"{cliff.errors:.1f}"
                nl = f"{nl} {near[0].format(far.replace('.', ','))}"
                en = f"{en} {near[1].format(far)}"
            yield Text(nl=nl, en=en)


def chance_rows(found: Chances) -> Iterator[Row]:
    """Chances and limits of an amount; of the payment of one payer also what the formula says."""

    def row(key: str, value: float, kind: RowKind) -> Row:
        nl, en = ROWS[key]
        saving = f"{found.true_saving * 100:.3g}"
        name = Text(nl=nl.format(saving.replace(".", ",")), en=en.format(saving))
        return Row(name, Decimal(repr(float(value))), kind)

    if found.payment < 0:
        # of an amount that the network owes, the question is how often chance alone would have cost it more
        yield row("more owed", 1 - found.by_luck, "chance")
    elif found.payment > 0:
        yield row("this by luck", found.by_luck, "chance")
    yield row("any by luck", found.any_by_luck, "chance")
    yield row("expected by luck", found.expected_by_luck, "euros")
    yield row("lower", found.lower, "euros")
    yield row("upper", found.upper, "euros")
    if found.chance_owed > 0:
        yield row("nothing due", found.chance_none, "chance")
        yield row("owed", found.chance_owed, "chance")
    else:
        yield row("none", found.chance_none, "chance")
    yield row("power", found.power, "chance")
    if isinstance(found, Luck):
        yield row("sd", found.savings_sd, "rate")
        yield row("passes by luck", found.passes_by_luck, "rate")
        yield row("passes by saving", found.passes_by_saving, "rate")


def _money(stored: Mapping[str, Any], *names: str) -> dict[str, Decimal | None]:
    return {name: None if stored[name] is None else Decimal(stored[name]) for name in names}
