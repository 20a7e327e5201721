"""The vendor's document is named with its address and the hash of its file, wherever a matrix is told of."""

import json

import pytest
from django.core.management import call_command

from planner.report import FORMATS
from ports.matrix import build_matrix, find_faults
from ports.queries import SHIPPED, read_fixture
from tests.ports.records import make_records
from tests.report.samples import contoso, evaluate
from tests.second_matrix.conftest import FIXTURE
from tests.web.views.pages import Page

URL = "https://gatekeeper.example/network-guide-4.pdf"
HASH = "8d0f4a8f7ce6b3b1d1c2a9e5f60718293a4b5c6d7e8f90112233445566778899"
GIVEN = "0b7704d61e4fec552174311dd08181882a0ddb01c3ae11e0d6ed8002a19867c6"
"""What `sha256sum` prints for the document that the shipped matrix was written from."""


def with_source(**fields):
    records = make_records()
    records["portmatrix"][0] |= fields
    return records


def test_a_matrix_may_say_nothing_of_it():
    matrix = build_matrix(make_records())
    assert (matrix.url, matrix.sha256) == (None, None)
    assert build_matrix(with_source(url="", sha256="")).digest == matrix.digest


def test_it_is_a_fact_of_the_matrix():
    matrix = build_matrix(with_source(url=URL, sha256=HASH))
    assert (matrix.url, matrix.sha256) == (URL, HASH)
    assert matrix.digest != build_matrix(make_records()).digest


@pytest.mark.parametrize("url", ["ftp://a.example/x", "javascript:alert(1)", "https://", "https://a b", 'http://a/"x'])
def test_what_is_no_web_address_is_refused(url):
    (fault,) = find_faults(with_source(url=url))
    assert fault == f"portmatrix 'Desk': '{url}' is no address such as https://example.com/ports."


@pytest.mark.parametrize("text", [HASH.upper(), HASH[1:], f"{HASH}0", "md5"])
def test_what_is_no_hash_is_refused(text):
    (fault,) = find_faults(with_source(sha256=text))
    assert fault == f"portmatrix 'Desk': '{text}' is no SHA-256 (64 of 0-9 and a-f)."


def test_the_shipped_matrix_has_the_hash_of_its_document_and_no_address():
    (head,) = read_fixture(SHIPPED)["portmatrix"]
    assert head["sha256"] == GIVEN
    assert "url" not in head


def test_the_report_names_it():
    report = evaluate(contoso())
    assert json.loads(FORMATS["json"].render(report))["document"] == {
        "title": "Open Port Requirements", "received": "2026-11-23", "url": None, "sha256": GIVEN,
    }  # fmt: skip
    text = FORMATS["html"].render(report).decode()
    assert f"Its SHA-256: <samp>{GIVEN}</samp>" in text
    assert "Published at" not in text


@pytest.mark.django_db
def test_the_page_of_the_matrix_and_the_command_name_it(client, capsys):
    call_command("load_matrix", str(FIXTURE), verbosity=0)
    page = Page(client.get("/matrix/"))
    assert f"Published at {URL} · SHA-256 of the file: {HASH}" in " ".join(page.text("main").split())
    assert [link.get("href") for link in page.all("a") if link.get("href") == URL] == [URL]
    call_command("matrix", "show", "gatekeeper-4")
    shown = capsys.readouterr().out
    assert f"Published at: {URL}\nSHA-256 of the document: {HASH}\n" in shown
    call_command("matrix", "show", "gatekeeper-4", format="json")
    facts = json.loads(capsys.readouterr().out)
    assert (facts["url"], facts["sha256"]) == (URL, HASH)


@pytest.mark.django_db
def test_it_comes_out_of_an_export_as_it_went_in(tmp_path, capsysbinary):
    call_command("load_matrix", str(FIXTURE), verbosity=0)
    call_command("matrix", "export", "gatekeeper-4")
    path = tmp_path / "out.json"
    path.write_bytes(capsysbinary.readouterr().out)
    assert build_matrix(read_fixture(path)) == build_matrix(read_fixture(FIXTURE))
