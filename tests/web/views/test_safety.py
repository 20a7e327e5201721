"""What must hold whatever a plan is called and whatever goes wrong: names are text, and tokens stay out of logs."""

import csv
import io
import logging
import re

import openpyxl
import pytest
from django.test import Client

from planner.sharing.links import make_edit_link
from planner.store.models import Plan
from tests.paper import read_pages
from tests.report.samples import HOSTILE_NAMES, hostile, hostile_lot, in_lots
from tests.web.views.pages import Page, document_of, know, parse, seen, store, words

NAMES = (
    *HOSTILE_NAMES,
    "</textarea></title><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7|add:7 }}{% now 'Y' %}",
    "\u202egpj.exe",
    "a\u200fb\u200e",
    "زوريخ שלום",
    "😀" * 60,
    "\\N{0}\\E\\G<B>bold</B>",
)
PAGES = ["", "?view=flows", "?view=findings&panel=ports", "?view=diagram&panel=caveats"]


def in_each_lot(names):
    """Tried with as many of these names at once as one plan may have in its own."""
    return pytest.mark.parametrize("names", in_lots(names), ids=lambda lot: ascii(lot)[:30])


@in_each_lot(NAMES)
def test_names_are_text_on_every_page(client, names):
    document = hostile_lot(names)
    _, key = store(document)
    shown = [seen(name) for name in names]
    for query in PAGES:
        page = Page(client.get(f"/plans/{key}/{query}"))
        assert page.text("h1") == seen(document["name"])
        assert seen(document["name"]) in words(page.one("title"))
        assert not [element for tag in ("img", "b", "r") for element in page.all(tag)]
        assert not [script for script in page.all("script") if not script.get("src")]
        if query == "":
            assert {*shown} <= {words(element) for element in page.one(id="panel").iter("bdi")}
            assert page.one("input", id="plan-name").get("value") == document["name"]
            [sources] = [row[1] for row in page.table("rules")]
            assert not [name for number, name in enumerate(shown, 1) if f"{name} 10.0.0.{number}" not in sources]
        if query == "?view=flows":
            rows = [row[0] for row in page.table("flows")]
            assert not [name for name in shown if not any(row.startswith(name) for row in rows)]


@in_each_lot([name for name in NAMES if not name.isascii()])
def test_names_are_isolated_from_the_text_around_them(client, names):
    """In <bdi>, so that a name from right to left doesn't turn round its neighbours."""
    _, key = store(hostile_lot(names))
    page = Page(client.get(f"/plans/{key}/"))
    cells = {id(part) for cell in page.all("td", data_label="Service and why") for part in cell.iter()}
    for element in page.one("main").iter():
        if id(element) not in cells and element.text and any(name in element.text for name in names):
            assert str(element.tag).rpartition("}")[2] in ("bdi", "textarea", "option", "text")
        assert not element.tail or not any(name in element.tail for name in names)


@in_each_lot(NAMES)
def test_no_cell_of_a_csv_file_begins_like_a_formula(client, names):
    _, key = store(hostile_lot(names))
    text = client.get(f"/plans/{key}/report/csv").content.decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text, newline=""), strict=True) for cell in row]
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@", "＝", "\t", "\r"))]
    assert "\u202e" not in text


@in_each_lot(NAMES)
def test_no_cell_of_a_workbook_is_a_formula_or_leads_out_of_it(client, names):
    _, key = store(hostile_lot(names))
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"/plans/{key}/report/xlsx").content))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    linking = [cell for cell in cells if cell.hyperlink]
    assert {cell.parent.title for cell in linking} <= {"Zones"}
    assert {cell.hyperlink.target for cell in linking} <= {None}, "a link leads out of the workbook"
    assert {cell.hyperlink.location.partition("!")[0].strip("'") for cell in linking} <= set(book.sheetnames)
    assert not [cell for cell in cells if cell.value.lstrip().startswith(("=", "+", "-", "@", "＝"))]


@in_each_lot(NAMES)
def test_names_are_text_in_the_html_report(client, names):
    document = hostile_lot(names)
    _, key = store(document)
    page = parse(client.get(f"/plans/{key}/report/html").content.decode())
    assert not page.all("img")
    assert len(page.all("script")) == 1, "ours"
    # What can't be seen, or changes how others are seen, is written out.
    written = re.sub("[\u202a-\u202e\u2066-\u2069]", lambda match: f"<U+{ord(match[0]):04X}>", document["name"])
    assert words(page.one("h1")) == " ".join(written.split())


