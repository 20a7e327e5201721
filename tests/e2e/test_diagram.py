"""The diagram in a real browser: ports under the pointer and the keyboard, links, and what axe-core says of it."""

import re

from playwright.sync_api import expect

from scripts.sites import make_sites
from tests.e2e.axe import Looks
from tests.e2e.test_walk import start
from tests.web.views.pages import store


def edge(page, name):
    return page.locator(f'.diagram a.line-target[aria-label^="{name}:"]')


def test_ports_are_shown_while_an_edge_is_pointed_at(page):
    start(page, "DMZ with portal and self-destruct site")
    page.locator("#view-diagram").click()
    line = edge(page, "PRP01 to PS01")
    tip = line.locator(".tip")
    expect(line.locator(".disc")).to_be_visible()
    expect(tip).to_be_hidden()
    line.locator(".disc").hover()
    expect(tip).to_be_visible()
    expect(tip).to_contain_text("tcp 443")
    expect(line.locator(".end").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    page.mouse.move(0, 0)
    line.locator(".disc").hover()
    expect(tip).to_be_visible()


def test_the_keyboard_goes_through_the_picture_or_past_it(page):
    start(page, "DMZ with portal and self-destruct site", "?view=diagram")
    page.get_by_role("link", name="Skip the picture").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Zone Internet: its rules")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name=re.compile("^Public: "))).to_be_focused()
    page.keyboard.press("Tab")
    focused = page.locator(".diagram a.line-target:focus")
    expect(focused.locator(".tip")).to_be_visible()
    expect(focused).to_have_attribute("aria-label", re.compile("^Public to [A-Z0-9]+: tcp 443"))
    page.keyboard.press("Enter")
    expect(page.locator("table.flows")).to_be_visible()
    expect(page).to_have_url(re.compile("view=flows&source_endpoint=Public&destination_endpoint="))


def test_a_click_leads_to_the_flows_of_an_endpoint_without_a_new_page(page):
    start(page, "DMZ with portal and self-destruct site")
    page.locator("#tab-decisions").click()
    expect(page.locator("#part-decisions")).to_have_attribute("aria-current", "page")
    page.locator("#view-diagram").click()
    page.evaluate("window.kept = true")
    page.get_by_role("link", name=re.compile("^PRP01: ")).click()
    expect(page.locator("table.flows")).to_be_visible()
    expect(page).to_have_url(re.compile("panel=decisions.*view=flows.*endpoint=PRP01"))
    assert page.evaluate("window.kept")
    for row in page.locator("table.flows tbody tr").all():
        expect(row).to_contain_text("PRP01")
    page.go_back()
    expect(page.locator(".diagram")).to_be_visible()


def test_the_links_work_without_javascript(open_page):
    page = open_page(java_script_enabled=False)
    start(page, "DMZ with portal and self-destruct site", "?view=diagram")
    page.get_by_role("link", name=re.compile("^PRP01: ")).click()
    expect(page.locator("table.flows")).to_be_visible()


def test_remote_sites_are_unfolded_and_folded_again(page):
    page.goto(f"/plans/{store(make_sites(16))[1]}/?view=diagram")
    page.get_by_role("link", name="Unfold 16 remote sites", exact=True).click()
    expect(page.get_by_role("link", name=re.compile("^Site 00016 agent: "))).to_be_visible()
    expect(page).to_have_url(re.compile("unfold=RS"))
    with page.expect_download() as download:
        page.get_by_role("link", name="Download SVG").click()
    assert "Site 00016 agent" in download.value.path().read_text("utf-8")
    page.get_by_role("link", name="Fold 16 remote sites", exact=True).click()
    expect(page.get_by_role("link", name="Unfold 16 remote sites", exact=True)).to_be_visible()


def test_axe_finds_nothing(page):
    looks = Looks((1440, "light"), (360, "dark"))
    for document in (make_sites(16), None):
        if document:
            page.goto(f"/plans/{store(document)[1]}/?view=diagram")
        else:
            start(page, "Everything", "?view=diagram")
        edge(page, "Staff to PS01").focus()
        assert looks.find_faults(page) == []
