"""Links: what an attacker, or an impatient reader, would try."""

import pytest
from django.test import Client

from planner.sharing import links
from planner.store import actions
from planner.store.kept import Chain
from planner.store.models import Event, Hold, Opening, Plan, ShareLink
from planner.web.views import shared
from ports.queries import shipped_matrix
from tests.report.samples import contoso
from tests.web.views.link_forms import PASSPHRASE, make, read_link, rename
from tests.web.views.pages import BROWSERS, Page, know, store, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan():
    return store()


@pytest.fixture
def reader(handler):
    client = Client()
    client.handler = handler
    return client


def offer_in(page, action):
    form = page.one("form", action=action)
    return next(field.get("value") for field in form.iter("input") if field.get("name") == "offer")


def test_an_old_form_of_the_edit_link_brings_no_old_link_back(client, reader, plan):
    action = f"/plans/{plan[1]}/links/edit/"
    old = offer_in(Page(client.get(f"/plans/{plan[1]}/links/")), action)
    path = Page(client.post(action, {"offer": old})).one(id="made-address").get("value")
    assert client.get(path).status_code == 302
    _, newer = make(client, plan[1], "edit")
    answer = Page(client.post(action, {"offer": old}))
    assert "This form is too old" in answer.text("main")
    assert not answer.all(id="made-address")
    assert reader.get(path).status_code == 404
    client.post(f"{action}withdraw/")
    client.post(action, {"offer": old})
    assert [reader.get(path).status_code, reader.get(newer).status_code] == [404, 404]


def test_an_old_form_of_a_revoked_link_brings_nothing_back_and_prints_nothing(client, reader, plan):
    action = f"/plans/{plan[1]}/links/make/"
    offer = offer_in(Page(client.get(f"/plans/{plan[1]}/links/")), action)
    data = {"label": "Team", "shows": "newest", "days": "30", "offer": offer}
    path = Page(client.post(action, data)).one(id="made-address").get("value")
    client.post(f"/plans/{plan[1]}/links/revoke/", {"link": ShareLink.objects.get().pk})
    again = Page(client.post(action, data))
    assert "The link that this form made is revoked." in again.text("main")
    assert not again.all(id="made-address")
    assert ShareLink.objects.count() == 1
    assert reader.get(path).status_code == 404
    printed = client.post(f"/plans/{plan[1]}/links/pdf/", {"offer": offer})
    assert "leads nowhere" in Page(printed).text("main")


def test_a_form_of_one_plan_is_of_no_use_on_another(client, reader, plan):
    other = store()
    for kind in ("make", "edit"):
        offer = offer_in(Page(client.get(f"/plans/{plan[1]}/links/")), f"/plans/{plan[1]}/links/{kind}/")
        data = {"label": "Team", "shows": "newest", "days": "30", "offer": offer}
        assert "too old" in Page(client.post(f"/plans/{other[1]}/links/{kind}/", data)).text("main")
    path = read_link(client, plan)
    number = ShareLink.objects.get().pk
    assert "no such link" in Page(client.post(f"/plans/{other[1]}/links/revoke/", {"link": number})).text("main")
    assert reader.get(path).status_code == 200
    offer = links.offer_token(plan[0], "read")
    assert "too old" in Page(client.post(f"/plans/{other[1]}/links/pdf/", {"offer": offer})).text("main")


def test_to_ask_for_the_headers_alone_opens_nothing(client, handler, plan):
    open_path, gate = read_link(client, plan), read_link(client, plan, most_openings="1")
    for path in (open_path, f"{open_path}report/json", gate, f"{gate}report/json"):
        peeker = Client()
        peeker.handler = handler
        answer = peeker.head(path)
        assert answer.status_code in (200, 302)
        assert answer.content == b""
        assert "opening" not in answer.cookies
        assert peeker.options(path).status_code == 405
    assert not Opening.objects.exists()


def test_a_reader_who_sends_the_form_again_is_let_in_once_and_no_longer(client, reader, handler, plan):
    path = read_link(client, plan, most_openings="1")
    reader.get(path)
    first = reader.post(f"{path}enter/")
    assert "opening" in first.cookies
    assert "opening" not in reader.post(f"{path}enter/").cookies, "what is open isn't opened for longer"
    del reader.cookies["opening"]  # the first answer never arrived
    again = reader.post(f"{path}enter/")
    assert again.headers["Location"] == path
    assert "opening" in again.cookies
    assert reader.get(path).status_code == 200
    assert ShareLink.objects.get().openings == 1
    other = Client()
    other.handler = handler
    assert other.get(path).status_code == 404


