"""What we write for a Palo Alto, read back."""

import pytest

from planner.engine.existing.readers.paloalto import read
from tests.engine.existing.devices.own_files import check, report_of, write
from tests.examples import EXAMPLES


@pytest.mark.parametrize("slug", EXAMPLES)
def test_our_own_file_opens_what_the_plan_asks_for_and_nothing_else(slug):
    report = report_of(slug)
    tried, opened = check(report, read(write(report, "paloalto")))
    assert tried > opened > 0 or not report.rules
    check(report, read(write(report, "paloalto", default_deny=True)))
