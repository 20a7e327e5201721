"""Each edit by a plain form and by htmx: the change, the answer, and what an error leaves as it was."""

import pytest

from planner.store.models import Plan, Revision
from tests.report.samples import contoso
from tests.web.views.pages import HTMX, Page, document_of, store, words

# path -> the panel it belongs to, what is sent, and what of the document that changes
EDITS = {
    "name/": (
        "topology",
        {"name": "Fabrikam", "description": "One\r\ntwo"},
        {"name": "Fabrikam", "description": "One\ntwo"},
    ),
    "choices/": ("decisions", {"choice": "esxi", "option": "ssh"}, {"choices": {"esxi": "ssh"}}),
    "ports/": (
        "ports",
        {"service": "ssh", "ports": "2222"},
        {"ports": {"website": "8443", "ssh": "2222", "rpc-dynamic": "50000-50100"}},
    ),
    "corrections/": ("caveats", {"caveat": "telnet-port", "answer": "practice"}, {"corrections": ["telnet-port"]}),
}
# path, what is sent, and a part of the sentence about it; every other one is sent by htmx
ERRORS = [
    ("name/", {"name": ""}, "required"),
    ("name/", {"name": "   "}, "required"),
    ("name/", {}, "required"),
    ("name/", {"name": "n" * 256}, "255"),
    ("name/", {"name": "a\x00b"}, "ull"),
    ("name/", {"name": "a\x07b"}, "control characters"),
    ("name/", {"name": "a\nb"}, "control characters"),
    ("name/", {"name": "N", "description": "a\x00b"}, "ull"),
    ("name/", {"name": "N", "description": "a\x1bb"}, "control characters"),
    ("choices/", {"choice": "esxi", "option": "telepathy"}, "allowed are SSH, PowerCLI"),
    ("choices/", {"choice": "esxi", "option": ["ssh", "powercli"]}, "choose one"),
    ("choices/", {"choice": "active-directory", "option": ["ldap", "ntlm"]}, "allowed are"),
    ("choices/", {"choice": "colour", "option": "red"}, "no such choice"),
    ("choices/", {"choice": "", "option": "red"}, "required"),
    ("choices/", {}, "required"),
    ("ports/", {"service": "ssh", "ports": "0"}, "0"),
    ("ports/", {"service": "ssh", "ports": "65536"}, "65536"),
    ("ports/", {"service": "ssh", "ports": "20-10"}, "20-10"),
    ("ports/", {"service": "ssh", "ports": "22,23"}, "22,23"),
    ("ports/", {"service": "ssh", "ports": "44 30"}, "“44 30” is neither a port"),
    ("ports/", {"service": "ssh", "ports": "ssh"}, "ssh"),
    ("ports/", {"service": "ssh", "ports": "-1"}, "-1"),
    ("ports/", {"service": "ssh", "ports": "٢٢"}, "٢٢"),
    ("ports/", {"service": "ssh", "ports": "9" * 5000}, "999"),
    ("ports/", {"service": "ssh", "ports": "1\x00"}, "ull"),
    ("ports/", {"service": "ldap", "ports": "390"}, "can't be changed"),
    ("ports/", {"service": "gopher", "ports": "70"}, "can't be changed"),
    ("ports/", {"ports": "70"}, "required"),
    ("corrections/", {"caveat": "ha-silent", "answer": "practice"}, "no such correction"),
    ("corrections/", {"caveat": "typo", "answer": "practice"}, "no such correction"),
    ("corrections/", {"caveat": "telnet-port", "answer": "2"}, "not one of the available choices"),
    ("corrections/", {}, "required"),
]
ERROR_NAMES = [f"{path}{data}"[:60] for path, data, _ in ERRORS]


@pytest.fixture
def plan():
    return store()


def from_page(url, query=""):
    """The headers that htmx sends from the page of a plan."""
    return HTMX | {"HX-Target": "report", "HX-Current-URL": f"http://testserver{url}{query}"}


