"""Questions are part of a matrix: what no plan could come of has its sentence."""

import re
from pathlib import Path

import pytest

from planner.plan.blueprint import add_module, compose, remove_module
from planner.plan.document import check_plan
from ports.actions import load_matrix, make_amendment
from ports.matrix import (
    KINDS,
    Answer,
    Effect,
    EndpointTemplate,
    Follows,
    Grant,
    NotAmendable,
    Question,
    Repeat,
    ZoneTemplate,
    build_matrix,
    digest_records,
    find_faults,
)
from ports.models import Question as QuestionRow
from ports.queries import SHIPPED, current_matrix, read_fixture, shipped_matrix
from tests.ports.records import fixture_text

DOCS = Path(__file__).parents[2] / "docs" / "matrix-format.md"
ROOM = {"key": "room", "name": "Room", "kind": "internal"}
SITE = {"key": "site", "name": "{name}", "kind": "remote-site"}
MODULE = "question 'agent'"
YES = "question 'agent', option 'yes'"


def option(slug, **effect):
    return {"slug": slug, "name": slug.capitalize(), "consequence": "", "effect": effect}


def question(slug, kind, options=(), default=(), **more):
    return {
        "slug": slug, "title": slug.capitalize(), "topic": "T", "text": "Which?", "kind": kind, "module": False,
        "off": "", "roles": [], "when": {}, "default": list(default), "options": list(options), "each": {},
    } | more  # fmt: skip


@pytest.fixture
def questions():
    """One question of each kind, with every part of an effect."""
    endpoint = {"name": "A1", "zone": "room", "roles": ["agent"], "with_role": "desk"}
    linux = {"name": "{name} Linux", "zone": "site", "group": True, "platforms": ["linux"]}
    return [
        question(
            "agent", "one",
            [option("no", choices={"mail": "no"}),
             option("yes", zones=[ROOM | {"near": "desk"}], endpoints=[endpoint], choices={"mail": "yes"})],
            ["no"], module=True, off="no", roles=["agent"],
        ),
        question("people", "many", [option("all", zones=[ROOM | {"own": True}], choices={"sign-in": ["card"]})]),
        question("sites", "list", each={"zones": [SITE], "endpoints": [{"name": "{name} box", "zone": "site"}]}),
        question(
            "hosts", "many", [option("linux", each={"of": "sites", "zones": [SITE], "endpoints": [linux]})],
            when={"question": "sites", "options": []},
        ),
        question(
            "work", "many",
            [option("read", grants=[{"to_platforms": ["linux"], "operations": ["inventory"]},
                                    {"to_role": "desk", "roles": ["user"]}])],
            when={"question": "agent", "options": ["yes"]},
        ),
    ]  # fmt: skip


def change(questions, slug, **values):
    """The questions with other values in one of them."""
    return [row | values if row["slug"] == slug else row for row in questions]


def effect_of(questions, **parts):
    """The questions with other parts in the effect that brings an endpoint."""
    old = questions[0]["options"][1]
    new = old | {"effect": old["effect"] | parts}
    return change(questions, "agent", options=[questions[0]["options"][0], new])


def test_every_part_of_a_question_is_read(records, questions):
    matrix = build_matrix(records | {"question": questions})
    assert list(matrix.questions) == ["agent", "people", "sites", "hosts", "work"]
    agent = matrix.questions["agent"]
    assert (agent.off, agent.roles, agent.default, agent.slugs) == ("no", ("agent",), ("no",), ("no", "yes"))
    assert agent.option("yes").effect == Effect(
        zones=(ZoneTemplate(key="room", name="Room", kind="internal", near="desk"),),
        endpoints=(EndpointTemplate(name="A1", zone="room", roles=("agent",), with_role="desk"),),
        choices=(("mail", "yes"),),
    )
    assert matrix.questions["people"].option("all").effect.choices == (("sign-in", ("card",)),)
    assert matrix.questions["sites"].each.zones == (ZoneTemplate(key="site", name="{name}", kind="remote-site"),)
    assert matrix.questions["hosts"].option("linux").effect.each.of == "sites"
    assert matrix.questions["hosts"].when == Follows(question="sites", options=())
    assert matrix.questions["work"].option("read").effect.grants == (
        Grant(to_platforms=("linux",), operations=("inventory",)),
        Grant(to_role="desk", roles=("user",)),
    )
    with pytest.raises(KeyError):
        agent.option("maybe")


