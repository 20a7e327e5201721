"""The table of endpoints as views: what a page has, what a post stores, and that it costs no more with more rows."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from planner.store import actions
from planner.web.forms import endpoints_table
from ports.queries import current_matrix
from tests.report.samples import HOSTILE_NAMES, contoso, write_plan
from tests.web.views.pages import Page, document_of, know, store


@pytest.fixture
def plan(client):
    know(client)
    return store(contoso())


def address(key, query=""):
    return f"/plans/{key}/endpoints/{query}"


def labels(page):
    return {field.get("aria-label"): field.get("value") for field in page.all("input", aria_label=True)}


def send(client, key, *rows, base=1, **more):
    """Rows as a script sends them: pairs of the endpoint and its changed cells."""
    return client.post(address(key), {"cells": json.dumps(rows), "base": base, **more})


def endpoints(row):
    return {endpoint["name"]: endpoint for endpoint in document_of(row)["endpoints"]}


def test_each_cell_is_a_field_that_is_called_after_its_column_and_endpoint(client, plan):
    page = Page(client.get(address(plan[1])))
    fields = labels(page)
    assert fields["Addresses of PS01"] == "10.0.0.10 fd00::10"
    assert fields["Roles of PS01"] == "web-primary database"
    assert fields["Zone of Portal"] == "DMZ"
    assert fields["Group of Public"] == "yes"
    assert fields["Managed by of ESX01"] == ""
    assert fields["Name of new endpoint 1"] == ""
    assert [cell.text for cell in page.all("th", scope="col")] == [
        "Name", "Zone", "Addresses", "Roles", "Platforms", "Operations", "Sessions", "Managed by", "Group",
    ]  # fmt: skip


def test_a_plan_leads_to_its_table(client, plan):
    link = Page(client.get(f"/plans/{plan[1]}/")).one("a", id="as-table")
    assert link.get("href") == address(plan[1])


def test_a_page_that_is_sent_as_it_is_changes_nothing(client):
    know(client)
    row, key = store(write_plan(*({"name": name, "zone": "Internal"} for name in HOSTILE_NAMES)))
    page = Page(client.get(address(key)))
    form = {field.get("name"): field.get("value") for field in page.one("form", id="grid-form").iter("input")}
    assert client.post(address(key), form).status_code == 302
    row.refresh_from_db()
    assert row.revision == 1


def test_what_is_sent_twice_counts_once(client, plan):
    row, key = plan
    for _ in range(2):
        answer = send(client, key, ["", {"name": "Kiosk", "zone": "DMZ"}], operation="a" * 32)
        assert answer.status_code == 302
    assert document_of(row)["endpoints"][-1] == {"name": "Kiosk", "zone": "DMZ"}
    assert row.revision == 2


def test_only_changed_cells_are_written_so_that_others_keep_what_they_did(client, plan):
    row, key = plan
    params = {"endpoint": "DC01", "changes": {"name": "DC99", "addresses": ["10.0.0.21"]}}
    actions.apply_edit(plan_id=row.pk, matrix=current_matrix(), edit="edit-endpoint", params=params)
    assert send(client, key, ["DC01", {"zone": "DMZ"}]).status_code == 302
    found = endpoints(row)["DC99"]
    assert (found["zone"], found["addresses"]) == ("DMZ", ["10.0.0.21"])


def test_a_name_that_someone_else_has_given_meanwhile_is_told_at_the_new_row(client, plan):
    row, key = plan
    params = {"endpoint": {"name": "Kiosk", "zone": "DMZ"}}
    actions.apply_edit(plan_id=row.pk, matrix=current_matrix(), edit="add-endpoint", params=params)
    page = Page(send(client, key, ["", {"name": "Kiosk", "zone": "Internal"}], ["DC01", {"sessions": "ssh"}]))
    assert "in between; give this one another name" in page.text("p", class_="error")
    assert endpoints(row)["Kiosk"]["zone"] == "DMZ"
    assert endpoints(row)["DC01"]["sessions"] == ["ssh"]


def test_what_contradicts_what_others_made_is_told_at_its_cell(client, plan):
    row, key = plan
    actions.apply_edit(
        plan_id=row.pk, matrix=current_matrix(), edit="add-zone", params={"name": "Oslo", "kind": "dmz"}
    )
    actions.apply_edit(plan_id=row.pk, matrix=current_matrix(), edit="delete-zone", params={"zone": "Oslo"})
    page = Page(send(client, key, ["DC01", {"zone": "Oslo"}], ["PS01", {"zone": "DMZ"}], base=2))
    assert "There is no zone 'Oslo'" in page.text("p", class_="error")
    assert endpoints(row)["PS01"]["zone"] == "DMZ"


@pytest.mark.parametrize(
    "cells", ["", "[", "{}", "[1]", '[["PS01"]]', '[["PS01", 1]]', '[["PS01", {"zone": 1}]]', "[" * 9999]
)
def test_what_is_no_table_stores_nothing_and_gets_a_sentence(client, plan, cells):
    answer = client.post(address(plan[1]), {"cells": cells})
    assert answer.status_code == 200
    assert "The table could not be read" in Page(answer).text("p", class_="notice-error")
    assert plan[0].revision == 1


def test_too_many_rows_get_a_sentence(client, plan, monkeypatch):
    monkeypatch.setattr(endpoints_table, "MAX_SENT", 1)
    answer = send(client, plan[1], ["PS01", {"zone": "DMZ"}], ["DC01", {"zone": "DMZ"}])
    assert "At most 1 rows are stored at once, found 2" in Page(answer).text("p", class_="notice-error")


def test_a_plan_that_would_become_too_large_keeps_all_that_was_typed(client, plan, monkeypatch):
    monkeypatch.setattr("planner.plan.limits.ENDPOINTS", 5)
    page = Page(send(client, plan[1], ["", {"name": "Kiosk", "zone": "DMZ"}], ["DC01", {"sessions": "ssh"}]))
    assert "at most 5 endpoints" in page.all("p", class_="notice-error")[0].findtext("bdi")
    assert labels(page)["Zone of Kiosk"] == "DMZ"
    assert labels(page)["Sessions of DC01"] == "ssh"
    assert plan[0].revision == 1


def test_faults_are_told_before_anything_is_stored(client, plan):
    rows = [["PS01", {"zone": "DMZ"}], ["DC01", {"addresses": "10.0.0.999"}]]
    answer = client.post(address(plan[1], "check/"), {"cells": json.dumps(rows), "base": 1})
    [fault] = answer.json()["faults"]
    assert (fault["row"], fault["column"]) == (1, "addresses")
    assert fault["message"].startswith("'10.0.0.999' is no address")
    assert plan[0].revision == 1
    assert client.post(address(plan[1], "check/"), {"cells": "["}).json() == {"faults": []}


def test_rows_are_found_by_name_zone_and_address_and_by_what_they_lack(client, plan):
    def found(query):
        page = Page(client.get(address(plan[1], query)))
        return [field.get("value") for field in page.all("input") if (field.get("name") or "").startswith("row-")][:-3]

    assert found("?find=dmz") == ["Portal", "ESX01"]
    assert found("?find=10.0.0.2") == ["DC01"]
    assert found("?without=addresses") == ["Portal"]
    assert found("?find=nothing") == []
    assert len(found("?without=colour&page=99")) == 5


def test_a_table_has_pages_and_what_is_not_saved_is_seen_on_any(client, monkeypatch):
    know(client)
    monkeypatch.setattr(endpoints_table, "PER_PAGE", 2)
    _, key = store(contoso())
    page = Page(client.get(address(key, "?page=2")))
    assert page.one("a", rel="prev").get("href") == address(key)
    assert page.one("a", rel="next").get("href") == address(key, "?page=3")
    assert {"Name of Portal", "Name of ESX01"} <= labels(page).keys()
    assert "Name of PS01" not in labels(page)
    page = Page(send(client, key, ["PS01", {"addresses": "10.0.0.999"}]))
    assert labels(page)["Addresses of PS01"] == "10.0.0.999"


def test_a_page_that_is_none_is_the_first(client, plan):
    first = Page(client.get(address(plan[1]))).text("main")
    for page in ("0", "-1", "x", "²", "9" * 400):
        assert Page(client.get(address(plan[1], f"?page={page}"))).text("main") == first


def test_undo_leads_back_to_the_table_and_says_what_it_cannot(client, plan):
    row, key = plan
    send(client, key, ["DC01", {"sessions": "ssh"}], ["PS01", {"sessions": "ssh"}])
    answer = client.post(f"/plans/{key}/undo/", {"back": "table"}, follow=True)
    assert answer.redirect_chain == [(address(key), 302)]
    assert "sessions" not in endpoints(row)["DC01"]
    answer = client.post(f"/plans/{key}/undo/", {"back": "table"}, follow=True)
    assert "There is nothing to be undone." in Page(answer).text("p", class_="notice")


def test_more_rows_take_no_more_queries(client):
    know(client)
    counts = []
    for number in (2, 40):
        _, key = store(write_plan(*({"name": f"W{n}", "zone": "DMZ"} for n in range(number))))
        client.get(address(key))  # what is kept of the matrix is there from now on
        with CaptureQueriesContext(connection) as queries:
            client.get(address(key))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_what_was_not_saved_is_counted_by_rows_too(client, plan):
    """Of two wrong rows twelve cells aren't saved; whoever mends them looks for two places."""
    wrong = ["", {"name": "Kiosk", "addresses": "10.0.0.7"}], ["DC01", {"addresses": "10.0.0.999"}]
    page = Page(send(client, plan[1], *wrong, ["PS01", {"addresses": "10.0.0.77"}]))
    assert page.text("span", id="state") == "1 cell saved, 4 not (2 rows)"


def test_a_block_is_pasted_by_a_script_alone_and_without_one_the_import_is_named(client, plan):
    page = Page(client.get(address(plan[1])))
    assert "Paste a block" in page.text("span", class_="grid-keys")
    assert page.one("noscript").find("a").get("href") == f"/plans/{plan[1]}/?add=import"
