"""The second factor: how it is set up, what a login asks for then, and that codes are few, taken once, and sealed."""

import base64
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.contrib.auth import get_user
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from planner.accounts import confirmation, pending, second_factor
from planner.store import throttle
from planner.store.account_models import SecondFactor
from planner.store.models import Attempt, Event
from tests.web.views.pages import Page, words

pytestmark = pytest.mark.django_db
PASSWORD = "wide open spaces"
LOGIN, CODE, HERE = "/accounts/login/", "/accounts/code/", "/accounts/security/"
PREPARE, CONFIRM, REMOVE = (f"/accounts/factor/{name}/" for name in ("prepare", "confirm", "remove"))


@pytest.fixture(autouse=True)
def accounts(settings):
    settings.REQUIRE_LOGIN = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def alice():
    return User.objects.create_user("alice", password=PASSWORD)


def show_code(secret, steps=0):
    """What an app shows now, or so many steps later."""
    return TOTP(secret, 6, SHA1(), 30).generate(int(timezone.now().timestamp()) + steps * 30).decode()


def set_up(user):
    """The app's secret and the recovery codes of an account that has a second factor now."""
    second_factor.prepare(user)
    secret = second_factor.unseal(SecondFactor.objects.get(user=user))
    codes = second_factor.confirm(user, show_code(secret))
    SecondFactor.objects.update(used=0)  # as if that were some time ago
    return secret, codes


def give_password(client, name="alice", path=LOGIN, **data):
    return client.post(path, {"username": name, "password": PASSWORD} | data)


def read_codes(answer):
    return [words(entry) for entry in Page(answer).all("li", class_="recovery-code")]


def is_in(client):
    return client.get("/plans/").status_code == 200


# --- setting it up ---------------------------------------------------------------------------------------------------


def test_it_is_set_up_with_a_code_of_the_app_and_shows_recovery_codes_once(alice):
    client = Client()
    give_password(client)
    shown = client.post(PREPARE)
    assert 'class="qr"' in shown.content.decode()
    page = Page(shown)
    secret = base64.b32decode(page.text(id="factor-key").replace(" ", ""))
    assert len(secret) == 20
    wrong = Page(client.post(CONFIRM, {"code": "000000" if show_code(secret) != "000000" else "000001"}))
    assert "isn’t the code" in wrong.text("main")
    assert not second_factor.is_on(alice)
    answer = client.post(CONFIRM, {"code": show_code(secret)})
    assert answer.headers["Cache-Control"] == "private, no-store"
    codes = read_codes(answer)
    assert len(set(codes)) == second_factor.CODES
    assert second_factor.is_on(alice)
    assert Event.objects.filter(kind="second-factor-on", actor="alice").count() == 1
    assert "10 recovery codes are left" in Page(client.get(HERE)).text("main")
    for path in (PREPARE, CONFIRM):  # nothing shows the secret any more
        assert client.post(path, {"code": "1"}).url == HERE


def test_the_codes_are_those_of_rfc_6238():
    secret = b"12345678901234567890"
    assert [second_factor._totp(secret).generate(at).decode() for at in (59, 1111111109, 20000000000)] == [
        "287082", "081804", "353130",
    ]  # fmt: skip
    address = second_factor._totp(secret).get_provisioning_uri("al ice", "Port planner")
    said = parse_qs(urlsplit(address).query)
    assert said["secret"] == [base64.b32encode(secret).decode()]
    assert (said["digits"], said["period"]) == (["6"], ["30"])


def test_the_secret_is_sealed_and_opens_under_a_key_of_before(alice, settings):
    secret, codes = set_up(alice)
    kept = str(SecondFactor.objects.values().get())
    for told in (secret.hex(), base64.b32encode(secret).decode(), repr(secret), *codes):
        assert told not in kept
        assert told.replace("-", "") not in kept
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another-key", [settings.SECRET_KEY]
    assert second_factor.check(alice, show_code(secret))
    settings.SECRET_KEY_FALLBACKS = []
    assert not second_factor.check(alice, show_code(secret, 1))
    assert second_factor.check(alice, codes[0])  # needs no key


# --- the login -------------------------------------------------------------------------------------------------------


def test_the_password_alone_logs_nobody_in(alice):
    secret, _ = set_up(alice)
    client = Client()
    assert give_password(client, next="/words/").url == CODE
    assert not is_in(client)
    assert not Event.objects.filter(kind="logged-in").exists()
    assert client.post(CODE, {"code": "not this"}).status_code == 200
    assert not is_in(client)
    assert Event.objects.filter(kind="wrong-code", actor="alice").count() == 1
    assert client.post(CODE, {"code": show_code(secret)}).url == "/words/"
    assert is_in(client)
    assert Event.objects.filter(kind="logged-in").count() == 1
    assert client.get(CODE).url == LOGIN  # nothing waits any more


