"""The work that looking for what must stay closed takes, counted."""

import ipaddress
from functools import partial

import pytest

from planner.engine.existing import forbidden
from planner.engine.existing.decide import compare_with
from tests.engine.existing.rulesets import accept, host, match, plan, ruleset
from tests.engine.test_linear import count_steps

MOST = 6
"""How much more four times as much may cost: more is cut in halves of halves. What looks at all pairs costs 16."""


def address(side, number):
    return str(ipaddress.ip_address(f"{side}.0") + number + 1)


def client(number):
    return address("10.0.0", number)


def server(number):
    return address("192.168.0", number)


def report_of(count, *rows):
    ends = [host(f"A{number}", client(number)) for number in range(count)]
    ends += [host(f"B{number}", server(number), zone="DMZ") for number in range(count)]
    never = [{"from": {"zone": "Internal"}, "to": {"zone": "DMZ"}, "reason": "No.", **row} for row in rows]
    return plan(ends, [], never=never)


def permits(count):
    return [accept(f"e{n}", match(client(n), server(n), f"tcp/{1000 + n}")) for n in range(count)]


def find(report, *entries):
    return compare_with(report, ruleset(*entries), also=("forbidden",)).forbidden


EVERYTHING = {"protocol": "tcp", "ports": "1-65535"}
RDP = {"protocol": "tcp", "ports": "3389"}


def test_of_as_many_permits_as_there_are_endpoints_each_is_told():
    """400 × 400 pairs, which took more than 100,000 steps at once: then nothing was told of any."""
    hole = accept("hole", match(client(0), server(1), "tcp/3389"))
    found = find(report_of(400, EVERYTHING, RDP), *permits(400), hole)
    assert found.unchecked == 0
    assert all(one.is_sure for one in found.entries)
    assert {one.entry for one in found.entries} == {"hole", *(f"e{n}" for n in range(400))}
    first = found.entries[0]
    assert (first.entry, [breach.row.number for breach in first.breaches]) == ("hole", [0, 1])
    [breach] = next(one for one in found.entries if one.entry == "e7").breaches
    assert (breach.sources, breach.destinations, breach.services) == (("A7",), ("B7",), ("tcp 1007",))


def test_a_row_that_takes_too_many_steps_counts_as_not_looked_at_and_the_next_is(monkeypatch):
    monkeypatch.setattr(forbidden, "MOST_AT_ONCE", 2)
    monkeypatch.setattr(forbidden, "MOST_STEPS", 2)
    alike = [accept(f"e{number}", match("", "", f"tcp/{1000 + number}")) for number in range(9)]
    found = find(report_of(1, EVERYTHING, RDP), *alike, accept("hole", match("", "", "tcp/3389")))
    assert found.unchecked == 1
    assert [(one.entry, one.is_sure) for one in found.entries] == [("hole", True)]


@pytest.mark.slow
@pytest.mark.parametrize("made", [lambda count: (), permits], ids=["nothing is admitted", "each has a permit"])
def test_four_times_the_endpoints_take_little_more_than_four_times_the_steps(made):
    def count(number):
        report, entries = report_of(number, EVERYTHING), made(number)
        without = count_steps(partial(compare_with, report, ruleset(*entries)))
        return count_steps(partial(find, report, *entries)) - without

    count(2)
    small, large = count(60), count(240)
    assert small > 60, "nothing was counted"
    assert large <= MOST * small
