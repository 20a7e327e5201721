"""What Windows has rules of its own for: named for whoever sets a host's firewall, in any language."""

import io
import json
import re
import zipfile

import jsonschema
import openpyxl
import pytest

from planner.engine import evaluate_report
from planner.engine.compare import compare_reports
from planner.plan.document import read_plan
from planner.report import FORMATS
from planner.report.formats.json import comparison_data, comparison_schema, report_data, report_schema
from ports.matrix import build_matrix, find_faults
from ports.queries import SHIPPED, read_fixture
from tests.ports.records import make_records
from tests.report.firewall.reading_powershell import read_script
from tests.report.samples import evaluate, write_plan

NAME = "Remote Event Log Management (RPC)"
COMMAND = "Set-NetFirewallRule -Name RemoteEventLogSvc-In-TCP,RemoteEventLogSvc-RPCSS-In-TCP -Enabled True"


def portal(*more, **settings):
    """Web servers that read the event logs of a domain controller in another zone."""
    return write_plan(
        {"name": "PS01", "zone": "DMZ", "addresses": ["10.0.0.10"], "roles": ["web-primary", "database"]},
        {"name": "DC01", "zone": "Internal", "addresses": ["10.0.1.20"], "roles": ["domain-controller"]},
        {"name": "Portal", "zone": "DMZ", "addresses": ["10.0.0.30"], "roles": ["password-reset-portal"]},
        *more,
        **settings,
    )


def windows(report, host):
    files = zipfile.ZipFile(io.BytesIO(FORMATS["windows"].render(report)))
    data = files.read(f"host-{host}.ps1")
    assert read_script(data)
    return data.decode("utf-8-sig").replace("\r\n", "\n")


def grouped(data):
    return {(row["protocol"], row["ports"]): row.get("rule_group") for row in data}


def test_the_json_report_names_them_where_they_are_for():
    data = report_data(evaluate(portal()))
    flows = [flow for flow in data["flows"] if flow["destination"] == "DC01"]
    found = {ports for ports, name in grouped(flows).items() if name == NAME}
    assert found == {("tcp", "135"), ("tcp", "49152-65535")}
    assert set(grouped(data["flows"]).values()) == {NAME, None}
    services = [service for rule in data["rules"] for service in rule["services"]]
    assert {ports for ports, name in grouped(services).items() if name} == found
    jsonschema.validate(data, report_schema())


def test_a_comparison_has_each_side_under_its_own_matrix():
    before, after = evaluate(portal()), evaluate(portal(choices={"prp-lockout-events": "no"}))
    data = comparison_data(compare_reports(before, after))
    assert set(grouped(data["closed"]).values()) == {NAME}
    jsonschema.validate(data, comparison_schema())


def test_nothing_has_them_where_the_logs_are_not_read():
    data = report_data(evaluate(portal(choices={"prp-lockout-events": "no"})))
    assert {flow.get("rule_group") for flow in data["flows"]} == {None}


def test_the_file_of_the_host_has_the_command_beside_the_rule_and_does_not_carry_it_out():
    lines = windows(evaluate(portal()), "DC01").splitlines()
    (command,) = (
        number for number, line in enumerate(lines) if f"{COMMAND} " in line and "tcp-135" in lines[number + 2]
    )
    assert lines[command] == f"    #   {COMMAND} -RemoteAddress 10.0.0.10/32"
    text = " ".join(line.strip("# ") for line in lines[:command])
    assert f"Windows has rules of its own for this, {NAME}." in text
    assert all(line.startswith("    #   ") for line in lines if "Set-NetFirewallRule -" in line)
    assert "Set-NetFirewallRule -" not in windows(evaluate(portal()), "PS01"), "it is about what a host accepts"


