"""An edition says what its rows were called before: checked at load, told by `diff`, followed by amendments."""

import pytest

from ports.actions import activate_matrix, load_matrix, make_amendment, revert_amendment
from ports.matrix import Amendment, MatrixError, amend, build_amended, build_matrix, digest_records
from ports.matrix.differences import Difference, describe_difference, find_differences, show_both
from ports.matrix.following import follow_value
from ports.matrix.renames import map_names
from ports.models import PortMatrix
from ports.queries import current_matrix, edition_records, find_loaded, find_state, list_amendments
from tests.ports.records import fixture_text, make_records, record
from tests.ports.renamed import make_second, make_third

HTTPS = Amendment(number=1, row="service/https", field="ports", old="8443", new="9443", reason="Proxy")


def faults_of(*renamed):
    records = make_records()
    records["portmatrix"][0]["renamed"] = [{"row": row, "was": was} for row, was in renamed]
    try:
        build_matrix(records)
    except MatrixError as error:
        return [fault.removeprefix("portmatrix 'Desk': renamed: ") for fault in error.faults]
    return []


@pytest.mark.parametrize(
    ("row", "was"),
    [
        ("service/https", "web"),
        ("role/user", "person"),
        ("requirement/people", "users"),
        ("check/no-desk", "none"),
        ("section/2", "1.1"),
        ("choice/mail", "post"),
        ("choice/mail/yes", "always"),
    ],
)
def test_rows_of_any_kind_and_options_can_have_been_renamed(row, was):
    assert faults_of((row, was)) == []


def test_a_row_can_have_had_several_names():
    assert faults_of(("service/https", "web"), ("service/https", "site")) == []


@pytest.mark.parametrize(
    "row", ["service/nothing", "gadget/https", "https", "portmatrix", "choice/mail/never", "choice/no/yes"]
)
def test_a_row_that_is_not_there_can_not_have_been_renamed(row):
    assert faults_of((row, "web")) == [
        f"there is no row '{row}'; a row is KIND/SLUG of this edition, as in service/website, or choice/SLUG/OPTION."
    ]


def test_an_old_name_is_no_row_of_this_edition_so_there_are_no_chains():
    said = "'service/https' can't have been 'ssh', as this edition has a service 'ssh' itself."
    assert faults_of(("service/https", "ssh")) == [said]
    assert faults_of(("service/https", "ssh"), ("service/ssh", "shell")) == [said]
    assert faults_of(("choice/mail/yes", "no")) == [
        "'choice/mail/yes' can't have been 'no', as this edition has a choice/mail 'no' itself."
    ]
    assert faults_of(("service/https", "agent")) == [], "that is the slug of a row of another kind"


def test_two_rows_can_not_have_been_one():
    assert faults_of(("service/https", "web"), ("service/ssh", "web")) == [
        "service/https and service/ssh can't both have been 'web'."
    ]
    assert faults_of(("service/https", "web"), ("role/user", "web")) == []


@pytest.mark.parametrize("was", ["", "service/web"])
def test_an_old_name_is_a_slug_alone(was):
    assert faults_of(("service/https", was)) == [
        f"'{was}' is no slug that 'service/https' can have had; give the slug alone."
    ]


def test_saying_that_nothing_was_renamed_is_saying_nothing():
    records = make_records()
    digest = digest_records(records)
    records["portmatrix"][0]["renamed"] = []
    assert digest_records(records) == digest
    records["portmatrix"][0]["renamed"] = [{"row": "service/https", "was": "web"}]
    assert digest_records(records) != digest


def test_names_lead_to_the_one_that_is_there_whichever_edition_says_it():
    renames = (("service/b", "a"), ("service/c", "b"), ("role/x", "a"))
    assert map_names(renames, "service", {"c", "z"}) == {"a": "c", "b": "c"}
    assert map_names(renames, "service", {"a"}) == {"b": "a", "c": "a"}
    assert map_names(renames, "service", {"a", "c"}) == {}, "which is meant can't be told"
    assert map_names(renames, "service", {"z"}) == {}
    assert map_names(renames, "role", {"x"}) == {"a": "x"}


def test_options_follow_their_choice_when_that_has_another_name_too():
    renames = (("choice/b", "a"), ("choice/b/yes", "on"), ("choice/c", "b"), ("choice/c/always", "yes"))
    assert map_names(renames, "choice/c", {"always", "no"}) == {"on": "always", "yes": "always"}
    assert map_names(renames, "choice/a", {"on"}) == {"yes": "on", "always": "on"}
    assert map_names(renames, "choice/other", {"yes"}) == {}
    assert map_names(renames, "choice", {"c"}) == {"a": "c", "b": "c"}


# --- diff ---


def renames_in(found):
    return [(one.change, one.row, one.field, one.old, one.new) for one in found if one.field == "slug"]


