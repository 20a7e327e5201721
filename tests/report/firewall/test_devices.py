"""A file for each firewall of a plan: what passes it, under its own names, and nothing else."""

import io
import re
import zipfile
from ipaddress import IPv6Address, IPv6Network, ip_address, summarize_address_range
from itertools import pairwise

import pytest

from planner.engine import evaluate_report
from planner.plan.document import check_plan, dump_plan
from planner.report import FORMATS, NotExpressible
from planner.report.firewall.addresses import PART
from planner.report.firewall.crossings import list_crossings
from planner.report.firewall.words import name_files
from planner.report.said.elsewhere import Elsewhere
from ports.queries import shipped_matrix
from scripts.namespaces import Attempt
from tests.report.firewall.loading import admitted, between_zones, commands, decided, places, town
from tests.report.firewall.network import Network, run, sweep, tries
from tests.report.firewall.reading import READERS, expected, statements
from tests.report.firewall.reading_devices import read_sections
from tests.report.firewall.test_nftables_loaded import SITE, of_others
from tests.report.firewall.test_permits import flow, forward, host, plan
from tests.report.samples import evaluate, write_plan

ROUTER = {"Internal": "r1", "Clients": "r2", "DMZ": "r3", "Internet": "r4"}
"""What the router of the tests calls the way to each zone of the town."""


def with_firewalls(report, *firewalls):
    document = dump_plan(report.plan) | {"firewalls": list(firewalls)}
    return evaluate_report(shipped_matrix(), check_plan(document, matrix=shipped_matrix()))


def firewall(format, zones=None, **more):
    return {"name": f"FW {format}", "format": format, "zones": ROUTER if zones is None else zones} | more


def files(report, **options):
    return {
        name: content.decode() for name, content in FORMATS["firewalls"].write_folder(report, None, **options).items()
    }


def only(report, **options):
    ((_, text),) = files(report, **options).items()
    return text


def passing(report, zones):
    """The flows that pass a firewall with these names for zones, as the contract has it."""
    return [
        one
        for one in between_zones(report)
        if {one.source.zone, one.destination.zone} <= zones.keys()
        and zones[one.source.zone] != zones[one.destination.zone]
    ]


@pytest.mark.parametrize("format", ["nftables", "iptables"])
@pytest.mark.parametrize(
    "zones",
    [ROUTER, {"Internal": "r1", "DMZ": "r3"}, {"Internal": "r1", "Clients": "r1", "DMZ": "r3", "Internet": "r4"}],
    ids=["all", "two", "one behind another"],
)
def test_beside_a_firewall_that_drops_exactly_what_passes_it_gets_through(format, zones):
    report = with_firewalls(town(), firewall(format, zones))
    text = only(report, open_undecided=True)
    wanted = passing(report, zones)
    everything = sweep(places(report), tries(between_zones(report)))
    with Router(places(report)) as net:
        net.set_up(format, text)
        exact = admitted(everything, report, wanted)
        assert tries(wanted) <= net.passes(everything) == exact != set()
        net.load(format, text)
        assert net.passes(everything) == exact


@pytest.mark.parametrize("format", ["nftables", "iptables"])
def test_any_is_behind_its_own_interface_alone(format):
    """What comes from a place of another zone, from an address that no zone has, isn't somebody of the internet."""
    report = with_firewalls(town(), firewall(format))
    stranger = "203.0.113.99"
    homes = places(report)
    homes["Clients"].append(stranger)
    text = only(report)
    wanted = tries(decided(report))
    asked = {one._replace(source=stranger) for one in wanted if one.source == "203.0.113.77"}
    assert asked
    with Router(homes) as net:
        net.set_up(format, text)
        assert net.passes(wanted) == wanted
        assert net.passes(asked) == set()
        net.load(format, only(with_firewalls(town(), firewall(format, ROUTER | {"Internet": "r2"}))))
        assert net.passes(asked) == asked, "they would get through from there"


@pytest.mark.parametrize("format", ["nftables", "iptables"])
def test_a_chain_and_a_table_are_called_as_the_plan_says(format):
    options = {"chain": "vault"} | ({"table": "inet mine"} if format == "nftables" else {})
    report = with_firewalls(town(), firewall(format, options=options, log=False))
    text = only(report)
    assert not re.search(r"port_planner|PORT-PLANNER|inet filter", text)
    wanted = tries(decided(report))
    with Router(places(report)) as net:
        if format == "nftables":
            net.nft("-f", "-", text=SITE.replace("table inet filter", "table inet mine"))
            net.load(format, text)
            net.run(*commands(text)[0])
        else:
            net.set_up(format, text)
        assert net.passes(wanted) == wanted


