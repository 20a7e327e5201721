"""`push` and `pull` of a plan that was stored when more was allowed: its own file stays its file."""

import pytest

from planner.plan.syntax import to_yaml
from planner.store.models import Plan
from tests.sync.syncing import change_endpoint, commit, replace, run, said, stored, tracked, without_line, write

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_folder")]

CHAIN = "chain: INPUT"


@pytest.fixture
def old(clone):
    """The stored plan of the clone, with a chain that a new one may not name, and its file."""
    wall = {"name": "FW", "format": "iptables", "zones": {"Inside": "lan"}, "options": {"chain": "INPUT"}}
    Plan.objects.filter(pk=clone.pk).update(document=clone.document | {"firewalls": [wall]})
    change_endpoint(clone, "PS01", addresses=["10.0.0.9"])
    write(tracked(clone, 2, to_yaml(stored(clone).document)))
    commit()
    return clone


def test_such_a_chain_is_pulled_and_pushed_and_no_other_one(way, old, capsys):
    assert CHAIN in said()
    assert run("pull", "site.yaml", *way["pull"]) == 0
    for before, name in (("Site", "Second"), ("Second", "Third")):  # in common: the revision, then what was pushed
        replace(f"name: {before}", f"name: {name}")
        commit()
        assert run("push", "site.yaml", *way["push"]) == 0
        assert stored(old).document["name"] == name
    replace(CHAIN, "chain: OUTPUT")
    commit()
    assert run("push", "site.yaml", *way["push"]) == 2
    assert "'OUTPUT' can't stand here" in capsys.readouterr().err
    assert stored(old).revision == 4


def test_a_new_plan_has_no_such_chain(old, capsys):
    write(without_line(said()))
    assert run("push", "site.yaml", "--new") == 2
    assert "'INPUT' can't stand here" in capsys.readouterr().err
    assert Plan.objects.count() == 1
