"""Loading a fixture: an edition that is new, one that is here, one that differs, and one that is none."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection

from ports.actions import EditionDiffers, activate_matrix, load_matrix
from ports.matrix import MatrixError
from ports.models import PortMatrix, Requirement, Service
from ports.queries import SHIPPED, NoMatrix, current_matrix, default_product, find_matrix, shipped_matrix
from tests.ports.records import fixture_text, record

pytestmark = pytest.mark.django_db


@pytest.fixture
def small_fixture(tmp_path, records):
    """A function that writes the records as a fixture and says where."""

    def write(**head):
        path = tmp_path / "desk.json"
        records["portmatrix"][0] |= head
        path.write_text(fixture_text(records), "utf-8")
        return path

    return write


def current():
    return set(PortMatrix.objects.filter(current=True).values_list("slug", flat=True))


def test_what_is_loaded_is_what_is_shipped():
    edition, is_new = load_matrix(path=SHIPPED)
    assert is_new
    assert edition.current
    assert PortMatrix.objects.get().current
    assert (edition.slug, edition.product_slug) == ("passwordstate-2026-11", "passwordstate")
    assert current_matrix() == shipped_matrix()
    assert edition.digest == current_matrix().digest


def test_loading_again_writes_nothing(django_assert_max_num_queries):
    load_matrix(path=SHIPPED)
    stamp, rows = PortMatrix.objects.get().stamp, set(Requirement.objects.values_list("pk", flat=True))
    # On a server one more takes the lock that SQLite's transactions are.
    with django_assert_max_num_queries(6 if connection.vendor == "sqlite" else 7):
        assert load_matrix(path=SHIPPED)[1] is False
    assert PortMatrix.objects.get().stamp == stamp
    assert set(Requirement.objects.values_list("pk", flat=True)) == rows


def test_other_content_under_a_slug_that_is_here_is_refused_with_what_differs(small_fixture, records):
    load_matrix(path=small_fixture())
    record(records, "service", "https")["ports"] = "9443"
    del records["session"][0]
    records["platform"].append({"slug": "bsd", "name": "BSD"})
    records["role"].reverse()
    rows = list(Service.objects.values())
    with pytest.raises(EditionDiffers) as caught:
        load_matrix(path=small_fixture(received="2026-06"))
    assert str(caught.value).splitlines() == [
        "The edition desk-2026-05 is here with other content, and an edition is never changed. Nothing was loaded.",
        'portmatrix: the field \'received\' is "2026-05" here and "2026-06" in the file.',
        "role: the rows have another order in the file than here.",
        "platform/bsd is in the file and not here.",
        "session/shell is here and not in the file.",
        'service/https: the field \'ports\' is "8443" here and "9443" in the file.',
        "Give the file's edition a slug of its own, or take what differs back.",
    ]
    assert list(Service.objects.values()) == rows
    with pytest.raises(CommandError, match="is never changed") as told:
        call_command("load_matrix", str(small_fixture()))
    assert told.value.returncode == 1


def test_the_same_content_under_another_slug_is_another_edition(small_fixture):
    load_matrix(path=small_fixture())
    assert load_matrix(path=small_fixture(slug="desk-again"))[1] is True
    assert current() == {"desk-again"}
    assert find_matrix("desk-2026-05").digest == current_matrix().digest


def test_the_order_of_rows_is_that_of_the_file(small_fixture, records):
    records["role"].reverse()
    load_matrix(path=small_fixture())
    assert list(current_matrix().roles) == ["agent", "user", "desk-main", "desk"]


def test_a_new_edition_becomes_its_products_current_one_unless_told_otherwise(small_fixture):
    load_matrix(path=small_fixture())
    load_matrix(path=small_fixture(slug="desk-2"))
    assert current() == {"desk-2"}
    edition, is_new = load_matrix(path=small_fixture(slug="desk-3"), activate=False)
    assert (edition.current, is_new) == (False, True)
    assert current() == {"desk-2"}


def test_one_that_is_here_leaves_the_current_one_alone(small_fixture):
    load_matrix(path=small_fixture())
    load_matrix(path=small_fixture(slug="desk-2"))
    assert load_matrix(path=small_fixture(slug="desk-2026-05"))[1] is False
    assert current() == {"desk-2"}
    activate_matrix(matrix=PortMatrix.objects.get(slug="desk-2026-05"))
    assert current() == {"desk-2026-05"}


def test_a_product_without_a_current_edition_gets_one(small_fixture):
    load_matrix(path=small_fixture(), activate=False)
    assert current() == {"desk-2026-05"}
    PortMatrix.objects.update(current=False)
    load_matrix(path=small_fixture())
    assert current() == {"desk-2026-05"}


def test_each_product_has_one_current_edition(small_fixture):
    load_matrix(path=small_fixture())
    load_matrix(path=SHIPPED)
    assert current() == {"desk-2026-05", "passwordstate-2026-11"}
    load_matrix(path=small_fixture(slug="desk-2"), activate=False)
    with pytest.raises(IntegrityError):
        PortMatrix.objects.update(current=True)


def test_the_shipped_product_is_the_default_and_else_the_one_that_was_loaded_first(small_fixture):
    assert default_product() == ""
    load_matrix(path=small_fixture())
    load_matrix(path=small_fixture(slug="bench-1", product="Bench"))
    assert default_product() == "desk"
    assert current_matrix().product == "Desk"
    assert current_matrix("bench").product == "Bench"
    call_command("load_matrix", verbosity=0)
    assert default_product() == "passwordstate"
    assert current_matrix().product == "Passwordstate"
    assert current_matrix("desk").edition == "desk-2026-05"
    with pytest.raises(NoMatrix, match="no port matrix of 'table' here; there are desk, bench, passwordstate"):
        current_matrix("table")


@pytest.mark.parametrize(
    ("head", "sentence"),
    [
        ({"slug": "desk"}, "'desk' is what a product is called; say which edition it is, as in 'desk-2026-11'"),
        ({"slug": "passwordstate"}, "'passwordstate' is what a product is called"),
        ({"slug": "x", "product": "Passwordstate 2026-11"}, "and an edition that is here has that slug"),
        ({"slug": "Desk 1"}, "the slug 'Desk 1' must be 1 to 50 of a-z, 0-9 and hyphens"),
        ({"slug": "d" * 51}, "must be 1 to 50 of a-z"),
        ({"product": "金庫"}, "the name of the product has no letter or digit"),
    ],
)
def test_slugs_of_editions_and_products_are_never_the_same(small_fixture, head, sentence):
    load_matrix(path=SHIPPED)
    with pytest.raises(MatrixError) as caught:
        load_matrix(path=small_fixture(**head))
    assert sentence in str(caught.value)
    assert PortMatrix.objects.count() == 1


def test_rows_of_an_edition_are_never_saved(small_fixture):
    load_matrix(path=small_fixture())
    with pytest.raises(TypeError, match="An edition is never changed"):
        Service.objects.first().save()


def test_a_broken_fixture_writes_nothing(small_fixture, records):
    load_matrix(path=small_fixture())
    before = list(Service.objects.values())
    record(records, "service", "https")["ports"] = "70000"
    record(records, "requirement", "people")["services"] = []
    with pytest.raises(MatrixError) as caught:
        load_matrix(path=small_fixture(slug="desk-2"))
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
