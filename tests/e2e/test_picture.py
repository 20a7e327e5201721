"""The picture in a real browser: nearer and further by all means, what belongs together, flows that are drawn."""

import re

import pytest
import yaml
from playwright.sync_api import expect

from tests.e2e.axe import Looks
from tests.e2e.tabs import DESKTOP
from tests.e2e.test_topology import saved
from tests.examples import EXAMPLES
from tests.web.views.pages import store

WHOLE = """() => {
  const frame = document.querySelector('#picture').getBoundingClientRect();
  const drawing = document.querySelector('#picture .diagram').getBoundingClientRect();
  return drawing.left >= frame.left && drawing.right <= frame.right + 1
    && drawing.top >= frame.top && drawing.bottom <= frame.bottom + 1;
}"""
SMALLEST = """() => Math.min(...[...document.querySelectorAll('#picture g[aria-hidden] text')].map((text) =>
  parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a))"""


def open_picture(page, topology="everything"):
    page.goto(f"/plans/{store(yaml.safe_load(EXAMPLES[topology].data))[1]}/?view=diagram")
    expect(page.locator("#picture-tools")).to_be_visible()


def scrolled(page):
    return page.evaluate(
        "[document.querySelector('#picture').scrollLeft, document.querySelector('#picture').scrollTop]"
    )


def size(page):
    return page.locator("#zoom-size").inner_text()


def width(page):
    return page.locator("#picture .diagram").bounding_box()["width"]


def box(page, name):
    return page.locator(f'#picture [data-name="{name}"]')


def test_the_whole_picture_is_seen_at_every_width(page):
    for wide in (1440, 1024, 768, 390, 360):
        page.set_viewport_size({"width": wide, "height": DESKTOP["height"]})
        if wide == 1440:
            open_picture(page)
        else:
            page.reload()
            expect(page.locator("#picture-tools")).to_be_visible()
        assert page.evaluate(WHOLE), wide
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), wide
        page.get_by_role("button", name="Zoom in").click()
        assert not page.evaluate(WHOLE), wide
        page.get_by_role("button", name="Fit").click()
        assert page.evaluate(WHOLE), wide


def test_keys_buttons_and_the_wheel_look_from_nearer_and_move_the_picture(page):
    open_picture(page)
    whole = width(page)
    figure = page.locator("#picture")
    figure.focus()
    for _ in range(4):
        page.keyboard.press("+")
    assert width(page) > whole * 2
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    before = page.evaluate(
        "(({ scrollLeft, scrollTop }) => [scrollLeft, scrollTop])(document.querySelector('#picture'))"
    )
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    after = page.evaluate(
        "(({ scrollLeft, scrollTop }) => [scrollLeft, scrollTop])(document.querySelector('#picture'))"
    )
    assert after[0] > before[0]
    assert after[1] > before[1]
    expect(figure).to_be_focused()
    page.keyboard.press("-")
    near = width(page)
    page.keyboard.press("0")
    assert width(page) == pytest.approx(whole, abs=1)
    page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("button", name="Zoom out").click()
    assert width(page) == pytest.approx(whole, abs=2)
    figure.hover()
    page.keyboard.down("Control")
    page.mouse.wheel(0, -400)
    page.keyboard.up("Control")
    page.wait_for_function("(least) => document.querySelector('#picture svg').clientWidth > least", arg=whole * 1.5)
    assert near > whole


def test_a_drag_moves_the_picture_and_is_no_click_and_how_near_one_looks_stays_when_the_plan_changes(page):
    open_picture(page)
    for _ in range(5):
        page.get_by_role("button", name="Zoom in").click()
    place = page.locator("#picture").bounding_box()
    left = page.evaluate("document.querySelector('#picture').scrollLeft")
    page.mouse.move(place["x"] + 300, place["y"] + 200)
    page.mouse.down()
    page.mouse.move(place["x"] + 180, place["y"] + 150, steps=5)
    page.mouse.up()
    assert page.evaluate("document.querySelector('#picture').scrollLeft") == pytest.approx(left + 120, abs=2)
    expect(page.locator("#view-diagram")).to_have_attribute("aria-current", "page")
    near = size(page)
    page.get_by_role("link", name="Fold Internal").click()
    expect(page.get_by_role("link", name="Unfold Internal")).to_be_attached()
    assert size(page) == near


def test_two_fingers_look_from_nearer_and_a_tap_lights_up_before_it_follows(open_page):
    page = open_page(width=390, height=844, has_touch=True)
    open_picture(page)
    whole = width(page)
    page.locator("#picture").scroll_into_view_if_needed()
    place = page.locator("#picture").bounding_box()
    x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    touch = page.context.new_cdp_session(page)

    def fingers(kind, apart):
        points = [{"x": x - apart, "y": y, "id": 1}, {"x": x + apart, "y": y, "id": 2}] if apart else []
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    fingers("touchStart", 20)
    for apart in (40, 60, 80):
        fingers("touchMove", apart)
    fingers("touchEnd", 0)
    assert width(page) > whole * 2.5
    followed = []
    page.on("request", lambda request: followed.append(request.url) if "/?view=flows" in request.url else None)
    box(page, "PS01").locator(".halo").tap()
    expect(page.locator("#picture .diagram")).to_have_class(re.compile("lighting"))
    expect(page.locator("#picture-about")).to_contain_text("PS01: ")
    box(page, "PS01").locator(".halo").tap()
    expect(page.locator("table.flows")).to_be_visible()
    assert len(followed) == 1, "the first tap led nowhere"


