"""How long something may take where somebody waits."""

import pytest

from planner.report import progress


def test_it_is_ended_after_so_many_seconds_of_a_processor_and_not_before():
    look = progress.at_most(3600)
    look()
    look = progress.at_most(-1)
    with pytest.raises(progress.TooLong):
        look()
