"""What an entry admits beyond the plan: found among many pairs, said once, and what of it the plan needs."""

import json

import pytest

from planner.engine.existing import narrower, wider
from planner.engine.existing.decide import compare_with
from planner.engine.existing.wider import MOST_NAMED
from planner.engine.rules import Ports
from planner.engine.spans import Spans
from planner.report.gap.data import render_json
from planner.report.gap.page import describe_gap
from planner.report.gap.text import render_text
from tests.engine.existing.rulesets import STORE, WEB, accept, drop, flow, host, match, plan, ruleset, side

STORES = [host(f"Store {number}", f"192.0.2.{number}", zone="DMZ") for number in range(1, 121)]


def widths(report, *entries, **more):
    return compare_with(report, ruleset(*entries, **more)).wider


def test_one_pair_that_nobody_asks_for_is_found_behind_many_that_are_asked_for():
    flows = [flow("Web", store["name"]) for store in STORES[:-1]]
    [found] = widths(plan([host("Web", WEB), *STORES], flows), accept("all", match(WEB, "192.0.2.0/24", "tcp/443")))
    assert (found.sources, found.destinations) == (("Web",), (STORES[-1]["name"],))
    whole = [*flows, flow("Web", STORES[-1]["name"])]
    assert not widths(plan([host("Web", WEB), *STORES], whole), accept("all", match(WEB, "192.0.2.0/24", "tcp/443")))


def test_a_flow_of_another_service_does_not_hide_what_nobody_asks_for():
    flows = [flow("Web", store["name"], ports="443" if store is not STORES[-1] else "25") for store in STORES]
    [found] = widths(plan([host("Web", WEB), *STORES], flows), accept("all", match(WEB, "192.0.2.0/24", "tcp/443")))
    assert found.destinations == (STORES[-1]["name"],)
    assert found.services == ("tcp 443",)


def test_what_a_plan_needs_of_an_entry_is_all_of_it_and_nothing_else():
    ends = [host("Web", WEB), host("Store", STORE, zone="DMZ"), host("Other", "192.0.2.20", zone="DMZ")]
    report = plan(ends, [flow("Web", "Store", ports="443"), flow("Web", "Store", ports="22")])
    [found] = widths(report, accept("all", match(WEB, "192.0.2.0/24", "tcp/443")))
    assert found.destinations == ("Other",), "to Store it admits what is asked for"
    assert found.narrower == ((frozenset({"Web"}), frozenset({"Store"}), frozenset({Ports("tcp", "443")})),)


def test_nobody_is_told_that_nothing_needs_an_entry_behind_one_that_is_not_understood():
    """The flow is unknown for the first entry, and would be closed without the second."""
    ends = [host("Web", WEB), host("Store", STORE, zone="DMZ"), host("Other", "192.0.2.20", zone="DMZ")]
    report = plan(ends, [flow("Web", "Store", ports="443")])
    refused = drop("nights", match(WEB, STORE, "tcp/443"), obscure=("time",))
    needed = {}
    for known in (True, False):
        entries = [] if known else [refused]
        gap = compare_with(report, ruleset(*entries, accept("all", match(WEB, "192.0.2.0/24", "tcp/443"))))
        [needed[known]] = [one["narrower"] for one in describe_gap(gap)["wider"]]
        assert f"needed of it: {needed[known]}\n" in render_text(gap).decode()
    assert needed == {True: "Web to Store: tcp 443", False: "nothing of this plan; perhaps 1 unknown flow, too"}


def test_ports_that_are_too_many_are_said_once_for_each_protocol():
    ends = [host("Web", WEB), host("Store", STORE, zone="DMZ"), host("Other", "192.0.2.20", zone="DMZ")]
    report = plan(ends, [flow("Web", "Store", ports="80"), flow("Web", "Other", ports="443")])
    both = (match(WEB, "192.0.2.0/24", "tcp/80"), match(WEB, "192.0.2.0/24", "tcp/443"))
    [found] = widths(report, accept("all", *both))
    assert found.services == ("tcp 80, 443",)


def test_each_construct_is_named_with_the_entries_where_it_stands():
    ends = [host("Web", WEB), host("Store", STORE, zone="DMZ")]
    report = plan(ends, [flow("Web", "Store")])
    entries = accept("one", obscure=("mark 5",)), accept("other", obscure=("limit",))
    found = compare_with(report, ruleset(*entries)).unknown
    assert {one.construct: one.entries for one in found} == {"mark 5": ("one",), "limit": ("other",)}


def test_pairs_that_come_by_other_interfaces_are_not_what_is_tried_of_an_entry():
    inner = [host(f"Inner {number}", f"10.0.0.{number}") for number in range(1, 102)]
    report = plan([*inner, host("Store", STORE, zone="DMZ")], [])
    entry = accept("all", match("10.0.0.0/8", "", "tcp/443"), enters=side("eth0"), leaves=side("eth1"))
    [found] = compare_with(report, ruleset(entry), {"eth0": "Internal", "eth1": "DMZ"}).wider
    assert (found.destinations, found.pairs) == (("Store",), 101)


