"""What a field of a contract, or of the facts, is called by people, in Dutch and English."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from contracts.contract import Contract
from contracts.inputs import SettlementInputs
from contracts.money import Currency
from contracts.terms.part import Text
from contracts.terms.rates import Cases

_Two = tuple[str, str]

# '#' stands for a number, '*' for a name or a year; the words take them up as {0}, {1} in that order
_FIELDS: dict[str, _Two] = {
    # terms of the contract
    "spending.truncation": ("Aftopping per record", "Truncation per record"),
    "spending.payer_share_above": (
        "Deel boven de aftopping dat voor de zorgverzekeraar is",
        "Part above the truncation that the payer bears",
    ),
    "population.minimum_records": ("Minimum aantal records", "Minimum number of records"),
    "project_costs.at_most": ("Projectkosten die ten hoogste tellen", "Project costs that count at most"),
    "bonus.size": ("Volle bonus", "Whole bonus"),
    "bonus.size.euros": ("Volle bonus", "Whole bonus"),
    "bonus.size.rate": ("Volle bonus, als deel van het omzetdoel", "Whole bonus, as part of the target"),
    "bonus.limit": ("Grens aan de bonus", "Limit on the bonus"),
    "deductions.#.rate": ("Aftrek {0}", "Deduction {0}"),
    "cap.rate": ("Plafond, als deel van het omzetdoel", "Cap, as part of the target"),
    "cap.rate.*": ("Plafond in {0}, als deel van het omzetdoel", "Cap in {0}, as part of the target"),
    "losses.limits": ("Grens die het bedrag bepaalt", "Limit that sets the amount"),
    "losses.limits.#.rate": ("Grens {0} aan het verlies", "Limit {0} on losses"),
    "losses.limits.#.rate.*": ("Grens {0} aan het verlies, in {1}", "Limit {0} on losses, in {1}"),
    "losses.phase_in": ("Deel van het verlies dat dit jaar geldt", "Part of the loss that holds this year"),
    "losses.phase_in.*": ("Deel van het verlies dat geldt in {0}", "Part of the loss that holds in {0}"),
    "withhold.rate": ("Inhouding, als deel van het omzetdoel", "Withhold, as part of the target"),
    "withhold.rate.*": (
        "Inhouding in {0}, als deel van het omzetdoel",
        "Withhold in {0}, as part of the target",
    ),
    "rounding.unit": ("Afgerond op hele", "Rounded to whole"),
    "rounding.mode": ("Afronding", "Rounding"),
    "distribution.weights.*": ("Verdeelsleutel van {0}", "Weight of {0} in the distribution"),
    # quality
    "quality.minimum_score": ("Minimum voor de kwaliteitsscore", "Minimum of the quality score"),
    "quality.reliability.floor": ("Minimum voor de betrouwbaarheid", "Minimum of the reliability"),
    "quality.too_small.records": (
        "Aantal records waaronder een indicator niet wordt beoordeeld",
        "Number of records below which an indicator is not judged",
    ),
    "quality.horizon_weights.*": ("Gewicht van horizon {0}", "Weight of horizon {0}"),
    "quality.indicators.#.weight": ("{indicator}: gewicht", "{indicator}: weight"),
    "quality.indicators.#.minimum_attained": (
        "{indicator}: minimum dat bereikt moet zijn",
        "{indicator}: minimum that must be attained",
    ),
    "quality.indicators.#.attain.threshold": (
        "{indicator}: drempel (hier of slechter: niets bereikt)",
        "{indicator}: threshold (here or worse: nothing attained)",
    ),
    "quality.indicators.#.attain.target": (
        "{indicator}: doel (hier of beter: alles bereikt)",
        "{indicator}: target (here or better: everything attained)",
    ),
    "quality.indicators.#.attain.baseline": (
        "{indicator}: afgesproken eigen basiswaarde",
        "{indicator}: own baseline that was agreed",
    ),
    "quality.indicators.#.attain.path.*": (
        "{indicator}: verbetering die in {1} is gevraagd",
        "{indicator}: improvement asked for in {1}",
    ),
    "quality.indicators.#.attain.points.#.from_position": (
        "{indicator}: plaats in de benchmark, trede {1}",
        "{indicator}: position in the benchmark, step {1}",
    ),
    "quality.indicators.#.attain.points.#.attained": (
        "{indicator}: bereikt vanaf trede {1}",
        "{indicator}: attained from step {1} on",
    ),
    "quality.indicators.#.attain.attained.*": (
        "{indicator}: bereikt in de klasse '{1}'",
        "{indicator}: attained in the class '{1}'",
    ),
    # facts
    "records": ("Aantal records", "Number of records"),
    "spending": ("Uitgaven na aftopping", "Spending after truncation"),
    "above": ("Uitgaven boven de aftopping", "Spending above the truncation"),
    "target": ("Aangeleverd omzetdoel", "Spending target as delivered"),
    "risk": ("Gemiddeld risico van de records", "Mean risk of the records"),
    "project_costs": ("Projectkosten", "Project costs"),
    "revenue": ("Omzet van het netwerk", "Revenue of the network"),
    "loss_relief": ("Vastgestelde kwijtschelding", "Relief as established"),
    "chosen_threshold": ("Gekozen drempel", "Chosen threshold"),
    "baselines": ("Uitgaven in de basisjaren", "Spending in the baseline years"),
    "comparison": ("Uitgaven van de vergelijkingsgroep", "Spending of the comparison group"),
    "findings": ("Wat is vastgesteld", "What was found"),
    "findings.*": ("Vastgesteld: {0}", "Found: {0}"),
    "members": ("Records of uitgaven per zorgaanbieder", "Records or spending by provider"),
    "members.*": ("Verdeelsleutel van {0}", "Weight of {0} in the distribution"),
    "interim": ("Volledigheid van de declaraties", "Completeness of the claims"),
    "sources": ("Herkomst van de gegevens", "Origin of the data"),
    "results": ("Kwaliteitsresultaten", "Quality results"),
    "contract": ("De contracttekst", "The text of the contract"),
    "parties.shares.*": (
        "Deel van {0} in de uitgaven en het omzetdoel",
        "Part of {0} in spending and target",
    ),
    "pool.target": ("Omzetdoel van alle zorgverzekeraars samen", "Target of all payers together"),
    "pool.saving": ("Besparing bij alle zorgverzekeraars samen", "Saving of all payers together"),
    "pool.records": ("Records van alle zorgverzekeraars samen", "Records of all payers together"),
    "interim.*.spending": ("Bekende uitgaven over {0}", "Spending known of {0}"),
    "interim.*.factor": ("Volledigheid van {0}", "Completeness of {0}"),
}
_ROW: dict[str, _Two] = {
    "records": ("records in {0}", "records in {0}"),
    "spending": ("uitgaven in {0}, na aftopping", "spending in {0}, after truncation"),
    "above": ("uitgaven boven de aftopping in {0}", "spending above the truncation in {0}"),
    "risk": ("gemiddeld risico in {0}", "mean risk in {0}"),
}
_OF_ROW: dict[str, _Two] = {"baselines": ("Eigen", "Own"), "comparison": ("Groep:", "Group:")}
_TARGET: dict[str, _Two] = {
    "trend.rate": ("Groei per jaar", "Growth per year"),
    "case_mix.limit": ("Grens aan de verandering van het risico", "Limit on the change of the risk"),
    "own_weight": ("Gewicht van de eigen uitgaven", "Weight of the own spending"),
    "baseline": ("Gewicht van het basisjaar", "Weight of the baseline year"),
    "baseline.#.weight": ("Gewicht van basisjaar {0}", "Weight of baseline year {0}"),
    "amounts": ("Afgesproken bedrag", "Amount agreed"),
    "amounts.*": ("Afgesproken bedrag voor {0}", "Amount agreed for {0}"),
    "path": ("Groeipad: deel van het omzetdoel", "Growth path: part of the target"),
    "path.*": ("Groeipad: deel van het omzetdoel in {0}", "Growth path: part of the target in {0}"),
}
_RATES: dict[str, _Two] = {
    "share": ("Aandeel van het netwerk", "Share of the network"),
    "losses.rate": ("Aandeel in de overschrijding", "Share of the overspending"),
    "bonus.earned": ("Verdiend deel van de bonus", "Part of the bonus that is earned"),
    "withhold.earned": ("Verdiend deel van de inhouding", "Part of the withhold that is earned"),
    "target.discount": ("Korting op het doel", "Discount on the target"),
}
_RATE: dict[str, _Two] = {
    "": ("", ""),
    "kind": ("soort", "kind"),
    "base": ("bij kwaliteitsscore 0", "at quality score 0"),
    "at_full_quality": ("bij kwaliteitsscore 1", "at quality score 1"),
    "minimum": ("ten minste", "at least"),
    "maximum": ("ten hoogste", "at most"),
    "otherwise": ("in alle andere gevallen", "in all other cases"),
    "participant": ("deel van het netwerk", "part of the network"),
    "others.*": ("deel van {0}", "part of {0}"),
    "steps.#.from_score": ("trede {0}, vanaf kwaliteitsscore", "step {0}, from quality score"),
    "steps.#.rate": ("trede {0}", "step {0}"),
    "corridors.#.up_to": (
        "schijf {0}, tot dit deel van het doel",
        "slice {0}, up to this part of the target",
    ),
    "corridors.#.rate": ("schijf {0}", "slice {0}"),
    "from_savings_rate": ("begint te groeien bij een besparing van", "starts to grow at a saving of"),
    "to_savings_rate": ("is volgroeid bij een besparing van", "is full at a saving of"),
    "from_rate": ("aan het begin", "at the start"),
    "to_rate": ("aan het eind", "at the end"),
}
_THRESHOLDS: dict[str, _Two] = {
    "threshold": ("Drempel", "Threshold"),
    "losses.threshold": ("Drempel voor een overschrijding", "Threshold for an overspending"),
}
_THRESHOLD: dict[str, _Two] = {
    "rate": ("", ""),
    "mode": ("soort", "kind"),
    "passes_when": ("gehaald", "passed"),
    "rate.error": ("kans op toeval die is toegestaan", "chance of luck that is allowed"),
    "rate.cv": ("spreiding per record (variatiecoëfficiënt)", "spread per record (coefficient of variation)"),
    "rate.table.#.from_records": (
        "klasse {0}, vanaf dit aantal records",
        "class {0}, from this many records",
    ),
    "rate.table.#.to_records": (
        "klasse {0}, tot en met dit aantal records",
        "class {0}, to this many records",
    ),
    "rate.table.#.from_rate": ("klasse {0}, bij het kleinste aantal", "class {0}, at the smallest number"),
    "rate.table.#.to_rate": ("klasse {0}, bij het grootste aantal", "class {0}, at the largest number"),
    "below.minimum_records": (
        "verlaagd aandeel vanaf dit aantal records",
        "reduced share from this many records",
    ),
    "below.share_times": ("eronder telt het aandeel maal", "below it the share counts times"),
}
# an input of a step whose name says more than where it comes from
_IN_STEP: dict[tuple[str, str], _Two] = {
    ("whole", "bonus.size"): ("Volle bonus", "Whole bonus"),
    ("held", "withhold.rate"): ("Ingehouden bedrag", "Amount withheld"),
    ("lost", "withhold.earned"): ("Niet verdiend bedrag", "Amount not earned"),
    ("before rounding", "running"): ("Bedrag voor afronding", "Amount before rounding"),
    ("of", "running"): ("Bedrag tot hier", "Amount so far"),
    ("owed", "running"): ("Verschuldigd tot hier", "Owed so far"),
}
_CHOICES: dict[str, _Two] = {
    "yes": ("ja", "yes"),
    "no": ("nee", "no"),
    "none": ("geen", "none"),
    "gate": ("vanaf de eerste euro", "from the first euro"),
    "deductible": ("alleen het deel erboven", "only the part above it"),
    "at_or_above": ("bij gelijk of meer", "at or above"),
    "above": ("alleen bij meer", "only above"),
    "cent": ("centen", "cents"),
    "euro": ("euro's", "euros"),
    "half-up": ("een half naar boven", "a half upwards"),
    "remaining-saving": ("wat van de besparing over is", "what is left of the saving"),
    "linear": ("in een rechte lijn met de kwaliteit", "in a straight line with quality"),
    "steps": ("in treden", "in steps"),
    "corridors": ("in schijven", "in slices"),
    "sliding": ("groeit met de besparing", "grows with the saving"),
    "parts": ("vaste delen", "fixed parts"),
    "cases": ("naar wat is vastgesteld", "by what was found"),
    "target": ("grens op het omzetdoel", "limit on the target"),
    "revenue": ("grens op de omzet", "limit on revenue"),
    "reduced": ("verlaagd aandeel", "reduced share"),
    "judged": ("beoordeeld", "judged"),
    "leave-out": ("valt weg", "left out"),
    "zero": ("telt als niets bereikt", "counts as nothing attained"),
    "reporting": ("telt als aangeleverd", "counts as reported"),
    "low998": ("laag (99,8 %)", "low (99.8%)"),
    "low95": ("laag (95 %)", "low (95%)"),
    "in": ("binnen de trechter", "within the funnel"),
    "high95": ("hoog (95 %)", "high (95%)"),
    "high998": ("hoog (99,8 %)", "high (99.8%)"),
    "not-assessable": ("niet te beoordelen", "not assessable"),
}
_IN_DOLLARS: dict[str, _Two] = {
    "gate": ("vanaf de eerste dollar", "from the first dollar"),
    "euro": ("dollars", "dollars"),
}

_CORRECTED = {"contract", *SettlementInputs.__dataclass_fields__}
_SOURCES: dict[str, _Two] = {
    "delivery": ("aanlevering", "delivery"),
    "dataset": ("registratie", "dataset"),
    "network set": ("netwerken", "networks"),
    "code set": ("codelijst", "code set"),
    "indicator": ("indicator", "indicator"),
    "model": ("casemixmodel van", "case-mix model of"),
    "scores": ("scores van", "scores of"),
    "facts": ("vastgestelde feiten", "established facts"),
}

_EUROS = {
    *("spending", "above", "target", "project_costs", "revenue", "loss_relief", "truncation", "at_most"),
    *("amounts", "size", "saving", "running"),
}
_COUNTS = {"records", "minimum_records"}
_NUMBERS = {"baseline", "risk"}


def unit_of(source: str, what: str = "") -> Literal["eur", "rate", "count", "points", "number"]:
    """Unit of an input of a step, by where it comes from; see ``FieldWords.of``."""
    kind, _, path = source.partition(":")
    last = path.rpartition(".")[2]
    if kind == "quality":
        return "points"
    if last in _EUROS or what in ("held", "lost"):
        return "eur"
    if last in _COUNTS:
        return "count"
    return "number" if last in _NUMBERS else "rate"


def choice_words(word: str, currency: Currency) -> Text:
    """What a word that the contract or the engine uses says to people; any other text stays as it is."""
    known = {**_CHOICES, **_IN_DOLLARS} if currency == "USD" else _CHOICES
    nl, en = known.get(word, (word, word))
    return Text(nl=nl or " ", en=en or " ")


def cause_words(what: str, titles: Mapping[str, Text], *, sources: Sequence[str] = ()) -> Text:
    """Name what a correction changed.

    Parameters
    ----------
    what : str
        As in ``contracts.restatement.Cause``: a field of the facts, a score, the contract, or several.
    titles : mapping of str to Text
        Titles of indicators; one without goes by its name.
    sources : sequence of str
        Names of the sources that differ, where that is what was corrected.
    """
    parts = [_cause(part, titles) for part in _several(what)]
    nl, en = " en ".join(part.nl for part in parts), " and ".join(part.en for part in parts)
    if sources:
        named = [_source(name, titles) for name in sources]
        nl += ": " + ", ".join(name.nl for name in named)
        en += ": " + ", ".join(name.en for name in named)
    return Text(nl=nl, en=en)


def _several(what: str) -> Iterator[str]:
    """Take corrections that are told together apart; the name of a payer may hold an 'and' too."""
    told = ""
    for piece in what.split(" and "):
        told = f"{told} and {piece}" if told else piece
        if told.rpartition(": ")[2].partition(" ")[0] in _CORRECTED:
            yield told
            told = ""
    if told:
        yield told


def _source(name: str, titles: Mapping[str, Text]) -> Text:
    kind = next((each for each in _SOURCES if name.startswith(f"{each} ")), "")
    rest = name.removeprefix(f"{kind} ")
    of = _title(titles, rest) if kind in ("scores", "model") else Text(nl=rest, en=rest)
    nl, en = _SOURCES.get(kind, ("", ""))
    return Text(nl=f"{nl} {of.nl}".strip(), en=f"{en} {of.en}".strip())


def _cause(what: str, titles: Mapping[str, Text]) -> Text:
    payer, colon, name = what.rpartition(": ")
    first, _, indicator = name.partition(" ")
    if first == "results" and indicator:
        told = _title(titles, indicator)
    else:
        nl, en = _FIELDS.get(name, (name, name))
        told = Text(nl=nl, en=en)
    return Text(nl=f"{told.nl} ({payer})", en=f"{told.en} ({payer})") if colon else told


def _title(titles: Mapping[str, Text], indicator: str) -> Text:
    return titles.get(indicator) or Text(nl=indicator, en=indicator)


@dataclass(frozen=True, slots=True)
class FieldWords:
    """Names of the fields of one contract and its facts.

    Attributes
    ----------
    contract : Contract
    titles : mapping of str to Text
        Titles of indicators; one without goes by its name.
    """

    contract: Contract
    titles: Mapping[str, Text] = field(default_factory=dict)

    def title(self, indicator: str) -> Text:
        """Title of an indicator."""
        return _title(self.titles, indicator)

    def of(self, source: str, *, what: str = "") -> Text:
        """Name a field.

        Parameters
        ----------
        source : str
            As in the ledger: ``contract:share.base``, ``inputs:records``, ``quality:birth-pph``.
        what : str
            Under which name a step took it in, where that says more.

        Returns
        -------
        Text
            A field without words goes by its path.
        """
        kind, _, path = source.partition(":")
        if what.startswith("missed "):
            title = self.title(path)
            return Text(nl=f"Minimum gemist: {title.nl}", en=f"Minimum missed: {title.en}")
        if kind == "quality":
            return Text(nl="Kwaliteitsscore", en="Quality score") if path == "score" else self.title(path)
        if (what, path) in _IN_STEP:
            return Text(nl=_IN_STEP[what, path][0], en=_IN_STEP[what, path][1])
        return self._of_path(path)

    def _of_path(self, path: str) -> Text:
        found = _look_up(_FIELDS, path) or self._of_part(path)
        if found is None:
            return Text(nl=path, en=path)
        return self._filled(found, path)

    def _of_part(self, path: str) -> tuple[_Two, list[str]] | None:
        """Words of a field that stands in more than one place: name of the place, and of what is in it."""
        for head, place in _RATES.items():
            if path == head or path.startswith(f"{head}."):
                return self._of_rate(place, head, path[len(head) + 1 :])
        for head, place in _THRESHOLDS.items():
            rest = path.removeprefix(f"{head}.").replace("rate.otherwise.", "rate.")
            if path.startswith(f"{head}.") and (found := _look_up(_THRESHOLD, rest)):
                return _joined(place, found)
        for head, place in _OF_ROW.items():
            field, _, what = path.removeprefix(f"{head}.").rpartition(".")
            if path.startswith(f"{head}.") and what in _ROW:
                nl, en = _ROW[what]
                return (f"{place[0]} {nl}", f"{place[1]} {en}"), [field]
        part, _, rest = path.removeprefix("target.").partition(".")
        if path.startswith("target.") and part in ("own", "group"):
            place = {"own": ("Eigen uitgaven", "Own spending"), "group": ("Groep", "Group")}[part]
            found = _look_up(_TARGET, rest)
            return _joined(place, found) if found else None
        return _look_up(_TARGET, path.removeprefix("target.")) if path.startswith("target.") else None

    def _of_rate(self, place: _Two, head: str, rest: str) -> tuple[_Two, list[str]] | None:
        case = re.match(r"cases\.(\d+)\.rate\.(.*)", rest)
        if case is None:
            found = _look_up(_RATE, rest)
            return _joined(place, found) if found else None
        rate = self.contract
        for step in head.split("."):
            rate = getattr(rate, step)
        assert isinstance(rate, Cases)
        when = rate.cases[int(case[1])].when
        found = _look_up(_RATE, case[2])
        return _joined((f"{place[0]}, bij '{when}'", f"{place[1]}, with '{when}'"), found) if found else None

    def _filled(self, found: tuple[_Two, list[str]], path: str) -> Text:
        (nl, en), names = found
        of = path.startswith("quality.indicators.")
        rules = self.contract.quality.indicators
        title = self.title(rules[int(names[0]) - 1].indicator) if of else Text(nl=" ", en=" ")
        said = [
            choice_words(name, self.contract.currency) if of else Text(nl=name, en=name) for name in names
        ]
        return Text(
            nl=nl.format(*(name.nl for name in said), indicator=title.nl),
            en=en.format(*(name.en for name in said), indicator=title.en),
        )


def _joined(place: _Two, found: tuple[_Two, list[str]]) -> tuple[_Two, list[str]]:
    """Words of a field after those of the place it stands in."""
    (nl, en), names = found
    if not nl:
        return place, names
    told = (f"{before}: {words[0].lower()}{words[1:]}" for before, words in zip(place, (nl, en), strict=True))
    return (next(told), next(told)), names


def _look_up(table: Mapping[str, _Two], path: str) -> tuple[_Two, list[str]] | None:
    """Words of a path, and what stands in the open places of its pattern; people count from 1."""
    if path in table:
        return table[path], []
    for pattern, words in table.items():
        places = re.findall(r"[#*]", pattern)
        spelled = re.escape(pattern).replace(r"\#", r"(\d+)").replace(r"\*", "(.+)")
        if places and (found := re.fullmatch(spelled, path)):
            names = zip(places, found.groups(), strict=True)
            return words, [str(int(name) + 1) if place == "#" else name for place, name in names]
    return None
