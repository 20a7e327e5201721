"""Plan files on the command line are read under the current edition of the product that they name."""

import json
from io import StringIO

import pytest
from django.core.management import call_command

from planner.plan.syntax import to_yaml
from ports.actions import load_matrix
from ports.queries import SHIPPED
from tests.editions import HARBOUR, NEXT, load_gatekeeper, load_next
from tests.report.samples import contoso

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def loaded(db):
    load_matrix(path=SHIPPED)


@pytest.fixture
def harbour(tmp_path):
    path = tmp_path / "harbour.yaml"
    path.write_bytes(HARBOUR.read_bytes() + b"\nproduct: gatekeeper\n")
    return str(path)


@pytest.fixture
def plain(tmp_path):
    path = tmp_path / "plain.json"
    path.write_text(json.dumps(contoso()), "utf-8")
    return str(path)


def run(*args, status=0):
    out, err = StringIO(), StringIO()
    if status:
        with pytest.raises(SystemExit) as left:
            call_command(*args, stdout=out, stderr=err)
        assert left.value.code == status
    else:
        call_command(*args, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_a_plan_file_is_evaluated_under_the_product_that_it_names(harbour, plain, tmp_path):
    load_gatekeeper()
    run("report", plain, harbour, "--format", "json", "--output", f"{tmp_path}/out/")
    told = [json.loads((tmp_path / "out" / name).read_text())["matrix"] for name in ("plain.json", "harbour.json")]
    assert "edition passwordstate-2026-11" in told[0]
    assert "edition gatekeeper-4" in told[1]


def test_an_edition_that_is_named_holds_for_all_of_them(harbour, plain, tmp_path):
    load_gatekeeper()
    load_next(tmp_path, activate=False)
    data, _ = run("report", plain, "--format", "json", "--edition", NEXT)
    assert f"edition {NEXT}" in json.loads(data)["matrix"]
    _, said = run("report", harbour, "--format", "json", "--edition", NEXT, status=1)
    assert "product" in said


def test_a_product_that_is_not_here_is_told_with_those_that_are(harbour):
    _, said = run("report", harbour, "--format", "json", status=1)
    assert "product: 'gatekeeper' is not known here; allowed are passwordstate." in said


def test_two_plan_files_of_another_product_are_compared(harbour, plain):
    load_gatekeeper()
    data, _ = run("compare", harbour, harbour, "--format", "json")
    assert not any(json.loads(data)["rules"].values())
    run("compare", plain, harbour, "--format", "json", "--exit-code", status=3)


def test_a_product_that_is_null_is_as_one_that_is_not_named(tmp_path):
    path = tmp_path / "plain.yaml"
    path.write_text(to_yaml(contoso()) + "product: null\n", "utf-8")
    data, _ = run("report", str(path), "--format", "json")
    assert "edition passwordstate-2026-11" in json.loads(data)["matrix"]
