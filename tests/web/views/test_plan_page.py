import re

import pytest
import yaml
from django.db import connection
from django.test.utils import CaptureQueriesContext

from planner.report.said.filters import Filter
from planner.sharing.links import make_edit_link
from planner.store.models import Plan, Revision
from planner.store.reports import report_for
from planner.web.views import kept
from planner.web.views.marked import Changes
from planner.web.views.panels import describe_panel
from planner.web.views.results import describe_results
from planner.web.views.state import State
from ports.models import PortMatrix, new_stamp
from ports.queries import shipped_matrix
from tests.examples import UNANSWERED
from tests.report.samples import contoso, sites, write_plan
from tests.web.views.pages import HTMX, Page, know, store, store_unchecked, words

PANELS = {
    "topology": "Name and description",
    "decisions": "VMware ESXi access",
    "ports": "Remote Desktop (RDP)",
    "caveats": "Telnet on port 22",
    "own": "Name resolution",
}
VIEWS = {"rules": "rules", "flows": "flows", "findings": "Addresses to be filled in", "diagram": "An arrow leads"}
METHODS = ["post", "put", "patch", "delete", "options"]
UNKNOWN = "x" * 43


@pytest.fixture
def url():
    return f"/plans/{store()[1]}/"


def current(page, nav):
    """Which link of a navigation is the page itself, by the end of its id."""
    links = page.one("nav", id=nav).iter("a")
    return [link.get("id").partition("-")[2] for link in links if link.get("aria-current") == "page"]


def test_the_page_shows_name_zones_endpoints_addresses_rules_and_the_matrix(client, url, matrix):
    page = Page(client.get(url))
    text = page.text()
    assert page.text("h1") == "Contoso"
    for word in ("Internal", "DMZ", "Internet", "PS01", "10.0.0.10", "fd00::10", "ESX01", "any address"):
        assert word in text
    assert "address to be filled in" in text
    assert "Passwordstate Open Port Requirements" in text
    assert len(page.table("rules")) == len(client.get(f"{url}report/json").json()["rules"]) > 3


def test_the_rules_on_the_page_are_those_of_the_json_report(client, url):
    rows = Page(client.get(url)).table("rules")
    rules = client.get(f"{url}report/json").json()["rules"]
    assert [row[0] for row in rows] == [rule["id"] for rule in rules]
    for row, rule in zip(rows, rules, strict=True):
        assert all(name in row[1] for name in rule["sources"])
        assert all(name in row[2] for name in rule["destinations"])
        for service in rule["services"]:
            assert " ".join(filter(None, (service["protocol"], service["ports"]))) in row[3]
        assert set(re.findall(r"§(\d+)", row[3])) == set(rule["sections"])


def test_the_flows_on_the_page_are_those_of_the_json_report(client, url):
    rows = Page(client.get(f"{url}?view=flows&show=names")).table("flows")
    flows = client.get(f"{url}report/json").json()["flows"]
    assert [row[:2] for row in rows] == [
        [f"{flow['source']} {flow['source_zone']}", f"{flow['destination']} {flow['destination_zone']}"]
        for flow in flows
    ]


def test_every_finding_stands_on_its_page(client, url):
    text = Page(client.get(f"{url}?view=findings")).text()
    findings = client.get(f"{url}report/json").json()["findings"]
    assert findings
    for finding in findings:
        asks_nothing = finding["code"] == "caveat" and finding["severity"] == "info"
        if asks_nothing and finding["subject"] != "not-covered":  # which leads to flows of one's own
            assert " ".join(finding["message"].split()) not in text, "it stands among the caveats alone"
            continue
        assert " ".join(finding["message"].split()) in text


@pytest.mark.parametrize("panel", PANELS)
@pytest.mark.parametrize("view", VIEWS)
def test_every_panel_goes_with_every_view(client, url, panel, view):
    response = client.get(url, {"panel": panel, "view": view})
    page = Page(response)
    assert response.status_code == 200
    assert current(page, "panels") == [panel]
    assert current(page, "views") == [view]
    assert PANELS[panel] in words(page.one(id="panel"))
    assert VIEWS[view] in words(page.one(id="report"))
    assert len(page.ids) == len(set(page.ids))


