"""Which of many targets are tried, beside the plan's ports and of what a row keeps apart: the same ones each time."""

from collections import Counter
from functools import partial
from types import SimpleNamespace

import pytest

from planner.engine.checks import MOST_PAIRS, _list_free, _pick, _spread, plan_checks
from planner.engine.spans import Spans
from tests.engine.test_acceptance import report_of
from tests.engine.test_linear import LARGE, MOST, SMALL, count_steps
from tests.report.samples import write_plan


def test_of_many_targets_a_few_different_ones_are_picked_by_the_name_of_who_tries():
    targets = [SimpleNamespace(name=f"T{number}") for number in range(100)]
    picked = {name: [one.name for one in _pick(targets, name)] for name in ("PS01", "PS02")}
    for names in picked.values():
        assert len(names) == 8
        assert len(set(names)) > 4
    assert picked["PS01"] != picked["PS02"]
    assert [one.name for one in _pick(targets, "PS01")] == picked["PS01"]
    assert [one.name for one in _pick(targets[:1], "PS01")] == ["T0"]


def test_a_port_just_beside_those_of_the_plan_is_free():
    def free(near, *taken):
        return _list_free(near, Spans.of(taken))

    assert free(["443"], (443, 443)) == [442, 444]
    assert free(["443"], (442, 443)) == [444]
    assert free(["443"], (443, 444)) == [442]
    assert free(["443"], (442, 444)) == []
    assert free(["1", "65535"], (1, 1), (65535, 65535)) == [2, 65534]


@pytest.mark.slow
@pytest.mark.parametrize("several", [True, False], ids=["destinations", "ports of one destination"])
def test_four_times_the_ports_take_little_more_than_four_times_the_steps(several):
    def prepare(count):
        ends = [
            {"name": f"A{n}", "zone": "Internal", "addresses": [f"10.0.{n // 250}.{n % 250 + 1}"]}
            for n in range(count)
        ]
        ends += [
            {"name": f"B{n}", "zone": "DMZ", "addresses": [f"192.168.{n // 250}.{n % 250 + 1}"]}
            for n in range(count if several else 1)
        ]
        flows = [
            {
                "source": f"A{n}", "destination": f"B{n if several else 0}", "protocol": "tcp",
                "ports": str(2 * n + 1000), "reason": "Backup",
            }
            for n in range(count)
        ]  # fmt: skip
        return partial(plan_checks, report_of(write_plan(*ends, additional_flows=flows)))

    prepare(2)()
    small, large = (count_steps(prepare(count)) for count in (SMALL, LARGE))
    assert large <= MOST * small


@pytest.mark.parametrize(
    ("sources", "destinations"),
    [(0, 5), (1, 1), (20, 20), (21, 20), (99, 99), (1, 400), (3, 398), (399, 133), (399, 400), (2, 5000), (900, 700)],
)
def test_pairs_that_are_tried_are_spread_evenly_over_sources_and_destinations(sources, destinations):
    pairs = list(_spread(sources, destinations))
    assert len(set(pairs)) == len(pairs) == min(sources * destinations, MOST_PAIRS)
    for side, count in ((0, sources), (1, destinations)):
        tried = Counter(pair[side] for pair in pairs)
        assert len(tried) == min(count, len(pairs))
        assert set(tried) <= set(range(count))
        assert max(tried.values(), default=0) - min(tried.values(), default=0) <= 1


@pytest.mark.parametrize("count", [2, 21, 100, 300, 400, 401, 3000])
def test_within_a_zone_too_each_endpoint_is_tried_from_another_one_and_the_other_way_round(count):
    pairs = [(source, destination) for source, destination in _spread(count, count) if source != destination]
    assert len({source for source, _ in pairs}) == len({to for _, to in pairs}) == min(count, MOST_PAIRS)
