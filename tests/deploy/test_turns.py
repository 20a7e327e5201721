"""Requests about large plans take turns, in all processes together; whoever waits is put aside as it came."""

import os
from types import SimpleNamespace

import pytest
from waitress.adjustments import Adjustments

from planner.deploy import worker
from planner.deploy.turns import ASIDE, GIVEN, LARGE, NotYet, Turns, in_turn


def in_another_process(work):
    """What `work` says in a process that is forked now."""
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        os.write(writing, b"yes" if work() else b"no")
        os._exit(0)
    os.close(writing)
    said = os.read(reading, 9)
    os.close(reading)
    os.waitpid(child, 0)
    return said == b"yes"


def test_there_are_so_many_turns_and_no_more():
    turns = Turns(2)
    first, second = turns.take(), turns.take()
    assert turns.take() is None
    first.release()
    first.release()
    assert turns.take() is not None
    assert turns.take() is None, "a turn that is released twice is one"
    second.release()


def test_they_hold_for_all_processes_and_end_with_one():
    turns = Turns(1)
    assert in_another_process(turns.take), "whoever has it ends with it"
    turn = turns.take()
    assert turn is not None
    assert not in_another_process(turns.take)
    turn.release()
    assert in_another_process(turns.take)


def test_a_usual_plan_needs_none_and_a_large_one_waits():
    turns = Turns(1)
    with in_turn({ASIDE: turns}, LARGE), in_turn({ASIDE: turns}, LARGE - 1), in_turn({}, LARGE):
        with pytest.raises(NotYet), in_turn({ASIDE: turns}, LARGE):
            pytest.fail("It isn't its turn.")
        given = {ASIDE: turns, GIVEN: SimpleNamespace(release=lambda: None)}
        with in_turn(given, LARGE):
            pass
    with in_turn({ASIDE: turns}, LARGE):
        pass


class NoSocket:
    def __getattr__(self, name):
        return lambda *_: None


def test_a_request_that_was_put_aside_comes_again_as_it_was_when_there_is_room(monkeypatch):
    turns, queue, bodies, told = Turns(1), [], [], []
    monkeypatch.setattr(worker.PatientWorker, "room", turns)

    def answer(environ, start_response):
        bodies.append(environ["wsgi.input"].read())
        with in_turn(environ, LARGE):
            start_response("200 OK", [("Content-Length", "0")])
            return [b""]

    server = SimpleNamespace(
        active_channels={}, add_task=queue.append, pull_trigger=lambda: None, application=answer, server_name="",
        effective_port=80, effective_host="localhost", adj=Adjustments(), family=0,
    )  # fmt: skip
    found = worker.Connection(server, NoSocket(), ("192.0.2.1", 1), Adjustments(), map={})
    found.write_soon = lambda data: told.append(data) or len(data)
    found.received(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde")
    turn = turns.take()
    queue.pop().service()
    assert (bodies, told, found.is_aside, found.body) == ([b"abcde"], [], True, 5)
    assert worker.call_in([found], turns) == 1
    assert queue == []
    turn.release()
    assert worker.call_in([found], turns) == 0
    queue.pop().service()
    assert bodies == [b"abcde", b"abcde"]
    assert told[0].startswith(b"HTTP/1.1 200 OK\r\n")
    assert (found.is_aside, found.turn) == (False, None)
    assert turns.take() is not None, "the turn is over with the answer"