def test_a_matrix_without_questions_is_one(records):
    assert build_matrix(records).questions == {}


def test_questions_are_facts_of_the_matrix(records, questions):
    before = digest_records(records | {"question": questions})
    assert digest_records(records | {"question": change(questions, "agent", text="Else?")}) != before


# One change each to whole questions, and all the sentences that follow.
FAULTS = [
    ({"kind": "few"}, ["{}: 'few' is no kind of question; allowed are one, many, list.",
                       "{}: only a module with one answer has an option that switches it off."]),
    ({"title": 7}, ["{}: the field 'title' has the wrong type, int."]),
    ({"options": ["no"]}, ["{}: options[0] has the wrong type, str."]),
    ({"options": []}, ["{} has no options; give it two or more.", "{}: 'no' is no option of it; allowed are .",
                       "{}: 'no' is no option of it; a module needs one that switches it off.",
                       "question 'work': 'yes' is no option of 'agent'; allowed are ."]),
    ({"default": []}, ["{}: the default must be one option; it is what a question that was skipped counts as."]),
    ({"default": ["maybe"]}, ["{}: 'maybe' is no option of it; allowed are no, yes."]),
    ({"each": {"zones": [SITE]}},
     ["{}: only a list of names has an 'each' of its own; put it into the effect of an option."]),
    ({"roles": []}, ["{}: a module needs the roles by which it is known."]),
    ({"roles": ["desk"]}, ["{}: 'desk' is no role that an endpoint can be given."]),
    ({"roles": ["ghost"]}, ["{}: 'ghost' is no role that an endpoint can be given."]),
    ({"off": "maybe"}, ["{}: 'maybe' is no option of it; a module needs one that switches it off."]),
    ({"off": "yes"}, ["{}: the option 'yes' switches it off, so it may set choices and nothing else."]),
    ({"module": False}, ["{}: only a module with one answer has an option that switches it off."]),
    ({"when": {"question": "sites", "options": []}}, ["{}: 'sites' is no earlier question that is always asked.",
     "question 'work': 'agent' is no earlier question that is always asked."]),
    ({"when": {"question": "sites"}}, ["{}: 'when' is {{question, options}}, not {{question}}."]),
]  # fmt: skip


@pytest.mark.parametrize(("values", "sentences"), FAULTS)
def test_every_fault_of_a_question_has_its_sentence(records, questions, values, sentences):
    faults = find_faults(records | {"question": change(questions, "agent", **values)})
    assert faults == [sentence.format(MODULE) for sentence in sentences]


