"""Zones and endpoints on the page of a plan: each action by a plain form and by htmx, and what speaks against it."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.report.samples import HOSTILE_NAMES, contoso, hostile, sites
from tests.web.views.pages import HTMX, Page, by_lots, by_turns, document_of, store, words

LONGEST = "2001:0db8:1111:2222:3333:4444:5555:6666"


@pytest.fixture
def plan():
    return store()


def send(client, key, path, data, *, htmx=False, query=""):
    current = f"http://testserver/plans/{key}/{query}"
    headers = HTMX | {"HX-Target": "report", "HX-Current-URL": current} if htmx else {}
    return client.post(f"/plans/{key}/{path}{query}", data, headers=headers)


def form_of(document, which, **changes):
    """What the editor of an endpoint sends."""
    endpoint = next(item for item in document["endpoints"] if item["name"] == which)
    data = {
        "target": which,
        **{key: value for key, value in endpoint.items() if key != "group"},
        "addresses": "\n".join(endpoint.get("addresses", ())),
        **({"group": "1"} if endpoint.get("group") else {}),
    }
    return data | changes


def endpoints(row):
    return {endpoint["name"]: endpoint for endpoint in document_of(row)["endpoints"]}


def errors(response):
    return " | ".join(words(error) for error in Page(response).all(class_="error"))


both = pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])


def done(response, *, htmx):
    """The address that a change leads to."""
    if htmx:
        assert response.status_code == 200
        page = Page(response)
        assert page.text(id="state").startswith("Saved")
        assert len(page.ids) == len(set(page.ids))
        return response.headers["HX-Push-Url"]
    assert response.status_code == 302
    return response.url


def refused(response, row, *, htmx):
    """The sentences of an answer that changed nothing."""
    assert response.status_code == 200
    page = Page(response)
    assert page.is_whole is not htmx
    assert page.text(id="state").startswith("Not saved")
    revision = row.revision
    row.refresh_from_db()
    assert row.revision == revision
    return errors(response)


@both
def test_an_endpoint_is_added_and_its_editor_opens(client, plan, htmx):
    row, key = plan
    data = {"name": " App 1 ", "zone": "DMZ", "roles": ["app-server"]}
    response = send(client, key, "endpoints/add/", data, htmx=htmx, query="?add=endpoint&view=flows")
    address = done(response, htmx=htmx)
    assert endpoints(row)["App 1"] == {"name": "App 1", "zone": "DMZ", "roles": ["app-server"]}
    assert "edit=App+1" in address
    assert "view=flows" in address
    page = Page(client.get(address))
    assert page.text("h2", id="editor-title") == "Edit App 1"
    assert [box.get("value") for box in page.all("input", name="roles") if box.get("checked") is not None] == [
        "app-server"
    ]


@both
def test_every_field_of_an_endpoint_is_edited_and_references_follow_a_new_name(client, plan, htmx):
    row, key = plan
    data = form_of(row.document, "PS01", name="PS02", zone="DMZ", addresses="10.0.0.1, 10.0.0.2\r\nps.example.net")
    done(send(client, key, "endpoints/edit/", data, htmx=htmx, query="?edit=PS01"), htmx=htmx)
    after = endpoints(row)
    assert after["PS02"] == {
        "name": "PS02", "zone": "DMZ", "addresses": ["10.0.0.1", "10.0.0.2", "ps.example.net"],
        "roles": ["web-primary", "database"],
    }  # fmt: skip
    assert row.document["additional_flows"][0]["source"] == "PS02"


def test_saving_an_editor_without_a_change_changes_nothing(client, plan):
    row, key = plan
    before = row.document
    for name in endpoints(row):
        page = Page(client.get(f"/plans/{key}/", {"edit": name}))
        boxes = {box.get("name"): [] for box in page.all("input", type="checkbox")}
        for box in page.all("input", type="checkbox"):
            if box.get("checked") is not None:
                boxes[box.get("name")].append(box.get("value"))
        data = form_of(row.document, name) | boxes
        send(client, key, "endpoints/edit/", data)
    assert document_of(row) == before
    assert row.revision == 1


@by_turns(
    ("changes", "field", "part"),
    [
        ({"name": ""}, "endpoint-name-error", "A name is needed."),
        ({"name": "n" * 256}, "endpoint-name-error", "at most 255"),
        ({"name": "a\x07b"}, "endpoint-name-error", "control characters"),
        ({"name": "pS01"}, "endpoint-name-error", "more than upper and lower case"),
        ({"zone": "Moon"}, "endpoint-zone-error", "There is no zone 'Moon'"),
        ({"addresses": "10.0.0.1\n10.0.0.7/24"}, "endpoint-addresses-error", "host bits"),
        ({"addresses": "any"}, "endpoint-addresses-error", "for a group"),
        ({"addresses": "x " * 1001}, None, ""),
        ({"addresses": f"{LONGEST}\r\n" * 20_000}, None, ""),
        ({"addresses": "x" * 1_000_001}, "endpoint-addresses-error", "1,000,000 characters here"),
        ({"roles": ["barista"] * 300}, "endpoint-roles-error", "'barista' is not known here"),
        ({"roles": [f"r{n}" for n in range(300)]}, "endpoint-roles-error", "'r0' is not known here"),
        ({"roles": ["web-primary", "web-passive"]}, "endpoint-roles-error", "one"),
        ({"platforms": ["abacus"]}, "endpoint-platforms-error", "'abacus'"),
        ({"managed_by": ["Portal"]}, "endpoint-managed_by-error", "none of the roles"),
    ],
)
def test_a_fault_stands_beside_its_field_and_keeps_what_was_typed(client, plan, htmx, changes, field, part):
    row, key = plan
    response = send(
        client, key, "endpoints/edit/", form_of(row.document, "DC01", **changes), htmx=htmx, query="?edit=DC01"
    )
    if field is None:  # the same word counts once, however often
        done(response, htmx=htmx)
        return
    refused(response, row, htmx=htmx)
    page = Page(response)
    assert part in page.text(id=field)
    for key, value in changes.items():
        if key in ("name",):
            assert page.one("input", id="endpoint-name").get("value") == value
        elif key == "addresses":
            assert "".join(page.one("textarea", id="endpoint-addresses").itertext()).strip() == value


def test_a_role_of_a_new_endpoint_that_isnt_known_is_told_with_the_roles(client, plan):
    data = {"name": "New", "zone": "DMZ", "roles": ["barista"]}
    page = Page(send(client, plan[1], "endpoints/add/", data, query="?add=endpoint"))
    assert "'barista' is not known here" in words(page.one("fieldset", aria_describedby="new-roles-error"))
    assert "'barista'" in page.text(id="new-roles-error")


def test_300_roles_that_exist_are_each_counted_once(client, plan):
    row, key = plan
    data = form_of(row.document, "ESX01", roles=["app-server", "mail-server"] * 150)
    assert send(client, key, "endpoints/edit/", data).status_code == 302
    assert endpoints(row)["ESX01"]["roles"] == ["app-server", "mail-server"]


def test_a_role_that_others_rely_on_is_not_taken_away_without_a_word(client):
    document = contoso()
    document["endpoints"][3]["managed_by"] = ["PS01"]
    row, key = store(document)
    response = send(client, key, "endpoints/edit/", form_of(row.document, "PS01", roles=["database"]))
    assert "ESX01: 'PS01' has none of the roles" in refused(response, row, htmx=False)


@both
def test_a_copy_has_a_free_name_and_its_editor_opens(client, plan, htmx):
    row, key = plan
    address = done(send(client, key, "endpoints/duplicate/", {"target": "DC01"}, htmx=htmx), htmx=htmx)
    assert endpoints(row)["DC02"]["roles"] == ["domain-controller"]
    assert "edit=DC02" in address


@both
def test_an_endpoint_that_nothing_names_is_deleted_at_once(client, plan, htmx):
    row, key = plan
    data = {"target": "Portal"}
    address = done(send(client, key, "endpoints/delete/", data, htmx=htmx, query="?edit=Portal"), htmx=htmx)
    assert "Portal" not in endpoints(row)
    assert "edit=" not in address


@both
def test_an_endpoint_that_a_flow_names_is_deleted_after_a_word(client, plan, htmx):
    row, key = plan
    response = send(client, key, "endpoints/delete/", {"target": "DC01"}, htmx=htmx, query="?edit=DC01")
    page = Page(response)
    assert "additional flow from PS01 to DC01" in page.text("form", class_="confirm")
    assert "DC01" in endpoints(row)
    assert page.text(id="state").startswith("Saved")
    done(send(client, key, "endpoints/delete/", {"target": "DC01", "confirmed": "1"}, htmx=htmx), htmx=htmx)
    assert "DC01" not in endpoints(row)
    assert "additional_flows" not in row.document


@both
@pytest.mark.parametrize("path", ["edit", "duplicate", "delete"])
def test_an_endpoint_that_someone_just_deleted_is_said_to_be_gone(client, plan, htmx, path):
    row, key = plan
    data = form_of(row.document, "Portal", addresses="10.7.7.7", base="1")
    send(client, key, "endpoints/delete/", {"target": "Portal"})
    row.refresh_from_db()
    response = send(client, key, f"endpoints/{path}/", data, htmx=htmx, query="?edit=Portal")
    assert "Portal" in refused(response, row, htmx=htmx) or path != "edit"
    assert errors(response)
    if path == "edit":
        assert "10.7.7.7" in Page(response).text("textarea", id="endpoint-addresses")


def test_an_older_page_changes_only_what_its_author_changed(client, plan):
    row, key = plan
    first = row.document
    send(client, key, "endpoints/edit/", form_of(first, "DC01", zone="DMZ", base="1"))
    send(client, key, "endpoints/edit/", form_of(first, "DC01", addresses="10.0.0.99", base="1"))
    assert endpoints(row)["DC01"] == {
        "name": "DC01", "zone": "DMZ", "addresses": ["10.0.0.99"], "roles": ["domain-controller"],
    }  # fmt: skip


@both
def test_a_clash_keeps_the_input_shows_what_is_there_and_can_be_applied_again(client, plan, htmx):
    row, key = plan
    first = row.document
    send(client, key, "endpoints/edit/", form_of(first, "DC01", zone="DMZ", addresses="10.0.0.98", base="1"))
    row.refresh_from_db()
    mine = form_of(first, "DC01", addresses="10.0.0.99", base="1")
    response = send(client, key, "endpoints/edit/", mine, htmx=htmx, query="?edit=DC01")
    sentences = refused(response, row, htmx=htmx)
    assert "Someone changed the same thing" in sentences
    assert "In the plan now: 10.0.0.98." in sentences
    page = Page(response)
    assert page.text("textarea", id="endpoint-addresses") == "10.0.0.99"
    zone = next(option for option in page.one("select", id="endpoint-zone") if option.get("selected") is not None)
    assert zone.get("value") == "DMZ", "what the author left alone is what it has become"
    send(client, key, "endpoints/edit/", mine | {"zone": "DMZ", "base": "2"})
    assert endpoints(row)["DC01"]["addresses"] == ["10.0.0.99"]
    assert endpoints(row)["DC01"]["zone"] == "DMZ"


@by_lots(HOSTILE_NAMES)
def test_hostile_names_are_edited_like_any_other(client, name):
    row, key = store(hostile(name))
    page = Page(client.get(f"/plans/{key}/"))
    of_zone, of_endpoint = page.all("a", class_="topology-link", title=f"Edit {name}")
    assert Page(client.get(of_zone.get("href"))).one("input", id="zone-name").get("value") == name
    page = Page(client.get(of_endpoint.get("href")))
    assert page.one("input", id="endpoint-name").get("value") == name
    done(send(client, key, "endpoints/edit/", form_of(row.document, name, addresses="10.8.8.8")), htmx=False)
    assert endpoints(row)[name]["addresses"] == ["10.8.8.8"]


def test_an_endpoint_that_is_folded_in_is_found_by_its_name(client):
    _, key = store(sites(400))
    page = Page(client.get(f"/plans/{key}/", {"find": "w399"}))
    assert page.text(id="editor-title") == "Edit W399"
    page = Page(client.get(f"/plans/{key}/", {"find": "W39"}))
    assert page.text(id="editor-title") == "Edit W39"
    page = Page(client.get(f"/plans/{key}/", {"find": "L3999"}))
    assert "no endpoint has it in its name" in page.text(class_="found")


@pytest.mark.parametrize("query", ["edit=None", "zone=None", "add=nothing", "edit=%00", "find=%F0%9F%98%80", "edit="])
def test_an_address_that_opens_nothing_is_a_page_all_the_same(client, plan, query):
    assert client.get(f"/plans/{plan[1]}/?{query}").status_code == 200


@both
def test_a_zone_is_added_renamed_and_deleted(client, plan, htmx):
    row, key = plan
    done(send(client, key, "zones/add/", {"name": "Site", "kind": "remote-site"}, htmx=htmx), htmx=htmx)
    data = {"target": "Internal", "name": "Core", "kind": "cloud"}
    done(send(client, key, "zones/edit/", data, htmx=htmx, query="?zone=Internal"), htmx=htmx)
    assert document_of(row)["zones"][0] == {"name": "Core", "kind": "cloud"}
    assert endpoints(row)["PS01"]["zone"] == "Core"
    done(send(client, key, "zones/delete/", {"target": "Site"}, htmx=htmx), htmx=htmx)
    assert [zone["name"] for zone in document_of(row)["zones"]] == ["Core", "DMZ", "Internet"]


def test_the_focus_goes_to_a_zone_that_was_saved_also_under_a_new_name(client, plan):
    for before, after in (("Internal", "Core"), ("Core", "Core")):
        data = {"target": before, "name": after, "kind": "internal"}
        page = Page(send(client, plan[1], "zones/edit/", data, htmx=True, query=f"?zone={before}"))
        assert page.one("a", autofocus=True).get("title") == "Edit Core"


@both
def test_a_zone_with_endpoints_is_deleted_after_a_word(client, plan, htmx):
    row, key = plan
    response = send(client, key, "zones/delete/", {"target": "DMZ"}, htmx=htmx, query="?zone=DMZ")
    assert "2 endpoints in this zone go with it" in Page(response).text("form", class_="confirm")
    assert len(document_of(row)["zones"]) == 3
    send(client, key, "zones/delete/", {"target": "DMZ", "confirmed": "1"}, htmx=htmx)
    assert len(document_of(row)["zones"]) == 3, "another number than there are"
    done(send(client, key, "zones/delete/", {"target": "DMZ", "confirmed": "2"}, htmx=htmx), htmx=htmx)
    assert {"Portal", "ESX01"}.isdisjoint(endpoints(row))


@by_turns(
    ("path", "data", "part"),
    [
        ("zones/add/", {"name": "", "kind": "dmz"}, "A name is needed."),
        ("zones/add/", {"name": "dmz", "kind": "dmz"}, "more than upper and lower case"),
        ("zones/add/", {"name": "X", "kind": "lunar"}, "no kind of zone"),
        ("zones/edit/", {"target": "DMZ", "name": "INTERNAL", "kind": "dmz"}, "more than upper and lower case"),
        ("zones/edit/", {"target": "Internet", "name": "Internet", "kind": "dmz"}, "Public: The address any"),
        ("zones/edit/", {"target": "Moon", "name": "Moon 2", "kind": "dmz"}, "no zone “Moon”"),
        ("zones/delete/", {"target": "Moon"}, "no zone “Moon”"),
        ("endpoints/add/", {}, "A name is needed."),
        ("endpoints/add/", {"name": "ps01", "zone": "DMZ"}, "more than upper and lower case"),
        ("endpoints/add/", {"name": "X", "zone": "Moon"}, "There is no zone 'Moon'"),
        ("endpoints/add/", {"name": "X", "zone": "DMZ", "roles": ["x"] * 300}, "'x' is not known"),
        ("endpoints/import/", {}, "Choose a file or paste"),
        ("endpoints/import/", {"text": "name,zone\nX,Moon"}, "1 fault; nothing was added"),
        ("endpoints/import/", {"text": "name,zone\na\x00,DMZ"}, "ull"),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(client, plan, htmx, path, data, part):
    row, key = plan
    assert part in refused(send(client, key, path, data, htmx=htmx), row, htmx=htmx)


@both
def test_a_paste_of_five_megabytes_gets_a_sentence(client, plan, htmx):
    row, key = plan
    response = send(client, key, "endpoints/import/", {"text": "x" * 5 * 2**20}, htmx=htmx)
    assert response.status_code == 200
    assert b"The table has 5.0 MiB; at most 2 MiB are read." in response.content
    assert len(endpoints(row)) == 5


def test_the_last_zone_stays(client):
    row, key = store({"format": 1, "name": "N", "zones": [{"name": "Z", "kind": "dmz"}], "endpoints": []})
    assert "At least one zone" in refused(send(client, key, "zones/delete/", {"target": "Z"}), row, htmx=False)


@both
@pytest.mark.slow
def test_a_table_of_a_thousand_endpoints_is_imported_once(client, plan, htmx):
    row, key = plan
    text = "name,zone,zone_kind,platforms\n" + "".join(f"W{n},Site,remote-site,windows\n" for n in range(1000))
    data = {"text": text, "operation": "b" * 32}
    done(send(client, key, "endpoints/import/", data, htmx=htmx, query="?add=import"), htmx=htmx)
    done(send(client, key, "endpoints/import/", data, htmx=htmx, query="?add=import"), htmx=htmx)
    assert len(endpoints(row)) == 1005
    assert row.revision == 2


def test_a_table_comes_as_a_file_too(client, plan):
    row, key = plan
    data = client.get(f"/plans/{key}/endpoints/template.csv")
    assert data.headers["Content-Disposition"] == 'attachment; filename="endpoints-template.csv"'
    file = SimpleUploadedFile("e.csv", data.content)
    done(client.post(f"/plans/{key}/endpoints/import/", {"file": file}), htmx=False)
    assert {"Staff", "Managed 1"} <= set(endpoints(row))


def test_faults_of_a_table_are_listed_by_line_and_the_table_stays(client, plan):
    row, key = plan
    text = "name,zone,addresses\nX,DMZ,10.0.0.1/33\nx,DMZ,\n"
    response = send(client, key, "endpoints/import/", {"text": text})
    refused(response, row, htmx=False)
    page = Page(response)
    assert "Line 3, name" in page.text(id="import-errors")
    assert "x,DMZ," in page.text("textarea", id="import-text")
    response = send(client, key, "endpoints/import/", {"text": text.replace("x,DMZ", "Y,DMZ")})
    assert "Line 2, addresses" in Page(response).text(id="import-errors")
