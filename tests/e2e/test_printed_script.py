"""The report as a file in a browser: its script, which the file's own policy lets run, and nothing else."""

import re
from datetime import date

import pytest
from playwright.sync_api import expect

from planner.report.paper.prints import render_html
from planner.report.said.edition import Edition
from tests.e2e.conftest import PATIENCE
from tests.e2e.tabs import LISTEN
from tests.report.samples import evaluate, sites, write_plan

EDITION = Edition(date=date(2024, 2, 29))
PLAN = write_plan(
    {"name": "PS01", "zone": "Internal", "addresses": ["10.0.0.10", "fd00::10"], "roles": ["web-primary"]},
    {"name": "SQL01", "zone": "Internal", "addresses": ["10.0.0.20"], "roles": ["database"]},
    {"name": "Portal", "zone": "DMZ", "roles": ["password-reset-portal"], "addresses": ["192.0.2.10"]},
    {"name": "DC01", "zone": "DMZ", "roles": ["domain-controller"], "addresses": ["192.0.2.128/25"]},
    {"name": "Public", "zone": "Internet", "addresses": ["any"], "group": True, "roles": ["portal-user"]},
)


@pytest.fixture
def open_report(browser, tmp_path):
    contexts, troubles = [], []

    def open_report(report, html=None, **options):
        context = browser.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        tab = context.new_page()
        if options.get("java_script_enabled", True):
            context.add_init_script(LISTEN)
        tab.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
        tab.on("pageerror", lambda error: troubles.append(str(error)))
        (tmp_path / "report.html").write_bytes(html or render_html(report, EDITION))
        tab.goto((tmp_path / "report.html").as_uri())
        return tab

    open_report.troubles = troubles
    yield open_report
    for context in contexts:
        context.close()


def shown_rules(tab):
    return tab.locator(".rules tbody:not(.not-found) .id").all_inner_texts()


def test_rules_are_found_by_name_address_and_port_also_within_networks_ranges_and_groups(open_report):
    report = evaluate(PLAN)
    tab = open_report(report)
    every = [rule.id for rule in report.rules]
    assert shown_rules(tab) == every
    ends = {rule.id: {end.name for end in (*rule.sources, *rule.destinations)} for rule in report.rules}

    def found(words):
        tab.get_by_role("searchbox", name="Find rules by name, address or port").fill(words)
        return shown_rules(tab)

    to_dc = [rule for rule in every if "DC01" in ends[rule]]
    assert to_dc not in ([], every)
    assert found("dc01") == found("192.0.2.200") == found("192.0.2.192/26") == to_dc
    assert found("fd00:0::0010") == [rule for rule in every if "PS01" in ends[rule]]
    assert found("192.0.2.10") == [rule for rule in every if "Portal" in ends[rule]]
    # 49,160 is within the dynamic ports of RPC.
    assert found("tcp/49160") == [rule.id for rule in report.rules if any("49152" in str(it) for it in rule.services)]
    assert found("dc01 public") == []
    expect(tab.locator(".finding output")).to_have_text(f"0 of {len(every)} rules")
    assert not tab.locator(".rules .group:visible").count()  # no heading without a rule
    assert found("") == every
    found("nobody")
    tab.emulate_media(media="print")
    assert tab.locator(".rules .id").first.is_visible()  # paper has all of it, whatever was looked for
    assert not tab.locator(".tools").first.is_visible()
    assert not open_report.troubles


def test_the_addresses_of_a_side_are_copied_those_of_a_group_too(open_report):
    plan = sites(20)
    for number, endpoint in enumerate(plan["endpoints"]):
        endpoint.setdefault("addresses", [f"172.16.0.{number}"])
    report = evaluate(plan)
    rule = next(rule for rule in report.rules if len(rule.sources) == 20)
    tab = open_report(report)
    tab.get_by_role("button", name=re.compile(f"Copy the 20 addresses of the sources of {rule.id}$")).click()
    expect(tab.locator("body > [role=status]")).to_have_text(f"20 addresses of the sources of {rule.id} copied")
    copied = tab.evaluate("navigator.clipboard.readText()").splitlines()
    assert len(copied) == 20
    assert set(copied) == {address for end in rule.sources for address in end.addresses}
    # A rule is found by the address of a member, which stands with the objects alone.
    tab.get_by_role("searchbox").fill(copied[-1])
    assert rule.id in shown_rules(tab)
    assert not open_report.troubles


def test_a_picture_is_shown_from_nearer_and_as_a_whole_again(open_report):
    tab = open_report(evaluate(PLAN))
    picture = tab.locator("figure svg").first
    before = picture.bounding_box()["width"]
    tab.locator("figure").first.get_by_role("button", name="Larger").click()
    assert picture.bounding_box()["width"] == pytest.approx(1.4 * before, rel=0.01)
    tab.locator("figure").first.get_by_role("button", name="Whole").click()
    assert picture.bounding_box()["width"] == pytest.approx(before)
    assert not open_report.troubles


def test_the_policy_lets_no_other_script_and_no_other_style_in(open_report):
    report = evaluate(PLAN)
    html = render_html(report, EDITION).decode()
    assert "unsafe" not in re.search(r'Policy" content="([^"]*)"', html)[1]
    foreign = "<script>document.title = 'run'</script><style>h1 { color: rgb(1, 2, 3) }</style><h2 onclick='1'>x</h2>"
    tab = open_report(report, html.replace("</main>", f"{foreign}</main>").encode())
    assert tab.title() == "Contoso · port requirements"
    assert tab.locator("h1").evaluate("it => getComputedStyle(it).color") != "rgb(1, 2, 3)"
    assert sum("Content Security Policy" in text for text in open_report.troubles) >= 2
    assert tab.locator(".finding").is_visible()  # ours runs all the same


def test_without_scripts_everything_is_there_and_no_control_that_does_nothing(open_report):
    tab = open_report(evaluate(PLAN), java_script_enabled=False)
    assert len(shown_rules(tab)) == len(evaluate(PLAN).rules)
    assert not tab.locator("button, input").count()
