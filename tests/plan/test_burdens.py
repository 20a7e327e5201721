"""Documents and tables that are made to be a burden: what they cost grows with their length, not with its square."""

import json

import pytest

from planner.plan import formatting, limits, policy_table, threeway
from planner.plan.document import dump_plan
from planner.plan.endpoint_table import TableError
from planner.plan.formatting import format_document
from planner.plan.policy_table import read_policies
from planner.plan.positions import START, locate
from planner.plan.references import check_either
from planner.plan.rows import NO_RENAMES
from planner.plan.syntax import MAX_DEPTH, SyntaxFault, parse, to_yaml
from planner.plan.table_changes import Sent, judge
from planner.plan.threeway import merge_documents
from tests.comparisons import Compared, count_comparisons
from tests.engine.test_linear import count_steps
from tests.plan.blueprints import MATRIX, check

FEW, MANY = 50, 200
MOST = 1.2 * MANY / FEW


def is_in_proportion(work):
    """Whether what this work makes of so many takes steps as there are more of them."""
    work(1)()  # what is done once, such as imports
    few, many = (count_steps(work(count)) for count in (FEW, MANY))
    return many < MOST * few


def flows(count):
    return [
        {"source": f"E{at % 20}", "destination": f"E{at // 20 % 20}", "protocol": "tcp", "ports": str(at + 1),
         "reason": "R"}
        for at in range(count)
    ]  # fmt: skip


def document(endpoints=20, **more):
    names = (f"E{at}" for at in range(endpoints))
    return dump_plan(check({
        "format": 1, "name": "P", "zones": [{"name": "In", "kind": "internal"}],
        "endpoints": [{"name": name, "zone": "In"} for name in names], **more,
    }))  # fmt: skip


# ---- texts ----


def test_caveats_are_not_looked_for_in_the_other_list_one_by_one():
    lists = [[Compared(f"{word}-{at}") for at in range(MANY)] for word in ("a", "b")]
    row = {"corrections": lists[0]}
    assert count_comparisons(lambda: list(check_either("corrections")(lists[1], row, None))) < MANY
    assert len(list(check_either("corrections")(lists[0], row, None))) == MANY


@pytest.mark.parametrize("inner", ['"v"', "{}"])
def test_json_is_as_deep_as_yaml_may_be_and_no_deeper(inner):
    levels = MAX_DEPTH - 1 - (inner == "{}")
    text = '{"a":' + "[" * levels + inner + "]" * levels + "}"
    for syntax in ("json", "yaml"):
        parse(text.encode(), syntax)
        deeper = text.replace("[", "[[", 1).replace("]", "]]", 1).encode()
        with pytest.raises(SyntaxFault, match="nested too deeply"):
            parse(deeper, syntax)
        assert locate(deeper, syntax).find("a[0][0]") == START
        assert locate(text.encode(), syntax).find("a") != START


def test_json_that_never_ends_is_nested_too_deeply_and_no_fault_of_the_reader():
    with pytest.raises(SyntaxFault, match="nested too deeply"):
        parse(b'{"a":' + b"[" * 100_000, "json")


class Watched:
    """Line breaks as the formatter finds them, and how much of a text it looks at on the way."""

    class Line(str):
        looked = 0

        def __getitem__(self, at):
            Watched.Line.looked += len(range(*at.indices(len(self)))) if isinstance(at, slice) else 1
            return str.__getitem__(self, at)

    def __init__(self, pattern):
        self.pattern, self.finditer = pattern, pattern.finditer

    def split(self, text):
        return [self.Line(line) for line in self.pattern.split(text)]

    def search(self, text, at):
        found = self.pattern.search(text, at)
        self.Line.looked += (found.end() if found else len(text)) - at
        return found


def test_a_document_in_one_line_is_looked_at_a_few_times_and_not_anew_for_each_value(monkeypatch):
    monkeypatch.setattr(formatting, "_BREAK", Watched(formatting._BREAK))
    for text in (json.dumps(document(MANY)), f"{{format: 1, endpoints: [{'? a, ' * MANY}]}}"):
        Watched.Line.looked = 0
        format_document(text.encode(), "yaml")
        assert Watched.Line.looked < 5 * len(text)


