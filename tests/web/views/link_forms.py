"""How links are made on the page, as tests do it."""

from planner.store import actions
from ports.queries import shipped_matrix
from tests.web.views.pages import Page

PASSPHRASE = "correct horse"
PRIVATE = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex", "Cache-Control": "private, no-store"}


def make(client, key, kind="make", **terms):
    """Make a link as the page does: the answer, and the path of the link in it."""
    offers = {
        form.get("action"): field.get("value")
        for form in Page(client.get(f"/plans/{key}/links/")).all("form")
        for field in form.iter("input")
        if field.get("name") == "offer"
    }
    action = f"/plans/{key}/links/{kind}/"
    data = {"label": "Network team", "shows": "newest", "days": "30", "offer": offers[action]} | terms
    page = Page(client.post(action, data))
    found = page.all("input", id="made-address")
    return page, found[0].get("value").removeprefix("http://testserver") if found else None


def open_edit(browser, path):
    """Press the button of an edit link's door."""
    return browser.post(path)


def read_link(client, plan, **terms):
    return make(client, plan[1], **terms)[1]


def rename(row, name):
    actions.rename_plan(plan_id=row.pk, matrix=shipped_matrix(), name=name, description="")
