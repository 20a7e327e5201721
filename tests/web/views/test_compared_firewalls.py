"""Kept comparisons with the firewalls of a plan: what passes one or several, what is there already."""

from dataclasses import replace

import pytest

from planner.store.compared import read_kept
from planner.store.compared_models import Compared
from tests.web.views.comparisons import flow_answer, keep_comparison, make_answer
from tests.web.views.pages import store
from tests.web.views.test_acceptance import write_plan
from tests.web.views.test_compared import page_of
from tests.web.views.test_existing import ZONED, send

pytestmark = pytest.mark.django_db


def write_two(**zones):
    """A plan with two firewalls, each with what is behind it."""
    document = write_plan()
    [known] = document["firewalls"]
    return document | {"firewalls": [known | {"name": name, "zones": zones[name]} for name in zones]}


def test_what_does_not_pass_the_firewall_is_kept_as_a_number(client):
    plan = store(write_two(CORE={"Internal": "inside", "Data": "db"}))[0]
    send(client, plan, ZONED, firewall="CORE", keep_answer="1")
    row = Compared.objects.get()
    assert (row.counts["open"], row.missing) == (2, 0)
    assert read_kept(plan, [row.pk])[row.pk].answer.elsewhere == 1
    page = page_of(client, plan, row.pk)
    assert "1 flow between zones doesn’t pass CORE and is left out." in page.text("main")
    report = client.get(f"/plans/{plan.key}/report/json?compared={row.pk}").json()
    assert {rule["on_firewall"]["state"] for rule in report["rules"]} == {"there", "not compared"}


def test_what_was_compared_before_and_passes_another_firewall_is_not_said_to_have_left_the_plan(client):
    plan = store(write_two(CORE={"Internal": "inside", "Data": "db"}))[0]
    inside, other = flow_answer("PS01", "SQL01", "1433"), flow_answer("Staff", "PS01", "443")
    keep_comparison(plan, 1, make_answer(inside, other), firewall="CORE")
    keep_comparison(plan, 2, replace(make_answer(inside), elsewhere=1), firewall="CORE")
    assert "No longer in the plan, or no longer compared" in page_of(client, plan, 2).text()
    keep_comparison(plan, 3, make_answer(inside, other), firewall="CORE")
    assert "New in the plan, or compared only now" in page_of(client, plan, 3).text()
