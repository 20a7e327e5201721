"""An evaluation that takes over what an edit doesn't bear on says what one of the whole plan says, to the byte."""

import random
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.engine import Report, TooLarge, evaluate_report, takeover
from planner.plan import limits
from planner.plan.document import Endpoint, PlanError, check_plan, dump_plan
from planner.plan.fields import forget_gone
from planner.plan.rows import Renames, apply_renames
from planner.plan.topologies import read_topologies
from planner.report.formats.json import render_json
from ports.matrix import ZONE_KINDS, build_matrix
from ports.queries import read_fixture, shipped_matrix
from scripts.sites import make_sites
from tests.contract.arbitrary import draw_plan
from tests.editions import GATEKEEPER
from tests.strategies import documents, often

SHIPPED = shipped_matrix()
MATRICES = {"shipped": SHIPPED, "another": build_matrix(read_fixture(GATEKEEPER))}
DOCUMENTS = {name: documents(matrix) for name, matrix in MATRICES.items()}
STEPS = 8
ROWS = ("exclusions", "never", "additional_flows")
PLAN = ("name", "choices", "ports", "corrections", "as_documented")
SAID = [field.name for field in fields(Report) if field.name not in ("matrix", "basis")]


@pytest.fixture(scope="module", autouse=True)
def _short():
    """Endpoints stand by their names in what is compared: `assert_same` looks which they are, `plan` at the rest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Endpoint, "__repr__", lambda endpoint: repr(endpoint.name))
        yield


def assert_same(taken, whole):
    """Both say the same, in every output and in all that outputs are made of."""
    assert render_json(taken) == render_json(whole)
    for name in SAID:
        one, other = getattr(taken, name), getattr(whole, name)
        assert one == other or repr(one) == repr(other), name
    at = {id(endpoint) for endpoint in taken.plan.endpoints}
    flows = [*taken.flows, *(one.flow for one in taken.excluded), *(f for one in taken.closed for f in one.breaking)]
    flows += [flow for one in taken.local for flow in one.flows]
    ends = {id(end) for flow in flows for end in (flow.source, flow.destination)}
    ends |= {id(one.endpoint) for one in taken.local}
    ends |= {id(end) for rule in taken.rules for end in (*rule.sources, *rule.destinations)}
    assert ends <= at, "what is taken over is between the endpoints of the plan of now"


def follow(matrix, states):
    """Evaluate one state after the other, each with what the one before left, and hold each against the whole."""
    before = None
    for document in states:
        plan = check_plan(document, matrix=matrix)
        before = evaluate_report(matrix, plan, before)
        assert_same(before, evaluate_report(matrix, plan))
    return before


# ---- edits of all kinds ----


class Editing:
    """Changes documents at random, with what another document has; `check` says what is no plan."""

    def __init__(self, rng, matrix, other):
        self.rng, self.matrix, self.other = rng, matrix, other

    def change(self, document):
        """The document after a change; the same where there is nothing to be changed."""
        changes = (
            self.field, self.field, self.field, self.go, self.come, self.come, self.name, self.plan, self.plan,
            self.zone, self.rows, self.rows, self.order, self.move, self.own,
        )  # fmt: skip
        changed = self.rng.choice(changes)({**document})
        try:
            return dump_plan(check_plan(changed, matrix=self.matrix))
        except PlanError:
            return document

    def pick(self, rows):
        return self.rng.choice(rows) if rows else None

    def with_row(self, document, part, old, new):
        return document | {part: [new if row is old else row for row in document.get(part, ())]}

    def field(self, document):
        """One field of an endpoint is as another one's."""
        row, model = self.pick(document["endpoints"]), self.pick([*self.other["endpoints"], *document["endpoints"]])
        if row is None or model is None:
            return document
        key = self.rng.choice(
            ["addresses", "roles", "roles", "platforms", "operations", "sessions", "group", "managed_by", "zone"]
        )
        return self.with_row(document, "endpoints", row, row | {key: model.get(key, [])} if model.get(key) else
                             {name: value for name, value in row.items() if name != key})  # fmt: skip

    def own(self, document):
        """An endpoint or a zone has choices or ports of its own, or has them no more, or in another order."""
        part = self.rng.choice(["zones", "endpoints"])
        row = self.pick(document.get(part))
        key = self.rng.choice(["choices", "ports"])
        if row is None:
            return document
        pool = [dict(each.get(key, {})) for each in (*self.other["endpoints"], *self.other["zones"], self.other)]
        new = self.rng.choice([*pool, dict(reversed(row.get(key, {}).items()))])
        return self.with_row(document, part, row, row | {key: new})

    def go(self, document):
        """An endpoint goes, and what names it."""
        plan = check_plan(document, matrix=self.matrix)
        gone = self.pick(plan.endpoints)
        return dump_plan(forget_gone(replace(plan, endpoints=tuple(e for e in plan.endpoints if e is not gone))))

    def come(self, document):
        """One of the other plan's endpoints comes."""
        row = self.pick(self.other["endpoints"])
        if row is None:
            return document
        row = {key: value for key, value in row.items() if key != "managed_by"}
        row |= {"name": f"{row['name'][:200]} {self.rng.randint(1, 9)}", "zone": self.pick(document["zones"])["name"]}
        place = self.rng.randint(0, len(document["endpoints"]))
        return document | {"endpoints": [*document["endpoints"][:place], row, *document["endpoints"][place:]]}

    def name(self, document):
        """A zone or an endpoint is called otherwise."""
        part = self.rng.choice(["zones", "endpoints"])
        row = self.pick(document[part])
        if row is None:
            return document
        return apply_renames(document, Renames(**{part: {row["name"]: f"Now {self.rng.randint(1, 99)}"}}))

    def plan(self, document):
        """A field of the plan is as the other one's."""
        key = self.rng.choice(PLAN)
        return document | {key: self.other.get(key, type(document.get(key, []))())}

    def zone(self, document):
        """A zone comes, or is of another kind."""
        if self.rng.random() < 0.3:
            row = {"name": f"Zone {self.rng.randint(1, 9)}", "kind": self.rng.choice(ZONE_KINDS)}
            return document | {"zones": [*document["zones"], row]}
        row = self.pick(document["zones"])
        return self.with_row(document, "zones", row, row | {"kind": self.rng.choice(ZONE_KINDS)})

    def rows(self, document):
        """Exclusions, prohibitions or additional flows between endpoints of the plan, or fewer of them."""
        key = self.rng.choice(ROWS)
        names = [row["name"] for row in document["endpoints"]]
        rows = [dict(row) for row in (*document.get(key, ()), *self.other.get(key, ()))]
        if not names:
            return document
        for row in rows:
            for end in ("source", "destination"):
                if end in row and (row[end] not in names or self.rng.random() < 0.2):
                    row[end] = self.rng.choice(names)
            for end in ("from", "to"):
                if end in row:
                    row[end] = {"endpoint": self.rng.choice(names)}
        report = evaluate_report(self.matrix, check_plan(document, matrix=self.matrix))
        if key == "exclusions" and report.flows:
            flow = self.rng.choice(report.flows)
            rows.append({"source": flow.source.name, "destination": flow.destination.name, "reason": "Not here"})
        return document | {key: self.rng.sample(rows, self.rng.randint(0, len(rows)))}

    def order(self, document):
        """The same in another order."""
        part = self.rng.choice(["zones", "endpoints"])
        return document | {part: self.rng.sample(document[part], len(document[part]))}

    def move(self, document):
        """An endpoint stands in another zone."""
        row = self.pick(document["endpoints"])
        return document if row is None else self.with_row(
            document, "endpoints", row, row | {"zone": self.pick(document["zones"])["name"]}
        )  # fmt: skip


