"""What people typed, as documents show it."""

import unicodedata

from django import template
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from planner.renderers.text import show, show_line

register = template.Library()

_FROM_THE_RIGHT = {"R", "AL", "AN"}


@register.filter
def shown(text: str) -> SafeString:
    """Text on one line, with what can't be seen written out, and escaped.

    An element that keeps directions apart costs the PDF time, so only text that needs it gets one.
    """
    line = show_line(text)
    if not line.isascii() and any(unicodedata.bidirectional(letter) in _FROM_THE_RIGHT for letter in line):
        return format_html("<bdi>{}</bdi>", line)
    return escape(line)


@register.filter
def shown_lines(text: str) -> SafeString:
    """The same with the text's own line breaks, each line apart."""
    return mark_safe("<br>".join(shown(line) for line in show(text).strip().split("\n")))  # noqa: S308 - escaped above
