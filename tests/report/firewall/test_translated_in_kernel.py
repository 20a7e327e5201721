"""What is said of endpoints that a router publishes against what the kernel does with packets to the seen address.

Random chains before the translation, in it and after it: never open for what is dropped, nor closed for what passes.
"""

import random
from itertools import batched

import pytest

from planner.engine.existing.decide import compare_with
from planner.engine.existing.readers import READERS
from scripts.namespaces import execute
from tests.engine.existing.rulesets import flow, host, plan
from tests.report.firewall.network import Network, run, samples, tries
from tests.strategies import rounds

pytestmark = pytest.mark.slow

SEEN, REAL, OTHER = "203.0.113.10", "192.0.2.10", "192.0.2.20"
SIDES = {"Internal": "r1", "Internet": "r2", "DMZ": "r3"}
REPORT = plan(
    [
        host("Web", "10.0.0.10"), host("Staff", "10.1.0.0/30", zone="Internet", group=True),
        host("Store", REAL, zone="DMZ"), host("Next", OTHER, zone="DMZ"),
    ],
    [
        flow("Staff", "Store", ports="443"), flow("Staff", "Store", ports="80-81"),
        flow("Staff", "Store", "udp", "53"),
        flow("Staff", "Store", "icmp"), flow("Web", "Store", ports="443"), flow("Staff", "Next", ports="443"),
    ],
    firewalls=[{"name": "Router", "format": "nftables", "zones": SIDES, "published": {"Store": SEEN}}],
)  # fmt: skip
RULESETS = rounds(10) if rounds(10) <= 10 else 5 * rounds(10)
"""Of each format; a long run tries five hundred."""
AT_ONCE = 100
ENDS = [SEEN, SEEN, REAL, OTHER, "203.0.113.0/24", "192.0.2.0/24"]
SERVICES = ["", "", "tcp 443", "tcp 80", "tcp 80:443", "udp 53"]


def write_rule(source, form, verdicts):
    """One rule about destination and service, now and then with something that isn't understood."""
    end, service, verdict = (source.choice(several) for several in (ENDS, SERVICES, verdicts))
    protocol, _, ports = service.partition(" ")
    odd = source.random() < 0.08
    if form == "nftables":
        words = [
            f"ip daddr {end}",
            f"{protocol} dport {ports.replace(':', '-')}" if service else "",
            "meta mark 5" * odd,
        ]
        return " ".join(filter(None, [*words, verdict]))
    words = [f"-d {end}", f"-p {protocol} --dport {ports}" if service else "", "-m mark --mark 5" * odd]
    return " ".join(filter(None, [*words, "-j", verdict]))


def write_rules(source, form, verdicts, most=3):
    return [write_rule(source, form, verdicts) for _ in range(source.randint(0, most))]


def write_translations(source, form, verdicts):
    """What is sent to the seen address is mostly translated as it should be; beside it is something else."""
    rules = write_rules(source, form, verdicts, 2)
    if source.random() < 0.8:
        plain = (
            f"ip daddr {SEEN} dnat to {REAL}" if form == "nftables" else f"-d {SEEN} -j DNAT --to-destination {REAL}"
        )
        rules.insert(source.choice([0, 0, len(rules)]), plain)
    return rules


def write_nftables(source):
    policy = source.choice(["accept", "drop"])
    into = [f"dnat to {REAL}"] * 4 + [f"dnat to {OTHER}", "accept", "return", "jump more"]
    priority = source.choice([-300, -150, -99])
    text = "table ip t {\n chain more {\n" + "".join(f"  {one}\n" for one in write_rules(source, "nftables", into[:5]))
    text += f" }}\n chain early {{ type filter hook prerouting priority {priority}; policy accept;\n"
    text += "".join(f"  ct state new,untracked {one}\n" for one in write_rules(source, "nftables", ["accept", "drop"]))
    text += f" }}\n chain nat {{ type nat hook prerouting priority {source.choice([-100, -150])}; policy accept;\n"
    text += "".join(f"  {one}\n" for one in write_translations(source, "nftables", into))
    text += f" }}\n chain forward {{ type filter hook forward priority 0; policy {policy};\n"
    text += "  ct state established,related accept\n"
    text += "".join(f"  {one}\n" for one in write_rules(source, "nftables", ["accept", "accept", "drop"], 5))
    return text + " }\n}\n"


def write_iptables(source):
    into = [f"DNAT --to-destination {REAL}"] * 4 + [f"DNAT --to-destination {OTHER}", "ACCEPT", "RETURN", "MORE"]
    lines = ["*raw", ":PREROUTING ACCEPT [0:0]"]
    lines += [f"-A PREROUTING ! -s 192.0.2.0/24 {one}" for one in write_rules(source, "iptables", ["ACCEPT", "DROP"])]
    lines += ["COMMIT", "*nat", ":PREROUTING ACCEPT [0:0]", ":MORE - [0:0]"]
    lines += [f"-A MORE {one}" for one in write_rules(source, "iptables", into[:5])]
    lines += [f"-A PREROUTING {one}" for one in write_translations(source, "iptables", into)]
    lines += ["COMMIT", "*filter", f":FORWARD {source.choice(['ACCEPT', 'DROP'])} [0:0]"]
    lines += ["-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"]
    lines += [f"-A FORWARD {one}" for one in write_rules(source, "iptables", ["ACCEPT", "ACCEPT", "DROP"], 5)]
    return "\n".join([*lines, "COMMIT", ""])


def load(network, form, source):
    """Load a ruleset, and give it as the programs list it."""
    network.nft("flush", "ruleset")
    if form == "nftables":
        network.nft("-f", "-", text=write_nftables(source))
        return network.nft("-j", "list", "ruleset")
    while execute("iptables-restore", place=network.router, text=write_iptables(source), seconds=60).returncode:
        pass
    return run("iptables-save", place=network.router)


def make_network():
    places = {}
    for end in REPORT.plan.endpoints:
        places.setdefault(end.zone, []).extend(samples(end.addresses))
    return Network({zone: places[zone] for zone in SIDES}, {SEEN: REAL})


def list_tries(one):
    """The packets of a flow as they are sent: to the address that is seen from outside."""
    found = tries([one.flow])
    if one.flow.source.name == "Staff" and one.flow.destination.name == "Store":
        return {each._replace(destination=SEEN) for each in found}
    return found


@pytest.mark.parametrize("form", ["nftables", "iptables"])
def test_no_published_endpoint_is_told_open_or_closed_against_the_kernel(form):
    source = random.Random(f"published {form} {RULESETS}")
    counted = dict.fromkeys(("open", "partly", "closed", "unknown"), 0)
    for several in batched(range(RULESETS), AT_ONCE):
        with make_network() as network:
            for _ in several:
                text = load(network, form, source)
                gap = compare_with(REPORT, READERS[form].read(text), None, REPORT.plan.firewalls[0])
                by_flow = {id(one.flow): list_tries(one) for one in gap.flows}
                passing = network.passes(set().union(*by_flow.values()))
                for one in gap.flows:
                    wanted = by_flow[id(one.flow)]
                    counted[one.state] += 1
                    said = (one, sorted(map(str, wanted - passing)), text)
                    assert one.state != "open" or wanted <= passing, said
                    assert one.state != "closed" or not wanted & passing, said
    assert counted["open"] >= RULESETS / 2, counted
    assert counted["closed"], counted
    assert counted["unknown"] < sum(counted.values()) / 2, counted
