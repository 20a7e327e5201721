"""What the tests of blueprints and modules share: small plans, the shipped questions, and any answers to them."""

import json
from dataclasses import replace
from pathlib import Path

from hypothesis import strategies as st

from planner.plan.blueprint import (
    module_state,
)
from planner.plan.document import Plan, check_plan, dump_plan
from ports.queries import shipped_matrix
from tests.ports.records import make_records
from tests.strategies import documents, names

MATRIX = shipped_matrix()
ANSWERS = json.loads((Path(__file__).parent / "answers.json").read_text("utf-8"))
MODULES = [question for question in MATRIX.questions.values() if question.module]
SWITCHES = [(question.slug, slug) for question in MODULES for slug in question.slugs]
DOCUMENTS = documents(MATRIX)


def check(document) -> Plan:
    return check_plan(document, matrix=MATRIX)


def canonical(document):
    return dump_plan(check(document))


def unordered(plan: Plan):
    """A plan as what it says, whatever the order of its zones, endpoints and flows."""
    return replace(
        plan,
        zones=tuple(sorted(plan.zones, key=lambda zone: zone.name)),
        endpoints=tuple(
            replace(
                endpoint,
                roles=tuple(sorted(endpoint.roles)),
                platforms=tuple(sorted(endpoint.platforms)),
                operations=tuple(sorted(endpoint.operations)),
                sessions=tuple(sorted(endpoint.sessions)),
                managed_by=tuple(sorted(endpoint.managed_by)),
                addresses=tuple(sorted(endpoint.addresses)),
            )
            for endpoint in sorted(plan.endpoints, key=lambda endpoint: endpoint.name)
        ),
        additional_flows=tuple(sorted(plan.additional_flows, key=str)),
        choices={
            slug: taken
            for slug in MATRIX.choices
            if (taken := frozenset(_chosen(plan, slug))) != frozenset(MATRIX.choices[slug].default or ())
        },
    )


def _chosen(plan, slug):
    chosen = plan.choices.get(slug, MATRIX.choices[slug].default or ())
    return (chosen,) if isinstance(chosen, str) else chosen


def state_of(document, slug):
    return next(state for state in module_state(MATRIX, document) if state.question.slug == slug)


def names_of(document, zone=None):
    return [e["name"] for e in document["endpoints"] if zone in (None, e["zone"])]


def endpoint_of(document, name):
    return next(endpoint for endpoint in document["endpoints"] if endpoint["name"] == name)


def plan(*endpoints, zones=("Internal",), **more):
    """A document; an endpoint is (name, zone, roles) and more fields."""
    kinds = {"DMZ": "dmz", "Internet": "internet", "Cloud": "cloud", "Berlin": "remote-site", "Oslo": "remote-site"}
    return {
        "format": 1,
        "name": "Test",
        "zones": [{"name": name, "kind": kinds.get(name, "internal")} for name in zones],
        "endpoints": [
            {"name": name, "zone": zone, "roles": list(roles)} | (extra[0] if extra else {})
            for name, zone, roles, *extra in endpoints
        ],
        **more,
    }


BASE_ROWS = (("PS01", "Internal", ["web-primary"]), ("SQL01", "Internal", ["database"]))
BASE = plan(*BASE_ROWS)


@st.composite
def answers(draw, matrix=MATRIX):
    """Answers to some of the questions, in any order."""
    given = {}
    for question in draw(st.permutations(list(matrix.questions.values()))):
        if draw(st.booleans()):
            continue
        if question.kind == "one":
            given[question.slug] = draw(st.sampled_from(question.slugs))
        elif question.kind == "many":
            given[question.slug] = draw(st.lists(st.sampled_from(question.slugs), max_size=12))
        else:
            given[question.slug] = draw(names(draw(st.integers(0, 4))))
    return given


def many_records():
    """A small matrix with a module of many answers, and a list."""
    records = make_records()
    zone = {"key": "z", "name": "Room", "kind": "internal"}
    records["question"] = [
        {"slug": "extras", "title": "Extras", "topic": "", "text": "Which?", "kind": "many", "module": True, "off": "",
         "roles": ["agent", "user"], "when": {}, "default": [], "each": {}, "options": [
             {"slug": "agent", "name": "Agent", "consequence": "", "effect": {
                 "zones": [zone], "endpoints": [{"name": "A1", "zone": "z", "roles": ["agent"]}]}},
             {"slug": "people", "name": "People", "consequence": "", "effect": {
                 "zones": [zone], "choices": {"sign-in": ["card"]},
                 "endpoints": [{"name": "All", "zone": "z", "roles": ["user"], "group": True}]}},
         ]},
    ]  # fmt: skip
    return records
