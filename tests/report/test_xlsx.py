import io
import itertools
import json
import re
import subprocess
import sys
import zipfile
from datetime import date
from functools import lru_cache
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils import column_index_from_string, get_column_letter

from planner.engine.compare import compare_reports
from planner.report.formats import workbook
from planner.report.formats.json import report_data
from planner.report.formats.workbook import Link
from planner.report.formats.xlsx import render_xlsx
from planner.report.said.edition import Edition
from tests.report.samples import HOSTILE_NAMES, contoso, evaluate, hostile, hostile_lot, in_lots, sites, write_plan

SHEETS = ["Rules", "Flows", "Servers", "Objects", "Findings", "Changes", "About"]


def open_book(data):
    return openpyxl.load_workbook(io.BytesIO(data))


def rows_of(book, name):
    """The rows of a sheet below its header, each as a dictionary; an empty cell is an empty text."""
    rows = book[name].iter_rows(values_only=True)
    header = next(rows)
    return [dict(zip(header, ("" if value is None else value for value in row), strict=True)) for row in rows]


def report_book(document):
    """The workbook of a plan document, opened once for all that look at it."""
    return _open_once(json.dumps(document))


@lru_cache(4)
def _open_once(document):
    return open_book(render_xlsx(evaluate(json.loads(document))))


def expand(rows):
    """Every (source, destination, service) that rows of the sheet Rules stand for."""
    return [
        key
        for row in rows
        for key in itertools.product(*(row[title].split("\n") for title in ("Sources", "Destinations", "Services")))
    ]


def cross_zone_flows(report):
    return sorted(
        (flow["source"], flow["destination"], " ".join(filter(None, (flow["protocol"], flow["ports"]))))
        for flow in report_data(report)["flows"]
        if flow["scope"] == "cross-zone"
    )


def test_the_sheets_come_in_the_order_of_reading():
    assert report_book(contoso()).sheetnames == [
        "Rules",
        "Work",
        "Zones",
        "Flows",
        "Servers",
        "Objects",
        "Not needed here",
        "Closed",
        "Not opened",
        "Findings",
        "Changes",
        "About",
    ]


@pytest.mark.parametrize("name", SHEETS)
def test_every_sheet_has_a_frozen_header_a_filter_widths_and_wrapped_text(name):
    sheet = report_book(contoso())[name]
    assert sheet.freeze_panes == "B2"
    assert sheet.print_title_cols == "$A:$A", "on paper what stays in sight is on every page"
    assert sheet.page_setup.pageOrder == "overThenDown"
    assert sheet.auto_filter.ref == sheet.dimensions
    assert all(sheet.column_dimensions[cell.column_letter].width >= 8 for cell in sheet[1])
    assert all(cell.font.bold for cell in sheet[1])
    assert all(cell.alignment.wrap_text for row in sheet.iter_rows(min_row=2) for cell in row if cell.value)


def test_every_cell_is_text_ports_and_counts_included():
    book = report_book(contoso())
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert all(isinstance(cell.value, str) for cell in cells)
    assert {cell.number_format for cell in cells if cell.row > 1} == {"@"}


def test_the_rules_are_those_of_the_json_report():
    report = evaluate(contoso())
    rows = rows_of(report_book(contoso()), "Rules")
    assert [
        (row["Rule"], row["Sources"].split("\n"), row["Source zones"].split("\n"), row["Destinations"].split("\n"),
         row["Destination zones"].split("\n"), row["Services"].split("\n"), row["Sections"])
        for row in rows
    ] == [
        (rule["id"], rule["sources"], rule["source_zones"], rule["destinations"], rule["destination_zones"],
         [" ".join(filter(None, (service["protocol"], service["ports"]))) for service in rule["services"]],
         ", ".join(rule["sections"]))
        for rule in report_data(report)["rules"]
    ]  # fmt: skip


def test_the_addresses_stand_line_by_line_beside_the_names():
    document = contoso()
    document["endpoints"].append({"name": "Zed", "zone": "DMZ", "roles": ["password-reset-portal"],
                                  "addresses": ["192.0.2.9"]})  # fmt: skip
    (row,) = [row for row in rows_of(report_book(document), "Rules") if row["Services"] == "tcp 8443"]
    assert row["Sources"] == "Portal\nZed"
    assert row["Source addresses"] == "address to be filled in\n192.0.2.9"
    assert row["Destination addresses"] == "10.0.0.10, fd00::10"


