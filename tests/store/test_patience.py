"""Wrong passwords are few, and a stranger's keep nobody out: waiting, its proof, known browsers, networks."""

from datetime import timedelta

import pytest
from django.utils import timezone

from planner.store import patience, throttle
from planner.store.models import Attempt
from planner.store.patience import Try, Wait, admit

pytestmark = pytest.mark.django_db
STRANGER, OWNER = "203.0.113.9", "198.51.100.7"


def login(name="alice", client=STRANGER, **more):
    return Try(kind="login", subject=name, client=client, **more)


def exhaust(one, tries=patience.HERE):
    for _ in range(tries):
        admit(one)


@pytest.fixture
def clock(monkeypatch):
    """Moves the time on by so many seconds, also for what is signed."""
    start, moved = timezone.now(), [0.0]
    monkeypatch.setattr("django.utils.timezone.now", lambda: start + timedelta(seconds=moved[0]))
    monkeypatch.setattr("django.core.signing.time.time", lambda: start.timestamp() + moved[0])

    def go_on(seconds):
        moved[0] += seconds

    return go_on


def test_a_strangers_wrong_tries_keep_nobody_out_elsewhere():
    exhaust(login())
    with pytest.raises(Wait):
        admit(login())
    admit(login(client=OWNER))
    admit(login("bob"))


def test_who_shares_the_address_waits_some_seconds_and_is_let_in(clock):
    exhaust(login())
    with pytest.raises(Wait) as told:
        admit(login())
    assert told.value.wait == 10
    for _ in range(3):
        with pytest.raises(Wait) as early:
            admit(login(token=told.value.token))
        assert early.value.token == told.value.token, "asking again makes it no longer"
    clock(10)
    assert admit(login(token=told.value.token))


def test_a_proof_is_good_once_for_its_subject_and_place_and_for_minutes(clock):
    exhaust(login())
    exhaust(login("bob"))
    exhaust(login(client=OWNER))
    with pytest.raises(Wait) as told:
        admit(login())
    token = told.value.token
    clock(10)
    for other in (login("bob", token=token), login(client=OWNER, token=token), login(token=token + "x")):
        with pytest.raises(Wait):
            admit(other)
    admit(login(token=token))
    with pytest.raises(Wait):
        admit(login(token=token))
    with pytest.raises(Wait) as again:
        admit(login())
    clock(601)
    with pytest.raises(Wait) as late:
        admit(login(token=again.value.token))
    assert late.value.token != again.value.token


def test_proofs_that_were_hoarded_are_admitted_a_few_in_a_minute(clock):
    exhaust(login())
    tokens = []
    for _ in range(20):
        with pytest.raises(Wait) as told:
            admit(login())
        tokens.append(told.value.token)
    clock(10)
    admitted = 0
    for token in tokens:
        try:
            admit(login(token=token))
            admitted += 1
        except Wait:
            pass
    assert admitted == patience.PACE


def test_tries_from_everywhere_on_one_name_have_to_wait_and_so_do_those_on_many_names_from_one_place():
    for number in range(patience.ON_SUBJECT):
        admit(login(client=f"192.0.2.{number}"))
    with pytest.raises(Wait):
        admit(login(client=OWNER))
    Attempt.objects.all().delete()
    for number in range(patience.FROM_PLACE):
        admit(login(f"name{number}"))
    with pytest.raises(Wait):
        admit(login("alice"))


def test_a_browser_that_was_right_before_waits_for_nobody():
    for number in range(patience.ON_SUBJECT):
        admit(login(client=f"192.0.2.{number}"))
    exhaust(login(client=OWNER, known="k" * 32))
    with pytest.raises(Wait):
        admit(login(client=OWNER, known="k" * 32))
    admit(login(client=OWNER, known="m" * 32))


def test_what_has_to_wait_is_not_counted_and_what_is_right_is_forgiven():
    exhaust(login())
    before = Attempt.objects.count()
    with pytest.raises(Wait):
        admit(login())
    assert Attempt.objects.count() == before
    patience.forgive(admit(login("bob", client=OWNER)))
    assert Attempt.objects.count() == before


@pytest.mark.parametrize(
    ("client", "network"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("203.0.113.9", "203.0.113.9"),
        ("", ""),
    ],
)
def test_a_client_of_ipv6_is_its_network_of_64_bits(client, network):
    assert throttle.network_of(client) == network


def test_one_machine_with_many_addresses_of_ipv6_is_one_place():
    for number in range(patience.HERE):
        admit(login(client=f"2001:db8::{number:x}"))
    with pytest.raises(Wait):
        admit(login(client="2001:db8::ffff"))
    admit(login(client="2001:db8:0:1::1"))
