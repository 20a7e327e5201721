"""The way through the product that every newcomer takes, in a real browser."""

import contextlib
import io
import re

import yaml
from playwright.sync_api import Error, expect
from pypdf import PdfReader

from planner.plan.document import dump_plan
from tests.examples import PLANS, UNANSWERED
from tests.report.samples import contoso
from tests.web.views.pages import store

FEW = {"PS01", "SQL01", "DC01", "Staff", "Windows servers", "ESXi hosts", "Network devices"}
"""Endpoints with which most of the questions are asked, and which most services reach."""


def start(page, name, query=""):
    """Go to a new plan like the ready-made topology of this name, without the page to start from."""
    [plan] = [plan for plan in PLANS.values() if plan.name == name]
    page.goto(f"/plans/{store(dump_plan(plan))[1]}/{query}")


def start_open(page, slug):
    """Go to a plan like the ready-made topology, with every question of the document open."""
    page.goto(f"/plans/{store(yaml.safe_load(UNANSWERED[slug].data))[1]}/")


def start_small(page, query=""):
    """Go to a plan like the one of everything, with a third of its endpoints and an eighth of its rules.

    For what is not about how much there is: a browser takes a third of the time for each of its pages.
    """
    document = yaml.safe_load(UNANSWERED["everything"].data)
    document["endpoints"] = [endpoint for endpoint in document["endpoints"] if endpoint["name"] in FEW]
    [staff] = [endpoint for endpoint in document["endpoints"] if endpoint["name"] == "Staff"]
    staff["roles"] = ["launcher-user"]
    used = {endpoint["zone"] for endpoint in document["endpoints"]} | {"DMZ"}
    document["zones"] = [zone for zone in document["zones"] if zone["name"] in used]
    page.goto(f"/plans/{store(document)[1]}/{query}")


def read_pdf(page):
    with page.expect_download() as download:
        page.get_by_role("link", name="Download PDF").click()
    assert download.value.suggested_filename.endswith(".pdf")
    reader = PdfReader(io.BytesIO(download.value.path().read_bytes()))
    return [re.sub(r"\s+", " ", sheet.extract_text()) for sheet in reader.pages]


def test_a_newcomer_starts_from_the_dmz_decides_ldaps_and_downloads_the_pdf(page):
    start_open(page, "dmz")
    report = page.locator("#report")
    page.locator("#view-findings").click()
    page.get_by_role("link", name="Decide", exact=True).click()
    expect(page.locator("#choice-directory-port-none")).to_be_in_viewport()
    expect(page.locator("#view-findings")).to_have_attribute("aria-current", "page")
    page.locator("#view-rules").click()
    expect(report.get_by_text("tcp 389", exact=True)).to_be_visible()

    decision = page.get_by_role("group", name=re.compile("Directory port"))
    decision.get_by_role("radio", name=re.compile("LDAPS")).check()
    expect(page.locator("#state")).to_have_text("Saved · revision 2")
    expect(page.locator("table.rules").get_by_text("tcp 389", exact=True)).to_have_count(0)
    expect(report.get_by_text("tcp 636", exact=True)).to_be_visible()

    pages = read_pdf(page)
    text = " ".join(pages)
    assert "DMZ with portal and self-destruct site" in pages[0]
    assert "Revision 2" in pages[0]
    assert re.search(r"\d{1,2} \w+ 20\d\d", pages[0])
    assert "Open Port Requirements" in pages[0]
    assert re.search(r"tcp [\d, -]*\b636\b", text)
    assert not re.search(r"tcp [\d, -]*\b389\b", text)
    assert re.search(r"udp [\d, -]*\b389\b", text)


def test_the_same_way_without_javascript(open_page):
    page = open_page(java_script_enabled=False)
    start_open(page, "dmz")
    expect(page.locator("#report").get_by_text("tcp 389", exact=True)).to_be_visible()
    page.get_by_role("link", name=re.compile("Decisions")).click()
    form = page.locator("form.decision", has_text="Directory port")
    form.get_by_role("radio", name=re.compile("LDAPS")).check()
    form.get_by_role("button", name="Decide").click()
    expect(page.locator("#state")).to_have_text("Saved · revision 2")
    expect(page.locator("table.rules").get_by_text("tcp 389", exact=True)).to_have_count(0)
    assert "tcp 389" not in " ".join(read_pdf(page))


def test_two_tabs_that_change_different_things_both_succeed(page):
    start_small(page)
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
    expect(page.locator("#results").get_by_text("tcp 2222").first).to_be_visible()


