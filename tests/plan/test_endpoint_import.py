"""What a table would do to a plan: new, changed, the same, faulty; also tables of other programs."""

import pytest

from planner.plan.cells import endpoint_columns
from planner.plan.changes import apply
from planner.plan.document import check_plan, dump_plan
from planner.plan.edits import edit_endpoints
from planner.plan.endpoint_import import Wishes, compare, list_targets
from planner.plan.endpoint_table import ZONE_KIND, export, read_sheet
from planner.plan.topologies import read_topology
from ports.queries import shipped_matrix
from tests.report.samples import HOSTILE_NAMES, contoso, write_plan

MATRIX = shipped_matrix()
AD = "Name,DNSHostName,IPv4Address,OperatingSystem\n"
NETBOX = "Name,Status,Tenant,Site,Rack,Role,Manufacturer,Type,IP Address,Platform\n"
RVTOOLS = (
    "VM,Powerstate,Template,DNS Name,CPUs,Memory,Primary IP Address,Datacenter,Cluster,Host,"
    "OS according to the configuration file,OS according to the VMware Tools\n"
)


def document(plan=None):
    return dump_plan(check_plan(plan or contoso(), matrix=MATRIX))


def found(text, plan=None, **wishes):
    data = text if isinstance(text, bytes) else text.encode()
    return compare(read_sheet(data), plan or document(), Wishes(**wishes), matrix=MATRIX)


def after(comparison, plan=None):
    changed = apply(plan or document(), edit_endpoints(plan or document(), comparison.params))
    check_plan(changed, matrix=MATRIX)
    return {endpoint["name"]: endpoint for endpoint in changed["endpoints"]}


def differences(comparison):
    return {row.name: [tuple(item) for item in row.differences] for row in comparison.changed}


def fields(comparison):
    return {column.header: column.field for column in comparison.columns if column.field}


@pytest.mark.parametrize("slug", ["everything", "remote-sites", "dmz"])
def test_what_was_downloaded_is_all_the_same(slug):
    plan = dump_plan(read_topology(MATRIX, slug))
    comparison = found(export(plan), plan)
    assert comparison.same == len(plan["endpoints"])
    assert (comparison.new, comparison.changed, comparison.faults) == ((), (), ())
    cleared = found(export(plan), plan, clears=True)
    assert cleared.same == comparison.same


def test_rows_that_are_new_or_changed_can_be_stored_and_only_new_ones_alone_go_without_a_look():
    new = found("name,zone\nNEW01,DMZ\nNEW02,DMZ\n")
    assert (new.count, new.is_plain) == (2, True)
    both = found("name,zone,addresses\nNEW01,DMZ,\nPS01,DMZ,192.0.2.77\n")
    assert (len(both.new), len(both.changed), both.count, both.is_plain) == (1, 1, 2, False)
    faulty = found("name,zone\nNEW01,Nowhere\n")
    assert (faulty.count, faulty.is_plain) == (0, False)


def test_hostile_names_come_back_as_they_went():
    endpoints = [{"name": name, "zone": "Internal", "managed_by": []} for name in HOSTILE_NAMES]
    plan = document(write_plan(*endpoints))
    assert found(export(plan), plan).same == len(HOSTILE_NAMES)
    empty = plan | {"endpoints": []}
    assert list(found(export(plan), empty).new) == list(HOSTILE_NAMES)


def test_rows_are_matched_by_name_whatever_its_case_and_say_what_they_change():
    comparison = found("name,zone,addresses\nps01,Internal,10.0.0.10 fd00::10\nPortal,DMZ,192.0.2.10\nKiosk,DMZ,\n")
    assert (comparison.new, comparison.same) == (("Kiosk",), 1)
    assert differences(comparison) == {"Portal": [("Addresses", "", "192.0.2.10")]}
    assert not comparison.is_plain


def test_rows_are_matched_by_an_address_which_renames_what_has_it():
    comparison = found("name,addresses,sessions\nDC99,10.0.0.20,rdp\n")
    assert differences(comparison) == {"DC01": [("Name", "DC01", "DC99"), ("Sessions", "", "rdp")]}
    assert differences(found("addresses;sessions\nESX01.example.net;ssh\n")) == {"ESX01": [("Sessions", "", "ssh")]}
    assert differences(found("addresses,sessions\n10.0.0.20,ssh\n10.0.0.20,rdp\n")) == {}  # which of both?


@pytest.mark.parametrize(
    ("header", "wishes"),
    [
        ("Name,DNSHostName,IPv4Address,OperatingSystem", {}),  # Active Directory
        ("name,dns_name,primary_ip4,platform", {}),  # NetBox
        ("Name,DNS Name,IP Address,Guest OS", {}),  # vCenter
        ("name,site code,address,rack", {"columns": {0: "name", 2: "addresses"}}),  # by hand
    ],
)
def test_a_table_of_another_program_renames_nobody_who_has_the_address(header, wishes):
    comparison = found(f"{header}\nx-dc01,,10.0.0.20,\n", **wishes)
    assert comparison.keeps_names
    assert (differences(comparison), comparison.same, comparison.new) == ({}, 1, ())


