"""What became of a firewall between two kept answers: made from flows alone."""

from dataclasses import replace

import pytest

from planner.engine.existing.drift import READING, ForbiddenAnswer, StaleAnswer, find_drift
from planner.engine.life import End
from planner.engine.renames import Rename
from tests.web.views.comparisons import flow_answer, make_answer, wider_answer


def drift(before, after, wide_before=(), wide_after=()):
    return find_drift(make_answer(*before, wider=wide_before), make_answer(*after, wider=wide_after))


def rename(answer, **names):
    """An answer after endpoints were renamed."""
    return answer.rename([Rename("endpoint", old, new) for old, new in names.items()], frozenset())


def test_every_change_of_a_state_is_in_one_group():
    before, after = ("closed", "open", "open", "closed", "closed"), ("open", "partly", "open", "unknown", "closed")
    was, now = (
        [flow_answer(ports=str(port), state=state) for port, state in enumerate(states, 1)]
        for states in (before, after)
    )
    found = drift([*was, flow_answer(ports="6")], [*now, flow_answer(ports="7")])
    assert [(a.ports, a.state, b.state) for a, b in found.opened] == [("1", "closed", "open")]
    assert [(a.ports, a.state, b.state) for a, b in found.closed] == [("2", "open", "partly")]
    assert [(a.ports, a.state, b.state) for a, b in found.otherwise] == [("4", "closed", "unknown")]
    assert ([one.ports for one in found.added], [one.ports for one in found.gone]) == (["7"], ["6"])
    assert found


def test_what_is_too_wide_is_known_by_what_it_admits_and_not_by_its_number():
    found = drift([], [], [wider_answer("policy 3")], [wider_answer("policy 9")])
    assert not found
    found = drift([], [], [wider_answer()], [wider_answer(services=("tcp 23",))])
    assert [one.services for one in found.wider] == [("tcp 23",)]
    assert [one.services for one in found.narrower] == [("tcp 22",)]


def test_answers_that_were_read_otherwise_are_compared_by_their_flows_alone():
    left = StaleAnswer(entry="policy 12", rule="INT-DMZ-150", service="tcp 443", why="the plan has no such rule")
    before = replace(make_answer(flow_answer(state="unknown"), wider=[wider_answer()]), reading=1, stale=())
    after = replace(make_answer(flow_answer(), wider=[wider_answer(services=("tcp 23",))]), stale=(left,))
    found = find_drift(before, after)
    assert found.is_read_otherwise
    assert len(found.opened) == 1
    assert (found.wider, found.narrower, found.stale, found.forbidden) == ((), (), (), ())
    alike = find_drift(replace(before, reading=READING), after)
    assert (len(alike.wider), len(alike.narrower), alike.stale) == (1, 1, (left,))
    assert not alike.is_read_otherwise
    assert find_drift(before, before) == find_drift(after, after)
    assert find_drift(replace(after, reading=1), after), "that it was read otherwise has to be said"


def test_entries_that_decide_otherwise_are_no_drift_while_the_state_is_the_same():
    assert not drift([flow_answer(by=("policy 1",))], [flow_answer(by=("policy 2",))])


def test_an_answer_follows_new_names():
    answer = rename(make_answer(flow_answer(), wider=[wider_answer()]), PS01="A1", DC01="A0")
    [one] = answer.flows
    [wide] = answer.wider
    assert (one.source, one.destination, wide.sources, wide.destinations) == ("A1", "A0", ("A1",), ("A0",))
    assert not find_drift(answer, rename(answer))


def test_what_lost_its_name_to_another_is_not_mixed_with_it():
    """Z1 was deleted since, and B1 has got its name."""
    flows = flow_answer(destination="B1", state="closed"), flow_answer(destination="Z1", state="open")
    before = replace(make_answer(*flows), ends={"Z1": End("DMZ", ("192.0.2.1",)), "B1": End("DMZ", ("192.0.2.2",))})
    now = rename(before, B1="Z1")
    assert {one.destination: one.state for one in now.flows} == {"Z1": "closed", "Z1 (old)": "open"}
    assert {name: end.addresses for name, end in now.ends.items()} == {
        "Z1": ("192.0.2.2",), "Z1 (old)": ("192.0.2.1",),
    }  # fmt: skip


