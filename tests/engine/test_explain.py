"""Why a row is there, what would remove it, and what isn't needed."""

import pytest
from hypothesis import given, settings

from planner.engine import evaluate_report
from planner.engine.explain import explain
from planner.engine.topology import find_settings
from planner.plan.document import check_plan
from ports.queries import shipped_matrix
from tests.strategies import documents, often

MATRIX = shipped_matrix()


def report(*endpoints, **more):
    zones = [{"name": name, "kind": kind} for name, kind in (("Inside", "internal"), ("DMZ", "dmz"))]
    document = {"format": 1, "name": "Plan", "zones": zones, "endpoints": list(endpoints)} | more
    return evaluate_report(MATRIX, check_plan(document, matrix=MATRIX))


def host(name, *roles, zone="Inside", **more):
    return {"name": name, "zone": zone, "roles": list(roles)} | more


def causes_of(found, source, destination):
    [rule] = [
        rule
        for rule in found.rules
        if [e.name for e in rule.sources] == [source] and [e.name for e in rule.destinations] == [destination]
    ]
    return explain(found, rule.requirements, rule.services, find_settings(found.plan, rule.destinations), rule.reasons)


def test_a_cause_names_section_roles_and_decision():
    found = report(
        host("PS", "web-primary"),
        host("SD", "self-destruct-site", zone="DMZ"),
        choices={"self-destruct": "push-pull"},
    )
    [cause] = causes_of(found, "PS", "SD")
    assert cause.sections == ("6",)
    assert cause.path == "Passwordstate web server → Self-destruct site (push/pull)"
    assert cause.conditions == ("Self-destruct messages: On a separate site (push/pull)",)
    assert any("Self-destruct site" in way for way in cause.removal)
    assert any("decided otherwise" in way for way in cause.removal)


def test_a_default_is_told_from_a_decision():
    found = report(host("PS", "web-primary"), host("Readers", "message-reader", zone="DMZ"))
    [cause] = causes_of(found, "Readers", "PS")
    assert cause.conditions[0].endswith("(default)")


def test_what_an_endpoint_or_its_zone_decides_for_itself_is_said_of_what_leads_there():
    own = {"sql-listener": "yes"}
    found = report(host("AS", "app-server"), host("SQL", "database", zone="DMZ", choices=own))
    said = [condition for cause in causes_of(found, "AS", "SQL") for condition in cause.conditions]
    assert said == ["SQL listener: Yes (own decision)"]
    zones = [{"name": "Inside", "kind": "internal"}, {"name": "DMZ", "kind": "dmz", "choices": own}]
    both = [host("SQL", "database", zone="DMZ"), host("SQL2", "database", zone="DMZ", choices={"sql-listener": "no"})]
    found = report(host("AS", "app-server"), *both, zones=zones)
    said = [condition for cause in causes_of(found, "AS", "SQL") for condition in cause.conditions]
    assert said == ["SQL listener: Yes (own decision)"]


def test_the_plans_own_flow_is_its_own_cause():
    own = {"source": "PS", "destination": "DNS", "protocol": "udp", "ports": "53", "reason": "Names"}
    found = report(host("PS", "web-primary"), host("DNS", zone="DMZ"), additional_flows=[own])
    [cause] = causes_of(found, "PS", "DNS")
    assert (cause.title, cause.sections) == ("Names", ())
    assert "deleted" in cause.removal[0]


def test_a_managed_endpoint_is_explained_by_operation_and_platform():
    found = report(host("PS", "web-primary"), host("T", zone="DMZ", platforms=["cisco-ios"], operations=["reset"]))
    [cause] = causes_of(found, "PS", "T")
    assert "Password reset" in cause.title
    assert any("Cisco IOS" in way for way in cause.removal)
    assert any("Password reset" in way for way in cause.removal)


OTHERWISE_NAMED = {"heartbeat-windows": "heartbeat-rdp", "heartbeat-other": "heartbeat-ssh"}
"""Of the document’s one row these are what is done for a host without sessions of its own."""


def row_of(slug):
    """The row of the document that a requirement is a variant of, a correction of it among them."""
    [found] = [one for one in MATRIX.requirements if one.slug == OTHERWISE_NAMED.get(slug, slug)]
    return found.section, found.topic, found.name


