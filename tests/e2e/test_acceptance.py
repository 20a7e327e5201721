"""The acceptance page in a browser: many files at once, what is blocked and whom to ask; axe finds nothing."""

import json
import re

import pytest
from playwright.sync_api import expect

from planner.store.reports import report_for
from tests.checking import only, write_results
from tests.e2e.axe import Looks, violations
from tests.store.test_lives import MATRIX
from tests.web.views.pages import store
from tests.web.views.test_acceptance import to_sql, write_plan


@pytest.fixture
def plan(site):
    return store(write_plan())[0]


def write_file(folder, plan, source, *outcome):
    path = folder / f"{source}.json"
    path.write_text(json.dumps(write_results(report_for(plan.version, MATRIX), source, *outcome)))
    return path


def test_many_files_at_once_say_what_is_blocked_and_whom_to_ask(page, plan, tmp_path):
    looks = Looks((1440, "light"), (360, "dark"))
    page.goto(plan.get_absolute_url())
    page.get_by_role("link", name="Acceptance").click()
    expect(page.get_by_label("Files of results")).to_be_visible()
    assert looks.find_faults(page) == []
    files = [write_file(tmp_path, plan, "PS01", only(to_sql, "filtered")), write_file(tmp_path, plan, "Staff")]
    page.get_by_label("Files of results").set_input_files(files)
    page.get_by_role("button", name="Upload").click()
    expect(page.locator(".figure-open")).to_contain_text("2 of 3 flows open")
    expect(page.locator(".figure-blocked")).to_contain_text("1")
    row = page.get_by_role("row", name="SQL01")
    expect(row.first).to_contain_text("FW-CORE: port1 → port2")
    page.get_by_text("Ticket text").click()
    expect(page.locator("pre")).to_contain_text("Blocked: tcp 1433 from PS01 to SQL01")
    assert looks.find_faults(page) == []
    page.goto(plan.get_absolute_url())
    expect(page.locator("#results .proven-blocked")).to_have_count(1)


DROP = """(files) => {
  const carried = new DataTransfer();
  for (const [name, text] of files) { carried.items.add(new File([text], name, { type: "application/json" })); }
  const send = (kind) => document.querySelector("h1").dispatchEvent(
    new DragEvent(kind, { dataTransfer: carried, bubbles: true, cancelable: true }));
  send("dragover");
  const isLit = document.querySelector("#results-form").classList.contains("is-dropping");
  send("drop");
  return isLit;
}"""
"""As a browser tells of files that are dragged over the page and dropped there."""


@pytest.mark.parametrize("where", ["acceptance/", ""])
def test_files_are_dropped_anywhere_on_the_acceptance_or_the_plan(page, plan, tmp_path, where):
    page.goto(f"{plan.get_absolute_url()}{where}")
    page.wait_for_load_state("networkidle")
    files = [write_file(tmp_path, plan, source) for source in ("PS01", "Staff")]
    assert page.evaluate(DROP, [[path.name, path.read_text()] for path in files]) is True
    expect(page.get_by_role("status")).to_contain_text("2 files taken, with 10 results: 2 runs stored.")
    expect(page.locator(".figure-open")).to_contain_text("3 of 3 flows open")
    expect(page).to_have_url(re.compile(r"/acceptance/"))
    page.goto(page.url.partition("?")[0])
    expect(page.get_by_role("status")).to_have_count(0)


def test_a_file_that_is_dropped_on_another_field_stays_there(page, plan):
    page.goto(f"{plan.get_absolute_url()}?add=import")
    expect(page.locator("#import-file")).to_be_visible()
    page.wait_for_load_state("networkidle")
    taken = page.evaluate(
        """() => ["dragover", "drop"].map((name) => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File(["name,zone"], "endpoints.csv"));
          const field = document.getElementById("import-file");
          return !field.dispatchEvent(new DragEvent(name, { dataTransfer, bubbles: true, cancelable: true }));
        })"""
    )
    assert taken == [False, False], "the field takes it"
    expect(page.locator(".is-dropping")).to_have_count(0)


def test_it_fits_a_phone_and_works_without_a_script(open_page, plan, tmp_path):
    page = open_page(width=390, java_script_enabled=False)
    page.goto(f"{plan.get_absolute_url()}acceptance/")
    page.get_by_label("Or paste one").fill(write_file(tmp_path, plan, "Staff").read_text())
    page.get_by_role("button", name="Upload").click()
    expect(page.locator(".figure-open")).to_contain_text("1 of 3 flows open")


def test_an_address_for_scripts_is_made_and_revoked(open_page, plan):
    page = open_page()
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"{plan.get_absolute_url()}acceptance/")
    page.get_by_role("link", name="Addresses for scripts").click()
    page.get_by_label("What sends results").fill("Nightly run")
    page.get_by_role("button", name="Make the address").click()
    assert "/upload/" in page.get_by_label("Address", exact=True).input_value()
    assert violations(page) == []
    page.get_by_role("button", name="Revoke the address for Nightly run").click()
    expect(page.get_by_role("main")).to_contain_text("no longer work")


def test_the_network_team_uploads_by_its_read_link(open_page, plan, tmp_path):
    owner = open_page()
    owner.goto(f"{plan.get_absolute_url()}links/")
    owner.get_by_label("For whom").fill("Network team")
    owner.get_by_label("Readers may upload results of checks").check()
    owner.get_by_role("button", name="Make the link").click()
    address = owner.get_by_label("Address").input_value()
    reader = open_page()
    reader.context.clear_cookies()
    reader.goto(address)
    reader.get_by_role("link", name="Upload results").click()
    reader.get_by_label("Your name").fill("Mara")
    reader.get_by_label("Files of results").set_input_files(write_file(tmp_path, plan, "PS01"))
    reader.get_by_role("button", name="Upload").click()
    expect(reader.get_by_role("status").first).to_contain_text("1 run stored")
    assert violations(reader) == []
    owner.goto(f"{plan.get_absolute_url()}acceptance/")
    expect(owner.locator("main")).to_contain_text("Mara")
