"""No page has an accessibility fault that axe-core finds, light or dark, wide or narrow; none scrolls sideways."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread, Timer

import pytest
from playwright.sync_api import expect

from planner.web.views import results
from tests.e2e.axe import WIDTH, Looks, violations
from tests.e2e.tabs import DESKTOP
from tests.e2e.test_walk import start_small
from tests.report.samples import hostile, sites
from tests.web.views.pages import store, store_unchecked

VIEWS = [
    "?panel=topology&view=rules", "?panel=decisions&view=flows", "?panel=ports&view=findings",
    "?panel=caveats&view=diagram", "?panel=closed&view=zones",
]  # fmt: skip


def test_a_page_with_faults_has_violations(page):
    page.goto("/plans/import/")
    page.evaluate("""
      () => {
        const main = document.querySelector("main");
        main.append(document.createElement("img"));
        const pale = Object.assign(document.createElement("p"), {textContent: "Hard to read"});
        pale.style.color = "rgb(250, 250, 250)";
        main.append(pale);
      }
    """)
    assert sorted(fault.split()[1] for fault in violations(page)) == ["color-contrast:", "image-alt:"]


class Slow(BaseHTTPRequestHandler):
    """A page that has arrived up to its head, as far as the browser says, when the rest is sent."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(b'<!doctype html><html lang="en"><head><title>Slow</title>' + b" " * 2000)
        self.wfile.flush()
        self.server.arrived.wait(60)
        self.wfile.write(b"</head><body><main><h1>Slow</h1><p>Text</p><img src='data:,'></main></body></html>")

    def log_message(self, *arguments):
        pass


def test_a_page_is_looked_at_when_all_of_it_is_there(page):
    with ThreadingHTTPServer(("localhost", 0), Slow) as server:
        server.arrived = Event()
        Thread(target=server.serve_forever).start()
        try:
            page.goto(f"http://localhost:{server.server_port}/", wait_until="commit")
            Timer(0.2, server.arrived.set).start()
            assert [fault.split()[1] for fault in violations(page)] == ["image-alt:"]
        finally:
            server.shutdown()


def test_a_row_that_is_built_otherwise_is_looked_at(page):
    page.goto("/plans/import/")
    page.evaluate("""
      () => {
        const list = document.createElement("ul");
        for (let number = 0; number < 30; number++) {
          const [entry, link] = [document.createElement("li"), document.createElement("a")];
          link.href = `#${number}`;
          Object.assign(link.style, {display: "block", height: "40px", width: "90px"});
          link.textContent = number === 25 ? "" : `Entry ${number}`;
          entry.append(link);
          list.append(entry);
        }
        document.querySelector("main").append(list);
      }
    """)
    before = page.content()
    assert [fault.split()[1] for fault in violations(page)] == ["link-name:"]
    assert page.content() == before


def test_what_was_fine_is_looked_at_where_it_stands_otherwise_or_has_changed(page):
    page.goto("/plans/import/")
    assert not violations(page)
    for change, found in (
        ("main.classList.add('other')", []),
        ("main.style.color = 'rgb(250, 250, 250)'", ["color-contrast:"]),
        ("main.style.color = ''", []),
        ("main.querySelector('label').textContent = ''", ["label:"]),
    ):
        page.evaluate(f"() => {{ const main = document.querySelector('main'); {change}; }}")
        assert {fault.split()[1] for fault in violations(page)} == set(found), change


def test_a_text_on_another_ground_is_looked_at_among_many_of_its_colour(page):
    page.goto("/plans/import/")
    page.evaluate("""
      () => {
        const main = document.querySelector("main");
        for (let number = 0; number < 30; number++) {
          const [part, text] = [document.createElement("div"), document.createElement("p")];
          Object.assign(part.style, {background: "rgb(255, 255, 255)", color: "rgb(30, 30, 30)"});
          Object.assign(text, {id: `text-${number}`, textContent: `Text ${number}`});
          part.append(text);
          main.append(part);
        }
      }
    """)
    assert not violations(page)
    for name, value in (("backgroundColor", "rgb(60, 60, 60)"), ("opacity", "0.3")):
        page.evaluate("([name, value]) => { document.querySelector('#text-25').style[name] = value; }", [name, value])
        assert ["color-contrast:", "<p", 'id="text-25"'] in [fault.split()[1:4] for fault in violations(page)], name
        page.evaluate("name => { document.querySelector('#text-25').style[name] = ''; }", name)


def test_a_mixed_colour_is_read_and_a_rule_that_gives_up_is_told(page):
    page.goto("/plans/import/")
    page.evaluate("document.querySelector('main').style.color = 'color-mix(in srgb, white 98%, black)'")
    assert {fault.split()[1] for fault in violations(page)} == {"color-contrast:"}
    page.evaluate("document.querySelector('main').style.color = 'color(display-p3 1 1 1)'")
    assert ["not", "looked", "at:", "color-contrast:"] in [fault.split()[1:5] for fault in violations(page)]


def test_an_id_that_is_there_twice_is_found_in_any_two_parts(page):
    page.goto("/plans/import/")
    assert not violations(page)
    page.evaluate("document.querySelector('header .brand').id = 'main'")
    assert ["duplicate-id:", "main"] in [fault.split()[1:] for fault in violations(page)]


@pytest.fixture
def looks():
    """How a page is looked at: colours and width."""
    return Looks((1440, "light"), (360, "dark"))


def test_a_plan_has_no_violation_in_any_panel_and_view(open_page):
    """The other two pairs of colours and widths are those of `test_every_page`, with the same panels and views."""
    looks, page = Looks((1440, "dark"), (390, "light")), open_page(color_scheme="dark")
    start_small(page)
    found = violations(page, whole=True)
    address = page.url
    for view in VIEWS:
        page.goto(address + view)
        found += looks.find_faults(page)
    assert not found, "\n".join(found)


