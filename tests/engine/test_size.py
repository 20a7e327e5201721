"""What is over a limit is found by counting, before it is made; what is within one is evaluated."""

from dataclasses import fields, replace
from functools import partial

import pytest
from hypothesis import given, settings

from planner.engine import TooLarge, evaluate_report, flows, outline_plan, size
from planner.engine.consequences import weigh
from planner.engine.flows import count_pairs, evaluate
from planner.engine.rules import consolidate, group_zones
from planner.engine.size import check_size
from planner.engine.terms import Terms
from planner.engine.topology import Topology
from planner.plan import limits
from planner.plan.document import PlanError, check_plan, check_stored, dump_plan
from planner.plan.syntax import count_values
from ports.queries import shipped_matrix
from scripts.sites import make_sites
from tests.engine.test_linear import MOST, count_steps
from tests.strategies import documents, often

MATRIX = shipped_matrix()


def servers(count):
    """A plan of so many web servers, each of which is to be managed by all of them."""
    endpoint = {
        "zone": "A",
        "roles": ["web-active"],
        "platforms": ["windows"],
        "operations": ["discovery", "reset", "validation", "host-heartbeat"],
        "sessions": ["rdp"],
    }
    document = {
        "format": 1,
        "name": "Servers",
        "zones": [{"name": "A", "kind": "internal"}],
        "endpoints": [{"name": f"W{number}", **endpoint} for number in range(count)],
    }
    return check_plan(document, matrix=MATRIX)


def sized(plan):
    """Pairs and flows, by evaluating."""
    made = evaluate(MATRIX, replace(plan, exclusions=()))  # what is excluded is made first
    return sum(len(flow.need.requirements) for flow in made) + len(plan.additional_flows), len(made)


def count(plan):
    topology = Topology(MATRIX, plan)
    return count_pairs(topology, Terms(MATRIX, plan, topology))


@pytest.mark.slow
@settings(max_examples=often(200))
@given(documents(MATRIX, most=9))
def test_as_many_pairs_are_counted_as_evaluating_makes(document):
    plan = check_plan(document, matrix=MATRIX)
    pairs, made = sized(plan)
    assert count(plan) == pairs
    assert made <= pairs


@settings(max_examples=often(60))
@given(documents(MATRIX, most=9))
def test_a_plan_is_within_a_limit_up_to_the_last_flow_and_the_last_pair(document):
    plan = check_plan(document, matrix=MATRIX)
    pairs, made = sized(plan)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "PAIRS", pairs)
        patch.setattr(limits, "FLOWS", made)
        check_size(MATRIX, plan)
        assert len(evaluate(MATRIX, replace(plan, exclusions=()))) == made
        for name, most in (("PAIRS", pairs), ("FLOWS", made)):
            if most:
                with patch.context() as less:
                    less.setattr(limits, name, most - 1)
                    for refuse in (check_size, evaluate_report):
                        with pytest.raises(TooLarge, match=f"needs {most:,} .*at most {most - 1:,} are evaluated"):
                            refuse(MATRIX, plan)


@pytest.mark.parametrize("chosen", ["embedded", "push-pull"])
def test_what_the_document_prohibits_is_no_flow_that_a_requirement_asks_for(chosen):
    """A self-destruct site and a web server are a pair for the flow between them, if there is one, and no other."""
    document = {
        "format": 1,
        "name": "Sites",
        "zones": [{"name": "A", "kind": "dmz", "choices": {"self-destruct": chosen}}],
        "endpoints": [
            *({"name": f"W{number}", "zone": "A", "roles": ["web-active"]} for number in range(20)),
            *({"name": f"S{number}", "zone": "A", "roles": ["self-destruct-site"]} for number in range(30)),
        ],
    }
    plan = check_plan(document, matrix=MATRIX)
    asked = 600 if chosen == "push-pull" else 0
    assert count(plan) == asked
    assert len(evaluate_report(MATRIX, plan).closed) == asked


def test_prohibitions_alone_may_be_too_many(monkeypatch):
    """Under a matrix that prohibits what it doesn't ask for."""
    matrix = replace(MATRIX, requirements=())
    endpoints = [
        {"name": f"{role}{number}", "zone": "A", "roles": [role]}
        for role in ("web-active", "self-destruct-site")
        for number in range(5)
    ]
    zones = [{"name": "A", "kind": "dmz"}]
    document = {"format": 1, "name": "P", "zones": zones, "endpoints": endpoints}
    plan = check_plan(document | {"choices": {"self-destruct": "push-pull"}}, matrix=matrix)
    monkeypatch.setattr(limits, "PAIRS", 25)
    assert len(evaluate_report(matrix, plan).closed) == 25
    monkeypatch.setattr(limits, "PAIRS", 24)
    for refuse in (check_size, evaluate_report):
        with pytest.raises(TooLarge, match="needs 25 pairs"):
            refuse(matrix, plan)


