"""Rows of the matrix as CSV and JSON: what the page shows, fit for a spreadsheet."""

import csv
import io
import re

import pytest

from ports.actions import make_amendment
from ports.queries import shipped_matrix
from ports.text import neutralise
from tests.ports.records import record

pytestmark = pytest.mark.django_db


def _rows(response):
    return re.findall(r'<tr id="row-([a-z0-9-]+)"', response.content.decode())


def _lines(response):
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"), newline="")))


def test_csv_holds_what_the_page_shows(client, loaded):
    response = client.get("/matrix/download.csv?text=464")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"] == 'attachment; filename="port-matrix-passwordstate-2026-11.csv"'
    lines = _lines(response)
    assert [line["row"] for line in lines] == [
        "Active Directory over Kerberos",
        "Active Directory",
        "Active Directory",
        "The website resets and unlocks accounts over Kerberos",
    ]
    assert lines[0] == {
        "section": "3",
        "section title": "Active Directory Integration",
        "topic": "",
        "row": "Active Directory over Kerberos",
        "summary": "Sign-in and password changes with Kerberos, over TCP and UDP.",
        "source": "Passwordstate web server",
        "destination": "Domain controller",
        "services": "tcp/88 Kerberos; udp/88 Kerberos over UDP; tcp/464 Kerberos password change; "
        "udp/464 Kerberos password change over UDP",
        "when": "when “Kerberos” is among “Active Directory protocols” (the default)",
        "added by correction": "",
        "caveats": "",
        "amended here": "",
    }


def test_json_holds_what_the_page_shows(client, loaded):
    response = client.get("/matrix/download.json?section=9&text=esxi")
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    assert response.headers["Content-Disposition"] == 'attachment; filename="port-matrix-passwordstate-2026-11.json"'
    data = response.json()
    assert data["matrix"] == shipped_matrix().version
    assert data["filter"] == {"text": "esxi", "section": "9"}
    assert data["total"] == 106
    (row,) = data["rows"]
    assert row["slug"] == "discovery-vmware-esxi"
    assert row["source"] == {
        "words": "Engine of the target: its managed-by, else a site agent in its zone, else every web server",
        "pairing": "engine",
    }
    assert row["destination"] == {
        "words": "Managed VMware ESXi, for account discovery",
        "operation": "discovery",
        "platform": "vmware-esxi",
    }
    assert row["services"][1] == {
        "service": "powercli",
        "name": "VMware PowerCLI (HTTPS)",
        "protocol": "tcp",
        "ports": "443",
        "configurable": False,
        "when": {
            "choice": "esxi",
            "options": ["powercli"],
            "words": "when “VMware ESXi access” is “PowerCLI”",
        },
        "alternative": True,
    }


@pytest.mark.parametrize("query", ["", "section=10", "text=kerberos", "port=443&protocol=tcp", "port=53"])
def test_page_csv_and_json_agree(client, loaded, query):
    page = _rows(client.get(f"/matrix/?{query}"))
    assert [row["slug"] for row in client.get(f"/matrix/download.json?{query}").json()["rows"]] == page
    assert len(_lines(client.get(f"/matrix/download.csv?{query}"))) == len(page)


def test_the_page_links_to_the_filtered_downloads(client, loaded):
    page = client.get("/matrix/?port=464&protocol=udp&text=").content.decode()
    assert 'href="/matrix/download.csv?protocol=udp&amp;port=464"' in page
    assert 'href="/matrix/download.json?protocol=udp&amp;port=464"' in page


@pytest.mark.parametrize("syntax", ["csv", "json"])
def test_a_bad_filter_is_refused_with_its_sentences(client, loaded, syntax):
    response = client.get(f"/matrix/download.{syntax}?port=abc&section=99")
    assert response.status_code == 400
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "Content-Disposition" not in response.headers
    assert response.content.decode().splitlines() == [
        "The document has no section “99”.",
        "“abc” is neither a port (1 to 65535) nor a range such as 49152-65535.",
    ]


@pytest.mark.parametrize("syntax", ["csv", "json"])
def test_downloads_without_a_matrix_say_so(client, syntax):
    response = client.get(f"/matrix/download.{syntax}")
    assert response.status_code == 503
    assert response.content.decode() == "No port matrix is loaded; run manage.py load_matrix.\n"


def test_another_format_is_not_found(client, loaded):
    assert client.get("/matrix/download.xlsx").status_code == 404


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("＝1", "'＝1"),
        (" \u200b=1", "' \u200b=1"),
        ("a=1", "a=1"),
        ("", ""),
    ],
)
def test_no_cell_is_a_formula(cell, written):
    assert neutralise(cell) == written


def test_formulas_in_rows_reach_a_spreadsheet_as_text(client, small, records):
    people = record(records, "requirement", "people")
    people["name"], people["summary"], people["topic"] = '=HYPERLINK("http://x")', "@x", "+1"
    small()
    line = _lines(client.get("/matrix/download.csv"))[0]
    assert (line["row"], line["summary"], line["topic"]) == ('\'=HYPERLINK("http://x")', "'@x", "'+1")
    assert client.get("/matrix/download.json").json()["rows"][0]["name"] == '=HYPERLINK("http://x")'


def test_a_spreadsheet_reads_every_letter_and_no_part_of_a_cell_as_a_formula(client, small, records):
    people = record(records, "requirement", "people")
    people["summary"], people["topic"] = "Tickets; =1+1", "Über\nalles"
    small()
    response = client.get("/matrix/download.csv")
    assert response.content.startswith("\ufeffsection,".encode())
    line = _lines(response)[0]
    assert (line["summary"], line["topic"]) == ("Tickets; '=1+1", "Über alles")


def test_files_of_two_editions_have_names_of_their_own(client, load):
    load("desk-a")
    load("desk-b")
    for query, edition in (("", "desk-b"), ("?edition=desk-a", "desk-a")):
        named = client.get(f"/matrix/download.csv{query}").headers["Content-Disposition"]
        assert named == f'attachment; filename="port-matrix-{edition}.csv"'


def test_each_of_several_ports_is_written_as_it_is_searched_for(client, loaded):
    make_amendment(row="service/smtp", field="ports", value="25, 587", reason="Test")
    (line,) = _lines(client.get("/matrix/download.csv?section=8"))
    assert line["services"].startswith("tcp/25 tcp/587 ")
    for word in ("tcp/25", "tcp/587", "587"):
        assert _rows(client.get("/matrix/", {"text": word, "section": "8"})) == ["email"], word
