"""Whatever is given to the reader of plans, a plan comes out or a PlanError, and from every plan a report."""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.engine import evaluate_report
from planner.plan.document import Plan, PlanError, check_plan, dump_plan, read_plan
from planner.plan.syntax import to_yaml
from planner.report.formats.json import render_json
from ports.matrix import PROTOCOLS, ZONE_KINDS
from ports.queries import shipped_matrix
from tests.strategies import HOSTILE_NAMES, documents, often

pytestmark = pytest.mark.slow

MATRIX = shipped_matrix()
SYNTAXES = st.sampled_from(["json", "yaml"])

WORDS = sorted(
    {
        "format", "name", "description", "zones", "endpoints", "kind", "zone", "addresses", "group", "roles",
        "platforms", "operations", "sessions", "managed_by", "choices", "ports", "corrections", "additional_flows",
        "source", "destination", "protocol", "reason", "any", "10.0.0.1", "10.0.0.0/8", "443", "1-2", "yes", "no",
        "null", "~", "",
        *PROTOCOLS, *ZONE_KINDS, *MATRIX.roles, *MATRIX.platforms, *MATRIX.operations, *MATRIX.sessions,
        *MATRIX.services, *MATRIX.choices, *MATRIX.caveats,
        *(slug for choice in MATRIX.choices.values() for slug in choice.slugs),
    }
)  # fmt: skip
TEXTS = st.one_of(st.sampled_from(WORDS), st.sampled_from(HOSTILE_NAMES), st.text(max_size=20))
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.sampled_from([1, 443, 65536, 10**30]), st.floats(), TEXTS
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=5)),
    max_leaves=20,
)
LIKE_PLANS = st.fixed_dictionaries(
    {"format": st.just(1), "name": TEXTS, "zones": TREES, "endpoints": TREES},
    optional=dict.fromkeys(("description", "choices", "ports", "corrections", "additional_flows", "extra"), TREES),
)


@st.composite
def damaged(draw):
    """A sound document in which a few places hold something else, are gone or have company."""
    document = copy.deepcopy(draw(documents(MATRIX, most=3)))
    for _ in range(draw(st.integers(1, 4))):
        part = document
        while True:
            steps = list(part) if isinstance(part, dict) else range(len(part))
            if not steps:
                break
            step = draw(st.sampled_from(steps))
            if isinstance(part[step], (dict, list)) and part[step] and draw(st.integers(0, 3)):
                part = part[step]
                continue
            action = draw(st.integers(0, 4))
            if action == 0:
                del part[step]
            elif action == 1 and isinstance(part, list):
                part.append(copy.deepcopy(part[step]))
            elif action == 2 and isinstance(part, dict):
                part[draw(TEXTS)] = draw(TREES)
            else:
                part[step] = draw(TREES)
            break
    return document


def read_or_refuse(read) -> Plan | None:
    """The plan, evaluated and written; or None after a look at the faults. Anything else is a failure."""
    try:
        plan = read()
    except PlanError as error:
        refused = error
    else:
        refused = None
    if refused:
        assert refused.faults
        for fault in refused.faults:
            assert fault.where
            assert fault.message
            assert str(fault).isprintable(), ascii(str(fault))
            str(fault).encode()
        return None
    render_json(evaluate_report(MATRIX, plan)).decode()
    assert check_plan(dump_plan(plan), matrix=MATRIX) == plan
    return plan


@settings(max_examples=often(250))
@given(st.one_of(damaged(), LIKE_PLANS, TREES), st.booleans())
def test_any_tree_is_a_plan_or_refused(tree, text):
    before = copy.deepcopy(tree)
    read_or_refuse(lambda: check_plan(tree, matrix=MATRIX, text=text))
    assert repr(tree) == repr(before)


@settings(max_examples=often(250))
@given(damaged())
def test_a_damaged_document_is_a_plan_or_refused_in_either_syntax(document):
    data = json.dumps(document).encode()
    plan = read_or_refuse(lambda: read_plan(data, matrix=MATRIX, syntax="json"))
    again = read_or_refuse(lambda: read_plan(data, matrix=MATRIX, syntax="yaml"))
    if plan and again:
        assert dump_plan(plan)["endpoints"] == dump_plan(again)["endpoints"]


@settings(max_examples=often(300))
@given(st.one_of(st.text(max_size=200), st.lists(TEXTS, max_size=12).map(": ".join)), SYNTAXES)
def test_any_text_is_a_plan_or_refused(text, syntax):
    read_or_refuse(lambda: read_plan(text.encode("utf-8", "surrogatepass"), matrix=MATRIX, syntax=syntax))


@settings(max_examples=often(200))
@given(st.binary(max_size=200), SYNTAXES)
def test_any_bytes_are_a_plan_or_refused(data, syntax):
    read_or_refuse(lambda: read_plan(data, matrix=MATRIX, syntax=syntax))


@settings(max_examples=often(250))
@given(documents(MATRIX, most=2), SYNTAXES, st.data())
def test_a_document_with_a_few_characters_changed_is_a_plan_or_refused(document, syntax, data):
    text = json.dumps(document, ensure_ascii=False) if syntax == "json" else to_yaml(document)
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 3)))
        new = st.one_of(st.sampled_from(list("[]{}:,\"'\\&*!#|>-?%@`~ \n\t0")), st.text(max_size=3))
        text = text[:start] + data.draw(new) + text[end:]
    read_or_refuse(lambda: read_plan(text.encode("utf-8", "surrogatepass"), matrix=MATRIX, syntax=syntax))
