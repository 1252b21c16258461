"""`meetlat settle --again`: what it prints and its exit codes."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pypdf
import pytest

from app import cli
from registry_db.registry import Registry
from tests.registry_db.build import deliver_cheaper_birth

Again = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(demo_registry: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(demo_registry, tmp_path / "registry"))


@pytest.fixture
def again(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Again:
    """Run `meetlat settle --again` in this process: exit code, what it printed, what it said on the side."""

    def again(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["meetlat", "--registry", str(folder), "settle", "--again", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return again


def test_a_ledger_is_written_for_the_parties(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["meetlat", "--registry", str(folder), "ledger", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0)

    book, data = tmp_path / "a.xlsx", tmp_path / "a.json"
    assert run("birth-vsv", "--period", "2025", "--out", str(book)) == 0
    assert openpyxl.load_workbook(book)["Afrekening"]["A5"].value.startswith("=IF(")
    assert run("birth-vsv", "--period", "2025", "--out", str(data), "--language", "en") == 0
    assert json.loads(data.read_text("utf-8"))[0]["payment"] == "180485.03"
    document = tmp_path / "a.pdf"
    assert run("birth-vsv", "--period", "2025", "--out", str(document)) == 0
    text = " ".join(page.extract_text() for page in pypdf.PdfReader(document).pages)
    assert "Fluxus postpartum" in text
    assert "180.485,03" in text
    assert run("birth-vsv", "--period", "2025", "--out", str(tmp_path / "a.doc")) == 2
    assert run("birth-vsv", "--period", "2031", "--out", str(book)) == 1
    assert "there is no settlement of birth-vsv 2031" in capsys.readouterr().err


def test_the_same_to_the_bit(again: Again) -> None:
    code, out, err = again("birth-vsv", "--period", "2025")
    assert (code, err) == (0, "")
    assert out == (
        "birth-vsv 0.1.0, 2025 comes out again as it was stored, to the bit\n"
        "deliveries, scores and definitions are as they were\n"
    )


def test_a_correction_is_told_by_party_and_cause(again: Again, folder: Path) -> None:
    with Registry(folder) as registry:
        deliver_cheaper_birth(registry)
    code, out, err = again("--period", "2025")
    assert (code, err) == (0, "")
    assert "on those of today the payment would be €180,970.28 instead of €180,485.03\n" in out
    told = {" ".join(line.split()) for line in out.splitlines()}
    assert {"Zorgverzekeraar Demo −€485.25", "VSV-03 €485.25", "Spending after truncation €485.25"} <= told
    assert "Origin of the data: delivery birth-0003-" in out
    code, out, _ = again("--period", "2025", "--json")
    (found,) = json.loads(out)
    assert (code, found["same"], found["restatement"]["differences"]["VSV-03"]) == (0, True, "485.25")


def test_where_only_the_sources_are_others_the_payment_stays(again: Again, folder: Path) -> None:
    """The same births in another order: a delivery of other content, and no other fact."""
    header, *lines = (folder / "deliveries" / "births-2025.csv").read_text(encoding="utf-8").splitlines()
    turned = folder / "turned.csv"
    turned.write_text("\n".join([header, *reversed(lines)]) + "\n", encoding="utf-8")
    with Registry(folder) as registry:
        known = registry.deliveries().set_index("file_name")["delivery"]
        registry.deliver("birth", turned, replaces=known["births-2025.csv"])
    code, out, err = again("--period", "2025")
    assert (code, err) == (0, "")
    assert "on those of today the payment stays €180,485.03: only sources are others\n" in out
    assert "instead of" not in out
    assert "Origin of the data: delivery birth-0003-" in out


def test_a_settlement_that_was_touched_is_exit_code_1(again: Again, folder: Path) -> None:
    with Registry(folder) as registry:
        registry.con.execute(
            "update settlement set settlement_json = replace(settlement_json, '0.485', '0.5')"
        )
    code, out, err = again()
    assert (code, err) == (1, "")
    assert "birth-vsv 0.1.0, 2025 does not come out as it was stored:\n" in out
    assert "  steps: does not come out again as it was stored\n" in out
    code, out, _ = again("--json")
    assert (code, [item["same"] for item in json.loads(out)]) == (1, [True, False])


def test_restatements_are_shown(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Registry(folder) as registry:
        deliver_cheaper_birth(registry)
        registry.settle("birth-vsv", period="2025")
    monkeypatch.setattr(sys, "argv", ["meetlat", "--registry", str(folder), "settlements", "--restatements"])
    with pytest.raises(SystemExit):
        cli.main()
    told = {" ".join(line.split()) for line in capsys.readouterr().out.splitlines()}
    head = "birth-vsv 0.1.0, 2025: settlement 2 with Zorgverzekeraar Demo: €180,970.28 instead of €180,485.03"
    assert {head, "VSV-03 €485.25", "Spending after truncation €485.25"} <= told
