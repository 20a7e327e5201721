"""`manage.py check` names each fault of the matrices."""

import json

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import DatabaseError

from ports import checks
from ports.actions import make_amendment
from ports.models import Amendment, Caveat, PortMatrix, Requirement, Service, new_stamp
from ports.queries import SHIPPED


def _messages():
    return [(message.id, message.msg) for message in checks.check_matrices(None)]


@pytest.mark.django_db
def test_a_whole_matrix_passes(loaded):
    assert _messages() == []


@pytest.mark.django_db
def test_without_a_current_edition_only_the_shipped_one_is_read():
    assert _messages() == []


@pytest.mark.django_db
def test_each_fault_of_the_rows_is_named(loaded):
    Service.objects.filter(slug="smtp").update(ports="70000")
    Requirement.objects.filter(slug="email").update(section="")
    Caveat.objects.filter(slug="telnet-port").update(service_ports={"ghost": "23"})
    assert _messages() == [
        ("ports.E002", "service 'smtp': the port '70000' is outside 1 to 65535."),
        ("ports.E002", "requirement 'email' has no section; say where in the document it stands."),
        ("ports.E002", "caveat 'telnet-port': there is no service 'ghost'."),
    ]


@pytest.mark.django_db
def test_an_edition_that_is_not_current_is_left_alone(loaded):
    draft = PortMatrix.objects.create(slug="draft-1", product="Draft", product_slug="draft")
    Requirement.objects.bulk_create([Requirement(matrix=draft, slug="x", section="", name="X", summary="X.")])
    assert _messages() == []


@pytest.mark.slow
@pytest.mark.django_db
def test_an_amendment_that_is_held_back_is_a_warning(loaded):
    make_amendment(row="service/smtp", field="ports", value="587", reason="Relay")
    assert _messages() == []
    Service.objects.filter(slug="smtp").update(ports="26")
    PortMatrix.objects.update(stamp=new_stamp())
    sentence = 'Amendment 1 (service/smtp, ports: 25 → 587) is held back: the edition has "26", not "25".'
    assert _messages() == [("ports.W001", sentence.replace("1", str(Amendment.objects.get().pk), 1))]
    call_command("check")  # a warning keeps nothing from running


@pytest.mark.django_db
def test_the_command_fails_with_the_sentence(loaded):
    Service.objects.filter(slug="smtp").update(ports="70000")
    with pytest.raises(SystemCheckError, match=r"\(ports\.E002\) service 'smtp': the port '70000' is outside"):
        call_command("check")


@pytest.mark.django_db
def test_each_fault_of_the_shipped_file_is_named(monkeypatch, tmp_path):
    rows = json.loads(SHIPPED.read_text("utf-8"))
    for row in rows:
        if row["fields"].get("slug") == "smtp":
            row["fields"]["ports"] = "70000"
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(rows), "utf-8")
    monkeypatch.setattr(checks, "SHIPPED", path)
    assert _messages() == [("ports.E001", "service 'smtp': the port '70000' is outside 1 to 65535.")]


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["{", None])
def test_a_shipped_file_that_cant_be_read_is_named(monkeypatch, tmp_path, text):
    path = tmp_path / "gone.json"
    if text is not None:
        path.write_text(text, "utf-8")
    monkeypatch.setattr(checks, "SHIPPED", path)
    ((code, message),) = _messages()
    assert code == "ports.E001"
    assert "gone.json" in message


def test_a_database_out_of_reach_is_left_to_other_checks(monkeypatch):
    def fail(**_):
        raise DatabaseError

    monkeypatch.setattr(PortMatrix.objects, "filter", fail)
    assert _messages() == []
