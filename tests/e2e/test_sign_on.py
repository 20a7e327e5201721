"""Single sign-on end to end: the service as it is served, a browser, and a provider on this machine."""

import sys

import pytest
from playwright.sync_api import expect

from scripts.served import ROOT
from tests import warm
from tests.databases import ask, serve
from tests.e2e.axe import Looks, violations
from tests.e2e.conftest import FAILED, PATIENCE
from tests.e2e.tabs import DESKTOP, Tabs, ends_in
from tests.oidc import CLIENT, SECRET, provide

BUTTON = "Log in with single sign-on"


@pytest.fixture(scope="module")
def fake():
    with provide() as provider:
        yield provider


@pytest.fixture(scope="module")
def service(fake):
    variables = {
        "PLANNER_REQUIRE_LOGIN": "1", "PLANNER_OIDC_ISSUER": fake.address, "PLANNER_OIDC_CLIENT_ID": CLIENT,
        "PLANNER_OIDC_CLIENT_SECRET": SECRET, "PLANNER_WORKERS": "2",
    }  # fmt: skip
    with serve(**variables) as service:
        yield service


@pytest.fixture
def provider(fake):
    """The provider, agreeing to a person of this test's own."""
    fake.mode, fake.seen = "agrees", []
    return fake


@pytest.fixture(scope="module")
def tabs(browser, service):
    """Pages of this service that wait for a test."""
    tabs = Tabs(browser, service.address, f"{service.address}/healthz", PATIENCE)
    yield tabs
    for tab in tabs.waiting:
        tab.context.close()


@pytest.fixture
def visit(tabs, request):
    """Opens a page of a browser of its own, which must not complain about anything but statuses."""
    taken, troubles = [], []

    def hear(text, kind):
        if kind == "error" and "status of" not in text:
            troubles.append(text)

    def visit(**options):
        tab = tabs.take(**options)
        taken.append(tab)
        tab.hear = hear
        tab.set(**DESKTOP, color_scheme="light", reduced_motion="no-preference", cookies=[])
        return tab.page

    yield visit
    is_well = not troubles and not request.node.stash.get(FAILED, False)
    for tab in taken:
        tabs.give_back(tab, reusable=is_well)
    assert not troubles, "\n".join(troubles)


def person(provider, number, name):
    provider.person = {"sub": str(number), "preferred_username": name, "name": name.title()}


def account(page):
    return page.locator(".account-menu > summary bdi")


def test_a_person_logs_in_and_is_the_same_account_the_next_time(service, provider, visit):
    person(provider, 1, "alice")
    for _ in range(2):
        page = visit()
        page.goto("/plans/")
        page.get_by_role("button", name=BUTTON).click()
        page.wait_for_url(ends_in("/plans/"))
        expect(account(page)).to_have_text("alice")
        assert page.get_by_text("Change password").count() == 0
    assert ask(service, "SELECT username, is_staff, email FROM auth_user WHERE username LIKE 'ali%'") == [
        ("alice", 0, "")
    ]
    told = ask(service, "SELECT kind, actor FROM planner_event WHERE kind LIKE 'log%' ORDER BY id")
    assert told[-2:] == [("logged-in", "alice")] * 2
    asked = next(query for _, path, query in provider.seen if path == "/authorize")
    assert set(asked["scope"].split()) == {"openid", "profile"}
    assert asked["code_challenge_method"] == "S256"


def test_the_first_start_tells_how_to_make_the_first_account(service):
    lines = (service.data / "log").read_text().splitlines()
    told = next(number for number, line in enumerate(lines) if line.startswith("There is no account yet"))
    assert lines[told + 1].endswith("manage.py createsuperuser")
    assert f"PLANNER_DATA={service.data}" in lines[told + 1]


def test_an_edit_link_leads_through_single_sign_on_to_the_plan_and_its_token_stays_in_the_browser(
    service, provider, visit
):
    person(provider, 2, "edna")
    link = service.make_plan("dmz")
    token = link.split("/")[2]
    page = visit()
    page.goto(f"{link}?view=flows")
    page.get_by_role("button", name=BUTTON).click()
    page.get_by_role("button", name="Open the plan").click()
    page.wait_for_url("**/plans/*/?view=flows")
    expect(account(page)).to_have_text("edna")
    assert ask(
        service, "SELECT role FROM planner_hold JOIN auth_user u ON u.id = user_id WHERE u.username = 'edna'"
    ) == [("own",)], "a plan that a command made is owned by the first who opens it"
    assert token not in str(provider.seen)
    assert token not in (service.data / "log").read_text()
    for path in service.data.glob("planner.sqlite3*"):
        assert token.encode() not in path.read_bytes()


