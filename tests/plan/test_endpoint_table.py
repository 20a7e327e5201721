"""Reading a table of endpoints: what it adds, and what is said about one that can't be read."""

import pytest

from planner.plan.cells import read_back
from planner.plan.changes import apply
from planner.plan.document import check_plan, dump_plan
from planner.plan.edits import add_endpoints
from planner.plan.endpoint_import import Wishes, compare
from planner.plan.endpoint_table import MAX_BYTES, MAX_LINES, TableError, list_columns, read_sheet, template
from ports.queries import shipped_matrix
from ports.text import neutralise
from tests.report.samples import HOSTILE_NAMES, contoso


def document():
    return dump_plan(check_plan(contoso(), matrix=shipped_matrix()))


def read(text):
    data = text if isinstance(text, bytes) else text.encode()
    return compare(read_sheet(data), document(), Wishes(), matrix=shipped_matrix())


def faults(text):
    try:
        found = read(text).faults
    except TableError as error:
        found = error.faults
    for fault in found:
        assert fault.message[0].isupper() or not fault.message[0].isalpha(), fault
        assert fault.message.endswith((".", "!", "?")), fault
    return [(fault.line, fault.column) for fault in found], "\n".join(fault.message for fault in found)


def test_every_column_finds_its_field():
    header = "name,zone,zone_kind,addresses,group,roles,platforms,operations,sessions,managed_by"
    table = read(
        f"{header}\r\n"
        "Agent 1,Site 1,remote-site,10.9.0.1 a1.example.net,,remote-site-agent,,,,\r\n"
        "Win 1,Site 1,,10.9.0.0/24,yes,,windows;linux-mac,reset discovery,rdp,Agent 1\r\n"
    )
    assert table.params["zones"] == [{"name": "Site 1", "kind": "remote-site"}]
    assert table.params["endpoints"][0]["addresses"] == ["10.9.0.1", "a1.example.net"]
    assert table.params["endpoints"][1] == {
        "name": "Win 1", "zone": "Site 1", "addresses": ["10.9.0.0/24"], "group": True,
        "platforms": ["windows", "linux-mac"], "operations": ["reset", "discovery"], "sessions": ["rdp"],
        "managed_by": ["Agent 1"],
    }  # fmt: skip


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_columns_are_divided_as_the_header_is(delimiter):
    text = delimiter.join(["Zone", " NAME ", "Managed-By"]) + "\n" + delimiter.join(["Internal", "X1", "PS01"])
    assert read(text.encode("utf-8-sig")).params["endpoints"][0]["managed_by"] == ["PS01"]


@pytest.mark.parametrize(
    ("text", "places", "part"),
    [
        ("", [(1, "")], "empty"),
        ("name,zone\n", [(1, "")], "no endpoint below"),
        ("name,name,zone\nX,Y,DMZ\n", [(1, "name")], "Two columns are Name"),
        ("name,zone\nX,Moon\n", [(2, "zone")], "its kind is needed"),
        ("name,zone\nX,internal\n", [(2, "zone")], "There is a zone “Internal”"),
        ("name,zone,zone_kind\nX,Moon,lunar\n", [(2, "zone_kind")], "no kind of zone"),
        ("name,zone,zone_kind\nX,Moon,dmz\nY,Moon,cloud\n", [(3, "zone_kind")], "is dmz already"),
        ("name,zone\nX,Internal\n\nx,Internal\n", [(4, "name")], "stands in line 2"),
        ("name,zone\n,\nX,\n,DMZ", [(3, "zone"), (4, "name")], "needed"),
        ("name,zone,addresses\nX,DMZ,10.0.0.1\nY,DMZ,10.0.0.7/24 10.0.0.999", [(3, "addresses")] * 2, "host bits"),
        ("name,zone,roles\nX,DMZ,barista\n", [(2, "roles")], "'barista' is not known"),
        ("name,zone,group\nX,DMZ,perhaps\n", [(2, "group")], "yes or no"),
        ("name,zone,managed_by\nX,DMZ,Nobody\n", [(2, "managed_by")], "no endpoint 'Nobody'"),
        ("name,zone\nX,DMZ,more\n", [(2, "")], "3 cells"),
        ('name,zone\n"X\nY,DMZ', [(2, "")], "can't be read"),
        ('name,zone,addresses\n"X",DMZ,"10.0.0.1\n10.0.0.2"\nY,DMZ,-', [(4, "addresses")], "no address"),
        (b"name,zone\nB\xfcro,DMZ", [(2, "")], "UTF-8"),
        ("name,zone\n" + "x" * 256 + ",DMZ", [(2, "name")], "1 to 255"),
        ("name,zone\na\x00b,DMZ", [(2, "name")], "control"),
        ("name,zone,zone_kind\nX,DMZ,\nY,a\x00b,dmz\nZ,a\x00b,", [(3, "zone"), (4, "zone")], "control"),
        (b"\xff\xfen", [(1, "")], "UTF-16"),
        (b"name,zone\n" + b"x" * MAX_BYTES, [(1, "")], "at most 2 MiB"),
        ("name,zone\n\n" + "X,DMZ\n" * (MAX_LINES + 1), [(MAX_LINES + 3, "")], "At most 20,000"),
    ],
)
def test_a_fault_has_its_line_and_column(text, places, part):
    found, sentences = faults(text)
    assert found == places
    assert part in sentences


def test_all_faults_are_told_at_once():
    found, _ = faults("name,zone,group\nX,Internal,\nx,DMZ,\nX,Moon,\nY,DMZ,maybe\n")
    assert found == [(3, "name"), (4, "zone"), (4, "name"), (5, "group")]


def test_what_is_wrong_with_the_plan_as_a_whole_is_no_line_s(monkeypatch):
    monkeypatch.setattr("planner.plan.limits.ENDPOINTS", len(document()["endpoints"]) + 1)
    assert not read("name,zone\nX,DMZ\n").trouble
    [fault] = read("name,zone\nX,DMZ\nY,DMZ\n").trouble
    assert "A plan has at most 6 endpoints, found 7" in fault.message


def test_columns_without_a_name_at_the_end_are_none():
    assert read("name,zone,,\nX,DMZ,,\nY,DMZ\n").new == ("X", "Y")
    assert [column.field for column in read("name,,zone\nX,,DMZ\n").columns] == ["name", "", "zone"]


def test_a_thousand_lines_are_read():
    table = read("name,zone,addresses\n" + "".join(f"H{n},DMZ,10.1.{n // 250}.{n % 250}\n" for n in range(1000)))
    assert len(table.new) == 1000
    assert table.is_plain


@pytest.mark.parametrize("name", [name for name in HOSTILE_NAMES if name == name.strip()])
def test_a_name_that_a_download_has_neutralised_is_read_back(name):
    cell = '"' + neutralise(name).replace('"', '""') + '"'
    assert read(f"name,zone\n{cell},DMZ\n").new == (name,)


def test_an_apostrophe_of_its_own_stays():
    assert read_back("'t Hooft") == "'t Hooft"


def test_the_template_can_be_imported_as_it_is_and_again():
    plan, matrix = document() | {"endpoints": [], "additional_flows": []}, shipped_matrix()
    for names in (["Server 1", "Staff", "Managed 1"], ["Staff 2", "Managed 2"]):  # there is a server by then
        data = template(plan, matrix)
        assert data.decode("utf-8-sig").splitlines()[0] == ",".join(list_columns())
        found = compare(read_sheet(data), plan, Wishes(), matrix=matrix)
        assert list(found.new) == names
        plan = apply(plan, add_endpoints(plan, found.params))
    check_plan(plan, matrix=matrix)
