"""What every change request for people names: rules that went into others, and what addresses make possible."""

import datetime
import io
from functools import cache

import openpyxl
import pytest

from planner.engine.compare import compare_reports
from planner.report import CHANGE_FORMATS, FORMATS
from planner.report.said.edition import Edition, Editions
from planner.report.said.printed_rules import list_differences
from planner.report.said.text import count_renamed, list_renamed, say_changes, say_kept, word_changes
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
    assert "what stays of it is opened by its new number and taken back by its old one" in text.replace("What", "what")
    assert "by address" in text
    [rule] = compared().rules_addressed
    assert (rule.id, [end.name for end in rule.sources], [str(one) for one in rule.services]) == (
        first, ["P2"], ["tcp 2022"],
    )  # fmt: skip
    if name == "markdown":
        told = text.split("## Rules to open by address")[1].split("\n## ")[0]
        assert "P2 (192.0.2.2) | Q2 (192.0.2.4) | tcp 2022" in told


@pytest.mark.parametrize("name", FORMATS_FOR_PEOPLE)
def test_a_change_request_tells_to_close_what_is_open_by_an_address_that_is_gone(name):
    """Firewall files take it away; whoever works by hand has to learn of it as well."""
    gone = compare_reports(plan(*APART), plan(*APART, without=("P2",)))
    text = read(name, CHANGE_FORMATS[name].render(gone, Editions(before="a", after="b")))
    assert "close by address" in text
    assert "what is open by an address that is gone has to be closed" in text
    if name == "markdown":
        told = text.split("## Rules to close by address")[1].split("\n## ")[0]
        assert "P2 (192.0.2.2) | Q2 (192.0.2.4) | tcp 2022" in told
    if name in ("html", "xlsx"):
        text = read(name, FORMATS[name].render(gone.after, Edition(date=DAY, since=gone, since_revision=1)))
        assert "close by address" in text


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


THREE = (("P1", "Q1"), ("P2", "Q2"), ("P3", "Q3"))


def ordered(*pairs, first="P1"):
    """A plan with these flows of its own alone: P1 to P3 are internal, Q1 to Q3 in the DMZ; P1 is named `first`."""
    zones = {"P": "Internal", "Q": "DMZ"}
    ends = [
        {"name": f"{letter}{number}", "zone": zone, "addresses": [f"192.0.2.{place * 10 + number}"]}
        for place, (letter, zone) in enumerate(zones.items())
        for number in (1, 2, 3)
    ]
    flows = [{"source": s, "destination": d, "protocol": "tcp", "ports": "2022", "reason": "Why"} for s, d in pairs]
    for one, key in ((one, key) for one in (*ends, *flows) for key in ("name", "source")):
        if one.get(key) == "P1":
            one[key] = first
    return evaluate(write_plan(*ends, additional_flows=flows))


def moves(before, after):
    """Where numbers went, by their last digit, as the change request names them one after the other."""
    names = list_renamed(compare_reports(before, after))
    return [
        (
            name.old.removesuffix(" (old number)")[-1],
            name.new.removesuffix(" (new number)")[-1],
            "apart" in name.remark,
        )
        for name in names
        if name.kind == "rule"
    ]


@pytest.mark.parametrize("name", FORMATS_FOR_PEOPLE)
def test_a_number_that_is_given_anew_says_whether_it_is_the_old_or_the_new_one(name):
    """Whoever works by numbers would close what has just been given the number."""
    there, back = (
        compare_reports(ordered(*THREE), ordered(*THREE[1:])),
        compare_reports(ordered(*THREE[1:]), ordered(*THREE)),
    )
    first, second, third = (rule.id for rule in there.before.rules)
    text = read(name, CHANGE_FORMATS[name].render(there, Editions(before="a", after="b")))
    for number in (
        f"{first} (old number)",
        f"{second} (old number)",
        f"{second} (new number)",
        f"{third} (old number)",
    ):
        assert number in text
    assert "rules to close have their old numbers" in text
    assert "what is closed by its old number goes first" in text
    text = read(name, CHANGE_FORMATS[name].render(back, Editions(before="a", after="b")))
    assert f"{first} (new number)" in text


@pytest.mark.parametrize("name", ["html", "xlsx"])
def test_what_changed_since_says_the_same_of_numbers(name):
    there = compare_reports(ordered(*THREE), ordered(*THREE[1:]))
    text = read(name, FORMATS[name].render(ordered(*THREE[1:]), Edition(date=DAY, since=there, since_revision=1)))
    assert f"{there.before.rules[0].id} (old number)" in text


def test_renumbered_rules_stand_as_each_number_gets_free():
    """Down from the first, up from the last; where rules change places no order frees them, and each says so."""
    assert moves(ordered(*THREE), ordered(*THREE[1:])) == [("1", "0", False), ("2", "1", False)]
    assert moves(ordered(*THREE[1:]), ordered(*THREE)) == [("1", "2", False), ("0", "1", False)]
    assert moves(ordered(*THREE), ordered(*THREE, first="P9")) == [
        ("0", "2", True),
        ("1", "0", False),
        ("2", "1", False),
    ]


def test_a_number_that_stays_with_its_rule_is_not_marked():
    text = read("markdown", CHANGE_FORMATS["markdown"].render(compared(), Editions(before="a", after="b")))
    first = compared().before.rules[0].id
    assert f"{first} (old" not in text
    assert f"| {first} |" in text


def test_a_rule_that_changed_gives_its_number_up_before_another_gets_it():
    """What differs of it stands with the changed rules; in which order numbers get free is told in one place."""

    def asked(*roles):
        ends = [{"name": name, "zone": "Internal", "addresses": [f"192.0.2.{name[1]}"]} for name in ("P1", "P2")]
        ends += [{"name": name, "zone": "DMZ", "addresses": [f"192.0.2.1{name[1]}"]} for name in ("Q1", "Q2")]
        ends[0]["roles"], ends[2]["roles"] = [*roles], ["web-primary"]
        own = [{"source": "P1", "destination": "Q1", "protocol": "tcp", "ports": "443", "reason": "Why"}]
        own.append(own[0] | {"source": "P2", "destination": "Q2", "ports": "2022"})
        return evaluate(write_plan(*ends, additional_flows=own))

    before, after = asked(), asked("website-user")
    (first, second), (vendors, own) = ([rule.id for rule in report.rules] for report in (before, after))
    assert own == first
    there = compare_reports(before, after)
    assert [(one.old, one.new) for one in there.renumbered] == [(first, vendors), (second, first)]
    [(what, was, now), *_] = list_differences(there)[vendors]
    assert (what, was, now) == ("Number", f"{first} (old number)", vendors)
    assert ("1", "0", False) in moves(before, after)
    assert moves(after, before)[0] == ("0", "1", False)
