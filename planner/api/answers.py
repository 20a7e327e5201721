"""The answers of operations as types: what OpenAPI says of them, and what is sent, follow from these."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from ninja import Schema
from pydantic import Field

from planner.store.models import Hold, Plan


class PlanInGit(Schema):
    """Where the file of a plan is that git owns, as whoever gave it to git said."""

    repository: str
    path: str


class PlanHead(Schema):
    """A plan without its document."""

    id: UUID
    name: str
    revision: int = Field(description="The number of its newest revision, which is its ETag.")
    edition: str | None = Field(description="The edition of the port matrix that it is on.")
    role: Literal["read", "edit", "own"] = Field(description="What whoever the token acts for may do with it.")
    updated: datetime
    deleted: datetime | None = Field(description="Since when it is in the bin.")
    git: PlanInGit | None = Field(description="Where its file is, if git owns it; else nothing.")


def head_of(plan: Plan, hold: Hold) -> PlanHead:
    """A plan as its holder is told of it."""
    return PlanHead(
        id=plan.key,
        name=plan.name,
        revision=plan.revision,
        edition=plan.edition.slug if plan.edition is not None else None,
        role=hold.role,  # type: ignore[arg-type]  # the values of Hold.Role
        updated=plan.updated,
        deleted=plan.deleted,
        git=PlanInGit(repository=plan.git["repository"], path=plan.git["path"]) if plan.git is not None else None,
    )
