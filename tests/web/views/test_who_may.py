"""Every address and everybody: who gets what, with accounts and without. An address that is in no row fails a test."""

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone

from planner.store.holders import Holder
from planner.store.models import Hold, Plan, ShareLink, hash_token
from tests.web.views.comparisons import keep_comparison
from tests.web.views.pages import know, store

pytestmark = pytest.mark.django_db

ROLES = (
    "stranger",
    "read link",
    "wrong passphrase",
    "edit link",
    "edit link of another plan",
    "another account",
    "owner",
    "staff",
)
"""Without accounts an account is nobody: what counts is the browser. A stranger tries an expired link and a revoked
one, too."""
LINKS = {"read link": "r" * 43, "wrong passphrase": "w" * 43}
EXPIRED, REVOKED = "e" * 43, "v" * 43
REPORTING = "p" * 43
"""A link whose readers may set states and upload results, for those who have opened the read link."""
EDIT, OTHER_EDIT = "d" * 43, "o" * 43
FILES = {"report": uuid.UUID(int=1), "reading": uuid.UUID(int=2), "link": uuid.UUID(int=3)}
"""The names of files that were made apart."""
LOGIN = "login"
"""302 to the login."""


@dataclass(frozen=True)
class Row:
    """An address: how it is asked, what those may who may, and what is sent along."""

    may: str
    """anybody, makers, accounts, staff; readers, editors, owners: of the plan; link: whoever has opened it; reporting
    link: whoever has opened one by which more is done than read."""
    ok: int = 200
    method: str = "get"
    data: dict[str, str] = field(default_factory=dict)
    args: dict[str, str] = field(default_factory=dict)


def post(may, ok=302, **data):
    return Row(may, ok, "post", data)


RULE = {"rule": "INT-DMZ-320"}
ENDS = {"rule": "NET-DMZ-970", "side": "sources"}
CHANGED_ENDS = {"from": "1", "to": "2", "part": "opened", "rule": "DMZ-INT-9000", "side": "sources"}