def test_a_changed_port_says_what_it_was():
    book = report_book(contoso())
    names = [row["Service names"] for row in rows_of(book, "Rules") if "tcp 8443" in row["Services"].split("\n")]
    assert names == ["Passwordstate website (HTTPS) (changed from 443)"]
    decided = [row["Content"] for row in rows_of(book, "About") if row["About"] == "Decided"]
    assert "Passwordstate website (HTTPS): tcp 8443 instead of 443." in decided


def test_names_of_services_stand_beside_their_own_lines_where_one_has_none():
    ends = {"source": "PS01", "destination": "SQL01", "protocol": "tcp", "reason": "Because"}
    document = write_plan(
        {"name": "PS01", "zone": "Internal", "roles": ["web-primary"]},
        {"name": "SQL01", "zone": "DMZ", "roles": ["database"]},
        additional_flows=[ends | {"ports": "22"}, ends | {"ports": "9000"}],
    )
    (row,) = rows_of(report_book(document), "Rules")
    assert row["Services"] == "tcp 22\ntcp 1433\ntcp 9000"
    assert row["Service names"] == "–\nSQL Server (Passwordstate database)\n–"


def test_the_flows_are_those_of_the_json_report():
    report = evaluate(contoso())
    rows = rows_of(report_book(contoso()), "Flows")
    assert [(row["Source"], row["Destination"], row["Protocol"], row["Ports"] or None) for row in rows] == [
        (flow["source"], flow["destination"], flow["protocol"], flow["ports"]) for flow in report_data(report)["flows"]
    ]
    assert {row["Scope"] for row in rows} == {"between zones", "within a zone", "on one host"}
    assert all(bool(row["Rule"]) == (row["Scope"] == "between zones") for row in rows)


def test_missing_addresses_are_words_and_any_stands_only_where_the_plan_says_so():
    book = report_book(contoso())
    addresses = {row["Name"]: row["Addresses"] for row in rows_of(book, "Objects")}
    assert addresses == {
        "PS01": "10.0.0.10\nfd00::10",
        "DC01": "10.0.0.20",
        "Portal": "address to be filled in",
        "ESX01": "esx01.example.net",
        "Public": "any",
    }
    for row in rows_of(book, "Flows"):
        assert row["Source addresses"] == addresses[row["Source"]].replace("\n", ", ")


def test_endpoints_tell_what_they_are():
    rows = {row["Name"]: row for row in rows_of(report_book(contoso()), "Objects")}
    assert rows["Public"]["Group"] == "yes"
    assert rows["Public"]["Kind of zone"] == "internet"
    assert rows["ESX01"]["Group"] == "no"
    assert rows["ESX01"]["Platforms"] == "VMware ESXi"
    assert len(rows["ESX01"]["Operations"].split("\n")) == 2


def test_the_findings_are_those_of_the_json_report():
    report = evaluate(contoso())
    rows = rows_of(report_book(contoso()), "Findings")
    assert [(row["Severity"], row["Finding"], row["About"] or None, row["What"]) for row in rows] == [
        (finding["severity"], finding["code"], finding["subject"], finding["message"])
        for finding in report_data(report)["findings"]
    ]


def test_about_names_plan_matrix_counts_decisions_and_legend():
    document = contoso(description="First line\nsecond line")
    report = evaluate(document)
    rows = [(row["About"], row["Content"]) for row in rows_of(report_book(document), "About")]
    assert ("Plan", "Contoso") in rows
    assert ("Description", "First line\nsecond line") in rows
    assert ("Port matrix", report.matrix.version) in rows
    assert ("Firewall rules", str(len(report.rules))) in rows
    assert any(title == "Open decision" and "ESXi" in text for title, text in rows)
    assert any("the source opens the connection" in text for _, text in rows)


def test_a_plan_without_endpoints_gives_sheets_with_headers():
    book = report_book(write_plan())
    assert rows_of(book, "Rules") == rows_of(book, "Flows") == rows_of(book, "Objects") == []


