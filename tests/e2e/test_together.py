"""Several people on one plan: two browsers, one document."""

import re

import pytest
from playwright.sync_api import expect

from planner.store import actions
from planner.store.models import Plan
from ports.queries import current_matrix
from tests.report.samples import write_plan
from tests.web.views.pages import store

PLAN = write_plan(
    {"name": "PS01", "zone": "Internal", "roles": ["web-primary"]},
    {"name": "SQL01", "zone": "Internal", "roles": ["database"]},
    {"name": "DC01", "zone": "Internal", "roles": ["domain-controller"]},
    {"name": "Staff", "zone": "Internet", "group": True, "roles": ["website-user", "launcher-user"]},
    {
        "name": "ESX01", "zone": "DMZ", "platforms": ["vmware-esxi"], "operations": ["host-heartbeat"],
        "sessions": ["ssh", "vnc"],
    },
)  # fmt: skip
"""With a question, and rules for the services whose ports are changed."""


@pytest.fixture
def two(open_page):
    """Two browsers that look at the same plan."""
    return open_two(open_page)


@pytest.fixture
def deciding(open_page):
    """The same at its decisions."""
    return open_two(open_page, "?panel=decisions")


def start(page, query=""):
    """Go to a new plan."""
    page.goto(f"/plans/{store(PLAN)[1]}/{query}")


def open_two(open_page, query=""):
    one, other = open_page(), open_page()
    start(one, query)
    other.goto(one.url)
    return one, other


def say_nothing(page):
    """The page hears nothing any more of what others change."""
    page.route("**/pulse/**", lambda route: route.fulfill(status=304))


def override_port(page, service, value):
    page.get_by_role("link", name=re.compile("^Ports")).click()
    field = page.get_by_label(service, exact=True)
    field.fill(value)
    field.press("Tab")


def change(page, service, value):
    """Override a port where the ports are already shown."""
    page.locator(f"#port-{service}").fill(value)
    page.locator(f"#port-{service}").press("Tab")


def test_a_change_of_one_shows_to_the_other_who_takes_back_nothing_of_it_and_loses_no_input(two):
    one, other = two
    override_port(one, "SSH", "2222")
    expect(other.locator("#state")).to_have_text("Saved · revision 2")
    say_nothing(other)
    change(one, "vnc", "5901")
    expect(one.locator("#state")).to_have_text("Saved · revision 3")
    other.locator("#undo").click()
    expect(other.locator("#state")).to_contain_text("Nothing was undone, as the plan has changed since (revision 3")
    expect(one.locator("#port-vnc")).to_have_value("5901")
    other.unroute_all()

    other.get_by_role("link", name=re.compile("^Ports")).click()
    field = other.locator("#port-website")
    field.press_sequentially("84")
    change(one, "ssh", "2223")
    expect(other.locator("#state")).to_have_text("Saved · revision 4")
    expect(other.locator("#results").get_by_text("tcp 2223").first).to_be_visible()
    expect(field).to_be_focused()
    expect(field).to_have_value("84")
    field.press_sequentially("43")
    field.press("Tab")
    expect(other.locator("#state")).to_have_text("Saved · revision 5")
    expect(one.locator("#results").get_by_text("tcp 8443").first).to_be_visible()

    field = other.locator("#port-ssh")
    field.fill("2299")
    change(one, "ssh", "2224")
    expect(other.locator("#state")).to_have_text("Saved · revision 6")
    field.press("Tab")
    expect(other.get_by_text(re.compile("Someone changed the same thing"))).to_be_visible()
    expect(field).to_have_value("2299")
    field.press("Enter")
    expect(other.locator("#state")).to_have_text("Saved · revision 7")
    expect(one.locator("#results").get_by_text("tcp 2299").first).to_be_visible()


def test_each_of_three_quick_presses_takes_one_change_back_and_buttons_do_the_same(page, site):
    plan, key = store(PLAN)
    for service in ("ssh", "vnc", "website"):
        actions.override_port(plan_id=plan.pk, matrix=current_matrix(), service=service, ports="2222")
    page.goto(f"/plans/{key}/?panel=ports")
    page.locator("#view-rules").focus()
    for _ in range(3):
        page.keyboard.press("Control+z")
    expect(page.locator("#state")).to_have_text("Saved · revision 7")
    expect(page.locator("table.rules").get_by_text("tcp 2222")).to_have_count(0)
    expect(page.locator("#undo")).to_be_disabled()
    expect(page.locator("#port-ssh")).to_have_value("")
    page.get_by_role("button", name="Redo").click()
    expect(page.locator("table.rules").get_by_text("tcp 2222").first).to_be_visible()
    expect(page.locator("#state")).to_have_text("Saved · revision 8")
    page.locator("#undo").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#state")).to_have_text("Saved · revision 9")
    expect(page.locator("#redo"), "nothing more is to be undone").to_be_focused()
    for _ in range(5):
        page.keyboard.press("Control+Shift+z")
    expect(page.locator("#state")).to_have_text("Saved · revision 12")
    expect(page.locator("#port-website")).to_have_value("2222")


