"""Requests are answered by threads of one process: what several of them make at once is what each makes alone."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import cache
from threading import Barrier

import pytest

from planner.engine import evaluate_report
from planner.plan.document import read_plan
from planner.report import FORMATS
from planner.report.said.edition import Edition
from ports.queries import shipped_matrix
from tests.examples import read_examples
from tests.report.samples import evaluate, write_plan

pytestmark = pytest.mark.slow

THREADS = 4
HOUSE = Edition(date=date(2026, 1, 31), stylesheet="h2 { color: teal }")
PLAIN = Edition(date=date(2026, 1, 31))
MAKES = {name: (name, PLAIN) for name, kind in FORMATS.items() if not kind.part} | {
    "pdf in a house style": ("pdf", HOUSE)
}


@cache
def reports():
    """A report for each thread, of different plans."""
    matrix = shipped_matrix()
    chosen = [example for example in read_examples() if example.slug != "everything"][:THREADS]
    return [evaluate_report(matrix, read_plan(example.data, matrix=matrix)) for example in chosen]


@pytest.mark.parametrize("make", MAKES)
def test_what_several_threads_make_at_once_is_what_one_makes_alone(make):
    name, edition = MAKES[make]
    # Two of little, as what a house style is for takes five times as long as all others together.
    plans = [evaluate(write_plan(name=name)) for name in ("One", "Two")] if edition is HOUSE else reports()
    alone = [FORMATS[name].render(report, edition) for report in plans]
    ready = Barrier(len(plans))

    def render(report):
        ready.wait()
        return FORMATS[name].render(report, edition)

    with ThreadPoolExecutor(len(plans)) as threads:
        together = list(threads.map(render, plans))
    assert together == alone
