"""`manage.py report --since OLD`: the file of a plan takes back what an earlier one opened."""

from pathlib import Path

import pytest

from planner.report import FORMATS
from tests.commands.reporting import files, refuse, run, save
from tests.report.samples import write_plan

ENDS = (
    {"name": "A", "zone": "Internal", "addresses": ["10.0.0.1"]},
    {"name": "B", "zone": "DMZ", "addresses": ["192.0.2.1"]},
)


def document(*ports, **more):
    flows = [{"source": "A", "destination": "B", "protocol": "tcp", "ports": port, "reason": "Ours"} for port in ports]
    return write_plan(*ENDS, additional_flows=flows, **more)


@pytest.fixture(autouse=True)
def _plans(tmp_path, monkeypatch, db):
    monkeypatch.chdir(tmp_path)
    firewall = {"name": "FW-HQ", "format": "asa", "zones": {"Internal": "inside", "DMZ": "dmz"}}
    for name, ports in (("one", ["22"]), ("two", ["23"]), ("now", ["443"]), ("none", [])):
        save(f"{name}.yaml", document(*ports, firewalls=[firewall]))


def taken_back(text):
    return [line for line in text.splitlines() if line.startswith("no access-list")]


def test_what_earlier_plans_opened_is_taken_back_and_the_same_plans_give_the_same_bytes(capsys):
    assert run("now.yaml", "--format", "asa", "--since", "one.yaml", "--since", "two.yaml") == 0
    text = capsys.readouterr().out
    for port in ("22", "23"):
        assert [line for line in taken_back(text) if f"-tcp-{port} " in line]
    assert "taken back at the end" in text
    run("now.yaml", "--format", "asa", "--since", "one.yaml", "--since", "two.yaml")
    assert capsys.readouterr().out == text
    run("now.yaml", "--format", "asa")
    assert not taken_back(capsys.readouterr().out)


def test_each_firewall_takes_back_its_own_one_without_rules_too():
    assert run("none.yaml", "--format", "firewalls", "--since", "one.yaml", "--output", "out/") == 0
    assert files("out") == ["none/FW-HQ.asa.txt"]
    assert len(taken_back(Path("out/none/FW-HQ.asa.txt").read_text("utf-8"))) == 1


def test_what_cannot_take_back_says_which_formats_can():
    said = refuse("now.yaml", "--format", "nftables", "--since", "one.yaml")
    assert all(name in said for name, one in FORMATS.items() if one.closes)
    assert "whole plans" in refuse("now.yaml", "--format", "asa", "--since", "one.yaml", "--filter", "port=443")


def test_a_bad_earlier_plan_writes_nothing(capsys):
    save("bad.yaml", {"format": 1})
    assert run("now.yaml", "--format", "asa", "--since", "bad.yaml", "--output", "out.txt") == 1
    assert "bad.yaml" in capsys.readouterr().err
    assert "out.txt" not in files()