ENDPOINT = {"name": "A1", "zone": "room"}
EFFECT_FAULTS = [
    ({"colour": {}},
     "{}: 'colour' is no field of an effect; allowed are zones, endpoints, grants, choices, each."),
    ({"<one>": {}}, "{}: '<one>' is no field of an effect; allowed are zones, endpoints, grants, choices, each."),
    ({"zones": [{"key": "room", "name": "Room"}]}, "{}: a zone has key, name and kind, not key, name."),
    ({"zones": [ROOM | {"colour": "red"}]}, None),
    ({"zones": [ROOM, ROOM]}, "{} has two zones with the key 'room'."),
    ({"zones": [ROOM | {"kind": "moon"}]},
     "{}: 'moon' is no kind of zone; allowed are internal, dmz, internet, cloud, remote-site."),
    ({"zones": [ROOM | {"near": "ghost"}]}, "{}: there is no role 'ghost'."),
    ({"zones": [ROOM | {"near": None}]},
     "question 'agent': options[1].effect.zones[0].near has the wrong type, NoneType."),
    ({"zones": [ROOM | {"near": "desk", "own": True}]}, "{}: the zone 'room' is one apart, so it is near no role."),
    ({"zones": [ROOM | {"name": " Room"}]},
     ("{}: ' Room' is no name; one has 1 to 100 characters, none of them control characters, and no white space at "
     "its ends.")),
    ({"endpoints": [{"name": "A1"}]}, "{}: an endpoint has name and zone, not name."),
    ({"endpoints": [ENDPOINT | {"zone": "attic"}]},
     "{}, endpoint 'A1': there is no zone with the key 'attic' beside it."),
    ({"endpoints": [ENDPOINT | {"roles": ["desk"]}]},
     "{}, endpoint 'A1': 'desk' is a group; give it one of its roles."),
    ({"endpoints": [ENDPOINT | {"roles": ["ghost"]}]}, "{}, endpoint 'A1': there is no role 'ghost'."),
    ({"endpoints": [ENDPOINT | {"platforms": ["dos"]}]}, "{}, endpoint 'A1': there is no platform 'dos'."),
    ({"endpoints": [ENDPOINT | {"operations": ["x"]}]}, "{}, endpoint 'A1': there is no operation 'x'."),
    ({"endpoints": [ENDPOINT | {"sessions": ["x"]}]}, "{}, endpoint 'A1': there is no session 'x'."),
    ({"endpoints": [ENDPOINT | {"with_role": "ghost"}]}, "{}, endpoint 'A1': there is no role 'ghost'."),
    ({"endpoints": [ENDPOINT | {"without_role": "ghost"}]}, "{}, endpoint 'A1': there is no role 'ghost'."),
    ({"endpoints": [ENDPOINT | {"addresses": ["10.0.0.1"]}]},
     "{}, endpoint 'A1': the only address it can have is any; nobody knows the others beforehand."),
    ({"endpoints": [ENDPOINT | {"addresses": ["any"], "group": True}]},
     "{}, endpoint 'A1': the address any is for a group in a zone of kind internet."),
    ({"endpoints": [ENDPOINT | {"shared": True}]},
     "{}, endpoint 'A1': only a group of people can be one that is there already."),
    ({"grants": [{"roles": ["user"]}]}, "{}: a grant is to a role or to platforms, and not both."),
    ({"grants": [{"to_role": "desk"}]}, "{}: a grant gives roles, platforms, operations or sessions."),
    ({"grants": [{"to_role": "ghost", "roles": ["user"]}]}, "{}: there is no role 'ghost'."),
    ({"grants": [{"to_platforms": ["dos"], "roles": ["user"]}]}, "{}: there is no platform 'dos'."),
    ({"grants": [{"to_role": "user", "roles": ["desk"]}]}, "{}: 'desk' is a group; give it one of its roles."),
    ({"grants": [{"to_role": "user", "sessions": ["x"]}]}, "{}: there is no session 'x'."),
    ({"choices": {"ghost": "x"}}, "{}: there is no choice 'ghost'."),
    ({"choices": {"mail": "maybe"}}, "{}: 'maybe' is no option of 'mail'; allowed are no, yes."),
    ({"choices": {"mail": ["yes"]}}, "{}: the choice 'mail' takes one option."),
    ({"choices": {"sign-in": "card"}}, "{}: the choice 'sign-in' takes a list of options."),
    ({"choices": {"[x]": 7}}, "question 'agent': options[1].effect.choices.[x] has the wrong type, int."),
    ({"choices": {"mail": 7}}, "question 'agent': options[1].effect.choices.mail has the wrong type, int."),
    ({"each": {"of": "people", "zones": [SITE]}},
     "{}: 'each' must say of which question of kind list it is, not 'people'."),
    ({"each": {"of": "sites", "zones": [ROOM]}}, "{}: 'Room' must have {{name}} in it, once."),
    ({"each": {"of": "sites", "zones": [SITE | {"own": True}]}},
     "{}: the zone 'site' is found by its name, so it has neither own nor near."),
    ({"each": {"of": "sites", "zones": [SITE], "endpoints": [{"name": "{name}{name}", "zone": "site"}]}},
     "{}: '{{name}}{{name}}' must have {{name}} in it, once."),
    ({"each": {"of": "sites", "zones": [SITE], "grants": []}},
     "{}: 'grants' is no field of 'each'; allowed are zones, endpoints, of."),
    ({"endpoints": [ENDPOINT | {"roles": "agent"}]}, None),
    ({"choices": []}, None),
]  # fmt: skip


