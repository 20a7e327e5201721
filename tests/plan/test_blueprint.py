"""From answers to a plan: any answers give a sound document or say what is wrong."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.engine import evaluate_report
from planner.plan.blueprint import (
    MAX_NAMES,
    AnswersError,
    blank_addresses,
    compose,
    find_answer_faults,
    module_state,
    split_lines,
)
from planner.plan.blueprint.answers import read_answers
from planner.plan.document import check_plan, dump_plan, read_plan
from ports.matrix import ZONE_KINDS, build_matrix
from tests.examples import EXAMPLES, unanswered
from tests.plan.blueprints import (
    ANSWERS,
    MATRIX,
    answers,
    canonical,
    check,
    endpoint_of,
    names_of,
)
from tests.ports.records import make_records
from tests.strategies import often


@pytest.mark.parametrize("slug", EXAMPLES)
def test_the_answers_beside_a_ready_made_topology_give_that_topology(slug):
    example = read_plan(EXAMPLES[slug].data, matrix=MATRIX)
    composed = check(compose(MATRIX, ANSWERS[slug], example.name))
    assert composed == replace(unanswered(blank_addresses(example)), description="")


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
    errors = [(finding.code, finding.subject) for finding in report.findings if finding.severity == "error"]
    assert errors == []
    assert (MATRIX.questions[question], (option,)) in read_answers(MATRIX, given)


def test_an_answer_to_a_question_that_isnt_asked_does_nothing():
    assert compose(MATRIX, {"portal-protocol": "ldaps"}, "X") == compose(MATRIX, {}, "X")
    with_portal = compose(MATRIX, {"portal": "dmz", "portal-protocol": "ldaps"}, "X")
    assert with_portal["choices"] == {"prp-domain-protocol": "ldaps"}


def test_people_are_one_endpoint_whatever_they_use_and_its_roles_are_in_the_matrixs_order():
    given = {"portal": "dmz", "portal-users": "both", "launcher-users": "inside", "extension-users": "no"}
    document = compose(MATRIX, given | {"gateway": "none", "messages": "none"}, "X")
    assert endpoint_of(document, "Staff")["roles"] == ["website-user", "launcher-user", "portal-user"]
    assert endpoint_of(document, "Public")["roles"] == ["portal-user"]
    assert endpoint_of(document, "Public")["addresses"] == ["any"]
    assert names_of(document).count("Staff") == 1


def test_nobody_yet_makes_no_people_and_no_zone_for_them():
    nobody = {question.slug: "nobody" for question in MATRIX.questions.values() if "nobody" in question.slugs}
    document = compose(MATRIX, nobody | {"app": "dmz", "portal": "dmz", "messages": "push-pull"}, "X")
    assert [zone["name"] for zone in document["zones"]] == ["DMZ", "Internal"]
    assert not [e for e in document["endpoints"] if e.get("group") and e.get("roles")]


def test_the_launcher_has_users_only_where_there_are_sessions_to_open():
    """Else they would have nothing to reach."""
    given = {"launcher-users": "inside", "website-users": "nobody", "gateway": "none", "messages": "none"}
    assert "Staff" in names_of(compose(MATRIX, given, "X"))
    without = compose(MATRIX, given | {"systems": [], "sites": []}, "X")
    assert "Staff" not in names_of(without)
    assert "Clients" not in [zone["name"] for zone in without["zones"]]


def test_a_portal_brings_a_domain_controller_where_there_is_none():
    document = compose(MATRIX, {"domain": "no", "portal": "dmz"}, "X")
    assert endpoint_of(document, "DC01")["roles"] == ["domain-controller"]
    assert [e["name"] for e in compose(MATRIX, {"portal": "dmz"}, "X")["endpoints"]].count("DC01") == 1


NOBODY = {
    "app-server": ("app-users", "message-readers"),
    "self-destruct-site": ("message-readers",),
    "password-reset-portal": ("portal-users",),
    "browser-gateway": ("session-users",),
    "web-primary": ("website-users",),
    "web-passive": ("website-users",),
    "web-active": ("website-users",),
}
"""By server role: the questions of which one was answered “Nobody yet” where nobody uses it by the report."""


@settings(max_examples=often(150))
@given(answers())
def test_no_answers_give_an_error_and_nobody_uses_only_what_nobody_was_said_to_use(given):
    try:
        document = compose(MATRIX, given, "Any")
    except AnswersError:
        return
    report = evaluate_report(MATRIX, check(document))
    assert [finding.code for finding in report.findings if finding.severity == "error"] == []
    for finding in report.findings:
        if finding.code == "nobody-uses":
            assert "nobody" in [given.get(question) for question in NOBODY[finding.subject]]


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
        ({"systems": ["linux", "moon"]}, "systems", [("“moon” is no answer to this question; the answers are: "
         "Windows servers, Kiosks and workstations, Linux and Mac, Active Directory accounts, Accounts of another "
         "domain, Network devices, More network devices, Server management boards, VMware ESXi, Microsoft SQL Server, "
         "Other databases.")]),
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


def test_addresses_of_a_ready_made_topology_are_left_blank_but_any():
    example = read_plan(EXAMPLES["dmz"].data, matrix=MATRIX)
    blank = blank_addresses(example)
    assert {endpoint.name: endpoint.addresses for endpoint in blank.endpoints if endpoint.addresses} == {
        "Public": ("any",)
    }
    assert [e.name for e in blank.endpoints] == [e.name for e in example.endpoints]


def test_a_matrix_without_questions_gives_an_empty_plan_with_a_zone():
    matrix = build_matrix(make_records())
    document = compose(matrix, {}, "X")
    assert dump_plan(check_plan(document, matrix=matrix)) == document
    assert module_state(matrix, document) == ()
    assert document["zones"][0]["kind"] in ZONE_KINDS
