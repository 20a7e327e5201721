"""Where numbers of accounts end, what is asked of those who have nothing, and what earlier releases have kept.

Numbers are written here as the documentation has them, so that another one is no accident.
"""

import logging
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.auth.signals import user_logged_in
from django.db import IntegrityError, OperationalError
from django.http import HttpRequest
from django.utils import timezone

from planner.accounts import confirmation, pending, people, second_factor, sessions
from planner.store.account_models import Login, SecondFactor
from planner.store.models import Event
from tests.accounts.test_second_factor import set_up, show_code
from tests.store.test_trouble import raised

pytestmark = pytest.mark.django_db
PASSWORD = "wide open spaces"


@pytest.fixture(autouse=True)
def quick_hashes(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def alice():
    return User.objects.create_user("alice", password=PASSWORD)


def asking(user, **kept):
    """A request of a user whose session has this in it."""
    session = type("Session", (dict,), {"session_key": "k" * 32})(kept)
    return SimpleNamespace(user=user, session=session)


def now():
    return timezone.now().timestamp()


def details(kind):
    return list(Event.objects.filter(kind=kind).order_by("pk").values_list("actor", "detail"))


def test_how_long_and_how_often():
    assert (confirmation.MOST_WRONG, people.WRONG_OLD, second_factor.MOST_WRONG) == (10, 10, 10)
    assert (second_factor.STEP, second_factor.DIGITS, second_factor.AROUND, second_factor.CODES) == (30, 6, 1, 10)
    assert sessions.RENEW == 300
    assert User._meta.get_field("username").max_length == people.MAX_USER_NAME


def test_a_password_counts_as_given_for_a_quarter_of_an_hour(alice):
    ages = {895: False, 905: True, -5: True}
    assert {age: confirmation.is_due(asking(alice, **{confirmation.GIVEN: now() - age})) for age in ages} == ages
    assert confirmation.is_due(asking(alice)), "it was never given"
    alice.set_unusable_password()
    assert not confirmation.is_due(asking(alice))


def test_right_passwords_are_given_as_often_as_they_are_asked_for(alice):
    for _ in range(confirmation.MOST_WRONG + 2):
        request = asking(alice)
        assert confirmation.give(request, PASSWORD)
    assert not confirmation.is_due(request)


def test_a_login_waits_for_ten_minutes(alice):
    request = asking(alice)
    pending.begin(request, alice, "/words/")
    [kept] = request.session.values()
    for age, there in ((595, True), (605, False), (-5, False)):
        kept["at"] = now() - age
        found = pending.find(request)
        assert (found is not None) == there
        assert not there or (found.user, found.address) == (alice, "/words/")
    pending.forget(request)
    assert pending.find(request) is None


def test_a_login_without_a_session_is_one_as_well(alice):
    for request in (None, HttpRequest()):
        user_logged_in.send(sender=User, request=request, user=alice)
    assert details("logged-in") == [("alice", "")] * 2


@pytest.mark.parametrize("act", ["add", "remove", "clear"])
def test_what_changes_in_groups_and_permissions_is_told(alice, act):
    group = Group.objects.create(name="Helpers")
    if act != "add":
        alice.groups.add(group)
    getattr(alice.groups, act)(*([group] if act != "clear" else []))
    assert details("privileges-changed")[-1] == ("", f"alice: {act} of groups or permissions")
    assert len(details("privileges-changed")) == (1 if act == "add" else 2)


def test_an_account_that_is_deleted_is_told(alice):
    alice.delete()
    assert details("account-deleted") == [("", "alice")]


def test_words_of_a_login_that_fails():
    words = people.LoginForm.error_messages
    assert words["invalid_login"].startswith("This user name and this password")
    assert words["inactive"] == "This account is switched off."


# --- the second factor -----------------------------------------------------------------------------------------------


def test_who_has_no_second_factor_can_do_nothing_with_one(alice):
    assert not second_factor.is_on(alice)
    assert second_factor.count_left(alice) == 0
    assert second_factor.renew_codes(alice) == ()
    assert not second_factor.remove(alice, actor="alice")
    assert not second_factor.check(alice, "123456")
    with pytest.raises(SecondFactor.DoesNotExist):
        second_factor.confirm(alice, "123456")


def test_one_that_waits_to_be_confirmed_counts_for_nothing(alice):
    second_factor.prepare(alice)
    first = SecondFactor.objects.get().secret
    assert not second_factor.is_on(alice)
    assert second_factor.renew_codes(alice) == ()
    secret = second_factor.unseal(SecondFactor.objects.get())
    assert not second_factor.check(alice, show_code(secret))
    SecondFactor.objects.update(codes=[second_factor._hash(alice, "abcdabcdabcdabcd")])
    assert not second_factor.check(alice, "abcd-abcd-abcd-abcd")
    second_factor.prepare(alice)
    assert SecondFactor.objects.get().secret != first
    assert second_factor.confirm(alice, "not this") == ()
    assert not second_factor.remove(alice, actor="alice"), "nobody was asked for it"
    assert details("second-factor-off") == []


def test_one_that_is_on_is_prepared_and_confirmed_no_second_time(alice):
    secret, codes = set_up(alice)
    kept = SecondFactor.objects.get().secret
    second_factor.prepare(alice)
    assert SecondFactor.objects.get().secret == kept
    with pytest.raises(SecondFactor.DoesNotExist):
        second_factor.confirm(alice, show_code(secret, 1))
    with pytest.raises(SecondFactor.DoesNotExist):
        second_factor.describe(alice)
    assert second_factor.count_left(alice) == 10
    assert len(set(codes)) == 10
    for code in codes:
        groups = code.split("-")
        assert [len(group) for group in groups] == [4, 4, 4, 4]
        assert not set("".join(groups)) - set("abcdefghjkmnpqrstuvwxyz23456789")
    assert second_factor.remove(alice, actor="kim")
    assert details("second-factor-off") == [("kim", "alice")]


def test_a_code_may_be_typed_in_groups_and_is_right_a_step_early_or_late(alice):
    secret, _ = set_up(alice)
    code = show_code(secret, -1)
    assert second_factor.check(alice, f" {code[:3]} {code[3:]} ")
    assert second_factor.check(alice, show_code(secret, 1))
    assert not second_factor.check(alice, "１２３４５６")


def test_right_codes_are_no_tries(alice):
    secret, _ = set_up(alice)
    for _ in range(second_factor.MOST_WRONG + 2):
        SecondFactor.objects.update(used=0)
        assert second_factor.check(alice, show_code(secret))


def test_a_secret_whose_key_is_gone_is_told_in_the_log_of_the_service(alice, settings, caplog):
    secret, _ = set_up(alice)
    settings.SECRET_KEY = "another"
    with caplog.at_level(logging.ERROR):
        assert not second_factor.check(alice, show_code(secret))
    [record] = caplog.records
    assert record.name == "planner.accounts"
    assert record.getMessage().startswith(f"The second factor of account {alice.pk} can't be read: ")
    SecondFactor.objects.update(secret="no base64")
    assert not second_factor.check(alice, show_code(secret))


def test_what_an_earlier_release_has_kept_is_read(settings):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a-key-of-a-test", []
    user = User(pk=7)
    kept = SecondFactor(user=user, secret="INKSy557f/P1KxAtjjOiToCHKrqigVkDfB4QJ7ohp6Dl+6QqLEojKVonPw1eZZd6")
    assert second_factor.unseal(kept) == bytes(range(20))
    hashed = "3fd72f5a4a736c65fc0004a21f4600b665653835b223604e51adf1ddcb27dc65"
    assert second_factor._hash(user, "ABCD-efgh jkmn-2345") == hashed


# --- sessions --------------------------------------------------------------------------------------------------------

AGENTS = {
    "Mozilla/5.0 (Windows NT 10.0) Chrome/142.0 Safari/537.36 Edg/142.0": "Edge on Windows",
    "Mozilla/5.0 (Linux; Android 10) Chrome/142.0 Mobile Safari/537.36 EdgA/142.0": "Edge on Android",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 EdgiOS/142.0 Safari/604.1": "Edge on iPhone",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Chrome/142.0 Safari/537.36 OPR/120.0": "Opera on macOS",
    "Mozilla/5.0 (Linux; Android 13) SamsungBrowser/28.0 Chrome/130.0 Safari/537.36": "Samsung Internet on Android",
    "Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) FxiOS/140.0 Safari/605.1": "Firefox on iPad",
    "Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) CriOS/142.0 Safari/604.1": "Chrome on iPad",
    "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) Chrome/142.0 Safari/537.36": "Chrome on ChromeOS",
    "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/142.0 Safari/537.36": "Chrome on Linux",
    "Mozilla/5.0 (X11; Linux x86_64) Chromium/142.0 Safari/537.36": "Chrome on Linux",
    "Mozilla/5.0 (Macintosh; Intel) Version/18.0 Safari/605.1": "Safari on macOS",
    "Something/1.0 (Windows)": "Another program on Windows",
    "Firefox/140.0": "Firefox",
    f"{'x' * 495} Firefox/140.0": "Another program",
}


def test_each_browser_and_system_is_named():
    assert {agent: sessions.name_browser(agent) for agent in AGENTS} == AGENTS


class Kept(dict):
    """A session that a request has."""

    accessed = True
    session_key = "k" * 32


def test_that_a_session_was_seen_is_noted_never_at_the_cost_of_the_request(alice, monkeypatch):
    request = HttpRequest()
    sessions.note(request)  # it has none
    request.session = Kept({sessions.SESSION_KEY: str(alice.pk)})

    def fail(error):
        def bulk_create(*_, **__):
            raise error

        monkeypatch.setattr(Login.objects, "bulk_create", bulk_create)
        sessions._seen.clear()
        sessions.note(request)

    fail(raised(OperationalError, sqlite_errorcode=5))  # SQLITE_BUSY
    assert sessions._seen == {}
    with pytest.raises(IntegrityError):
        fail(IntegrityError("something else"))


def test_what_a_process_remembers_of_sessions_is_bounded(alice, monkeypatch):
    monkeypatch.setattr(Login.objects, "bulk_create", lambda *_, **__: None)
    monkeypatch.setattr(sessions, "_MOST", 2)
    monkeypatch.setattr(sessions, "_seen", {})
    sizes = []
    for number in range(5):
        request = HttpRequest()
        request.session = type("Other", (Kept,), {"session_key": str(number)})({sessions.SESSION_KEY: str(alice.pk)})
        sessions.note(request)
        sizes.append(len(sessions._seen))
    assert sizes == [1, 2, 1, 2, 1]
