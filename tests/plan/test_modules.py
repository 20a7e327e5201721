"""Modules switched on and off: in any plan, always a sound document, and what would be lost is said."""

import json
from copy import deepcopy
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.plan.blueprint import (
    AnswersError,
    add_module,
    compose,
    losses,
    module_state,
    remove_module,
)
from planner.plan.blueprint.answers import read_answers
from planner.plan.document import PlanError
from ports.matrix import build_matrix
from ports.text import name_key
from tests.plan.blueprints import (
    ANSWERS,
    BASE,
    BASE_ROWS,
    DOCUMENTS,
    MATRIX,
    MODULES,
    SWITCHES,
    answers,
    canonical,
    check,
    endpoint_of,
    many_records,
    names_of,
    plan,
    state_of,
    unordered,
)
from tests.strategies import names, often

DESTRUCT = MATRIX.choices["self-destruct"]


@settings(max_examples=often(150))
@given(DOCUMENTS, st.sampled_from(SWITCHES))
def test_a_module_switched_on_in_any_plan_gives_a_sound_plan_that_has_it(document, switch):
    slug, option = switch
    before = deepcopy(document)
    after = add_module(MATRIX, document, slug, option)
    assert document == before, "the document that was given is changed"
    assert canonical(after) == after
    assert add_module(MATRIX, after, slug, option) == after
    question = MATRIX.questions[slug]
    state = state_of(after, slug)
    effect = question.option(option).effect
    if option == question.off:
        assert not state.on
    elif not effect.endpoints and not effect.choices and not state.endpoints:
        pass  # there is nobody to give the role to
    else:
        assert state.on
        # Where two options come to the same in this plan, the first of them describes it.
        assert state.answer == (option,) or add_module(MATRIX, after, slug, state.answer) == after


@settings(max_examples=often(150))
@given(DOCUMENTS, st.sampled_from([question.slug for question in MODULES]))
def test_a_module_switched_off_in_any_plan_is_gone_and_the_plan_sound(document, slug):
    question = MATRIX.questions[slug]
    after = remove_module(MATRIX, document, question.slug)
    assert canonical(after) == after
    state = state_of(after, question.slug)
    assert not state.on
    assert state.endpoints == ()
    assert not any(set(question.roles) & set(e.get("roles", ())) for e in after["endpoints"])
    assert remove_module(MATRIX, after, question.slug) == after
    if not state_of(document, question.slug).on:
        assert after == canonical(document)


@settings(max_examples=often(100))
@given(DOCUMENTS, st.data())
def test_names_added_to_any_plan_give_a_sound_plan_or_a_sentence(document, data):
    sites = data.draw(names(data.draw(st.integers(1, 3))))
    try:
        after = add_module(MATRIX, document, "sites", sites)
    except AnswersError:
        return
    assert canonical(after) == after
    assert add_module(MATRIX, after, "sites", sites) == after
    there = {name_key(name) for name in state_of(after, "sites").answer}
    assert {name_key(name) for name in sites} <= there


@settings(max_examples=often(150))
@given(DOCUMENTS, st.sampled_from([question.slug for question in MODULES if question.kind == "one"]))
def test_what_isnt_listed_as_a_loss_comes_back(document, slug):
    lost = losses(MATRIX, document, slug)
    state = state_of(document, slug)
    if state.on and not lost and state.answer:
        without = remove_module(MATRIX, document, slug)
        again = add_module(MATRIX, without, slug, state.answer, next(iter(state.users), None))
        before, after = unordered(check(document)), unordered(check(again))
        there = {endpoint.name: endpoint for endpoint in before.endpoints}
        zones = {zone.name for zone in before.zones}
        # More may come than was there: what an option brings that was missing.
        after = replace(
            after,
            zones=tuple(zone for zone in after.zones if zone.name in zones),
            endpoints=tuple(
                replace(endpoint, roles=tuple(role for role in endpoint.roles if role in there[endpoint.name].roles))
                for endpoint in after.endpoints
                if endpoint.name in there
            ),
        )
        assert after == before
    if not state.on:
        assert lost == ()