def test_no_command_names_what_another_language_of_windows_calls_otherwise():
    matrix = build_matrix(read_fixture(SHIPPED))
    text = windows(evaluate(portal()), "DC01")
    commands = [line for line in text.splitlines() if "Set-NetFirewallRule -" in line]
    assert commands
    for command in commands:
        assert "Display" not in command
        assert NAME not in command
    for group in matrix.rule_groups.values():
        assert re.fullmatch(r"@[A-Za-z0-9.]+,-[0-9]+", group.group)


def test_many_sources_are_not_all_in_the_command():
    others = [
        {"name": f"PS{n}", "zone": "DMZ", "addresses": [f"10.0.2.{n}"], "roles": ["web-passive"]} for n in range(2, 30)
    ]
    lines = windows(evaluate(portal(*others)), "DC01").splitlines()
    assert f"    #   {COMMAND} -RemoteAddress ADDRESSES" in lines
    assert "ADDRESSES are those of the rule." in " ".join(line.strip("# ") for line in lines)


def test_any_source_needs_no_addresses():
    anyone = {"name": "PS9", "zone": "Internet", "addresses": ["any"], "group": True, "roles": ["web-passive"]}
    plan = portal(anyone)
    plan["endpoints"][0]["addresses"] = []
    assert f"    #   {COMMAND}" in windows(evaluate(plan), "DC01").splitlines()


@pytest.mark.parametrize("name", ["html", "xlsx"])
def test_the_sheet_of_the_server_names_them(name):
    found = FORMATS[name].render(evaluate(portal()))
    if name == "html":
        assert f"Windows’ own rules for tcp 135, tcp 49152-65535: {NAME}." in found.decode()
        return
    sheet = openpyxl.load_workbook(io.BytesIO(found))["Servers"]
    rows = [[str(cell.value) for cell in row] for row in sheet]
    told = [row for row in rows if any("Windows’ own rules for" in cell for cell in row)]
    assert {(row[0], row[2]) for row in told} == {("DC01", "accepts")}
    assert all(any(cell.endswith(f"Windows’ own rules for {row[3]}: {NAME}.") for cell in row) for row in told)


def small(**fields):
    """The small matrix with a group for its web service."""
    records = make_records()
    group = {"slug": "web", "name": "World Wide Web (HTTPS)", "group": "@%windir%\\web.dll,-1", "text": "Narrower."}
    records["rulegroup"] = [group | {"group": "@web.dll,-1"} | fields]
    records["service"][0] = records["service"][0] | {"rule_group": "web"}
    return records


def test_a_service_has_them_whatever_needs_it_and_a_whole_group_is_chosen_by_its_resource():
    matrix = build_matrix(small())
    document = write_plan(
        {"name": "D", "zone": "Internal", "addresses": ["10.0.0.1"], "roles": ["desk-main"]},
        {"name": "U", "zone": "DMZ", "addresses": ["10.0.1.1"], "roles": ["user"]},
    )
    report = evaluate_report(matrix, read_plan(json.dumps(document).encode(), matrix=matrix))
    assert {flow["rule_group"] for flow in report_data(report)["flows"]} == {"World Wide Web (HTTPS)"}
    assert "Set-NetFirewallRule -Group '@web.dll,-1' -Enabled True -RemoteAddress 10.0.1.1/32" in windows(report, "D")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"group": "Remote Desktop"}, "is no name of a group such as @FirewallAPI.dll,-28752 (Remote Desktop)"),
        ({"group": "@a'; Remove-Item C:,-1"}, "is no name of a group"),
        (
            {"rules": ["Remote Event Log Management (RPC)"]},
            "is no name of a rule such as RemoteDesktop-UserMode-In-TCP",
        ),
        ({"rules": ["A-In", "A-In"]}, "rulegroup 'web' names a rule twice."),
        ({"slug": "other"}, "service 'https': there is no rulegroup 'web'."),
    ],
)
def test_what_no_command_could_take_is_refused(fields, sentence):
    faults = find_faults(small(**fields))
    assert len(faults) == 1
    assert sentence in faults[0]
