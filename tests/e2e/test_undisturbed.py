"""What a change of the plan leaves alone: typing, the caret, the focus, the scroll position, what is unfolded."""

import re

from playwright.sync_api import expect

from tests.e2e.test_together import start as start_few
from tests.e2e.test_topology import saved
from tests.e2e.test_walk import start

CARET = "[document.activeElement.id, document.activeElement.selectionStart, document.activeElement.selectionEnd]"
PLACES = "[document.querySelector('.side').scrollTop, window.scrollY]"


def open_two(open_page, query=""):
    """Two browsers that look at the same plan, the first at a part of it; the second changes ports."""
    one, other = open_page(height=600), open_page()
    start_few(one, query)
    other.goto(f"{one.url.partition('?')[0]}?panel=ports")
    return one, other


def override_port(page, name, value):
    field = page.get_by_label(name, exact=True)
    field.fill(value)
    field.press("Enter")


def test_a_remote_change_leaves_the_search_and_what_is_being_typed_alone_and_updates_the_rest(open_page):
    one, other = open_two(open_page)
    search = one.get_by_role("searchbox", name="Search")
    search.press_sequentially("secure shell")
    expect(one).to_have_url(re.compile("text=secure"))
    for _ in range(3):
        search.press("ArrowLeft")
    search.evaluate("field => { field.dataset.same = 'yes'; }")
    before = one.evaluate(CARET)
    override_port(other, "SSH", "2222")
    saved(one, 2)
    expect(search).to_have_value("secure shell")
    expect(search).to_have_attribute("data-same", "yes")  # not even replaced: composing and its own undo go on
    assert one.evaluate(CARET) == before
    search.fill("2222")
    expect(one.locator("#results").get_by_text("tcp 2222").first).to_be_visible()
    expect(one.locator("#overview .strip-row")).to_be_visible()

    search.fill("")
    text = "kiosks and"
    for number, letter in enumerate(text):
        search.press(letter if letter != " " else "Space")
        if number % 6 == 0:
            override_port(other, "SSH", str(2200 + number))
            saved(other, 3 + number // 6)
            saved(one, 3 + number // 6)
    expect(search).to_have_value(text)
    expect(search).to_be_focused()
    saved(one, 4)
    expect(one).to_have_url(re.compile(r"text=kiosks\+and$"))

    other.goto(other.url.replace("panel=ports", "add=zone"))
    other.get_by_label("Name", exact=True).fill("Lab")
    other.get_by_role("button", name="Add", exact=True).click()
    saved(one, 5)
    one.locator("#view-rules").focus()  # nobody types in the filter any more
    other.goto(re.sub(r"(\?.*)?$", "?zone=DMZ", other.url, count=1))
    other.get_by_label("Name", exact=True).fill("Perimeter")
    other.get_by_role("button", name="Save", exact=True).click()
    saved(one, 6)
    expect(one.locator("#filter-source")).to_contain_text("Perimeter")


def test_a_change_keeps_scroll_focus_folds_and_filters(open_page):
    one, other = open_two(open_page, "?panel=caveats&view=flows&text=tcp")
    one.evaluate("document.querySelector('.side').scrollTop = 300; window.scrollTo(0, 250)")
    button = one.locator("#panel form[action*='corrections/'] button:visible").first
    button.evaluate("button => button.focus({preventScroll: true})")
    places, name = one.evaluate(PLACES), one.evaluate("document.activeElement.id")
    assert places == [300, 250]
    for revision, whose in enumerate(("own", "remote"), 2):
        if whose == "own":
            one.keyboard.press("Enter")
        else:
            override_port(other, "SSH", "2222")
        saved(one, revision)
        assert one.evaluate(PLACES) == places, whose
        assert one.evaluate("document.activeElement.id") == name, whose
        expect(one.locator("#filter-text"), whose).to_have_value("tcp")
        expect(one, whose).to_have_url(re.compile("text=tcp"))


def test_a_change_keeps_folds_a_zone_that_is_chosen_what_was_refused_and_what_is_typed_under_another_name(open_page):
    one, other = open_two(open_page, "?edit=DC01")
    one.locator("#endpoint-sessions-summary").click()
    one.locator("#endpoint-roles-summary").click()
    for revision, whose in enumerate(("remote", "own"), 2):
        if whose == "own":
            one.get_by_label("Addresses").fill("10.9.9.9")
            one.get_by_role("button", name="Save", exact=True).click()
        else:
            override_port(other, "SSH", "2222")
        saved(one, revision)
        expect(one.locator("#endpoint-sessions"), whose).to_have_attribute("open", "")
        expect(one.locator("#endpoint-roles"), whose).not_to_have_attribute("open", "")

    zone = one.get_by_label("Zone", exact=True)
    zone.select_option("DMZ")
    one.locator("#endpoint-save").focus()
    override_port(other, "SSH", "2223")
    saved(one, 4)
    expect(zone).to_have_value("DMZ")

    one.get_by_label("Addresses").fill("10.0.0.7/24")
    one.get_by_role("button", name="Save", exact=True).click()
    expect(one.locator("#endpoint-addresses-error")).to_be_visible()
    one.locator("#heading").click()  # with the focus in its form it would stay as anything that is typed
    override_port(other, "SSH", "2224")
    saved(other, 5)
    expect(one.locator("#state")).to_have_attribute("data-revision", "5")
    expect(one.get_by_label("Addresses")).to_have_value("10.0.0.7/24")
    one.get_by_label("Addresses").fill("10.0.0.7")
    one.get_by_role("button", name="Save", exact=True).click()
    saved(one, 6)

    one.get_by_label("Addresses").fill("10.0.0.8")
    other.goto(one.url)
    other.get_by_label("Name", exact=True).fill("DC-LON")
    other.get_by_role("button", name="Save", exact=True).click()
    saved(other, 7)
    expect(one.locator("#state")).to_have_attribute("data-revision", "7")
    one.get_by_role("button", name="Save", exact=True).click()
    saved(one, 8)
    expect(one).to_have_url(re.compile(r"\?edit=DC-LON$"))
    expect(one.get_by_label("Name", exact=True)).to_have_value("DC-LON")
    expect(one.get_by_label("Addresses")).to_have_value("10.0.0.8")


def test_what_is_typed_into_the_filter_outlives_an_own_change_right_after_it(open_page):
    one = open_page(height=600)
    start_few(one, "?panel=decisions")
    one.route("**/*text=kiosk*", lambda route: None, times=1)  # the first answer never comes
    one.get_by_role("searchbox", name="Search").fill("kiosk")
    one.get_by_role("radio", name=re.compile("PowerCLI")).first.check()
    saved(one, 2)
    expect(one).to_have_url(re.compile("text=kiosk"))
    expect(one.get_by_role("searchbox", name="Search")).to_have_value("kiosk")


def test_a_tab_keeps_the_focus_and_the_filter(open_page):
    one = open_page(height=600)
    start_few(one)
    one.get_by_role("searchbox", name="Search").fill("tcp")
    expect(one).to_have_url(re.compile("text=tcp"))
    expect(one.locator("#tab-ports")).to_have_attribute("href", re.compile("text=tcp"))  # the filter's answer is here
    scrolled = one.evaluate("window.scrollY")
    for tab, current in (("tab-decisions", "true"), ("tab-ports", "page"), ("view-flows", "page")):
        one.locator(f"#{tab}").focus()
        one.keyboard.press("Enter")
        expect(one.locator(f"#{tab}")).to_have_attribute("aria-current", current)
        expect(one.locator(f"#{tab}")).to_be_focused()
        expect(one.locator("#filter-text")).to_have_value("tcp")
        assert one.evaluate("window.scrollY") <= scrolled


def test_the_first_page_shows_the_visitors_colour_for_good(page):
    start(page, "One server")
    badge = page.locator("#viewers .viewer").first
    first = (badge.get_attribute("class"), badge.text_content())
    for _ in range(2):
        with page.expect_response("**/pulse/**"):
            pass
    page.reload()
    assert (badge.get_attribute("class"), badge.text_content()) == first
