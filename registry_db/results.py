"""Looking at what is in the vault: frames of declared columns for the operator."""

from __future__ import annotations

import pandas as pd

from indicators.faults import did_you_mean
from registry_db.connect import Connection
from registry_db.estimates import ESTIMATE_COLUMNS
from registry_db.faults import RegistryError
from registry_db.scoring import SCORE_COLUMNS
from registry_db.subgroups import SUBGROUP_COLUMNS

SCORES = ("indicator", "version", "period", *SCORE_COLUMNS, "states_json")
ESTIMATES = ("indicator", "version", "period", *ESTIMATE_COLUMNS)
SUBGROUPS = ("indicator", "version", "period", "provider", "stratifier", *SUBGROUP_COLUMNS[1:], "states_json")
MODELS = ("indicator", "version", "period", "model", "kind", "n", "model_json", "diagnostics_json")
SETTLEMENTS = (
    "contract",
    "version",
    "period",
    "provider",
    "payer",
    "kind",
    "currency",
    "payment",
    "settlement",
)
RESTATEMENTS = (
    *("contract", "period", "payer", "number", "version", "currency", "was", "payment"),
    "restatement_json",
)
LUCK = ("contract", "version", "period", "payer", "kind", "currency", "payment", "settlement", "luck_json")
STATES = ("period", "provider", "state", "reason", "n")
DELIVERIES = (
    "delivery",
    "dataset",
    "file_name",
    "rows",
    "accepted",
    "quarantined",
    "passed_over",
    "superseded_by",
    "received_at",
)

# A number in JSON, without a point where it is whole.
_NUMBER = "case when n = floor(n) then to_json(cast(n as bigint)) else to_json(cast(n as double)) end"


def scores(con: Connection, indicator: str, version: str) -> pd.DataFrame:
    """Scores of one version of an indicator, by period and provider.

    ``states_json`` is a list with the state, the reason and the number of all the provider's records.
    """
    columns = ", ".join(SCORES)
    return con.execute(
        f"""select {columns} from score left join (
            select period, provider, cast(to_json(list({{'state': state, 'reason': reason, 'n': {_NUMBER}}}
                order by state, reason)) as varchar) as states_json
            from state where indicator = $indicator and version = $version group by all)
            using (period, provider)
        where indicator = $indicator and version = $version order by period, provider""",
        {"indicator": indicator, "version": version},
    ).df()


def estimates(con: Connection, indicator: str, version: str) -> pd.DataFrame:
    """What one version of an indicator estimates beside its scores, by period, provider and estimator."""
    return con.execute(
        f"""select {", ".join(ESTIMATES)} from estimate
        where indicator = ? and version = ? order by period, provider, estimator""",
        [indicator, version],
    ).df()


def subgroups(con: Connection, indicator: str, version: str) -> pd.DataFrame:
    """Scores of subgroups of one version of an indicator, by period and provider.

    ``states_json`` is as in `scores`; all providers together have none. A subgroup of which no record counts
    has an ``n`` of 0.
    """
    columns = ", ".join(SUBGROUPS).replace(" n,", " coalesce(n, 0.0) as n,")
    return con.execute(
        f"""select {columns.replace(" reason,", " coalesce(reason, '') as reason,")} from (
            select * from subgroup_score where indicator = $indicator and version = $version)
        full join (
            select indicator, version, period, provider, stratifier, subgroup,
                cast(to_json(list({{'state': state, 'reason': reason, 'n': n}}
                    order by state, reason)) as varchar) as states_json
            from subgroup_state where indicator = $indicator and version = $version group by all)
            using (indicator, version, period, provider, stratifier, subgroup)
        where period is not null order by period, provider, stratifier, subgroup""",
        {"indicator": indicator, "version": version},
    ).df()


def states(con: Connection, indicator: str, version: str) -> pd.DataFrame:
    """Where every delivered record went, by period and provider; the numbers add up to the records.

    They are whole numbers, unless records count in part for networks.
    """
    frame = con.execute(
        f"select {', '.join(STATES)} from state where indicator = ? and version = ? order by all",
        [indicator, version],
    ).df()
    whole = bool((frame["n"] % 1 == 0).all())
    return frame.astype({"n": "int64"}) if whole else frame


def models(con: Connection) -> pd.DataFrame:
    """All models, by indicator and period."""
    return con.execute(f"select {', '.join(MODELS)} from model order by indicator, version, period").df()


def _selected(columns: tuple[str, ...]) -> str:
    """SQL of columns of settlements; the currency stands in what was stored."""
    return ", ".join(
        "settlement_json ->> 'currency' as currency" if name == "currency" else name for name in columns
    )


def settlements(con: Connection) -> pd.DataFrame:
    """Settlements in force, by contract, period and payer."""
    columns = _selected((*SETTLEMENTS, "settlement_json"))
    return con.execute(
        f"select {columns} from settlement_in_force order by contract, version, period, payer"
    ).df()


def restatements(con: Connection) -> pd.DataFrame:
    """All restatements, columns RESTATEMENTS, in the order in which they were made."""
    return con.execute(
        f"""select {_selected(RESTATEMENTS)} from settlement
        join (select contract, period, payer, number + 1 as number, payment as was from settlement)
            using (contract, period, payer, number)
        where restatement_json is not null order by contract, period, number, payer"""
    ).df()


def luck(con: Connection, contract: str | None, period: str | None) -> pd.DataFrame:
    """How sure settlements are, by contract and period; of one contract or period if named."""
    return con.execute(
        f"""select {_selected(LUCK)} from settlement_in_force join luck using (settlement)
        where contract = coalesce($contract, contract) and period = coalesce($period, period)
        order by contract, version, period, payer""",
        {"contract": contract, "period": period},
    ).df()


def deliveries(con: Connection) -> pd.DataFrame:
    """All deliveries in order of arrival."""
    return con.execute(f"select {', '.join(DELIVERIES)} from delivery order by seq").df()


def quarantine(con: Connection, delivery: str) -> pd.DataFrame:
    """Faults of a delivery's quarantined rows, by line.

    Raises
    ------
    RegistryError
        If there is no such delivery.
    """
    known = [row[0] for row in con.execute("select delivery from delivery order by seq").fetchall()]
    if delivery not in known:
        raise RegistryError(f"there is no delivery '{delivery}'", did_you_mean(delivery, known))
    return con.execute(
        """select line, column_name as "column", value, expected from quarantine
        where delivery = ? order by line, column_name""",
        [delivery],
    ).df()


def only(frame: pd.DataFrame, indicator: str, *, period: str | None, provider: str | None) -> pd.DataFrame:
    """Rows of one period and provider, where these are named.

    Raises
    ------
    RegistryError
        If there are none of them.
    """
    for column, wanted in (("period", period), ("provider", provider)):
        if wanted is None:
            continue
        if wanted not in set(frame[column]):
            known = did_you_mean(wanted, set(frame[column])) or "it has no scores yet: `meetlat run`"
            raise RegistryError(f"{indicator} has no scores of {column} '{wanted}'", known)
        frame = frame[frame[column] == wanted]
    return frame.reset_index(drop=True)
