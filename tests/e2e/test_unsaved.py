"""Input that doesn't arrive: said, kept, sent again so that it counts once, and offered back after a reload."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.e2e.test_saving import Held
from tests.e2e.test_topology import saved
from tests.report.samples import contoso
from tests.web.views.pages import document_of, store

HOSTILE = '"><script>alert(1)</script> \u202e ${7*7}\n</textarea>'


@pytest.fixture
def plan(site):
    return store(contoso())


@pytest.fixture
def address(plan):
    return f"/plans/{plan[1]}/"


@pytest.fixture
def page(open_page):
    return open_page(status=0)


def cut(page, *, at="**/plans/*/**", answer=None):
    """No request gets through any more, or each is answered by a proxy; `answer` is its status."""

    def fail(route):
        if answer:
            route.fulfill(status=answer, body="Bad gateway")
        else:
            route.abort("connectionrefused")

    page.route(at, fail)


def override_port(page, name, value, key="Tab"):
    field = page.get_by_label(name, exact=True)
    field.fill(value)
    field.press(key)


def ports(plan):
    return document_of(plan[0])["ports"]


def test_an_edit_that_does_not_arrive_is_said_kept_and_sent_again_by_itself_and_counts_once(open_page, address, plan):
    page = open_page(status=(0, 500))
    page.goto(f"{address}?panel=ports")
    state, again = page.locator("#state"), page.get_by_role("button", name="Try again")
    cut(page)
    expect(state).to_have_text("Connection lost; trying again…")
    page.unroute_all()
    expect(state).to_have_text("Saved · revision 1")
    expect(state).to_have_attribute("data-state", "saved")
    cut(page, at="**/pulse/**", answer=500)
    expect(state, "no lost connection").to_have_text("The service answered with an error (500); trying again…")
    page.unroute_all()
    expect(state).to_have_text("Saved · revision 1")

    cut(page)
    override_port(page, "SSH", "2222")
    expect(state).to_contain_text("Not saved: no connection.")
    expect(page.get_by_label("SSH", exact=True)).to_have_value("2222")
    expect(again).to_be_visible()
    page.unroute_all()
    expect(state).to_have_text("Saved · revision 2")
    expect(again).to_be_hidden()
    assert ports(plan)["ssh"] == "2222"

    cut(page)
    override_port(page, "SSH", "2223")
    expect(state).to_contain_text("Not saved")
    override_port(page, "SSH", "2224")
    override_port(page, "VNC", "5999")
    page.unroute_all()
    expect(state, "what is typed over an edit that failed takes its place").to_have_text("Saved · revision 4")
    assert ports(plan)["ssh"] == "2224"
    assert ports(plan)["vnc"] == "5999"

    sent = []

    def lose(route):
        sent.append(route.request.post_data)
        route.fetch()  # it arrives, but nothing comes back
        route.abort("connectionreset")

    page.route("**/ports/", lose, times=1)
    override_port(page, "SSH", "2225")
    expect(state).to_have_text("Saved · revision 5")
    expect(again).to_be_hidden()
    plan[0].refresh_from_db()
    assert len(sent) == 1
    assert plan[0].revision == 5


def kept(page):
    """What the tab holds of unsaved input."""
    found = page.evaluate("Object.entries(sessionStorage)")
    return [draft for key, text in found if key.startswith("unsaved:") for draft in json.loads(text).values()]


def offered(page):
    return page.get_by_text("Input that was not saved:")


OWN = {"source": "PS01", "destination": "DC01", "protocol": "udp", "reason": "Name resolution"}
FORTI = {"format": "fortigate", "zones": {}}
TWICE = contoso(
    additional_flows=[OWN | {"ports": ports} for ports in ("53", "123")],
    firewalls=[FORTI | {"name": name} for name in ("FW-1", "FW-2")],
)
OPEN_MAIN = "document.querySelectorAll('main details').forEach((fold) => { fold.open = true; })"
OPEN_ALL = "document.querySelectorAll('#panel details').forEach((fold) => { fold.open = true; })"


def test_input_goes_back_to_the_row_that_it_was_typed_for(page, site):
    for typed_at, field, restored_at, about in (
        ("?panel=own", ".own-flow:nth-child(2) [name=reason]", "?panel=own", "Reason of PS01 to DC01 udp 123"),
        ("?panel=firewalls&firewall=FW-2", "#firewall-chain", "?panel=firewalls&firewall=FW-1", " of FW-2"),
        ("", ".module textarea", "", " of sites."),
    ):
        address = f"/plans/{store(TWICE)[1]}/"
        page.goto(address + typed_at)
        page.evaluate(OPEN_ALL)
        page.locator(f"#panel {field}").fill("typed")
        page.goto(address + restored_at)
        expect(offered(page)).to_contain_text(about)
        page.get_by_role("button", name="Restore").click()
        expect(page.locator(f"#panel {field}"), about).to_have_value("typed")
        expect(page.locator("#live"), about).to_have_text("Restored. It isn't saved yet.")
        assert page.url.endswith(typed_at)
        assert "typed" not in page.locator("#panel .own-flow [name=reason]").evaluate_all(
            "all => all.slice(0, 1).map((one) => one.value)"
        )


KEPT = "() => Object.keys(sessionStorage).find((key) => key.startsWith('unsaved:'))"
OLDER = f"""() => {{
  const key = ({KEPT})();
  const drafts = JSON.parse(sessionStorage.getItem(key));
  Object.values(drafts).forEach((draft) => {{ delete draft.about; }});
  sessionStorage.setItem(key, JSON.stringify(drafts));
}}"""
"""Makes what is kept into what an earlier state of the product kept."""


def test_typed_input_is_offered_back_until_it_is_saved_or_discarded(page, address):
    page.goto(f"{address}?edit=DC01")
    page.get_by_label("Addresses").fill("10.9.9.9")
    page.get_by_label("Zone", exact=True).select_option("DMZ")
    page.locator("#endpoint-sessions-summary").click()
    page.locator("#endpoint-sessions input").first.check()
    page.reload()
    labels = "Zone, Addresses, Sessions that people open to it"
    expect(offered(page)).to_have_text(f"Input that was not saved: {labels} of DC01.")
    expect(page.get_by_label("Addresses")).not_to_have_value("10.9.9.9")
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_label("Addresses")).to_have_value("10.9.9.9")
    expect(page.get_by_label("Zone", exact=True)).to_have_value("DMZ")
    expect(page.locator("#endpoint-sessions input").first).to_be_checked()
    expect(offered(page)).to_be_hidden()
    page.get_by_role("button", name="Save", exact=True).click()
    saved(page, 2)
    page.reload()
    expect(page.get_by_label("Addresses")).to_have_value("10.9.9.9")
    expect(offered(page)).to_be_hidden()
    assert kept(page) == []

    page.get_by_label("Addresses").fill("10.9.9.8")
    page.wait_for_function(KEPT)
    page.evaluate(OLDER)
    page.reload()
    expect(offered(page)).to_have_text("Input that was not saved: Addresses.")
    page.get_by_role("button", name="Discard").click()
    expect(offered(page)).to_be_hidden()
    page.reload()
    expect(page.locator("#editor-title")).to_be_visible()
    expect(offered(page)).to_be_hidden()

    page.get_by_label("Addresses").fill("10.9.9.7")
    page.locator("#tab-ports").click()
    expect(offered(page)).to_be_visible()
    page.get_by_role("button", name="Restore").click()
    expect(page.locator("#editor-title"), "back to the form that was closed").to_have_text("Edit DC01")
    expect(page.get_by_label("Addresses")).to_have_value("10.9.9.7")
    expect(page.get_by_label("Addresses")).to_be_focused()

    page.get_by_label("Addresses").fill("10.0.0.7/24")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#endpoint-addresses-error")).to_be_visible()
    expect(offered(page)).to_be_hidden()
    page.locator("#view-findings").click()
    expect(page.locator(".finding").first).to_be_visible()
    expect(page.locator("#state")).to_have_text("Not saved: see the form")
    expect(page.locator("#state")).to_have_attribute("data-state", "failed")
    page.get_by_label("Name", exact=True).fill("DC09")
    page.reload()
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_label("Addresses"), "what the server refused").to_have_value("10.0.0.7/24")
    expect(page.get_by_label("Name", exact=True)).to_have_value("DC09")


def save_addresses(page, addresses):
    page.get_by_label("Addresses").fill(addresses)
    page.get_by_role("button", name="Save", exact=True).click()


def test_what_goes_again_by_itself_is_not_sent_once_more_when_it_is_asked_for(page, address):
    page.goto(f"{address}?edit=DC01")
    cut(page, at="**/endpoints/edit/")
    save_addresses(page, "10.9.9.8")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    page.unroute_all()
    held = Held(page)
    held.wait()
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#state")).to_have_text("Saving…")
    held.release()
    saved(page, 2)
    page.wait_for_event("response", lambda response: "/pulse/" in response.url)  # it goes on once all is answered
    assert held.routes == []


def test_what_is_typed_while_an_edit_is_on_its_way_is_offered_after_its_answer(page, address, plan):
    page.goto(f"{address}?edit=DC01")
    held = Held(page)
    save_addresses(page, "10.9.9.8")
    held.wait()
    page.get_by_label("Addresses").fill("10.9.9.7")
    held.release()
    saved(page, 2)
    page.unroute_all()
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_label("Addresses")).to_have_value("10.9.9.7")
    page.get_by_role("button", name="Save", exact=True).click()
    saved(page, 3)
    expect(offered(page)).to_be_hidden()
    [dc01] = (one for one in document_of(plan[0])["endpoints"] if one["name"] == "DC01")
    assert dc01["addresses"] == ["10.9.9.7"]


def test_the_page_works_on_after_going_back_in_the_browser(page, address):
    page.goto(address)
    page.evaluate("window.same = true")
    page.locator("#panel a[data-endpoint=DC01]").click()
    page.get_by_label("Addresses").fill("10.9.9.9")
    page.go_back()
    expect(page.get_by_label("Addresses")).to_have_count(0)
    assert page.evaluate("window.same")
    expect(offered(page)).to_be_visible()
    page.locator("#shortcuts-open").click()
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Discard").click()
    expect(offered(page)).to_be_hidden()
    cut(page, at="**/endpoints/edit/")
    page.go_forward()
    page.get_by_label("Addresses").fill("10.9.9.8")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Addresses")).to_have_count(0)
    page.unroute_all()
    page.get_by_role("button", name="Try again").click()
    saved(page, 2)
    page.go_forward()
    page.get_by_label("Addresses").fill("10.9.9.7")
    page.go_back()  # at once: what was typed is kept as the page goes
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_label("Addresses")).to_have_value("10.9.9.7")
    page.get_by_role("link", name="Findings").click()
    expect(page.locator(".finding").first).to_be_visible()
    page.route("**/plans/*/?edit=DC01", lambda route: route.abort("connectionrefused"), times=1)
    page.go_back()
    expect(page.locator("#state")).to_contain_text("The service can't be reached")
    page.unroute_all()
    page.go_forward()
    expect(page.locator("#state")).to_have_text("Saved · revision 2")


def test_kept_input_stays_in_its_tab_clashes_with_what_others_have_changed_and_outlives_its_form(open_page, address):
    one, other = open_page(), open_page()
    one.goto(f"{address}?edit=DC01")
    one.get_by_label("Addresses").fill(HOSTILE)
    one.reload()
    (draft,) = kept(one)
    assert draft["fields"] == {"addresses": [HOSTILE]}
    assert not re.search("csrf|operation", json.dumps(draft)), "nothing secret is kept"
    one.get_by_role("button", name="Restore").click()
    expect(one.get_by_label("Addresses")).to_have_value(HOSTILE)
    other.goto(f"{address}?edit=DC01")
    expect(offered(other)).to_be_hidden()
    assert one.evaluate("localStorage.length") == 0

    one.get_by_label("Addresses").fill("10.9.9.9")
    one.goto("/")
    other.get_by_label("Addresses").fill("10.8.8.8")
    other.get_by_role("button", name="Save", exact=True).click()
    saved(other, 2)
    one.goto(f"{address}?edit=DC01")
    expect(one.get_by_label("Addresses")).to_have_value("10.8.8.8")
    one.get_by_role("button", name="Restore").click()
    one.get_by_role("button", name="Save", exact=True).click()
    expect(one.locator("#panel")).to_contain_text("Someone changed the same thing")
    expect(one.get_by_label("Addresses")).to_have_value("10.9.9.9")
    one.get_by_role("button", name="Save", exact=True).click()
    saved(one, 3)

    one.get_by_label("Addresses").fill(HOSTILE)
    one.goto("/")
    other.goto(f"{address}?edit=DC01")
    other.get_by_role("button", name="Delete", exact=True).click()
    other.get_by_role("button", name="Delete all the same").click()
    saved(other, 4)
    one.goto(address)
    one.get_by_role("button", name="Restore").click()
    expect(one.locator(".draft-words")).to_contain_text("Its form isn't there any more")
    assert one.locator(".draft-text").text_content() == f"Addresses: {HOSTILE}"
    one.get_by_role("button", name="Discard").click()
    expect(one.locator("#draft")).to_be_hidden()


def test_cookies_that_are_lost_are_said_and_each_input_is_offered_back(open_page, address):
    page = open_page(status=(403, 404))
    page.goto(f"{address}?edit=DC01")
    page.get_by_label("Addresses").fill("10.9.9.9")
    page.goto(f"{address}?panel=ports")
    cookies = page.context.cookies()
    page.context.clear_cookies()
    expect(page.locator("#state")).to_contain_text("This browser doesn't know the plan any more. Copy what you typed.")
    override_port(page, "SSH", "2222")
    expect(page.locator("#state")).to_contain_text("Not saved: this browser doesn't know the plan any more.")
    page.context.add_cookies(cookies)
    page.goto(address)
    words = page.locator(".draft-words")
    lost = [f"Input that was not saved: {what}." for what in ("Addresses of DC01", "SSH of ssh")]
    expect(words).to_have_text(lost)
    page.get_by_role("button", name="Discard").first.click()
    expect(words).to_have_text(lost[1:])
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_label("SSH", exact=True)).to_have_value("2222")


BROKEN = "sessionStorage.setItem(`unsaved:${location.pathname}`, '{\"not json');"
FULL = "Storage.prototype.setItem = () => { throw new Error('full'); };"
FORBIDDEN = "Object.defineProperty(window, 'sessionStorage', { get() { throw new Error('forbidden'); } });"


@pytest.mark.parametrize("script", [BROKEN + FULL, FORBIDDEN], ids=["broken and full", "forbidden"])
def test_storage_that_is_broken_full_or_forbidden_stops_nothing(open_page, address, script):
    page = open_page()
    page.add_init_script(script)
    page.goto(f"{address}?edit=DC01")
    page.get_by_label("Addresses").fill("10.9.9.9")
    page.get_by_role("button", name="Save", exact=True).click()
    saved(page, 2)


REFUSED = {
    403: "Not saved: this page is too old. Reload it", 404: "Not saved: this browser doesn't know the plan any more",
    410: "Not saved: this plan has been deleted", 413: "Not saved: that is more than the service takes",
    409: "refused it (409)",
}  # fmt: skip


def test_what_is_refused_for_good_says_why_and_offers_no_other_try(open_page, address):
    page = open_page(status=tuple(REFUSED))
    page.goto(f"{address}?edit=DC01")
    for status, said in REFUSED.items():
        cut(page, at="**/endpoints/edit/", answer=status)
        page.get_by_label("Addresses").fill("10.9.9.9")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator("#state")).to_contain_text(said)
        expect(page.get_by_role("button", name="Try again")).to_be_hidden()
        expect(page.get_by_label("Addresses")).to_have_value("10.9.9.9")
        page.unroute_all()
    page.reload()
    page.get_by_role("button", name="Restore").click()
    page.get_by_role("button", name="Save", exact=True).click()
    saved(page, 2)
    page.goto(f"{address}?panel=own")
    cut(page, at="**/flows/prepare/", answer=403)
    page.locator("#own-new-ports").fill("53")
    expect(page.locator("#state")).to_have_text(re.compile("^This page is too old. Reload it; what you typed is then"))
    page.unroute_all()
    cut(page, at="**/plans/*/?*", answer=403)
    page.get_by_role("link", name="Ports").click()
    expect(page.locator("#state")).to_have_text("You may not do that any more; reload the page.")


FORMS = {
    "history/": "#revision-1 input[name=name]",
    "changes/": "input[name=recipient]",
    "/plans/guided/": "input[name=name]",
    "/plans/import/": "#id_text, textarea[name=text]",
    "?edit=DC01": "#endpoint-addresses",
}


def test_leaving_what_is_typed_asks_first_and_sending_it_or_a_question_does_not(page, address):
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    for where, found in FORMS.items():
        page.goto(where if where.startswith("/") else address + where)
        del asked[:]
        page.goto("/words/")
        assert asked == [], where
        page.go_back()
        page.evaluate(OPEN_MAIN)
        field = page.locator(found).first
        field.fill("10.9.9.9")
        page.goto("/words/")
        assert asked == ["beforeunload"], where
        page.go_back()
        page.evaluate(OPEN_MAIN)
        field.fill("10.9.9.9")
        before = page.evaluate("performance.timeOrigin")
        field.locator("xpath=ancestor::form[1]").locator("button:not([type=button])").last.click()
        if where == "?edit=DC01":
            saved(page, 2)
            page.goto("/words/")
        else:
            page.wait_for_function("before => performance.timeOrigin !== before", arg=before)
        assert asked == ["beforeunload"], where

    page.goto(f"{address}?edit=DC01")
    del asked[:]
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("button", name="Delete all the same")).to_be_focused()
    page.goto("/words/")
    assert asked == [], "nothing was typed"


def test_a_page_without_the_line_says_above_its_part_what_it_could_not_load(open_page, site):
    page = open_page(status=(403, 503))
    page.goto("/matrix/")
    for status, said in ((503, "answered with an error (503); what you"), (403, "You may not do that any more")):
        cut(page, at="**/matrix/?*", answer=status)
        page.get_by_role("searchbox").fill(str(status))
        expect(page.locator("#matrix-rows").get_by_role("alert")).to_contain_text(said)
        page.unroute_all()
    page.get_by_role("searchbox").fill("464")
    expect(page.locator("#matrix-rows mark").first).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
