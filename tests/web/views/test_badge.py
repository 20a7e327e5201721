"""A badge for a wiki: one line on how much of a plan is proven, by a read link, with nothing of the plan in it."""

import xml.etree.ElementTree as ET

import pytest
from django.test import Client

from planner.store.models import ShareLink
from tests.checking import only
from tests.web.views.link_forms import PASSPHRASE, make
from tests.web.views.pages import store
from tests.web.views.test_acceptance import file, to_sql, upload, write_plan

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan():
    return store(write_plan())[0]


def badge(path):
    response = Client().get(f"{path}badge.svg")
    assert response.headers["Content-Type"] == "image/svg+xml"
    root = ET.fromstring(response.content)
    assert b"Contoso" not in response.content
    return root.get("aria-label")


def test_it_says_how_much_is_proven_and_follows_the_results(client, plan):
    path = make(client, plan.key)[1]
    assert badge(path) == "acceptance: not tested"
    upload(client, plan, file(plan, "PS01"))
    assert badge(path) == "acceptance: 2 of 3 flows tested"
    upload(client, plan, file(plan, "Staff"))
    assert badge(path) == "acceptance: accepted, 3 flows"
    upload(client, plan, file(plan, "PS01", only(to_sql, "filtered"), started="2026-11-26T01:00:00Z"))
    assert badge(path) == "acceptance: 1 of 3 flows blocked"


def test_looking_at_it_opens_nothing(client, plan):
    path = make(client, plan.key)[1]
    Client().get(f"{path}badge.svg")
    assert ShareLink.objects.get().openings == 0


@pytest.mark.parametrize(
    "terms", [{"passphrase": PASSPHRASE}, {"most_openings": "3"}, {"shows": "pinned", "revision": "1"}]
)
def test_a_link_that_asks_first_or_is_of_one_revision_has_none(client, plan, terms):
    path = make(client, plan.key, **terms)[1]
    assert Client().get(f"{path}badge.svg").status_code == 404


def test_one_that_is_revoked_has_none(client, plan):
    path = make(client, plan.key)[1]
    client.post(f"/plans/{plan.key}/links/revoke/", {"link": str(ShareLink.objects.get().pk)})
    assert Client().get(f"{path}badge.svg").status_code == 404
