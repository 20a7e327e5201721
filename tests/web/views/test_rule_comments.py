"""Comments on a rule go by what it opens, as states do: over new numbers, new names and rules that are gone."""

import io
import json
import zipfile

import pytest

from planner.store import actions
from planner.store.models import Comment, Plan
from planner.store.reports import report_for
from planner.store.rule_comments import GONE, place
from tests.store.archives import MATRIX, changed, complaint, pack, unpack, zipped
from tests.web.views.pages import Page, store, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan():
    return store()[0]


def report_of(plan):
    plan.refresh_from_db()
    return report_for(plan.version, MATRIX)


def address(plan, end=""):
    return f"/plans/{plan.key}/{end}"


def comment(client, plan, rule):
    client.post(address(plan, "comments/add/"), {"on": "rule", "of": rule, "text": "Why is this open?"})
    return Comment.objects.latest("pk")


def edit(plan, what, **params):
    actions.apply_edit(plan_id=plan.pk, matrix=MATRIX, edit=what, params=params)


def across(plan):
    """A rule whose number comes from the name of a zone."""
    kinds = {zone.name: zone.kind for zone in report_of(plan).plan.zones}
    return next(rule for rule in report_of(plan).rules if kinds[rule.sources[0].zone] == "internal")


def placed(plan, row):
    return place(plan, report_of(plan))[row.pk]


def test_it_stands_at_the_rule_that_opens_the_same_under_another_number(client, plan):
    rule = across(plan)
    openings = set(rule.openings())
    row = comment(client, plan, rule.id)
    zone = rule.sources[0].zone
    edit(plan, "edit-zone", zone=zone, name="Another Place")
    now = next(one for one in report_of(plan).rules if set(one.openings()) & openings)
    assert now.id != rule.id
    assert placed(plan, row) == now.id
    page = Page(client.get(address(plan, "comments/"), {"on": "rule", "of": now.id}))
    assert "Why is this open?" in words(page.one("li", class_="comment"))
    links = [words(a) for a in Page(client.get(address(plan))).all("a", class_="comments-link")]
    assert f"1 comment on {now.id}" in links


def test_it_follows_the_names_of_endpoints(client, plan):
    rule = across(plan)
    row = comment(client, plan, rule.id)
    edit(plan, "edit-endpoint", endpoint=rule.sources[0].name, changes={"name": "Called anew"})
    assert any(end.name == "Called anew" for one in report_of(plan).rules for end in one.sources)
    now = next(one for one in report_of(plan).rules if one.id == placed(plan, row))
    assert "Called anew" in [end.name for end in now.sources]


def test_it_never_stands_at_another_rule_that_has_got_its_number(client, plan):
    rule = across(plan)
    row = comment(client, plan, rule.id)
    Comment.objects.filter(pk=row.pk).update(blocks=[[["Nobody"], ["Nothing"], [["tcp", "1"]]]])
    assert placed(plan, row) == GONE
    assert (
        Page(client.get(address(plan, "comments/"), {"on": "rule", "of": rule.id})).all("li", class_="comment") == []
    )
    everything = Page(client.get(address(plan, "comments/")))
    assert "(not in the plan any more)" in everything.text()
    assert "Why is this open?" in everything.text()
    links = [words(a) for a in Page(client.get(address(plan))).all("a", class_="comments-link")]
    assert f"1 comment on {rule.id}" not in links


def test_one_from_before_openings_were_kept_goes_by_the_number(client, plan):
    rule = across(plan)
    row = comment(client, plan, rule.id)
    Comment.objects.filter(pk=row.pk).update(blocks=[], revision=None)
    assert placed(plan, row) == rule.id


def test_resolving_one_leads_back_to_the_rule_that_it_is_about_now(client, plan):
    rule = across(plan)
    row = comment(client, plan, rule.id)
    edit(plan, "edit-zone", zone=rule.sources[0].zone, name="Another Place")
    response = client.post(address(plan, "comments/resolve/"), {"number": row.pk, "resolved": "1"})
    assert response.url.endswith(f"?on=rule&of={placed(plan, row)}")


COMMENTS = "plans/1/comments.jsonl"


def members_of(client, plan, **facts):
    """An archive of the plan with a resolved comment on a rule, with other facts of it; None leaves one out."""
    row = comment(client, plan, across(plan).id)
    client.post(address(plan, "comments/resolve/"), {"number": row.pk, "resolved": "1"})
    with zipfile.ZipFile(io.BytesIO(pack())) as file:
        members = {name: file.read(name) for name in file.namelist()}
    tree = json.loads(members[COMMENTS]) | facts
    return members | {COMMENTS: json.dumps({key: value for key, value in tree.items() if value is not None}).encode()}


def test_an_archive_has_what_it_is_about(client, plan):
    [other] = unpack(zipped(members_of(client, plan)))
    kept = Comment.objects.get(plan=plan)
    assert list(other.comments.values_list("blocks", "revision")) == [(kept.blocks, 1)]
    assert list(place(other, report_of(other)).values()) == [across(plan).id]


def test_in_an_archive_of_format_6_a_comment_goes_by_the_number(client, plan):
    members = members_of(client, plan, blocks=None, revision=None)
    old = changed(members, "plans/1/plan.json", lambda tree: tree.pop("git"))
    old = changed(old, "archive.json", lambda tree: tree.update(format=6))
    [other] = unpack(zipped(old))
    assert list(other.comments.values_list("blocks", "revision")) == [([], None)]
    assert list(place(other, report_of(other)).values()) == [across(plan).id]


def test_openings_that_are_none_are_refused_with_their_place(client, plan):
    blocks = [[["A"], ["B"], [["sctp", "1"]]]]
    members = members_of(client, plan, blocks=blocks)
    Plan.objects.all().delete()
    said = complaint(zipped(members))
    assert "blocks[0]: A service must be a protocol and its ports" in said