@pytest.mark.parametrize(("asked", "status"), [("report/csv?port=x", 400), ("report/pdf?paper=x", 400), ("", 200)])
def test_an_opening_counts_once_also_where_the_first_answer_is_a_sentence(client, reader, plan, asked, status):
    path = read_link(client, plan)
    assert reader.get(f"{path}{asked}").status_code == status
    assert reader.get(path).status_code == 200
    assert ShareLink.objects.get().openings == Opening.objects.count() == 1


def test_who_was_in_needs_the_passphrase_again_without_the_cookie_of_the_opening(client, reader, plan):
    path = read_link(client, plan, passphrase=PASSPHRASE)
    reader.get(path)
    reader.post(f"{path}enter/", {"passphrase": PASSPHRASE})
    del reader.cookies["opening"]
    assert reader.post(f"{path}enter/", {"passphrase": "wrong"}).status_code == 403
    assert "Contoso" not in reader.get(path).content.decode()


@pytest.mark.parametrize("spoil", [str.upper, lambda seal: seal[:-1], lambda seal: f"x{seal}", lambda seal: ""])
def test_a_cookie_that_was_tampered_with_opens_nothing(client, reader, plan, spoil):
    path = read_link(client, plan, passphrase=PASSPHRASE)
    seal = reader.post(f"{path}enter/", {"passphrase": PASSPHRASE}).cookies["opening"].value
    reader.cookies.load({"opening": spoil(seal)})
    assert "Contoso" not in reader.get(path).content.decode()
    assert reader.get(f"{path}report/json").status_code == 302


def test_nothing_under_a_link_is_answered_from_a_cache(client, reader, plan):
    path = read_link(client, plan)
    for address in (path, f"{path}report/json", f"{path}report/pdf", f"{path}diagram.svg"):
        first = reader.get(address)
        assert not {"ETag", "Last-Modified", "Expires", "Age"} & set(first.headers)
        again = reader.get(
            address,
            headers={"If-None-Match": "*", "If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT", "Range": "bytes=0-9"},
        )
        assert again.status_code == 200
        assert len(again.content) == len(first.content) or address.endswith("pdf")
    client.post(f"/plans/{plan[1]}/links/revoke/", {"link": ShareLink.objects.get().pk})
    assert reader.get(path, headers={"If-None-Match": "*"}).status_code == 404


def test_a_link_that_is_used_up_can_be_taken_from_those_who_are_in(client, reader, plan):
    path = read_link(client, plan, most_openings="1")
    reader.post(f"{path}enter/")
    page = Page(client.get(f"/plans/{plan[1]}/links/"))
    assert "used up" in words(page.one("li", class_="link"))
    [number] = [
        field.get("value") for field in page.one("li", class_="link").iter("input") if field.get("name") == "link"
    ]
    assert reader.get(path).status_code == 200
    client.post(f"/plans/{plan[1]}/links/revoke/", {"link": number})
    assert reader.get(path).status_code == 404


def test_wrong_edit_links_count_as_wrong_read_links_do(client, reader, plan, monkeypatch):
    monkeypatch.setattr(shared, "WRONG_LINKS", 3)
    _, path = make(client, plan[1], "edit")
    assert [reader.get(f"/edit/{letter * 43}/").status_code for letter in "abcd"] == [404, 404, 404, 429]
    assert reader.get(path).status_code == 200, "a right one opens, whatever was tried from there"
    assert reader.post(path).status_code == 302
    assert reader.get(f"/shared/{'e' * 43}/").status_code == 429


@pytest.mark.parametrize("query", ["\r", "a=\r\nSet-Cookie: x=1", "%0d%0aX: 1", "view=flows&text=%ff\x00"])
def test_an_edit_link_takes_any_query_along_as_a_query(client, reader, plan, query):
    _, path = make(client, plan[1], "edit")
    answer = reader.generic("POST", path, QUERY_STRING=query)
    assert answer.headers["Location"].startswith(f"/plans/{plan[1]}/?")
    assert "Set-Cookie: x" not in str(answer.headers)
    assert "X" not in answer.headers


def test_a_choice_that_there_isnt_is_said_beside_it(client, plan):
    page, path = make(client, plan[1], shows="everything")
    assert path is None
    assert "not one of the available choices" in words(page.one("fieldset", class_="field"))


def test_a_browser_that_comes_again_is_one_opening(client, reader, plan):
    path = read_link(client, plan)
    for _ in range(3):
        reader.get(path)
        reader.get(f"{path}report/csv")
    assert ShareLink.objects.get().openings == 1


