"""Comments on endpoints, rules and decisions: written, counted, resolved, deleted, and for whom they are."""

import io
import zipfile

import pytest

from planner.store import actions, comments
from planner.store.models import Comment, Plan
from planner.store.reports import report_for
from tests.store.archives import MATRIX, changed, complaint, pack, unpack, zipped
from tests.web.views.link_forms import make
from tests.web.views.pages import BROWSERS, Page, know, store, words

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script> \u202e=cmd\n@nobody"


@pytest.fixture
def plan():
    return store()[0]


@pytest.fixture
def kim(client, plan):
    return call(client, plan, "Kim")


@pytest.fixture
def zoe(client, plan):
    return call(know(type(client)(), BROWSERS[1]), plan, "Zoë")


def call(client, plan, name):
    client.post(address(plan, "visitor/"), {"name": name})
    client.get(address(plan, "pulse/"))
    return client


def address(plan, end=""):
    return f"/plans/{plan.key}/{end}"


def say(client, plan, text="Which one is it?", on="endpoint", of="DC01", **more):
    return client.post(address(plan, "comments/add/"), {"on": on, "of": of, "text": text, **more}, follow=True)


def told(client, plan, **query):
    """What stands on the page of comments: of each, what it says."""
    page = Page(client.get(address(plan, "comments/"), query))
    return [words(item) for item in page.all("li", class_="comment")]


def links(client, plan, end="", **query):
    """The links to comments on a page, in words."""
    return [words(a) for a in Page(client.get(address(plan, end), query)).all("a", class_="comments-link")]


def first_rule(plan):
    return report_for(plan.version, MATRIX).rules[0].id


def test_a_thread_has_who_and_when_and_counts_where_it_belongs(kim, zoe, plan):
    rule = first_rule(plan)
    assert words(Page(kim.get(address(plan, "comments/"))).one("p", class_="empty")).startswith("No comments yet")
    say(kim, plan)
    say(zoe, plan, "The new one")
    say(zoe, plan, "Why?", on="rule", of=rule)
    say(zoe, plan, "SSH, please", on="decision", of="choice/esxi")
    first, second = told(kim, plan, on="endpoint", of="DC01")
    assert first.startswith("Kim · ")
    assert "Which one is it?" in first
    assert second.startswith("Zoë · ")
    assert len(told(kim, plan)) == 4
    found = links(kim, plan)
    assert "2 comments on DC01" in found
    assert f"1 comment on {rule}" in found
    assert "2 comments on DC01" in links(kim, plan, edit="DC01")
    assert "1 comment on choice/esxi" in links(kim, plan, panel="decisions")
    assert links(kim, plan, "rule/", rule=rule) == [f"1 comment on {rule}"]
    assert links(kim, plan, edit="PS01")[0] == "Comment on PS01"


def test_each_address_leads_back_to_what_it_is_about(kim, plan):
    for on, of, way in (
        ("endpoint", "DC01", "?edit=DC01"),
        ("rule", first_rule(plan), f"rule/?rule={first_rule(plan)}"),
        ("decision", "choice/esxi", "?panel=decisions#choice-esxi"),
        ("decision", "caveat/ldap-tcp", "?panel=caveats#caveat-ldap-tcp"),
    ):
        page = Page(kim.get(address(plan, "comments/"), {"on": on, "of": of}))
        back = next(a for a in page.all("a", class_="button") if words(a) == "Show it in the plan")
        assert back.get("href") == address(plan, way)
        there, _, anchor = back.get("href").partition("#")
        assert not anchor or anchor in Page(kim.get(there)).ids


def test_resolved_ones_count_no_more_until_they_are_opened_again(kim, zoe, plan):
    say(kim, plan)
    number = Comment.objects.get().pk
    zoe.post(address(plan, "comments/resolve/"), {"number": number, "resolved": "1"})
    assert "Resolved by Zoë" in told(kim, plan)[0]
    assert "1 comment on DC01" not in links(kim, plan)
    page = Page(zoe.post(address(plan, "comments/resolve/"), {"number": number, "resolved": ""}, follow=True))
    assert "Resolved" not in words(page.one("li", class_="comment"))
    assert "1 comment on DC01" in links(kim, plan)