def test_a_plan_that_is_pasted_becomes_a_report(page):
    page.goto("/plans/import/")
    page.get_by_label("Or paste it here").fill(
        "format: 1\nname: Pasted\nzones: [{name: A, kind: internal}, {name: B, kind: internal}]\n"
        "endpoints:\n  - {name: PS01, zone: A, roles: [web-primary]}\n  - {name: SQL01, zone: B, roles: [database]}\n"
    )
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("heading", name="Pasted")).to_be_visible()
    expect(page.locator("#results").get_by_text("tcp 1433").first).to_be_visible()


def tab_to(page, locator, key="Tab"):
    """Press a key until an element has the focus, as a person without a mouse does."""
    for _ in range(60):
        if locator.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{key} doesn't lead to {locator}")


def test_the_walk_needs_no_mouse(page):
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name=re.compile("Start from DMZ")))
    page.keyboard.press("Enter")
    page.wait_for_url("**/plans/*/")
    expect(page.locator("#state")).to_have_text("Saved · revision 1")
    start_open(page, "dmz")
    tab_to(page, page.locator("#tab-decisions"))
    page.keyboard.press("Enter")
    expect(page.locator("#part-decisions")).to_have_attribute("aria-current", "page")
    expect(page.locator("#tab-decisions")).to_be_focused()
    undecided = page.locator("#choice-directory-port-none")
    tab_to(page, undecided)
    page.keyboard.press("ArrowUp")
    expect(page.locator("#state")).to_have_text("Saved · revision 2")
    ldaps = page.locator("#choice-directory-port-ldaps")
    expect(ldaps).to_be_checked()
    expect(ldaps).to_be_focused()
    expect(page.locator("table.rules").get_by_text("tcp 389", exact=True)).to_have_count(0)
    kerberos = page.locator("#choice-active-directory-kerberos")
    tab_to(page, kerberos, "Shift+Tab")  # what is decided stands among the decided ones, in the document's order
    page.keyboard.press("Space")
    expect(page.locator("#state")).to_have_text("Saved · revision 3")
    expect(kerberos).to_be_focused()
    expect(kerberos).not_to_be_checked()
    menu = page.get_by_text("More downloads")
    tab_to(page, menu, "Shift+Tab")
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("link", name="CSV", exact=True))
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename.endswith("-revision-3.csv")


def test_the_tabs_remember_what_is_open_on_the_other_side_and_the_back_button_shows_the_plan_of_now(page):
    start_small(page)
    address = page.url
    page.locator("#view-flows").click()
    expect(page.locator("table.flows")).to_be_visible()
    page.locator("#tab-decisions").click()
    expect(page.locator("form.decision").first).to_be_visible()
    expect(page).to_have_url(re.compile("view=flows"))
    expect(page).to_have_url(re.compile("panel=decisions"))
    page.get_by_role("group", name=re.compile("VMware")).get_by_role("radio", name=re.compile("PowerCLI")).check()
    expect(page.locator("#state")).to_have_text("Saved · revision 2")
    expect(page.locator("table.flows")).to_be_visible()
    page.locator("#view-findings").click()
    expect(page.locator(".finding").first).to_be_visible()
    expect(page).to_have_url(re.compile("panel=decisions"))
    page.locator("#filters").wait_for(state="detached")
    page.reload()
    expect(page.locator(".finding").first).to_be_visible()
    expect(page.locator("form.decision").first).to_be_visible()

    page.goto("/")
    page.goto(address)
    page.locator("#view-flows").click()
    expect(page.locator("table.flows")).to_be_visible()
    page.locator("#view-findings").click()
    expect(page.locator(".finding").first).to_be_visible()
    page.locator("#tab-decisions").click()
    page.locator("#tab-caveats").click()
    page.locator("#panel-telnet-port").click()
    expect(page.locator("#state")).to_have_text("Saved · revision 3")
    page.go_back()
    expect(page.locator("#part-decisions")).to_have_attribute("aria-current", "page")
    page.go_back()
    expect(page.locator("#tab-topology")).to_have_attribute("aria-current", "page")
    expect(page.locator("#view-findings")).to_have_attribute("aria-current", "page")
    expect(page.locator("#state")).to_have_text("Saved · revision 3")
    page.go_back()
    expect(page.locator("table.flows")).to_be_visible()
    page.go_back()
    expect(page.locator("table.rules").first).to_be_visible()
    expect(page.locator("header.top")).to_have_count(1)
    page.go_forward()
    expect(page.locator("table.flows")).to_be_visible()
    page.go_back()
    page.go_back()
    expect(page.get_by_role("heading", name=re.compile("Which ports"))).to_be_visible()


