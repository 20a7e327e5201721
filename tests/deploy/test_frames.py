"""Room for the frames of calls: no depth of them costs memory again and again."""

import resource
from concurrent.futures import ThreadPoolExecutor

import pytest

from planner.deploy.frames import call_with_room

DEPTHS, CALLS = 250, 500


def nothing():
    """A call."""


def deep(depth):
    """Make calls from that deep."""
    if depth:
        return deep(depth - 1)
    for _ in range(CALLS):
        nothing()
    return "done"


def faults():
    """How often memory came for calls from each depth: a piece that is mapped anew has none in it yet."""
    before = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt
    for depth in range(DEPTHS):
        assert deep(depth) == "done"
    return resource.getrusage(resource.RUSAGE_THREAD).ru_minflt - before


def test_a_loop_of_calls_takes_memory_once_wherever_it_stands():
    with ThreadPoolExecutor(1) as thread:  # the tests themselves have room, and a thread of their own none
        assert thread.submit(call_with_room, faults).result() < 100


def test_what_is_returned_and_raised_comes_through():
    assert call_with_room(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        call_with_room(lambda: 1 // 0)
