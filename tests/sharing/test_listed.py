"""The list of links: what still works stands in it whatever has ended or is used up since."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from planner.sharing.listed import list_newest
from planner.store.lasting import lasts
from planner.store.models import ShareLink
from tests.web.views.pages import store

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def plan():
    """A plan with two links that work, and newer ones that don't for everybody."""
    now = timezone.now()
    facts = {
        "works": {},
        "works twice": {"openings": 1, "most_openings": 2, "expires": now + DAY},
        "used up": {"openings": 2, "most_openings": 2},
        "revoked just now": {"revoked": now},
        "expired": {"expires": now - DAY},
        "used up and revoked": {"openings": 1, "most_openings": 1, "revoked": now - DAY},
    }
    found = store()[0]
    for age, (label, more) in enumerate(facts.items()):
        found.links.create(label=label, token_hash=label, created=now - DAY + timedelta(hours=age), **more)
    return found


def list_labels(plan, most):
    return [link.label for link in list_newest(plan.links.all(), most)]


def test_what_works_is_cut_off_last_and_what_is_used_up_before_it(plan):
    works = ["works twice", "works"]
    assert list_labels(plan, 2) == works
    assert list_labels(plan, 3) == ["used up", *works]
    assert list_labels(plan, 4) == ["revoked just now", "used up", *works]
    assert len(list_labels(plan, 9)) == 6


def test_a_row_says_of_itself_what_is_found_of_it(plan):
    live = set(ShareLink.objects.filter(lasts(timezone.now()), ShareLink.room))
    assert live == {link for link in ShareLink.objects.all() if link.state == "live"}
    assert {link.state for link in ShareLink.objects.all()} == {"live", "used up", "revoked", "expired"}


def test_when_something_has_ended_is_asked_in_one_place():
    sources = [path for path in (settings.BASE_DIR / "planner").rglob("*.py") if "migrations" not in path.parts]
    assert [path.name for path in sources if "expires__" in path.read_text("utf-8")] == ["lasting.py"]
