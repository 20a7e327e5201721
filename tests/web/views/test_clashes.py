"""After a clash a form shows what others made of the fields its author left alone, and keeps the author's own."""

import pytest

from tests.web.views.pages import Page, document_of, store
from tests.web.views.test_topology import both, done, endpoints, form_of, refused, send


@pytest.fixture
def plan():
    return store()


def zones(row):
    return {zone["name"]: zone["kind"] for zone in document_of(row)["zones"]}


def field(page, which):
    element = page.one(id=which)
    if element.tag == "textarea":
        return "".join(element.itertext())
    if element.tag == "select":
        (option,) = [option for option in element.iter("option") if option.get("selected") is not None]
        return option.text
    return element.get("value")


def hidden(page, action, name):
    """What a form of the page would send in a hidden field."""
    (form,) = [form for form in page.all("form") if form.get("hx-post", "").endswith(action)]
    (found,) = [item for item in form.iter("input") if item.get("name") == name]
    return found.get("value")


def edit_zone(client, key, target, name, kind, *, htmx=False, **sender):
    data = {"target": target, "name": name, "kind": kind, **sender}
    return send(client, key, "zones/edit/", data, htmx=htmx, query=f"?zone={target}")


@both
def test_a_zone_that_two_rename_shows_the_others_kind_and_keeps_the_own_name(client, plan, htmx):
    row, key = plan
    edit_zone(client, key, "DMZ", "Perimeter", "cloud", base="1")
    row.refresh_from_db()
    response = edit_zone(client, key, "DMZ", "Border", "dmz", base="1", htmx=htmx)
    sentences = refused(response, row, htmx=htmx)
    assert "Someone changed the same thing" in sentences
    assert "In the plan now: Perimeter." in sentences
    page = Page(response)
    assert (field(page, "zone-name"), field(page, "zone-kind")) == ("Border", "cloud")
    assert page.text(id="editor-title") == "Edit zone Perimeter"
    sent = {name: hidden(page, "zones/edit/", name) for name in ("target", "base", "operation")}
    assert sent["base"] == "2"
    edit_zone(client, key, sent.pop("target"), "Border", "cloud", **sent)
    assert zones(row)["Border"] == "cloud"
    assert not {"Perimeter", "DMZ"} & zones(row).keys()


def test_a_zone_whose_kind_two_change_keeps_the_others_name(client, plan):
    _, key = plan
    edit_zone(client, key, "DMZ", "Perimeter", "cloud", base="1")
    page = Page(edit_zone(client, key, "DMZ", "DMZ", "internal", base="1", htmx=True))
    assert (field(page, "zone-name"), field(page, "zone-kind")) == ("Perimeter", "internal")
    assert "In the plan now: cloud." in page.text()


def test_two_who_change_different_fields_of_a_zone_both_succeed(client, plan):
    row, key = plan
    edit_zone(client, key, "DMZ", "Perimeter", "dmz", base="1")
    edit_zone(client, key, "DMZ", "DMZ", "cloud", base="1")
    assert zones(row)["Perimeter"] == "cloud"


def test_a_zone_that_was_deleted_keeps_what_was_typed(client, plan):
    row, key = plan
    send(client, key, "zones/delete/", {"target": "DMZ", "confirmed": "2"})
    row.refresh_from_db()
    response = edit_zone(client, key, "DMZ", "Border", "dmz", base="1", htmx=True)
    assert "There is no zone “DMZ” any more" in refused(response, row, htmx=True)
    assert field(Page(response), "zone-name") == "Border"


def test_an_endpoint_that_two_rename_says_its_name_of_now(client, plan):
    _, key = plan
    endpoint = {"zone": "Internal", "addresses": "10.0.0.30", "roles": "domain-controller"}
    send(client, key, "endpoints/edit/", {"target": "DC01", "name": "DC08", "base": "1", **endpoint})
    response = send(client, key, "endpoints/edit/", {"target": "DC01", "name": "DC09", "base": "1", **endpoint})
    assert "In the plan now: DC08." in Page(response).text()


@both
def test_an_endpoint_that_another_renamed_is_saved_under_its_name_of_now_and_stays_open(client, plan, htmx):
    row, key = plan
    first = row.document
    send(client, key, "endpoints/edit/", form_of(first, "DC01", name="DC-LON", base="1"))
    mine = form_of(first, "DC01", addresses="10.0.0.99", base="1")
    response = send(client, key, "endpoints/edit/", mine, htmx=htmx, query="?edit=DC01")
    address = done(response, htmx=htmx)
    assert address.endswith("?edit=DC-LON")
    assert endpoints(row)["DC-LON"]["addresses"] == ["10.0.0.99"]
    page = Page(response if htmx else client.get(address))
    assert (field(page, "endpoint-name"), field(page, "endpoint-addresses").strip()) == ("DC-LON", "10.0.0.99")
    assert "someone may have renamed" not in page.text()


@both
def test_one_that_another_renamed_is_copied_and_the_copy_opens(client, plan, htmx):
    row, key = plan
    send(client, key, "endpoints/edit/", form_of(row.document, "DC01", name="DC-LON", base="1"))
    before = endpoints(row).keys()
    data = {"target": "DC01", "base": "1"}
    address = done(send(client, key, "endpoints/duplicate/", data, htmx=htmx, query="?edit=DC01"), htmx=htmx)
    (copy,) = endpoints(row).keys() - before
    assert address.endswith(f"?edit={copy.replace(' ', '+')}")


@both
@pytest.mark.parametrize("kind", ["zone", "endpoint"])
def test_what_another_renamed_goes_only_after_a_word_about_what_goes_with_it(client, plan, htmx, kind):
    row, key = plan
    if kind == "zone":
        edit_zone(client, key, "DMZ", "Perimeter", "dmz", base="1")
    else:
        send(client, key, "endpoints/edit/", form_of(row.document, "PS01", name="Perimeter", base="1"))
    data = {"target": "DMZ" if kind == "zone" else "PS01", "base": "1"}
    query = {"zone": "?zone=DMZ", "endpoint": "?edit=PS01"}[kind]
    response = send(client, key, f"{kind}s/delete/", data, htmx=htmx, query=query)
    (word,) = Page(response).all("form", class_="confirm")
    assert "Perimeter" in [item["name"] for item in document_of(row)[f"{kind}s"]]
    sent = {item.get("name"): item.get("value") for item in word.iter("input")}
    assert sent["target"] == "Perimeter"
    done(send(client, key, f"{kind}s/delete/", sent, htmx=htmx), htmx=htmx)
    assert "Perimeter" not in [item["name"] for item in document_of(row)[f"{kind}s"]]


@both
def test_a_plan_that_two_rename_takes_over_the_others_description(client, plan, htmx):
    row, key = plan
    name, description = row.document["name"], row.document.get("description", "")
    data = {"name": "Theirs", "description": "Theirs,\r\ntwo lines", "base": "1"}
    send(client, key, "name/", data)
    row.refresh_from_db()
    mine = {"name": "Mine", "description": description.replace("\n", "\r\n"), "base": "1"}
    response = send(client, key, "name/", mine, htmx=htmx)
    assert "Someone changed the same thing" in refused(response, row, htmx=htmx)
    page = Page(response)
    assert field(page, "plan-name") == "Mine"
    assert field(page, "plan-description").strip() == "Theirs,\ntwo lines"
    again = {"name": "Mine", "description": "Theirs,\r\ntwo lines", "base": hidden(page, "name/", "base")}
    send(client, key, "name/", again)
    document = document_of(row)
    assert (document["name"], document["description"]) == ("Mine", "Theirs,\ntwo lines")
    assert name != "Mine"
