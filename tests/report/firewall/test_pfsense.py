"""A session for pfSense: what it wants is read back, and PHP plays it against a stand-in where there is one."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from planner.report.firewall.files import write_devices
from tests.report.firewall.test_changes import file
from tests.report.firewall.test_leftovers import revisions
from tests.report.firewall.test_permits import flow, host, plan

STUB = Path(__file__).with_name("pfsense_stub.php")
OWN = [{"type": "block", "interface": "lan", "descr": "of the site"}, {"type": "pass", "interface": "wan"}]
ALIAS = {"name": "mine", "type": "host", "address": "10.0.0.9", "descr": ""}
EMPTY = {
    "interfaces": {"lan": {"if": "em0"}, "wan": {"if": "em1"}},
    "filter": {"rule": OWN},
    "aliases": {"alias": [ALIAS]},
}
with_php = pytest.mark.skipif(not shutil.which("php"), reason="PHP is not on this machine")


@pytest.fixture
def play(tmp_path):
    """What a configuration is after sessions, and what the last one said."""

    def played(state, *sessions):
        (tmp_path / "filter.inc").touch()
        kept, session, said = tmp_path / "state.json", tmp_path / "session", ""
        kept.write_text(json.dumps(state))
        for text in sessions:
            session.write_text(text)
            run = subprocess.run(["php", STUB, kept, session], capture_output=True, text=True, check=True)
            said = run.stdout + run.stderr
        return json.loads(kept.read_text()), said

    return played


def way_back(text):
    return "\n".join(re.findall(r"^# back: (.*)$", text, re.M)) + "\n"


def behind(*names, port="443"):
    ends = [host("A", "10.0.0.1"), host("B", "192.0.2.1", zone="DMZ")]
    sides = dict(zip(("Internal", "DMZ"), names, strict=True))
    firewall = {"name": "FW", "format": "pfsense", "zones": sides}
    [text] = write_devices(plan(ends, [flow("A", "B", ports=port)], firewalls=[firewall])).values()
    return text.decode()


@with_php
def test_a_session_sets_its_own_and_nothing_else_and_again_the_same(play):
    first, second, third = (file("pfsense", report) for report in revisions("everything"))
    once, said = play(EMPTY, third)
    assert "reloaded" in said
    assert once["filter"]["rule"][:2] == OWN
    assert once["aliases"]["alias"][0] == ALIAS
    assert all(one["descr"].startswith("PORT-PLANNER ") for one in once["filter"]["rule"][2:])
    assert play(EMPTY, third, third)[0] == once
    assert play(EMPTY, first, second, third)[0] == once
    assert play(EMPTY, first)[0] != once
    assert play(EMPTY, third, way_back(third))[0] == EMPTY
    blank = EMPTY | {"filter": {"rule": ""}, "aliases": ""}  # as pfSense reads an empty part
    assert play(blank, third)[0]["filter"]["rule"] == once["filter"]["rule"][2:]


@with_php
def test_rules_stay_where_somebody_has_moved_them(play):
    _, _, third = (file("pfsense", report) for report in revisions("dmz"))
    once, _ = play(EMPTY, third)
    moved = once | {"filter": {"rule": [OWN[0], *once["filter"]["rule"][2:], OWN[1]]}}
    assert play(moved, third)[0] == moved
    assert play(moved, way_back(third))[0] == EMPTY


@with_php
def test_what_cannot_be_set_changes_nothing_and_is_named(play):
    assert "Nothing is changed" not in play(EMPTY, behind("lan", "wan"))[1]
    state, said = play(EMPTY, behind("opt7", "wan"))
    assert state == EMPTY
    assert "Nothing is changed. No interface: opt7." in said
    text = file("pfsense", revisions("dmz")[2])
    name = re.search(r'"name": "(PP_\w+)"', text)[1]
    theirs = EMPTY | {"aliases": {"alias": [{"name": name, "descr": "of the site"}]}}
    state, said = play(theirs, text)
    assert state == theirs
    assert f"Aliases of your own: {name}." in said


@with_php
def test_the_way_back_and_the_file_are_php(tmp_path):
    for text in (behind("lan", "wan"), way_back(behind("lan", "wan"))):
        (tmp_path / "session.php").write_text(f"<?php\n{text}")
        subprocess.run(["php", "-l", tmp_path / "session.php"], check=True, capture_output=True)


def test_the_shell_takes_no_line_for_something_else():
    for report in revisions("everything"):
        text = file("pfsense", report)
        assert not re.search(r"^[!=]|\?>", text, re.M)
        assert "\r" not in text


def test_a_rule_of_a_firewall_is_at_the_interface_where_connections_come_in():
    text = behind("lan", "opt1")
    [rule] = [json.loads(line.strip(" ,")) for line in text.splitlines() if '"tracker"' in line]
    assert (rule["interface"], rule["source"]) == ("lan", {"address": "10.0.0.1"})
    assert rule["destination"] == {"address": "192.0.2.1", "port": "443"}
    assert "floating" not in rule
    assert "disabled" not in rule
    assert rule["tracker"] == json.loads(re.search(r'\{"tracker".*\}', behind("lan", "opt1"))[0])["tracker"]
