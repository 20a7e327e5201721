"""A table that changes endpoints: shown before it is stored, confirmed, and stored as one step."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from planner.store import actions
from ports.queries import current_matrix
from tests.report.samples import contoso
from tests.web.views.pages import HTMX, Page, document_of, know, store

AD = "Name,DNSHostName,IPv4Address,OperatingSystem\nKiosk,kiosk.example.com,10.4.0.1,Windows 11\nDC01,,10.0.0.21,\n"


@pytest.fixture
def plan(client):
    know(client)
    return store(contoso())


def send(client, key, data, **more):
    return client.post(f"/plans/{key}/endpoints/import/?add=import", data, **more)


def form_of(page):
    """What the preview sends: its hidden fields, its lists and boxes as they stand."""
    form = page.one("form", id="import-preview")
    data = {}
    for field in form.iter("input"):
        if field.get("type") == "hidden":
            data.setdefault(field.get("name"), []).append(field.get("value"))
    for select in form.iter("select"):
        chosen = [option for option in select.iter("option") if option.get("selected") is not None]
        data[select.get("name")] = [(chosen or list(select.iter("option")))[0].get("value")]
    return data


def endpoints(row):
    return {endpoint["name"]: endpoint for endpoint in document_of(row)["endpoints"]}


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_table_that_changes_something_is_shown_first_and_stored_when_it_is_confirmed(client, plan, headers):
    row, key = plan
    text = "name,zone,addresses\nPS01,Internal,10.0.0.10 fd00::10\nPortal,DMZ,192.0.2.10\nKiosk,DMZ,\n"
    page = Page(send(client, key, {"text": text, "base": 1}, headers=headers))
    assert page.text(id="import-summary") == "1 new, 1 changed, 1 the same, 0 faulty. Nothing is stored yet."
    assert page.text("ul", class_="import-changes") == "Portal Addresses nothing → 192.0.2.10"
    assert document_of(row)["endpoints"][2] == {"name": "Portal", "zone": "DMZ", "roles": ["password-reset-portal"]}
    assert page.text(id="state") == "Not saved: please confirm"
    answer = send(client, key, form_of(page) | {"confirmed": "1"}, headers=headers)
    assert answer.status_code == (200 if headers else 302)
    assert endpoints(row)["Portal"]["addresses"] == ["192.0.2.10"]
    assert "Kiosk" in endpoints(row)
    assert row.revision == 2
    actions.undo(plan_id=row.pk, matrix=current_matrix())
    assert "Kiosk" not in endpoints(row)


def test_a_download_is_all_the_same_and_offers_nothing(client, plan):
    data = client.get(f"/plans/{plan[1]}/endpoints/endpoints.csv")
    assert data.headers["Content-Disposition"] == 'attachment; filename="contoso-endpoints.csv"'
    page = Page(send(client, plan[1], {"file": SimpleUploadedFile("e.csv", data.content)}))
    assert page.text(id="import-summary").startswith("0 new, 0 changed, 5 the same, 0 faulty")
    assert not page.all("button", name="confirmed")


def test_a_file_is_carried_along_with_what_is_decided_about_it(client, plan):
    row, key = plan
    page = Page(send(client, key, {"file": SimpleUploadedFile("ad.csv", AD.encode("utf-16"))}))
    assert "A zone is needed." in page.text(id="import-errors")
    assert page.text(id="import-summary").startswith("0 new, 1 changed, 0 the same, 1 faulty")
    assert form_of(page)["text"] == [AD]
    page = Page(send(client, key, form_of(page) | {"zone": "DMZ", "again": "1"}))
    assert page.text(id="import-summary").startswith("1 new, 1 changed, 0 the same, 0 faulty")
    assert row.revision == 1
    send(client, key, form_of(page) | {"confirmed": "1"})
    assert endpoints(row)["Kiosk"] == {
        "name": "Kiosk", "zone": "DMZ", "addresses": ["kiosk.example.com", "10.4.0.1"], "platforms": ["windows"],
    }  # fmt: skip
    assert endpoints(row)["DC01"]["addresses"] == ["10.0.0.21"]


def test_zones_that_are_missing_are_summed_and_made_by_a_button(client, plan):
    row, key = plan
    text = "name,zone\n" + "".join(f"S{n},Servers\n" for n in range(198)) + "T,Oslo\n"
    page = Page(send(client, key, {"text": text}))
    said = page.text("ul", class_="import-zones")
    assert "No zone Servers: 198 rows. Make it?" in said
    assert "No zone Oslo: 1 row. Make it?" in said
    page = Page(send(client, key, form_of(page) | {"make": "0"}))
    assert page.text(id="import-summary").startswith("198 new, 0 changed, 0 the same, 1 faulty")
    page = Page(send(client, key, form_of(page) | {"make": "all", "kind-0": "remote-site"}))
    assert page.text(id="import-summary").startswith("199 new")
    assert len(document_of(row)["zones"]) == 3
    send(client, key, form_of(page) | {"confirmed": "1"})
    assert document_of(row)["zones"][3:] == [
        {"name": "Servers", "kind": "internal"}, {"name": "Oslo", "kind": "remote-site"},
    ]  # fmt: skip
    assert row.revision == 2
    assert row.revisions.get(number=2).summary.startswith("199 endpoints added: S0")


def test_columns_are_mapped_by_hand(client, plan):
    row, key = plan
    page = Page(send(client, key, {"text": "Machine,Network\nKiosk,DMZ\n"}))
    assert page.text("ul", class_="import-columns").startswith("Machine Kiosk left out")
    page = Page(send(client, key, form_of(page) | {"column-0": "name", "column-1": "zone"}))
    assert page.text(id="import-summary").startswith("1 new")
    send(client, key, form_of(page) | {"confirmed": "1"})
    assert endpoints(row)["Kiosk"] == {"name": "Kiosk", "zone": "DMZ"}


@pytest.mark.parametrize(
    ("text", "said", "changed"),
    [
        ("Name,IPv4Address\nDC99,10.0.0.20\n", "keeps its name", "0 new, 0 changed, 1 the same, 0 faulty"),
        (
            "name,addresses,Rack\nDC99,10.0.0.20,7\n",
            "gets the name that its row has",
            "0 new, 1 changed, 0 the same, 0 faulty",
        ),
    ],
)
def test_what_is_said_of_names_is_what_becomes_of_them(client, plan, text, said, changed):
    page = Page(send(client, plan[1], {"text": text, "base": 1}))
    assert f"An endpoint that is found by its address {said}." in page.text("form", id="import-preview")
    assert page.text(id="import-summary") == f"{changed}. Nothing is stored yet."


def test_what_is_right_is_stored_without_what_is_faulty_when_that_is_asked_for(client, plan):
    row, key = plan
    page = Page(send(client, key, {"text": "name,zone,addresses\nKiosk,DMZ,10.0.0.999\nBooth,DMZ,10.4.0.1\n"}))
    assert "The table has 1 fault; nothing was added." in page.text(id="import-errors")
    assert page.text("button", name="confirmed") == "Store 1 row without the faulty ones"
    send(client, key, form_of(page) | {"confirmed": "1"})
    assert "Booth" in endpoints(row)
    assert "Kiosk" not in endpoints(row)


def test_who_changed_the_same_between_look_and_confirmation_is_not_written_over(client, plan):
    row, key = plan
    page = Page(send(client, key, {"text": "name,addresses,sessions\nDC01,10.0.0.21,ssh\n"}))
    params = {"endpoint": "DC01", "changes": {"addresses": ["10.0.0.99"]}}
    actions.apply_edit(plan_id=row.pk, matrix=current_matrix(), edit="edit-endpoint", params=params)
    page = Page(send(client, key, form_of(page) | {"confirmed": "1"}))
    assert "Someone changed the same thing while you were at it" in page.text(id="import-errors")
    assert "Addresses 10.0.0.99 → 10.0.0.21" in page.text("ul", class_="import-changes")
    assert endpoints(row)["DC01"]["addresses"] == ["10.0.0.99"]
    send(client, key, form_of(page) | {"confirmed": "1"})
    assert endpoints(row)["DC01"]["addresses"] == ["10.0.0.21"]


@pytest.mark.parametrize(
    "more",
    [
        {"mapped": "1"},
        {"mapped": "1", "column-0": "colour", "column-1": "name"},
        {"made": ["X", "Y"], "made_kind": ["lunar"]},
        {"make": "all", "missing-0": "X", "kind-0": "lunar"},
        {"confirmed": "1", "zone": "Moon"},
        {"confirmed": "perhaps", "make": "\x00"},
    ],
)
def test_decisions_that_can_not_be_are_none(client, plan, more):
    assert send(client, plan[1], {"text": "name,zone\nKiosk,Moon\n", **more}).status_code == 200
    assert len(document_of(plan[0])["endpoints"]) == 5


def test_names_that_would_be_markup_are_text_in_the_preview(client, plan):
    page = Page(send(client, plan[1], {"text": 'name,zone,<i>\n"<b>x</b>",DMZ,<u>\n'}))
    assert "<b>x</b>" in page.text(id="import-preview")
    assert not page.all("u")
