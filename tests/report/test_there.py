"""A kept comparison beside the rules of a report: what is said of each, and where each format has it."""

import csv
import datetime
import io
import json
from dataclasses import replace

import jsonschema
import openpyxl
import pytest

from planner.report import FORMATS
from planner.report.formats.json import report_schema
from planner.report.said.edition import Edition
from planner.report.said.there import There
from tests.engine.existing.rulesets import flow, host, plan
from tests.web.views.comparisons import flow_answer, make_answer

DAY = datetime.date(2026, 11, 25)
ENDS = [host("Web", "10.0.0.10"), host("Store", "192.0.2.10", zone="DMZ"), host("Far", "192.0.2.11", zone="DMZ")]
REPORT = plan(ENDS, [flow("Web", "Store", ports="443"), flow("Web", "Far", ports="443"), flow("Store", "Web", "icmp")])


def there(*flows):
    return There.of(make_answer(*flows), device="FW-HQ", day=DAY, revision=3)


def answers(*states):
    ends = zip(("Store", "Far"), states, strict=False)
    return [flow_answer("Web", end, "443", state, by=(f"policy {end}",)) for end, state in ends]


def say(*flows):
    rule = next(rule for rule in REPORT.rules if len(rule.destinations) == 2)
    return there(*flows).say(rule)


def test_a_rule_is_there_partly_there_missing_or_unknown():
    assert say(*answers("open", "open")) == "there (policy Far; policy Store)"
    assert say(*answers("open", "closed")) == "partly there, 1 of 2 flows open (policy Store)"
    assert say(*answers("partly", "closed")) == "partly there, 0 of 2 flows open"
    assert say(*answers("closed", "closed")) == "missing"
    assert say(*answers("closed", "unknown")) == "unknown"
    assert say(*answers("closed")) == "missing"
    assert say(*answers("open")) == "partly there, 1 of 2 flows open (policy Store)"
    assert say() == "not compared"
    many = [replace(one, by=tuple(f"policy {n}" for n in range(5))) for one in answers("open", "open")]
    assert say(*many) == "there (policy 0; policy 1; policy 2 and 2 more)"


def test_of_a_firewall_that_cant_tell_an_echo_apart_it_is_said_that_more_is_open():
    rule = next(rule for rule in REPORT.rules if rule.services[0].protocol == "icmp")
    answer = make_answer(flow_answer("Store", "Web", "", "open", by=("web ping (101)",), protocol="icmp"))
    facts = {"device": "NSG", "day": DAY, "revision": 3}
    assert There.of(answer, **facts).say(rule) == "there (web ping (101))"
    said = There.of(answer, **facts, whole_icmp=True).say(rule)
    assert said == "there (web ping (101)); its rules have no types of ICMP, so more than the echo is open"
    others = There.of(make_answer(*answers("open", "open")), **facts, whole_icmp=True)
    assert all("ICMP" not in others.say(one) for one in REPORT.rules if one is not rule)


def edition(*flows):
    return Edition(date=DAY, revision=4, there=there(*flows))


def test_tables_have_a_column_of_it_and_only_then():
    chosen = edition(*answers("open", "open"))
    head, *rows = csv.reader(io.StringIO(FORMATS["csv"].render(REPORT, chosen).decode("utf-8-sig")))
    told = {row[head.index("destination")]: row[head.index("on_firewall")] for row in rows}
    assert told == {"Store": "there (policy Far; policy Store)", "Far": told["Store"], "Web": "not compared"}
    assert "on_firewall" not in FORMATS["csv"].render(REPORT, Edition(date=DAY)).decode("utf-8-sig")
    book = openpyxl.load_workbook(io.BytesIO(FORMATS["xlsx"].render(REPORT, chosen)))
    cells = [row[-1] for row in book["Rules"].iter_rows(values_only=True)]
    assert cells[0] == "On FW-HQ"
    assert set(cells[1:]) == {"there (policy Far; policy Store)", "not compared"}
    assert ["Compared", str(chosen.there)] in [list(row) for row in book["About"].iter_rows(values_only=True)]
    plain = openpyxl.load_workbook(io.BytesIO(FORMATS["xlsx"].render(REPORT, Edition(date=DAY))))
    assert "On FW-HQ" not in [cell.value for cell in plain["Rules"][1]]


def test_markdown_has_a_column_of_it_and_says_of_which_day_it_is():
    text = FORMATS["markdown"].render(REPORT, edition(*answers("open", "closed"))).decode()
    heads = [line for line in text.splitlines() if line.startswith("| Rule |")]
    assert heads
    assert all(line.endswith("| On FW-HQ |") for line in heads)
    assert "| partly there, 1 of 2 flows open (policy Store) |\n" in text
    assert "| not compared |\n" in text
    assert "as compared on 2026-11-25 at revision 3" in text
    assert "FW-HQ" not in FORMATS["markdown"].render(REPORT, Edition(date=DAY)).decode()


def test_json_has_it_with_each_rule_in_the_shape_of_the_schema():
    data = json.loads(FORMATS["json"].render(REPORT, edition(*answers("open", "closed"))))
    jsonschema.validate(data, report_schema())
    assert data["compared"] == {"firewall": "FW-HQ", "date": "2026-11-25", "revision": 3}
    told = {tuple(rule["destinations"]): rule["on_firewall"] for rule in data["rules"]}
    assert told == {
        ("Far", "Store"): {"state": "partly there", "open": 1, "flows": 2, "by": ["policy Store"]},
        ("Web",): {"state": "not compared", "open": 0, "flows": 1, "by": []},
    }
    plain = json.loads(FORMATS["json"].render(REPORT, Edition(date=DAY)))
    assert "compared" not in plain
    assert not any("on_firewall" in rule for rule in plain["rules"])
    data["rules"][0]["on_firewall"]["state"] = "open"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, report_schema())


def test_printed_rules_say_it_beside_each_and_the_cover_of_which_day_it_is():
    text = FORMATS["html"].render(REPORT, edition(*answers("open", "closed"))).decode()
    assert text.count("On FW-HQ: partly there, 1 of 2 flows open (policy Store)") == 1
    assert text.count("On FW-HQ: not compared") == 1
    assert "as compared on 2026-11-25 at revision 3" in text
    assert "On FW-HQ" not in FORMATS["html"].render(REPORT, Edition(date=DAY)).decode()
