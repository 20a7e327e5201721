"""What the plan's page says of the revision that was handed over last."""

from typing import Any

from django.utils import dateformat, timezone

from planner.report.said.text import count_renamed, say_changes
from planner.store.models import Handover, Plan
from planner.store.reports import comparison_since
from ports.queries import current_matrix


def say_handover(handover: Handover | None) -> str:
    """To whom a revision went and when, in words; empty for None."""
    if handover is None:
        return ""
    return f"handed over to {handover.recipient} on {dateformat.format(timezone.localtime(handover.sent), 'j F Y')}"


def describe_handover(plan: Plan) -> dict[str, Any] | None:
    """To whom the last one went, when, and what of rules and addresses has changed since; None if there is none."""
    last = plan.handovers.first()
    if last is None:
        return None
    compared = comparison_since(plan, last.revision, current_matrix()) if last.revision != plan.revision else None
    said = [*say_changes(compared), *count_renamed(compared)] if compared else []
    return {"handover": last, "same": last.revision == plan.revision, "said": ", ".join(said)}
