"""The work that deciding takes, counted: an entry is met only by what it could decide about."""

import tracemalloc
from functools import partial
from random import Random

import pytest

from planner.engine.existing import pairs, table, wider
from planner.engine.existing.decide import compare_with
from planner.engine.existing.pairs import InOrder
from tests.engine.existing.rulesets import accept, drop, flow, host, match, plan, ruleset
from tests.engine.test_linear import MOST, count_steps

CLIENTS, SERVERS = 20, 20


def make_report():
    ends = [host(f"C{number}", f"10.0.0.{number + 1}") for number in range(CLIENTS)]
    ends += [host(f"S{number}", f"192.0.2.{number + 1}", zone="DMZ") for number in range(SERVERS)]
    flows = [flow(f"C{client}", f"S{server}") for client in range(CLIENTS) for server in range(SERVERS)]
    return plan(ends, flows)


def make_rules(entries):
    """Of each flow an entry, and others that speak of the same servers, of the same clients, or of neither."""
    exact = [
        accept(f"{client} {server}", match(f"10.0.0.{client + 1}", f"192.0.2.{server + 1}", "tcp/443"))
        for client in range(CLIENTS)
        for server in range(SERVERS)
    ]
    more = [
        [
            accept(f"s{n}", match(f"10.{n // 65536 + 1}.{n // 256 % 256}.{n % 256}", "192.0.2.0/24", "tcp/443")),
            drop(f"c{n}", match("10.0.0.0/24", f"172.16.{n // 256}.{n % 256}", "tcp/443")),
            drop(f"p{n}", match("10.0.0.0/24", "192.0.2.0/24", f"tcp/{1000 + n}")),
        ]
        for n in range((entries - len(exact)) // 3)
    ]
    return ruleset(*(one for several in more for one in several), *exact)


def test_a_flow_meets_only_the_entries_that_could_decide_about_it():
    report = make_report()
    few, many = (compare_with(report, make_rules(entries)) for entries in (1_000, 4_000))
    assert {one.state for one in few.flows} == {one.state for one in many.flows} == {"open"}
    assert few.steps == many.steps == CLIENTS * SERVERS


@pytest.mark.slow
def test_many_entries_beside_few_flows_take_little_memory():
    report, rules = make_report(), make_rules(20_000)
    tracemalloc.start()
    try:
        compare_with(report, rules)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 100 * 2**20


def test_a_comparison_can_be_ended_at_each_flow_and_each_entry():
    class Ended(Exception):
        """It was."""

    report, rules, paused = make_report(), make_rules(200), []
    compare_with(report, rules, also=["stale", "forbidden"], pause=lambda: paused.append(None))
    assert len(paused) >= CLIENTS * SERVERS + 200
    for last in (0, CLIENTS * SERVERS // 2, CLIENTS * SERVERS + 100):

        def end(calls=iter(range(last))):  # noqa: B008  one for each
            if next(calls, None) is None:
                raise Ended

        with pytest.raises(Ended):
            compare_with(report, rules, pause=end)


def test_what_is_forgotten_in_between_changes_nothing(monkeypatch):
    report, rules = make_report(), make_rules(1_000)
    before = compare_with(report, rules)
    monkeypatch.setattr(table, "KEPT", 0)
    monkeypatch.setattr(wider, "MOST_PARTS", 0)
    assert compare_with(report, rules) == before


def test_an_entry_that_stands_there_many_times_is_measured_once():
    report = make_report()
    wide = accept("wide", match("10.0.0.0/24", "192.0.2.0/24", "tcp/400-500"))
    other = accept("wide", match("10.0.0.0/24", "192.0.2.0/24", "udp"))
    once, often = (compare_with(report, ruleset(*several)) for several in ((wide, other), (wide, *[wide, other] * 50)))
    assert often.wider == once.wider
    assert once.steps == often.steps


@pytest.mark.parametrize("kept", [1, pairs.MOST_KNOWN])
def test_the_first_names_of_many_endpoints_are_those_of_all_in_their_order(kept, monkeypatch):
    monkeypatch.setattr(pairs, "MOST_KNOWN", kept)
    draw = Random(1)
    names = [f"E{draw.randrange(10**9)}" for _ in range(50)]
    in_order = InOrder(plan([host(name, "10.0.0.1") for name in names], []).plan.endpoints)
    for bits in (0, 1, 1 << 49, 2**50 - 1, *(draw.getrandbits(50) for _ in range(20))):
        wanted = tuple(sorted(name for number, name in enumerate(names) if bits >> number & 1))
        for most in (0, 1, 7, 50):
            assert in_order.name(bits, most) == wanted[:most]


def make_left_over(count):
    """As many flows, each on a port of its own, and of each an entry that is named after a rule which went."""
    ends = [host(f"C{number}", f"10.0.{number // 250}.{number % 250 + 1}") for number in range(count)]
    ends += [host(f"S{number}", f"192.168.{number // 250}.{number % 250 + 1}", zone="DMZ") for number in range(count)]
    flows = [flow(f"C{number}", f"S{number}", ports=str(1_000 + number)) for number in range(count)]
    entries = [
        accept(
            f"e{n}",
            match(f"10.0.{n // 250}.{n % 250 + 1}", f"192.168.{n // 250}.{n % 250 + 1}", f"tcp/{1_000 + n}"),
            comment=f"A-B-{10 + n}, tcp {1_000 + n} - Why.",
        )
        for n in range(count)
    ]
    return plan(ends, flows), ruleset(*entries)


@pytest.mark.slow
def test_four_times_what_may_be_left_over_takes_little_more_than_four_times_the_steps():
    def count(number):
        report, rules = make_left_over(number)
        whole, without = (count_steps(partial(compare_with, report, rules, also=also)) for also in (["stale"], []))
        return whole - without

    count(2)
    small, large = count(100), count(400)
    assert small > 100, "nothing was counted"
    assert large <= MOST * small
