"""Several products side by side: chosen on the pages, carried in documents, and no dead end where one is missing."""

import io
import json
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from planner.plan.syntax import to_yaml
from planner.store.models import Plan
from ports.models import PortMatrix
from tests.editions import HARBOUR, load_gatekeeper, load_next
from tests.report.samples import contoso
from tests.web.views.link_forms import read_link
from tests.web.views.pages import Page, give, store, words

PLAIN = {"format": 1, "name": "Plain", "zones": [{"name": "Z", "kind": "internal"}], "endpoints": []}


@pytest.fixture
def gatekeeper():
    return load_gatekeeper()


def hrefs(page):
    return [a.get("href") for a in page.all("a")]


def newest():
    return Plan.objects.select_related("edition").order_by("-pk").first()


def paste(client, document, **more):
    return client.post("/plans/import/", {"text": to_yaml(document), **more})


def faults(response):
    return [words(one) for one in Page(response).one("ul", class_="faults").iter("li")]


@pytest.mark.parametrize("path", ["/", "/plans/guided/", "/plans/import/", "/plans/"])
def test_with_one_product_nothing_is_shown_of_products(client, path):
    store()
    html = client.get(path).content.decode()
    for shown in ('aria-label="Product"', 'name="product"', "?product=", "A product that"):
        assert shown not in html


def test_home_leads_to_the_start_the_import_and_the_matrix_of_the_chosen_product(client, gatekeeper):
    page = Page(client.get("/"))
    links = {words(a): a.get("href") for a in page.one("nav", aria_label="Product").iter("a")}
    assert links == {"Passwordstate": "/?product=passwordstate", gatekeeper.product: "/?product=gatekeeper"}
    assert page.all("input", name="product") == []
    page = Page(client.get("/", {"product": "gatekeeper"}))
    assert gatekeeper.product in page.text("h1")
    assert [words(a) for a in page.all("a", aria_current="page")] == [gatekeeper.product]
    for wanted in ("/plans/import/", "/matrix/"):
        assert f"{wanted}?product=gatekeeper" in hrefs(page)
    assert page.all("button", name="example") == [], "the ready-made ones are another product's"


def test_an_import_takes_the_product_from_the_document_else_from_the_form(client, gatekeeper):
    assert paste(client, PLAIN).status_code == 302
    assert (newest().edition.product_slug, "product" in newest().document) == ("passwordstate", False)
    assert paste(client, PLAIN, product="gatekeeper").status_code == 302
    assert (newest().edition.product_slug, newest().document["product"]) == ("gatekeeper", "gatekeeper")
    assert paste(client, PLAIN | {"product": "gatekeeper"}).status_code == 302
    assert (newest().edition.product_slug, newest().document["product"]) == ("gatekeeper", "gatekeeper")
    assert paste(client, PLAIN | {"product": "passwordstate"}, product="gatekeeper").status_code == 302
    assert newest().edition.product_slug == "passwordstate"
    page = Page(client.get("/plans/import/", {"product": "gatekeeper"}))
    [chosen] = [one for one in page.one("select", name="product").iter("option") if one.get("selected") is not None]
    assert chosen.get("value") == "gatekeeper"


def test_a_product_that_is_not_here_is_a_fault_beside_all_others(client, gatekeeper):
    count = Plan.objects.count()
    [product, role] = faults(paste(client, contoso() | {"product": "nothing", "colour": "red"}))
    assert product == "product 'nothing' is not known here; allowed are passwordstate, gatekeeper."
    assert role.startswith("colour")
    assert Plan.objects.count() == count


def test_an_archive_with_plans_that_name_no_product_takes_that_of_the_form(client, gatekeeper):
    paste(client, PLAIN, product="gatekeeper")
    plan = newest()
    data = b"".join(client.get(f"/plans/{plan.key}/export.zip"))
    assert client.post("/plans/import/", {"file": SimpleUploadedFile("p.zip", data)}).status_code == 302
    assert newest().pk != plan.pk
    assert newest().edition.slug == "gatekeeper-4"
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        assert json.loads(packed.read("plans/1/plan.json"))["edition"] == "gatekeeper-4"


def test_the_guided_start_asks_the_questions_of_the_product_and_makes_a_plan_of_it(client, tmp_path):
    load_next(tmp_path, "twin-1", product="Twin")
    assert "/plans/guided/?product=twin" in hrefs(Page(client.get("/", {"product": "twin"})))
    page = Page(client.get("/plans/guided/", {"product": "twin"}))
    assert "Twin" in page.text("h1")
    assert page.one("input", name="product").get("value") == "twin"
    assert client.post("/plans/guided/preview/", {"product": "twin"}).status_code == 200
    assert client.post("/plans/guided/", {"product": "twin", "name": "Guided"}).status_code == 302
    assert (newest().edition.slug, newest().document["product"]) == ("twin-1", "twin")
    assert client.post("/plans/start/", {"product": "twin", "example": "dmz"}).status_code == 302
    assert (newest().edition.slug, newest().document["product"]) == ("twin-1", "twin")


def test_a_product_without_questions_leads_to_those_that_have_some_and_to_the_import(client, gatekeeper):
    response = client.get("/plans/guided/", {"product": "gatekeeper"})
    assert response.status_code == 404
    assert {"/plans/guided/?product=passwordstate", "/plans/import/?product=gatekeeper"} <= set(hrefs(Page(response)))


