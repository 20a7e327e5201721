"""Sharing a plan, and what those see who get a link."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from planner.report.paper import styled
from planner.sharing import links
from planner.store import actions
from planner.store.models import Opening, ShareLink
from planner.web.views import shared
from ports.queries import shipped_matrix
from tests.paper import read_pages
from tests.report.samples import write_plan
from tests.web.views.link_forms import PASSPHRASE, PRIVATE, make, read_link
from tests.web.views.pages import HTMX, Page, store, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan():
    return store()


@pytest.fixture
def reader(handler):
    client = Client()
    client.handler = handler
    return client


def another(handler):
    """One more browser."""
    client = Client()
    client.handler = handler
    return client


# --- making links ----------------------------------------------------------------------------------------------------


def test_a_link_is_shown_once_with_a_code_to_photograph(client, plan):
    page, path = make(client, plan[1])
    assert re.fullmatch(r"/shared/[\w-]{43}/", path)
    assert len(list(page.one(class_="qr"))) == 3, "a title, the paper and the modules"
    assert path not in client.get(f"/plans/{plan[1]}/links/").content.decode()


def test_the_form_sent_twice_makes_one_link_and_shows_it_again(client, plan):
    offer = Page(client.get(f"/plans/{plan[1]}/links/")).one("form", action=f"/plans/{plan[1]}/links/make/")
    offer = next(field.get("value") for field in offer.iter("input") if field.get("name") == "offer")
    data = {"label": "Team", "shows": "newest", "days": "30", "offer": offer}
    first, second = (Page(client.post(f"/plans/{plan[1]}/links/make/", data)) for _ in range(2))
    assert first.one(id="made-address").get("value") == second.one(id="made-address").get("value")
    assert ShareLink.objects.count() == 1


@pytest.mark.parametrize(
    ("terms", "sentence"),
    [
        ({"label": ""}, "Say whom the link is for."),
        ({"passphrase": "short"}, "at least 8 characters"),
        ({"days": "9999"}, "not one of the available choices"),
        ({"shows": "both"}, "both is not one of the available choices"),
        ({"shows": "pinned", "revision": "9"}, "no revision 9"),
        ({"shows": "pinned", "revision": ""}, "Name the revision"),
        ({"shows": "pinned", "revision": "x"}, "whole number"),
        ({"most_openings": "0"}, "greater than or equal to 1"),
        ({"offer": "forged"}, "This form is too old"),
    ],
)
def test_a_link_that_cannot_be_is_not_made_and_what_was_typed_stays(client, plan, terms, sentence):
    page, path = make(client, plan[1], **({"label": "Partners"} | terms))
    assert path is None
    assert sentence in page.text("main")
    assert page.one("input", id="link-label").get("value") == terms.get("label", "Partners")
    described = {one for part in page.all(aria_describedby=True) for one in part.get("aria-describedby").split()}
    assert {error.get("id") for error in page.all("p", class_="error")} <= described
    assert not ShareLink.objects.exists()


@pytest.mark.parametrize("wrong", [{"most_openings": "ten"}, {"offer": "forged"}])
def test_a_passphrase_that_is_not_sent_back_is_asked_for_again(client, plan, wrong):
    page, path = make(client, plan[1], passphrase=PASSPHRASE, **wrong)
    assert path is None
    assert page.one("input", id="link-passphrase").get("value") is None
    assert words(page.one(id="link-passphrase-error")) == "Type it once more: it isn’t sent back."
    without, _ = make(client, plan[1], **wrong)
    assert not without.all(id="link-passphrase-error")


def test_never_is_a_choice_that_has_to_be_made(client, plan):
    options = Page(client.get(f"/plans/{plan[1]}/links/")).one("select", id="link-days").iter("option")
    assert [option.get("value") for option in options if option.get("selected") is not None] == ["30"]
    page, _ = make(client, plan[1], days="never")
    assert "never expires" in page.text("main")


def test_all_links_are_listed_with_how_often_and_when_they_were_opened(client, reader, plan):
    path = read_link(client, plan, label="Alpha")
    read_link(client, plan, label="Beta")
    reader.get(path)
    page = Page(client.get(f"/plans/{plan[1]}/links/"))
    said = [words(item) for item in page.all("li", class_="link")]
    assert "Beta" in said[0]
    assert "not opened yet" in said[0]
    assert "opened 1 time" in said[1]
    assert f"{timezone.localdate():%B %Y}" in said[1]


def test_a_link_that_works_is_listed_however_many_have_ended_since(client, plan, monkeypatch):
    monkeypatch.setattr(links, "MOST_LINKS", 2)
    now = timezone.now()
    for number in range(6):
        made = {"label": f"Build {number}", "token_hash": str(number), "created": now + timedelta(seconds=number)}
        ended = [{}, {"revoked": now}, {"revoked": now - timedelta(hours=1)}, {"expires": now}][min(number, 3)]
        plan[0].links.create(**made, **ended)
    page = Page(client.get(f"/plans/{plan[1]}/links/"))
    shown = [number for number in range(6) if f"Build {number}" in page.html]
    assert shown == [0, 1, 4, 5], "the one that works, the one that can be brought back, and the newest of the others"
    plan[0].links.exclude(label="Build 0").update(revoked=now)
    assert "Build 0" in client.get(f"/plans/{plan[1]}/links/").content.decode(), (
        "others can be brought back, this works"
    )


def test_a_revoked_link_leads_nowhere_on_the_next_request(client, reader, plan):
    path = read_link(client, plan)
    assert reader.get(path).status_code == 200
    number = ShareLink.objects.get().pk
    client.post(f"/plans/{plan[1]}/links/revoke/", {"link": number})
    assert reader.get(path).status_code == 404
    assert reader.get(f"{path}report/json").status_code == 404
    page = Page(client.get(f"/plans/{plan[1]}/links/"))
    assert not page.all("li", class_="link")
    assert "revoked" in page.text("main")


def test_revoking_can_be_undone_for_a_minute_and_no_longer(client, reader, plan):
    address = read_link(client, plan)
    link = ShareLink.objects.get()
    client.post(f"/plans/{plan[1]}/links/revoke/", {"link": link.pk})
    assert reader.get(address).status_code == 404
    page = Page(client.get(f"/plans/{plan[1]}/links/"))
    assert f"undo-link-{link.pk}" in page.ids
    assert client.post(f"/plans/{plan[1]}/links/undo/", {"link": link.pk}).status_code == 302
    assert reader.get(address, follow=True).status_code == 200
    ShareLink.objects.update(revoked=timezone.now() - timedelta(seconds=61))
    late = client.post(f"/plans/{plan[1]}/links/undo/", {"link": link.pk})
    assert "More than a minute has passed" in Page(late).text("main")
    assert reader.get(address).status_code == 404
    assert f"undo-link-{link.pk}" not in Page(client.get(f"/plans/{plan[1]}/links/")).ids


@pytest.mark.parametrize("number", ["", "0", "x", "-1", "9" * 30, "²"])
def test_revoking_what_isnt_there_is_said(client, plan, number):
    response = client.post(f"/plans/{plan[1]}/links/revoke/", {"link": number})
    assert "no such link" in Page(response).text("main")


@pytest.mark.slow
def test_a_link_stands_on_the_cover_of_the_pdf_when_it_is_asked_for(client, reader, plan):
    page, path = make(client, plan[1])
    offer = page.one("form", action=f"/plans/{plan[1]}/links/pdf/")
    offer = next(field.get("value") for field in offer.iter("input") if field.get("name") == "offer")
    for response, expected in (
        (client.post(f"/plans/{plan[1]}/links/pdf/", {"offer": offer}), True),
        (reader.get(f"{path}report/pdf?cover=1"), True),
        (reader.get(f"{path}report/pdf"), False),
        (client.get(f"/plans/{plan[1]}/report/pdf"), False),
    ):
        cover = "".join(read_pages(response.content)[0].split())
        assert (f"http://testserver{path}" in cover) is expected


@pytest.mark.slow
def test_printed_downloads_follow_the_house_style(client, reader, settings, monkeypatch):
    """One is set, and of the others the document is looked at that would be."""
    settings.STYLESHEET = 'h1::after { content: " of ACME" }'
    web = {"name": "PS01", "zone": "Internal", "roles": ["web-primary"]}
    database = {"name": "SQL01", "zone": "DMZ", "roles": ["database"]}
    plan = store(write_plan(web, database))
    page, path = make(client, plan[1], shows="pinned", revision="1", shows_changes="1")
    offer = page.one("form", action=f"/plans/{plan[1]}/links/pdf/")
    offer = next(field.get("value") for field in offer.iter("input") if field.get("name") == "offer")
    client.post(f"/plans/{plan[1]}/name/", {"name": "Contoso", "description": "Changed"})
    assert "Contoso of ACME" in read_pages(client.get(f"/plans/{plan[1]}/report/pdf").content)[0]
    monkeypatch.setattr(styled, "make_styled_pdf", lambda document, *_: document.encode())
    for response in (
        client.post(f"/plans/{plan[1]}/links/pdf/", {"offer": offer}),
        client.get(f"/plans/{plan[1]}/changes/pdf", {"from": "1", "to": "2"}),
        reader.get(f"{path}report/pdf"),
        reader.get(f"{path}changes/pdf"),
        client.get(f"/plans/{plan[1]}/report/html"),
        client.get(f"/plans/{plan[1]}/changes/html", {"from": "1", "to": "2"}),
        reader.get(f"{path}report/html"),
        reader.get(f"{path}changes/html"),
    ):
        assert f"<style>{settings.STYLESHEET}</style>" in response.content.decode()


def test_an_offer_that_was_not_taken_prints_nothing(client, plan):
    response = client.post(f"/plans/{plan[1]}/links/pdf/", {"offer": links.offer_token(plan[0], "read")})
    assert "leads nowhere" in Page(response).text("main")


# --- under a read link -----------------------------------------------------------------------------------------------


def test_a_reader_sees_the_report_with_filters_and_downloads(client, reader, plan):
    path = read_link(client, plan)
    page = Page(reader.get(path))
    assert page.text("h1") == "Contoso"
    assert page.table("rules")
    flows = Page(reader.get(f"{path}?view=flows&protocol=udp")).table("flows")
    assert flows
    assert all("udp" in row[2] for row in flows)
    part = Page(reader.get(f"{path}?view=flows&text=53", headers=HTMX | {"HX-Target": "results"}))
    assert not part.is_whole
    assert len(part.table("flows")) == 1
    for link in page.all("a", download=True):
        assert link.get("href").startswith(path)


def test_a_reader_is_told_of_parts_that_are_off_but_not_to_switch_them_on(client, reader, plan):
    page = Page(reader.get(f"{read_link(client, plan)}?view=unneeded"))
    chapters = page.all("section", class_="chapter")
    [listed] = [chapter for chapter in chapters if "Parts of the product" in words(chapter)]
    assert "High availability" in words(listed)
    assert "switch" not in words(listed)
    assert not list(listed.iter("a"))


@pytest.mark.parametrize("name", ["json", "csv", "xlsx", "html", "markdown", "nftables"])
def test_a_readers_file_is_that_of_the_plan_without_what_is_not_theirs(client, reader, plan, name):
    path = read_link(client, plan)
    actions.hand_over(
        plan_id=plan[0].pk, matrix=shipped_matrix(), revision=1, recipient="Secret partner", note="Secret note"
    )
    response = reader.get(f"{path}report/{name}")
    assert response.status_code == 200
    assert b"Secret" not in response.content


def test_every_answer_under_a_link_keeps_to_itself(client, reader, plan):
    path = read_link(client, plan)
    gated = read_link(client, plan, passphrase=PASSPHRASE)
    for response in (
        reader.get(path),
        reader.get(f"{path}report/json"),
        reader.get(f"{path}diagram.svg"),
        reader.get(f"{path}changes/"),
        reader.get(f"{path}report/none"),
        reader.get(f"{path}nothing"),
        reader.post(path),
        reader.get(gated),
        reader.post(f"{gated}enter/", {"passphrase": "wrong"}),
        reader.get(f"/shared/{'x' * 43}/"),
        reader.get(f"/edit/{'x' * 43}/"),
        Client(enforce_csrf_checks=True).post(f"{gated}enter/", {}),
    ):
        assert {name: response.headers[name] for name in PRIVATE} == PRIVATE, response


def test_links_that_lead_nowhere_answer_alike(client, reader, plan):
    ends = {
        "revoked": {"revoked": timezone.now()},
        "expired": {"expires": timezone.now() - timedelta(seconds=1)},
        "used up": {"most_openings": 1, "openings": 1},
    }
    paths = []
    for number, facts in enumerate(ends.values()):
        path = read_link(client, plan, label=f"Team {number}")
        ShareLink.objects.filter(label=f"Team {number}").update(**facts)
        paths.append(path)
    answers = [reader.get(path) for path in [*paths, f"/shared/{'x' * 43}/"]]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    headers = [sorted(pair for pair in answer.headers.items() if pair[0] != "X-Request-ID") for answer in answers]
    assert all(found == headers[0] for found in headers)


def test_who_tries_many_wrong_links_waits_but_not_who_has_a_right_one(client, reader, handler, plan, monkeypatch):
    monkeypatch.setattr(shared, "WRONG_LINKS", 5)
    path = read_link(client, plan)
    assert reader.get(path).status_code == 200
    stranger = Client()
    stranger.handler = handler
    for number in range(5):
        for _ in range(3 if number < 4 else 1):
            assert stranger.get(f"/shared/{number}{'x' * 42}/").status_code == 404, "the same one counts once"
    answer = stranger.get(f"/shared/9{'x' * 42}/")
    assert answer.status_code == 429
    assert 3000 < int(answer.headers["Retry-After"]) <= 3600
    assert stranger.get(path).status_code == 200, "a right one opens, whatever was tried from there"
    assert reader.get(path).status_code == 200
    assert stranger.get(path, REMOTE_ADDR="192.0.2.1").status_code == 200
    assert stranger.get(f"/shared/9{'x' * 42}/", headers={"X-Forwarded-For": "192.0.2.9"}).status_code == 429


def test_a_passphrase_is_asked_for_before_anything_is_shown(client, reader, plan):
    path = read_link(client, plan, passphrase=PASSPHRASE)
    page = reader.get(path)
    assert "Contoso" not in page.content.decode()
    assert reader.get(f"{path}report/json").headers["Location"] == path
    wrong = reader.post(f"{path}enter/", {"passphrase": "wrong"})
    assert wrong.status_code == 403
    assert "That is not the passphrase" in Page(wrong).text("main")
    assert "opening" not in wrong.cookies
    assert "Contoso" not in reader.get(path).content.decode(), "a failed try leaves nothing open"
    right = reader.post(f"{path}enter/?view=flows", {"passphrase": PASSPHRASE})
    assert right.headers["Location"] == f"{path}?view=flows"
    cookie = right.cookies["opening"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (path, True, "Lax")
    assert Page(reader.get(path)).text("h1") == "Contoso"
    assert reader.get(f"{path}report/json").status_code == 200
    assert ShareLink.objects.get().openings == Opening.objects.count() == 1


def test_the_cookie_of_one_link_opens_no_other(client, reader, plan):
    one = read_link(client, plan, passphrase=PASSPHRASE, label="One")
    other = read_link(client, plan, passphrase=PASSPHRASE, label="Other")
    cookie = reader.post(f"{one}enter/", {"passphrase": PASSPHRASE}).cookies["opening"].value
    reader.cookies.load({"opening": cookie})
    reader.cookies["opening"]["path"] = "/"
    assert reader.get(other).status_code == 200
    assert "Contoso" not in reader.get(other).content.decode()


def test_after_ten_wrong_passphrases_who_asks_from_there_waits_and_nobody_else(client, reader, plan, monkeypatch):
    path = read_link(client, plan, passphrase=PASSPHRASE)
    for number in range(10):
        response = reader.post(f"{path}enter/", {"passphrase": "wrong"},
                               headers={"X-Forwarded-For": f"198.51.100.{number}"})  # fmt: skip
        assert response.status_code == 403
    response = reader.post(f"{path}enter/", {"passphrase": PASSPHRASE}, headers={"X-Forwarded-For": "203.0.113.1"})
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "10"
    assert "Too many wrong passphrases" in Page(response).text("main")
    assert Client(REMOTE_ADDR="192.0.2.1").post(f"{path}enter/", {"passphrase": PASSPHRASE}).status_code == 302
    assert reader.post(f"{path}enter/", {"passphrase": PASSPHRASE}).status_code == 429
    monkeypatch.setattr("planner.store.patience.WAIT", timedelta(0))
    assert reader.post(f"{path}enter/", {"passphrase": PASSPHRASE}).status_code == 302, "the browser has the proof"


def test_who_is_in_stays_in_whatever_passphrases_are_tried(client, reader, plan):
    path = read_link(client, plan, passphrase=PASSPHRASE)
    reader.post(f"{path}enter/", {"passphrase": PASSPHRASE})
    stranger = another(reader.handler)
    for _ in range(12):
        stranger.post(f"{path}enter/", {"passphrase": "wrong"})
    assert reader.get(path).status_code == 200


@pytest.mark.parametrize("weak", ["password1", "long enough", "aaaaaaaaaaaa", "passwordstate2026", "networkteam"])
def test_a_passphrase_that_can_be_guessed_is_refused(client, plan, weak):
    page, path = make(client, plan[1], passphrase=weak)
    assert path is None
    assert "It is easy to guess." in page.text("main")
    assert weak not in page.html


def test_openings_are_used_by_those_who_ask_and_not_by_looking(client, handler, plan):
    path = read_link(client, plan, most_openings="2")
    readers = [Client() for _ in range(3)]
    for reader in readers:
        reader.handler = handler
        for _ in range(2):
            assert "Contoso" not in reader.get(path).content.decode(), "a preview of the link uses nothing up"
    assert [reader.post(f"{path}enter/").status_code for reader in readers] == [302, 302, 404]
    assert [reader.get(path).status_code for reader in readers] == [200, 200, 404]
    assert readers[0].get(f"{path}report/json").status_code == 200
    assert ShareLink.objects.get().openings == 2
