"""What we write for devices, read back and decided: each flow is open, and nothing is wider than the plan asks."""

import pytest

from planner.engine.existing.decide import compare_with
from planner.engine.existing.readers import READERS
from planner.plan.fields import Firewall
from tests.engine.existing.devices.own_files import report_of, sides_of, write
from tests.examples import EXAMPLES
from tests.report.firewall.test_changes import of
from tests.report.firewall.test_published import firewalls

DEVICES = ("fortigate", "asa", "paloalto", "srx")


def check(report, text, name, firewall):
    gap = compare_with(report, READERS[name].read(text), firewall=firewall)
    shut = [one for one in gap.flows if one.state != "open"]
    assert [(one.flow.source.name, one.flow.destination.name, one.constructs, one.by) for one in shut] == []
    assert [one.entry for one in gap.wider] == []
    assert gap.missing == ()
    return len(gap.flows)


@pytest.mark.parametrize("name", DEVICES)
@pytest.mark.parametrize("slug", EXAMPLES)
def test_our_own_file_is_everything_open_and_nothing_wider(slug, name):
    report = report_of(slug)
    firewall = Firewall(name="FW", format=name, zones=sides_of(report))
    assert check(report, write(report, name, default_deny=True), name, firewall) or not report.rules


@pytest.mark.parametrize("name", DEVICES)
def test_our_own_file_for_a_firewall_that_publishes_an_endpoint_is_everything_open(name):
    report = firewalls(name)
    assert check(report, of(name, report), name, report.plan.firewalls[0])
