"""A file that takes long, in a browser: how far it is, the file, what can be done meanwhile, and why it failed."""

import pytest
from playwright.sync_api import expect

from planner.sharing import apart, work
from planner.store import jobs
from tests.e2e.test_accessibility import violations
from tests.report.samples import contoso
from tests.web.views.pages import store

RUNNER = "r" * 32


@pytest.fixture
def plan(site, settings, monkeypatch):
    """The address of a plan whose files all take long; nobody makes them but the tests."""
    settings.JOBS_FROM = 0
    monkeypatch.setattr(apart, "ASIDE", "REQUEST_METHOD")  # as under the server that has turns
    monkeypatch.setattr(work, "_prepare", lambda: None)
    return f"/plans/{store(contoso())[1]}/"


def ask(page, plan):
    page.goto(plan)
    page.get_by_role("link", name="Download PDF").click()
    page.wait_for_url("**/files/*/")


def test_the_file_comes_by_itself_once_it_is_there(open_page, plan):
    page = open_page()
    ask(page, plan)
    expect(page.locator("#making-said")).to_have_text("Waiting for its turn …")
    page.get_by_role("button", name="Cancel").focus()
    job = jobs.claim(RUNNER)
    jobs.note_progress(job.pk, RUNNER, "Setting the pages", 0, 0)
    expect(page.locator("#making-said")).to_have_text("Setting the pages …")
    expect(page.locator("#live")).to_have_text("Setting the pages …")
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    with page.expect_download() as download:
        work.make_one(job.pk, RUNNER)
    assert download.value.suggested_filename == "contoso-revision-1.pdf"
    assert download.value.path().read_bytes().startswith(b"%PDF-")
    expect(page.get_by_role("link", name="Save the file")).to_be_focused()
    expect(page.locator("#live")).to_contain_text("Your file is ready")
    assert not violations(page)


def test_without_scripts_one_looks_again_and_has_the_file(open_page, plan):
    page = open_page(java_script_enabled=False)
    ask(page, plan)
    page.get_by_role("link", name="Look again").click()
    expect(page.locator("#making-said")).to_have_text("Waiting for its turn …")
    job = jobs.claim(RUNNER)
    work.make_one(job.pk, RUNNER)
    page.get_by_role("link", name="Look again").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Save the file").click()
    assert download.value.path().read_bytes().startswith(b"%PDF-")


def test_of_two_who_wait_one_cancels_and_both_are_told(open_page, plan):
    first, second = open_page(), open_page()
    ask(first, plan)
    ask(second, plan)
    assert first.url == second.url, "it is made once"
    assert not violations(first)
    first.get_by_role("button", name="Cancel").press("Enter")
    for page in (first, second):
        expect(page.locator(".lead")).to_have_text("The making of this file was cancelled.")
    second.get_by_role("link", name="Make it after all").click()
    expect(second.locator("#making-said")).to_have_text("Waiting for its turn …")
    assert second.url != first.url


def test_why_it_failed_is_said_where_one_waits(open_page, plan):
    page = open_page()
    page.goto(f"{plan}report/firewalls")
    job = jobs.claim(RUNNER)
    work.make_one(job.pk, RUNNER)
    expect(page.locator(".notice-error")).to_contain_text("the plan has no firewalls; add them")
    expect(page.locator("#live")).to_contain_text("The file can’t be made. A file for each firewall can't be written")
    page.get_by_role("link", name="Go back").click()
    page.wait_for_url(f"**{plan}")
