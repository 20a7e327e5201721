"""Own settings and rows of `never` by the thousand: what they cost, which the count of flows doesn't see."""

from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.engine import TooLarge, evaluate_report, prohibitions
from planner.engine.findings.evidence import both_ends
from planner.engine.prohibitions import count_broken, forbids
from planner.engine.size import check_size
from planner.engine.terms import Terms
from planner.engine.topology import PLAIN, Setting, Topology
from planner.plan import limits
from planner.plan.document import check_plan
from ports.queries import shipped_matrix
from tests.engine.test_linear import LARGE, MOST, SMALL, count_steps
from tests.report.samples import write_plan
from tests.strategies import documents, often

MATRIX = shipped_matrix()


def check(document):
    return check_plan(document, matrix=MATRIX)


# ---- settings of one's own ----


def hosts(count):
    """As many machines that are reached by SSH, each on a port of its own."""
    document = write_plan(
        {"name": "PS01", "zone": "Internal", "roles": ["web-primary"]},
        *(
            {
                "name": f"H{number}", "zone": "DMZ", "platforms": ["linux-mac"], "operations": ["reset"],
                "ports": {"ssh": 10_000 + number},
            }
            for number in range(count)
        ),
    )  # fmt: skip
    return check(document)


@settings(max_examples=often(60))
@given(documents(MATRIX, most=9))
def test_terms_under_a_setting_are_those_of_a_plan_that_says_it_for_all(document):
    plan = check(document)
    topology = Topology(MATRIX, plan)
    terms = Terms(MATRIX, plan, topology)
    for setting in {PLAIN, *topology.settings.values()}:
        told = replace(
            plan, choices={**plan.choices, **dict(setting.choices)}, ports={**plan.ports, **dict(setting.ports)}
        )
        found, wanted = terms.under(setting), Terms(MATRIX, told, topology)
        assert dict(found.asks) == dict(wanted.asks)
        assert len(found.asks) == len(wanted.asks)
        assert found.asks == wanted.asks
        assert found.offers == wanted.offers
        assert all(found.ports(service) == wanted.ports(service) for service in MATRIX.services.values())
        assert all(found.chosen(choice) == wanted.chosen(choice) for choice in MATRIX.choices)


def test_what_a_setting_does_not_bear_on_is_shared():
    plan = hosts(2)
    terms = Terms(MATRIX, plan, Topology(MATRIX, plan))
    plain, own = terms.under(PLAIN), terms.under(Setting(ports=(("ssh", "10000"),)))
    others = {one.slug for one in MATRIX.requirements if "ssh" not in {ask.service for ask in one.asks}}
    assert {slug for slug in own.asks if own.asks[slug] is plain.asks[slug]} == others & plain.asks.keys()
    changed = [own.asks[slug] for slug in own.asks.keys() - others]
    assert len({id(asks) for asks in changed}) < len(changed) / 4, "those that ask for the same share it"


def test_terms_of_two_plans_are_compared_by_what_they_say():
    plan = hosts(1)
    first, second = (Terms(MATRIX, plan, Topology(MATRIX, plan)) for _ in range(2))
    other = Terms(MATRIX, replace(plan, ports={"rdp": "3390"}), Topology(MATRIX, plan))
    ssh = Setting(ports=(("ssh", "10000"),))
    assert first.under(ssh).asks == second.under(ssh).asks
    assert first.under(ssh).asks != second.under(Setting(ports=(("ssh", "10001"),))).asks
    assert first.under(ssh).asks != other.under(ssh).asks
    assert first.under(Setting(ports=(("ssh", "22"),))).asks == second.asks, "the usual one as one's own"
    assert other.under(Setting(ports=(("rdp", "3389"),))).asks == first.asks


def test_terms_of_a_setting_cost_a_fraction_of_those_of_a_plan():
    plan = hosts(2)
    topology = Topology(MATRIX, plan)
    terms = Terms(MATRIX, plan, topology)
    terms.under(Setting(choices=(("winrm", "https"),), ports=(("ssh", "10000"),)))  # what is looked up once
    anew = count_steps(partial(Terms, MATRIX, plan, topology))
    for setting in (Setting(ports=(("ssh", "10001"),)), Setting(choices=(("winrm", "http"),))):
        assert count_steps(partial(terms.under, setting)) < anew / 5


# ---- what must stay closed ----