@pytest.mark.parametrize("names", in_lots(HOSTILE_NAMES), ids=ascii)
def test_hostile_names_stay_text_in_every_cell(names):
    data = render_xlsx(evaluate(hostile_lot(names)))
    book = open_book(data)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    links = [cell.hyperlink for cell in cells if cell.hyperlink]
    assert all(link.target is None and re.fullmatch(r"'(Rules|Closed)'!A[0-9]+", link.location) for link in links)
    assert not any(cell.value.startswith(("=", "+", "-", "@", "＝")) for cell in cells)
    *shown, whole = [f"'{name}" if name[0] in "=+-@＝" else name for name in (*names, " / ".join(names))]
    assert {row["Name"] for row in rows_of(book, "Objects")} == {*shown, "SQL"}
    assert {row["Source"] for row in rows_of(book, "Flows")} == set(shown)
    assert rows_of(book, "About")[0]["Content"] == whole
    archive = zipfile.ZipFile(io.BytesIO(data))
    sheets = [part for part in archive.namelist() if part.startswith("xl/worksheets/")]
    assert not any(b"<f>" in archive.read(part) for part in sheets)
    assert not [part for part in archive.namelist() if part.startswith("xl/worksheets/_rels/")], (
        "nothing leads outside"
    )


def test_characters_that_xml_forbids_or_that_reorder_text_are_written_out():
    book = report_book(hostile("a\u202egpj\uffffz"))
    assert rows_of(book, "Objects")[0]["Name"] == "a<U+202E>gpj<U+FFFF>z"


def test_line_breaks_in_prose_stay():
    document = contoso(description="one\r\ntwo\rthree\n\tfour")
    contents = {row["About"]: row["Content"] for row in rows_of(report_book(document), "About")}
    assert contents["Description"] == "one\ntwo\nthree\n\tfour"


def test_a_text_longer_than_a_cell_says_that_it_was_cut():
    book = report_book(contoso(description="😀" * 40_000))
    text = {row["About"]: row["Content"] for row in rows_of(book, "About")}["Description"]
    assert text.startswith("😀😀")
    assert text.endswith("(cut to fit the cell; the plan document has all of it)")
    assert len(text.encode("utf-16-le")) / 2 <= 32_767


@pytest.mark.slow
def test_hundreds_of_sites_are_a_row_for_each_flow_in_a_small_file_and_rules_are_divided_without_loss():
    """How long it takes is for `make bench` to say, which has a budget for it. Rows of flows are counted, not read."""
    report = evaluate(sites(300))
    data = render_xlsx(report)
    assert len(data) < 900_000
    book = open_book(data)
    assert book["Flows"].max_row - 1 == len(report.flows) > 3_000
    rows = rows_of(book, "Rules")
    parts = [row["Rule"] for row in rows if "(part " in row["Rule"]]
    assert parts[:2] == [parts[0].replace("2 of", "1 of"), parts[0].replace("part 1", "part 2")]
    assert sorted(expand(rows)) == cross_zone_flows(report)


def test_long_names_divide_a_rule_before_the_cell_overflows():
    zones = [("Internal", "internal"), ("Internet", "internet")]
    names = [f"{number:03}{'é' * 252}" for number in range(200)]
    users = [{"name": name, "zone": "Internet", "group": True, "roles": ["website-user"]} for name in names]
    document = write_plan({"name": "PS01", "zone": "Internal", "roles": ["web-primary"]}, *users, zones=zones)
    report = evaluate(document)
    rows = rows_of(open_book(render_xlsx(report)), "Rules")
    assert [row["Rule"].rpartition(" (")[2] for row in rows] == ["part 1 of 2)", "part 2 of 2)"]
    assert sorted(expand(rows)) == cross_zone_flows(report)


def test_more_addresses_than_a_cell_holds_go_on_in_further_rows():
    addresses = [f"10.{number // 250}.{number % 250}.1" for number in range(600)]
    document = contoso()
    document["endpoints"][1]["addresses"] = addresses
    rows = rows_of(report_book(document), "Objects")
    listed = [line for row in rows if row["Name"] == "DC01" for line in row["Addresses"].split("\n")]
    assert listed == addresses


def test_an_endpoint_with_thousands_of_addresses_is_referred_to_in_the_flows():
    document = contoso()
    document["endpoints"][1]["addresses"] = [f"10.{n // 250}.{n % 250}.1" for n in range(5000)]
    rows = rows_of(report_book(document), "Flows")
    assert {row["Destination addresses"] for row in rows if row["Destination"] == "DC01"} == {
        "5,000 addresses, see the sheet Objects"
    }


