"""Numbers as pages show them."""

from django import template

register = template.Library()


@register.filter
def counted(number: int) -> str:
    """1,000: a number with its thousands apart."""
    return f"{number:,}"