@settings(max_examples=often(40))
@given(documents(MATRIX, most=9))
def test_what_is_shown_of_a_plan_that_is_too_large_is_what_its_report_says_of_the_plan_alone(document):
    plan = check_plan(document, matrix=MATRIX)
    shown, report = outline_plan(MATRIX, plan, "Too large."), evaluate_report(MATRIX, plan)
    assert (shown.too_large, report.too_large) == ("Too large.", "")
    kept = {"plan", "matrix", "zone_groups", "ports", "own_ports"}
    for field in fields(shown):
        if field.name in kept:
            assert getattr(shown, field.name) == getattr(report, field.name)
        elif field.name not in ("too_large", "basis", "whole"):
            assert getattr(shown, field.name) == ()
    assert shown.rules == ()


@pytest.mark.slow
def test_sites_in_their_thousands_are_within_the_limits():
    check_size(MATRIX, check_plan(make_sites(5_000), matrix=MATRIX))


@pytest.mark.parametrize("refuse", [evaluate_report, evaluate, check_size])
def test_what_would_be_too_much_is_not_made(monkeypatch, refuse):
    """200 servers in 40 KB ask for 240,000 flows."""
    monkeypatch.setattr(flows, "find_needs", lambda *_: pytest.fail("it was made"))
    with pytest.raises(TooLarge) as caught:
        refuse(MATRIX, servers(200))
    assert caught.value.sentence == (
        "The plan needs 720,000 pairs of a flow and a requirement that asks for it; at most 600,000 are evaluated. "
        "Let fewer endpoints reach each target (managed_by), put like machines into one group, or divide the plan."
    )
    assert str(caught.value) == f"document: {caught.value.sentence}"


def test_counting_costs_in_proportion_to_the_endpoints_and_not_to_what_they_ask_for():
    def steps(number):
        plan = servers(number)
        return count_steps(lambda: count(plan))

    steps(2)
    small, large = steps(100), steps(400)
    assert small > 100
    assert large <= MOST * small


def test_sources_near_a_target_are_not_copied_for_each_target():
    """10,000 agents beside 10,000 systems: counted as they are, which takes no hundred million steps."""
    agent = {"zone": "A", "roles": ["remote-site-agent"]}
    target = {"zone": "A", "platforms": ["windows"], "operations": ["discovery"]}
    document = {
        "format": 1,
        "name": "Near",
        "zones": [{"name": "A", "kind": "remote-site"}],
        "endpoints": [
            *({"name": f"A{number}", **agent} for number in range(30)),
            *({"name": f"T{number}", **target} for number in range(30)),
        ],
    }
    plan = check_plan(document, matrix=MATRIX)
    topology = Topology(MATRIX, plan)
    pairing = next(pairing for pairing in MATRIX.pairings.values() if pairing.managed_by)
    found = [topology.sources(pairing, endpoint) for endpoint in plan.endpoints]
    assert len(found[0]) == 30
    assert all(sources is found[0] for sources in found)


def test_a_plan_may_get_smaller_while_it_is_over_and_never_larger(monkeypatch):
    monkeypatch.setattr(limits, "PAIRS", count(servers(10)))
    monkeypatch.setattr(limits, "FLOWS", limits.PAIRS)
    for before, after in ((30, 20), (20, 20), (30, 10), (10, 5), (5, 10)):
        check_size(MATRIX, servers(after), servers(before))
    for before, after in ((30, 31), (10, 11), (5, 20)):
        with pytest.raises(TooLarge, match="pairs"):
            check_size(MATRIX, servers(after), servers(before))


def test_flows_alone_may_be_too_many_and_get_fewer(monkeypatch):
    _, most = sized(servers(10))
    monkeypatch.setattr(limits, "FLOWS", most)
    check_size(MATRIX, servers(10))
    check_size(MATRIX, servers(11), servers(12))
    for before in (None, servers(10), servers(11)):
        with pytest.raises(TooLarge, match="flows"):
            check_size(MATRIX, servers(12), before)


def test_too_many_pairs_may_become_too_many_flows(monkeypatch):
    pairs, made = sized(servers(10))
    monkeypatch.setattr(limits, "PAIRS", pairs)
    monkeypatch.setattr(limits, "FLOWS", made - 1)
    check_size(MATRIX, servers(10), servers(11))


