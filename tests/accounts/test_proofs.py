"""What a browser proves when it tries a password: that it waited, or that it was right before."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from planner.accounts.proofs import keep_known, keep_waiting, read_known, read_waited
from planner.store import patience


def coming_back(response):
    """A request of the browser that got this answer."""
    request = HttpRequest()
    request.COOKIES = {name: morsel.value for name, morsel in response.cookies.items()}
    return request


def known_as(name):
    response = HttpResponse()
    keep_known(response, name)
    return response


def test_a_browser_is_known_for_one_user_name_by_something_of_its_own():
    one, other = coming_back(known_as("kim")), coming_back(known_as("kim"))
    assert len(read_known(one, "kim")) == 32
    assert read_known(one, "kim") != read_known(other, "kim")
    assert read_known(one, "lee") == read_known(HttpRequest(), "kim") == ""


@pytest.mark.parametrize("said", ["x", [1, 2, 3], 5, ["kim", "x"]])
@pytest.mark.parametrize("salt", ["known", "waited"])
def test_a_cookie_that_nobody_made_proves_nothing(said, salt):
    request = coming_back(known_as("kim"))
    [name] = request.COOKIES
    request.COOKIES[name] = signing.dumps(said, salt=salt)
    assert read_known(request, "kim") == ""


@pytest.mark.parametrize(("days", "length"), [(179, 32), (181, 0)])
def test_a_browser_is_known_for_half_a_year(days, length, monkeypatch):
    response = known_as("kim")
    [cookie] = response.cookies.values()
    assert (cookie["max-age"], cookie["httponly"], cookie["samesite"]) == (180 * 86_400, True, "Lax")
    then = (timezone.now() + timedelta(days=days)).timestamp()
    monkeypatch.setattr(signing, "time", SimpleNamespace(time=lambda: then))
    assert len(read_known(coming_back(response), "kim")) == length


def test_who_has_waited_brings_the_proof_of_it_along():
    response = HttpResponse()
    keep_waiting(response, SimpleNamespace(token="waited-till-then"))
    [cookie] = response.cookies.values()
    assert cookie["max-age"] == patience.GOOD_FOR.total_seconds()
    assert read_waited(coming_back(response)) == "waited-till-then"
    assert read_waited(HttpRequest()) == ""
