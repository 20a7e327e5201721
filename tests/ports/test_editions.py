"""Amendments over editions in the database: through loads of newer and older ones, made, reverted and listed."""

import pytest
from django.core.management import call_command

from ports.actions import (
    NoSuchAmendment,
    activate_matrix,
    keep_snapshot,
    make_amendment,
    revert_amendment,
)
from ports.matrix import NotAmendable
from ports.models import Amendment, PortMatrix
from ports.queries import (
    NoMatrix,
    current_matrix,
    find_held_back,
    find_loaded,
    find_matrix,
    find_state,
    list_amendments,
    list_matrices,
)

pytestmark = pytest.mark.django_db


def amend_ssh(value="2222", **more):
    return make_amendment(row="service/ssh", field="ports", value=value, reason="Behind the proxy", **more)


def states(product=""):
    return [judged.state for judged in list_amendments(product)]


def ssh(product=""):
    return current_matrix(product).services["ssh"].ports


def test_an_amendment_through_five_loads(load):
    load("desk-a")
    number = amend_ssh(author="kim").pk
    assert (ssh(), states()) == ("2222", ["applied"])
    load("desk-b", received="2026-08")
    assert (current_matrix().edition, ssh(), states()) == ("desk-b", "2222", ["applied"])
    load("desk-c", ssh="2200")
    assert (current_matrix().edition, ssh(), states()) == ("desk-c", "2200", ["conflict"])
    assert current_matrix().amendments == ()
    assert find_held_back() == (
        f'Amendment {number} (service/ssh, ports: 22 → 2222) is held back: the edition has "2200", not "22".',
    )
    activate_matrix(matrix=PortMatrix.objects.get(slug="desk-a"))
    assert (current_matrix().edition, ssh(), states()) == ("desk-a", "2222", ["applied"])
    load("desk-c", ssh="2200")
    assert (current_matrix().edition, ssh(), states()) == ("desk-a", "2222", ["applied"])
    revert_amendment(number=number, author="lee")
    assert (ssh(), states(), find_held_back()) == ("22", ["reverted"], ())
    kept = Amendment.objects.get()
    assert (kept.old, kept.new, kept.author, kept.reverted_by) == ("22", "2222", "kim", "lee")
    load("desk-d")
    assert (ssh(), states()) == ("22", ["reverted"])
    assert [edition.slug for edition in list_matrices()] == ["desk-d", "desk-c", "desk-b", "desk-a"]
    assert find_loaded("desk-c").services["ssh"].ports == "2200"


def test_a_matrix_knows_its_edition_and_its_amendments(load):
    load("desk-a")
    plain = current_matrix()
    assert (plain.edition, plain.amendments) == ("desk-a", ())
    amend_ssh()
    amended = current_matrix()
    (known,) = amended.amendments
    assert (known.row, known.field, known.old, known.new) == ("service/ssh", "ports", "22", "2222")
    assert known.reason == "Behind the proxy"
    assert known.made is not None
    assert amended.digest != plain.digest
    assert plain.digest == PortMatrix.objects.get().digest
    assert amended.state != plain.state


def test_another_edition_is_judged_by_the_same_rule(load):
    load("desk-a")
    amend_ssh()
    load("desk-b", activate=False)
    load("desk-c", ssh="2200", activate=False)
    assert find_matrix("desk-b").services["ssh"].ports == "2222"
    assert find_matrix("desk-c").services["ssh"].ports == "2200"
    assert find_loaded("desk-a").services["ssh"].ports == "22"
    assert find_matrix("desk-z") is None
    assert find_loaded("desk-z") is None


def test_one_on_top_of_another_is_held_back_when_that_is_reverted(load):
    load("desk-a")
    first = amend_ssh("2222")
    amend_ssh("2223")
    assert (ssh(), states()) == ("2223", ["applied", "applied"])
    revert_amendment(number=first.pk)
    assert (ssh(), states()) == ("22", ["reverted", "conflict"])


