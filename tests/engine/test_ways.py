"""What it would take to have a packet admitted: other decisions, own flows, addresses."""

from dataclasses import replace

import pytest

from planner.engine import evaluate_report
from planner.engine.ask import ask
from planner.engine.flows import TooLarge
from planner.engine.ways import find_ways
from planner.plan.document import check_plan
from planner.plan.topologies import read_topology
from planner.report.said.voice import say_way
from ports.queries import shipped_matrix
from tests.engine.test_ask import PLAN, REPORT

MATRIX = shipped_matrix()


def report(**more):
    document = PLAN | {"endpoints": [*PLAN["endpoints"], *more.pop("endpoints", ())]} | more
    return evaluate_report(MATRIX, check_plan(document, matrix=MATRIX))


def ways(source, destination, service, of=REPORT):
    return [
        (way.kind, way.subject or way.row or way.ends) for way in find_ways(of, ask(of, source, destination, service))
    ]


AD = {"name": "DC01", "zone": "DMZ", "roles": ["domain-controller"], "platforms": ["active-directory"]}


def test_what_nothing_asks_for_takes_a_flow_of_its_own_between_the_first_two():
    assert ways("Staff", "PS01", "tcp/8080") == [("flow", ("Staff", "PS01"))]
    assert ways("Clients", "PS01", "tcp/443") == [("flow", ("Admins", "PS01"))], "Staff is admitted already"


def test_what_the_plan_keeps_closed_names_its_row():
    [way] = find_ways(REPORT, ask(REPORT, "PRP01", "SQL01", "tcp/1433"))
    assert (way.kind, way.row) == ("closed", 0)


def test_what_the_document_forbids_is_no_row_of_the_plan():
    site = {"name": "SD01", "zone": "DMZ", "addresses": ["192.0.2.9"], "roles": ["self-destruct-site"]}
    of = report(endpoints=[site], choices={"self-destruct": "push-pull"})
    [way] = find_ways(of, ask(of, "SD01", "PS01", "tcp/443"))
    assert (way.kind, way.row) == ("closed", None)


def test_an_excluded_flow_is_taken_back_and_not_added():
    [way] = find_ways(REPORT, ask(REPORT, "PS01", "SQL01", "tcp/1433"))
    assert (way.kind, way.row) == ("exclusion", 0)


@pytest.mark.parametrize(
    ("service", "kind"), [("tcp/50000", "exclusion"), ("tcp/49152-65535", "exclusion"), ("tcp/49000-50000", "flow")]
)
def test_a_part_of_an_excluded_range_is_excluded_too(service, kind):
    windows = {"name": "W", "zone": "DMZ", "platforms": ["windows"], "operations": ["discovery"]}
    range_ = {"source": "PS01", "destination": "W", "protocol": "tcp", "ports": "49152-65535", "reason": "Not here"}
    of = report(endpoints=[windows], exclusions=[range_], corrections=["wmi-dynamic-rpc"])
    assert find_ways(of, ask(of, "PS01", "W", service))[0].kind == kind


@pytest.mark.parametrize(
    ("chosen", "kinds"),
    [("ldap", ["decide", "flow"]), ("ldaps", ["unsaid"])],
)
def test_another_option_of_a_decided_choice_would_ask_for_it(chosen, kinds):
    end = {"name": "AD01", "zone": "DMZ", "platforms": ["active-directory"], "operations": ["reset"]}
    of = report(endpoints=[end], choices={"directory-port": chosen})
    found = find_ways(of, ask(of, "PS01", "AD01", "tcp/636"))
    assert [way.kind for way in found] == kinds
    if chosen == "ldap":
        assert (found[0].subject, found[0].options) == ("directory-port", ("ldaps",))


def test_an_endpoint_that_decides_for_itself_has_its_own_decision_tried():
    end = AD | {
        "roles": [],
        "operations": ["reset"],
        "choices": {"directory-port": "ldap"},
        "addresses": ["192.0.2.7"],
    }
    of = report(endpoints=[end], choices={"directory-port": "ldaps"})
    [way, *_] = find_ways(of, ask(of, "PS01", "DC01", "tcp/636"))
    assert (way.kind, way.subject, way.own) == ("decide", "directory-port", ("DC01",))
    assert say_way(of, way, "planner").startswith(
        "It would be asked for if “Directory port for managed Active Directory” were decided as LDAPS for DC01."
    )


