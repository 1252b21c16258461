"""A contract, and what was established for it, held against the definitions that it names.

What can be known before there is any record is told by ``meetlat check``, with the line of the file, and not
first when a year is settled.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from contracts.contract import Contract
from contracts.terms.facts import Established, EstablishedYear, Facts
from contracts.terms.part import first_year
from contracts.terms.parties import Insured
from contracts.terms.quality import ByImprovement, ByLevel, OwnBaseline, QualityRule
from contracts.terms.sharing import Losses
from contracts.terms.spending import Blend, CaseMix, Delivered, Target
from contracts.terms.threshold import AnyThresholdRate, ByChoice, ByPopulation
from indicators.attributed import attribution_of
from indicators.dataset import Dataset
from indicators.definition import Indicator
from indicators.faults import did_you_mean
from indicators.networks import NetworkSet
from indicators.shares import counts_in_part
from indicators.versions import order

Path: TypeAlias = tuple[str | int, ...]
Placed: TypeAlias = tuple[Path, str, str]
"""Where in the file a fault is, what is wrong, and what to do (or nothing)."""


@dataclass(frozen=True, slots=True)
class Known:
    """The definitions in force that a contract can name, by id."""

    datasets: Mapping[str, Dataset]
    network_sets: Mapping[str, NetworkSet]
    indicators: Mapping[str, Indicator]


def contract_faults(contract: Contract, known: Known) -> Iterator[Placed]:
    """Faults of a contract that its file alone does not show.

    Parameters
    ----------
    contract : Contract
        By itself without a fault.
    known : Known
        What it is held against.

    Yields
    ------
    path, message, hint
    """
    yield from _party_faults(contract, known)
    yield from _spending_faults(contract, known)
    yield from _comparison_faults(contract, known)
    for number, rule in enumerate(contract.quality.indicators):
        path = ("quality", "indicators", number)
        if rule.indicator not in known.indicators:
            yield _none(known.indicators, "indicator", rule.indicator, *path, "indicator")
            continue
        indicator = known.indicators[rule.indicator]
        yield from _indicator_faults(contract, rule, indicator, path)
        yield from _improvement_faults(rule, indicator, path)


def _none(known: Iterable[str], what: str, name: str, *path: str | int) -> Placed:
    return path, f"there is no {what} '{name}'", did_you_mean(name, known)


def span(contract: Contract, period: str) -> tuple[dt.date, dt.date]:
    """First and last day of a contract year."""
    starts = [dt.date(first_year(period) + later, contract.year_starts or 1, 1) for later in (0, 1)]
    return starts[0], starts[1] - dt.timedelta(days=1)


def _spending_faults(contract: Contract, known: Known) -> Iterator[Placed]:
    name = contract.spending.dataset
    if contract.population.dataset != name:
        message = f"'{contract.population.dataset}', and the spending is of dataset '{name}'"
        hint = "the records of the population are those whose spending is summed: name the same dataset"
        yield ("population", "dataset"), message, hint
    if name not in known.datasets:
        yield _none(known.datasets, "dataset", name, "spending", "dataset")
        return
    dataset = known.datasets[name]
    if dataset.period.year_of is None:
        message = f"dataset {name} has no date that says to which year a record belongs"
        yield ("spending", "dataset"), message, "give the dataset 'period: {year_of: ...}'"
    yield from _number_faults(dataset, contract.spending.column, ("spending", "column"))
    for path, mix in case_mixes(contract.target):
        place = (*path, "case_mix")
        if mix.column is not None:
            yield from _number_faults(dataset, mix.column, (*place, "column"))
        elif mix.indicator is not None:
            yield from _risk_faults(contract, mix.indicator, known, (*place, "indicator"))
        else:
            message = "nothing says what the risk of a record is"
            yield place, message, f"name a numeric column of {name}, or an indicator that expects it"
    if len({(mix.column, mix.indicator) for _, mix in case_mixes(contract.target)}) > 1:
        message = "own history and group go by another risk, and a record has one"
        yield ("target", "group", "case_mix"), message, "write the same in both"


def _risk_faults(contract: Contract, name: str, known: Known, path: Path) -> Iterator[Placed]:
    """Faults of an indicator whose expectation is to be the risk of each record."""
    if name not in known.indicators:
        yield _none(known.indicators, "indicator", name, *path)
        return
    indicator, dataset = known.indicators[name], contract.spending.dataset
    reference = indicator.estimators.reference
    if indicator.dataset != dataset:
        yield path, f"{name} is of dataset {indicator.dataset}, and the spending of {dataset}", ""
    if not indicator.case_mix:
        yield path, f"{name} has no case mix, so that it expects the same of every record", ""
    if reference is None or reference.recalibration != "none":
        message = (
            f"{name} is not adjusted by the model of one period, so that the model would change the risk"
        )
        hint = "give the indicator 'estimators: {reference: {period: ...}}', such as the baseline year"
        yield path, message, hint
    yield from _period_faults(contract, indicator, path[:-1])


def _number_faults(dataset: Dataset, column: str, path: Path) -> Iterator[Placed]:
    if dataset.types.get(column) not in ("decimal", "integer"):
        yield path, f"no numeric column '{column}'", did_you_mean(column, dataset.types)


def case_mixes(target: Target) -> Iterator[tuple[Path, CaseMix]]:
    """Adjustments for case mix in a target, each with the path of the part that has it."""
    parts = (
        {("target", "own"): target.own, ("target", "group"): target.group}
        if isinstance(target, Blend)
        else {("target",): target}
    )
    for path, part in parts.items():
        if not isinstance(part, Delivered) and part.case_mix is not None:
            yield path, part.case_mix


def _party_faults(contract: Contract, known: Known) -> Iterator[Placed]:
    parties = contract.parties
    where = parties.participant
    path = ("parties", "participant")
    if where.network_set not in known.network_sets:
        yield _none(known.network_sets, "network_set", where.network_set, *path, "network_set")
    elif where.network not in known.network_sets[where.network_set].networks:
        networks = known.network_sets[where.network_set].networks
        yield _none(networks, "network", where.network, *path, "network")
    else:
        yield from _part_faults(contract, known.network_sets[where.network_set])
    dataset = known.datasets.get(contract.spending.dataset)
    if parties.insured is not None and dataset is not None:
        yield from _insured_faults(parties.insured, dataset)
    elif parties.insured is None and parties.shares is None and len(parties.payers) > 1:
        message = "there are several payers, and nothing says which records are of which"
        hint = "give 'insured: {column: ..., codes: {...}, other_codes: ...}', or 'shares' in all records"
        yield ("parties", "insured"), message, hint


def _insured_faults(insured: Insured, dataset: Dataset) -> Iterator[Placed]:
    column = insured.column
    if column not in dataset.types:
        yield _none(dataset.types, "column", column, "parties", "insured", "column")
        return
    meanings = getattr(dataset.described[column], "codes", None)
    if meanings is None:
        return
    # as the engine writes them, which for a flag is true or false
    values = {str(value).lower() if isinstance(value, bool) else str(value) for value in meanings.values()}
    for payer, codes in insured.codes.items():
        for number, code in enumerate(codes):
            if code not in values:
                path = ("parties", "insured", "codes", payer, number)
                message = f"'{column}' is never '{code}', so that payer '{payer}' would have no records of it"
                yield path, message, did_you_mean(code, values)


def _part_faults(contract: Contract, networks: NetworkSet) -> Iterator[Placed]:
    """What has no meaning where records are shared out, or do not go by the membership of their provider."""
    dataset, distribution = contract.spending.dataset, contract.distribution
    if distribution is not None and distribution.weights is None and attribution_of(networks, dataset):
        message = (
            f"'{distribution.by}', and records of {dataset} do not go to networks by their provider alone"
        )
        yield ("distribution", "by"), message, "agree on 'fixed-weights'"
    if not counts_in_part(networks, dataset):
        return
    rates: list[tuple[Path, AnyThresholdRate]] = [(("threshold", "rate"), contract.threshold.rate)]
    if isinstance(contract.losses, Losses):
        rates.append((("losses", "threshold", "rate"), contract.losses.threshold.rate))
    for path, rate in rates:
        if isinstance(rate, ByPopulation) or (isinstance(rate, ByChoice) and rate.otherwise is not None):
            message = f"a table by whole records, and records of {dataset} count in part for networks"
            yield path, message, "agree on one rate, or on a rate by significance"


def _comparison_faults(contract: Contract, known: Known) -> Iterator[Placed]:
    where, comparison = contract.parties.participant, contract.comparison
    if comparison is None:
        if contract.compares:
            message = "it needs a comparison group, and the contract does not say which"
            yield ("target",), message, "give 'comparison: {networks: others}', or a list of networks"
        return
    if where.network_set not in known.network_sets:
        return
    networks = known.network_sets[where.network_set].networks
    named = [] if comparison.networks == "others" else comparison.networks
    for number, network in enumerate(named):
        if network not in networks:
            yield _none(networks, "network", network, "comparison", "networks", number)


def _indicator_faults(
    contract: Contract, rule: QualityRule, indicator: Indicator, path: Path
) -> Iterator[Placed]:
    name = rule.indicator
    if rule.version is not None and order(rule.version) > order(indicator.version):
        message = f"there is no version {rule.version} of {name}"
        yield (*path, "version"), message, f"in force is {indicator.version}"
    if indicator.status == "draft":
        yield (*path, "indicator"), f"{name} is a draft, and a draft is not scored", "make it active first"
    yield from _period_faults(contract, indicator, path)
    network_set = contract.parties.participant.network_set
    if indicator.unit != network_set:
        message = f"{name} scores by '{indicator.unit}', and the participant is a network of '{network_set}'"
        yield (*path, "indicator"), message, f"agree on an indicator with 'unit: {network_set}'"
    if rule.horizon is not None and rule.horizon != indicator.horizon:
        message = f"{rule.horizon}, and {name} has horizon {indicator.horizon}"
        yield (*path, "horizon"), message, f"write {indicator.horizon}"
    if isinstance(rule.attain, ByLevel | ByImprovement) and rule.attain.better != indicator.outcome.better:
        message = f"'{rule.attain.better}', and of {name} {indicator.outcome.better} is better"
        yield (
            (*path, "attain", "better"),
            message,
            f"write {indicator.outcome.better}, and look at the levels",
        )


def _period_faults(contract: Contract, indicator: Indicator, path: Path) -> Iterator[Placed]:
    """An indicator that is scored by other periods would never have a score of a contract year."""
    period, starts = indicator.period, contract.year_starts
    kind = "calendar-year" if period is None else period.kind
    same = kind == ("calendar-year" if starts is None else "fiscal-year")
    if same and (period is None or period.start == starts):
        return
    own = f"'{kind}'" + (f" from month {period.start}" if period and period.start else "")
    years = "calendar years" if starts is None else f"years that start in month {starts}"
    message = f"{indicator.indicator} is scored by {own}, and the contract goes by {years}"
    yield (*path, "indicator"), message, "agree on an indicator that is scored by the years of the contract"


def _improvement_faults(rule: QualityRule, indicator: Indicator, path: Path) -> Iterator[Placed]:
    if not isinstance(rule.attain, ByImprovement) or isinstance(rule.attain.baseline, Decimal):
        return
    where = (*path, "attain", "baseline")
    if not isinstance(rule.attain.baseline, OwnBaseline):
        hint = "name the year: 'baseline: {period: ..., model: ...}', or write the value"
        yield where, "'as-delivered', and a registry is not handed a baseline", hint
        return
    baseline, reference = rule.attain.baseline, indicator.estimators.reference
    kept = None if reference is None or reference.recalibration != "none" else reference.period
    if baseline.model == "frozen" and kept != baseline.period:
        message = f"'frozen', and {rule.indicator} is not adjusted by the model of {baseline.period}"
        hint = f"give the indicator 'estimators: {{reference: {{period: \"{baseline.period}\"}}}}'"
        yield (*where, "model"), message, hint
    elif baseline.model == "concurrent" and reference is not None:
        message = f"'concurrent', and {rule.indicator} is adjusted by the model of {reference.period}"
        yield (*where, "model"), message, "agree on 'frozen', or on an indicator with a model of each year"


def facts_faults(facts: Facts, contract: Contract) -> Iterator[Placed]:
    """Faults of established facts that only show beside the contract that they are about.

    Parameters
    ----------
    facts : Facts
        By themselves without a fault.
    contract : Contract
        In force, of the name that the facts have.

    Yields
    ------
    path, message, hint
    """
    for year, found in facts.years.items():
        path = ("years", year)
        if year not in contract.years:
            # those of an earlier term stay, so that it can be settled again
            if year > min(contract.years):
                message = f"contract {contract.contract} has no year {year}"
                yield path, message, f"it has {', '.join(contract.years)}"
            continue
        yield from _amount_faults(contract, found, path)
        yield from _interim_faults(contract, year, found, path)
        for payer, amounts in found.payers.items():
            if payer not in contract.parties.payers:
                yield _none(contract.parties.payers, "payer", payer, *path, "payers", payer)
            yield from _amount_faults(contract, amounts, (*path, "payers", payer))
        for name in found.findings:
            if name not in contract.findings:
                message = f"no rule of contract {contract.contract} asks for '{name}'"
                yield (*path, "findings", name), message, did_you_mean(name, contract.findings)


def _interim_faults(contract: Contract, year: str, found: EstablishedYear, path: Path) -> Iterator[Placed]:
    """Months and days that are not of the year."""
    if found.interim is None:
        return
    place = (*path, "interim")
    first, last = span(contract, year)
    paid = found.interim.paid_through
    if not first <= paid <= last:
        yield (*place, "paid_through"), f"{paid} is not in {year}: expected from {first} to {last}", ""
    for part in found.interim.complete:
        if part == year:
            if len(found.interim.complete) > 1:
                message = f"'{year}' is the whole period, and there are months beside it"
                yield (*place, "complete", part), message, "give the one or the other"
        elif not f"{first:%Y-%m}" <= part <= f"{paid:%Y-%m}" or len(part) != 7:
            message = f"'{part}' is no month from {first:%Y-%m} to {paid:%Y-%m}, nor the period {year}"
            yield (*place, "complete", part), message, "write a month as 2025-07"


def _amount_faults(contract: Contract, found: Established, path: Path) -> Iterator[Placed]:
    """Amounts that no rule of the contract uses."""
    losses = contract.losses if isinstance(contract.losses, Losses) else None
    asked = {
        "target": isinstance(contract.target, Delivered),
        "project_costs": contract.project_costs is not None,
        "revenue": losses is not None and losses.limited_by_revenue,
        "loss_relief": losses is not None and losses.relief == "as-established",
    }
    for name, wanted in asked.items():
        if getattr(found, name) is not None and not wanted:
            message = f"no rule of contract {contract.contract} uses it"
            yield (*path, name), message, "leave it out"
