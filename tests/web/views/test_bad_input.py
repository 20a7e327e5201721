"""Requests that no page of today sends, or that come twice, too late or far too large: each gets a clear answer."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from planner.store import actions
from ports.queries import current_matrix
from tests.report.samples import contoso, write_plan
from tests.web.views.pages import SENTENCE, Page, document_of, store, words
from tests.web.views.test_clashes import field, hidden
from tests.web.views.test_topology import both, done, form_of, refused, send

OPERATION = "a" * 32
LARGE = "x" * 5 * 2**20
UNDO = ["undo/", "redo/"]


@pytest.fixture
def plan():
    return store()


def edit(row, name, params, **sender):
    actions.apply_edit(
        plan_id=row.pk, matrix=current_matrix(), edit=name, params=params, sender=actions.Sender(**sender)
    )
    row.refresh_from_db()


def override(row, ports, service="ssh"):
    edit(row, "override-port", {"service": service, "ports": ports, "summary": f"{service} to {ports}"})


class TestTheSameFormTwice:
    @both
    def test_counts_once(self, client, plan, htmx):
        row, key = plan
        for _ in range(2):
            data = {"service": "ssh", "ports": "2222", "base": "1", "operation": OPERATION}
            assert send(client, key, "ports/", data, htmx=htmx).status_code in (200, 302)
        assert document_of(row)["ports"]["ssh"] == "2222"
        assert row.revision == 2

    @both
    def test_with_other_input_is_another_edit_and_nobody_is_told_saved_for_nothing(self, client, plan, htmx):
        """A browser that comes back to a page by its back button brings its old id with the new input."""
        row, key = plan
        send(client, key, "ports/", {"service": "ssh", "ports": "2222", "base": "1", "operation": OPERATION})
        data = {"service": "ssh", "ports": "2223", "base": "2", "operation": OPERATION}
        send(client, key, "ports/", data, htmx=htmx)
        assert document_of(row)["ports"]["ssh"] == "2223"

    def test_a_file_is_part_of_the_input(self, client, plan):
        row, key = plan
        for name in ("A1", "A1", "A2"):
            file = SimpleUploadedFile("table.csv", f"name,zone\n{name},DMZ\n".encode())
            send(client, key, "endpoints/import/", {"file": file, "operation": OPERATION})
        names = [endpoint["name"] for endpoint in document_of(row)["endpoints"]]
        assert names[-2:] == ["A1", "A2"]
        assert row.revision == 3

    def test_from_an_older_state_of_the_page_it_still_counts_once(self, client, plan):
        row, key = plan
        for base in ("1", "2"):
            data = {"name": "New", "zone": "DMZ", "base": base, "operation": OPERATION}
            assert send(client, key, "endpoints/add/", data).status_code == 302
        assert document_of(row)
        assert row.revision == 2


@pytest.mark.parametrize("path", UNDO)
@pytest.mark.parametrize("base", ["2", "999999999"])
def test_a_state_that_isnt_there_yet_is_the_newest(client, plan, path, base):
    row, key = plan
    override(row, "2222")
    actions.undo(plan_id=row.pk, matrix=current_matrix())
    before = document_of(row)
    response = send(client, key, path, {"base": base}, htmx=True)
    assert response.status_code == 200
    assert document_of(row) != before or "There is nothing to be" in response.content.decode() or base == "2"


@pytest.mark.parametrize(("path", "again"), [("undo/", "undo again"), ("redo/", "redo again")])
def test_going_back_from_an_old_page_says_what_others_did(client, plan, path, again):
    row, key = plan
    override(row, "2222")
    response = send(client, key, path, {"base": "1"}, htmx=True)
    said = Page(response).text(id="state")
    assert "as the plan has changed since (revision 2: ssh to 2222)" in said
    assert said.endswith(f"Look at it, then {again}.")
    assert document_of(row)["ports"]["ssh"] == "2222"


@both
def test_every_error_of_the_editor_is_a_sentence(client, plan, htmx):
    row, key = plan
    data = form_of(
        row.document, "PS01", name="dc01", zone="Moon", addresses="10.0.0.7/24\n10.0.0.999",
        roles=["web-primary", "web-passive"], platforms=["toaster"], operations=["x"], sessions=["y"],
        managed_by=["nobody"],
    )  # fmt: skip
    response = send(client, key, "endpoints/edit/", data, htmx=htmx, query="?edit=PS01")
    refused(response, row, htmx=htmx)
    sentences = [words(bdi) for error in Page(response).all(class_="error") for bdi in error.iter("bdi")]
    assert len(sentences) > 6
    assert [sentence for sentence in sentences if not SENTENCE.match(sentence)] == []


@both
def test_the_focus_goes_to_the_first_field_with_an_error(client, plan, htmx):
    row, key = plan
    data = form_of(row.document, "PS01", addresses="10.0.0.7/24", platforms=["toaster"])
    response = send(client, key, "endpoints/edit/", data, htmx=htmx, query="?edit=PS01")
    assert Page(response).one(autofocus=True).get("id") == "endpoint-addresses"


@pytest.mark.slow
class TestFiveMegabytes:
    @both
    def test_of_description_are_refused_and_stay_in_the_field(self, client, plan, htmx):
        row, key = plan
        response = send(client, key, "name/", {"name": "Contoso", "description": LARGE}, htmx=htmx)
        assert "A description has at most 20,000 characters here; this has 5,242,880." in refused(
            response, row, htmx=htmx
        )
        assert field(Page(response), "plan-description").strip() == LARGE

    def test_of_a_description_that_is_there_keep_nobody_from_renaming(self, client):
        row, key = store(contoso(description="y" * 30_000))
        data = {"name": "Renamed", "description": "y" * 30_000, "base": "1"}
        assert send(client, key, "name/", data).status_code == 302
        assert document_of(row)["name"] == "Renamed"

    @both
    def test_of_reason_are_refused(self, client, plan, htmx):
        row, key = plan
        data = {"source": "PS01", "destination": "DC01", "protocol": "icmp", "reason": LARGE}
        response = send(client, key, "flows/add/", data, htmx=htmx, query="?panel=own")
        assert "A reason has at most 20,000 characters." in refused(response, row, htmx=htmx)

    @pytest.mark.parametrize("path", ["endpoints/edit/", "endpoints/delete/", "endpoints/move/", "zones/edit/",
                                      "zones/delete/", "endpoints/duplicate/"])  # fmt: skip
    @both
    def test_of_a_hidden_field_are_not_repeated_all_over_the_page(self, client, plan, path, htmx):
        row, key = plan
        data = {"target": LARGE, "name": "N", "zone": "DMZ", "kind": "dmz"}
        response = send(client, key, path, data, htmx=htmx)
        assert refused(response, row, htmx=htmx)
        assert len(response.content) < 500_000

    @both
    def test_of_names_for_a_module_are_told_beside_them(self, client, plan, htmx):
        row, key = plan
        data = {"module": "sites", "to": "on", "names": LARGE}
        assert "this name has 5,242,880 characters" in refused(
            send(client, key, "modules/", data, htmx=htmx), row, htmx=htmx
        )


class TestAnErrorHidesNoClash:
    """Who mistypes and corrects it hasn't been told what others did in the meantime, so that is found then."""

    def test_of_a_port(self, client, plan):
        row, key = plan
        override(row, "2222")
        response = send(client, key, "ports/", {"service": "ssh", "ports": "70000", "base": "1"}, htmx=True)
        base = _base_of(Page(response), "ports/", service="ssh")
        assert base == "1"
        response = send(client, key, "ports/", {"service": "ssh", "ports": "7000", "base": base}, htmx=True)
        assert "Someone changed the same thing" in refused(response, row, htmx=True)
        base = _base_of(Page(response), "ports/", service="ssh")
        assert base == "2"
        send(client, key, "ports/", {"service": "ssh", "ports": "7000", "base": base})
        assert document_of(row)["ports"]["ssh"] == "7000"

    def test_of_a_zone(self, client, plan):
        row, key = plan
        edit(row, "edit-zone", {"zone": "DMZ", "kind": "cloud"})
        response = send(client, key, "zones/edit/", {"target": "DMZ", "name": "", "kind": "internal", "base": "1"})
        assert hidden(Page(response), "zones/edit/", "base") == "1"

    def test_of_an_endpoint(self, client, plan):
        row, key = plan
        edit(row, "edit-endpoint", {"endpoint": "PS01", "changes": {"addresses": ["10.7.7.7"]}})
        data = form_of(row.document, "PS01", name="", addresses="10.8.8.8", base="1")
        response = send(client, key, "endpoints/edit/", data, htmx=True, query="?edit=PS01")
        base = hidden(Page(response), "endpoints/edit/", "base")
        data |= {"name": "PS01", "base": base}
        response = send(client, key, "endpoints/edit/", data, htmx=True, query="?edit=PS01")
        sentences = refused(response, row, htmx=True)
        assert "In the plan now: 10.7.7.7." in sentences
        assert field(Page(response), "endpoint-addresses").strip() == "10.8.8.8"

    def test_of_the_plans_name(self, client, plan):
        row, key = plan
        edit(row, "rename-plan", {"name": "Theirs"})
        response = send(client, key, "name/", {"name": "", "description": "Mine", "base": "1"}, htmx=True)
        assert hidden(Page(response), "name/", "base") == "1"


