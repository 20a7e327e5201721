"""A search finds by address, also within networks, and by port; and says by what, and where else it stands."""

import pytest

from planner.report.said.addresses import SoughtAddress
from planner.report.said.filters import Filter, filter_boundaries, filter_flows, select
from tests.engine.test_ask import REPORT
from tests.report.samples import evaluate, sites, write_plan

PLAN = write_plan(
    {"name": "PS01", "zone": "Internal", "addresses": ["10.0.0.10", "fd00::10"], "roles": ["web-primary"]},
    {"name": "SQL01", "zone": "Internal", "addresses": ["10.0.0.20"], "roles": ["database"]},
    {"name": "DC01", "zone": "Internal", "addresses": ["dc01.example.com"], "roles": ["domain-controller"]},
    {
        "name": "Servers", "zone": "DMZ", "addresses": ["192.0.2.0/24", "2001:db8:1::/64"], "group": True,
        "platforms": ["windows"], "operations": ["discovery"], "sessions": ["rdp"],
    },
    {"name": "Admins", "zone": "Internet", "addresses": ["198.51.100.7"], "roles": ["website-user"]},
)  # fmt: skip
PLAN["zones"][1]["networks"] = ["192.0.2.0/24", "203.0.113.0/24"]
SMALL = evaluate(PLAN)


def found(text, report=SMALL):
    """The names of all ends of the rules that a search finds."""
    rules = [rule for _, rules in filter_boundaries(report, Filter(text=text)) for rule in rules]
    return {end.name for rule in rules for end in (*rule.sources, *rule.destinations)}


def said(text, report=SMALL):
    return SoughtAddress(text, report).say()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("192.0.2.77", "192.0.2.77 is within 192.0.2.0/24 of Servers"),
        ("192.0.2.77/32", "192.0.2.77/32 is within 192.0.2.0/24 of Servers"),
        ("2001:DB8:1::9", "2001:DB8:1::9 is within 2001:db8:1::/64 of Servers"),
        ("192.0.0.0/16", "192.0.0.0/16 has 192.0.2.0/24 of Servers"),
        ("192.0.2.128/25", "192.0.2.128/25 is within 192.0.2.0/24 of Servers"),
        ("192.0.2.5/24", "192.0.2.5/24 is 192.0.2.0/24 of Servers"),
    ],
)
def test_a_rule_is_found_by_an_address_within_its_network_and_says_why(text, why):
    assert "Servers" in found(text)
    assert said(text) == why
    assert "Admins" not in found(text)


@pytest.mark.parametrize("name", ["PowerShell Remoting", "RPC endpoint"])
def test_a_service_is_found_by_the_name_that_rules_and_flows_show(name):
    wanted = [
        flow
        for flow in SMALL.flows
        if any(name.casefold() in SMALL.matrix.services[slug].name.casefold() for slug in flow.need.services)
    ]
    assert wanted
    assert list(filter_flows(SMALL, Filter(text=name))) == wanted
    assert "Servers" in found(name)


def test_what_stands_as_it_was_typed_needs_no_reason():
    assert found("198.51.100.7") == {"Admins", "PS01"}
    assert said("198.51.100.7") == said("PS01") == said("dc01.example.com") == ""


def test_any_is_every_address_that_is_not_of_another_zone_and_says_so():
    rules = filter_boundaries(REPORT, Filter(text="8.8.8.8"))
    assert {end.name for _, some in rules for rule in some for end in rule.sources} == {"World"}
    assert said("8.8.8.8", REPORT) == "World is any, which is every address that no other zone has"
    assert "World" not in found("10.0.0.20", REPORT), "that is another zone's"


def test_an_address_of_a_zone_that_no_endpoint_has_is_told():
    assert found("203.0.113.9") == set()
    assert said("203.0.113.9") == "203.0.113.9 is within 203.0.113.0/24 of the zone DMZ, where no endpoint has it"
    assert said("203.0.114.9") == ""


def test_families_never_meet_and_parts_of_addresses_stay_words():
    assert "Servers" not in found("::c000:24d")
    assert "Servers" in found("192.0.2.")
    assert not SoughtAddress("464", SMALL)
    assert not SoughtAddress("1.2.3", SMALL)


def test_flows_are_found_by_address_too_and_exports_say_why():
    flows = filter_flows(SMALL, Filter(text="192.0.2.77"))
    assert {flow.destination.name for flow in flows} == {"Servers"}
    _, selection = select(SMALL, Filter(text="192.0.2.77"))
    assert "Search: 192.0.2.77 (192.0.2.77 is within 192.0.2.0/24 of Servers)" in selection.sentence


def test_a_port_within_a_range_is_found():
    report = evaluate(PLAN | {"corrections": ["wmi-dynamic-rpc"]})
    assert "Servers" in found("50000", report)
    assert found("48000", report) == set()


def test_a_port_that_no_rule_has_says_where_it_stands_else():
    _, selection = select(SMALL, Filter(text="464"))
    assert selection.elsewhere == "nothing between zones; 2 flows inside Internal"
    assert selection.sentence == "Search: 464; 0 of 2 rules; nothing between zones; 2 flows inside Internal"
    assert select(SMALL, Filter(port="464"))[1].elsewhere == selection.elsewhere
    assert select(SMALL, Filter(text="61111"))[1].elsewhere == ""
    assert select(SMALL, Filter(text="443"))[1].elsewhere == ""


def test_what_very_many_have_is_said_in_a_few_words():
    report = evaluate(sites(200))
    text = said("10.0.0.0/8", report)
    assert text.count(" of ") == 3
    assert text.endswith(" more")
