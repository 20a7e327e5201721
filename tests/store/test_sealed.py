"""What is sealed is opened with the service's key at the place that it was sealed for, and nowhere else."""

import pytest

from planner.store.sealed import Unopened, seal, unseal

DATA = b"set password ENC Hunter2" * 10


def test_it_is_opened_at_its_place_alone():
    sealed = seal(DATA, of="job", place="sent 0")
    assert unseal(sealed, of="job", place="sent 0") == DATA
    assert b"Hunter2" not in sealed
    assert seal(DATA, of="job", place="sent 0") != sealed
    for of, place in (("other", "sent 0"), ("job", "sent 1"), ("job", "made 0")):
        with pytest.raises(Unopened):
            unseal(sealed, of=of, place=place)


def test_what_is_damaged_is_not_opened():
    sealed = seal(DATA, of="job", place="sent 0")
    for damaged in (sealed[:-1], sealed[:20] + bytes([sealed[20] ^ 1]) + sealed[21:], sealed[:5], b""):
        with pytest.raises(Unopened):
            unseal(damaged, of="job", place="sent 0")


def test_another_key_opens_it_only_where_it_is_one_of_before(settings):
    sealed, was = seal(DATA, of="job", place="sent 0"), settings.SECRET_KEY
    settings.SECRET_KEY = "another key of the service, long enough to be one"
    with pytest.raises(Unopened):
        unseal(sealed, of="job", place="sent 0")
    settings.SECRET_KEY_FALLBACKS = [was]
    assert unseal(sealed, of="job", place="sent 0") == DATA