def _base_of(page, action, **fields):
    """The base that the form with these hidden fields would send."""
    for form in page.all("form"):
        sent = {item.get("name"): item.get("value") for item in form.iter("input")}
        if form.get("hx-post", "").endswith(action) and fields.items() <= sent.items():
            return sent["base"]
    raise AssertionError("no such form")


@both
def test_a_decision_that_clashes_keeps_the_own_option_and_can_be_sent_again(client, plan, htmx):
    row, key = plan
    edit(row, "choose", {"choice": "esxi", "options": "ssh", "summary": "ESXi decided: SSH"})
    data = {"choice": "esxi", "option": "powercli", "base": "1"}
    response = send(client, key, "choices/", data, htmx=htmx, query="?panel=decisions")
    assert "revision 2: ESXi decided: SSH" in refused(response, row, htmx=htmx)
    page = Page(response)
    assert page.one(id="choice-esxi-powercli").get("checked") is not None
    assert page.one(id="choice-esxi-ssh").get("checked") is None
    assert page.text(id="choice-esxi-again") == "Decide it this way"
    send(client, key, "choices/", data | {"base": _base_of(page, "choices/", choice="esxi")})
    assert document_of(row)["choices"]["esxi"] == "powercli"


class TestAFlowThatSomeoneElseChanged:
    FLOW = {"source": "PS01", "destination": "DC01", "protocol": "udp", "ports": "53", "reason": "Names"}

    @pytest.fixture
    def plan(self):
        return store(contoso(additional_flows=[self.FLOW]))

    @both
    def test_leaves_what_was_typed_as_a_new_one(self, client, plan, htmx):
        row, key = plan
        flow = Page(client.get(f"/plans/{key}/?panel=own")).all("input", name="key")[0].get("value")
        edit(row, "edit-flow", {"flow": row.document["additional_flows"][0], "changes": {"reason": "Theirs"}})
        edit(row, "edit-endpoint", {"endpoint": "DC01", "changes": {"name": "DC09"}})
        data = {"key": flow, "protocol": "tcp", "ports": "53", "reason": "Mine", "base": "1"}
        response = send(client, key, "flows/edit/", data, htmx=htmx, query="?panel=own")
        sentences = refused(response, row, htmx=htmx)
        assert "What you typed stands here as a new flow; add it if it is to count." in sentences
        page = Page(response)
        shown = {which: field(page, f"own-{which}") for which in ("source", "destination", "new-ports", "new-reason")}
        assert shown == {"source": "PS01", "destination": "DC09", "new-ports": "53", "new-reason": "Mine"}
        new = {"source": "PS01", "destination": "DC09", "protocol": "tcp", "ports": "53", "reason": "Mine"}
        send(client, key, "flows/add/", new)
        assert [flow["reason"] for flow in document_of(row)["additional_flows"]] == ["Theirs", "Mine"]