@pytest.mark.parametrize("query", ["panel=x&view=y", "panel=&view=", "panel=%00&view=%FF", "panel=rules&panel=<b>"])
def test_an_unknown_panel_or_view_shows_the_first(client, url, query):
    page = Page(client.get(f"{url}?{query}"))
    assert current(page, "panels") == ["topology"]
    assert current(page, "views") == ["rules"]


@pytest.mark.parametrize("panel", PANELS)
def test_htmx_gets_the_panel_it_asks_for_and_the_report_whose_links_follow(client, url, panel):
    response = client.get(url, {"panel": panel, "view": "flows"}, headers=HTMX | {"HX-Target": "panel"})
    page = Page(response)
    assert not page.is_whole
    assert PANELS[panel] in words(page.one(id="panel"))
    assert page.one(id="panel").get("hx-swap-oob") is None
    assert page.one(id="report").get("hx-swap-oob") == "true"
    assert all(f"panel={panel}" in link.get("href") for link in page.one(id="views").iter("a")) or panel == "topology"


@pytest.mark.parametrize("view", VIEWS)
def test_htmx_gets_the_view_it_asks_for_and_tabs_that_follow(client, url, view):
    response = client.get(url, {"view": view, "panel": "ports"}, headers=HTMX | {"HX-Target": "report"})
    page = Page(response)
    assert not page.is_whole
    assert VIEWS[view] in words(page.one(id="report"))
    assert not page.all(id="panel")
    tabs = page.one("nav", id="panels")
    assert tabs.get("hx-swap-oob") == "true"
    assert all(f"view={view}" in link.get("href") for link in tabs.iter("a")) or view == "rules"


@pytest.mark.parametrize("headers", [{}, HTMX, HTMX | {"HX-Target": "elsewhere"}, {"HX-Target": "report"}])
def test_whoever_asks_for_no_part_gets_the_whole_page(client, url, headers):
    assert Page(client.get(url, headers=headers)).is_whole


@pytest.mark.parametrize("target", ["panel", "report", "results"])
def test_the_back_button_gets_the_whole_page(client, url, target):
    headers = HTMX | {"HX-Target": target, "HX-History-Restore-Request": "true"}
    page = Page(client.get(f"{url}?panel=ports&view=flows", headers=headers))
    assert page.is_whole
    assert current(page, "panels") == ["ports"]


@pytest.mark.parametrize("suffix", ["", "?panel=ports", "plan.yaml", "report/json", "report/pdf"])
@pytest.mark.parametrize("headers", [{}, HTMX | {"HX-Target": "panel"}])
def test_nothing_of_a_plan_is_kept_by_caches_or_mixed_up_in_them(client, url, suffix, headers):
    response = client.get(url + suffix, headers=headers)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "private, no-store"
    assert "HX-Request" in response.headers["Vary"]


@pytest.mark.parametrize("path", ["/", "/plans/import/", "/matrix/", "/nowhere/", "{plan}", "{plan}?view=diagram"])
def test_the_security_policy_admits_our_own_files_and_nothing_inline(client, url, path):
    response = client.get(path.format(plan=url))
    policy = response.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    page = Page(response)
    assert not page.all("style")
    assert not [element for element in page.all() if element.get("style") is not None]
    assert not [script for script in page.all("script") if not script.get("src")]
    assert not [name for element in page.all() for name in element.keys() if name.startswith("on")]  # noqa: SIM118
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "key",
    [UNKNOWN, "x" * 42, "x" * 44, "x", "x" * 42 + "!", "x" * 42 + "é", "0" * 43, "../" * 14 + "x", "%00" * 14 + "x"],
)
@pytest.mark.parametrize("suffix", ["", "plan.yaml", "report/json"])
def test_an_unknown_short_or_odd_address_is_not_found(client, key, suffix):
    store()
    response = client.get(f"/plans/{key}/{suffix}")
    assert response.status_code == 404
    assert Page(response).text("h1") == "Nothing is here"


