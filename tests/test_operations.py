"""Three editors on one plan: every acknowledged change is in the document once, every refused one changed nothing.

The reference is a plain model of what people mean: fields that are set, endpoints that keep their identity when they
are renamed. A change must be refused if, and only if, its field has been set to something that its author neither saw
nor wants; one that leaves a field as its author saw it changes nothing. Going back, by undoing or by restoring a
revision, is refused if, and only if, the plan has changed since its author looked. A zone is deleted with what its
author saw in it, and not at all if there is more by then.
"""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from planner.plan.blueprint import add_module, remove_module
from planner.plan.changes import compare_documents
from planner.plan.document import PlanError, check_plan
from planner.plan.edits import NotPossible
from planner.store import actions
from planner.store.models import Revision
from ports.queries import shipped_matrix
from tests.strategies import often

pytestmark = pytest.mark.slow

EDITORS = range(3)
SERVICES = ("ssh", "vnc")
FIELDS = ("addresses", "roles")
VALUES = {
    "addresses": [["10.0.0.1"], ["10.0.0.2"]],
    "roles": [["web-primary", "database"], ["web-primary", "mail-server"]],
}
DOCUMENT = {
    "format": 1,
    "name": "Shared",
    "zones": [{"name": "A", "kind": "internal"}, {"name": "B", "kind": "dmz"}, {"name": "C", "kind": "cloud"}],
    "endpoints": [
        {"name": "one", "zone": "A", "roles": ["web-primary"]},
        {"name": "two", "zone": "B", "managed_by": ["one"]},
    ],
}
INITIAL = {("port", service): "" for service in SERVICES} | {("module",): "off"}


