"""The page of the matrix. Its downloads are in `test_downloads`."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ports import views
from ports.actions import make_amendment
from ports.models import Caveat, PortMatrix, Requirement, Service, new_stamp
from ports.queries import shipped_matrix
from tests.ports.records import record

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def _rows(response):
    return re.findall(r'<tr id="row-([a-z0-9-]+)"', response.content.decode())


def _text(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", response.content.decode()))


# ---- the page ----


def test_the_page_shows_every_row_of_the_matrix(client, loaded):
    response = client.get("/matrix/")
    assert response.status_code == 200
    assert sorted(_rows(response)) == sorted(requirement.slug for requirement in shipped_matrix().requirements)
    assert "106 of 106 rows" in _text(response)


def test_the_page_says_which_document_it_shows(client, loaded):
    assert shipped_matrix().version in _text(client.get("/matrix/"))


def test_a_row_says_everything(client, loaded):
    text = _text(client.get("/matrix/?text=discovery-vmware-esxi"))
    for words in (
        "1 of 106 rows",
        "§9 Account Discoveries",
        "VMWare ESXi Account discovery",
        "Accounts are found on ESXi hosts over SSH, or over HTTPS with PowerCLI.",
        "Engine of the target : its managed-by, else a site agent in its zone, else every web server",
        "Managed VMware ESXi for account discovery",
        "tcp 22 SSH or tcp 443 VMware PowerCLI (HTTPS) one is enough: VMware ESXi access",
    ):
        assert words in text


def test_a_row_of_a_correction_is_shown_as_one(client, loaded):
    text = _text(client.get("/matrix/?text=ad-ldap-tcp"))
    assert "added by correction “LDAP as UDP 389 only”" in text
    assert "when “LDAP” is among “Active Directory protocols” (the default)" in text


def test_a_caveat_stands_beside_its_row(client, loaded):
    text = _text(client.get("/matrix/?text=launcher-telnet"))
    assert "tcp 22 Telnet 23 once corrected" in text
    assert "IANA assigns 23 to Telnet." in text
    assert "Correction: Use TCP 23 for Telnet." in text


def test_choices_services_and_other_caveats_stand_below(client, loaded):
    text = _text(client.get("/matrix/"))
    assert "Self-destruct messages How do people read self-destruct messages? §6" in text
    assert "On the Passwordstate website default" in text
    assert "VMware ESXi access starts undecided" in text
    assert "Browser gateway tcp 7273 can be changed §14" in text
    assert "SMB tcp 445 fixed §9 §10 §11" in text
    assert "What the document does not cover DNS, time (NTP)" in text
    assert "Ports without a protocol §2 §4 §5" in text


def test_every_link_within_the_page_leads_somewhere(client, loaded):
    page = client.get("/matrix/").content.decode()
    targets = set(re.findall(r'href="#([^"]+)"', page))
    assert targets <= set(re.findall(r'id="([^"]+)"', page))
    assert len(re.findall(r' id="([^"]+)"', page)) == len(set(re.findall(r' id="([^"]+)"', page)))


# ---- searching ----


KPASSWD = ["ad-kerberos", "reset-active-directory-kpasswd", "portal-kerberos"]
KPASSWD_IN_WORDS = ["ad-kerberos", "reset-active-directory", "reset-active-directory-kpasswd", "portal-kerberos"]
"""One row more: its caveat speaks of 464."""


@pytest.mark.parametrize(("query", "rows"), [("text=464", KPASSWD_IN_WORDS), ("port=464", KPASSWD)])
def test_464_is_answered_with_summary_and_section(client, loaded, query, rows):
    response = client.get(f"/matrix/?{query}")
    assert _rows(response) == rows
    text = _text(response)
    assert f"{len(rows)} of 106 rows" in text
    assert "§3 Active Directory Integration" in text
    assert "Sign-in and password changes with Kerberos, over TCP and UDP." in text
    assert '<mark class="mono">tcp 464</mark>' in response.content.decode()


def test_a_port_inside_the_dynamic_range_finds_it(client, loaded):
    assert _rows(client.get("/matrix/?port=50000")) == [
        "discovery-windows-dynamic-rpc", "validation-windows-dynamic-rpc", "portal-lockout-events",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("section=9", 17),
        ("section=11&protocol=tcp", 22),
        ("source=launcher-user", 6),
        ("source=pairing:gateway", 2),
        ("destination=platform:oracle", 3),
        ("protocol=icmp", 1),
        ("text=&section=&source=&destination=&protocol=&port=", 106),
    ],
)
def test_filters_narrow_the_rows(client, loaded, query, count):
    response = client.get(f"/matrix/?{query}")
    assert len(_rows(response)) == count
    assert f"{count} of 106 rows" in _text(response)


def test_the_form_keeps_what_was_asked(client, loaded):
    page = client.get(
        "/matrix/?text=ssh&port=22&protocol=tcp&section=13&source=launcher-user&destination=session:ssh"
    ).content.decode()
    assert 'name="text" value="ssh"' in page
    assert 'name="port" value="22"' in page
    selected = re.findall(r"<option(?: value=\"([^\"]*)\")? selected>([^<]*)", page)
    assert selected == [
        ("", "tcp"),
        ("13", "§13 Client Based Remote Session Launcher"),
        ("launcher-user", "Client launcher users"),
        ("session:ssh", "SSH"),
    ]


def test_no_row_is_said_to_be_none_and_what_is_not_covered_is_named(client, loaded):
    text = _text(client.get("/matrix/?port=53"))
    assert "0 of 106 rows" in text
    assert "No row fits." in text
    assert "DNS, time (NTP)" in text


@pytest.mark.parametrize(
    ("query", "field", "sentence"),
    [
        ("port=abc", "port", "“abc” is neither a port (1 to 65535) nor a range such as 49152-65535."),
        ("section=99", "section", "The document has no section “99”."),
        ("source=ghost", "source", "The matrix has no source “ghost”."),
        ("destination=ghost", "destination", "The matrix has no destination “ghost”."),
        ("protocol=sctp", "protocol", "“sctp” is no protocol; there are tcp, udp, icmp."),
        ("text=" + "x" * 201, "text", "Search for 200 characters at most."),
    ],
)
def test_a_bad_value_is_answered_next_to_its_field(client, loaded, query, field, sentence):
    response = client.get(f"/matrix/?{query}")
    assert response.status_code == 200
    page = response.content.decode()
    assert f'<p id="error-{field}" class="error small">{sentence}</p>' in page
    (control,) = re.findall(rf'<(?:input|select)[^>]* id="filter-{field}"[^>]*>', page)
    assert 'aria-invalid="true"' in control
    assert f'aria-describedby="error-{field}"' in control
    assert f"106 of 106 rows , without the filter for {field}" in _text(response)
    assert "download.csv" not in page


def test_a_bad_value_leaves_the_other_filters_in_force(client, loaded):
    assert len(_rows(client.get("/matrix/?port=abc&section=13"))) == 6


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", "\"'><img src=x onerror=alert(1)>", "{{ 7|add:7 }}", "{% now 'Y' %}"]
)
@pytest.mark.parametrize("field", ["text", "port", "section", "source", "destination", "protocol"])
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_hostile_text_stays_text(client, loaded, field, hostile, headers):
    response = client.get("/matrix/", {field: hostile}, headers=headers)
    page = response.content.decode()
    assert response.status_code == 200
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "14" not in re.findall(rf'<p id="error-{field}"[^>]*>([^<]*)', page)


def test_control_characters_are_survived(client, loaded):
    response = client.get(
        "/matrix/",
        {"text": "a\x00b\r\nX-Evil: 1", "port": "\x00", "section": "\ud800".encode("utf-8", "surrogatepass")},
        headers=HTMX,
    )
    assert response.status_code == 200
    assert "X-Evil" not in response.headers


def test_hostile_rows_stay_text(client, small, records):
    record(records, "requirement", "people")["name"] = "<b>bold</b>"
    record(records, "caveat", "silent")["text"] = "<script>x</script>"
    small()
    page = client.get("/matrix/").content.decode()
    assert "&lt;b&gt;bold&lt;/b&gt;" in page
    assert "<script>x" not in page


# ---- htmx ----


def test_htmx_gets_the_rows_alone(client, loaded):
    response = client.get("/matrix/?text=464", headers=HTMX)
    page = response.content.decode()
    assert page.strip().startswith('<div id="matrix-rows">')
    assert "<html" not in page
    assert _rows(response) == KPASSWD_IN_WORDS
    assert '<div hx-swap-oob="innerHTML:#live">4 of 106 rows.</div>' in page


@pytest.mark.parametrize(
    "headers",
    [{}, HTMX | {"HX-Boosted": "true"}, HTMX | {"HX-History-Restore-Request": "true"}],
    ids=["plain", "boosted", "history"],
)
def test_everyone_else_gets_the_whole_page(client, loaded, headers):
    response = client.get("/matrix/?text=464", headers=headers)
    assert response.content.decode().startswith("<!doctype html>")
    assert "HX-Replace-Url" not in response.headers
    assert "hx-swap-oob" not in response.content.decode()


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_caches_are_told_that_there_are_two_answers(client, loaded, headers):
    vary = {name.strip() for name in client.get("/matrix/", headers=headers).headers["Vary"].split(",")}
    assert {"HX-Request", "HX-Boosted", "HX-History-Restore-Request"} <= vary


def test_htmx_gets_an_address_to_bookmark(client, loaded):
    query = "text=&port=464&protocol=udp&section=&source=&destination="
    response = client.get(f"/matrix/?{query}", headers=HTMX)
    assert response.headers["HX-Replace-Url"] == "/matrix/?protocol=udp&port=464"
    assert _rows(client.get(response.headers["HX-Replace-Url"])) == _rows(response)
    assert client.get("/matrix/?text=", headers=HTMX).headers["HX-Replace-Url"] == "/matrix/"


def test_htmx_gets_the_sentence_of_a_bad_value_beside_the_rows(client, loaded):
    response = client.get("/matrix/?port=abc", headers=HTMX)
    page = response.content.decode()
    assert response.status_code == 200
    assert '<p id="error-port" class="error small" hx-swap-oob="true">“abc” is neither a port' in page
    assert '<p id="error-section" class="error small" hx-swap-oob="true"></p>' in page
    assert response.headers["HX-Replace-Url"] == "/matrix/?port=abc"


def test_the_form_works_without_javascript(client, loaded):
    forms = re.findall(r"<form[^>]*>", client.get("/matrix/").content.decode())
    (form,) = [form for form in forms if 'method="dialog"' not in form]  # that of the shortcuts needs a script anyway
    assert 'method="get"' in form
    assert 'action="/matrix/"' in form


def test_the_page_needs_no_inline_style_or_script(client, loaded):
    page = client.get("/matrix/").content.decode()
    assert not re.search(r"\sstyle=|\son[a-z]+=|hx-on|<style|<script(?![^>]* src=)", page)


# ---- methods, queries, faults ----


@pytest.mark.parametrize("path", ["/matrix/", "/matrix/download.csv", "/matrix/download.json"])
def test_the_matrix_is_only_read_here(client, loaded, path):
    assert client.head(path).status_code == 200
    assert client.post(path).status_code == 405
    assert client.delete(path).status_code == 405


@pytest.mark.parametrize(
    ("path", "queries"),
    [("/matrix/", 3), ("/matrix/?text=ssh", 5), ("/matrix/download.csv", 1), ("/matrix/download.json", 1)],
)
def test_an_unchanged_matrix_costs_few_queries(client, loaded, path, queries, django_assert_num_queries):
    client.get(path)
    # The page: the mark, those of all editions, what is amended; with a query what it is made of, too.
    with django_assert_num_queries(queries):
        client.get(path)


def test_queries_do_not_grow_with_the_rows(client, loaded, django_assert_num_queries):
    PortMatrix.objects.update(stamp=new_stamp())
    with CaptureQueriesContext(connection) as asked:
        client.get("/matrix/")
    first = Requirement.objects.get(slug="email")
    rows = [Requirement(**(_facts(first) | {"slug": f"email-{number}"})) for number in range(50)]
    Requirement.objects.bulk_create(rows)
    PortMatrix.objects.update(stamp=new_stamp())
    with django_assert_num_queries(len(asked)):
        response = client.get("/matrix/")
    assert len(_rows(response)) == 156


def _facts(row):
    return {field.name: getattr(row, field.name) for field in row._meta.fields if field.name != "id"}


def test_an_amendment_shows_at_once(client, loaded):
    client.get("/matrix/")
    make_amendment(row="service/smtp", field="ports", value="587", reason="Test")
    assert _rows(client.get("/matrix/?port=587")) == ["email"]


def test_an_amendment_that_comes_while_the_page_is_made_is_on_the_next_one(client, loaded, monkeypatch):
    real, made = views.list_standing, []

    def later(product):
        if not made:
            made.append(make_amendment(row="service/smtp", field="ports", value="587", reason="Test"))
        return real(product)

    monkeypatch.setattr(views, "list_standing", later)
    old = client.get("/matrix/")
    fresh = client.get("/matrix/", headers={"If-None-Match": old.headers["ETag"]})
    assert fresh.status_code == 200
    assert "tcp 587" in _text(fresh)


def test_without_a_matrix_the_page_says_so(client):
    response = client.get("/matrix/")
    assert response.status_code == 503
    assert "No port matrix is loaded; run manage.py load_matrix." in _text(response)


def test_a_broken_matrix_is_told_in_its_sentences(client, loaded):
    Service.objects.filter(slug="smtp").update(ports="70000")
    Caveat.objects.filter(slug="telnet-port").update(service_ports={"ghost": "23"})
    PortMatrix.objects.update(stamp=new_stamp())
    for headers in ({}, HTMX):
        response = client.get("/matrix/", headers=headers)
        assert response.status_code == 503
        page = response.content.decode()
        assert "<li>service &#x27;smtp&#x27;: the port &#x27;70000&#x27; is outside 1 to 65535.</li>" in page
        assert "<li>caveat &#x27;telnet-port&#x27;: there is no service &#x27;ghost&#x27;.</li>" in page


def test_another_products_matrix_is_shown_as_well(client, small, records):
    small()
    response = client.get("/matrix/")
    assert _rows(response) == ["people", "mail-out", "linux", "upload"]
    text = _text(response)
    assert "Reader of the target : its managed-by, else an agent in its zone" in text
    assert "Also cited for rows from “Reader of the target” where the source has the role “Agent”." in text


def test_a_matrix_of_nothing_but_a_name_is_shown(client):
    PortMatrix.objects.create(slug="x-1", product="X", product_slug="x", document="D", received="R", current=True)
    response = client.get("/matrix/")
    assert response.status_code == 200
    assert "0 of 0 rows" in _text(response)
