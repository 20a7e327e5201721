"""What every form of an edit carries along."""

from django import template

from planner.store.models import make_operation

register = template.Library()


@register.simple_tag
def new_operation() -> str:
    """A fresh id for the edit that a form sends: sent twice, it counts once."""
    return make_operation()