def edit(rng, matrix, first, other):
    """The states of a plan that is edited, and now and then undone."""
    states = [dump_plan(check_plan(first, matrix=matrix))]
    editing = Editing(rng, matrix, other)
    for _ in range(STEPS):
        states.append(rng.choice(states) if rng.random() < 0.1 else editing.change(states[-1]))
    return states


@pytest.mark.slow
@pytest.mark.parametrize("name", MATRICES)
@settings(max_examples=often(120))
@given(data=st.data())
def test_whatever_edits_come_in_whatever_order_the_report_is_that_of_the_whole_plan(name, data):
    first, other = data.draw(DOCUMENTS[name]), data.draw(DOCUMENTS[name])
    follow(MATRICES[name], edit(data.draw(st.randoms()), MATRICES[name], first, other))


@pytest.mark.slow
@settings(max_examples=often(60))
@given(rng=st.randoms())
def test_so_it_is_for_plans_that_need_much(rng):
    follow(SHIPPED, edit(rng, SHIPPED, draw_plan(rng), draw_plan(rng)))


@pytest.mark.parametrize("slug", read_topologies(SHIPPED))
def test_so_it_is_for_the_examples_one_after_the_other_and_edited(slug):
    examples = {name: dump_plan(plan) for name, plan in read_topologies(SHIPPED).items()}
    rng = random.Random(slug)
    states = edit(rng, SHIPPED, examples[slug], rng.choice(list(examples.values())))
    follow(SHIPPED, [*states, *examples.values()])