@pytest.mark.parametrize("part", ["additional_flows", "endpoints"])
def test_rows_find_their_places_in_a_document_that_is_rewritten_without_a_search(part):
    def work(count):
        before = document(count) if part == "endpoints" else document(additional_flows=flows(count))
        after = {**before, part: before[part][count // 2 :]}
        return lambda: formatting._match_rows(part, before, after, NO_RENAMES)

    assert is_in_proportion(work)


def test_items_of_a_list_find_their_places_in_a_document_that_is_rewritten_without_a_search():
    def work(count):
        row = {"name": "PS01", "zone": "In", "addresses": [f"h{at}.example.net" for at in range(count)]}
        before = dump_plan(check({**document(), "endpoints": [row]}))
        move = formatting._find_moves(parse(to_yaml(before).encode(), "yaml"), before, before, NO_RENAMES)
        return lambda: [move(("endpoints", 0, "addresses", at)) for at in range(count)]

    assert is_in_proportion(work)


# ---- tables ----

HEAD = "from,to,service,never\n"
ZONES = {"format": 1, "name": "P", "zones": [{"name": "A", "kind": "internal"}, {"name": "B", "kind": "dmz"}],
         "endpoints": []}  # fmt: skip


def read(text, **more):
    return read_policies(text, document={**ZONES, **more}, matrix=MATRIX)


@pytest.mark.parametrize("lines", [True, False], ids=["lines", "services"])
def test_policies_are_not_looked_for_among_those_there_one_by_one(lines, monkeypatch):
    monkeypatch.setattr(policy_table, "_check", lambda *_: None)
    services = [f"tcp/{port}" for port in range(1, MANY + 1)]
    table = HEAD + ("".join(f"A,B,{one},yes\n" for one in services) if lines else f"A,B,{' '.join(services)},yes\n")
    zone = Compared("A")
    more = {"protocol": "tcp", "ports": "9"}
    there = [{"from": {"zone": zone}, "to": {"zone": "B"}, **more, "reason": str(at)} for at in range(MANY)]
    zones = [*({"name": Compared(f"Z{at}"), "kind": "dmz"} for at in range(MANY)), *ZONES["zones"]]
    assert count_comparisons(lambda: read(table, never=there, zones=zones)) < 5 * MANY


def test_more_policies_than_a_plan_may_have_are_refused_before_they_are_checked(monkeypatch):
    monkeypatch.setattr(limits, "ROWS", 3)
    monkeypatch.setattr(policy_table, "_check", None)
    there = [{"from": {"zone": "A"}, "to": {"zone": "B"}, "reason": "Zone policy"}]
    with pytest.raises(TableError) as caught:
        read(HEAD + "A,B,any tcp/1 tcp/2,yes\nA,B,udp tcp/1,yes\n", never=there)
    [fault] = caught.value.faults
    assert (fault.line, fault.message) == (
        1, "With this table the plan would have 4 policies; at most 3 are allowed."
    )  # fmt: skip


def test_rows_of_endpoints_that_are_wrong_are_not_looked_for_one_by_one():
    names = [f"E{at}" for at in range(MANY)]
    rows = [Sent(key=Compared(name), name=name, cells={"name": name, "managed_by": "E0"}) for name in names]
    plan = document(MANY)
    judged = []
    assert count_comparisons(lambda: judged.append(judge(plan, rows, matrix=MATRIX))) < 10 * MANY
    assert len(judged[0].wrong) == MANY


def test_zones_of_a_table_that_are_wrong_find_their_rows_without_a_search():
    zones = [{"name": Compared(f"Z{at}"), "kind": "none"} for at in range(MANY)]
    rows = [Sent(key=str(at), name="", cells={"name": f"N{at}", "zone": f"Z{at}"}) for at in range(MANY)]
    judged = []
    assert count_comparisons(lambda: judged.append(judge(document(), rows, matrix=MATRIX, zones=zones))) < 20 * MANY
    assert {wrong.column for wrong in judged[0].wrong} == {"zone"}


# ---- two sides ----


def test_own_flows_come_together_in_steps_as_there_are_of_them():
    def work(count):
        plan = document(count, additional_flows=[
            {"source": f"E{at}", "destination": "E0", "protocol": "icmp", "reason": "R"} for at in range(count)
        ])  # fmt: skip
        rows = plan["additional_flows"]
        merging = threeway._Merging(favour="mine", mine=NO_RENAMES, theirs=NO_RENAMES)
        return lambda: merging.merge_unnamed("additional_flows", rows, rows, rows[1:])

    assert is_in_proportion(work)


def test_names_of_the_gone_are_settled_in_steps_as_there_are_of_them():
    def work(count):
        plan = document(count)
        without = {**plan, "endpoints": plan["endpoints"][:1]}
        named = {**plan, "additional_flows": [
            {"source": row["name"], "destination": "E0", "protocol": "icmp", "reason": "R"}
            for row in plan["endpoints"][1:]
        ]}  # fmt: skip

        def merge():
            for favour, left in (("mine", 0), ("theirs", count - 1)):
                merged = merge_documents(plan, without, named, favour=favour)
                assert (len(merged.conflicts), len(merged.document.get("additional_flows", ()))) == (count - 1, left)

        return merge

    assert is_in_proportion(work)