def test_what_is_within_its_limit_may_grow_while_something_else_gets_less(monkeypatch):
    """To break rows less often can take an endpoint or a flow more, each of which is a pair."""

    def breaking(flows, rows=2, over=()):
        never = {"from": {"zone": "A"}, "to": {"endpoint": "B0"}, "reason": "R"}
        document = dump_plan(own_flows(9)) | {"never": [never | {"reason": f"R{number}"} for number in range(rows)]}
        ports = [*(("B0", port) for port in range(flows)), *(("B1", port) for port in over)]
        document["additional_flows"] = [
            {"source": "A0", "destination": there, "protocol": "tcp", "ports": port + 1, "reason": "R"}
            for there, port in ports
        ]
        return check_plan(document, matrix=MATRIX)

    monkeypatch.setattr(limits, "BROKEN", 5)
    before = breaking(6)
    for after in (breaking(5, over=range(9)), breaking(6, over=[0]), breaking(9, rows=1)):
        check_size(MATRIX, after, before)
    for after in (breaking(7), breaking(7, over=[0])):
        with pytest.raises(TooLarge, match="at most 5"):
            check_size(MATRIX, after, before)
    monkeypatch.setattr(limits, "FLOWS", 10)
    monkeypatch.setattr(limits, "PAIRS", 12)
    with pytest.raises(TooLarge, match="13 pairs"):
        check_size(MATRIX, breaking(4, over=range(9)), before)
    with pytest.raises(TooLarge, match="11 flows"):
        check_size(MATRIX, breaking(4, over=range(7)), before)
    for over in ("FLOWS", "PAIRS"):  # of what is over them it isn't counted how often it breaks rows
        monkeypatch.setattr(limits, over, 7)
        large = breaking(7, over=[0])
        for after in (breaking(7, over=[0], rows=0), breaking(2), breaking(7, rows=0)):
            check_size(MATRIX, after, large)
        with pytest.raises(TooLarge, match="at most 5"):
            check_size(MATRIX, breaking(7), large)


def test_endpoints_and_bytes_have_limits_of_their_own(monkeypatch):
    monkeypatch.setattr(limits, "ENDPOINTS", 3)
    with pytest.raises(TooLarge, match="at most 3 endpoints, found 4"):
        check_size(MATRIX, stored(4))
    check_size(MATRIX, stored(4), stored(4))
    with pytest.raises(TooLarge, match="endpoints"):
        check_size(MATRIX, stored(5), stored(4))
    monkeypatch.setattr(limits, "ENDPOINTS", 20)
    monkeypatch.setattr(limits, "DOCUMENT", 2**20)
    small, large = (replace(stored(1), description="é" * letters) for letters in (2**19 - 200, 2**19))
    check_size(MATRIX, small)
    with pytest.raises(TooLarge, match=r"has 1\.0 MiB; at most 1 MiB are stored"):
        check_size(MATRIX, large, small)
    check_size(MATRIX, large, replace(large, name=f"{large.name}!"))


def test_values_have_a_limit_that_is_counted_only_where_so_many_bytes_can_hold_more(monkeypatch):
    """What is stored can be read again: a document with more values isn't read."""
    plans = [stored(count) for count in (3, 4)]
    fewer, found = (count_values(dump_plan(plan)) for plan in plans)
    assert (fewer, found) == (1 + 2 + 1 + 3 + 1 + 3 * 3, fewer + 3)
    monkeypatch.setattr(limits, "VALUES", found)
    check_size(MATRIX, plans[1])
    monkeypatch.setattr(limits, "VALUES", found - 1)
    with pytest.raises(TooLarge, match=f"has {found} values, .* at most {found - 1} are stored"):
        check_size(MATRIX, plans[1], plans[0])
    check_size(MATRIX, *plans)
    check_size(MATRIX, plans[1], plans[1])
    monkeypatch.setattr(size, "dump_plan", lambda _: pytest.fail("it was counted"))
    check_size(MATRIX, plans[1], at_most=4 * (found - 1))


def stored(count):
    """A plan of so many endpoints that was stored when that was allowed."""
    endpoints = [{"name": f"E{number}", "zone": "A"} for number in range(count)]
    document = {"format": 1, "name": "P", "zones": [{"name": "A", "kind": "dmz"}], "endpoints": endpoints}
    return check_stored(document, matrix=MATRIX)


def test_a_document_has_at_most_20000_endpoints_and_they_are_counted_first():
    document = make_sites(1) | {"endpoints": [None] * 20_001}
    with pytest.raises(PlanError) as caught:
        check_plan(document, matrix=MATRIX)
    [fault] = caught.value.faults
    assert str(fault) == (
        "endpoints: A plan has at most 20,000 endpoints, found 20,001. "
        "Put like machines into one group, or divide the plan."
    )


