"""`manage.py first_account`: what the start says where nobody can log in yet."""

import re
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def accounts(settings):
    settings.REQUIRE_LOGIN = True


def first_account():
    out = StringIO()
    call_command("first_account", stdout=out)
    return out.getvalue()


def test_a_start_without_an_account_says_how_to_make_the_first(settings, monkeypatch):
    assert "There is no account yet" in first_account()
    assert first_account().endswith("manage.py createsuperuser\n")
    monkeypatch.setattr("planner.management.commands.first_account.IS_INSTALLED", True)
    monkeypatch.setattr("planner.management.commands.first_account.PROGRAM", "port-planner")
    assert re.search(r"^  (PLANNER_DATA=\S+ )?port-planner createsuperuser\n\Z", first_account(), re.MULTILINE)
    settings.REQUIRE_LOGIN = False
    assert first_account() == ""


def test_a_start_with_an_account_says_nothing():
    User.objects.create_user("alice")
    assert first_account() == ""


def test_it_leads_to_the_database_of_the_service_and_never_tells_the_password(monkeypatch):
    monkeypatch.setenv("PLANNER_DATA", "/srv/port planner")
    monkeypatch.setenv("DATABASE_URL_FILE", "/run/secrets/database-url")
    assert "PLANNER_DATA='/srv/port planner' DATABASE_URL_FILE=/run/secrets/database-url " in first_account()
    monkeypatch.delenv("DATABASE_URL_FILE")
    monkeypatch.setenv("DATABASE_URL", "postgres://planner:geheim@db.example/planner")
    said = first_account()
    assert "Make the first one, while DATABASE_URL is set as it is here, with:\n" in said
    assert "geheim" not in said
