"""The cards of modules: each by a plain form and by htmx, what would be lost, and what speaks against a switch."""

import pytest

from tests.report.samples import HOSTILE_NAMES, contoso, sites, write_plan
from tests.web.views.pages import HTMX, Page, by_turns, document_of, store, words

both = pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])


@pytest.fixture
def plan():
    return store()


def send(client, key, data, *, htmx=False):
    headers = HTMX | {"HX-Target": "report", "HX-Current-URL": f"http://testserver/plans/{key}/"} if htmx else {}
    return client.post(f"/plans/{key}/modules/", data, headers=headers)


def switch(client, key, module, to, *, htmx=False, **data):
    return send(client, key, {"module": module, "to": to, **data}, htmx=htmx)


def names(row):
    return [endpoint["name"] for endpoint in document_of(row)["endpoints"]]


def card(client, key, module):
    page = Page(client.get(f"/plans/{key}/"))
    return page.text(id=f"module-{module}-now"), page.one(id=f"module-{module}-switch").get("aria-checked")


def asked(response, module):
    """The question in a card: what is lost, and the hidden fields to answer it with."""
    page = Page(response)
    form = next(form for form in page.one(id=f"module-{module}").iter("form") if "confirm" in form.get("class", ""))
    fields = {field.get("name"): field.get("value") for field in form.iter("input")}
    button = next(form.iter("button"))
    fields[button.get("name")] = button.get("value")
    return [words(item) for item in form.iter("li")], fields


def errors(response):
    return " | ".join(words(error) for error in Page(response).all(class_="error"))


@both
def test_a_module_is_switched_on_and_off_and_undo_brings_it_back(client, plan, htmx):
    row, key = plan
    assert card(client, key, "ha") == ("not used", "false")
    response = switch(client, key, "ha", "on", htmx=htmx)
    assert response.status_code == (200 if htmx else 302)
    assert card(client, key, "ha") == ("Passive, in the same zone · PS02", "true")
    assert document_of(row)["endpoints"][-1] == {"name": "PS02", "zone": "Internal", "roles": ["web-passive"]}
    assert row.revisions.last().summary == "High availability: Passive, in the same zone"
    switch(client, key, "ha", "off", htmx=htmx)
    assert card(client, key, "ha") == ("not used", "false")
    assert "PS02" not in names(row)
    assert row.revisions.last().summary == "High availability switched off"
    client.post(f"/plans/{key}/undo/")
    assert "PS02" in names(row)


def test_every_module_of_the_matrix_has_a_card_with_a_switch_that_is_a_form(client, plan):
    page = Page(client.get(f"/plans/{plan[1]}/"))
    switches = page.all("button", role="switch")
    assert [words(page.one(id=button.get("aria-labelledby"))) for button in switches] == [
        "High availability", "App Server", "Self-destruct messages", "Password Reset Portal", "Browser gateway",
        "Remote sites",
    ]  # fmt: skip
    for form in page.one(class_="modules").iter("form"):
        fields = {field.get("name") for field in form.iter() if field.get("name")}
        assert {"csrfmiddlewaretoken", "base", "operation", "module", "to"} <= fields
        assert form.get("method") == "post"


@both
def test_a_module_is_changed_from_one_option_to_another_with_what_is_known_of_it(client, htmx):
    row, key = store(contoso())
    switch(client, key, "portal", "on", htmx=htmx, option="internal")
    portal = next(endpoint for endpoint in document_of(row)["endpoints"] if endpoint["name"] == "Portal")
    assert portal == {"name": "Portal", "zone": "Internal", "roles": ["password-reset-portal"]}
    now = "Yes, the portal stands inside · Portal · Portal users: People on the internet"
    assert card(client, key, "portal")[0] == now


@both
def test_off_asks_when_something_would_be_lost_and_then_does_it(client, plan, htmx):
    row, key = plan
    switch(client, key, "ha", "on")
    client.post(f"/plans/{key}/endpoints/edit/", {"target": "PS02", "name": "PS02", "zone": "Internal",
                "addresses": "10.0.0.11", "roles": ["web-passive"]})  # fmt: skip
    revision = row.revisions.count()
    response = switch(client, key, "ha", "off", htmx=htmx)
    lost, fields = asked(response, "ha")
    assert lost == ["“PS02”: the address 10.0.0.11"]
    assert Page(response).text(id="state") == "Not saved: please confirm"
    assert row.revisions.count() == revision
    send(client, key, fields, htmx=htmx)
    assert "PS02" not in names(row)
    client.post(f"/plans/{key}/undo/")
    assert document_of(row)["endpoints"][-1]["addresses"] == ["10.0.0.11"]


def test_a_confirmation_counts_for_the_losses_that_were_seen_and_no_others(client, plan):
    row, key = plan
    switch(client, key, "ha", "on")
    edit = {"target": "PS02", "name": "PS02", "zone": "Internal", "roles": ["web-passive"]}
    client.post(f"/plans/{key}/endpoints/edit/", edit | {"addresses": "10.0.0.11"})
    _, fields = asked(switch(client, key, "ha", "off"), "ha")
    client.post(f"/plans/{key}/endpoints/edit/", edit | {"addresses": "10.0.0.12"})
    lost, again = asked(send(client, key, fields), "ha")
    assert lost == ["“PS02”: the address 10.0.0.12"]
    assert "PS02" in names(row)
    send(client, key, again)
    assert "PS02" not in names(row)


