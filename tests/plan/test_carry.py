"""Documents that were written under another edition: which of their names follow, and which documents are refused."""

import json
from copy import deepcopy
from dataclasses import replace

import pytest

from planner.plan.carry import Carried, carry, say_carried
from planner.plan.document import PlanError, check_plan, dump_plan, read_plan, read_plan_of
from planner.plan.faults import Fault
from planner.plan.fields import PARTS
from ports.matrix import KINDS, build_matrix
from tests.each import each
from tests.ports.records import make_records
from tests.ports.renamed import make_renamed, rename

NAMES = {
    "agent": "collector",
    "linux": "unix",
    "inventory": "stocktaking",
    "shell": "terminal",
    "https": "portal",
    "mail": "post",
    "yes": "always",
    "card": "badge",
    "upload-missing": "uploads",
    "ssh-port": "shell-port",
}
RENAMED = [
    ("role/collector", "agent"),
    ("platform/unix", "linux"),
    ("operation/stocktaking", "inventory"),
    ("session/terminal", "shell"),
    ("service/portal", "https"),
    ("choice/post", "mail"),
    ("choice/post/always", "yes"),
    ("choice/sign-in/badge", "card"),
    ("caveat/uploads", "upload-missing"),
    ("caveat/shell-port", "ssh-port"),
]
MATRIX = build_matrix(make_renamed("desk-2026-09", NAMES, RENAMED))
BEFORE = replace(build_matrix(make_records()), renames=MATRIX.renames)

DOCUMENT = {
    "format": 1,
    "name": "shell",
    "description": "agent",
    "zones": [
        {"name": "agent", "kind": "internal", "choices": {"mail": "yes", "sign-in": ["code", "card"]}},
        {"name": "Far", "kind": "dmz", "ports": {"https": "444", "ssh": "23"}},
    ],
    "endpoints": [
        {"name": "linux", "zone": "agent", "roles": ["desk-main", "agent"], "choices": {"mail": "no"}},
        {
            "name": "Host",
            "zone": "Far",
            "platforms": ["linux"],
            "operations": ["inventory"],
            "sessions": ["shell"],
            "managed_by": ["linux"],
            "ports": {"https": "445"},
        },
    ],
    "choices": {"transport": "ssh", "mail": "yes"},
    "ports": {"https": "443"},
    "corrections": ["ssh-port"],
    "as_documented": ["upload-missing"],
    "exclusions": [{"source": "linux", "destination": "Host", "reason": "agent"}],
}
AFTER = {
    "format": 1,
    "name": "shell",
    "description": "agent",
    "zones": [
        {"name": "agent", "kind": "internal", "choices": {"post": "always", "sign-in": ["code", "badge"]}},
        {"name": "Far", "kind": "dmz", "ports": {"portal": "444", "ssh": "23"}},
    ],
    "endpoints": [
        {"name": "linux", "zone": "agent", "roles": ["desk-main", "collector"], "choices": {"post": "no"}},
        {
            "name": "Host",
            "zone": "Far",
            "platforms": ["unix"],
            "operations": ["stocktaking"],
            "sessions": ["terminal"],
            "managed_by": ["linux"],
            "ports": {"portal": "445"},
        },
    ],
    "choices": {"transport": "ssh", "post": "always"},
    "ports": {"portal": "443"},
    "corrections": ["shell-port"],
    "as_documented": ["uploads"],
    "exclusions": [{"source": "linux", "destination": "Host", "reason": "agent"}],
}


def faults_of(document, matrix=MATRIX):
    with pytest.raises(PlanError) as caught:
        carry(document, matrix)
    return [str(fault) for fault in caught.value.faults]


def test_every_field_that_names_rows_follows_and_what_people_named_stays():
    before = deepcopy(DOCUMENT)
    document, carried = carry(DOCUMENT, MATRIX)
    assert document == AFTER
    assert before == DOCUMENT, "what was given stays as it is"
    assert {(one.kind, one.old, one.new) for one in carried} == {
        ("role", "agent", "collector"),
        ("platform", "linux", "unix"),
        ("operation", "inventory", "stocktaking"),
        ("session", "shell", "terminal"),
        ("service", "https", "portal"),
        ("choice", "mail", "post"),
        ("choice/post", "yes", "always"),
        ("choice/sign-in", "card", "badge"),
        ("caveat", "upload-missing", "uploads"),
        ("caveat", "ssh-port", "shell-port"),
    }
    assert len(carried) == len(set(carried)), "each is told once"
    assert dump_plan(check_plan(document, matrix=MATRIX)) == AFTER


def test_the_way_back_leads_to_the_same_document():
    document, carried = carry(AFTER, BEFORE)
    assert document == DOCUMENT
    assert len(carried) == len(RENAMED)


def test_a_document_of_the_edition_itself_is_the_same_object():
    assert carry(AFTER, MATRIX) == (AFTER, ())
    assert carry(AFTER, MATRIX)[0] is AFTER
    plain = build_matrix(make_records())
    assert carry(DOCUMENT, plain)[0] is DOCUMENT


def test_each_field_whose_words_come_from_the_matrix_says_of_which_kind_of_row():
    other = build_matrix(rename(make_records(), NAMES))
    plain = build_matrix(make_records())
    for part in PARTS.values():
        for entry in part.fields:
            reads = entry.reads
            options = [set(reads.options(matrix)) for matrix in (plain, other)] if reads.options else [set(), set()]
            said = [set(reads.say(matrix)) for matrix in (plain, other)]
            assert bool(reads.kind) is (options[0] != options[1] or said[0] != said[1]), (part.key, entry.key)
            assert not reads.kind or reads.kind in KINDS


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "text",
        {},
        {"zones": 3, "endpoints": {"roles": ["agent"]}, "choices": [], "ports": "https", "corrections": {"a": 1}},
        {"endpoints": [None, 4, {"roles": None, "platforms": 7, "choices": {"sign-in": {"x": 1}}}]},
    ],
)
def test_a_document_of_any_shape_is_carried_as_far_as_it_goes(document):
    before = deepcopy(document)
    carry(document, MATRIX)
    assert document == before


