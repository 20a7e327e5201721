"""What is admitted to the address by which an endpoint is published is admitted to the endpoint."""

import pytest

from planner.engine.existing import wider
from planner.engine.existing.boxes import Box
from planner.engine.existing.decide import compare_with
from planner.engine.existing.model import Translation
from planner.engine.existing.readers.iptables import read
from planner.engine.existing.sent import Translations
from planner.engine.existing.sides import Ways
from planner.engine.rules import Ports
from planner.engine.spans import FAMILIES, PORTS, PROTOCOLS, Spans
from tests.engine.existing.rulesets import accept, flow, host, match, plan, ruleset, side, spans

SEEN, REAL, OUTER, OTHER = "203.0.113.10", "192.0.2.10", "198.51.100.7", "198.51.100.8"
BEHIND = {"Internet": "wan", "DMZ": "dmz", "Internal": "lan"}


def report_of(form, *flows, more=(), published=None):
    ends = [host("Outer", OUTER, zone="Internet"), host("Other", OTHER, zone="Internet"),
            host("Store", REAL, zone="DMZ"), host("Web", "10.0.0.10"), *more]  # fmt: skip
    firewall = {"name": "FW", "format": form, "zones": BEHIND}
    firewall["published"] = {"Store": SEEN} if published is None else published
    return plan(ends, list(flows), firewalls=[firewall])


def translation(**more):
    said = {"name": "in", "enters": side("wan"), "family": 4, "seen": spans(SEEN), "real": spans(REAL)}
    return Translation(**said | more)


def from_outside(name, *matches, **more):
    return accept(name, *matches, enters=side("wan"), **more)


def widths(report, *entries, **more):
    return gap_of(report, *entries, **more).wider


def gap_of(report, *entries, translations=(), **more):
    rules = ruleset(*entries, translations=tuple(translations), sides=frozenset(BEHIND.values()), **more)
    form = report.plan.firewalls[0].format
    object.__setattr__(rules, "format", form)
    return compare_with(report, rules, None, report.plan.firewalls[0])


@pytest.mark.parametrize("form", ["asa", "fortigate", "paloalto", "srx"])
def test_what_is_admitted_to_the_published_address_counts_as_admitted_to_what_stands_behind_it(form):
    report = report_of(form, flow("Outer", "Store"))
    vip = from_outside("vip", match("198.51.100.0/24", SEEN, "tcp/440-450"))
    [found] = widths(report, vip, translations=[translation()])
    assert (found.sources, found.destinations, found.pairs) == (("Other", "Outer"), ("Store",), 2)
    assert found.services == ("tcp 440-450",), "Other asks for nothing"
    assert found.narrower == ((frozenset({"Outer"}), frozenset({"Store"}), frozenset({Ports("tcp", "443")})),)


def test_what_flows_ask_for_at_the_published_address_is_not_more():
    report = report_of("fortigate", flow("Outer", "Store"), flow("Other", "Store"))
    vip = from_outside("vip", match("198.51.100.0/24", SEEN, "tcp/443"))
    assert not widths(report, vip, translations=[translation()])
    # Nor is it where somebody else is said to have that address.
    report = report_of("fortigate", flow("Outer", "Store"), more=[host("Edge", SEEN, zone="Internet")])
    assert not widths(report, from_outside("vip", match(OUTER, SEEN, "tcp/443")), translations=[translation()])


def test_what_is_not_sent_on_to_the_endpoint_is_not_admitted_to_it():
    report = report_of("fortigate")
    vip = from_outside("vip", match("198.51.100.0/24", SEEN, "tcp/440-450"))
    assert not widths(report, vip)
    assert not widths(report, vip, translations=[translation(real=spans("192.0.2.11"))])
    assert not widths(report, vip, translations=[translation(is_clear=False)])
    assert not widths(report, vip, translations=[translation(enters=side("lan"))])
    one_port = translation(protocol=6, seen_ports=Spans.only(443), real_ports=Spans.only(443))
    [found] = widths(report, vip, translations=[one_port])
    assert found.services == ("tcp 443",)
    other = from_outside("vip", match("198.51.100.0/24", SEEN, "udp/443"))
    assert not widths(report, other, translations=[one_port])
    # From inside nobody is sent there by that address.
    inner = accept("vip", match("10.0.0.0/8", SEEN, "tcp/443"), enters=side("lan"))
    assert not widths(report, inner, translations=[translation()])


