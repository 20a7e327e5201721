"""What is said about plan files, in each format, with names that mean to break it."""

import json
import re
import xml.etree.ElementTree as ET
from urllib.parse import unquote

import pytest

from planner.plan.document import PlanError, check_plan
from planner.plan.faults import Fault
from planner.plan.positions import locate
from planner.plan.syntax import parse, to_yaml
from planner.report.lint import LINT_FORMATS
from planner.report.lint.annotate import annotate_faults, annotate_report, annotate_unreadable
from ports.queries import shipped_matrix
from tests.report.samples import HOSTILE_NAMES, contoso, evaluate

NAME = "sites/a b,c:d%0A.yaml"
EXPECT = [
    {"from": {"zone": "Internet"}, "to": {"endpoint": "Portal"}, "protocol": "tcp", "ports": "443", "allowed": True},
    {"from": {"zone": "Internet"}, "to": {"zone": "Internal"}, "allowed": True, "reason": "100 %\n::error::x"},
]
SAID = ("text", "github", "gitlab", "junit", "sarif")


def lint(document, name=NAME, renamed=()):
    """What is said of a document that is a plan, or none."""
    data = to_yaml(document).encode()
    positions = locate(data, "yaml")
    try:
        check_plan(document, matrix=shipped_matrix())
    except PlanError as error:
        return annotate_faults(name, error.faults, positions, parse(data, "yaml"))
    return annotate_report(name, evaluate(document), positions, renamed)


def write(name, *files, failing=()):
    return LINT_FORMATS[name].render(files, frozenset(failing)).decode()


def commands(text):
    """GitHub's workflow commands as its runner reads them (actions/runner, ActionCommand.cs)."""
    for line in text.split("\n")[:-1]:
        level, properties, message = re.fullmatch(r"::(\w+) (.*?)::(.*)", line).groups()
        named = dict(pair.split("=", 1) for pair in properties.split(","))
        yield level, {key: unescape(value, all_of=True) for key, value in named.items()}, unescape(message)


def unescape(text, *, all_of=False):
    for escaped, character in {"%0D": "\r", "%0A": "\n"}.items() | (
        {"%3A": ":", "%2C": ","}.items() if all_of else set()
    ):
        text = text.replace(escaped, character)
    return text.replace("%25", "%")


def test_the_formats_are_these():
    assert tuple(LINT_FORMATS) == SAID


def test_each_finding_and_each_expectation_that_is_not_met_is_said_once_with_its_place():
    document = contoso(expect=EXPECT)
    linted = lint(document)
    findings = evaluate(document).findings
    assert len(linted.annotations) == len(findings) + 1
    assert sorted(one.code for one in linted.annotations) == sorted(
        [*(finding.code for finding in findings), "expectation-failed"]
    )
    lines = to_yaml(document).splitlines()
    (failed,) = [one for one in linted.annotations if one.code == "expectation-failed"]
    assert (failed.where, failed.severity) == ("expect[1]", "error")
    assert lines[failed.at.line - 1].strip() == "- from:"
    (missing,) = [one for one in linted.annotations if one.code == "address-missing"]
    assert lines[missing.at.line - 1].strip() == "- name: Portal"
    (name,) = [one for one in linted.annotations if one.code == "address-is-name"]
    assert lines[name.at.line - 1].strip() == "addresses:"
    assert list(linted.annotations) == sorted(linted.annotations, key=lambda one: one.at)


def test_a_finding_stands_at_the_answer_or_the_row_that_it_is_about():
    document = contoso(
        corrections=["ldap-tcp"],
        exclusions=[{"source": "PS01", "destination": "Public", "reason": "Nothing"}],
        choices={"self-destruct": "push-pull"},
    )
    places = {one.code if one.code != "caveat" else one.about: one.where for one in lint(document).annotations}
    assert places["ldap-tcp"] == "corrections[0]"
    assert places["exclusion-without-effect"] == "exclusions[0]"
    assert places["choice-undecided"] == "choices"


@pytest.mark.parametrize("name", SAID)
def test_nothing_to_say_is_said_as_such(name):
    text = write(name)
    read = {"gitlab": json.loads, "sarif": json.loads, "junit": ET.fromstring}.get(name, str)
    assert read(text) is not None
    assert {"text": "0 plans: nothing to say.\n", "github": "", "gitlab": "[]\n"}.get(name, text) == text


def test_the_text_has_a_line_for_each_and_one_that_counts():
    linted = lint(contoso(expect=EXPECT))
    *lines, last = write("text", linted).splitlines()
    assert len(lines) == len(linted.annotations)
    assert all(
        re.match(re.escape(NAME) + r":\d+:\d+: (error|decision|warning|info): .*\[[a-z-]+\]$", line) for line in lines
    )
    assert last.endswith("; 1 of 2 expectations met.")