# ---- large plans, of which little changes ----


SITES = make_sites(60)


def change(document, part, name, **values):
    """A document in which one row of a part has other values."""
    rows = [row | values if row["name"] == name else row for row in document[part]]
    return document | {part: rows}


EDITS = {
    "an address": lambda d: change(d, "endpoints", "Site 00007 agent", addresses=["192.0.2.7"]),
    "an operation less": lambda d: change(d, "endpoints", "Site 00007 Linux", operations=["reset"]),
    "another name": lambda d: apply_renames(d, Renames(endpoints={"Site 00007 Windows": "Another"})),
    "an endpoint goes": lambda d: d | {"endpoints": [e for e in d["endpoints"] if e["name"] != "Site 00007 Linux"]},
    "a server is elsewhere": lambda d: change(d, "endpoints", "PS01", zone="Internet"),
    "a port": lambda d: d | {"ports": {"ssh": "2222"}},
    "a choice": lambda d: d | {"choices": {"windows-validation": "smb"}},
    "an agent goes": lambda d: d | {"endpoints": [e for e in d["endpoints"] if e["name"] != "Site 00007 agent"]},
    "a gateway in a site": lambda d: change(
        d, "endpoints", "Site 00007 agent", roles=["remote-site-agent", "browser-gateway"]
    ),
    "a zone's own port": lambda d: change(d, "zones", "Site 00007", ports={"rdp": "3390"}),
    "a manager": lambda d: change(d, "endpoints", "Site 00011 Linux", managed_by=["Site 00008 agent"]),
    "a flow of one's own": lambda d: d | {
        "additional_flows": [
            {"source": "PS01", "destination": "DC01", "protocol": "udp", "ports": "53", "reason": "Names"}
        ]
    },
    "an exclusion": lambda d: d | {
        "exclusions": [{"source": "Staff", "destination": "Site 00009 Linux", "reason": "Not here"}]
    },
    "a zone": lambda d: d | {"zones": [*d["zones"], {"name": "Site 00100", "kind": "remote-site"}]},
}  # fmt: skip


@pytest.fixture(scope="module")
def whole():
    """The report of SITES."""
    return evaluate_report(SHIPPED, check_plan(SITES, matrix=SHIPPED))


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_of_a_plan_of_many_sites_takes_over_what_it_does_not_touch(name, whole):
    before = whole
    after = follow_one(before, EDITS[name](SITES))
    back = evaluate_report(SHIPPED, check_plan(SITES, matrix=SHIPPED), after)
    assert_same(back, whole)
    for one, other in ((before, after), (after, back)):
        shared = set(map(id, one.flows)) & set(map(id, other.flows))
        assert len(shared) > len(one.flows) // 4
        if name not in ("a port", "a choice", "a server is elsewhere"):
            assert len(one.flows) - len(shared) < 60


def follow_one(before, document):
    plan = check_plan(document, matrix=SHIPPED)
    after = evaluate_report(SHIPPED, plan, before)
    assert_same(after, evaluate_report(SHIPPED, plan))
    return after


