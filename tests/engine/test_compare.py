"""Reports compared: what has to be opened, what can be closed, and the rules for it."""

import copy

from hypothesis import given, settings
from hypothesis import strategies as st

from planner.engine import evaluate_report
from planner.engine.compare import compare_reports, flow_key
from planner.plan.document import check_plan, dump_plan, read_plan
from ports.queries import shipped_matrix
from tests.examples import UNANSWERED
from tests.report.samples import contoso
from tests.strategies import documents, often

MATRIX = shipped_matrix()


def report(document):
    return evaluate_report(MATRIX, check_plan(document, matrix=MATRIX))


def compare(before, after):
    return compare_reports(report(before), report(after))


def openings(rules):
    """What rules stand for, each with the zones on either side."""
    return {(*opening[:2], *opening[2:]) for rule in rules for opening in rule.openings()}


def crossing(flows):
    return {flow_key(flow) for flow in flows if flow.scope == "cross-zone"}


def read_example(slug):
    return dump_plan(read_plan(UNANSWERED[slug].data, matrix=MATRIX))


def changed(document, **more):
    return copy.deepcopy(document) | more


# Each property is a function of its own, which is named where it doesn't hold; all are held against the same plans.


def opened_closed_changed_and_unchanged_are_all_there_is(result):
    before = {flow_key(flow) for flow in result.before.flows}
    after = {flow_key(flow) for flow in result.after.flows}
    assert {flow_key(flow) for flow in result.opened} == after - before
    assert {flow_key(flow) for flow in result.closed} == before - after
    assert {flow_key(change.after) for change in result.changed} <= after & before
    assert result.unchanged + len(result.changed) == len(after & before)


def rules_to_open_are_exactly_what_crosses_between_zones_now_and_did_not_cross_there_before(result):
    def places(flows):
        return {
            (flow_key(flow), flow.source.zone, flow.destination.zone) for flow in flows if flow.scope == "cross-zone"
        }

    before, after = places(result.before.flows), places(result.after.flows)
    assert openings(result.rules_opened) == {key for key, *_ in after - before}
    assert openings(result.rules_closed) == {key for key, *_ in before - after}
    assert openings(result.rules_closed) - {flow_key(flow) for flow in result.closed} <= result.moved
    assert result.moved <= {flow_key(flow) for flow in result.after.flows} - {flow_key(flow) for flow in result.opened}


def every_flow_that_stays_with_another_number_is_told(result):
    """Unless a zone gave other letters to it, or it changed. What addresses make possible stays."""
    before, after = (
        {opening: rule.id for rule in side.rules for opening in rule.openings()}
        for side in (result.before, result.after)
    )
    moved = openings(result.rules_opened)
    told = {(one.old, one.new) for one in result.renumbered}
    found = {
        (before[opening], after[opening])
        for opening in before.keys() & after.keys() - moved - openings(result.rules_changed)
        if before[opening] != after[opening]
    }
    assert told <= found
    if not any(one.kind == "zone" for one in result.renamed):
        assert told == found
    assert openings(result.rules_addressed) <= before.keys() & after.keys() - moved
    assert openings(result.rules_unaddressed) <= before.keys() & after.keys() - moved


def each_number_of_a_change_request_is_that_of_the_rule_in_the_report(result):
    """What is to be opened stands there in the new report, what is to be closed in the old one."""
    for part, whole in (
        (result.rules_opened, result.after), (result.rules_closed, result.before),
        (result.rules_changed, result.after),
    ):  # fmt: skip
        found = {rule.id: set(rule.openings()) for rule in whole.rules}
        for rule in part:
            assert set(rule.openings()) <= found[rule.id.partition("/")[0]], rule.id
        assert len({rule.id for rule in part}) == len(part)


def the_other_way_round_opened_and_closed_change_places(there, back):
    names = {rename.old: rename.new for rename in back.renamed if rename.kind == "endpoint"}
    assert {rename.new: rename.old for rename in there.renamed if rename.kind == "endpoint"} == names

    def turned(keys):
        return {(names.get(source, source), names.get(destination, destination), *rest)
                for source, destination, *rest in keys}  # fmt: skip

    assert turned(flow_key(flow) for flow in there.opened) == {flow_key(flow) for flow in back.closed}
    assert turned(openings(there.rules_opened)) == openings(back.rules_closed)
    assert there.unchanged == back.unchanged


def a_report_differs_in_nothing_from_that_of_the_same_plan(one, other):
    result = compare_reports(one, other)
    assert not result
    assert result.unchanged == len(result.after.flows)


@settings(max_examples=often(80))
@given(documents(MATRIX), documents(MATRIX))
def test_of_any_two_plans_holds_all_that_is_said_of_changes(first, second):
    before, after = report(first), report(second)
    result = compare_reports(before, after)
    opened_closed_changed_and_unchanged_are_all_there_is(result)
    rules_to_open_are_exactly_what_crosses_between_zones_now_and_did_not_cross_there_before(result)
    each_number_of_a_change_request_is_that_of_the_rule_in_the_report(result)
    every_flow_that_stays_with_another_number_is_told(result)
    the_other_way_round_opened_and_closed_change_places(result, compare_reports(after, before))
    a_report_differs_in_nothing_from_that_of_the_same_plan(after, report(second))


