"""The files for NetBox: columns and values are those that its import takes, and say what the plan says."""

import csv
import io
import ipaddress
import re
import zipfile

from planner.report import FORMATS
from planner.report.formats.netbox import ADDRESSES, PREFIXES, SERVICES, list_notes, render_netbox
from tests.report.samples import contoso, evaluate, write_plan

DNS_NAME = re.compile(r"([0-9A-Za-z_-]+)(\.[0-9A-Za-z_-]+)*")
REPORT = evaluate(contoso())


def read(report):
    archive = zipfile.ZipFile(io.BytesIO(render_netbox(report)))
    found = {}
    for name in archive.namelist()[1:]:
        rows = csv.DictReader(io.StringIO(archive.read(name).decode()))
        found[name] = [dict(row) for row in rows]
        assert tuple(rows.fieldnames) == {"prefixes.csv": PREFIXES, "ip-addresses.csv": ADDRESSES}.get(name, SERVICES)
    return found


def test_each_service_that_a_single_machine_is_asked_for_stands_once_with_its_port():
    rows = read(REPORT)["services.csv"]
    assert sorted((row["parent"], row["protocol"], row["ports"]) for row in rows) == sorted(
        {
            (flow.destination.name, flow.need.protocol, flow.need.ports)
            for flow in REPORT.flows
            if flow.need.ports and flow.need.ports.isdigit() and not flow.destination.group
        }
    )
    assert all(row["name"] and len(row["name"]) <= 100 and len(row["description"]) <= 200 for row in rows)
    assert {row["parent_object_type"] for row in rows} == {"virtualization.virtualmachine"}


def test_a_range_of_ports_is_left_out_and_counted():
    """The import takes whole numbers alone, and a row that it doesn't take stops all of them."""
    plan = write_plan(
        {"name": "A", "zone": "Internal"},
        {"name": "B", "zone": "DMZ"},
        additional_flows=[
            {"source": "A", "destination": "B", "protocol": "tcp", "ports": ports, "reason": "R"}
            for ports in ("443", "8000-8010")
        ],
    )
    report = evaluate(plan)
    assert [row["ports"] for row in read(report)["services.csv"]] == ["443"]
    assert list_notes(report) == ("Services on ranges of ports, which the import doesn’t take, are left out: 1.",)


def test_all_addresses_of_a_family_are_no_prefix_and_no_length_and_are_counted():
    """NetBox refuses a mask of /0, and with one row the whole file."""
    plan = write_plan(
        {"name": "A", "zone": "Internal", "addresses": ["192.0.2.9", "2001:db8::9"]},
        {"name": "World", "zone": "Internet", "addresses": ["0.0.0.0/0", "::/0", "::/1"], "group": True},
        zones=(("Internal", "internal"), ("Internet", "internet")),
    )
    plan["zones"][0]["networks"] = ["0.0.0.0/0", "2001:db8::/64"]
    report = evaluate(plan)
    found = read(report)
    assert [row["prefix"] for row in found["prefixes.csv"]] == ["2001:db8::/64", "::/1"]
    assert [row["address"] for row in found["ip-addresses.csv"]] == ["192.0.2.9/32", "2001:db8::9/64"]
    assert list_notes(report) == ("Networks of length 0, which the import doesn’t take, are left out: 2.",)


def test_what_only_an_undecided_option_needs_says_so():
    rows = read(REPORT)["services.csv"]
    certain = {
        (flow.destination.name, flow.need.protocol, flow.need.ports) for flow in REPORT.flows if not flow.need.any_of
    }
    assert any(row["description"].startswith("Undecided (") for row in rows)
    for row in rows:
        key = row["parent"], row["protocol"], row["ports"]
        assert row["description"].startswith("Undecided (") == (key not in certain)


def test_addresses_have_the_length_of_their_zones_network_and_one_row_each():
    plan = write_plan(
        {"name": "A", "zone": "Internal", "addresses": ["10.0.0.1", "a.example.net", "fd00::1"]},
        {"name": "B", "zone": "Internal", "addresses": ["10.0.0.1", "10.9.0.1"]},
        {"name": "C", "zone": "DMZ", "addresses": ["192.0.2.0/28"]},
        {"name": "D", "zone": "Internal", "addresses": ["192.0.2.7", "d.example.net"]},
    )
    plan["zones"][0]["networks"] = ["10.0.0.0/16", "10.0.0.0/24"]
    found = read(evaluate(plan))
    assert [tuple(row.values()) for row in found["ip-addresses.csv"]] == [
        ("10.0.0.1/24", "active", "", "A, B"),
        ("fd00::1/128", "active", "a.example.net", "A"),
        ("10.9.0.1/32", "active", "", "B"),
        ("192.0.2.7/32", "active", "d.example.net", "D"),
    ]
    assert [tuple(row.values()) for row in found["prefixes.csv"]] == [
        ("10.0.0.0/16", "active", "zone Internal"),
        ("10.0.0.0/24", "active", "zone Internal"),
        ("192.0.2.0/28", "active", "C"),
    ]


def test_any_is_no_address():
    found = read(REPORT)
    assert "any" in REPORT.plan.endpoints[-1].addresses
    for row in (*found["ip-addresses.csv"], *found["prefixes.csv"]):
        assert ipaddress.ip_interface(row.get("address") or row["prefix"])
        assert not row.get("dns_name") or DNS_NAME.fullmatch(row["dns_name"])


def test_what_is_left_out_is_said():
    groups = [{"name": "All", "zone": "DMZ", "group": True}, {"name": "One", "zone": "Internal"}]
    flow = {"source": "One", "destination": "All", "protocol": "tcp", "ports": "7", "reason": "R"}
    report = evaluate(write_plan(*groups, additional_flows=[flow]))
    assert FORMATS["netbox"].notes(report) == ("Services of endpoints that stand for many machines are left out: 1.",)
    assert read(report)["services.csv"] == []
