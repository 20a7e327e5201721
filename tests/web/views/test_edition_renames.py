"""Stored plans follow renamed rows: switched, undone, switched back, copied, restored, imported, weighed."""

import io
import json

import pytest
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile

from planner.plan.archive import BY_COMMAND
from planner.plan.document import PlanError
from planner.store import actions
from planner.store.editions import matrix_of
from planner.store.impact import weigh_stored
from planner.store.models import Plan
from planner.store.transfer import all_plans, export_plans, import_plans
from ports.actions import load_matrix
from ports.queries import SHIPPED, find_matrix
from tests.editions import NEXT, shipped_edition
from tests.ports.renamed import rename
from tests.report.samples import contoso
from tests.web.views.pages import Page, store, words

THIRD = "passwordstate-2027-09"
SECOND_NAMES = {"password-reset-portal": "reset-portal", "linux-mac": "unix", "esxi": "vmware"}
SECOND = [
    ("role/reset-portal", "password-reset-portal"),
    ("service/reset-portal", "password-reset-portal"),
    ("platform/unix", "linux-mac"),
    ("choice/vmware", "esxi"),
]
THIRD_NAMES = SECOND_NAMES | {"password-reset-portal": "portal"}


def load_renamed(folder, slug, names, renamed):
    """An edition with the shipped one's rows under other names."""
    entries = json.loads(SHIPPED.read_text("utf-8"))
    for entry in entries:
        entry["fields"] = rename(entry["fields"], names)
        if entry["model"] == "ports.portmatrix":
            said = [{"row": row, "was": was} for row, was in renamed]
            entry["fields"] |= {"slug": slug, "renamed": said}
        elif "matrix" in entry["fields"]:
            entry["fields"]["matrix"] = [slug]
    path = folder / f"{slug}.json"
    path.write_text(json.dumps(entries), "utf-8")
    return load_matrix(path=path)[0]


def document():
    made = contoso()
    made["ports"] = {"password-reset-portal": "8443"}
    made["endpoints"][0]["platforms"] = ["linux-mac"]
    made["endpoints"][0]["operations"] = ["validation"]
    made["choices"] = {"esxi": "ssh"}
    return made


@pytest.fixture
def key():
    return store(document())[1]


@pytest.fixture
def second(key, tmp_path):
    return load_renamed(tmp_path, NEXT, SECOND_NAMES, SECOND)


@pytest.fixture
def third(second, tmp_path):
    renamed = [("role/portal", "reset-portal"), ("service/portal", "reset-portal")]
    return load_renamed(tmp_path, THIRD, THIRD_NAMES, renamed)


def plan_of(key):
    return Plan.objects.select_related("edition").get(key=key)


def switch(key, edition):
    return actions.switch_edition(plan_id=plan_of(key).pk, edition=edition).plan


def last(key):
    return plan_of(key).revisions.order_by("-number").first()


def rules_of(client, key):
    return [(one["id"], one["services"]) for one in client.get(f"/plans/{key}/report/json").json()["rules"]]


def test_the_page_says_that_nothing_changes_and_which_names_follow(client, key, second):
    page = Page(client.get(f"/plans/{key}/"))
    [told] = [words(one) for one in page.all("p", class_="edition-offer")]
    assert told == f"A new edition, {NEXT}, would change nothing in this plan. Look, then switch"
    look = Page(client.get(f"/plans/{key}/edition/?to={NEXT}")).text("main")
    assert f"These names follow, as {NEXT} calls them otherwise:" in look
    assert "platform linux-mac → unix" in look
    assert "choice esxi → vmware" in look
    assert "doesn’t fit" not in look


def test_the_switch_renames_and_its_summary_says_what_and_an_undo_brings_it_back(client, key, second):
    before, rules = plan_of(key).document, rules_of(client, key)
    plan = switch(key, second)
    assert plan.edition.slug == NEXT
    assert plan.document["ports"] == {"reset-portal": "8443"}
    assert plan.document["choices"] == {"vmware": "ssh"}
    assert "unix" in json.dumps(plan.document)
    assert "linux-mac" not in json.dumps(plan.document)
    said = last(key).summary
    assert said.startswith(f"Switched to the edition {NEXT}; 4 names follow: ")
    assert "service password-reset-portal → reset-portal" in said
    assert [one[0] for one in rules_of(client, key)] == [one[0] for one in rules]
    actions.undo(plan_id=plan.pk, matrix=matrix_of(plan))
    assert (plan_of(key).document, plan_of(key).edition) == (before, shipped_edition())
    assert rules_of(client, key) == rules
    actions.redo(plan_id=plan.pk, matrix=matrix_of(plan_of(key)))
    assert (plan_of(key).document, plan_of(key).edition) == (plan.document, second)


