"""What is left out beside each test is what nobody needs, and nothing that a test came to is lost."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings

from tests.running import UNUSED, look_less, need_less, tell_less


class WorkerInteractor:
    """Keeps what a worker would send, under the name that pytest-xdist has for what sends it."""

    def __init__(self):
        self.sent = []

    def sendevent(self, name, **facts):
        self.sent.append((name, facts))


def send(events, **options):
    """What is sent of them by a worker with these options of pytest."""
    worker = WorkerInteractor()
    option = SimpleNamespace(**{"verbose": -1, "durations": None, "xmlpath": None} | options)
    tell_less(SimpleNamespace(option=option, pluginmanager=SimpleNamespace(get_plugins=lambda: {worker, object()})))
    for name, facts in events:
        worker.sendevent(name, **facts)
    return worker.sent


def report(when, outcome, **more):
    data = {"when": when, "outcome": outcome, "keywords": {"slow": 1}, "user_properties": [], "sections": []} | more
    return "testreport", {"data": data}


OVER = ("runtest_protocol_complete", {"item_index": 7, "duration": 0.1})
PASSED = [
    ("logstart", {}), report("setup", "passed"), report("call", "passed"), report("teardown", "passed"),
    ("logfinish", {}), OVER,
]  # fmt: skip


def test_of_a_test_that_passed_it_is_told_that_it_did_and_that_it_is_over():
    assert send(PASSED) == [report("call", "passed", keywords={}), OVER]


@pytest.mark.parametrize("option", ["verbose", "durations", "xmlpath"])
def test_whoever_asks_for_more_is_told_all(option):
    assert send(PASSED, **{option: 1}) == PASSED


def test_whatever_else_became_of_a_test_is_told_whole():
    told = [
        *(report(when, outcome) for when in ("setup", "call", "teardown") for outcome in ("failed", "skipped")),
        report("teardown", "passed", user_properties=[("processor", {})]),
        report("setup", "passed", sections=[("Captured stdout setup", "x")]),
        ("warning_recorded", {"when": "runtest"}), ("unscheduled", {"indices": [1]}), ("workerfinished", {}),
    ]  # fmt: skip
    assert send(told) == told


def test_a_test_is_made_ready_with_all_but_what_is_named():
    items = [SimpleNamespace(fixturenames=["request", *sorted(UNUSED), "client"]) for _ in range(2)]
    need_less(items)
    assert [item.fixturenames for item in items] == [["request", "client"]] * 2


def test_no_test_has_a_marker_for_a_fixture_that_is_left_out(request):
    """Such a marker would do nothing."""
    assert "django.contrib.sites" not in settings.INSTALLED_APPS
    marks = [f"mark.{name}" for name in ("django_isolate_apps", "ignore_template_errors", "urls")]
    here = Path(__file__)
    texts = {path: path.read_text("utf-8") for path in here.parent.rglob("*.py") if path != here}
    assert [str(path) for path, text in texts.items() if any(mark in text for mark in marks)] == []
    assert len(texts) > 500
    assert UNUSED.isdisjoint(request.fixturenames)


@pytest.fixture
def asked(request):
    """What a fixture has that asks for it."""
    return request


def test_a_fixture_is_given_what_asks_for_it(asked, request):
    look_less()
    assert asked.fixturename == "asked"
    assert asked.node is request.node
