"""`push --new`: a plan is made of a file once, whatever breaks off, and anew where it is gone."""

import pytest
from django.core.management import call_command

from planner.report.files import Failure
from planner.store.bin import delete_plan
from planner.store.models import Plan
from tests.sync.syncing import COMMENTED, said, write
from tests.sync.test_sync import push

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_folder")]


def test_a_new_plan_whose_file_cannot_be_written_is_told_and_sent_again_is_the_same_one(way, monkeypatch, capsys):
    write(COMMENTED)

    def fail(*_):
        raise Failure("The disk is full.")

    with monkeypatch.context() as broken:
        broken.setattr("planner.management.commands.push.write_file", fail)
        assert push(way, "--new") == 2
    [made] = Plan.objects.all()
    line = f"# port-planner: plan={made.key} revision=1"
    told = f"The disk is full. The plan is made nevertheless, and is {made.key}: write “{line}” as the first line"
    assert told in capsys.readouterr().err
    if way["opener"]:
        assert push(way, "--new") == 0
        assert list(Plan.objects.all()) == [made]
    else:
        write(f"{line}\n{COMMENTED}")
        assert push(way) == 0
    assert said() == f"{line}\n{COMMENTED}"


@pytest.mark.parametrize("gone", ["in the bin", "under another matrix"])
def test_the_file_of_a_new_plan_that_is_gone_makes_another(way, gone, monkeypatch):
    write(COMMENTED)
    assert push(way, "--new") == 0
    [made] = Plan.objects.all()
    if gone == "in the bin":
        delete_plan(plan_id=made.pk)
    else:
        call_command("matrix", "amend", "service/smtp", "ports", "587", reason="Relay")
    write(COMMENTED)
    assert push(way, "--new") == 0
    assert str(made.key) not in said()
    assert Plan.objects.count() == 2
