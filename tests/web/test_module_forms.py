"""The cards of modules under another matrix: one of which several options go together."""

import pytest
from django.http import QueryDict
from django.template.loader import render_to_string

from planner.engine import evaluate_report
from planner.plan.blueprint import add_module, compose
from planner.plan.document import check_plan
from planner.store.models import Plan
from planner.web.forms.modules import ModuleForm, describe_modules
from ports.matrix import build_matrix
from tests.plan.blueprints import many_records
from tests.web.views.pages import parse

MATRIX = build_matrix(many_records())


def describe(*options, bound=None):
    document = compose(MATRIX, {}, "X")
    if options:
        document = add_module(MATRIX, document, "extras", options)
    return describe_modules(evaluate_report(MATRIX, check_plan(document, matrix=MATRIX)), bound)[0]


def read(text):
    form = ModuleForm(QueryDict(text), matrix=MATRIX)
    assert form.is_valid(), form.errors
    return form.cleaned_data["to"], form.cleaned_data["answer"]


def test_a_card_ticks_what_there_is_and_names_it():
    card = describe("agent", "people")
    assert (card["on"], card["now"]) == (True, "Agent, People · A1, All")
    assert [checked for _, checked in card["options"]] == [True, True]
    card = describe()
    assert (card["on"], card["now"]) == (False, "not used")
    assert [checked for _, checked in card["options"]] == [True, False], "one click switches on the first"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("module=extras&to=on", ("on", ("agent",))),
        ("module=extras&to=on&option=&option=people", ("on", ("people",))),
        ("module=extras&to=on&option=", ("off", ())),
        ("module=extras&to=off", ("off", ())),
    ],
)
def test_a_form_is_read_as_it_is_meant(text, expected):
    assert read(text) == expected


def test_the_card_has_boxes_to_tick():
    context = {"modules": [describe("people")], "plan": Plan(), "here": "/"}
    page = parse(render_to_string("planner/panels/modules.html", context))
    boxes = page.all("input", type="checkbox")
    assert [(box.get("value"), box.get("checked") is not None) for box in boxes] == [
        ("agent", False),
        ("people", True),
    ]
