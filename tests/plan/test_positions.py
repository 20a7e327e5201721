"""Every place of a document is found at its line and column, in both syntaxes."""

import json

import pytest
import yaml

from planner.plan.faults import say_where
from planner.plan.positions import START, locate
from planner.plan.syntax import parse, to_json, to_yaml
from tests.plan.test_broken import PLACES, SOUND


def rest(text, at):
    """What follows a position."""
    lines = text.splitlines(keepends=True)
    return "".join([lines[at.line - 1][at.column - 1 :], *lines[at.line :]])


def value_at(path):
    value = SOUND
    for step in path:
        value = value[step]
    return value


def test_everything_in_json_is_where_it_is_said_to_be():
    text = to_json(SOUND | {"description": 'Zürich "😀" \\ {[,:]}\n\t'})
    found = locate(text.encode(), "json")
    for path in PLACES:
        decoded, _ = json.JSONDecoder().raw_decode(rest(text, found.find(say_where(path))))
        value = value_at(path)
        if path == ("description",):
            assert decoded.startswith("Zürich")
        elif isinstance(value, (dict, list)) and isinstance(path[-1], str):
            assert decoded == path[-1]
        else:
            assert decoded == value


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_everything_in_yaml_is_where_it_is_said_to_be(end, mark):
    text = to_yaml(SOUND).replace("\n", end)
    found = locate((mark + text).encode(), "yaml")
    for path in PLACES:
        here = rest(text, found.find(say_where(path)))
        value = value_at(path)
        if isinstance(value, (dict, list)) and isinstance(path[-1], str):
            assert here.startswith(f"{path[-1]}:")
        elif isinstance(value, dict):
            assert here.startswith("name:" if "name" in value else "source:")
        else:
            assert yaml.safe_load(here.splitlines()[0]) == value


def test_a_key_is_what_is_pointed_at_where_it_is_the_key_that_is_wrong():
    found = locate(b"name: Contoso\nendpoints:\n  - {name: A, colour: red}\n  - name: B\n    name: C\n", "yaml")
    assert found.find("endpoints[0].colour") == (3, 23)
    assert found.find("endpoints[0].colour", "unknown-key") == (3, 15)
    assert found.find("endpoints[1].name", "repeated-key") == (5, 5)
    assert found.find("endpoints[1].name", "name-taken") == (4, 11)


@pytest.mark.parametrize(
    ("where", "at"),
    [
        ("endpoints[0].zone", (2, 5)),
        ("endpoints[7].roles[2]", (1, 1)),
        ("zones", START),
        ("document", START),
        ("", START),
        ("line 3, column 9", (3, 9)),
        ("...[[", START),
    ],
)
def test_what_is_not_there_is_at_what_would_hold_it(where, at):
    assert locate(b"endpoints:\n  - name: A\n", "yaml").find(where) == at


@pytest.mark.parametrize("syntax", ["json", "yaml"])
@pytest.mark.parametrize("data", [b"", b"\xff", b"{", b"[1, {", b'{"a', b"a: [", b"\x00", b"]", b"}", b"- - - -"])
def test_of_what_cannot_be_read_everything_is_at_the_start(data, syntax):
    assert locate(data, syntax).find("zones[0].name") == START


def test_a_text_of_many_quotes_is_walked_once():
    data = ('{"a": "' + '\\"' * 200_000 + '", "b": 1}').encode()
    assert parse(data, "json")["b"] == 1
    assert locate(data, "json").find("b") == (1, len(data) - 1)
