"""Revisions are kept as differences between snapshots: each reads back as it was stored, or is said to be damaged."""

import zlib

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.store import actions
from planner.store.kept import EVERY, LARGE, Chain, Damaged, list_links, prove, read_documents, read_in_order
from planner.store.models import Plan, Revision
from planner.store.reports import find_version
from planner.store.trouble import DAMAGED, name_trouble
from ports.queries import shipped_matrix
from scripts.sites import make_sites
from tests.strategies import documents, often
from tests.web.views.pages import Page, know, store, words

MATRIX = shipped_matrix()
pytestmark = pytest.mark.django_db


def make_states(count, sites=40):
    """So many states of a plan with many endpoints, each with another address of one of them."""
    states = [make_sites(sites)]
    for number in range(1, count):
        endpoints = list(states[-1]["endpoints"])
        place = number * 7 % len(endpoints)
        endpoints[place] = endpoints[place] | {"addresses": [f"192.0.2.{number % 250}"]}
        states.append(states[-1] | {"endpoints": endpoints})
    return states


def keep(states):
    """A plan with these states as its revisions, stored as edits store them."""
    plan = Plan.objects.create(name="Kept", document=states[0], revision=len(states))
    chain, before = Chain(), None
    for number, document in enumerate(states, 1):
        if before is not None:
            chain = Chain(list_links(plan.pk, number - 1))
        Revision.objects.create(plan=plan, number=number, summary="", **chain.add(before, document))
        before = document
    return plan


def read(plan, number):
    return Revision.objects.get(plan=plan, number=number).document


@given(data=st.data())
@settings(max_examples=often(40))
def test_every_revision_reads_back_as_it_was_stored_in_any_order(data):
    pool = data.draw(st.lists(documents(MATRIX), min_size=1, max_size=4))
    small = make_states(3, sites=3)
    states = data.draw(st.lists(st.sampled_from([*pool, *small]), min_size=1, max_size=12))
    plan = keep(states)
    for number in data.draw(st.permutations(range(1, len(states) + 1))):
        assert read(plan, number) == states[number - 1]
    assert [row.document for row in read_in_order(plan.revisions.order_by("number"))] == states
    wanted = data.draw(st.sets(st.integers(1, len(states) + 2)))
    found = dict(read_documents(plan, wanted))
    assert found == {number: states[number - 1] for number in wanted if number <= len(states)}
    plan.delete()


def test_a_snapshot_comes_after_so_many_differences_and_no_read_takes_more():
    states = make_states(2 * EVERY + 5, sites=300)
    plan = keep(states)
    behind = list(plan.revisions.order_by("number").values_list("behind", flat=True))
    assert behind == [number % (EVERY + 1) for number in range(len(states))]
    for number in (1, 2, EVERY + 1, EVERY + 2, len(states)):
        with CaptureQueriesContext(connection) as queries:
            assert read(plan, number) == states[number - 1]
        assert len(queries) == (1 if behind[number - 1] == 0 else 2)


def test_a_revision_takes_little_room():
    plan = keep(make_states(EVERY, sites=300))
    first, *others = (len(packed) for packed in plan.revisions.order_by("number").values_list("packed", flat=True))
    assert max(others) < first / 20
    assert list(plan.revisions.values_list("whole", flat=True)) == [{}] * EVERY


def test_differences_that_are_larger_than_the_snapshot_together_are_not_made():
    small, large = make_states(1, sites=1)[0], make_states(1, sites=300)[0]
    states = [small, large, small, large, small, large]
    plan = keep(states)
    assert list(plan.revisions.order_by("number").values_list("behind", flat=True)) == [0, 0, 1, 2, 3, 0]
    assert [read(plan, number) for number in range(1, 7)] == states


def test_archives_of_many_revisions_take_as_little():
    chain, before = Chain(), None
    kept = []
    for document in make_states(5):
        kept.append(chain.add(before, document))
        before = document
    assert [one["behind"] for one in kept] == [0, 1, 2, 3, 4]


def test_what_earlier_versions_kept_whole_is_read_and_followed_by_a_snapshot():
    states = make_states(3)
    plan = Plan.objects.create(name="Old", document=states[0])
    Revision.objects.create(plan=plan, number=1, whole=states[0])
    Revision.objects.create(plan=plan, number=2, **Chain(list_links(plan.pk, 1)).add(states[0], states[1]))
    Revision.objects.create(plan=plan, number=3, **Chain(list_links(plan.pk, 2)).add(states[1], states[2]))
    assert list(plan.revisions.order_by("number").values_list("behind", flat=True)) == [None, 0, 1]
    assert [read(plan, number) for number in (3, 1, 2)] == [states[2], states[0], states[1]]
    assert dict(read_documents(plan, [1, 3])) == {1: states[0], 3: states[2]}
    assert [row.document for row in read_in_order(plan.revisions.order_by("number"))] == states


def test_a_plan_whose_document_is_not_its_newest_revision_is_kept_whole():
    states = make_states(3)
    plan = keep(states[:2])
    assert Chain(list_links(plan.pk, 2)).add(states[0], states[2])["behind"] == 0
    assert Chain(list_links(plan.pk, 2)).add(states[1], states[2])["behind"] == 2
    assert Chain(list_links(plan.pk, 3)).add(states[1], states[2])["behind"] == 0, "it has no revision 3"


