"""Plans that git owns, as pages: what is still done with them there.

The store refuses whatever would change such a plan's document. What is here says so before anything is read; what
would come to nothing isn't on the pages, see `edit_form` of the templates.
"""

from django.http import HttpRequest, HttpResponse

from planner.store.git import OwnedByGit
from planner.store.models import Plan
from planner.web.views.errors import show_error

BESIDE = frozenset({
    "add_comment", "cancel_job", "close_rules", "delete_comment", "download_existing", "duplicate_plan",
    "forget_compared", "forget_run", "hand_over", "name_checkpoint", "name_visitor", "resolve_comment", "set_state",
    "set_states", "show_acceptance", "show_existing", "switch_edition", "take_states",
})  # fmt: skip
"""What is sent to a plan and leaves its document alone, by the names of views. Whatever else is sent may change it.

An edition may call something otherwise than the document does; the store refuses that one.
"""
EDITORS = frozenset({"edit_endpoints_table", "answer_questions"})
"""Pages that are there to edit, and nothing else."""


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
