"""What a page says of a rule's services is rendered once, and is what it would be if it were rendered each time."""

import re

import pytest

from planner.plan.document import dump_plan
from planner.plan.topologies import read_topologies
from planner.store import actions
from planner.templatetags import services
from planner.web.views import kept
from ports.queries import shipped_matrix
from tests.web.views.pages import store

MATRIX = shipped_matrix()
PLANS = read_topologies(MATRIX)
LINES = re.compile(r'<div class="service-lines">.*?</td>', re.DOTALL)


@pytest.fixture
def rendered(monkeypatch):
    """What is rendered of services from now on; nothing is kept of before."""
    found, render = [], services.render_to_string
    monkeypatch.setattr(services, "render_to_string", lambda *told: found.append(told) or render(*told))
    services._rendered.clear()
    return found


def read(client, address):
    """The services of all rules of a page that is made anew."""
    kept.pages.clear()
    return LINES.findall(client.get(address).content.decode())


@pytest.mark.parametrize("slug", PLANS)
def test_a_page_that_is_made_anew_says_the_same_of_services_and_renders_none(client, slug, rendered):
    row, key = store(dump_plan(PLANS[slug]))
    address = f"/plans/{key}/?view=rules"
    first = read(client, address)
    count = len(rendered)
    assert read(client, address) == first
    assert len(rendered) == count, "the keys are the same each time"
    name = row.document["endpoints"][0]["name"]
    params = {"endpoint": name, "changes": {"addresses": ["192.0.2.77"]}}
    actions.apply_edit(plan_id=row.pk, matrix=MATRIX, edit="edit-endpoint", params=params)
    taken = read(client, address)
    assert len(rendered) - count < max(2, count), "some stay"
    services._rendered.clear()
    assert read(client, address) == taken


@pytest.mark.slow
def test_how_endpoints_are_shown_and_where_links_lead_is_that_of_the_page(client, rendered):
    keys = [store(dump_plan(PLANS["everything"]))[1] for _ in range(2)]
    pages = [f"/plans/{key}/?{query}" for key in keys for query in ("show=names", "show=addresses", "show=both")]
    taken = {page: read(client, page) for page in pages}
    assert len({"".join(texts) for texts in taken.values()}) == len(pages)
    for page, texts in taken.items():
        services._rendered.clear()
        assert read(client, page) == texts
