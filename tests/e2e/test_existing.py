"""A firewall's own rules beside a plan's, in a browser: with scripts and without; axe finds nothing."""

import pytest
from playwright.sync_api import expect

from tests.e2e.axe import Looks
from tests.e2e.test_unsaved import cut
from tests.web.views.pages import store
from tests.web.views.test_acceptance import write_plan
from tests.web.views.test_existing import ZONED


@pytest.fixture
def plan(site):
    return store(write_plan())[0]


def choose(page, said):
    for zone, side in said.items():
        page.get_by_label(zone, exact=True).select_option(side)


SAID = {
    0: "The service can't be reached. What stands here is of before.",
    503: "The service answered with an error (503). What stands here is of before.",
    413: "That is more than the service takes in one go. What stands here is of before.",
    403: "This page is too old. Reload it. What stands here is of before.",
}


def test_a_comparison_that_failed_is_said_above_the_answer_before_it(open_page, plan):
    page = open_page(status=tuple(SAID))
    page.goto(f"{plan.get_absolute_url()}existing/")
    page.get_by_label("Written by").select_option("csv")
    page.get_by_label("Or paste it").fill(ZONED)
    compare = page.get_by_role("button", name="Compare", exact=True)
    for status, said in SAID.items():
        cut(page, at="**/existing/", answer=status)
        compare.click()
        expect(page.locator("#existing-answer").get_by_role("alert")).to_have_text(said)
        page.unroute_all()
    compare.click()
    expect(page.get_by_role("heading", name="What each zone is behind")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


SIDES = {"Internal": "inside", "Data": "db", "Clients": "Clients"}


def test_a_file_is_chosen_once_and_its_interfaces_are_mapped_until_everything_is_open(page, plan, tmp_path):
    looks = Looks((1440, "light"), (360, "dark"))
    (tmp_path / "rules.csv").write_text(ZONED)
    page.goto(plan.get_absolute_url())
    page.get_by_role("link", name="Firewalls").click()
    page.locator("#panel").get_by_role("link", name="Existing rules").click()
    expect(page.get_by_label("Written by")).to_be_visible()
    assert looks.find_faults(page) == []
    page.get_by_label("Written by").select_option("csv")
    page.get_by_label("A file").set_input_files(tmp_path / "rules.csv")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.locator(".figure-unproven")).to_contain_text("3")
    assert looks.find_faults(page) == []
    choose(page, SIDES)
    page.get_by_label("Keep this with FW-CORE in the plan").check()
    page.get_by_role("button", name="Compare again").click()
    expect(page.locator(".figure-open")).to_contain_text("3 of 3 flows open")
    expect(page.get_by_text("Nothing is missing")).to_be_visible()
    expect(page.get_by_text("Kept with FW-CORE.")).to_be_visible()
    page.get_by_role("button", name="Keep this answer").click()
    expect(page.get_by_role("link", name="comparison of")).to_be_visible()
    with page.expect_download() as sent:
        page.get_by_role("button", name="CSV").click()
    assert sent.value.path().read_bytes().startswith(b"\xef\xbb\xbfstate,source")
    expect(page.locator(".figure-open")).to_contain_text("3 of 3 flows open")
    assert looks.find_faults(page) == []
    page.get_by_role("link", name="comparison of").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Compared with FW-CORE")
    assert looks.find_faults(page) == []
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Say that they are implemented").click()
    expect(page.get_by_role("heading", name="There already")).to_have_count(0)
    page.get_by_role("link", name="Compare again").click()
    expect(page.get_by_role("heading", name="Kept comparisons")).to_be_visible()
    page.get_by_label("Written by").select_option("csv")
    page.get_by_label("Or paste it").fill(ZONED)
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.locator(".figure-open")).to_contain_text("3 of 3 flows open")


def test_without_scripts_the_same_comes_of_a_pasted_text(open_page, plan):
    page = open_page(java_script_enabled=False)
    page.goto(f"{plan.get_absolute_url()}existing/")
    page.get_by_label("Written by").select_option("csv")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Choose a file with the configuration, or paste it.")
    expect(page.get_by_label("Written by")).to_have_value("csv")
    page.get_by_label("Or paste it").fill(ZONED)
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.locator(".figure-unproven")).to_contain_text("3")
    expect(page.get_by_label("Or paste it")).to_have_value("")
    choose(page, SIDES)
    page.get_by_label("Or paste it").fill(ZONED)
    page.get_by_role("button", name="Compare again").click()
    expect(page.locator(".figure-open")).to_contain_text("3 of 3 flows open")


def test_the_firewall_says_what_wrote_its_configuration_and_what_was_answered_is_left_without_a_question(page, plan):
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto(f"{plan.get_absolute_url()}existing/")
    page.get_by_label("Firewall of the plan").select_option("FW-CORE")
    expect(page.get_by_label("Written by")).to_have_value("fortigate")
    page.get_by_label("Written by").select_option("csv")
    page.get_by_label("Or paste it").fill(ZONED)
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_role("heading", name="Keep it, or take it along")).to_be_visible()
    page.get_by_role("button", name="Keep this answer").click()
    expect(page.get_by_role("link", name="comparison of")).to_be_visible()
    page.goto("/words/")
    assert asked == []
    page.goto(f"{plan.get_absolute_url()}existing/")
    page.get_by_label("Or paste it").fill(ZONED)
    page.goto("/words/")
    assert asked == ["beforeunload"], "nothing has answered it"
