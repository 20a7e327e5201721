"""From answers to a plan, and modules switched on and off: any answers, any plan, always a sound document."""

import json
from copy import deepcopy
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.engine import evaluate_report
from planner.plan.blueprint import (
    MAX_NAMES,
    AnswersError,
    add_module,
    blank_addresses,
    compose,
    effective_answers,
    find_answer_faults,
    losses,
    module_state,
    remove_module,
    split_lines,
)
from planner.plan.document import Plan, PlanError, check_plan, dump_plan, name_key, read_plan
from planner.store.examples import FOLDER, read_examples
from ports.matrix import ZONE_KINDS, build_matrix
from ports.queries import shipped_matrix
from tests.ports.records import make_records
from tests.strategies import documents, names, often

MATRIX = shipped_matrix()
EXAMPLES = {example.slug: example for example in read_examples()}
ANSWERS = json.loads((FOLDER / "answers.json").read_text("utf-8"))
MODULES = [question for question in MATRIX.questions.values() if question.module]
SWITCHES = [(question.slug, slug) for question in MODULES for slug in question.slugs]
DOCUMENTS = documents(MATRIX)


def check(document) -> Plan:
    return check_plan(document, matrix=MATRIX)


def canonical(document):
    return dump_plan(check(document))


def unordered(plan: Plan):
    """A plan as what it says, whatever the order of its zones, endpoints and flows."""
    return replace(
        plan,
        zones=tuple(sorted(plan.zones, key=lambda zone: zone.name)),
        endpoints=tuple(
            replace(
                endpoint,
                roles=tuple(sorted(endpoint.roles)),
                platforms=tuple(sorted(endpoint.platforms)),
                operations=tuple(sorted(endpoint.operations)),
                sessions=tuple(sorted(endpoint.sessions)),
                managed_by=tuple(sorted(endpoint.managed_by)),
                addresses=tuple(sorted(endpoint.addresses)),
            )
            for endpoint in sorted(plan.endpoints, key=lambda endpoint: endpoint.name)
        ),
        additional_flows=tuple(sorted(plan.additional_flows, key=str)),
        choices={
            slug: taken
            for slug in MATRIX.choices
            if (taken := frozenset(_chosen(plan, slug))) != frozenset(MATRIX.choices[slug].default or ())
        },
    )


def _chosen(plan, slug):
    chosen = plan.choices.get(slug, MATRIX.choices[slug].default or ())
    return (chosen,) if isinstance(chosen, str) else chosen


def state_of(document, slug):
    return next(state for state in module_state(MATRIX, document) if state.question.slug == slug)


def names_of(document, zone=None):
    return [e["name"] for e in document["endpoints"] if zone in (None, e["zone"])]


def endpoint_of(document, name):
    return next(endpoint for endpoint in document["endpoints"] if endpoint["name"] == name)


def plan(*endpoints, zones=("Internal",), **more):
    """A document; an endpoint is (name, zone, roles) and more fields."""
    kinds = {"DMZ": "dmz", "Internet": "internet", "Cloud": "cloud", "Berlin": "remote-site", "Oslo": "remote-site"}
    return {
        "format": 1,
        "name": "Test",
        "zones": [{"name": name, "kind": kinds.get(name, "internal")} for name in zones],
        "endpoints": [
            {"name": name, "zone": zone, "roles": list(roles)} | (extra[0] if extra else {})
            for name, zone, roles, *extra in endpoints
        ],
        **more,
    }


BASE = plan(("PS01", "Internal", ["web-primary"]), ("SQL01", "Internal", ["database"]))


@st.composite
def answers(draw, matrix=MATRIX):
    """Answers to some of the questions, in any order."""
    given = {}
    for question in draw(st.permutations(list(matrix.questions.values()))):
        if draw(st.booleans()):
            continue
        if question.kind == "one":
            given[question.slug] = draw(st.sampled_from(question.slugs))
        elif question.kind == "many":
            given[question.slug] = draw(st.lists(st.sampled_from(question.slugs), max_size=12))
        else:
            given[question.slug] = draw(names(draw(st.integers(0, 4))))
    return given


# --- answers to a plan -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", EXAMPLES)
def test_the_answers_beside_a_ready_made_topology_give_that_topology(slug):
    example = read_plan(EXAMPLES[slug].data, matrix=MATRIX)
    composed = check(compose(MATRIX, ANSWERS[slug], example.name))
    assert composed == replace(blank_addresses(example), description="")