@pytest.mark.parametrize("on", [True, False])
def test_nor_does_it_in_the_admin(alice, settings, on):
    settings.REQUIRE_LOGIN = on
    User.objects.update(is_staff=True, is_superuser=True)
    secret, _ = set_up(User.objects.get())
    client = Client()
    assert give_password(client, path="/admin/login/?next=/admin/auth/").url == CODE
    assert client.get("/admin/").status_code == 302
    assert client.post(CODE, {"code": show_code(secret)}).url == "/admin/auth/"
    assert client.get("/admin/").status_code == 200


def test_a_code_is_taken_once_and_no_older_one_after_it(alice):
    secret, _ = set_up(alice)
    now, next_one = show_code(secret), show_code(secret, 1)
    assert second_factor.check(alice, next_one)
    assert not second_factor.check(alice, next_one)
    assert not second_factor.check(alice, now)
    SecondFactor.objects.update(used=0)
    for steps in (-3, 3):
        assert not second_factor.check(alice, show_code(secret, steps))


def test_a_recovery_code_is_good_once_however_it_is_typed(alice):
    _, codes = set_up(alice)
    client = Client()
    give_password(client)
    assert client.post(CODE, {"code": f" {codes[3].upper().replace('-', ' ')} "}).status_code == 302
    assert is_in(client)
    assert not second_factor.check(alice, codes[3])
    assert Event.objects.get(kind="recovery-code-used").detail == "9 left"
    bob = User.objects.create_user("bob", password=PASSWORD)
    set_up(bob)
    assert not second_factor.check(bob, codes[4])


def test_wrong_codes_are_few_but_recovery_codes_are_looked_at(alice):
    secret, codes = set_up(alice)
    client = Client()
    give_password(client)
    tries = [client.post(CODE, {"code": "not this"}).status_code for _ in range(second_factor.MOST_WRONG + 1)]
    assert tries == [200] * second_factor.MOST_WRONG + [429]
    elsewhere = Client()
    give_password(elsewhere)
    assert elsewhere.post(CODE, {"code": show_code(secret)}).status_code == 429
    assert elsewhere.post(CODE, {"code": codes[0]}).status_code == 302
    again = Client()  # the browser that logged in before has tries of its own
    again.cookies = elsewhere.cookies
    again.post("/accounts/logout/")
    give_password(again)
    assert again.post(CODE, {"code": show_code(secret)}).status_code == 302
    Attempt.objects.update(at=timezone.now() - timedelta(hours=2))
    SecondFactor.objects.update(used=0)
    assert client.post(CODE, {"code": show_code(secret)}).status_code == 302