def test_the_guided_start_of_the_default_product_names_none(client, gatekeeper):
    assert client.post("/plans/guided/", {"name": "Guided"}).status_code == 302
    assert (newest().edition.product_slug, "product" in newest().document) == ("passwordstate", False)


def test_a_ready_made_topology_is_one_of_the_chosen_product(client, gatekeeper):
    assert client.post("/plans/start/", {"example": "dmz"}).status_code == 302
    assert newest().edition.product_slug == "passwordstate"
    assert client.post("/plans/start/", {"example": "dmz", "product": "gatekeeper"}).status_code == 404


@pytest.mark.slow
def test_a_plan_and_its_readers_are_led_to_the_edition_that_the_plan_is_on(client, gatekeeper, tmp_path):
    plan = store()  # before the default product has a newer edition
    load_next(tmp_path)
    paste(client, PLAIN, product="gatekeeper")
    other = newest(), str(newest().key)
    for where, edition, section in ((plan, "passwordstate-2026-11", "9"), (other, "gatekeeper-4", "")):
        for path in (f"/plans/{where[1]}/", read_link(client, where)):
            for view in ("rules", "flows", "findings", "unneeded"):
                page = Page(client.get(path, {"view": view}))
                led = {href for href in hrefs(page) if href and href.startswith("/matrix/")}
                assert f"/matrix/?edition={edition}" in led
                assert all(href.startswith(f"/matrix/?edition={edition}") for href in led)
                assert not section or view == "rules" or any(href.endswith("section=9") for href in led)
                assert edition in Page(client.get(f"/matrix/?edition={edition}")).text("div", class_="editions")


def test_the_matrix_is_that_of_the_product(client, gatekeeper):
    page = Page(client.get("/matrix/", {"product": "gatekeeper"}))
    assert "gatekeeper-4" in page.text("div", class_="editions")
    assert "passwordstate-2026-11" in Page(client.get("/matrix/", {"product": "passwordstate"})).text("main")
    assert client.get("/matrix/", {"product": "nothing"}).status_code == 404


@pytest.mark.parametrize("path", ["/", "/plans/guided/", "/plans/import/", "/schemas/plan.json"])
def test_a_product_in_the_address_that_is_not_here_leads_to_those_that_are(client, gatekeeper, path):
    response = client.get(path, {"product": "nothing"})
    assert response.status_code == 404
    page = Page(response)
    assert "There is no port matrix of 'nothing' here; there are passwordstate, gatekeeper." in page.text("main")
    assert {"/?product=passwordstate", "/?product=gatekeeper"} <= set(hrefs(page))


def test_the_schema_is_that_of_the_product(client, gatekeeper):
    schemas = [json.dumps(client.get("/schemas/plan.json", {"product": name}).json()) for name in ("", "gatekeeper")]
    assert ['"password-reset-portal"' in schema for schema in schemas] == [True, False]


@pytest.mark.parametrize("path", ["", "edition/", "changes/", "plan.yaml", "report/csv", "read/"])
def test_a_plan_whose_product_is_not_here_is_no_dead_end(client, path):
    document = PLAIN | {"product": "gatekeeper"}
    key = give(Plan.objects.create(name="Harbour", document=document))
    Plan.objects.get(key=key).revisions.create(number=1, document=document, summary="Made")
    response = client.get(f"/plans/{key}/{path}")
    assert response.status_code == 503
    page = Page(response)
    assert "There is no port matrix of 'gatekeeper' here; there are passwordstate." in page.text("main")
    assert "Nothing of Harbour is lost." in page.text("main")
    assert f"/plans/{key}/export.zip" in hrefs(page)
    for link in (f"/plans/{key}/export.zip", f"/plans/{key}/history/", "/plans/", "/?product=passwordstate"):
        assert link in hrefs(page)
        answer = client.get(link)
        assert answer.status_code == 200
        assert b"".join(answer)
    load_gatekeeper()
    assert client.get(f"/plans/{key}/{path}").status_code == 200


def test_my_plans_name_the_products_where_there_are_several(client, gatekeeper):
    store()
    paste(client, PLAIN, product="gatekeeper")
    give(newest())
    give(Plan.objects.create(name="Lost", document=PLAIN | {"product": "lost"}))
    lines = [words(one) for one in Page(client.get("/plans/")).all("li", class_="plan-line")]
    said = {line.partition(" ")[0]: line for line in lines}
    assert "Passwordstate · Revision 1" in said["Contoso"]
    assert f"{gatekeeper.product} · Revision 1" in said["Plain"]
    assert "A product that isn’t here · Revision 1" in said["Lost"]


def test_a_copy_of_a_plan_of_another_product_is_one_too(client, gatekeeper):
    paste(client, PLAIN, product="gatekeeper")
    plan = newest()
    client.post(f"/plans/{plan.key}/duplicate/")
    assert newest().pk != plan.pk
    assert newest().edition.slug == "gatekeeper-4"


def test_a_plan_of_the_other_product_is_edited_and_reported(client, gatekeeper):
    text = HARBOUR.read_text("utf-8")
    assert client.post("/plans/import/", {"text": text, "product": "gatekeeper"}).status_code == 302
    plan = newest()
    assert client.get(f"/plans/{plan.key}/").status_code == 200
    assert client.post(f"/plans/{plan.key}/name/", {"name": "Port", "description": ""}).status_code == 302
    assert PortMatrix.objects.get(pk=newest().revisions.get(number=2).edition_id).slug == "gatekeeper-4"
