"""The way through the product that every newcomer takes, in a real browser."""

import io
import re

from playwright.sync_api import expect
from pypdf import PdfReader


def start(page, name):
    page.goto("/")
    page.get_by_role("button", name=f"Start from {name}").click()
    page.wait_for_url("**/plans/*/")


def read_pdf(page):
    with page.expect_download() as download:
        page.get_by_role("link", name="Download PDF").click()
    assert download.value.suggested_filename.endswith(".pdf")
    with open(download.value.path(), "rb") as file:
        reader = PdfReader(io.BytesIO(file.read()))
    return [re.sub(r"\s+", " ", sheet.extract_text()) for sheet in reader.pages]


def test_a_newcomer_starts_from_the_dmz_decides_ldaps_and_downloads_the_pdf(page):
    start(page, "DMZ with portal and self-destruct site")
    report = page.locator("#report")
    expect(report.get_by_text("tcp 389", exact=True)).to_be_visible()

    page.get_by_role("link", name=re.compile("Decisions")).click()
    decision = page.get_by_role("group", name=re.compile("Directory port"))
    decision.get_by_role("radio", name=re.compile("LDAPS")).check()
    expect(page.locator("#state")).to_have_text("Saved · revision 2")
    expect(report.get_by_text("tcp 389", exact=True)).to_have_count(0)
    expect(report.get_by_text("tcp 636", exact=True)).to_be_visible()

    pages = read_pdf(page)
    text = " ".join(pages)
    assert "DMZ with portal and self-destruct site" in pages[0]
    assert "Revision 2" in pages[0]
    assert re.search(r"\d{1,2} \w+ 20\d\d", pages[0])
    assert "Open Port Requirements" in pages[0]
    assert "tcp 636" in text
    assert "tcp 389" not in text
    assert "udp 389" in text


def test_the_same_way_without_javascript(open_page):
    page = open_page(java_script_enabled=False)
    start(page, "DMZ with portal and self-destruct site")
    expect(page.locator("#report").get_by_text("tcp 389", exact=True)).to_be_visible()
    page.get_by_role("link", name=re.compile("Decisions")).click()
    form = page.locator("form.decision", has_text="Directory port")
    form.get_by_role("radio", name=re.compile("LDAPS")).check()
    form.get_by_role("button", name="Decide").click()
    expect(page.locator("#state")).to_have_text("Saved · revision 2")
    expect(page.locator("#report").get_by_text("tcp 389", exact=True)).to_have_count(0)
    assert "tcp 389" not in " ".join(read_pdf(page))


def test_a_port_out_of_range_keeps_what_was_typed_and_changes_nothing(page):
    start(page, "One server")
    page.get_by_role("link", name=re.compile("^Ports")).click()
    field = page.get_by_label("Passwordstate website (HTTPS)")
    field.fill("99999")
    field.press("Tab")
    expect(page.get_by_text("is outside 1 to 65535")).to_be_visible()
    expect(field).to_have_value("99999")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#state")).to_contain_text("Not saved")
    page.reload()
    expect(page.locator("#state")).to_have_text("Saved · revision 1")


def test_a_slash_leads_to_the_search_whose_address_can_be_kept(page):
    start(page, "Everything")
    page.locator("body").press("/")
    search = page.get_by_role("searchbox", name="Search")
    expect(search).to_be_focused()
    search.press_sequentially("7273")
    expect(page.locator(".matching")).to_contain_text("1 of")
    expect(page).to_have_url(re.compile("text=7273"))
    page.reload()
    expect(search).to_have_value("7273")
    expect(page.locator(".matching")).to_contain_text("1 of")


def test_two_tabs_that_change_different_things_both_succeed(page):
    start(page, "Everything")
    other = page.context.new_page()
    other.goto(page.url + "?panel=decisions")
    page.get_by_role("link", name=re.compile("^Ports")).click()
    page.get_by_label("SSH", exact=True).fill("2222")
    page.get_by_label("SSH", exact=True).press("Tab")
    expect(page.locator("#state")).to_have_text("Saved · revision 2")
    other.get_by_role("group", name=re.compile("VMware")).get_by_role("radio", name=re.compile("PowerCLI")).check()
    expect(other.locator("#state")).to_have_text("Saved · revision 3")
    page.reload()
    expect(page.get_by_label("SSH", exact=True)).to_have_value("2222")
    expect(page.locator("#report").get_by_text("tcp 2222").first).to_be_visible()


def test_a_plan_that_is_pasted_becomes_a_report(page):
    page.goto("/plans/import/")
    page.get_by_label("Or paste it here").fill(
        "format: 1\nname: Pasted\nzones: [{name: A, kind: internal}, {name: B, kind: internal}]\n"
        "endpoints:\n  - {name: PS01, zone: A, roles: [web-primary]}\n  - {name: SQL01, zone: B, roles: [database]}\n"
    )
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("heading", name="Pasted")).to_be_visible()
    expect(page.locator("#report").get_by_text("tcp 1433").first).to_be_visible()
