"""An act is said to be on its way at once, and nothing says "Saved" before the server has."""

import re

import pytest
from playwright.sync_api import expect

from planner.store import actions
from planner.store.models import Plan
from ports.queries import current_matrix
from tests.e2e.test_topology import saved
from tests.report.samples import contoso
from tests.web.views.pages import store

CLICK = "document.querySelector('{}').click();"
TABLE = "name,zone\\nKiosk,DMZ"
ACTS = {
    "a button": ("?edit=DC01", "document.getElementById('endpoint-addresses').value = '10.9.9.9';"
                 + CLICK.format("#endpoint-save")),
    "a box that is ticked": ("?panel=decisions", CLICK.format("#choice-esxi-ssh")),
    "a field that is left": ("?panel=ports", """
        const field = document.getElementById("port-ssh");
        field.value = "2222";
        field.dispatchEvent(new Event("change", {bubbles: true}));"""),
    "undo by keys": ("", """
        document.body.dispatchEvent(new KeyboardEvent("keydown", {key: "z", ctrlKey: true, bubbles: true}));"""),
    "a table": ("?add=import", f"document.getElementById('import-text').value = '{TABLE}';"
                + CLICK.format("#endpoints-import")),
    "a move": ("", """
        const form = document.getElementById("mover");
        form.elements.target.value = "DC01";
        form.elements.zone.value = "DMZ";
        form.requestSubmit();"""),
}  # fmt: skip
"""By what it is, where on a plan it is done and how, without going back to the browser's loop."""
LISTEN = """
  window.words = [];
  window.addEventListener("DOMContentLoaded", () => {
    const note = () => {
      const said = document.getElementById("state")?.textContent;
      if (said && window.words.at(-1) !== said) {
        window.words.push(said);
      }
    };
    new MutationObserver(note).observe(document.body, {subtree: true, childList: true, characterData: true});
    note();
  });
"""
"""Notes whatever the line about the state of the plan has said, in its order, painted or not."""


@pytest.fixture
def plan(site):
    """A plan with something to undo: it is at revision 2."""
    row, key = store(contoso())
    actions.override_port(plan_id=row.pk, matrix=current_matrix(), service="vnc", ports="5999")
    return f"/plans/{key}/"


class Held:
    """Requests for edits that are answered when it is said how."""

    def __init__(self, page):
        self.routes = []
        self.page = page
        page.route("**/plans/**", self.hold)

    def hold(self, route):
        if route.request.method == "POST":
            self.routes.append(route)
        else:
            route.continue_()

    def wait(self):
        """Until there is one."""
        while not self.routes:
            self.page.wait_for_timeout(20)

    def release(self, **answer):
        """Let the first one go on, or answer it; status 0 is no answer."""
        self.wait()
        route = self.routes.pop(0)
        if answer == {"status": 0}:
            route.abort("connectionrefused")
        elif answer:
            route.fulfill(**answer)
        else:
            route.continue_()


def forget_words(page):
    """All but the last ones."""
    page.evaluate("window.words = [document.getElementById('state').textContent]")


def live(page):
    return page.evaluate("document.getElementById('live').textContent")


def say_nothing_is_saved(page, when=""):
    expect(page.locator("#state"), when).to_have_text("Saving…")
    expect(page.get_by_text(re.compile(r"\bSaved\b")).locator("visible=true"), when).to_have_count(0)


def test_an_act_is_said_to_be_on_its_way_before_the_browser_does_anything_else(page, plan):
    page.add_init_script(LISTEN)
    held = Held(page)
    for revision, (act, (where, how)) in enumerate(ACTS.items(), 2):
        page.goto(plan + where)
        saved(page, revision)
        forget_words(page)
        said = page.evaluate(f"() => {{ {how} return document.getElementById('live').textContent; }}")
        assert said == "Saving…", act
        expect(page.locator("#live")).to_have_attribute("aria-live", "polite")
        say_nothing_is_saved(page, act)
        held.release()
        saved(page, revision + 1)
        told = f"Saved · revision {revision + 1}"
        assert page.evaluate("window.words") == [f"Saved · revision {revision}", "Saving…", told], act
        expect(page.locator("#live"), act).to_have_text("DC01 moved to DMZ." if act == "a move" else told)
        expect(page.locator("#state"), act).to_have_attribute("data-state", "saved")