def test_a_column_that_nothing_reads_makes_no_other_program_s_table_of_ours():
    comparison = found("name,addresses,colour\nDC99,10.0.0.20,red\n")
    assert not comparison.keeps_names
    assert differences(comparison) == {"DC01": [("Name", "DC01", "DC99")]}


def test_a_network_is_nobody_s_own_and_any_is_no_address():
    plan = document(write_plan({"name": "Staff", "zone": "DMZ", "addresses": ["10.1.0.0/16"], "group": True}))
    assert found("name,zone,addresses\nGuests,DMZ,10.1.0.0/16\n", plan).new == ("Guests",)
    assert found("name,zone,addresses,group\nAll,Internet,any,yes\n").new == ("All",)


def test_an_empty_cell_says_nothing_unless_it_is_to_count():
    text = "name,zone,addresses\nDC01,Internal,\n"
    assert found(text).same == 1
    assert differences(found(text, clears=True)) == {"DC01": [("Addresses", "10.0.0.20", "")]}


def test_only_new_endpoints_in_our_own_columns_are_plain():
    assert found("name,zone\nKiosk,DMZ\n").is_plain
    assert not found("VM,zone\nKiosk,DMZ\n").is_plain
    assert not found("name,zone,colour\nKiosk,DMZ,red\n").is_plain
    assert not found("name,zone\nKiosk,Moon\n").is_plain
    assert not found("name,zone\nKiosk,DMZ\n", columns={1: ""}, zone="DMZ").is_plain


def test_a_zone_that_is_not_there_is_counted_and_made_when_that_is_wished():
    text = "name,zone\n" + "".join(f"S{n},Servers\n" for n in range(198)) + "T,DMZ\nU,Oslo\n"
    comparison = found(text)
    assert [tuple(item) for item in comparison.missing] == [("Servers", 198), ("Oslo", 1)]
    assert comparison.new == ("T",)
    assert [(item.where, item.rows) for item in comparison.summed] == [("Line 2, zone", 198), ("Line 201, zone", 1)]
    assert len(comparison.faults) == 199
    comparison = found(text, zones={"Servers": "internal", "Paris": "dmz"})
    assert comparison.made == {"Servers": "internal"}
    assert len(comparison.new) == 199
    assert after(comparison)["S7"]["zone"] == "Servers"


def test_faults_that_say_the_same_are_told_once_with_how_many_they_are():
    comparison = found("name,zone,roles\n" + "".join(f"S{n},DMZ,barista\n" for n in range(9)) + "T,DMZ,pilot\n")
    assert [(item.where, item.rows) for item in comparison.summed] == [("Line 2, roles", 9), ("Line 11, roles", 1)]


def test_what_is_right_can_be_stored_without_what_is_faulty():
    comparison = found("name,zone,addresses\nKiosk,DMZ,10.0.0.999\nBooth,DMZ,10.0.0.9\nDC01,Internal,10.0.0.21\n")
    there = after(comparison)
    assert "Kiosk" not in there
    assert (there["Booth"]["addresses"], there["DC01"]["addresses"]) == (["10.0.0.9"], ["10.0.0.21"])


def test_columns_are_read_as_they_are_mapped_by_hand():
    text = "Hostname|Where|Was\n".replace("|", "\t") + "Kiosk\tDMZ\t192.0.2.9\n"
    comparison = found(text)
    assert [(column.header, column.field, column.known) for column in comparison.columns] == [
        ("Hostname", "", False), ("Where", "", False), ("Was", "", False),
    ]  # fmt: skip
    assert comparison.columns[0].example == "Kiosk"
    comparison = found(text, columns={0: "name", 1: "zone", 2: "addresses"})
    assert after(comparison)["Kiosk"] == {"name": "Kiosk", "zone": "DMZ", "addresses": ["192.0.2.9"]}
    assert not found(text, columns={0: "colour"}).new


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_an_export_of_active_directory_is_known(encoding, delimiter):
    rows = AD + "Kiosk,kiosk.example.com.,10.4.0.1,Windows 2022\nDC01,,10.0.0.20,Debian GNU/Linux 12\nZürich,,,\n"
    comparison = found(rows.replace(",", delimiter).encode(encoding), zone="Internal")
    assert fields(comparison) == {
        "Name": "name", "DNSHostName": "addresses", "IPv4Address": "addresses", "OperatingSystem": "platforms",
    }  # fmt: skip
    assert not comparison.is_plain
    assert after(comparison)["Kiosk"] == {
        "name": "Kiosk", "zone": "Internal", "addresses": ["kiosk.example.com", "10.4.0.1"], "platforms": ["windows"],
    }  # fmt: skip
    assert differences(comparison) == {"DC01": [("Platforms", "", "linux-mac")]}
    assert "Zürich" in comparison.new


def test_an_inventory_adds_to_what_is_managed_and_replaces_addresses():
    comparison = found(AD + "ESX01,esx01.example.net,192.0.2.7,Windows 11\n")
    assert differences(comparison) == {
        "ESX01": [
            ("Addresses", "esx01.example.net", "esx01.example.net 192.0.2.7"),
            ("Platforms", "vmware-esxi", "vmware-esxi windows"),
        ]
    }