def test_only_ones_own_are_deleted(kim, zoe, plan):
    say(kim, plan)
    number = Comment.objects.get().pk
    assert "Delete your comment" not in told(zoe, plan)[0]
    page = Page(zoe.post(address(plan, "comments/delete/"), {"number": number}))
    assert "Only who wrote a comment can delete it." in page.text(role="alert")
    kim.post(address(plan, "comments/delete/"), {"number": number})
    assert not Comment.objects.exists()
    page = Page(kim.post(address(plan, "comments/delete/"), {"number": number}))
    assert "deleted meanwhile" in page.text(role="alert")
    page = Page(kim.post(address(plan, "comments/resolve/"), {"number": "x"}))
    assert "not the number of a comment" in page.text(role="alert")


def mark(client, plan):
    found = Page(client.get(address(plan))).one(id="mentions")
    return "" if found.get("hidden") is not None else words(found)


def test_who_is_mentioned_sees_it_at_the_head_of_the_plan(kim, zoe, plan):
    say(kim, plan, "@zoë, which one? And @Kim too, not @Zoëtrope nor @nobody")
    assert mark(zoe, plan) == "1 comment mentions you"
    assert mark(kim, plan) == "", "one's own say nothing to oneself"
    page = Page(zoe.get(address(plan, "comments/")))
    assert [words(item) for item in page.all("mark")] == ["@zoë", "@Kim"]
    assert "mentions you" in words(page.one("li", class_="comment"))
    zoe.post(address(plan, "comments/resolve/"), {"number": Comment.objects.get().pk, "resolved": "1"})
    assert mark(zoe, plan) == ""


def test_a_guest_without_a_name_can_be_mentioned_by_what_they_are_called(kim, plan, client):
    other = know(type(client)(), BROWSERS[2])
    other.get(address(plan, "pulse/"))
    name = next(name for name in comments.list_known(plan) if name.startswith("Guest "))
    page = Page(kim.get(address(plan, "comments/"), {"on": "endpoint", "of": "DC01"}))
    assert f"@{name}" in page.text(id="comment-new-help")
    say(kim, plan, f"@{name}: look")
    assert mark(other, plan) == "1 comment mentions you"


def test_comments_follow_the_names_of_endpoints_there_and_back(kim, plan):
    say(kim, plan)
    say(kim, plan, "Other", of="PS01")
    edit = {"plan_id": plan.pk, "matrix": MATRIX, "edit": "edit-endpoint"}
    actions.apply_edit(**edit, params={"endpoint": "DC01", "changes": {"name": "DC09"}})
    assert "Which one is it?" in told(kim, plan, on="endpoint", of="DC09")[0]
    assert kim.get(address(plan, "comments/"), {"on": "endpoint", "of": "DC01"}).status_code == 404
    actions.undo(plan_id=plan.pk, matrix=MATRIX)
    assert "Which one is it?" in told(kim, plan, on="endpoint", of="DC01")[0]
    actions.apply_edit(plan_id=plan.pk, matrix=MATRIX, edit="delete-endpoint", params={"endpoint": "DC01"})
    page = Page(kim.get(address(plan, "comments/")))
    assert "(not in the plan any more)" in page.html
    assert len(page.all("li", class_="comment")) == 2


@pytest.mark.parametrize(
    ("text", "said"), [("", "Write what you want to say."), (" \n", "Write what"), ("x" * 2001, "at most 2,000 char")]
)
def test_what_cant_be_kept_is_refused_in_a_sentence_and_comes_back(kim, plan, text, said):
    page = Page(say(kim, plan, text))
    assert said in page.text(id="comment-new-error")
    assert (page.one("textarea", id="comment-new").text or "").lstrip("\n") == text.lstrip("\n")
    assert not Comment.objects.exists()


def test_a_plan_has_only_so_many(kim, plan, monkeypatch):
    monkeypatch.setattr(comments, "MOST", 2)
    for _ in range(3):
        response = say(kim, plan)
    assert "A plan has at most 2 comments" in Page(response).text(role="alert")
    assert Comment.objects.count() == 2


