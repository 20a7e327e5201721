"""The questions answered again for a plan that is there: filled in, weighed, stored as one step, merged."""

import pytest

from planner.plan.blueprint.shown_answers import read_shown
from planner.store import actions
from planner.store.models import Plan
from planner.web.views import guided_again
from ports.queries import current_matrix
from tests.web.views.pages import HTMX, Page
from tests.web.views.test_start import START, checked, form


@pytest.fixture
def plan(client):
    client.post(START, form(name="Contoso"))
    return Plan.objects.get()


def address(plan, end=""):
    return f"/plans/{plan.key}/questions/{end}"


def sent(page, **other):
    """What a browser sends of a page of questions, with these answers instead."""
    data = {}
    for field in [*page.all("input"), *page.all("textarea")]:
        name, kind = field.get("name"), field.get("type")
        if not name or (kind in ("radio", "checkbox") and field.get("checked") is None):
            continue
        value = (field.text or "").strip("\n") if field.tag == "textarea" else field.get("value", "")
        data.setdefault(name, []).append(value)
    data.pop("csrfmiddlewaretoken", None)
    return data | {name.replace("__", "-"): value for name, value in other.items()}


def names(plan):
    plan.refresh_from_db()
    return [end["name"] for end in plan.document["endpoints"]]


def test_the_page_of_a_plan_leads_there_and_the_answers_that_it_shows_are_chosen(client, plan):
    assert address(plan) in [link.get("href") for link in Page(client.get(plan.get_absolute_url())).all("a")]
    page = Page(client.get(address(plan)))
    assert checked(page, "sql") == ["own"]
    assert checked(page, "portal") == ["none"]
    assert checked(page, "systems") == ["windows"]
    assert not page.all(id="unread")
    assert "Make the plan" not in page.text()


def test_the_addresses_that_are_missing_are_counted_and_those_there_are_not_denied(client, plan):
    blank = Page(client.get(address(plan))).text()
    assert "The plan starts without addresses; 2 endpoints of its rules will need some." in blank
    addressed = [end | {"addresses": [f"10.0.0.{at}"]} for at, end in enumerate(plan.document["endpoints"])]
    addressed[0].pop("addresses")
    Plan.objects.update(document=plan.document | {"endpoints": addressed})
    page = Page(client.get(address(plan))).text()
    assert "1 endpoint of its rules needs an address." in page
    assert "without addresses" not in page


def test_what_a_plan_shows_is_read_once_for_a_page(client, plan, monkeypatch):
    times = []

    def note(*given):
        times.append(given)
        return read_shown(*given)

    monkeypatch.setattr(guided_again, "read_shown", note)
    client.get(address(plan))
    assert len(times) == 1


def test_an_answer_that_the_plan_does_not_show_is_empty_and_said(client, plan):
    document = plan.document | {"zones": [*plan.document["zones"], {"name": "DMZ", "kind": "dmz"}]}
    document["endpoints"] = [
        end | {"zone": "DMZ"} if end["name"] == "MAIL01" else end for end in document["endpoints"]
    ]
    Plan.objects.update(document=document)
    page = Page(client.get(address(plan)))
    assert checked(page, "mail") == []
    assert "E-mail" in page.text(id="unread")
    assert "change nothing" in Page(client.post(address(plan), sent(page))).text("form")


def test_what_would_change_is_shown_before_anything_is_stored(client, plan):
    page = Page(client.get(address(plan)))
    after = Page(client.post(address(plan), sent(page, answer__portal="dmz", answer__mail="none")))
    said = after.text()
    assert "PRP01" in said
    assert "Endpoints taken off MAIL01" in " ".join(said.split())
    assert "DMZ → Internal" in said
    plan.refresh_from_db()
    assert plan.revision == 1


def test_it_is_stored_as_one_step_and_undone_as_one(client, plan):
    before = plan.document
    page = Page(client.get(address(plan)))
    asked = sent(page, answer__portal="dmz", answer__ha="passive")
    shown = Page(client.post(address(plan), asked))
    assert client.post(address(plan), sent(shown, store="1")).status_code == 302
    assert {"PRP01", "PS02"} <= set(names(plan))
    assert plan.revision == 2
    summary = plan.revisions.get(number=2).summary
    assert summary == "Questions answered again: High availability, Password Reset Portal"
    client.post(f"/plans/{plan.key}/undo/", {"base": "2"})
    plan.refresh_from_db()
    assert plan.document == before