def test_a_plan_has_no_violation_while_it_is_worked_on(page, looks):
    """With an error, a correction applied, a filter that fits nothing and an open menu."""
    start_small(page)
    address = page.url
    page.goto(f"{address}?panel=ports&text=nothing-of-the-kind")
    page.locator("#port-ssh").fill("x")
    page.locator("#port-ssh").press("Tab")
    page.locator("#port-ssh-error").wait_for()
    page.get_by_text("More downloads").click()
    found = looks.find_faults(page)
    page.goto(f"{address}?panel=caveats&view=findings&source=nowhere")
    page.locator("#panel-telnet-port").click()
    page.get_by_role("button", name="Take back").first.wait_for()
    found += looks.find_faults(page)
    assert not found, "\n".join(found)


def test_an_import_with_faults_has_no_violation(page, looks):
    page.goto("/plans/import/")
    page.get_by_label("Or paste it here").fill("format: 2\nname: x\n")
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert not looks.find_faults(page)


def test_error_pages_have_no_violation(open_page, looks):
    page = open_page(status=404)
    page.goto("/plans/none/")
    assert not looks.find_faults(page)


def test_a_plan_that_doesnt_fit_the_matrix_has_a_page_without_violation(open_page, looks):
    page = open_page(status=409)
    key = store_unchecked({"format": 1, "name": "N", "zones": [], "endpoints": [], "choices": {"colour": "red"}})
    page.goto(f"/plans/{key}/")
    assert page.get_by_text("choices.colour").is_visible()
    assert not looks.find_faults(page)


def test_at_200_percent_no_page_has_a_violation_or_scrolls_sideways(open_page):
    """A browser that shows a window of 1440 by 900 twice as large has half as many pixels of CSS for it."""
    page = open_page(width=720, height=450, device_scale_factor=2)
    start_small(page)
    address = page.url
    pages = [address + view for view in VIEWS]
    own = ["endpoints", "questions", "changes", "links", "history", "acceptance", "existing"]
    pages += [f"{address}{end}/" for end in own]
    found = []
    for place in (*pages, "/", "/plans/guided/", "/plans/import/", "/matrix/"):
        response = page.goto(place)
        assert response, place
        assert response.ok, place
        found += violations(page)
        if page.evaluate("document.documentElement.scrollWidth") > 720:
            found.append(f"{place} scrolls sideways")
    assert not found, "\n".join(found)


def test_nothing_scrolls_sideways(open_page):
    """In a window of the narrowest width or, each other time, of the widest, nor when it gets the others."""
    widths = [360, 768, 900, 1024, 1280, 1920]
    page = open_page(width=widths[0])
    found = []

    def look(place):
        for width in widths:
            page.set_viewport_size({"width": width, "height": DESKTOP["height"]})
            if page.evaluate(WIDTH) > width:
                found.append(f"{place} scrolls sideways at {width}")
        widths.reverse()

    start_small(page)
    address = page.url
    places = ["/", "/matrix/", "/plans/import/", *(address + view for view in VIEWS)]
    places += [f"/plans/{store(hostile('x' * 255))[1]}/{view}" for view in VIEWS]
    for place in places:
        page.goto(place)
        look(place)
    page.goto("/plans/import/")
    page.get_by_label("Or paste it here").fill(json.dumps({"x" * 500: 1, "name": "y" * 500}))
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("alert")).to_be_visible()
    look("an import with faults")
    assert not found, "\n".join(found)


def test_a_plan_of_hundreds_of_sites_has_pages_like_any_other(page, looks, monkeypatch):
    """With so many endpoints no list has them all: the parts are those of a thousand sites."""
    monkeypatch.setattr(results, "FLOWS_PER_PAGE", 20)
    address = f"/plans/{store(sites(120))[1]}/"
    found = []
    for view in VIEWS:
        page.goto(address + view)
        found += looks.find_faults(page)
    assert not found, "\n".join(found)


def test_no_text_runs_into_its_neighbour(page):
    start_small(page)
    widths = [360, 390, 600, 768, 900, 1024, 1280, 1440, 1920]
    find_overlaps(page, ".endpoint, .rules tr", widths)
    page.locator("#view-flows").click()
    expect(page.locator("table.flows")).to_be_visible()
    find_overlaps(page, ".flows tr", reversed(widths))


def find_overlaps(page, rows, widths):
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.locator(rows).count() > 10
        overlaps = page.evaluate(
            """
          (rows) => [...document.querySelectorAll(rows)].flatMap((row) => {
            const cells = [...row.children].filter((cell) => cell.textContent.trim()).map((cell) => {
              // What is folded away keeps boxes that nobody sees.
              const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT, (text) =>
                text.parentElement.closest("details:not([open]) > :not(summary)")
                  ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
              const rects = [];
              while (walker.nextNode()) {
                const range = document.createRange();
                range.selectNodeContents(walker.currentNode);
                rects.push(...[...range.getClientRects()].filter((rect) => rect.width > 1));
              }
              return {cell, rects};
            });
            return cells.flatMap(({cell, rects}, index) => cells.slice(index + 1).filter(({rects: others}) =>
              rects.some((a) => others.some((b) => a.left < b.right - 1 && b.left < a.right - 1 &&
                a.top < b.bottom - 1 && b.top < a.bottom - 1)))
              .map((other) => `${cell.textContent.trim()} | ${other.cell.textContent.trim()}`));
          })
        """,
            rows,
        )
        assert not overlaps, f"{width}: {overlaps}"