def test_an_export_of_netbox_is_known_with_its_prefixes_and_sites():
    rows = (
        NETBOX + "SW1,Active,,Oslo,R1,Mail server,Cisco,C9300,10.4.0.1/24,Cisco IOS XE\n"
        "NET1,Active,,DMZ,R1,Access Switch,HPE,X,10.4.0.0/24,ArubaOS\nV6,Active,,DMZ,,,,,2001:db8::7/64,\n"
    )
    comparison = found(rows, zones={"Oslo": "remote-site"})
    there = after(comparison)
    assert there["SW1"] == {
        "name": "SW1", "zone": "Oslo", "addresses": ["10.4.0.1"], "roles": ["mail-server"], "platforms": ["cisco-ios"],
    }  # fmt: skip
    assert there["NET1"]["addresses"] == ["10.4.0.0/24"]
    assert there["V6"]["addresses"] == ["2001:db8::7"]
    assert dict(comparison.left_out) == {"Access Switch": 1, "ArubaOS": 1}
    names = "name,status,site,role,platform,primary_ip4,primary_ip6\nSW2,active,DMZ,,,10.4.0.9/24,2001:db8::9/64\n"
    assert after(found(names))["SW2"]["addresses"] == ["10.4.0.9", "2001:db8::9"]


def test_an_export_of_vmware_is_known_and_keeps_the_name_of_who_has_the_address():
    row = "x-dc01,poweredOn,False,dc01.example.com,2,4096,10.0.0.20,DC,C1,H1,Microsoft Windows Server 2019 (64-bit),\n"
    other = "new,poweredOn,False,,2,4096,10.4.0.8,DC,C1,H1,Ubuntu Linux (64-bit),Ubuntu Linux\n"
    comparison = found(RVTOOLS + row + other, zone="DMZ")
    assert differences(comparison) == {
        "DC01": [("Addresses", "10.0.0.20", "dc01.example.com 10.0.0.20"), ("Platforms", "", "windows")]
    }
    assert after(comparison)["new"]["platforms"] == ["linux-mac"]
    assert [column.header for column in comparison.columns if not column.field] == [
        "Powerstate", "Template", "CPUs", "Memory", "Datacenter", "Cluster", "Host",
    ]  # fmt: skip
    vcenter = (
        "Name,State,Status,Guest OS,IP Address,DNS Name\nK1,Powered On,Normal,Windows 11,10.4.0.1,k1.example.com\n"
    )
    assert after(found(vcenter, zone="DMZ"))["K1"]["platforms"] == ["windows"]


@pytest.mark.parametrize("cell", ["10.0.0.1/99", "10.0.0.999/24", "not/an/address"])
def test_what_is_no_address_of_an_inventory_is_told_as_it_stands(cell):
    [fault] = found(f"VM,zone,Primary IP Address\nK1,DMZ,{cell}\n").faults
    assert cell in fault.message


def test_a_column_can_be_any_of_the_table_and_the_kind_of_a_zone_stands_behind_the_zone():
    keys = list(list_targets())
    assert set(keys) == {*endpoint_columns(), ZONE_KIND}
    assert keys[keys.index("zone") + 1] == ZONE_KIND


def test_two_columns_that_are_one_field_say_both_whatever_their_words_have_in_them():
    plan = document()
    plan["endpoints"] += [
        {"name": name, "zone": "DMZ", "roles": ["remote-site-agent"]} for name in ("Web 1", "Web 2", "A", "B")
    ]
    plan["endpoints"] += [{"name": name, "zone": "DMZ", "roles": ["database"]} for name in ("T1", "T2")]
    table = "name,managed_by,second\nT1,Web 1,Web 2\nT2,Web 1; Web 2,A B\n"
    both = found(table, plan, columns={2: "managed_by"})
    assert not both.faults
    assert {name: after(both, plan)[name]["managed_by"] for name in ("T1", "T2")} == {
        "T1": ["Web 1", "Web 2"], "T2": ["Web 1", "Web 2", "A", "B"],
    }  # fmt: skip
    own = found("name,Roles,Device role\nT1,Domain controller,Mail server\nT2,,mail-server\n", plan)
    assert not own.faults
    assert {name: after(own, plan)[name]["roles"] for name in ("T1", "T2")} == {
        "T1": ["database", "domain-controller", "mail-server"], "T2": ["database", "mail-server"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "address"),
    [
        ("10.0.0.0/31", "10.0.0.0"), ("10.0.0.1/31", "10.0.0.1"), ("2001:db8::/127", "2001:db8::"),
        ("10.0.0.0/32", "10.0.0.0"), ("10.0.0.0/30", "10.0.0.0/30"), ("2001:db8::/126", "2001:db8::/126"),
    ],
)  # fmt: skip
def test_both_ends_of_a_link_are_hosts_and_the_first_address_of_a_larger_network_is_the_network(cell, address):
    assert after(found(f"VM,zone,Primary IP Address\nK1,DMZ,{cell}\n"))["K1"]["addresses"] == [address]