ROWS: dict[str, Row] = {
    # what everybody gets
    "show_home": Row("anybody"),
    "show_health": Row("anybody"),
    "show_readiness": Row("anybody"),
    "show_matrix": Row("anybody"),
    "download_matrix": Row("anybody"),
    "compare_editions": Row("anybody"),
    # the port matrix: what staff do
    "amend_row": Row("staff", data={"row": "service/smtp"}),
    "revert_amendment": Row("staff", 404, "post", args={"number": "999"}),
    "activate_edition": post("staff", edition="passwordstate-2026-11"),
    "show_impact": Row("staff"),
    "show_schema": Row("anybody", args={"name": "plan"}),
    "show_words": Row("anybody"),
    # what programs go by; their own table is tests/api/test_who_may.py
    "show_api": Row("anybody"),
    "show_openapi": Row("anybody"),
    "show_tokens": Row("makers"),
    "revoke_token": post("makers", 200),
    # what makes plans
    "show_plans": Row("makers"),
    "export_plans": Row("makers"),
    "start_plan": post("makers", example="dmz"),
    "guided_start": Row("makers"),
    "guided_preview": post("makers", 200),
    "guided_names": post("makers", 200),
    "import_plan": Row("makers"),
    # a plan: what changes nothing
    "show_plan": Row("editors"),
    "show_history": Row("editors"),
    "show_changes": Row("editors"),
    "show_acceptance": Row("editors"),
    "show_existing": Row("editors"),
    "download_existing": Row("editors", 200, "post", args={"name": "json"}),
    "show_compared": Row("editors", args={"number": "1"}),
    "show_existing_answer": Row("editors", args={"name": FILES["report"]}),
    "take_states": Row("editors", 200, "post", args={"number": "1"}),
    "forget_compared": Row("editors", 302, "post", args={"number": "1"}),
    "forget_run": Row("editors", 200, "post", args={"number": "999"}),
    "show_uploads": Row("owners"),
    "revoke_upload": post("owners", 200),
    "send_results": Row("reporting link"),
    "show_badge": Row("reporting link"),
    "upload_results": Row("anybody", 405, args={"token": "x" * 43}),
    "download_acceptance": Row("editors", args={"name": "json"}),
    "show_changes_ends": Row("editors", data=CHANGED_ENDS),
    "show_editions": Row("editors"),
    "switch_edition": post("editors", to="passwordstate-2026-11"),
    "download_changes": Row("editors", args={"name": "json"}),
    "download_plan": Row("editors"),
    "export_plan": Row("editors"),
    "download_diagram": Row("editors", args={"extension": "svg"}),
    "download_report": Row("editors", args={"name": "json"}),
    "download_template": Row("editors"),
    "download_endpoints": Row("editors"),
    "edit_endpoints_table": Row("editors"),
    "answer_questions": Row("editors"),
    "preview_questions": post("editors", 200),
    "check_endpoints": post("editors", 200),
    "show_pulse": Row("editors"),
    "prepare_flows": Row("editors"),
    "show_rule": Row("editors", data=RULE),
    "show_rule_text": Row("editors", args={"name": "markdown"}),
    "show_ends": Row("editors", data=ENDS),
    "show_unfolded": Row("editors", data={"zones": "INT", "line": "1"}),
    "read_rule_text": Row("readers", args={"name": "markdown"}),
    "read_ends": Row("readers", data=ENDS),
    "read_plan": Row("readers"),
    "read_report": Row("readers", args={"name": "json"}),
    "read_diagram": Row("readers", args={"extension": "svg"}),
    # files that were made apart: each kind of asker has one of their own
    "show_job": Row("editors", 302, args={"name": FILES["report"]}),
    "send_job": Row("editors", args={"name": FILES["report"]}),
    "cancel_job": Row("editors", 302, "post", args={"name": FILES["report"]}),
    "read_job": Row("readers", 302, args={"name": FILES["reading"]}),
    "read_job_file": Row("readers", args={"name": FILES["reading"]}),
    "cancel_read_job": Row("readers", 302, "post", args={"name": FILES["reading"]}),
    "open_job": Row("link", 302, args={"name": FILES["link"]}),
    "open_job_file": Row("link", args={"name": FILES["link"]}),
    "cancel_open_job": Row("link", 302, "post", args={"name": FILES["link"]}),
    # a plan: what changes it
    "rename_plan": post("editors", name="N", description=""),
    "decide_choice": post("editors", choice="esxi", option="ssh"),
    "override_port": post("editors", service="ssh", ports="2222"),
    "correct_caveat": post("editors", caveat="telnet-port", answer="practice"),
    "switch_module": post("editors", module="ha", to="on"),
    "add_flow": post("editors", source="PS01", destination="DC01", protocol="tcp", ports="99", reason="R"),
    "edit_flow": post("editors", 200),
    "delete_flow": post("editors", 200),
    "add_exclusion": post("editors", source="PS01", destination="DC01", protocol="tcp", ports="636", reason="R"),
    "delete_exclusion": post("editors", 200),
    "add_never": post("editors", source="zone:DMZ", destination="endpoint:DC01", reason="R"),
    "add_policies": post("editors", text="from,to,service,never\nDMZ,Internal,any,yes"),
    "remove_never": post("editors", 200),
    "add_firewall": post("editors", name="FW", format="asa"),
    "edit_firewall": post("editors", 200, firewall="FW", name="FW", format="asa"),
    "delete_firewall": post("editors", 200, firewall="FW"),
    "show_comments": Row("editors"),
    "present_plan": Row("editors"),
    "add_comment": post("editors", on="endpoint", of="DC01", text="Here"),
    "resolve_comment": post("editors", 200),
    "delete_comment": post("editors", 200),
    "set_state": post("editors", 200, id="INT-DMZ-320"),
    "set_states": post("editors", 200),
    "close_rules": post("editors"),
    "add_endpoint": post("editors", name="New", zone="Internal"),
    "edit_endpoint": post("editors", target="DC01", name="DC09", zone="Internal"),
    "move_endpoint": post("editors", target="DC01", zone="DMZ"),
    "duplicate_endpoint": post("editors", target="DC01"),
    "delete_endpoint": post("editors", 200, target="DC01"),
    "change_endpoints": post("editors", endpoint="DC01", zone="DMZ"),
    "import_endpoints": post("editors", 200),
    "add_zone": post("editors", name="New", kind="dmz"),
    "edit_zone": post("editors", target="DMZ", name="Border", kind="dmz"),
    "delete_zone": post("editors", 200, target="DMZ"),
    "undo_change": post("editors"),
    "redo_change": post("editors", 200),
    "name_visitor": post("editors", name="Kim"),
    "restore_revision": post("editors", number="1"),
    "name_checkpoint": post("editors", number="1", name="First", seen=""),
    "hand_over": post("editors", revision="1", recipient="Team", note=""),
    "duplicate_plan": post("editors"),
    "archive_plan": post("readers", to="archive"),
    # a plan: what its owner does
    "delete_plan": Row("owners"),
    "restore_plan": post("owners"),
    "show_links": Row("owners"),
    "make_link": post("owners", 200),
    "revoke_link": post("owners", 200),
    "bring_back_link": post("owners", 200),
    "print_link": post("owners", 200),
    "make_edit_link": post("owners", 200),
    "withdraw_edit_link": post("owners"),
    "give_back": post("owners", 200),
    "show_git": Row("owners"),
    "give_to_git": post("owners", path="plans/site.yaml"),
    "take_from_git": post("owners"),
    # a plan: who holds it, to which its owner adds by name where there are accounts
    "add_member": post("owners of an account", 200, name="nobody", role="own"),
    "change_member": post("owners", 200, member="0", role="own"),
    "remove_member": post("owners", member="0"),
    # links
    "open_edit_link": Row("edit link", 302),
    "continue_edit_link": Row("makers", 302),
    "open_link": Row("link"),
    "enter_link": post("link"),
    "open_report": Row("link", args={"name": "json"}),
    "open_diagram": Row("link", args={"extension": "svg"}),
    "open_rule_text": Row("link", args={"name": "markdown"}),
    "open_ends": Row("link", data=ENDS),
    "open_rule": Row("reporting link", data=RULE),
    "report_state": post("reporting link", 200, id="INT-DMZ-320"),
    "report_states": post("reporting link", 200, id="INT-DMZ-320"),
    "open_changes": Row("link"),
    "open_changes_ends": Row("link", data=CHANGED_ENDS),
    "open_changes_file": Row("link", args={"name": "json"}),
    # accounts
    "log_in": Row("accounts"),
    "change_password": Row("accounts"),
    "give_code": Row("accounts", 302),
    "show_security": Row("logged in"),
    "end_session": post("logged in", number="999"),
    "prepare_factor": post("logged in", 200),
    "confirm_factor": post("logged in"),
    "make_codes": post("logged in"),
    "remove_factor": post("logged in"),
    "log_in_staff": Row("anybody"),
    "log_out": post("accounts"),  # the last one: the browser forgets its session
}
IN_ACCOUNTS = {"edit link", "edit link of another plan", "another account", "owner", "staff"}
"""Who is logged in where accounts are on."""


