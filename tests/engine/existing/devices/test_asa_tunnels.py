"""What comes to an ASA out of tunnels, and passes no list. Syntax: Cisco ASA Series VPN CLI Configuration Guide."""

from planner.engine.existing.decide import compare_with
from planner.engine.existing.readers.asa import read
from tests.each import each
from tests.engine.existing.devices.test_asa import configuration, state
from tests.report.firewall.test_permits import flow, host, plan

PASSES = "sysopt connection permit-vpn: what comes out of a tunnel passes no list"
SITE = """access-list TO-SITE extended permit ip 10.0.0.0 255.255.255.0 10.50.0.0 255.255.0.0
access-list TO-SITE extended deny ip any any
crypto map VPN 10 match address TO-SITE
crypto map VPN 10 set peer 198.51.100.9
crypto map VPN interface outside
tunnel-group 198.51.100.9 type ipsec-l2l
"""
POOL = "ip local pool CLIENTS 10.60.0.1-10.60.0.99 mask 255.255.255.0\nipv6 local pool SIX 2001:db8:60::1/64 100\n"
DYNAMIC = """crypto dynamic-map DYN 1 set pfs
crypto map VPN 65535 ipsec-isakmp dynamic DYN
crypto map VPN interface outside
"""
CLIENTS = "webvpn\n enable outside\n anyconnect enable\n"
VTI = "interface Tunnel1\n nameif vti\n security-level 0\n tunnel protection ipsec profile P\n"


def come(*lines, source="10.50.1.1", **packet):
    return state(*lines, source=source, **packet)


@each(
    ("more", "inside", "outside"),
    [
        (SITE, {}, {"source": "10.51.0.1"}),
        (SITE, {}, {"source": "10.50.1.1", "destination": "10.0.1.10"}),
        (SITE, {}, {"source": "10.50.1.1", "enters": "dmz"}),
        (SITE + DYNAMIC, {"source": "8.8.8.8"}, {"enters": "dmz"}),
        (SITE + DYNAMIC + POOL, {"source": "10.60.0.99"}, {"source": "10.60.0.100"}),
        (SITE + DYNAMIC + POOL, {"source": "2001:db8:60::5", "destination": "2001:db8::1"}, {"source": "10.61.0.1"}),
        (DYNAMIC.replace("set pfs", "match address TO-SITE") + SITE, {}, {"source": "10.51.0.1"}),
        (DYNAMIC.replace("DYN 1", "OTHER 1"), {"source": "8.8.8.8"}, {"enters": "dmz"}),
        (POOL + DYNAMIC + "tunnel-group DefaultL2LGroup ipsec-attributes\n", {}, {"enters": "dmz"}),
        (POOL + DYNAMIC + "tunnel-group branch type ipsec-l2l\n", {}, {"enters": "dmz"}),
        (POOL + DYNAMIC + "group-policy ROAD attributes\n nem enable\n", {}, {"enters": "dmz"}),
        (POOL + CLIENTS, {"source": "10.60.0.1"}, {"source": "10.60.0.0"}),
        (POOL + CLIENTS + "tunnel-group branch type ipsec-l2l\n", {"source": "10.60.0.1"}, {}),
        (CLIENTS, {}, {"enters": "dmz"}),
        (POOL + CLIENTS + "tunnel-group ROAD general-attributes\n dhcp-server 10.0.0.5\n", {}, {"enters": "dmz"}),
        ("ip local pool CLIENTS some-host\n" + POOL + CLIENTS, {}, {"enters": "dmz"}),
        ("crypto map GONE interface outside\n", {}, {"enters": "dmz"}),
        (SITE.replace("address TO-SITE", "address GONE"), {"source": "8.8.8.8"}, {"enters": "dmz"}),
        (SITE.replace("permit ip 10.0.0.0", "permit frob 10.0.0.0"), {"source": "8.8.8.8"}, {"enters": "dmz"}),
        (SITE.replace("permit ip 10.0.0.0", "frob ip 10.0.0.0"), {"source": "8.8.8.8"}, {"enters": "dmz"}),
    ],
)  # fmt: skip
def test_what_may_come_out_of_a_tunnel_is_not_closed_by_a_list(more, inside, outside):
    lines = "extended deny ip any any", "extended permit ip any any"
    assert come(*lines, more=more, **inside) == ("unknown", PASSES)
    assert come(*lines, more=more, **{"source": "10.51.0.1", **outside})[0] == "closed"
    assert come("extended permit ip any any", more=more, **inside)[0] == "open", "either way"
    asked = f"{more}no sysopt connection permit-vpn\n"
    assert come(*lines, more=asked, **inside)[0] == "closed", "lists are asked then"


def test_all_that_comes_by_the_interface_of_a_tunnel_comes_out_of_it():
    vti = {"enters": "vti", "more": VTI + "access-group IN in interface vti\n", "bound": ""}
    assert come("extended deny ip any any", **vti) == ("unknown", PASSES)
    assert come("extended permit ip any any", **vti)[0] == "open"
    assert come("extended deny ip any any", **{**vti, "enters": "dmz", "leaves": "inside"})[0] == "closed"
    vti["more"] += "no sysopt connection permit-vpn\n"
    assert come("extended deny ip any any", **vti)[0] == "closed"
    unnamed = VTI.replace(" nameif vti\n", "")
    assert come("extended deny ip any any", more=unnamed)[0] == "closed"


def test_no_list_for_leaving_is_asked_either():
    out = "access-list OUT extended deny ip any any\naccess-group OUT out interface inside\n"
    assert come("extended permit ip any any", more=SITE + out) == ("unknown", PASSES)
    assert come("extended permit ip any any", more=SITE + out, source="10.51.0.1")[0] == "closed"


@each("of", ["group-policy SITES attributes", "username ada attributes"])
def test_a_filter_of_a_tunnel_may_refuse_what_a_list_permits(of):
    filtered = f"{SITE}{of}\n vpn-filter value ONLY-WEB\n"
    assert come("extended permit ip any any", more=filtered)[0] == "unknown"
    assert come("extended permit ip any any", more=filtered, source="10.51.0.1")[0] == "open"
    [entry, *_] = [one for one in read(configuration(more=filtered)).stages[-1].entries if one.obscure]
    assert entry.name == "crypto map VPN interface outside"
    assert entry.obscure == (PASSES, "vpn-filter ONLY-WEB")
    assert come("extended permit ip any any", more=f"{SITE}{of}\n vpn-filter none\n")[0] == "open"


def test_an_agent_behind_a_tunnel_is_unknown_and_what_must_stay_closed_is_perhaps_open():
    ends = [host("Web", "10.0.0.10"), host("Agent", "10.50.1.1", zone="DMZ"), host("Other", "10.0.0.11")]
    never = [{"from": {"zone": "DMZ"}, "to": {"endpoint": "Other"}, "protocol": "tcp", "ports": "22",
              "reason": "Policy 12"}]  # fmt: skip
    report = plan(ends, [flow("Agent", "Web")], never=never)
    text = configuration("extended deny ip any any", more=SITE)
    sides = {**dict.fromkeys(("dmz", "lab", "strange", "off"), "Internet"), "outside": "DMZ", "inside": "Internal"}
    gap = compare_with(report, read(text), sides, also=("forbidden",))
    [found] = [one for one in gap.flows if one.flow.source.name == "Agent"]
    assert (found.state, found.constructs) == ("unknown", (PASSES,))
    [one] = gap.forbidden.entries
    assert (one.entry, one.is_sure, one.constructs) == ("crypto map VPN interface outside", False, (PASSES,))
