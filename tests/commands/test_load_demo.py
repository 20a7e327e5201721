"""`manage.py load_demo`: one demonstration plan, however often it is called."""

import io
import re
import stat

import pytest
from django.core.management import CommandError, call_command
from django.urls import resolve

from planner.deploy import gunicorn
from planner.deploy.addresses import base_address
from planner.plan.document import check_plan
from planner.store import actions
from planner.store.models import Plan, hash_token
from ports import queries
from ports.models import PortMatrix, Topology, new_stamp

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _demo(settings, tmp_path, monkeypatch):
    """An empty data folder, the shipped matrix, the default address."""
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(gunicorn, "bind", "127.0.0.1:8000")
    queries._build_at.cache_clear()
    call_command("load_matrix", verbosity=0)


def run():
    """What the command prints."""
    out = io.StringIO()
    call_command("load_demo", stdout=out)
    return out.getvalue()


def test_it_prints_the_full_address_of_the_plan_once():
    printed = run()
    address = re.fullmatch(r"Demonstration plan: http://127\.0\.0\.1:8000(/edit/[A-Za-z0-9_-]{43}/)\n", printed)
    page = resolve(address[1])
    assert page.url_name == "open_edit_link"
    assert Plan.objects.get().edit_hash == hash_token(page.kwargs["token"])


def test_the_plan_has_every_module_and_a_first_revision():
    run()
    plan = Plan.objects.get()
    assert plan.name == "Everything"
    assert plan.revision == 1
    assert [revision.summary for revision in plan.revisions.all()] == ["Started from “Everything”"]


def test_a_second_run_prints_the_same_address_and_makes_no_plan():
    assert run() == run()
    assert Plan.objects.count() == 1


def test_after_a_new_secret_key_the_plan_is_found_as_long_as_the_old_one_is_named(settings):
    first = run()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another-key", [settings.SECRET_KEY]
    assert run() == first
    assert Plan.objects.count() == 1


def test_a_second_run_leaves_what_was_changed_in_the_plan():
    first = run()
    matrix = queries.current_matrix()
    actions.choose(plan_id=Plan.objects.get().pk, matrix=matrix, choice="esxi", options=["ssh"])
    assert run() == first
    assert check_plan(Plan.objects.get().document, matrix=matrix).choices["esxi"] == "ssh"


def test_other_plans_are_left_alone():
    matrix = queries.current_matrix()
    document = {"format": 1, "name": "Mine", "zones": [{"name": "A", "kind": "dmz"}], "endpoints": []}
    actions.create_plan(plan=check_plan(document, matrix=matrix), matrix=matrix, summary="Imported")
    run()
    run()
    assert sorted(Plan.objects.values_list("name", flat=True)) == ["Everything", "Mine"]


def test_the_token_is_kept_in_a_file_for_its_owner_alone_and_nothing_else_is_left(tmp_path):
    token = run().rstrip("/\n").rpartition("/")[2]
    keeper = tmp_path / "demo-plan"
    assert keeper.read_text() == f"{token}\n"
    assert stat.S_IMODE(keeper.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [keeper]


@pytest.mark.parametrize("content", [b"", b"another-token\n", b"\xff\x00\n"])
def test_a_file_that_leads_to_no_plan_is_replaced(tmp_path, content):
    keeper = tmp_path / "demo-plan"
    keeper.write_bytes(content)
    keeper.chmod(0o644)
    printed = run()
    assert f"/{keeper.read_text().strip()}/\n" in printed
    assert Plan.objects.count() == 1
    assert stat.S_IMODE(keeper.stat().st_mode) == 0o600


def test_a_plan_that_was_deleted_is_made_again():
    first = run()
    Plan.objects.all().delete()
    assert run() != first
    assert Plan.objects.count() == 1


def test_no_plan_is_left_when_its_address_cannot_be_kept(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "absent"
    with pytest.raises(CommandError, match=r"can't be kept in .*/absent/demo-plan: No such file or directory\.$"):
        run()
    assert not Plan.objects.exists()


def test_without_a_matrix_it_says_what_to_do():
    PortMatrix.objects.all().delete()
    with pytest.raises(CommandError, match="load_matrix"):
        run()


def test_a_matrix_that_the_example_does_not_fit_is_named_with_its_faults(tmp_path):
    endpoints = [{"name": "PS01", "zone": "Internal", "addresses": ["10.0.0.999"]}]
    topologies = Topology.objects.filter(slug="everything")
    topologies.update(zones=[{"name": "Internal", "kind": "internal"}], endpoints=endpoints)
    PortMatrix.objects.update(stamp=new_stamp())
    with pytest.raises(CommandError, match=r"(?s)doesn't fit the current port matrix\..*endpoints\[0\]\.addresses"):
        run()
    assert not Plan.objects.exists()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("bound", "address"),
    [
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("ports.example.com:80", "http://ports.example.com:80"),
        ("0.0.0.0:8001", "http://127.0.0.1:8001"),
        (":8001", "http://127.0.0.1:8001"),
        ("[::]:8001", "http://[::1]:8001"),
        ("[::1]:8001", "http://[::1]:8001"),
        ("127.0.0.1:8001, [::1]:8001", "http://127.0.0.1:8001"),
        ("unix:/run/planner.sock", ""),
        ("fd://3", ""),
        ("127.0.0.1:http", ""),
    ],
)
def test_the_address_is_one_that_a_browser_on_this_computer_reaches(bound, address):
    assert base_address(bound) == address