def test_what_an_earlier_entry_refuses_at_the_published_address_is_not_admitted():
    report = report_of("fortigate")
    refused = from_outside("no", match(OTHER, SEEN), verdict="drop")
    [found] = widths(report, refused, from_outside("vip", match("", SEEN, "tcp/443")), translations=[translation()])
    assert (found.sources, found.pairs) == (("Outer",), 1)


def test_the_first_translation_that_is_for_a_packet_tells_what_is_sent_on():
    seen, real = spans(SEEN), spans(REAL)
    tcp, port, http = Spans.only(6), Spans.only(443), Spans.only(8443)
    everywhere = FAMILIES[4]

    def sent(*several):
        found = Translations(several, Ways([("wan", "Internet"), ("lan", "Internal")]))
        whole = Box(everywhere, everywhere, PROTOCOLS, PORTS)
        leading = list(found.list_leading(4, whole, "wan", lambda work: None))
        assert all(one.box.destinations == seen for one in leading)
        arriving = [one.sent.find_real(one.box) for one in leading if one.sent]
        for one, way in zip(arriving, (one.sent for one in leading if one.sent), strict=True):
            assert way.find_real(way.find_seen(one)) == one
        return [(one.protocols, one.ports) for one in arriving if one.destinations == real]

    one = translation(protocol=6, seen_ports=port, real_ports=port)
    assert sent() == []
    assert sent(translation()) == [(PROTOCOLS, PORTS)]
    assert sent(one) == [(tcp, port)]
    moved = translation(protocol=6, seen_ports=http, real_ports=port)
    assert sent(moved, one) == [(tcp, port), (tcp, port)]
    away = translation(protocol=6, seen_ports=port, real_ports=http)
    assert sent(away, one) == [(tcp, http)]
    assert sent(translation(protocol=6, seen_ports=port, real_ports=port, real=spans("192.0.2.11")), one) == []
    assert sent(one, translation()) == [(tcp, port), (PROTOCOLS - tcp, PORTS), (tcp, PORTS - port)]
    elsewhere = translation(family=6, seen=spans("2001:db8::1", 6), real=spans("2001:db8::2", 6))
    assert sent(elsewhere, translation(enters=side("lan")), one) == [(tcp, port)]
    # What isn't understood keeps later ones from it, and so does what leaves all as it is.
    assert sent(translation(is_clear=False), one) == []
    assert sent(translation(real=seen), one) == []


def test_ports_are_sent_on_one_for_one_or_all_to_one():
    report = report_of("fortigate", flow("Outer", "Store"))
    vip = from_outside("vip", match("198.51.100.0/24", SEEN, "tcp/8000-8999"))
    [found] = widths(
        report, vip, translations=[translation(protocol=6, seen_ports=SPAN, real_ports=Spans(((440, 450),)))]
    )
    assert (found.sources, found.destinations, found.pairs) == (("Other", "Outer"), ("Store",), 2)
    assert found.services == ("tcp 440-450",), "the ports on which packets arrive"
    assert found.narrower == ((frozenset({"Outer"}), frozenset({"Store"}), frozenset({Ports("tcp", "443")})),)
    [found] = widths(report, vip, translations=[translation(protocol=6, seen_ports=SPAN, real_ports=Spans.only(443))])
    assert (found.sources, found.services) == (("Other",), ("tcp 443",))
    part = from_outside("vip", match("198.51.100.0/24", SEEN, "tcp/8442-8443"))
    [found] = widths(
        report, part, translations=[translation(protocol=6, seen_ports=SPAN, real_ports=Spans(((440, 450),)))]
    )
    assert found.services == ("tcp 442-443",)


