"""The model card of a stored model, made from the records that it was fitted on."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from indicators.definition import Indicator
from registry_db.catalogue import Catalogue, Definition
from registry_db.cohorts import TIME, Patterns, make_cohort, patterns, strata
from registry_db.connect import Connection
from registry_db.faults import RegistryError
from registry_db.fits import Fitted, case_mix_terms, fit
from registry_db.missing_values import missing_values
from registry_db.names import names_of
from registry_db.stratum_records import records_of
from risk_models.cox import CoxModel
from risk_models.expected import RiskModel
from risk_models.hazard_card import hazard_card
from risk_models.model_card import model_card


def card_of(
    con: Connection,
    catalogue: Catalogue,
    item: Definition,
    period: str | None,
    *,
    hosmer_lemeshow: bool = False,
) -> dict[str, Any]:
    """Make the card of an indicator's model.

    Parameters
    ----------
    con : Connection
        The vault.
    catalogue : Catalogue
        The definitions.
    item : Definition
        The indicator.
    period : str or None
        Of the model; None for the newest.
    hosmer_lemeshow : bool
        Add that test.

    Raises
    ------
    RegistryError
        If there is no such model, or the records are no longer those that it was fitted on.
    """
    indicator = item.model
    assert isinstance(indicator, Indicator)
    stored = {
        row[0]: (row[1], model_of(row[3], row[2]))
        for row in con.execute(
            """select period, model, model_json, kind from model
            where indicator = ? and version = ? order by period""",
            [item.id, item.version],
        ).fetchall()
    }
    if not stored:
        raise RegistryError(
            f"{item.id} has no model of any period",
            "`meetlat score` makes them; where that cannot be done, `meetlat scores` gives the reason",
        )
    chosen = period if period is not None else max(stored)
    if chosen not in stored:
        known = ", ".join(stored)
        raise RegistryError(f"{item.id} has no model of period '{chosen}'", f"periods with one: {known}")
    model_id, model = stored[chosen]
    make_cohort(con, indicator, catalogue.dataset(indicator.dataset))
    taken = patterns(con, indicator, chosen)
    with threadpool_limits(limits=1):
        same = _fitted_again(indicator, taken)
        if same is None or same.id != model_id:
            raise RegistryError(
                f"{item.id} {chosen}: the records are no longer those that model {model_id} was fitted on",
                "fit it anew with `meetlat fit`",
            )
        found = strata(con, chosen, np.full(len(taken.n), np.nan))
        before = [name for name in stored if name < chosen]
        earlier = stored[max(before)][1] if before else None
        terms, records = case_mix_terms(indicator), records_of(found, taken, same.stack)
        names = names_of(catalogue.dataset(indicator.dataset), [indicator])
        about = _about(con, item, indicator, chosen, model_id) | {"names": names.to_dict()}
        missing = missing_values(con, indicator, chosen, taken)
        if isinstance(model, CoxModel):
            assert earlier is None or isinstance(earlier, CoxModel)
            timed = replace(records, time=records.columns[TIME])
            return hazard_card(model, terms, timed, about=about, missing=missing, earlier=earlier)
        assert earlier is None or isinstance(earlier, RiskModel)
        if model.kind == "poisson":
            records = replace(records, n=found.records * found.share, exposure=records.n)
        return model_card(
            model,
            terms,
            records,
            about=about,
            earlier=earlier,
            missing=missing,
            with_hosmer_lemeshow=hosmer_lemeshow,
        )


def model_of(kind: str, text: str) -> RiskModel | CoxModel:
    """Read a stored model."""
    stored = json.loads(text)
    return CoxModel.from_dict(stored) if kind == "cox" else RiskModel.from_dict(stored)


def _fitted_again(indicator: Indicator, patterns: Patterns) -> Fitted | None:
    try:
        return fit(indicator, patterns)
    except ValueError:
        return None


def _about(
    con: Connection, item: Definition, indicator: Indicator, period: str, model: str
) -> dict[str, Any]:
    """What the registry knows of a model; days on which records ripen are taken together."""
    states = con.execute(
        """select cast(_state as varchar) as state,
            case when _state = 'pending' then '' else _reason end as reason, cast(sum(records) as bigint)
        from cell where _period = ? and _once group by all order by all""",
        [period],
    ).fetchall()
    return {
        "indicator": item.id,
        "version": item.version,
        "title": indicator.title.model_dump(),
        "period": period,
        "dataset": indicator.dataset,
        "definition": item.hash,
        "model": model,
        "states": [{"state": state, "reason": reason, "n": n} for state, reason, n in states],
    }