def test_an_endpoint_that_moves_to_another_zone_is_opened_there_and_closed_where_it_was():
    document = contoso()
    moved = copy.deepcopy(document)
    next(endpoint for endpoint in moved["endpoints"] if endpoint["name"] == "DC01")["zone"] = "DMZ"
    result = compare(document, moved)
    assert not result.opened
    assert not result.closed
    assert result.changed
    assert {change.after.scope for change in result.changed} == {"cross-zone"}
    assert openings(result.rules_opened) == {flow_key(change.after) for change in result.changed}
    assert result.moved == openings(result.rules_opened)


def test_another_address_opens_nothing_and_is_told():
    document = contoso()
    other = copy.deepcopy(document)
    other["endpoints"][0]["addresses"] = ["10.9.9.9"]
    result = compare(document, other)
    assert result
    assert result.unchanged == len(result.after.flows)
    assert not result.rules_opened
    name = document["endpoints"][0]["name"]
    ends = {flow_key(flow) for flow in result.after.flows if name in (flow.source.name, flow.destination.name)}
    assert result.differing == ends - {flow_key(flow) for flow in result.after.flows if flow.scope == "same-host"}
    assert [(change.endpoint.name, change.endpoint.addresses) for change in result.addresses] == [
        (document["endpoints"][0]["name"], ("10.9.9.9",))
    ]


def test_a_decision_changes_what_stays_and_closes_what_goes():
    document = contoso()
    open_choices = {mark.choice for flow in report(document).flows for mark in flow.need.any_of}
    assert open_choices, "the sample has something to decide"
    choice = sorted(open_choices)[0]
    option = MATRIX.choices[choice].slugs[0]
    result = compare(document, changed(document, choices={**document.get("choices", {}), choice: option}))
    assert not result.opened
    assert all(not change.after.need.any_of or change.after.need.any_of != change.before.need.any_of
               for change in result.changed)  # fmt: skip
    marks = {mark for flow in result.closed for mark in flow.need.any_of}
    assert marks
    assert all(mark.choice == choice and mark.option != option for mark in marks)


@settings(max_examples=often(60))
@given(documents(MATRIX), st.data())
def test_numbers_of_rules_stay_when_another_endpoint_comes_in(document, data):
    before = report(document)
    zone = data.draw(st.sampled_from(document["zones"]))["name"]
    grown = changed(document)
    grown["endpoints"] = [
        *document["endpoints"],
        {"name": "Newcomer at the end", "zone": zone, "roles": ["website-user"]},
    ]
    after = report(grown)
    if [group.code for group in before.zone_groups] != [group.code for group in after.zone_groups]:
        return  # zones that were alike no longer are
    ranks = {requirement.slug: rank for rank, requirement in enumerate(MATRIX.requirements)}

    def meaning(rule):
        return min((ranks[slug] for slug in rule.requirements), default=None), rule.any_of

    def alone(rule, rules):
        """Whether no other rule of the boundary means the same: numbers of those that do may move up."""
        boundary = rule.id.rpartition("-")[0]
        return [meaning(o) for o in rules if o.id.rpartition("-")[0] == boundary].count(meaning(rule)) == 1

    holders = {opening: rule for rule in after.rules for opening in rule.openings()}
    for rule in before.rules:
        found = {holders[opening].id: holders[opening] for opening in rule.openings()}
        for other in found.values():
            # One that the newcomer gave an earlier requirement means something else.
            if meaning(other) == meaning(rule) and alone(rule, before.rules) and alone(other, after.rules):
                assert other.id == rule.id


def test_each_number_is_given_once():
    for document in (contoso(),):
        numbers = [rule.id for rule in report(document).rules]
        assert len(numbers) == len(set(numbers))


def test_a_rule_has_the_same_number_in_the_report_and_in_the_change_request():
    document = contoso()
    without = copy.deepcopy(document)
    gone = next(endpoint["name"] for endpoint in document["endpoints"] if endpoint.get("platforms"))
    without["endpoints"] = [e for e in document["endpoints"] if e["name"] != gone]
    for endpoint in without["endpoints"]:
        endpoint["managed_by"] = [name for name in endpoint.get("managed_by", []) if name != gone]
    without.pop("additional_flows", None)
    base = copy.deepcopy(document)
    base.pop("additional_flows", None)
    result = compare(without, base)
    assert result.rules_opened
    whole = {rule.id: rule for rule in result.after.rules}
    for rule in result.rules_opened:
        assert set(rule.openings()) <= set(whole[rule.id].openings())


def test_a_service_that_goes_is_closed_under_the_number_that_the_network_team_has():
    """By its own requirement it would have another number, and that might be another rule's."""
    document = read_example("everything")
    result = compare(document, changed(document, choices={**document["choices"], "sql-listener": "no"}))
    [rule] = result.rules_closed
    assert [str(ports) for ports in rule.services] == ["udp 1434"]
    [whole] = [rule for rule in result.before.rules if "udp 1434" in map(str, rule.services)]
    assert rule.id == whole.id