SPAN = Spans(((8440, 8450),))


def test_what_is_sent_on_counts_whether_or_not_the_plan_says_that_it_is_published():
    report = report_of("fortigate", flow("Outer", "Store", ports="22"), published={})
    vip = from_outside("vip", match("", SEEN, "tcp/2222"))
    to_ssh = translation(protocol=6, seen_ports=Spans.only(2222), real_ports=Spans.only(22))
    [found] = widths(report, vip, translations=[to_ssh])
    assert (found.sources, found.destinations, found.services) == (("Other",), ("Store",), ("tcp 22",))
    assert found.narrower == ((frozenset({"Outer"}), frozenset({"Store"}), frozenset({Ports("tcp", "22")})),)
    # A network goes on address by address.
    nets = translation(seen=spans("203.0.113.0/24"), real=spans("192.0.2.0/24"))
    [found] = widths(report, from_outside("net", match(OTHER, "203.0.113.8/29", "tcp")), translations=[nets])
    assert (found.sources, found.destinations, found.services) == (("Other",), ("Store",), ("tcp",))
    assert not widths(report, from_outside("net", match(OTHER, "203.0.113.16/29")), translations=[nets])


def test_a_translation_that_is_not_understood_is_named_with_what_admits_packets_to_it():
    report = report_of("fortigate", published={})
    vip = from_outside("vip", match("", SEEN, "tcp/2222"))

    def unknown(*several, entry=vip):
        gap = gap_of(report, entry, translations=several)
        assert not gap.wider
        return [(one.construct, one.entries, one.flows) for one in gap.unknown]

    assert unknown(translation(name="odd", is_clear=False)) == [("odd", ("vip",), ())]
    assert unknown(translation(name="odd", is_clear=False, real=Spans())) == [("odd", ("vip",), ())]
    assert unknown(translation(name="odd", enters=side("who"))) == [("odd", ("vip",), ())]
    uneven = translation(name="odd", protocol=6, seen_ports=Spans(((2000, 3000),)), real_ports=Spans(((1, 2),)))
    assert unknown(uneven) == [("odd", ("vip",), ())]
    # It is none of the plan's: another address, other ports, another side, or refused.
    assert unknown(translation(is_clear=False, real=spans("192.0.2.99"))) == []
    assert unknown(translation(is_clear=False), entry=from_outside("vip", match("", "203.0.113.11"))) == []
    assert unknown(translation(is_clear=False, enters=side("lan"))) == []
    assert unknown(translation(is_clear=False), entry=from_outside("no", match("", SEEN), verdict="drop")) == []


DNAT = f"-A PREROUTING -d {SEEN} -p tcp -m tcp --dport 440:450 -j DNAT --to-destination {REAL}"


def iptables_widths(report, *forward, raw=()):
    text = "*raw\n:PREROUTING ACCEPT [0:0]\n" + "".join(f"{one}\n" for one in raw) + "COMMIT\n"
    text += f"*nat\n:PREROUTING ACCEPT [0:0]\n{DNAT}\nCOMMIT\n*filter\n:FORWARD DROP [0:0]\n"
    text += "".join(f"{one}\n" for one in forward) + "COMMIT\n"
    return compare_with(report, read(text), None, report.plan.firewalls[0]).wider


