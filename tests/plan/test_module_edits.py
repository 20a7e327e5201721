"""A module as an edit: what it changes, and what it makes of a document that others have changed since."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.plan.blueprint import add_module, losses, module_state, remove_module
from planner.plan.changes import Change, compare_documents
from planner.plan.changes import apply as apply_edit
from planner.plan.document import check_plan, dump_plan
from planner.plan.edits import EDITS, NotPossible
from planner.plan.rows import Renames
from planner.store import actions
from ports.queries import shipped_matrix
from tests.report.samples import contoso, sites, write_plan
from tests.strategies import documents, often

MATRIX = shipped_matrix()
MODULES = [question for question in MATRIX.questions.values() if question.module]
SWITCHES = [(question.slug, slug) for question in MODULES for slug in question.slugs if slug != question.off]


def canonical(document):
    return dump_plan(check_plan(document, matrix=MATRIX))


def apply(document, switch):
    return apply_edit(document, EDITS["switch-module"](document, {"switch": switch, "summary": "S"}))


def on(document, slug="ha", option="passive"):
    return compare_documents(document, add_module(MATRIX, document, slug, option))


def off(document, slug="ha"):
    return compare_documents(document, remove_module(MATRIX, document, slug))


def with_second_server(**fields):
    document = canonical(contoso())
    document = apply(document, on(document))
    for endpoint in document["endpoints"]:
        if endpoint["name"] == "PS02":
            endpoint.update(fields)
    return canonical(document)


@settings(max_examples=often(150))
@given(documents(MATRIX), st.sampled_from([*SWITCHES, *((question.slug, "") for question in MODULES)]))
def test_the_edit_makes_of_a_document_what_the_blueprint_makes_of_it(document, switch):
    before, (slug, option) = canonical(document), switch
    after = add_module(MATRIX, before, slug, option) if option else remove_module(MATRIX, before, slug)
    changes = compare_documents(before, after)
    made = canonical(apply(before, changes))
    assert made == canonical(after)
    assert canonical(apply(made, changes)) == made, "done twice it is done once"
    assert bool(changes) is (made != before)


@settings(max_examples=often(80))
@given(documents(MATRIX), st.sampled_from(MODULES), st.data())
def test_without_losses_going_back_to_the_old_option_brings_everything_back(document, question, data):
    option = st.sampled_from([slug for _, slug in SWITCHES if slug in question.slugs] or ["Oslo"])
    first, second = data.draw(option), data.draw(option)
    plan = check_plan(add_module(MATRIX, canonical(document), question.slug, first), matrix=MATRIX)
    there = add_module(MATRIX, plan, question.slug, second)
    answer = next(state.answer for state in module_state(MATRIX, plan) if state.question is question)
    if question.kind == "list" or answer != (first,):
        return
    back = {endpoint["name"]: endpoint for endpoint in add_module(MATRIX, there, question.slug, first)["endpoints"]}
    kept = all(
        endpoint["name"] in back
        and all(
            set(back[endpoint["name"]].get(key, ())) >= set(endpoint.get(key, ()))
            for key in ("addresses", "roles", "platforms", "managed_by")
        )
        for endpoint in dump_plan(plan)["endpoints"]
    )
    assert kept or losses(MATRIX, plan, question.slug, second)


def test_what_others_have_added_in_between_stays():
    before = canonical(contoso())
    switch = on(before)
    now = before | {
        "zones": [*before["zones"], {"name": "New", "kind": "cloud"}],
        "endpoints": [*before["endpoints"], {"name": "X", "zone": "New", "managed_by": ["PS01"]}],
        "corrections": ["telnet-port"],
    }
    after = canonical(apply(now, switch))
    assert {endpoint["name"] for endpoint in after["endpoints"]} >= {"X", "PS02", "PS01"}
    assert after["corrections"] == ["telnet-port"]


def test_a_zone_that_someone_uses_by_now_stays():
    before = canonical(write_plan({"name": "PS01", "zone": "Internal", "roles": ["web-primary"]}))
    before["zones"] = [zone for zone in before["zones"] if zone["name"] != "DMZ"]
    before = apply(before, on(before, "portal", "dmz"))
    switch = off(before, "portal")
    gone = {change.where for change in switch if change.is_row and change.where[0] == "zones"}
    assert gone == {("zones", "DMZ"), ("zones", "Clients")}, "that of the portal, and that of those who used it"
    assert "DMZ" not in [zone["name"] for zone in apply(before, switch)["zones"]]
    now = before | {"endpoints": [*before["endpoints"], {"name": "X", "zone": "DMZ"}]}
    assert "DMZ" in [zone["name"] for zone in canonical(apply(now, switch))["zones"]]


def test_what_others_hung_on_to_an_endpoint_that_goes_doesnt_go_with_it():
    before = with_second_server()
    switch = off(before)
    flow = {"source": "PS02", "destination": "DC01", "protocol": "tcp", "ports": "9", "reason": "R"}
    with pytest.raises(NotPossible, match="“PS02”"):
        apply(before | {"additional_flows": [flow]}, switch)
    managed = {"name": "X", "zone": "DMZ", "managed_by": ["PS02"]}
    with pytest.raises(NotPossible, match="“PS02”"):
        apply(before | {"endpoints": [*before["endpoints"], managed]}, switch)


def test_a_name_that_is_taken_by_now_is_not_written_over():
    before = canonical(contoso())
    switch = on(before)
    now = before | {"endpoints": [*before["endpoints"], {"name": "PS02", "zone": "DMZ", "roles": ["database"]}]}
    with pytest.raises(NotPossible, match="another endpoint “PS02”"):
        apply(now, switch)


def test_a_zone_of_that_name_and_another_kind_is_not_taken_for_it():
    before = canonical(write_plan({"name": "PS01", "zone": "Internal", "roles": ["web-primary"]}))
    before["zones"] = [zone for zone in before["zones"] if zone["name"] != "DMZ"]
    switch = on(before, "portal", "dmz")
    with pytest.raises(NotPossible, match="another zone “DMZ”"):
        apply(before | {"zones": [*before["zones"], {"name": "DMZ", "kind": "cloud"}]}, switch)


def test_names_follow_what_has_been_renamed_since():
    before = with_second_server()
    before["endpoints"].append({"name": "X", "zone": "DMZ", "managed_by": ["PS01", "PS02"]})
    switch = off(canonical(before))
    renames = Renames(zones={"Internal": "Inside"}, endpoints={"PS02": "Web 2", "PS01": "Web 1", "X": "Y"})
    moved = [change.under(renames) for change in switch]
    assert [change.where for change in moved if change.is_row] == [("endpoints", "Web 2")]
    managed = Change(where=("endpoints", "Y", "managed_by"), before=["Web 1", "Web 2"], after=["Web 1"])
    assert [change for change in moved if not change.is_row] == [managed]
    added = [change.under(renames) for change in on(canonical(contoso())) if change.is_row]
    assert [change.after["zone"] for change in added] == ["Inside"]


@pytest.mark.django_db
def test_a_module_goes_off_and_comes_back_with_undo_byte_for_byte():
    row = actions.create_plan(plan=check_plan(sites(30), matrix=MATRIX), matrix=MATRIX, summary="S")
    before = row.document
    params = {"switch": off(before, "sites"), "summary": "Sites: off"}
    done = actions.apply_edit(plan_id=row.pk, matrix=MATRIX, edit="switch-module", params=params)
    assert len(done.plan.document["endpoints"]) == 4
    assert actions.undo(plan_id=row.pk, matrix=MATRIX).plan.document == before


@pytest.mark.django_db
def test_a_switch_that_meets_another_edit_of_the_same_endpoint_is_refused():
    row = actions.create_plan(plan=check_plan(with_second_server(), matrix=MATRIX), matrix=MATRIX, summary="S")
    switch = off(row.document)
    changes = {"endpoint": "PS02", "changes": {"addresses": ["10.0.0.9"]}}
    actions.apply_edit(plan_id=row.pk, matrix=MATRIX, edit="edit-endpoint", params=changes)
    with pytest.raises(actions.Clash, match=r"PS02: address 10\.0\.0\.9 added"):
        actions.apply_edit(
            plan_id=row.pk, matrix=MATRIX, edit="switch-module", params={"switch": switch, "summary": "off"},
            sender=actions.Sender(base=1),
        )  # fmt: skip
    row.refresh_from_db()
    assert row.revision == 2


FLOW = {"source": "PS01", "destination": "DC01", "protocol": "udp", "ports": "53", "reason": "Name resolution"}


def test_a_flow_is_changed_in_its_place_and_loses_its_ports_with_icmp():
    document = canonical(contoso(additional_flows=[FLOW, {**FLOW, "ports": "123"}]))
    changes = {"protocol": "icmp", "ports": "", "reason": "Ping"}
    edit = EDITS["edit-flow"](document, {"flow": document["additional_flows"][0], "changes": changes})
    after = apply_edit(document, edit)
    first = {"source": "PS01", "destination": "DC01", "protocol": "icmp", "reason": "Ping"}
    assert [canonical(after)["additional_flows"][0], after["additional_flows"][1]["ports"]] == [first, "123"]


@pytest.mark.parametrize("edit", ["edit-flow", "delete-flow"])
def test_a_flow_that_is_gone_is_not_mistaken_for_another(edit):
    document = canonical(contoso())
    with pytest.raises(NotPossible, match="no longer in the plan"):
        EDITS[edit](document, {"flow": {**FLOW, "ports": "54"}, "changes": {"ports": "55"}})
