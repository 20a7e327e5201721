"""Loading a matrix: once, over again, over staff's edits, and not at all."""

import json

import pytest
from django.core.management import CommandError, call_command

from ports.actions import activate_matrix, load_matrix
from ports.matrix import MatrixError
from ports.models import PortMatrix, Requirement, Role, Service
from ports.queries import SHIPPED, NoMatrix, current_matrix, shipped_matrix
from tests.ports.records import fixture_text, record

pytestmark = pytest.mark.django_db


@pytest.fixture
def small_fixture(tmp_path, records):
    """A function that writes the records as a fixture and says where."""

    def write():
        path = tmp_path / "desk.json"
        path.write_text(fixture_text(records), "utf-8")
        return path

    return write


def test_what_is_loaded_is_what_is_shipped():
    matrix, written = load_matrix(path=SHIPPED)
    assert written
    assert matrix.active or PortMatrix.objects.get().active
    assert current_matrix() == shipped_matrix()


def test_loading_again_writes_nothing(django_assert_max_num_queries):
    load_matrix(path=SHIPPED)
    stamp, rows = PortMatrix.objects.get().stamp, set(Requirement.objects.values_list("pk", flat=True))
    with django_assert_max_num_queries(4):
        assert load_matrix(path=SHIPPED)[1] is False
    assert PortMatrix.objects.get().stamp == stamp
    assert set(Requirement.objects.values_list("pk", flat=True)) == rows


def test_staffs_edits_survive_a_second_load():
    load_matrix(path=SHIPPED)
    _edit(Service.objects.get(slug="smtp"), ports="587")
    load_matrix(path=SHIPPED)
    assert current_matrix().services["smtp"].ports == "587"


def test_force_puts_the_rows_back():
    load_matrix(path=SHIPPED)
    _edit(Service.objects.get(slug="smtp"), ports="587")
    Role.objects.filter(slug="mobile-user").update(label="changed")
    assert load_matrix(path=SHIPPED, force=True)[1] is True
    assert current_matrix() == shipped_matrix()
    assert PortMatrix.objects.count() == 1


def test_a_file_that_changed_is_loaded_anew(small_fixture, records):
    load_matrix(path=small_fixture())
    record(records, "service", "https")["ports"] = "9443"
    assert load_matrix(path=small_fixture())[1] is True
    assert current_matrix().services["https"].ports == "9443"


def test_the_order_of_the_file_is_the_order_of_the_matrix(small_fixture, records):
    records["role"].reverse()
    load_matrix(path=small_fixture())
    assert list(current_matrix().roles) == ["agent", "user", "desk-main", "desk"]


def test_another_matrix_becomes_the_active_one(small_fixture):
    load_matrix(path=SHIPPED)
    load_matrix(path=small_fixture())
    assert PortMatrix.objects.get(active=True).slug == "desk"
    assert current_matrix().product == "Desk"
    load_matrix(path=SHIPPED)
    assert current_matrix().product == "Passwordstate"


def test_the_command_leaves_another_matrix_active_unless_a_file_is_named(small_fixture):
    call_command("load_matrix", str(small_fixture()), verbosity=0)
    call_command("load_matrix", verbosity=0)
    assert current_matrix().product == "Desk"
    call_command("load_matrix", str(SHIPPED), verbosity=0)
    assert current_matrix().product == "Passwordstate"


def test_the_command_makes_the_shipped_matrix_active_where_none_is():
    call_command("load_matrix", verbosity=0)
    PortMatrix.objects.update(active=False)
    call_command("load_matrix", verbosity=0)
    assert current_matrix().product == "Passwordstate"


def test_a_matrix_can_be_loaded_without_becoming_active(small_fixture):
    load_matrix(path=SHIPPED)
    small, _ = load_matrix(path=small_fixture(), activate=False)
    assert current_matrix().product == "Passwordstate"
    activate_matrix(matrix=small)
    assert current_matrix().product == "Desk"


