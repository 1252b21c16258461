"""Recompute the public settlements of the Medicare Shared Savings Program from contract files.

    python -m benchmarks.mssp ../shared/data/mssp

Each year's file has its own layout, written down in ``mssp.layouts.yaml``; each track is a contract file in
``indicators/library/contracts/mssp``. Prints a table per year, and every settlement that the contract does
not reproduce, with the reason.
"""

from __future__ import annotations

import csv
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from contracts.contract import Contract, parse_contract
from contracts.inputs import IndicatorResult, SettlementInputs
from contracts.ledger import Settlement, settle
from contracts.terms.sharing import Losses
from contracts.terms.threshold import ByChoice

LAYOUTS = Path(__file__).with_name("mssp.layouts.yaml")
TRACKS = Path(__file__).parents[1] / "indicators" / "library" / "contracts" / "mssp"
DOLLAR = Decimal(1)
CLASSES = ("to the dollar", "within the published precision", "limited by revenue", "not reproduced")
Settle = Callable[[Contract, SettlementInputs], Settlement]


@dataclass(frozen=True, slots=True)
class Row:
    """One published settlement and what it was settled on.

    Attributes
    ----------
    payment, counted : Decimal
        As published: what was paid or owed, and the saving or overspending that counted.
    score_step : Decimal
        Half a unit of the last published digit of the quality score.
    """

    year: str
    id: str
    contract: str
    inputs: SettlementInputs
    payment: Decimal
    counted: Decimal
    score_step: Decimal


@dataclass(frozen=True, slots=True)
class Checked:
    """A published settlement beside its recomputation."""

    row: Row
    payment: Decimal
    counted: Decimal
    found: str
    counted_agrees: bool


def tracks(folder: Path = TRACKS) -> dict[str, Contract]:
    """The contract of each track, by its id."""
    files = sorted(folder.glob("*.contract.yaml"))
    read = (parse_contract(yaml.safe_load(file.read_text("utf-8"))) for file in files)
    return {contract.contract: contract for contract in read}


def read_years(folder: Path, contracts: Mapping[str, Contract]) -> Iterator[Row]:
    """Every published settlement of every year that has a layout."""
    layouts = yaml.safe_load(LAYOUTS.read_text("utf-8"))
    for year, layout in layouts["years"].items():
        with (folder / layout["file"]).open(encoding="utf-8-sig", newline="") as file:
            for cells in csv.DictReader(file):
                yield _row(year, layout, _Cells(cells, tuple(layouts["nothing"])), contracts)


@dataclass(frozen=True, slots=True)
class _Cells:
    cells: Mapping[str, str]
    nothing: tuple[str, ...]

    def text(self, column: str) -> str:
        return self.cells[column].strip()

    def number(self, column: str) -> Decimal | None:
        """Number in a cell, without separators and signs of percent; None where nothing is published."""
        text = self.text(column)
        return None if text in self.nothing else Decimal(text.replace(",", "").rstrip("%"))

    def amount(self, column: str) -> Decimal:
        return self.number(column) or Decimal(0)


def _row(year: str, layout: dict[str, Any], cells: _Cells, contracts: Mapping[str, Contract]) -> Row:
    contract = contracts[_contract_of(layout["contract"], cells)]
    target = cells.amount(layout["target"])
    score = cells.number(layout["score"]["column"])
    unit = Decimal(str(layout["score"]["unit"]))
    quality = IndicatorResult(
        indicator="quality-score",
        version="1.0.0",
        period=year,
        n=0.0 if score is None else float(cells.amount(layout["records"])),
        adjusted=None if score is None else float(score * unit),
        lower=None,
        upper=None,
        band="not-assessable" if score is None else "in",
        reliability=None,
    )
    inputs = SettlementInputs(
        period=year,
        records=int(cells.amount(layout["records"])),
        spending=target - cells.amount(layout["saving"]),
        baselines=(),
        results=(quality,),
        target=target,
        loss_relief=_relief(layout, cells, contract),
        chosen_threshold=_choice(layout, cells, contract),
        findings={name: _found(layout["findings"][name], cells) for name in contract.findings},
    )
    step = Decimal("0.5").scaleb(-layout["score"]["digits"]) * unit
    return Row(
        year=year,
        id=cells.text(layout["id"]),
        contract=contract.contract,
        inputs=inputs,
        payment=cells.amount(layout["payment"]),
        counted=cells.amount(layout["counted"]),
        score_step=step,
    )


