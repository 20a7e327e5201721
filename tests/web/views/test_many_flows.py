"""Whether a file takes long follows from the flows of a plan too, where a few endpoints have many."""

import pytest

from planner.store import evaluated, jobs
from tests.report.samples import write_plan
from tests.web.views.pages import Page, store
from tests.web.views.test_making import by_browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client):
    return by_browser(client)


def meshed(count, firewalls):
    """Web servers that are all each other's targets, and firewalls that a half of their flows pass."""
    rows = [
        {"name": f"W{n}", "zone": ("Internal", "DMZ")[n % 2], "addresses": [f"10.0.0.{n + 1}"],
         "roles": ["web-active"], "operations": ["host-heartbeat"], "sessions": ["rdp", "ssh"]} for n in range(count)
    ]  # fmt: skip
    zones = {"Internal": "i0", "DMZ": "d0"}
    walls = [{"name": f"F{n}", "format": "iptables", "zones": zones} for n in range(firewalls)]
    return write_plan(*rows, firewalls=walls)


def test_few_endpoints_with_many_flows_and_firewalls_take_long_too(browser, settings):
    """120 endpoints with 42,840 flows: a workbook took seconds within the request, as files for firewalls did."""
    settings.JOBS_FROM = 1.0
    names = ("csv", "xlsx", "firewalls")
    for firewalls, apart in ((1, ["xlsx"]), (45, ["xlsx", "firewalls"])):
        _, key = store(meshed(120, firewalls))
        answered = {name: browser.get(f"/plans/{key}/report/{name}").status_code for name in names}
        assert [name for name, status in answered.items() if status == 302] == apart, answered
    _, key = store(meshed(20, 1))
    assert {browser.get(f"/plans/{key}/report/{name}").status_code for name in names} == {200}


def test_flows_of_a_large_plan_are_those_of_its_kept_report_and_none_is_made_before_its_turn(
    browser, settings, monkeypatch
):
    settings.JOBS_FROM = 1.0
    monkeypatch.setattr(jobs, "count_endpoints", lambda _: 1_000)
    _, key = store(meshed(120, 1))
    evaluated._reports.clear()
    made = []
    monkeypatch.setattr("planner.sharing.apart.report_for", lambda *_: made.append(1))
    assert browser.get(f"/plans/{key}/report/xlsx").status_code == 200
    assert browser.get(f"/plans/{key}/report/xlsx").status_code == 302
    assert not made


def test_a_plan_that_cannot_be_evaluated_says_so_at_once(browser, settings, monkeypatch):
    settings.JOBS_FROM = 1.0
    _, key = store()
    monkeypatch.setattr(jobs, "count_endpoints", lambda _: 500)
    monkeypatch.setattr("planner.plan.limits.FLOWS", 1)
    monkeypatch.setattr("planner.sharing.apart._MOST_OF_A_PAIR", 10**9)
    evaluated._reports.clear()
    answer = browser.get(f"/plans/{key}/report/firewalls")
    assert "flows; at most 1 are evaluated" in Page(answer).text("main")