def test_it_works_without_javascript(provider, visit):
    person(provider, 3, "nora")
    page = visit(java_script_enabled=False)
    page.goto("/accounts/login/")
    page.get_by_role("button", name=BUTTON).click()
    page.wait_for_url(ends_in("/plans/"))
    assert account(page).text_content() == "nora"


def test_who_cancels_is_back_at_the_login(provider, visit):
    provider.mode = "refuses"
    page = visit()
    page.goto("/plans/")
    page.get_by_role("button", name=BUTTON).click()
    expect(page.get_by_text("The single sign-on was cancelled.")).to_be_visible()
    assert page.url.endswith("/accounts/login/")
    assert not violations(page)


@pytest.mark.parametrize("mode", ["nonsense", "other aud"])
def test_a_provider_that_cant_be_understood_logs_nobody_in(provider, visit, mode):
    person(provider, 4, "mallory")
    provider.mode = mode
    page = visit()
    page.goto("/accounts/login/")
    page.get_by_role("button", name=BUTTON).click()
    expect(page.get_by_role("heading", name="Single sign-on didn't work")).to_be_visible()
    assert not violations(page)
    page.goto("/plans/")
    assert "/accounts/login/" in page.url


def test_a_provider_that_is_down_gets_a_page_and_the_other_login_goes_on(provider, visit):
    provider.mode = "down"
    page = visit()
    page.goto("/accounts/login/")
    page.get_by_role("button", name=BUTTON).click()
    expect(page.get_by_role("heading", name="Single sign-on didn't work")).to_be_visible()
    page.goto("/accounts/login/")
    expect(page.get_by_label("Password")).to_be_visible()


def test_the_provider_is_asked_only_when_somebody_logs_in_there(provider, visit):
    page = visit()
    for path in ("/", "/accounts/login/", "/matrix/"):
        page.goto(path)
    assert provider.seen == []


def test_a_name_that_is_taken_here_stays_with_the_account_that_has_it(service, provider, visit):
    code = (
        "from django.contrib.auth.models import User; User.objects.create_superuser('root', password='local and long')"
    )
    warm.run([sys.executable, "manage.py", "shell", "-c", code], cwd=ROOT, env=service.environment, check=True)
    person(provider, 5, "root")
    page = visit()
    page.goto("/accounts/login/")
    page.get_by_role("button", name=BUTTON).click()
    page.wait_for_url(ends_in("/plans/"))
    assert account(page).text_content() != "root"
    assert page.request.get("/admin/", max_redirects=0).status == 302


def test_an_account_that_is_switched_off_stays_out(service, provider, visit):
    person(provider, 6, "gone")
    page = visit()
    page.goto("/accounts/login/")
    page.get_by_role("button", name=BUTTON).click()
    page.wait_for_url(ends_in("/plans/"))
    ask(service, "UPDATE auth_user SET is_active = NOT is_active WHERE username = 'gone'")
    page.goto("/accounts/login/")
    page.get_by_role("button", name=BUTTON).click()
    expect(page.get_by_text("This account is switched off.")).to_be_visible()
    page.goto("/plans/")
    assert "/accounts/login/" in page.url


def test_answers_that_nobody_asked_for_log_nobody_in(visit):
    page = visit()
    for query in ("", "?code=x", "?code=x&state=forged", "?error=access_denied", "?state=" + "x" * 3000):
        answer = page.request.get(f"/accounts/sign-on/done/{query}", max_redirects=0)
        assert answer.status == 401, query
        assert "Nobody was logged in." in answer.text()
    assert page.request.get("/plans/", max_redirects=0).status == 302


def test_only_a_form_of_ours_begins_it(visit):
    page = visit()
    assert page.request.get("/accounts/sign-on/").status == 405
    assert page.request.post("/accounts/sign-on/").status == 403


def test_nobody_is_sent_elsewhere_after_it(provider, visit):
    person(provider, 7, "eve")
    page = visit()
    page.goto("/accounts/login/")
    page.locator("form:has(#sign-on) input[name=next]").evaluate("field => field.value = 'https://evil.example/'")
    page.get_by_role("button", name=BUTTON).click()
    page.wait_for_url(ends_in("/plans/"))


def test_no_page_of_allauth_is_there(visit):
    paths = ("signup/", "email/", "3rdparty/", "3rdparty/signup/", "sso/login/", "oidc/sso/login/",
             "sign-on/cancelled/", "password/reset/", "inactive/")  # fmt: skip
    page = visit()
    found = {path: page.request.get(f"/accounts/{path}").status for path in paths}
    assert found == dict.fromkeys(paths, 404)


def test_the_login_has_no_violation(visit):
    page = visit()
    page.goto("/plans/")
    assert not Looks((1440, "light"), (390, "dark")).find_faults(page)