def test_what_hangs_on_an_open_decision_names_it_with_its_options():
    end = AD | {"roles": [], "operations": ["reset"], "addresses": ["192.0.2.7"]}
    of = report(endpoints=[end])
    [way] = find_ways(of, ask(of, "PS01", "DC01", "tcp/389"))
    assert (way.kind, way.subject, way.options) == ("decide", "directory-port", ("ldap",))


def test_a_correction_that_is_not_applied_would_ask_for_it():
    of = report(endpoints=[AD])
    assert ways("PS01", "DC01", "tcp/389", of)[0] == ("correct", "ldap-tcp")
    applied = report(endpoints=[AD], corrections=["ldap-tcp"])
    assert ("correct", "ldap-tcp") not in ways("PS01", "DC01", "tcp/389", applied)


@pytest.mark.parametrize("addresses", [[], ["portal.example.com"]])
def test_what_is_admitted_wants_the_address_of_an_end_that_has_none_or_a_name_only(addresses):
    end = {"name": "PRP02", "zone": "DMZ", "addresses": addresses, "roles": ["password-reset-portal"]}
    of = report(endpoints=[end])
    assert ways("World", "PRP02", "tcp/443", of) == [("unsaid", "PRP02")]
    assert ways("World", "PRP01", "tcp/443", of) == [], "any is an address"


def test_an_address_that_is_nobodys_may_be_of_one_who_has_none():
    end = {"name": "PRP02", "zone": "DMZ", "roles": ["password-reset-portal"]}
    of = report(endpoints=[end])
    assert ways("10.9.0.3", "PS01", "tcp/443", of) == [("unaddressed", "PRP02"), ("place", "the address 10.9.0.3")]
    assert ways("Empty", "PS01", "tcp/443", of) == [("place", "the zone Empty")]


def test_a_correction_that_is_applied_already_is_not_offered_to_others():
    applied = report(endpoints=[AD], corrections=["ldap-tcp"])
    found = ways("Staff", "DC01", "tcp/389", applied)
    assert [kind for kind, _ in found] == ["flow"]


def test_a_correction_that_gives_a_service_another_port_would_ask_for_it():
    end = {"name": "SW01", "zone": "DMZ", "addresses": ["192.0.2.7"], "sessions": ["telnet"]}
    of = report(endpoints=[end])
    assert ("correct", "telnet-port") in ways("Admins", "SW01", "tcp/23", of)


def test_in_a_plan_with_very_many_flows_no_other_decision_is_tried(monkeypatch):
    of = report(endpoints=[AD])
    monkeypatch.setattr("planner.engine.ways.MAX_FLOWS", len(of.flows) - 1)
    assert [kind for kind, _ in ways("PS01", "DC01", "tcp/389", of)] == ["flow"]


def test_a_decision_that_would_ask_for_more_than_is_evaluated_is_not_offered(monkeypatch):
    def refuse(matrix, plan, before):
        raise TooLarge("It would have more flows than are evaluated.")

    of = report(endpoints=[AD])
    monkeypatch.setattr("planner.engine.ways.evaluate_report", refuse)
    assert [kind for kind, _ in ways("PS01", "DC01", "tcp/389", of)] == ["flow"]


@pytest.mark.slow
def test_every_decision_that_would_ask_for_a_packet_is_found_by_what_differs_as_by_whole_evaluations():
    plan = read_topology(MATRIX, "everything")
    of = evaluate_report(MATRIX, plan)
    known = set(map(say, of.flows))
    found = 0
    for choice in MATRIX.choices.values():
        for option in choice.slugs:
            taken = (*plan.choices.get(choice.slug, choice.default or ()), option) if choice.many else option
            other = replace(plan, choices={**plan.choices, choice.slug: taken})
            new = [one for one in map(say, evaluate_report(MATRIX, other).flows) if one not in known]
            answer = ask(of, *new[0]) if new else None
            if answer and answer.outcome == "not-asked":
                ways = find_ways(of, answer)
                assert ways == find_ways(replace(of, basis=None), answer)
                assert any(way.subject == choice.slug and option in way.options for way in ways)
                found += 1
    assert found > 3


def say(flow):
    """Who asks for what of whom."""
    ports = (flow.need.ports or "").partition("-")[0]
    return flow.source.name, flow.destination.name, f"{flow.need.protocol}/{ports}".rstrip("/")
