"""A small made-up publication, by the schema: every kind of score that a page can meet."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import yaml

from contracts.contract import Contract, parse_contract
from contracts.evidence import Counts, Evidence, Moments
from contracts.inputs import BaselineSpending, Completion, IndicatorResult, Interim, SettlementInputs
from contracts.ledger import Settlement, settle
from contracts.payers import settle_payers
from registry_db.luck import luck_of
from risk_models.design import Term
from risk_models.expected import fit_model

SCHEMA = Path(__file__).parents[2] / "registry_db" / "schema" / "publication.sql"
OWN, SMALL, OTHER = "VSV-01", "VSV-02", "VSV-03"
PERIOD = "2025"

PPH_YAML = """\
indicator: birth-pph
version: 1.0.0
steward: NVOG
exclude:
  - when: plurality > 1
    why: {nl: meerling, en: multiple pregnancy}
outcome: {kind: binary, when: blood_loss_ml > 1000, better: lower}
"""

INDICATOR = {
    "version": "1.0.0",
    "status": "active",
    "steward": "NVOG",
    "dataset": "birth",
    "unit": "vsv",
    "minimum_n": 30,
    "norm": None,
    "norm_kind": None,
    "definition": "indicator: x\nsteward: NVOG\n",
    "hash": "0123456789abcdef0123",
    "show_unit": "percent",
    "show_decimals": 1,
    "why_nl": "Omdat het telt.",
    "why_en": "Because it matters.",
}
INDICATORS: list[dict[str, Any]] = [
    {
        "indicator": "vsv-standard",
        "horizon": 1,
        "kind": "structure",
        "better": "higher",
        "expectation": "none",
    }
    | {"title_nl": "Voldoet aan de standaard", "title_en": "Meets the standard", "show_decimals": 0},
    {"indicator": "birth-booking", "horizon": 1, "kind": "binary", "better": "higher", "expectation": "none"}
    | {"title_nl": "Eerste bezoek op tijd", "title_en": "First visit in time"}
    | {"norm": 0.8, "norm_kind": "target"},
    {"indicator": "birth-pph", "horizon": 2, "kind": "binary", "better": "lower", "expectation": "own"}
    | {"title_nl": "Fluxus postpartum <1000 ml & meer>", "title_en": "Postpartum haemorrhage"}
    | {"definition": PPH_YAML},
    {"indicator": "birth-tear", "horizon": 2, "kind": "binary", "better": "lower", "expectation": "own"}
    | {"title_nl": "Ernstige ruptuur", "title_en": "Severe tear"},
    {"indicator": "birth-apgar", "horizon": 2, "kind": "binary", "better": "lower", "expectation": "own"}
    | {"title_nl": "Lage Apgarscore", "title_en": "Low Apgar score"},
    {"indicator": "birth-experience", "horizon": 3, "kind": "continuous", "better": "higher"}
    | {"title_nl": "Ervaring", "title_en": "Experience", "expectation": "own", "show_unit": "points"}
    | {"response_json": '{"answer": ["experience"], "beside": ["age"]}'},
    {"indicator": "hip-eq5d", "horizon": 3, "kind": "change", "better": "higher", "expectation": "external"}
    | {"title_nl": "Winst in kwaliteit van leven", "title_en": "Gain in quality of life"}
    | {"show_unit": "points", "show_decimals": 3, "dataset": "hip"},
]

LIMITS_PPH = (0.021, 0.035, 0.083, 0.104)
NO_LIMITS = (None, None, None, None)
NOTHING = (*(None,) * 11, "not-assessable", "suppressed", None, True)


def score_rows() -> list[tuple[Any, ...]]:
    """Scores of three networks; the own one has every band once."""
    fact = ("not-assessable", "a fact, not a sample", None, False)
    few = ("not-assessable", "fewer than 30 records", None, False)
    booking, tear, experience = (
        (0.76, 0.79, 0.86, 0.89, "high998", "", 0.91, False),
        (None, 0.0125, 0.047, 0.061, "low95", "", 0.35, False),
        (7.8, 7.9, 8.3, 8.4, "low998", "", 0.8, False),
    )
    own: dict[str, tuple[Any, ...]] = {
        "vsv-standard": (1, 1, None, None, 1.0, None, None, *NO_LIMITS, *fact),
        "birth-booking": (600, 540, 498, 1.084, 0.90, 0.87, 0.92, *booking),
        "birth-pph": (568, 42, 34.6, 1.214, 0.0716, 0.052, 0.097, *LIMITS_PPH, "in", "", 0.62, False),
        "birth-tear": (410, 5, 11.2, 0.446, 0.0121, 0.004, 0.028, *tear),
        "birth-apgar": NOTHING,
        "birth-experience": (120, 7.6, 8.1, None, 7.62, 7.4, 7.84, *experience),
        "hip-eq5d": (20, 0.7, 0.71, None, 0.41, 0.35, 0.47, *NO_LIMITS, *few),
    }
    rows = [(name, "1.0.0", PERIOD, OWN, *values) for name, values in own.items()]
    rows.append(("birth-pph", "1.0.0", "2024", OWN, *own["birth-pph"]))
    rows.append(("birth-pph", "1.0.0", PERIOD, SMALL, *NOTHING))
    for number, (n, rate, band) in enumerate(
        [(220, 0.031, "in"), (310, 0.098, "high95"), (450, 0.055, "in"), (700, 0.12, "high998")]
    ):
        provider = OTHER if number == 0 else f"VSV-{number + 3:02d}"
        values = (n, n * rate, n * 0.059, rate / 0.059, rate, rate * 0.7, rate * 1.4)
        rows.append(("birth-pph", "1.0.0", PERIOD, provider, *values, *LIMITS_PPH, band, "", 0.5, False))
    return rows


def contract_terms() -> dict[str, Any]:
    """What the contract of the own network says."""
    level = {"by": "level", "better": "lower", "threshold": 0.09, "target": 0.05}
    return {
        "contract": "vsv-contract",
        "version": "1.0.0",
        "status": "active",
        "title": {"nl": "Contract geboortezorg", "en": "Birth-care contract"},
        "parties": {"payers": ["Zorgverzekeraar"], "participant": {"network_set": "vsv", "network": OWN}},
        "population": {"dataset": "birth", "minimum_records": 100, "below_minimum": "no-payment"},
        "years": [PERIOD],
        "spending": {
            "dataset": "birth",
            "column": "spending",
            "truncation": 25000,
            "payer_share_above": 1,
        },
        "target": {
            "kind": "own-history",
            "basis": "per-record",
            "baseline": [{"period": "2023", "weight": 1}],
            "trend": {"rate": 0.03, "growth": "compound"},
        },
        "threshold": {"rate": 0.01, "mode": "deductible", "passes_when": "above"},
        "quality": {
            "digits": 4,
            "value": "raw",
            "not_assessable": "leave-out",
            "not_ripe": "ripe-records",
            "indicators": [
                {"indicator": "birth-pph", "weight": 3, "attain": level},
                {"indicator": "birth-apgar", "weight": 1, "attain": level},
            ],
        },
        "share": {"base": 0.25, "at_full_quality": 0.5},
        "cap": {"rate_of": "target", "rate": 0.02},
        "losses": "none",
        "rounding": {"unit": "cent", "mode": "half-up", "when": "once-at-the-end"},
    }


def contract() -> Contract:
    """The contract of the own network."""
    return parse_contract(contract_terms())


def settlement() -> Settlement:
    """A settlement of the own network, made by the contract package itself."""
    inputs = SettlementInputs(
        PERIOD,
        568,
        Decimal("2110000.55"),
        (BaselineSpending("2023", 550, Decimal("2200000.00")),),
        (
            IndicatorResult("birth-pph", "1.0.0", PERIOD, 568, 0.0716, 0.052, 0.097, "in", 0.62),
            IndicatorResult("birth-apgar", "1.0.0", PERIOD, 8, None, None, None, "not-assessable", None),
        ),
        interim=Interim("2025-11-30", (Completion(PERIOD, Decimal("2110000.55"), Decimal(1)),)),
    )
    return settle(contract(), inputs)


def luck_row() -> tuple[str, str]:
    """How sure the settlement is: 42 haemorrhages, and spending that varies by half."""
    made = settlement()
    evidence = Evidence(
        Moments.of(PERIOD, records=568, cv=0.5),
        (Moments.of("2023", records=550, cv=0.5),),
        counts={"birth-pph": Counts(42, 568, 42 * 0.059 / 0.0716, 0.059)},
        earlier={"birth-pph": 0.08},
    )
    joint = settle_payers(contract(), {made.payer: made.inputs})
    found = luck_of(contract(), joint, {made.payer: evidence})
    return made.hash, json.dumps(found[made.payer])


def model_json() -> str:
    """A logistic model of two terms, made by the model package itself."""
    terms = [Term("parity", "category", reference="multi"), Term("age", "spline", knots=3)]
    strata = {
        "parity": np.array(["multi", "nulli"] * 6, dtype=object),
        "age": np.repeat([22.0, 26.0, 30.0, 33.0, 37.0, 41.0], 2),
    }
    n, events = np.full(12, 100.0), np.array([4, 6, 4, 7, 5, 8, 6, 9, 8, 12, 11, 15.0])
    return json.dumps(fit_model("logistic", terms, strata, n=n, sum_y=events).to_dict())


def build_publication(file: Path, *, generated: bool = True, rows: bool = True, luck: bool = True) -> None:
    """Write the publication; ``rows=False`` leaves out everything that was scored or settled."""
    with duckdb.connect(str(file)) as con:
        con.execute(SCHEMA.read_text(encoding="utf-8"))
        about = ("abcdef0123456789", "Voorbeeldregister", generated, 10, dt.date(2025, 12, 31), "0.1.0")
        con.execute("insert into publication values (?, ?, ?, ?, ?, ?, timestamp '2026-01-05 10:20')", about)
        insert(
            con,
            "dataset",
            [
                (
                    "birth",
                    "1.0.0",
                    "Bevallingen",
                    "Births",
                    "Verzonnen voor een test",
                    "Made up for a test",
                    generated,
                    "00ff",
                ),
                ("hip", "1.0.0", "Heupen", "Hips", "Ergens", "Somewhere", False, "00fe"),
            ],
        )
        titles = [
            ("birth", "blood_loss_ml", "Bloedverlies (ml)", "Blood loss (ml)"),
            ("birth", "parity", "Eerste bevalling of niet", "First delivery or not"),
        ]
        insert(con, "dataset_column", titles)
        insert(con, "dataset_level", [("birth", "parity", "nulli", "eerste bevalling", "first delivery")])
        if not rows:
            return
        received = dt.datetime(2026, 1, 4, 9, 30)  # noqa: DTZ001 - the schema keeps UTC without a zone
        insert(con, "delivery", [("d1", "birth", "births.csv", received, 4100, 4097, 3, False)])
        names = {OWN: "VSV De Linde", SMALL: "VSV Klein", OTHER: "VSV <Ander>"}
        names |= {f"VSV-{number:02d}": f"VSV nummer {number}" for number in range(4, 7)}
        insert(con, "organisation", [(code, name, "vsv") for code, name in names.items()])
        for indicator in INDICATORS:
            row = INDICATOR | indicator
            marks = ", ".join("?" * len(row))
            con.execute(f"insert into indicator ({', '.join(row)}) values ({marks})", list(row.values()))
        calibration = {"intercept": 0.0, "slope": 1.0}
        diagnostics = json.dumps({"c_statistic": 0.612, "brier": 0.05, "calibration": calibration})
        model = ("m1", "birth-pph", "1.0.0", PERIOD, "logistic", 1200.0, model_json(), diagnostics)
        insert(con, "model", [model])
        insert(con, "benchmark", [(*row, *TESTED.get(row[0], NORMAL)) for row in benchmark_rows()])
        insert(con, "score", [(*row, None) for row in score_rows()])  # no exposure: none of them is a count
        insert(con, "state", state_rows())
        insert(con, "subgroup", subgroup_rows())
        insert(con, "explanation", explanation_rows())
        insert(con, "course", course_rows())
        insert(con, "patient_mix", patient_rows())
        insert(con, "subgroup_score", subgroup_score_rows())
        insert(con, "settlement", [settlement_row()])
        # by way of JSON, since a definition has no anchors for what stands in it twice
        text = yaml.safe_dump(json.loads(json.dumps(contract_terms())), sort_keys=False)
        key = ("vsv-contract", "1.0.0", "Contract geboortezorg", "Birth-care contract")
        insert(con, "contract", [(*key, text, contract().hash)])
        if luck:
            insert(con, "luck", [luck_row()])


NORMAL = ("exact", "none", None)
TESTED = {"vsv-standard": (None, None, None), "birth-experience": ("normal", "none", None)}


def benchmark_rows() -> list[tuple[Any, ...]]:
    """All providers together."""
    return [
        ("vsv-standard", "1.0.0", PERIOD, 24, 0, 24, 22, None, 0.917, None, None, None, None),
        ("birth-booking", "1.0.0", PERIOD, 24, 24, 14000, 11620, 11620, 0.83, 0.05, 2.0, 150, "m2"),
        ("birth-pph", "1.0.0", PERIOD, 6, 5, 2248, 132, 132, 0.059, 0.012, 1.4, 800, "m1"),
        ("birth-pph", "1.0.0", "2024", 6, 5, 2248, 132, 132, 0.059, 0.012, 1.4, 800, "m1"),
        ("birth-tear", "1.0.0", PERIOD, 24, 24, 9000, 243, 243, 0.027, 0.004, 1.1, 1900, "m3"),
        ("birth-experience", "1.0.0", PERIOD, 24, 24, 3000, 8.1, 8.1, 8.1, 0.2, None, 60, "m4"),
        ("hip-eq5d", "1.0.0", PERIOD, 24, 23, 9000, 0.79, 0.79, 0.438, 0.02, None, 90, None),
    ]


def state_rows() -> list[tuple[Any, ...]]:
    """Where the records of the own network went."""
    key = ("birth-pph", "1.0.0", PERIOD, OWN)
    return [
        (*key, "counted", "", 568),
        (*key, "excluded", "rule 1", 14),
        (*key, "not-eligible", "population", 0),
        (*key, "missing", "blood_loss_ml", None),
        (*key, "pending", "", None),
        ("birth-experience", "1.0.0", PERIOD, OWN, "counted", "", 120),
        ("birth-experience", "1.0.0", PERIOD, OWN, "missing", "experience", 100),
        ("birth-experience", "1.0.0", PERIOD, OWN, "missing", "age", 5),
        ("birth-experience", "1.0.0", PERIOD, OWN, "excluded", "rule 1", 40),
        ("birth-experience", "1.0.0", PERIOD, OTHER, "counted", "", 30),
        ("birth-experience", "1.0.0", PERIOD, OTHER, "missing", "experience", None),
        ("birth-tear", "1.0.0", PERIOD, OWN, "counted", "", 410),
        ("birth-tear", "1.0.0", PERIOD, OWN, "excluded", "rule 1", 158),
    ]


def course_rows() -> list[tuple[Any, ...]]:
    """Months of the own network, of which the alarm went off in one; of the other network one part only."""
    found = []
    for number in range(1, 13):
        vlad, cusum = round(1.2 - 0.6 * number, 1), min(1.2, 0.15 * number)
        rules = "outside" if number == 9 else ("shift" if number > 5 else "")
        told = (0.8 + 0.05 * number, vlad, cusum, cusum >= 1, rules, 1.1, 0.6, 1.6, 2.0, 0.05)
        month = f"{PERIOD}-{number:02d}"
        found.append(("birth-pph", "1.0.0", PERIOD, OWN, month, month, *told))
    whole = (1.1, -0.4, 0.35, False, "", None, None, None, 2.0, 0.05)
    found.append(("birth-pph", "1.0.0", PERIOD, OTHER, f"{PERIOD}-01", f"{PERIOD}-12", *whole))
    return found


def explanation_rows() -> list[tuple[Any, ...]]:
    """Why the expectation of the own network is 6.1 %, where that of everyone is 5.9 %."""
    key = ("birth-pph", "1.0.0", PERIOD, OWN)
    return [(*key, term, part, 0.061, 0.059) for term, part in (("parity", 0.003), ("age", -0.001))]


def patient_rows() -> list[tuple[Any, ...]]:
    """Who the patients of the own network are."""
    key = ("birth-pph", "1.0.0", PERIOD, OWN)
    return [
        (*key, "age", "", 30.2, 31.4),
        (*key, "parity", "multi", 0.52, 0.56),
        (*key, "parity", "nulli", 0.48, 0.44),
        (*key, "parity", "(missing)", None, 0.0),
    ]


def subgroup_rows() -> list[tuple[Any, ...]]:
    """Subgroups of one indicator."""
    key = ("birth-pph", "1.0.0", "parity", "Pariteit", "Parity")
    return [
        (*key, "nulliparous", "eerste bevalling", "first delivery", 0),
        (*key, "multiparous", "eerder bevallen", "delivered before", 1),
        (*key, "(unknown)", "onbekend", "unknown", 2),
    ]


def subgroup_score_rows() -> list[tuple[Any, ...]]:
    """Scores of subgroups of all, of the own network, and of one that is hidden."""
    found = []
    for provider, first, second in (("(all)", 1000, 1248), (OWN, 250, 318), (OTHER, None, None)):
        for subgroup, n, rate in (("nulliparous", first, 0.084), ("multiparous", second, 0.066)):
            key = ("birth-pph", "1.0.0", PERIOD, provider, "parity", subgroup)
            if n is None:
                found.append((*key, *(None,) * 8, "suppressed", True))
            else:
                numbers = (n, None, n * rate, n * 0.06, rate / 0.06, rate, rate * 0.7, rate * 1.4)
                found.append((*key, *numbers, "", False))
    return found


def settlement_row() -> tuple[Any, ...]:
    """The settlement as it is published."""
    made = settlement()
    text = json.dumps(made.to_dict(), ensure_ascii=False)
    key = (made.hash, made.contract, made.version, "Contract geboortezorg", "Birth-care contract")
    return (*key, OWN, made.payer, made.period, "interim", True, "EUR", made.payment, 1, None, text)


def insert(con: duckdb.DuckDBPyConnection, table: str, rows: list[tuple[Any, ...]]) -> None:
    """Put rows into a table."""
    con.executemany(f"insert into {table} values ({', '.join('?' * len(rows[0]))})", rows)


def point_at(registry: Path, name: str) -> None:
    """Make a publication the newest."""
    (registry / "publications" / "current").write_text(name + "\n", encoding="utf-8")
