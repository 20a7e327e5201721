"""Amendments over records: what is applied, what is held back and why, and what can't be amended at all. Pure."""

from copy import deepcopy
from datetime import date

import pytest

from ports.matrix import Amendment, NotAmendable, amend, build_amended, build_matrix, digest_records
from ports.matrix.amendments import (
    find_place,
    prepare,
    read_value,
    say_amendment,
    say_change,
    say_conflict,
    say_place,
    write_value,
)
from tests.ports.records import make_records, record


def change(number, row, field, old, new, **more):
    return Amendment(number=number, row=row, field=field, old=old, new=new, reason="Here", **more)


SSH = change(1, "service/ssh", "ports", "22", "2222")


def judge(records, *amendments):
    """The numbers that are applied, and why each other one is held back."""
    _, applied, conflicts = amend(records, amendments)
    return [one.number for one in applied], {one.amendment.number: one.why for one in conflicts}


def test_nothing_amended_is_the_edition(records):
    before = deepcopy(records)
    matrix, conflicts = build_amended(records, [])
    assert matrix == build_matrix(records)
    assert (matrix.amendments, conflicts) == ((), ())
    assert (matrix.product_slug, matrix.edition) == ("desk", "desk-2026-05")
    assert records == before


def test_an_amendment_is_applied_where_the_field_has_its_old_value(records):
    before = deepcopy(records)
    matrix, conflicts = build_amended(records, [SSH])
    assert matrix.services["ssh"].ports == "2222"
    assert matrix.amendments == (SSH,)
    assert conflicts == ()
    record(before, "service", "ssh")["ports"] = "2222"
    assert matrix.digest == digest_records(before)
    assert record(records, "service", "ssh")["ports"] == "22", "the edition stays as it is"


def test_one_is_held_back_where_the_value_is_another(records):
    record(records, "service", "ssh")["ports"] = "2200"
    assert judge(records, SSH) == ([], {1: 'the edition has "2200", not "22".'})
    assert build_amended(records, [SSH])[0] == build_matrix(records)


def test_one_is_held_back_even_where_the_edition_has_its_new_value(records):
    record(records, "service", "ssh")["ports"] = "2222"
    assert judge(records, SSH) == ([], {1: 'the edition has "2222", not "22".'})


def test_one_is_held_back_where_the_row_or_the_field_is_gone(records):
    kind = change(2, "gadget/x", "ports", "1", "2")
    field = change(3, "service/ssh", "colour", "red", "blue")
    records["service"] = [row for row in records["service"] if row["slug"] != "dynamic"]
    row = change(1, "service/dynamic", "ports", "49152-65535", "1")
    assert judge(records, row, kind, field) == (
        [],
        {
            1: "the edition has no such row.",
            2: "there are no rows of the kind gadget.",
            3: "rows of the kind service have no field 'colour'.",
        },
    )


def test_they_are_judged_in_the_order_of_their_numbers_each_over_the_ones_before(records):
    second = change(2, "service/ssh", "ports", "2222", "2223")
    assert judge(records, second, SSH) == ([1, 2], {})
    assert judge(records, change(1, "service/ssh", "ports", "2222", "2223"), change(2, *list_of(SSH))) == (
        [2],
        {1: 'the edition has "22", not "2222".'},
    )
    assert judge(records, second) == ([], {2: 'the edition has "22", not "2222".'})


def list_of(amendment):
    return amendment.row, amendment.field, amendment.old, amendment.new


def test_one_by_which_the_matrix_would_be_none_is_held_back_with_the_fault(records):
    gone = change(1, "role/agent", "kind", "server", "nonsense")
    applied, held = judge(records, gone, change(2, *list_of(SSH)))
    assert applied == [2]
    assert held[1].startswith("the matrix would have a fault by it: role 'agent': ")
    assert build_amended(records, [gone])[0].roles["agent"].kind == "server"


def test_faults_that_the_edition_has_itself_hold_nothing_back(records):
    record(records, "service", "https")["ports"] = "0"
    assert judge(records, SSH) == ([1], {})


def test_what_is_left_out_of_a_row_has_its_blank_value(records):
    del record(records, "role", "agent")["description"]
    assert judge(records, change(1, "role/agent", "description", "", "Reads.")) == ([1], {})
    assert judge(records, change(1, "role/agent", "exclusive", 0, True))[0] == [], "false is no 0"