def test_a_refusal_is_shown_and_read_out_though_another_answer_has_replaced_its_place(page):
    """The report of someone else's change may come in between. What is said twice is sent once."""
    one = page
    start(one, "?panel=ports")

    def replace(route):
        answer = route.fetch()
        one.evaluate("const old = document.getElementById('report'); old.replaceWith(old.cloneNode(true));")
        route.fulfill(response=answer)

    one.route("**/ports/", replace)
    for value, said in (("70000", "Not saved: see the form"), ("7000", "Saved · revision 2")):
        one.locator("#port-ssh").fill(value)
        one.locator("#port-ssh").press("Enter")
        expect(one.locator("#state")).to_have_text(said)
        expect(one.locator("#live")).to_have_text(said)
        expect(one.locator("#port-ssh")).to_have_value(value)
    expect(one.locator("#results").get_by_text("tcp 7000").first).to_be_visible()
    one.unroute("**/ports/")
    one.locator("#port-ssh").fill("2222")
    one.locator("#port-ssh").press("Enter")
    one.locator("#port-ssh").press("Enter")
    expect(one.locator("#state")).to_have_text("Saved · revision 3")
    one.locator("#port-vnc").fill("5999")
    one.locator("#port-vnc").press("Enter")
    expect(one.locator("#state")).to_have_text("Saved · revision 4")
    assert Plan.objects.get().revision == 4


def test_a_decision_that_clashes_keeps_the_own_one_and_one_of_another_shows_where_the_own_focus_is(deciding):
    """A box that has been clicked keeps the focus; that must not hold back what comes from others."""
    one, other = deciding
    say_nothing(other)
    one.locator("#choice-esxi-ssh").check()
    expect(one.locator("#state")).to_have_text("Saved · revision 2")
    other.locator("#choice-esxi-powercli").check()
    expect(other.locator("#panel .error")).to_contain_text("VMware ESXi access decided: SSH")
    expect(other.locator("#choice-esxi-powercli")).to_be_checked()
    expect(other.locator("#draft")).to_be_hidden()
    expect(other.locator("#choice-esxi-again")).to_be_focused()
    other.keyboard.press("Enter")
    expect(other.locator("#state")).to_have_text("Saved · revision 3")
    expect(one.locator("#choice-esxi-powercli")).to_be_checked()

    other.unroute_all()
    other.locator("#choice-windows-validation-smb").check()
    expect(other.locator("#state")).to_have_text("Saved · revision 4")
    expect(other.locator("#choice-windows-validation-smb")).to_be_focused()
    expect(one.locator("#state")).to_have_text("Saved · revision 4")  # which moves what is clicked next
    one.locator("#choice-esxi-ssh").check()
    expect(other.locator("#choice-esxi-ssh")).to_be_checked()
    expect(other.locator("#choice-windows-validation-smb")).to_be_focused()


def test_whether_all_is_saved_stays_in_sight(page):
    start(page, "?edit=DC01")
    for width, wrong in ((1440, "10.0.0.7/24"), (360, "10.0.0.8/24")):
        page.set_viewport_size({"width": width, "height": 740})
        for where in (0, 700, 100_000):
            page.evaluate("where => window.scrollTo(0, where)", where)
            expect(page.locator("#state")).to_be_in_viewport(ratio=1)
        page.get_by_label("Addresses").fill(wrong)
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator("#endpoint-addresses-error")).to_contain_text(wrong)
        expect(page.locator("#state")).to_have_text("Not saved: see the form")
        expect(page.locator("#state")).to_be_in_viewport(ratio=1)
        expect(page.get_by_label("Addresses")).to_be_focused()
        expect(page.get_by_label("Addresses")).to_be_in_viewport()


