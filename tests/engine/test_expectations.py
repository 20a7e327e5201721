"""What is expected of a plan, held against it: all of what is to be allowed, nothing of what isn't."""

from dataclasses import replace
from functools import partial

import pytest

from planner.engine import evaluate_report
from planner.engine.expectations import check_expectations
from planner.engine.flows import Excluded
from planner.plan.document import check_plan
from tests.engine.test_ask import MATRIX, PLAN
from tests.engine.test_linear import LARGE, MOST, SMALL, count_steps


def check(*rows, **more):
    document = PLAN | {"expect": list(rows)} | more
    return check_expectations(evaluate_report(MATRIX, check_plan(document, matrix=MATRIX)))


def row(source, destination, service, allowed, reason=None):
    """An expectation: a side is an endpoint's name, or that of a zone in brackets."""
    sides = [
        {"zone": side.strip("[]")} if side.startswith("[") else {"endpoint": side} for side in (source, destination)
    ]
    protocol, _, ports = service.partition("/")
    made = {"from": sides[0], "to": sides[1], "allowed": allowed}
    made |= {"protocol": protocol} if protocol else {}
    made |= {"ports": ports} if ports else {}
    return made | ({"reason": reason} if reason else {})


@pytest.mark.parametrize(
    ("expected", "met"),
    [
        (row("Staff", "PS01", "tcp/443", True), True),
        (row("Staff", "PS01", "tcp/443", False), False),
        (row("Staff", "PS01", "tcp/80", True), False),
        (row("Staff", "PS01", "tcp/80", False), True),
        (row("Staff", "PS01", "tcp/440-445", True), False),
        (row("Staff", "PS01", "tcp/440-445", False), False),
        (row("Staff", "PS01", "tcp", True), False),
        (row("Staff", "PS01", "tcp", False), False),
        (row("Staff", "PS01", "udp", False), True),
        (row("Staff", "PS01", "", False), False),
        (row("Staff", "PS01", "", True), False),
        (row("PS01", "Staff", "", False), True),
        (row("PS01", "Staff", "icmp", False), True),
        (row("PS01", "Staff", "icmp", True), False),
        (row("[Clients]", "SQL01", "", False), True),
        (row("[DMZ]", "[Internal]", "", False), False),
        (row("[DMZ]", "SQL01", "tcp/1433", True), False),
        (row("[Empty]", "SQL01", "", False), True),
        (row("[Empty]", "SQL01", "tcp/1433", True), False),
    ],
    ids=str,
)
def test_an_expectation_is_met_or_it_is_said_why_not(expected, met):
    (found,) = check(expected)
    assert found.met is met
    assert bool(found.reason) is not met


def test_a_machine_of_a_zone_is_not_expected_to_send_to_itself():
    flow = {"source": "SQL01", "destination": "PS01", "protocol": "tcp", "ports": "9", "reason": "Cluster"}
    ends = [end for end in PLAN["endpoints"] if end["name"] in ("PS01", "SQL01")]
    rows = row("[Internal]", "PS01", "tcp/9", True), row("SQL01", "[Internal]", "tcp/9", True)
    plan = {"endpoints": ends, "exclusions": [], "never": [], "additional_flows": [flow]}
    assert [one.met for one in check(*rows, **plan)] == [True, True]
    (other,) = check(row("[Internal]", "SQL01", "tcp/9", True), **plan)
    assert not other.met


def test_a_zone_of_which_a_part_is_admitted_is_neither_allowed_nor_closed():
    """Where one machine of a zone gets through, the whole zone doesn't, and the zone isn't shut out either."""
    service = "tcp/1433"
    allowed, closed = check(row("[Internal]", "SQL01", service, True), row("[Internal]", "SQL01", service, False))
    assert not allowed.met
    assert not closed.met


