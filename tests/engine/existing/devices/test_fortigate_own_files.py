"""What we write for a FortiGate, read back."""

import pytest

from planner.engine.existing.readers.fortigate import read
from tests.engine.existing.devices.own_files import check, report_of, write
from tests.examples import EXAMPLES


@pytest.mark.parametrize("slug", EXAMPLES)
def test_our_own_file_opens_what_the_plan_asks_for_and_nothing_else(slug):
    report = report_of(slug)
    ruleset = read(write(report, "fortigate"))
    tried, opened = check(report, ruleset)
    assert tried > opened > 0 or not report.rules
    assert ruleset == read(write(report, "fortigate"))
    check(report, read(write(report, "fortigate", default_deny=True)))
