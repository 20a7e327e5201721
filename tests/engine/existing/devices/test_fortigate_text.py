"""The text of a FortiGate's configuration: quotes, places, order, what is broken."""

import pytest

from planner.engine.existing.devices.fortigate_text import read_domains
from planner.engine.existing.model import Unreadable
from planner.engine.existing.readers.fortigate import read
from tests.engine.existing.devices.test_fortigate import OBJECTS, configuration, policy


def entry(text, section="firewall address", name="a"):
    return read_domains(text)[""].section(section)[name]


def test_what_is_in_quotes_is_one_word_over_lines_and_with_signs():
    quoted = '"one \\"two\\"\nend\n# three"'
    text = f'config firewall address\n  edit a\n    set comment {quoted}\n    set x "a"b\\ c\n  next\nend'
    assert entry(text)["comment"] == ['one "two"\nend\n# three']
    assert entry(text)["x"] == ["ab c"]


def test_settings_are_set_added_to_and_taken_away():
    text = (
        "config firewall address\n edit a\n  set m x\n  append m y\n  append n z\n  set o 1\n  unset o\n  unset p\n"
        " next\n edit b\n next\n rename a to c\n rename gone to d\n delete gone\n rename b to b\nend"
    )
    assert entry(text, name="c") == {"m": ["x", "y"], "n": ["z"]}
    assert list(read_domains(text)[""].section("firewall address")) == ["c", "b"]


def test_entries_stand_where_lines_move_them_among_those_that_came_since():
    text = (
        "config p\nedit 1\nnext\nedit 2\nnext\nmove 2 before 1\nedit 3\nnext\nedit 4\nnext\nmove 3 before 2\n"
        "move 4 after 3\nmove 1 after 3\ndelete 2\nrename one to one\nrename 1 to 1\nrename 1 to one\n"
        "edit 5\nset a b\nnext\nclone 5 to 6\nclone 9 to 10\nend\n"
        "config q\nedit 1\nnext\ndelete 1\nedit 2\nnext\ndelete 1\nend\n"
    )
    assert list(read_domains(text)[""].section("p")) == ["3", "one", "4", "5", "6"]
    assert read_domains(text)[""].section("p")["6"] == {"a": ["b"]}
    assert list(read_domains(text)[""].section("q")) == ["2"]


def test_what_is_no_command_is_passed_by():
    text = "config firewall address\r\n get\r\n set\r\n edit a\r\n  set m x\r\n end\r\nset y z\nlone\\"
    assert entry(text) == {"m": ["x"]}
    assert entry("config a\n set b c\nend", "a", "") == {"b": ["c"]}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "This is no configuration of a FortiGate"),
        ("hostname x\ninterface y\n", "This is no configuration of a FortiGate"),
        ("end\n", "Line 1 of the FortiGate's configuration has a “end”"),
        ("config a\nnext\n", "Line 2 of the FortiGate's configuration has a “next”"),
        ("config a\nedit b\nnext\n", "ends inside of “config a”"),
        ('config a\nedit b\nset c "d\nnext\nend\n', "Line 3 of the FortiGate's configuration opens a quote"),
        ("config a\n" * 10_000, "Line 51 of the FortiGate's configuration is nested more than 50 deep"),
    ],
)
def test_what_can_not_be_read_is_told_in_a_sentence(text, sentence):
    with pytest.raises(Unreadable, match=sentence):
        read(text)


def test_groups_count_with_all_that_they_contain():
    groups = [f'edit "g{n}"\nset member "g{n - 1}" "g{n - 1}"\nnext' for n in range(1, 30)]
    text = "\n".join(['config firewall addrgrp\nedit "g0"\nset member "vault"\nnext', *groups, "end\n"])
    assert read(OBJECTS + text).stages[0].entries, "what nothing asks for isn't put together"
    with pytest.raises(Unreadable, match="At most 200,000 entries are read"):
        read(configuration(policy(1, srcaddr='"g29"'), objects=OBJECTS + text))


def test_passwords_and_keys_are_in_nothing_that_is_read():
    secret = (
        'config user local\n edit "guest"\n  set passwd ENC hunter2hunter2\n next\nend\n'
        'config vpn ipsec phase1-interface\n edit "branch"\n  set psksecret ENC hunter2hunter2\n next\nend\n'
        'config vpn certificate local\n edit "x"\n  set private-key "-----BEGIN KEY-----\nhunter2hunter2\n-----END"\n'
        " next\nend\n"
    )
    ruleset = read(configuration(policy(1), objects=secret + OBJECTS))
    assert "hunter2" not in repr(ruleset)
    assert ruleset.stages == read(configuration(policy(1))).stages