@settings(max_examples=often(100))
@given(answers(), st.sampled_from([question.slug for question in MODULES]))
def test_what_is_outside_of_a_module_stays_as_it_is(given, slug):
    question = MATRIX.questions[slug]
    try:
        document = compose(MATRIX, given, "Any")
    except AnswersError:
        return
    state = state_of(document, question.slug)
    after = check(remove_module(MATRIX, document, question.slug))
    members = set(state.endpoints)
    left = {endpoint.name: endpoint for endpoint in after.endpoints}
    for endpoint in check(document).endpoints:
        if endpoint.name not in members:
            users = state.asks.roles if state.asks and state.on else ()  # what they had for the module goes with it
            rest = tuple(role for role in endpoint.roles if role not in users)
            if rest or not endpoint.roles:
                assert left[endpoint.name] == replace(endpoint, roles=rest)
            else:
                assert endpoint.name not in left


@pytest.mark.parametrize("slug", ANSWERS)
def test_the_state_of_a_composed_plan_is_what_was_answered(slug):
    given = {question.slug: answer for question, answer in read_answers(MATRIX, ANSWERS[slug])}
    for state in module_state(MATRIX, compose(MATRIX, ANSWERS[slug], "X")):
        assert state.answer == given[state.question.slug]
        assert state.on == (state.answer not in ((), (state.question.off,)))


@pytest.mark.parametrize(("slug", "option"), [s for s in SWITCHES if s[1] != MATRIX.questions[s[0]].off])
def test_a_module_switched_on_and_off_leaves_the_plan_as_it_was(slug, option):
    without = remove_module(MATRIX, BASE, slug)
    again = remove_module(MATRIX, add_module(MATRIX, without, slug, option), slug)
    beside = {"app"} if (slug, option) == ("messages", "app") else set()
    for module in beside:
        again = remove_module(MATRIX, again, module)
    assert again == without


USERS = ["inside", "internet", "both", "nobody"]


@pytest.mark.parametrize("users", USERS)
@pytest.mark.parametrize(
    ("slug", "option"), [("portal", "dmz"), ("app", "dmz"), ("messages", "push-pull"), ("gateway", "own")]
)
def test_who_uses_a_module_comes_and_goes_with_it_and_can_be_changed_by_itself(slug, option, users):
    without = remove_module(MATRIX, BASE, slug)
    document = add_module(MATRIX, without, slug, option, users)
    assert state_of(document, slug).users == (users,)
    assert remove_module(MATRIX, document, slug) == without
    for others in USERS:
        changed = add_module(MATRIX, document, slug, option, others)
        assert state_of(changed, slug).users == (others,)
        assert state_of(changed, slug).answer == (option,)
        assert unordered(check(add_module(MATRIX, changed, slug, option, users))) == unordered(check(document))


def test_people_who_are_there_use_a_module_and_keep_all_else():
    staff = ("Employees", "Office", ["website-user"], {"group": True, "addresses": ["10.1.0.0/16"]})
    partners = ("Partners", "Internet", ["website-user"], {"group": True, "addresses": ["198.51.100.0/24"]})
    document = canonical(plan(*BASE_ROWS, staff, partners, zones=("Internal", "Office", "Internet")))
    both = add_module(MATRIX, document, "portal", "internal", "both")
    assert endpoint_of(both, "Employees")["roles"] == ["website-user", "portal-user"]
    assert endpoint_of(both, "Partners")["roles"] == ["website-user"], "they aren't everyone on the internet"
    assert endpoint_of(both, "Public")["addresses"] == ["any"]
    assert remove_module(MATRIX, both, "portal") == document


def test_addresses_of_people_who_would_go_are_a_loss():
    document = add_module(MATRIX, BASE, "portal", "dmz", "inside")
    endpoint_of(document, "Staff")["addresses"] = ["10.1.0.0/16"]
    assert losses(MATRIX, document, "portal", "dmz", "inside") == ()
    for lost in (losses(MATRIX, document, "portal"), losses(MATRIX, document, "portal", "dmz", "internet")):
        assert lost == ("“Staff”: the address 10.1.0.0/16",)