def test_a_renamed_row_is_told_as_such_and_not_as_one_that_went_and_one_that_came():
    found = find_differences(make_records(), make_second())
    assert renames_in(found) == [("changed", "service/web-ui", "slug", "https", "web-ui")]
    rows = [one.row for one in found]
    assert rows == ["service/web-ui", "check/in-clear"], "no row that names it, and no head; a subject is any word"
    told = [describe_difference(one, old="in A", new="in B") for one in found]
    assert "service/web-ui is called 'https' in A and 'web-ui' in B." in told


def test_of_several_renames_the_rows_and_the_options_are_told_and_nothing_that_names_them():
    def told(old, new):
        return [
            (one.row, one.field) for one in find_differences(old, new) if not one.row.startswith(("port", "check"))
        ]

    second, third = make_second(), make_third()
    assert "mail" in str(second["requirement"]), "something names the choice, and its option"
    assert told(second, third) == [("service/portal", "slug"), ("choice/post", "slug"), ("choice/post", "options")]
    assert told(third, second) == [("service/web-ui", "slug"), ("choice/mail", "slug"), ("choice/mail", "options")]


def test_a_row_that_names_another_one_than_before_is_told_beside_a_rename():
    second = make_second()
    record(second, "requirement", "people")["services"] = [{"service": "ssh"}]
    (found,) = [one for one in find_differences(make_records(), second) if one.row.startswith("requirement/")]
    assert (found.field, found.old, found.new) == ("services", [{"service": "web-ui"}], [{"service": "ssh"}])


def test_what_else_a_renamed_row_differs_in_is_told_under_its_new_name():
    second = make_second()
    record(second, "service", "web-ui")["ports"] = "443"
    found = find_differences(make_records(), second)
    assert [(one.field, one.old, one.new) for one in found if one.row == "service/web-ui"] == [
        ("slug", "https", "web-ui"),
        ("ports", "8443", "443"),
    ]


def test_the_way_back_is_told_in_the_same_way():
    found = find_differences(make_second(), make_records())
    assert renames_in(found) == [("changed", "service/https", "slug", "web-ui", "https")]
    assert {one.change for one in found} == {"changed"}


def test_what_is_said_of_renamed_rows_is_told_itself_where_nothing_else_tells_it():
    second = make_second()
    said = second["portmatrix"][0].pop("renamed")
    (found,) = find_differences(second, make_second())
    assert (found.row, found.field, found.old, found.new) == ("portmatrix", "renamed", [], said)


def test_a_renamed_row_in_another_place_is_moved_as_any_other():
    second = make_second()
    second["service"].reverse()
    assert [one.row for one in find_differences(make_records(), second) if one.change == "moved"] == ["service"]
    assert not [one for one in find_differences(make_records(), make_second()) if one.change == "moved"]


def test_two_rows_of_before_are_not_one_of_now():
    second = make_second()
    second["portmatrix"][0]["renamed"] += [{"row": "service/web-ui", "was": "site"}]
    first = make_records()
    first["service"].append(record(first, "service", "https") | {"slug": "site"})
    changes = {(one.change, one.row) for one in find_differences(first, second) if one.row.startswith("service/")}
    assert changes == {("removed", "service/https"), ("removed", "service/site"), ("added", "service/web-ui")}


def test_options_are_followed_wherever_a_choice_is_named():
    names = {"choice": {"mail": "post"}, "choice/post": {"yes": "always"}}
    for before, after in (
        ({"mail": "yes"}, {"post": "always"}),
        ({"mail": ["no", "yes"]}, {"post": ["no", "always"]}),
        ({"mail": 3, "other": "yes"}, {"post": 3, "other": "yes"}),
    ):
        assert follow_value("topology", "choices", before, names) == after
    assert follow_value("topology", "choices", "no mapping", names) == "no mapping"
    assert follow_value("topology", "unknown", {"mail": "yes"}, names) == {"mail": "yes"}


# --- amendments ---


def test_an_amendment_whose_values_name_renamed_rows_applies_with_their_new_names():
    both = [{"service": "https"}, {"service": "ssh"}]
    amendment = Amendment(
        number=1, row="requirement/people", field="services", old=[{"service": "https"}], new=both, reason="Our way."
    )
    matrix, conflicts = build_amended(make_second(), [amendment])
    assert not conflicts
    assert [(one.old, one.new) for one in matrix.amendments] == [
        ([{"service": "web-ui"}], [{"service": "web-ui"}, {"service": "ssh"}])
    ]
    option = Amendment(
        number=2,
        row="requirement/mail-out",
        field="when",
        old=[{"choice": "mail", "options": ["yes"]}, {"role": "agent"}],
        new=[{"role": "agent"}],
        reason="Always here.",
    )
    _, (applied,), conflicts = amend(make_third(), [option])
    assert not conflicts
    assert applied.old[0] == {"choice": "post", "options": ["always"]}


def test_an_amendment_applies_to_the_row_by_its_new_name_and_is_judged_by_the_old_value():
    matrix, conflicts = build_amended(make_second(), [HTTPS])
    assert matrix.services["web-ui"].ports == "9443"
    assert [(one.number, one.row) for one in matrix.amendments] == [(1, "service/web-ui")]
    assert conflicts == ()
    second = make_second()
    record(second, "service", "web-ui")["ports"] = "443"
    _, applied, (conflict,) = amend(second, [HTTPS])
    assert applied == ()
    assert (conflict.amendment.row, conflict.why) == ("service/web-ui", 'the edition has "443", not "8443".')


