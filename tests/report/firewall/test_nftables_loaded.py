"""nftables files in the kernel: beside a firewall that drops, exactly what the plan needs gets through.

`network.py` says how it is tried. Where it can't be tried the tests fail and say why; nothing is skipped.
"""

import copy
import io
import re
import zipfile

import pytest

from planner.report import FORMATS
from planner.report.said.edition import Edition
from planner.report.said.filters import Filter, select
from tests.report.firewall.loading import (
    PLANS,
    admitted,
    between_zones,
    commands,
    decided,
    example,
    hostile_reports,
    places,
    town,
    without_undecided,
)
from tests.report.firewall.network import TRANSIT, Network, samples, sweep, tries
from tests.report.firewall.reading import statements
from tests.report.firewall.test_permits import DAY, flow, host, plan

pytestmark = pytest.mark.slow

SITE = """
table inet filter {
    set admins { type ipv4_addr; elements = { 198.51.100.9 }; }
    map doors { type inet_service : verdict; elements = { 2222 : drop }; }
    counter seen { }
    chain input { type filter hook input priority filter; policy accept; tcp dport 2223 drop; }
    chain forward {
        type filter hook forward priority filter; policy drop;
        ct state established,related accept
        ct state invalid drop
        ip saddr @admins counter name seen accept
        jump own
    }
    chain own { tcp dport vmap @doors; tcp dport 2224 counter log prefix "own " drop; }
}
table ip nat {
    chain postrouting { type nat hook postrouting priority srcnat; policy accept; oifname "wan" masquerade; }
}
"""
"""What a site has: a forward chain that drops, which accepts established connections, and more of its own."""
OPEN = {"open_undecided": True}
JUMP = "nft insert rule inet filter forward jump port_planner"


def render(report, edition=None, **options):
    return FORMATS["nftables"].render(report, edition, **options).decode()


def of_others(ruleset, chains=("port_planner",)):
    """A ruleset without our chains, their rules and the jumps to them."""
    kept = []
    for entry in ruleset:
        ((kind, value),) = entry.items()
        jumps = [word["jump"]["target"] for word in value.get("expr", ()) if kind == "rule" and "jump" in word]
        names = {value.get("name") if kind == "chain" else None, value.get("chain"), *jumps}
        if names.isdisjoint(chains):
            kept.append(entry)
    return kept


def without_handles(ruleset):
    """A ruleset as it would be written down: a rule that is made anew has another handle."""
    plain = copy.deepcopy(ruleset)
    for entry in plain:
        for value in entry.values():
            value.pop("handle", None)
    return plain


@pytest.mark.parametrize("name", PLANS)
def test_beside_a_firewall_that_drops_exactly_the_flows_pass(name):
    report = PLANS[name]()
    wanted = tries(between_zones(report))
    everything = sweep(places(report), wanted)
    with Network(places(report)) as net:
        assert net.passes(wanted) == wanted, "a router without rules lets everything through"
        net.nft("-f", "-", text=SITE)
        before = net.ruleset()
        text = render(report, **OPEN)
        net.nft("-f", "-", text=text)
        assert of_others(net.ruleset()) == before
        assert net.passes(wanted) == set(), "nothing passes before the site's own chain jumps there"
        (jump,) = commands(text)[0]
        assert jump == JUMP
        net.run(jump)
        once = net.ruleset()
        assert of_others(once) == before
        assert wanted <= net.passes(everything) == admitted(everything, report)
        net.nft("-f", "-", text=text)
        assert without_handles(net.ruleset()) == without_handles(once)
        assert of_others(net.ruleset()) == of_others(once)
        assert net.passes(everything) == admitted(everything, report)


