"""A registry with a million birth records, drawn in the engine."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import yaml

from registry_db.connect import Connection
from registry_db.registry import Registry

PROVIDERS, NETWORKS, CONTACTS = 300, 60, 2
SEED = 0.42
LAST_DAY = "2025-12-31"
TABLES = """
tables:
  contact:
    link: {birth_id: birth_id}
    columns:
      birth_id: {type: text, required: true}
      at: {type: date}
      kind: {type: category, codes: {p: phone, v: visit, s: scan}}
      value: {type: integer}
derive:
  contacts: {count: true, of: contact}
  scanned: {any: true, of: contact, where: kind = 'scan'}
  last_value: {last: value, of: contact, by: at}
  late_visits: {count: true, of: contact, where: kind = 'visit', by: at,
    between: ["add_days(birth_date, -28)", birth_date]}
  small: {value: birth_weight_g < 250 * (gestation_weeks - 28), type: boolean}
"""
CODES = """
code_set: tears
version: 1.0.0
title: {nl: Rupturen, en: Tears}
lists:
  severe: [third_fourth]
  any: [first_second, third_fourth]
"""


def make_registry(folder: Path, rows: int) -> None:
    """Make a registry with the datasets defined, and the records in its vault as deliveries leave them."""
    shipped = (files("indicators.library.birth") / "birth.dataset.yaml").read_text(encoding="utf-8")
    dataset = yaml.safe_load(shipped)
    added = yaml.safe_load(TABLES)
    dataset["tables"], dataset["derive"] = added["tables"], dataset["derive"] | added["derive"]
    (folder / "x.dataset.yaml").write_text(yaml.safe_dump(dataset, sort_keys=False), encoding="utf-8")
    (folder / "x.code-set.yaml").write_text(CODES, encoding="utf-8")
    (folder / "x.network.yaml").write_text(yaml.safe_dump(_networks(), sort_keys=False), encoding="utf-8")
    with Registry.create(folder / "registry") as registry:
        registry.define([folder / f"x.{kind}.yaml" for kind in ("code-set", "dataset", "network")])
        fill(registry.con, rows)


def _networks() -> dict[str, object]:
    networks = {
        f"n{number}": {
            "name": f"Network {number}",
            "members": [
                {"provider": f"P{place:04d}", "since": "2020-01-01"}
                for place in range(number, PROVIDERS, NETWORKS)
            ],
        }
        for number in range(NETWORKS)
    }
    title = {"nl": "Netwerken", "en": "Networks"}
    return {"network_set": "vsv", "version": "1.0.0", "title": title, "networks": networks}


def fill(con: Connection, rows: int) -> None:
    """Draw the records; a value is absent about as often as in a registry."""
    con.execute(f"select setseed({SEED})")
    flag = "random() < {} as {}"
    con.execute(
        f"""insert into record_birth by name select 1 as _delivery, i + 2 as _line,
            'B' || lpad(i::varchar, 8, '0') as birth_id,
            'P' || lpad(floor({PROVIDERS} * random() * random())::int::varchar, 4, '0') as provider,
            date '2020-01-01' + floor(random() * 2192)::int as birth_date,
            case when random() < 0.99 then 42 - floor(18 * random() ** 3)::int end as gestation_weeks,
            case when random() < 0.985 then 1 else 2 end as plurality,
            case when random() < 0.44 then 'nulliparous'
                when random() < 0.99 then 'multiparous' end as parity,
            case when random() < 0.99 then 16 + floor(30 * (random() + random()) / 2)::int end as age,
            case when random() < 0.93 then round(18 + 20 * random() * random(), 1) end as bmi,
            case when random() < 0.996 then random() < 0.08 end as previous_caesarean,
            case when random() < 0.997 then random() < 0.03 end as pre_eclampsia,
            {flag.format(0.22, "induction")},
            case when random() < 0.97 then ['low', 'middle', 'high'][1 + floor(3 * random())::int] end as ses,
            {flag.format(0.09, "deprived_area")}, {flag.format(0.05, "transferred")},
            case when random() < 0.85 then 'practice' else 'hospital' end as care_start,
            case when random() < 0.985 then 5 + floor(20 * random() ** 2)::int end as first_visit_week,
            ['spontaneous', 'spontaneous', 'instrumental', 'caesarean'][1 + floor(4 * random())::int]
                as mode_of_birth,
            case when random() < 0.99 then 800 + floor(4000 * random())::int end as birth_weight_g,
            case when random() < 0.988 then floor(3000 * random() ** 4)::int end as blood_loss_ml,
            case when random() < 0.992
                then ['none', 'none', 'first_second', 'third_fourth'][1 + floor(4 * random())::int]
                end as perineal_tear,
            {flag.format(0.995, "live_born")},
            case when random() < 0.997 then 10 - floor(10 * random() ** 6)::int end as apgar5,
            case when random() < 0.4 then round(10 - 5 * random() ** 2, 1) end as experience_score,
            round(3000 + 4000 * random(), 2) as spending_eur
        from range({rows}) t(i)"""
    )
    con.execute(
        f"""insert into "record_birth.contact" by name select 2 as _delivery,
            row_number() over () + 1 as _line, birth_id, birth_date - floor(200 * random())::int as at,
            ['phone', 'visit', 'scan'][1 + floor(3 * random())::int] as kind,
            floor(100 * random())::int as value
        from record_birth, range({CONTACTS}) where random() < 0.8"""
    )
    for seq, (name, of) in enumerate((("births", "birth"), ("contacts", "birth.contact")), start=1):
        con.execute(
            "insert into delivery values (?, ?, ?, '', '', '', 0, 0, 0, 0, null, null, now()::timestamp)",
            [name, seq, of],
        )
    con.execute("checkpoint")