def test_what_comes_from_the_server_in_between_doesnt_say_that_it_is_saved(page, plan):
    page.add_init_script(LISTEN)
    page.goto(f"{plan}?panel=ports")
    held = Held(page)
    page.get_by_label("SSH", exact=True).fill("2222")
    page.get_by_label("SSH", exact=True).press("Enter")
    say_nothing_is_saved(page)
    forget_words(page)
    page.locator("#view-flows").click()
    expect(page.locator("table.flows")).to_be_visible()
    say_nothing_is_saved(page)
    held.release()
    saved(page, 3)
    assert page.evaluate("window.words") == ["Saving…", "Saved · revision 3"]


def test_of_two_edits_on_their_way_the_last_answer_ends_it(page, plan):
    page.goto(f"{plan}?panel=ports")
    held = Held(page)
    for service, ports in (("SSH", "2222"), ("VNC", "5901")):
        page.get_by_label(service, exact=True).fill(ports)
        page.get_by_label(service, exact=True).press("Enter")
    say_nothing_is_saved(page)
    held.release()
    expect(page.locator("#state")).to_have_attribute("data-revision", "3")
    say_nothing_is_saved(page)
    held.release()
    saved(page, 4)


def test_what_is_typed_over_an_edit_that_is_refused_overrides_nobody_either(page, plan):
    page.goto(f"{plan}?panel=ports")
    held = Held(page)
    ssh = page.get_by_label("SSH", exact=True)
    for ports in ("2222", "2223"):
        ssh.fill(ports)
        ssh.press("Enter")
    actions.override_port(plan_id=Plan.objects.get().pk, matrix=current_matrix(), service="ssh", ports="2200")
    held.release()
    held.release()
    expect(page.locator("#port-ssh-error")).to_contain_text("Someone changed the same thing")
    expect(ssh).to_have_value("2223")
    expect(page.locator("#state")).to_have_attribute("data-revision", "3")


FAILURES = {
    0: "Not saved: no connection. It is kept and sent again by itself.",
    502: "Not saved: no connection. It is kept and sent again by itself.",
    500: "Not saved: the service answered with an error (500). It is kept.",
    403: "Not saved: this page is too old. Reload it; what you typed is then offered back.",
    413: "Not saved: that is more than the service takes in one go. Shorten it, or send it in parts.",
}


AGAIN = (0, 502, 500)
"""What a further try may mend."""


def see_it_fail(page, plan, held, status, revision):
    page.goto(f"{plan}?edit=DC01")
    forget_words(page)
    page.get_by_label("Addresses").fill(f"10.9.9.{revision}")
    page.get_by_role("button", name="Save", exact=True).click()
    say_nothing_is_saved(page, f"{status}")
    held.release(status=status)
    expect(page.locator("#state")).to_have_text(FAILURES[status])
    expect(page.locator("#live")).to_have_text(FAILURES[status])
    assert page.evaluate("window.words") == [f"Saved · revision {revision}", "Saving…", FAILURES[status]]


def test_what_fails_is_said_and_no_longer_to_be_on_its_way_until_it_is_tried_again(open_page, plan):
    page = open_page(status=AGAIN)
    page.add_init_script(LISTEN)
    held = Held(page)
    for revision, status in enumerate(AGAIN, 2):
        see_it_fail(page, plan, held, status, revision)
        page.get_by_role("button", name="Try again").click()
        say_nothing_is_saved(page, f"{status}")
        held.release(status=status)
        expect(page.locator("#state")).to_have_text(FAILURES[status])
        assert live(page) == FAILURES[status]
        page.get_by_role("button", name="Try again").click()
        held.release()
        saved(page, revision + 1)


@pytest.mark.parametrize("status", sorted(FAILURES.keys() - set(AGAIN)))
def test_what_fails_for_good_is_said_and_no_longer_to_be_on_its_way(open_page, plan, status):
    page = open_page(status=status)
    page.add_init_script(LISTEN)
    see_it_fail(page, plan, Held(page), status, 2)