class Router(Network):
    """A router between the places, with a firewall that drops."""

    def set_up(self, format, text):
        """The site's own firewall, then the file as its head says."""
        if format == "nftables":
            self.nft("-f", "-", text=SITE)
            before = self.ruleset()
            self.load(format, text)
            self.run(*commands(text)[0])
            assert of_others(self.ruleset()) == before
            return
        for program in ("iptables", "ip6tables"):
            self.run(
                f"{program} -P FORWARD DROP",
                f"{program} -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
                *(line.replace("iptables", program, 1) for line in commands(text)[0]),
            )
        self.load(format, text)

    def load(self, format, text):
        """Load the file, or load it again."""
        if format == "nftables":
            self.nft("-f", "-", text=text)
            return
        for program in ("iptables-restore", "ip6tables-restore"):
            run(program, "--noflush", place=self.router, text=text)


# ---- which files, and what is in them ----


def test_a_flow_over_two_firewalls_stands_in_both_files():
    outer = firewall("nftables", {"DMZ": "inside", "Internal": "core", "Internet": "wan"}) | {"name": "Outer"}
    inner = firewall("iptables", {"DMZ": "up", "Internal": "down"}) | {"name": "Inner"}
    found = files(with_firewalls(town(), outer, inner))
    assert list(found) == ["Outer.nft", "Inner.iptables"]
    for text in found.values():
        assert "Ping" in text, "from inside to the DMZ, through both"
    assert "World" in found["Outer.nft"]
    assert "World" not in found["Inner.iptables"]


def test_a_firewall_that_nothing_passes_has_no_file():
    report = with_firewalls(
        town(), firewall("asa", {"Internal": "a", "DMZ": "a"}), firewall("srx", {"Clients": "x"}), firewall("nftables")
    )
    assert list(files(report)) == ["FW-nftables.nft"]
    with zipfile.ZipFile(io.BytesIO(FORMATS["firewalls"].render(report, None))) as archive:
        assert archive.namelist() == ["FW-nftables.nft"]


def test_a_plan_without_firewalls_has_no_such_files():
    with pytest.raises(NotExpressible, match="the plan has no firewalls"):
        FORMATS["firewalls"].render(town(), None)


@pytest.mark.parametrize("name", [name for name in READERS if name not in ("nftables", "iptables")])
def test_zones_go_by_the_names_of_the_device(name):
    report = with_firewalls(town(), firewall(name, {"Internal": "trust", "DMZ": "port-7"}))
    text = only(report)
    read = READERS[name](text)
    assert read
    assert {end for one in read for end in one[:2]} <= {
        "10.0.0.10/32", "fd00::10/128", "192.0.2.10/32", "192.0.2.20/32", "192.0.2.128/25", "2001:db8::10/128",
    }  # fmt: skip
    assert "trust" in text
    assert not re.search(r"\b(?:INT|NET|CLI)\b(?!-)", text.partition("-->" if name == "paloalto" else "\n\n")[2])


@pytest.mark.parametrize("name", ["", "r 1", "r1;", "eth0+", "a" * 16, "größe"])
@pytest.mark.parametrize("format", ["nftables", "iptables"])
def test_what_is_no_interface_of_linux_is_refused(format, name):
    zones = ROUTER | ({"Internal": name} if name else {"Internal": "é"})
    with pytest.raises(NotExpressible, match="no interface of Linux: give 1 to 15"):
        only(with_firewalls(town(), firewall(format, zones)))


def test_an_srx_has_dots_in_names_of_zones_alone():
    """YANG of Junos 21.1: a zone is [[:alnum:]._-]+, a set of rules and a policy [[:alnum:]][[:alnum:]_-]*."""
    zones = {"Internal": "in.1", "DMZ": "wan-1", "Internet": "wan.1"}
    device = firewall("srx", zones, published={"Web": "198.51.100.10"})
    text = only(with_firewalls(town(), device), default_deny=True)
    assert " from-zone wan.1 to-zone in.1 policy default-deny-wan-1-in-1 then deny\n" in text
    sets = set(re.findall(r"(?m)^set .* rule-set (\S+) from zone (\S+)$", text))
    assert {zone for _, zone in sets} == {"wan.1", "wan-1"}
    assert len(dict(sets)) == len(sets)
    assert "PP-wan-1" not in dict(sets), "which of the two it is would depend on whether the other is there"
    for name in re.findall(r"(?m)^set .* (?:rule-set|policy) (\S+)", text):
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name), name