def test_lists_mappings_flags_and_the_document_can_be_amended(records):
    matrix, conflicts = build_amended(
        records,
        [
            change(1, "choice/mail", "default", ["no"], ["yes"]),
            change(2, "caveat/ssh-port", "service_ports", {"ssh": "2222"}, {"ssh": "2022"}),
            change(3, "service/ssh", "configurable", True, False),
            change(4, "portmatrix", "received", "2026-05", "2026-05, by mail"),
            change(5, "section/2", "title", "Inventory", "Stock"),
        ],
    )
    assert conflicts == ()
    assert matrix.choices["mail"].default == ("yes",)
    assert matrix.services["ssh"].configurable is False
    assert (matrix.received, matrix.section_title("2")) == ("2026-05, by mail", "Stock")


# --- whole rows: what staff had added, removed and moved before there were amendments --------------------------------

BSD = {"slug": "bsd", "name": "BSD", "icon": ""}


def test_a_row_is_added_unless_the_edition_has_one_of_that_name(records):
    added = change(1, "platform/bsd", "", None, BSD)
    matrix, _ = build_amended(records, [added])
    assert list(matrix.platforms) == ["linux", "bsd"]
    records["platform"].append(BSD)
    assert judge(records, added) == ([], {1: "the edition has a row of that name itself."})


def test_a_row_is_removed_if_it_is_as_it_was(records):
    old = dict(record(records, "caveat", "silent"))
    removed = change(1, "caveat/silent", "", old, None)
    assert "silent" not in build_amended(records, [removed])[0].caveats
    record(records, "caveat", "silent")["text"] = "DNS and NTP."
    assert judge(records, removed) == ([], {1: "the edition's row isn't what was removed."})
    records["caveat"].clear()
    assert judge(records, removed)[1] == {1: "the edition has no such row."}


def test_what_names_an_added_row_falls_with_it(records):
    added = change(1, "platform/bsd", "", None, BSD)
    target = {"operation": "inventory", "platform": "linux"}
    named = change(2, "requirement/linux", "target", target, target | {"platform": "bsd"})
    assert judge(records, added, named) == ([1, 2], {})
    applied, held = judge(records, named)
    assert applied == []
    assert "there is no platform 'bsd'" in held[2]


def test_rows_are_put_into_another_order_where_they_have_the_old_one(records):
    names = [row["slug"] for row in records["session"]] + ["web"]
    records["session"].append({"slug": "web", "name": "Web"})
    order = change(1, "session", "position", names, names[::-1])
    assert list(build_amended(records, [order])[0].sessions) == names[::-1]
    records["session"].append({"slug": "more", "name": "More"})
    assert judge(records, order) == ([], {1: "the edition has other rows, or another order of them."})


# --- making one ------------------------------------------------------------------------------------------------------


def make(records, row="service/ssh", field="ports", value="2222", reason="Behind the proxy", others=()):
    return prepare(records, others, row=row, field=field, value=value, reason=reason, number=9)


def refused(*args, **kwargs):
    with pytest.raises(NotAmendable) as caught:
        make(*args, **kwargs)
    return list(caught.value.faults)


def test_it_takes_the_value_that_is_there_now_as_the_old_one(records):
    assert make(records).old == "22"
    assert make(records, others=[SSH], value="2223").old == "2222"
    assert make(records, reason="  Behind\n the proxy ").reason == "Behind the proxy"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"value": "22"}, "service/ssh: the field 'ports' is \"22\" already."),
        ({"reason": " \n"}, "An amendment needs a reason: say in a few words why it differs here."),
        ({"reason": "x" * 301}, "The reason has 301 characters; allowed are 300."),
        ({"row": "gadget/x"}, "There is no row 'gadget/x'. A row is KIND/NAME, as in service/website, or portmatrix"),
        ({"row": "service"}, "There is no row 'service'. A row is KIND/NAME"),
        ({"row": "portmatrix/desk"}, "There is no row 'portmatrix/desk'. A row is KIND/NAME"),
        ({"row": "service/web"}, "There is no service 'web'; there are https, ssh, dynamic, ping."),
        ({"field": "port"}, "service/ssh: 'port' is no field of it; allowed are name, protocol, ports, configurable"),
        ({"field": "slug"}, "service/ssh: 'slug' names the row and can't be amended; allowed are name, protocol"),
        ({"field": "matrix"}, "service/ssh: 'matrix' is no field of it"),
        ({"row": "portmatrix", "field": "product"}, "portmatrix: 'product' names the row and can't be amended"),
        ({"value": "70000"}, "service 'ssh': the port '70000' is outside 1 to 65535."),
        ({"value": 2222}, "service 'ssh': the field 'ports' has the wrong type, int."),
    ],
)
def test_what_cant_be_amended_is_refused_with_a_sentence(given, sentence):
    (fault,) = refused(make_records(), **given)
    assert fault.startswith(sentence)