class TestWhatOthersAddedDoesntGoUnseen:
    """A deletion takes along what its author saw, and nothing that came since, even if the numbers happen to fit."""

    def test_with_a_zone(self, client):
        row, key = store(
            write_plan(
                {"name": "one", "zone": "DMZ"}, {"name": "two", "zone": "DMZ"}, {"name": "web", "zone": "Internal"}
            )
        )
        edit(row, "delete-endpoint", {"endpoint": "two"})
        edit(row, "add-endpoint", {"endpoint": {"name": "new", "zone": "DMZ"}})
        response = send(client, key, "zones/delete/", {"target": "DMZ", "confirmed": "2", "base": "1"})
        assert "revision 3: new added to DMZ" in refused(response, row, htmx=False)
        assert "new" in {endpoint["name"] for endpoint in document_of(row)["endpoints"]}

    def test_with_an_endpoint(self, client):
        flow = {"source": "one", "destination": "two", "protocol": "icmp", "reason": "Old"}
        row, key = store(
            write_plan({"name": "one", "zone": "DMZ"}, {"name": "two", "zone": "DMZ"}, additional_flows=[flow])
        )
        edit(row, "delete-flow", {"flow": flow})
        edit(row, "add-flow", {"rows": [flow | {"reason": "New"}]})
        response = send(client, key, "endpoints/delete/", {"target": "one", "confirmed": "1", "base": "1"})
        assert "Someone changed the same thing" in refused(response, row, htmx=False)
        assert document_of(row)["additional_flows"]

    def test_what_nobody_touched_goes_at_the_first_word(self, client, plan):
        row, key = plan
        override(row, "2222")
        done(send(client, key, "zones/delete/", {"target": "DMZ", "confirmed": "2", "base": "1"}), htmx=False)
        assert "DMZ" not in {zone["name"] for zone in document_of(row)["zones"]}