def test_what_takes_it_back_leaves_what_was_there_before():
    report = town()
    with Network(places(report)) as net:
        net.nft("-f", "-", text=SITE)
        before = net.ruleset()
        text = render(report)
        net.nft("-f", "-", text=text)
        jump, take_back = commands(text)
        net.run(*jump)
        # As somebody may have it: jumped to from two places, with a comment, beside rules that speak of it.
        net.nft(
            "add", "rule", "inet", "filter", "forward", "iifname", "r1", "jump", "port_planner", "comment", '"a # b"'
        )
        net.nft("add", "rule", "inet", "filter", "forward", "tcp", "dport", "2225", "drop", "comment",
                '"no jump port_planner here"')  # fmt: skip
        (extra,) = [entry for entry in net.ruleset() if "2225" in str(entry)]
        net.run(*take_back)
        assert net.ruleset() == [*before[: before.index(_last_of_forward(before)) + 1], extra,
                                 *before[before.index(_last_of_forward(before)) + 1 :]]  # fmt: skip
        wanted = tries(decided(report))
        assert net.passes(wanted) == set()
        net.nft("-f", "-", text=text)
        net.run(*jump)
        assert net.passes(wanted) == wanted


def _last_of_forward(ruleset):
    return [entry for entry in ruleset if entry.get("rule", {}).get("chain") == "forward"][-1]


def test_the_next_revision_closes_what_the_plan_no_longer_asks_for():
    old, new = town(), town(without={"Names", "Ping", "World"}, ports={"website": 8443})
    gone = tries(decided(old)) - admitted(tries(decided(old)), new)
    assert {one.protocol for one in gone} == {"tcp", "udp", "icmp"}
    with Network(places(old)) as net:
        net.nft("-f", "-", text=SITE)
        net.nft("-f", "-", text=render(old))
        net.run(JUMP)
        assert net.passes(gone) == gone
        net.nft("-f", "-", text=render(new))
        assert net.passes(gone) == set()
        wanted = tries(decided(new))
        assert net.passes(wanted) == wanted
        nothing = plan([host("A", "10.0.0.1")], [])
        net.nft("-f", "-", text=render(nothing))
        assert net.passes(wanted) == set()


def test_what_is_undecided_is_closed_unless_it_is_asked_for():
    report = town()
    undecided = tries(one for one in between_zones(report) if one.need.any_of)
    undecided -= admitted(undecided, without_undecided(report))
    assert undecided
    with Network(places(report)) as net:
        net.nft("-f", "-", text=SITE)
        net.nft("-f", "-", text=render(report))
        net.run(JUMP)
        everything = sweep(places(report), tries(between_zones(report)))
        assert net.passes(everything) == admitted(everything, without_undecided(report))
        net.nft("-f", "-", text=render(report, **OPEN))
        assert net.passes(undecided) == undecided
        net.nft("-f", "-", text=render(report))
        assert net.passes(undecided) == set()


def test_a_part_of_a_plan_opens_that_part():
    report = town()
    part, selection = select(report, Filter(protocol="udp"))
    text = render(part, Edition(date=DAY, selection=selection))
    assert "So loading this part closes what the file of the whole plan has opened." in text
    everything = tries(decided(report))
    with Network(places(report)) as net:
        net.nft("-f", "-", text=SITE)
        net.nft("-f", "-", text=render(report))
        net.run(JUMP)
        net.nft("-f", "-", text=text)
        assert net.passes(everything) == admitted(everything, part) != set()


def test_packets_out_of_state_are_left_to_the_site():
    """The jump stands before the site's own rules, and may not take from them what they drop."""
    for line in statements(render(town())):
        assert not line.endswith(" accept") or "ct state new,established,untracked" in line


