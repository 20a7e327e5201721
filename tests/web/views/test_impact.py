"""Staff see what an edition would change for all stored plans of its product, each from its own edition."""

import pytest
from django.contrib.auth.models import User

from planner.store import actions, bin
from planner.store.models import Plan
from planner.web.views import impacts
from ports.queries import current_matrix
from tests.editions import HARBOUR, NEXT, load_gatekeeper, load_next
from tests.web.views.pages import Page, store, words

FIRST = "passwordstate-2026-11"


@pytest.fixture
def staff(client):
    client.force_login(User.objects.create_user("kim", password="x" * 20, is_staff=True))
    return client


def table(client, edition=NEXT, page=1):
    return Page(client.get("/matrix/impact/", {"edition": edition, "page": page})).table("impacts")


def test_each_plan_is_compared_from_its_own_edition(staff, tmp_path):
    store()
    edition = load_next(tmp_path, password_reset_portal="444")
    second, _ = store()
    actions.switch_edition(plan_id=second.pk, edition=edition)
    bin.delete_plan(plan_id=store()[0].pk)
    assert table(staff) == [
        ["Contoso", FIRST, "1", "1", "0", ""],
        ["Contoso", NEXT, "0", "0", "0", "nothing changes"],
    ]
    assert [row[2:5] for row in table(staff, FIRST)] == [["0", "0", "0"], ["1", "1", "0"]]


def test_it_leads_to_the_plans_that_the_reader_may_open(staff, tmp_path):
    _, key = store()
    other, _ = store()
    other.holds.all().delete()
    load_next(tmp_path)
    page = Page(staff.get("/matrix/impact/"))
    links = [a.get("href") for a in page.one("table", class_="impacts").iter("a")]
    assert links == [f"/plans/{key}/edition/?to={NEXT}"]
    assert staff.get(links[0]).status_code == 200


def test_what_doesnt_fit_and_what_differs_within_zones_alone_is_said(staff, tmp_path):
    store()
    load_next(tmp_path, "passwordstate-2027-01", fixed=["website"])
    assert table(staff, "passwordstate-2027-01")[0][5].startswith("Can’t be evaluated under both: ports.website")
    load_next(tmp_path, ldaps="3636")
    assert table(staff)[0][2:] == ["0", "0", "0", "Connections within zones differ."]


def test_plans_of_another_product_and_none_at_all(staff):
    gatekeeper = load_gatekeeper()
    store()
    page = Page(staff.get("/matrix/impact/", {"edition": gatekeeper.slug}))
    assert "There are no stored plans of" in page.text("main")
    from planner.plan.document import read_plan

    matrix = current_matrix("gatekeeper")
    actions.create_plan(plan=read_plan(HARBOUR.read_bytes(), matrix=matrix), matrix=matrix, summary="Test")
    assert [row[1] for row in table(staff, gatekeeper.slug)] == ["gatekeeper-4"]
    Plan.objects.update(edition=None)
    assert [row[1] for row in table(staff, FIRST)] == [FIRST], "it names no product, so it is the default one's"
    assert [row[1] for row in table(staff, gatekeeper.slug)] == ["gatekeeper-4"], "it names its product"


def test_it_is_for_staff_alone(client):
    response = client.get("/matrix/impact/")
    assert (response.status_code, response["Location"].partition("?")[0]) == (302, "/admin/login/")
    assert "impact" not in client.get("/matrix/").content.decode()


def test_the_matrix_and_the_comparison_lead_there(staff, tmp_path):
    load_next(tmp_path)
    for path in ("/matrix/", f"/matrix/compare/?to={NEXT}"):
        page = Page(staff.get(path))
        assert f"/matrix/impact/?edition={NEXT}" in [a.get("href") for a in page.all("a")]
    assert staff.get("/matrix/impact/", {"edition": "none"}).status_code == 404


def test_many_plans_come_in_pages(staff, tmp_path, monkeypatch):
    monkeypatch.setattr(impacts, "PAGE", 2)
    for _ in range(3):
        store()
    load_next(tmp_path)
    assert [len(table(staff, page=number)) for number in (1, 2)] == [2, 1]


def test_a_request_works_for_a_while_and_the_next_one_goes_on(staff, tmp_path, monkeypatch):
    for _ in range(3):
        store()
    load_next(tmp_path, password_reset_portal="444")
    moments = iter([0.0, 1.0, 2.0, 4.0, *[10.0] * 9])
    monkeypatch.setattr(impacts.time, "monotonic", lambda: next(moments))
    page = Page(staff.get("/matrix/impact/", {"edition": NEXT}))
    assert [row[5] for row in page.table("impacts")] == ["", "", "not worked out yet"]
    assert page.text("p", role="status").startswith("1 of these plans hasn’t been worked out yet")
    monkeypatch.setattr(impacts, "MOST_ENDPOINTS", 1)
    monkeypatch.undo()
    assert [words(one) for one in Page(staff.get("/matrix/impact/")).all(role="status")] == []


def test_very_large_plans_are_left_to_their_own_page(staff, tmp_path, monkeypatch):
    monkeypatch.setattr(impacts, "MOST_ENDPOINTS", 4)
    store()
    load_next(tmp_path)
    assert table(staff)[0][2:] == [
        "–",
        "–",
        "–",
        "More than 4 endpoints: worked out on its own page, when someone looks.",
    ]


def test_more_plans_cost_no_more_queries(staff, tmp_path, django_assert_max_num_queries):
    store()
    load_next(tmp_path)
    table(staff)
    with django_assert_max_num_queries(14) as few:
        table(staff)
    asked = len(few.captured_queries)
    for _ in range(5):
        store()
    with django_assert_max_num_queries(asked + 1):  # those of before are on another edition
        assert len(table(staff)) == 6
