"""What readers share: what can't be said is refused, not guessed."""

import re
from pathlib import Path

import pytest

from planner.engine.existing import parts
from planner.engine.existing.parts.addresses import ANYBODY, all_but, dns_name, literal, named, vague
from planner.engine.existing.parts.count import Count
from planner.engine.existing.parts.entries import make_entries
from planner.engine.existing.parts.services import (
    EVERY_SERVICE,
    Services,
    every_service_but,
    of_icmp,
    of_ports,
    of_protocol,
    read_port,
    unknown_service,
)
from planner.engine.spans import PORTS, Spans


def test_nobody_knows_all_addresses_but_those_of_a_name_or_of_what_isnt_understood():
    for one, why in ((named("vault.example.com"), "not fqdn vault.example.com"), (vague("group x"), "not group x")):
        for reach in all_but(one).values():
            assert reach.narrow == (why,)


@pytest.mark.parametrize(
    "text",
    ["", "-", "10.0.0.1-", "10.0.0.0/0.255.255.255", "10.0.0.0/255.0.255.0", "x" * 101, "10.1", "10.0.0.0 8",
     "10.0.0.9 0.0.0.0", "fe80::1%eth0", "10.0.0.2-10.0.0.1", "10.0.0.1-::1", "1" * 100],
)  # fmt: skip
def test_what_is_no_address_is_refused(text):
    assert literal(text) is None


@pytest.mark.parametrize(
    "text", ["vault", "a..example", "-a.example", "a.example.0", "é.example", "a" * 64 + ".example"]
)
def test_what_is_no_name_is_refused(text):
    assert dns_name(text) is None


def test_addresses_are_read_and_packets_matched_in_one_place():
    """A reader that does either by itself takes what the others refuse, or counts what they don't."""
    folder = Path(parts.__file__).parent.parent
    elsewhere = [path for name in ("readers", "devices") for path in (folder / name).rglob("*.py")]
    assert len(elsewhere) > 20
    for path in elsewhere:
        text = path.read_text()
        assert "ipaddress" not in text, path.name
        assert not re.search(r"\bMatch\((?!\))", text), path.name


@pytest.mark.slow
def test_services_that_stand_for_all_but_some_are_the_others_of_each_protocol():
    some = Services(clear=(of_ports(6, read_port("22")), of_ports(6, read_port("80-90")), of_icmp(8)))
    left = every_service_but(some, "negated")
    assert not left.vague
    for protocol, port, is_left in ((6, 22, False), (6, 85, False), (6, 23, True), (1, 2048, False), (1, 0, True),
                                    (17, 22, True)):  # fmt: skip
        found = any(protocol in one.protocols and port in one.ports for one in left.clear)
        assert found is is_left
    assert not every_service_but(Services(clear=tuple(of_protocol(number) for number in range(256))), "x").clear
    for one in (unknown_service("Vault"), Services(clear=(of_ports(6, PORTS, read_port("1")),))):
        assert every_service_but(one, "negated") == unknown_service("negated")
    # Work that grows with the square of them would take hours.
    odd = Services(clear=tuple(of_ports(6, Spans.only(number)) for number in range(1, 65536, 2)) * 20)
    assert every_service_but(odd, "negated").clear[-1].ports.size == 32768


def test_an_entry_counts_as_many_times_as_it_has_matches_in_one_family():
    services = Services(clear=(of_ports(6, PORTS, read_port("1")), of_ports(17, read_port("9"))))
    made = {"name": "a", "verdict": "accept", "sources": ANYBODY, "destinations": ANYBODY}
    count = Count()
    [entry] = make_entries(count, services=services, **made)
    assert (len(entry.matches), count.found) == (4, 2)
    vague_ones = Services(vague=tuple((f"word {number}", EVERY_SERVICE) for number in range(9)))
    [entry] = make_entries(count, services=vague_ones, **made)
    assert (len(entry.matches), len(entry.obscure), count.found) == (2, 9, 3)
