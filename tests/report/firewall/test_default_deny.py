"""What a default deny denies, and what it must not: replies, what the next revision opens, neighbours."""

import re
from xml.etree import ElementTree

import pytest

from planner.report import FORMATS
from planner.report.said.filters import Filter, narrow_report
from tests.each import each
from tests.report.firewall.test_changes import tell_sections, told
from tests.report.firewall.test_permits import flow, forward, host, plan, render
from tests.report.samples import evaluate_once, write_plan

ENDS = [host("A", "10.0.0.1"), host("B", "192.0.2.1", zone="DMZ"), host("C", "192.0.2.2", zone="DMZ")]


# ---- replies ----


def meet(text, menu, packet):
    """What the chain of a RouterOS does with a packet: the action of the first entry whose conditions it meets."""
    for line in told(text):
        if not line.startswith(f"{menu} filter add "):
            continue
        said = dict(re.findall(r'(\S+?)=("[^"]*"|\S+)', line))
        action, what = said.pop("action"), {"chain", "comment", "log", "log-prefix", "disabled"}
        if all(packet.get(key) in value.split(",") for key, value in said.items() if key not in what):
            return action
    return "return"


@pytest.mark.parametrize("menu", ["/ip firewall", "/ipv6 firewall"])
def test_a_reply_meets_no_denial_of_routeros_and_what_begins_a_connection_does(menu):
    """The jump stands at the top of forward: what this chain drops no entry of the site's own lets through."""
    text = render("mikrotik", plan(ENDS, [flow("A", "B")]), default_deny=True)
    for state in ("established", "related"):
        assert meet(text, menu, {"connection-state": state}) == "accept"
    for state in ("new", "invalid", "untracked"):
        assert meet(text, menu, {"connection-state": state}) == "drop"
    head = " ".join(text.partition("\n\n")[0].replace("#", "").split())
    assert "jump-target=port-planner place-before=0" in head
    assert "pass by the first entry of each family" in head
    beside = render("mikrotik", plan(ENDS, [flow("A", "B")]))
    assert meet(beside, menu, {"connection-state": "established"}) == "return", "there they are the site's matter"


# ---- neighbours ----


def test_a_denial_of_ios_leaves_neighbour_discovery_alone():
    """A list lets it through by itself before its implicit denial; one that is written comes before that."""
    text = forward(render("ios", plan(ENDS, [flow("A", "B")]), default_deny=True))
    lists = re.findall(r"ipv6 access-list \S+\n((?: .*\n)+)", text)
    assert len(lists) == 3, "one for the interface of each zone, though the plan has no address of IPv6"
    for entries in lists:
        before, denial, _ = entries.partition(" deny ipv6 any any")
        assert denial
        assert before.endswith(" permit icmp any any nd-na\n permit icmp any any nd-ns\n")
    assert "nd-n" not in render("ios", plan(ENDS, [flow("A", "B")]))


# ---- what the next revision opens ----

FIRST = [flow("A", "B"), flow("B", "A", ports="25")]
LATER = [*FIRST, flow("B", "A", ports="9001"), flow("A", "C", ports="22")]


def load_fortigate(*texts):
    """The policies of a device that was told these files, by name, in their order."""
    state = {}
    for text in texts:
        tell_sections(state, told(text))
    return [one["name"][0] for one in state["firewall policy"].values()]


def load_by(tell):
    """The same by what tells a list of names one file."""

    def load(*texts):
        order = []
        for text in texts:
            tell(order, text)
        return order

    return load


def tell_paloalto(order, text):
    for line in told(text):
        if line.startswith("set rulebase security rules "):
            order += [] if line.split()[4] in order else [line.split()[4]]
        elif line.startswith("move "):
            order.remove(line.split()[4])
            order.append(line.split()[4])


def tell_xml(order, text):
    """A merge, then the lines of the head."""
    rules = text.partition("<security>")[2]
    order += [name for name in re.findall(r'<entry name="([^"]+)">\n +<from>', rules) if name not in order]
    tell_paloalto(order, "\n".join(re.findall(r"^last: (.*)$", text, re.M)))


def tell_srx(order, text):
    for line in told(text):
        words = line.split()
        if words[:3] == ["set", "security", "policies"] and words[8] not in order:
            order.append(words[8])
        elif words[0] == "insert":
            order.remove(words[8])
            order.insert(order.index(words[-1]), words[8])


