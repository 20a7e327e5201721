"""Editing one endpoint after the other: which is next, the list beside, roles in groups, making again what is gone."""

import pytest

from planner.store import actions
from planner.store.models import Plan, Revision
from ports.queries import current_matrix
from tests.report.samples import sites, write_plan
from tests.web.views.pages import HTMX, Page, store, words
from tests.web.views.test_topology import endpoints, form_of

PLAN = write_plan(
    {"name": "Last", "zone": "DMZ", "addresses": ["192.0.2.9"], "roles": ["website-user"]},
    {"name": "First", "zone": "Internal", "addresses": ["10.0.0.10"], "roles": ["web-primary", "database"]},
    {"name": "Second", "zone": "Internal", "addresses": [], "roles": ["mail-server"]},
)


@pytest.fixture
def plan():
    return store(PLAN)


def read(client, key, query):
    return Page(client.get(f"/plans/{key}/{query}"))


def send(client, key, data, **headers):
    current = f"http://testserver/plans/{key}/?edit={data['target']}"
    return client.post(
        f"/plans/{key}/endpoints/edit/", data, headers=headers and headers | {"HX-Current-URL": current}
    )


def listed(page):
    return [words(item).split()[1] for item in page.one(id="beside").iter("li")]


def test_the_list_has_the_endpoints_zone_by_zone_and_marks_the_one_that_is_open(client, plan):
    page = read(client, plan[1], "?edit=First")
    assert sorted(listed(page)) == ["First", "Last", "Second"]
    assert words(page.one("a", aria_current="true", class_="topology-link")) == "Edit First"
    assert "address?" in words(page.one(id="beside"))


def test_previous_and_next_lead_round_and_keep_what_else_one_looks_at(client, plan):
    order = listed(read(client, plan[1], "?edit=First"))
    for name, after in zip(order, [*order[1:], order[0]], strict=True):
        page = read(client, plan[1], f"?view=flows&edit={name}")
        assert page.one(id="editor-next").get("href") == f"/plans/{plan[1]}/?view=flows&edit={after}"
    assert page.one(id="editor-previous").get("href").endswith(f"edit={order[-2]}")


@pytest.mark.parametrize("htmx", [False, True])
def test_save_and_next_saves_this_one_and_opens_the_next(client, plan, htmx):
    row, key = plan
    order = listed(read(client, key, "?edit=First"))
    data = form_of(row.document, "First", addresses="10.0.0.99", then="next")
    response = send(client, key, data, **(HTMX if htmx else {}))
    after = order[(order.index("First") + 1) % len(order)]
    assert (response.headers["HX-Push-Url"] if htmx else response.url) == f"/plans/{key}/?edit={after}"
    assert endpoints(row)["First"]["addresses"] == ["10.0.0.99"]


def test_what_is_wrong_keeps_the_editor_open_instead_of_going_on(client, plan):
    row, key = plan
    response = send(client, key, form_of(row.document, "First", addresses="10.0.0.999", then="next"), **HTMX)
    page = Page(response)
    assert page.text(id="editor-title") == "Edit First"
    assert "10.0.0.999" in page.text("textarea", id="endpoint-addresses")


def test_of_three_thousand_endpoints_those_around_are_listed(client):
    key = store(sites(300))[1]
    names = [end["name"] for end in Plan.objects.get().document["endpoints"]]
    page = read(client, key, f"?edit={names[450]}")
    assert len(listed(page)) == 81
    assert "before these" in words(page.one(id="beside"))
    assert page.text("nav", aria_label="Other endpoints").endswith(f"of {len(names)} Next")


def test_roles_stand_in_two_groups_each_with_what_it_means(client, plan):
    for query in ("?edit=First", "?add=endpoint"):
        groups = read(client, plan[1], query).all("div", class_="role-group")
        server, people = map(words, groups)
        assert (server.startswith("What it does"), people.startswith("Who they are")) == (True, True)
        assert "Database server Microsoft SQL Server that holds the Passwordstate database." in server
        assert "Website users People who work with the Passwordstate website." in people
        assert "Website users" not in server


def test_a_new_endpoint_goes_to_the_zone_that_one_was_looking_at(client, plan):
    page = read(client, plan[1], "")
    link = next(link for link in page.all("a", class_="add-here") if words(link) == "Add an endpoint to DMZ")
    adder = Page(client.get(link.get("href")))
    chosen = [
        option.get("value") for option in adder.one(id="endpoint-zone").iter("option") if "selected" in option.attrib
    ]
    assert chosen == ["DMZ"]


def delete(row, name):
    params = {"endpoint": name}
    actions.apply_edit(plan_id=row.pk, matrix=current_matrix(), edit="delete-endpoint", params=params)


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_deleted_endpoint_that_somebody_still_edits_can_be_made_again(client, plan, headers):
    row, key = plan
    data = form_of(row.document, "Second", addresses="10.0.0.77") | {"base": "1"}
    delete(row, "Second")
    page = Page(send(client, key, data, **headers))
    assert "There is no endpoint “Second” any more; someone has renamed or deleted it." in words(page.one(id="panel"))
    assert page.text("button", id="endpoint-save") == "Make it again"
    assert page.text("textarea", id="endpoint-addresses") == "10.0.0.77"
    assert "endpoint-delete" not in page.ids
    send(client, key, data | {"again": "1", "base": "2"}, **headers)
    again = endpoints(row)["Second"]
    assert (again["addresses"], again["roles"], again["zone"]) == (["10.0.0.77"], ["mail-server"], "Internal")


def test_making_it_again_where_its_name_is_taken_by_now_says_so_and_keeps_the_input(client, plan):
    row, key = plan
    data = form_of(row.document, "Second", addresses="10.0.0.77") | {"base": "1", "again": "1", "name": "FIRST"}
    delete(row, "Second")
    page = Page(send(client, key, data, **HTMX))
    assert "There is an endpoint of that name already" in words(page.one(id="panel"))
    assert page.text("button", id="endpoint-save") == "Make it again"
    assert Revision.objects.count() == 2