@pytest.mark.parametrize("name", [*HOSTILE_NAMES[:-1], "a\u2028b\u202ec"])
def test_hostile_names_stay_what_they_are_in_every_format(name):
    document = json.loads(json.dumps(contoso(expect=EXPECT)).replace('"Portal"', json.dumps(name)))
    document["zones"].append({"name": "lost", "kind": "lan"})
    faults = lint(document)
    del document["zones"][-1]
    linted = lint(document, name=f"{name}.yaml")
    number = len(linted.annotations) + len(faults.annotations)
    read = list(commands(write("github", linted, faults)))
    assert [(properties["file"], message) for _, properties, message in read] == [
        (one.file, one.message) for one in (*linted.annotations, *faults.annotations)
    ]
    quality = json.loads(write("gitlab", linted, faults))
    assert len({one["fingerprint"] for one in quality}) == len(quality) == number
    log = json.loads(write("sarif", linted, faults))["runs"][0]
    assert [unquote(one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]) for one in log["results"]] == [
        one["location"]["path"] for one in quality
    ]
    root = ET.fromstring(write("junit", linted, faults))
    assert [suite.get("name") for suite in root][1] == NAME
    assert write("text", linted, faults).count("\n") == number + 1


@pytest.mark.parametrize("name", SAID)
def test_the_name_of_a_file_need_be_no_utf_8(name):
    """As Python has the name of a file in another encoding (PEP 383)."""
    text = write(name, lint(contoso(), name="caf\udce9.yaml"))
    if name == "sarif":
        assert "caf%E9.yaml" in text
    assert text


def test_github_knows_three_levels():
    linted = lint(contoso(expect=EXPECT))
    levels = {
        (one.severity, level)
        for one, (level, *_) in zip(linted.annotations, commands(write("github", linted)), strict=True)
    }
    assert levels == {("error", "error"), ("decision", "warning"), ("warning", "warning"), ("info", "notice")}
    fault = annotate_unreadable("a", "It isn’t there.")
    assert write("github", fault) == "::error file=a,line=1,col=1,title=Fault%3A unreadable::It isn’t there.\n"


def test_gitlab_gets_what_its_reports_need():
    for one in json.loads(write("gitlab", lint(contoso()))):
        assert one.keys() == {"description", "check_name", "fingerprint", "severity", "location"}
        assert one["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert one["location"]["path"] == NAME
        assert one["location"]["lines"]["begin"] >= 1


def test_a_fingerprint_is_the_same_wherever_a_thing_stands():
    document = contoso(exclusions=[{"source": "PS01", "destination": "Public", "reason": "Nothing"}], expect=EXPECT)
    before = {one["fingerprint"] for one in json.loads(write("gitlab", lint(document)))}
    moved = json.loads(json.dumps(document))
    moved["endpoints"].insert(0, {"name": "New", "zone": "Internal"})
    moved["exclusions"].insert(0, {"source": "DC01", "destination": "Public", "reason": "Nothing either"})
    moved["expect"].insert(0, {"from": {"zone": "DMZ"}, "to": {"endpoint": "New"}, "allowed": False})
    after = {one["fingerprint"] for one in json.loads(write("gitlab", lint(moved)))}
    assert before < after
    bad = {"format": 1, "name": "Bad", "zones": [{"name": "Internal", "kind": "lan"}], "endpoints": []}
    (first,) = (one["fingerprint"] for one in json.loads(write("gitlab", lint(bad))))
    bad["zones"].insert(0, {"name": "DMZ", "kind": "dmz"})
    assert [one["fingerprint"] for one in json.loads(write("gitlab", lint(bad)))] == [first]


def test_the_same_thing_twice_has_two_fingerprints():
    twice = [Fault("zones[0]", "No."), Fault("zones[0]", "No.")]
    linted = annotate_faults("a", twice, locate(b"", "yaml"), None)
    first, second = (one["fingerprint"] for one in json.loads(write("gitlab", linted)))
    assert first != second


def test_junit_has_a_case_for_each_expectation_and_fails_where_the_command_does():
    linted = lint(contoso(expect=EXPECT), renamed=["a → b"])
    cases = {
        case.get("name"): case for case in ET.fromstring(write("junit", linted, failing=["error", "decision"]))[0]
    }
    assert cases["the file is a plan"].find("failure") is None
    kept = cases["expect[0]: tcp 443 from the zone Internet to Portal is allowed"]
    broken = cases["expect[1]: everything from the zone Internet to the zone Internal is allowed"]
    assert kept.find("failure") is None
    assert "100 %" in broken.find("failure").get("message")
    assert cases["choice-undecided: esxi"].find("failure") is not None
    assert cases["renamed: document"].find("skipped") is not None
    bad = ET.fromstring(write("junit", lint(contoso(zones=[]))))
    assert {case.find("failure") is not None for case in bad[0]} == {True}
    assert bad[0].get("failures") == bad[0].get("tests") == str(len(bad[0]))