LOAD = {
    "fortigate": load_fortigate, "paloalto": load_by(tell_xml), "paloalto-set": load_by(tell_paloalto),
    "srx": load_by(tell_srx),
}  # fmt: skip


@each("name", LOAD)
def test_what_a_later_revision_opens_comes_before_the_denials_of_the_first(name):
    files = [FORMATS[name].render(plan(ENDS, flows), default_deny=True).decode() for flows in (FIRST, LATER)]
    names = LOAD[name](*files, files[1])
    assert sum(one.startswith("default-deny-") for one in names) == 2
    for pair in ("INT-DMZ", "DMZ-INT"):
        opened = [place for place, one in enumerate(names) if one.startswith(pair)]
        assert len(opened) == 2
        assert max(opened) < names.index(f"default-deny-{pair}"), names


# ---- sides whose names run together ----

ALIKE = ["lan to dmz-web", "lan-dmz to web"]


def pairs_of_fortigate(text):
    state = {}
    tell_sections(state, told(text))
    return [(one["name"][0], *one["srcintf"], *one["dstintf"]) for one in state["firewall policy"].values()]


def pairs_of_paloalto(text):
    rules = {}
    for line in told(text):
        if found := re.fullmatch(r"set rulebase security rules (\S+) (from|to) (\S+)", line):
            rules.setdefault(found[1], []).append(found[3])
    return [(name, *pair) for name, pair in rules.items()]


def pairs_of_xml(text):
    root = ElementTree.fromstring(text)
    return [
        (one.get("name"), *(member.text for end in ("from", "to") for member in one.iterfind(f"{end}/member")))
        for one in root.iterfind(".//security/rules/entry")
    ]


PAIRS = {"fortigate": pairs_of_fortigate, "paloalto-set": pairs_of_paloalto, "paloalto": pairs_of_xml}


def behind(name, sides, *flows, **values):
    """The report of zones Z1, Z2 … behind these sides, with a host by the name of its zone in each."""
    zones = {f"Z{number}": side for number, side in enumerate(sides, 1)}
    return evaluate_once(
        write_plan(
            *(host(one, f"10.{number}.0.1", zone=one) for number, one in enumerate(zones)),
            zones=[(one, "internal") for one in zones],
            additional_flows=flows,
            firewalls=[{"name": "FW", "format": name, "zones": zones, **values}],
        )
    )


def deny(report):
    (text,) = (one.decode() for one in FORMATS["firewalls"].write_folder(report, default_deny=True).values())
    return text


def list_denials(name, text):
    found = PAIRS[name](text)
    assert all(len(one) == 3 for one in found), "each between two sides"
    return {one: f"{source} to {destination}" for one, source, destination in found if one.startswith("default-")}


RUN_TOGETHER = ("lan", "dmz-web", "lan-dmz", "web")
BOTH = (flow("Z1", "Z2"), flow("Z3", "Z4"))


@each("name", PAIRS)
def test_two_pairs_of_sides_have_a_denial_each_though_their_names_run_together(name):
    text = deny(behind(name, RUN_TOGETHER, *BOTH))
    found, denials = PAIRS[name](text), list_denials(name, text)
    assert sorted(denials.values()) == ALIKE
    if name == "fortigate":
        for pair in (("lan", "dmz-web"), ("lan-dmz", "web")):
            let, denied = (one for one, *between in found if tuple(between) == pair)
            assert (let in denials, denied in denials) == (False, True), "what is let through comes first"
    else:
        last = re.findall(r"(?m)^(?:last: )?move rulebase security rules (\S+) bottom$", text)
        assert sorted(last) == sorted(denials)


@each("name", PAIRS)
def test_a_denial_has_the_name_of_no_other_pair_in_a_part_or_an_earlier_revision(name):
    """Loaded over the other file it would be both: FortiOS makes it the later pair's, PAN-OS adds zones to zones."""
    whole = behind(name, RUN_TOGETHER, *BOTH)
    called = list_denials(name, deny(whole))
    for said, pair in zip(ALIKE, BOTH, strict=True):
        part = narrow_report(whole, Filter(source_endpoint=pair["source"]))
        for other in (part, behind(name, RUN_TOGETHER, pair)):
            assert list_denials(name, deny(other)) == {one: to for one, to in called.items() if to == said}
    assert list_denials(name, deny(behind(name, RUN_TOGETHER[:2], BOTH[0]))) == {
        "default-deny-lan-dmz-web": ALIKE[0]
    }, "where no sides run together the name says all"
