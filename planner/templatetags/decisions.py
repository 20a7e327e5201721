"""What pages say of decisions that were taken."""

from django import template

from planner.report.said.answers import Taken

register = template.Library()


@register.simple_tag(takes_context=True)
def decision_of(context: template.Context, kind: str, subject: str) -> Taken | None:
    """What is known of the answer to a choice or caveat, of the page's decisions; None for nothing."""
    taken: tuple[Taken, ...] = context.get("taken") or ()
    return next((one for one in taken if (one.kind, one.subject) == (kind, subject)), None)
