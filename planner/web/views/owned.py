"""Plans that git owns, as pages: what is still done with them there, and pages without the forms that edit.

The store refuses whatever would change such a plan's document. What is here says so before anything is read, and keeps
from people's sight what would come to nothing.
"""

import re

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from planner.store.git import OwnedByGit
from planner.store.models import Plan
from planner.web.views.errors import show_error

BESIDE = frozenset({
    "add_comment", "cancel_job", "close_rules", "delete_comment", "download_existing", "duplicate_plan",
    "forget_compared", "hand_over", "name_checkpoint", "name_visitor", "resolve_comment", "set_state", "set_states",
    "show_acceptance", "show_existing", "switch_edition", "take_states",
})  # fmt: skip
"""What is sent to a plan and leaves its document alone, by the names of views. Whatever else is sent may change it.

An edition may call something otherwise than the document does; the store refuses that one.
"""
EDITORS = frozenset({"edit_endpoints_table", "answer_questions"})
"""Pages that are there to edit, and nothing else."""
SHOWN = frozenset({
    "decide_choice", "edit_endpoint", "edit_firewall", "edit_flow", "edit_zone", "override_port", "rename_plan",
    "switch_module",
})  # fmt: skip
"""The forms whose fields say what the plan has: they stay, as fields that can't be changed."""
_FORM = re.compile(r'<form\b[^>]*\bdata-edits="(\w+)"[^>]*>(.*?)</form>', re.DOTALL)
"""Forms don't stand in forms, and no value of an attribute has a > that isn't written as an entity."""
_BUTTON = re.compile(r"<button\b.*?</button>|<input\b[^>]*\btype=\"hidden\"[^>]*>", re.DOTALL)


def is_refused(request: HttpRequest) -> bool:
    """Whether what is asked for edits a plan, for those who may edit it."""
    name = request.resolver_match.url_name if request.resolver_match else ""
    return name in EDITORS or (request.method not in ("GET", "HEAD") and name not in BESIDE)


def refuse(request: HttpRequest, plan: Plan) -> HttpResponse:
    """403, and where the plan is edited."""
    facts = plan.git or {}
    where = " ".join(filter(None, (facts.get("path"), facts.get("repository"))))
    said = str(OwnedByGit())
    return show_error(request, 403, "Git owns this plan", f"{said} The file: {where}." if where else said)


def without_forms[Answer: HttpResponseBase](response: Answer) -> Answer:
    """A page of a plan that git owns without the forms that edit it: some as fields that can't be changed."""
    if isinstance(response, HttpResponse) and response.headers.get("Content-Type", "").startswith("text/html"):
        text = response.content.decode()
        if "data-edits=" in text:
            response.content = _FORM.sub(_still, text).encode()
    return response


def _still(form: re.Match[str]) -> str:
    if form[1] not in SHOWN:
        return ""
    fields = _BUTTON.sub("", form[2])
    return f'<fieldset class="kept-in-git" disabled>{fields}</fieldset>'
