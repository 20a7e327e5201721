"""What we write for an ASA, read back."""

import pytest

from planner.engine.existing.readers.asa import read
from tests.engine.existing.devices.own_files import check, report_of, sides_of, write
from tests.examples import EXAMPLES


@pytest.mark.parametrize("slug", EXAMPLES)
def test_our_own_file_opens_what_the_plan_asks_for_and_nothing_else(slug):
    report = report_of(slug)
    ruleset = read(write(report, "asa", default_deny=True))
    tried, opened = check(report, ruleset)
    assert tried > opened > 0 or not report.rules


def test_our_own_file_beside_what_a_device_has():
    report = report_of("dmz")
    sides = sorted(set(sides_of(report).values()))
    lists = write(report, "asa")
    interfaces = "".join(
        f"interface GigabitEthernet0/{number}\n nameif {side}\n security-level {number}\n"
        for number, side in enumerate(sides)
    )
    bound = "".join(f"access-group FROM-{side} in interface {side}\n" for side in sides if f"FROM-{side} " in lists)
    check(report, read(interfaces + lists + bound))
