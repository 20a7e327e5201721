"""What every change request for people names: rules that went into others, and what addresses make possible."""

import datetime
import io
from functools import cache

import openpyxl
import pytest

from planner.engine.compare import compare_reports
from planner.report import CHANGE_FORMATS, FORMATS
from planner.report.said.edition import Edition, Editions
from planner.report.said.text import count_renamed, say_changes, say_kept, word_changes
from tests.paper import read_pages
from tests.report.samples import evaluate, write_plan

DAY = datetime.date(2026, 11, 28)
FORMATS_FOR_PEOPLE = ("markdown", "html", "pdf", "xlsx")


def plan(*pairs, without=()):
    """A plan with a flow of its own for each pair: P1 and P2 are internal, Q1 and Q2 stand in the DMZ."""
    places = {"P1": "Internal", "P2": "Internal", "Q1": "DMZ", "Q2": "DMZ"}
    ends = [
        {"name": name, "zone": zone, "addresses": [] if name in without else [f"192.0.2.{number}"]}
        for number, (name, zone) in enumerate(places.items(), 1)
    ]
    flows = [{"source": s, "destination": d, "protocol": "tcp", "ports": "2022", "reason": "Why"} for s, d in pairs]
    return evaluate(write_plan(*ends, additional_flows=flows))


APART, ALL = (("P1", "Q1"), ("P2", "Q2")), (("P1", "Q1"), ("P2", "Q2"), ("P1", "Q2"), ("P2", "Q1"))


@cache
def compared():
    return compare_reports(plan(*APART, without=("P2",)), plan(*ALL))


def read(name, data):
    if name == "pdf":
        return " ".join(" ".join(read_pages(data)).split())
    if name == "xlsx":
        sheets = openpyxl.load_workbook(io.BytesIO(data)).worksheets
        rows = (row for sheet in sheets for row in sheet.iter_rows(values_only=True))
        return "\n".join(" ".join(str(cell or "") for cell in row) for row in rows)
    return data.decode()


@pytest.mark.parametrize("name", FORMATS_FOR_PEOPLE)
def test_a_change_request_names_the_old_number_and_what_an_address_makes_possible(name):
    first, second = (rule.id for rule in compared().before.rules)
    text = read(name, CHANGE_FORMATS[name].render(compared(), Editions(before="a", after="b")))
    assert second in text
    assert "what stays of it is opened by that number, and the old one is taken back" in text.replace("What", "what")
    assert "by address" in text
    [rule] = compared().rules_addressed
    assert (rule.id, [end.name for end in rule.sources], [str(one) for one in rule.services]) == (
        first, ["P2"], ["tcp 2022"],
    )  # fmt: skip
    if name == "markdown":
        told = text.split("## Rules to open by address")[1].split("\n## ")[0]
        assert "P2 (192.0.2.2) | Q2 (192.0.2.4) | tcp 2022" in told


@pytest.mark.parametrize("name", ["html", "xlsx"])
def test_what_changed_since_in_a_report_says_so_too(name):
    text = read(name, FORMATS[name].render(plan(*ALL), Edition(date=DAY, since=compared(), since_revision=1)))
    second = compared().before.rules[1].id
    assert second in text
    assert "open by address" in text


def test_the_csv_and_the_json_have_nothing_of_it():
    second = compared().before.rules[1].id
    for name in ("csv", "json"):
        assert second not in CHANGE_FORMATS[name].render(compared(), Editions(before="a", after="b")).decode()


def test_words_beside_numbers_are_of_one_or_of_several():
    counts = dict(word_changes(compared()))
    assert (counts["rules to open"], counts["rule to open by address"], counts["renamed"]) == (2, 1, 1)
    assert counts["address changed"] == 1


def test_rules_that_stay_get_larger_or_smaller():
    """Of a rule that stays the network team closes a part: to call that a rule to close says too much."""
    there, back = compare_reports(plan(*APART[:1]), plan(*ALL)), compare_reports(plan(*ALL), plan(*APART[:1]))
    number = back.before.rules[0].id
    assert say_changes(there) == ["1 rule gets larger"]
    assert say_changes(back) == ["1 rule gets smaller"]
    assert say_kept(back) == {"closed": f"{number} stays and gets smaller: the rows have the difference alone."}
    assert say_kept(there)["opened"].startswith(f"{number} is there already and gets larger")
    assert say_changes(compare_reports(plan(), plan(*APART))) == ["2 rules to open"]
    assert say_changes(compare_reports(plan(*APART), plan())) == ["2 rules to close"]


def test_rules_in_others_are_counted_with_names():
    assert count_renamed(compared()) == ["1 rule renumbered"]