def test_what_is_searched_for_loses_no_letter_can_be_kept_and_gives_way_to_a_tab_right_after_it(page):
    start_small(page)
    page.locator("body").press("/")
    search = page.get_by_role("searchbox", name="Search")
    expect(search).to_be_focused()
    search.press_sequentially("network d", delay=290)
    expect(page).to_have_url(re.compile(r"\?text=network\+d$"))
    expect(search).to_have_value("network d")
    expect(search).to_be_focused()
    expect(page.locator(".matching")).to_contain_text(re.compile("^2 of|^1 of|^3 of"))
    search.fill("1433")
    expect(page.locator(".matching")).to_contain_text("1 of")
    expect(page).to_have_url(re.compile("text=1433"))
    page.reload()
    expect(search).to_have_value("1433")
    expect(page.locator(".matching")).to_contain_text("1 of")
    search.fill("")
    search.press("Enter")
    expect(page).to_have_url(re.compile(r"/plans/[^/]+/$"))

    page.locator("#view-flows").click()
    expect(page.locator("table.flows")).to_be_visible()
    slow = []

    def hold(route):
        slow.append(route)

    page.route("**/*text=ssh*", hold)  # answered when it is too late
    with page.expect_request("**/*text=ssh*"):  # it leaves a moment after the last key
        page.get_by_role("searchbox", name="Search").fill("ssh")
    with page.expect_event("requestfailed", lambda request: "text=ssh" in request.url):  # given up at once
        page.locator("#view-rules").click()
    expect(page.locator("table.rules").first).to_be_visible()
    page.unroute_all(behavior="ignoreErrors")
    assert slow
    for route in slow:
        with contextlib.suppress(Error):  # the browser has given it up
            route.continue_()
    expect(page.locator("#view-rules")).to_have_attribute("aria-current", "page")
    expect(page).not_to_have_url(re.compile("view=flows"))
    page.locator("#tab-ports").click()
    expect(page.locator("#port-ssh")).to_be_visible()
    expect(page.locator("table.rules").first).to_be_visible()


def test_filters_go_together_and_are_taken_back_at_once(page):
    start_small(page)
    page.locator("#view-flows").click()
    expect(page.locator("table.flows")).to_be_visible()
    page.get_by_label("Protocol").select_option("icmp")
    expect(page.locator(".matching")).to_contain_text(re.compile(r"^3 of "))
    page.get_by_label("Endpoint", exact=True).press_sequentially("esxi")
    expect(page).to_have_url(re.compile("endpoint=esxi"))
    expect(page.locator("table.flows tbody tr")).to_have_count(1)
    expect(page.get_by_label("Protocol")).to_have_value("icmp")
    page.locator("#view-rules").click()
    expect(page.locator("table.rules tbody tr")).to_have_count(1)
    expect(page.get_by_label("Endpoint", exact=True)).to_have_value("esxi")
    page.get_by_role("link", name="Show all").click()
    expect(page.get_by_label("Endpoint", exact=True)).to_have_value("")
    expect(page.locator(".matching")).to_contain_text(re.compile(r"^(\d+) of \1 rules"))


def test_an_error_in_a_port_keeps_the_order_of_the_focus_and_what_is_typed_and_changes_nothing(open_page):
    page = open_page(status=0)
    start(page, "One server")
    page.locator("#tab-ports").click()
    website, database = page.locator("#port-website"), page.locator("#port-database")
    website.fill("443x")
    website.press("Tab")
    page.keyboard.type("1500")  # before the answer is there
    expect(page.locator("#port-website-error")).to_be_visible()
    expect(database).to_be_focused()
    expect(database).to_have_value("1500")
    page.keyboard.press("Shift+Tab")
    expect(page.locator("#state")).to_have_text("Saved · revision 2")
    expect(website).to_be_focused()
    expect(website).to_have_value("443x")
    website.fill("8443")
    website.press("Enter")
    expect(page.locator("#state")).to_have_text("Saved · revision 3")
    expect(page.locator("#port-website-error")).to_have_count(0)
    expect(page.locator("#port-item-website")).to_contain_text("changed from 443")
    page.reload()
    expect(website).to_have_value("8443")
    expect(database).to_have_value("1500")

    field = page.get_by_label("Passwordstate website (HTTPS)")
    field.fill("99999")
    field.press("Tab")
    expect(page.get_by_text("is outside 1 to 65535")).to_be_visible()
    expect(field).to_have_value("99999")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#state")).to_contain_text("Not saved")
    page.reload()
    expect(page.locator("#state")).to_have_text("Saved · revision 3")

    page.route("**/ports/", lambda route: route.abort())
    website.fill("9443")
    website.press("Tab")
    expect(page.locator("#state"), "the service can't be reached").to_contain_text("Not saved")
    expect(website).to_have_value("9443")
    page.unroute("**/ports/")
    website.press("Enter")
    expect(page.locator("#state")).to_have_text("Saved · revision 4")

    page.locator("#tab-topology").click()
    page.get_by_text("Name and description").click()
    page.get_by_label("Name", exact=True).fill("<b>Ours</b> \u202e")
    page.get_by_label("Description").fill("First\nsecond")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#heading")).to_have_text(re.compile("^<b>Ours</b>"))
    expect(page.locator("#state")).to_have_text("Saved · revision 5")
    page.reload()
    expect(page).to_have_title(re.compile(r"^<b>Ours</b>"))


