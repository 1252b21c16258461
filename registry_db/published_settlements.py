"""What a publication holds of contracts: settlements, their ledgers and how sure they are."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from contracts import luck
from contracts.money import Currency
from contracts.restatement import Restated
from risk_models.verdict import Band


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """A line of a settlement; the effects of all lines add up to the payment.

    Attributes
    ----------
    amount : Decimal
        What the line yields, in its `unit`: `eur` or `usd`, `rate` (a proportion) or `points` (0 to 1).
    effect : Decimal
        Money that the line adds to the running amount.
    """

    key: str
    name_nl: str
    name_en: str
    formula_nl: str
    formula_en: str
    amount: Decimal
    unit: str
    effect: Decimal


@dataclass(frozen=True, slots=True)
class QualityLine:
    """What one indicator adds to a quality score: weight times attained is points, each from 0 to 1.

    Band and handled are None where the score is hidden.
    """

    indicator: str
    version: str
    period: str
    adjusted: Decimal | None
    band: Band | None
    weight: Decimal
    attained: Decimal
    points: Decimal
    handled: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Stand:
    """How far an interim settlement knows its year.

    Attributes
    ----------
    paid_through : str
        Last day of which records or claims are counted.
    known, expected : Decimal
        Euros that are known, and to which these were brought as the whole; equal where what is counted is
        complete.
    pending : tuple of str
        Indicators of which not all outcomes are known.
    """

    paid_through: str
    known: Decimal
    expected: Decimal
    pending: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ContractText:
    """The text of a contract that was settled; `hash` is the one that its settlements name.

    It is not there where a hidden score was judged in one of its settlements.
    """

    contract: str
    version: str
    title_nl: str
    title_en: str
    definition: str
    hash: str


@dataclass(frozen=True, slots=True)
class Settlement:
    """The settlement of one contract and one period; `kind` is `final` or `interim`.

    Where it rests on few records the payment alone is there: no ledger, no quality.
    """

    settlement: str
    contract: str
    version: str
    title_nl: str
    title_en: str
    provider: str
    payer: str
    period: str
    kind: str
    generated: bool
    currency: Currency
    payment: Decimal
    number: int
    restatement_json: str | None
    settlement_json: str

    @property
    def withheld(self) -> dict[str, str] | None:
        """What rests on few records and was taken out, by language; None where nothing was.

        Then nobody can compute it again from what is published.
        """
        return cast(dict[str, str] | None, self._stored.get("withheld"))

    @property
    def restatement(self) -> dict[str, Any] | None:
        """What it changed in the final settlement before it, by party and cause; None without one."""
        return cast(dict[str, Any], json.loads(self.restatement_json)) if self.restatement_json else None

    @property
    def restated(self) -> Restated | None:
        """The same as `restatement`, as amounts."""
        return Restated.from_dict(self.payer, self.restatement) if self.restatement else None

    @property
    def stand(self) -> Stand | None:
        """How far it knows its year; None of a final settlement, and of one without a ledger."""
        inputs = self._stored.get("inputs", {})
        if "interim" not in inputs:
            return None
        expected = next(line.amount for line in self.ledger if line.key == "actual")
        pending = tuple(result["indicator"] for result in inputs["results"] if not result.get("ripe", True))
        return Stand(inputs["interim"]["paid_through"], Decimal(inputs["spending"]), expected, pending)

    @property
    def ledger(self) -> tuple[LedgerLine, ...]:
        """The lines, from spending target to payment; none where these are withheld."""
        return tuple(
            LedgerLine(
                key=step["key"],
                name_nl=step["name"]["nl"],
                name_en=step["name"]["en"],
                formula_nl=step["formula"]["nl"],
                formula_en=step["formula"]["en"],
                amount=Decimal(step["amount"]),
                unit=step["unit"],
                effect=Decimal(step["effect"]),
            )
            for step in self._stored.get("steps", ())
        )

    @property
    def quality_score(self) -> Decimal | None:
        """From 0 to 1; None where it is withheld."""
        quality = self._stored.get("quality")
        return Decimal(quality["score"]) if quality else None

    @property
    def quality(self) -> tuple[QualityLine, ...]:
        """What each indicator adds to the quality score."""
        return tuple(
            QualityLine(
                indicator=line["indicator"],
                version=line["version"],
                period=line["period"],
                adjusted=None if line["adjusted"] is None else Decimal(line["adjusted"]),
                band=line["band"],
                weight=Decimal(line["weight"]),
                attained=Decimal(line["attained"]),
                points=Decimal(line["points"]),
                handled=line["handled"],
                reason=line["reason"],
            )
            for line in self._stored.get("quality", {}).get("lines", ())
        )

    @property
    def intervals(self) -> dict[str, tuple[float, float]]:
        """Interval of the adjusted value of each indicator that has one and whose score is shown."""
        found = {}
        for result in self._stored.get("inputs", {}).get("results", ()):
            if result["lower"] is not None and result["upper"] is not None:
                found[result["indicator"]] = (float(result["lower"]), float(result["upper"]))
        return found

    @property
    def _stored(self) -> dict[str, Any]:
        return cast(dict[str, Any], json.loads(self.settlement_json))


@dataclass(frozen=True, slots=True)
class Goal:
    """Levels of an indicator at which nothing and everything is attained; None where it has no level."""

    indicator: str
    by: str
    better: str | None
    threshold: float | None
    target: float | None


@dataclass(frozen=True, slots=True)
class Slope:
    """What one step up or down of an input does to the payment, see `contracts.slopes.Slope`."""

    what: str
    kind: str
    step: Decimal
    up: Decimal | None
    down: Decimal | None


@dataclass(frozen=True, slots=True)
class Cliff:
    """A place where the payment jumps, see `contracts.cliffs.Cliff`."""

    what: str
    kind: str
    now: str
    at: str
    events: int | None
    errors: float | None
    before: Decimal
    after: Decimal | None
    words_nl: str
    words_en: str


@dataclass(frozen=True, slots=True)
class Luck(luck.Luck):
    """How sure a settlement is.

    Attributes
    ----------
    currency : str
        Of all amounts: ``EUR`` or ``USD``.
    total : Chances or None
        Of what all payers pay together; None with one payer.
    """

    settlement: str
    currency: Currency
    total: luck.Chances | None
    goals: tuple[Goal, ...]
    slopes: tuple[Slope, ...]
    cliffs: tuple[Cliff, ...]

    @classmethod
    def read(cls, settlement: str, text: str, currency: Currency) -> Luck:
        """Read what was stored with a settlement."""
        stored = json.loads(text)
        numbers, total = stored["luck"], stored.get("total")
        for name in ("held", "together", "without_earlier"):
            numbers[name] = tuple(numbers[name])
        return cls(
            **{**numbers, **_money(numbers, "payment")},
            settlement=settlement,
            currency=currency,
            total=luck.Chances(**{**total, **_money(total, "payment")}) if total else None,
            goals=tuple(Goal(**goal) for goal in stored["goals"]),
            slopes=tuple(
                Slope(**{**slope, **_money(slope, "step", "up", "down")}) for slope in stored["slopes"]
            ),
            cliffs=tuple(_cliff(cliff) for cliff in stored["cliffs"]),
        )


def _cliff(stored: dict[str, Any]) -> Cliff:
    words = stored.pop("words")
    return Cliff(
        **{**stored, **_money(stored, "before", "after")}, words_nl=words["nl"], words_en=words["en"]
    )


def _money(stored: dict[str, Any], *names: str) -> dict[str, Decimal | None]:
    return {name: None if stored[name] is None else Decimal(stored[name]) for name in names}
