"""What holds on every page there is: no fault that axe-core finds, nothing sideways, and every form works by itself.

The pages are those of the address table: one that is added there and not here makes a test fail.
"""

import re

import pytest
from django.urls import URLResolver, get_resolver
from playwright.sync_api import expect

from planner.store import actions
from planner.store.models import Plan
from ports.queries import current_matrix
from tests.e2e.axe import Looks, violations
from tests.e2e.test_topology import saved
from tests.report.samples import contoso
from tests.web.views.comparisons import keep_comparison
from tests.web.views.pages import store

NO_PAGES = re.compile(
    # Answers to forms, to scripts and to programs, and downloads.
    "^(activate|add|archive|bring_back|cancel|confirm|end_session|forget|change_(member|endpoints)|check_|continue|correct|decide|delete_[cefz]|download|duplicate|"
    "edit_(endpoint|firewall|flow|zone)$|enter|export|give_|guided_(preview|names)|preview_questions|upload_results|hand_over|log_out|make|move|prepare|"
    "name|override|redo|remove|rename|restore|report_states?|resolve|revert|revoke|send_job|set_states?|close_rules|import_endpoints|start|show_(badge|health|openapi|pulse|readiness|schema)|switch|take_|undo|withdraw)"
    "|_(file|report|diagram|rule_text)$"
)
OF_THEIR_OWN = {
    "amend_row",
    "show_impact",
    "open_edit_link",
    "print_link",
    "open_link",
    "open_ends",
    "open_changes",
    "open_changes_ends",
    "open_rule",
    "send_results",
    "show_job",
    "read_job",
    "open_job",
    "log_in",
    "change_password",
    "give_code",
    "show_security",
    "log_in_staff",
}
"""What is looked at in tests of its own: what links open, what staff amend, and accounts. The admin is Django's."""
OWN = {"source": "PS01", "destination": "DC01", "protocol": "udp", "ports": "53", "reason": "Name resolution"}
EXCLUDED = [
    {"source": "PS01", "destination": "DC01", "protocol": "tcp", "ports": ports, "reason": "Nobody binds by it"}
    for ports in ("389", "88")
]
"""The first has no effect."""
NEVER = [
    {"from": {"zone": "Internet"}, "to": {"zone": "DMZ"}, "reason": "Policy 1"},
    {"from": {"zone": "DMZ"}, "to": {"endpoint": "DC01"}, "protocol": "tcp", "ports": "3389", "reason": "Policy 12"},
]
"""The first is broken."""
PAGES = {
    "show_home": ["/"],
    "guided_start": ["/plans/guided/"],
    "import_plan": ["/plans/import/"],
    "show_matrix": ["/matrix/", "/matrix/?text=464", "/matrix/?port=x&section=99&text=464"],
    "show_words": ["/words/"],
    "show_api": ["/api/v1/"],
    "show_tokens": ["/tokens/"],
    "compare_editions": ["/matrix/compare/"],
    "show_plan": [
        *(f"?panel={panel}&view={view}" for panel, view in (
            ("topology", "rules"), ("decisions", "flows"), ("ports", "findings"), ("caveats", "diagram"),
            ("own", "unneeded"), ("excluded", "flows"), ("closed", "zones"),
        )),
        *(f"?{panel}&view=findings" for panel in (
            "panel=excluded&from=PS01&to=DC01&service=tcp/636", "panel=excluded&from=PS01&to=DC01&service=icmp",
            "edit=PS01", "edit=nobody", "zone=DMZ", "add=endpoint", "add=zone", "add=import", "add=several",
            "find=01", "find=none",
        )),
        "?since=1", "?since=99", "?view=flows&text=nothing-of-the-kind",
    ],
    "edit_endpoints_table": ["endpoints/", "endpoints/?find=0&without=addresses"],
    "answer_questions": ["questions/"],
    "show_acceptance": ["acceptance/"],
    "show_existing": ["existing/"],
    "show_existing_answer": ["existing/answers/00000000-0000-4000-8000-000000000000/"],
    "show_compared": ["existing/kept/2/", "existing/kept/1/"],
    "show_uploads": ["uploads/"],
    "show_history": ["history/", "history/?show=marked", "history/?show=states"],
    "present_plan": ["present/", "present/?task=2", "present/?task=999"],
    "show_comments": ["comments/", "comments/?on=endpoint&of=DC01", "comments/?on=decision&of=choice/esxi"],
    "show_rule": ["rule/?rule=INT-DMZ-320"],
    "show_changes": ["changes/", "changes/?from=1&to=99", "changes/?from=x"],
    "show_editions": ["edition/", "edition/?to=passwordstate-2026-11"],
    "delete_plan": ["delete/"],
    "show_plans": ["/plans/"],
    "show_links": ["links/"],
    "show_git": ["git/"],
    "show_unfolded": ["endpoints/unfolded/?zones=INT&line=1"],
    "show_ends": ["ends/?rule=NET-DMZ-970&side=sources"],
    "show_changes_ends": ["changes/ends/?from=1&to=3&part=opened&rule=INT-DMZ-320&side=sources"],
    "read_ends": ["read/ends/?rule=NET-DMZ-970&side=destinations"],
    "read_plan": ["read/", "read/?view=flows", "read/?view=closed", "read/?view=zones"],
}  # fmt: skip
"""By the name of the address, what of it is looked at; of a plan, what follows the plan's own address.

Each view of a plan is there beside a panel, and what else a panel shows beside a view with half as many elements as
the rules have.
"""