def test_all_faults_that_the_matrix_would_have_are_told(records):
    faults = refused(records, row="caveat/ssh-port", field="service_ports", value={"ghost": "1", "ssh": "0"})
    assert faults == [
        "caveat 'ssh-port': there is no service 'ghost'.",
        "caveat 'ssh-port': the port '0' is outside 1 to 65535.",
    ]


def test_a_fault_that_is_there_already_keeps_nothing_from_being_amended(records):
    record(records, "service", "https")["ports"] = "0"
    assert make(records).new == "2222"


@pytest.mark.parametrize(
    ("row", "field", "text", "value"),
    [
        ("service/ssh", "ports", "2222", "2222"),
        ("service/ssh", "ports", "", ""),
        ("service/ssh", "configurable", "false", False),
        ("role/agent", "is_a", '["desk"]', ["desk"]),
        ("caveat/ssh-port", "service_ports", '{"ssh": "1"}', {"ssh": "1"}),
        ("choice/mail", "default", "null", None),
    ],
)
def test_a_value_is_text_or_json_as_its_field_is(records, row, field, text, value):
    facet = find_place(records, row, field)[2]
    assert read_value(row, facet, text) == value
    assert type(read_value(row, facet, text)) is type(value)
    assert read_value(row, facet, write_value(facet, value)) == value


@pytest.mark.parametrize(
    ("row", "field", "text", "sentence"),
    [
        ("service/ssh", "configurable", "yes", 'is true or false, not "yes".'),
        ("role/agent", "is_a", "desk", 'is a list in JSON, as in ["a", "b"], not "desk".'),
        ("role/agent", "is_a", '{"a": 1}', 'is a list in JSON, as in ["a", "b"], not "{'),
        ("role/agent", "is_a", "null", 'is a list in JSON, as in ["a", "b"], not "null".'),
        ("choice/mail", "default", "7", 'is a list in JSON or null, as in ["a", "b"], not "7".'),
        ("caveat/ssh-port", "service_ports", "[]", 'is a mapping in JSON, as in {"a": "b"}, not "[]".'),
    ],
)
def test_a_value_that_is_none_is_refused(records, row, field, text, sentence):
    with pytest.raises(NotAmendable) as caught:
        read_value(row, find_place(records, row, field)[2], text)
    assert str(caught.value).startswith(f"{row}: the field '{field}' {sentence}")


# --- in words --------------------------------------------------------------------------------------------------------


def test_amendments_are_told_in_a_few_words():
    made = change(1, "service/website", "ports", "443", "8443", made=date(2026, 11, 25))
    assert say_place(made) == "service/website, ports"
    assert say_amendment(made) == "443 → 8443, Here, 25 November 2026"
    assert say_amendment(SSH) == "22 → 2222, Here"
    assert say_change(change(1, "role/x", "is_a", [], ["desk"])) == '[] → ["desk"]'
    assert say_change(change(1, "role/x", "description", "", "Y")) == "nothing → Y"
    assert say_change(change(1, "platform/bsd", "", None, BSD)) == "row added"
    assert say_change(change(1, "platform/bsd", "", BSD, None)) == "row removed"
    assert say_change(change(1, "platform", "position", ["a"], ["b"])) == "another order"
    assert len(say_change(change(1, "role/x", "description", "x" * 999, "y" * 999))) < 300


def test_a_conflict_is_told_in_a_sentence(records):
    record(records, "service", "ssh")["ports"] = "2200"
    (conflict,) = amend(records, [SSH])[2]
    assert say_conflict(conflict) == (
        'Amendment 1 (service/ssh, ports: 22 → 2222) is held back: the edition has "2200", not "22".'
    )
