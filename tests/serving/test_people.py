"""Who loads the service and breaks it sees what is lost, there twice or never sent; a small load has none of it."""

import argparse
import io
import json
import zipfile
from email.message import Message

import pytest

from scripts.load import Crowd, list_errors, load
from scripts.people import Answer, Browser, Editor, find_faults, read_form
from scripts.written import make_table
from tests import databases


class Archive:
    """A browser that gets the archive of a plan in which an endpoint had these addresses, one after another."""

    def __init__(self, *addresses, numbers=None):
        self.addresses, self.numbers = addresses, numbers or range(1, len(addresses) + 1)

    def ask(self, path):
        assert path == "/plan/export.zip"
        file, lines = io.BytesIO(), []
        for number, address in zip(self.numbers, self.addresses, strict=True):
            document = {"endpoints": [{"name": "A", "addresses": [address]}]}
            lines.append(json.dumps({"number": number, "document": document}) + "\n")
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("plans/1/revisions.jsonl", "".join(lines))
        return Answer(status=200, headers=Message(), body=file.getvalue(), seconds=0)


def faults(archive, sent="a b c", acknowledged="a b c"):
    editor = Editor(None, 0)
    editor.path, editor.endpoint = "/plan/", "A"
    editor.sent, editor.acknowledged = sent.split(), acknowledged.split()
    return find_faults(archive, "/plan/", [editor])


def test_a_history_that_says_what_was_told_has_no_fault():
    assert faults(Archive("", "a", "b", "c")) == []
    assert faults(Archive("", "a", "a", "b", "c"), acknowledged="a c") == [], "not acknowledged, and stored"
    assert faults(Archive("", "a", "c"), acknowledged="a c") == [], "not acknowledged, and not stored"


@pytest.mark.parametrize(
    ("archive", "said"),
    [
        (Archive("", "a", "c"), "b was acknowledged and is lost"),
        (Archive("", "a", "b"), "c was acknowledged and is lost"),
        (Archive("", "a", "b", "a", "c"), "a is there 2 times"),
        (Archive("", "a", "b", "c", "d"), "nobody sent d"),
        (Archive("", "b", "a", "c"), "in another order"),
        (Archive("", "a", "b", "c", numbers=[1, 2, 3, 5]), "a revision is missing"),
    ],
)
def test_a_history_that_says_otherwise_has(archive, said):
    (found,) = faults(archive)
    assert said in found


def test_errors_and_missing_answers_are_told():
    crowd = Crowd(until=0, pause=1)
    crowd.edits.add(Answer(status=200, headers=Message(), body=b"", seconds=1))
    assert list(list_errors(crowd)) == []
    crowd.pages.add(Answer(status=503, headers=Message(), body=b"", seconds=1))
    crowd.pulses.unanswered.append("reset")
    assert list(list_errors(crowd)) == [
        "Of pages 1 were answered with 503.",
        "Of pulses 1 had no answer: reset.",
    ]


def test_a_form_is_read_as_browsers_send_it():
    page = b"""<form action="/other/"><input name="not" value="1"></form>
    <form action="/plans/1/endpoints/edit/?edit=A">
    <input name="target" value="A &amp; B"><input type="checkbox" name="roles" value="x" checked><input type="checkbox"
    name="roles" value="y"><select name="zone"><option value="1">One<option value="2" selected>Two</select>
    <select name="other"><option value="">None<option value="3">Three</select>
    <textarea name="addresses">10.0.0.1
10.0.0.2</textarea></form><input name="outside" value="1"><form action="/later/"><input name="later"></form>"""
    assert read_form(page) == [
        ("target", "A & B"), ("roles", "x"), ("zone", "2"), ("other", ""), ("addresses", "10.0.0.1\n10.0.0.2"),
    ]  # fmt: skip


def test_a_bar_in_a_cell_ends_no_cell():
    assert make_table(("a", "b"), [("1|2", "3")]) == "| a | b |\n| --- | ---: |\n| 1\\|2 | 3 |\n"


@pytest.mark.slow
def test_a_few_people_lose_nothing(monkeypatch):
    monkeypatch.setattr("scripts.load.serve", databases.serve)
    outcome = load("SQLite", argparse.Namespace(editors=3, viewers=2, plans=1, seconds=2, pause=0.1))
    assert outcome.faults == []
    assert all(outcome.crowd.edits.statuses)
    assert len(outcome.crowd.edits.statuses) > 3
    assert outcome.processor["service"] > 0
    assert min(outcome.memory) > 2**20


def test_what_stores_nothing_is_no_acknowledgement():
    refused = Message()
    refused["X-Not-Saved"] = "1"
    answers = [(200, Message(), True), (302, Message(), True), (200, refused, False), (503, Message(), False)]
    assert [Answer(status=s, headers=h, body=b"", seconds=0).is_saved for s, h, _ in answers] == [
        saved for _, _, saved in answers
    ]
    assert Browser(None).cookies == {}
