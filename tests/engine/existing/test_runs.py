"""Many refusals in a row are taken together, and say the same as one by one."""

import random

import pytest

from planner.engine.existing import decide as existing_decide
from planner.engine.existing import table
from planner.engine.existing.decide import compare_with
from planner.engine.existing.table import Table
from tests.engine.existing.rulesets import accept, drop, flow, host, match, plan, ruleset, side

REPORT = plan(
    [host("Public", "any", zone="Internet", group=True), host("Store", "192.0.2.10", zone="DMZ")],
    [flow("Public", "Store"), flow("Public", "Store", ports="80-90"), flow("Store", "Public")],
)


def blocked(count, service="tcp/443"):
    return [
        drop(f"block {number}", match(f"198.51.{number // 200}.{number % 200 + 1}", "", service))
        for number in range(count)
    ]


def test_thousands_of_refusals_cost_as_many_steps_as_are_named():
    gap = compare_with(REPORT, ruleset(*blocked(4_000), accept("all")))
    assert [one.state for one in gap.flows] == ["open", "partly", "open"]
    [partly] = [one for one in gap.flows if one.state == "partly"]
    assert partly.by[0] == "all"
    assert partly.refusing == tuple(f"block {number}" for number in range(20))
    assert gap.steps < 600, gap.steps


def test_only_plain_refusals_that_differ_in_one_side_are_a_run():
    assert {row.run for row in Table(blocked(50)).rows} == {1}
    assert {row.run for row in Table(blocked(table.LEAST_RUN - 1)).rows} == {0}
    to_many = [drop("x", match("10.0.0.1", f"192.0.2.{number}")) for number in range(50)]
    assert {row.run for row in Table(to_many).rows} == {1}
    both = [drop("x", match(f"10.0.0.{number}", f"192.0.2.{number}")) for number in range(50)]
    assert {row.run for row in Table(both).rows} == {0}
    for more in ({"obscure": ("a limit",)}, {"enters": side("eth0")}, {"verdict": "accept"}):
        entries = [accept("x", match(f"10.0.0.{number}"), **{"verdict": "drop"} | more) for number in range(50)]
        assert {row.run for row in Table(entries).rows} == {0}


@pytest.mark.parametrize("seed", range(15))
def test_what_is_taken_together_says_what_one_by_one_does(seed, monkeypatch):
    source = random.Random(f"runs {seed}")
    services = ["tcp/443", "tcp/80-85", "", "tcp/1-100"]
    entries = []
    for number in range(12):
        kind = source.random()
        name = f"entry {number}"
        if kind < 0.5:
            service, left = source.choice(services), source.random() < 0.5
            for place in range(source.randint(2, 30)):
                one = f"198.51.100.{source.randint(0, 80)}"
                ends = (one, "") if left else ("", one)
                entries.append(drop(f"{name}.{place}", match(*ends, service)))
        elif kind < 0.8:
            entries.append(
                accept(name, match(f"198.51.100.{source.randint(0, 7) * 8}/29", "", source.choice(services)))
            )
        else:
            entries.append(accept(name, match("", "", source.choice(services)), obscure=("a limit",)))

    def answer(least):
        monkeypatch.setattr(table, "LEAST_RUN", least)
        return compare_with(REPORT, ruleset(*entries, default="accept"))

    together = answer(2)
    monkeypatch.setattr(existing_decide, "MOST_NAMED", 10**6)
    apart = answer(10**6)
    assert [(one.state, one.constructs) for one in together.flows] == [
        (one.state, one.constructs) for one in apart.flows
    ]
    assert together.wider == apart.wider
    for one, other in zip(together.flows, apart.flows, strict=True):
        assert set(one.by) <= set(other.by)
        assert set(one.refusing) <= set(other.refusing)
        assert bool(one.by) == bool(other.by)