@pytest.mark.parametrize(("parts", "sentence"), EFFECT_FAULTS)
def test_every_fault_of_an_effect_has_its_sentence(records, questions, parts, sentence):
    faults = find_faults(records | {"question": effect_of(questions, **parts)})
    if sentence is None:
        assert len(faults) == 1
    else:
        assert sentence.format(YES) in faults


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"options": [option("x")]}, "question 'sites': a list of names has neither options nor a default."),
        ({"default": ["Oslo"]}, "question 'sites': a list of names has neither options nor a default."),
        ({"each": {}}, "question 'sites': a list of names needs in 'each' the zone that there is for each of them."),
        ({"each": {"of": "sites", "zones": [SITE]}},
         "question 'sites': 'of' is no field of 'each'; allowed are zones, endpoints."),
        ({"off": "x"}, "question 'sites': only a module with one answer has an option that switches it off."),
    ],
)  # fmt: skip
def test_every_fault_of_a_list_has_its_sentence(records, questions, values, sentence):
    assert sentence in find_faults(records | {"question": change(questions, "sites", **values)})


def test_a_question_follows_only_from_options_that_there_are(records, questions):
    for when, sentence in (
        ({"question": "sites", "options": ["x"]}, "'sites' is a list; leave the options of 'when' empty."),
        ({"question": "agent", "options": []}, "'when' needs the options of 'agent' after which it is asked."),
        ({"question": "hosts", "options": ["linux"]}, "'hosts' is no earlier question that is always asked."),
        ({"question": "agent", "options": ["maybe"]}, "'maybe' is no option of 'agent'; allowed are no, yes."),
    ):
        faults = find_faults(records | {"question": change(questions, "work", when=when)})
        assert faults == [f"question 'work': {sentence}"]


def test_options_have_slugs_of_their_own(records, questions):
    twice = [option("all"), option("all")]
    assert find_faults(records | {"question": change(questions, "people", options=twice)}) == [
        "question 'people' has two options of one slug."
    ]
    assert find_faults(records | {"question": change(questions, "people", options=[option("All of")])}) == [
        "question 'people': 'All of' is no slug (lower-case letters, digits and hyphens)."
    ]
    bare = [{"slug": "all", "name": "All"}]
    assert find_faults(records | {"question": change(questions, "people", options=bare)}) == [
        "question 'people': an option has slug, name, consequence and effect, not name, slug."
    ]


def test_a_role_is_known_by_one_module(records, questions):
    both = change(questions, "sites", module=True, roles=["agent"])
    assert find_faults(records | {"question": both}) == [
        "question 'sites': the role 'agent' belongs to the module 'agent' already."
    ]


def test_who_uses_a_module_is_asked_once(records, questions):
    asked = {"users": True, "roles": ["user"], "off": "no", "when": {"question": "agent", "options": ["yes"]}}
    first, second = (question(slug, "one", [option("no"), option("yes")], ["no"], **asked) for slug in ("who", "more"))
    assert "question 'more': who uses the module 'agent' is asked already." in find_faults(
        records | {"question": [*questions, first, second]}
    )


def test_roles_that_exclude_each_other_are_not_brought_together(records, questions):
    records["role"].append(records["role"][1] | {"slug": "desk-spare", "name": "Spare server"})
    parts = {"zones": [ROOM], "endpoints": [ENDPOINT | {"roles": ["desk-main", "desk-spare"]}]}
    assert find_faults(records | {"question": effect_of(questions, **parts)}) == [
        f"{YES}, endpoint 'A1': desk-main, desk-spare exclude each other."
    ]


# --- what is shipped, and what is documented -------------------------------------------------------------------------


def test_the_shipped_questions_stand_in_their_place_one_a_line():
    lines = SHIPPED.read_text("utf-8").splitlines()
    kinds = [line.split('"')[3] for line in lines[1:-1]]
    order = list(dict.fromkeys(kinds))
    assert order == [f"ports.{kind}" for kind in KINDS if f"ports.{kind}" in kinds], "as an export has them"
    assert kinds.count("ports.question") == len(shipped_matrix().questions)


def test_the_shipped_modules_are_those_that_a_plan_can_switch():
    modules = [question.title for question in shipped_matrix().questions.values() if question.module]
    assert modules == [
        "High availability", "App Server", "Self-destruct messages", "Password Reset Portal", "Browser gateway",
        "Remote sites",
    ]  # fmt: skip


