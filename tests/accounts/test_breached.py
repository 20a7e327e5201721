"""New passwords are held against a file of hashes of those that have become known, where there is one."""

import hashlib

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ImproperlyConfigured, ValidationError
from hypothesis import given
from hypothesis import strategies as st

from planner.accounts import breached
from planner.deploy.environment import read_breached

KNOWN = "violet harbour nineteen"


def hash_of(password):
    return hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()


@pytest.fixture
def listed(tmp_path, settings):
    """A list with one password that is strong but for that it is known, as the downloader writes it."""
    hashes = sorted([hash_of(KNOWN), *(hash_of(f"password {number}") for number in range(500))])
    path = tmp_path / "known.txt"
    path.write_text("".join(f"{one}:{number + 1}\r\n" for number, one in enumerate(hashes)))
    settings.BREACHED_PASSWORDS = path
    return path


def faults_of(password):
    with pytest.raises(ValidationError) as refused:
        validate_password(password, User(username="alice"))
    return [error.code for error in refused.value.error_list]


def test_a_password_that_is_in_the_list_is_refused_and_others_are_not(listed):
    assert faults_of(KNOWN) == ["password_breached"]
    validate_password(KNOWN + "!", User(username="alice"))
    assert any("stolen" in text for text in password_validators_help_texts())


def test_without_a_list_nothing_is_looked_up_and_without_its_file_none_is_taken(listed, settings):
    listed.unlink()
    assert faults_of(KNOWN + "!") == ["password_not_looked_up"]
    settings.BREACHED_PASSWORDS = None
    validate_password(KNOWN)
    assert not any("stolen" in text for text in password_validators_help_texts())


@given(
    st.sets(st.integers(0, 40), max_size=12),
    st.integers(0, 40),
    st.sampled_from(["", ":7", ":31415926"]),
    st.booleans(),
)
def test_what_is_found_by_halves_is_what_stands_in_the_file(tmp_path_factory, numbers, sought, count, ends):
    hashes = sorted(hash_of(str(number)) for number in numbers)
    path = tmp_path_factory.getbasetemp() / "some.txt"
    path.write_text("\n".join(f"{one}{count}" for one in hashes) + ("\n" if ends else ""))
    assert breached.is_listed(path, hash_of(str(sought)).lower()) == (sought in numbers)


@pytest.mark.parametrize("content", ["", "password\n", "0123456789ABCDEF0123456789ABCDEF:5\n", f"{'A' * 40}:x\n"])
def test_a_file_of_something_else_stops_the_start(tmp_path, monkeypatch, content):
    path = tmp_path / "list.txt"
    path.write_text(content)
    monkeypatch.setenv("PLANNER_BREACHED_PASSWORDS", str(path))
    with pytest.raises(ImproperlyConfigured, match="a SHA-1 in hexadecimal on each line"):
        read_breached("PLANNER_BREACHED_PASSWORDS")
    path.unlink()
    with pytest.raises(ImproperlyConfigured, match="can't be read"):
        read_breached("PLANNER_BREACHED_PASSWORDS")


def test_one_that_is_right_is_taken(listed, monkeypatch):
    monkeypatch.setenv("PLANNER_BREACHED_PASSWORDS", str(listed))
    assert read_breached("PLANNER_BREACHED_PASSWORDS") == listed
    monkeypatch.delenv("PLANNER_BREACHED_PASSWORDS")
    assert read_breached("PLANNER_BREACHED_PASSWORDS") is None
