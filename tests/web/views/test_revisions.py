"""The history of a plan: what changed in words, bursts, checkpoints, and bringing a revision back."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from planner.store import actions
from planner.store.kept import Chain
from planner.store.models import Plan, Revision
from planner.store.presence import COOKIE
from planner.web.views import kept
from planner.web.views.revisions import PAGE
from ports.queries import current_matrix
from tests.report.samples import hostile
from tests.web.views.pages import Page, store, store_unchecked, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def address(client, matrix):
    return client.post("/plans/start/", {"example": "dmz"}).headers["Location"]


def override(client, address, service, ports):
    return client.post(f"{address}ports/", {"service": service, "ports": ports})


def post(client, address, path, **data):
    return client.post(f"{address}history/{path}/", data)


def history(client, address, query=""):
    response = client.get(f"{address}history/{query}")
    assert response.status_code == 200
    return Page(response)


def lines(page):
    """The words of the revisions, newest first, folded or not."""
    return [words(line) for line in page.all("p", class_="revision-words")]


def add_revisions(newest):
    """Have the one plan so many revisions, with its document whole in each; it is packed once for all of them."""
    plan = Plan.objects.get()
    kept = Chain().add(None, plan.document)
    Revision.objects.bulk_create(
        Revision(plan=plan, number=number, summary=f"Change {number}", undo_to=number - 1, **kept)
        for number in range(plan.revision + 1, newest + 1)
    )
    Plan.objects.update(revision=newest)


def spread(minutes=60):
    """Put so much time between the revisions of all plans that none fold."""
    now = timezone.now()
    revisions = list(Revision.objects.only("number"))
    for revision in revisions:
        revision.created = now - timedelta(minutes=minutes * (10_000 - revision.number))
    Revision.objects.bulk_update(revisions, ["created"])


def alerts(response):
    assert response.status_code == 200
    return [words(alert) for alert in Page(response).all(role="alert")]


def forms(page, action):
    return [form for form in page.all("form") if form.get("action", "").partition("?")[0].endswith(f"/{action}/")]


def send(client, form, **more):
    data = {field.get("name"): field.get("value", "") for field in form.iter("input")} | more
    return client.post(form.get("action"), data)


def test_the_page_of_a_plan_leads_to_its_history(client, address):
    page = Page(client.get(address))
    link = page.one("a", href=f"{address}history/")
    assert words(link) == "History"


def test_revisions_stand_newest_first_with_number_author_time_and_words(client, address):
    client.post(f"{address}visitor/", {"name": "Kim"})
    override(client, address, "ssh", "2222")
    page = history(client, address)
    assert lines(page) == ["Port of SSH changed to 2222", "Started from “DMZ with portal and self-destruct site”"]
    newest = words(page.one(id="revision-2"))
    assert "Revision 2" in newest
    assert "Kim" in newest
    assert re.search(r"\d\d:\d\d", newest)
    assert "The plan as it is now" in newest


def test_each_day_has_its_heading(client, address):
    override(client, address, "ssh", "2222")
    spread(minutes=24 * 60)
    days = [words(heading) for heading in history(client, address).all("h2", class_="day")]
    assert len(days) == len(set(days)) == 2


class TestBursts:
    def test_changes_of_one_author_within_minutes_stand_together_and_can_be_unfolded(self, client, address):
        for number in range(3):
            override(client, address, "ssh", str(2222 + number))
        page = history(client, address)
        burst = page.one("li", class_="burst")
        assert "3 changes" in words(burst)
        assert len([line for line in burst.iter("li") if "revision" in line.get("class", "")]) == 3
        assert burst.find("details") is not None
        assert Revision.objects.count() == 4

    def test_another_author_begins_another_entry(self, client, address):
        override(client, address, "ssh", "2222")
        override(client, address, "ssh", "2223")
        client.post(f"{address}visitor/", {"name": "Kim"})
        override(client, address, "ssh", "2224")
        override(client, address, "ssh", "2225")
        assert len(history(client, address).all("li", class_="burst")) == 2

    def test_a_checkpoint_stands_for_itself(self, client, address):
        for number in range(3):
            override(client, address, "ssh", str(2222 + number))
        post(client, address, "checkpoint", number=3, name="Before the audit", seen="")
        assert not history(client, address).all("li", class_="burst")

    def test_what_was_handed_over_stands_for_itself(self, client, address):
        for number in range(3):
            override(client, address, "ssh", str(2222 + number))
        client.post(f"{address}changes/sent/", {"revision": 3, "recipient": "Network team", "note": ""})
        page = history(client, address)
        assert not page.all("li", class_="burst")
        assert "Handed over to Network team" in words(page.one(id="revision-3"))


class TestCheckpoints:
    def test_a_revision_gets_a_name_another_one_and_none(self, client, address):
        form = forms(history(client, address), "checkpoint")[0]
        assert send(client, form, name=" Before\tthe audit ").status_code == 302
        assert Revision.objects.get().checkpoint == "Before the audit"
        rename, remove = forms(history(client, address), "checkpoint")
        send(client, rename, name="After it")
        assert Revision.objects.get().checkpoint == "After it"
        _, remove = forms(history(client, address), "checkpoint")
        send(client, remove)
        assert Revision.objects.get().checkpoint == ""
        assert Plan.objects.get().revision == 1

    def test_the_same_form_counts_once_and_an_old_one_doesnt_undo_a_newer_name(self, client, address):
        first = forms(history(client, address), "checkpoint")[0]
        send(client, first, name="One")
        assert send(client, first, name="One").status_code == 302
        send(client, forms(history(client, address), "checkpoint")[0], name="Two")
        assert alerts(send(client, first, name="One")) == [
            "Someone has named revision 1 “Two” in between; it keeps that name."
        ]
        assert Revision.objects.get().checkpoint == "Two"

    @pytest.mark.parametrize(
        ("sent", "said"),
        [
            ({"number": "1", "name": "x" * 201}, "at most 200 characters"),
            ({"number": "7", "name": "x"}, "This plan has no revision 7."),
            ({"number": "x", "name": "x"}, "whole number"),
            ({"number": "9" * 30, "name": "x"}, "less than or equal"),
            ({"number": "1", "name": "a\0b"}, "Null characters"),
        ],
    )
    def test_what_cant_be_saved_is_said(self, client, address, sent, said):
        assert said in alerts(post(client, address, "checkpoint", **sent))[0]
        assert Revision.objects.get().checkpoint == ""

    def test_the_marked_ones_have_a_list(self, client, address):
        for number in range(6):
            override(client, address, "ssh", str(2222 + number))
        post(client, address, "checkpoint", number=2, name="Named")
        client.post(f"{address}changes/sent/", {"revision": 4, "recipient": "Network team", "note": ""})
        page = history(client, address, "?show=marked")
        assert [line.get("id") for line in page.all("li", class_="revision")] == ["revision-4", "revision-2"]
        assert "no revision has a name yet" not in words(page.one("main")).lower()

    def test_a_checkpoint_is_offered_by_its_name_where_revisions_are_compared(self, client, address):
        post(client, address, "checkpoint", number=1, name="Before the audit")
        options = [words(option) for option in Page(client.get(f"{address}changes/")).one(id="side-before")]
        assert options == ["1 “Before the audit” · Started from “DMZ with portal and self-destruct site”"]

    def test_naming_leads_back_to_the_page_and_the_line(self, client, address):
        response = client.post(f"{address}history/checkpoint/?show=marked", {"number": 1, "name": "N"})
        assert response.headers["Location"] == f"{address}history/?show=marked#revision-1"


class TestRestoring:
    def test_a_revision_comes_back_as_a_new_one_and_undo_takes_that_back(self, client, address):
        first = Plan.objects.get().document
        override(client, address, "ssh", "2222")
        changed = Plan.objects.get().document
        [form] = forms(history(client, address), "restore")
        assert send(client, form).headers["Location"] == f"{address}history/"
        plan = Plan.objects.get()
        assert (plan.revision, plan.document) == (3, first)
        assert plan.revisions.get(number=3).restored == 1
        assert lines(history(client, address))[0] == "Revision 1 restored"
        client.post(f"{address}undo/")
        assert Plan.objects.get().document == changed

    def test_the_name_of_a_checkpoint_is_in_the_words(self, client, address):
        override(client, address, "ssh", "2222")
        post(client, address, "checkpoint", number=1, name="Before the audit")
        send(client, forms(history(client, address), "restore")[0])
        assert lines(history(client, address))[0] == "Restored “Before the audit”: revision 1"

    def test_the_same_form_counts_once(self, client, address):
        override(client, address, "ssh", "2222")
        [form] = forms(history(client, address), "restore")
        send(client, form)
        assert send(client, form).status_code == 302
        assert Plan.objects.get().revision == 3

    def test_a_page_that_is_older_than_the_plan_is_refused_and_told_what_happened(self, client, address):
        override(client, address, "ssh", "2222")
        [form] = forms(history(client, address), "restore")
        override(client, address, "vnc", "5901")
        [sentence] = alerts(send(client, form))
        assert sentence.startswith("Nothing was restored, as the plan has changed since (revision 3: Port of VNC")
        assert Plan.objects.get().revision == 3
        [_, form] = forms(history(client, address), "restore")
        send(client, form)
        assert Plan.objects.get().revision == 4

    def test_what_the_plan_is_already_changes_nothing_and_is_said(self, client, address):
        override(client, address, "ssh", "2222")
        override(client, address, "ssh", "")
        form = forms(history(client, address), "restore")[-1]
        assert "The plan is as it was in revision 1 already" in words(Page(send(client, form)).one("main"))
        assert Plan.objects.get().revision == 3

    @pytest.mark.parametrize("number", ["0", "9", "x", "", "9" * 40, "1\0"])
    def test_a_number_that_is_none_is_refused(self, client, address, number):
        assert alerts(post(client, address, "restore", number=number))
        assert Plan.objects.get().revision == 1

    def test_a_state_that_doesnt_fit_the_matrix_of_today_stays_where_it_is(self, client, address):
        override(client, address, "ssh", "2222")
        document = Revision.objects.get(number=1).document | {"choices": {"colour": "red"}}
        Revision.objects.filter(number=1).update(**Chain().add(None, document))
        [sentence] = alerts(post(client, address, "restore", number=1))
        assert "doesn't fit the port matrix of today; nothing was restored. choices.colour:" in sentence
        assert Plan.objects.get().revision == 2

    @pytest.mark.slow
    def test_a_plan_that_fits_the_matrix_no_more_is_saved_by_an_older_revision(self, client, address):
        plan = Plan.objects.get()
        broken = plan.document | {"choices": {"colour": "red"}}
        Revision.objects.create(plan=plan, number=2, document=broken, summary="Broken", undo_to=1)
        Plan.objects.update(document=broken, revision=2)
        assert client.get(address).status_code == 409
        send(client, forms(history(client, address), "restore")[0])
        assert client.get(address).status_code == 200

    def test_names_that_were_changed_since_are_carried_over_to_the_restored_state(self, client, address):
        def edit(name, changes, base):
            actions.apply_edit(
                plan_id=Plan.objects.get().pk,
                matrix=current_matrix(),
                edit="edit-endpoint",
                params={"endpoint": name, "changes": changes},
                sender=actions.Sender(base=base),
            )

        edit("PS01", {"name": "WEB01"}, 1)
        send(client, forms(history(client, address), "restore")[-1])
        edit("WEB01", {"addresses": ["10.9.9.9"]}, 2)  # by someone who hasn't seen that the old name is back
        endpoints = {endpoint["name"]: endpoint for endpoint in Plan.objects.get().document["endpoints"]}
        assert endpoints["PS01"]["addresses"] == ["10.9.9.9"]


class TestPages:
    @pytest.fixture
    def long(self, client, address):
        """A plan of 120 revisions, none of which fold."""
        add_revisions(120)
        spread()
        return address

    def test_a_page_has_so_many_and_leads_to_older_and_newer_ones(self, client, long):
        page = history(client, long)
        assert len(lines(page)) == PAGE
        assert lines(page)[0] == "Change 120"
        page = history(client, long, page.one("a", rel="next").get("href").partition("history/")[2])
        assert lines(page)[0] == "Change 70"
        assert page.one("a", rel="prev").get("href") == f"{long}history/"
        page = history(client, long, page.one("a", rel="next").get("href").partition("history/")[2])
        assert lines(page)[-1] == "Started from “DMZ with portal and self-destruct site”"
        assert not page.all("a", rel="next")

    @pytest.mark.parametrize("upto", ["0", "-1", "x", "9" * 30, "²"])
    def test_a_page_that_is_none_isnt_found(self, client, long, upto):
        assert client.get(f"{long}history/?upto={upto}").status_code == 404

    def test_a_number_beyond_the_newest_is_the_newest_page(self, client, long):
        assert lines(history(client, long, "?upto=5000"))[0] == "Change 120"

    def test_more_revisions_cost_no_more_queries(self, client, long, django_assert_max_num_queries):
        with django_assert_max_num_queries(5) as asked:
            client.get(f"{long}history/")
        assert not any('"document"' in query["sql"] for query in asked.captured_queries)

    def test_the_page_of_the_plan_costs_no_more_queries_either(self, client, address):
        override(client, address, "ssh", "2222")
        client.get(address)
        kept.pages.clear()
        few = count_queries(client, address)
        add_revisions(399)
        kept.pages.clear()
        assert count_queries(client, address) == few


def count_queries(client, address):
    with CaptureQueriesContext(connection) as asked:
        client.get(address)
    return len(asked)


def test_hostile_names_are_text_in_the_history(client):
    for name in ("<script>alert(1)</script>", "\u202egpj.exe", "x" * 255, '"><img src=x onerror=alert(1)>'):
        plan, key = store(hostile("N"))
        actions.rename_plan(plan_id=plan.pk, matrix=current_matrix(), name=name, description="")
        client.post(f"/plans/{key}/history/checkpoint/", {"number": 1, "name": name[:200]})
        page = history(client, f"/plans/{key}/")
        assert not page.all("img")
        assert not [script for script in page.all("script") if not script.get("src")]
        assert all("\u202e" not in line and len(line) < 200 for line in lines(page))


def test_a_plan_whose_document_nobody_can_read_has_a_history(client):
    key = store_unchecked({"format": 1, "name": "N", "zones": [], "endpoints": []})
    assert client.get(f"/plans/{key}/history/").status_code == 200


def test_the_history_is_kept_by_no_cache_and_sets_no_cookie_of_a_visitor(client, address):
    response = client.get(f"{address}history/")
    assert response.headers["Cache-Control"] == "private, no-store"
    assert COOKIE not in response.cookies