def expected(row: Row, name: str, role: str, accounts: bool) -> Any:
    """The answer that a role gets."""
    logged_in = role in IN_ACCOUNTS and (accounts or role in ("another account", "staff"))
    if row.may == "logged in":  # staff are without accounts, too
        return row.ok if logged_in else LOGIN if accounts else 404
    if name == "give_code":  # nobody's login waits for one
        return LOGIN if accounts else 302
    if not accounts and row.may in ("accounts", "owners of an account"):
        return 403 if role == "edit link" and row.may != "accounts" else 404
    if row.may == "accounts":
        return LOGIN if name == "log_out" or (name == "change_password" and not logged_in) else row.ok
    if name == "log_in_staff":
        return 302 if role == "staff" else row.ok
    if row.may == "anybody":
        return row.ok
    if row.may == "staff":
        return row.ok if role == "staff" else 403 if row.method == "post" else 302
    if row.may == "makers":
        return row.ok if logged_in or not accounts else LOGIN
    if row.may in ("link", "reporting link"):
        if role == "wrong passphrase":  # has tried one, and stands before the gate
            return {"open_link": 200, "enter_link": 403, "show_badge": 404}.get(name, 302)
        return row.ok if role == "read link" else 404
    if row.may == "edit link":
        if accounts and not logged_in:
            return LOGIN
        return row.ok if role in ("edit link", "edit link of another plan") else 404
    if role in ("owner", "edit link"):
        if role == "edit link" and row.may.startswith("owners"):
            return 403
        return row.ok
    return LOGIN if accounts and not logged_in else 404


