"""Every format tells the states of rules, as text, and tells nothing of them where there are none."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime

import jsonschema
import openpyxl
import pytest

from planner.engine.compare import compare_reports
from planner.engine.life import End, Given, Lives, block_of, end_of, match_lives
from planner.report import CHANGE_FORMATS, FORMATS
from planner.report.firewall.crossings import list_crossings
from planner.report.formats.json import comparison_schema, report_schema
from planner.report.said.edition import Edition, Editions
from planner.report.said.filters import Filter, filter_boundaries, filter_flows, select
from planner.report.said.life import list_differences, say_state
from planner.report.said.objects import Grouping
from planner.report.said.passed import Passed
from planner.report.said.printed_rules import print_boundaries
from planner.report.said.still_needed import StillNeeded
from tests.report.samples import HOSTILE_NAMES, contoso, evaluate, write_plan

TODAY = date(2026, 11, 25)


def give(rule, number, state, **facts):
    ends = {end.name: end_of(end) for end in (*rule.sources, *rule.destinations)}
    return Given(
        number=number, state=state, rule=rule.id, boundary="Somewhere", at=datetime(2026, 11, 1, tzinfo=UTC),
        blocks=(block_of(rule),), ends=ends, **facts,
    )  # fmt: skip


@pytest.fixture(scope="module")
def report():
    return evaluate(contoso())


@pytest.fixture(scope="module")
def lives(report):
    first, second, third, *_ = report.rules
    grown = give(second, 2, "implemented", ticket="https://tickets.example/7")
    grown = replace(grown, ends={name: End(end.zone, ("10.99.0.1",)) for name, end in grown.ends.items()})
    gone = replace(third, sources=(replace(third.sources[0], name="Old server"),))
    given = [
        give(first, 1, "approved", ticket="CHG-7", owner="Kim", comment="Soon", review=date(2026, 11, 1)),
        grown,
        give(gone, 3, "verified", ticket="CHG-9"),
    ]
    return match_lives(report.rules, given, TODAY)


def render(name, report, lives, **more):
    return FORMATS[name].render(report, Edition(date=TODAY, revision=3, lives=lives, **more))


def test_the_state_of_a_rule_in_words(report, lives):
    first, second, *_ = (lives.of(rule) for rule in report.rules)
    assert (say_state(first), list_differences(first)) == ("Approved", ())
    assert say_state(second) == "Changed since implemented"
    assert all("was 10.99.0.1, is" in line for line in list_differences(second))


def test_json_has_the_state_of_those_rules_that_have_one_and_fits_its_schema(report, lives):
    data = json.loads(render("json", report, lives))
    jsonschema.validate(data, report_schema())
    states = {rule["id"]: rule["state"]["state"] for rule in data["rules"] if "state" in rule}
    assert states == {report.rules[0].id: "approved", report.rules[1].id: "implemented"}
    assert [left["ticket"] for left in data["no_longer_asked"]] == ["CHG-9"]


def test_csv_has_the_state_of_the_rule_of_each_flow(report, lives):
    rows = list(csv.DictReader(io.StringIO(render("csv", report, lives).decode("utf-8-sig"), newline="")))
    told = {row["rule"]: (row["state"], row["ticket"], row["owner"]) for row in rows if row["state"]}
    assert told[report.rules[0].id] == ("Approved", "CHG-7", "Kim")
    assert len(told) == 2


def test_csv_divides_a_state_from_what_has_changed_since_and_tickets_from_one_another(report, lives):
    """On one line: a line break would be a blank."""
    second = report.rules[1]
    life = lives.of(second)
    life = replace(life, others=(replace(life.given, number=9, ticket="CHG-8"),))
    rows = csv.DictReader(
        io.StringIO(render("csv", report, Lives(by_rule={second.id: life})).decode("utf-8-sig"), newline="")
    )
    row = next(row for row in rows if row["rule"] == second.id)
    assert row["state"] == "; ".join(("Changed since implemented", *list_differences(life)))
    assert row["ticket"] == "https://tickets.example/7; CHG-8"


def test_the_workbook_has_states_and_a_sheet_of_what_is_to_be_closed(report, lives):
    book = openpyxl.load_workbook(io.BytesIO(render("xlsx", report, lives)))
    head, first, *_ = book["Rules"].iter_rows(values_only=True)
    told = dict(zip(head, first, strict=True))
    assert (told["State"], told["Ticket"], told["Review"]) == ("Approved", "CHG-7", "2026-11-01 (due)")
    left = list(book["To close"].iter_rows(values_only=True))[1]
    assert "Old server" in left[2]
    assert left[5:7] == ("Verified", "CHG-9")


@pytest.mark.parametrize("name", ["markdown", "html"])
def test_what_is_read_names_state_ticket_and_what_is_to_be_closed(report, lives, name):
    text = render(name, report, lives).decode()
    for words in ("Approved", "CHG-7", "Changed since implemented", "No longer asked for", "CHG", "Old server"):
        assert words in text


def test_a_pdf_is_made_of_rules_with_states(report, lives):
    assert render("pdf", report, lives).startswith(b"%PDF")


@pytest.mark.parametrize("name", ["json", "csv", "markdown", "html"])
def test_without_states_nothing_is_said_of_them(report, name):
    text = FORMATS[name].render(report, Edition(date=TODAY, revision=3)).decode().lower()
    if name == "html":  # has lines to write on, and nothing stands on them
        assert all(set(words) == {"_"} for words in re.findall(r'ticket</small> <span class="write">([^<]*)', text))
        text = text.replace("ticket</small>", "")
    for word in ("ticket", "no_longer_asked", "no longer asked for", '"state"', "decided, state"):
        assert word not in text.replace("signature, ticket or remark", "")


def test_what_somebody_typed_into_a_state_is_text_in_every_format():
    ends = [{"name": f"PS{number:02}", "zone": f"Z{number}"} for number, _ in enumerate(HOSTILE_NAMES)]
    flow = {"destination": "SQL", "protocol": "tcp", "reason": "R"}
    report = evaluate(write_plan(
        *ends, {"name": "SQL", "zone": "DMZ"},
        zones=(*((end["zone"], "cloud") for end in ends), ("DMZ", "dmz")),
        additional_flows=[flow | {"source": end["name"], "ports": str(port)} for port, end in enumerate(ends, 1)],
    ))  # fmt: skip
    given = [
        give(rule, number, "approved", ticket=text, owner=text, comment=text)
        for number, (rule, text) in enumerate(zip(report.rules, HOSTILE_NAMES, strict=True), 1)
    ]
    lives = match_lives(report.rules, given, TODAY)
    rows = csv.reader(io.StringIO(render("csv", report, lives).decode("utf-8-sig"), newline=""))
    assert not [cell for row in rows for cell in row if cell[:1] in "=+-@" and cell]
    assert "<b>bold" not in render("html", report, lives).decode()
    assert "<r>raw" not in render("markdown", report, lives).decode()
    book = openpyxl.load_workbook(io.BytesIO(render("xlsx", report, lives)))
    assert {cell.data_type for row in book["Rules"].iter_rows() for cell in row} <= {"s", "n"}


def test_filters_choose_rules_by_their_state(report, lives):
    def chosen(state):
        return [rule.id for _, rules in filter_boundaries(report, Filter(state=state), None, lives) for rule in rules]

    first, second, *others = [rule.id for rule in report.rules]
    assert chosen("approved") == [first]
    assert chosen("implemented") == []
    assert chosen("changed") == [second]
    assert chosen("due") == [first]
    assert chosen("none") == others


def test_a_flow_has_the_state_of_its_rule(report, lives):
    part, selection = select(report, Filter(state="approved"), None, lives)
    assert {rule.id for rule in part.rules} == {report.rules[0].id}
    assert len(filter_flows(report, Filter(state="approved"), None, lives)) == len(list(report.rules[0].openings()))
    assert selection.fields == (("State", "Approved"),)


TEXTS = sorted(name for name, kind in CHANGE_FORMATS.items() if not kind.configures and name != "pdf")


@pytest.mark.parametrize("name", TEXTS)
def test_a_change_request_says_the_state_of_what_is_to_be_closed(report, lives, name):
    fewer = contoso()
    fewer["endpoints"] = [item for item in fewer["endpoints"] if item["name"] != "Public"]
    compared = compare_reports(report, evaluate(fewer))
    first = report.rules[0]
    assert first.id in {rule.id for rule in compared.rules_closed}
    editions = Editions(before="revision 1", after="revision 2", date=TODAY, lives_before=lives)
    data = CHANGE_FORMATS[name].render(compared, editions)
    plain = CHANGE_FORMATS[name].render(compared, Editions(before="revision 1", after="revision 2", date=TODAY))
    if name == "json":
        jsonschema.validate(json.loads(data), comparison_schema())
    if name == "xlsx":
        data = repr([list(row) for row in openpyxl.load_workbook(io.BytesIO(data))["Rules"].values]).encode()
    assert b"CHG-7" in data
    assert b"CHG-7" not in plain


def test_paper_has_who_did_what_and_lines_to_write_on_for_the_rest(report):
    first, second, third, *_ = report.rules
    given = [
        give(first, 1, "implemented", ticket="CHG-7", by="Kim", review=date(2027, 3, 1)),
        give(second, 2, "verified", by="Lee"),
        give(third, 3, "approved", by="Kim", owner="Lee"),
    ]
    lives = match_lives(report.rules, given, TODAY)
    boundaries = print_boundaries(report.boundaries, report, Grouping(report), lives=lives)
    acts = {line.rule.id: dict(line.acts) for chapter in boundaries for line in chapter.rules}
    assert acts[first.id] == {
        "Firewall": "", "Ticket": "CHG-7", "Status": "Implemented", "Implemented by, on": "Kim, 2026-11-01",
        "Verified by, on": "", "Review": "2027-03-01",
    }  # fmt: skip
    assert acts[second.id]["Verified by, on"] == "Lee, 2026-11-01"
    assert not acts[second.id]["Implemented by, on"]
    assert (acts[third.id]["Status"], acts[third.id]["Implemented by, on"]) == ("Approved", "")
    blank = next(rule for rule in report.rules if lives.of(rule) is None)
    assert not any(acts[blank.id].values())
    html = render("html", report, lives).decode()
    assert "<small>Implemented by, on</small> Kim, 2026-11-01</span>" in html
    assert "Owner: Lee" in html


def test_a_change_request_says_nothing_of_who_opened_what_is_to_be_closed(report):
    [rule, *_] = report.rules
    lives = match_lives(report.rules, [give(rule, 1, "implemented", by="Kim", ticket="CHG-7")], TODAY)
    needed = StillNeeded(compare_reports(report, report))
    [chapter, *_] = print_boundaries(report.boundaries, report, Grouping(report), lives=lives, closing=needed)
    acts = dict(chapter.rules[0].acts)
    assert (acts["Ticket"], acts["Status"], acts["Closed by, on"]) == ("CHG-7", "Implemented", "")


def test_a_rule_names_the_firewalls_that_it_passes(report):
    zones = [zone.name for zone in report.plan.zones]
    firewalls = [
        {"name": "FW-2", "format": "asa", "zones": {zone: f"if{number}" for number, zone in enumerate(zones)}},
        {"name": "FW-1", "format": "asa", "zones": dict.fromkeys(zones, "inside")},
    ]
    plan = contoso(firewalls=firewalls)
    there = evaluate(plan)
    passed = Passed(there.plan.firewalls)
    for rule in there.rules:
        crosses = {
            firewall.name
            for firewall in there.plan.firewalls
            for crossing in list_crossings(there, firewall)
            for part in crossing.parts
            if part.rule is rule
        }
        assert set(passed.find(rule)) == crosses
    assert passed.say(there.rules[0]) == "FW-2"
    many = [replace(there.plan.firewalls[0], name=f"F{number}") for number in range(5)]
    assert Passed(many).say(there.rules[0]) == "F0, F1, F2 and 2 more"