@in_each_lot(["<b>bold</b>", "=1+1", "\"quoted\", and 'so'", "x" * 255, "emoji 😀 Zürich"])
def test_names_are_text_in_the_pdf(client, names):
    _, key = store(hostile_lot(names))
    text = "".join("".join(read_pages(client.get(f"/plans/{key}/report/pdf").content)).split())
    assert not [name for name in names if "".join(name.split())[:40] not in text]


def test_line_breaks_in_a_description_stay_in_their_field(client):
    description = "One\n</textarea><script>alert(1)</script>\n\n=1+1\n"
    plan, key = store(hostile("N") | {"description": description})
    page = Page(client.get(f"/plans/{key}/"))
    assert "".join(page.one("textarea", name="description").itertext()) == description
    assert not [script for script in page.all("script") if not script.get("src")]
    client.post(f"/plans/{key}/name/", {"name": "N", "description": description.replace("\n", "\r\n")})
    assert document_of(plan)["description"] == description.strip()


class TestLogs:
    """The console's own handler and every other handler of the root logger see no token."""

    @pytest.fixture
    def console(self, monkeypatch):
        stream = io.StringIO()
        [handler] = [h for h in logging.getLogger().handlers if h.name == "console"]
        monkeypatch.setattr(handler, "stream", stream)
        return stream

    def test_an_address_that_isnt_found_is_logged_without_its_token(self, client, console, caplog):
        token = "t" * 43
        client.get(f"/edit/{token}/")
        client.get(f"/edit/{token}")
        client.get(f"/edit/{token}x/")
        assert "Not Found: /edit/…/" in console.getvalue()
        assert token not in console.getvalue()
        assert token not in caplog.text

    def test_a_crash_is_logged_with_its_traceback_and_without_the_token(self, console, caplog, monkeypatch):
        token = make_edit_link(plan_id=store()[0].pk)

        def crash(*args):
            raise RuntimeError(f"/edit/{token}/ failed")

        monkeypatch.setattr("planner.web.views.edit_links.open_new", crash)
        response = Client(raise_request_exception=False).post(f"/edit/{token}/")
        assert response.status_code == 500
        assert Page(response).text("h1") == "Something went wrong here"
        assert token not in response.content.decode()
        assert "RuntimeError: /edit/…/ failed" in console.getvalue()
        assert "Traceback" in console.getvalue()
        assert token not in console.getvalue()
        assert token not in caplog.text

    def test_a_wrong_method_and_a_missing_csrf_token_are_logged_without_the_token(self, client, console, caplog):
        token = make_edit_link(plan_id=store()[0].pk)
        client.delete(f"/edit/{token}/")
        Client(enforce_csrf_checks=True).post(f"/edit/{token}/", {"name": "x"})
        assert "/edit/…/" in console.getvalue()
        assert token not in console.getvalue()
        assert token not in caplog.text


def test_a_crash_during_an_edit_changes_nothing(monkeypatch):
    plan, key = store()
    before = dict(plan.document)

    def crash(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr("planner.store.actions.models.Revision.objects.create", crash)
    response = know(Client(raise_request_exception=False)).post(f"/plans/{key}/name/", {"name": "New"})
    assert response.status_code == 500
    assert document_of(plan) == before
    assert Plan.objects.get().revision == 1


def test_a_crash_after_an_edit_doesnt_say_that_nothing_was_changed(monkeypatch):
    plan, key = store()

    def crash(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr("planner.web.views.plans.describe_page", crash)
    client = know(Client(raise_request_exception=False))
    response = client.post(f"/plans/{key}/name/", {"name": "New"}, HTTP_HX_REQUEST="true")
    assert (response.status_code, document_of(plan)["name"]) == (500, "New")
    told = "It is not your doing. What you sent may have been stored: look before you send it again."
    assert told in Page(response).text("main")
    response = client.get(f"/plans/{key}/")
    assert response.status_code == 500
    assert "It is not your doing. Try again." in Page(response).text("main")


def test_tokens_are_long_random_and_never_the_same():
    tokens = {make_edit_link(plan_id=store()[0].pk) for _ in range(20)}
    assert len(tokens) == 20
    assert {len(token) for token in tokens} == {43}
