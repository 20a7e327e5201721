"""Entries named after rules that nothing asks for any more."""

import pytest

from planner.engine.existing.decide import compare_with
from planner.engine.existing.model import Entry
from planner.engine.existing.own_names import find_own_name
from tests.engine.existing.rulesets import STORE, WEB, accept, drop, flow, host, match, one_flow, plan, ruleset

OTHER = "192.0.2.99"


def find(report, *entries, earlier=None, **more):
    gap = compare_with(report, ruleset(*entries, **more), also=("stale",), earlier=earlier)
    assert gap.forbidden is None
    return [(one.entry, one.rule, one.why) for one in gap.stale]


def entry(name, comment="", source=WEB, destination=STORE, service="tcp/443"):
    return accept(name, match(source, destination, service), comment=comment)


def own(rule):
    return f"{rule}, tcp 443 - People use the website."


@pytest.mark.parametrize(
    ("name", "comment", "rule", "service"),
    [
        ("x", "INT-DMZ-150, tcp 443 - Why.", "INT-DMZ-150", "tcp 443"),
        ("x", "INT-DMZ-150, tcp 49152-65535, undecided - Why.", "INT-DMZ-150", "tcp 49152-65535"),
        ("x", "INT-DMZ-150, icmp echo request", "INT-DMZ-150", "icmp"),
        ("x", "INT-240, udp 53 - Within a zone ...", "INT-240", "udp 53"),
        ("x", "INT-DMZ-150/2, tcp 443", "INT-DMZ-150", "tcp 443"),
        ('policy 17 "INT-DMZ-150-tcp-443"', "", "INT-DMZ-150", "tcp 443"),
        ('policy 17 "INT-DMZ-150-tcp-443-v6"', "", "INT-DMZ-150", "tcp 443"),
        ('policy 17 "INT-DMZ-150_2-tcp-443-delta2"', "", "INT-DMZ-150", "tcp 443"),
        ("from-zone A to-zone B policy INT-DMZ-150-tcp-443-v6-p2", "", "INT-DMZ-150", "tcp 443"),
        ("from-zone A to-zone B policy INT-DMZ-150-tcp-443-nat-p12-delta", "", "INT-DMZ-150", "tcp 443"),
        ("from-zone A to-zone B policy DMZ-INT2-10-icmp-echo-v6", "", "DMZ-INT2-10", "icmp"),
        ("PortPlanner-in-INT-DMZ-150-tcp-443", "", "INT-DMZ-150", "tcp 443"),
    ],
)
def test_a_name_of_our_form_says_rule_and_service(name, comment, rule, service):
    found = find_own_name(Entry(name=name, comment=comment, verdict="accept"))
    assert (found.rule, str(found.service)) == (rule, service)


@pytest.mark.parametrize(
    ("name", "comment"),
    [
        ("policy 17", ""), ('policy 17 "Vault"', "Vault, tcp 443"), ("x", "INT-DMZ, tcp 443"), ("x", "INT-DMZ-150"),
        ("x", "see INT-DMZ-150, tcp 443"), ("x", "int-dmz-150, tcp 443"), ("INT-DMZ-150", ""), ("", ""),
        ("x" * 10_000, "x" * 10_000),
    ],
)  # fmt: skip
def test_other_names_are_nobodys(name, comment):
    assert find_own_name(Entry(name=name, comment=comment, verdict="accept")) is None


def test_an_entry_named_after_a_rule_that_the_plan_has_no_more_is_stale_where_every_flow_does_without_it():
    report = one_flow()
    [rule] = report.rules
    current = entry("a", own(rule.id))
    gone = entry("b", own("INT-DMZ-990"), destination=OTHER)
    assert find(report, current, gone) == [("b", "INT-DMZ-990", "the plan has no rule INT-DMZ-990")]
    # What alone opens a flow is needed, whatever it is called, and wherever it stands.
    assert find(report, entry("b", own("INT-DMZ-990"))) == []
    assert [name for name, *_ in find(report, entry("b", own("INT-DMZ-990")), current)] == ["b"]
    # Two of them that open a flow between them are needed both.
    halves = [
        accept(name, match("10.0.0.0/24", STORE, service), comment=own("INT-DMZ-990"))
        for name, service in (("b", "tcp/400-442"), ("c", "tcp/443-500"))
    ]
    wide = one_flow(ports="440-450")
    assert find(wide, *halves) == []


def test_an_entry_that_says_a_service_that_its_rule_lost_is_stale_and_so_is_one_for_an_address_that_moved():
    report = one_flow()
    [rule] = report.rules
    lost = entry("a", f"{rule.id}, tcp 80 - Why.", service="tcp/80")
    moved = entry("b", own(rule.id), destination=OTHER)
    assert find(report, entry("c", own(rule.id)), lost, moved) == [
        ("a", rule.id, f"{rule.id} has no tcp 80 any more"),
        ("b", rule.id, f"{rule.id} is between other addresses"),
    ]


def test_refusals_replies_and_names_of_others_are_never_stale():
    report = one_flow()
    others = [
        accept("replies", comment=own("INT-DMZ-990"), replies=True), entry("theirs", "Vault"),
        drop("refusal", match(WEB, OTHER), comment=own("INT-DMZ-990")),
    ]  # fmt: skip
    assert find(report, *others) == []


def test_only_rules_of_earlier_revisions_count_where_these_are_known():
    report = one_flow()
    entries = [entry(rule, own(rule), destination=OTHER) for rule in ("INT-DMZ-990", "ABC-DEF-10")]
    assert [name for name, *_ in find(report, *entries)] == ["INT-DMZ-990", "ABC-DEF-10"]
    assert [name for name, *_ in find(report, *entries, earlier={"INT-DMZ-990"})] == ["INT-DMZ-990"]
    assert find(report, *entries, earlier=()) == []


def test_an_entry_for_names_or_for_an_end_without_address_is_not_stale_while_its_rule_is_there():
    report = one_flow(destination=("store.example.com",))
    [rule] = report.rules
    assert find(report, entry("a", own(rule.id), destination=OTHER)) == []
    named = match(WEB, "", "tcp/443", destination_names=frozenset({"store.example.com"}))
    assert find(report, accept("b", named, comment=own("INT-DMZ-990"))) == []


def test_what_is_asked_for_within_a_zone_is_needed():
    ends = [host("Web", WEB), host("Next", "10.0.0.11"), host("Store", STORE, zone="DMZ")]
    report = plan(ends, [flow("Web", "Next"), flow("Web", "Store")])
    within = entry("a", own("INT-240"), destination="10.0.0.11")
    assert find(report, within) == []
    assert len(find(report, entry("b", own("INT-240"), destination="10.0.0.12"))) == 1


def test_an_entry_of_several_matches_is_one():
    both = accept("x", match(WEB, OTHER, "tcp/443"), match(WEB, OTHER, "tcp/80"), comment=own("INT-DMZ-999"))
    assert [found[:2] for found in find(one_flow(), both)] == [("x", "INT-DMZ-999")]