def test_there_are_answers_for_every_ready_made_topology_and_no_others():
    assert list(ANSWERS) == list(EXAMPLES)


def test_no_answer_at_all_gives_the_usual_plan():
    document = compose(MATRIX, {}, "Usual")
    assert names_of(document) == ["PS01", "SQL01", "DC01", "MAIL01", "Windows servers", "Staff"]
    assert {zone["name"] for zone in document["zones"]} == {"Internal", "Clients"}
    assert "choices" not in document
    report = evaluate_report(MATRIX, check(document))
    assert report.rules
    assert not [finding for finding in report.findings if finding.severity == "error"]


@settings(max_examples=often(150))
@given(answers())
def test_any_answers_give_a_sound_plan_or_say_what_is_wrong(given):
    faults = find_answer_faults(MATRIX, given)
    if faults:
        assert set(faults) == {"sites"}
        assert all(sentence.endswith(".") for sentence in faults["sites"])
        with pytest.raises(AnswersError) as caught:
            compose(MATRIX, given, "Any")
        assert caught.value.faults == faults
    else:
        document = compose(MATRIX, given, "Any")
        assert canonical(document) == document


@settings(max_examples=often(100))
@given(answers(), st.randoms(use_true_random=False))
def test_the_order_in_which_answers_are_given_makes_no_difference(given, random):
    items = list(given.items())
    random.shuffle(items)
    shuffled = {
        slug: answer if slug == "sites" or isinstance(answer, str) else random.sample(answer, len(answer))
        for slug, answer in items
    }
    try:
        first = compose(MATRIX, given, "Any")
    except AnswersError:
        return
    assert json.dumps(compose(MATRIX, shuffled, "Any")) == json.dumps(first)


@settings(max_examples=often(100))
@given(answers())
def test_no_address_is_made_up(given):
    try:
        document = compose(MATRIX, given, "Any")
    except AnswersError:
        return
    kinds = {zone["name"]: zone["kind"] for zone in document["zones"]}
    for endpoint in document["endpoints"]:
        assert endpoint.get("addresses", []) == (["any"] if kinds[endpoint["zone"]] == "internet" else [])


@settings(max_examples=often(100))
@given(answers())
def test_a_skipped_question_counts_as_its_default(given):
    asked = {question.slug: question.default for question in MATRIX.questions.values()} | given
    try:
        first = compose(MATRIX, given, "Any")
    except AnswersError:
        return
    assert compose(MATRIX, asked, "Any") == first


@settings(max_examples=often(100))
@given(answers())
def test_zones_come_from_the_outside_in_and_endpoints_by_zone(given):
    try:
        document = compose(MATRIX, given, "Any")
    except AnswersError:
        return
    order = ("internet", "dmz", "cloud", "internal", "remote-site")
    kinds = [order.index(zone["kind"]) for zone in document["zones"]]
    assert kinds == sorted(kinds)
    zones = [zone["name"] for zone in document["zones"]]
    places = [zones.index(endpoint["zone"]) for endpoint in document["endpoints"]]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("question", "option"), [(q.slug, slug) for q in MATRIX.questions.values() if q.kind == "one" for slug in q.slugs]
)
def test_every_single_answer_gives_a_report_without_errors(question, option):
    asked = MATRIX.questions[question]
    given = {question: option}
    if asked.when:
        given[asked.when.question] = asked.when.options[0]
    report = evaluate_report(MATRIX, check(compose(MATRIX, given, "One")))
    errors = [finding.code for finding in report.findings if finding.severity == "error"]
    assert errors == []
    assert effective_answers(MATRIX, given)[question] == (option,)


def test_an_answer_to_a_question_that_isnt_asked_does_nothing():
    assert compose(MATRIX, {"portal-protocol": "ldaps"}, "X") == compose(MATRIX, {}, "X")
    with_portal = compose(MATRIX, {"portal": "dmz", "portal-protocol": "ldaps"}, "X")
    assert with_portal["choices"] == {"prp-domain-protocol": "ldaps"}


def test_options_of_one_question_add_to_one_endpoint():
    document = compose(MATRIX, {"people": ["launcher", "website"], "gateway": "none"}, "X")
    assert endpoint_of(document, "Staff")["roles"] == ["website-user", "launcher-user"]


