"""Destinations that an ASA translates before its lists are asked."""

import pytest

from planner.engine.existing.model import Entry, Match, Sides, Translation, Unreadable
from planner.engine.existing.parts.count import Count
from planner.engine.existing.parts.translations import translate
from planner.engine.existing.readers.asa import read
from planner.engine.spans import IPV4, IPV6, NOTHING, Spans
from tests.engine.existing.devices.deciding import Packet, decide
from tests.engine.existing.devices.test_asa import configuration

SEEN = {"source": "8.8.8.8", "destination": "203.0.113.10", "enters": "outside", "leaves": "inside"}
WEB = "extended permit tcp any host 10.0.0.10 eq 443"


def state(nat, *lines, **packet):
    ruleset = read(configuration(*(lines or (WEB,)), more=nat))
    return decide(ruleset, Packet(**{**SEEN, **packet}))


def of_object(nat, address="host 10.0.0.10"):
    return f"object network real\n {address}\nobject network real\n {nat}\n"


def test_a_static_translation_is_open_at_the_address_that_others_see():
    nat = of_object("nat (inside,outside) static 203.0.113.10 dns")
    assert state(nat)[0] == "open"
    assert state(nat, port=80)[0] == "closed"
    assert state(nat, destination="203.0.113.11")[0] == "closed"
    why = "nat (inside,outside) static 203.0.113.10 dns"
    assert state(nat, destination="10.0.0.10") == ("unknown", why)
    assert state(nat, enters="dmz")[0] == "closed", "levels deny it"
    named = of_object("nat (any,any) static shown") + "object network shown\n host 203.0.113.10\n"
    assert state(named)[0] == "open"
    mine = of_object("nat (inside,outside) static interface")
    assert state(mine, destination="203.0.113.1")[0] == "open"
    nobody = of_object("nat (inside,lab) static interface")
    assert state(nobody, enters="lab")[0] == "closed"


def test_networks_are_translated_address_for_address():
    nat = of_object("nat (inside,outside) static shown", "subnet 10.0.0.0 255.255.255.0")
    nat += "object network shown\n subnet 203.0.113.0 255.255.255.0\n"
    assert state(nat)[0] == "open"
    assert state(nat, destination="203.0.113.11")[0] == "closed"
    uneven = nat.replace("subnet 203.0.113.0 255.255.255.0", "range 203.0.113.0 203.0.113.9")
    assert state(uneven, destination="203.0.113.9")[0] == "unknown", "it may be another one's"
    assert state(uneven, destination="203.0.113.10")[0] == "closed"
    assert state(uneven, "extended permit ip any any", destination="203.0.113.9")[0] == "unknown"


EXEMPT = "nat (outside,inside) source static FAR FAR destination static LAN LAN no-proxy-arp route-lookup\n"
PLACES = "object network LAN\n subnet 10.0.0.0 255.255.0.0\nobject network FAR\n subnet 8.8.8.0 255.255.255.0\n"


def test_what_is_translated_to_itself_stays_what_it_is_unless_another_translation_is_for_it():
    far = {"destination": "10.0.0.10"}
    assert state(PLACES + EXEMPT, **far)[0] == state("", **far)[0] == "open"
    assert state(PLACES + EXEMPT, port=80, **far)[0] == "closed"
    alone = "nat (inside,outside) source static LAN LAN\n"
    several = PLACES.replace("subnet 10.0.0.0 255.255.0.0", "range 10.0.0.0 10.0.0.77")
    assert state(several + alone, **far)[0] == "open"
    port = "nat (inside,outside) source static LAN LAN service P8443 P443\n"
    assert state(PLACES + port, **far)[0] == "unknown", "one port goes to another"
    other = of_object("nat (inside,outside) static 10.0.0.10", "host 10.0.0.9")
    exempt, seen = read(configuration(WEB, more=PLACES + EXEMPT + other)).translations
    assert (exempt.is_clear, exempt.seen == exempt.real, seen.is_clear) == (False, True, True)