def test_the_same_form_sent_twice_is_one_comment(kim, plan):
    for _ in range(2):
        say(kim, plan, operation="a" * 32)
    assert Comment.objects.count() == 1


@pytest.mark.parametrize(
    ("on", "of"), [("endpoint", "Nobody"), ("rule", "X-1"), ("decision", "esxi"), ("zone", "DMZ"), ("endpoint", "")]
)
def test_nothing_is_said_about_what_isnt_there(kim, plan, on, of):
    assert say(kim, plan, on=on, of=of).status_code == 404
    assert kim.get(address(plan, "comments/"), {"on": on, "of": of}).status_code == 404
    assert not Comment.objects.exists()


def test_hostile_text_stays_text_and_readers_see_none(kim, plan, client):
    say(kim, plan, HOSTILE)
    say(kim, plan, HOSTILE, on="rule", of=first_rule(plan))
    page = kim.get(address(plan, "comments/")).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    path = make(client, plan.key)[1]
    stranger = type(client)()
    for end in ("", "?view=rules", "report/json"):
        content = stranger.get(path + end).content.decode()
        assert "alert(1)" not in content
        assert "comments-link" not in content


def test_the_pulse_tells_that_somebody_commented_or_resolved(kim, zoe, plan):
    def beat():
        return zoe.get(address(plan, "pulse/")).json()["comments"]

    start = beat()
    say(kim, plan)
    said = beat()
    kim.post(address(plan, "comments/resolve/"), {"number": Comment.objects.get().pk, "resolved": "1"})
    assert start < said < beat()


COMMENTS = "plans/1/comments.jsonl"


@pytest.fixture
def members(kim, zoe, plan):
    say(kim, plan, "@Zoë?")
    say(zoe, plan, HOSTILE, on="decision", of="choice/esxi")
    number = Comment.objects.order_by("pk").last().pk
    kim.post(address(plan, "comments/resolve/"), {"number": number, "resolved": "1"})
    with zipfile.ZipFile(io.BytesIO(pack())) as file:
        found = {name: file.read(name) for name in file.namelist()}
    Plan.objects.all().delete()
    return found


def test_comments_go_out_and_come_in_but_nobody_owns_them_then(members):
    [other] = unpack(zipped(members))
    keys = "kind", "text", "mentions", "author", "resolved_by", "writer"
    rows = list(other.comments.order_by("pk").values_list(*keys))
    assert rows == [
        ("endpoint", "@Zoë?", ["Zoë"], "Kim", "", ""),
        ("decision", HOSTILE, [], "Zoë", "Kim", ""),
    ]
    assert zipped(members) != b""
    with zipfile.ZipFile(io.BytesIO(pack([other]))) as file:
        assert file.read(COMMENTS) == members[COMMENTS]


def test_an_archive_of_format_5_has_none(members):
    old = changed(members, "plans/1/plan.json", lambda tree: (tree.pop("comments"), tree.pop("git")))
    old = {name: data for name, data in old.items() if name != COMMENTS}
    [plan] = unpack(zipped(changed(old, "archive.json", lambda tree: tree.update(format=5))))
    assert not plan.comments.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"number": 1}, "line 2, number: Comments come in their order, none left out: this must be 2, not 1."),
        ({"kind": "zone"}, "line 2, kind: This must be endpoint, rule or decision, found “zone”."),
        ({"kind": []}, "line 2, kind: This must be endpoint, rule or decision"),
        ({"subject": ""}, "line 2, subject: This must be a text of 1 to 255 characters"),
        ({"text": "x" * 2001}, "line 2, text: This must be a text of 1 to 2,000 characters"),
        ({"mentions": "Zoë"}, "line 2, mentions: This must be a list"),
        ({"mentions": [1]}, "line 2, mentions[0]: This must be a text"),
        ({"resolved": 1}, "line 2, resolved: This must be true or false"),
        ({"resolved_at": "x"}, "line 2, resolved_at: This must be a time like"),
        ({"writer": "x"}, "line 2: The key “writer” is not known here"),
    ],
)
def test_a_spoiled_comment_is_refused_with_its_place(members, change, said):
    assert said in complaint(zipped(changed(members, COMMENTS, lambda tree: tree.update(change))))
    assert not Comment.objects.exists()