def test_a_gateway_with_the_website_is_on_every_web_server():
    document = compose(MATRIX, {"ha": "active", "gateway": "web"}, "X")
    assert endpoint_of(document, "PS01")["roles"] == ["web-primary", "browser-gateway"]
    assert endpoint_of(document, "PS02")["roles"] == ["web-active", "browser-gateway"]


def test_a_second_domain_controller_comes_only_where_there_is_a_first():
    assert "DC02" in names_of(compose(MATRIX, {"ha": "passive-second"}, "X"))
    assert "DC02" not in names_of(compose(MATRIX, {"ha": "passive-second", "domain": "no"}, "X"))


def test_messages_on_the_app_server_bring_one_unless_it_is_there():
    assert endpoint_of(compose(MATRIX, {"messages": "app"}, "X"), "APP01")["zone"] == "Internal"
    document = compose(MATRIX, {"messages": "app", "app": "dmz"}, "X")
    assert [e["zone"] for e in document["endpoints"] if "app-server" in e.get("roles", ())] == ["DMZ"]


def test_every_site_gets_a_zone_an_agent_and_what_is_managed_there():
    document = compose(MATRIX, {"sites": [" Berlin ", "", "Oslo"], "site-systems": ["linux", "windows"]}, "X")
    assert [zone["name"] for zone in document["zones"] if zone["kind"] == "remote-site"] == ["Berlin", "Oslo"]
    assert names_of(document, "Oslo") == ["Oslo agent", "Oslo Windows", "Oslo Linux"]


def test_a_thousand_sites_are_composed():
    document = compose(MATRIX, {"sites": [f"Site {number:04}" for number in range(1_000)]}, "X")
    assert len(document["endpoints"]) == 2_006
    assert canonical(document) == document


def test_operations_go_to_the_platforms_that_have_them():
    document = compose(MATRIX, {"systems": ["windows", "boards"], "system-operations": ["discovery"]}, "X")
    assert endpoint_of(document, "Windows servers")["operations"] == ["discovery"]
    assert "operations" not in endpoint_of(document, "Management boards")


@pytest.mark.parametrize("option", MATRIX.questions["systems"].slugs)
def test_no_operation_is_given_to_a_platform_that_lacks_it(option):
    report = evaluate_report(MATRIX, check(compose(MATRIX, {"systems": [option]}, "X")))
    assert "operation-without-row" not in {finding.code for finding in report.findings}
    idle = [f.message for f in report.findings if f.severity == "warning" and f.code != "caveat"]
    assert idle == []


