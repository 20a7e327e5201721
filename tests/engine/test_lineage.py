"""Which zone or endpoint is which in another revision, by what the revisions in between did.

The second reading keeps a stack of whole states in which each thing carries a mark of its own, whatever it is called.
"""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.engine.lineage import Step, find_added, find_earliest, find_goal, trace_heirs, trace_renames
from planner.engine.renames import Rename, follow
from tests.strategies import often


def document(endpoints, zones=("Z",)):
    return {"zones": [{"name": name} for name in zones], "endpoints": [{"name": name} for name in endpoints]}


class History:
    """Revisions as `planner.store.actions` writes them, and beside them what nobody tells: which thing is which."""

    def __init__(self, *names):
        self.marks = 0
        self.things = [{name: self._mark() for name in names}]  # by revision: name -> mark
        self.steps = [Step(number=1)]

    def _mark(self):
        self.marks += 1
        return self.marks

    @property
    def now(self):
        return self.things[-1]

    def _add(self, things, renames=None, **more):
        number = len(self.steps) + 1
        renames = {"zones": {}, "endpoints": renames or {}}
        added = find_added(document(self.now), document(things), renames)
        self.things.append(things)
        self.steps.append(Step(number=number, renames=renames, added=added, **more))
        return self

    def _edit(self, things, renames=None, **more):
        return self._add(things, renames, undo_to=len(self.steps), **more)

    def add(self, name):
        return self._edit({**self.now, name: self._mark()})

    def delete(self, name):
        return self._edit({other: mark for other, mark in self.now.items() if other != name})

    def rename(self, old, new):
        return self._edit({new if name == old else name: mark for name, mark in self.now.items()}, {old: new})

    def _go_back(self, goal, **more):
        """To an earlier state, with the renames as they are found by name alone."""
        then = self.things[goal - 1]
        by_mark = {mark: name for name, mark in then.items()}
        back = {n: by_mark[m] for n, m in self.now.items() if m in by_mark and by_mark[m] != n}
        return self._add(then, back, **more)

    def restore(self, number):
        return self._go_back(number, restored=number, undo_to=len(self.steps))

    def undo(self):
        goal = self.steps[-1].undo_to
        return self._go_back(goal, undo_to=self.steps[goal - 1].undo_to, redo_to=len(self.steps))

    def redo(self):
        goal = self.steps[-1].redo_to
        return self._go_back(goal, undo_to=self.steps[goal - 1].undo_to, redo_to=self.steps[goal - 1].redo_to)

    def take(self, first, last):
        """The fewest revisions that tell of both."""
        while (earliest := find_earliest(self.steps[first - 1 : last])) < first:
            first = earliest
        return self.steps[first - 1 : last]

    def trace(self, before, after):
        """What the product says."""
        ends = [(number, document(self.things[number - 1])) for number in (before, after)]
        return trace_renames(self.take(*sorted((before, after))), *ends)

    def heirs(self, numbers, after):
        """The same without the documents of then."""
        return trace_heirs(self.take(min(numbers), after), numbers, (after, document(self.things[after - 1])))

    def wanted(self, before, after):
        old, new = self.things[before - 1], {mark: name for name, mark in self.things[after - 1].items()}
        return tuple(sorted(Rename("endpoint", name, new[m]) for name, m in old.items() if new.get(m, name) != name))


def renames(*pairs):
    return tuple(Rename("endpoint", old, new) for old, new in pairs)


@pytest.mark.parametrize(
    ("history", "wanted"),
    [
        (History("A").rename("A", "B"), [("A", "B")]),
        (History("A").rename("A", "B").rename("B", "C"), [("A", "C")]),
        (History("A").rename("A", "B").rename("B", "A"), []),
        (History("A").rename("A", "B").undo(), []),
        (History("A").rename("A", "B").undo().redo(), [("A", "B")]),
        (History("A").rename("A", "B").restore(1), []),
        (History("A").rename("A", "B").add("A"), [("A", "B")]),
        (History("A", "B").rename("A", "T").rename("B", "A").rename("T", "B"), [("A", "B"), ("B", "A")]),
        (History("A").delete("A").add("A"), []),
        (History("A").delete("A").add("A").rename("A", "B"), []),
        (History("A").delete("A").undo().rename("A", "B"), [("A", "B")]),
        (History("A").delete("A").restore(1).rename("A", "B"), [("A", "B")]),
        (History("A").rename("A", "B").delete("B").add("B"), []),
        (History("A").delete("A").add("B"), []),
        (History("A", "B").delete("B").rename("A", "B"), [("A", "B")]),
        (History("A").add("N").undo().add("N").rename("N", "M"), []),
    ],
    ids=[
        "renamed", "twice", "there and back", "undone", "redone", "restored", "a new one under the old name",
        "swapped", "deleted and added", "deleted, added, renamed", "deleted, undone, renamed",
        "deleted, restored, renamed",
        "renamed, deleted, added", "another one", "to the name of one that was deleted", "added anew after an undo",
    ],
)  # fmt: skip
def test_what_became_of_the_first_revision(history, wanted):
    last = len(history.steps)
    assert history.trace(1, last) == renames(*wanted)
    assert history.trace(last, 1) == renames(*sorted((new, old) for old, new in wanted))