@pytest.mark.slow
def test_edits_one_on_the_other_come_to_what_all_of_them_come_to():
    states = [SITES]
    for make in EDITS.values():
        states.append(make(states[-1]))
    follow(SHIPPED, states)


FEW_SITES = make_sites(2)


def test_needs_beside_a_flow_of_ones_own_are_those_of_now():
    extra = {"source": "Site 00001 agent", "destination": "Site 00001 Linux", "protocol": "tcp", "reason": "Logs"}
    beside = FEW_SITES | {"additional_flows": [extra | {"ports": "514"}]}
    report = follow(SHIPPED, [beside, beside | {"ports": {"ssh": "2222"}}])
    found = {flow.need.ports for flow in report.flows if flow.destination.name == "Site 00001 Linux"}
    assert {"514", "2222"} <= found


def test_what_a_further_answer_opens_comes_beside_what_was_there_and_goes_again():
    fewer = FEW_SITES | {"choices": {"active-directory": ["ldap"], "winrm": "http"}}
    more = FEW_SITES | {"choices": {"active-directory": ["ldap", "ldaps"], "winrm": "both"}}
    follow(SHIPPED, [fewer, more, fewer])


def test_what_changed_all_over_is_evaluated_whole(whole, monkeypatch):
    other = {**SITES, "endpoints": [row | {"sessions": []} for row in SITES["endpoints"]]}
    monkeypatch.setattr(takeover, "_join", None)
    follow_one(whole, other)


def test_more_causes_than_are_remembered_begin_anew(monkeypatch):
    monkeypatch.setattr(takeover, "MOST_NEEDS", 3)
    before = evaluate_report(SHIPPED, check_plan(SITES, matrix=SHIPPED))
    monkeypatch.setattr(takeover, "_join", None)
    follow_one(before, EDITS["an address"](SITES))


def test_a_report_of_another_matrix_or_of_nothing_is_of_no_use(whole):
    plan = check_plan(SITES, matrix=SHIPPED)
    for other in (replace(whole, matrix=MATRICES["another"]), replace(whole, basis=None)):
        after = evaluate_report(SHIPPED, plan, other)
        assert not set(map(id, after.flows)) & set(map(id, whole.flows))
        assert_same(after, whole)


def test_endpoints_that_say_the_same_in_another_order_are_not_taken_for_the_same():
    one = change(SITES, "endpoints", "PS01", ports={"ssh": "23", "rdp": "24"})
    other = change(SITES, "endpoints", "PS01", ports={"rdp": "24", "ssh": "23"})
    after = follow(SHIPPED, [one, other])
    assert list(after.list_own_ports()) == [("PS01", "rdp", "24"), ("PS01", "ssh", "23")]
    # Documents are read in the matrix's order; a plan that was made in another way keeps its own.
    turned = replace(
        after.plan,
        endpoints=tuple(replace(each, ports=dict(reversed(each.ports.items()))) for each in after.plan.endpoints),
    )
    shared = takeover.share_endpoints(turned, after.plan)
    assert [list(each.ports) for each in shared.endpoints if each.ports] == [["ssh", "rdp"]]
    same = [one is each for one, each in zip(shared.endpoints, after.plan.endpoints, strict=True)]
    assert same.count(False) == 1


def test_a_plan_that_comes_over_a_limit_is_refused_as_a_whole_evaluation_refuses_it(whole, monkeypatch):
    asked = [
        {"source": "PS01", "destination": "DC01", "protocol": "udp", "ports": str(port), "reason": "R"}
        for port in range(2_000, 2_004)
    ]
    larger = check_plan(SITES | {"additional_flows": asked}, matrix=SHIPPED)
    flows = len(evaluate_report(SHIPPED, larger).flows)
    for most in (flows - 1, flows - 4):
        monkeypatch.setattr(limits, "FLOWS", most)
        said = []
        for known in (whole, None):
            with pytest.raises(TooLarge) as refused:
                evaluate_report(SHIPPED, larger, known)
            said.append(refused.value.sentence)
        assert said[0] == said[1]
    monkeypatch.setattr(limits, "FLOWS", flows)
    assert len(evaluate_report(SHIPPED, larger, whole).flows) == flows