MOVED = [End("Internal", ("10.0.0.99",)), End("Internal", ()), End("DMZ", ("10.0.0.20",))]


@pytest.mark.parametrize("moved", MOVED, ids=lambda end: f"{end.zone} {end.addresses}")
@pytest.mark.parametrize("name", ["PS01", "DC01"])
def test_a_flow_between_other_addresses_or_zones_is_another_one(name, moved):
    ends = dict.fromkeys(("PS01", "DC01"), End("Internal", ("10.0.0.20", "2001:db8::1")))
    other = flow_answer("APP", "SQL")
    was = replace(make_answer(flow_answer(), other), ends=ends)
    now = replace(make_answer(flow_answer(state="closed"), other), ends=ends | {name: moved})
    found = find_drift(was, now)
    assert [one.state for one in found.gone] == ["open"]
    assert [one.state for one in found.added] == ["closed"]
    assert not found.closed
    assert was.where(now.ends).flows == (other,)
    as_read = ends | {name: End("Internal", ("2001:DB8:0::1", "10.0.0.20/32"))}
    assert was.where(as_read) == was, "written otherwise and in another order they are the same"


def test_an_answer_follows_zones_to_their_new_names():
    was = replace(make_answer(flow_answer()), ends={"PS01": End("Internal", ())})
    assert was.rename([Rename("zone", "Internal", "Inside")], frozenset()).ends == {"PS01": End("Inside", ())}


def test_flows_are_counted_by_their_state():
    states = ("open", "closed", "open", "partly")
    counts = make_answer(*(flow_answer(ports=str(port), state=state) for port, state in enumerate(states, 1))).counts
    assert {state: count for state, count in counts.items() if count} == {"open": 2, "closed": 1, "partly": 1}
    assert {"unknown"} <= counts.keys()


def stale(rule="INT-DMZ-150", entry="policy 12"):
    return StaleAnswer(entry=entry, rule=rule, service="tcp 443", why="gone")


def forbidden(entry="policy 9", sources=("PS01",), **more):
    facts = {"is_sure": True, "row": "never[1]", "reason": "No", "destinations": ("DC01",), "services": ("tcp 22",)}
    return ForbiddenAnswer(entry=entry, sources=sources, **facts | more)


def test_what_is_left_over_or_forbidden_is_known_by_what_it_is_and_told_where_both_have_looked():
    bare = make_answer()
    was = replace(bare, stale=(stale(), stale("A-1")), forbidden=(forbidden(), forbidden(sources=("A",))))
    now = replace(
        bare,
        stale=(stale(entry="policy 99"), stale("A-2")),
        forbidden=(forbidden("policy 8", row="never[2]"), forbidden(is_sure=False)),
    )
    found = find_drift(was, now)
    assert ([one.rule for one in found.stale], [one.rule for one in found.tidied]) == (["A-2"], ["A-1"])
    assert [one.is_sure for one in found.forbidden] == [False]
    assert [one.sources for one in found.shut] == [("A",)]
    assert found
    assert not find_drift(bare, now)
    assert not find_drift(was, bare)
    assert [one.sources for one in rename(was, PS01="B").forbidden] == [("B",), ("A",)]


def test_policies_that_let_through_what_no_entry_decides_about_are_told_where_both_answers_have_them():
    was, now = (replace(make_answer(), open_policies=names) for names in (("of six", "forward"), ("input", "forward")))
    found = find_drift(was, now)
    assert (found.accepting, found.refusing, bool(found)) == (("input",), ("of six",), True)
    assert not find_drift(now, now)
    unknown = replace(now, open_policies=None)
    assert not find_drift(unknown, now)
    assert not find_drift(was, unknown)
    otherwise = find_drift(replace(was, reading=1), now)
    assert (otherwise.accepting, otherwise.refusing) == ((), ())