def test_one_port_may_be_translated():
    nat = of_object("nat (inside,outside) static 203.0.113.10 service tcp 8443 443")
    real = "extended permit tcp any host 10.0.0.10 eq 8443"
    assert state(nat, real)[0] == "open"
    assert state(nat, real, port=8443)[0] == "closed"
    assert state(nat, WEB)[0] == "closed"
    assert state(nat, "extended permit ip any any", port=80)[0] == "unknown"
    broken = of_object("nat (inside,outside) static 203.0.113.10 service tcp frob 443")
    assert state(broken, destination="10.0.0.10")[0] == "unknown"
    assert state(of_object("nat (inside,outside) static 203.0.113.10 service frob 1 2"), destination="10.0.0.10")[
        0
    ] == ("unknown")


def test_translations_twice_are_understood_where_they_leave_the_source_alone():
    objects = "object network real\n host 10.0.0.10\nobject network shown\n host 203.0.113.10\n"
    twice = objects + "nat (outside,inside) source static any any destination static shown real\n"
    assert state(twice)[0] == "open"
    narrow = objects + "nat (outside,inside) source static office office destination static shown real\n"
    assert state(narrow, "extended permit ip any any")[0] == "unknown"
    source = objects + "nat (inside,outside) source static real shown\n"
    assert state(source)[0] == "open"
    assert state(source.replace("source", "after-auto source"))[0] == "open"
    assert state(source.replace("real shown", "real shown service a b"), destination="10.0.0.10")[0] == "unknown"
    once = source.replace("real shown", "real shown unidirectional")
    assert state(once)[0] == "closed", "it translates what the real one begins alone"
    assert state(once, destination="10.0.0.10")[0] == "open"
    assert state(twice.replace("shown real", "shown real unidirectional"))[0] == "open", "that is its direction"
    for other in (
        "nat (inside,outside) source dynamic any interface\n", "nat (inside,outside) source static any any\n",
        "nat (inside) 1 10.0.0.0\n", "nat (outside,inside) source static any any destination frob\n",
        "nat frob source static any any destination static shown real\n", "nat frob source static real shown\n",
        "nat (outside,inside) source static any any destination static shown real inactive\n",
        "object network real\n nat frob static 203.0.113.10\n nat (inside,outside) dynamic interface\n",
        "object network real\n nat (inside,outside) static\n",
    ):  # fmt: skip
        assert state(objects + other, destination="10.0.0.10")[0] == "open", other


def test_a_source_that_is_translated_for_one_destination_is_where_that_one_finds_it():
    objects = PLACES + "object network SRV\n host 10.0.0.10\nobject network SRVP\n host 203.0.113.10\n"
    objects += "object network ELSE\n host 8.8.9.9\n"
    policy = objects + "nat (inside,outside) source static SRV SRVP destination static {}\n"
    for nat in (policy.format("FAR FAR"), policy.format("ELSE FAR")):
        found = [state(nat, destination=one) for one in ("203.0.113.10", "10.0.0.10")]
        assert found == [("unknown", nat.splitlines()[-1])] * 2
    assert state(policy.format("FAR FAR unidirectional"))[0] == "closed", "it translates what the real one begins"
    alone = objects + "nat (inside,outside) source dynamic SRV SRVP destination static FAR FAR\n"
    for nat in (
        alone,
        alone.replace("dynamic SRV SRVP", "static any any"),
        alone.replace("dynamic SRV SRVP", "static SRV SRV"),
    ):
        assert state(nat)[0] == "closed"
        assert state(nat, destination="10.0.0.10")[0] == "open", nat


def test_lists_for_leaving_say_real_addresses_too():
    nat = of_object("nat (inside,outside) static 203.0.113.10")
    out = "access-list OUT extended permit tcp any host 10.0.0.10\naccess-group OUT out interface inside\n"
    assert state(nat + out)[0] == "open"
    assert state(nat + out.replace("10.0.0.10", "203.0.113.10"))[0] == "closed"


