"""Every format costs in proportion to the addresses and to the endpoints of a plan.

What is done is counted and no time is taken: calls, and turns of loops. Four times as much of a thing may cost six
times as much, which leaves room for sorting; a square costs sixteen times as much.
"""

import sys
from contextlib import suppress
from functools import partial

import pytest

from planner.engine.ask import read_network
from planner.report import FORMATS, NotExpressible
from tests.report.samples import evaluate, write_plan

pytestmark = pytest.mark.slow
COUNTED = sys.monitoring.events.PY_START | sys.monitoring.events.CALL | sys.monitoring.events.JUMP


def many_addresses(count):
    """As many at both ends of a rule, all in one network, and as many networks of the zone."""
    sides = {
        name: [f"10.{net}.{n // 250}.{n % 250 + 1}" for n in range(count)] for name, net in (("WEB", 1), ("DB", 2))
    }
    plan = write_plan(
        {"name": "WEB", "zone": "Internal", "addresses": sides["WEB"], "roles": ["web-primary"]},
        {"name": "DB", "zone": "DMZ", "addresses": sides["DB"], "roles": ["database"]},
        firewalls=[{"name": "FW", "format": "fortigate", "zones": {"Internal": "port1", "DMZ": "port2"}}],
    )
    plan["zones"][0]["networks"] = [f"172.{16 + n // 200}.{n % 200}.0/24" for n in range(count)]
    return plan


def many_endpoints(count):
    """As many hosts that one server manages, behind a firewall."""
    hosts = [
        {"name": f"H{n}", "zone": "DMZ", "addresses": [f"10.1.{n // 250}.{n % 250 + 1}"], "platforms": ["windows"],
         "operations": ["host-heartbeat"], "managed_by": ["PS"]} for n in range(count)
    ]  # fmt: skip
    return write_plan(
        {"name": "PS", "zone": "Internal", "addresses": ["10.0.0.1"], "roles": ["web-primary"]},
        *hosts,
        firewalls=[{"name": "FW", "format": "asa", "zones": {"Internal": "port1", "DMZ": "port2"}}],
    )


PLANS = {"addresses": (many_addresses, 400), "endpoints": (many_endpoints, 50)}
"""Plans of a number of things, and a small number of them."""


def count(work):
    """How many calls and turns of loops it takes. Where a format refuses, what that takes."""
    counted = [0]

    def note(*_):
        counted[0] += 1

    read_network.cache_clear()  # else what was read for few is read anew for many alone
    tool = sys.monitoring.PROFILER_ID
    sys.monitoring.use_tool_id(tool, "growth")
    try:
        for event in (1 << bit for bit in range(COUNTED.bit_length()) if COUNTED >> bit & 1):
            sys.monitoring.register_callback(tool, event, note)
        sys.monitoring.set_events(tool, COUNTED)
        with suppress(NotExpressible):
            work()
    finally:
        sys.monitoring.set_events(tool, 0)
        sys.monitoring.free_tool_id(tool)
    return counted[0]


@pytest.fixture(scope="module")
def reports():
    return {
        things: [evaluate(make(number)) for number in (small, 4 * small)] for things, (make, small) in PLANS.items()
    }


@pytest.mark.parametrize("things", PLANS)
@pytest.mark.parametrize("name", FORMATS)
def test_four_times_as_much_costs_no_square_of_it(name, things, reports):
    few, many = (partial(FORMATS[name].render, report) for report in reports[things])
    count(few)  # what is done once
    small, large = count(few), count(many)
    assert large <= 6 * small, f"{small:,} became {large:,}"


def test_the_margin_tells_a_square_from_a_line():
    def square(size):
        return [one for one in range(size) for other in range(size) if one == other]

    assert count(lambda: square(200)) > 6 * count(lambda: square(50))
