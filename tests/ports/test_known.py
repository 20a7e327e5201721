"""The page of the matrix for whoever has it: nothing is sent again, and nothing is old or somebody else's."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from ports import pages
from ports.actions import activate_matrix, make_amendment, revert_amendment
from ports.models import PortMatrix
from tests.editions import NEXT, load_next, shipped_edition
from tests.quick import note_templates

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
LOOKS = (("/matrix/", {}), ("/matrix/", HTMX), ("/matrix/?port=22", {}), ("/matrix/?port=22", HTMX))
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="[^"]*"')


@pytest.fixture(autouse=True)
def empty(loaded):
    pages.pages.clear()
    yield
    pages.pages.clear()


def log_in(name, **rights):
    client = Client()
    client.force_login(User.objects.create_user(name, password="tall-ships-4-sail", **rights))
    return client


def ask(client, path, headers, tag=""):
    return client.get(path, headers=headers | ({"If-None-Match": tag} if tag else {}))


def plain(response):
    return TOKEN.sub("", response.content.decode())


class Browser:
    """One that has what it was sent, and asks for what is new."""

    def __init__(self, client):
        self.client, self.known = client, {}

    def look(self):
        """How many of LOOKS it had already; what it has is what it would be sent anew."""
        same = 0
        for number, (path, headers) in enumerate(LOOKS):
            tag, had = self.known.get(number, ("", ""))
            response = ask(self.client, path, headers, tag)
            if response.status_code == 304:
                assert not response.content
                same += 1
            else:
                had = plain(response)
            pages.pages.clear()
            assert had == plain(ask(self.client, path, headers)), (path, headers)
            self.known[number] = response.headers["ETag"], had
        return same


@pytest.mark.slow
def test_whoever_has_the_page_is_sent_nothing_until_something_is_another(client, tmp_path):
    browsers = [Browser(client), Browser(log_in("ada", is_staff=True))]
    assert [browser.look() for browser in browsers] == [0, 0]
    assert [browser.look() for browser in browsers] == [len(LOOKS)] * 2
    number = make_amendment(row="service/smtp", field="ports", value="587", reason="Test", author="ada").pk
    for act in (
        lambda: None,
        lambda: load_next(tmp_path, activate=False),
        lambda: revert_amendment(number=number, author="ada"),
        lambda: activate_matrix(matrix=PortMatrix.objects.get(slug=NEXT)),
    ):
        act()
        assert [browser.look() for browser in browsers][1] == 0, act
    assert [browser.look() for browser in browsers] == [len(LOOKS)] * 2


def test_the_page_is_made_once_for_all_and_with_a_query_it_takes_no_room(client):
    made = []

    def note(template, **_):
        made.append(template.name)

    client.get("/matrix/")
    with note_templates(note):
        assert Client().get("/matrix/").content == client.get("/matrix/").content
        assert "ports/matrix.html" not in made
        size = pages.pages.size
        client.get("/matrix/?text=ssh")
        assert "ports/matrix.html" in made
    assert pages.pages.size == size


def test_what_is_kept_has_nothing_of_who_asked_first(settings):
    settings.REQUIRE_LOGIN = True
    staff, other, stranger = log_in("ada", is_staff=True), log_in("grace"), Client()
    assert "Amend" in staff.get("/matrix/").content.decode()
    for client, name in ((other, "grace"), (stranger, "Log in")):
        text = client.get("/matrix/").content.decode()
        assert name in text
        assert "ada" not in re.findall(r"<bdi>([^<]*)</bdi>", text)
        assert "Amend<" not in text
    tokens = {TOKEN.search(client.get("/matrix/").content.decode()).group() for client in (staff, other)}
    assert len(tokens) == 2
    tag = staff.get("/matrix/").headers["ETag"]
    assert ask(other, "/matrix/", {}, tag).status_code == 200


def test_a_message_that_waits_is_shown_to_whom_it_is_for_and_kept_for_nobody(tmp_path):
    staff = log_in("ada", is_staff=True)
    load_next(tmp_path, activate=False)
    known = staff.get("/matrix/").headers["ETag"]
    assert staff.post("/matrix/activate/", {"edition": shipped_edition().slug}).status_code == 302
    told = ask(staff, "/matrix/", {}, known)
    assert 'role="status"' in told.content.decode()
    assert "ETag" not in told.headers
    for client in (staff, Client()):
        assert 'role="status"' not in client.get("/matrix/").content.decode()