def test_coming_back_to_a_tab_asks_at_once(page):
    page.clock.install(time=0)
    page.clock.pause_at(1)  # no pulse goes by itself
    start(page)
    with page.expect_request("**/pulse/**"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_a_menu_closes_on_escape_and_elsewhere_and_of_two_quick_answers_the_last_counts(page):
    """The second answer is given while the first is on its way, whose answer replaces the form."""
    start(page, "?panel=decisions")
    page.locator("#viewers").click()
    page.locator("#viewer-name").focus()
    page.keyboard.press("Escape")
    expect(page.locator("#viewer-name")).to_be_hidden()
    expect(page.locator("#viewers")).to_be_focused()
    page.locator("#viewers").click()
    page.get_by_text("More downloads").click()
    expect(page.locator("#viewer-name")).to_be_hidden()
    expect(page.locator(".menu-downloads")).to_be_visible()

    page.locator("#choice-esxi-ssh").wait_for()
    page.evaluate("""() => {
      document.getElementById("choice-esxi-ssh").click();
      document.getElementById("choice-esxi-powercli").click();
    }""")
    expect(page.locator("#state")).to_have_text("Saved · revision 3")
    expect(page.locator("#choice-esxi-powercli")).to_be_checked()
    assert Plan.objects.get().document["choices"]["esxi"] == "powercli"


def call(page, name):
    page.locator("#viewers").click()
    page.get_by_label("Your name for the others").fill(name)
    with page.expect_response(re.compile("/visitor/")):
        page.get_by_role("button", name="Use it").click()
    page.keyboard.press("Escape")


def test_who_decided_why_who_is_mentioned_and_where_each_is_shows_to_the_other(two):
    one, other = two
    for page, name in ((one, "Kim"), (other, "Zoë")):
        call(page, name)
        page.get_by_role("link", name=re.compile("^Decisions")).first.click()
    decision = one.locator("form.decision", has=one.locator("#choice-esxi-ssh"))
    reason = decision.get_by_label("Reason")
    reason.fill("No PowerCLI here")
    reason.press("Enter")
    expect(decision.get_by_role("alert")).to_contain_text("choose what it is the reason for")
    expect(reason).to_have_value("No PowerCLI here")
    decision.get_by_label("SSH").check()
    expect(one.locator("#state")).to_have_text("Saved · revision 2")
    there = other.locator("form.decision", has=other.locator("#choice-esxi-ssh"))
    expect(there.locator(".why")).to_contain_text("Decided by Kim")
    expect(there.locator(".why")).to_contain_text("“No PowerCLI here”")
    there.get_by_text("Give another reason").click()
    there.get_by_label("Reason").fill("And asked the vendor")
    there.get_by_label("Reason").press("Enter")
    expect(there.locator(".why")).to_contain_text("“And asked the vendor” (Zoë")
    expect(there.locator(".why")).to_contain_text("Decided by Kim")
    caveat = other.locator("#caveat-ldap-tcp")
    caveat.get_by_label("Reason").fill("Directory team says so")
    caveat.get_by_label("Reason").press("Enter")  # says nothing yet: which answer isn't chosen
    caveat.get_by_role("button", name="As documented").click()
    expect(caveat.locator(".why")).to_contain_text("Decided by Zoë")
    expect(caveat.locator(".why")).to_contain_text("“Directory team says so”")
    expect(other.locator("#state")).to_have_text("Saved · revision 3")

    for page in two:
        page.get_by_role("link", name=re.compile("^Topology")).click()
    other.get_by_role("link", name="Edit SQL01").first.click()
    here = one.locator("#panel [data-endpoint=SQL01] + .viewer-here").first
    expect(here).to_contain_text("Zoë edits this")
    expect(one.locator("#viewer-names")).to_have_text("Also looking: Zoë (edits SQL01).")
    override_port(one, "SSH", "2222")  # the panel is another one, and back it is marked again
    for page in two:
        expect(page.locator("#state")).to_have_text("Saved · revision 4")
    one.get_by_role("link", name=re.compile("^Topology")).click()
    expect(here).to_contain_text("Zoë edits this")
    other.get_by_role("link", name=re.compile("^Decisions")).first.click()
    expect(one.locator("#tab-decisions")).to_contain_text("Zoë is here")
    expect(here).to_have_count(0)
    expect(one.locator("#viewer-names")).to_have_text("Also looking: Zoë (at Decisions).")
    one.go_back()
    expect(one.locator("#tab-ports")).to_have_attribute("aria-current", "page")
    expect(one.locator("#tab-decisions")).to_contain_text("Zoë is here")
    expect(one.locator("#viewer-names")).to_have_text("Also looking: Zoë (at Decisions).")

    for page in two:
        page.get_by_role("link", name=re.compile("^Topology")).click()
    expect(one.locator("#viewer-names")).to_have_text("Also looking: Zoë (at Topology).")
    one.get_by_role("link", name="Edit SQL01").first.click()
    one.get_by_role("link", name="Comment on SQL01").click()
    expect(one.locator("#comment-new-help")).to_contain_text("@Zoë")
    one.get_by_label("Your comment").fill("Which instance, @Zoë?")
    one.get_by_role("button", name="Comment", exact=True).click()
    expect(one.locator(".comment mark")).to_have_text("@Zoë")
    mark = other.get_by_role("link", name="1 comment mentions you")
    expect(mark).to_be_visible()
    expect(other.get_by_role("link", name="1 comment on SQL01").first).to_be_visible()
    mark.click()
    expect(other.get_by_text("mentions you", exact=True)).to_be_visible()
    other.get_by_role("button", name="Resolve").click()
    expect(other.get_by_text("Resolved by Zoë")).to_be_visible()
    other.get_by_role("link", name="Contoso").click()
    expect(other.locator("#mentions")).to_be_hidden()
    one.reload()
    one.get_by_role("button", name="Delete your comment").click()
    expect(one.get_by_text("Nobody has said anything about it yet.")).to_be_visible()