@pytest.mark.parametrize("path", EDITS)
def test_a_plain_form_changes_the_plan_and_leads_back_to_its_panel(client, plan, path):
    row, key = plan
    panel, data, changed = EDITS[path]
    before = dict(row.document)
    response = client.post(f"/plans/{key}/{path}?view=flows&text=PS01", data)
    assert response.status_code == 302
    target, _, query = response.url.partition("?")
    assert target == f"/plans/{key}/"
    assert {"view=flows", "text=PS01", f"panel={panel}"} <= set(query.split("&"))
    assert document_of(row) == {key: value for key, value in (before | changed).items() if value}
    assert row.revision == 2
    assert [revision.number for revision in row.revisions.all()] == [1, 2]
    assert row.revisions.last().document == row.document
    assert row.revisions.last().summary
    page = Page(client.get(response.url))
    assert page.text(id="state") == "Saved · revision 2"


@pytest.mark.parametrize("path", EDITS)
def test_htmx_gets_the_report_and_the_parts_around_it_that_changed(client, plan, path):
    row, key = plan
    panel, data, changed = EDITS[path]
    response = client.post(
        f"/plans/{key}/{path}", data, headers=from_page(f"/plans/{key}/", f"?panel={panel}&view=flows")
    )
    page = Page(response)
    assert response.status_code == 200
    assert not page.is_whole
    assert page.one(id="report").get("hx-swap-oob") is None
    assert words(page.one(id="state")) == "Saved · revision 2"
    assert page.one(id="state").get("hx-swap-oob") == page.one("h1").get("hx-swap-oob") == "true"
    assert page.one("nav", id="panels") is not None
    assert page.table("flows"), "the view is that of the page"
    assert all(document_of(row)[key] == value for key, value in changed.items())
    assert "HX-Request" in response.headers["Vary"]
    assert response.headers["Cache-Control"] == "private, no-store"
    assert len(page.ids) == len(set(page.ids))


@pytest.mark.parametrize("path", EDITS)
def test_an_edit_of_what_is_so_already_makes_no_revision(client, plan, path):
    _, key = plan
    client.post(f"/plans/{key}/{path}", EDITS[path][1])
    client.post(f"/plans/{key}/{path}", EDITS[path][1])
    assert Plan.objects.get().revision == 2
    assert Revision.objects.count() == 2


def test_of_the_ports_only_the_one_that_was_sent_is_replaced(client, plan):
    _, key = plan
    headers = from_page(f"/plans/{key}/", "?panel=ports")
    page = Page(client.post(f"/plans/{key}/ports/", {"service": "ssh", "ports": "2222"}, headers=headers))
    assert not page.all(id="panel")
    assert page.one(id="port-item-ssh").get("hx-swap-oob") == "true"
    assert page.one("input", id="port-ssh").get("value") == "2222"
    assert "changed from 22" in words(page.one(id="port-item-ssh"))
    assert not page.all("input", id="port-rdp")


def test_a_faulty_port_stands_beside_no_word_on_another(client, plan):
    """The field is kept until it is mended; meanwhile the port that is stored may be changed again, or undone."""
    _, key = plan
    headers = from_page(f"/plans/{key}/", "?panel=ports")
    client.post(f"/plans/{key}/ports/", {"service": "ssh", "ports": "2222"}, headers=headers)
    page = Page(client.post(f"/plans/{key}/ports/", {"service": "ssh", "ports": "2222x"}, headers=headers))
    assert page.one("input", id="port-ssh").get("value") == "2222x"
    assert "changed from" not in words(page.one(id="port-item-ssh"))


def test_a_port_that_is_sent_from_elsewhere_brings_its_panel(client, plan):
    _, key = plan
    headers = from_page(f"/plans/{key}/", "?panel=decisions")
    page = Page(client.post(f"/plans/{key}/ports/", {"service": "ssh", "ports": "x"}, headers=headers))
    assert page.one(id="panel").get("hx-swap-oob") == "true"
    assert page.one("input", id="port-ssh").get("value") == "x"


@pytest.mark.parametrize(("path", "data", "part"), ERRORS[::2], ids=ERROR_NAMES[::2])
def test_an_error_stands_in_the_form_of_the_page_and_nothing_is_changed(client, plan, path, data, part):
    row, key = plan
    before = dict(row.document)
    response = client.post(f"/plans/{key}/{path}", data)
    page = Page(response)
    assert response.status_code == 200
    assert page.is_whole
    sentences = [words(error) for error in page.one(id="panel").iter() if "error" in error.get("class", "").split()]
    assert any(part in sentence for sentence in sentences), sentences
    assert page.text(id="state") == "Not saved: see the form"
    assert document_of(row) == before
    assert row.revision == Revision.objects.count() == 1


