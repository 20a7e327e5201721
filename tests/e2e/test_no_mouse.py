"""The page of a plan walked through by Tab: whatever has the focus shows it and is in sight; nothing moves unasked."""

import pytest
from playwright.sync_api import expect

from tests.e2e.test_walk import start_small

LOOK = """
() => {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  const bar = document.querySelector(".top").getBoundingClientRect();
  const stays = getComputedStyle(document.querySelector(".top")).position === "sticky";
  const under = stays && !element.closest(".top, .skip");
  return {
    id: element.id,
    name: element.outerHTML.slice(0, 160),
    end: element === document.body || window.left === true,
    line: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    // As a whole below the bar that stays, and at least partly within the window.
    seen: box.bottom > (under ? bar.bottom : 0) && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    covered: under && box.top < bar.bottom - 1 && box.bottom <= bar.bottom,
  };
}
"""
# Beyond the last stop the window loses the focus. The browser may give it back at once, to the first stop of the page.
LEAVE = "() => window.addEventListener('blur', () => { window.left = true; })"
QUERIES = ["", "panel=decisions&view=findings", "panel=ports&view=flows&protocol=icmp", "panel=caveats&view=diagram",
           "edit=DC01&view=unneeded", "add=import&view=zones", "zone=DMZ"]  # fmt: skip
"""The rules, which have most stops, are beside few of the forms."""
ON_A_PHONE = [QUERIES[0], QUERIES[1], QUERIES[4]]


@pytest.mark.parametrize(("width", "queries", "least"), [(1440, QUERIES, 250), (390, ON_A_PHONE, 100)])
def test_the_focus_is_in_sight_wherever_tab_leads(open_page, width, queries, least):
    page = open_page(width=width)
    start_small(page)
    address, faults, steps, stops = page.url, [], 0, set()
    for query in queries:
        page.goto(f"{address}?{query}")
        page.evaluate(LEAVE)
        if query:  # what stands before the parts of the plan is the same on each of its pages
            page.locator("#panels a").first.focus()
        for _ in range(400):
            page.keyboard.press("Tab")
            seen = page.evaluate(LOOK)
            if seen["end"]:
                break
            steps += 1
            stops.add(seen["id"])
            if not seen["line"] or not seen["seen"] or seen["covered"]:
                faults.append(f"{query}: {seen}")
        else:
            pytest.fail(f"{query}: Tab never leaves the page")
    assert steps > least
    assert {"tab-topology", "view-flows", "filter-text", "filter-section"} <= stops
    assert not faults, "\n".join(faults)


def test_who_wants_no_motion_gets_none(open_page):
    moving = """
      [...document.querySelectorAll("*")].filter((element) => {
        const style = getComputedStyle(element);
        const times = `${style.transitionDuration}, ${style.animationDuration}`.split(", ");
        return times.some((time) => parseFloat(time));
      }).map((element) => element.outerHTML.slice(0, 100))
    """
    page = open_page(reduced_motion="reduce")
    start_small(page)
    assert page.evaluate(moving) == []
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert page.evaluate(moving) == []
