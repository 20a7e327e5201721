"""Kept answers say by which way to read they were made: whoever changes what is answered raises the number."""

import hashlib
import json

import pytest

from planner.engine.existing.decide import compare_with
from planner.engine.existing.drift import READING
from planner.engine.existing.readers import READERS
from planner.store.compared import make_answer, pack, unpack
from tests.engine.existing.devices.test_too_wide_sent_on import TEXTS
from tests.engine.existing.rulesets import flow, host, plan

IPTABLES = """*filter
:FORWARD DROP [0:0]
-A FORWARD -s 10.0.0.0/8 -d 192.0.2.0/24 -p tcp -m tcp --dport 400:500 -j ACCEPT
-A FORWARD -s 198.51.100.7 -m limit --limit 5/min -j ACCEPT
-A FORWARD -d 192.0.2.10 -p udp -j ACCEPT
COMMIT
"""
FORMS = {**{name: make() for name, make in TEXTS.items()}, "iptables": IPTABLES}
ANSWERED = {6: "941a5b6993d1fcca"}
"""By number, what is answered about these configurations, as a digest."""


@pytest.fixture(scope="module")
def answers():
    ends = [
        host("Public", "198.51.100.7", zone="Internet"),
        host("Web", "10.0.0.10"),
        host("Store", "192.0.2.10", zone="DMZ"),
    ]
    flows = [flow("Public", "Store", ports="22"), flow("Web", "Store")]
    never = [{"from": {"zone": "Internet"}, "to": {"zone": "DMZ"}, "protocol": "tcp", "ports": "443", "reason": "No."}]
    found = []
    for form, text in FORMS.items():
        zones = {"Internet": "wan", "DMZ": "dmz", "Internal": "lan"}
        report = plan(ends, flows, firewalls=[{"name": "FW", "format": form, "zones": zones}], never=never)
        firewall = report.plan.firewalls[0]
        found.append(make_answer(compare_with(report, READERS[form].read(text), None, firewall, also=("forbidden",))))
    return found


def test_whoever_changes_what_is_answered_raises_the_number_of_the_reading(answers):
    told = [repr((one.flows, one.wider, one.unknown, one.missing, one.forbidden)) for one in answers]
    digest = hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]
    assert {READING: digest} == ANSWERED, (
        "Other answers about the same configurations: raise READING, note the digest."
    )


def test_the_number_is_kept_with_the_answer(answers):
    assert [unpack(pack(one)) for one in answers] == answers
    assert {one.reading for one in answers} == {READING}
