"""Where something of a plan ends or is told by its place, and which columns of other programs are known."""

import pytest

from planner.plan.endpoint_table import MAX_BYTES, TableError, read_sheet
from planner.plan.inventories import KNOWN, header_key
from planner.plan.rows import NO_RENAMES, Renames, row_key
from tests.plan.blueprints import state_of

COLUMNS = {
    "addresses": (
        "DNSHostName", "IPv4Address", "IPv6Address", "primary_ip", "primary_ip4", "primary_ip6", "IP Address",
        "IPv4 Address", "IPv6 Address", "dns_name", "Primary IP Address",
    ),
    "platforms": (
        "OperatingSystem", "Platform", "Guest OS", "OS according to the VMware Tools",
        "OS according to the configuration file",
    ),
    "zone": ("Site",),
    "roles": ("Role", "Device role"),
    "name": ("VM",),
}  # fmt: skip


def test_columns_of_other_programs_are_known_by_their_names():
    found = {header: KNOWN.get(header_key(f" {header} ")) for headers in COLUMNS.values() for header in headers}
    assert found == {header: field for field, headers in COLUMNS.items() for header in headers}
    assert len(found) == len(KNOWN)


def test_a_row_without_a_name_goes_by_what_it_says_in_whatever_order():
    row = {"source": "one", "destination": "two", "protocol": "icmp"}
    assert row_key("additional_flows", row) == row_key("additional_flows", dict(reversed(row.items())))
    assert row_key("additional_flows", row) != row_key("additional_flows", row | {"reason": "Ping"})
    assert row_key("endpoints", {"name": "one", "zone": "A"}) == "one"
    assert not NO_RENAMES
    assert Renames(zones={}, endpoints={}) == NO_RENAMES


def test_a_table_that_is_too_large_is_told_by_its_size():
    assert MAX_BYTES == 2 * 2**20
    with pytest.raises(TableError, match=r"^Line 1: The table has 2\.5 MiB; at most 2 MiB are read\.$"):
        read_sheet(b"x" * (5 * 2**19))


def test_a_second_server_in_another_zone_is_in_a_second_data_centre_whatever_that_is_called():
    zones = [{"name": name, "kind": "internal"} for name in ("Internal", "Lyon", "Second data centre")]
    first = {"name": "PS01", "zone": "Internal", "roles": ["web-primary"]}
    answers = {"Internal": "passive", "Lyon": "passive-second", "Second data centre": "passive-second"}
    for zone, answer in answers.items():
        second = {"name": "PS02", "zone": zone, "roles": ["web-passive"]}
        document = {"format": 1, "name": "P", "zones": zones, "endpoints": [first, second]}
        assert state_of(document, "ha").answer == (answer,), zone