def test_an_amendment_of_a_name_that_no_edition_ties_to_this_one_is_held_back():
    second = make_second()
    second["portmatrix"][0]["renamed"] = []
    _, _, (conflict,) = amend(second, [HTTPS])
    assert (conflict.amendment.row, conflict.why) == ("service/https", "the edition has no such row.")


@pytest.fixture
def load(db, tmp_path):
    """A function that loads an edition from its records."""

    def load(records, *, activate=True):
        path = tmp_path / "edition.json"
        path.write_text(fixture_text(records), "utf-8")
        return load_matrix(path=path, activate=activate)[0]

    PortMatrix.objects.all().delete()
    return load


def applied(product="desk"):
    return [(one.facts.row, one.state) for one in list_amendments(product)]


def test_amendments_follow_through_three_editions_and_back(load):
    first = load(make_records())
    made = make_amendment(row="service/https", field="ports", value="9443", reason="Proxy", product="desk")
    second = load(make_second())
    assert applied() == [("service/web-ui", "applied")]
    assert current_matrix("desk").services["web-ui"].ports == "9443"
    load(make_third())
    assert applied() == [("service/portal", "applied")], "by way of the second edition's name"
    assert current_matrix("desk").services["portal"].ports == "9443"
    activate_matrix(matrix=first)
    assert applied() == [("service/https", "applied")]
    assert current_matrix("desk").services["https"].ports == "9443"
    activate_matrix(matrix=second)
    assert applied() == [("service/web-ui", "applied")]
    made.refresh_from_db()
    assert (made.row, made.old, made.new) == ("service/https", "8443", "9443"), "as it was made"
    revert_amendment(number=made.pk)
    assert applied() == [("service/web-ui", "reverted")]
    assert current_matrix("desk").services["web-ui"].ports == "8443"


def test_an_amendment_of_the_new_name_holds_under_the_older_edition(load):
    first = load(make_records())
    load(make_third())
    load(make_second(), activate=False)
    make_amendment(row="service/portal", field="ports", value="9443", reason="Proxy", product="desk")
    activate_matrix(matrix=first)
    assert applied() == [("service/https", "applied")]
    assert current_matrix("desk").services["https"].ports == "9443"


def test_an_edition_that_is_loaded_later_tells_what_ties_two_others(load):
    load(make_records())
    make_amendment(row="service/https", field="ports", value="9443", reason="Proxy", product="desk")
    load(make_third())
    assert applied() == [("service/https", "conflict")]
    assert current_matrix("desk").services["portal"].ports == "8443"
    load(make_second(), activate=False)
    assert applied() == [("service/portal", "applied")]
    assert current_matrix("desk").services["portal"].ports == "9443", "kept matrices are made anew"


def test_differences_of_editions_that_are_here_go_by_what_any_of_them_says(load):
    first, _, third = load(make_records()), load(make_second()), load(make_third())
    found = find_differences(edition_records(first.pk), edition_records(third.pk))
    assert renames_in(found) == [
        ("changed", "service/portal", "slug", "https", "portal"),
        ("changed", "choice/post", "slug", "mail", "post"),
    ]
    assert {one.change for one in found} == {"changed"}


def test_a_matrix_of_before_is_made_once_for_what_is_said_of_renamed_rows(load):
    digest = build_matrix(edition_records(load(make_records()).pk)).digest
    assert find_state(digest).renames == ()
    load(make_second())
    second = find_state(digest)
    assert second.renames == (("service/web-ui", "https"),)
    assert find_state(digest) is second
    load(make_third())
    assert set(second.renames) < set(find_state(digest).renames)


def test_another_products_editions_say_nothing_of_this_ones(load):
    load(make_records())
    other = make_second()
    other["portmatrix"][0] |= {"product": "Stool", "slug": "stool-1"}
    load(other)
    assert find_loaded("desk-2026-05").renames == ()
    assert find_loaded("stool-1").renames == (("service/web-ui", "https"),)


def test_of_long_values_the_part_around_the_first_character_that_differs_is_shown():
    long, other = "a" * 200 + "b" * 200, "a" * 200 + "c" * 200
    before, now = show_both(long, other)
    assert (before, now) == (f"…{'a' * 39}{'b' * 81}…"[:0] + before, now)
    assert before.startswith("…a")
    assert before.endswith("b…")
    assert (before.index("b"), now.index("c")) == (41, 41)
    assert len(before) == len(now) == 122
    assert show_both(long, "a")[0] == f'"{"a" * 119}…'
    assert show_both("a", "b") == ('"a"', '"b"')
    said = describe_difference(Difference(change="changed", row="service/ssh", field="notes", old=long, new=other))
    assert said == f"service/ssh: the field 'notes' is {before} here and {now} in the file."
