"""What `make check` leaves out is the same each time, and never the whole of a test; what is quick is the same."""

from itertools import chain
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType

from ports.actions import load_matrix
from ports.models import ROWS, PortMatrix
from ports.queries import SHIPPED, edition_records
from tests import conftest
from tests.conftest import import_share, pytest_collection_modifyitems
from tests.each import EVERY, FEW
from tests.quick import load_shipped
from tests.web.views.pages import store


def test_a_quick_run_tries_every_test_and_of_many_cases_the_first_and_each_ninth():
    class Item(str):
        nodeid = property(str)

    left_out = []
    config = SimpleNamespace(
        getoption=lambda name: name == "quick",
        hook=SimpleNamespace(pytest_deselected=lambda *, items: left_out.extend(items)),
    )
    few = [Item(f"a.py::test_few[{number}]") for number in range(FEW)]
    many = [Item(f"a.py::TestMany::test_many[{number}-[x]]") for number in range(20)]
    items = [Item("a.py::test_one"), *few, *many, Item("b.py::test_many[0]")]
    everything = list(items)
    pytest_collection_modifyitems(config, items)
    assert items == ["a.py::test_one", *few, many[0], many[EVERY], many[2 * EVERY], "b.py::test_many[0]"]
    assert sorted([*items, *left_out]) == sorted(everything)


def test_each_module_that_is_collected_is_imported_first_by_one_of_the_workers(tmp_path, monkeypatch):
    def take_share(number, *args, ignore=None):
        """The modules that the worker of this number, one of three, imports before it collects."""
        imported = []

        def import_module(name):
            imported.append(name)
            if name.endswith("test_1"):
                pytest.skip("not here", allow_module_level=True)
            raise SyntaxError(name)  # is told of by the collection

        monkeypatch.setattr(conftest, "import_module", import_module)
        config = SimpleNamespace(
            workerinput={"workerid": f"gw{number}", "workercount": 3}, args=args,
            invocation_params=SimpleNamespace(dir=tmp_path), getoption={"ignore": ignore}.get,
        )  # fmt: skip
        try:
            import_share(config)
        except pytest.skip.Exception:
            pytest.fail("what is skipped where it stands is skipped when it is collected")
        return imported

    monkeypatch.setattr(conftest, "ROOT", tmp_path)
    names = [f"tests.{room}.test_{number}" for room in ("engine", "web") for number in range(4)]
    for name in (*names, "tests.web.pages"):
        file = tmp_path / f"{name.replace('.', '/')}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    shares = [take_share(number, "tests") for number in range(3)]
    assert sorted(chain(*shares)) == sorted(names)
    assert [len(share) for share in shares] == [3, 3, 2]
    shares = [take_share(number, str(tmp_path / "tests"), "tests/web", ignore=["tests/engine"]) for number in range(3)]
    assert sorted(chain(*shares)) == sorted(name for name in names if ".web." in name)
    assert take_share(0, "tests/web/test_0.py", "tests/web/test_1.py::test_a") == [], "what is named is soon collected"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_time", [1, 2])
def test_a_database_that_was_emptied_has_what_migrations_say_of_models_and_nothing_else(_time):
    stored = {model for model in apps.get_models() if model._default_manager.exists()}
    assert stored == {ContentType, Permission}
    assert Permission.objects.filter(content_type__app_label="planner").count() >= 4
    store()
    load_shipped()


@pytest.mark.django_db
def test_the_shipped_matrix_comes_again_as_it_was_loaded():
    def everything():
        edition = load_shipped()
        rows = [list(model._default_manager.values()) for model in (PortMatrix, *ROWS)]
        assert (edition.current, edition_records(edition.pk)) == (True, records)
        PortMatrix.objects.all().delete()
        return rows

    edition, _ = load_matrix(path=SHIPPED)
    records = edition_records(edition.pk)
    assert load_shipped() == edition, "what is here is found"
    PortMatrix.objects.all().delete()
    first = everything()
    assert len(first[1:]) > 10
    assert everything() == everything() == first