def test_more_rows_than_a_sheet_holds_go_on_in_another_sheet(monkeypatch):
    monkeypatch.setattr(workbook, "SHEET_ROWS", 10)
    report = evaluate(contoso())
    book = open_book(render_xlsx(report))
    names = [name for name in book.sheetnames if name.startswith("Flows")]
    assert names[:2] == ["Flows", "Flows (2)"]
    rows = [row for name in names for row in rows_of(book, name)]
    assert len(rows) == len(report.flows)
    assert Link("x", "Rules", 8).address == "internal:'Rules'!A10"
    assert Link("x", "Rules", 9).address == "internal:'Rules (2)'!A2"


def test_the_same_plan_gives_the_same_bytes_in_another_process_time_zone_and_year():
    document = json.dumps(contoso())
    code = (
        "import json, sys, time; time.time = lambda: 2e9; "
        "from django.conf import settings; settings.configure(INSTALLED_APPS=['ports'], USE_TZ=True); "
        "import django; django.setup(); "
        "from tests.report.samples import evaluate; from planner.report.formats.xlsx import render_xlsx; "
        "sys.stdout.buffer.write(render_xlsx(evaluate(json.load(sys.stdin))))"
    )
    environment = {"TZ": "Pacific/Apia", "PYTHONHASHSEED": "7"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=document.encode(),
        env=environment,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=True,
    )
    assert done.stdout == render_xlsx(evaluate(contoso()))


def test_the_file_tells_no_time_of_its_making():
    archive = zipfile.ZipFile(io.BytesIO(render_xlsx(evaluate(contoso()))))
    assert {info.date_time[0] for info in archive.infolist()} == {1980}
    assert b"2000-01-01T00:00:00Z" in archive.read("docProps/core.xml")


def test_the_sheet_of_servers_says_what_each_accepts_and_opens():
    rows = rows_of(report_book(contoso()), "Servers")
    about = {(row["Server"], row["Direction"], row["Protocol and ports"]): row for row in rows}
    assert about["Portal", "accepts", "tcp 443"]["Other end"] == "Public"
    assert about["Portal", "opens", "tcp 8443"]["Other end"] == "PS01"
    assert about["Portal", "opens", "tcp 8443"]["Other end’s addresses"] == "10.0.0.10, fd00::10"
    assert about["PS01", "accepts", "tcp 8443"]["Firewall"] == "between zones"
    assert about["DC01", "accepts", "udp 53"]["Firewall"] == "host firewalls only"
    assert about["DC01", "accepts", "udp 53"]["Numbers"] == "INT-9000"
    assert not [row for row in rows if row["Server"] == "Public"], "people have no host firewall"


def test_no_line_of_a_server_stays_on_one_host():
    for row in rows_of(report_book(contoso()), "Servers"):
        assert row["Server"] not in row["Other end"].split("\n")


def test_every_open_decision_that_is_counted_is_named():
    """What the document leaves open is one, too."""
    rows = rows_of(report_book(contoso()), "About")
    counted = next(int(row["Content"]) for row in rows if row["About"] == "Open decisions")
    assert sum(row["About"] == "Open decision" for row in rows) == counted > len(evaluate(contoso()).decisions)


def test_an_address_that_changed_is_on_the_sheet_of_changes():
    before, after = contoso(), contoso()
    endpoint = next(one for one in after["endpoints"] if one["name"] == "DC01")
    old, endpoint["addresses"] = endpoint["addresses"], ["10.9.9.9"]
    report = evaluate(after)
    edition = Edition(date=date(2026, 11, 28), since=compare_reports(evaluate(before), report))
    rows = rows_of(open_book(render_xlsx(report, edition)), "Changes")
    assert [[value for value in row.values() if value] for row in rows] == [
        ["address", f"DC01: {', '.join(old)}", "DC01: 10.9.9.9"]
    ]


def test_without_a_revision_to_compare_with_the_sheet_of_changes_says_so():
    [row] = rows_of(report_book(contoso()), "Changes")
    assert "Not compared" in " ".join(str(value) for value in row.values() if value)


def test_no_sheet_is_printed_so_small_that_it_cannot_be_read():
    """A page of A4 across has room for 150 letters of 11 points; with 200 they are still of more than 7."""
    for sheet in report_book(contoso()):
        widths = [sheet.column_dimensions[get_column_letter(place + 1)].width for place in range(sheet.max_column)]
        held = int(sheet.freeze_panes and column_index_from_string(sheet.freeze_panes.rstrip("0123456789")) - 1)
        pages = sheet.page_setup.fitToWidth or 1
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sum(widths[held:]) / pages + sum(widths[:held]) <= 210, sheet.title
