"""What another program reads in the files: fwshift, which converts firewall policies, compares two of them by meaning.

It is run as a program of its own and never imported. Where a device does by itself what the file doesn't say (a Palo
Alto lets everything through inside a zone, an ASA knows no side that connections go to), that is put aside.
"""

import ipaddress
import re

import pytest

from planner.engine import evaluate_report
from planner.plan.document import read_plan
from planner.report import FORMATS
from ports.queries import shipped_matrix
from tests.examples import EXAMPLES, UNANSWERED
from tests.fwshift import find_differences

pytestmark = pytest.mark.slow

MATRIX = shipped_matrix()
PLANS = EXAMPLES | {f"{slug}, nothing answered": plan for slug, plan in UNANSWERED.items()}
LOOKED_AT = "everything"
"""The plan in which the other program is tried, too: it has to see that one port is another."""


def compare(tmp_path, first, kind, second, *options):
    """The differences between the file of a FortiGate and another one."""
    paths = tmp_path / "first", tmp_path / "second"
    for path, text in zip(paths, (first, second), strict=True):
        path.write_text(text)
    return find_differences(paths[0], "fortios", paths[1], kind, *options)


def networks_of(report):
    """By code of a group of zones what is in it; what is in none is the internet's."""
    of_zone = {zone: group.code for group in report.zone_groups for zone in group.zones}
    found = {group.code: [] for group in report.zone_groups}
    for endpoint in report.plan.endpoints:
        for address in endpoint.addresses:
            try:
                found[of_zone[endpoint.zone]].append(str(ipaddress.ip_network(address)))
            except ValueError:
                continue
    return found


def report_of(name):
    return evaluate_report(MATRIX, read_plan(PLANS[name].data, matrix=MATRIX))


@pytest.mark.parametrize("name_of_plan", PLANS)
def test_another_program_reads_the_same_in_each_device(name_of_plan, tmp_path):
    report = report_of(name_of_plan)
    text = {name: FORMATS[name].render(report).decode() for name in ("fortigate", "srx", "paloalto-set", "paloalto")}
    if "edit" not in text["fortigate"]:
        return
    sides = sorted(set(re.findall(r'set (?:src|dst)intf "(\S+)"', text["fortigate"])))
    zones = "".join(f"set security zones security-zone {side}\n" for side in sides)
    assert compare(tmp_path, text["fortigate"], "junos", zones + text["srx"]) == []
    if name_of_plan == LOOKED_AT:
        other = text["srx"].replace("destination-port 443\n", "destination-port 444\n")
        assert compare(tmp_path, text["fortigate"], "junos", zones + other), "it can see that one port is another"
    for name in ("paloalto-set", "paloalto"):
        found = compare(tmp_path, text["fortigate"], "panos", text[name])
        # Ping is an application there, and no type of ICMP. What a DNS name stands for neither of them knows.
        told = [one for one in found if one["certain"] or "fqdn" not in text["fortigate"]]
        assert [one for one in told if not one.get("inside_the_zone") and not is_ping(one)] == [], name
    lists = FORMATS["asa"].render(report, default_deny=True).decode()
    interfaces = "".join(
        f"interface GigabitEthernet0/{number}\n nameif {side}\n security-level 50\n"
        for number, side in enumerate(sides)
    )
    bound = "".join(f"access-group FROM-{side} in interface {side}\n" for side in sides)
    asa = f"ASA Version 9.16(1)\n{interfaces}same-security-traffic permit inter-interface\n{lists}{bound}"
    within = networks_of(report)
    options = [f"--zone-network={side}={','.join(within[side])}" for side in sides if within.get(side)]
    found = compare(tmp_path, text["fortigate"], "asa", asa, *options)
    known = {side for side in sides if within.get(side)}
    told = [one for one in found if one["certain"] or "fqdn" not in text["fortigate"]]
    assert [one for one in told if {one["from"], one["to"]} <= known] == []


@pytest.mark.parametrize("name_of_plan", PLANS)
def test_another_program_reads_the_same_in_iptables(name_of_plan, tmp_path):
    """As `iptables-save` would say it, since that is what it reads; beside a FortiGate whose interfaces are any."""
    report = report_of(name_of_plan)
    lines = FORMATS["iptables"].render(report, default_deny=True).decode().splitlines()
    saved = [line.removeprefix("-4 ") for line in lines if line and not line.startswith(("#", "-F", "-X", "-6"))]
    fortigate = re.sub(r'set (src|dst)intf ".*', r'set \1intf "any"', FORMATS["fortigate"].render(report).decode())
    found = compare(tmp_path, fortigate, "iptables", "\n".join(saved) + "\n")
    # Where an any leaves networks out, lines return, and it says itself that it doesn't read these exactly.
    returns = any(line.endswith("-j RETURN") for line in saved)
    assert [one for one in found if one["certain"] or not returns] == []
    if name_of_plan == LOOKED_AT:
        other = [line.replace("--dport 443", "--dport 444") for line in saved]
        assert compare(tmp_path, fortigate, "iptables", "\n".join(other) + "\n"), "it can see that one port is another"


def is_ping(difference):
    return all(service.startswith("icmp") for one in difference["connections"] for service in one["services"])