def test_users_that_are_no_option_are_refused():
    with pytest.raises(AnswersError, match="“moon” is no answer to this question"):
        add_module(MATRIX, BASE, "portal", "dmz", "moon")


def test_a_stored_plan_and_its_document_are_the_same_to_all():
    assert module_state(MATRIX, BASE) == module_state(MATRIX, check(BASE))
    assert add_module(MATRIX, check(BASE), "portal", "dmz") == add_module(MATRIX, BASE, "portal", "dmz")


@pytest.mark.parametrize("slug", ["moon", "sql", "people"])
def test_what_is_no_module_is_a_key_error(slug):
    for call in (remove_module, losses):
        with pytest.raises(KeyError):
            call(MATRIX, BASE, slug)
    with pytest.raises(KeyError):
        add_module(MATRIX, BASE, slug, "own")


def test_an_option_that_a_module_hasnt_is_refused_with_a_sentence():
    with pytest.raises(AnswersError, match="“moon” is no answer to this question"):
        add_module(MATRIX, BASE, "portal", "moon")
    with pytest.raises(AnswersError, match="Write at least one name"):
        add_module(MATRIX, BASE, "sites", ["  ", ""])
    with pytest.raises(AnswersError, match="of another kind already"):
        add_module(MATRIX, BASE, "sites", ["Internal"])


def test_a_document_that_is_no_plan_is_refused():
    with pytest.raises(PlanError):
        module_state(MATRIX, {"format": 1})


def test_a_zone_of_the_kind_is_used_whatever_it_is_called():
    document = plan(("PS01", "Servers", ["web-primary"]), zones=("Clients", "Servers", "Perimeter"))
    document["zones"][2]["kind"] = "dmz"
    assert endpoint_of(add_module(MATRIX, document, "portal", "dmz"), "PRP01")["zone"] == "Perimeter"
    assert endpoint_of(add_module(MATRIX, document, "portal", "internal"), "PRP01")["zone"] == "Servers"


def test_a_zone_of_another_kind_isnt_used_although_it_has_the_name():
    after = add_module(MATRIX, plan(("PS01", "dmz", ["web-primary"]), zones=("dmz",)), "portal", "dmz", "nobody")
    assert [(zone["name"], zone["kind"]) for zone in after["zones"]] == [("dmz", "internal"), ("DMZ 2", "dmz")]


def test_a_name_that_is_taken_gets_the_next_number():
    document = plan(("PS01", "Internal", ["web-primary"]), ("prp01", "Internal", ["mail-server"]))
    assert "PRP02" in names_of(add_module(MATRIX, document, "portal", "internal"))


def test_a_module_that_moves_keeps_all_that_is_known_about_it():
    document = add_module(MATRIX, BASE, "portal", "dmz", "nobody")
    endpoint_of(document, "PRP01").update(
        name="Portal", addresses=["192.0.2.10"], platforms=["windows"], operations=["reset"], managed_by=["PS01"]
    )
    document["additional_flows"] = [
        {"source": "Portal", "destination": "PS01", "protocol": "udp", "ports": "53", "reason": "Names"}
    ]
    after = add_module(MATRIX, document, "portal", "internal")
    assert endpoint_of(after, "Portal") == endpoint_of(document, "Portal") | {"zone": "Internal"}
    assert after["additional_flows"] == document["additional_flows"]
    assert [zone["name"] for zone in after["zones"]] == ["Internal"]


def test_a_passive_server_that_becomes_active_stays_the_same_server():
    document = add_module(MATRIX, BASE, "ha", "passive")
    endpoint_of(document, "PS02")["addresses"] = ["10.0.0.11"]
    after = add_module(MATRIX, document, "ha", "active")
    assert endpoint_of(after, "PS02") == {
        "name": "PS02", "zone": "Internal", "addresses": ["10.0.0.11"], "roles": ["web-active"]
    }  # fmt: skip