def test_a_broken_fixture_writes_nothing(small_fixture, records):
    load_matrix(path=small_fixture())
    before = list(Service.objects.values())
    record(records, "service", "https")["ports"] = "70000"
    record(records, "requirement", "people")["services"] = []
    with pytest.raises(MatrixError) as caught:
        load_matrix(path=small_fixture(), force=True)
    assert caught.value.faults == (
        "service 'https': the port '70000' is outside 1 to 65535.",
        "requirement 'people' asks for no service.",
    )
    assert list(Service.objects.values()) == before


def test_a_fixture_without_a_slug_writes_nothing(small_fixture, records):
    del records["portmatrix"][0]["slug"]
    with pytest.raises(MatrixError, match="portmatrix 'Desk': the field 'slug' is missing or empty"):
        load_matrix(path=small_fixture())
    assert not PortMatrix.objects.exists()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "desk.json is no JSON"),
        ("{}", "desk.json must hold a list of rows."),
        ("[7]", "row 1 must have a model of the app ports, and fields."),
        ('[{"model": "auth.user", "fields": {}}]', "row 1 must have a model of the app ports, and fields."),
        ('[{"model": "ports.role", "fields": []}]', "row 1 must have a model of the app ports, and fields."),
    ],
)
def test_a_file_that_is_no_fixture_is_refused_with_a_sentence(tmp_path, text, sentence):
    path = tmp_path / "desk.json"
    path.write_text(text, "utf-8")
    with pytest.raises(CommandError) as caught:
        call_command("load_matrix", str(path))
    assert sentence in str(caught.value)
    assert not PortMatrix.objects.exists()


def test_the_command_tells_what_it_did(capsys):
    call_command("load_matrix")
    call_command("load_matrix")
    name = str(PortMatrix.objects.get())
    assert capsys.readouterr().out.splitlines() == [f"{name}: loaded.", f"{name}: already loaded."]


def test_the_command_is_silent_when_told_so(capsys):
    call_command("load_matrix", verbosity=0)
    assert capsys.readouterr().out == ""


def test_the_command_names_all_faults(small_fixture, records):
    record(records, "service", "https")["ports"] = "70000"
    record(records, "requirement", "people")["section"] = ""
    with pytest.raises(CommandError) as caught:
        call_command("load_matrix", str(small_fixture()))
    assert str(caught.value).splitlines() == [
        "service 'https': the port '70000' is outside 1 to 65535.",
        "requirement 'people' has no section; say where in the document it stands.",
    ]


def test_plain_loaddata_works_too():
    call_command("loaddata", "passwordstate", verbosity=0)
    assert current_matrix() == shipped_matrix()


def test_loaddata_over_a_loaded_matrix_puts_its_rows_back():
    call_command("loaddata", "passwordstate", verbosity=0)
    _edit(Service.objects.get(slug="smtp"), ports="587")
    call_command("loaddata", "passwordstate", verbosity=0)
    assert current_matrix() == shipped_matrix()


def test_dumped_rows_can_be_loaded(tmp_path):
    load_matrix(path=SHIPPED)
    path = tmp_path / "dump.json"
    call_command("dumpdata", "ports", natural_foreign=True, natural_primary=True, output=str(path), verbosity=0)
    PortMatrix.objects.all().delete()
    assert json.loads(path.read_text("utf-8"))
    load_matrix(path=path)
    assert current_matrix().requirements == shipped_matrix().requirements


def test_without_a_matrix_the_reader_is_told_what_to_do():
    with pytest.raises(NoMatrix, match=r"run manage\.py load_matrix"):
        current_matrix()


def test_an_unchanged_matrix_costs_one_query(django_assert_num_queries):
    load_matrix(path=SHIPPED)
    current_matrix()
    with django_assert_num_queries(1):
        current_matrix()


def test_the_heading_of_the_matrix_shows_an_edit_at_once():
    load_matrix(path=SHIPPED)
    current_matrix()
    PortMatrix.objects.update(received="2027-01-01")
    assert current_matrix().received == "2027-01-01"


def _edit(row, **values):
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