@pytest.mark.parametrize("confirmed", ["", "0" * 32, "x", "1"])
def test_a_confirmation_that_is_lost_or_made_up_asks_again(client, confirmed):
    row, key = store(sites(3))
    response = switch(client, key, "sites", "off", confirmed=confirmed)
    assert len(asked(response, "sites")[0]) == 3
    assert row.revisions.count() == 1


def test_another_option_asks_too_when_it_would_lose_something(client, plan):
    row, key = plan
    switch(client, key, "ha", "on", option="passive-second")
    second = next(endpoint for endpoint in document_of(row)["endpoints"] if endpoint["name"] == "SQL02")
    client.post(f"/plans/{key}/endpoints/edit/", {"target": second["name"], "name": second["name"],
                "zone": second["zone"], "roles": second["roles"], "addresses": "10.9.9.9"})  # fmt: skip
    response = switch(client, key, "ha", "on", option="passive")
    lost, fields = asked(response, "ha")
    assert any("10.9.9.9" in loss for loss in lost), lost
    assert second["name"] in names(row)
    send(client, key, fields)
    assert second["name"] not in names(row)
    assert card(client, key, "ha")[0].startswith("Passive, in the same zone")


@both
@pytest.mark.slow
def test_a_thousand_sites_are_added_and_taken_off_in_one_go(client, plan, htmx):
    row, key = plan
    lines = "\r\n".join(f"Site {number}" for number in range(1000))
    switch(client, key, "sites", "on", htmx=htmx, names=lines)
    assert len(document_of(row)["zones"]) == 1003
    assert card(client, key, "sites") == ("1,000 remote sites: Site 0, Site 1, Site 2, Site 3 and 996 more", "true")
    assert row.revision == 2
    lost, fields = asked(switch(client, key, "sites", "off", htmx=htmx), "sites")
    assert lost[-1].startswith("and 988 more ")
    assert lost[-1].endswith("Site 999 agent")
    send(client, key, fields, htmx=htmx)
    assert len(document_of(row)["zones"]) == 3


@by_turns(
    ("data", "part"),
    [
        ({"module": "sites", "to": "on"}, "at least one name"),
        ({"module": "sites", "to": "on", "names": " \n "}, "at least one name"),
        ({"module": "sites", "to": "on", "names": "Oslo\noslo"}, "is there already"),
        ({"module": "sites", "to": "on", "names": "DMZ"}, "of another kind already"),
        ({"module": "sites", "to": "on", "names": "a\x07b"}, "control character"),
        ({"module": "sites", "to": "on", "names": "n" * 300}, "300 characters"),
        ({"module": "sites", "to": "on", "names": "\n".join(map(str, range(2001)))}, "at most 2,000"),
        ({"module": "ha", "to": "on", "option": "quantum"}, "is no answer"),
        ({"module": "ha", "to": "on", "option": ["passive", "active"]}, "takes one answer"),
        ({"module": "ha", "to": "sideways"}, "sideways"),
        ({"module": "ha"}, "required"),
        ({"module": "domain", "to": "off"}, "no such module"),
        ({"module": "people", "to": "on"}, "no such module"),
        ({"module": "x<b>", "to": "on"}, "no such module"),
        ({"to": "on"}, "required"),
        ({}, "required"),
    ],
    ids=str,
)
def test_a_fault_is_said_and_changes_nothing(client, plan, htmx, data, part):
    row, key = plan
    response = send(client, key, data, htmx=htmx)
    assert response.status_code == 200
    assert part in errors(response)
    assert Page(response).text(id="state").startswith("Not saved")
    assert row.revisions.count() == 1


def test_names_with_a_fault_are_kept_in_their_field(client, plan):
    page = Page(switch(client, plan[1], "sites", "on", names="Oslo\nDMZ\n</textarea><b>x"))
    assert page.one("textarea", id="module-sites-names").text.split("\n") == ["Oslo", "DMZ", "</textarea><b>x"]
    assert page.one("details", id="module-sites-more").get("open") is not None


@both
def test_hostile_names_are_shown_as_text_in_cards_and_questions(client, htmx):
    row, key = store(write_plan({"name": "PS01", "zone": "Internal", "roles": ["web-primary"]}))
    hostile = [name for name in HOSTILE_NAMES if name.strip() == name and len(name) < 200]
    response = switch(client, key, "sites", "on", htmx=htmx, names="\n".join(hostile))
    assert {zone["name"] for zone in document_of(row)["zones"]} >= set(hostile)
    response = switch(client, key, "sites", "off", htmx=htmx)
    page = Page(response)
    assert not page.all("b")
    assert not page.all("script", src=None)
    assert not page.all("r")
    assert len(asked(response, "sites")[0]) == 13