def put_back(entries, translations):
    return list(translate(entries, translations, Count()))


def entry(enters, *matches):
    return Entry(name="x", matches=matches, verdict="accept", enters=enters)


def test_what_enters_by_other_sides_is_left_as_it_is():
    seen, real = Spans.only(9), Spans.only(5)
    outside = Sides(names=frozenset({"outside"}))
    one = Translation(name="nat", enters=outside, family=4, seen=seen, real=real)
    four = Match(family=4, sources=IPV4, destinations=real)
    six = Match(family=6, sources=IPV6, destinations=IPV6, destination_names=frozenset({"a"}))
    negated = Sides(names=frozenset({"dmz"}), negated=True)
    both = Sides(names=frozenset({"dmz", "outside"}))
    found = {
        kind: [
            (e.enters, e.obscure, [m.destinations for m in e.matches])
            for e in put_back([entry(side, four, six)], [one])
        ]
        for kind, side in (("none", None), ("negated", negated), ("both", both))
    }
    here = [(outside, (), [seen, IPV6]), (outside, ("nat",), [real])]
    assert found["none"] == [*here, (Sides(names=frozenset({"outside"}), negated=True), (), [real, IPV6])]
    assert found["negated"] == [*here, (Sides(names=frozenset({"dmz", "outside"}), negated=True), (), [real, IPV6])]
    assert found["both"] == [*here, (Sides(names=frozenset({"dmz"})), (), [real, IPV6])]
    elsewhere = entry(Sides(names=frozenset({"dmz"})), four)
    assert list(put_back([elsewhere], [one])) == [elsewhere]
    other = entry(None, Match(family=4, sources=IPV4, destinations=Spans.only(1)))
    another = Translation(name="other", enters=outside, family=4, seen=Spans.only(1), real=Spans.only(2))
    assert list(put_back([other], [one])) == [other]
    left = Sides(names=frozenset({"outside"}), negated=True)
    assert [e.enters for e in put_back([other], [one, another])] == [left]
    everywhere = Translation(name="nat", enters=None, family=4, seen=seen, real=seen)
    plain = Match(family=4, sources=IPV4, destinations=seen)
    assert list(put_back([entry(None, plain)], [everywhere])) == [entry(None, plain)]
    lost = Translation(name="nat", enters=None, family=4, seen=seen, real=NOTHING, is_clear=False)
    assert [e.obscure for e in put_back([entry(None, plain)], [lost])] == [("nat",)]


@pytest.mark.slow
def test_many_destinations_are_many_spans():
    several = [
        Translation(name="nat", enters=None, family=4, seen=Spans.only(4 * n), real=Spans.only(4 * n + 2))
        for n in range(1, 30)
    ]
    met = Spans(tuple((4 * n + 2, 4 * n + 2) for n in range(1, 20)))
    (clear, unclear) = put_back([entry(None, Match(family=4, sources=IPV4, destinations=met))], several)
    assert clear.matches[0].destinations == Spans(tuple((4 * n, 4 * n) for n in range(1, 20)))
    assert unclear.matches[0].destinations == met
    wide = [entry(None, Match(family=4, sources=IPV4, destinations=Spans(((0, 10_000 + n),)))) for n in range(4000)]
    with pytest.raises(Unreadable, match="At most 200,000 entries"):
        put_back(wide, several)


def test_translations_within_others_are_those_that_bear_on_an_address():
    wide = Translation(name="wide", enters=None, family=4, seen=Spans(((0, 100),)), real=Spans(((200, 300),)))
    small = Translation(name="small", enters=None, family=4, seen=Spans.only(5), real=Spans.only(400))
    (unclear,) = put_back([entry(None, Match(family=4, sources=IPV4, destinations=Spans.only(250)))], [wide, small])[
        1:
    ]
    assert unclear.obscure == ("wide",)
    clear = put_back([entry(None, Match(family=4, sources=IPV4, destinations=Spans.only(50)))], [wide, small])
    assert clear == []