@pytest.mark.slow
def test_who_has_the_password_guesses_a_hundred_codes_at_most_and_its_owner_is_told(alice, monkeypatch):
    assert second_factor.MOST_IN_ALL == 100
    monkeypatch.setattr(second_factor, "MOST_IN_ALL", 20)
    secret, codes = set_up(alice)
    guesser, owner = Client(), Client()
    give_password(owner)
    owner.post(CODE, {"code": show_code(secret)})
    owner.post("/accounts/logout/")
    give_password(guesser)
    tries = 0
    for _ in range(3 + second_factor.MOST_IN_ALL // second_factor.MOST_WRONG):
        Attempt.objects.all().delete()  # an hour goes by
        tries += sum(guesser.post(CODE, {"code": "not this"}).status_code == 200 for _ in range(12))
    assert tries == second_factor.MOST_IN_ALL
    Attempt.objects.all().delete()
    SecondFactor.objects.update(used=0)
    assert guesser.post(CODE, {"code": show_code(secret)}).status_code == 429  # right, but too late
    give_password(owner)
    assert owner.post(CODE, {"code": show_code(secret)}).status_code == 302  # a browser that logged in before
    assert "gave your right password and 20 wrong codes" in Page(owner.get("/plans/")).text("main")
    assert guesser.post(CODE, {"code": codes[0]}).status_code == 302
    assert "gave your right password" in Page(guesser.get("/plans/")).text("main")
    assert SecondFactor.objects.get().wrong == 0


def test_another_password_lets_codes_be_looked_at_again(alice):
    secret, _ = set_up(alice)
    SecondFactor.objects.update(wrong=second_factor.MOST_IN_ALL)
    with pytest.raises(throttle.TooMany):
        second_factor.check(alice, show_code(secret))
    alice.set_password("violet harbour nineteen")
    alice.save()
    assert second_factor.check(alice, show_code(secret))


def test_a_code_is_for_the_login_that_its_page_was_about(alice):
    """Two tabs of one browser: the login that was begun last is the one that waits."""
    bob = User.objects.create_user("bob", password=PASSWORD)
    (secret, _), (others, _) = set_up(alice), set_up(bob)
    client = Client()
    give_password(client)
    first = Page(client.get(CODE)).one("input", name="whose").get("value")
    give_password(client, "bob")
    answer = client.post(CODE, {"code": show_code(secret), "whose": first})
    assert "Another login has begun" in Page(answer).text("main")
    assert not Event.objects.filter(kind="wrong-code").exists()
    assert client.post(CODE, {"code": show_code(others), "whose": str(bob.pk)}).status_code == 302
    assert get_user(client) == bob


def test_a_login_that_waits_is_begun_anew_where_staff_have_switched_the_factor_off(alice):
    set_up(alice)
    client = Client()
    give_password(client)
    second_factor.remove(alice, actor="root")
    assert client.post(CODE, {"code": "123456"}).url == LOGIN
    assert not Event.objects.filter(kind="wrong-code").exists()
    assert give_password(client).url == "/plans/"


def test_who_has_put_a_session_into_a_browser_cant_go_on_with_its_login(alice):
    set_up(alice)
    client, other = Client(), Client()
    client.get(LOGIN)
    session = client.session
    session["mine"] = True
    session.save()
    client.cookies["sessionid"] = other.cookies["sessionid"] = session.session_key
    give_password(client)
    assert client.get(CODE).status_code == 200
    assert other.get(CODE).url == LOGIN


def test_a_login_waits_for_ten_minutes_and_for_the_password_that_it_had(alice):
    secret, _ = set_up(alice)
    client = Client()
    for spoil in (
        lambda kept: kept | {"at": kept["at"] - pending.LASTS - 1},
        lambda kept: kept | {"proof": "of another password"},
    ):
        give_password(client)
        session = client.session
        session[pending._KEPT] = spoil(session[pending._KEPT])
        session.save()
        assert client.post(CODE, {"code": show_code(secret)}).url == LOGIN
    give_password(client)
    User.objects.update(is_active=False)
    assert client.post(CODE, {"code": show_code(secret)}).url == LOGIN
    assert not is_in(client)


# --- what is asked again, and how it is switched off -----------------------------------------------------------------


def test_acts_that_ask_for_the_password_ask_for_a_code_too(alice):
    secret, _ = set_up(alice)
    client = Client()
    give_password(client)
    client.post(CODE, {"code": show_code(secret)})
    session = client.session
    session[confirmation.GIVEN] -= confirmation.LASTS + 1
    session.save()
    asks = client.post(REMOVE)
    assert asks.status_code == 403
    assert Page(asks).one(id="code-again") is not None
    assert client.post(REMOVE, {"password-again": PASSWORD}).status_code == 403
    assert client.post(REMOVE, {"password-again": PASSWORD, "code-again": "not this"}).status_code == 403
    assert second_factor.is_on(alice)
    SecondFactor.objects.update(used=0)
    client.post(REMOVE, {"password-again": PASSWORD, "code-again": show_code(secret)})
    assert not second_factor.is_on(alice)
    assert Event.objects.get(kind="second-factor-off").detail == "alice"
    assert give_password(Client()).url == "/plans/"


def test_new_recovery_codes_take_the_place_of_the_ones_before(alice):
    _, codes = set_up(alice)
    client = Client()
    client.force_login(alice)
    made = read_codes(client.post("/accounts/factor/codes/"))
    assert not second_factor.check(alice, codes[0])
    assert second_factor.check(alice, made[0])
    assert Event.objects.filter(kind="recovery-codes-made").count() == 1


def test_staff_switch_it_off_for_others_and_not_for_those_above(alice):
    set_up(alice)
    root = User.objects.create_superuser("root", password=PASSWORD)
    set_up(root)
    helper = User.objects.create_user("helper", password=PASSWORD, is_staff=True)
    helper.user_permissions.set(
        helper.user_permissions.model.objects.filter(codename__in=["change_user", "view_user"])
    )
    client = Client()
    client.force_login(helper)
    act = {"action": "switch_factor_off", "_selected_action": [alice.pk, root.pk]}
    client.post("/admin/auth/user/", act)
    assert second_factor.is_on(alice)
    client.post("/admin/auth/user/", act | {"_selected_action": [alice.pk]})
    assert not second_factor.is_on(alice)
    assert second_factor.is_on(root)
    event = Event.objects.get(kind="second-factor-off")
    assert (event.actor, event.detail) == ("helper", "alice")


def test_who_logs_in_elsewhere_has_none(alice):
    alice.set_unusable_password()
    alice.save()
    client = Client()
    client.force_login(alice)
    assert client.post(PREPARE).url == HERE
    assert not SecondFactor.objects.exists()
    assert "log in elsewhere" in Page(client.get(HERE)).text("main")
