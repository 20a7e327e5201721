"""How long what a configuration says may be in an answer, however long its names are and however many it has."""

from planner.engine.existing.decide import compare_with
from planner.engine.existing.lengths import LONGEST, MOST_OBSCURE, shorten
from planner.engine.existing.model import Sides
from planner.engine.existing.reading import read_existing
from planner.engine.existing.sides import MOST_NAMED, Ways
from planner.report.gap.data import render_json
from planner.report.gap.page import describe_gap
from planner.report.gap.text import render_text
from planner.report.gap.words import MOST_CONSTRUCTS
from tests.engine.existing.rulesets import STORE, WEB, accept, flow, host, match, plan, ruleset

LONG = "x" * 50_000


def make_report(flows=1):
    ends = [host("WEB", WEB), host("STORE", STORE, zone="DMZ")]
    return plan(ends, [flow("WEB", "STORE", ports=str(443 + number)) for number in range(flows)])


def read(*lines):
    text = "\n".join(["*filter", ":FORWARD DROP [0:0]", *lines, "COMMIT", ""])
    return read_existing(text.encode(), "iptables")


def test_a_long_line_is_named_by_its_beginning_and_a_number():
    first = f"-A FORWARD -s {WEB} -m comment --comment {LONG}"
    found = read(f"{first} -p tcp -m tcp --dport 443 -j ACCEPT", f"{first} -j DROP", f"-A FORWARD -s {STORE} -j DROP")
    names = [entry.name for entry in found.stages[0].entries]
    assert [len(name) for name in names[:2]] == [LONGEST + 4] * 2
    assert [name[-5:] for name in names[:2]] == ["… (1)", "… (2)"]
    assert names[2] == f"-A FORWARD -s {STORE} -j DROP"
    [state] = compare_with(make_report(), found).flows
    assert (state.state, state.by) == ("open", (names[0],))
    [state] = compare_with(make_report(), read(f"{first} -j DROP")).flows
    assert state.state == "closed"


def test_a_name_that_is_there_twice_stays_one():
    found = shorten(ruleset(accept(LONG), accept(f"{LONG}y"), accept(LONG)))
    first, second, third = (entry.name for entry in found.stages[0].entries)
    assert first == third != second


def test_a_chain_of_a_long_name_is_still_the_one_that_is_jumped_to():
    there, other = f"{LONG}1", f"{LONG}2"
    jump = accept("jump", verdict="jump", target=there)
    found = shorten(ruleset(jump, chains={other: (accept("no"),), there: (accept("yes"),)}))
    assert all(len(name) < LONGEST + 9 for name in found.chains)
    [state] = compare_with(make_report(), found).flows
    assert (state.state, state.by) == ("open", ("yes",))
    astray = shorten(ruleset(accept("jump", verdict="jump", target=f"{LONG}3"), chains=dict(found.chains)))
    [state] = compare_with(make_report(), astray).flows
    assert state.state == "unknown"
    assert len(state.constructs[0]) < LONGEST + 99


def test_nothing_is_touched_where_all_is_short():
    found = ruleset(accept("x" * LONGEST, obscure=("y" * LONGEST,)), chains={"c": (accept("a"),)})
    assert shorten(found) is found


def test_of_what_could_bear_on_anything_the_first_is_named_and_the_rest_counted():
    groups = [f"set groups g{n} security policies global policy p then permit" for n in range(3_000)]
    policy = "set security policies global policy all"
    permits = [f"{policy} match {word} any" for word in ("source-address", "destination-address", "application")]
    lines = [*groups, "set apply-groups g1", *permits, f"{policy} then permit"]
    found = read_existing("\n".join(lines).encode(), "srx")
    unseen = list(dict.fromkeys(entry.name for entry in found.stages[0].entries if entry.verdict == "obscure"))
    assert len(unseen) == MOST_OBSCURE + 1
    assert unseen[-1] == "and 2,980 more of the kind"
    [state] = compare_with(make_report(), found).flows
    assert state.state == "unknown"
    assert len(state.doubts) == MOST_OBSCURE + 1
    few = shorten(ruleset(obscure=tuple(map(str, range(MOST_OBSCURE)))))
    assert len(few.obscure) == MOST_OBSCURE
    many = shorten(ruleset(obscure=tuple(map(str, range(3_000)))))
    assert many.obscure[MOST_OBSCURE:] == ("and 2,980 more of the kind",)


def test_an_answer_does_not_repeat_long_lines_beside_each_flow():
    lines = [f"-A FORWARD -m string --string {n}{LONG} --algo bm -j ACCEPT" for n in range(30)]
    report = make_report(40)
    gap = compare_with(report, read(*lines))
    assert gap.counts["unknown"] == 40
    most = 40 * 60 * LONGEST + 100_000
    assert len(render_json(gap)) < most < 40 * 20 * len(LONG)
    assert len(render_text(gap)) < most
    assert len(str(describe_gap(gap))) < most


def test_a_note_names_the_first_of_many_constructs():
    several = [
        accept(f"e{n}", match(WEB, STORE, f"tcp/{443 + n}"), obscure=(f"construct {n}",), verdict="drop")
        for n in range(60)
    ]
    ends = [host("WEB", WEB), host("STORE", STORE, zone="DMZ")]
    gap = compare_with(plan(ends, [flow("WEB", "STORE", ports="443-502")]), ruleset(*several, accept("all")))
    [shown] = describe_gap(gap)["flows"]
    assert len(gap.flows[0].constructs) == len(gap.unknown) == 60
    assert shown["note"].count("construct ") == MOST_CONSTRUCTS
    assert shown["note"].endswith("; and 40 more")


def test_of_thousands_of_sides_the_first_are_named():
    ways = Ways([("a", "Internal")])
    names = frozenset(f"{n:04}{LONG[:200]}" for n in range(3_000))
    for sides, end in (
        (Sides(names=names), ": mapped to no zone of the plan"),
        (Sides(prefixes=names), ": mapped to no zone of the plan"),
    ):
        said = ways.matches(sides, "a", "accept")
        assert said.startswith("0000xxx")
        assert said.endswith(f" and {3_000 - MOST_NAMED:,} more{end}")
        assert len(said) < 3_000
    known = Ways([(name, "DMZ") for name in names])
    said = known.matches(Sides(names=names, negated=True), None, "accept")
    assert said.startswith("not 0000xxx")
    assert said.endswith(" and 2,980 more: what the zone is behind is not known")
