"""The states of rules on pages that list what was set."""

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from planner.engine.life import STATES
from planner.report.said.life import find_ticket
from planner.store.lives import CLOSED

register = template.Library()
_NAMES = {**STATES, CLOSED: "Closed", "": "No state"}


@register.filter
def state_name(slug: str) -> str:
    """What a state is called; a state of another version of the product by its own word."""
    return _NAMES.get(slug, slug)


@register.simple_tag
def ticket_of(ticket: str) -> SafeString:
    """A ticket, as a link where it is one."""
    return render_to_string("planner/views/ticket.html", {"ticket": find_ticket(ticket)})
