"""A plan with words of its own in every column that takes text, so that a leak of any of them is found."""

from django.contrib.auth.models import User
from django.utils import timezone

from planner.sharing import links
from planner.store import audit
from planner.store.compared_models import Compared
from planner.store.holders import Holder
from planner.store.models import Plan, Viewer, hash_token, make_token
from tests.report.samples import write_plan
from tests.web.views.comparisons import flow_answer, keep_comparison, make_answer, wider_answer
from tests.web.views.pages import store

WORDS = (
    "name", "description", "zone", "dmz", "server", "database", "idle", "address", "network", "reason", "spare",
    "firewall",
)  # fmt: skip
PASSPHRASE = "zq-correct-horse"
GATED = {"passphrase": PASSPHRASE}


def word(owner, what):
    """A word that is nowhere else, and stays one word however it is written, broken or shortened."""
    return f"zq{owner}{what}"


def document(owner):
    """A plan in which every field that takes text has a word of its own; two endpoints have nothing to do."""
    told = {what: word(owner, what) for what in WORDS}
    return write_plan(
        {"name": told["server"], "zone": told["zone"], "addresses": [f"{told['address']}.example.net"],
         "roles": ["web-primary"]},
        {"name": told["database"], "zone": told["dmz"], "addresses": [f"{told['network']}.example.net"],
         "roles": ["database"]},
        {"name": told["idle"], "zone": told["zone"], "addresses": [f"{told['spare']}.example.net"]},
        zones=((told["zone"], "internal"), (told["dmz"], "dmz")),
        name=told["name"],
        description=told["description"],
        additional_flows=[{"source": told["server"], "destination": told["database"], "protocol": "udp", "ports": "53",
                           "reason": told["reason"]}],
        firewalls=[{"name": told["firewall"], "format": "nftables",
                    "zones": {told["zone"]: "lan", told["dmz"]: "outside"}}],
    )  # fmt: skip


def words_of(owner):
    return {f"the {what} of {owner}": word(owner, what) for what in WORDS}


class Planted:
    """A plan of three revisions with words in every column that takes text, and another plan with as many."""

    def __init__(self):
        self.plan, self.key = store(document("one"))
        self.other, self.other_key = store(document("other"))
        for number, owner in ((2, "two"), (3, "three")):
            self.plan.revisions.create(number=number, document=document(owner), summary="")
        Plan.objects.filter(pk=self.plan.pk).update(document=document("three"), name=word("three", "name"), revision=3)
        self.plan.refresh_from_db()
        self.private, self.tokens, self.shared = {}, {}, {}
        for plan in (self.plan, self.other):
            self._plant(plan, "own" if plan == self.plan else "foreign")
        self.private["the passphrase"] = PASSPHRASE

    def _plant(self, plan, owner):
        def secret(what):
            self.private[f"{what} ({owner})"] = word(owner, what)
            return word(owner, what)

        for revision in plan.revisions.all():
            for field in ("summary", "author", "checkpoint", "operation"):
                setattr(revision, field, secret(f"{field}{'abc'[revision.number - 1]}"))
            revision.renames = {secret("oldname"): secret("newname")}
            revision.save()
        plan.handovers.create(
            revision=1, recipient=secret("recipient"), note=secret("note"), author=secret("sender"),
            operation=secret("handover"),
        )  # fmt: skip
        Viewer.objects.create(
            plan=plan, name=secret("viewer"), key_hash=secret("key"), endpoint=secret("edited"), tab=secret("tab"),
            seen=timezone.now(),
        )  # fmt: skip
        plan.comments.create(
            kind="zq", subject=secret("subject"), text=secret("text"), mentions=[secret("mentioned")],
            author=secret("commenter"), writer=secret("writer"), operation=secret("comment"),
            resolved_by=secret("resolver"),
        )  # fmt: skip
        keep_comparison(
            plan, 1 + Compared.objects.count(), firewall=secret("device"), author=secret("comparer"),
            operation=secret("comparing"), answer=make_answer(
                flow_answer(source=secret("end"), by=(secret("entry"),), note=secret("noted")),
                wider=[wider_answer(secret("wide"))], unknown=[secret("construct")],
            ),
        )  # fmt: skip
        user = User.objects.create_user(secret("account"), f"{secret('mail')}@example.net", "x")
        Holder(user=user).give(plan, plan.holds.first().Role.OWN)
        Holder(browser=secret("browser")).give(plan, plan.holds.first().Role.OWN)
        audit.note("plan-shared", plan=plan, actor=secret("actor"), detail=secret("detail"))
        for number, terms in enumerate(({}, {"pinned": 1}, GATED)):
            token = self.tokens[f"link {number} ({owner})"] = make_token()
            links.make_link(
                plan=plan, token=token, holder=Holder(browser="x", name=secret(f"maker{number}")),
                terms=links.Terms(label=secret(f"label{number}"), **terms),
            )  # fmt: skip
        edit = links.make_edit_link(plan_id=plan.pk, holder=Holder(browser="x", name=secret("editor")))
        self.tokens[f"the edit link ({owner})"] = edit

    def share(self, **terms):
        """A read link to the plan, with a label and an author that its readers don't see: its path."""
        token = make_token()
        self.private |= {"its label": "zqlabelofown", "its author": "zqauthorofown"}
        links.make_link(
            plan=self.plan, token=token, holder=Holder(browser="x", name="zqauthorofown"),
            terms=links.Terms(label="zqlabelofown", **terms),
        )  # fmt: skip
        self.shared[token] = len(self.shared)
        return f"/shared/{token}/"

    def keys_but(self, here):
        """Everything that opens more than the read link at `here` does, by what it is."""
        own = here.split("/")[2]
        tokens = self.tokens | {f"the read link {number}": link for link, number in self.shared.items() if link != own}
        keys = {"the plan's key": self.key, "another plan's key": self.other_key}
        return tokens | keys | {
            **{f"the hash of {name}": hash_token(token) for name, token in tokens.items()},
            **{f"{name} without hyphens": key.replace("-", "") for name, key in keys.items()},
            "the hash of its own link": hash_token(own),
        }  # fmt: skip