def test_an_address_in_another_case_opens_nothing(client, url):
    assert client.get(url.upper().replace("/PLANS/", "/plans/")).status_code == 404


@pytest.mark.parametrize("path", ["name/", "choices/", "ports/", "corrections/"])
def test_an_edit_of_an_unknown_plan_is_not_found(client, path):
    assert client.post(f"/plans/{UNKNOWN}/{path}", {"name": "x"}).status_code == 404


def test_the_address_without_its_slash_leads_to_the_page(client, url):
    assert client.get(url.rstrip("/")).url == url


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", ["", "plan.yaml", "report/json"])
def test_pages_and_downloads_are_only_read(client, url, method, path):
    assert getattr(client, method)(url + path).status_code == 405


@pytest.mark.parametrize("method", ["get", "head", *METHODS[1:]])
@pytest.mark.parametrize("path", ["name/", "choices/", "ports/", "corrections/"])
def test_edits_are_only_posted(client, url, method, path):
    assert getattr(client, method)(url + path).status_code == 405


def test_the_address_that_a_refused_form_was_sent_to_leads_back_to_the_plan_as_it_was_shown(client, url):
    response = client.get(f"{url}endpoints/edit/?edit=DC01&view=flows")
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    head = client.head(f"{url}endpoints/edit/?edit=DC01&view=flows")
    assert {name: head.headers[name] for name in ("Allow", "Content-Length")} == {
        "Allow": "POST", "Content-Length": str(len(response.content)),
    }  # fmt: skip
    page = Page(response)
    assert page.text("h1") == "This address takes forms alone"
    way = page.one("a", rel="noreferrer")
    assert (way.get("href"), words(way)) == (f"{url}?edit=DC01&view=flows", "Open the plan")
    link = f"/shared/{'t' * 43}/"
    way = Page(client.get(f"{link}rules/state/?view=flows")).one("a", rel="noreferrer")
    assert way.get("href") == f"{link}?view=flows", "readers have a page of their own"
    assert not Page(client.get("/plans/start/")).all("a", rel="noreferrer"), "no plan: the start page alone"


def test_the_page_answers_head_requests(client, url):
    response = client.head(url)
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["Cache-Control"] == "private, no-store"


def test_only_hashes_of_tokens_and_of_the_keys_of_browsers_are_in_the_database(client):
    plan, _ = store()
    token = make_edit_link(plan_id=plan.pk)
    know(client, "z" * 43).post(f"/edit/{token}/")
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        for table in tables:
            cursor.execute(f'SELECT * FROM "{table}"')
            assert not [row for row in cursor.fetchall() if token in repr(row) or "z" * 43 in repr(row)], table
    plan.refresh_from_db()
    assert len(plan.edit_hash) == 64


@pytest.mark.parametrize(
    "path",
    ["", "?panel=ports", "plan.yaml", "report/pdf", "report/json", "name/", "choices/", "ports/", "corrections/"],
)
def test_a_document_that_the_matrix_of_today_doesnt_admit_is_a_page_that_names_every_reason(client, path):
    document = contoso() | {"choices": {"colour": "red"}, "corrections": ["gone"]}
    key = store_unchecked(document)
    url = f"/plans/{key}/{path}"
    if path.endswith("/"):
        data = {"name": "N", "choice": "esxi", "option": "ssh", "service": "ssh", "ports": "1", "caveat": "ldap-tcp",
                "answer": "practice"}  # fmt: skip
        response = client.post(url, data)
    else:
        response = client.get(url)
    text = Page(response).text()
    assert response.status_code == 409
    assert "choices.colour" in text
    assert "corrections[0]" in text
    assert response.headers["Cache-Control"] == "private, no-store"
    assert Plan.objects.get().document == document
    assert Plan.objects.get().revision == 1


