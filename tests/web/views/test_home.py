import json
from dataclasses import replace

import jsonschema
import pytest
import yaml

from planner.store.models import Plan, Revision
from ports.models import PortMatrix, new_stamp
from ports.queries import shipped_matrix
from tests.examples import EXAMPLES
from tests.web.views.pages import Page


def test_the_first_page_says_what_this_is_and_offers_four_ways_to_begin(client):
    response = client.get("/")
    page = Page(response)
    assert response.status_code == 200
    assert "Passwordstate" in page.text("h1")
    assert [button.get("value") for button in page.all("button", name="example")] == list(EXAMPLES)
    links = {link.get("href") for link in page.all("a")}
    assert {"/plans/guided/", "/plans/import/", "/matrix/", "/schemas/plan.json", "/schemas/report.json"} <= links


@pytest.mark.parametrize("slug", EXAMPLES)
def test_each_card_names_its_topology_its_zones_and_what_it_is_about(client, slug):
    document = yaml.safe_load(EXAMPLES[slug].data)
    body = Page(client.get("/")).text()
    assert document["name"] in body
    assert document["description"] in body
    assert all(zone["name"] in body for zone in document["zones"])


def test_a_card_says_how_its_topology_answers_what_the_document_leaves_open(client, monkeypatch):
    body = Page(client.get("/")).text()
    assert "Answers 5 questions of the document: practice in 4, as documented in 1." in body
    whole = shipped_matrix()
    silent = {slug: replace(one, corrections=(), as_documented=()) for slug, one in whole.topologies.items()}
    monkeypatch.setattr("planner.web.views.products.current_matrix", lambda _="": replace(whole, topologies=silent))
    assert "of the document: " not in Page(client.get("/")).text()


@pytest.mark.parametrize("slug", EXAMPLES)
def test_every_ready_made_topology_starts_a_plan_of_its_own(client, slug):
    example = yaml.safe_load(EXAMPLES[slug].data)
    response = client.post("/plans/start/", {"example": slug})
    plan = Plan.objects.get()
    assert response.status_code == 302
    assert len(response.url) == len("/plans//") + 36
    assert [zone["name"] for zone in plan.document["zones"]] == [zone["name"] for zone in example["zones"]]
    assert [row["name"] for row in plan.document["endpoints"]] == [row["name"] for row in example["endpoints"]]
    page = Page(client.get(response.url))
    assert page.text("h1") == plan.name == example["name"]
    assert page.text(id="state") == "Saved · revision 1"


@pytest.mark.parametrize("slug", EXAMPLES)
def test_a_plan_from_a_ready_made_topology_has_no_address_that_isnt_its_own(client, slug):
    """An invented one in a report would open the wrong hole."""
    client.post("/plans/start/", {"example": slug})
    document = Plan.objects.get().document
    kinds = {zone["name"]: zone["kind"] for zone in document["zones"]}
    for endpoint in document["endpoints"]:
        assert endpoint.get("addresses", []) == (["any"] if kinds[endpoint["zone"]] == "internet" else [])


def test_starting_twice_makes_two_plans_with_different_addresses(client):
    first = client.post("/plans/start/", {"example": "dmz"}).url
    second = client.post("/plans/start/", {"example": "dmz"}).url
    assert first != second
    assert Plan.objects.count() == Revision.objects.count() == 2


@pytest.mark.parametrize("data", [{"example": "no-such"}, {"example": ""}, {}, {"example": "../dmz"}])
def test_an_unknown_topology_is_answered_with_a_sentence_and_nothing_is_stored(client, data):
    response = client.post("/plans/start/", data)
    assert response.status_code == 404
    assert "Choose one of those on the start page." in Page(response).text()
    assert not Plan.objects.exists()


def test_a_topology_isnt_started_by_a_link(client):
    assert client.get("/plans/start/").status_code == 405


def test_an_address_that_isnt_ours_gives_a_page_in_the_same_frame(client):
    response = client.get("/nowhere/")
    page = Page(response)
    assert response.status_code == 404
    assert page.text("h1") == "Nothing is here"
    assert page.one("a", class_="brand").get("href") == "/"


@pytest.mark.parametrize("path", ["/", "/plans/import/", "/healthz", "/schemas/plan.json"])
def test_pages_answer_head_requests(client, path):
    response = client.head(path)
    assert (response.status_code, response.content) == (200, b"")


def test_health_is_ok_with_a_matrix(client):
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")


def test_without_a_matrix_the_process_is_well_and_not_ready(client):
    PortMatrix.objects.all().delete()
    assert client.get("/healthz").status_code == 200
    response = client.get("/readyz")
    assert (response.status_code, response.content) == (503, b"matrix\n")


@pytest.mark.parametrize("name", ["plan", "report", "results"])
def test_the_schemas_are_json_schemas(client, name):
    response = client.get(f"/schemas/{name}.json")
    assert response.headers["Content-Type"] == "application/schema+json"
    jsonschema.Draft202012Validator.check_schema(json.loads(response.content))


@pytest.mark.parametrize("slug", EXAMPLES)
def test_the_ready_made_topologies_fit_the_schema_of_plans(client, slug):
    schema = client.get("/schemas/plan.json").json()
    jsonschema.validate(yaml.safe_load(EXAMPLES[slug].data), schema)


@pytest.mark.parametrize("path", ["/", "/plans/import/", "/schemas/plan.json"])
def test_without_a_matrix_every_page_says_so(client, path):
    PortMatrix.objects.all().delete()
    response = client.get(path)
    assert response.status_code == 503
    assert "load_matrix" in Page(response).text()


def test_without_a_matrix_nothing_is_started(client):
    PortMatrix.objects.all().delete()
    assert client.post("/plans/start/", {"example": "dmz"}).status_code == 503
    assert not Plan.objects.exists()


def test_a_matrix_with_faults_is_named_with_all_of_them(client, matrix):
    matrix.services.filter(slug__in=["website", "database"]).delete()
    PortMatrix.objects.update(stamp=new_stamp())
    response = client.get("/")
    assert response.status_code == 503
    text = Page(response).text("ul", class_="faults")
    assert "website" in text
    assert "database" in text
