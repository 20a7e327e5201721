"""A service with several ports: each is a flow of its own; an override or a correction takes the place of all."""

import pytest
from django.core.management import call_command

from planner.engine import evaluate_report
from planner.engine.explain import explain
from planner.engine.flows import evaluate
from planner.engine.topology import find_settings
from planner.plan.document import PlanError
from planner.report.said.outline import name_rule
from planner.report.said.text import list_decided
from ports.filters import Query, find_rows, port_label
from ports.matrix import build_matrix, find_faults, read_port_list, split_ports
from ports.models import Amendment
from ports.queries import current_matrix
from tests.engine.test_conditions import plan_of
from tests.ports.records import fixture_text, make_records, record


def with_ports(ports, **more):
    records = make_records()
    record(records, "service", "https")["ports"] = ports
    return records | more


def opened(matrix, **plan):
    return [flow.need.ports for flow in evaluate(matrix, plan_of(matrix, **plan)) if flow.source.name == "U"]


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("443", "443"),
        ("0443", "443"),
        ("443,80", "80, 443"),
        ("  8000-8010 ,443, 80,443", "80, 443, 8000-8010"),
        ("9-9, 7-8, 6-9", "6-9, 7-8, 9"),
    ],
)
def test_they_are_read_in_order_and_each_once(text, normal):
    assert read_port_list(text) == normal
    assert build_matrix(with_ports(text)).services["https"].ports == normal
    assert ", ".join(split_ports(normal)) == normal


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("80, 70000", "the port '70000' is outside 1 to 65535."),
        ("80,", "the port '' is neither a port (1 to 65535) nor a range such as 49152-65535."),
        ("80 443", "the port '80 443' is neither a port"),
        ("80, 9-7", "the port '9-7' is a range that runs backwards"),
    ],
)
def test_a_port_that_is_none_is_told(text, sentence):
    (fault,) = find_faults(with_ports(text))
    assert fault.startswith(f"service 'https': {sentence}")
    with pytest.raises(ValueError, match=r"port|range|outside"):
        read_port_list(text)


def test_icmp_has_no_list():
    records = make_records()
    record(records, "service", "ping")["ports"] = "1, 2"
    assert find_faults(records) == ["service 'ping': ICMP has no ports, so none can be given or configured."]
    assert split_ports(None) == (None,)


def test_each_is_a_flow_and_all_are_one_rule():
    matrix = build_matrix(with_ports("443, 80, 8000-8010"))
    assert opened(matrix) == ["80", "443", "8000-8010"]
    report = evaluate_report(matrix, plan_of(matrix))
    (rule,) = (rule for rule in report.rules if [end.name for end in rule.sources] == ["U"])
    assert [str(ports) for ports in rule.services] == ["tcp 80", "tcp 443", "tcp 8000-8010"]
    for ports, line in zip(rule.services, name_rule(rule, report), strict=True):
        assert (line.names, line.changed_from) == ("Desk (HTTPS)", "")
        (cause,) = explain(
            report, rule.requirements, [ports], find_settings(report.plan, rule.destinations), rule.reasons
        )
        assert cause.title == "People open tickets"
    assert list_decided(report) == []


def test_an_override_is_one_port_in_the_place_of_all():
    matrix = build_matrix(with_ports("80, 443"))
    assert opened(matrix, ports={"https": "9443"}) == ["9443"]
    report = evaluate_report(matrix, plan_of(matrix, ports={"https": "9443"}))
    assert list_decided(report) == ["Desk (HTTPS): tcp 9443 instead of 80, 443."]
    (rule,) = (rule for rule in report.rules if [end.name for end in rule.sources] == ["U"])
    assert name_rule(rule, report)[0].changed_from == "80, 443"
    with pytest.raises(PlanError):
        plan_of(matrix, ports={"https": "80, 443"})


def test_a_port_of_the_list_that_another_service_has_is_told():
    matrix = build_matrix(with_ports("22, 8443"))
    conflicts = [
        finding.message
        for finding in evaluate_report(matrix, plan_of(matrix, agent=False, choices={"sign-in": ["card"]})).findings
        if finding.code == "port-conflict"
    ]
    assert conflicts == []
    records = with_ports("22, 8443")
    record(records, "requirement", "upload")["correction"] = ""
    record(records, "requirement", "mail-out").update(destination="desk", when=[])
    record(records, "caveat", "upload-missing")["correction"] = ""
    matrix = build_matrix(records)
    report = evaluate_report(matrix, plan_of(matrix, choices={"sign-in": ["card"]}))
    (finding,) = (finding for finding in report.findings if finding.code == "port-conflict")
    assert "https, ssh on tcp 22" in finding.message


def test_the_page_of_the_matrix_shows_and_finds_them():
    matrix = build_matrix(with_ports("80, 443, 8000-8010"))
    assert port_label(matrix.services["https"]) == "tcp 80, 443, 8000-8010"
    for port, found in (("443", True), ("8005", True), ("81", False)):
        rows = find_rows(matrix, Query(port=port))
        assert ("people" in [row.requirement.slug for row in rows]) is found


@pytest.mark.django_db
def test_they_are_amended_as_text(tmp_path, capsys):
    path = tmp_path / "desk.json"
    path.write_text(fixture_text(make_records()), "utf-8")
    call_command("load_matrix", str(path), verbosity=0)
    call_command("matrix", "amend", "service/https", "ports", "8443, 443", reason="Both")
    assert "service/https, ports: 8443 → 443, 8443, Both" in capsys.readouterr().out
    assert opened(current_matrix()) == ["443", "8443"]
    call_command("matrix", "amend", "service/https", "ports", "25", reason="One")
    assert Amendment.objects.latest("pk").new == "25"
    assert opened(current_matrix()) == ["25"]
