"""A state stays with the openings that it was given for, and never stands on others without a word."""

from dataclasses import replace
from datetime import UTC, date, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from planner.engine import evaluate_report
from planner.engine.life import (
    STATES,
    Block,
    End,
    Given,
    block_of,
    end_of,
    fold_openings,
    hide_people,
    match_lives,
    overtake,
    rename_given,
)
from planner.engine.renames import Rename
from planner.plan.document import check_plan
from ports.queries import shipped_matrix
from tests.strategies import documents, often

MATRIX = shipped_matrix()
TODAY = date(2026, 11, 25)


def plan(*endpoints, **more):
    return {
        "format": 1,
        "name": "Contoso",
        "zones": [{"name": "Internal", "kind": "internal"}, {"name": "DMZ", "kind": "dmz"}, {"name": "Clients"}],
        "endpoints": list(endpoints),
        **more,
    }


def endpoint(name, zone, address, *roles, **more):
    return {"name": name, "zone": zone, "addresses": [address] if address else [], "roles": list(roles), **more}


WEB = endpoint("PS01", "Internal", "10.0.0.10", "web-primary")
DATABASE = endpoint("SQL01", "DMZ", "192.0.2.20", "database")
USERS = endpoint("Users", "DMZ", "192.0.2.0/25", "website-user", group=True)


def rules_of(document):
    document = {**document, "zones": [{"kind": "internal", **zone} for zone in document["zones"]]}
    return evaluate_report(MATRIX, check_plan(document, matrix=MATRIX)).rules


def state(rule, number=1, name="implemented", **more):
    ends = {end.name: end_of(end) for end in (*rule.sources, *rule.destinations)}
    facts = {"boundary": "", "at": datetime(2026, 11, 1, tzinfo=UTC), **more}
    return Given(number=number, state=name, rule=rule.id, blocks=(block_of(rule),), ends=ends, **facts)


def rule_to(rules, destination):
    (found,) = [rule for rule in rules if destination in {end.name for end in rule.destinations}]
    return found


def life_of(document, *given, destination="SQL01"):
    rules = rules_of(document)
    return match_lives(rules, given, TODAY).of(rule_to(rules, destination))


# ---- examples ----


def test_a_rule_that_stayed_has_the_state_that_it_was_given():
    rules = rules_of(plan(WEB, DATABASE))
    lives = match_lives(rules, [state(rules[0], ticket="CHG-1")], TODAY)
    life = lives.of(rules[0])
    assert (life.given.state, life.changed, life.tickets) == ("implemented", False, ("CHG-1",))
    assert not lives.left


def test_a_rule_without_a_state_has_no_life():
    rules = rules_of(plan(WEB, DATABASE, USERS))
    lives = match_lives(rules, [state(rule_to(rules, "SQL01"))], TODAY)
    assert lives.of(rule_to(rules, "PS01")) is None


def test_a_rule_that_grew_has_changed_and_says_by_what():
    before = rules_of(plan(WEB, DATABASE))
    second = endpoint("SQL02", "DMZ", "192.0.2.21", "database")
    life = life_of(plan(WEB, DATABASE, second), state(before[0]))
    assert life.changed
    assert life.more == (("PS01", "SQL02", "tcp", "1433"),)
    assert not life.fewer


def test_a_rule_that_became_less_keeps_its_state_and_says_what_is_gone():
    second = endpoint("SQL02", "DMZ", "192.0.2.21", "database")
    before = rules_of(plan(WEB, DATABASE, second))
    life = life_of(plan(WEB, DATABASE), state(rule_to(before, "SQL01")))
    assert not life.changed
    assert life.fewer == (("PS01", "SQL02", "tcp", "1433"),)


def life_of_shares(*shares):
    """The life of a rule to several databases, to some of which each state was given."""
    count = sum(len(ends) for _, ends in shares)
    databases = [endpoint(f"SQL0{number}", "DMZ", f"192.0.2.2{number}", "database") for number in range(1, count + 1)]
    document = plan(WEB, *databases)
    rule = rule_to(rules_of(document), "SQL01")
    block = block_of(rule)
    given = [
        replace(state(rule, number, name), blocks=(block._replace(destinations=ends),))
        for number, (name, ends) in enumerate(shares, 1)
    ]
    return life_of(document, *given)


def test_a_rule_is_told_by_the_state_of_most_of_its_openings_whoever_gave_it():
    life = life_of_shares(
        ("approved", ("SQL01", "SQL02")), ("approved", ("SQL03",)), ("implemented", ("SQL04", "SQL05"))
    )
    assert (life.given.state, life.given.number) == ("approved", 1)
    assert [one.number for one in life.others] == [3, 2]
    assert {opening[1] for opening in life.more} == {"SQL04", "SQL05"}


def test_of_states_of_equally_many_openings_the_latest_tells_a_rule_in_however_many_goes_it_was_given():
    life = life_of_shares(("requested", ("SQL01", "SQL02")), ("implemented", ("SQL03",)), ("implemented", ("SQL04",)))
    assert (life.given.state, life.given.number) == ("implemented", 3)
    life = life_of_shares(("implemented", ("SQL01",)), ("implemented", ("SQL02",)), ("requested", ("SQL03", "SQL04")))
    assert (life.given.state, life.given.number) == ("requested", 3)