def test_a_caveat_is_answered_where_the_finding_stands(page):
    start_open(page, "dmz")
    page.locator("#view-findings").click()
    expect(page.locator("#finding-ldap-tcp")).to_have_text("Follow practice")
    page.locator("#finding-ldap-tcp").click()
    expect(page.locator("#finding-ldap-tcp")).to_have_text("Take back")
    expect(page.locator("#finding-ldap-tcp")).to_be_focused()
    page.locator("#finding-ldap-tcp").click()
    expect(page.locator("#finding-ldap-tcp")).to_have_text("Follow practice")
    page.locator("#finding-ldap-tcp-documented").click()
    expect(page.locator("#finding-ldap-tcp-documented")).to_have_text("Take back")
    expect(page.locator("#finding-ldap-tcp-documented")).to_be_focused()


def test_every_form_works_without_javascript(open_page):
    page = open_page(java_script_enabled=False)
    start_small(page)
    page.get_by_role("link", name=re.compile("^Ports")).click()
    row = page.locator("#port-item-ssh")
    row.get_by_role("textbox").fill("70000")
    row.get_by_role("button", name="Change").click()
    expect(page.locator("#port-ssh-error")).to_be_visible()
    expect(page.locator("#port-ssh")).to_have_value("70000")
    page.get_by_role("link", name=re.compile("^Flows")).click()  # from the page with the error
    expect(page.locator("table.flows")).to_be_visible()
    row.get_by_role("textbox").fill("2222")
    row.get_by_role("button", name="Change").click()
    expect(page.locator("#state")).to_have_text("Saved · revision 2")
    expect(page.locator("table.flows")).to_be_visible()
    expect(row.get_by_role("textbox")).to_have_value("2222")

    page.get_by_label("Search").fill("2222")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("table.flows tbody tr").first).to_contain_text("2222")
    expect(page).to_have_url(re.compile("panel=ports.*view=flows.*text=2222"))

    page.locator("#tab-decisions").click()
    page.get_by_role("link", name="How the document was read").click()
    caveat = page.locator(".caveat", has_text="Telnet on port 22")
    caveat.get_by_role("button", name="Follow practice").click()
    expect(page.locator("#state")).to_have_text("Saved · revision 3")
    expect(caveat.get_by_role("button", name="Take back")).to_be_visible()

    page.get_by_role("link", name=re.compile("^Topology")).click()
    page.get_by_text("Name and description").click()
    page.get_by_label("Name", exact=True).fill("Renamed")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Renamed")

    page.goto("/plans/import/")
    page.get_by_label("Or paste it here").fill("format: 2")
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("alert")).to_contain_text("The format must be the integer 1")
    expect(page.get_by_label("Or paste it here")).to_have_value("format: 2")


def test_a_plan_is_downloaded_and_imported_from_its_file(page, tmp_path):
    path = tmp_path / "contoso.yaml"
    path.write_text(yaml.safe_dump(contoso()), "utf-8")
    page.goto("/plans/import/")
    page.get_by_label("A file").set_input_files(path)
    page.get_by_role("button", name="Import").click()
    expect(page.locator("#heading")).to_have_text("Contoso")
    page.get_by_text("More downloads").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="The plan itself").click()
    page.goto("/plans/import/")
    page.get_by_label("A file").set_input_files(download.value.path())
    page.get_by_role("button", name="Import").click()
    expect(page.locator("#heading")).to_have_text("Contoso")


def test_the_matrix_says_what_464_is_for_and_its_address_can_be_kept(page):
    page.goto("/matrix/")
    page.keyboard.press("/")
    page.keyboard.type("464")
    expect(page.locator("#matrix-rows mark").first).to_have_text(re.compile("464"))
    expect(page).to_have_url(re.compile("text=464"))
    page.reload()
    expect(page.get_by_role("searchbox")).to_have_value("464")
    expect(page.locator("#matrix-rows mark").first).to_be_visible()
