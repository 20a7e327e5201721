"""What results of checks say of a rule or a flow, beside it on the pages of those who may edit the plan."""

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from planner.engine.acceptance import Status
from planner.engine.flows import Flow
from planner.report.said.acceptance import SHORT
from planner.store.results import Proven

register = template.Library()


@register.simple_tag(takes_context=True)
def proven_rule(context: template.Context, number: str) -> SafeString:
    """The status of a rule, as a link to the acceptance; nothing where the page knows no results."""
    proven: Proven | None = context.get("proven")
    return _chip(context, proven.rules.get(number)) if proven else SafeString()


@register.simple_tag(takes_context=True)
def proven_flow(context: template.Context, flow: Flow) -> SafeString:
    """The same of a flow."""
    proven: Proven | None = context.get("proven")
    opening = (flow.source.name, flow.destination.name, flow.need.protocol, flow.need.ports)
    return _chip(context, proven.flows.get(opening)) if proven else SafeString()


def _chip(context: template.Context, status: Status | None) -> SafeString:
    if status is None:
        return SafeString()
    address = reverse("show_acceptance", kwargs={"key": context["plan"].key})
    return format_html('<a class="chip proven proven-{}" href="{}">{}</a>', status, address, SHORT[status])