def test_the_same_form_sent_twice_counts_once(client, plan):
    row, key = plan
    data = {"module": "sites", "to": "on", "names": "Oslo", "operation": "a" * 32, "base": "1"}
    for _ in range(2):
        assert send(client, key, data).status_code == 302
    assert row.revisions.count() == 2
    client.post(f"/plans/{key}/undo/")
    assert send(client, key, data).status_code == 302
    assert "Oslo agent" not in names(row)


def test_a_stale_page_is_told_what_others_did_and_keeps_its_input(client, plan):
    row, key = plan
    switch(client, key, "ha", "on", option="active", base="1")
    response = switch(client, key, "ha", "on", option="passive", base="1")
    assert "revision 2: High availability: Active/active, in the same zone" in errors(response)
    page = Page(response)
    ticked = [
        box.get("value") for box in page.one(id="module-ha-more").iter("input") if box.get("checked") is not None
    ]
    assert ticked == ["passive"]
    assert row.revisions.count() == 2
    fields = {field.get("name"): field.get("value") for field in page.one(id="module-ha-more").iter("input")}
    send(client, key, fields | {"option": "passive"})
    assert document_of(row)["endpoints"][-1]["roles"] == ["web-passive"]


def test_a_stale_page_leaves_what_others_added(client, plan):
    row, key = plan
    client.post(f"/plans/{key}/endpoints/add/", {"name": "X", "zone": "DMZ", "roles": ["mail-server"]})
    client.post(f"/plans/{key}/endpoints/edit/", {"target": "PS01", "name": "Web", "zone": "Internal",
                "addresses": "10.0.0.10 fd00::10", "roles": ["web-primary", "database"]})  # fmt: skip
    assert switch(client, key, "gateway", "on", option="web", base="1").status_code == 302
    after = {endpoint["name"]: endpoint for endpoint in document_of(row)["endpoints"]}
    assert "X" in after
    assert after["Web"]["roles"] == ["web-primary", "database", "browser-gateway"]


def test_a_stale_page_doesnt_switch_off_what_another_has_built_in_between(client, plan):
    row, key = plan
    switch(client, key, "ha", "on")
    client.post(f"/plans/{key}/endpoints/add/", {"name": "PS09", "zone": "DMZ", "roles": ["web-passive"]})
    response = switch(client, key, "ha", "off", base="2")
    assert "revision 3: PS09 added to DMZ" in errors(response)
    assert {"PS02", "PS09"} <= set(names(row))


def test_what_others_have_done_already_is_done(client, plan):
    row, key = plan
    for _ in range(2):
        assert switch(client, key, "ha", "on", base="1").status_code == 302
    assert row.revisions.count() == 2
    for _ in range(2):
        assert switch(client, key, "ha", "off", base="2").status_code == 302
    assert row.revisions.count() == 3


def test_a_module_that_no_option_describes_says_so(client):
    _, key = store(write_plan(
        {"name": "PS01", "zone": "Internal", "roles": ["web-primary"]},
        {"name": "PS02", "zone": "Internet", "roles": ["web-passive"]},
    ))  # fmt: skip
    assert card(client, key, "ha") == ("set up by hand · PS02", "true")


def test_the_cards_make_no_more_queries_for_more_sites(client, django_assert_max_num_queries):
    _, key = store(sites(300))
    client.get(f"/plans/{key}/")
    with django_assert_max_num_queries(12):
        client.get(f"/plans/{key}/")


# --- who uses it -----------------------------------------------------------------------------------------------------


def test_a_card_asks_who_uses_its_module_and_shows_who_does(client, plan):
    row, key = plan
    page = Page(client.get(f"/plans/{key}/"))
    assert "Who opens the portal?" in page.text(id="module-portal")
    assert "Who" not in page.text(id="module-ha")
    switch(client, key, "portal", "on", option="dmz", users="both")
    roles = {endpoint["name"]: endpoint.get("roles", []) for endpoint in document_of(row)["endpoints"]}
    assert "portal-user" in roles["Public"]
    assert card(client, key, "portal")[0].endswith("Portal users: Both")
    before = document_of(row)
    switch(client, key, "portal", "on", option="dmz")
    assert document_of(row) == before, "nothing is said of users"


@both
def test_that_users_go_is_asked_where_it_loses_what_is_known_of_them(client, htmx):
    document = contoso()
    for endpoint in document["endpoints"]:
        if "portal-user" in endpoint.get("roles", ()):
            endpoint["addresses"] = ["198.51.100.0/24"]
    row, key = store(document)
    document = document_of(row)
    response = switch(client, key, "portal", "on", htmx=htmx, option="dmz", users="nobody")
    assert document_of(row) == document
    lost, fields = asked(response, "portal")
    assert lost
    assert fields["users"] == "nobody"
    send(client, key, fields, htmx=htmx)
    assert not [e for e in document_of(row)["endpoints"] if "portal-user" in e.get("roles", ())]
    assert row.revisions.last().summary.endswith("Portal users: Nobody yet")


def test_users_that_are_none_are_told_in_the_card(client, plan):
    row, key = plan
    document = document_of(row)
    page = Page(switch(client, key, "portal", "on", option="dmz", users="moon"))
    assert "“moon” is no answer to this question" in page.text(id="module-portal")
    assert document_of(row) == document
