"""Findings speak to readers as to people who ask whoever made this plan, on pages and in files alike."""

import re

import pytest

from planner.engine.findings import Finding
from planner.report import FORMATS
from planner.report.said.voice import address_readers, list_waiting
from ports.queries import shipped_matrix
from tests.report.samples import contoso, evaluate, worst, write_plan

ACTS = "Fill in|Decide|Add|Give|Say|Take|Name|Place|Correct|Check|Change|Exclude|Make"
IMPERATIVE = re.compile(rf"(?:^|[.;:] )(?:{ACTS})\b")
BROKEN = write_plan(
    {"name": "PS01", "zone": "Internal", "roles": ["web-passive"], "addresses": ["127.0.0.1"]},
    {"name": "SD01", "zone": "DMZ", "roles": ["self-destruct-site"]},
    {"name": "ESX", "zone": "DMZ", "platforms": ["vmware-esxi"], "operations": ["discovery"]},
    {"name": "People", "zone": "Internet", "group": True, "roles": ["portal-user", "website-user"]},
    {"name": "Idle", "zone": "Internal", "sessions": ["rdp"], "addresses": ["127.0.0.1"]},
    {"name": "Bare", "zone": "Internal", "operations": ["reset"]},
    never=[{"from": {"zone": "Internet"}, "to": {"zone": "Internal"}, "reason": "Policy"}],
    exclusions=[{"source": "PS01", "destination": "ESX", "reason": "Not so"}],
)
EMPTY = write_plan({"name": "Web", "zone": "DMZ", "roles": ["password-reset-portal"]})


@pytest.mark.parametrize("document", [contoso(), BROKEN, EMPTY, worst()], ids=["contoso", "broken", "empty", "worst"])
def test_no_finding_tells_a_reader_to_change_the_plan(document):
    report = evaluate(document)
    told = address_readers(report)
    assert [(f.code, f.subject, f.message) for f in told.findings] == [
        (f.code, f.subject, f.message) for f in report.findings
    ]
    for finding in told.findings:
        assert not IMPERATIVE.search(finding.advice), finding.code
        if finding.severity in ("error", "warning", "decision"):
            assert "ask whoever made this plan" in finding.advice.lower(), finding.code
    assert any(IMPERATIVE.search(finding.advice) for finding in report.findings), "the planner is told what to do"


def test_what_practice_does_in_two_sentences_is_one_part_of_the_question():
    staff = {"name": "Staff", "zone": "Internal", "group": True, "roles": ["launcher-user"]}
    report = evaluate(write_plan(staff, {"name": "SW", "zone": "DMZ", "sessions": ["telnet"]}))
    [finding] = [one for one in address_readers(report).findings if one.subject == "telnet-port"]
    assert "(use TCP 23 for Telnet; a port override still wins), or the document." in finding.advice


def test_checks_of_a_matrix_are_covered_whatever_they_advise():
    report = evaluate(contoso())
    for check in shipped_matrix().checks:
        own = Finding(
            code=check.code, severity=check.severity, title="T", subject=None, message="M", advice=check.advice
        )
        [told] = address_readers(type(report)(**{**_fields(report), "findings": (own,)})).findings
        assert "whoever made this plan" in told.advice


def _fields(report):
    return {name: getattr(report, name) for name in type(report).__dataclass_fields__}


def test_what_waits_is_counted_and_a_whole_plan_has_nothing_that_waits():
    report = evaluate(contoso())
    unaddressed = sum(any(not e.addresses for e in (*rule.sources, *rule.destinations)) for rule in report.rules)
    undecided = sum(bool(rule.any_of) for rule in report.rules)
    assert unaddressed > 1
    waiting = " ".join(list_waiting(report))
    assert f"{unaddressed} rules wait for an address; ask whoever made this plan." in waiting
    assert f"{undecided} rule" in waiting
    whole = contoso(choices={"directory-port": "ldaps", "esxi": "ssh", "windows-validation": "smb"})
    whole["endpoints"][2]["addresses"] = ["192.0.2.5"]
    assert not [said for said in list_waiting(evaluate(whole)) if "error" not in said]


@pytest.mark.parametrize("name", ["json", "markdown", "html"])
def test_files_say_the_same(name):
    report = evaluate(contoso())
    planner, reader = (FORMATS[name].render(one).decode() for one in (report, address_readers(report)))
    if name != "html":  # which leaves addresses and decisions to other parts
        assert "Fill in the addresses." in planner
        assert "wait for an address; ask whoever made this plan" in reader
    assert "Fill in the addresses." not in reader
    assert "Decide “" not in reader