def addresses():
    """The names of all addresses, without those of the admin, which asks for a login of staff, and of the API."""

    def walk(patterns):
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                yield pattern.name
            elif str(pattern.pattern) != "admin/" and pattern.app_name != "ninja":
                yield from walk(pattern.url_patterns)

    return set(walk(get_resolver().url_patterns))


def test_every_address_has_its_row():
    assert addresses() == set(ROWS)


def test_whoever_may_gets_something_else_than_those_who_may_not():
    """Else a row says nothing: a stranger to a plan gets 404."""
    assert [name for name, row in ROWS.items() if row.ok == 404 and row.may != "staff"] == []


@pytest.fixture
def plan():
    """A plan with an edit link and read links of every kind; the tokens are known, which they are nowhere else."""
    row, _ = store()
    row.holds.all().delete()
    Holder(browser="m" * 64).give(row, Hold.Role.OWN)  # whoever made it
    reports = {"may_report": True, "may_upload": True}
    for token, facts in (
        (LINKS["read link"], {"pinned": 1, "shows_changes": True}),
        (REPORTING, reports),
        (EXPIRED, reports | {"expires": timezone.now() - timedelta(minutes=1)}),
        (REVOKED, reports | {"revoked": timezone.now()}),
        (LINKS["wrong passphrase"], reports | {"passphrase": make_password("correct horse", hasher="argon2")}),
    ):
        ShareLink.objects.create(plan=row, token_hash=hash_token(token), label="L", **facts)
    row.edit_hash = hash_token(EDIT)
    row.save()
    pinned = row.links.get(token_hash=hash_token(LINKS["read link"]))
    for kind, link, facts in (("report", None, []), ("reading", None, []), ("link", pinned, [1, True, False, False])):
        order = {"kind": "reading" if link else kind, "format": "json", "asked": {}, "facts": facts}
        job = row.jobs.create(name=FILES[kind], link=link, order=order, state="done", file="f.json", size=1)
        job.pieces.create(number=0, data=b"1")
    keep_comparison(row)
    # A second revision, so that there is something that changed since the first.
    flow = {"source": "Portal", "destination": "DC01", "protocol": "tcp", "ports": "99", "reason": "R"}
    changed = row.document | {"additional_flows": [flow]}
    row.revisions.create(number=2, document=changed, summary="S", undo_to=1)
    Plan.objects.filter(pk=row.pk).update(revision=2, document=changed)
    other = Plan.objects.create(name="Other", document=row.document, edit_hash=hash_token(OTHER_EDIT))
    other.revisions.create(number=1, document=other.document, summary="S")
    Holder(browser="m" * 64).give(other, Hold.Role.OWN)
    return Plan.objects.get(pk=row.pk)


