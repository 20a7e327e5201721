"""Access that is taken back while something is on its way: it is stored no more, and whoever sent it is told so."""

from contextlib import contextmanager

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import reverse

from planner.sharing import links, uploads
from planner.store.admission import admitted
from planner.store.holders import Holder
from planner.store.models import Hold
from planner.web.views import access, shared_results
from planner.web.views import uploads as upload_views
from tests.web.views.link_forms import make as make_link
from tests.web.views.pages import Page, store
from tests.web.views.test_acceptance import file, write_plan
from tests.web.views.test_uploads import make, results, send
from tests.web.views.test_who_may import ROWS, address, become, plan  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db

NOT_OF_THE_PLAN = {"name_visitor", "duplicate_plan", "archive_plan"}
"""What a browser is called, a plan of the sender's own, and where the sender keeps it: all that stays theirs."""
LEFT_OUT = {"Event", "Viewer", "Hold", "Attempt"}
WRITES = sorted(
    name
    for name, row in ROWS.items()
    if row.method == "post" and row.may in ("editors", "owners") and row.ok == 302 and name not in NOT_OF_THE_PLAN
)


def stored():
    """Every row of what belongs to plans."""
    return {
        model.__name__: list(model.objects.order_by("pk").values())
        for model in apps.get_app_config("planner").get_models()
        if model.__name__ not in LEFT_OUT
    }


@pytest.fixture
def meanwhile(monkeypatch):
    """Have something done after a sender was let in, and before what was sent is looked at."""

    def patch(module, do):
        @contextmanager
        def later(by):
            do()
            with admitted(by):
                yield

        monkeypatch.setattr(module, "admitted", later)

    return patch


def test_what_is_on_its_way_is_not_stored_once_access_was_taken_back(plan, meanwhile):  # noqa: F811
    client = become("owner", plan, accounts=False)
    meanwhile(access, lambda: Hold.objects.filter(plan=plan).exclude(browser="m" * 64).delete())
    before, wrong = stored(), []
    for name in WRITES:
        with transaction.atomic():  # each on the same state
            answer = client.post(address(name, ROWS[name], "owner", plan), ROWS[name].data)
            if answer.status_code != 403 or "Nothing was stored." not in Page(answer).text():
                wrong.append(f"{name}: {answer.status_code}")
            if (now := stored()) != before:
                wrong.append(f"{name}: stores {[one for one in now if now[one] != before[one]]}")
            transaction.set_rollback(True)
    assert len(WRITES) > 20
    assert not wrong


def test_nor_once_it_allows_less_than_before(plan, meanwhile):  # noqa: F811
    client = become("owner", plan, accounts=False)
    meanwhile(access, lambda: Hold.objects.filter(plan=plan).update(role="read"))
    where = reverse("rename_plan", kwargs={"key": plan.key})
    assert client.post(where, {"name": "N", "description": ""}).status_code == 403
    plan.refresh_from_db()
    assert plan.name != "N"


def test_nor_by_an_account_that_was_switched_off(settings, plan, meanwhile):  # noqa: F811
    settings.REQUIRE_LOGIN = True
    client = become("owner", plan, accounts=True)
    meanwhile(access, lambda: User.objects.update(is_active=False))
    where = reverse("rename_plan", kwargs={"key": plan.key})
    assert client.post(where, {"name": "N", "description": ""}).status_code == 403
    plan.refresh_from_db()
    assert plan.name != "N"


def test_results_of_a_script_are_not_stored_once_its_address_was_revoked(client, meanwhile):
    row = store(write_plan())[0]
    path = make(client, row)
    token = row.upload_tokens.get()
    meanwhile(upload_views, lambda: uploads.revoke(plan=row, number=token.pk, holder=Holder()))
    answer = send(path, results(row))
    assert (answer.status_code, answer.content) == (404, b"This address takes no results.\n")
    assert not row.check_runs.exists()


def test_nor_those_of_a_reader_once_the_link_was_revoked(client, meanwhile):
    row = store(write_plan())[0]
    path = make_link(client, row.key, may_upload="1")[1]
    reader = Client()
    reader.get(path)
    meanwhile(shared_results, lambda: links.revoke_link(plan=row, number=row.links.get().pk, holder=Holder()))
    answer = reader.post(f"{path}results/", {"name": "Mara", "files": [file(row, "PS01")]})
    assert answer.status_code == 404
    assert not row.check_runs.exists()