def test_a_field_with_one_that_is_held_back_can_be_amended(load):
    load("desk-a")
    amend_ssh("2222")
    load("desk-c", ssh="2200")
    amend_ssh("2201")
    assert (ssh(), states()) == ("2201", ["conflict", "applied"])
    load("desk-d")
    assert (ssh(), states()) == ("2222", ["applied", "conflict"])


def test_a_refused_amendment_leaves_nothing(load):
    load("desk-a")
    for given in ({"value": "22"}, {"value": "0"}, {"value": "1", "seen": "2200"}):
        with pytest.raises(NotAmendable):
            amend_ssh(**given)
    with pytest.raises(NotAmendable, match='was "2200" when this was begun and is "22" now; look at it again'):
        amend_ssh("1", seen="2200")
    assert not Amendment.objects.exists()
    amend_ssh("1", seen="22")


def test_without_an_edition_nothing_can_be_amended(load):
    with pytest.raises(NoMatrix):
        amend_ssh()
    load("desk-a")
    with pytest.raises(NoMatrix):
        amend_ssh(product="bench")


def test_an_amendment_is_reverted_once(load):
    load("desk-a")
    number = amend_ssh().pk
    revert_amendment(number=number)
    reverted = Amendment.objects.get().reverted
    with pytest.raises(NoSuchAmendment, match=f"Amendment {number} is reverted already"):
        revert_amendment(number=number)
    with pytest.raises(NoSuchAmendment, match="There is no amendment 999"):
        revert_amendment(number=999)
    assert Amendment.objects.get().reverted == reverted


def test_amendments_are_those_of_a_product(load):
    load("desk-a")
    load("bench-a", product="Bench")
    amend_ssh()
    amend_ssh("2022", product="bench")
    assert (ssh(), ssh("bench")) == ("2222", "2022")
    load("bench-b", ssh="2200", product="Bench")
    assert (states(), states("bench")) == (["applied"], ["conflict"])
    assert len(find_held_back()) == 1
    assert find_held_back("desk") == ()
    PortMatrix.objects.filter(slug="bench-b").update(current=False)
    assert [judged.why for judged in list_amendments("bench")] == ["the product has no current edition."]


def test_what_was_said_under_amendments_is_found_by_its_digest(load, django_assert_num_queries):
    load("desk-a")
    edition = current_matrix().digest
    amend_ssh()
    amended = current_matrix().digest
    keep_snapshot(matrix=current_matrix())
    revert_amendment(number=Amendment.objects.get().pk)
    assert find_state(amended).services["ssh"].ports == "2222"
    load("desk-c", ssh="2200")
    assert find_state(edition).services["ssh"].ports == "22"
    with django_assert_num_queries(2):
        assert find_state("0" * 64) is None


def test_an_unchanged_matrix_with_amendments_costs_one_query(load, django_assert_num_queries):
    load("desk-a")
    amend_ssh()
    current_matrix()
    with django_assert_num_queries(1):
        assert ssh() == "2222"


def test_what_is_held_back_is_judged_once(load, django_assert_num_queries):
    load("desk-a")
    amend_ssh()
    load("desk-c", ssh="2200")
    assert states("desk") == ["conflict"]
    with django_assert_num_queries(2):  # the amendments, and the marks of the current edition
        (judged,) = list_amendments("desk")
    assert (judged.state, judged.why) == ("conflict", 'the edition has "2200", not "22".')
    amend_ssh("2222", product="desk")
    assert states("desk") == ["conflict", "applied"]


def test_the_start_says_what_is_held_back(load, capsys, tmp_path):
    load("desk-a")
    amend_ssh()
    load("desk-c", ssh="2200")
    call_command("load_matrix", str(tmp_path / "desk-c.json"))
    told = capsys.readouterr()
    assert told.out.endswith(": already loaded.\n")
    assert "is held back: the edition has" in told.err
    activate_matrix(matrix=PortMatrix.objects.get(slug="desk-a"))
    call_command("load_matrix", str(tmp_path / "desk-c.json"))
    assert capsys.readouterr().err == ""
