"""What readers share: what can't be said is refused, not guessed."""

import pytest

from planner.engine.existing.parts import Addresses, read_address, read_name


def test_nobody_knows_all_addresses_but_those_of_a_name():
    with pytest.raises(ValueError, match="all but a DNS name"):
        Addresses(names=frozenset({"vault.example.com"})).others()


@pytest.mark.parametrize(
    "text", ["", "-", "10.0.0.1-", "10.0.0.0/0.255.255.255", "10.0.0.0/255.0.255.0", "x" * 101, "10.1"]
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ValueError, match=r".*"):
        read_address(text)


@pytest.mark.parametrize(
    "text", ["vault", "a..example", "-a.example", "a.example.0", "é.example", "a" * 64 + ".example"]
)
def test_what_is_no_name_is_refused(text):
    with pytest.raises(ValueError, match="no DNS name"):
        read_name(text)