def test_another_address_is_a_change():
    before = rules_of(plan(WEB, DATABASE))
    life = life_of(plan(WEB, {**DATABASE, "addresses": ["192.0.2.99"]}), state(before[0]))
    assert life.changed
    (moved,) = life.moved
    assert (moved.name, moved.before.addresses, moved.now.addresses) == ("SQL01", ("192.0.2.20",), ("192.0.2.99",))


def test_the_same_address_written_otherwise_is_none():
    before = rules_of(plan(WEB, DATABASE))
    assert not life_of(plan(WEB, {**DATABASE, "addresses": ["192.0.2.20/32"]}), state(before[0])).changed


def test_an_address_that_was_missing_and_is_filled_in_is_a_change():
    before = rules_of(plan(WEB, {**DATABASE, "addresses": []}))
    assert life_of(plan(WEB, DATABASE), state(before[0])).moved


def test_another_zone_is_a_change():
    before = rules_of(plan(WEB, DATABASE))
    life = life_of(plan(WEB, {**DATABASE, "zone": "Clients"}), state(before[0]))
    assert [(moved.before.zone, moved.now.zone) for moved in life.moved] == [("DMZ", "Clients")]


def test_what_nobody_asks_for_any_more_is_left_to_be_closed():
    rules = rules_of(plan(WEB, DATABASE))
    lives = match_lives(rules_of(plan(WEB)), [state(rules[0])], TODAY)
    assert [left.rule for left in lives.left] == [rules[0].id]
    assert not lives.by_rule


def test_of_what_was_rejected_nothing_is_left():
    rules = rules_of(plan(WEB, DATABASE))
    assert not match_lives(rules_of(plan(WEB)), [state(rules[0], name="rejected")], TODAY).left


def test_the_later_of_two_states_counts():
    rules = rules_of(plan(WEB, DATABASE))
    life = life_of(plan(WEB, DATABASE), state(rules[0]), state(rules[0], 2, "verified"))
    assert (life.given.state, life.others, life.newest) == ("verified", (), 2)


def test_rules_that_became_one_have_their_common_state_with_every_ticket():
    first = rules_of(plan(WEB, DATABASE))
    second = rules_of(plan(WEB, {**DATABASE, "name": "SQL02"}))
    both = plan(WEB, DATABASE, {**DATABASE, "name": "SQL02"})
    life = life_of(both, state(first[0], 1, ticket="CHG-1"), state(second[0], 2, ticket="CHG-2"))
    assert not life.changed
    assert sorted(life.tickets) == ["CHG-1", "CHG-2"]


def test_rules_of_different_states_that_became_one_have_changed():
    first = rules_of(plan(WEB, DATABASE))
    second = rules_of(plan(WEB, {**DATABASE, "name": "SQL02"}))
    both = plan(WEB, DATABASE, {**DATABASE, "name": "SQL02"})
    life = life_of(both, state(first[0], 1, "verified"), state(second[0], 2, "requested"))
    assert (life.given.state, life.more) == ("requested", (("PS01", "SQL01", "tcp", "1433"),))


def test_a_review_is_due_from_its_day_on():
    rules = rules_of(plan(WEB, DATABASE))
    assert life_of(plan(WEB, DATABASE), state(rules[0], review=TODAY)).is_due
    assert not life_of(plan(WEB, DATABASE), state(rules[0], review=date(2026, 11, 26))).is_due


def test_a_state_follows_new_names():
    rules = rules_of(plan(WEB, DATABASE))
    renames = [Rename("endpoint", "SQL01", "DB01"), Rename("zone", "DMZ", "Outside")]
    kept = rename_given(state(rules[0]), renames, {"DB01", "PS01", "Outside", "Internal"})
    assert list(kept.openings()) == [("PS01", "DB01", "tcp", "1433")]
    assert kept.ends["DB01"].zone == "Outside"


def test_a_name_that_went_to_something_else_does_not_bring_its_state_along():
    """SQL01 was deleted, and SQL02 is called SQL01 now."""
    rules = rules_of(plan(WEB, DATABASE))
    kept = rename_given(state(rules[0]), [Rename("endpoint", "SQL02", "SQL01")], {"SQL01", "SQL01 (old)", "PS01"})
    lives = match_lives(rules, [kept], TODAY)
    assert lives.of(rules[0]) is None
    assert [left.rule for left in lives.left] == [rules[0].id]
    assert set(kept.ends) == {"PS01", "SQL01 (old 2)"}


def test_names_that_were_exchanged_are_followed_both_ways():
    kept = Given(
        number=1, state="verified", rule="", boundary="", at=datetime(2026, 11, 1, tzinfo=UTC),
        blocks=(Block(("A",), ("B",), ()),), ends={"A": End("Z", ("10.0.0.1",)), "B": End("Z", ("10.0.0.2",))},
    )  # fmt: skip
    renamed = rename_given(kept, [Rename("endpoint", "A", "B"), Rename("endpoint", "B", "A")], {"A", "B"})
    assert renamed.ends == {"B": End("Z", ("10.0.0.1",)), "A": End("Z", ("10.0.0.2",))}