def test_where_chains_come_before_and_after_the_translation_packets_are_followed_through_it():
    report = report_of("iptables", flow("Outer", "Store"))
    admits = f"-A FORWARD -d {REAL} -s 198.51.100.0/24 -p tcp -m tcp --dport 400:445 -j ACCEPT"
    # To its own address nothing comes from outside: what is admitted comes for the published one.
    [found] = iptables_widths(report, admits, raw=[f"-A PREROUTING -d {REAL} -j DROP"])
    assert (found.entry, found.sources, found.destinations) == (admits, ("Other", "Outer"), ("Store",))
    assert found.services == ("tcp 440-445",)
    assert found.narrower == ((frozenset({"Outer"}), frozenset({"Store"}), frozenset({Ports("tcp", "443")})),)
    only = f"-A FORWARD -d {REAL} -s {OUTER} -p tcp -m tcp --dport 443 -j ACCEPT"
    assert not iptables_widths(report, only, raw=[f"-A PREROUTING -d {REAL} -j DROP"])
    assert not iptables_widths(report, only)
    early = f"-A PREROUTING -d {SEEN} -p tcp -m tcp --dport 400:445 -j ACCEPT"
    widths_of = {one.entry: one.services for one in iptables_widths(report, admits, raw=[early])}
    assert widths_of[early] == ("tcp 440-445",), "the others aren't sent on"
    # What isn't translated goes to the seen address itself, and nobody stands there.
    assert not iptables_widths(report, f"-A FORWARD -d {SEEN} -p tcp -m tcp --dport 500 -j ACCEPT")


def test_what_the_plan_needs_at_a_published_address_is_told_whole_after_too_much_work(monkeypatch):
    report = report_of("fortigate", flow("Outer", "Store"), flow("Other", "Store", ports="22"), flow("Web", "Store"))
    vip = from_outside("vip", match("198.51.100.0/24", SEEN, "tcp/440-450"))
    inner = accept("inner", match("10.0.0.0/24", REAL, "tcp/440-450"), enters=side("lan"))
    rules = inner, vip
    wanted = {
        one: ((frozenset({source}), frozenset({"Store"}), frozenset({Ports("tcp", "443")})),)
        for one, source in (("vip", "Outer"), ("inner", "Web"))
    }
    unfinished = set()
    monkeypatch.setattr(wider, "WORK_OF_EACH", 0)
    for work in range(1, 60):
        monkeypatch.setattr(wider, "MOST_WORK", work)
        for found in widths(report, *rules, translations=[translation()]):
            unfinished |= set() if found.is_whole else {found.entry}
            assert found.narrower == wanted[found.entry]
    assert unfinished == {"vip", "inner"}


def test_behind_a_translation_to_another_port_the_entry_for_the_real_one_is_too_wide_whoever_follows_it():
    report = report_of("iptables", flow("Outer", "Store"), published={})
    text = (
        f"*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -d {SEEN} -p tcp -m tcp --dport 2222 -j DNAT "
        f"--to-destination {REAL}:22\nCOMMIT\n*filter\n:FORWARD DROP [0:0]\n-A FORWARD -d {REAL} -s 198.51.100.0/24 "
        "-p tcp -m tcp --dport 22 -j ACCEPT\nCOMMIT\n"
    )
    [found] = compare_with(report, read(text), None, report.plan.firewalls[0]).wider
    assert (found.sources, found.destinations, found.services) == (("Other", "Outer"), ("Store",), ("tcp 22",))


def test_on_a_device_that_is_followed_an_entry_for_neither_address_admits_nothing_to_the_endpoint():
    report = report_of("iptables", flow("Outer", "Store"))
    text = (
        "*filter\n:FORWARD DROP [0:0]\n-A FORWARD -i wan -s {} -d {} -p tcp -m tcp --dport 440:450 -j ACCEPT\nCOMMIT\n"
    )
    firewall = report.plan.firewalls[0]
    neither, own = (
        compare_with(report, read(text.format(OTHER, there)), None, firewall).wider for there in ("192.0.2.99", REAL)
    )
    assert not neither
    assert [one.destinations for one in own] == [("Store",)]


def test_what_stays_as_it_is_and_what_is_not_understood_is_not_sent_on():
    box = Box(FAMILIES[4], spans(SEEN), PROTOCOLS, PORTS)
    told = [
        Translations([one], Ways([("wan", "Internet")])).list_arriving(4, box)
        for one in (translation(), translation(real=spans(SEEN)), translation(is_clear=False))
    ]
    assert [len(one) for one in told] == [1, 0, 0]
    assert told[0][0].destinations == spans(REAL)
