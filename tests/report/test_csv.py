import csv
import io
import time

import pytest

from planner.report.formats.csv import COLUMNS, render_csv
from planner.report.formats.json import report_data
from tests.report.samples import HOSTILE_NAMES, contoso, evaluate, hostile, sites, write_plan


def read(data):
    """The records of a CSV file, each as a dictionary."""
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))


def rows_of(document):
    return read(render_csv(evaluate(document)))


def find(rows, **wanted):
    found = [row for row in rows if all(row[key] == value for key, value in wanted.items())]
    assert len(found) == 1, found
    return found[0]


def test_there_is_one_row_for_each_flow_in_the_order_of_the_json_report():
    report = evaluate(contoso())
    flows = report_data(report)["flows"]
    assert [
        (row["source"], row["source_zone"], row["destination"], row["destination_zone"], row["protocol"],
         row["ports"] or None, row["scope"], row["sections"].split("; ") if row["sections"] else [])
        for row in read(render_csv(report))
    ] == [
        (flow["source"], flow["source_zone"], flow["destination"], flow["destination_zone"], flow["protocol"],
         flow["ports"], flow["scope"], flow["sections"])
        for flow in flows
    ]  # fmt: skip


def test_it_starts_with_a_byte_order_mark_and_ends_lines_with_crlf():
    data = render_csv(evaluate(contoso()))
    assert data.startswith(b"\xef\xbb\xbfsource,")
    assert data.endswith(b"\r\n")
    assert data.count(b"\n") == data.count(b"\r\n") == len(evaluate(contoso()).flows) + 1


def test_a_plan_without_flows_gives_the_header_alone():
    data = render_csv(evaluate(write_plan()))
    assert data.decode("utf-8-sig") == ",".join(COLUMNS) + "\r\n"


def test_addresses_are_listed_and_a_missing_one_is_a_sentence_not_a_blank():
    row = find(rows_of(contoso()), source="Portal", destination="PS01", ports="8443")
    assert row["source_addresses"] == "address to be filled in"
    assert row["destination_addresses"] == "10.0.0.10; fd00::10"


def test_any_stands_only_where_the_plan_says_any():
    rows = rows_of(contoso())
    assert {row["source"] for row in rows if row["source_addresses"] == "any"} == {"Public"}
    assert all(row["destination_addresses"] != "any" for row in rows)


def test_a_flow_names_its_service_its_reason_and_its_changed_port():
    row = find(rows_of(contoso()), source="Portal", destination="PS01", protocol="tcp")
    assert row["ports"] == "8443"
    assert row["services"] == "Passwordstate website (HTTPS)"
    assert "portal" in row["reasons"].lower()


def test_reasons_of_one_topic_stand_together():
    rows = rows_of(contoso())
    assert "Host heartbeat" in find(rows, destination="ESX01", protocol="icmp")["reasons"]
    document = contoso()
    document["endpoints"][3] |= {"platforms": ["linux-mac", "cisco-ios"]}
    reasons = find(rows_of(document), destination="ESX01", ports="22")["reasons"]
    assert reasons.count("Account discovery: ") == 1


def test_an_additional_flow_has_the_plans_reason_and_no_section_or_service():
    row = find(rows_of(contoso()), source="PS01", destination="DC01", ports="53")
    assert (row["reasons"], row["sections"], row["services"]) == ("Name resolution", "", "")


def test_a_reason_that_reads_like_a_topic_stays_a_reason():
    document = contoso()
    document["additional_flows"] = [
        {
            "source": "PS01", "destination": "ESX01", "protocol": "tcp", "ports": "443",
            "reason": "Account discovery",
        }
    ]  # fmt: skip
    row = find(rows_of(document), source="PS01", destination="ESX01", ports="443")
    assert row["reasons"].startswith("Account discovery; Account discovery: ")


def test_icmp_has_no_ports():
    assert find(rows_of(contoso()), protocol="icmp")["ports"] == ""


def test_undecided_options_are_told_in_words():
    document = contoso()
    document["endpoints"][3]["operations"] = ["discovery"]
    rows = [row for row in rows_of(document) if row["destination"] == "ESX01"]
    assert {row["ports"]: row["undecided_options"] for row in rows} == {
        "22": "VMware ESXi access: SSH",
        "443": "VMware ESXi access: PowerCLI",
    }


def test_the_flows_between_zones_name_their_rule_and_the_others_none():
    report = evaluate(contoso())
    expected = {
        (source, destination, service["protocol"], service["ports"]): rule["id"]
        for rule in report_data(report)["rules"]
        for source in rule["sources"]
        for destination in rule["destinations"]
        for service in rule["services"]
    }
    rows = read(render_csv(report))
    assert {row["scope"] for row in rows} == {"cross-zone", "same-zone", "same-host"}
    for row in rows:
        key = row["source"], row["destination"], row["protocol"], row["ports"] or None
        assert row["rule"] == (expected[key] if row["scope"] == "cross-zone" else "")


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_no_field_can_be_taken_for_a_formula_and_no_text_is_lost(name):
    rows = rows_of(hostile(name))
    assert len(rows) == 2
    for row in rows:
        for value in row.values():
            assert not value.lstrip().startswith(("=", "+", "-", "@", "＝"))
            assert "\n" not in value
        assert row["source"].replace("'", "") == row["source_zone"].replace("'", "") == name.replace("'", "")


def test_an_apostrophe_stands_before_a_formula_and_nowhere_else():
    assert {row["source"] for row in rows_of(hostile("=1+1"))} == {"'=1+1"}
    assert {row["source"] for row in rows_of(hostile("1=1"))} == {"1=1"}


def test_a_formula_after_white_space_or_a_semicolon_is_defused_too():
    document = contoso()
    document["additional_flows"][0]["reason"] = "\u00a0=1+1 ; @x;-y, a-b"
    assert find(rows_of(document), ports="53")["reasons"] == "'=1+1 ; '@x;'-y, a-b"


def test_line_breaks_and_tabs_in_a_reason_become_spaces():
    document = contoso()
    document["additional_flows"][0]["reason"] = "first\r\nsecond\n\n=third\tfourth"
    assert find(rows_of(document), ports="53")["reasons"] == "first second =third fourth"


def test_characters_that_hide_or_reorder_text_are_written_out():
    rows = rows_of(hostile("a\u202egpj\uffff\u2028z"))
    assert {row["source"] for row in rows} == {"a<U+202E>gpj<U+FFFF><U+2028>z"}


def test_the_same_plan_gives_the_same_bytes():
    assert render_csv(evaluate(contoso())) == render_csv(evaluate(contoso()))


def test_a_thousand_sites_take_less_than_two_seconds():
    report = evaluate(sites(1000))
    start = time.process_time()
    rows = read(render_csv(report))
    assert time.process_time() - start < 2
    assert len(rows) == len(report.flows) > 13_000