def test_every_shipped_question_asks_and_no_option_promises_ports():
    for asked in shipped_matrix().questions.values():
        assert asked.text.endswith((".", "?")), asked.slug
        assert asked.title
        assert asked.topic
        for offered in asked.options:
            assert offered.consequence == "" or offered.consequence.endswith("."), (asked.slug, offered.slug)
            # What it opens is found by evaluation, for the plan that is asked about.
            assert not re.search(r"[0-9]{2}|\b(TCP|UDP)\b|[Nn]othing to open", offered.consequence)


def test_no_option_of_a_shipped_choice_promises_ports():
    for choice in shipped_matrix().choices.values():
        for offered in choice.options:
            assert offered.consequence == "" or offered.consequence.endswith("."), (choice.slug, offered.slug)
            assert not re.search(r"[0-9]{2}|\b(TCP|UDP)\b|[Nn]othing more|[Nn]o openings", offered.consequence)


def test_every_role_and_platform_of_the_matrix_can_be_asked_for():
    matrix = shipped_matrix()
    effects = [offered.effect for asked in matrix.questions.values() for offered in asked.options]
    repeats = [effect.each for effect in effects if effect.each]
    repeats += [asked.each for asked in matrix.questions.values() if asked.each]
    brought = [endpoint for part in (*effects, *repeats) for endpoint in part.endpoints]
    brought += [grant for effect in effects for grant in effect.grants]
    assert {role for part in brought for role in part.roles} == {role.slug for role in matrix.assignable_roles}
    assert {slug for part in brought for slug in part.platforms} == set(matrix.platforms)
    assert {slug for part in brought for slug in part.operations} == set(matrix.operations)
    assert {slug for part in brought for slug in part.sessions} == set(matrix.sessions)


def test_every_field_of_a_question_is_documented():
    text = DOCS.read_text("utf-8")
    kinds = (Question, Answer, Effect, ZoneTemplate, EndpointTemplate, Grant, Repeat, Follows)
    names = {name for kind in kinds for name in kind.__dataclass_fields__}
    assert {name for name in names if f"`{name}`" not in text and f'"{name}"' not in text} == set()


def test_the_documented_questions_make_a_plan(tmp_path):
    block = DOCS.read_text("utf-8").partition("```json\n")[2].partition("```")[0]
    path = tmp_path / "ticketdesk.json"
    path.write_text(block, "utf-8")
    matrix = build_matrix(read_fixture(path))
    answers = {"spare": "yes", "branches": ["Oslo"]}
    document = compose(matrix, answers, "Ticketdesk")
    plan = check_plan(document, matrix=matrix)
    assert [(e.name, e.zone) for e in plan.endpoints] == [
        ("DESK01", "Office"), ("DESK02", "Office"), ("Oslo collector", "Oslo"), ("Oslo Linux", "Oslo")
    ]  # fmt: skip
    assert plan.endpoints[3].operations == ("inventory",)
    assert plan.choices == {"transport": "ssh"}
    assert len(remove_module(matrix, document, "branches")["endpoints"]) == 2
    assert add_module(matrix, remove_module(matrix, document, "spare"), "spare", "yes")["endpoints"][-1] == {
        "name": "DESK02", "zone": "Office", "roles": ["desk-spare"]
    }  # fmt: skip


@pytest.mark.django_db
def test_questions_go_through_the_database_unchanged(tmp_path, records, questions):
    records["question"] = questions
    path = tmp_path / "desk.json"
    path.write_text(fixture_text(records), "utf-8")
    load_matrix(path=path)
    assert current_matrix() == build_matrix(records)
    assert list(QuestionRow.objects.values_list("slug", flat=True)) == [row["slug"] for row in questions]


def test_a_question_can_be_amended_and_not_broken(loaded):
    make_amendment(row="question/portal", field="text", value="Is there a portal?", reason="Test")
    assert current_matrix().questions["portal"].text == "Is there a portal?"
    with pytest.raises(NotAmendable):
        make_amendment(row="question/portal", field="default", value=["moon"], reason="Test")
    assert current_matrix().questions["portal"].default == ("none",)
