"""Whom an any lets in where the other end says no family: a DNS name, which a device may ask for both, or another any.

Packets are held against small models of how two devices compare addresses with what a rule names.
"""

import io
import ipaddress
import re
import zipfile
from itertools import product

import pytest

from planner.report import FORMATS
from planner.report.firewall.files import write_devices
from planner.report.said.filters import Filter, narrow_report
from tests.each import each
from tests.report.firewall.reading_devices import split
from tests.report.firewall.test_changes import told
from tests.report.firewall.test_permits import flow, forward, host, plan, render
from tests.report.samples import evaluate_once, write_plan

STANDS_FOR = {"box.example.com": ("192.0.2.7", "2001:db8:7::7")}
"""What the name server says."""


def is_in_panos(address, network):
    """PAN-OS: an address of IPv4 is one of IPv6 whose first 96 bits are 0, and may match what is of IPv6."""
    address, network = ipaddress.ip_address(address), ipaddress.ip_network(network)
    if address.version == 4 and network.version == 6:
        address = ipaddress.IPv6Address(int(address))
    return address in network


def is_in(address, network):
    return ipaddress.ip_address(address) in ipaddress.ip_network(network)


def read_panos(text):
    """Rules as (sources, whether negated, destinations, whether negated); each end networks."""
    objects, groups, rules = {"any": ["0.0.0.0/0", "::/0"]}, {}, {}
    for line in told(text):
        match split(line):
            case ["set", "address", name, "ip-netmask", value]:
                objects[name] = [value]
            case ["set", "address", name, "fqdn", value]:
                objects[name] = [*STANDS_FOR[value]]
            case ["set", "address-group", name, "static", member]:
                groups.setdefault(name, []).append(member)
            case ["set", "rulebase", "security", "rules", name, key, value]:
                rules.setdefault(name, {}).setdefault(key, []).append(value)
    for name, members in groups.items():
        objects[name] = [network for member in members for network in objects[member]]
    return [
        tuple(
            part
            for side in ("source", "destination")
            for part in ([n for name in rule[side] for n in objects[name]], f"negate-{side}" in rule)
        )
        for rule in rules.values()
    ]


def read_gaia(text):
    """The same of a script for Check Point."""
    objects, rules = {"Any": ["0.0.0.0/0", "::/0"]}, []
    for line in (one for one in told(text) if re.match("set_[a-z]+ |run add ", one)):
        match split(line):
            case ["set_domain", name]:
                objects[name] = [*STANDS_FOR[name[1:]]]
            case ["set_object", "add", "host", "name", name, "ip-address", value, *_]:
                objects[name] = [value]
            case ["set_object", "add", "network", "name", name, "subnet", value, "mask-length", length, *_]:
                objects[name] = [f"{value}/{length}"]
            case ["set_object", "add", "address-range", "name", name, "ip-address-first", value, *_]:
                objects[name] = [f"{value}/0"]
            case ["set_group", name, *more]:
                objects[name] = [network for member in more[1::2] for network in objects[member]]
            case ["run", "add", "access-rule", *more]:
                said = dict(zip(more[::2], more[1::2], strict=True))
                rules.append(
                    tuple(
                        part
                        for side in ("source", "destination")
                        for part in (
                            [n for key, one in said.items() if key.startswith(f"{side}.") for n in objects[one]],
                            f"{side}-negate" in said,
                        )
                    )
                )
    return rules


DEVICES = {"paloalto-set": (read_panos, is_in_panos), "checkpoint": (read_gaia, is_in)}


def admits(name, text, source, destination):
    read, contains = DEVICES[name]
    return any(
        any(contains(source, one) for one in sources) != no_source
        and any(contains(destination, one) for one in destinations) != no_destination
        for sources, no_source, destinations, no_destination in read(text)
    )


STRANGERS = ["198.51.100.9", "11.0.0.1", "2001:db8:9::9", "64:ff9b::1", "fd00::9"]
WORLD = host("World", "any", zone="Internet", group=True)
BOX = host("Box", "box.example.com", zone="DMZ")
HOMES = {"of IPv4": ["10.0.0.0/24"], "of both": ["10.0.0.0/24", "2001:db8:1::/64"], "of IPv6": ["2001:db8:1::/64"]}
NEIGHBOURS = {"of IPv4": ["10.0.0.5"], "of both": ["10.0.0.5", "2001:db8:1::5"], "of IPv6": ["2001:db8:1::5"]}


@each("name", DEVICES)
@pytest.mark.parametrize("kind", HOMES)
@pytest.mark.parametrize("to_the_box", [True, False])
def test_to_and_from_a_name_any_is_nobody_of_another_zone(name, kind, to_the_box):
    ends = ("World", "Box") if to_the_box else ("Box", "World")
    text = render(name, plan([WORLD, BOX, host("A", *HOMES[kind])], [flow(*ends)]))
    for box, other in product(STANDS_FOR["box.example.com"], [*STRANGERS, *NEIGHBOURS[kind]]):
        if (":" in box) == (":" in other):
            pair = (other, box) if to_the_box else (box, other)
            assert admits(name, text, *pair) == (other in STRANGERS), pair


