"""Names of services beside the ports that a zone or an endpoint has them on by itself, wherever services are named."""

from planner.engine.compare import compare_reports
from planner.report import CHANGE_FORMATS
from planner.report.formats.csv import render_csv
from planner.report.formats.markdown import render_markdown
from planner.report.said.by_service import outline_services
from planner.report.said.edition import Editions
from planner.report.said.outline import name_rule, outline_flow, outline_rules
from planner.report.said.servers import outline_servers
from planner.report.said.within import number_within
from tests.report.samples import evaluate_once, write_plan
from tests.report.test_csv import read
from tests.report.test_xlsx import report_book, rows_of

WEBSITE, POWERCLI, MYSQL = "Passwordstate website (HTTPS)", "VMware PowerCLI (HTTPS)", "MySQL and MariaDB"
SAID = {("PS02", "8443"): WEBSITE, ("PS02", "443"): POWERCLI, ("DB7", "3307"): MYSQL}
"""By who has it there: what is on a port. The website's own port elsewhere is another service's here."""
CHANGED = {"tcp 8443": "443", "tcp 443": "", "tcp 3307": "3306"}
NAMES = {f"tcp {port}": name for (_, port), name in SAID.items()}


def of_their_own(**more):
    """An endpoint with a port of its own beside another service that has its usual one, and a zone with one."""
    document = write_plan(
        {"name": "PS01", "zone": "Internal", "roles": ["web-passive"]},
        {
            "name": "PS02", "zone": "DMZ", "roles": ["web-primary"], "platforms": ["vmware-esxi"],
            "operations": ["discovery"], "ports": {"website": 8443},
        },
        {"name": "DB7", "zone": "DMZ", "platforms": ["mysql"], "operations": ["reset"]},
        **{"choices": {"esxi": "powercli"}} | more,
    )  # fmt: skip
    document["zones"][1]["ports"] = {"mysql": 3307}
    return document


REPORT = evaluate_once(of_their_own())


def said_of(lines):
    return {line.ports: (line.names, line.changed_from) for line in lines}


def test_a_flow_names_what_is_on_the_port_of_its_destination():
    for flow in REPORT.flows:
        line = outline_flow(flow, REPORT)
        assert line.names == SAID[flow.destination.name, flow.need.ports]
        assert line.changed_from == CHANGED[line.ports]
    for row in read(render_csv(REPORT)):
        assert row["services"] == SAID[row["destination"], row["ports"]]


def test_a_rule_names_each_service_beside_its_own_port():
    both = next(rule for rule in REPORT.rules if rule.destinations[0].name == "PS02")
    assert said_of(name_rule(both, REPORT)) == {"tcp 443": (POWERCLI, ""), "tcp 8443": (WEBSITE, "443")}
    for chapter in outline_rules(REPORT, members=9):
        for line in chapter.lines:
            assert line.services == name_rule(line.rule, REPORT)
            by_reason = [service for ask in outline_services(line.rule, REPORT) for service in ask.services]
            assert sorted(by_reason, key=str) == sorted(line.services, key=str)
    text = render_markdown(REPORT).decode()
    assert "tcp 3307: MySQL and MariaDB (changed from 3306)" in text
    assert "tcp 443: VMware PowerCLI (HTTPS)<br>" in text


def test_sheets_of_servers_and_what_stays_within_a_zone_name_it_too():
    sheets = outline_servers(REPORT, members=9)
    lines = [line for sheet in sheets for line in (*sheet.accepts, *sheet.opens)]
    assert {one.ports for line in lines for one in line.services} == set(NAMES)
    within = [service for part in number_within(REPORT) for one in part.services for service in one.services]
    assert said_of(within) == {"tcp 3307": (MYSQL, "3306")}
    for one in (service for line in lines for service in line.services):
        assert (one.names, one.changed_from) == (NAMES[one.ports], CHANGED[one.ports])


def test_a_workbook_names_it_on_each_sheet():
    book = report_book(of_their_own())
    for row in rows_of(book, "Flows"):
        assert row["Services"] == SAID[row["Destination"], row["Ports"]]
    for row in rows_of(book, "Servers"):
        assert row["Service names"] == NAMES[row["Protocol and ports"]]
    for row in rows_of(book, "Rules"):
        for ports, name in zip(row["Services"].split("\n"), row["Service names"].split("\n"), strict=True):
            was = f" (changed from {CHANGED[ports]})" if CHANGED[ports] else ""
            assert name == NAMES[ports] + was


def test_a_change_request_names_it():
    comparison = compare_reports(evaluate_once(write_plan()), REPORT)
    rows = read(CHANGE_FORMATS["csv"].render(comparison, Editions(before="then", after="now")))
    assert {(row["destination"], row["ports"]): row["services"] for row in rows} == SAID
