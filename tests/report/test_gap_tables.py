"""What CSV and workbook say of the rules that are there: the same as page and text."""

import csv
import io

import openpyxl

from planner.engine.existing.decide import compare_with
from planner.report.gap.tables import render_csv, render_xlsx
from tests.engine.existing.rulesets import WEB, accept, flow, host, match, plan, ruleset


def test_tables_quote_no_entries_for_want_of_an_address():
    """Any entry for addresses may be for the one that the plan doesn't have: dozens of them say nothing."""
    entries = [accept(f"entry {number}", match(WEB, f"192.0.2.{number}")) for number in range(50, 90)]
    report = plan([host("WEB", WEB), host("STORE", zone="DMZ")], [flow("WEB", "STORE")])
    gap = compare_with(report, ruleset(*entries))
    assert gap.flows[0].by
    [row] = csv.DictReader(io.StringIO(render_csv(gap).decode("utf-8-sig")))
    assert (row["state"], row["by"]) == ("unknown", "")
    book = openpyxl.load_workbook(io.BytesIO(render_xlsx(gap)))
    [_, flows] = book["Flows"].iter_rows(values_only=True)
    assert flows[7] is None
    [_, unknown] = book["Not understood"].iter_rows(values_only=True)
    assert unknown == ("no address in the plan: STORE", "entries for addresses", "1")