@pytest.fixture
def plan(site):
    """A plan with a flow of its own, a history, a checkpoint and a handover."""
    row, key = store(contoso(additional_flows=[OWN], exclusions=EXCLUDED, never=NEVER))
    for ports in ("2222", "2223"):
        actions.override_port(plan_id=row.pk, matrix=current_matrix(), service="ssh", ports=ports)
    actions.name_checkpoint(plan_id=row.pk, number=2, name="Before the audit", seen="")
    for number in (1, 2):
        keep_comparison(row, number)
    actions.hand_over(plan_id=row.pk, matrix=current_matrix(), revision=2, recipient="Network team", note="All of it")
    return f"/plans/{key}/"


def walk(plan):
    for parts in PAGES.values():
        for part in parts:
            yield part if part.startswith("/") else plan + part


def unfold(page):
    page.evaluate("document.querySelectorAll('main details').forEach((fold) => { fold.open = true; })")


def list_names(patterns):
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from list_names(pattern.url_patterns) if pattern.app_name not in ("admin", "ninja") else ()
        elif pattern.name:
            yield pattern.name


def test_every_address_that_is_a_page_is_looked_at():
    names = set(list_names(get_resolver().url_patterns))
    assert {name for name in names if not NO_PAGES.search(name)} - OF_THEIR_OWN == set(PAGES)


def test_no_page_has_a_violation_or_scrolls_sideways(open_page, plan):
    looks, page = Looks((1440, "light"), (360, "dark")), open_page()
    found = []
    for address in walk(plan):
        page.goto(address)
        unfold(page)
        found += looks.find_faults(page)
    assert not found, "\n".join(found)


def test_no_question_and_no_error_has_a_violation(open_page, plan):
    looks, page = Looks((360, "dark"), (1440, "light")), open_page(width=360, color_scheme="dark")
    found = []

    def look(shown):
        expect(page.locator(shown).first).to_be_visible()
        found.extend(looks.find_faults(page))

    def fill(query, fields, button, shown="#panel .error"):
        page.goto(f"{plan}?{query}&view=findings")
        unfold(page)
        for field, value in fields.items():
            page.locator(field).fill(value)
        page.locator(button).click()
        look(shown)

    fill("zone=DMZ", {}, "#panel .button-bad", "#panel .confirm")
    fill("edit=DC01", {}, "#endpoint-delete", "#panel .confirm")
    fill("edit=DC01", {"#endpoint-name": "ps01", "#endpoint-addresses": "10.0.0.7/24"}, "#endpoint-save")
    fill("zone=DMZ", {"#zone-name": "internal"}, "#panel .button-main")
    fill("add=endpoint", {"#endpoint-name": "ps01"}, "#endpoint-add")
    fill("add=import", {"#import-text": "name,zone\nX,Moon\n" + "y" * 300}, "#endpoints-import")
    fill("panel=own", {"#own-new-reason": "r", "#own-new-ports": "x"}, "#own-add")
    fill("panel=closed", {"#never-reason": "r", "#never-ports": "x"}, "#never-add")
    fill("panel=closed", {"#policies-text": "from,to,service,never\nX,DMZ,rdp,yes"}, "#policies-add")
    fill("panel=excluded&from=PS01&to=DC01&service=tcp/636", {"#exclude-reason": "\u2003"}, "#exclude-add")
    fill("", {"#plan-name": "x" * 255, "#plan-description": "y" * 20_001}, "#plan-rename")
    page.goto(f"{plan}?view=findings")
    page.locator("#module-portal-switch").click()
    look("#panel .confirm")
    page.goto(f"{plan}?view=findings")
    page.locator("#viewers").click()
    look("#viewer-name")
    page.keyboard.press("Escape")
    page.get_by_text("More downloads").click()
    page.evaluate("document.querySelectorAll('.menu-downloads details').forEach((fold) => { fold.open = true; })")
    look(".menu-downloads")
    assert not found, "\n".join(found)