@pytest.mark.parametrize("name", ["town", "dmz"])
def test_a_default_deny_is_a_complete_table_for_a_router_without_rules(name):
    report = PLANS[name]()
    wanted = tries(between_zones(report))
    everything = sweep(places(report), wanted)
    with Network(places(report)) as net:
        assert net.passes(everything) == everything
        text = render(report, default_deny=True, **OPEN)
        net.nft("-f", "-", text=text)
        assert wanted <= net.passes(everything) == admitted(everything, report)
        once = net.ruleset()
        net.nft("-f", "-", text=text)
        assert without_handles(net.ruleset()) == without_handles(once)
        smaller = without_undecided(report)
        net.nft("-f", "-", text=render(report, default_deny=True))
        assert net.passes(everything) == admitted(everything, smaller)
        (take_back,) = commands(text)
        net.run(*take_back)
        assert net.ruleset() == []
        assert net.passes(everything) == everything


def test_a_default_deny_of_a_plan_without_rules_says_that_it_denies_everything():
    report = town()
    wanted = tries(decided(report))
    with Network(places(report)) as net:
        text = render(plan([host("A", "10.0.0.1")], []), default_deny=True)
        assert "There is no rule to write. So all that is forwarded is denied." in text
        net.nft("-f", "-", text=text)
        assert net.passes(wanted) == set()


def test_a_default_deny_leaves_other_tables_alone():
    report = town()
    with Network(places(report)) as net:
        net.nft("-f", "-", text=SITE)
        before = net.ruleset()
        text = render(report, default_deny=True)
        net.nft("-f", "-", text=text)
        assert [entry for entry in net.ruleset() if "port_planner" not in str(entry)] == before
        net.run(*commands(text)[0])
        assert net.ruleset() == before


HOST_SITE = f"""
table inet filter {{
    chain input {{
        type filter hook input priority filter; policy drop;
        ct state established,related accept
        ip saddr {TRANSIT[0]} accept
        ip6 saddr {TRANSIT[1]} accept
    }}
    chain output {{
        type filter hook output priority filter; policy drop;
        ct state established,related accept
        ip daddr {TRANSIT[0]} accept
        ip6 daddr {TRANSIT[1]} accept
    }}
}}
"""
"""A host that drops what comes and what goes, but for the router's answers."""


def host_plan():
    """A report, where its endpoints are, what the host Web accepts and opens, and much else from and to it."""
    report = plan(
        [
            host("Web", "10.0.0.1", "fd00::1", roles=["web-primary"]), host("Near", "10.0.0.2", "fd00::2"),
            host("Far", "192.0.2.1", "2001:db8::1", zone="DMZ"), host("Other", "192.0.2.2", zone="DMZ"),
        ],
        [flow("Near", "Web"), flow("Web", "Far", "udp", "53"), flow("Web", "Near", "icmp"),
         flow("Far", "Web", ports="25")],
    )  # fmt: skip
    homes = {endpoint.name: samples(endpoint.addresses) for endpoint in report.plan.endpoints}
    wanted = tries(one for one in report.flows if "Web" in (one.source.name, one.destination.name))
    around = {one for one in sweep(homes, wanted) if {one.source, one.destination} & set(homes["Web"])}
    return report, homes, wanted, around


def host_file(report, **options):
    with zipfile.ZipFile(io.BytesIO(FORMATS["nftables"].render(report, None, host_files=True, **options))) as archive:
        return archive.read("host-Web.nft").decode()


def test_the_file_of_a_host_opens_what_it_accepts_and_what_it_opens():
    report, homes, wanted, around = host_plan()
    text = host_file(report)
    own = ("port_planner_in", "port_planner_out")
    with Network(homes) as net:
        web = net.places["Web"]
        assert net.passes(wanted) == wanted
        net.nft("-f", "-", text=HOST_SITE, place=web)
        before = net.ruleset(web)
        net.nft("-f", "-", text=text, place=web)
        jumps, take_back = commands(text)
        assert jumps == [
            "nft insert rule inet filter input jump port_planner_in",
            "nft insert rule inet filter output jump port_planner_out",
        ]
        assert net.passes(around) == set()
        net.run(*jumps, place=web)
        once = net.ruleset(web)
        assert of_others(once, own) == before
        assert net.passes(around) == wanted
        net.nft("-f", "-", text=text, place=web)
        assert without_handles(net.ruleset(web)) == without_handles(once)
        net.run(*take_back, place=web)
        assert net.ruleset(web) == before