def test_the_second_data_centre_goes_with_what_came_with_it():
    document = compose(MATRIX, {"ha": "passive-second"}, "X")
    after = remove_module(MATRIX, document, "ha")
    assert {"PS02", "SQL02", "DC02"}.isdisjoint(names_of(after))
    assert "Second data centre" not in [zone["name"] for zone in after["zones"]]


def test_a_second_data_centre_under_another_name_is_still_one():
    document = compose(MATRIX, {"ha": "active-second"}, "X")
    text = json.dumps(document).replace("Second data centre", "Frankfurt")
    assert state_of(json.loads(text), "ha").answer == ("active-second",)


def test_a_role_on_a_shared_endpoint_is_taken_off_and_the_endpoint_stays():
    document = plan(("PS01", "Internal", ["web-primary", "app-server"], {"addresses": ["10.0.0.1"]}))
    assert endpoint_of(remove_module(MATRIX, document, "app"), "PS01") == {
        "name": "PS01", "zone": "Internal", "addresses": ["10.0.0.1"], "roles": ["web-primary"]
    }  # fmt: skip
    assert losses(MATRIX, document, "app") == ("“PS01”: the role App Server",)


def test_a_gateway_on_the_passive_server_doesnt_keep_it():
    document = compose(MATRIX, {"ha": "passive", "gateway": "web"}, "X")
    assert "PS02" not in names_of(remove_module(MATRIX, document, "ha"))
    assert losses(MATRIX, document, "ha") == ("“PS02”: the role Browser gateway",)


def test_a_module_without_anything_of_its_own_is_no_loss():
    for slug, option in SWITCHES:
        document = add_module(MATRIX, BASE, slug, option)
        if option not in ("app", MATRIX.questions[slug].off):
            assert losses(MATRIX, document, slug) == (), (slug, option)


def test_what_a_module_would_lose_is_said():
    document = add_module(MATRIX, BASE, "portal", "dmz")
    document["endpoints"].append(
        {"name": "Host", "zone": "DMZ", "platforms": ["windows"], "operations": ["reset"], "managed_by": ["PS02"]}
    )
    document = add_module(MATRIX, document | {"endpoints": document["endpoints"][:-1]}, "ha", "passive")
    document["endpoints"].append(
        {"name": "Host", "zone": "DMZ", "platforms": ["windows"], "operations": ["reset"], "managed_by": ["PS02"]}
    )
    endpoint_of(document, "PS02").update(
        addresses=["10.0.0.11"], group=True, platforms=["windows"], operations=["reset"]
    )
    document["additional_flows"] = [
        {"source": "PS02", "destination": "SQL01", "protocol": "tcp", "ports": "5022", "reason": "Replication"}
    ]
    assert losses(MATRIX, document, "ha") == (
        "“PS02”: the address 10.0.0.11",
        "“PS02”: the platform Windows",
        "“PS02”: the operation Password reset",
        "“PS02”: that it stands for many machines",
        "“Host”: that it is managed by PS02",
        "the additional flow from “PS02” to “SQL01”, tcp 5022: Replication",
    )
    after = remove_module(MATRIX, document, "ha")
    assert "managed_by" not in endpoint_of(after, "Host")
    assert "additional_flows" not in after


def test_a_renamed_server_is_a_loss_as_a_whole():
    document = add_module(MATRIX, BASE, "portal", "dmz")
    endpoint_of(document, "PRP01").update(name="Reset", addresses=["192.0.2.10"])
    assert losses(MATRIX, document, "portal") == ("“Reset” as a whole (Password Reset Portal, 192.0.2.10)",)


def test_remote_sites_go_with_all_that_stands_in_them_and_their_names_are_a_loss():
    document = compose(MATRIX, {"sites": ["Berlin", "Oslo"]}, "X")
    after = remove_module(MATRIX, document, "sites")
    assert after == compose(MATRIX, {}, "X")
    assert losses(MATRIX, document, "sites") == (
        "the zone “Berlin” with Berlin agent, Berlin Windows",
        "the zone “Oslo” with Oslo agent, Oslo Windows",
    )
    assert losses(MATRIX, document, "sites", ["Rome"]) == (), "another site takes nothing from those there"