def test_a_document_that_has_the_old_and_the_new_name_is_refused():
    document = deepcopy(DOCUMENT)
    document["endpoints"][0]["roles"] = ["collector"]
    document["endpoints"].append({"name": "Z", "zone": "Far", "roles": ["agent"]})
    (said,) = faults_of(document)
    assert said == (
        "endpoints[2].roles[0]: 'agent' is called 'collector' in the edition desk-2026-09, and the document has "
        "'collector' as well; use 'collector' for both, or keep one of them."
    )
    document = {"ports": {"https": "443", "portal": "444"}}
    (said,) = faults_of(document)
    assert said == (
        "ports.https: 'https' is called 'portal' in the edition desk-2026-09, and the document has 'portal' as well; "
        "use 'portal' for both, or keep one of them."
    )
    document = {"choices": {"post": "yes"}, "zones": [{"choices": {"mail": "always"}}]}
    assert len(faults_of(document)) == 2, "the choice and its option"


def test_one_name_for_a_role_and_a_service_is_two_things():
    assert carry({"ports": {"agent": "1"}, "endpoints": [{"roles": ["collector"]}]}, MATRIX)[1] == ()


def test_a_file_is_read_by_the_new_names_and_each_of_them_is_told():
    told = []
    text = (
        b"format: 1\nname: X\nzones: [{name: Z, kind: dmz}]\nendpoints: []\nports: {https: 1}\nchoices: {mail: yes}\n"
    )
    plan = read_plan(text, matrix=MATRIX, tell=told.append)
    assert (plan.ports, plan.choices) == ({"portal": "1"}, {"post": "always"})
    assert list(map(str, told)) == ["choice mail → post", "option of post yes → always", "service https → portal"]
    again, matrix = read_plan_of(text, lambda _: MATRIX, otherwise=BEFORE)
    assert (again, matrix) == (plan, MATRIX)
    assert read_plan(text, matrix=MATRIX) == plan


@pytest.mark.parametrize(
    ("document", "named", "told"),
    [
        (
            {"product": "Desk", "format": 1, "name": "X", "zones": [{"name": "Z", "kind": "dmz"}]},
            "Desk",
            ["endpoints"],
        ),
        (
            {"product": "Desk", "format": 1, "name": "X", "zones": [{"name": "Z", "kind": "dmz"}], "endpoints": []},
            "Desk",
            [],
        ),
        ([], None, ["format", "name", "zones", "endpoints"]),
    ],
)
def test_with_a_product_that_is_none_all_else_that_is_wrong_is_told_too(document, named, told):
    asked = []

    def choose(product):
        asked.append(product)
        raise PlanError([Fault("product", "There is no such product.", "no-product")])

    with pytest.raises(PlanError) as caught:
        read_plan_of(json.dumps(document).encode(), choose, otherwise=MATRIX, syntax="json")
    assert asked == [named]
    assert [fault.where for fault in caught.value.faults] == ["product", *told]


def test_with_a_product_that_is_none_repeated_keys_are_told_and_names_of_other_editions_are_not():
    def choose(product):
        raise PlanError([Fault("product", "There is no such product.", "no-product")])

    text = (
        b"format: 1\nname: X\nproduct: Y\nzones: [{name: Z, kind: dmz}]\nendpoints: []\nports: {https: 1}\nname: W\n"
    )
    with pytest.raises(PlanError) as caught:
        read_plan_of(text, choose, otherwise=MATRIX)
    assert [(fault.where, fault.code) for fault in caught.value.faults] == [
        ("product", "no-product"), ("name", "repeated-key"),
    ]  # fmt: skip


@each("nothing", ["", "~", "null", "Null", "NULL"])
def test_a_product_that_is_null_is_none_that_is_named(nothing):
    asked = []

    def choose(product):
        asked.append(product)
        return MATRIX

    text = f"format: 1\nname: X\nproduct: {nothing}\nzones: [{{name: Z, kind: dmz}}]\nendpoints: []\n"
    plan, _ = read_plan_of(text.encode(), choose, otherwise=MATRIX)
    assert (asked, plan.product) == ([None], None)


def test_of_a_file_with_faults_nothing_is_told_and_its_repeated_keys_are_still_found():
    told = []
    text = b"format: 1\nname: X\nzones: [{name: Z, kind: dmz}]\nendpoints: []\nports: {ssh: 1, https: 1, ssh: 2}\n"
    with pytest.raises(PlanError) as caught:
        read_plan(text, matrix=MATRIX, tell=told.append)
    assert [(fault.where, fault.code) for fault in caught.value.faults] == [("ports.ssh", "repeated-key")]
    assert told == []


def test_what_follows_is_said_in_a_clause():
    one = Carried(kind="service", old="web", new="website")
    assert say_carried([]) == ""
    assert say_carried([one]) == "1 name follows: service web → website"
    other = Carried(kind="choice/esxi", old="cli", new="powercli")
    assert say_carried([one, other]) == "2 names follow: service web → website, option of esxi cli → powercli"
    many = [Carried(kind="role", old=f"a{number}", new=f"b{number}") for number in range(7)]
    assert say_carried(many).endswith("role a4 → b4 and 2 more")