def test_a_plan_outlives_a_matrix_that_lost_what_it_needs(client, url, matrix):
    matrix.roles.filter(slug="portal-user").delete()
    PortMatrix.objects.update(stamp=new_stamp())
    response = client.get(url)
    assert response.status_code in (409, 503)
    assert Plan.objects.get().revision == 1


@pytest.mark.parametrize("path", ["", "plan.yaml", "report/csv", "name/", "choices/", "ports/", "corrections/"])
def test_without_a_matrix_the_page_says_so(client, url, path):
    Plan.objects.update(edition=None)
    Revision.objects.update(edition=None)
    PortMatrix.objects.all().delete()
    send = client.post if path.endswith("/") else client.get
    response = send(url + path)
    assert response.status_code == 503
    assert "load_matrix" in Page(response).text()


def count_queries(client, path):
    """Of a page that nobody has asked for yet."""
    kept.pages.clear()
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


@pytest.mark.parametrize("query", ["", *(f"?panel={panel}" for panel in PANELS), *(f"?view={view}" for view in VIEWS)])
def test_the_number_of_queries_doesnt_grow_with_sites_and_endpoints(client, query):
    small, large = (f"/plans/{store(sites(count))[1]}/{query}" for count in (1, 60))
    client.get(small)  # the matrix is read once
    assert count_queries(client, small) == count_queries(client, large) <= 10


@pytest.mark.parametrize("path", ["plan.yaml", "report/json", "report/xlsx"])
def test_the_number_of_queries_of_downloads_doesnt_grow(client, path):
    small, large = (f"/plans/{store(sites(count))[1]}/{path}" for count in (1, 60))
    client.get(small)
    assert count_queries(client, small) == count_queries(client, large) <= 9


def test_like_sites_are_folded_and_the_page_stays_short(client):
    page = Page(client.get(f"/plans/{store(sites(200))[1]}/"))
    assert "200 remote sites" in page.text()
    assert "and 197 more" in page.text()
    assert " ," not in page.text(id="panel")
    assert "200 endpoints" in page.text(id="panel")
    assert len(page.table("rules")) <= 60
    assert len(page.html) < 240_000


def test_a_plan_without_endpoints_has_a_page_in_every_view(client):
    url = f"/plans/{store(write_plan())[1]}/"
    for view in VIEWS:
        assert client.get(url, {"view": view}).status_code == 200
    assert "This plan has none yet" in Page(client.get(url)).text()


def test_a_plan_of_everything_shows_each_alternative_as_one(client):
    document = yaml.safe_load(UNANSWERED["everything"].data)
    rows = Page(client.get(f"/plans/{store(document)[1]}/")).table("rules")
    assert any("or " in row[3] or "only with" in row[3] for row in rows)


def test_a_changed_port_says_what_it_was(client, url):
    rows = Page(client.get(url)).table("rules")
    assert any("tcp 8443" in row[3] and "changed from 443" in row[3] for row in rows)


def test_a_page_without_graphviz_says_so_and_shows_the_rest(client, url, monkeypatch, tmp_path):
    from planner.report.diagram import kept, layout

    layout._run.cache_clear()
    kept._said.clear()
    with monkeypatch.context() as without:
        without.setenv("PATH", str(tmp_path))
        page = Page(client.get(url))
    assert any("Graphviz" in words(notice) for notice in page.all(class_="notice"))
    assert page.table("rules")
    later = Page(client.get(url))
    assert not any("Graphviz" in words(notice) for notice in later.all(class_="notice")), "it is installed by now"


@pytest.mark.parametrize("panel", PANELS)
@pytest.mark.parametrize("view", VIEWS)
def test_panel_and_view_have_no_name_in_common_in_the_templates(panel, view):
    """They share one page: the later one would silently take the place of the other's."""
    report = report_for(store()[0].version, shipped_matrix())
    state = State(panel=panel, view=view, filter=Filter(), page=1)
    shown = describe_results(report, state, Changes(), True, "/")
    assert not describe_panel(report, state, None).keys() & shown.keys()
