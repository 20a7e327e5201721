"""Requests that succeed, one for each operation: what they name is there. For tests that try what lies around them."""

import io
import re
from dataclasses import dataclass, field
from typing import Any

from planner.sharing import links
from planner.store import actions
from planner.store.copies import open_archive
from planner.store.models import Hold
from ports.queries import shipped_matrix
from tests.api.programs import ME
from tests.api.test_who_may import NAME, ROWS, make_file
from tests.checking import write_results
from tests.web.views.test_acceptance import report_of

NOT_HERE = {
    "add_member": "without accounts there is none to be added",
    "redo": "something was done since the last undo",
}
"""Operations that don't succeed on this plan, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a request has to name to succeed."""

    path: dict[str, Any] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    kind: str = ""


def list_known(program, plan):
    """By method and path of the OpenAPI document: a request that succeeds."""
    actions.override_port(plan_id=plan.pk, matrix=shipped_matrix(), service="ssh", ports="2222")
    plan.refresh_from_db()
    make_file(plan)
    at = f"/plans/{plan.key}"
    live, revoked, edit = (
        program.post(f"{at}/{path}", body).json()
        for path, body in (("links", {"label": "L"}), ("links", {"label": "M"}), ("edit-link", b""))
    )
    links.revoke_link(plan=plan, number=revoked["number"], holder=ME)
    gone = plan.holds.create(browser="h" * 64, role=Hold.Role.READ)
    program.delete(f"{at}/members/{gone.pk}")
    guest = plan.holds.create(browser="g" * 64, role=Hold.Role.EDIT)
    [taken] = program.get(f"{at}/withdrawals").json()["items"]
    program.post(f"{at}/results", write_results(report_of(plan), "PS01", started="2026-11-24T10:00:00Z"))
    said = {"on": "endpoint", "of": "DC01", "text": "Here"}
    numbers = {
        "links/{number}": live["number"],
        "links/{number}/restore": revoked["number"],
        "members/{number}": guest.pk,
        "withdrawals/{number}": taken["number"],
        "comments/{number}": program.post(f"{at}/comments", said).json()["number"],
        "uploads/{number}": program.post(f"{at}/uploads", {"label": "L"}).json()["number"],
        "results/{number}": plan.check_runs.get().pk,
        "revisions/{number}": 1,
    }
    names = {
        "files/{name}": NAME,
        "editions/{name}": shipped_matrix().edition,
        "choice/{name}": "esxi",
        "caveat/{name}": "telnet-port",
    }
    bodies = {
        "switch": ("/edition", {"edition": shipped_matrix().edition}),
        "print": ("/links/print", {"address": live["address"]}),
        "open": ("/plans/opened", {"address": edit["address"]}),
        "states": ("/rules/states", {"picks": [program.get(f"{at}/rules").json()["items"][0]["pick"]], "owner": "O"}),
        "results": ("/results", write_results(report_of(plan), "PS01")),
    }
    with open_archive(plan, ME)[0] as file:
        archive = io.BytesIO(file.read()).getvalue()
    found = {}
    for row in ROWS.values():
        path, _, query = row.path.partition("?")
        template = _template(path)
        values = [value for part, value in numbers.items() if f"/{part}" in template]
        called = [value for part, value in names.items() if f"/{part}" in template]
        body = next((body for end, body in bodies.values() if template.endswith(end)), row.data)
        named = {"key": str(plan.key), "number": values[-1:], "name": called[-1:]}
        named = {key: value[0] if isinstance(value, list) and value else value for key, value in named.items()}
        found[row.method, "/api/v1" + template] = Known(
            path={key: value for key, value in named.items() if f"{{{key}}}" in template},
            query=dict(part.split("=") for part in query.split("&") if part),
            headers={"If-Match": "*"} if row.condition else {},
            body=archive if template == "/archive" and row.method == "POST" else body,
            kind=row.kind,
        )
    return found


def _template(path):
    """The path of an operation as its document has it."""
    path = re.sub(r"/(choice|caveat|editions)/[^/]+", r"/\1/{name}", path.replace(NAME, "{name}"))
    return re.sub(r"/\d+", "/{number}", path)