def test_a_service_that_never_answers_is_given_up_in_the_end(open_page, plan):
    page = open_page(status=0)
    page.goto(f"{plan}?panel=ports")
    page.evaluate("htmx.config.timeout = 500")
    held = Held(page)
    page.get_by_label("SSH", exact=True).fill("2222")
    page.get_by_label("SSH", exact=True).press("Enter")
    expect(page.locator("#state")).to_have_text(FAILURES[0])
    expect(page.locator("#live")).to_have_text(FAILURES[0])
    assert held.routes


def test_what_is_sent_again_by_itself_says_nothing_until_it_has_arrived(open_page, plan):
    """Nobody has done anything just now, so a line that changes every few seconds would only disturb."""
    page = open_page(status=0)
    page.add_init_script(LISTEN)
    page.goto(f"{plan}?panel=ports")
    held = Held(page)
    page.get_by_label("SSH", exact=True).fill("2222")
    page.get_by_label("SSH", exact=True).press("Enter")
    held.release(status=0)
    expect(page.locator("#state")).to_have_text(FAILURES[0])
    forget_words(page)
    held.release(status=0)
    held.release()
    saved(page, 3)
    assert page.evaluate("window.words") == [FAILURES[0], "Saved · revision 3"]


def test_the_name_that_others_see_is_said_to_be_saved_or_not(open_page, plan):
    page = open_page(status=500)
    page.goto(plan)
    held = Held(page)
    page.locator("#viewers").click()
    page.get_by_label("Your name for the others").fill("Kim")
    page.get_by_role("button", name="Use it").click()
    say_nothing_is_saved(page)
    held.release(status=500)
    expect(page.locator("#state")).to_contain_text("The service answered with an error (500)")
    assert "error (500)" in live(page)
    page.get_by_role("button", name="Use it").click()
    say_nothing_is_saved(page)
    held.release()
    saved(page, 2)


PLAIN = {
    "the start page": ("/", "main form button", "Saving…"),
    "the guided start": ("/plans/guided/", ".make > .button-main", "Saving…"),
    "the import of a plan": ("/plans/import/", "form.import button", "Saving…"),
    "a checkpoint": ("history/", "form[action*='history/checkpoint/'] button", "Saving…"),
    "a link": ("links/", "form[action$='links/make/'] .button-main", "Saving…"),
    "the bin": ("delete/", "form.delete-buttons button", "Saving…"),
    "undo beside the table": ("endpoints/", "#undo", "Saving…"),
    "the table": ("endpoints/", "#save", "Saving…"),
    "results of checks beside a plan": ("", "#results-form button", "Uploading…"),
}


def test_a_form_that_leads_to_another_page_says_that_it_is_on_its_way(page, plan):
    for form, (where, button, words) in PLAIN.items():
        page.goto(where if where.startswith("/") else plan + where)
        held = Held(page)
        page.evaluate("document.querySelectorAll('main details').forEach((fold) => { fold.open = true; })")
        page.locator(f"{button} >> nth=0").evaluate("""button => {
          button.form.noValidate = true;
          button.disabled = false;
          button.click();
          const lines = document.querySelectorAll("#live, #state");
          sessionStorage.setItem("said", JSON.stringify([...new Set([...lines].map((line) => line.textContent))]));
        }""")
        held.release(status=200, body="<!doctype html><title>Arrived</title>", content_type="text/html")
        expect(page, form).to_have_title("Arrived")
        assert page.evaluate("JSON.parse(sessionStorage.getItem('said'))") == [words], form
        page.unroute_all()


def test_a_wait_of_more_than_two_seconds_shows_and_is_read_out_until_it_ends(page, plan):
    held = []
    page.goto(plan)
    page.route("**view=flows**", lambda route: held.append(route))  # noqa: PLW0108 - a method takes no marks
    page.get_by_role("link", name=re.compile("^Flows")).click()
    waiting = page.get_by_role("progressbar", name="Waiting for an answer")
    expect(waiting).to_be_visible()
    expect(page.locator("#live")).to_have_text("Still waiting for the service…")
    for route in held:
        route.continue_()
    expect(page).to_have_url(re.compile("view=flows"))
    expect(waiting).to_be_hidden()