@pytest.mark.parametrize(("path", "data", "part"), ERRORS[1::2], ids=ERROR_NAMES[1::2])
def test_an_error_comes_to_htmx_in_its_place_and_nothing_is_changed(client, plan, path, data, part):
    row, key = plan
    before = dict(row.document)
    headers = from_page(f"/plans/{key}/", f"?panel={EDITS[path][0]}")
    response = client.post(f"/plans/{key}/{path}", data, headers=headers)
    page = Page(response)
    assert response.status_code == 200
    assert not page.is_whole
    sentences = [words(error) for error in page.all(class_="error")]
    assert any(part in sentence for sentence in sentences), sentences
    assert words(page.one(id="state")) == "Not saved: see the form"
    assert page.table("rules"), "the report is that of the stored plan"
    assert document_of(row) == before


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_what_was_typed_stays_in_a_field_with_an_error(client, plan, headers):
    _, key = plan
    page = Page(client.post(f"/plans/{key}/ports/", {"service": "ssh", "ports": "22,<b>"}, headers=headers))
    field = page.one("input", id="port-ssh")
    assert field.get("value") == "22,<b>"
    assert field.get("aria-invalid") == "true"
    assert "22,<b>" in words(page.one(id=field.get("aria-describedby")))
    page = Page(client.post(f"/plans/{key}/name/", {"name": "a\x07", "description": "kept"}, headers=headers))
    assert page.one("input", id="plan-name").get("value") == "a\x07"
    assert words(page.one("textarea", name="description")) == "kept"
    assert page.one("details", class_="rename").get("open") is not None


def test_every_link_of_a_page_with_an_error_leads_to_the_page_and_not_to_the_form(client, plan):
    _, key = plan
    page = Page(client.post(f"/plans/{key}/ports/", {"service": "ssh", "ports": "x"}))
    for link in page.all("a"):
        href = link.get("href")
        assert href.startswith("/") or page.all(id=href.removeprefix("#")), href
    assert page.one("form", id="filters").get("action") == f"/plans/{key}/"
    for link in [*page.one("nav", id="panels").iter("a"), *page.one("nav", id="views").iter("a")]:
        assert client.get(link.get("href")).status_code == 200


def test_a_decision_is_made_and_taken_back(client, plan):
    row, key = plan
    client.post(f"/plans/{key}/choices/", {"choice": "esxi", "option": "powercli"})
    assert document_of(row)["choices"] == {"esxi": "powercli"}
    client.post(f"/plans/{key}/choices/", {"choice": "esxi", "option": ""})
    assert "choices" not in document_of(row)
    assert row.revision == 3


def test_a_choice_of_many_takes_some_or_none_of_its_options(client, plan):
    row, key = plan
    client.post(f"/plans/{key}/choices/", {"choice": "active-directory", "option": ["ldap", "kerberos"]})
    assert document_of(row)["choices"] == {"active-directory": ["ldap", "kerberos"]}
    client.post(f"/plans/{key}/choices/", {"choice": "active-directory"})
    assert document_of(row)["choices"] == {"active-directory": []}


def test_a_decision_changes_the_report_at_once(client, plan):
    _, key = plan
    headers = from_page(f"/plans/{key}/", "?panel=decisions")
    before = Page(client.get(f"/plans/{key}/")).table("rules")
    data = {"choice": "esxi", "option": "ssh"}
    after = Page(client.post(f"/plans/{key}/choices/", data, headers=headers)).table("rules")
    assert [row for row in before if "ESX01" in row[2] and "tcp 443" in row[3]]
    assert not [row for row in after if "ESX01" in row[2] and "tcp 443" in row[3]]
    assert [row for row in after if "ESX01" in row[2] and "tcp 22" in row[3]]


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("2222", "2222"), (" 0443 ", "443"), ("50000-50010", "50000-50010"), ("50000 – 50010", "50000-50010"),
     ("22-22", "22")],
)  # fmt: skip
def test_a_port_is_normalised(client, plan, typed, stored):
    row, key = plan
    client.post(f"/plans/{key}/ports/", {"service": "app-server", "ports": typed})
    assert document_of(row)["ports"]["app-server"] == stored