@each("name", DEVICES)
@pytest.mark.parametrize("kind", HOMES)
def test_between_two_any_nobody_of_another_zone_is_meant(name, kind):
    """Neither as the source nor as the destination, whichever family the rule is of."""
    other = host("Others", "any", zone="Partners", group=True)
    zones = (("Internal", "internal"), ("Internet", "internet"), ("Partners", "internet"))
    report = evaluate_once(
        write_plan(WORLD, other, host("A", *HOMES[kind]), zones=zones, additional_flows=[flow("World", "Others")])
    )
    text = render(name, report)
    for source, destination in product([*STRANGERS, *NEIGHBOURS[kind]], repeat=2):
        if (":" in source) == (":" in destination):
            told_apart = {source, destination} <= {*STRANGERS}
            assert admits(name, text, source, destination) == told_apart, (source, destination)


@each("name", DEVICES)
@pytest.mark.parametrize("wide", [["::/0"], ["::/1"], ["::/0", "2001:db8::/32"], ["::/0", "10.0.0.0/24"]])
@pytest.mark.parametrize("to_the_box", [True, False])
def test_to_and_from_a_name_nobody_of_ipv4_is_in_a_network_of_ipv6(name, wide, to_the_box):
    ends = ("Wide", "Box") if to_the_box else ("Box", "Wide")
    text = render(name, plan([BOX, host("Wide", *wide)], [flow(*ends)]))
    for other in (*STRANGERS, "10.0.0.5"):
        box = STANDS_FOR["box.example.com"][":" in other]
        pair = (other, box) if to_the_box else (box, other)
        meant = any(is_in(other, network) for network in wide)
        assert admits(name, text, *pair) == meant, pair


def test_what_is_left_of_a_wide_network_is_an_object_like_others():
    """Not so what an any leaves out: to say less of it would let more in."""
    ends = [WORLD, BOX, host("Wide", "::/14", "2001:db8::/32")]
    text = render("paloalto-set", plan(ends, [flow("Wide", "Box"), flow("World", "Box", ports="80")]))
    assert [one for one in told(text) if one.startswith("set address") and "V6-Wide" in one] == [
        "set address V6-Wide_1 ip-netmask 1::/16",
        "set address V6-Wide_2 ip-netmask 2::/15",
        "set address V6-Wide_3 ip-netmask 2001:db8::/32",
        *(f"set address-group V6-Wide_all static V6-Wide_{number}" for number in (1, 2, 3)),
    ]
    assert [one.split()[-1] for one in told(text) if "-443-v6 source" in one] == ["V6-Wide_all"]
    others = host("Others", "any", zone="Partners", group=True)
    zones = (("Internal", "internal"), ("Internet", "internet"), ("Partners", "internet"))
    apart = write_plan(WORLD, host("Wide", "::/14"), others, zones=zones, additional_flows=[flow("World", "Others")])
    assert "V6-elsewhere_1 ip-netmask ::/14" in render("paloalto-set", evaluate_once(apart))


# ---- an endpoint that is called as what an any leaves out ----

TOLD = {
    "fortigate": r'edit "(V4-\S+)"\n +set type \S+\n +set (?:subnet (\S+) \S+|fqdn "(\S+)")\n',
    "paloalto-set": r"set address (V4-\S+) (?:ip-netmask (\S+)/\d+|fqdn (\S+))\n",
    "srx": r"set security address-book global address (V4-\S+) (?:(\d\S+)/\d+|dns-name (\S+) ipv4-only)\n",
    "checkpoint": r"set_object add (?:host|network) name (V4-\S+) (?:ip-address|subnet) (\S+) .*()\n",
}
"""How a device is told what an address is: its name, its network, or a name for the name server."""


def addresses_of(name, called, source):
    """The addresses of a file by which a source reaches an endpoint, and whether each is a name."""
    report = plan([host(called, "192.0.2.11", "192.0.2.10", zone="DMZ"), source], [flow(source["name"], called)])
    found = re.findall(TOLD[name], forward(render(name, report)))
    assert len({one for one, _, _ in found}) == len(found), "of what is told twice the last word counts"
    return {one: network for one, network, _ in found}


@each("name", TOLD)
@pytest.mark.parametrize("called", ["elsewhere", "Elsewhere"])
def test_an_endpoint_called_elsewhere_is_none_of_what_an_any_leaves_out(name, called):
    """A Check Point tells no names apart by capital letters."""
    assert addresses_of(name, called, WORLD) == {
        f"V4-{called}_address_1": "192.0.2.11",
        f"V4-{called}_address_2": "192.0.2.10",
        "V4-elsewhere_1": "192.0.2.10",
    }, "what is left out is a network of two"
    assert addresses_of(name, called, host("A", "10.0.0.5")) == {
        "V4-A": "10.0.0.5",
        f"V4-{called}_address_1": "192.0.2.11",
        f"V4-{called}_address_2": "192.0.2.10",
    }, "another file, loaded before or after, may have an any"