def test_sent_twice_it_counts_once(client, plan):
    shown = Page(client.post(address(plan), sent(Page(client.get(address(plan))), answer__portal="dmz")))
    data = sent(shown, store="1")
    assert client.post(address(plan), data).status_code == client.post(address(plan), data).status_code == 302
    plan.refresh_from_db()
    assert plan.revision == 2


def test_what_others_changed_meanwhile_stays(client, plan):
    page = Page(client.get(address(plan)))
    facts = {"name": "BACKUP01", "zone": "Internal", "addresses": ["10.0.0.99"]}
    actions.apply_edit(plan_id=plan.pk, matrix=current_matrix(), edit="add-endpoint", params={"endpoint": facts})
    rename = {"endpoint": "PS01", "changes": {"name": "Vault"}}
    actions.apply_edit(plan_id=plan.pk, matrix=current_matrix(), edit="edit-endpoint", params=rename)
    shown = Page(client.post(address(plan), sent(page, answer__sql="same")))
    assert client.post(address(plan), sent(shown, store="1")).status_code == 302
    plan.refresh_from_db()
    ends = {end["name"]: end for end in plan.document["endpoints"]}
    assert ends["BACKUP01"]["addresses"] == ["10.0.0.99"]
    assert "database" in ends["Vault"]["roles"]
    assert "SQL01" not in ends


def test_a_clash_with_what_others_did_is_said_and_nothing_is_stored(client, plan):
    page = Page(client.get(address(plan)))
    moved = {"endpoint": "MAIL01", "changes": {"addresses": ["10.0.0.25"]}}
    actions.apply_edit(plan_id=plan.pk, matrix=current_matrix(), edit="edit-endpoint", params=moved)
    shown = Page(client.post(address(plan), sent(page, answer__mail="none")))
    assert "Somebody else has changed the same things meanwhile." in shown.text(role="alert")
    client.post(address(plan), sent(shown, store="1"))
    assert "MAIL01" in names(plan)
    assert plan.revision == 2


def test_what_is_left_alone_is_said(client, plan):
    moved = {"endpoint": "MAIL01", "changes": {"addresses": ["10.0.0.25"]}}
    actions.apply_edit(plan_id=plan.pk, matrix=current_matrix(), edit="edit-endpoint", params=moved)
    page = Page(client.get(address(plan)))
    shown = Page(client.post(address(plan), sent(page, answer__mail="none")))
    assert "“MAIL01” stays, as it has addresses." in shown.text(class_="notice-warning")


def test_faulty_names_are_said_at_their_field_and_nothing_changes(client, plan):
    page = Page(client.get(address(plan)))
    shown = Page(client.post(address(plan), sent(page, answer__sites="Oslo\noslo")))
    assert "Nothing was changed." in shown.text(role="alert")
    assert "“oslo” is there already" in shown.text(id="error-sites")


def test_answers_so_far_are_weighed_on_the_plan_that_is_there(client, plan):
    page = Page(client.get(address(plan)))
    data = sent(page, answer__portal="dmz")
    preview = Page(client.post(address(plan, "preview/"), data, headers=HTMX))
    assert "DMZ → Internal" in preview.text(id="preview")
    assert not preview.is_whole


def test_a_decision_that_came_with_the_plan_names_who_made_it(client, plan):
    asked = form({"messages": "push-pull"}, name="Decided") | {"caveat-ldap-tcp": "practice"}
    client.post(START, asked)
    made = Plan.objects.get(name="Decided")
    told = {(row.subject, row.answer): row for row in made.answers.all()}
    assert set(told) == {("self-destruct", "push-pull"), ("ldap-tcp", "practice")}
    assert all(row.author.startswith("Guest") and row.revision == 1 for row in told.values())


def test_names_typed_in_the_last_step_stay_while_one_goes_back(client):
    typed = {"server-0-of": "PS01", "server-0-name": "Vault", "server-0-addresses": "10.0.0.10"}
    back = Page(client.post("/plans/guided/preview/", form() | typed))
    carried = {field.get("name"): field.get("value") for field in back.all("input") if field.get("type") == "hidden"}
    assert carried["server-0-name"] == "Vault"
    again = Page(client.post("/plans/guided/names/", form({"ha": "passive"}) | typed))
    assert again.one("input", id="server-0-name").get("value") == "Vault"
    client.post("/plans/guided/names/", form({"ha": "passive"}) | typed | {"make": "1"})
    ends = {end["name"]: end for end in Plan.objects.get().document["endpoints"]}
    assert ends["Vault"]["addresses"] == ["10.0.0.10"]


def test_who_only_reads_a_plan_has_no_questions(client, plan):
    client.cookies.clear()
    assert client.get(address(plan)).status_code == 404
