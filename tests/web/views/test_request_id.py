"""Each request has an id, in its answer, on its error page and in its lines of the log."""

import json
import logging

import pytest
from django.db import OperationalError
from django.test import Client

from planner.deploy.logs import AddRequestId, RedactTokens, make_formatter
from planner.deploy.proxies import read_proxies
from planner.store.models import make_token
from planner.web.request_id import current
from tests.web.views.pages import Page

pytestmark = pytest.mark.django_db


@pytest.fixture
def behind_proxy(settings):
    settings.PROXIES = read_proxies(["127.0.0.1"])


def id_of(given, **headers):
    return Client().get("/healthz", headers={"x-request-id": given} | headers).headers["X-Request-ID"]


def test_a_trusted_proxy_gives_the_id(behind_proxy):
    assert id_of("abc-123.DEF_456") == "abc-123.DEF_456"


@pytest.mark.parametrize(
    "given", ["", "short", "a" * 65, "two words here", "-begins-so", "line\nbreaks-in", "ünïcödé-id"]
)
def test_what_is_no_id_gets_a_new_one(behind_proxy, given):
    new = id_of(given)
    assert new != given
    assert len(new) == 32
    assert new != id_of(given)


def test_nobody_else_gives_the_id():
    assert id_of("abc-123.DEF_456") != "abc-123.DEF_456"


def test_no_request_has_no_id(client):
    client.get("/healthz")
    assert current() == ""


def test_the_page_of_an_error_names_the_id_that_the_log_has(behind_proxy, monkeypatch, caplog):
    def fail(*_, **__):
        raise ValueError("broken")

    monkeypatch.setattr("planner.web.views.home.read_topologies", fail)
    caplog.handler.addFilter(AddRequestId())
    client = Client(raise_request_exception=False, headers={"x-request-id": "abc-123.DEF_456"})
    answer = client.get("/")
    assert answer.status_code == 500
    assert Page(answer).text("code") == "abc-123.DEF_456"
    assert {record.request_id for record in caplog.records if record.levelno >= logging.ERROR} == {"abc-123.DEF_456"}


def make_record(message, **facts):
    record = logging.makeLogRecord({"msg": message, "levelname": "ERROR", "name": "planner"} | facts)
    return record if RedactTokens().filter(record) and AddRequestId().filter(record) else None


def test_json_is_one_object_a_line_without_secrets():
    token = make_token()
    try:
        raise OperationalError(f"/shared/{token}/")
    except OperationalError as error:
        facts = (type(error), error, error.__traceback__)
    line = make_formatter("json").format(make_record("first\nsecond «ü»", exc_info=facts))
    assert "\n" not in line
    assert token not in line
    told = json.loads(line)
    assert (told["message"], told["level"], told["logger"]) == ("first\nsecond «ü»", "ERROR", "planner")
    assert "OperationalError: /shared/…/" in told["traceback"]
    assert "request" not in told
    assert told["at"].endswith("+00:00")


def test_lines_have_the_id_too():
    assert make_formatter("lines").format(make_record("said")).endswith("ERROR planner [-] said")
    assert make_formatter(None).format(make_record("said")).endswith("ERROR planner [-] said")
