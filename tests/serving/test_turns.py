"""Requests about large plans that wait for their turn are all answered, in whichever process they are."""

from threading import Thread

import pytest

from scripts.people import Browser, Editor
from tests.databases import serve

pytestmark = pytest.mark.slow


def test_edits_of_large_plans_that_come_at_once_are_all_stored():
    with serve(PLANNER_WORKERS="2", PLANNER_THREADS="2", PLANNER_LARGE_AT_ONCE="1") as service:
        link = service.make_plan("sites-340")
        editors = [Editor(service, number) for number in range(6)]
        for editor, name in zip(editors, ("PS01", "PS02", "SQL01", "DC01", "MAIL01", "GW01"), strict=True):
            editor.begin(link, name)
        working = [Thread(target=editor.send, args=(editor.prepare(),)) for editor in editors]
        for each in working:
            each.start()
        assert Browser(service).ask("/healthz").status == 200
        for each in working:
            each.join()
        assert [editor.acknowledged for editor in editors] == [editor.sent for editor in editors]
