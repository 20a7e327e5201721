"""What is said of rules that are there against what the kernel does with packets: never open for what it drops.

`network.py` says how it is tried. Random rulesets, loaded one after the other into one network; of each the answer to
every flow is compared with packets from and to its ends.
"""

import random
from itertools import batched

import pytest

from planner.engine.existing.decide import compare_with
from planner.engine.existing.readers import READERS
from planner.engine.existing.sides import find_firewall
from scripts.namespaces import execute
from tests.engine.existing.rulesets import flow, host, plan
from tests.report.firewall.network import Network, run, samples, tries
from tests.report.firewall.writing import write_iptables, write_nftables
from tests.strategies import rounds

pytestmark = pytest.mark.slow

ENDPOINTS = [
    host("Web", "10.0.0.10", "fd00::10"),
    host("Staff", "10.1.0.0/30", zone="Internet", group=True),
    host("Store", "192.0.2.10", "192.0.2.20", "2001:db8::10", zone="DMZ"),
]
FLOWS = [
    flow("Web", "Store", ports="443"), flow("Web", "Store", ports="80-81"), flow("Web", "Store", "udp", "53"),
    flow("Web", "Store", "icmp"), flow("Staff", "Web", ports="8443"), flow("Staff", "Store", "udp", "53"),
    flow("Staff", "Store", ports="22"), flow("Store", "Web", ports="25-26"), flow("Store", "Staff", "icmp"),
]  # fmt: skip
SIDES = {"Internal": "r1", "Internet": "r2", "DMZ": "r3"}
REPORT = plan(
    ENDPOINTS,
    FLOWS,
    firewalls=[{"name": "Router", "format": "nftables", "zones": SIDES}],
)
RULESETS = rounds(25) if rounds(25) <= 25 else 2 * rounds(25)
"""Of each format; a long run tries a thousand."""


AT_ONCE = 100
"""How many are tried in one network, which has numbers for so many packets."""


def make_network():
    """The three zones around a router; its interfaces are r1, r2 and r3 in the order of the zones."""
    places = {end.zone: samples(end.addresses) for end in REPORT.plan.endpoints}
    return Network({zone: places[zone] for zone in SIDES})


def load_nftables(network, source):
    network.nft("flush", "ruleset")
    # Some of what is made contradicts itself, such as a field of IPv4 beside one of IPv6; nft refuses it.
    while execute("nft", "-f", "-", place=network.router, text=write_nftables(source), seconds=60).returncode:
        pass
    return network.nft("-j", "list", "ruleset")


def load_iptables(network, source):
    saved = ""
    network.nft("flush", "ruleset")
    for family, program in ((4, "iptables"), (6, "ip6tables")):
        # Likewise, such as a refusal by a protocol of the other family.
        while execute(
            f"{program}-restore", place=network.router, text=write_iptables(source, family), seconds=60
        ).returncode:
            pass
        saved += run(f"{program}-save", "-c", place=network.router)
    return saved


@pytest.mark.parametrize(("form", "load"), [("nftables", load_nftables), ("iptables", load_iptables)])
def test_no_flow_is_told_open_that_the_kernel_drops_nor_closed_that_it_lets_through(form, load):
    source = random.Random(f"{form} {RULESETS}")
    counted = dict.fromkeys(("open", "partly", "closed", "unknown"), 0)
    for several in batched(range(RULESETS), AT_ONCE):
        with make_network() as network:
            for _ in several:
                try_one(network, form, load(network, source), counted)
    assert counted["open"] > RULESETS, counted
    assert counted["closed"] > RULESETS, counted
    assert counted["partly"], counted
    assert counted["unknown"], counted
    assert counted["unknown"] < sum(counted.values()) / 2, counted


def try_one(network, form, text, counted):
    """Hold what is told of a ruleset against packets."""
    ruleset = READERS[form].read(text)
    gap = compare_with(REPORT, ruleset, None, find_firewall(REPORT.plan, ruleset))
    by_flow = {id(one.flow): tries([one.flow]) for one in gap.flows}
    passing = network.passes(set().union(*by_flow.values()))
    for one in gap.flows:
        wanted = by_flow[id(one.flow)]
        through = wanted & passing
        counted[one.state] += 1
        said = (one, sorted(map(str, wanted - through)), sorted(map(str, through)), text)
        if one.state == "open":
            assert through == wanted, said
        elif one.state == "closed":
            assert not through, said
        elif one.state == "partly":
            # Some packets were tried of it; those that pass may all be among the others.
            assert one.lacking, said


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("FORWARD ct state vmap { established : accept, new : drop }", "is incompatible"),
        ("own drop", "contains incompatible base-chains"),
    ],
)
def test_what_nft_has_put_into_a_table_of_iptables_is_said_to_be_unknown(rule, said):
    """iptables-save leaves the table out, or the chain, and says so in a comment."""
    chain = rule.partition(" ")[0]
    with Network({}) as network:
        run("iptables", "-t", "nat", "-A", "POSTROUTING", "-j", "MASQUERADE", place=network.router)
        network.nft("add", "table", "ip", "filter")
        network.nft("add", "chain", "ip", "filter", chain, "{ type filter hook forward priority 0; policy accept; }")
        network.nft("add", "rule", "ip", "filter", *rule.split())
        ruleset = READERS["iptables"].read(run("iptables-save", place=network.router))
    gap = compare_with(REPORT, ruleset, None, REPORT.plan.firewalls[0])
    assert {one.state for one in gap.flows} == {"unknown"}
    assert {f"Table `filter' {said}, use 'nft'"} <= {construct for one in gap.flows for construct in one.constructs}
