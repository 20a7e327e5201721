"""The service over HTTP against a model that is a page long: what people may do, what a plan is, what links lead to.

People come and go in any order: edits, undo and redo, checkpoints and restoring, comments, links of both kinds, the
bin, duplicates, an import. After every step each of them gets what the model says, and nothing else.
"""

import copy

import pytest
import yaml
from django.test import Client
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from planner.store.models import Plan
from tests.strategies import rounds
from tests.web.views.link_forms import make
from tests.web.views.pages import Page, know

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

PEOPLE = ("olga", "edna", "rita", "mallory")
"""Olga makes the plan; the others come by links, or not at all."""
NAMES = ("A1", "Zürich <1>", "=1+1", "שרת", "b" * 60)
ZONES = ("Internal", "DMZ", "Clients")
EDITORS = st.sampled_from(("olga",) * 4 + PEOPLE)
"""Whoever made the plan is the one who mostly can."""


class Model:
    """A plan as people think of it."""

    def __init__(self, name, endpoints):
        self.now = {"name": name, "endpoints": dict(endpoints), "ssh": None}
        self.states = [(copy.deepcopy(self.now), None, None)]
        """State, where undo leads, where redo leads: by revision, from 1."""
        self.comments = 0

    @property
    def revision(self):
        return len(self.states)

    def change(self, **facts):
        """A new revision, if there is something new."""
        before = self.revision
        if self.now | facts != self.now:
            self.now = self.now | facts
            self.states.append((copy.deepcopy(self.now), before, None))

    def step(self, place):
        """Back (1) or forth (2), if there is somewhere to go."""
        goal = self.states[-1][place]
        if goal is None:
            return
        state, back, forth = self.states[goal - 1]
        here = self.revision
        self.now = copy.deepcopy(state)
        self.states.append((state, back, here if place == 1 else forth))

    def restore(self, number):
        state = self.states[number - 1][0]
        if state != self.now:
            here = self.revision
            self.now = copy.deepcopy(state)
            self.states.append((state, here, None))


