"""What no form of ours sends: texts that can't be kept, JSON of any depth, ports otherwise written, names too long."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from ports.actions import load_matrix, make_amendment
from ports.matrix import MatrixError, NotAmendable, find_faults
from ports.models import Amendment, PortMatrix
from ports.queries import SHIPPED, current_matrix, find_edition, find_loaded, find_matrix, find_state, read_fixture
from tests.ports.records import fixture_text, make_records, record

pytestmark = pytest.mark.django_db
DEEP = (500, 5_000, 200_000)
"""Brackets within brackets: the reader of JSON gives up at the last, and only there."""


@pytest.fixture
def staff():
    client = Client()
    client.force_login(User.objects.create_user("kim", is_staff=True))
    return client


# PostgreSQL refuses a text with a NUL wherever a query has one; so nothing is asked.


@pytest.mark.parametrize("slug", ["\0", "desk-a\0", "ä", "a b", ""])
def test_what_can_be_no_slug_is_looked_for_nowhere(load, slug, django_assert_num_queries):
    load("desk-a")
    with django_assert_num_queries(0):
        assert [find(slug) for find in (find_edition, find_matrix, find_loaded)] == [None, None, None]


@pytest.mark.parametrize("digest", ["\0" * 64, "", "0" * 63, "G" * 64])
def test_what_can_be_no_digest_is_looked_for_nowhere(load, digest, django_assert_num_queries):
    load("desk-a")
    with django_assert_num_queries(0):
        assert find_state(digest) is None


@pytest.mark.parametrize(
    "path",
    ["/matrix/?edition=%00", "/matrix/?product=%00", "/matrix/download.csv?edition=%00", "/matrix/compare/?from=%00"],
)
def test_an_address_with_a_nul_leads_nowhere(client, load, path):
    load("desk-a")
    assert client.get(path).status_code == 404


def test_a_form_with_a_nul_is_refused(staff, load):
    load("desk-a")
    assert staff.post("/matrix/activate/", {"edition": "\0"}).status_code == 404
    sent = {"row": "service/ssh", "field": "name", "value": "SSH", "reason": "R"}
    assert staff.post("/matrix/amend/", sent | {"edition": "\0"}).status_code == 404
    for more, sentence in (
        ({"value": "a\0"}, "service &#x27;ssh&#x27;: a text in it has the character NUL."),
        ({"value": "a", "reason": "a\0b"}, "The reason has a control character, &lt;U+0000&gt;; leave it out."),
    ):
        assert sentence in staff.post("/matrix/amend/", sent | more).content.decode()
    assert not Amendment.objects.exists()


def test_a_matrix_with_a_nul_in_a_text_has_a_fault(records):
    record(records, "choice", "mail")["options"][0]["name"] = "a\0b"
    assert find_faults(records) == ["choice 'mail': a text in it has the character NUL."]
    record(records, "choice", "mail")["options"][0]["name"] = r"\u0000 is how JSON writes it"
    assert find_faults(records) == []


@pytest.mark.parametrize("depth", DEEP)
def test_json_of_any_depth_is_refused_with_a_sentence(staff, load, tmp_path, depth):
    load("desk-a")
    deep = "[" * depth + "]" * depth
    sent = {"row": "choice/mail", "field": "sections", "value": deep, "reason": "R", "seen": deep}
    answer = staff.post("/matrix/amend/", sent)
    assert answer.status_code == 200
    assert "Nothing was amended:" in answer.content.decode()
    path = tmp_path / "deep.json"
    path.write_text(deep, "utf-8")
    with pytest.raises(ValueError, match=r"^deep\.json"):
        read_fixture(path)
    assert not Amendment.objects.exists()


@pytest.mark.parametrize("value", ["22", "022", " 22", "22 "])
def test_the_same_port_otherwise_written_is_no_amendment(load, value):
    load("desk-a")
    with pytest.raises(NotAmendable, match="the field 'ports' is \"22\" already"):
        make_amendment(row="service/ssh", field="ports", value=value, reason="R")


def test_ports_are_amended_to_what_the_matrix_calls_them(load):
    load("desk-a")
    assert make_amendment(row="service/ssh", field="ports", value="2222,022", reason="R").new == "22, 2222"
    assert current_matrix().services["ssh"].ports == "22, 2222"
    load_matrix(path=SHIPPED)
    more = {"row": "caveat/telnet-port", "field": "service_ports", "reason": "R", "product": "passwordstate"}
    assert make_amendment(value={"telnet": "0992"}, **more).new == {"telnet": "992"}


@pytest.mark.parametrize(("field", "most"), [("product", 100), ("document", 200), ("received", 100)])
def test_what_is_too_long_for_its_column_is_told(tmp_path, field, most):
    records = make_records()
    path = tmp_path / "long.json"
    records["portmatrix"][0][field] = "x" * (most + 1)
    path.write_text(fixture_text(records), "utf-8")
    with pytest.raises(MatrixError, match=f"the field '{field}' has {most + 1} characters; allowed are {most}."):
        load_matrix(path=path)
    assert not PortMatrix.objects.exists()
    records["portmatrix"][0][field] = "x" * most
    path.write_text(fixture_text(records), "utf-8")
    assert load_matrix(path=path)[1]


def test_a_name_of_a_row_that_no_amendment_could_be_kept_of_is_told(tmp_path):
    records = make_records()
    path = tmp_path / "long.json"
    records["session"].append({"slug": "x" * 193, "name": "Long"})
    path.write_text(fixture_text(records), "utf-8")
    with pytest.raises(MatrixError, match=r"session 'x{59}…': its name has 193 characters; allowed are 192\."):
        load_matrix(path=path)
    records["session"][-1]["slug"] = "x" * 192
    path.write_text(fixture_text(records), "utf-8")
    load_matrix(path=path)
    row = f"session/{'x' * 192}"
    assert make_amendment(row=row, field="name", value="Longer", reason="R").row == row


def test_a_product_whose_letters_become_several_is_told_to_be_too_long(tmp_path):
    records = make_records()
    records["portmatrix"][0]["product"] = "㎢" * 50
    path = tmp_path / "long.json"
    path.write_text(fixture_text(records), "utf-8")
    with pytest.raises(MatrixError, match="what plans would call the product has 150 characters; allowed are 100"):
        load_matrix(path=path)