SPANS = st.tuples(st.integers(1, 12), st.integers(0, 12)).map(lambda one: (one[0], one[0] + one[1] // 3))
PORTS = SPANS.map(lambda span: f"{span[0]}-{span[1]}" if span[0] < span[1] else f"{span[0]}")
SIDES = st.sampled_from([{"zone": "Internal"}, {"zone": "DMZ"}, {"endpoint": "A"}, {"endpoint": "B"}])


@st.composite
def forbidding(draw):
    """A plan of two endpoints with flows of its own, and rows for some of them."""
    flows = [
        {"source": ends[0], "destination": ends[1], "protocol": protocol, "ports": ports, "reason": "Because"}
        for ends in ("AB", "BA")
        for protocol in ("tcp", "udp")
        for ports in draw(st.lists(PORTS, max_size=8, unique=True))
    ]
    rows = [
        {"from": draw(SIDES), "to": draw(SIDES), "reason": "No", **what}
        for what in draw(
            st.lists(
                st.one_of(
                    st.just({}),
                    st.fixed_dictionaries({"protocol": st.sampled_from(["tcp", "udp", "icmp"])}),
                    st.fixed_dictionaries({"protocol": st.sampled_from(["tcp", "udp"]), "ports": PORTS}),
                ),
                min_size=1,
                max_size=6,
            )
        )
    ]
    ping = {"source": "A", "destination": "B", "protocol": "icmp", "reason": "Ping"}
    ends = [{"name": name, "zone": zone} for name, zone in (("A", "Internal"), ("B", "DMZ"))]
    return write_plan(*ends, additional_flows=[*flows, ping], never=rows)


@settings(max_examples=often(200))
@given(forbidding())
def test_a_row_is_broken_by_the_flows_that_it_forbids_in_their_order(document):
    report = evaluate_report(MATRIX, check(document))

    def is_at(end, side):
        return end.zone == side.get("zone") or end.name == side.get("endpoint")

    for row in report.closed:
        wanted = [
            flow
            for flow in report.flows
            if is_at(flow.source, row.source)
            and is_at(flow.destination, row.destination)
            and forbids(row.protocol, row.ports, flow.need.protocol, flow.need.ports)
        ]
        assert list(row.breaking) == wanted
    broken = sum(len(row.breaking) for row in report.closed if row.number is not None)
    assert count_broken(report.plan.never, report.flows) == broken
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "BROKEN", broken)
        check_size(MATRIX, report.plan)
        assert len(evaluate_report(MATRIX, report.plan).closed) == len(report.closed)
        if broken:
            patch.setattr(limits, "BROKEN", broken - 1)
            for refuse in (check_size, evaluate_report):
                with pytest.raises(TooLarge, match=f"break .* {broken:,} times, .* at most {broken - 1:,} are listed"):
                    refuse(MATRIX, report.plan)


def closed(count, *, ports):
    """As many flows on different ports, and as many rows between the same two zones."""
    ends = [{"name": name, "zone": zone} for name, zone in (("A", "Internal"), ("B", "DMZ"))]
    between = {"source": "A", "destination": "B", "protocol": "tcp", "reason": "Because"}
    sides = {"from": {"zone": "Internal"}, "to": {"zone": "DMZ"}, "protocol": "tcp", "reason": "No"}
    return check(
        write_plan(
            *ends,
            additional_flows=[between | {"ports": 2 * number + 1} for number in range(count)],
            never=[sides | {"ports": ports(number)} for number in range(count)],
        )
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "ports",
    [
        lambda number: 2 * number + 2,  # beside each of them
        lambda number: f"{2 * number + 1}-{2 * number + 2}",  # one of them each
        lambda number: "1-65535",  # all of them, each time
    ],
)
def test_four_times_the_rows_and_flows_take_little_more_than_four_times_the_steps(ports):
    small, large = (
        count_steps(partial(evaluate_report, MATRIX, closed(count, ports=ports))) for count in (SMALL, LARGE)
    )
    assert large / small < 1.2 * MOST


def test_rows_that_forbid_the_same_share_what_they_find():
    report = evaluate_report(MATRIX, closed(3, ports=lambda _: "1-65535"))
    assert len({id(row.breaking) for row in report.closed}) == 1
    found = [one for one in report.findings if one.code == "never-broken"]
    assert len({id(one.endpoints) for one in found}) == 1
    assert found[0].endpoints == both_ends(report.closed[0].breaking)


def test_rows_that_are_broken_too_often_are_refused_before_anything_is_listed(monkeypatch):
    """2,000 rows and 2,000 flows: each row is broken by all flows but a few of them."""
    plan = closed(2_000, ports=lambda number: f"{number + 1}-65535")
    monkeypatch.setattr(prohibitions.Closed, "__init__", lambda *_, **__: pytest.fail("it was made"))
    for refuse in (check_size, evaluate_report):
        with pytest.raises(TooLarge) as caught:
            refuse(MATRIX, plan)
        assert caught.value.sentence == (
            "Flows that are needed break what the plan never allows 3,000,000 times, each counted for each row; at "
            "most 2,000,000 are listed. Take rows away that forbid the same, let them forbid fewer ports, or exclude "
            "the flows."
        )


def test_a_plan_whose_rows_are_broken_too_often_may_be_mended_step_by_step(monkeypatch):
    def plan(count, *, to="65535"):
        return closed(count, ports=lambda number: f"{number + 1}-{to}")

    monkeypatch.setattr(limits, "BROKEN", 20)
    check_size(MATRIX, plan(5))
    for before, after in ((9, 8), (8, 8), (9, 5), (5, 4)):
        check_size(MATRIX, plan(after), plan(before))
    check_size(MATRIX, plan(9, to="9"), plan(9))
    for before, after in ((8, 9), (5, 8), (None, 8)):
        with pytest.raises(TooLarge, match="never allows"):
            check_size(MATRIX, plan(after), plan(before) if before else None)


def test_a_row_that_is_broken_too_often_is_seen_beside_a_report_of_the_plan_before(monkeypatch):
    before = closed(6, ports=lambda number: f"{number + 1}")
    after = replace(before, never=closed(6, ports=lambda number: f"{number + 1}-65535").never)
    report = evaluate_report(MATRIX, before)
    check_size(MATRIX, after, before, report=report)
    monkeypatch.setattr(limits, "BROKEN", 20)
    check_size(MATRIX, before, before, report=report)
    with pytest.raises(TooLarge, match="never allows"):
        check_size(MATRIX, after, before, report=report)
    with pytest.raises(TooLarge, match="never allows"):
        evaluate_report(MATRIX, after, report)