# ---- properties ----


@st.composite
def lives(draw):
    """A plan, states that its rules were given, and the plan as it has become."""
    document = draw(documents(MATRIX))
    before = evaluate_report(MATRIX, check_plan(document, matrix=MATRIX)).rules
    given = [
        state(rule, number, draw(st.sampled_from(list(STATES))))
        for number, rule in enumerate(before, 1)
        if draw(st.booleans())
    ]
    after = {**document, "endpoints": [dict(item) for item in document["endpoints"]]}
    for item in after["endpoints"]:
        if item.get("addresses") != ["any"] and draw(st.integers(0, 5)) == 0:
            item["addresses"] = draw(st.sampled_from([[], ["10.9.9.9"], ["10.9.9.9", "10.9.9.10"]]))
        if draw(st.integers(0, 5)) == 0:
            item["roles"] = []
    for item in after["endpoints"]:
        item.pop("managed_by", None)  # some of those may manage nothing any more
    return given, evaluate_report(MATRIX, check_plan(after, matrix=MATRIX)).rules


def no_state_stands_on_an_opening_that_it_was_not_given_for_without_saying_so(given, rules, found):
    was_given = {(opening, one.state): one for one in given for opening in one.openings()}
    for rule in rules:
        life = found.of(rule)
        if life is None or life.changed:
            continue
        for opening in rule.openings():
            owner = was_given[opening, life.given.state]
            for end in (*rule.sources, *rule.destinations):
                if end.name in opening[:2]:
                    assert set(owner.ends[end.name].addresses) == set(end.addresses)
                    assert owner.ends[end.name].zone == end.zone


def no_opening_that_has_a_state_is_forgotten(given, rules, found):
    asked = {opening for rule in rules for opening in rule.openings()}
    told = {opening for life in found.by_rule.values() for opening in life.fewer}
    told |= {opening for one in found.left for opening in one.openings()}
    for one in given:
        for opening in one.openings():
            assert opening in asked or opening in told or one.state == "rejected"
    assert asked.isdisjoint(told)


def what_others_took_of_a_state_is_gone_from_it_and_nothing_else(given, chance):
    for one in given:
        openings = list(one.openings())
        taken = {opening for opening in openings if chance.random() < 0.5}
        left = overtake(one, taken)
        assert sorted(left.openings(), key=repr) == sorted(set(openings) - taken, key=repr)
        assert set(left.ends) == {name for opening in left.openings() for name in opening[:2]}


@settings(max_examples=often(60))
@given(lives(), st.randoms(use_true_random=False))
def test_of_the_states_of_any_plan_holds_all_that_is_said_of_them(drawn, chance):
    given, rules = drawn
    found = match_lives(rules, given, TODAY)
    no_state_stands_on_an_opening_that_it_was_not_given_for_without_saying_so(given, rules, found)
    no_opening_that_has_a_state_is_forgotten(given, rules, found)
    what_others_took_of_a_state_is_gone_from_it_and_nothing_else(given, chance)


@given(st.sets(st.tuples(*[st.sampled_from("ABC")] * 2, st.just("tcp"), st.sampled_from(["1", "22", "443"]))))
def test_blocks_stand_for_just_the_openings_that_were_folded(openings):
    blocks = fold_openings(openings)
    found = [opening for block in blocks for opening in block.openings()]
    assert len(found) == len(set(found))
    assert set(found) == openings


def test_readers_learn_that_a_rule_has_changed_and_not_what_it_was():
    before = rules_of(plan(WEB, DATABASE, endpoint("SQL02", "DMZ", "192.0.2.21", "database")))
    given = state(rule_to(before, "SQL01"))
    moved = plan(WEB, {**DATABASE, "addresses": ["192.0.2.99"]})
    [rule] = rules_of(moved)
    lives = match_lives([rule], [given], TODAY)
    assert [one.before for one in lives.of(rule).moved] != [None]
    assert lives.of(rule).fewer
    told = lives.for_readers().of(rule)
    assert (told.changed, told.fewer) == (True, ())
    assert [(one.name, one.before) for one in told.moved] == [("SQL01", None)]


def test_no_life_is_told_apart_from_some():
    rules = rules_of(plan(WEB, DATABASE))
    assert not match_lives(rules, [], TODAY)
    assert match_lives(rules, [state(rules[0])], TODAY)
    assert match_lives((), [state(rules[0])], TODAY), "what nobody asks for any more, too"


def test_of_states_readers_see_nobody_who_gave_them():
    given = state(rules_of(plan(WEB, DATABASE))[0], by="Kim", owner="Robin", comment="For now", ticket="CHG-1")

    def told(*, words):
        [one] = hide_people([given], words=words)
        return one.by, one.owner, one.comment, one.ticket

    assert told(words=False) == ("", "Robin", "For now", "CHG-1")
    assert told(words=True) == ("", "", "", "CHG-1")
