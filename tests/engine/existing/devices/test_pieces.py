"""Addresses, routes, limits: what all readers share."""

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.engine.existing.devices.asa_objects import Objects
from planner.engine.existing.parts.addresses import (
    Reach,
    between,
    named,
    network,
    parse_length,
    parse_network,
    unite,
    vague,
)
from planner.engine.existing.parts.count import Count
from planner.engine.existing.parts.routes import behind
from planner.engine.spans import IPV4, Spans
from tests.strategies import often


@pytest.mark.parametrize(
    ("text", "length", "found"),
    [
        ("10.0.0.1", None, ("10.0.0.1", "10.0.0.1")),
        ("10.0.0.9/30", None, ("10.0.0.8", "10.0.0.11")),
        ("10.0.0.9", "255.255.255.0", ("10.0.0.0", "10.0.0.255")),
        ("10.0.0.9", "0.0.0.0", ("0.0.0.0", "255.255.255.255")),
        ("2001:db8::1/32", None, ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff")),
        ("10.0.0.9", "33", None),
        ("10.0.0.9", "255.0.255.0", None),
        ("10.0.0.9", "-1", None),
        ("10.0.0.9/", None, None),
        ("10.0.0", None, None),
        ("2001:db8::1", "255.255.255.0", None),
        ("any", None, None),
    ],
)
def test_a_network_is_read_in_each_way_of_writing(text, length, found):
    ends = parse_network(text, length)
    if found is None:
        assert ends is None
        assert network(text, length) is None
        return
    first, last = (ipaddress.ip_address(end) for end in found)
    assert ends == (first.version, int(first), int(last))
    assert network(text, length)[first.version].spans == Spans(((int(first), int(last)),))


def test_an_asa_writes_an_address_in_several_words():
    objects = Objects([], Count())
    written = {
        "host 10.0.0.1": network("10.0.0.1"), "10.0.0.0 255.255.255.0": network("10.0.0.0/24"),
        "subnet 10.0.0.0 255.255.255.0": network("10.0.0.0/24"),
        "range 10.0.0.1 10.0.0.9": between("10.0.0.1", "10.0.0.9"),
        "fqdn a.example": named("a.example"), "fqdn a.example more": named("a.example"), "fqdn v4": named("v4", (4,)),
        "fqdn v4 a.example": named("a.example", (4,)), "fqdn v6 a.example": named("a.example", (6,)),
        "fqdn": vague("it"), "range 10.0.0.1": vague("it"), "": vague("it"),
    }  # fmt: skip
    assert {words: objects.address(words.split(), "it") for words in written} == written


def test_a_length_is_digits_or_a_mask():
    assert parse_length("²", 4) is None
    assert parse_length("128", 6) == 128
    assert parse_length("255.255.255.255", 4) == 32


def test_a_range_is_in_order_and_of_one_family():
    assert between("10.0.0.1", "2001:db8::1") is None
    assert between("10.0.0.2", "10.0.0.1") is None
    assert between("", "") is None


def test_what_is_partly_in_is_unclear_in_all_of_it():
    partly = Reach(spans=Spans.only(1), narrow=("not fqdn a",))
    clear = Reach(spans=Spans.only(2))
    assert partly | clear == Reach(spans=Spans.only(2), vague=("not fqdn a",))
    assert unite([partly]) == partly
    assert Reach(spans=IPV4).minus(partly) == Reach(spans=IPV4, narrow=("not not fqdn a",))


networks = st.builds(
    lambda start, length: ipaddress.ip_network((start >> (32 - length) << (32 - length), length)),
    st.integers(0, 255), st.integers(24, 32),
)  # fmt: skip


@settings(max_examples=often(400))
@given(st.lists(st.tuples(st.sampled_from("abc"), networks), max_size=8))
def test_an_address_lies_behind_the_interface_of_the_longest_prefix(routes):
    found = behind((side, int(one[0]), int(one[-1])) for side, one in routes)
    unique = {}
    for side, one in routes:
        unique.setdefault(one, side)
    for number in range(256):
        containing = [one for one in unique if ipaddress.ip_address(number) in one]
        longest = max(containing, key=lambda one: one.prefixlen, default=None)
        sides = [side for side, spans in found.items() if number in spans]
        assert sides == ([unique[longest]] if longest else [])
