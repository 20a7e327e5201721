"""Which database DATABASE_URL names; what it can't mean is refused with a sentence that has no password."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from planner.deploy.database import choose_database


def test_without_an_address_it_is_a_file_in_the_data_folder(tmp_path):
    chosen = choose_database("", tmp_path)
    assert (chosen["ENGINE"], chosen["NAME"]) == ("planner.deploy.sqlite", tmp_path / "planner.sqlite3")
    assert chosen["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_an_address_names_a_server_and_what_is_to_be_said_to_it(tmp_path, scheme):
    chosen = choose_database(f"{scheme}://me:p%40ss@db.example:5433/ports?sslmode=verify-full", tmp_path)
    names = ("NAME", "USER", "PASSWORD", "HOST", "PORT")
    assert [chosen[name] for name in names] == ["ports", "me", "p@ss", "db.example", "5433"]
    assert chosen["OPTIONS"] == {"connect_timeout": "10", "sslmode": "verify-full"}


def test_a_socket_stands_among_the_options(tmp_path):
    chosen = choose_database("postgres:///ports?host=/run/postgresql", tmp_path)
    assert (chosen["NAME"], chosen["HOST"], chosen["OPTIONS"]["host"]) == ("ports", "", "/run/postgresql")


@pytest.mark.parametrize(
    "address",
    [
        "ports", "mysql://me:secret@db/ports", "postgres://me:secret@db", "postgres://me:secret@db/a/b",
        "postgres://me:secret@db:x/ports", "postgres://me:secret@[db/ports",
    ],
)  # fmt: skip
def test_what_is_no_such_address_is_refused_without_its_password(tmp_path, address):
    with pytest.raises(ImproperlyConfigured, match=r"^DATABASE_URL must be an address such as postgres://") as refused:
        choose_database(address, tmp_path)
    assert "secret" not in str(refused.value)