def test_an_agent_elsewhere_goes_too_and_a_zone_without_an_agent_stays():
    document = plan(
        ("PS01", "Internal", ["web-primary"]),
        ("A1", "Internal", ["remote-site-agent"]),
        ("Host", "Oslo", [], {"platforms": ["windows"], "managed_by": ["A1"]}),
        zones=("Internal", "Oslo"),
    )
    after = remove_module(MATRIX, document, "sites")
    assert names_of(after) == ["PS01", "Host"]
    assert "managed_by" not in endpoint_of(after, "Host")
    assert [zone["name"] for zone in after["zones"]] == ["Internal", "Oslo"]


def test_what_has_a_role_of_its_own_at_a_site_stays_there():
    document = plan(
        ("PS01", "Oslo", ["web-primary", "remote-site-agent"], {"addresses": ["10.0.0.1"]}),
        ("Host", "Oslo", [], {"platforms": ["windows"]}),
        ("A1", "Berlin", ["remote-site-agent", "browser-gateway"]),
        zones=("Oslo", "Berlin"),
    )
    after = remove_module(MATRIX, document, "sites")
    assert after["zones"] == [{"name": "Oslo", "kind": "remote-site"}]
    assert after["endpoints"] == [
        {"name": "PS01", "zone": "Oslo", "addresses": ["10.0.0.1"], "roles": ["web-primary"]}
    ]  # fmt: skip


def test_a_plan_that_is_full_takes_no_more(monkeypatch):
    monkeypatch.setattr("planner.plan.limits.ENDPOINTS", len(BASE["endpoints"]))
    with pytest.raises(AnswersError, match=r"at most [\d,]+ endpoints, found"):
        add_module(MATRIX, BASE, "portal", "dmz")
    with pytest.raises(AnswersError, match=r"at most [\d,]+ endpoints, found"):
        add_module(MATRIX, BASE, "sites", ["Oslo", "Berlin"])


def test_the_last_zone_stays():
    document = plan(("A", "Berlin", ["remote-site-agent"]), zones=("Berlin",))
    after = remove_module(MATRIX, document, "sites")
    assert (names_of(after), len(after["zones"])) == ([], 1)


def test_sites_are_added_to_those_there_and_what_is_there_stays():
    document = compose(MATRIX, {"sites": ["Berlin"]}, "X")
    endpoint_of(document, "Berlin agent")["addresses"] = ["172.16.0.5"]
    after = add_module(MATRIX, document, "sites", ["Oslo", "berlin"])
    assert state_of(after, "sites").answer == ("Berlin", "Oslo")
    assert endpoint_of(after, "Berlin agent")["addresses"] == ["172.16.0.5"]
    assert names_of(after, "Oslo") == ["Oslo agent"]


def test_a_site_that_is_a_zone_without_an_agent_gets_one():
    document = plan(("PS01", "Internal", ["web-primary"]), ("Host", "Oslo", []), zones=("Internal", "Oslo"))
    after = add_module(MATRIX, document, "sites", "Oslo")
    assert names_of(after, "Oslo") == ["Host", "Oslo agent"]


def test_switching_messages_off_decides_so_and_on_again_takes_it_back():
    off = remove_module(MATRIX, BASE, "messages")
    assert off["choices"] == {"self-destruct": "none"}
    assert add_module(MATRIX, off, "messages", "embedded", "nobody") == canonical(BASE)
    push = add_module(MATRIX, off, "messages", "push-pull")
    assert push["choices"] == {"self-destruct": "push-pull"}
    assert "SD01" in names_of(push)


def test_a_decision_that_no_option_describes_is_a_loss():
    undone = BASE | {"choices": {"self-destruct": "push-pull"}}  # and nothing that messages could be pushed to
    assert state_of(undone, "messages").answer == ()
    assert losses(MATRIX, undone, "messages") == (
        f"the decision “{DESTRUCT.name}: {DESTRUCT.option('push-pull').name}”",
    )


