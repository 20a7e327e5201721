"""The services of a rule on a page, rendered once for all pages that say the same of them.

They are the most of a page of rules, and most edits change few of them. Kept is what comes of all that they depend on,
whichever plan and revision it is of.
"""

from collections.abc import Sequence
from hashlib import blake2b
from types import SimpleNamespace

from django import template
from django.template.loader import render_to_string
from django.urls import get_script_prefix
from django.utils.safestring import SafeString

from planner.report.said.outline import RuleLine
from planner.store.recent import Recent

register = template.Library()
_TEMPLATE = "planner/views/service_lines.html"
_rendered: Recent[SafeString] = Recent(lambda html: len(html) // 40, count=400)


@register.simple_tag(takes_context=True)
def service_lines(context: template.Context, asks: Sequence[object], line: RuleLine) -> SafeString:
    """The services of a rule, each with what it is there for; `asks` are those of the rule's line.

    The template gets nothing else than what is looked up by, so that it can't say what isn't in that.
    """
    report = context.get("report")
    edition = report.matrix.edition if report else ""
    way, here = context.get("show_way", ""), context["here"]
    said = repr((list(asks), line.alternatives, line.decided_by, edition, way, here, get_script_prefix()))
    told = {
        "asks": asks,
        "line": SimpleNamespace(alternatives=line.alternatives, decided_by=line.decided_by),
        "report": SimpleNamespace(matrix=SimpleNamespace(edition=edition)),
        "show_way": way,
        "here": here,
    }
    key = blake2b(said.encode("utf-8", "surrogatepass")).digest()
    return _rendered.find(key, lambda: render_to_string(_TEMPLATE, told))