def test_an_empty_port_goes_back_to_the_default(client, plan):
    row, key = plan
    client.post(f"/plans/{key}/ports/", {"service": "website", "ports": ""})
    assert document_of(row)["ports"] == {"rpc-dynamic": "50000-50100"}


def test_an_override_with_the_default_port_isnt_called_a_change(client, plan):
    _, key = plan
    client.post(f"/plans/{key}/ports/", {"service": "website", "ports": "443"})
    page = Page(client.get(f"/plans/{key}/?panel=ports"))
    assert "changed" not in words(page.one(id="port-item-website"))


@pytest.mark.parametrize(
    ("answer", "field", "place"),
    [("practice", "corrections", "ldap-tcp"), ("documented", "as_documented", "ldap-tcp-documented")],
)
def test_a_caveat_is_answered_and_opened_again(client, plan, answer, field, place):
    row, key = plan

    def counted():
        return client.get(f"/plans/{key}/report/json").json()["findings"]

    def severity():
        [found] = [f["severity"] for f in counted() if (f["code"], f["subject"]) == ("caveat", "ldap-tcp")]
        return found

    assert severity() == "decision"
    client.post(f"/plans/{key}/corrections/", {"caveat": "ldap-tcp", "answer": answer})
    assert document_of(row)[field] == ["ldap-tcp"]
    assert severity() == "info"
    assert "Take back" in Page(client.get(f"/plans/{key}/?panel=caveats")).text(id=f"panel-{place}")
    client.post(f"/plans/{key}/corrections/", {"caveat": "ldap-tcp", "answer": ""})
    assert not {"corrections", "as_documented"} & document_of(row).keys()


def test_another_answer_takes_the_place_of_the_first(client, plan):
    row, key = plan
    for answer in ("practice", "documented"):
        client.post(f"/plans/{key}/corrections/", {"caveat": "ldap-tcp", "answer": answer})
    assert document_of(row)["as_documented"] == ["ldap-tcp"]
    assert "corrections" not in document_of(row)
    client.post(f"/plans/{key}/undo/", {})
    assert document_of(row)["corrections"] == ["ldap-tcp"]
    assert "as_documented" not in document_of(row)


def test_corrections_are_offered_with_the_findings_too(client, plan):
    _, key = plan
    page = Page(client.get(f"/plans/{key}/?view=findings"))
    assert "Follow practice" in page.text(id="finding-ldap-tcp")
    assert "As documented" in page.text(id="finding-ldap-tcp-documented")


def test_every_panel_has_the_forms_that_its_edits_need(client, plan):
    _, key = plan
    for path, (panel, data, _) in EDITS.items():
        page = Page(client.get(f"/plans/{key}/", {"panel": panel}))
        forms = [form for form in page.all("form") if form.get("action", "").startswith(f"/plans/{key}/{path}")]
        assert forms
        for form in forms:
            fields = {element.get("name") for element in form.iter() if element.get("name")}
            assert form.get("method") == "post"
            assert {*data, "csrfmiddlewaretoken"} <= fields
            assert list(form.iter("button")), "without JavaScript a form needs a button"


def test_two_edits_from_two_old_pages_both_survive(client, plan):
    row, key = plan
    client.post(f"/plans/{key}/choices/", {"choice": "esxi", "option": "ssh"})
    client.post(f"/plans/{key}/ports/", {"service": "ssh", "ports": "2222"})
    client.post(f"/plans/{key}/name/", {"name": "New", "description": ""})
    document = document_of(row)
    assert document["choices"] == {"esxi": "ssh"}
    assert document["ports"]["ssh"] == "2222"
    assert document["name"] == "New"
    assert document["endpoints"] == store(contoso())[0].document["endpoints"]


def test_an_edit_of_one_plan_leaves_the_others_alone(client, plan):
    other, _ = store()
    client.post(f"/plans/{plan[1]}/name/", {"name": "New", "description": ""})
    assert document_of(other)["name"] == "Contoso"


@pytest.mark.parametrize("url", ["", "http://[", "javascript:alert(1)", "http://elsewhere/?panel=<x>&view=%00"])
def test_an_odd_current_address_doesnt_keep_an_edit_from_working(client, plan, url):
    row, key = plan
    headers = HTMX | {"HX-Current-URL": url}
    assert client.post(f"/plans/{key}/name/", {"name": "New"}, headers=headers).status_code == 200
    assert document_of(row)["name"] == "New"