def test_what_stays_on_one_machine_opens_nothing():
    both = [
        end | ({"roles": ["web-primary", "database"]} if end["name"] == "PS01" else {}) for end in PLAN["endpoints"]
    ]
    both = [end for end in both if end["name"] != "SQL01"]
    (found,) = check(row("PS01", "PS01", "", False), endpoints=both, never=[], exclusions=[], additional_flows=[])
    assert found.met


FAMILIES = {
    "None": [], "Four": ["10.0.0.1"], "Six": ["2001:db8::1"], "Both": ["10.0.0.2", "2001:db8::2"],
    "Named": ["a.example.com"], "Six2": ["2001:db8::3"],
}  # fmt: skip


def of_families(flows, *rows, zone="Internal", **more):
    """What is expected of machines by these names, each in the zone, with these flows between them."""
    ends = [{"name": name, "zone": zone, "addresses": known} for name, known in FAMILIES.items()]
    ends.append({"name": "Web", "zone": "DMZ", "addresses": ["192.0.2.7"]})
    made = [
        {"source": source, "destination": destination, "protocol": protocol, "reason": "R"}
        | ({"ports": ports} if ports else {})
        for source, destination, service in flows
        for protocol, _, ports in [service.partition("/")]
    ]
    plan = {"endpoints": ends, "additional_flows": made, "exclusions": [], "never": []}
    return [one.met for one in check(*rows, **plan | more)]


def test_one_packet_between_two_machines_is_either_allowed_or_not():
    pairs = [(one, other) for one in FAMILIES for other in FAMILIES if one != other]
    flows = [(*pair, service) for pair in pairs[::2] for service in ("icmp", "tcp/9")]
    asked = [(*pair, service) for pair in pairs for service in ("icmp", "tcp/9")]
    allowed, refused = (of_families(flows, *(row(*one, kind) for one in asked)) for kind in (True, False))
    both = [one for one, *met in zip(asked, allowed, refused, strict=True) if sum(met) != 1]
    assert both == []
    of_six = [one for one, met in zip(asked, refused, strict=True) if met and one in flows]
    assert of_six == [one for one in flows if one[2] == "icmp" and any("Six" in name for name in one[:2])]


EVERY = "tcp/1-65535", "udp/1-65535"


def test_everything_is_allowed_where_all_is_that_can_be_sent():
    pair = [("Six", "Four", service) for service in EVERY]
    assert of_families(pair, row("Six", "Four", "", True), row("Six", "Four", "icmp", True)) == [True, False]
    assert of_families(pair[:1], row("Six", "Four", "", True)) == [False]
    assert of_families([("Both", "Four", one) for one in EVERY], row("Both", "Four", "", True)) == [False]
    zone = [("Six", "Six2", one) for one in EVERY] + [("Six2", "Six", one) for one in EVERY]
    ends = [{"name": name, "zone": "Empty", "addresses": FAMILIES[name]} for name in ("Six", "Six2")]
    assert of_families(zone, row("[Empty]", "[Empty]", "", True), endpoints=ends) == [True]
    mixed = [("Six", "Four", one) for one in EVERY] + [("Four", "Six", one) for one in EVERY]
    ends = [{"name": name, "zone": "Empty", "addresses": FAMILIES[name]} for name in ("Six", "Four")]
    assert of_families(mixed, row("[Empty]", "[Empty]", "", True), endpoints=ends) == [True]


def test_a_machine_of_ipv6_alone_keeps_no_zone_from_being_as_expected():
    flows = [(name, "Web", service) for name in FAMILIES for service in ("icmp", "tcp/9")]
    rows = row("[Internal]", "Web", "icmp", True), row("[Internal]", "[DMZ]", "icmp", True)
    assert of_families(flows, *rows) == [True, True]
    assert of_families([one for one in flows if one[0] != "Four"], *rows) == [False, False]
    everything = [(name, "Web", service) for name in FAMILIES for service in (*EVERY, "icmp")]
    assert of_families(everything, row("[Internal]", "Web", "", True)) == [True]
    only_six = [("Six", "Web", "icmp"), ("Six2", "Web", "icmp")]
    assert of_families(only_six, row("[Internal]", "Web", "icmp", False)) == [True]


