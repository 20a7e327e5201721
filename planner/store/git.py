"""Plans whose files are in git: what was pushed from which commit, and plans that git owns.

A plan that git owns is changed by pushes alone: by the token that it names, or by `manage.py push`. Whatever else
would change its document is refused under the plan's lock, whoever sends it and however old their page is. What stands
beside the document (states of rules, comments, handovers, results) stays everybody's, and so do links and members.
"""

import re
from dataclasses import dataclass

from django.db import transaction

from planner.plan.edits import NotPossible
from planner.store import audit
from planner.store.admission import lock_row
from planner.store.models import Plan
from planner.store.push_models import Push
from planner.store.token_models import ApiToken

COMMIT = re.compile(r"[0-9a-f]{7,64}", re.ASCII)
MAX_TEXT = 300
"""How many characters a path or the name of a repository may have."""
KEPT = 200
"""How many pushes of a plan are kept: the newest ones."""


class OwnedByGit(NotPossible):
    """The plan's document is changed by pushes alone; nothing was stored."""

    def __init__(self) -> None:
        super().__init__(
            "This plan is owned by git and is changed there: edit its file, and push it. Nothing was stored. Whoever "
            "owns the plan can take it back from git on its page “Git”."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a file comes from, as its sender says: nothing of it is looked up."""

    commit: str = ""
    """In hexadecimal digits; empty for a file that isn't committed."""
    path: str = ""
    repository: str = ""


def check_owner(plan: Plan, *, token: int | None, by_command: bool) -> None:
    """Raise OwnedByGit unless the plan's document may be changed by this token, by its number, or by a command."""
    if plan.git is not None and not by_command and (token is None or plan.git.get("token") != token):
        raise OwnedByGit


def note_push(plan: Plan, revision: int, source: Source, author: str) -> None:
    """Remember that a revision has what the file had in a commit, which counts once, with its last revision."""
    if not source.commit:
        return
    facts = {"revision": revision, "repository": source.repository, "author": author[:60]}
    row, made = Push.objects.get_or_create(plan=plan, commit=source.commit, path=source.path, defaults=facts)
    if not made and row.revision != revision:
        row.delete()  # the order of their numbers is that in which they came
        Push.objects.create(plan=plan, commit=source.commit, path=source.path, **facts)
    plan.save(update_fields=["updated"])  # pages say what was pushed last
    kept = Push.objects.filter(plan=plan).values_list("pk", flat=True)[KEPT : KEPT + 1]
    for oldest in list(kept):
        Push.objects.filter(plan=plan, pk__lte=oldest).delete()


@transaction.atomic
def give_to_git(*, plan_id: int, repository: str, path: str, token: ApiToken | None, actor: str) -> None:
    """Have git own a plan: from now on its document is changed by this token's pushes alone; None: by no token's.

    One that git owns already gets the new facts. Raises AccessTaken.
    """
    plan = lock_row(plan_id)
    plan.git = {
        "repository": repository[:MAX_TEXT],
        "path": path[:MAX_TEXT],
        "token": token.pk if token else None,
        "label": token.label if token else "",
        "by": actor[:150],
    }
    plan.save(update_fields=["git", "updated"])
    audit.note("given-to-git", plan=plan, actor=actor, detail=" ".join(filter(None, (repository, path)))[:300])


@transaction.atomic
def take_from_git(*, plan_id: int, actor: str) -> None:
    """Have a plan be edited on its page again; one that git doesn't own stays as it is. Raises AccessTaken."""
    plan = lock_row(plan_id)
    if plan.git is None:
        return
    plan.git = None
    plan.save(update_fields=["git", "updated"])
    audit.note("taken-from-git", plan=plan, actor=actor)
