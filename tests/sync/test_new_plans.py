"""`push --new`: a plan is made of a file once, whatever breaks off, and anew where it is gone."""

from pathlib import Path

import pytest
from django.core.management import call_command

from planner.management.sync.remote import name_origin
from planner.report.files import Failure
from planner.store.bin import delete_plan
from planner.store.models import Plan
from tests.sync.syncing import COMMENTED, git, said, write
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
        assert "an earlier push of this file has made the plan already" in capsys.readouterr().err
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


ONE, OTHER = "https://git.example.com/site-a.git", "git@git.example.com:site-b.git"
HERE, THERE = "/srv/plans.git", "file:///srv/plans.git"


@pytest.mark.parametrize(
    ("first", "second", "are_one"),
    [
        (("m1", "/a/site.yaml", ONE), ("m1", "/a/site.yaml", ONE), True),
        (("m1", "/a/site.yaml", ONE), ("m2", "/b/site.yaml", ONE), True),  # the next job of CI runs elsewhere
        (("m1", "/a/site.yaml", ONE), ("m1", "/a/site.yaml", OTHER), False),
        (("m1", "/a/site.yaml", ""), ("m1", "/a/site.yaml", ""), True),
        (("m1", "/a/site.yaml", ""), ("m2", "/a/site.yaml", ""), False),
        (("m1", "/a/site.yaml", HERE), ("m2", "/a/site.yaml", HERE), False),
        (("m1", "/a/site.yaml", THERE), ("m2", "/a/site.yaml", THERE), False),
        (("m1", "/a/site.yaml", ""), ("m1", "/b/site.yaml", ""), False),
    ],
)
def test_a_file_is_known_by_its_repository_or_else_by_its_machine_and_place(first, second, are_one, monkeypatch):
    found = []
    for machine, path, repository in (first, second):
        monkeypatch.setattr("socket.gethostname", lambda machine=machine: machine)
        found.append(name_origin(Path(path), repository, Path(path).name))
    assert (found[0] == found[1]) == are_one


def test_two_repositories_of_one_template_are_two_plans(way, capsys):
    for number, repository in enumerate((ONE, OTHER), 1):
        git("init", "-q", "-b", "main")
        git("config", "remote.origin.url", repository)
        write(COMMENTED)
        assert push(way, "--new") == 0
        assert Plan.objects.count() == number
        assert "an earlier push" not in capsys.readouterr().err
