"""Every write to plans: keyword-only, atomic.

Each takes the newest document under the write lock, changes one thing and stores a revision; a change that would make
the document invalid raises PlanError and stores nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import transaction

from planner import models
from planner.document import Plan, check_plan, dump_plan
from ports.matrix import Matrix

Document = dict[str, Any]


@transaction.atomic
def create_plan(*, plan: Plan, summary: str) -> tuple[models.Plan, str]:
    """Store a new plan. Returns its row, and the secret token of its address, which is stored nowhere."""
    token = models.make_token()
    document = dump_plan(plan)
    row = models.Plan.objects.create(token_hash=models.hash_token(token), name=plan.name, document=document)
    models.Revision.objects.create(plan=row, number=1, document=document, summary=summary[:300])
    return row, token


def rename_plan(*, plan_id: int, matrix: Matrix, name: str, description: str) -> models.Plan:
    """Give a plan another name and description."""

    def change(document: Document) -> None:
        document["name"] = name
        document["description"] = description.replace("\r\n", "\n")

    return _edit(plan_id=plan_id, matrix=matrix, change=change, summary=f"Name and description: {name}")


def choose(*, plan_id: int, matrix: Matrix, choice: str, options: Sequence[str] | None) -> models.Plan:
    """Decide a choice: one option, for a choice of many any number of them; None takes the decision back."""
    facts = matrix.choices[choice]

    def change(document: Document) -> None:
        chosen = dict(document.get("choices", {}))
        chosen.pop(choice, None)
        if options is not None:
            chosen[choice] = list(options) if facts.many else options[0]
        document["choices"] = {slug: chosen[slug] for slug in matrix.choices if slug in chosen}

    if options is None:
        said = "back to the default" if facts.default is not None else "undecided again"
    else:
        said = ", ".join(facts.option(option).name for option in options) or "none"
    return _edit(plan_id=plan_id, matrix=matrix, change=change, summary=f"{facts.name}: {said}")


def override_port(*, plan_id: int, matrix: Matrix, service: str, ports: str) -> models.Plan:
    """Change the port of a configurable service; an empty text goes back to the default."""

    def change(document: Document) -> None:
        overrides = dict(document.get("ports", {}))
        overrides.pop(service, None)
        if ports:
            overrides[service] = ports
        document["ports"] = {slug: overrides[slug] for slug in matrix.services if slug in overrides}

    name = matrix.services[service].name
    return _edit(plan_id=plan_id, matrix=matrix, change=change, summary=f"Port of {name}: {ports or 'default'}")


def set_correction(*, plan_id: int, matrix: Matrix, caveat: str, applied: bool) -> models.Plan:
    """Apply the correction of a caveat, or take it back."""

    def change(document: Document) -> None:
        corrections = [slug for slug in document.get("corrections", ()) if slug != caveat]
        document["corrections"] = [*corrections, caveat] if applied else corrections

    said = "applied" if applied else "taken back"
    return _edit(
        plan_id=plan_id, matrix=matrix, change=change, summary=f"Correction {said}: {matrix.caveats[caveat].title}"
    )


@transaction.atomic
def _edit(*, plan_id: int, matrix: Matrix, change: Callable[[Document], None], summary: str) -> models.Plan:
    # On SQLite the transaction itself holds the write lock (BEGIN IMMEDIATE); elsewhere the row does.
    row = models.Plan.objects.select_for_update().get(pk=plan_id)
    before: Mapping[str, Any] = row.document
    document = {**before}
    change(document)
    after = dump_plan(check_plan(document, matrix=matrix))
    if after == before:
        return row
    row.document = after
    row.name = after["name"]
    row.revision += 1
    row.save(update_fields=["document", "name", "revision", "updated"])
    models.Revision.objects.create(plan=row, number=row.revision, document=after, summary=summary[:300])
    return row