def test_the_file_of_a_host_with_a_default_deny_stands_by_itself_and_goes_without_a_trace():
    report, homes, wanted, around = host_plan()
    text = host_file(report, default_deny=True)
    with Network(homes) as net:
        web = net.places["Web"]
        before = net.ruleset(web)
        net.nft("-f", "-", text=text, place=web)
        once = without_handles(net.ruleset(web))
        net.nft("-f", "-", text=text, place=web)
        assert without_handles(net.ruleset(web)) == once
        for transit, family in zip(TRANSIT, ("ip", "ip6"), strict=True):  # the router's answers, by which tests know
            net.nft("insert", "rule", "inet", "port_planner", "output", family, "daddr", transit, "accept", place=web)
        assert net.passes(around) == wanted
        (take_back,) = commands(text)
        net.run(*take_back, place=web)
        assert net.ruleset(web) == before


def test_no_name_becomes_a_statement():
    with Network({}) as net:
        net.nft("-f", "-", text=SITE)
        net.nft("-f", "-", text=render(town()))
        net.run(JUMP)
        before = of_others(net.ruleset())
        for name, report in hostile_reports().items():
            text = render(report, **OPEN)
            net.nft("-f", "-", text=text)
            ruleset = net.ruleset()
            assert of_others(ruleset) == before, name
            ours = [entry["rule"] for entry in ruleset if entry.get("rule", {}).get("chain") == "port_planner"]
            assert len(ours) == text.count("\nadd rule "), name
            assert all({"accept": None} in rule["expr"] and rule["comment"] for rule in ours), name
            jump, take_back = commands(text)
            assert jump == [JUMP]
            assert len(take_back) == 3
            lines = re.findall(r"(?m)^#\s*((?:nft|add|flush|delete|insert|ip6?tables|sh|sudo)\s.*)$", text)
            assert lines == [*jump, *take_back], name


def test_the_file_of_a_plan_loads_where_there_is_no_firewall_yet():
    report = example("dmz")
    with Network({}) as net:
        net.nft("-f", "-", text=render(report))
        assert {entry["chain"]["name"] for entry in net.ruleset() if "chain" in entry} == {"port_planner"}


@pytest.mark.parametrize("chain", ["fwd_all", "own", "vault"])
def test_a_chain_of_the_plan_s_name_is_filled_unless_it_is_one_at_a_hook(chain):
    """`own` is one that the site jumps to: nobody can tell it from ours."""
    row = {"name": "FW", "format": "nftables", "zones": {"Internal": "in", "DMZ": "out"}, "options": {"chain": chain}}
    report = plan([host("A", "10.0.0.1"), host("B", "192.0.2.1", zone="DMZ")], [flow("A", "B")], firewalls=[row])
    ((_, text),) = FORMATS["firewalls"].write_folder(report, None).items()
    with Network({}) as net:
        net.nft("-f", "-", text=SITE.replace("chain forward", "chain fwd_all"))
        before = net.ruleset()
        fails = chain == "fwd_all"
        for _ in range(2):
            net.nft("-f", "-", text=text.decode(), fails=fails)
            there = net.ruleset()
            assert (there == before) is fails
            assert f"{chain}_probe" not in str(there)
            assert str(there).count("192.0.2.1") == (0 if fails else 2)


def test_tens_of_thousands_of_addresses_are_loaded():
    many = [f"10.{i // 250}.{i % 250}.1" for i in range(20_000)]
    report = plan([host("Many", *many), host("One", "192.0.2.1", zone="DMZ")], [flow("Many", "One")])
    with Network({}) as net:
        net.nft("-f", "-", text=render(report))
        net.nft("-f", "-", text=render(report))
        assert net.nft("list", "chain", "inet", "filter", "port_planner").count("10.") >= 20_000