def test_what_came_back_is_what_it_was_and_not_what_had_its_name_meanwhile():
    history = History("A").rename("A", "B").delete("B").restore(1)  # 1: A, 2: B, 3: nothing, 4: A
    assert history.trace(2, 4) == renames(("B", "A"))
    history = History("N").delete("N").restore(1).rename("N", "M")
    assert history.trace(3, 4) == renames(("N", "M"))
    history = History().add("A").undo().add("A").rename("A", "B")
    assert history.trace(2, 5) == ()
    assert history.trace(4, 5) == renames(("A", "B"))


def test_zones_and_endpoints_have_names_of_their_own():
    before, after = document(["A"], ["A", "Z"]), document(["A"], ["B", "Z"])
    told = {"zones": {"A": "B"}, "endpoints": {}}
    steps = [Step(number=1), Step(number=2, renames=told, added=find_added(before, after, told), undo_to=1)]
    assert trace_renames(steps, (1, before), (2, after)) == (Rename("zone", "A", "B"),)
    assert trace_renames(steps, (2, after), (1, before)) == (Rename("zone", "B", "A"),)


def test_revisions_from_before_there_was_an_undo_are_edits():
    steps = [Step(number=1), Step(number=2, renames={"endpoints": {"A": "B"}, "zones": {}}), Step(number=3)]
    assert [find_goal(step, previous) for previous, step in pairwise(steps)] == [None, None]
    assert trace_renames(steps, (1, document("A")), (3, document("B"))) == renames(("A", "B"))


@pytest.mark.parametrize("told", [{}, {"zones": {}}, {"endpoints": {"X": "Y"}}, {"endpoints": {"A": "Y", "B": "Y"}}])
def test_renames_that_fit_no_document_name_nobody_who_isnt_there(told):
    steps = [Step(number=1), Step(number=2, renames=told, undo_to=1)]
    found = trace_renames(steps, (1, document("AB")), (2, document("AB")))
    assert found == ()


def test_what_was_added_is_what_comes_from_nothing():
    before, after = document("ABC", ["Z"]), document(["X", "B", "A", "D"], ["Y", "Z"])
    assert find_added(before, after, {"endpoints": {"A": "X"}}) == {"endpoints": ["A", "D"], "zones": ["Y"]}
    assert find_added(before, before, {}) == {}


def draw_history(data):
    names = st.sampled_from("ABCDE")
    history = History(*data.draw(st.lists(names, unique=True)))
    for _ in range(data.draw(st.integers(1, 14))):
        last = history.steps[-1]
        steps = ["restore", "add", "rename", "rename", "delete"]
        steps += ["undo"] * 2 if last.undo_to else []
        steps += ["redo"] * 2 if last.redo_to else []
        free, there = sorted(set("ABCDE") - history.now.keys()), sorted(history.now)
        match data.draw(st.sampled_from(steps)):
            case "add" if free:
                history.add(data.draw(st.sampled_from(free)))
            case "delete" if there:
                history.delete(data.draw(st.sampled_from(there)))
            case "rename" if free and there:
                history.rename(data.draw(st.sampled_from(there)), data.draw(st.sampled_from(free)))
            case "undo":
                history.undo()
            case "redo":
                history.redo()
            case "restore":
                history.restore(data.draw(st.integers(1, len(history.steps))))
    return history


@settings(max_examples=often(300))
@given(st.data())
def test_any_history_is_read_as_it_was(data):
    history = draw_history(data)
    count = len(history.steps)
    before, after = data.draw(st.integers(1, count)), data.draw(st.integers(1, count))
    assert history.trace(before, after) == history.wanted(before, after)


@settings(max_examples=often(300))
@given(st.data())
def test_without_the_document_of_then_each_of_its_names_is_followed_just_so(data):
    history = draw_history(data)
    after = data.draw(st.integers(1, len(history.steps)))
    numbers = data.draw(st.sets(st.integers(1, after), min_size=1))
    for number, found in history.heirs(numbers, after).items():
        there, wanted = history.things[number - 1], history.wanted(number, after)
        told, right = ([(one.kind, one.old, one.new) for one in side] for side in (found, wanted))
        name_told, name_right = (follow("endpoint", side, set()) for side in (found, wanted))
        assert [one for one in told if one[1] in there] == right
        assert {name: name_told(name) for name in there} == {name: name_right(name) for name in there}


def test_a_name_that_was_left_is_nobodys():
    history = History("A").rename("A", "B").delete("B").restore(2).rename("B", "C")  # 1: A, 2: B, 3: nothing, 4: B
    assert history.heirs([2], 5) == {2: renames(("B", "C"))}
    assert history.heirs([1, 2, 3], 5) == {1: renames(("A", "C")), 2: renames(("B", "C")), 3: renames(("B", "C"))}
