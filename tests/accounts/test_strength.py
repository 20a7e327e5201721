"""A password is weak by what it is made of, names of whose it is among that; a new one is in the log."""

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from planner.accounts.strength import StrengthValidator
from planner.store.models import Event
from planner.store.weakness import find_weakness

WHO = {
    "username": "zvrtkamundelq",
    "first_name": "Quillbraith",
    "last_name": "Ombrevane",
    "email": "kesselwyth@example.org",
}


@pytest.mark.parametrize("name", WHO)
def test_each_name_of_a_person_is_held_against_their_password(name):
    password = f"{WHO[name]}7"
    assert find_weakness(password) == "", "for others it is strong"
    with pytest.raises(ValidationError, match="It is easy to guess") as caught:
        StrengthValidator().validate(password, User(**WHO))
    assert caught.value.code == "password_too_weak"


def test_a_password_without_a_person_is_held_against_words_alone():
    StrengthValidator().validate("violet harbour nineteen")
    StrengthValidator().validate("violet harbour nineteen", User(**WHO))
    with pytest.raises(ValidationError):
        StrengthValidator().validate("password1")
    assert find_weakness("violet harbour nineteen") == ""
    assert find_weakness("x" * 100).startswith("It is easy to guess. ")


@pytest.mark.django_db
def test_a_new_password_of_an_account_is_in_the_log():
    StrengthValidator().password_changed("x")
    StrengthValidator().password_changed("x", User(**WHO))
    assert list(Event.objects.values_list("kind", "detail")) == [("password-changed", "zvrtkamundelq")]