def test_an_arrangement_that_no_option_describes_is_on_and_has_no_answer():
    document = plan(
        ("PS01", "Internal", ["web-primary", "browser-gateway"]), ("GW01", "Internal", ["browser-gateway"])
    )
    state = state_of(document, "gateway")
    assert (state.on, state.answer, state.endpoints) == (True, (), ("PS01", "GW01"))
    assert endpoint_of(add_module(MATRIX, document, "gateway", "own"), "PS01")["roles"] == ["web-primary"]


def test_an_address_of_anywhere_doesnt_move_out_of_the_internet():
    document = plan(("Agents", "Internet", ["password-reset-portal"], {"group": True, "addresses": ["any"]}),
                    ("PS01", "Internal", ["web-primary"]), zones=("Internet", "Internal"))  # fmt: skip
    after = add_module(MATRIX, document, "portal", "internal")
    assert "addresses" not in endpoint_of(after, "Agents")


def test_a_module_of_many_answers_is_switched_on_and_off():
    matrix = build_matrix(many_records())
    empty = compose(matrix, {}, "X")
    assert empty["zones"] == [{"name": "Internal", "kind": "internal"}]
    both = add_module(matrix, empty, "extras", ["people", "agent"])
    (state,) = module_state(matrix, both)
    assert (state.on, state.answer, state.endpoints) == (True, ("agent", "people"), ("A1", "All"))
    assert both["choices"] == {"sign-in": ["card"]}
    one = add_module(matrix, both, "extras", ["agent"])
    assert names_of(one) == ["A1"]
    assert "choices" not in one
    assert losses(matrix, one, "extras") == ()
    assert remove_module(matrix, both, "extras") == empty


def test_a_zone_in_which_an_option_puts_nothing_comes_and_goes_with_it():
    records = many_records()
    agent, people = (option["effect"] for option in records["question"][0]["options"])
    agent["zones"] = [*agent["zones"], {"key": "spare", "name": "Spare", "kind": "dmz"}]
    people["zones"] = [*people["zones"], {"key": "yard", "name": "Yard", "kind": "cloud"}]
    matrix = build_matrix(records)
    empty = compose(matrix, {}, "X")
    both = add_module(matrix, empty, "extras", ["agent", "people"])
    assert [zone["name"] for zone in both["zones"]] == ["Internal", "Spare", "Yard"]
    assert add_module(matrix, both, "extras", ["agent"]) == add_module(matrix, empty, "extras", ["agent"])
    assert remove_module(matrix, both, "extras") == empty


def test_an_endpoint_that_two_options_bring_is_one_with_what_both_give_it():
    records = many_records()
    people = records["question"][0]["options"][1]["effect"]
    people["endpoints"].append({"name": "A1", "zone": "z", "roles": ["agent"], "platforms": ["linux"]})
    matrix = build_matrix(records)
    both = compose(matrix, {"extras": ["agent", "people"]}, "X")
    assert names_of(both).count("A1") == 1
    [box] = [row for row in both["endpoints"] if row["name"] == "A1"]
    assert (box["roles"], box["platforms"]) == (["agent"], ["linux"])


def test_a_helper_without_a_role_of_the_module_stays_when_another_option_wants_it_too():
    records = many_records()
    for option in records["question"][0]["options"]:
        option["effect"]["endpoints"].append({"name": "Box", "zone": "z", "platforms": ["linux"]})
    matrix = build_matrix(records)
    one = add_module(matrix, compose(matrix, {}, "X"), "extras", ["agent"])
    endpoint_of(one, "Box")["addresses"] = ["10.0.0.7"]
    both = add_module(matrix, one, "extras", ["agent", "people"])
    assert names_of(both).count("Box") == 1
    assert endpoint_of(both, "Box")["addresses"] == ["10.0.0.7"]


def test_a_zone_that_no_option_would_make_stays_when_its_people_go():
    people = ("Staff", "Annex", ["portal-user"], {"group": True})
    document = canonical(plan(*BASE_ROWS, people, zones=("Internal", "Annex")))
    document = add_module(MATRIX, document, "portal", "dmz")
    without = add_module(MATRIX, document, "portal", "dmz", "nobody")
    assert "Staff" not in names_of(without)
    assert "Annex" in [zone["name"] for zone in without["zones"]]