@pytest.mark.parametrize("name", ["ge-0/0/1", "wan:1", "a" * 64, "größe"])
def test_what_is_no_zone_of_an_srx_is_refused(name):
    with pytest.raises(NotExpressible, match=r"give 1 to 63 of the letters A to Z, digits and \. _ -\.$"):
        only(with_firewalls(town(), firewall("srx", {"Internal": name, "DMZ": "dmz"})))


def weigh_srx(text):
    """How many addresses the sides of each policy come to, one of IPv6 counted as four; by name of the policy."""
    weights, found = {}, {}
    book = "set security address-book global "
    for line in text.splitlines():
        words = line.split()
        if line.startswith(f"{book}address "):
            weights[words[5]] = 4 if ":" in words[6] else 1
        elif line.startswith(f"{book}address-set "):
            weights[words[5]] = weights.get(words[5], 0) + weights[words[7]]
        elif line.startswith("set security policies ") and words[-2].endswith("-address"):
            side = found.setdefault(words[8], {})
            side[words[-2]] = side.get(words[-2], 0) + weights.get(words[-1], 0)
    return {name: max(sides.values()) for name, sides in found.items()}


@pytest.mark.parametrize("count", [256, 257, 1025])
def test_a_policy_of_an_srx_has_no_more_addresses_than_junos_takes(count):
    """Configuring Security Policies: at a side those of IPv4 and four times those of IPv6 are at most 1,024."""
    ends = [host(f"A{one}", f"10.0.{one // 256}.{one % 256}", f"fd00::{one:x}:1") for one in range(2, count)]
    ends.append(host("Several", "10.0.0.0", "10.0.0.1", "fd00::1:1", "fd00::1"))
    report = plan([*ends, host("B", "192.0.2.1", "2001:db8::1", zone="DMZ")], [flow(one["name"], "B") for one in ends])
    text = of_srx(report)
    assert READERS["srx"](text) == expected(report)
    names = weigh_srx(text)
    assert max(names.values()) <= 1024
    assert {name for name in names if "-v6" not in name} == {
        "INT-DMZ-9000-tcp-443", *({"INT-DMZ-9000-tcp-443-p2"} if count > 1024 else ())
    }  # fmt: skip
    parts = {f"INT-DMZ-9000-tcp-443-v6{'' if part == 1 else f'-p{part}'}" for part in range(1, -(-count // 256) + 1)}
    assert {name for name in names if "-v6" in name} == parts


def of_srx(report):
    return FORMATS["srx"].render(report, None, default_deny=False, open_undecided=True).decode()


def test_the_head_for_an_srx_names_what_can_not_be_parted():
    zones = [{"name": name, "kind": kind} for name, kind in (("Internal", "internal"), ("Internet", "internet"))]
    ends = [host("World", "any", zone="Internet", group=True), host("A", "2001:db8::1", "192.0.2.1")]
    for count, large in ((255, False), (256, True)):
        zones[0]["networks"] = [f"fd00:{one:x}::/33" for one in range(1, count + 1)]
        flows = [flow("World", "A"), flow("A", "World")]
        document = write_plan(*ends, additional_flows=flows) | {"zones": zones}
        head = " ".join(of_srx(evaluate(document)).partition("\n\n")[0].replace("#", "").split())
        said = " More are left out by an any in these, which can't be parted: NET-INT-9000-tcp-443-v6, INT-NET-"
        assert (said in head) == large
        assert "need security forwarding-options family inet6 mode flow-based" in head
    assert "inet6" not in of_srx(plan([host("A", "10.0.0.1"), host("B", "192.0.2.1", zone="DMZ")], [flow("A", "B")]))


def test_the_head_for_an_srx_names_dns_names_that_an_older_one_refuses():
    """YANG: dns-name has up to 63 characters in Junos 21.1, up to 253 in 22.3."""
    fits, long = (f"{'listener' * 6}{'-' * count}db.example.com" for count in (1, 2))
    assert (len(fits), len(long)) == (63, 64)
    ends = [host("A", "10.0.0.1"), host("B", fits, long, zone="DMZ"), host("C", long, zone="DMZ")]
    head = of_srx(plan(ends, [flow("A", "B"), flow("A", "C")])).partition("\n\n")[0]
    assert " ".join(head.replace("#", "").split()).count(f" an older one refuses {long}. ") == 1
    assert fits not in head


def test_a_device_that_logs_says_which_rule_it_was():
    report = with_firewalls(town(), firewall("nftables"), firewall("iptables"))
    rule = next(rule for rule in report.rules if not rule.any_of)
    for name, text in files(report).items():
        lines = [line for line in statements(text) if rule.id in line]
        logged = [line for line in lines if f'prefix "{rule.id}: "' in line]
        assert len(logged) * 2 == len(lines) > 0, name
    quiet = with_firewalls(town(), firewall("nftables", log=False), firewall("iptables", log=False))
    assert not any("prefix" in text for text in files(quiet).values())


@pytest.mark.parametrize(
    ("name", "logs", "quiet"),
    [
        ("asa", r" log(?: inactive)?$", r" extended permit (?!.* log(?: inactive)?$)"),
        ("srx", "then log session-close", None),
        ("fortigate", "set logtraffic all", "set logtraffic disable"),
        ("paloalto", "<log-end>yes</log-end>", "<log-end>no</log-end>"),
        ("paloalto-set", "log-end yes", "log-end no"),
    ],
)  # fmt: skip
def test_a_device_logs_what_it_lets_through_unless_the_plan_says_no(name, logs, quiet):
    def count(pattern, **more):
        return len(re.findall(pattern, only(with_firewalls(town(), firewall(name, **more))), re.MULTILINE))

    assert count(logs) > 0
    assert count(logs, log=False) == 0
    if quiet:
        assert count(quiet) == 0
        assert count(quiet, log=False) > 0


def test_names_of_files_are_the_firewalls_own_as_far_as_a_file_can_have_them():
    assert name_files(["FW-HQ", "Zürich/Süd", "a b", "a:b", "A*B", "Москва_1.x"]) == (
        "FW-HQ", "Zürich-Süd", "a-b", "a-b-2", "A-B-3", "Москва_1.x",
    )  # fmt: skip
    assert name_files(["x" * 255, "x" * 254]) == ("x" * 100, "x" * 98 + "-2")
    assert name_files(["a-2", "a b", "a:b", "a-b"]) == ("a-2", "a-b", "a-b-2", "a-b-3")
    assert name_files(["Ж" * 100, "漢" * 74]) == ("Ж" * 100, "漢" * 74)
    assert name_files(["漢" * 90, "漢" * 91]) == ("漢" * 74, "漢" * 74 + "-2")
    assert name_files(["\u202e../..", "Zu\u0308rich"]) == ("-..-..", "Zürich")


# ---- what any isn't ----


def test_any_leaves_out_the_other_zones_and_nothing_of_its_own():
    report = plan(
        [
            host("World", "any", zone="Internet", group=True), host("Friend", "10.0.0.7", zone="Internet"),
            host("A", "10.0.0.0/29", "fd00::1"), host("B", "192.0.2.1", "0.0.0.0/0", zone="DMZ"),
        ],
        [flow("World", "B")],
    )  # fmt: skip
    elsewhere = Elsewhere(report.plan)
    assert elsewhere.leave_out(frozenset({"Internet"}), 4, ()) == (
        "10.0.0.0/30", "10.0.0.4/31", "10.0.0.6", "192.0.2.1",
    )  # fmt: skip
    assert elsewhere.leave_out(frozenset({"Internet"}), 6, ()) == ("fd00::1",)
    named = [one for one in report.plan.endpoints if one.name == "A"]
    assert elsewhere.leave_out(frozenset({"Internet"}), 4, named) == ("192.0.2.1",), "who is named stays"


def test_a_rule_is_parted_where_its_ends_are_behind_several_interfaces():
    report = with_firewalls(town(), firewall("nftables"))
    crossings = list_crossings(report, report.plan.firewalls[0])
    found = [
        (crossing.source, crossing.destination, part.rule.id, source.name, end.name)
        for crossing in crossings
        for part in crossing.parts
        for source in part.sources
        for end in part.destinations
    ]
    assert len(found) == len(set(found))
    pairs = {
        (rule.id, source.name, end.name)
        for rule in report.rules
        for source in rule.sources
        for end in rule.destinations
    }
    assert {one[2:] for one in found} == pairs


@pytest.mark.parametrize(
    ("name", "negated"),
    [
        ("fortigate", r'set (src|dst)addr "V4-elsewhere_\d_all"\n +set \1addr-negate enable'),
        ("fortigate", r'set (src|dst)addr6 "V6-any_but_\d_all"\n +set \1addr6-negate disable'),
        ("paloalto", r"<member>V[46]-elsewhere_\d(?:_all)?</member>\s+</source>\s+<negate-source>yes</negate-source>"),
        (
            "paloalto",
            r"elsewhere_\d(?:_all)?</member>\s+</destination>\s+<negate-destination>yes</negate-destination>",
        ),
        ("paloalto-set", r"source V[46]-elsewhere_\d(?:_all)?\nset \S+ \S+ \S+ \S+ negate-source yes"),
        ("srx", r"match source-address-excluded\n.* match source-address V[46]-elsewhere_\d(?:_all)?\n"),
        ("srx", r"match destination-address-excluded\n.* match destination-address V[46]-elsewhere_\d(?:_all)?\n"),
        ("asa", r"object-group V[46]-any_but_\d object"),
    ],
)
def test_where_a_device_can_say_so_any_is_none_of_the_other_zones(name, negated):
    for text in (only(with_firewalls(town(), firewall(name))), FORMATS[name].render(town()).decode()):
        assert re.search(negated, text)
        assert "10.0.0.10" in text
        assert not re.search(
            r'addr6? "all"|<source>\s+<member>any|<destination>\s+<member>any|-address any|any[46]', text
        )


def test_a_list_of_mikrotik_has_an_address_once_that_two_endpoints_have():
    """RouterOS refuses what a list has already, and stops the import there: all filter lines come after it."""
    ends = [host("A", "10.0.0.1"), host("B", "192.0.2.1", "2001:db8::1", zone="DMZ"),
            host("C", "192.0.2.1", "2001:db8::1", "192.0.2.2", zone="DMZ"), host("D", "fd00::1"),
            host("E", "d.example.com", zone="DMZ"), host("F", "D.example.com", zone="DMZ")]  # fmt: skip
    flows = [flow(source, target) for source in "AD" for target in "BCEF"]
    text = FORMATS["mikrotik"].render(plan(ends, flows)).decode()
    listed = re.findall(r"(?m)^(\S+) firewall address-list add list=(\S+) address=(\S+)", text)
    assert len({(menu, name, value.casefold()) for menu, name, value in listed}) == len(listed)
    groups = {name: sorted(value.casefold() for _, where, value in listed if where == name)
              for _, name, _ in listed if name.endswith("_dst")}  # fmt: skip
    assert sorted(groups.values()) == [
        ["192.0.2.1", "192.0.2.2", "d.example.com"], ["2001:db8::1/128", "d.example.com"],
    ]  # fmt: skip


def test_an_asa_has_no_group_of_ipv6_within_another():
    """Older releases refuse one, and the group would lack these addresses."""
    ends = [host("A", "2001:db8::1", "2001:db8::2", "192.0.2.1", "192.0.2.2", zone="DMZ"),
            host("B", "2001:db8::3", "192.0.2.3", zone="DMZ"), host("C", "2001:db8::2", "2001:db8:7::/64", zone="DMZ"),
            host("N", "a.example.com", "b.example.com", zone="DMZ"), host("S", "fd00::1", "10.0.0.1")]  # fmt: skip
    text = FORMATS["asa"].render(plan(ends, [flow("S", name) for name in "ABCN"])).decode()
    groups = dict(re.findall(r"(?m)^object-group network (\S+)\n((?: .*\n)+)", forward(text)))
    assert sorted(groups["V6-INT-DMZ-9000_dst"].splitlines()) == [
        " network-object 2001:db8:7::/64", " network-object host 2001:db8::1", " network-object host 2001:db8::2",
        " network-object object V6-B", " network-object object V6-N_1", " network-object object V6-N_2",
    ]  # fmt: skip
    assert " group-object V4-A_all\n" in groups["V4-INT-DMZ-9000_dst"]
    assert not [name for name, members in groups.items() if name.startswith("V6") and "group-object" in members]


def test_a_list_of_mikrotik_has_all_that_an_any_leaves_out_however_many_objects_that_is():
    servers = [host(f"S{number}", f"10.0.{number}.1") for number in range(PART + 10)]
    world = host("World", "any", zone="Internet", group=True)
    text = FORMATS["mikrotik"].render(plan([world, *servers], [flow("World", "S1"), flow("S1", "World")])).decode()
    named = set(re.findall(r"(?:src|dst)-address-list=!(\S+)", text))
    assert len(named) == 1
    for name in named:
        listed = re.findall(rf"address-list add list={name} address=(\S+)", text)
        assert listed == [f"10.0.{number}.1" for number in range(PART + 10)]


def test_a_fortigate_is_told_what_an_any_of_ipv6_is_since_older_ones_can_not_negate_it():
    text = FORMATS["fortigate"].render(town()).decode()
    assert "6-negate enable" not in text
    sections = read_sections(text)
    ranges = sections["firewall address6"]
    negated = sections["firewall addrgrp"]["V4-elsewhere_1_all"]["member"]
    assert len(negated) > 1
    groups = [one["member"] for name, one in sections["firewall addrgrp6"].items() if "any_but" in name]
    assert groups
    for members in groups:
        ends = [[int(ip_address(*ranges[name][end])) for end in ("start-ip", "end-ip")] for name in members]
        assert (ends[0][0], ends[-1][1]) == (1, 2**128 - 1), "no packet is from or to ::"
        left_out = [(last + 1, first - 1) for (_, last), (first, _) in pairwise(ends)]
        networks = [net for ends in left_out for net in summarize_address_range(*map(IPv6Address, ends))]
        assert networks
        assert {str(net) for net in networks} <= {str(IPv6Network(one)) for one in six_of(town())}


def six_of(report):
    endpoints = (address for end in report.plan.endpoints for address in end.addresses)
    zones = (network for zone in report.plan.zones for network in zone.networks)
    return [one for one in (*endpoints, *zones) if ":" in one]


def test_a_fortigate_is_told_of_what_kind_an_address_is_which_may_have_been_a_name():
    text = FORMATS["fortigate"].render(plan([host("A", "10.0.0.1", "2001:db8::1"), host("B", "192.0.2.1", zone="DMZ"),
                                             host("C", "2001:db8::2", zone="DMZ")],
                                            [flow("A", "B"), flow("A", "C")])).decode()  # fmt: skip
    assert 'edit "V4-A"\n        set type ipmask\n        set subnet 10.0.0.1 255.255.255.255\n' in text
    assert 'edit "V6-A"\n        set type ipprefix\n        set ip6 2001:db8::1/128\n' in text


@pytest.mark.parametrize("format", ["nftables", "iptables"])
def test_two_zones_may_each_have_an_any_and_addresses_of_their_own(format):
    """What one any leaves out is what the other has; neither takes from the other what it lets through."""
    report = evaluate(
        write_plan(
            host("A", "10.0.0.1"),
            host("World", "any", zone="Internet", group=True),
            host("Friend", "198.51.100.7", zone="Internet"),
            host("Others", "any", zone="Partners", group=True),
            host("Partner", "198.51.100.8", zone="Partners"),
            zones=(("Internal", "internal"), ("Internet", "internet"), ("Partners", "internet")),
            additional_flows=[
                flow("World", "A"),
                flow("Others", "A"),
                flow("Others", "A", ports="22"),
                flow("A", "Others", ports="80"),
                flow("A", "World", ports="25"),
            ],
        )
    )
    homes = {
        "Internal": ["10.0.0.1"],
        "Internet": ["198.51.100.7", "203.0.113.77"],
        "Partners": ["198.51.100.8"],
    }
    outside = [*homes["Internet"], *homes["Partners"]]
    asked = {
        Attempt(*ends, "tcp", port)
        for one in outside
        for ends in ((one, "10.0.0.1"), ("10.0.0.1", one))
        for port in (22, 25, 80, 443)
    }
    with Router(homes) as net:
        net.set_up(format, FORMATS[format].render(report).decode())
        passed = net.passes(asked)
    assert passed == admitted(asked, report)
    assert {one.source for one in passed if one.port == 443} == set(outside)
    assert {one.source for one in passed if one.port == 22} == {"198.51.100.8", "203.0.113.77"}