def test_switching_back_carries_back_over_two_editions_too(client, key, third):
    before = plan_of(key).document
    assert "portal" in switch(key, third).document["ports"]
    plan = switch(key, shipped_edition())
    assert plan.document == before
    assert "service portal → password-reset-portal" in last(key).summary


def test_the_history_shows_no_changed_rule_across_the_switch(client, key, second):
    switch(key, second)
    page = Page(client.get(f"/plans/{key}/changes/?from=1&to=2"))
    assert "Nothing differs." in page.text("main")


def test_nor_where_the_older_edition_was_kept_before_anything_said_that_rows_were_renamed(client, key, second):
    plan = switch(key, second)
    actions.undo(plan_id=plan.pk, matrix=matrix_of(plan))
    switch(key, second)
    for sides in ("from=2&to=3", "from=3&to=4"):
        assert "Nothing differs." in Page(client.get(f"/plans/{key}/changes/?{sides}")).text("main")


def test_a_pure_rename_counts_nothing_for_stored_plans(key, second, third):
    [impact] = weigh_stored(find_matrix(THIRD))
    assert (impact.opened, impact.closed, impact.changed, impact.differs, impact.faults) == (0, 0, 0, False, ())
    switch(key, third)
    [back] = weigh_stored(find_matrix(NEXT))
    assert (back.differs, back.faults) == (False, ())


def test_a_revision_of_before_is_restored_under_the_new_names(client, key, second):
    plan = switch(key, second)
    actions.choose(plan_id=plan.pk, matrix=matrix_of(plan), choice="vmware", options=["powercli"])
    restored = actions.restore(plan_id=plan.pk, matrix=matrix_of(plan), number=1).plan
    assert restored.document["choices"] == {"vmware": "ssh"}
    assert restored.edition == second
    assert last(key).summary.startswith("Revision 1 restored; 4 names follow: ")


def test_a_copy_is_put_on_the_current_edition_and_follows(client, key, second):
    assert client.post(f"/plans/{key}/duplicate/").status_code == 302
    copy = Plan.objects.exclude(key=key).get()
    assert (copy.edition, copy.document["choices"]) == (second, {"vmware": "ssh"})
    assert "4 names follow" in copy.revisions.get().summary


def test_an_imported_file_with_old_names_is_carried_over_and_each_is_told(client, key, third):
    file = SimpleUploadedFile("plan.yaml", yaml.safe_dump(document()).encode())
    page = Page(client.post("/plans/import/", {"file": file, "text": ""}, follow=True))
    made = Plan.objects.exclude(key=key).get()
    assert (made.edition, made.document["ports"]) == (third, {"portal": "8443"})
    assert "Renamed since the document was written, and read so: platform linux-mac → unix" in page.text("body")
    assert "service password-reset-portal → portal" in page.text("body")


def test_an_imported_file_with_the_old_and_the_new_name_is_refused(client, key, second):
    both = document() | {"ports": {"password-reset-portal": "1", "reset-portal": "2"}}
    page = Page(client.post("/plans/import/", {"text": yaml.safe_dump(both)}))
    said = "'password-reset-portal' is called 'reset-portal' in the edition passwordstate-2027-03"
    assert said in page.text("main")
    assert Plan.objects.count() == 1


def test_an_archive_whose_edition_is_not_here_is_read_by_the_names_of_the_current_one(key, second):
    file = io.BytesIO()
    export_plans(file, all_plans())
    Plan.objects.all().delete()
    shipped_edition().delete()
    told = []
    [made] = import_plans(file, BY_COMMAND, find_matrix(NEXT), tell=told.append)
    assert (made.edition, made.document["ports"]) == (second, {"reset-portal": "8443"})
    assert made.revisions.get().document == made.document
    assert told[0].startswith("“Contoso” was on the edition passwordstate-2026-11, which isn’t here.")
    assert told[1].startswith("“Contoso”: 4 names follow: platform linux-mac → unix, role")


def test_an_archive_whose_edition_is_here_stays_as_it_is(key, second):
    file = io.BytesIO()
    export_plans(file, all_plans())
    told = []
    [made] = import_plans(file, BY_COMMAND, find_matrix(NEXT), tell=told.append)
    assert (made.edition, made.document, told) == (shipped_edition(), plan_of(key).document, [])


def test_a_stored_plan_that_has_both_is_not_switched(key, second):
    Plan.objects.filter(key=key).update(
        document=document() | {"ports": {"password-reset-portal": "1", "reset-portal": "2"}}
    )
    with pytest.raises(PlanError, match="as well"):
        switch(key, second)
    assert plan_of(key).edition == shipped_edition()
