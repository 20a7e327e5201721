"""Own flows in a real browser: from a preset, for all web servers at once, counted before, and undone in one step."""

import re

import pytest
from playwright.sync_api import expect

from planner.store.models import Plan
from tests.e2e.axe import Looks
from tests.report.samples import contoso
from tests.store.test_lives import change
from tests.web.views.pages import store

ASKS = "!window.dispatchEvent(new Event('beforeunload', {cancelable: true}))"
"""Whether leaving the page is asked about first."""


@pytest.fixture
def address(site):
    return f"/plans/{store(contoso(additional_flows=[]))[1]}/"


def field(page, name):
    return page.locator("#own-adder").get_by_label(name, exact=True)


def choose(page, end, words):
    option = field(page, end).locator("option", has_text=words)
    field(page, end).select_option(option.first.get_attribute("value"))


def test_a_preset_and_a_set_make_flows_that_are_counted_before_and_undone_in_one_step(page, address):
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/flows/" in request.url else None)
    page.goto(f"{address}?view=findings")
    page.locator("#report").get_by_role("link", name="DNS").click()
    expect(field(page, "To")).to_be_focused()
    expect(field(page, "From")).to_have_value(" servers")
    expect(field(page, "Ports")).to_have_value("53")
    choose(page, "From", "All endpoints")
    choose(page, "To", re.compile("^DC01$"))
    made = page.locator("#own-made")
    expect(made).to_have_text(re.compile(r"^Makes \d+ flows: \d+ sources to DC01, tcp 53, udp 53\.$"))
    count = int(re.search(r"\d+", made.inner_text())[0])
    # Another start keeps who it is for, and the focus is where something is left to say.
    page.locator("#own-new-reason").fill("why " * 1500)
    page.locator("#own-adder").get_by_role("link", name="Backup").click()
    expect(field(page, "Ports")).to_be_focused()
    assert max(map(len, asked)) < 200, "gunicorn takes 4,094 bytes of address"
    expect(field(page, "From")).to_have_value(" all")
    assert page.evaluate(ASKS), "what was typed before is as unsaved as it was"
    page.keyboard.type("10006")
    expect(made).to_contain_text(f"Makes {count // 2} flows")
    # What was typed before the other start is typed still, and others' changes leave it alone.
    page.locator("#heading").click()
    change(Plan.objects.get(), lambda document: document["endpoints"][0].update(addresses=["10.9.9.9"]))
    expect(page.locator("#state")).to_have_attribute("data-revision", "2")
    expect(field(page, "From")).to_have_value(" all")
    page.reload()
    page.get_by_role("button", name="Restore").click()
    expect(field(page, "From")).to_have_value(" all")
    expect(field(page, "Ports")).to_have_value("10006")
    field(page, "Ports").press("Enter")
    expect(page.locator("#state")).to_have_text("Saved · revision 3")
    expect(page.locator("#own-title .count")).to_have_text(str(count // 2))
    assert page.evaluate("document.activeElement !== document.body")
    page.locator("#undo").click()
    expect(page.locator("#own-title .count")).to_have_text("0")


def test_a_set_is_offered_back_beside_the_name_where_ends_are_typed(page, address, monkeypatch):
    monkeypatch.setattr("planner.web.forms.flows.MAX_SELECT", 0)
    page.goto(f"{address}?panel=own")
    choose(page, "From, many at once", "All endpoints")
    field(page, "To").fill("DC01")
    page.reload()
    page.get_by_role("button", name="Restore").click()
    expect(page.locator("#live")).to_have_text("Restored. It isn't saved yet.")
    expect(field(page, "From, many at once")).to_have_value(" all")
    expect(field(page, "From")).to_have_value("")
    expect(field(page, "To")).to_have_value("DC01")
    expect(field(page, "To, many at once")).to_have_value("")


def test_several_named_endpoints_work_without_javascript(open_page, address):
    page = open_page(java_script_enabled=False)
    page.goto(f"{address}?panel=own")
    page.locator("#own-adder").get_by_role("link", name="Syslog").click()
    field(page, "From").select_option("PS01")
    page.locator("#own-source-more-summary").click()
    page.locator("#own-source-more").get_by_label("Portal", exact=True).check()
    field(page, "To").select_option("DC01")
    page.get_by_role("button", name="How many flows?").click()
    expect(page.locator("#own-made")).to_contain_text(
        "Makes 6 flows: PS01 and Portal to DC01, tcp 514, udp 514, tcp 6514."
    )
    page.get_by_role("button", name="Add the flows").click()
    expect(page.locator("#own-title .count")).to_have_text("6")
    expect(page.locator("#state")).to_have_text("Saved · revision 2")


def test_axe_finds_nothing_in_the_form_of_new_flows(page, address):
    page.goto(f"{address}?panel=own&preset=syslog&from=PS01&to=DC01")
    page.locator("#own-source-more-summary").click()
    assert Looks((1440, "light"), (390, "dark")).find_faults(page) == []