# --- answers that are none -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "slug", "sentences"),
    [
        ({"moon": "yes"}, "moon", ["There is no question “moon”."]),
        ({"domain": "maybe"}, "domain", ["“maybe” is no answer to this question; the answers are: Yes, No."]),
        ({"domain": ["yes", "no"]}, "domain", ["This question takes one answer; choose one."]),
        ({"domain": []}, "domain", ["This question takes one answer; choose one, or leave the question out."]),
        ({"public": ["portal", "moon"]}, "public", [("“moon” is no answer to this question; the answers are: "
         "Password Reset Portal, Self-destruct messages, Mobile app.")]),
        ({"sites": ["Oslo", "", "OSLO"]}, "sites",
         ["Line 3: “OSLO” is there already, in line 1. Change one of them."]),
        ({"sites": ["Os\tlo"]}, "sites", ["Line 1: “Os\\tlo” has a control character in it; delete it."]),
        ({"sites": ["x" * 240]}, "sites", ["Line 1: this name has 240 characters; at most 239 fit."]),
        ({"sites": ["Oslo", "internal"]}, "sites",
         ["Line 2: the plan has a zone “Internal” already. Use another name."]),
        ({"sites": [f"S{n}" for n in range(MAX_NAMES + 1)]}, "sites",
         ["These are 2,001 names; at most 2,000 are read here. Import the plan instead."]),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_has_its_sentence(given, slug, sentences):
    with pytest.raises(AnswersError) as caught:
        compose(MATRIX, given, "X")
    assert caught.value.faults == {slug: tuple(sentences)} == find_answer_faults(MATRIX, given)


def test_all_faults_are_told_at_once_and_of_many_lines_the_first():
    with pytest.raises(AnswersError) as caught:
        compose(MATRIX, {"domain": "maybe", "sites": ["Oslo"] * 31}, "X")
    assert list(caught.value.faults) == ["domain", "sites"]
    assert len(caught.value.faults["sites"]) == 21
    assert caught.value.faults["sites"][-1] == "And 10 more lines like these."


def test_the_longest_name_that_fits_is_taken():
    longest = "x" * 239
    document = compose(MATRIX, {"sites": [longest], "site-systems": ["network"]}, "X")
    assert max(map(len, names_of(document))) == 255
    assert canonical(document) == document


def test_lines_end_where_a_form_ends_them():
    assert split_lines("a\r\nb\nc\rd") == ("a", "b", "c", "d")
    assert split_lines("a\u2028b\x0bc") == ("a\u2028b\x0bc",)


# --- modules ---------------------------------------------------------------------------------------------------------


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
        again = add_module(MATRIX, without, slug, state.answer)
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
            assert left[endpoint.name] == endpoint


@pytest.mark.parametrize("slug", ANSWERS)
def test_the_state_of_a_composed_plan_is_what_was_answered(slug):
    given = effective_answers(MATRIX, ANSWERS[slug])
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
    after = add_module(MATRIX, plan(("PS01", "dmz", ["web-primary"]), zones=("dmz",)), "portal", "dmz")
    assert [(zone["name"], zone["kind"]) for zone in after["zones"]] == [("dmz", "internal"), ("DMZ 2", "dmz")]


def test_a_name_that_is_taken_gets_the_next_number():
    document = plan(("PS01", "Internal", ["web-primary"]), ("prp01", "Internal", ["mail-server"]))
    assert "PRP02" in names_of(add_module(MATRIX, document, "portal", "internal"))


def test_a_module_that_moves_keeps_all_that_is_known_about_it():
    document = add_module(MATRIX, BASE, "portal", "dmz")
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
    endpoint_of(document, "PS02").update(addresses=["10.0.0.11"], platforms=["windows"], operations=["reset"])
    document["additional_flows"] = [
        {"source": "PS02", "destination": "SQL01", "protocol": "tcp", "ports": "5022", "reason": "Replication"}
    ]
    assert losses(MATRIX, document, "ha") == (
        "“PS02”: the address 10.0.0.11",
        "“PS02”: the platform Windows",
        "“PS02”: the operation Password reset",
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
    assert add_module(MATRIX, off, "messages", "embedded") == canonical(BASE)
    push = add_module(MATRIX, off, "messages", "push-pull")
    assert push["choices"] == {"self-destruct": "push-pull"}
    assert "SD01" in names_of(push)


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


def test_addresses_of_a_ready_made_topology_are_left_blank_but_any():
    example = read_plan(EXAMPLES["dmz"].data, matrix=MATRIX)
    blank = blank_addresses(example)
    assert {endpoint.name: endpoint.addresses for endpoint in blank.endpoints if endpoint.addresses} == {
        "Public": ("any",)
    }
    assert [e.name for e in blank.endpoints] == [e.name for e in example.endpoints]


# --- another matrix --------------------------------------------------------------------------------------------------


def many_records():
    """A small matrix with a module of many answers, and a list."""
    records = make_records()
    zone = {"key": "z", "name": "Room", "kind": "internal"}
    records["question"] = [
        {"slug": "extras", "title": "Extras", "topic": "", "text": "Which?", "kind": "many", "module": True, "off": "",
         "roles": ["agent", "user"], "when": {}, "default": [], "each": {}, "options": [
             {"slug": "agent", "name": "Agent", "consequence": "", "effect": {
                 "zones": [zone], "endpoints": [{"name": "A1", "zone": "z", "roles": ["agent"]}]}},
             {"slug": "people", "name": "People", "consequence": "", "effect": {
                 "zones": [zone], "choices": {"sign-in": ["card"]},
                 "endpoints": [{"name": "All", "zone": "z", "roles": ["user"], "group": True}]}},
         ]},
    ]  # fmt: skip
    return records


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


def test_a_matrix_without_questions_gives_an_empty_plan_with_a_zone():
    matrix = build_matrix(make_records())
    document = compose(matrix, {}, "X")
    assert dump_plan(check_plan(document, matrix=matrix)) == document
    assert module_state(matrix, document) == ()
    assert document["zones"][0]["kind"] in ZONE_KINDS
