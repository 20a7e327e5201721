"""Numbers as pages show them."""

from django import template

from ports.text import many

register = template.Library()


@register.filter
def counted(number: int) -> str:
    """1,000: a number with its thousands apart."""
    return f"{number:,}"


@register.filter
def others_are(number: int) -> str:
    """1 other is, 1,000 others are: how a sentence on what a list leaves out begins."""
    return f"{many(number, 'other')} {'is' if number == 1 else 'are'}"