def test_an_endpoint_lights_up_what_it_has_to_do_with_and_leads_to_its_rules(page):
    open_picture(page, "dmz")
    expect(page.locator("#zoom-size")).to_have_text("100 %")
    assert page.evaluate(SMALLEST) >= 11, "no label has less than eleven pixels"
    box(page, "PRP01").focus()
    lit = page.locator("#picture .on-line.lit")
    of_it = page.locator('#picture a[aria-label^="PRP01 to "], #picture a[aria-label*=" to PRP01:"]')
    assert lit.count() == of_it.count()
    assert 0 < lit.count() < page.locator("#picture .on-line").count()
    faded = page.locator("#picture .on-line:not(.lit)").first
    expect(faded).to_have_css("opacity", "0.18")
    assert Looks((1440, "light"), (390, "dark")).find_faults(page) == []
    rules = page.locator("#picture-about").inner_text()
    page.get_by_role("link", name="Show its rules").click()
    expect(page.locator("table.rules").first).to_be_visible()
    assert re.search(r"[A-Z]+-[A-Z]+-\d+", rules)[0] in page.locator("#results").inner_text()


def test_an_arrow_that_is_drawn_opens_the_form_of_a_flow(page):
    open_picture(page, "dmz")
    source, destination = box(page, "DC01").bounding_box(), box(page, "PRP01").bounding_box()
    page.mouse.move(source["x"] + 20, source["y"] + 15)
    page.mouse.down()
    page.mouse.move(destination["x"] + 20, destination["y"] + 15, steps=6)
    expect(page.locator("#picture .drawn-flow")).to_be_attached()
    page.mouse.up()
    expect(page.locator("#own-source")).to_have_value("DC01")
    expect(page.locator("#own-destination")).to_have_value("PRP01")
    expect(page.locator("#own-new-ports")).to_be_focused()
    expect(page).to_have_url(re.compile("panel=own.*from=DC01&to=PRP01"))
    page.keyboard.type("8080")
    page.locator("#own-new-reason").fill("Monitoring")
    page.get_by_role("button", name="Add the flows").click()
    expect(page.locator('#picture a[aria-label^="DC01 to PRP01:"]')).to_be_attached()


def test_an_endpoint_is_dragged_to_another_zone_of_the_picture(page):
    open_picture(page, "dmz")
    page.goto(f"{page.url}&panel=decisions")

    def drag(name, zone):
        place, drop = (
            box(page, name).bounding_box(),
            page.locator(f'#picture [data-zone-name="{zone}"]').bounding_box(),
        )
        page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
        page.mouse.down()
        page.mouse.move(drop["x"] + drop["width"] - 4, drop["y"] + drop["height"] - 4, steps=6)

    drag("DC01", "Internal")
    expect(page.locator("#picture .zone-over")).to_have_count(0)
    page.mouse.up()
    expect(page.locator("#view-diagram")).to_have_attribute("aria-current", "page")
    drag("DC01", "DMZ")
    expect(page.locator("#picture .zone-over")).to_have_attribute("data-zone-name", "DMZ")
    page.mouse.up()
    expect(page.locator("#live")).to_have_text("DC01 moved to DMZ.")
    expect(page.locator("#picture .drawn-flow")).to_have_count(0)
    saved(page, 2)
    page.get_by_role("button", name="Undo").click()
    saved(page, 3)
    drag("DC01", "DMZ")
    page.keyboard.press("Escape")
    page.mouse.up()
    saved(page, 3)


def test_an_arrow_is_drawn_by_keyboard(page):
    open_picture(page, "dmz")
    page.get_by_role("button", name="Draw a flow").press("Enter")
    box(page, "DC01").press("Enter")
    expect(page.locator("#picture-about")).to_contain_text("From DC01.")
    box(page, "PRP01").press("Enter")
    expect(page.locator("#own-destination")).to_have_value("PRP01")
    expect(page.locator("#own-new-ports")).to_be_focused()
    # Gone with its view, it isn't begun anew unseen.
    draw = page.get_by_role("button", name="Draw a flow")
    draw.press("Enter")
    page.locator("#view-rules").click()
    expect(page.locator("table.rules").first).to_be_visible()
    page.locator("#view-diagram").click()
    expect(draw).to_have_attribute("aria-pressed", "false")
    box(page, "DC01").press("Enter")
    expect(page.locator("table.flows")).to_be_visible()
    page.locator("#view-diagram").click()
    # Given up, a key does what it did before.
    page.get_by_role("button", name="Draw a flow").press("Enter")
    page.keyboard.press("Escape")
    box(page, "DC01").press("Enter")
    expect(page.locator("table.flows")).to_be_visible()