def spoil_bytes(rows):
    row = rows.get(number=3)
    rows.filter(number=3).update(packed=bytes(row.packed)[:-4] + b"0000")


def spoil_content(rows):
    rows.filter(number=3).update(packed=zlib.compress(b'{"values":{"name":"Other"}}'))


def spoil_form(rows):
    rows.filter(number=3).update(packed=zlib.compress(b"[1]"))


def spoil_proof(rows):
    rows.filter(number=4).update(proof=b"0" * 16)


def spoil_nothing_but_the_proof(rows):
    rows.filter(number=4).update(proof=None)


def spoil_length(rows):
    rows.filter(number=4).update(behind=2)


def spoil_row(rows):
    rows.filter(number=3).delete()


def spoil_snapshot(rows):
    rows.filter(number=1).update(**Chain().add(None, make_states(1, sites=41)[0]))


def spoil_column(rows):
    rows.filter(number=3).update(packed=None)


SPOILED = [
    spoil_bytes, spoil_content, spoil_form, spoil_proof, spoil_nothing_but_the_proof, spoil_length, spoil_row,
    spoil_snapshot, spoil_column,
]  # fmt: skip


@pytest.mark.parametrize("spoil", SPOILED)
def test_a_damaged_chain_is_told_and_not_guessed(spoil, caplog):
    states = make_states(5)
    plan = keep(states)
    spoil(plan.revisions)
    with pytest.raises(Damaged, match="What is kept of revision 4 is damaged"):
        read(plan, 4)
    assert 4 not in dict(read_documents(plan, [2, 4]))
    assert f"plan {plan.key}: What is kept of revision 4 is damaged" in caplog.text
    with pytest.raises(Damaged):
        [row.document for row in read_in_order(plan.revisions.order_by("number"))]


def test_damage_is_told_as_damage_of_the_database():
    trouble = name_trouble(Damaged("What is kept of revision 4 is damaged."))
    assert trouble.word == DAMAGED.word
    assert trouble.sentence.startswith("What is kept of revision 4 is damaged. Nothing was changed.")


def test_a_page_of_a_damaged_revision_says_so_and_the_plan_can_still_be_edited(loaded, client):
    plan, key = store()
    know(client)
    path = f"/plans/{key}/"
    for port in ("2222", "2223", "2224"):
        actions.override_port(plan_id=plan.pk, matrix=MATRIX, service="ssh", ports=port)
    plan.revisions.filter(number=2).update(proof=b"0" * 16)
    client.raise_request_exception = False
    answer = client.get(f"{path}changes/?from=2&to=4")
    assert answer.status_code == 503
    assert "What is kept of revision 2 is damaged." in words(Page(answer).one("main"))
    assert client.get(f"{path}changes/?from=1&to=4").status_code == 200
    plan.revisions.filter(number=3).update(proof=b"0" * 16)
    assert client.get(path).status_code == 200, (
        "it tells what its last change was, of which the state before is damaged"
    )
    actions.override_port(plan_id=plan.pk, matrix=MATRIX, service="ssh", ports="2225")
    assert client.get(path).status_code == 200


def test_a_document_out_of_either_database_has_the_same_proof():
    document = make_states(1)[0]
    plan = keep([document])
    plan.refresh_from_db()
    assert prove(plan.document) == prove(document) == bytes(plan.revisions.get().proof)


def test_an_edit_loads_no_document_of_a_revision():
    plan, _ = store()
    actions.override_port(plan_id=plan.pk, matrix=MATRIX, service="ssh", ports="2222")
    with CaptureQueriesContext(connection) as queries:
        actions.override_port(plan_id=plan.pk, matrix=MATRIX, service="ssh", ports="2223")
    reads = [one["sql"] for one in queries if one["sql"].startswith("SELECT") and "planner_revision" in one["sql"]]
    assert reads
    columns = [f'"planner_revision"."{Revision._meta.get_field(name).column}"' for name in LARGE]
    for sql in reads:
        for column in columns:
            assert column not in sql.replace(f"LENGTH({column})", ""), "how long it is may be asked"


def test_a_revision_read_anew_shows_what_is_kept_now():
    plan = keep(make_states(1))
    row = Revision.objects.defer(*LARGE).get(plan=plan)
    assert row.document == make_states(1)[0]
    other = make_states(1, sites=1)[0]
    Revision.objects.filter(pk=row.pk).update(**Chain().add(None, other))
    row.refresh_from_db()
    assert row.document == other


@pytest.mark.slow
def test_undo_over_a_snapshot_brings_the_state_back():
    plan, _ = store(make_sites(40))
    ports = [str(2_000 + number) for number in range(EVERY + 3)]
    for port in ports:
        actions.override_port(plan_id=plan.pk, matrix=MATRIX, service="ssh", ports=port)
    for port in reversed(ports[:-1]):
        actions.undo(plan_id=plan.pk, matrix=MATRIX)
        assert Plan.objects.get(pk=plan.pk).document["ports"]["ssh"] == port
    assert find_version(plan, 2).document["ports"]["ssh"] == ports[0]
    assert read(plan, 1).get("ports") is None
