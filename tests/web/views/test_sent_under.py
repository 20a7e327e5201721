"""What is said to have changed since a handover is true of the plan and of the port matrix."""

import pytest

from planner.store import actions
from planner.store.kept import Chain
from planner.store.models import Handover, Plan
from ports.actions import make_amendment, revert_amendment
from ports.models import Amendment, PortMatrix, Snapshot
from ports.queries import current_matrix, find_state
from tests.web.views.pages import Page, store, words

NOT_KNOWN = "Under which port matrix it was sent isn’t known."


@pytest.fixture
def sent(client):
    """The key of a plan whose first revision was handed over."""
    plan, key = store()
    actions.hand_over(plan_id=plan.pk, matrix=current_matrix(), revision=1, recipient="Network team", note="")
    return key


def edit_matrix(slug="password-reset-portal", **changes):
    """What staff do on the page of the matrix."""
    for name, value in changes.items():
        make_amendment(row=f"service/{slug}", field=name, value=value, reason="Test")


def change_plan(key):
    plan = Plan.objects.get(key=key)
    actions.choose(plan_id=plan.pk, matrix=current_matrix(), choice="esxi", options=["ssh"])


def since(client, key):
    [line] = Page(client.get(f"/plans/{key}/")).all("p", class_="sent-line")
    return words(line).partition("2026. ")[2]


def test_nothing_has_changed(client, sent):
    assert since(client, sent) == "Nothing has changed since."


def test_the_matrix_alone_has_changed(client, sent):
    edit_matrix(ports="9443")
    said = since(client, sent)
    assert said.startswith("The port matrix has changed since: ")
    assert "to open" in said
    assert "to close" in said
    assert said.endswith("Change request")


def test_the_matrix_has_changed_and_nothing_for_this_plan(client, sent):
    edit_matrix("telnet", ports="2323")
    assert since(client, sent) == "The port matrix has changed since; no rule or address differs. Change request"


def test_the_plan_alone_has_changed(client, sent):
    change_plan(sent)
    said = since(client, sent)
    assert said.startswith("The plan has changed since: 1 rule to close")


def test_both_have_changed(client, sent):
    edit_matrix(ports="9443")
    change_plan(sent)
    said = since(client, sent)
    assert said.startswith("Plan and port matrix have changed since: ")
    assert "to open" in said


def test_the_matrix_went_back_to_what_it_was(client, sent):
    edit_matrix(ports="9443")
    assert since(client, sent) != "Nothing has changed since."
    revert_amendment(number=Amendment.objects.get().pk)
    assert since(client, sent) == "Nothing has changed since."


def test_the_change_request_and_its_files_start_from_the_matrix_of_then(client, sent):
    edit_matrix(ports="9443")
    page = Page(client.get(f"/plans/{sent}/changes/"))
    told = page.text("main")
    assert "9443" in told
    assert "443" in told
    address = next(a.get("href") for a in page.all("a") if words(a) == "JSON")
    rules = client.get(address).json()["rules"]
    assert {service["ports"] for rule in rules["opened"] for service in rule["services"]} == {"9443"}
    assert {service["ports"] for rule in rules["closed"] for service in rule["services"]} == {"443"}
    [chosen] = [
        one for one in page.one("select", id="matrix-before").iter("option") if one.get("selected") is not None
    ]
    assert words(chosen).startswith("as it was on ")
    report = client.get(f"/plans/{sent}/report/html").content.decode()
    assert "handed over to Network team" in report
    assert "to open" in report.partition("Compared with")[2][:400]


def test_each_handover_leads_to_what_changed_since(client, sent):
    edit_matrix(ports="9443")
    page = Page(client.get(f"/plans/{sent}/changes/"))
    [link] = [a.get("href") for a in page.all("a") if words(a) == "change request since"]
    assert "9443" in Page(client.get(link)).text("main")


def test_a_revision_is_compared_as_it_was_stored_with_the_plan_as_it_is_now(client, sent):
    assert "Nothing differs" in Page(client.get(f"/plans/{sent}/changes/?from=1&to=1")).text("main")
    edit_matrix(ports="9443")
    assert "9443" in Page(client.get(f"/plans/{sent}/changes/?from=1&to=1")).text("main")


def test_one_of_before_this_was_kept_promises_only_what_is_known(client, sent):
    Handover.objects.update(digest="")
    edit_matrix(ports="9443")
    assert since(client, sent) == f"The plan has not changed since. {NOT_KNOWN}"
    change_plan(sent)
    assert since(client, sent).startswith("The plan has changed since: 1 rule to close. " + NOT_KNOWN)


def test_a_matrix_that_is_not_kept_here_is_said_to_be_missing(client, sent):
    Handover.objects.update(digest="0" * 64)
    assert "isn’t kept here, so what differs can’t be said." in since(client, sent)
    [notice] = Page(client.get(f"/plans/{sent}/changes/")).all(role="alert")
    assert words(notice) == "The port matrix 00000000, as it was then, isn’t kept here."
    assert client.get(f"/plans/{sent}/changes/json").status_code == 404
    assert client.get(f"/plans/{sent}/report/pdf").status_code == 200


def test_what_cant_be_evaluated_any_more_is_not_said_to_be_the_same(client, sent):
    plan = Plan.objects.get(key=sent)
    document = {"format": 1, "name": "N", "choices": {"none": "such"}}
    plan.revisions.filter(number=1).update(**Chain().add(None, document))
    change_plan(sent)
    assert "What differs can’t be said" in since(client, sent)


def test_a_snapshot_is_kept_once_and_outlives_what_it_was_taken_of(client, sent):
    digest = current_matrix().digest
    plan = Plan.objects.get(key=sent)
    actions.hand_over(plan_id=plan.pk, matrix=current_matrix(), revision=1, recipient="Others", note="")
    assert Snapshot.objects.filter(digest=digest).count() == 1
    edit_matrix(ports="9443")
    edit_matrix(ports="9444")
    plan.delete()
    PortMatrix.objects.all().delete()
    assert find_state(digest).digest == digest
    assert find_state("0" * 64) is None
    assert find_state(digest).services["password-reset-portal"].ports == "443"
