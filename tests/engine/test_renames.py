"""What was renamed is told apart from what comes and goes, and a rename alone opens and closes nothing."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.engine import evaluate_report
from planner.engine.compare import compare_reports, flow_key
from planner.engine.renames import Rename, renames_of
from planner.plan.document import address_key, check_plan
from planner.plan.rows import Renames, apply_renames
from ports.queries import shipped_matrix
from ports.text import name_key
from tests.report.samples import contoso, write_plan
from tests.strategies import documents, often

MATRIX = shipped_matrix()


def report(document):
    return evaluate_report(MATRIX, check_plan(document, matrix=MATRIX))


def compare(before, after, known=()):
    return compare_reports(report(before), report(after), known)


def named(document, endpoints=(), zones=()):
    """The document with other names, in every place that has them."""
    return apply_renames(document, Renames(zones=dict(zones), endpoints=dict(endpoints)))


def endpoint(name, zone="Internal", *addresses, **more):
    return {"name": name, "zone": zone, "addresses": list(addresses), **more}


def asks_for_nothing(comparison):
    return not (
        comparison.asks_for_changes
        or comparison.rules_opened
        or comparison.rules_closed
        or comparison.rules_changed
        or comparison.addresses
    )


@st.composite
def plans_with_new_names(draw):
    """A plan whose endpoints all have addresses of their own, and new names for some of its endpoints and zones."""
    document = draw(documents(MATRIX))
    for number, item in enumerate(document["endpoints"]):
        if item.get("addresses") != ["any"]:
            item["addresses"] = [f"10.1.{number}.{last}" for last in range(draw(st.integers(1, 2)))]
        else:
            item["addresses"] = [f"10.2.{number}.0/24"]
    filled = [
        zone["name"] for zone in document["zones"] if any(zone["name"] == e["zone"] for e in document["endpoints"])
    ]
    taken = {name_key(item["name"]) for item in (*document["zones"], *document["endpoints"])}
    fresh = (text for text in (f"Fresh {number}" for number in range(1000)) if name_key(text) not in taken)
    endpoints = draw(st.lists(st.sampled_from([e["name"] for e in document["endpoints"]] or [""]), unique=True))
    zones = draw(st.lists(st.sampled_from(filled or [""]), unique=True))
    return (
        document,
        {name: next(fresh) for name in endpoints if name},
        {name: next(fresh) for name in zones if name},
    )


@pytest.mark.slow
@settings(max_examples=often(150))
@given(plans_with_new_names(), st.data())
def test_new_names_open_close_and_change_nothing_and_are_listed(drawn, data):
    document, endpoints, zones = drawn
    other = named(document, endpoints, zones)
    other["zones"] = data.draw(st.permutations(other["zones"]))
    other["endpoints"] = data.draw(st.permutations(other["endpoints"]))
    result = compare(document, other)
    assert asks_for_nothing(result)
    assert result.renamed == (
        *sorted(Rename("endpoint", old, new) for old, new in endpoints.items()),
        *sorted(Rename("zone", old, new) for old, new in zones.items()),
    )
    assert result.set_apart == ()
    # Zones in another order may have one another's letters, and then rules have other numbers.
    assert bool(result) == bool(endpoints or zones or result.renumbered)
    assert {flow_key(flow) for flow in result.before.flows} == {flow_key(flow) for flow in result.after.flows}


@settings(max_examples=often(80))
@given(plans_with_new_names())
def test_without_addresses_nothing_tells_that_an_endpoint_was_renamed(drawn):
    document, endpoints, _ = drawn
    for item in document["endpoints"]:
        item["addresses"] = []
    assert compare(document, named(document, endpoints)).renamed == ()


@pytest.mark.slow
@settings(max_examples=often(80))
@given(plans_with_new_names())
def test_an_address_that_another_left_over_endpoint_has_tells_nothing(drawn):
    document, endpoints, _ = drawn
    for item in document["endpoints"]:
        if item["name"] in endpoints:
            item["addresses"] = ["10.9.9.9"]
    renamed = compare(document, named(document, endpoints)).renamed
    assert len(renamed) == (1 if len(endpoints) == 1 else 0)


@pytest.mark.slow
@settings(max_examples=often(80))
@given(documents(MATRIX), documents(MATRIX))
def test_between_any_two_plans_a_rename_can_be_nothing_else(first, second):
    """The rule, word by word, for plans that have little to do with each other."""
    result = compare(first, second)
    old, new = ({item["name"]: item for item in document["endpoints"]} for document in (first, second))
    left_old, left_new = old.keys() - new.keys(), new.keys() - old.keys()

    def addresses(item):
        return frozenset(map(address_key, item.get("addresses", ())))

    wanted = set()
    for one in left_old:
        for other in left_new:
            others = [old[name] for name in left_old - {one}] + [new[name] for name in left_new - {other}]
            same = addresses(old[one]) and addresses(old[one]) == addresses(new[other])
            if same and all(addresses(old[one]).isdisjoint(addresses(item)) for item in others):
                wanted.add((one, other))
    assert {(rename.old, rename.new) for rename in result.renamed if rename.kind == "endpoint"} == wanted
    heirs = {name: name for name in old.keys() & new.keys()} | dict(wanted)
    zones = [{zone["name"]: zone["kind"] for zone in document["zones"]} for document in (first, second)]

    def contents(zone, endpoints, names):
        return {names(name) for name, item in endpoints.items() if item["zone"] == zone}

    wanted_zones = {
        (one, other)
        for one in zones[0].keys() - zones[1].keys()
        for other in zones[1].keys() - zones[0].keys()
        if zones[0][one] == zones[1][other]
        and contents(one, old, heirs.get)
        and contents(one, old, heirs.get) == contents(other, new, lambda name: name)
    }
    assert {(rename.old, rename.new) for rename in result.renamed if rename.kind == "zone"} == wanted_zones


def test_addresses_are_compared_as_they_are_read():
    before = write_plan(endpoint("A", "Internal", "10.0.0.1", "2001:DB8::1", "PS.Example.net"))
    after = write_plan(endpoint("B", "Internal", "ps.example.NET", "10.0.0.1/32", "2001:db8:0::1"))
    result = compare(before, after)
    assert result.renamed == (Rename("endpoint", "A", "B"),)
    assert result.addresses == ()


def test_another_way_to_write_an_address_is_no_change():
    result = compare(
        write_plan(endpoint("A", "Internal", "10.0.0.1/32")), write_plan(endpoint("A", "Internal", "10.0.0.1"))
    )
    assert not result


def test_zone_and_roles_of_what_was_renamed_may_differ():
    before = contoso()
    after = named(before, {"DC01": "DC-LON-1"})
    moved = next(item for item in after["endpoints"] if item["name"] == "DC-LON-1")
    moved["zone"] = "DMZ"
    result = compare(before, after)
    assert result.renamed == (Rename("endpoint", "DC01", "DC-LON-1"),)
    assert not result.opened
    assert {change.after.scope for change in result.changed} == {"cross-zone"}
    assert result.rules_opened


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ((("A", "10.0.0.1"), ("B", "10.0.0.1")), (("C", "10.0.0.1"),)),
        ((("A", "10.0.0.1"),), (("C", "10.0.0.1"), ("D", "10.0.0.1"))),
        ((("A", "10.0.0.1"), ("B", "10.0.0.1", "10.0.0.2")), (("C", "10.0.0.1"), ("D", "10.0.0.3"))),
        ((("A", "10.0.0.1"),), (("C", "10.0.0.1", "10.0.0.2"),)),
        ((("A", "10.0.0.0/24"),), (("C", "10.0.0.1"),)),
        ((("A",),), (("C",),)),
    ],
)
def test_what_could_be_something_else_is_no_rename(old, new):
    before, after = (write_plan(*(endpoint(name, "Internal", *at) for name, *at in side)) for side in (old, new))
    assert compare(before, after).renamed == ()


def test_an_address_of_an_endpoint_that_kept_its_name_is_in_nobodys_way():
    before = write_plan(endpoint("A", "Internal", "10.0.0.1"), endpoint("Same", "Internal", "10.0.0.1"))
    after = write_plan(endpoint("B", "Internal", "10.0.0.1"), endpoint("Same", "Internal", "10.0.0.1"))
    assert compare(before, after).renamed == (Rename("endpoint", "A", "B"),)


def zoned(*zones, endpoints=()):
    return write_plan(*endpoints, zones=zones)


def test_a_zone_of_another_kind_or_with_other_endpoints_or_with_none_is_no_rename():
    one, two = endpoint("A", "Old", "10.0.0.1"), endpoint("B", "Old", "10.0.0.2")
    before = zoned(("Old", "internal"), endpoints=(one,))
    after = zoned(("New", "internal"), endpoints=({**one, "zone": "New"},))
    assert compare(before, after).renamed == (Rename("zone", "Old", "New"),)
    kind = zoned(("New", "dmz"), endpoints=({**one, "zone": "New"},))
    more = zoned(("New", "internal"), endpoints=({**one, "zone": "New"}, {**two, "zone": "New"}))
    assert compare(before, kind).renamed == compare(before, more).renamed == compare(more, before).renamed == ()
    stays = zoned(("Same", "internal"), ("Old", "internal"), endpoints=({**one, "zone": "Same"},))
    empty = zoned(("Same", "internal"), ("New", "internal"), endpoints=({**one, "zone": "Same"},))
    assert compare(stays, empty).renamed == ()


def test_a_zone_whose_endpoints_were_renamed_too_is_known_by_them():
    before = zoned(("Old", "internal"), endpoints=(endpoint("A", "Old", "10.0.0.1"),))
    after = zoned(("New", "internal"), endpoints=(endpoint("B", "New", "10.0.0.1"),))
    assert compare(before, after).renamed == (Rename("endpoint", "A", "B"), Rename("zone", "Old", "New"))


def test_an_endpoint_that_went_is_not_taken_for_one_that_got_its_name():
    """The zone held A and B; it holds what is called B now and was A. So it is not the same zone."""
    ends = endpoint("A", "Old", "10.0.0.1"), endpoint("B", "Old", "10.0.0.2")
    before = zoned(("Old", "internal"), endpoints=ends)
    after = zoned(("New", "internal"), endpoints=(endpoint("B", "New", "10.0.0.1"),))
    assert compare(before, after, [Rename("endpoint", "A", "B")]).renamed == (Rename("endpoint", "A", "B"),)


def test_what_a_history_tells_comes_first():
    roles = {"roles": ["database"]}
    web = endpoint("Web", "DMZ", "10.1.0.1", roles=["web-primary"])
    before = write_plan(web, endpoint("A", "Internal"), endpoint("B", "Internal", "10.0.0.1", **roles))
    swapped = named(before, {"A": "B", "B": "A"})
    assert compare(before, swapped).closed
    told = Rename("endpoint", "A", "B"), Rename("endpoint", "B", "A")
    result = compare(before, swapped, told)
    assert result.renamed == told
    assert result.set_apart == ()
    assert len(result.after.rules) == 1
    assert asks_for_nothing(result)


def test_what_a_history_tells_of_nothing_in_the_plans_is_passed_over():
    document = write_plan(endpoint("A", "Internal", "10.0.0.1"))
    told = [Rename("endpoint", "A", "Gone"), Rename("endpoint", "Never", "A"), Rename("zone", "Internal", "Internal")]
    assert not compare(document, document, told)


def test_who_lost_a_name_to_another_is_told_apart_from_it():
    """A took the name of B, which was deleted: what B needed is closed, and not by the name of what stays."""
    roles = {"roles": ["database"]}
    web = endpoint("Web", "DMZ", "10.1.0.1", roles=["web-primary"])
    before = write_plan(web, endpoint("A", "Internal", "10.0.0.1"), endpoint("B", "Internal", "10.0.0.2", **roles))
    after = write_plan(web, endpoint("B", "Internal", "10.0.0.1"))
    result = compare(before, after, [Rename("endpoint", "A", "B")])
    assert result.renamed == (Rename("endpoint", "A", "B"),)
    assert result.set_apart == (Rename("endpoint", "B", "B (old)"),)
    assert [(flow.source.name, flow.destination.name) for flow in result.closed] == [("Web", "B (old)")]
    assert [[end.name for end in rule.destinations] for rule in result.rules_closed] == [["B (old)"]]
    assert not result.opened
    assert not result.addresses


def test_the_name_of_who_is_set_apart_is_nobody_elses():
    names = ("A", "B", "B (old)")
    before = write_plan(*(endpoint(name, "Internal", f"10.0.0.{number}") for number, name in enumerate(names)))
    after = write_plan(endpoint("B", "Internal", "10.0.0.0"), endpoint("B (old)", "Internal", "10.0.0.2"))
    result = compare(before, after, [Rename("endpoint", "A", "B")])
    assert result.set_apart == (Rename("endpoint", "B", "B (old 2)"),)


def test_names_that_differ_in_case_alone_are_two_names_between_plans():
    before = write_plan(endpoint("PS01", "Internal"), endpoint("X", "Internal", "10.0.0.2"))
    after = write_plan(endpoint("ps01", "Internal", "10.0.0.2"))
    assert compare(before, after).renamed == (Rename("endpoint", "X", "ps01"),)


def test_rules_to_close_have_the_numbers_that_the_network_team_has():
    """The number has the letters of a zone in it, under whose old name the rule was handed over."""
    before = contoso()
    after = named(before, {"PS01": "Z-last", "DC01": "A-first"}, {"Internal": "Head office"})
    after["choices"] = {**after.get("choices", {}), "esxi": "ssh"}
    whole = {opening: rule.id for rule in report(before).rules for opening in rule.openings()}
    result = compare(before, after)
    assert result.rules_closed
    old = {rename.new: rename.old for rename in result.renamed}
    for rule in result.rules_closed:
        for source, destination, *service in rule.openings():
            assert rule.id == whole[old.get(source, source), old.get(destination, destination), *service]
    assert all(rule.source_zones == ("Head office",) for rule in result.rules_closed)
    assert {number for rule in result.rules_changed for number in [rule.id]} <= {
        rule.id for rule in result.after.rules
    }


def test_a_renamed_report_says_what_that_of_the_renamed_plan_says():
    """But for the numbers of rules, which stay."""
    before = copy.deepcopy(contoso())
    next(item for item in before["endpoints"] if item["name"] == "ESX01")["managed_by"] = ["PS01"]
    after = named(before, {"PS01": "Z-last", "DC01": "A-first"}, {"Internal": "Head office", "DMZ": "Edge"})
    result = compare(before, after)
    assert len(result.renamed) == 4
    old, new = result.before, result.after
    assert old.plan.endpoints == new.plan.endpoints
    assert old.plan.zones == new.plan.zones
    assert old.plan.additional_flows == new.plan.additional_flows
    assert list(map(flow_key, old.flows)) == list(map(flow_key, new.flows))

    def facts(rules):
        return sorted(sorted(rule.openings(), key=str) for rule in rules)

    assert facts(old.rules) == facts(new.rules)
    assert {rule.id for rule in old.rules} == {rule.id for rule in report(before).rules}
    zones = [sorted(zone for group in side.zone_groups for zone in group.zones) for side in (old, new)]
    assert zones[0] == zones[1]


def test_renames_are_told_as_edits_have_them():
    found = renames_of([Rename("endpoint", "PS01", "VAULT"), Rename("zone", "DMZ", "Border")])
    assert found == Renames(zones={"DMZ": "Border"}, endpoints={"PS01": "VAULT"})
    assert renames_of([]) == Renames()
