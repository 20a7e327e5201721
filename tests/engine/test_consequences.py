"""What an answer would change is what evaluating the plan with it shows."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.engine import consequences as module
from planner.engine import evaluate_report
from planner.engine.consequences import NOTHING, Consequence, weigh, weigh_answers, weigh_plans
from planner.engine.idle import explain_nothing, find_idle_choices
from planner.plan.document import check_plan
from planner.plan.topologies import read_topology
from ports.queries import shipped_matrix
from tests.report.samples import contoso, evaluate, sites, write_plan
from tests.strategies import documents, often

MATRIX = shipped_matrix()


def openings(report, *scopes):
    return {
        (flow.source.name, flow.destination.name, flow.need.protocol, flow.need.ports, flow.need.any_of)
        for flow in report.flows
        if flow.scope in scopes
    }


def compare(before, after):
    """The consequence as a second reading finds it, from whole reports."""
    old, new = openings(before, "cross-zone"), openings(after, "cross-zone")
    inside = [openings(report, "same-zone", "same-host") for report in (before, after)]
    old_keys, new_keys = {item[:4] for item in old}, {item[:4] for item in new}
    return Consequence(
        rules=len(after.rules) - len(before.rules),
        opened=len(new_keys - old_keys),
        closed=len(old_keys - new_keys),
        inside=inside[0] != inside[1],
    )


def other_plans(report):
    """Every other answer to a choice, as (choice, option) and the plan that has it."""
    for slug, choice in MATRIX.choices.items():
        taken = report.plan.choices.get(slug, choice.default or ())
        for option in choice.slugs:
            if choice.many:
                chosen = tuple(item for item in choice.slugs if (item in taken) is not (item == option))
            else:
                chosen = option
            yield slug, option, replace(report.plan, choices={**report.plan.choices, slug: chosen})
        if choice.default is None:
            rest = {key: value for key, value in report.plan.choices.items() if key != slug}
            yield slug, None, replace(report.plan, choices=rest)


@settings(max_examples=often(40))
@given(documents(MATRIX), documents(MATRIX))
def test_what_another_plan_would_open_is_what_evaluating_it_shows(document, other):
    report, after = (evaluate_report(MATRIX, check_plan(one, matrix=MATRIX)) for one in (document, other))
    found, same = weigh_plans(report, [after.plan, report.plan])
    assert same == NOTHING
    assert found == compare(report, after)
    opened = {item[:4] for item in openings(after, "cross-zone")} - {
        item[:4] for item in openings(report, "cross-zone")
    }
    assert set(found.services) == {f"{protocol} {ports}" if ports else protocol for _, _, protocol, ports in opened}
    assert len(set(found.services)) == len(found.services)
    closed = {item[:4] for item in openings(report, "cross-zone")} - {
        item[:4] for item in openings(after, "cross-zone")
    }
    assert set(found.dropped) == {f"{protocol} {ports}" if ports else protocol for _, _, protocol, ports in closed}


@pytest.mark.slow
@pytest.mark.parametrize("slug", ["everything", "high-availability"])
def test_what_a_plan_has_already_makes_no_difference(slug):
    for plan in (read_topology(MATRIX, slug), replace(read_topology(MATRIX, slug), choices={}, corrections=())):
        report = evaluate_report(MATRIX, plan)
        assert weigh(report) == weigh(replace(report, basis=None))


def test_some_answers_are_weighed_like_all_of_them():
    report = evaluate(contoso())
    whole = weigh(report)
    options, corrections = weigh_answers(report, ["esxi"], ["ldap-tcp"])
    assert options == {"esxi": whole.options["esxi"]}
    assert corrections == {"ldap-tcp": whole.corrections["ldap-tcp"]}


def test_in_a_plan_that_is_too_large_neither_plans_nor_answers_are_weighed(monkeypatch):
    report = evaluate(contoso())
    monkeypatch.setattr(module, "MAX_FLOWS", len(report.flows) - 1)
    assert weigh_plans(report, [report.plan]) == (None,)
    assert weigh_answers(report, ["esxi"], ["ldap-tcp"]) == ({}, {})


@pytest.mark.slow
@settings(max_examples=often(40))
@given(documents(MATRIX))
def test_each_consequence_is_what_evaluating_shows(document):
    report = evaluate_report(MATRIX, check_plan(document, matrix=MATRIX))
    weighed = weigh(report)
    assert weighed.known
    for slug, option, plan in other_plans(report):
        expected = compare(report, evaluate_report(MATRIX, plan))
        if slug in weighed.idle:
            assert expected == NOTHING, f"{slug} is called idle"
        else:
            assert weighed.options[slug][option] == expected
    for slug, consequence in weighed.corrections.items():
        applied = report.plan.corrections
        others = tuple(item for item in applied if item != slug)
        plan = replace(report.plan, corrections=others if slug in applied else (*applied, slug))
        assert consequence == compare(report, evaluate_report(MATRIX, plan))


@settings(max_examples=often(40))
@given(documents(MATRIX), st.data())
def test_an_open_decision_closes_the_flows_that_are_marked_with_other_options_only(document, data):
    report = evaluate_report(MATRIX, check_plan(document | {"choices": {}}, matrix=MATRIX))
    if not report.decisions:
        return
    decision = data.draw(st.sampled_from(report.decisions))
    option = data.draw(st.sampled_from(decision.choice.slugs))
    closed = sum(
        1
        for flow in report.flows
        if flow.scope == "cross-zone"
        and flow.need.any_of
        and all(mark.choice == decision.choice.slug and mark.option != option for mark in flow.need.any_of)
    )
    found = weigh(report).options[decision.choice.slug][option]
    assert (found.opened, found.closed) == (0, closed)


def test_what_is_in_force_changes_nothing():
    report = evaluate(contoso(choices={"esxi": "ssh"}))
    weighed = weigh(report).options["esxi"]
    assert weighed["ssh"] == NOTHING
    assert weighed["powercli"] != NOTHING
    assert weighed[None].opened > 0


def test_a_choice_is_idle_until_something_depends_on_it():
    web = {"name": "PS01", "zone": "Internal", "roles": ["web-primary", "database"]}
    assert "esxi" in find_idle_choices(evaluate(write_plan(web)))
    host = {"name": "H", "zone": "DMZ", "platforms": ["vmware-esxi"], "operations": ["reset"]}
    assert "esxi" not in find_idle_choices(evaluate(write_plan(web, host)))
    assert "self-destruct" in find_idle_choices(evaluate(write_plan(web)))
    missing = evaluate(write_plan(web, choices={"self-destruct": "push-pull"}))
    assert "self-destruct" not in find_idle_choices(missing), "a check speaks of it"


def test_an_option_says_for_want_of_what_it_opens_nothing():
    web = {"name": "PS01", "zone": "Internal", "roles": ["web-primary", "database"]}
    alone = evaluate(write_plan(web))
    assert explain_nothing(alone, "self-destruct", "push-pull") == ("no endpoint is “Self-destruct site (push/pull)”")
    assert explain_nothing(alone, "sql-listener", "yes") == "no endpoint is “App Server”"
    assert "has the operation “Account validation” and the platform “Windows”" in explain_nothing(
        alone, "windows-validation", "smb"
    )
    assert explain_nothing(alone, "self-destruct", "none") == "", "it asks for nothing anywhere"
    target = {"name": "T", "zone": "Internal", "platforms": ["windows"], "operations": ["validation"]}
    said = "no endpoint is “Remote site agent” or “Passwordstate web server” where it would reach the target"
    assert explain_nothing(evaluate(write_plan(target)), "windows-validation", "smb") == said
    site = {"name": "SD", "zone": "DMZ", "roles": ["self-destruct-site"]}
    assert explain_nothing(evaluate(write_plan(web, site)), "self-destruct", "push-pull") == ""


@pytest.mark.slow
@settings(max_examples=often(40))
@given(documents(MATRIX))
def test_what_opens_nothing_for_want_of_something_gives_no_flow(document):
    report = evaluate_report(MATRIX, check_plan(document, matrix=MATRIX))
    for slug, option, other in other_plans(report):
        if option and explain_nothing(report, slug, option):
            with_it = replace(other, zones=tuple(replace(zone, choices={}) for zone in other.zones))
            after = evaluate_report(MATRIX, with_it)
            taken = after.plan.choices[slug]
            if option not in (taken if isinstance(taken, tuple) else (taken,)):
                continue
            asking = {
                one.slug
                for one in MATRIX.requirements
                if any(
                    getattr(condition, "choice", "") == slug and option in condition.options
                    for condition in (*one.when, *(ask.when for ask in one.asks if ask.when))
                )
            }
            assert not {need for flow in after.flows for need in flow.need.requirements} & asking


def test_a_large_plan_is_not_weighed_but_its_idle_choices_are_known(monkeypatch):
    report = evaluate(sites(30))
    monkeypatch.setattr(module, "MAX_FLOWS", len(report.flows) - 1)
    monkeypatch.setattr(module, "derive", None)
    weighed = weigh(report)
    assert not weighed.known
    assert (weighed.options, weighed.corrections) == ({}, {})
    assert "esxi" in weighed.idle
    assert "windows-validation" not in weighed.idle


def test_the_number_of_evaluations_is_bounded_by_the_answers(monkeypatch):
    calls = []
    real = module.derive
    monkeypatch.setattr(module, "derive", lambda *args: calls.append(1) or real(*args))
    weigh(evaluate(sites(20)))
    answers = sum(len(choice.options) + 1 for choice in MATRIX.choices.values()) + len(MATRIX.caveats)
    assert 0 < len(calls) <= answers


def test_what_opens_only_within_zones_is_nothing_to_firewalls():
    assert NOTHING.nothing
    assert Consequence(rules=0, opened=0, closed=0, inside=True).nothing
    for changed in ({"rules": 1}, {"opened": 1}, {"closed": 1}):
        assert not Consequence(**({"rules": 0, "opened": 0, "closed": 0} | changed)).nothing
