"""Any sequence of edits gives a valid document, and undoing them all gives the first one back, byte for byte."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.plan.document import PlanError, check_plan, dump_plan
from planner.plan.edits import EDITS, NotPossible
from planner.store import actions
from ports.matrix import PROTOCOLS, ZONE_KINDS
from ports.queries import shipped_matrix
from tests.strategies import HOSTILE_NAMES, documents, often

pytestmark = pytest.mark.slow

MATRIX = shipped_matrix()
NAMES = st.sampled_from(["PS01", "New", "ß", *HOSTILE_NAMES])


def some(values):
    return st.lists(st.sampled_from(sorted(values)), max_size=3, unique=True)


@st.composite
def edits(draw, document):
    """An edit with parameters that a form could send for this document, sensible or not."""
    zones = [zone["name"] for zone in document["zones"]] + ["nowhere"]
    endpoints = [endpoint["name"] for endpoint in document["endpoints"]] + ["nobody"]
    name = draw(st.sampled_from(sorted(set(EDITS) - {"switch-module", "replace-document"})))
    zone, endpoint, other = (draw(st.sampled_from(values)) for values in (zones, endpoints, endpoints))
    new = {"name": draw(NAMES), "zone": zone, "roles": draw(some(MATRIX.roles))}
    flow = {"source": endpoint, "destination": other, "protocol": draw(st.sampled_from(PROTOCOLS)), "reason": "Own"}
    if flow["protocol"] != "icmp":
        flow["ports"] = draw(st.sampled_from(["1", "65535", "10-20"]))
    choice = MATRIX.choices[draw(st.sampled_from(sorted(MATRIX.choices)))]
    options = draw(some(choice.slugs))
    flows = document.get("additional_flows") or [flow]
    sides = [*({"zone": one} for one in zones), *({"endpoint": one} for one in endpoints)]
    never = {"from": draw(st.sampled_from(sides)), "to": draw(st.sampled_from(sides)), "reason": "Closed"}
    never |= draw(st.sampled_from([{}, {"protocol": "icmp"}, {"protocol": "tcp", "ports": "10-20"}]))
    firewall = draw(st.sampled_from([row["name"] for row in document.get("firewalls", ())] + ["none"]))
    params = {
        "rename-plan": lambda: {"name": draw(NAMES), "description": draw(NAMES)},
        "choose": lambda: {
            "choice": choice.slug,
            "options": options if choice.many else options[0] if options else None,
            "summary": "choose",
        },
        "override-port": lambda: {
            "service": draw(st.sampled_from(sorted(MATRIX.services))),
            "ports": draw(st.sampled_from(["", "1234", "5-9"])),
            "summary": "port",
        },
        "answer-caveat": lambda: {
            "caveat": draw(st.sampled_from(sorted(MATRIX.caveats))),
            "answer": draw(st.sampled_from(["practice", "documented", ""])), "summary": "c",
        },
        "add-zone": lambda: {"name": draw(NAMES), "kind": draw(st.sampled_from(ZONE_KINDS))},
        "edit-zone": lambda: {
            "zone": zone, "name": draw(NAMES), "kind": draw(st.sampled_from(ZONE_KINDS)),
            "networks": draw(some(["10.0.0.0/8"])), "choices": draw(st.sampled_from([{}, {"esxi": "ssh"}])),
        },
        "delete-zone": lambda: {"zone": zone},
        "add-endpoint": lambda: {"endpoint": new},
        "edit-endpoint": lambda: {"endpoint": endpoint, "changes": draw(st.sampled_from([
            {"name": new["name"]}, {"zone": zone}, {"roles": new["roles"]}, {"addresses": ["10.0.0.9"]},
            {"platforms": draw(some(MATRIX.platforms)), "operations": draw(some(MATRIX.operations))},
            {"choices": {"esxi": "ssh"}, "ports": {"ssh": "2222"}}, {"choices": {}},
        ]))},
        "duplicate-endpoint": lambda: {"endpoint": endpoint},
        "delete-endpoint": lambda: {"endpoint": endpoint},
        "add-endpoints": lambda: {"zones": [], "endpoints": [new]},
        "edit-endpoints": lambda: {"zones": [], "endpoints": draw(st.sampled_from([[], [new]])), "changes": {
            endpoint: draw(st.sampled_from([{"name": new["name"]}, {"zone": zone}, {"addresses": ["10.0.0.7"]}])),
        }},
        "add-flow": lambda: {
            "rows": [flow, *draw(st.sampled_from([[], [{**flow, "protocol": "icmp", "ports": None}]]))],
        },
        "edit-flow": lambda: {"flow": draw(st.sampled_from(flows)), "changes": {"reason": "Another"}},
        "delete-flow": lambda: {"flow": draw(st.sampled_from(flows))},
        "add-exclusion": lambda: {
            "exclusion": draw(st.sampled_from([flow, {**flow, "protocol": None, "ports": None}])),
        },
        "delete-exclusion": lambda: {"exclusion": draw(st.sampled_from(document.get("exclusions") or [flow]))},
        "add-never": lambda: {"rows": [never]},
        "delete-never": lambda: {"row": draw(st.sampled_from(document.get("never") or [never]))},
        "add-firewalls": lambda: {"rows": [{"name": draw(NAMES), "format": "srx", "zones": {zone: draw(NAMES)}}]},
        "edit-firewall": lambda: {"firewall": firewall, "changes": draw(st.sampled_from([
            {"name": "FW new"}, {"log": False}, {"log": True}, {"zones": {zone: "port9"}}, {"published": {}},
            {"format": "asa", "options": {}},
        ]))},
        "delete-firewall": lambda: {"firewall": firewall},
    }  # fmt: skip
    return name, params[name]()  # what the others would have is not drawn


@pytest.mark.django_db
@settings(max_examples=often(150))
@given(documents(MATRIX), st.data())
def test_any_sequence_of_edits_is_valid_and_can_be_taken_back(document, data):
    plan = check_plan(document, matrix=MATRIX)
    row = actions.create_plan(plan=plan, matrix=MATRIX, summary="Start")
    row.refresh_from_db()
    first = json.dumps(row.document)
    changed = 0
    for _ in range(data.draw(st.integers(1, 8))):
        edit, params = data.draw(edits(row.document))
        before = json.dumps(row.document)
        try:
            changed += actions.apply_edit(plan_id=row.pk, matrix=MATRIX, edit=edit, params=params).changed
        except (PlanError, NotPossible):
            row.refresh_from_db()
            assert json.dumps(row.document) == before, "what was refused changed nothing"
        row.refresh_from_db()
        assert dump_plan(check_plan(row.document, matrix=MATRIX)) == row.document
    if changed % 2:  # to take all of them back takes as long as they did, and is done in one of two
        for _ in range(changed):
            actions.undo(plan_id=row.pk, matrix=MATRIX)
        row.refresh_from_db()
        assert json.dumps(row.document) == first
        with pytest.raises(NotPossible):
            actions.undo(plan_id=row.pk, matrix=MATRIX)
