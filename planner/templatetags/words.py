"""Help at a word: what it means, unfolded where it stands."""

from typing import Any

from django import template

from planner.report.said.glossary import TERMS

register = template.Library()

OF_VIEWS = {
    "rules": ("rule", "source", "destination", "service", "boundary", "alternative", "state"),
    "zones": ("zone", "boundary", "rule"),
    "flows": ("flow", "source", "destination", "service", "alternative", "exclusion"),
    "findings": ("finding", "choice", "caveat"),
    "diagram": ("zone", "endpoint", "flow"),
    "unneeded": ("flow", "exclusion", "edition"),
    "closed": ("prohibition",),
    "decisions": ("choice", "caveat"),
    "caveats": ("caveat", "edition"),
    "changes": ("change-request", "rule", "flow", "boundary", "state"),
}
"""By view of a report, and of a change request: the words that its heads have."""


@register.inclusion_tag("parts/term.html")
def explain(slug: str) -> dict[str, Any]:
    """The small question mark beside a word of the glossary."""
    return {"term": TERMS[slug]}


@register.inclusion_tag("parts/terms.html")
def explain_view(view: str) -> dict[str, Any]:
    """One question mark for the words of a view, above its tables."""
    return {"terms": [TERMS[slug] for slug in OF_VIEWS[view]], "view": view}
