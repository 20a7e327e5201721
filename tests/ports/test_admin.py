"""Staff edit the matrix; what would break it is refused."""

import json

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User

from ports.actions import load_matrix
from ports.models import (
    ROWS,
    Caveat,
    Choice,
    Platform,
    PortMatrix,
    Requirement,
    Role,
    Section,
    Service,
    Session,
)
from ports.queries import current_matrix, shipped_matrix
from tests.ports.records import fixture_text

pytestmark = pytest.mark.django_db


def _path(row, page="change"):
    return f"/admin/ports/{row._meta.model_name}/{row.pk}/{page}/"


def _form(client, path):
    """What the form at this address would send unchanged."""
    form = client.get(path).context["adminform"].form
    data = {}
    for field in form:
        value = field.value()
        if field.field.widget.input_type == "checkbox" if hasattr(field.field.widget, "input_type") else False:
            if value:
                data[field.html_name] = "on"
        else:
            prepared = field.field.prepare_value(value)
            data[field.html_name] = "" if prepared is None else prepared
    return data


def _change(client, row, **values):
    path = _path(row)
    return client.post(path, _form(client, path) | values)


def _add(client, model, **values):
    path = f"/admin/ports/{model._meta.model_name}/add/"
    return client.post(path, _form(client, path) | values)


def _delete_selected(client, *rows):
    return client.post(
        f"/admin/ports/{rows[0]._meta.model_name}/",
        {"action": "delete_selected", "_selected_action": [row.pk for row in rows], "post": "yes"},
        follow=True,
    )


def _errors(response):
    assert response.status_code == 200
    return response.context["adminform"].form.non_field_errors()


def _messages(response):
    return [str(message) for message in response.context["messages"]]


# ---- every kind of row ----


@pytest.mark.parametrize("model", [PortMatrix, *ROWS])
def test_every_kind_of_row_is_listed_searched_and_edited(admin_client, loaded, model):
    name = model._meta.model_name
    assert model in admin.site._registry
    assert admin_client.get(f"/admin/ports/{name}/").status_code == 200
    assert admin_client.get(f"/admin/ports/{name}/?q=web").status_code == 200
    assert admin_client.get(f"/admin/ports/{name}/add/").status_code == 200
    for row in model.objects.all()[:1]:
        assert admin_client.get(_path(row)).status_code == 200
        assert admin_client.get(_path(row, "delete")).status_code == 200


@pytest.mark.parametrize("model", [PortMatrix, *ROWS])
def test_saving_an_unchanged_row_changes_nothing(admin_client, loaded, model):
    for row in {model.objects.first(), model.objects.last()} - {None}:  # the shipped matrix need not have any
        assert _change(admin_client, row).status_code == 302
    assert current_matrix() == shipped_matrix()


@pytest.mark.parametrize("model", ROWS)
def test_rows_are_listed_by_matrix(admin_client, loaded, tmp_path, records, model):
    path = tmp_path / "desk.json"
    path.write_text(fixture_text(records), "utf-8")
    small, _ = load_matrix(path=path, activate=False)
    response = admin_client.get(f"/admin/ports/{model._meta.model_name}/?matrix__id__exact={small.pk}")
    assert set(response.context["cl"].queryset) == set(model.objects.filter(matrix=small))


@pytest.mark.parametrize(
    ("model", "words", "found"),
    [
        (Requirement, "launcher-telnet", ["launcher-telnet"]),
        (Requirement, "lockout-events", ["portal-lockout-events"]),
        (Requirement, "winrm-http windows-iis", ["reset-windows-iis-application-pool"]),
        (Service, "7273", ["browser-gateway"]),
        (Choice, "powercli", ["esxi"]),
    ],
)
def test_rows_are_found_by_what_is_in_them(admin_client, loaded, model, words, found):
    response = admin_client.get(f"/admin/ports/{model._meta.model_name}/", {"q": words})
    assert [row.slug for row in response.context["cl"].queryset] == found