class WholeService(RuleBasedStateMachine):
    """What comes of any order of requests."""

    handler = None

    @initialize()
    def start(self):
        self.people = {}
        for number, name in enumerate(PEOPLE):
            client = know(Client(), f"{number}{id(self):x}".ljust(43, "k")[:43])
            client.handler = self.handler
            self.people[name] = client
        olga = self.people["olga"]
        self.at = olga.post("/plans/start/", {"example": "dmz"}).headers["Location"]
        self.key = self.at.split("/")[2]
        self.model = Model("", {})
        self.model.now = self._read("olga")
        self.model.states = [(copy.deepcopy(self.model.now), None, None)]
        self.roles = {"olga": "own"}
        self.read_links, self.edit_link = {}, None
        self.deleted = False

    def _read(self, who):
        """The plan as a file says it, in the words of the model."""
        document = yaml.safe_load(self.people[who].get(f"{self.at}plan.yaml").content)
        return {
            "name": document["name"],
            "endpoints": {one["name"]: one["zone"] for one in document["endpoints"]},
            "ssh": document.get("ports", {}).get("ssh"),
        }

    def _may(self, who, role="edit"):
        order = (None, "read", "edit", "own")
        return order.index(self.roles.get(who)) >= order.index(role)

    def _post(self, who, path, data, role="edit"):
        """Send it; whether it counts. Whoever may not gets a refusal."""
        answer = self.people[who].post(f"{self.at}{path}", data)
        assert answer.status_code < 500, (path, data)
        if not self._may(who, role):
            assert answer.status_code in (403, 404), (who, path)
            return False
        if self.deleted:
            assert answer.status_code in (404, 410), (who, path)
            return False
        assert answer.status_code in (200, 302), (who, path, answer.status_code)
        return True

    # --- edits ---

    @rule(who=EDITORS, name=st.sampled_from(NAMES), zone=st.sampled_from(ZONES))
    def add(self, who, name, zone):
        if self._post(who, "endpoints/add/", {"name": name, "zone": zone}) and name not in self.model.now["endpoints"]:
            self.model.change(endpoints=self.model.now["endpoints"] | {name: zone})

    @rule(who=EDITORS, name=st.sampled_from(NAMES), zone=st.sampled_from(ZONES))
    def move(self, who, name, zone):
        if self._post(who, "endpoints/move/", {"target": name, "zone": zone}) and name in self.model.now["endpoints"]:
            self.model.change(endpoints=self.model.now["endpoints"] | {name: zone})

    @rule(who=EDITORS, name=st.sampled_from(NAMES))
    def delete(self, who, name):
        if self._post(who, "endpoints/delete/", {"target": name}):
            left = {one: zone for one, zone in self.model.now["endpoints"].items() if one != name}
            self.model.change(endpoints=left)

    @rule(who=EDITORS, ports=st.sampled_from(["2222", "", "99999", "22 or so"]))
    def override(self, who, ports):
        if self._post(who, "ports/", {"service": "ssh", "ports": ports}) and ports in ("2222", ""):
            self.model.change(ssh=ports or None)

    @rule(who=EDITORS, name=st.sampled_from(NAMES))
    def rename(self, who, name):
        if self._post(who, "name/", {"name": name, "description": ""}):
            self.model.change(name=name)

    @rule(who=EDITORS, place=st.sampled_from([1, 1, 2]), times=st.integers(1, 3))
    def step(self, who, place, times):
        for _ in range(times):
            if self._post(who, ("undo/", "redo/")[place - 1], {}):
                self.model.step(place)

    @rule(who=EDITORS, back=st.integers(0, 5))
    def restore(self, who, back):
        number = max(1, self.model.revision - back)
        if self._post(who, "history/restore/", {"number": str(number)}):
            self.model.restore(number)

    @rule(who=EDITORS, text=st.sampled_from(NAMES))
    def comment(self, who, text):
        if self._post(who, "comments/add/", {"on": "endpoint", "of": "PS01", "text": text}):
            self.model.comments += "PS01" in self.model.now["endpoints"]

    # --- links ---

    @precondition(lambda self: not self.deleted)
    @rule()
    def make_read_link(self):
        link = make(self.people["olga"], self.key)[1]
        self.read_links[link] = True

    @precondition(lambda self: self.read_links and not self.deleted)
    @rule(data=st.data())
    def revoke_read_link(self, data):
        link = data.draw(st.sampled_from(sorted(self.read_links)))
        number = Plan.objects.get(key=self.key).links.order_by("pk")[list(self.read_links).index(link)].pk
        assert self._post("olga", "links/revoke/", {"link": str(number)}, "own")
        self.read_links[link] = False

    @precondition(lambda self: not self.deleted)
    @rule()
    def make_edit_link(self):
        self.edit_link = make(self.people["olga"], self.key, "edit")[1]
        self._let_go()

    @precondition(lambda self: self.edit_link and not self.deleted)
    @rule()
    def withdraw_edit_link(self):
        assert self._post("olga", "links/edit/withdraw/", {}, "own")
        self.edit_link = None
        self._let_go()

    def _let_go(self):
        self.roles = {who: role for who, role in self.roles.items() if role == "own"}

    @precondition(lambda self: self.edit_link)
    @rule(who=st.sampled_from(["edna", "rita"]))
    def come_by_edit_link(self, who):
        answer = self.people[who].post(self.edit_link)
        if self.deleted:
            assert answer.status_code in (404, 410)
            return
        assert answer.status_code == 302
        self.roles.setdefault(who, "edit")

    # --- the bin, and what strangers try ---

    @rule(who=EDITORS)
    def throw_away(self, who):
        if self._post(who, "delete/", {}, "own"):
            self.deleted = True

    @rule(who=EDITORS)
    def take_out(self, who):
        answer = self.people[who].post(f"{self.at}bin/restore/")
        assert answer.status_code < 500
        if self._may(who, "own"):
            self.deleted = False
        else:
            assert answer.status_code in (403, 404)

    @rule(
        path=st.sampled_from(["links/make/", "links/edit/", "members/remove/", "delete/", "undo/", "endpoints/add/"])
    )
    def try_as_a_stranger(self, path):
        assert self.people["mallory"].post(f"{self.at}{path}", {"name": "X", "zone": "DMZ"}).status_code == 404

    # --- what must hold ---

    @invariant()
    def everybody_gets_what_the_model_says(self):
        if not hasattr(self, "deleted"):
            return
        plan = Plan.objects.get(key=self.key)
        assert (plan.revision, plan.revisions.count()) == (self.model.revision, self.model.revision)
        assert plan.comments.count() == self.model.comments
        for who, client in self.people.items():
            status = client.head(f"{self.at}plan.yaml").status_code
            if self._may(who):
                assert status == (410 if self.deleted else 200), who
            else:
                assert status == 404, who
        if not self.deleted:
            assert self._read("olga") == self.model.now
        for link, live in self.read_links.items():
            status = Client().get(f"{link}report/csv").status_code
            assert status == (200 if live and not self.deleted else 404), link

    def teardown(self):
        if hasattr(self, "deleted") and not self.deleted:
            page = Page(self.people["olga"].get(self.at))
            assert page.text("h1") == " ".join(self.model.now["name"].split())
            for number in range(1, self.model.revision + 1, 7):
                assert self.people["olga"].get(f"{self.at}changes/json?from={number}").status_code == 200


def test_any_order_of_requests_comes_to_what_the_model_says(handler):
    WholeService.handler = handler
    run_state_machine_as_test(
        WholeService, settings=settings(max_examples=rounds(8), stateful_step_count=40, backend="hypothesis")
    )