def become(role, plan, accounts):
    """A client in that role: with the cookies or the account that it comes by in the way it would."""
    client = know(Client(), f"{ROLES.index(role):043}")
    if role in IN_ACCOUNTS and (accounts or role in ("another account", "staff")):
        user = User.objects.create_user(role.replace(" ", "-"), password="unused", is_staff=role == "staff")
        client.force_login(user)
    if role in ("edit link", "edit link of another plan"):
        client.post(f"/edit/{EDIT if role == 'edit link' else OTHER_EDIT}/")
    if role == "owner":
        holder = (
            Holder(user=User.objects.get(username="owner"))
            if accounts
            else Holder(browser=hash_token(f"{ROLES.index(role):043}"))
        )
        holder.give(plan, Hold.Role.OWN)
    if role == "read link":
        client.get(f"/shared/{REPORTING}/")
    if role == "wrong passphrase":
        client.post(f"/shared/{LINKS[role]}/enter/", {"passphrase": "wrong horse"})
    return client


def address(name, row, role, plan):
    """Where the role goes: with the link that it has; those without one try any."""
    if row.may == "edit link":
        token = {"edit link": EDIT, "edit link of another plan": OTHER_EDIT}.get(role, "x" * 43)
        return reverse(name, kwargs={"token": token})
    if row.may in ("link", "reporting link"):
        token = LINKS.get(role, EDIT if role == "edit link" else "x" * 43)
        if row.may == "reporting link" and role == "read link":
            token = REPORTING
        return reverse(name, kwargs={"token": token} | row.args)
    if row.may in ("readers", "editors", "owners", "owners of an account"):
        return reverse(name, kwargs={"key": plan.key} | row.args)
    return reverse(name, kwargs=row.args) if row.args else reverse(name)


def list_addresses(name, row, role, plan):
    """Where the role goes, and what a stranger tries besides: links that lead nowhere any more."""
    yield address(name, row, role, plan)
    if role == "stranger" and row.may in ("link", "reporting link"):
        for token in (EXPIRED, REVOKED):
            yield reverse(name, kwargs={"token": token} | row.args)


@pytest.mark.parametrize("accounts", [False, True], ids=["browsers", "accounts"])
@pytest.mark.parametrize("role", ROLES)
def test_everybody_gets_what_they_may_and_nothing_else(settings, plan, role, accounts):
    settings.REQUIRE_LOGIN = accounts
    client = become(role, plan, accounts)
    wrong = []
    tried = [(*pair, where) for pair in ROWS.items() for where in list_addresses(*pair, role, plan)]
    for name, row, where in tried:
        with transaction.atomic():  # each address on the same state
            data = {"passphrase": "wrong horse"} if name == "enter_link" else row.data
            answer = getattr(client, row.method)(where, data)
            content = b"".join(answer.streaming_content) if answer.streaming else answer.content
            wanted = expected(row, name, role, accounts)
            to_login = answer.headers.get("Location", "").startswith("/accounts/login/")
            got = LOGIN if answer.status_code == 302 and to_login else answer.status_code
            if got != wanted:
                wrong.append(f"{name}: {got}, not {wanted} ({where})")
            if wanted != row.ok:
                now = Plan.objects.get(pk=plan.pk)
                if plan.name.encode() in content:
                    wrong.append(f"{name}: tells the plan's name")
                if (now.revision, now.document, now.deleted) != (plan.revision, plan.document, plan.deleted):
                    wrong.append(f"{name}: changes the plan")
            transaction.set_rollback(True)
    assert not wrong


@pytest.mark.parametrize("accounts", [False, True], ids=["browsers", "accounts"])
@pytest.mark.parametrize("role", ROLES)
def test_the_admin_is_for_staff(settings, plan, role, accounts):
    settings.REQUIRE_LOGIN = accounts
    answer = become(role, plan, accounts).get("/admin/")
    assert answer.status_code == (200 if role == "staff" else 302)
