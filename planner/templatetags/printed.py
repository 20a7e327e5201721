"""What people typed, as documents show it."""

import unicodedata

from django import template
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from planner.plan.document import ANY, Endpoint
from planner.report.said.outline import NO_ADDRESS
from planner.report.said.text import show, show_line

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
def plain(text: str) -> str:
    """The same as text alone, for where no element can stand."""
    return show_line(text)


@register.filter
def shown_lines(text: str) -> SafeString:
    """The same with the text's own line breaks, each line apart."""
    return mark_safe("<br>".join(shown(line) for line in show(text).strip().split("\n")))  # noqa: S308 - escaped above


@register.filter
def counted(number: int) -> str:
    """1,000: a number with its thousands apart."""
    return f"{number:,}"


@register.filter
def addresses(endpoint: Endpoint, most: int = 0) -> str:
    """The addresses of an endpoint, or the first few of them; `any` in words, and a missing one as such."""
    if not endpoint.addresses:
        return NO_ADDRESS
    shown = endpoint.addresses[:most] if most else endpoint.addresses
    said = ", ".join("any address" if address == ANY else address for address in shown)
    more = len(endpoint.addresses) - len(shown)
    return f"{said} and {more:,} more" if more else said