def test_rows_are_numbered_and_said_with_the_reason_that_they_give():
    found = check(row("Staff", "PS01", "tcp/443", True), row("[Clients]", "PS01", "tcp/443", False, "Policy 12."))
    assert [one.number for one in found] == [0, 1]
    assert found[0].said == "tcp 443 from Staff to PS01 is allowed"
    assert found[1].said == "tcp 443 from the zone Clients to PS01 is not allowed"
    assert found[1].reason.startswith("The plan asks for tcp 443 from ")
    assert found[1].reason.endswith("The plan expects otherwise: Policy 12.")


@pytest.mark.slow
@pytest.mark.parametrize("allowed", [True, False])
@pytest.mark.parametrize("met", [True, False])
def test_four_times_the_rows_and_flows_take_little_more_than_four_times_the_steps(allowed, met):
    def prepare(count):
        ends = [{"name": f"A{number}", "zone": "Internal"} for number in range(count)]
        flows = [
            {"source": "A0", "destination": f"A{number}", "protocol": "tcp", "ports": "9", "reason": "Cluster"}
            for number in range(1, count)
        ]
        service = "tcp/9" if allowed == met else "tcp/10"
        rows = [row("A0", f"A{number}", service, allowed) for number in range(1, count)]
        never = [
            {"from": {"endpoint": "A0"}, "to": {"endpoint": f"A{number}"}, "protocol": "udp", "reason": "No"}
            for number in range(1, count)
        ]
        document = {
            "format": 1, "name": "Many", "zones": PLAN["zones"], "endpoints": ends, "additional_flows": flows,
            "never": never, "expect": rows,
        }  # fmt: skip
        report = evaluate_report(MATRIX, check_plan(document, matrix=MATRIX))
        assert {one.met for one in check_expectations(report)} == {met}
        return partial(check_expectations, report)

    prepare(2)
    small, large = (count_steps(prepare(count)) for count in (SMALL, LARGE))
    assert large <= MOST * small


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["flows", "closed", "excluded", "same"])
def test_rows_between_two_ends_cost_no_look_at_all_else_between_them(kind):
    """As many flows, or rows that keep it closed, between the same two ends as there are expectations of them."""

    def prepare(count):
        ports = [str(number + 1) for number in range(count)]
        flows = [{"source": "A", "destination": "B", "protocol": "tcp", "ports": one, "reason": "R"} for one in ports]
        sides = {"from": {"endpoint": "A"}, "to": {"endpoint": "B"}, "reason": "No"}
        document = {
            "format": 1, "name": "Many", "zones": PLAN["zones"],
            "endpoints": [{"name": "A", "zone": "Internal"}, {"name": "B", "zone": "DMZ"}],
            "additional_flows": [] if kind == "closed" else flows,
            "never": [sides | {"protocol": "tcp", "ports": one} for one in ports] if kind == "closed" else [],
            "expect": [row("A", "B", "tcp" if kind == "same" else f"tcp/{one}", True) for one in ports],
        }  # fmt: skip
        report = evaluate_report(MATRIX, check_plan(document, matrix=MATRIX))
        if kind == "excluded":
            excluded = tuple(Excluded(flow=flow, exclusion=None) for flow in report.flows)
            report = replace(report, flows=(), excluded=excluded)
            assert len(excluded) == count
            report = replace(report, plan=replace(report.plan, expect=tuple(
                replace(one, ports=str(int(one.ports) + count)) for one in report.plan.expect
            )))  # fmt: skip
        met = {one.met for one in check_expectations(report)}
        assert met == {kind == "flows"}
        return partial(check_expectations, report)

    prepare(2)
    small, large = (count_steps(prepare(count)) for count in (SMALL, LARGE))
    assert large <= MOST * small