@pytest.mark.parametrize("model", [Requirement, Service])
def test_queries_of_a_list_do_not_grow_with_its_rows(admin_client, loaded, model, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        admin_client.get(f"/admin/ports/{model._meta.model_name}/")


def test_facts_are_shown_so_that_they_can_be_read(admin_client, loaded):
    Choice.objects.filter(slug="esxi").update(options=[{"slug": "ssh", "name": "Schlüssel", "consequence": ""}])
    page = admin_client.get(_path(Choice.objects.get(slug="esxi"))).content.decode()
    assert "&quot;name&quot;: &quot;Schlüssel&quot;" in page


# ---- what is saved shows at once ----


def test_an_edit_shows_in_the_next_matrix(admin_client, loaded):
    assert current_matrix().services["smtp"].ports == "25"
    assert _change(admin_client, Service.objects.get(slug="smtp"), ports="587").status_code == 302
    assert current_matrix().services["smtp"].ports == "587"


def test_a_new_row_shows_in_the_next_matrix(admin_client, loaded):
    current_matrix()
    response = _add(admin_client, Platform, matrix=loaded.pk, position=999, slug="amiga", name="Amiga")
    assert response.status_code == 302
    assert list(current_matrix().platforms)[-1] == "amiga"


def test_a_deletion_shows_in_the_next_matrix(admin_client, loaded):
    current_matrix()
    row = Requirement.objects.get(slug="email")
    assert admin_client.post(_path(row, "delete"), {"post": "yes"}).status_code == 302
    assert "email" not in {requirement.slug for requirement in current_matrix().requirements}


def test_a_deletion_of_many_shows_in_the_next_matrix(admin_client, loaded):
    current_matrix()
    rows = Requirement.objects.filter(slug__in=["email", "website-users"])
    assert _messages(_delete_selected(admin_client, *rows)) == ["Successfully deleted 2 requirements."]
    left = {requirement.slug for requirement in current_matrix().requirements}
    assert len(left) == 100
    assert left.isdisjoint({"email", "website-users"})


def test_the_document_of_the_matrix_shows_in_the_next_matrix(admin_client, loaded):
    current_matrix()
    assert _change(admin_client, loaded, received="2027-01").status_code == 302
    assert current_matrix().received == "2027-01"


def test_an_empty_field_of_facts_means_none(admin_client, loaded):
    row = Requirement.objects.get(slug="ad-ldaps")
    assert _change(admin_client, row, when="", target="").status_code == 302
    row.refresh_from_db()
    assert (row.when, row.target) == ([], {})


def test_an_empty_default_leaves_a_choice_undecided(admin_client, loaded):
    row = Choice.objects.get(slug="winrm")
    assert _change(admin_client, row, default="").status_code == 302
    assert current_matrix().choices["winrm"].default is None


# ---- what would break the matrix ----


@pytest.mark.parametrize(
    ("model", "key", "values", "sentences"),
    [
        (Service, "smtp", {"ports": "70000"}, ["service 'smtp': the port '70000' is outside 1 to 65535."]),
        (
            Requirement,
            "email",
            {"services": '[{"service": "ghost"}]', "section": "99"},
            ["requirement 'email': there is no section '99'.", "requirement 'email': there is no service 'ghost'."],
        ),
        (Choice, "sql-listener", {"options": "[]"}, ["choice 'sql-listener' has no options; give it two or more."]),
        (Requirement, "email", {"services": "[7]"}, ["requirement 'email': services[0] has the wrong type, int."]),
        (
            Requirement,
            "email",
            {"services": "{}"},
            ["requirement 'email': the field 'services' has the wrong type, dict."],
        ),
        (
            Caveat,
            "telnet-port",
            {"correction": ""},
            ["caveat 'telnet-port': a correction needs both its text and something that it changes, or neither."],
        ),
        (Role, "mail-server", {"slug": "mailer"}, ["requirement 'email': there is no role 'mail-server'."]),
    ],
)
def test_a_row_that_breaks_the_matrix_is_refused(admin_client, loaded, model, key, values, sentences):
    response = _change(admin_client, model.objects.get(slug=key), **values)
    assert [error for error in _errors(response) if error in sentences] == sentences
    assert current_matrix() == shipped_matrix()
    assert not LogEntry.objects.exists()


def test_a_requirement_without_a_section_is_refused(admin_client, loaded):
    response = _change(admin_client, Requirement.objects.get(slug="email"), section="")
    assert response.context["adminform"].form.errors["section"]
    assert current_matrix() == shipped_matrix()


@pytest.mark.parametrize("text", ["{", "[NaN]", '["\\ud800"]', "nope"])
def test_what_is_no_json_is_refused(admin_client, loaded, text):
    response = _change(admin_client, Requirement.objects.get(slug="email"), when=text)
    assert response.context["adminform"].form.errors["when"] == ["Enter a valid JSON."]
    assert current_matrix() == shipped_matrix()


def test_what_was_typed_is_still_there(admin_client, loaded):
    response = _change(admin_client, Requirement.objects.get(slug="email"), when='[{"role": "ghost"')
    assert "[{&quot;role&quot;: &quot;ghost&quot;" in response.content.decode()


def test_a_new_row_that_breaks_the_matrix_is_refused(admin_client, loaded):
    response = _add(
        admin_client, Service, matrix=loaded.pk, position=1, slug="Bad Slug", name="X", protocol="tcp", ports="1"
    )
    assert _errors(response) == ["service 'Bad Slug': 'Bad Slug' is no slug (lower-case letters, digits and hyphens)."]
    assert not Service.objects.filter(name="X").exists()


def test_a_slug_that_is_there_already_is_refused(admin_client, loaded):
    response = _add(admin_client, Platform, matrix=loaded.pk, position=1, slug="windows", name="Again")
    assert "platform 'windows' is there twice." in _errors(response)
    assert Platform.objects.filter(slug="windows").count() == 1


@pytest.mark.parametrize(
    ("model", "key", "sentence"),
    [
        (Service, {"slug": "smtp"}, "Requirement 'email': there is no service 'smtp'."),
        (Section, {"number": "8"}, "Requirement 'email': there is no section '8'."),
        (Session, {"slug": "vnc"}, "Requirement 'launcher-vnc': there is no session 'vnc'."),
        (Requirement, {"slug": "ad-ldap"}, "Caveat 'ldap-tcp': there is no requirement 'ad-ldap'."),
    ],
)
def test_a_row_that_others_name_is_not_deleted(admin_client, loaded, model, key, sentence):
    row = model.objects.get(**key)
    for response in (
        admin_client.post(_path(row, "delete"), {"post": "yes"}, follow=True),
        _delete_selected(admin_client, row),
    ):
        told = _messages(response)
        assert told[0] == "Nothing was deleted, because of this:"
        assert sentence.lower() in [message.lower() for message in told]
    assert model.objects.filter(pk=row.pk).exists()
    assert current_matrix() == shipped_matrix()
    assert not LogEntry.objects.exists()


def test_of_several_rows_none_is_deleted_when_one_is_needed(admin_client, loaded):
    rows = Requirement.objects.filter(slug__in=["email", "ad-ldap"])
    assert len(_messages(_delete_selected(admin_client, *rows))) == 2
    assert current_matrix() == shipped_matrix()


def test_rows_that_need_only_each_other_are_deleted_together(admin_client, loaded):
    requirements = Requirement.objects.filter(correction="app-server-inbound")
    assert "Nothing was deleted" in _messages(_delete_selected(admin_client, *requirements))[0]
    caveat = Caveat.objects.get(slug="app-server-inbound")
    _change(admin_client, caveat, service_ports='{"app-server": "443"}')
    assert "Successfully" in _messages(_delete_selected(admin_client, *requirements))[-1]
    _change(admin_client, caveat, service_ports="{}", correction="")
    assert current_matrix().caveats["app-server-inbound"].correction is None


def test_a_deletion_is_confirmed_first(admin_client, loaded):
    row = Requirement.objects.get(slug="email")
    response = admin_client.post(
        "/admin/ports/requirement/", {"action": "delete_selected", "_selected_action": [row.pk]}
    )
    assert "Are you sure" in response.content.decode()
    assert Requirement.objects.filter(pk=row.pk).exists()


def test_a_matrix_that_is_broken_already_can_be_mended_row_by_row(admin_client, loaded):
    Service.objects.filter(slug="smtp").update(ports="70000")
    Requirement.objects.filter(slug="ha-passive").update(section="99")
    assert _change(admin_client, Service.objects.get(slug="smtp"), ports="25").status_code == 302
    assert _change(admin_client, Requirement.objects.get(slug="ha-passive"), section="4").status_code == 302
    assert current_matrix() == shipped_matrix()


def test_no_fault_is_added_to_a_matrix_that_is_broken_already(admin_client, loaded):
    Service.objects.filter(slug="smtp").update(ports="70000")
    response = _change(admin_client, Service.objects.get(slug="vnc"), ports="0")
    assert _errors(response) == ["service 'vnc': the port '0' is outside 1 to 65535."]


# ---- matrices ----


def test_a_matrix_can_be_written_from_nothing(admin_client, loaded):
    _add(admin_client, PortMatrix, slug="desk", product="Desk", document="Guide", received="2026")
    desk = PortMatrix.objects.get(slug="desk")
    common = {"matrix": desk.pk, "position": 10}
    for model, values in (
        (Section, {"number": "1", "title": "Web"}),
        (Role, {"slug": "user", "name": "Users", "kind": "people", "label": "users"}),
        (Role, {"slug": "desk", "name": "Desk", "kind": "server", "label": "desk"}),
        (Service, {"slug": "https", "name": "HTTPS", "protocol": "tcp", "ports": "443"}),
        (
            Requirement,
            {
                "slug": "people",
                "section": "1",
                "name": "People",
                "summary": "Use it.",
                "source": "user",
                "destination": "desk",
                "services": json.dumps([{"service": "https"}]),
            },
        ),
    ):
        assert _add(admin_client, model, **common, **values).status_code == 302
    assert current_matrix().product == "Passwordstate"
    response = _activate(admin_client, desk)
    assert _messages(response)[-1] == "Plans are evaluated against Desk Guide, as received 2026 from now on."
    assert current_matrix().product == "Desk"
    assert PortMatrix.objects.filter(active=True).count() == 1


def _activate(client, *matrices):
    return client.post(
        "/admin/ports/portmatrix/",
        {"action": "activate", "_selected_action": [matrix.pk for matrix in matrices]},
        follow=True,
    )


def test_a_broken_matrix_does_not_become_the_active_one(admin_client, loaded):
    draft = PortMatrix.objects.create(slug="draft", product="D", document="D", received="R")
    Requirement.objects.create(matrix=draft, slug="x", section="", name="X", summary="X.")
    told = _messages(_activate(admin_client, draft))
    assert "Requirement 'x' has no section; say where in the document it stands." in [
        message[:1].upper() + message[1:] for message in told
    ]
    assert current_matrix() == shipped_matrix()


def test_one_matrix_is_active_at_a_time(admin_client, loaded):
    draft = PortMatrix.objects.create(slug="draft", product="D", document="D", received="R")
    assert _messages(_activate(admin_client, loaded, draft)) == ["Select one matrix; plans are evaluated against one."]
    assert PortMatrix.objects.get(active=True) == loaded


def test_the_active_matrix_is_not_deleted_and_another_one_is(admin_client, loaded):
    told = _messages(_delete_selected(admin_client, loaded))
    assert told[1] == f"{loaded} is the active matrix; make another one active first."
    draft = PortMatrix.objects.create(slug="draft", product="D", document="D", received="R")
    Section.objects.create(matrix=draft, number="1", title="One")
    assert "Successfully" in _messages(_delete_selected(admin_client, draft))[0]
    assert PortMatrix.objects.get() == loaded
    assert current_matrix() == shipped_matrix()


def test_a_row_stays_in_its_matrix(admin_client, loaded):
    draft = PortMatrix.objects.create(slug="draft", product="D", document="D", received="R")
    row = Requirement.objects.get(slug="email")
    _change(admin_client, row, matrix=draft.pk)
    row.refresh_from_db()
    assert row.matrix == loaded


# ---- who may ----


def test_others_are_sent_to_sign_in(client, loaded):
    response = client.get("/admin/ports/service/")
    assert response.status_code == 302
    assert response.url.startswith("/admin/login/")


def test_staff_need_the_permission_to_delete(client, loaded):
    user = User.objects.create_user("editor", password="x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="change_requirement"))
    user.user_permissions.add(Permission.objects.get(codename="view_requirement"))
    client.force_login(user)
    row = Requirement.objects.get(slug="email")
    assert _change(client, row, summary="Changed.").status_code == 302
    _delete_selected(client, row)
    assert client.post(_path(row, "delete"), {"post": "yes"}).status_code == 403
    assert Requirement.objects.filter(pk=row.pk).exists()