def every_requirement_is_either_needed_or_said_not_to_be_with_a_reason(found):
    asked = (*found.flows, *(one.flow for one in found.excluded))
    needed = {row_of(slug) for flow in asked for slug in flow.need.requirements}
    unneeded = [row_of(requirement.slug) for group in found.unneeded for requirement in group.requirements]
    assert len(unneeded) == len(set(unneeded)), "no row is in two lists, or there twice"
    assert needed | set(unneeded) == {row_of(requirement.slug) for requirement in MATRIX.requirements}
    assert not needed & set(unneeded), "no row is asked for by one variant and denied by another"
    assert all(group.why.endswith((".", ":")) for group in found.unneeded)


def every_flow_has_a_cause_and_every_cause_a_way_out(found):
    for rule in found.rules:
        causes = explain(
            found, rule.requirements, rule.services, find_settings(found.plan, rule.destinations), rule.reasons
        )
        assert {cause.title for cause in causes} == {str(reason) for reason in rule.reasons}
        assert all(cause.removal for cause in causes)


def what_stays_on_a_host_is_listed_whole(found):
    listed = [flow for local in found.local for flow in local.flows]
    assert listed == [flow for flow in found.flows if flow.scope == "same-host"]
    assert all(flow.source is local.endpoint for local in found.local for flow in local.flows)


@settings(max_examples=often(60))
@given(documents(MATRIX))
def test_of_any_plan_holds_all_that_is_said_of_reasons(document):
    found = evaluate_report(MATRIX, check_plan(document, matrix=MATRIX))
    every_requirement_is_either_needed_or_said_not_to_be_with_a_reason(found)
    every_flow_has_a_cause_and_every_cause_a_way_out(found)
    what_stays_on_a_host_is_listed_whole(found)


def unneeded(found, slug):
    [why] = [group.why for group in found.unneeded for r in group.requirements if r.slug == slug]
    return why


def test_the_reason_is_the_role_that_is_missing():
    assert unneeded(report(host("PS", "web-primary")), "web-database") == "No endpoint is “Database server”."


def test_the_reason_is_the_decision():
    found = report(host("PS", "web-primary"), host("Readers", "message-reader"), choices={"self-destruct": "none"})
    assert unneeded(found, "self-destruct-embedded").startswith("Self-destruct messages: ")


def test_the_reason_is_the_decision_of_an_endpoint_for_itself():
    own = host("PS", "web-primary", choices={"self-destruct": "none"})
    readers = host("Readers", "message-reader")
    said = unneeded(report(own, readers), "self-destruct-embedded")
    assert said == "Self-destruct messages: Not used (own decision)."
    two = report(own, host("PS2", "web-passive"), readers, choices={"self-destruct": "push-pull"})
    said = unneeded(two, "self-destruct-embedded")
    assert said == "Self-destruct messages: Not used (own decision) / On a separate site (push/pull)."


@pytest.mark.parametrize(
    ("of_plan", "of_database", "kind"),
    [("no", "yes", "withheld"), ("yes", "no", "unused"), ("yes", "yes", "withheld")],
)
def test_a_correction_is_withheld_where_a_destination_decides_so(of_plan, of_database, kind):
    database = host("SQL", "database", choices={"sql-listener": of_database})
    found = report(host("PS", "web-primary"), database, choices={"sql-listener": of_plan})
    [group] = [one for one in found.unneeded if "web-listener" in {row.slug for row in one.requirements}]
    assert group.kind == kind
    assert (kind == "withheld") == ("sql-listener-web" in {state.caveat.slug for state in found.questions})
    assert kind == "withheld" or group.why == "SQL listener: No (own decision)."


def lists_of(found, section):
    return {(group.kind, one.name) for group in found.unneeded for one in group.requirements if one.section == section}


def test_a_row_that_is_open_is_not_withheld_for_a_correction_that_would_open_more():
    reset = host("DC", "domain-controller", platforms=["active-directory"], operations=["reset"])
    found = report(host("PS", "web-primary", "browser-gateway"), reset, host("T", sessions=["rdp"], zone="DMZ"))
    assert ("withheld", "Active Directory") not in lists_of(found, "10")
    assert lists_of(found, "14") & {("withheld", "RDP"), ("unused", "RDP"), ("missing", "RDP")} == set()


def test_a_host_that_is_tried_by_its_platform_is_not_told_that_none_is_tried():
    found = report(
        host("PS", "web-primary"), host("W", zone="DMZ", platforms=["windows"], operations=["host-heartbeat"])
    )
    assert {name for _, name in lists_of(found, "12")} == {"SSH port, when the ping fails"}


def test_the_reason_is_the_correction():
    found = report(host("PS", "web-primary"), host("DC", "domain-controller"))
    assert "Practice is not followed" in unneeded(found, "ad-ldap-tcp")