def test_what_earlier_entries_refuse_does_not_hide_what_this_one_admits():
    refused = drop("some", match(WEB, "192.0.2.0/26", "tcp/443"))
    [found] = widths(plan([host("Web", WEB), *STORES], []), refused, accept("all", match(WEB, "", "tcp/443")))
    assert set(found.destinations) == {store["name"] for store in STORES[63:]}
    assert found.pairs == len(STORES) - 63


def test_of_many_endpoints_the_first_are_named_and_all_pairs_are_counted():
    report = plan([host("Web", WEB), *STORES], [flow("Web", "Store 7")])
    gap = compare_with(report, ruleset(accept("all", match(WEB, "192.0.2.0/24", "tcp/443"))))
    [found] = gap.wider
    assert found.is_whole
    assert (found.pairs, found.source_count, found.destination_count) == (119, 1, 119)
    assert found.destinations == tuple(sorted({one["name"] for one in STORES} - {"Store 7"})[:MOST_NAMED])
    said = "all: admits tcp 443 between 119 pairs of endpoints, from Web to Store 1, Store 10, Store 100, Store 101, "
    assert f"{said}Store 102 and 114 more; needed of it: Web to Store 7: tcp 443" in render_text(gap).decode()
    [row] = json.loads(render_json(gap))["wider"]
    assert (row["pairs"], row["destinations_in_all"], len(row["destinations"])) == (119, 119, MOST_NAMED)
    assert "sources_in_all" not in row
    assert "at_least" not in row
    [shown] = describe_gap(gap)["wider"]
    assert shown["destinations"].endswith(" and 114 more")
    assert shown["services"] == "tcp 443 between 119 pairs of endpoints"


def test_after_too_much_work_for_others_an_entry_is_said_not_to_be_looked_at(monkeypatch):
    report = plan([host("Web", WEB), *STORES], [])
    monkeypatch.setattr(wider, "WORK_OF_EACH", 0)
    monkeypatch.setattr(wider, "MOST_WORK", wider.EACH + 2)
    one, other = accept("one", match(WEB, STORE, "tcp/443")), accept("other", match(WEB, STORE, "tcp/80"))
    gap = compare_with(report, ruleset(one, other))
    assert ([(found.entry, found.is_whole) for found in gap.wider], gap.untried) == ([("one", True)], 1)
    assert "Not looked at for that, after too much work for others: 1 entry." in render_text(gap).decode()


def test_an_entry_of_which_not_all_was_tried_is_said_to_admit_at_least_what_was_found(monkeypatch):
    # Of services that thousands of entries cut to pieces for the same two addresses not all is known.
    monkeypatch.setattr(wider, "MOST_AT_ONCE", 1)
    monkeypatch.setattr(wider, "MOST_STEPS", 3)
    refused = [drop(f"no {port}", match(WEB, "192.0.2.1/32", f"tcp/{port}")) for port in (80, 81, 82, 83)]
    gap = compare_with(plan([host("Web", WEB), *STORES], []), ruleset(*refused, accept("all", match(WEB, ""))))
    assert "all: admits at least all protocols between 119 pairs of endpoints" in render_text(gap).decode()
    assert describe_gap(gap)["wider"][0]["services"] == "at least all protocols between 119 pairs of endpoints"
    assert json.loads(render_json(gap))["wider"][0]["at_least"] is True


def test_what_a_flow_of_another_endpoint_with_the_same_address_asks_for_is_asked_for():
    ends = [host("Web", WEB), host("Twin", WEB), host("Store", STORE, zone="DMZ")]
    report = plan(ends, [flow("Twin", "Store")])
    assert not widths(report, accept("this", match(WEB, STORE, "tcp/443")))
    [found] = widths(report, accept("this", match(WEB, STORE, "tcp/400-500")))
    assert (found.sources, found.destinations, found.pairs) == (("Twin", "Web"), ("Store",), 2)


def test_what_two_flows_ask_for_together_is_all_of_it():
    report = plan(
        [host("Web", WEB), host("Store", STORE, "store.example.net", zone="DMZ")],
        [
            flow("Web", "Store", ports="400-449"),
            flow("Web", "Store", ports="450-500"),
            flow("Web", "Store", ports="9"),
        ],
    )
    assert not widths(report, accept("this", match(WEB, STORE, "tcp/400-500")))
    [found] = widths(report, accept("this", match(WEB, STORE, "tcp/400-501")))
    assert found.services == ("tcp 501",)


