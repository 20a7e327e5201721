"""What a revision says that changed: a sentence with names, short and on one line whatever the names are."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.plan.document import check_plan, dump_plan
from planner.plan.edits import EDITS, NotPossible
from planner.plan.summaries import say
from ports.queries import shipped_matrix
from tests.plan.test_edit_sequences import edits
from tests.strategies import documents, often

MATRIX = shipped_matrix()
DOCUMENT = {
    "format": 1,
    "name": "Contoso",
    "zones": [{"name": "Internal", "kind": "internal"}, {"name": "DMZ", "kind": "dmz"}],
    "endpoints": [
        {"name": "PRP01", "zone": "Internal"},
        {"name": "SQL01", "zone": "Internal", "addresses": ["10.0.0.20"], "roles": ["database"]},
    ],
    "additional_flows": [
        {"source": "PRP01", "destination": "SQL01", "protocol": "udp", "ports": "53", "reason": "Name resolution"}
    ],
}
FLOW = DOCUMENT["additional_flows"][0]
FIREWALL = {"name": "FW1", "format": "asa", "zones": {"Internal": "inside", "DMZ": "dmz"}}
WORDS = {"roles": {"web-primary": "web, primary"}}


@pytest.mark.parametrize(
    ("edit", "params", "said"),
    [
        ("rename-plan", {"name": "New"}, "Plan renamed to New"),
        ("rename-plan", {"name": "New", "description": "d"}, "Plan renamed to New, description changed"),
        ("rename-plan", {"name": "Contoso", "description": "d"}, "Description of the plan changed"),
        ("add-zone", {"name": "Oslo", "kind": "remote-site"}, "Zone Oslo added"),
        ("edit-zone", {"zone": "DMZ", "name": "Edge"}, "Zone DMZ renamed to Edge"),
        ("edit-zone", {"zone": "DMZ", "kind": "internal"}, "Zone DMZ: kind changed from dmz to internal"),
        ("delete-zone", {"zone": "Internal"}, "Zone Internal deleted with 2 endpoints"),
        ("add-endpoint", {"endpoint": {"name": "PS01", "zone": "DMZ"}}, "PS01 added to DMZ"),
        ("edit-endpoint", {"endpoint": "PRP01", "changes": {"zone": "DMZ"}}, "PRP01 moved to DMZ"),
        ("edit-endpoint", {"endpoint": "PRP01", "changes": {"name": "P2"}}, "PRP01 renamed to P2"),
        (
            "edit-endpoint",
            {"endpoint": "PRP01", "changes": {"addresses": ["10.0.0.20"]}},
            "PRP01: address 10.0.0.20 added",
        ),
        (
            "edit-endpoint",
            {"endpoint": "SQL01", "changes": {"addresses": ["10.0.0.21"]}},
            "SQL01: address changed from 10.0.0.20 to 10.0.0.21",
        ),
        (
            "edit-endpoint",
            {"endpoint": "SQL01", "changes": {"addresses": [], "roles": ["database", "web-primary"]}, "words": WORDS},
            "SQL01: address 10.0.0.20 removed; role web, primary added",
        ),
        (
            "edit-endpoint",
            {"endpoint": "PRP01", "changes": {"addresses": ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"]}},
            "PRP01: addresses 10.0.0.1, 10.0.0.2, 10.0.0.3 and 1 more added",
        ),
        ("edit-endpoint", {"endpoint": "PRP01", "changes": {"group": True}}, "PRP01: now stands for many machines"),
        ("duplicate-endpoint", {"endpoint": "PRP01"}, "PRP02 copied from PRP01"),
        ("delete-endpoint", {"endpoint": "PRP01"}, "PRP01 deleted"),
        (
            "add-endpoints",
            {"zones": [{"name": "Oslo", "kind": "dmz"}], "endpoints": [{"name": "A", "zone": "Oslo"}]},
            "1 endpoint imported: A; zones added: Oslo",
        ),
        ("add-flow", {"rows": [FLOW | {"ports": "54"}]}, "Flow added: PRP01 to SQL01, udp 54"),
        (
            "add-flow",
            {"rows": [FLOW | {"ports": port} for port in ("54", "55", "56")]},
            "3 flows added: PRP01 to SQL01, udp 54, and 2 more",
        ),
        ("delete-flow", {"flow": FLOW}, "Flow deleted: PRP01 to SQL01, udp 53"),
        (
            "edit-flow",
            {"flow": FLOW, "changes": {"protocol": "tcp", "reason": "Zone transfer"}},
            "Flow changed: PRP01 to SQL01, udp 53 became tcp 53, reason: Zone transfer",
        ),
        (
            "edit-flow",
            {"flow": FLOW, "changes": {"reason": "Zone transfer"}},
            "Flow changed: PRP01 to SQL01, reason: Zone transfer",
        ),
        ("edit-firewall", {"firewall": "FW1", "changes": {"name": "FW2"}}, "Firewall FW1 renamed to FW2"),
        (
            "edit-firewall",
            {"firewall": "FW1", "changes": {"name": "FW1", "format": "ios"}},
            "Firewall FW1: format changed from asa to ios",
        ),
        (
            "edit-firewall",
            {"firewall": "FW1", "changes": {"name": "FW2", "zones": {"DMZ": "port9"}, "log": False}},
            "Firewall FW1 renamed to FW2; zones Internal and DMZ changed; no longer logs",
        ),
    ],
)
def test_an_edit_says_what_it_changed(edit, params, said):
    document = dump_plan(check_plan(DOCUMENT | {"firewalls": [FIREWALL]}, matrix=MATRIX))
    assert say(EDITS[edit](document, params)) == said


@settings(max_examples=often(150))
@given(documents(MATRIX), st.data())
def test_whatever_names_are_the_words_stay_on_one_line_in_one_direction(document, data):
    document = dump_plan(check_plan(document, matrix=MATRIX))
    edit, params = data.draw(edits(document))
    try:
        said = say(EDITS[edit](document, params))
    except NotPossible:
        return
    assert said
    assert "\n" not in said
    assert not set(said) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029")
    assert len(said) <= 1000
