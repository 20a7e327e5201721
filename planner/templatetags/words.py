"""Help at a word: what it means, unfolded where it stands."""

from typing import Any

from django import template

from planner.report.said.glossary import TERMS

register = template.Library()


@register.inclusion_tag("parts/term.html")
def explain(slug: str) -> dict[str, Any]:
    """The small question mark beside a word of the glossary."""
    return {"term": TERMS[slug]}
