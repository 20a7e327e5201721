"""Which syntax a document has, by the end of its name, else by how it begins; and YAML that is written in a hurry."""

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from planner.plan import syntax as written
from planner.plan.syntax import (
    SyntaxFault,
    guess_syntax,
    parse,
    to_compact,
    to_flow,
    to_json,
    to_yaml,
    write_document,
    write_json,
)
from tests.strategies import often


@pytest.mark.parametrize(
    ("name", "data", "syntax"),
    [
        ("plan.json", b"format: 1", "json"),
        ("PLAN.JSON", b"", "json"),
        ("plan.yaml", b'{"format": 1}', "yaml"),
        ("plan.YML", b"{}", "yaml"),
        ("plan.txt", b'{"format": 1}', "json"),
        ("", b"\xef\xbb\xbf\r\n\t {", "json"),
        ("", b"format: 1", "yaml"),
        ("", b"{format: 1}", "yaml"),
        ("", b"{ 'format': 1}", "yaml"),
        ("", b'\n{\n"format": 1}', "json"),
        ("", b"[]", "yaml"),
        ("", b"", "yaml"),
    ],
)
def test_the_end_of_the_name_says_it_or_else_the_beginning_of_the_text(name, data, syntax):
    assert guess_syntax(name, data) == syntax


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
_LOOKING_OTHERWISE = st.sampled_from(
    ["", "1", "0x1F", "1_000", "yes", "null", "~", "2026-11-27", "- a", "a: b", "#", "a\nb\n", " a", "=", "<<"]
)
_DATA = st.recursive(
    _SCALARS | _LOOKING_OTHERWISE,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | _LOOKING_OTHERWISE, inner, max_size=4),
)


@settings(max_examples=often(300))
@given(_DATA)
def test_what_is_written_quickly_is_what_the_library_writes(data):
    """The same thing twice is written twice: never as an alias."""

    class Dumper(yaml.CSafeDumper):
        def ignore_aliases(self, data):
            return True

    there_twice = [data, data]
    expected = yaml.dump(there_twice, Dumper=Dumper, allow_unicode=True, sort_keys=False, width=100)

    assert to_yaml(there_twice, quick=True) == expected
    assert to_yaml(data, quick=True) == yaml.dump(data, Dumper=Dumper, allow_unicode=True, sort_keys=False, width=100)


def test_a_conflict_that_nobody_has_settled_is_named_with_its_line():
    text = "name: A\n<<<<<<< ours\nversion: 1\n=======\nversion: 2\n>>>>>>> theirs\n"
    with pytest.raises(SyntaxFault) as told:
        parse(text.encode(), "yaml")
    assert str(told.value) == "Here is a conflict of two versions that nobody has settled."
    assert told.value.where == "line 2"
    assert parse(b"description: |\n  <<<<<<< no conflict\n", "yaml")


def test_json_written_in_pieces_is_the_same_where_something_is_empty():
    for data in ({}, {"a": {}, "b": []}, {"a": [{}, {"b": 1}], "c": {"d": []}}):
        pieces = {key: iter(value) if isinstance(value, list) else value for key, value in data.items()}
        assert write_json(pieces).decode() == to_json(data)


@pytest.mark.parametrize(
    ("text", "is_read"),
    [
        ('["[{,[{,[{,\\",", 1, 2]', True),
        ("[1, 2, 3]", False),
        ("[[], [], [], [], [], []]", False),
        ('{"a": 1, "b": [2]}', False),
        ('{"a": 1, "b": 2}', True),
    ],
)
def test_signs_in_texts_are_no_values(monkeypatch, text, is_read):
    monkeypatch.setattr(written, "MAX_VALUES", 4 if is_read else 3)
    if is_read:
        assert parse(text.encode(), "json")
    else:
        with pytest.raises(SyntaxFault, match="more than"):
            parse(text.encode(), "json")


def test_of_a_key_that_is_there_again_the_first_value_stays():
    tree = parse(b'{"a": 1, "b": 2, "a": 3, "c": 4, "b": 5}', "json")
    assert (tree, list(tree), tree.repeated) == ({"a": 1, "b": 2, "c": 4}, ["a", "b", "c"], ["a", "b"])


@pytest.mark.parametrize("kind", ["json", "yaml"])
def test_a_document_that_is_longer_in_its_one_style_than_is_read_is_written_shorter(kind, monkeypatch):
    data = {"name": "P", "zones": [{"name": "In", "networks": ["10.0.0.0/8"]}]}
    usual = {"json": to_json, "yaml": to_yaml}[kind](data).encode()
    monkeypatch.setattr(written, "MAX_BYTES", len(usual))
    assert write_document(data, kind) == usual
    monkeypatch.setattr(written, "MAX_BYTES", len(usual) - 1)
    assert parse(write_document(data, kind), kind) == data


@settings(max_examples=often(100))
@given(st.dictionaries(st.text(max_size=100), st.recursive(st.text() | _LOOKING_OTHERWISE, st.lists) | st.none()))
@example({"a": '\x7f\x85\u2028\u2029\ufeff\ufffe\uffff\t"\\/ ', "\u2028": ["\U0001f600"]})
def test_yaml_that_is_as_short_as_json_is_read_as_what_it_was(data):
    short = to_flow(data)
    assert parse(short.encode(), "yaml") == {
        key: value if value is not None else "null" for key, value in data.items()
    }
    assert "\n" not in short


@pytest.mark.parametrize("kind", ["json", "yaml"])
@pytest.mark.parametrize("quick", [False, True])
def test_a_document_that_is_as_long_as_may_be_without_spaces_is_written_no_longer(kind, quick, monkeypatch):
    """As YAML short rows took more than as JSON, whose brackets are shorter than indentation."""
    row = {"source": "A", "destination": "B", "protocol": "tcp", "ports": "1", "reason": "R\u2028"}
    data = {"format": 1, "name": "P", "additional_flows": [row] * 20, "endpoints": [{"name": "A", "group": True}]}
    most = len(to_compact(data).encode())
    monkeypatch.setattr(written, "MAX_BYTES", most)
    data_written = write_document(data, kind, quick=quick)
    assert len(data_written) <= most
    typed = data if kind == "json" else {**data, "format": "1", "endpoints": [{"name": "A", "group": "true"}]}
    assert parse(data_written, kind) == typed
