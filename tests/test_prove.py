"""The laboratory of docs/proof.md: plans hold in it, and what is wrong with a firewall is found. Needs root."""

from dataclasses import replace
from pathlib import Path

import pytest

from planner.engine import evaluate_report
from planner.plan.document import read_plan
from planner.plan.topologies import read_topology
from ports.queries import shipped_matrix
from scripts import trial
from scripts.lab import CantBeBuilt, Lab, stand_for
from scripts.prove import CORNERS, list_plans, prove, write_table
from tests.report.firewall.network import require_root

pytestmark = pytest.mark.slow
MATRIX = shipped_matrix()


@pytest.fixture(autouse=True)
def root():
    require_root()


def ready(slug):
    return evaluate_report(MATRIX, read_topology(MATRIX, slug))


def corners():
    return evaluate_report(MATRIX, read_plan(CORNERS.read_bytes(), matrix=MATRIX))


@pytest.mark.parametrize(
    ("name", "way"), [("corners", "nftables"), ("dmz", "iptables"), ("web-and-sql", "hosts")]
)  # the others: make prove
def test_a_plan_holds_with_its_own_files_and_scripts(name, way):
    report = corners() if name == "corners" else ready(name)
    proof = prove(name, report, way)
    assert not proof.faults
    assert proof.flows > 10
    assert proof.attempts == proof.possible > 1_000
    assert (proof.found > 0) == bool(proof.removed) == (way != "hosts")
    assert f"| {name} | {way} |" in write_table([proof])


PUBLISHED = """
format: 1
name: Published
zones: [{name: DMZ, kind: dmz}, {name: Inside, kind: internal}]
endpoints:
  - {name: Portal, zone: DMZ, addresses: [192.0.2.10], roles: [password-reset-portal], platforms: [linux-mac]}
  - {name: PS01, zone: Inside, addresses: [10.1.0.10], roles: [web-primary, database]}
firewalls:
  - {name: FW, format: asa, zones: {DMZ: dmz, Inside: inside}, published: {PS01: 192.0.2.100}}
"""


def test_a_host_that_denies_opens_to_what_is_published_to_it():
    proof = prove("published", evaluate_report(MATRIX, read_plan(PUBLISHED.encode(), matrix=MATRIX)), "hosts")
    assert not proof.faults
    assert proof.flows == 1
    assert proof.attempts > 10


def test_a_hole_beside_the_rules_is_found(monkeypatch):
    hole = trial.SITE.replace("accept\n", "accept\n        tcp dport 3389 accept\n")
    monkeypatch.setattr(trial, "SITE", hole)
    proof = prove("web-and-sql", ready("web-and-sql"), "nftables")
    assert any("tcp 3389 is open, and nothing asks for it" in fault for fault in proof.faults)


def test_what_a_file_lacks_is_found(monkeypatch):
    whole = trial.Trial._write_files

    def write_part(self):
        return {
            name: "\n".join(line for line in text.splitlines() if "dport 443 " not in line)
            for name, text in whole(self).items()
        }

    monkeypatch.setattr(trial.Trial, "_write_files", write_part)
    proof = prove("web-and-sql", ready("web-and-sql"), "nftables")
    assert any("tcp 443 is blocked" in fault for fault in proof.faults)
    assert any("tcp 443 is closed, and a flow asks for it" in fault for fault in proof.faults)


def test_two_endpoints_of_one_address_cant_be_built():
    plan = read_topology(MATRIX, "web-and-sql")
    one, two, *rest = plan.endpoints
    same = replace(plan, endpoints=(one, replace(two, addresses=one.addresses), *rest))
    with pytest.raises(CantBeBuilt, match=f"{one.name} and {two.name} have the address .* both"):
        Lab(evaluate_report(MATRIX, same))


def test_a_host_stands_for_a_network_and_is_nobody_elses():
    report = corners()
    hosts = stand_for(report.plan.endpoints)
    assert hosts["Admins"] == ("10.1.7.1",)
    assert hosts["Staff"][0] == "10.1.0.1"
    everything = [host for found in hosts.values() for host in found]
    assert len(set(everything)) == len(everything)


def test_plans_are_named_by_slug_or_by_file(tmp_path):
    copy = tmp_path / "mine.yaml"
    copy.write_bytes(Path(CORNERS).read_bytes())
    assert [name for name, _ in list_plans(["dmz", str(copy)])] == ["dmz", "mine"]
    assert [name for name, _ in list_plans([])][-1] == "corners"