def test_a_part_that_is_no_product_of_sets_becomes_rules_of_one_number():
    ends = [{"name": name, "zone": "A"} for name in ("A1", "A2")] + [
        {"name": name, "zone": "B"} for name in ("B1", "B2")
    ]
    document = {
        "format": 1, "name": "X", "endpoints": ends,
        "zones": [{"name": "A", "kind": "internal"}, {"name": "B", "kind": "dmz"}],
    }  # fmt: skip
    every = [(source, destination) for source in ("A1", "A2") for destination in ("B1", "B2")]

    def plan(*pairs):
        flows = [
            {"source": s, "destination": d, "protocol": "tcp", "ports": "22", "reason": "Because"} for s, d in pairs
        ]
        return changed(document, additional_flows=flows)

    result = compare(plan(("A1", "B1")), plan(*every))
    [whole] = result.after.rules
    assert [rule.id for rule in result.rules_opened] == [whole.id, f"{whole.id}/2"]
    assert openings(result.rules_opened) == {(s, d, "tcp", "22") for s, d in every if (s, d) != ("A1", "B1")}


def pairs_of(*pairs, addresses=("10.0.0.1",)):
    """A plan with a flow of its own on tcp 22 for each pair; A is internal, B a DMZ."""
    flows = [{"source": s, "destination": d, "protocol": "tcp", "ports": "22", "reason": "Because"} for s, d in pairs]
    ends = [{"name": name, "zone": name[0], "addresses": [*addresses]} for name in ("A1", "A2", "B1", "B2")]
    return {
        "format": 1, "name": "X", "endpoints": ends, "additional_flows": flows,
        "zones": [{"name": "A", "kind": "internal"}, {"name": "B", "kind": "dmz"}],
    }  # fmt: skip


APART = pairs_of(("A1", "B1"), ("A2", "B2"))
TOGETHER = pairs_of(*((source, destination) for source in ("A1", "A2") for destination in ("B1", "B2")))


def test_a_rule_that_went_into_another_is_told_by_both_numbers():
    result = compare(APART, TOGETHER)
    first, second = (rule.id for rule in result.before.rules)
    assert result.renumbered == ((second, first, True),)
    assert result.grown == (first,)
    assert compare(TOGETHER, APART).renumbered == ((first, second, False),)
    assert compare(TOGETHER, APART).shrunk == (first,)
    assert result.doubled == frozenset()


def test_a_number_that_stands_for_something_else_now_is_known():
    flows = APART["additional_flows"]
    assert compare(APART, changed(APART, additional_flows=flows[1:])).doubled == {report(APART).rules[0].id}


def test_no_number_changes_where_a_zone_is_renamed_or_an_endpoint_moves():
    other = copy.deepcopy(APART)
    other["zones"][0]["name"] = "Cellar"
    for end in other["endpoints"][:2]:
        end["zone"] = "Cellar"
    result = compare(APART, other)
    assert [one.new for one in result.renamed] == ["Cellar"]
    assert {rule.id for rule in result.before.rules}.isdisjoint(rule.id for rule in result.after.rules)
    assert result.renumbered == ()
    moved = copy.deepcopy(APART)
    moved["zones"].append({"name": "C", "kind": "internal"})
    for end in moved["endpoints"][:2]:
        end["zone"] = "C"
    result = compare(APART, moved)
    assert openings(result.rules_opened) == openings(result.rules_closed) == openings(result.after.rules)
    assert result.renumbered == ()


def test_what_addresses_make_possible_is_to_be_opened_by_address():
    lacking = copy.deepcopy(APART)
    lacking["endpoints"][0]["addresses"] = []
    result = compare(lacking, APART)
    assert not result.rules_opened
    assert openings(result.rules_addressed) == {("A1", "B1", "tcp", "22")}
    back = compare(APART, lacking)
    assert not back.rules_addressed
    assert not back.rules_closed
    assert openings(back.rules_unaddressed) == openings(result.rules_addressed)
    assert not result.rules_unaddressed
    assert [end.addresses for rule in back.rules_unaddressed for end in rule.sources] == [("10.0.0.1",)]
    assert result.differing == back.differing == openings(result.rules_addressed)
    lacking["endpoints"][2]["addresses"] = []
    half = copy.deepcopy(APART)
    half["endpoints"][2]["addresses"] = []
    assert not compare(lacking, half).rules_addressed, "the other end still has none"
    assert not compare(half, lacking).rules_unaddressed, "it could not be made before"


def test_the_same_report_twice_differs_in_nothing():
    same = report(contoso())
    compared = compare_reports(same, same)
    assert (compared.opened, compared.closed, compared.changed, compared.addresses) == ((), (), (), ())


def test_a_correction_that_joins_rules_tells_the_number_that_is_gone():
    """Another opening between the same ends comes first in the document, so the rule is called by that."""
    document = read_example("everything")
    result = compare(document, changed(document, corrections=["app-server-inbound"]))
    assert result.renumbered == (("NET-DMZ-160", "NET-DMZ-120", True),)
    assert [rule.id for rule in result.rules_opened] == ["NET-DMZ-120"]
    assert not result.rules_closed
