"""What there is to see in a registry: scores, states, models, settlements, deliveries."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from contracts.simulation import Simulation
from contracts.terms.part import Text
from indicators.stratifiers import subgroups
from indicators.words import Status
from registry_db import results
from registry_db.before_signing import NOTHING_EXPECTED, Expected, contract_of, facts_of, simulated
from registry_db.cards import card_of
from registry_db.catalogue import Definition, stored_definitions
from registry_db.connect import Connection
from registry_db.faults import RegistryError
from registry_db.fhir_scores import FHIR_BASE, score_bundle
from registry_db.ledgers import Language, Ledger, stored_ledger, titles_of
from registry_db.lifecycle import one_of
from registry_db.monitoring import course
from registry_db.opened import OpenRegistry
from registry_db.reader import PublicationReader, current_publication
from registry_db.records import orphans
from registry_db.response import Asked, Response, asked_of, response


class Looking(OpenRegistry):
    """Results of a registry; nothing is hidden from who opens the vault."""

    def scores(
        self,
        indicator: str,
        *,
        period: str | None = None,
        provider: str | None = None,
        version: str | None = None,
    ) -> pd.DataFrame:
        """Scores of an indicator, columns `registry_db.results.SCORES`; nothing is hidden.

        Of what patients report also ``eligible`` and ``responded``: how many were asked, and answered.

        They are those of the version in force, be it retired, or of the one that is asked for: an earlier
        version keeps the scores that it had.

        Raises
        ------
        RegistryError
            If there is no such indicator, version, period or provider.
        """
        frame = self._results(results.scores, indicator, period=period, provider=provider, version=version)
        definition = self._version(indicator, version).model
        asked = asked_of(definition, self.catalogue().dataset(definition.dataset))
        if asked is None:
            return frame
        found = [self._response(text, asked) for text in frame["states_json"]]
        frame["eligible"] = [each.eligible if each else float("nan") for each in found]
        frame["responded"] = [each.responded if each else float("nan") for each in found]
        return frame

    @staticmethod
    def _response(states_json: str | None, asked: Asked) -> Response | None:
        rows = json.loads(states_json) if isinstance(states_json, str) else []
        states = [(row["state"], row["reason"], row["n"]) for row in rows]
        return response(states, answer=asked.answer, beside=asked.beside)

    def status(self, indicator: str, version: str | None = None) -> Status:
        """Status of a version of an indicator, by default of the one in force, be it retired.

        Raises
        ------
        RegistryError
            If there is no such indicator or version.
        """
        return self._version(indicator, version).status

    def _version(self, indicator: str, version: str | None) -> Definition:
        item = self.catalogue().get("indicator", indicator)
        if version is None:
            return item
        return one_of(stored_definitions(self.con), item.id, version)[0]

    def estimates(
        self, indicator: str, *, period: str | None = None, provider: str | None = None
    ) -> pd.DataFrame:
        """What is estimated beside the scores, columns `registry_db.results.ESTIMATES`; as `scores`.

        Raises
        ------
        RegistryError
            As `scores`, and if the definition asks for nothing beside the score.
        """
        if not self.catalogue().get("indicator", indicator).model.estimators.beside:
            raise RegistryError(
                f"the definition of {indicator} asks for nothing beside its score",
                "a version with, say, 'estimators: {beside: [shrunken]}' does",
            )
        return self._results(results.estimates, indicator, period=period, provider=provider)

    def subgroups(
        self, indicator: str, *, period: str | None = None, provider: str | None = None
    ) -> pd.DataFrame:
        """Scores of subgroups, columns `registry_db.results.SUBGROUPS`; as `scores`.

        Of all providers together the provider is `registry_db.subgroups.ALL`.

        Raises
        ------
        RegistryError
            As `scores`, and if the definition has no stratifiers.
        """
        if not self.catalogue().get("indicator", indicator).model.stratify:
            raise RegistryError(
                f"the definition of {indicator} has no stratifiers",
                "a version with, say, 'stratify: [{name: sex, column: sex, title: ...}]' has",
            )
        item = self.catalogue().get("indicator", indicator).model
        dataset = self.catalogue().dataset(item.dataset)
        order = [(by.name, each) for by in item.stratify for each in subgroups(by, dataset)]
        frame = self._results(results.subgroups, indicator, period=period, provider=provider)
        named = zip(frame["stratifier"], frame["subgroup"], strict=True)
        places = [order.index(pair) if pair in order else len(order) for pair in named]
        sorted_frame = frame.assign(_place=places).sort_values(
            ["period", "provider", "_place"], kind="stable", ignore_index=True
        )
        return sorted_frame.drop(columns="_place")

    def _results(
        self,
        read: Callable[[Connection, str, str], pd.DataFrame],
        indicator: str,
        *,
        period: str | None,
        provider: str | None,
        version: str | None = None,
    ) -> pd.DataFrame:
        item = self._version(indicator, version)
        frame = read(self.con, item.id, item.version)
        return results.only(frame, indicator, period=period, provider=provider)

    def states(
        self, indicator: str, *, period: str | None = None, provider: str | None = None
    ) -> pd.DataFrame:
        """Where the records went, columns `registry_db.results.STATES`; as `scores`."""
        return self._results(results.states, indicator, period=period, provider=provider)

    def models(self) -> pd.DataFrame:
        """Models, columns `registry_db.results.MODELS`."""
        return results.models(self.con)

    def model_card(
        self, indicator: str, *, period: str | None = None, hosmer_lemeshow: bool = False
    ) -> dict[str, Any]:
        """The card of an indicator's model, by default the newest; see `registry_db.cards.card_of`."""
        catalogue = self.catalogue()
        item = catalogue.get("indicator", indicator)
        return card_of(self.con, catalogue, item, period, hosmer_lemeshow=hosmer_lemeshow)

    def monitor(
        self,
        indicator: str,
        *,
        period: str | None = None,
        provider: str | None = None,
        odds_ratio: float = 2.0,
        false_alarms: float = 0.05,
    ) -> pd.DataFrame:
        """Follow an indicator of events by month; see `registry_db.monitoring.course`.

        Raises
        ------
        RegistryError
            As there, and if there is no such period or provider.
        """
        catalogue = self.catalogue()
        item = catalogue.get("indicator", indicator)
        return course(
            self.con,
            catalogue,
            item,
            period=period,
            provider=provider,
            odds_ratio=odds_ratio,
            false_alarms=false_alarms,
        )

    def settlements(self) -> pd.DataFrame:
        """Settlements, columns `registry_db.results.SETTLEMENTS`."""
        return results.settlements(self.con)

    def restatements(self) -> pd.DataFrame:
        """Restatements of final settlements, columns `registry_db.results.RESTATEMENTS`."""
        return results.restatements(self.con)

    def ledger(self, contract: str, period: str, *, language: Language) -> Ledger:
        """The stored settlement of a contract year, to be handed on; see `registry_db.ledgers.Ledger`."""
        return stored_ledger(self.con, self.catalogue(), contract, period=period, language=language)

    def titles(self) -> dict[str, Text]:
        """Titles of the indicators that are in force, by name."""
        return titles_of(self.catalogue())

    def luck(self, contract: str | None = None, *, period: str | None = None) -> pd.DataFrame:
        """How sure settlements are, columns `registry_db.results.LUCK`; by default of all.

        Raises
        ------
        RegistryError
            If there is none of this contract or period.
        """
        chosen = self.catalogue().get("contract", contract).id if contract else None
        frame = results.luck(self.con, chosen, period)
        if frame.empty and (contract or period):
            which = " ".join(filter(None, (contract or "any contract", period)))
            raise RegistryError(
                f"it is not known how sure a settlement of {which} is", "run `meetlat settle`"
            )
        return frame

    def simulate(
        self,
        contract: str,
        *,
        years: int | None = None,
        expected: Expected = NOTHING_EXPECTED,
        facts: Path | None = None,
    ) -> Simulation:
        """Simulate a contract, a file or one in force; see `registry_db.before_signing.simulated`.

        ``facts`` is a file of what no record can say of its years.
        """
        catalogue = self.catalogue()
        chosen = contract_of(catalogue, contract)
        told = None if facts is None else facts_of(facts, chosen)
        return simulated(self.con, catalogue, chosen, years=years, expected=expected, facts=told)

    def deliveries(self) -> pd.DataFrame:
        """Deliveries, columns `registry_db.results.DELIVERIES`.

        And ``orphans``: how many rows, of a table of a dataset, belong to no record that is there today.
        """
        frame = results.deliveries(self.con)
        lost: dict[str, int] = {}
        for item in self.catalogue().of_kind("dataset").values():
            lost |= orphans(self.con, item.model)
        frame["orphans"] = [lost.get(delivery, 0) for delivery in frame["delivery"]]
        return frame

    def quarantine(self, delivery: str) -> pd.DataFrame:
        """Quarantined rows of a delivery: line, column, value, expected."""
        return results.quarantine(self.con, delivery)

    def fhir_scores(self, id: str, period: str, version: str | None = None) -> dict[str, Any]:
        """Give the published scores of an indicator in one period as a Bundle of FHIR R4 MeasureReports.

        Raises
        ------
        RegistryError
            If there is no publication, or no such indicator in it.
        """
        reader = PublicationReader(current_publication(self.folder))
        return score_bundle(reader, id, period, base=FHIR_BASE, version=version)