def test_zones_and_flows_of_the_plans_own_keep_their_limit():
    for key in ("zones", "additional_flows"):
        with pytest.raises(PlanError, match=rf"{key}: At most 50,000 entries are allowed here, found 50,001\."):
            check_plan(make_sites(1) | {key: [None] * 50_001}, matrix=MATRIX)


def test_an_answer_that_would_open_too_much_is_not_weighed(monkeypatch):
    """With self-destruct messages elsewhere nobody reads them on the web server; else each reader would."""
    document = {
        "format": 1,
        "name": "Readers",
        "zones": [{"name": "A", "kind": "internal"}],
        "endpoints": [
            *({"name": f"R{number}", "zone": "A", "roles": ["message-reader"]} for number in range(200)),
            *({"name": f"W{number}", "zone": "A", "roles": ["web-active"]} for number in range(200)),
        ],
        "choices": {"self-destruct": "none"},
    }
    report = evaluate_report(MATRIX, check_plan(document, matrix=MATRIX))
    assert len(report.flows) <= 2_000
    weighed = weigh(report).options["self-destruct"]["embedded"]
    assert weighed.many
    assert not weighed.nothing
    assert (weighed.rules, weighed.opened, weighed.closed) == (0, 0, 0)


def own_flows(count):
    """A plan of two zones whose flows are all its own, none of which fits another's rule."""
    document = {
        "format": 1,
        "name": "Own",
        "zones": [{"name": "A", "kind": "internal"}, {"name": "B", "kind": "dmz"}],
        "endpoints": [{"name": f"{zone}{number}", "zone": zone} for zone in "AB" for number in range(count)],
        "additional_flows": [
            {"source": f"A{n}", "destination": f"B{n}", "protocol": "tcp", "ports": n + 1, "reason": "R"}
            for n in range(count)
        ],
    }
    return check_plan(document, matrix=MATRIX)


def unlike_zones(count):
    """A plan of zones that are all abbreviated alike and hold different things."""
    platforms = list(MATRIX.platforms)
    names = [f"{'Ж' * (number // 20 + 1)}{'Я' * (number % 20 + 1)}" for number in range(count)]
    document = {
        "format": 1,
        "name": "Zones",
        "zones": [{"name": name, "kind": "internal"} for name in names],
        "endpoints": [
            {
                "name": f"E{number}",
                "zone": name,
                "platforms": [p for at, p in enumerate(platforms) if number >> at & 1],
            }
            for number, name in enumerate(names)
        ],
    }
    return check_plan(document, matrix=MATRIX)


@pytest.mark.parametrize(
    ("make", "work"),
    [
        (own_flows, lambda plan: partial(consolidate, MATRIX, plan, evaluate(MATRIX, plan))),
        (unlike_zones, lambda plan: partial(group_zones, plan)),
    ],
)
def test_many_rules_and_many_zones_get_their_numbers_without_a_search_from_the_first(make, work):
    small, large = (count_steps(work(make(number))) for number in (200, 800))
    assert large <= MOST * small


def test_what_little_changed_in_is_measured_by_what_changed(monkeypatch):
    sites = make_sites(60)
    plan = check_plan(sites, matrix=MATRIX)
    report = evaluate_report(MATRIX, plan)
    moved = [row | {"addresses": ["192.0.2.9"]} if row["name"] == "PS01" else row for row in sites["endpoints"]]
    edited = check_plan(sites | {"endpoints": moved}, matrix=MATRIX)
    # More pairs than flows may be, so that the flows have to be counted.
    monkeypatch.setattr(limits, "FLOWS", len(report.flows))
    counted = []
    monkeypatch.setattr(size, "find_needs", lambda *found: counted.append(found) or ())
    check_size(MATRIX, edited, report=report)
    assert not counted
    for known in (None, replace(report, basis=None), replace(report, matrix=None)):
        check_size(MATRIX, edited, report=known)
    assert len(counted) == 3


def test_what_is_too_large_is_told_as_without_a_report(monkeypatch):
    sites = make_sites(60)
    plan = check_plan(sites, matrix=MATRIX)
    report = evaluate_report(MATRIX, plan)
    monkeypatch.setattr(limits, "FLOWS", len(report.flows) - 1)
    sentences = []
    for known in (report, None):
        with pytest.raises(TooLarge) as refused:
            check_size(MATRIX, plan, report=known)
        sentences.append(refused.value.sentence)
    assert sentences[0] == sentences[1]
    check_size(MATRIX, plan, plan, report=report)