def test_a_part_of_an_endpoint_is_told_by_its_addresses_and_by_a_word_where_these_are_too_many(monkeypatch):
    ends = [host("Web", "10.0.0.0/28", group=True), host("Store", STORE, zone="DMZ")]
    rules = drop("no", match("10.0.0.1 10.0.0.5 10.0.0.9 10.0.0.12")), accept("this", match("", STORE, "tcp/440-450"))

    def needed():
        [found] = widths(plan(ends, [flow("Web", "Store", ports="443-460")]), *rules)
        [(sources, destinations, services)] = found.narrower
        assert (destinations, services) == ({"Store"}, {Ports("tcp", "443-450")})
        return sources

    assert needed() == {"Web (10.0.0.0, 10.0.0.2-10.0.0.4, 10.0.0.6-10.0.0.8 and 2 more)"}
    monkeypatch.setattr(narrower, "MOST_RANGES", 1)
    assert needed() == {"Web (a part of its addresses)"}


def test_what_only_other_addresses_of_endpoints_ask_for_is_nothing_of_a_common_one():
    ends = host("Web", "10.0.0.1", "10.0.0.2"), host("Twin", "10.0.0.2", "10.0.0.3"), host("Store", STORE, zone="DMZ")
    report = plan(ends, [flow("Web", "Store"), flow("Twin", "Store", ports="22")])
    [found] = widths(report, accept("this", match("10.0.0.2", STORE, "tcp/20-450")))
    assert found.services == ("tcp 20-21, 23-442, 444-450",)


def test_what_an_entry_admits_by_a_dns_name_is_needed_of_it_by_that_name():
    named = match(WEB, service="tcp/443", destinations=Spans(()), destination_names=frozenset({"store.example.net"}))
    wide = match(WEB, "192.0.2.21", "tcp/443")
    ends = [host("Web", WEB), host("Other", "192.0.2.21", zone="DMZ"),
            host("Store", "192.0.2.10", "192.0.2.20", "store.example.net", zone="DMZ")]  # fmt: skip

    def needed(*matches):
        [found] = widths(plan(ends, [flow("Web", "Store")]), accept("this", wide, *matches))
        assert found.destinations == ("Other",)
        for sources, _, services in found.narrower:
            assert (sources, services) == ({"Web"}, {Ports("tcp", "443")})
        return [destinations for _, destinations, _ in found.narrower]

    assert needed() == []
    assert needed(named) == [{"Store (store.example.net)"}]
    assert needed(named, match(WEB, "192.0.2.20", "tcp/443")) == [{"Store (192.0.2.20)", "Store (store.example.net)"}]
    assert needed(named, match(WEB, "192.0.2.10 192.0.2.20", "tcp/443")) == [{"Store"}]


@pytest.mark.slow
def test_what_the_plan_needs_is_told_whole_after_too_much_work(monkeypatch):
    """Never less than flows have of it: who puts the narrower entry in its place would close what is needed."""
    report = plan([host("Web", WEB), *STORES], [flow("Web", f"Store {number}") for number in range(1, 41)])
    rule = accept("all", match(WEB, "192.0.2.0/24", "tcp/443"))
    [whole] = widths(report, rule)
    unfinished = 0
    monkeypatch.setattr(wider, "WORK_OF_EACH", 0)
    for work in range(1, 200, 3):
        monkeypatch.setattr(wider, "MOST_WORK", work)
        for found in widths(report, rule):
            unfinished += not found.is_whole
            assert found.narrower == whole.narrower
    assert unfinished


def test_what_is_needed_of_entries_that_admit_the_same_is_told_of_each_kept_or_not(monkeypatch):
    report = plan([host("Web", WEB), *STORES], [flow("Web", "Store 1"), flow("Web", "Store 2", ports="22")])
    rules = [accept(name, match(WEB, "192.0.2.0/24", "tcp/443")) for name in ("one", "other")]
    need = ((frozenset({"Web"}), frozenset({"Store 1"}), frozenset({Ports("tcp", "443")})),)
    for most in (wider.MOST_PARTS, 0):  # 0: nothing of so many parts is kept
        monkeypatch.setattr(wider, "MOST_PARTS", most)
        assert [found.narrower for rule in rules for found in widths(report, rule)] == [need, need], most


def test_what_flows_before_and_behind_ask_for_changes_nothing():
    ports = ("1", "400-449", "450-500", "501", "9", "999")
    report = plan(
        [host("Web", WEB, "2001:db8::10"), host("Store", STORE, "2001:db8:1::10", zone="DMZ")],
        [*(flow("Web", "Store", ports=one) for one in ports), flow("Web", "Store", "icmp", "")],
    )
    assert not widths(report, accept("this", match(WEB, STORE, "tcp/400-500")))
    six = match("2001:db8::10", "2001:db8:1::10", "tcp/400-502", family=6)
    [found] = widths(report, accept("this", six))
    assert found.services == ("tcp 502",)
