"""What findings, rules and closed ways of the ready-made topologies say, word for word, as in tests/golden.

The golden files are those of the JSON format (tests/test_golden.py): here the engine alone is held to its words.
"""

import json
from pathlib import Path

import pytest

from planner.engine import evaluate_report
from planner.engine.existing.readers import asa, azure, csv, nftables
from planner.plan.document import read_plan
from ports.queries import shipped_matrix
from tests.engine.existing import test_aws, test_azure, test_nftables, test_windows
from tests.engine.existing.devices.test_asa_nat import of_object
from tests.engine.existing.packets import Packet, decide
from tests.examples import EXAMPLES, UNANSWERED

GOLDEN = Path(__file__).parents[1] / "golden"
MATRIX = shipped_matrix()


@pytest.mark.parametrize("slug", ["everything", "unanswered", "remote-sites"])
def test_findings_and_rules_are_worded_as_in_the_golden_files(slug):
    example = UNANSWERED["everything"] if slug == "unanswered" else EXAMPLES[slug]
    report = evaluate_report(MATRIX, read_plan(example.data, matrix=MATRIX))
    golden = json.loads((GOLDEN / f"{slug}.json").read_text("utf-8"))
    assert [
        (one.code, one.severity, one.title, list(one.endpoints), one.message, one.advice) for one in report.findings
    ] == [tuple(one[key] for key in ("code", "severity", "title", "endpoints", "message", "advice"))
          for one in golden["findings"]]  # fmt: skip
    assert [(rule.id, [reason.text for reason in rule.reasons]) for rule in report.rules] == [
        (one["id"], [text.rpartition(": ")[2] for text in one["reasons"]]) for one in golden["rules"]
    ]


# --- existing rules --------------------------------------------------------------------------------------------------


def test_a_windows_firewall_that_is_off_lets_everything_in():
    off = test_windows.profiles(**{name: {"Enabled": "False"} for name in ("Domain", "Private", "Public")})
    ruleset = test_windows.of(test_windows.rule(action=4), profiles=off)
    assert ruleset.obscure == ()
    assert decide(ruleset, test_windows.WEB) == "accept"
    assert ruleset.stages[0].default_name == "firewall off in the profile domain, private, public"
    part = test_windows.profiles(Private={"Enabled": 0})
    ruleset = test_windows.of(test_windows.rule(), profiles=part)
    assert ruleset.obscure == ("the firewall is off in the profile private only",)


@pytest.mark.parametrize("protocol", ["icmp", "1", "icmpv6", "58"])
def test_types_of_icmp_of_aws_are_those_of_their_family(protocol):
    ranges = [{"CidrIpv6": "2001:db8::/32"}]
    ruleset = test_aws.of(test_aws.group(test_aws.permission(protocol, 8, -1, Ipv6Ranges=ranges)))
    found = {(one.family, *one.protocols.spans, *one.ports.spans) for entry in ruleset.stages[0].entries
             for one in entry.matches}  # fmt: skip
    family, number = (6, 58) if protocol in ("icmpv6", "58") else (4, 1)
    assert found == {(family, (number, number), (8 * 256, 8 * 256 + 255))}


def test_a_group_of_azure_goes_by_its_name():
    nameless = azure.read(json.dumps({"securityRules": [test_azure.rule()]}))
    assert nameless.stages[0].entries[0].name == "network security group web (100)"
    named = azure.read(json.dumps([{"name": "front", "securityRules": [test_azure.rule()]}]))
    assert named.stages[0].entries[0].name == "front web (100)"


def test_translations_of_an_asa_go_by_their_lines():
    objects = "ASA Version 9.16\ninterface GigabitEthernet0/0\n nameif inside\n security-level 100\n"
    objects += "interface GigabitEthernet0/1\n nameif outside\n security-level 0\n"
    objects += "object network real\n host 10.0.0.10\nobject network shown\n host 203.0.113.10\n"
    lines = [
        "nat (outside,inside) source static any any destination static shown real",
        "nat (inside,outside) source static real shown",
    ]
    for line in lines:
        assert [one.name for one in asa.read(f"{objects}{line}\n").translations] == [line]
    nat = "nat (inside,outside) static 203.0.113.10"
    assert [one.name for one in asa.read(objects + of_object(nat)).translations] == [nat]


@pytest.mark.parametrize(
    ("op", "number", "ports"),
    [("<", 1, (0, 0)), ("<=", 0, (0, 0)), (">", 65534, (65535, 65535)), (">=", 65535, (65535, 65535)),
     ("<", 0, None), (">", 65535, None)],
)  # fmt: skip
def test_comparisons_of_nftables_reach_to_the_last_port(op, number, ports):
    found = test_nftables.rule(test_nftables.match(test_nftables.PORT, number, op), test_nftables.ACCEPT)
    ruleset = nftables.read(test_nftables.write(test_nftables.chain("forward", "forward"), found))
    (entry,) = ruleset.stages[-1].entries
    assert bool(entry.obscure) == (ports is None)
    assert ports is None or {one.ports.spans for one in entry.matches} == {(ports,)}


@pytest.mark.parametrize("cell", ["icmpv6/128", "ipv6-icmp/128", "icmp6/128/0"])
def test_types_of_icmp_in_tables_are_of_either_family(cell):
    ruleset = csv.read(f"source;destination;service;action\nany;any;{cell};allow\n")
    assert decide(ruleset, Packet("2001:db8::1", "2001:db8::2", "icmp", 128 * 256)) == "accept"
    assert decide(ruleset, Packet("2001:db8::1", "2001:db8::2", "icmp", 129 * 256)) == "drop"
