"""Single sign-on with a provider that isn't ours, and with answers of one that are wrong in one thing each."""

import re
from urllib.parse import urlsplit

import oidc_provider_mock
import pytest
import requests

from tests.databases import serve
from tests.oidc import CLIENT, SECRET, provide

pytestmark = pytest.mark.slow


def settings(issuer):
    return {
        "PLANNER_REQUIRE_LOGIN": "1", "PLANNER_OIDC_ISSUER": issuer, "PLANNER_OIDC_CLIENT_ID": CLIENT,
        "PLANNER_OIDC_CLIENT_SECRET": SECRET, "PLANNER_WORKERS": "1",
    }  # fmt: skip


class Visitor(requests.Session):
    """A browser without scripts."""

    def __init__(self, service):
        super().__init__()
        self.service = service

    def start(self):
        """Press the button; returns the address at the provider that the page leads to."""
        page = self.get(f"{self.service.address}/accounts/login/").text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
        sent = {"csrfmiddlewaretoken": token, "next": "/plans/"}
        page = self.post(f"{self.service.address}/accounts/sign-on/", sent, headers={"Referer": self.service.address})
        return re.search(r'href="(http[^"]*authorize[^"]*)"', page.text)[1].replace("&amp;", "&")

    def is_logged_in(self):
        return self.get(f"{self.service.address}/plans/", allow_redirects=False).status_code == 200

    def name(self):
        return re.search(r"<bdi>([^<]*)</bdi>", self.get(f"{self.service.address}/plans/").text)[1]


def test_a_provider_that_wants_a_nonce_logs_a_person_in():
    people = [oidc_provider_mock.User(sub="alice-1", claims={"preferred_username": "alice", "name": "Alice"})]
    with (
        oidc_provider_mock.run_server_in_thread(require_nonce=True, user_claims=people) as server,
        serve(**settings(f"http://localhost:{server.server_port}")) as service,
    ):
        visitor = Visitor(service)
        answer = visitor.post(visitor.start(), data={"sub": "alice-1"})
        assert urlsplit(answer.url).path == "/plans/"
        assert visitor.is_logged_in()
        assert visitor.name() == "alice"
        # Its answer is good for this login, and once.
        back = next(one.headers["Location"] for one in answer.history if "/sign-on/done/" in one.headers["Location"])
        stranger = Visitor(service)
        stranger.start()
        assert stranger.get(back).status_code == 401
        assert not stranger.is_logged_in()


@pytest.fixture(scope="module")
def fake():
    with provide() as provider:
        yield provider


@pytest.fixture(scope="module")
def service(fake):
    with serve(**settings(fake.address)) as service:
        yield service


@pytest.mark.parametrize(
    "mode",
    ["no-id-token", "late", "several", "other iss", "other aud", "other sub", "other nonce"]
    + [f"without {claim}" for claim in ("iss", "sub", "aud", "exp", "iat", "nonce")],
)
def test_an_answer_with_something_wrong_logs_nobody_in(fake, service, mode):
    visitor = Visitor(service)
    fake.mode = mode
    answer = visitor.get(visitor.start())
    assert answer.status_code in (401, 502)
    assert "Nobody was logged in." in answer.text
    assert not visitor.is_logged_in()
    fake.mode = "agrees"
    visitor.get(visitor.start())
    assert visitor.is_logged_in(), "the same with nothing wrong"


def test_a_token_that_is_for_several_counts_where_it_is_for_this_service_first(fake, service):
    visitor = Visitor(service)
    fake.mode = "several azp"
    visitor.get(visitor.start())
    assert visitor.is_logged_in()


def test_a_token_of_an_earlier_login_of_the_same_person_doesnt_count_again(fake, service):
    fake.codes.pop("nonce", None)
    fake.mode = "earlier"
    first, second = Visitor(service), Visitor(service)
    first.get(first.start())
    assert first.is_logged_in()
    for visitor in (second, first):
        visitor.get(f"{service.address}/accounts/login/")
        assert visitor.get(visitor.start()).status_code == 401
    assert not second.is_logged_in()


def test_several_logins_of_one_browser_may_be_on_their_way(fake, service):
    fake.mode = "agrees"
    visitor = Visitor(service)
    first, _ = visitor.start(), visitor.start()
    visitor.get(first)
    assert visitor.is_logged_in()