def test_a_pinned_link_shows_its_revision_and_tells_of_later_ones_only_where_allowed(client, reader, plan):
    silent = read_link(client, plan, shows="pinned", revision="1", label="Silent")
    telling = read_link(client, plan, shows="pinned", revision="1", shows_changes="1", label="Telling")
    actions.override_port(plan_id=plan[0].pk, matrix=shipped_matrix(), service="website", ports="4443")
    rename(plan[0], "Renamed")
    for path in (silent, telling):
        page = Page(reader.get(path))
        assert page.text("h1") == "Contoso"
        assert "4443" not in words(page.one(id="results"))
    assert reader.get(f"{silent}changes/").status_code == 404
    assert reader.get(f"{silent}changes/json").status_code == 404
    assert "Renamed" not in reader.get(silent).content.decode()
    assert f"{telling}changes/" in [link.get("href") for link in Page(reader.get(telling)).all("a")]
    assert "4443" in Page(reader.get(f"{telling}changes/")).text("main")
    assert reader.get(f"{telling}changes/json").json()["opened"]
    assert reader.get(f"{telling}changes/none").status_code == 404


def test_a_filter_by_revision_tells_a_reader_nothing(client, reader, plan):
    rename(plan[0], "Renamed")
    path = read_link(client, plan)
    assert reader.get(f"{path}report/json?since=1").status_code == 400
    page = Page(reader.get(path, {"since": "1"}))
    assert "isn't shown here" in page.text("main")
    assert not page.all("input", id="filter-since")


def test_read_links_can_be_switched_off(client, reader, plan, settings):
    path = read_link(client, plan)
    settings.PUBLIC_LINKS = False
    assert reader.get(path).status_code == 404
    assert not Page(client.get(f"/plans/{plan[1]}/links/")).all(id="make-link")
    response = client.post(f"/plans/{plan[1]}/links/make/", {"label": "Team"})
    assert "switched off" in Page(response).text("main")


def test_deleting_a_plan_shuts_its_links_and_restoring_opens_them(client, reader, plan):
    path = read_link(client, plan)
    client.post(f"/plans/{plan[1]}/delete/")
    assert reader.get(path).status_code == 404
    client.post(f"/plans/{plan[1]}/bin/restore/")
    assert reader.get(path).status_code == 200


def test_who_may_only_read_gets_the_page_of_readers_and_nothing_else(client, plan):
    Hold.objects.filter(plan=plan[0]).update(role="read")
    assert client.get(f"/plans/{plan[1]}/").headers["Location"] == f"/plans/{plan[1]}/read/"
    assert Page(client.get(f"/plans/{plan[1]}/read/")).text("h1") == "Contoso"
    assert client.get(f"/plans/{plan[1]}/read/report/json").status_code == 200
    for path in ("history/", "changes/", "plan.yaml", "export.zip", "links/", "pulse/", "report/json"):
        assert client.get(f"/plans/{plan[1]}/{path}").status_code == 403
    assert client.post(f"/plans/{plan[1]}/name/", {"name": "N"}).status_code == 403


def test_making_and_opening_links_is_logged(client, reader, plan):
    path = read_link(client, plan)
    reader.get(path)
    _, edit = make(client, plan[1], "edit")
    know(reader, "z" * 43).post(edit)
    kinds = list(Event.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["plan-made", "link-made", "link-opened", "edit-link-made", "edit-link-opened"]
    assert BROWSERS[0] not in repr(list(Event.objects.values()))


def test_more_links_and_openings_cost_no_more_queries(client, plan, django_assert_num_queries):
    row = Plan.objects.get()
    holder = links.Holder(browser="b" * 64)

    def add(count):
        for number in range(count):
            made = links.make_link(plan=row, terms=links.Terms(label="L"), token=f"{count}-{number}", holder=holder)
            Opening.objects.bulk_create(Opening(link=made) for _ in range(30))

    add(1)
    with django_assert_num_queries(6):
        client.get(f"/plans/{plan[1]}/links/")
    add(20)
    with django_assert_num_queries(6):
        client.get(f"/plans/{plan[1]}/links/")


def test_a_plan_that_does_not_fit_the_matrix_is_said_to_the_reader(client, reader):
    row, key = store(contoso())
    path = read_link(client, (row, key))
    document = row.document | {"choices": {"colour": "red"}}
    row.revisions.update(**Chain().add(None, document))
    assert reader.get(path).status_code == 409