def _contract_of(rule: dict[str, Any], cells: _Cells) -> str:
    if "column" in rule:
        return str(rule["values"][cells.text(rule["column"])])
    (flag,) = [flag for flag in rule["flags"] if cells.text(flag) == "1"]
    return str(rule["flags"][flag])


def _relief(layout: dict[str, Any], cells: _Cells, contract: Contract) -> Decimal | None:
    if not isinstance(contract.losses, Losses) or contract.losses.relief == "none":
        return None
    return abs(cells.amount(layout["relief"])) if "relief" in layout else Decimal(0)


def _choice(layout: dict[str, Any], cells: _Cells, contract: Contract) -> Decimal | None:
    """What was chosen; a published rate that cannot be chosen is one by population."""
    rate = contract.threshold.rate
    if not isinstance(rate, ByChoice):
        return None
    published = cells.amount(layout["threshold"]["column"]) * Decimal(str(layout["threshold"]["unit"]))
    return published if published in rate.among else None


def _found(conditions: str | list[dict[str, str]], cells: _Cells) -> bool:
    if isinstance(conditions, str):
        return False
    return all(
        cells.text(each["column"]) == each["is"]
        if "is" in each
        else cells.text(each["column"]) != each["is_not"]
        for each in conditions
    )


def check(row: Row, contract: Contract, settled_by: Settle = settle) -> Checked:
    """Recompute one settlement and say how near it came."""
    settlement = settled_by(contract, row.inputs)
    counted = settlement.step("counted").amount
    return Checked(
        row=row,
        payment=settlement.payment,
        counted=counted,
        found=_found_out(row, contract, settlement.payment, settled_by),
        # the difference is published as a whole number, so nothing is rounded
        counted_agrees=counted == row.counted,
    )


def _found_out(row: Row, contract: Contract, payment: Decimal, settled_by: Settle) -> str:
    if abs(payment - row.payment) <= DOLLAR:
        return CLASSES[0]
    low, high = sorted(settled_by(contract, _shifted(row, sign)).payment for sign in (-1, 1))
    if low - DOLLAR <= row.payment <= high + DOLLAR:
        return CLASSES[1]
    losses = contract.losses
    if isinstance(losses, Losses) and losses.limited_by_revenue and payment < row.payment <= 0:
        return CLASSES[2]
    return CLASSES[3]


def _shifted(row: Row, sign: int) -> SettlementInputs:
    """The same facts with a quality score at the edge of what its published digits may stand for."""
    (quality,) = row.inputs.results
    if quality.adjusted is None:
        return row.inputs
    moved = Decimal(repr(quality.adjusted)) + sign * row.score_step
    return replace(row.inputs, results=(replace(quality, adjusted=float(moved)),))


def check_all(folder: Path) -> list[Checked]:
    """Recompute every settlement in a folder."""
    contracts = tracks()
    return [check(row, contracts[row.contract]) for row in read_years(folder, contracts)]


def main(folder: Path) -> int:
    """Print the table; 0 if everything is reproduced or explained."""
    start = time.perf_counter()
    checked = check_all(folder)
    print(f"{'year':6}{'rows':>7}{'paid':>7}{'to $1':>8}{'precision':>11}{'revenue':>9}{'wrong':>7}"
          f"{'counted':>9}{'USD recomputed':>18}")  # fmt: skip
    for year in dict.fromkeys(item.row.year for item in checked):
        _print_year(year, [item for item in checked if item.row.year == year])
    for item in checked:
        if item.found in CLASSES[2:] or not item.counted_agrees:
            row = item.row
            print(f"{row.year} {row.id} {row.contract}: {item.found}; published {row.payment:,}, recomputed "
                  f"{item.payment:,}; counted {row.counted:,} and {item.counted:,.0f}")  # fmt: skip
    print(f"{len(checked):,} settlements in {time.perf_counter() - start:.1f} s")
    return int(any(item.found == CLASSES[3] or not item.counted_agrees for item in checked))


def _print_year(year: str, rows: list[Checked]) -> None:
    found = Counter(item.found for item in rows)
    paid = sum(item.row.payment > 0 for item in rows)
    agree = sum(item.counted_agrees for item in rows)
    money = sum((item.payment for item in rows if item.payment > 0), Decimal(0))
    print(f"{year:6}{len(rows):7,}{paid:7,}{found[CLASSES[0]]:8,}{found[CLASSES[1]]:11,}"
          f"{found[CLASSES[2]]:9,}{found[CLASSES[3]]:7,}{agree:9,}{money:18,.0f}")  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