@each("name", {*TOLD} - {"checkpoint"})
@pytest.mark.parametrize("called", ["elsewhere", "any", "everyone"])
def test_an_endpoint_with_a_name_makes_no_names_of_networks_that_are_called_like_it(name, called):
    world = host("Others", "any", zone="Partners", group=True)
    zones = (("Internal", "internal"), ("DMZ", "dmz"), ("Internet", "internet"), ("Partners", "internet"))
    ends = [host(called, "www.example.com", zone="DMZ"), host("A", "10.0.0.5"), world, WORLD]
    flows = [flow("World", called), flow("A", called), flow("World", "Others")]
    text = render(name, evaluate_once(write_plan(*ends, zones=zones, additional_flows=flows)))
    names = re.findall(r"(?:fqdn|dns-name) (\S+)", forward(text))
    assert {one.strip('"') for one in names} == {"www.example.com"}


# ---- the anys of a part ----


@each(("name", "device"), [*product([*TOLD, "asa", "ios", "paloalto", "mikrotik"], [False, True]), ("nsx", False)])
def test_an_any_is_called_in_a_part_as_in_the_whole_which_has_others_that_leave_out_more(name, device):
    """Loaded over the file of the whole, the part would let the other any in to what it leaves out."""
    zones = {"Internal": "internal", "DMZ": "dmz", "Internet": "internet", "Partners": "internet"}
    sides = {zone: f"{zone.lower()}1" for zone in zones}
    ends = [
        WORLD, host("Others", "any", zone="Partners", group=True), host("A", "10.0.0.5"),
        host("Web", "192.0.2.10", zone="DMZ"), host("Partner", "203.0.113.0/24", zone="Partners", group=True),
    ]  # fmt: skip
    whole = evaluate_once(
        write_plan(
            *ends,
            zones=[*zones.items()],
            additional_flows=[flow("Web", "World"), flow("Web", "Others", ports="444"), flow("Partner", "A")],
            firewalls=[{"name": "FW", "format": name, "zones": sides}] if device else [],
        )
    )

    def list_anys(**chosen):
        report = narrow_report(whole, Filter(**chosen))
        (text,) = (one.decode() for one in write_devices(report).values()) if device else [render(name, report)]
        return {*re.findall(r"V4-(?:elsewhere|any_but)_\d", text)}

    (first, second) = sorted(list_anys())
    assert list_anys(port="443", source_endpoint="Web") == {first}
    assert list_anys(destination_endpoint="Others") == {second}


# ---- DNS names that are none for an ASA ----

NAMED = [host("A", "10.0.0.1"), host("Ours", "box.example.com", zone="DMZ"),
         host("Theirs", "my_box.example.com", zone="DMZ"),
         host("Some", "web.example.com", "_sip.example.com", zone="DMZ")]  # fmt: skip
LEFT_OUT = re.compile(r"not resolved here: (Theirs \(my_box\S+\)|Some \(web\S+ _sip\S+\)|; ){3}\.")


def test_an_asa_takes_no_name_with_an_underscore_and_the_head_and_the_notes_name_who_has_one():
    """Its object would be empty, and so each entry that names it refused."""
    flows = [flow("A", name) for name in ("Ours", "Theirs", "Some")]
    walls = [{"name": kind, "format": kind, "zones": {"Internal": "inside", "DMZ": "dmz"}} for kind in ("asa", "srx")]
    report = plan(NAMED, flows, firewalls=walls)
    files = {name.split(".")[0]: text.decode() for name, text in write_devices(report).items()}
    with zipfile.ZipFile(io.BytesIO(FORMATS["all-firewalls"].render(report))) as archive:
        files |= {name: archive.read(name).decode() for name in archive.namelist() if name.endswith(".asa.txt")}
    files["alone"] = render("asa", report)
    assert len(files) == 4
    for name, text in files.items():
        found = {*re.findall(r"(?:fqdn v4|dns-name) (\S+)", text)}
        if name == "srx":
            assert found == {"box.example.com", "my_box.example.com", "web.example.com", "_sip.example.com"}
            continue
        assert found == {"box.example.com"}, name
        said = re.sub(r"\n! +", " ", text)
        assert "An ASA takes no DNS name that has an underscore." in said
        assert LEFT_OUT.search(said)
    assert "underscore" not in render("asa", plan(NAMED[:2], flows[:1]))
    # Neither is theirs: one that no flow has, and one that is left out for its address.
    looped = [*NAMED[:3], host("My_Loop (own)", "127.0.0.1", "loop.example.com", zone="DMZ")]
    other = render("asa", plan(looped, [flows[0], flow("A", "My_Loop (own)")]))
    assert "not resolved here" in other
    assert "underscore" not in other
    notes = {name: "".join(FORMATS[name].notes(report)) for name in ("asa", "srx", "firewalls")}
    assert LEFT_OUT.search(notes["asa"])
    assert "Theirs" not in notes["srx"]
    assert re.search(rf"Left out of asa\. [\w ,]*{LEFT_OUT.pattern}", notes["firewalls"])
