"""IPv4 addresses and networks as they are usually written are read without `ipaddress`, and to the same."""

import ipaddress
from itertools import product

import pytest

from planner.plan.document import address_key
from planner.plan.reading import read_ipv4

OCTETS = ("0", "7", "10", "99", "128", "199", "249", "255", "256", "300", "007", "", " 1", "1\n", "٣", "-1", "1e1")
PREFIXES = ("", "/0", "/1", "/8", "/24", "/31", "/32", "/33", "/08", "/", "/255.0.0.0", "/24\n", "/٣")
TEXTS = [f"{a}.0.{b}.{c}{prefix}" for a, b, c, prefix in product(OCTETS, ("0", "128"), OCTETS, PREFIXES)]


def read_network(text):
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None


def test_what_is_read_at_a_glance_is_what_the_library_reads():
    read = {text: span for text in TEXTS if (span := read_ipv4(text))}
    assert read == {
        text: (int(network.network_address), int(network.broadcast_address))
        for text in TEXTS
        if (network := read_network(text)) and text in read
    }
    assert all(str(read_network(text)) in (text, f"{text}/32") for text in read)
    assert len(read) > 300


def test_what_is_written_as_usual_is_read_at_a_glance():
    usual = [text for text in TEXTS if (network := read_network(text)) and str(network) == text]
    assert usual
    assert all(map(read_ipv4, usual))


def test_an_address_has_the_key_that_the_library_writes():
    for text in TEXTS:
        network = read_network(text)
        expected = text.casefold() if network is None else str(network).removesuffix("/32")
        assert address_key(text) == expected, text


@pytest.mark.parametrize("text", ["any", "ps.example.com", "2001:db8::/32", "1.2.3", "1.2.3.4.5", "1." * 40 + "1"])
def test_all_else_is_left_to_the_library(text):
    assert read_ipv4(text) is None
