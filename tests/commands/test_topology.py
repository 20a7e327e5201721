"""`manage.py topology`: what the first page offers, as plan documents."""

import io

import pytest
import yaml
from django.core.management import CommandError, call_command

from planner.plan.document import read_plan
from planner.plan.topologies import read_topology
from ports.queries import shipped_matrix

pytestmark = pytest.mark.django_db


def printed(*arguments):
    out = io.StringIO()
    call_command("topology", *arguments, stdout=out)
    return out.getvalue()


def test_without_a_name_it_lists_all():
    lines = [line.split("\t") for line in printed().splitlines()]
    assert lines == [[one.slug, one.name] for one in shipped_matrix().topologies.values()]


def test_with_a_name_it_prints_a_plan_document_that_is_read_again():
    text = printed("dmz")
    assert yaml.safe_load(text)["name"] == "DMZ with portal and self-destruct site"
    assert read_plan(text.encode(), matrix=shipped_matrix()) == read_topology(shipped_matrix(), "dmz")


def test_an_unknown_one_is_refused_with_those_that_there_are():
    with pytest.raises(CommandError, match="There is no topology “moon”; there are one-server, web-and-sql, dmz"):
        printed("moon")