def test_the_page_for_a_form_that_is_too_old_has_no_violation(open_page, plan):
    page = open_page(status=403)
    page.goto(f"{plan}delete/")
    page.evaluate("document.querySelectorAll('[name=csrfmiddlewaretoken]').forEach((field) => field.remove())")
    page.get_by_role("button", name=re.compile("^Delete")).click()
    expect(page.get_by_role("heading", name="This form is too old")).to_be_visible()
    assert not violations(page)


FORMS = """
  () => {
    for (const fold of document.querySelectorAll("main details, .menu details, .menu")) fold.open = true;
    const shows = (button) => button.checkVisibility({visibilityProperty: true})
      && button.getBoundingClientRect().width > 0;
    return {
      forms: [...document.forms].filter((form) => !form.closest("dialog")).map((form) => ({
        what: `${location.pathname}${location.search} ${form.outerHTML.slice(0, 120)}`,
        hidden: form.hidden,
        goes: form.method === "get" || Boolean(form.elements.csrfmiddlewaretoken?.value),
        button: [...form.elements].some((button) => button.type === "submit" && shows(button)),
      })),
      dead: [...document.querySelectorAll("button[type=button]")].filter(shows).map(({innerText}) => innerText),
    };
  }
"""


def test_without_javascript_every_form_has_its_button_and_nothing_pretends_to_work(open_page, plan):
    page = open_page(java_script_enabled=False)
    faults, count = [], 0
    for address in walk(plan):
        page.goto(address)
        shown = page.evaluate(FORMS)
        for form in shown["forms"]:
            count += 1
            # What drags endpoints is no form for people; the editor has a select for it.
            if not form["hidden"] and not (form["goes"] and form["button"]):
                faults.append(form["what"])
        faults += shown["dead"]
    assert count > 100
    assert not faults, "\n".join(faults)


def test_without_javascript_the_forms_that_have_no_test_of_their_own_do_what_they_say(open_page, plan):
    page = open_page(java_script_enabled=False)
    page.goto(plan)
    page.locator("#viewers").click()
    page.get_by_label("Your name for the others").fill("Kim")
    page.get_by_role("button", name="Use it").click()
    expect(page.locator("#viewers")).to_have_text("Who is looking: Ki")
    page.get_by_role("button", name="Undo").click()
    saved(page, 4)
    page.get_by_role("button", name="Redo").click()
    saved(page, 5)

    page.goto(f"{plan}?add=import")
    page.get_by_label("Or paste it here").fill("name,zone\nNew01,DMZ\nNew02,Moon")
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.locator(".table-faults")).to_contain_text("Moon")
    page.get_by_label("Or paste it here").fill("name,zone\nNew01,DMZ\nNew02,DMZ")
    page.get_by_role("button", name="Import", exact=True).click()
    saved(page, 6)
    page.get_by_label("Edit endpoint or zone").fill("new02")
    page.locator("#topology-find-button").click()
    expect(page.locator("#editor-title")).to_have_text("Edit New02")
    page.locator("#endpoint-zone").select_option("Internal")
    page.get_by_role("button", name="Save", exact=True).click()
    saved(page, 7)

    page.goto(f"{plan}changes/")
    page.get_by_label("From revision").select_option("2")
    page.get_by_role("button", name="Compare").click()
    expect(page).to_have_url(re.compile("from=2"))
    page.locator("input[name=recipient]").fill("Firewall team")
    page.locator("form[action$='sent/'] button").click()
    expect(page.locator(".sent li")).to_have_count(2)
    assert Plan.objects.get().handovers.filter(recipient="Firewall team").count() == 1
