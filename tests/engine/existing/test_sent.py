"""Which of a device's translations is for packets to a published endpoint: the first that is, on the same ports."""

import ipaddress
from dataclasses import replace
from random import Random

from planner.engine.existing.model import Sides, Translation
from planner.engine.existing.packets import Packets, Unit
from planner.engine.existing.sent import Translations, say_unsent
from planner.engine.existing.sides import Ways
from planner.engine.published import Published
from planner.engine.spans import Spans

SEEN, REAL = "203.0.113.10", "192.0.2.10"
PUBLISHED = Published(endpoint="Store", family=4, real=REAL, seen=SEEN, sides=frozenset({"wan"}))
NOTHING_DOES = f"{SEEN}: nothing here translates it into {REAL}"
TCP, UDP = 6, 17


def only(address):
    return Spans.only(int(ipaddress.ip_address(address)))


ALL = Translation(name="all", enters=None, family=4, seen=only(SEEN), real=only(REAL))
ELSEWHERE = replace(ALL, name="elsewhere", real=only("192.0.2.11"))


def of_port(port, protocol=TCP):
    ports = Spans.only(port)
    return replace(ALL, name=f"port {port}", protocol=protocol, seen_ports=ports, real_ports=ports)


def say(*translations, ports=((443, 443),), enters="wan"):
    ends = Unit(addresses=only("198.51.100.7")), Unit(addresses=only(SEEN))
    packets = Packets(
        family=4,
        source=ends[0],
        destination=ends[1],
        service=(Spans.only(TCP), Spans(ports)),
        keys=(0, 1),
        enters=enters,
    )
    return say_unsent(translations, Ways([("wan", "Internet"), ("lan", "Internal")]), packets, PUBLISHED)


def test_one_for_another_side_or_other_ports_is_passed_over():
    of_lan = replace(ELSEWHERE, enters=Sides(names=frozenset({"lan"})))
    for other in (of_lan, of_port(444), of_port(443, UDP)):
        assert say(other) == NOTHING_DOES
        assert say(other, ALL) == ""
        assert say(other, ELSEWHERE).startswith("elsewhere: sends ")


def test_one_of_which_nobody_knows_whether_the_packets_come_by_its_side_is_named():
    of_lan = replace(ELSEWHERE, enters=Sides(names=frozenset({"lan"})))
    said = say(of_lan, ALL, enters=None)
    assert said.startswith("elsewhere: ")
    assert REAL not in said, "not where it sends them, but that it isn't known"


def test_several_of_one_port_each_may_be_for_the_packets_together():
    both = ((443, 444),)
    assert say(of_port(443), of_port(444), ports=both) == ""
    assert say(of_port(443), ports=both) == NOTHING_DOES
    assert say(of_port(443), ELSEWHERE, ports=both).startswith("elsewhere: sends ")


def test_of_thousands_of_translations_those_are_asked_that_bear_on_the_packets():
    forwards = [of_port(port) for port in range(1, 5_001)]
    others = [replace(ALL, name=f"to {n}", seen=Spans.only(n), real=Spans.only(n + 1)) for n in range(5_000)]
    every = Translations([*forwards, *others, ALL], Ways([]))
    service = Spans.only(TCP), Spans(((443, 444),))
    bearing = list(every.list_bearing(4, int(ipaddress.ip_address(SEEN)), service))
    assert bearing == [of_port(443), of_port(444), ALL]


def test_those_that_bear_on_packets_say_the_same_as_all():
    draw = Random(15)
    pool = [ALL, ELSEWHERE, replace(ALL, name="unclear", is_clear=False), replace(ALL, family=6)]
    pool += [of_port(port, protocol) for port in (443, 444, 445) for protocol in (TCP, UDP)]
    pool += [replace(of_port(443), name="moved", real_ports=Spans.only(8443)), replace(ALL, seen=only(REAL))]
    pool += [replace(one, enters=Sides(names=frozenset({"lan"}))) for one in pool]
    found = set()
    for _ in range(300):
        several = draw.choices(pool, k=draw.randrange(1, 8))
        ports = draw.choice([((443, 443),), ((443, 444),), ((444, 445),)])
        enters = draw.choice(["wan", "lan"])
        every = Translations(several, Ways([]))
        bearing = every.list_bearing(4, int(ipaddress.ip_address(SEEN)), (Spans.only(TCP), Spans(ports)))
        said = say(*several, ports=ports, enters=enters)
        assert say(*bearing, ports=ports, enters=enters) == said
        found.add(said.partition(":")[0])
    assert found == {"", SEEN, "elsewhere", "moved", "unclear"}