class ThreeEditors(RuleBasedStateMachine):
    """What three people do to a plan, each from the state that they saw last."""

    @initialize()
    def start(self):
        matrix = shipped_matrix()
        self.plan = actions.create_plan(plan=check_plan(DOCUMENT, matrix=matrix), matrix=matrix, summary="Start")
        self.matrix = matrix
        self.fields = {}  # field -> value
        self.changes = []  # (revision, field, editor)
        self.names = {0: "one", 1: "two"}  # identity -> name now
        self.seen = dict.fromkeys(EDITORS, 1)
        self.seen_documents = dict.fromkeys(EDITORS, self.plan.document)
        self.seen_fields = {editor: {} for editor in EDITORS}
        self.seen_names = {editor: dict(self.names) for editor in EDITORS}
        self.guests = frozenset()  # names of the endpoints in zone C; None while it isn't there
        self.seen_guests = dict.fromkeys(EDITORS, self.guests)
        self.came = 0
        self.revision = 1
        self.states = {}  # revision -> what the model and the plan were
        self._remember()

    def _send(self, editor, edit, params, field, value):
        seen = self.seen_fields[editor].get(field, INITIAL.get(field))
        now = self.fields.get(field, INITIAL.get(field))
        refused_if = value != seen and now not in (seen, value)
        if value == seen:  # nothing was changed in the form
            value = now
        before = self._document()
        sender = actions.Sender(base=self.seen[editor])
        try:
            done = actions.apply_edit(
                plan_id=self.plan.pk, matrix=self.matrix, edit=edit, params=params, sender=sender
            )
        except (actions.Clash, NotPossible):  # the second says what is gone, or in the way, where it knows
            done = None
        if done is None:
            assert refused_if, f"refused although nobody else touched {field}"
            assert self._document() == before
            return
        assert not refused_if, f"{field} was set by somebody else since"
        self.fields[field] = value
        if done.changed:
            self.revision += 1
            self.changes.append((self.revision, field, editor))
            self._remember()
        assert done.plan.revision == self.revision

    def _document(self):
        self.plan.refresh_from_db()
        return self.plan.document

    @rule(
        editor=st.sampled_from(EDITORS), service=st.sampled_from(SERVICES), port=st.sampled_from(["", "1000", "2000"])
    )
    def override(self, editor, service, port):
        params = {"service": service, "ports": port, "summary": service}
        self._send(editor, "override-port", params, ("port", service), port)

    @rule(
        editor=st.sampled_from(EDITORS),
        identity=st.sampled_from([0, 1]),
        field=st.sampled_from(FIELDS),
        which=st.sampled_from([0, 1]),
    )
    def edit_endpoint(self, editor, identity, field, which):
        value = VALUES[field][which]
        params = {"endpoint": self.seen_names[editor][identity], "changes": {field: value}}
        self._send(editor, "edit-endpoint", params, (identity, field), value)

    @rule(editor=st.sampled_from(EDITORS), identity=st.sampled_from([0, 1]), name=st.sampled_from("abc"))
    def rename(self, editor, identity, name):
        name = f"{name}{identity}"
        if self.seen_names[editor][identity] == name:
            return
        params = {"endpoint": self.seen_names[editor][identity], "changes": {"name": name}}
        before = len(self.changes)
        self._send(editor, "edit-endpoint", params, (identity, "name"), name)
        if len(self.changes) > before:
            self.names[identity] = name
            self._remember()

    @rule(editor=st.sampled_from(EDITORS), option=st.sampled_from(["off", "dmz", "internal"]))
    def switch_a_module(self, editor, option):
        seen = self.seen_documents[editor]
        after = (
            remove_module(self.matrix, seen, "portal")
            if option == "off"
            else add_module(self.matrix, seen, "portal", option, users="nobody")
        )
        params = {"switch": compare_documents(seen, after), "summary": option}
        self._send(editor, "switch-module", params, ("module",), option)

    def _send_about_guests(self, editor, edit, params, refused_if, guests):
        """An edit of zone C or of what is in it; `guests` is what follows unless it is refused."""
        before = self._document()
        try:
            actions.apply_edit(
                plan_id=self.plan.pk, matrix=self.matrix, edit=edit, params=params,
                sender=actions.Sender(base=self.seen[editor]),
            )  # fmt: skip
        except (actions.Clash, NotPossible, PlanError):
            assert refused_if, f"{edit} was refused for nothing"
            assert self._document() == before
            return
        assert not refused_if, f"{edit} took along what its author didn't see"
        self.guests = guests
        self.revision += 1
        self.changes.append((self.revision, None, editor))
        self._remember()

    @rule(editor=st.sampled_from(EDITORS))
    def add_a_guest(self, editor):
        if self.seen_guests[editor] is None:
            return
        self.came += 1
        name = f"guest{self.came}"
        params = {"endpoint": {"name": name, "zone": "C"}}
        gone = self.guests is None
        self._send_about_guests(editor, "add-endpoint", params, gone, None if gone else self.guests | {name})

    @rule(editor=st.sampled_from(EDITORS))
    def delete_the_zone_of_guests(self, editor):
        seen = self.seen_guests[editor]
        if seen is not None:
            self._send_about_guests(
                editor, "delete-zone", {"zone": "C"}, self.guests is None or bool(self.guests - seen), None
            )

    @rule(editor=st.sampled_from(EDITORS))
    def bring_the_zone_of_guests_back(self, editor):
        if self.seen_guests[editor] is None:
            params = {"name": "C", "kind": "cloud"}
            self._send_about_guests(editor, "add-zone", params, self.guests is not None, frozenset())

    def _go_back(self, editor, step, number):
        """Restore a revision or undo, from the state that the editor saw: refused unless that is the newest."""
        before = self._document()
        sender = actions.Sender(base=self.seen[editor])
        try:
            done = step(sender)
        except actions.Clash:
            assert self.seen[editor] < self.revision, "refused although nothing has changed since"
            assert self._document() == before
            return
        assert self.seen[editor] == self.revision, "what others did in between was taken back unseen"
        fields, names, guests, document = self.states[number]
        assert self._document() == document
        self.fields, self.names, self.guests = dict(fields), dict(names), guests
        if done.changed:
            self.revision += 1
            self.changes.append((self.revision, None, editor))
        self._remember()

    @rule(editor=st.sampled_from(EDITORS), back=st.integers(0, 6))
    def restore(self, editor, back):
        number = max(1, self.revision - back)
        self._go_back(
            editor,
            lambda sender: actions.restore(plan_id=self.plan.pk, matrix=self.matrix, number=number, sender=sender),
            number,
        )

    @rule(editor=st.sampled_from(EDITORS))
    def undo(self, editor):
        goal = Revision.objects.get(plan=self.plan, number=self.revision).undo_to
        if goal is not None:
            go = {"plan_id": self.plan.pk, "matrix": self.matrix}
            self._go_back(editor, lambda sender: actions.undo(**go, sender=sender), goal)

    def _remember(self):
        self.states[self.revision] = (dict(self.fields), dict(self.names), self.guests, self._document())

    @rule(editor=st.sampled_from(EDITORS))
    def look(self, editor):
        self.seen_documents[editor] = self._document()
        self.seen[editor] = self.revision
        self.seen_names[editor] = dict(self.names)
        self.seen_fields[editor] = dict(self.fields)
        self.seen_guests[editor] = self.guests

    @precondition(lambda self: self.changes)
    @rule(editor=st.sampled_from(EDITORS))
    def send_the_last_one_again(self, editor):
        operation = Revision.objects.get(plan=self.plan, number=self.revision).operation
        params = {"service": "oracle", "ports": "9", "summary": "again"}
        done = actions.apply_edit(
            plan_id=self.plan.pk, matrix=self.matrix, edit="override-port", params=params,
            sender=actions.Sender(base=self.seen[editor], operation=operation),
        )  # fmt: skip
        assert not done.changed

    def teardown(self):
        if not hasattr(self, "plan"):
            return
        document = self._document()
        check_plan(document, matrix=self.matrix)
        endpoints = {endpoint["name"]: endpoint for endpoint in document["endpoints"]}
        portal = endpoints.pop("PRP01", None)
        place = {"A": "internal", "B": "dmz"}[portal["zone"]] if portal else "off"
        assert place == self.fields.pop(("module",), "off")
        assert ("C" in {zone["name"] for zone in document["zones"]}) == (self.guests is not None)
        assert set(endpoints) == set(self.names.values()) | (self.guests or set())
        assert endpoints[self.names[1]]["managed_by"] == [self.names[0]]
        for field, value in self.fields.items():
            if field[0] == "port":
                assert document.get("ports", {}).get(field[1], "") == value
            elif field[1] != "name":
                assert endpoints[self.names[field[0]]][field[1]] == value
        assert Revision.objects.filter(plan=self.plan).count() == self.revision
        # Taking everything back leads to the first state, byte for byte. It takes as long as all that came before, so
        # it is done in one of three.
        while self.revision % 3 == 0:
            try:
                actions.undo(plan_id=self.plan.pk, matrix=self.matrix)
            except NotPossible:
                assert self._document() == self.states[1][-1]
                break


@pytest.mark.django_db
def test_three_editors_lose_no_acknowledged_change():
    run_state_machine_as_test(ThreeEditors, settings=settings(max_examples=often(200), stateful_step_count=8))
